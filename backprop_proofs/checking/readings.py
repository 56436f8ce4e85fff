"""What a line may mean besides its plain meaning: conventions that writers leave to the prose.

A line that fails as it stands is read once more with the sigmoid for σ, with labels that add up to one, and for i = k
or i ≠ k: the case that is said beside it, or either, where another row distinguishes the cases of the same left side.
A reading under which it is proved is said with the verdict; one under which it holds and is not proved makes it
undecided. Never refuted, then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sympy import Add, Expr, Integer, Mul, Symbol
from sympy.core.basic import Basic

from backprop_proofs.checking.hypotheses import added_up
from backprop_proofs.checking.own_units import activation_said
from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.equate import equated
from backprop_proofs.errors import BackpropError
from backprop_proofs.kernel.theorem import Theorem, assume
from backprop_proofs.language.binding import canonical, free_indices, opened, substitute, substitute_limits, sum_over
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Ref, add, mul, negative, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.structure import renamed_limits
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.declare import apart, formula_of
from backprop_proofs.reading.meaning.names import letter_of
from backprop_proofs.reading.meaning.story import Story

_SIGMOIDS = ("sigma", "g")
_LABELS = "ytqdpl"  # what the names of labels begin with


@dataclass(frozen=True)
class Reading:
    """An equation in a network, what is taken for granted, and the words that say so."""

    words: str
    network: Network
    equation: Equation
    limits: tuple[Limit, ...]
    given: tuple[tuple[Equation, tuple[Limit, ...]], ...] = ()
    sure: bool = True  # whether the text says of this line that it is meant so


def readings(
    story: Story, row: Row, network: Network, equation: Equation, limits: tuple[Limit, ...]
) -> Iterator[Reading]:
    """The other readings of an equation."""
    plain = Reading("", network, equation, limits)
    if activation_said(story) is None:
        yield from _as_sigmoid(plain)
    for sums in _labels(network, added_up(story, network)):
        yield replace(plain, words=f"taking the labels {sums[0].lhs.body.name} to add up to 1", given=(sums,))
    yield from _cases(story, row, plain)


def _as_sigmoid(plain: Reading) -> Iterator[Reading]:
    network = plain.network
    bodies = [definition.body for definition in network.definitions + network.abbreviations]
    used = {call.name for expr in (*plain.equation, *bodies) for call in parts_of(expr, Fn)}
    for name in _SIGMOIDS:
        if name in used and network.function(name) is None:
            known = _with_sigmoid(network, name)
            yield replace(
                plain, words=f"with {'σ' if name == 'sigma' else name} the sigmoid, 1/(1 + e^(-z))", network=known
            )


@lru_cache(maxsize=256)
def _with_sigmoid(network: Network, name: str) -> Network:
    formulas = apart((*network.functions, formula_of(name, "sigmoid")), network.families)
    return replace(network, functions=formulas)


def _labels(network: Network, added: set[str]) -> Iterator[tuple[Equation, tuple[Limit, ...]]]:
    """Σ_k y_k = 1 for inputs that a cost multiplies logarithms by.

    added: those of which the text says that they add up to something else.
    """
    defined = {d.ref.name for d in network.definitions + network.abbreviations}
    seen = set(added)
    for definition in network.definitions:
        for total in parts_of(definition.body, IndexSum):
            if not parts_of(total.body, Fn) or not any(call.name == "log" for call in parts_of(total.body, Fn)):
                continue
            for ref in parts_of(total.body, Ref):
                free = ref.name not in defined and ref.indices and ref.indices[-1] == total.index
                if (
                    free
                    and ref.name[0] in _LABELS
                    and ref.name not in seen
                    and total.index not in set().union(*map(free_indices, ref.indices[:-1]))
                ):
                    seen.add(ref.name)
                    slots = network.slots(ref.name)
                    letters = tuple(letter for letter, _, _ in slots)
                    body = Ref(ref.quantity, *letters)
                    yield Equation(canonical(sum_over(body, slots[-1])), Integer(1)), slots[:-1]


def _cases(story: Story, row: Row, plain: Reading) -> Iterator[Reading]:
    """The cases i = k and i ≠ k: the one that the row says, else those that are distinguished of its left side."""
    if any(_distinguished(row)):
        return
    free = {letter.name: letter for letter, _, _ in plain.limits}
    said = [remark.chain for remark in row.remarks if remark.chain is not None]
    left = _left_sides(row)
    alike = (other for other in story.document.derivation if left & _left_sides(other))
    others = [] if said else [(chain, False) for chain in row.cases]
    for each in () if said else alike:  # a case distinction sums up the cases above it
        others += [(chain, (each.index or 0) > (row.index or 0)) for chain in _distinguished(each)]
    seen: set[tuple[str, str, str]] = set()
    for chain, sure in sorted([*((chain, True) for chain in said), *others], key=lambda pair: not pair[1]):
        names = [letter_of(part) for part in chain.parts]
        if len(names) != 2 or names[0] == names[1] or not free.keys() >= set(names):
            continue
        one, other = sorted(name for name in names if name is not None)
        for sign in {relation.sign for relation in chain.relations} if said else ("=", "≠"):
            if (one, other, sign) not in seen and sign in ("=", "≠"):
                seen.add((one, other, sign))
                yield from _in_case(replace(plain, sure=sure), free[one], free[other], sign)


def _left_sides(row: Row) -> set[tree.Node]:
    return {statement.chain.parts[0] for statement in row.statements}


def _distinguished(row: Row) -> Iterator[tree.Chain]:
    """The conditions of the case distinctions in a row."""
    for statement in row.statements:
        for node in tree.every(tree.Cases, statement.chain):
            yield from (branch.condition for branch in node.branches if branch.condition is not None)


def _in_case(plain: Reading, one: Symbol, other: Symbol, sign: str) -> Iterator[Reading]:
    """The equation for i = k; or for i ≠ k, where both sides are multiplied by 1 - [i = k]."""
    ranges = {letter: (low, high) for letter, low, high in plain.limits}
    if ranges[one] != ranges[other]:
        return
    words = f"for {one} {sign} {other}"
    if sign == "=":
        same = tuple(substitute(side, {other: one}) for side in plain.equation)
        rest = tuple(limit for limit in plain.limits if limit[0] != other)
        yield replace(plain, words=words, equation=Equation(*same), limits=substitute_limits(rest, {other: one}))
    else:
        apart = add(Integer(1), negative(Delta(one, other)))
        yield replace(plain, words=words, equation=Equation(*(mul(apart, side) for side in plain.equation)))


def proof_of(reading: Reading) -> Theorem | None:
    """The theorem of a reading, in letters i_1, i_2, ..., or None."""
    usual = {letter: index(f"i_{number}") for number, (letter, _, _) in enumerate(reading.limits, start=1)}
    left, right = (canonical(substitute(side, usual)) for side in reading.equation)
    return _proof(
        replace(reading, words="", equation=Equation(left, right), limits=renamed_limits(reading.limits, usual))
    )


@lru_cache(maxsize=1024)
def _proof(reading: Reading) -> Theorem | None:
    if not reading.given:
        return equated(reading.network, reading.limits, *reading.equation)
    ((known, limits),) = reading.given
    if not (isinstance(known.lhs, IndexSum) and isinstance(known.lhs.body, Ref)):
        return None
    slots = [letter for letter, _, _ in limits]
    side = _with_totals(reading.equation.rhs, known.lhs, slots)
    theorem = equated(reading.network, reading.limits, reading.equation.lhs, side)
    return None if theorem is None else _using(theorem, reading, known, limits)


def _with_totals(side: Expr, total: Expr, slots: Sequence[Symbol]) -> Expr:
    """The side with Σ y as a factor of the terms that hold no y, wherever they stand beside one that does."""
    if isinstance(side, IndexSum):
        body, limit = opened(side)
        return sum_over(_with_totals(body, total, slots), limit)
    if isinstance(side, Mul):
        return mul(*(_with_totals(factor, total, slots) for factor in side.args))
    if not isinstance(side, Add):
        return side
    label = total.body.quantity
    held = [[ref for ref in parts_of(term, Ref) if ref.quantity == label] for term in side.args]
    first = next((refs[0] for refs in held if refs), None)
    if first is None or all(held):
        return add(*(_with_totals(term, total, slots) for term in side.args))
    whole = substitute(total, dict(zip(slots, first.indices, strict=False)))
    return add(*(term if refs else mul(term, whole) for term, refs in zip(side.args, held, strict=True)))


def _using(theorem: Theorem, reading: Reading, known: Equation, limits: tuple[Limit, ...]) -> Theorem | None:
    """The theorem with Σ y = 1 put in."""
    label, slots = known.lhs.body.quantity, [letter for letter, _, _ in limits]

    def is_total(part: Basic) -> bool:
        body = part.body if isinstance(part, IndexSum) else None
        return isinstance(body, Ref) and body.quantity == label and body.indices[-1] == part.index

    try:
        lemma = assume(reading.network, limits, known, ())
        chain = Chain(reading.network, reading.limits, reading.equation.lhs)
        chain.use(theorem, ())
        while (path := chain.find(is_total)) is not None:
            chain.use(lemma, path, dict(zip(slots, chain.part(path).body.indices, strict=False)))
        return chain.step("ring", to=reading.equation.rhs).theorem
    except BackpropError:
        return None
