"""Raw SymPy: a small network written out as one plain expression, and SymPy's own `diff` of it.

Both sides of a statement become expressions in symbols such as w_2_1_1; every derivative in them is `diff` of the cost
written out; `expand` decides. No index, no binder and no rule of ours is left in what is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from random import Random

from sympy import Expr, Function, Heaviside, Max, Pow, Rational, Symbol, expand, log, together
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete, Sizes
from backprop_proofs.evidence.exact import Check, counterexample
from backprop_proofs.evidence.fields import Singular
from backprop_proofs.evidence.given import Given, as_given, solutions, with_given
from backprop_proofs.evidence.sizes import named, written_sizes
from backprop_proofs.evidence.written import Writer
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network

__all__ = ["Writer", "check_raw"]

Solved = Mapping[Symbol, Expr]
_ASSIGNMENTS = 24  # values of the free indices that are compared
_LARGE = 400  # operations beyond which a quotient is not brought to one denominator
_DIGITS = 50
_POINTS = 12  # at which numbers are tried, of which two are to have a value


def check_raw(
    network: Network,
    equation: Equation,
    limits: Iterable[Limit] = (),
    *,
    given: Iterable[tuple[Equation, Iterable[Limit]]] = (),
    sizes: Sizes | None = None,
    name: str = "raw SymPy",
) -> Check:
    """Write both sides out on one small network and compare them by `expand`, at up to 24 values of the free indices.

    given: equations that the statement rests on, such as Σ_k y_k = 1, with the ranges of their letters; each is solved
    for an input and that put in. sizes: those to write out; by default the network's own where they are small, else
    three layers of two. Functions are left unspecified where that suffices; otherwise their formulas are compared at
    random points to 50 digits, and `method` says so. Nothing is compared where a statement names instances that only a
    network too large to be written out has, or where no point is found at which all has a value. Raises Malformed for
    a statement that means nothing at these sizes.
    """
    limits, facts, chosen = tuple(limits), as_given(network, given), dict(sizes or written_sizes(network))
    smaller = sizes is None and any(chosen.get(size) != value for size, value in network.sizes.items())
    try:
        check = _compared(network, equation, limits, facts, chosen, name)
    except Malformed:
        if not smaller:
            raise
        return Check(name, False, 0, 0, "raw SymPy", (), why="too large to be written out")
    except Singular as singular:
        return Check(name, False, 0, 0, "raw SymPy", (named(chosen),), why=f"every point that was tried met {singular}")
    if smaller and check.comparisons and not check.agrees and check.counterexample is None:
        return replace(check, comparisons=0, why="too large to be written out, and not true of smaller ones")
    return check


def _compared(
    network: Network, equation: Equation, limits: tuple[Limit, ...], given: Given, chosen: dict[Basic, int], name: str
) -> Check:
    letters = [letter for letter, _, _ in limits]
    pair = [_writer(network, frozenset(chosen.items()), formulas) for formulas in (False, True)]
    plain, full = ((writer, solutions(writer, given)) for writer in pair)
    values = list(islice(pair[0].concrete.assignments(limits), 10_000))
    compared = values if len(values) <= _ASSIGNMENTS else sorted(Random(0).sample(values, _ASSIGNMENTS))
    methods: dict[str, None] = {}
    for assignment in compared:
        at = dict(zip(letters, assignment, strict=True))
        method = _equal(*plain, equation, at) or _equal_numbers(*full, equation, at)
        if method is None:
            found = counterexample(network, equation, limits, given=given)
            says = with_given("raw SymPy diff", given)
            return Check(name, False, 1, len(compared), says, (named(chosen),), found)
        methods[method] = None
    says = with_given("raw SymPy diff, " + " and ".join(methods or {"expand": None}), given)
    return Check(name, bool(compared), 1, len(compared), says, (named(chosen),))


@lru_cache(maxsize=16)
def _writer(network: Network, sizes: frozenset[tuple[Basic, int]], formulas: bool) -> Writer:
    """A writer kept for the next statement about the same network, with the derivatives that it has by then."""
    return Writer(Concrete(network, dict(sizes)), formulas)


def _equal(writer: Writer, solved: Solved, equation: Equation, letters: dict[Symbol, int]) -> str | None:
    """How the two sides were found equal with every function unspecified; None where they were not."""
    left, right = (writer.write(side, letters).xreplace(solved) for side in equation)
    if left == right:
        return "expand"
    difference = left - right
    roots = any(power.exp.is_Rational and not power.exp.is_Integer for power in difference.atoms(Pow))
    if roots and difference.count_ops() > _LARGE:
        return None
    difference = expand(difference, power_base=False, power_exp=False, log=False, basic=False)
    if difference == 0:
        return "expand"
    negative = any(power.exp.is_negative for power in difference.atoms(Pow))
    if negative and difference.count_ops() < _LARGE and expand(together(difference).as_numer_denom()[0]) == 0:
        return "together and expand"
    return None


def _equal_numbers(writer: Writer, solved: Solved, equation: Equation, letters: dict[Symbol, int]) -> str | None:
    """How the two sides agree with every function written by its formula, as numbers at two points; None if not.

    Raises Singular where no point is found at which all that they speak of has a value.
    """
    sides = [writer.write(side, letters).xreplace(solved) for side in equation]
    spoken = [writer.mentioned(side, letters).xreplace(solved) for side in equation]
    told = 0
    for seed in range(_POINTS):
        point = _point(Random(seed), (*sides, *spoken), seed)
        if all(_has_value(part, point) for part in spoken):
            first, second = (side.xreplace(point).evalf(_DIGITS + 10) for side in sides)
            gap = abs(first - second)
            if gap.is_comparable and gap > max(abs(first), 1) * Rational(10) ** -_DIGITS:
                return None
            told += bool(gap.is_comparable)
        if told == 2:
            return f"{_DIGITS} digits at random points"
    raise Singular("a logarithm, root or quotient without a value")


def _point(rng: Random, exprs: Iterable[Expr], attempt: int) -> dict[Expr, Rational]:
    """A positive number for each symbol and each unspecified function at each argument; at later attempts smaller."""
    parts = set().union(*(expr.atoms(Function, Symbol) for expr in exprs))
    bottom = 32 if attempt < _POINTS // 2 else 512
    point: dict[Expr, Rational] = {}
    drawn: dict[tuple[str, ...], Rational] = {}
    for part in sorted(parts, key=lambda part: (part.count_ops(), str(part))):
        if isinstance(part, Symbol):
            point[part] = Rational(rng.randint(5, 60), bottom)
        elif getattr(part, "is_unspecified", False):
            values = (arg.xreplace(point).evalf(_DIGITS + 10).evalf(_DIGITS - 10) for arg in part.args)
            at = (part.func.__name__, *map(str, values))
            point[part] = drawn.setdefault(at, Rational(rng.randint(5, 60), bottom))
    return point


def _has_value(expr: Expr, point: dict[Expr, Rational]) -> bool:
    """Whether every logarithm and root in it is of a positive number, and no kink or zero denominator is met."""
    positive = {part.args[0] for part in expr.atoms(log)}
    positive |= {power.base for power in expr.atoms(Pow) if not power.exp.is_Integer and power.exp.is_Rational}
    other = {part.args[0] for part in expr.atoms(Heaviside)} | {
        arg for part in expr.atoms(Max) for arg in part.args if arg
    }
    other |= {power.base for power in expr.atoms(Pow) if power.exp.is_negative}
    numbers = {part: part.xreplace(point).evalf(_DIGITS) for part in positive | other}
    real = all(number.is_comparable and abs(number) > Rational(10) ** -20 for number in numbers.values())
    return real and all(numbers[part] > 0 for part in positive)
