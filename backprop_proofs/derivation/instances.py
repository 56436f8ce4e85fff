"""A theorem at given numbers: its letters replaced by layers and neurons, its sums written out term by term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from sympy import Expr, Integer, Symbol

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.errors import InvalidInput
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import substitute, substitute_index
from backprop_proofs.language.expressions import IndexSum
from backprop_proofs.language.indices import Limit

MOST = 64  # theorems written out at once, if not told otherwise


def written_out(theorem: Theorem, most: int = MOST) -> tuple[Theorem, ...]:
    """The theorem at every value of its letters, at most `most` of them, each sum as its terms.

    Raises InvalidInput where the network's widths are not numbers.
    """
    return tuple(instance_at(theorem, given) for given in islice(assignments(theorem), most))


def assignments(theorem: Theorem) -> Iterator[Mapping[Symbol, Expr]]:
    """Every value of the theorem's letters, by its network's sizes; the sizes themselves are among the letters."""
    network = theorem.network
    sizes = {s: Integer(value) for s, value in network.sizes.items() if isinstance(s, Symbol)}
    yield from _values(theorem, theorem.limits, sizes)


def _values(
    theorem: Theorem, limits: tuple[Limit, ...], given: Mapping[Symbol, Expr]
) -> Iterator[Mapping[Symbol, Expr]]:
    if not limits:
        yield given
        return
    (letter, low, high), *rest = limits
    facts = theorem.network.facts()
    first, last = (None if end is None else facts.value(substitute_index(end, given)) for end in (low, high))
    if first is None or last is None:
        raise InvalidInput(f"written out: expected a network of known widths; found {letter} in {low}..{high}")
    for value in range(first, last + 1):
        yield from _values(theorem, tuple(rest), {**given, letter: Integer(value)})


def instance_at(theorem: Theorem, given: Mapping[Symbol, Expr]) -> Theorem:
    """The theorem with its letters replaced by numbers, and its sums written out, but for those of unknown range."""
    chain = Chain(theorem.network, (), substitute(theorem.statement.lhs, given))
    used = {letter for letter, _, _ in theorem.limits} | {s for s, _, _ in theorem.network.parameters}
    chain.use(theorem, (), {letter: value for letter, value in given.items() if letter in used})
    facts = theorem.network.facts()

    def is_known(part: Expr) -> bool:
        return isinstance(part, IndexSum) and all(facts.value(end) is not None for end in part.limit[1:])

    while (path := chain.find(is_known)) is not None:
        chain.step("write-out", path)
    return chain.theorem
