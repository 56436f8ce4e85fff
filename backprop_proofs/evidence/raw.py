"""Raw SymPy: a small network written out as one plain expression, and SymPy's own `diff` of it.

Both sides of a statement become expressions in symbols such as w_2_1_1; every derivative in them is `diff` of the cost
written out; `expand` decides. No index, no binder and no rule of ours is left in what is compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from random import Random

from sympy import Function, Pow, Rational, Symbol, expand, together
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete, Sizes
from backprop_proofs.evidence.exact import Check, counterexample
from backprop_proofs.evidence.sizes import named, written_sizes
from backprop_proofs.evidence.written import Writer
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network

__all__ = ["Writer", "check_raw"]

_ASSIGNMENTS = 24  # values of the free indices that are compared
_LARGE = 400  # operations beyond which a quotient is not brought to one denominator
_DIGITS = 50


def check_raw(
    network: Network,
    equation: Equation,
    limits: Iterable[Limit] = (),
    *,
    sizes: Sizes | None = None,
    name: str = "raw SymPy",
) -> Check:
    """Write both sides out on one small network and compare them by `expand`, at up to 24 values of the free indices.

    sizes: those to write out; by default the network's own where they are small, else three layers of two. Functions
    are left unspecified where that suffices; otherwise their formulas are compared at random points to 50 digits,
    and `method` says so. Nothing is compared where a statement names instances that only a network too large to be
    written out has. Raises Malformed for a statement that means nothing at these sizes.
    """
    limits, chosen = tuple(limits), dict(sizes or written_sizes(network))
    smaller = sizes is None and any(chosen.get(size) != value for size, value in network.sizes.items())
    try:
        return _compared(network, equation, limits, chosen, name)
    except Malformed:
        if not smaller:
            raise
        return Check(name, False, 0, 0, "raw SymPy: too large to be written out", ())


def _compared(
    network: Network, equation: Equation, limits: tuple[Limit, ...], chosen: dict[Basic, int], name: str
) -> Check:
    letters = [letter for letter, _, _ in limits]
    plain, full = (_writer(network, frozenset(chosen.items()), formulas) for formulas in (False, True))
    values = list(islice(plain.concrete.assignments(limits), 10_000))
    compared = values if len(values) <= _ASSIGNMENTS else sorted(Random(0).sample(values, _ASSIGNMENTS))
    methods: dict[str, None] = {}
    for assignment in compared:
        given = dict(zip(letters, assignment, strict=True))
        method = _equal(plain, equation, given) or _equal_numbers(full, equation, given)
        if method is None:
            found = counterexample(network, equation, limits)
            return Check(name, False, 1, len(compared), "raw SymPy diff", (named(chosen),), found)
        methods[method] = None
    says = "raw SymPy diff, " + " and ".join(methods or {"expand": None})
    return Check(name, bool(compared), 1, len(compared), says, (named(chosen),))


@lru_cache(maxsize=16)
def _writer(network: Network, sizes: frozenset[tuple[Basic, int]], formulas: bool) -> Writer:
    """A writer kept for the next statement about the same network, with the derivatives that it has by then."""
    return Writer(Concrete(network, dict(sizes)), formulas)


def _equal(writer: Writer, equation: Equation, letters: dict[Symbol, int]) -> str | None:
    """How the two sides were found equal with every function unspecified; None where they were not."""
    left, right = (writer.write(side, letters) for side in equation)
    if left == right:
        return "expand"
    difference = expand(left - right, power_base=False, power_exp=False, log=False, basic=False)
    if difference == 0:
        return "expand"
    negative = any(power.exp.is_negative for power in difference.atoms(Pow))
    if negative and difference.count_ops() < _LARGE and expand(together(difference).as_numer_denom()[0]) == 0:
        return "together and expand"
    return None


def _equal_numbers(writer: Writer, equation: Equation, letters: dict[Symbol, int]) -> str | None:
    """How the two sides agree with every function written by its formula, as numbers at two points; None if not."""
    left, right = (expand(writer.write(side, letters), power_exp=False) for side in equation)
    for seed in range(2):
        rng = Random(seed)
        unknown = set().union(*(side.atoms(Function, Symbol) for side in (left, right)))
        point = {
            part: Rational(rng.randint(5, 60), 32)
            for part in sorted(unknown, key=str)
            if isinstance(part, Symbol) or getattr(part, "is_unspecified", False)
        }
        first, second = (side.xreplace(point).evalf(_DIGITS + 10) for side in (left, right))
        gap = abs(first - second)
        if not gap.is_comparable or gap > max(abs(first), 1) * Rational(10) ** -_DIGITS:
            return None
    return f"{_DIGITS} digits at random points"
