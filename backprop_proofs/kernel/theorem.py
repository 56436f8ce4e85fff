"""Theorems, and the five functions that make them: begin, rewrite, assume, induction and matrix_form.

A theorem says: in this network, for all indices in `limits`, lhs = rhs, given the hypotheses and assumptions. The
object itself holds nothing: what it says is kept by the kernel under it, so there is nothing to copy or to change,
and an object that the kernel did not make says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn
from weakref import WeakKeyDictionary

from sympy import Add, Dummy, Expr, Integer, Mul, Symbol

from backprop_proofs.errors import ForgedTheorem, Malformed, Refused
from backprop_proofs.kernel.dependence import check_network, may_meet, members, region_of
from backprop_proofs.kernel.normal_form import same_value
from backprop_proofs.kernel.rules import Hypothesis, Rewritten, Scope, expect, primitive, rule_named, seal
from backprop_proofs.language.binding import (
    Path,
    alpha_equal,
    free_indices,
    limits_on_path,
    opened,
    refreshed,
    replace_at,
    replace_scalar,
    substitute,
    substitute_limits,
    subterm,
)
from backprop_proofs.language.expressions import Fn, IndexSum, Opaque, Partial, Ref, add, parts_of
from backprop_proofs.language.indices import Facts, Limit
from backprop_proofs.language.matrices import Array, Entry, entry, shape
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.shown import Drawn, shown

_MOST_TERMS = 10_000  # a sum of more terms is not written out


class Assumption(NamedTuple):
    """An equation taken for granted, for all letters of its limits; an induction takes it back."""

    statement: Equation
    limits: tuple[Limit, ...]


@shown
class Step(NamedTuple):
    """One link of a chain lhs = ... = rhs: the rule, where in `before` it was used, and with what."""

    rule: str
    at: Path
    parameters: Mapping[str, Any]
    before: Expr
    after: Expr
    reason: str
    note: str

    @property
    def lemma(self) -> Theorem | None:
        """The earlier theorem that the step uses, if it uses one."""
        return self.parameters.get("lemma")

    @property
    def substeps(self) -> tuple[Step, ...]:
        """The steps of that theorem."""
        return self.lemma.derivation.steps if self.lemma else ()


@shown
class Derivation(NamedTuple):
    """The chain of steps that leads to a theorem."""

    steps: tuple[Step, ...]


class Judgement(NamedTuple):
    """What a theorem says, and how it came about."""

    network: Network
    limits: tuple[Limit, ...]
    statement: Equation
    steps: tuple[Step, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    matrix: Equation | None = None


def _ledger() -> tuple[Callable[[Judgement], Theorem], Callable[[object], Judgement]]:
    says: WeakKeyDictionary[Theorem, Judgement] = WeakKeyDictionary()

    def mint(judgement: Judgement) -> Theorem:
        theorem = object.__new__(Theorem)
        says[theorem] = judgement
        return theorem

    def read(theorem: object) -> Judgement:
        if not isinstance(theorem, Theorem) or theorem not in says:
            raise ForgedTheorem("expected a theorem that the kernel made; found an object that it did not make")
        return says[theorem]

    return mint, read


_mint, _judgement = _ledger()


class Theorem(Drawn):
    """A proved equation. Made by the kernel's functions only; cannot be copied, pickled, subclassed or changed."""

    __slots__ = ("__weakref__",)

    def __new__(cls, *args: Any, **kwargs: Any) -> Theorem:
        raise ForgedTheorem("a theorem is made by a rule of the kernel, never directly")

    def __init_subclass__(cls) -> NoReturn:
        raise ForgedTheorem("Theorem cannot be subclassed")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise ForgedTheorem("a theorem cannot be copied or pickled; save its proof and verify that")

    network = property(lambda self: _judgement(self).network, doc="The network it speaks of.")
    limits = property(lambda self: _judgement(self).limits, doc="The ranges of its free indices.")
    statement = property(lambda self: _judgement(self).statement, doc="The equation lhs = rhs.")
    matrix = property(lambda self: _judgement(self).matrix, doc="The same in matrix form, or None.")
    hypotheses = property(lambda self: _judgement(self).hypotheses, doc="What it rests on.")
    assumptions = property(lambda self: _judgement(self).assumptions, doc="What is taken for granted, not proved.")
    derivation = property(lambda self: Derivation(_judgement(self).steps), doc="Its steps.")

    def __repr__(self) -> str:
        return "Theorem({} = {})".format(*self.statement)


