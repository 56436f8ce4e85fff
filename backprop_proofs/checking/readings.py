"""What a line may mean besides its plain meaning: conventions that writers leave to the prose.

A line that fails as it stands is read once more with the sigmoid for σ, with labels that add up to one, and, where the
text distinguishes i = k from i ≠ k, in each of the two cases. A reading under which it is proved is said with the
verdict; one under which it holds and is not proved makes it undecided. Never refuted, then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sympy import Add, Expr, Integer, Symbol

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.equate import equated
from backprop_proofs.errors import BackpropError
from backprop_proofs.kernel.theorem import Theorem, assume
from backprop_proofs.language.binding import alpha_equal, each, free_indices, substitute, substitute_limits, sum_over
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Ref, add, mul, negative
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.declare import formula_of
from backprop_proofs.reading.meaning.names import letter_of
from backprop_proofs.reading.meaning.story import Story

_SIGMOIDS = ("sigma", "g")


@dataclass(frozen=True)
class Reading:
    """An equation in a network, what is taken for granted, and the words that say so."""

    words: str
    network: Network
    equation: Equation
    limits: tuple[Limit, ...]
    given: tuple[tuple[Equation, tuple[Limit, ...]], ...] = ()


def readings(
    story: Story, row: Row, network: Network, equation: Equation, limits: tuple[Limit, ...]
) -> Iterator[Reading]:
    """The other readings of an equation."""
    plain = Reading("", network, equation, limits)
    yield from _as_sigmoid(plain)
    for sums in _labels(network):
        yield replace(plain, words=f"taking the labels {sums[0].lhs.body.name} to add up to 1", given=(sums,))
    for case in _cases(story, row, limits):
        yield from _in_case(plain, *case)


def _as_sigmoid(plain: Reading) -> Iterator[Reading]:
    network = plain.network
    for name in _SIGMOIDS:
        if (
            any(call.name == name for side in plain.equation for call in side.atoms(Fn))
            and network.function(name) is None
        ):
            known = replace(network, functions=(*network.functions, formula_of(name, "sigmoid")))
            yield replace(
                plain, words=f"with {'σ' if name == 'sigma' else name} the sigmoid, 1/(1 + e^(-z))", network=known
            )


def _labels(network: Network) -> Iterator[tuple[Equation, tuple[Limit, ...]]]:
    """Σ_k y_k = 1 for inputs that a cost multiplies logarithms by."""
    defined = {d.ref.name for d in network.definitions + network.abbreviations}
    seen: set[str] = set()
    for definition in network.definitions:
        for total in definition.body.atoms(IndexSum):
            if not total.body.has(Fn) or not any(call.name == "log" for call in total.body.atoms(Fn)):
                continue
            for ref in total.body.atoms(Ref):
                free = ref.name not in defined and ref.indices and ref.indices[-1] == total.index
                if (
                    free
                    and ref.name not in seen
                    and total.index not in set().union(*map(free_indices, ref.indices[:-1]))
                ):
                    seen.add(ref.name)
                    slots = network.slots(ref.name)
                    letters = tuple(letter for letter, _, _ in slots)
                    body = Ref(ref.quantity, *letters)
                    yield Equation(sum_over(body, slots[-1]), Integer(1)), slots[:-1]


def _cases(story: Story, row: Row, limits: tuple[Limit, ...]) -> Iterator[tuple[Symbol, Symbol, str]]:
    """The pairs of free letters that the text distinguishes the cases of, equal and different."""
    free = {letter.name: letter for letter, _, _ in limits}
    seen: set[frozenset[str]] = set()
    for chain in _conditions(story, row):
        names = [letter_of(part) for part in chain.parts]
        if len(names) == 2 and None not in names and names[0] != names[1]:
            pair = frozenset(name for name in names if name is not None)
            if pair not in seen and pair <= free.keys():
                seen.add(pair)
                one, other = sorted(pair)
                yield free[one], free[other], ""


def _conditions(story: Story, row: Row) -> Iterator[tree.Chain]:
    for other in story.document.derivation:
        for statement in other.statements:
            for node in tree.walk(statement.chain):
                if isinstance(node, tree.Cases):
                    yield from (branch.condition for branch in node.branches if branch.condition is not None)
    for remark in row.remarks:
        if remark.chain is not None and {r.sign for r in remark.chain.relations} <= {"=", "≠"}:
            yield remark.chain


def _in_case(plain: Reading, one: Symbol, other: Symbol, _: str) -> Iterator[Reading]:
    """The equation for i = k, and for i ≠ k, where both sides are multiplied by 1 - [i = k]."""
    ranges = {letter: (low, high) for letter, low, high in plain.limits}
    if ranges[one] != ranges[other]:
        return
    same = tuple(substitute(side, {other: one}) for side in plain.equation)
    rest = tuple(limit for limit in plain.limits if limit[0] != other)
    words = f"for {one} = {other}"
    yield replace(plain, words=words, equation=Equation(*same), limits=substitute_limits(rest, {other: one}))
    apart = add(Integer(1), negative(Delta(one, other)))
    yield replace(
        plain, words=f"for {one} ≠ {other}", equation=Equation(*(mul(apart, side) for side in plain.equation))
    )


def proof_of(reading: Reading) -> Theorem | None:
    """The theorem of a reading, or None."""
    if not reading.given:
        return equated(reading.network, reading.limits, *reading.equation)
    ((known, limits),) = reading.given
    total = known.lhs
    for side in _with_total(reading.equation.rhs, total):
        theorem = equated(reading.network, reading.limits, reading.equation.lhs, side)
        if theorem is not None:
            return _using(theorem, reading, known, limits)
    return None


def _with_total(side: Expr, total: Expr) -> Iterator[Expr]:
    """The side with its terms multiplied by Σ y: those that hold no y first, else all but one way at a time."""
    terms = side.args if isinstance(side, Add) else (side,)
    names = {ref.name for ref in total.atoms(Ref)}
    yield add(*(t if any(r.name in names for r in t.atoms(Ref)) else mul(t, total) for t in terms))


def _using(theorem: Theorem, reading: Reading, known: Equation, limits: tuple[Limit, ...]) -> Theorem | None:
    try:
        lemma = assume(reading.network, limits, known, ())
        chain = Chain(reading.network, reading.limits, reading.equation.lhs)
        chain.use(theorem, ())
        while (path := chain.find(lambda part: alpha_equal(part, known.lhs))) is not None:
            chain.use(lemma, path)
        return chain.step("ring", to=reading.equation.rhs).theorem
    except BackpropError:
        return None


__all__ = ["Reading", "each", "index", "proof_of", "readings"]
