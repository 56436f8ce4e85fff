"""The conventions that a text may follow, that of examples with every other where C is a sum of named C_x."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_proofs.reading.meaning.conventions import after, as_chain, conventions
from backprop_proofs.reading.meaning.examples import total_of_examples
from backprop_proofs.reading.meaning.forms import Rewrite
from backprop_proofs.reading.syntax import Chain


def ways_of_writing(chains: tuple[Chain, ...], given: tuple[Chain, ...]) -> Iterator[Rewrite]:
    """What makes each of them explicit. given: the equations of the given part, the first ones."""
    found = conventions(chains, given)
    if total_of_examples(chains) is None:
        yield from found
        return
    first = next(found)
    yield first
    explicit = tuple(as_chain(first(chain)) for chain in chains)
    yield from (after(first, other) for other in conventions(explicit, explicit[: len(given)]))