def begin(network: Network, limits: tuple[Limit, ...], expr: Expr) -> Theorem:
    """expr = expr, for all indices in limits: the start of every chain."""
    return _mint(_first(network, limits, Equation(expr, expr)))


def _first(network: Network, limits: tuple[Limit, ...], statement: Equation) -> Judgement:
    """What is said of letters, all plain, since a fresh one in a hypothesis is that of a sum; copies are kept."""
    check_network(network)
    fresh = [letter for letter, _, _ in limits if isinstance(letter, Dummy)]
    expect(not fresh, "begin", "plain letters", found=fresh)
    says = Judgement(network, tuple((s, low, high) for s, low, high in limits), Equation(*statement))
    for side in says.statement:
        _check(side, network, network.facts(says.limits))
    return says


def rewrite(theorem: Theorem, at: Path, rule_name: str, **parameters: Any) -> Theorem:
    """lhs = rhs with the part of rhs at the path `at` rewritten by the named rule. Raises Refused."""
    says, record = _judgement(theorem), rule_named(rule_name)
    expect(record.name not in ("induction", "matrix-form"), rule_name, "a rule that rewrites", found=record.name)
    expect(says.matrix is None, rule_name, "a theorem in index form", found="one closed in matrix form")
    before = says.statement.rhs
    part, scope = subterm(before, at), _scope(says, before, at)
    frozen = {key: MappingProxyType(dict(v)) if isinstance(v, Mapping) else v for key, v in parameters.items()}
    result = record.apply(part, scope, **frozen)
    if record.checked:
        _check(result.after, says.network, scope.facts)
        needs = same_value(part, result.after, scope)
        expect(needs is not None, rule_name, "an expression equal to {}", part, found=result.after)
        result = Rewritten(result.after, result.note, needs or ())
    after = replace_at(before, at, result.after)
    _check_around(before, after, at, says, unfolds=record.name == "definition")
    step = Step(record.name, tuple(at), MappingProxyType(frozen), before, after, record.reason, result.note)
    assumed = _judgement(parameters["lemma"]).assumptions if "lemma" in parameters else ()
    return _mint(
        says._replace(
            statement=Equation(says.statement.lhs, after),
            steps=(*says.steps, step),
            hypotheses=_merged(says.hypotheses + result.hypotheses),
            assumptions=tuple(dict.fromkeys(says.assumptions + assumed)),
        )
    )


def _merged(hypotheses: tuple[Hypothesis, ...]) -> tuple[Hypothesis, ...]:
    """Each of them once; what is positive is not 0."""
    implied = {need._replace(kind="nonzero") for need in hypotheses if need.kind == "positive"}
    return tuple(need for need in dict.fromkeys(hypotheses) if need not in implied)


def _scope(says: Judgement, expr: Expr, at: Path) -> Scope:
    parts = [(subterm(expr, at[:depth]), number) for depth, number in enumerate(at)]
    around = tuple(part for part, _ in parts if isinstance(part, Partial))
    inside = all(isinstance(p, Add | Mul) or number == (2 if isinstance(p, Fn) else 0) for p, number in parts)
    scalar = inside and not any(isinstance(part, Entry | Opaque | Array) for part, _ in parts)
    expect(scalar, "congruence", "a term, a factor, a base, an argument, or what a derivative is taken of", found=at)
    return Scope(says.network, says.network.facts((*says.limits, *limits_on_path(expr, at))), around)


def _check_around(before: Expr, after: Expr, at: Path, says: Judgement, unfolds: bool) -> None:
    """A step inside ∂f/∂x|_H must leave a derivative, and f must not turn into, or stop being, the quantity of H that
    is excepted from H because it is f; but its own equation may be unfolded, since it does not stand there again.
    """
    for depth in range(len(at)):
        if isinstance(old := subterm(before, at[:depth]), Partial):
            new = subterm(after, at[:depth])
            _check(new, says.network, says.network.facts((*says.limits, *limits_on_path(after, at[:depth]))))
            was, is_ = (isinstance(p.of, Ref) and _is_among(p.of, p.held) for p in (old, new))
            kept = old.of == new.of or not (was or is_) or (unfolds and not is_)
            expect(kept, "congruence", "the same quantity, or one that is not held", found=new)


def _is_among(ref: Ref, sets: tuple[Expr, ...]) -> bool:
    return any(members(instances).quantity == ref.quantity for instances in sets)


def _check(expr: Expr, network: Network, facts: Facts) -> None:
    network.check(expr, facts)
    for partial in parts_of(expr, Partial):
        if any(may_meet(members(instances), region_of(partial.wrt), facts) for instances in partial.held):
            raise Malformed(f"{partial.wrt} is held fixed and varied at once")


@primitive
def ring(expr: Expr, scope: Scope, to: Expr) -> Rewritten:
    """Both sides have the same normal form: a sum of monomials, each under its own sums, the deltas collapsed.

    Why: sums and products may be reordered, multiplied out and collected, and a bound index renamed.
    Source: algebra (commutative ring, finite sums)
    """
    _check(to, scope.network, scope.facts)
    needs = () if alpha_equal(expr, to) else same_value(expr, to, scope)
    expect(needs is not None, "ring", "an expression equal to {}", expr, found=to)
    return Rewritten(to, hypotheses=needs or ())


@primitive
def write_out(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_{k=1}^{3} f(k) = f(1) + f(2) + f(3), where the range is made of known numbers.

    Why: this is what Σ means.
    Source: algebra
    """
    expect(isinstance(expr, IndexSum), "write-out", "a sum over an index", found=expr)
    body, (letter, *ends) = opened(expr)
    first, last = map(scope.facts.value, ends)
    if first is None or last is None or last - first >= _MOST_TERMS:
        raise Refused("write-out", f"a range of at most {_MOST_TERMS} known numbers", str(ends))
    return Rewritten(add(*(substitute(body, {letter: Integer(value)}) for value in range(first, last + 1))))


@primitive
def theorem_(expr: Expr, scope: Scope, lemma: Theorem, given: Mapping[Any, Expr], backwards: bool = False) -> Rewritten:
    """lhs = rhs, an earlier theorem, with its free indices replaced by values in their ranges.

    Why: it has been proved for all values of its letters.
    Source: the theorem's own derivation
    """
    says = _judgement(lemma)
    expect(says.network is scope.network, "theorem", "a theorem of the same network", found=says.network.name)
    expect(not scope.around, "theorem", "a place outside derivatives, which drop an equation", found=scope.around)
    variables = {f.variable for f in scope.network.functions}
    sizes = {s for s, _, _ in says.network.parameters if s in given and says.network.facts().equal(s, given[s])}
    letters = {s for s, _, _ in says.limits}.difference(*map(_open_letters, says.assumptions)) | sizes
    strange = [letter for letter in given if letter not in letters | variables]
    expect(not strange, "theorem", "values for its free letters {}", letters | variables, found=strange)
    values = {letter: given[letter] for letter in letters & given.keys()}
    for letter, low, high in substitute_limits(says.limits, values):
        value = values.get(letter, letter)
        scope.network.check_index(value, scope.facts)
        expect(scope.facts.within(value, low, high), "theorem", "{} in {}..{}", letter, low, high, found=value)

    def instance(part: Expr) -> Expr:
        for variable in variables & given.keys():
            part = replace_scalar(part, variable, given[variable])
        return part

    sides = (refreshed(substitute(side, values)) for side in says.statement)
    source, target = map(instance, reversed(tuple(sides)) if backwards else sides)
    expect(alpha_equal(source, expr), "theorem", "{}", source, found=expr)
    _check(target, scope.network, scope.facts)
    needs = (need.at(values) for need in says.hypotheses)
    kept = (n if isinstance(n.subject, str) else n._replace(subject=instance(n.subject)) for n in needs)
    return Rewritten(target, hypotheses=tuple(kept))


def _open_letters(assumption: Assumption) -> set[Symbol]:
    parts = [*assumption.statement, *(end for _, *ends in assumption.limits for end in ends if end is not None)]
    return set().union(*map(free_indices, parts)) - {letter for letter, _, _ in assumption.limits}


def assume(network: Network, limits: tuple[Limit, ...], statement: Equation, fixed: tuple[Limit, ...]) -> Theorem:
    """statement, taken for granted for all letters of `limits`, while the letters of `fixed` keep their value."""
    says = _first(network, (*fixed, *limits), statement)
    return _mint(says._replace(assumptions=(Assumption(says.statement, says.limits[len(fixed) :]),)))


@primitive
def induction(base: Theorem, step: Theorem, letter: Symbol) -> Theorem:
    """P(l) for every l in a..b, from P(b) and, for l in a..b-1, from P(l + 1) to P(l).

    Why: every l is reached from the one end by finitely many steps.
    Source: induction over layers; Nielsen, chapter 2, "the backpropagation algorithm"
    """
    first, next_, record = _judgement(base), _judgement(step), rule_named("induction")
    ranges = {s: (low, high) for s, low, high in next_.limits}
    expect(letter in ranges and first.network is next_.network, "induction", "a step over {}", letter, found=step)
    low, high = ranges[letter]
    if high is None:
        raise Refused("induction", f"an upper bound of {letter}", "none")
    others = tuple(limit for limit in next_.limits if limit[0] != letter)

    def claims(value: Expr, limits: tuple[Limit, ...], statement: Equation) -> bool:
        moved = tuple(substitute(side, {letter: value}) for side in next_.statement)
        return limits == substitute_limits(others, {letter: value}) and all(map(alpha_equal, statement, moved))

    assumed = next_.assumptions
    fits = not assumed or (len(assumed) == 1 and claims(letter + 1, assumed[0].limits, assumed[0].statement))
    expect(fits, "induction", "no assumption but the claim at {}", letter + 1, found=assumed)
    fits = not first.assumptions and claims(high + 1, first.limits, first.statement)
    expect(fits, "induction", "a base that is the claim at {}", high + 1, found=first.statement)
    parameters = MappingProxyType({"base": base, "lemma": step, "letter": letter})
    lhs, rhs = next_.statement
    link = Step(record.name, (), parameters, lhs, rhs, record.reason, f"{letter} from {high + 1}")
    needs = _merged(tuple(need.for_all(next_.limits) for need in first.hypotheses + next_.hypotheses))
    variables = {f.variable for f in first.network.functions}
    strange = [n for n in needs if isinstance(n.subject, Expr) and variables & parts_of(n.subject, Ref)]
    expect(not strange, "induction", "no hypothesis on the variable of a function", found=strange)
    return _mint(Judgement(first.network, ((letter, low, high + 1), *others), next_.statement, (link,), needs))


@primitive
def matrix_form(theorem: Theorem, left: Array, right: Array, letters: tuple[Symbol, ...]) -> Theorem:
    """left = right as vectors or matrices, where the entries of both at `letters` are the sides of the theorem.

    Why: arrays are equal when all their entries are; a matrix is transposed where a sum runs over its first index.
    Source: linear algebra; Nielsen, chapter 2, BP1a and equation 40
    """
    says, record = _judgement(theorem), rule_named("matrix-form")
    ranges = {s: (low, high) for s, low, high in says.limits}
    facts, slots, wanted = says.network.facts(says.limits), says.network.slots, tuple(map(ranges.get, letters))
    spoken = free_indices(left) | free_indices(right)
    apart = len(set(letters)) == len(letters) and spoken.isdisjoint(letters)
    expect(apart, "matrix-form", "different letters, which stand in no array", found=letters)
    hypotheses = says.hypotheses
    for side, array in zip(says.statement, (left, right), strict=True):
        _check(Entry(array, *letters), says.network, facts)
        found = shape(array, slots, facts)
        expect(found == wanted, "matrix-form", "the shape {}", wanted, found=found)
        proved = ring(side, Scope(says.network, facts), to=entry(array, letters, slots, facts))
        hypotheses = _merged(hypotheses + proved.hypotheses)
    parameters = MappingProxyType({"left": left, "right": right, "letters": letters})
    link = Step(record.name, (), parameters, says.statement.rhs, Entry(right, *letters), record.reason, "")
    return _mint(says._replace(steps=(*says.steps, link), hypotheses=hypotheses, matrix=Equation(left, right)))


seal()
