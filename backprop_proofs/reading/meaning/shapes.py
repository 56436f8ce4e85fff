"""The lengths that a text declares: n and m of W ∈ R^{n×m}."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.forms import chains_of, lengths_of


def lengths_in(rows: Iterable[Row], census: Census) -> dict[str, tuple[str, ...]]:
    """The letters of the lengths of each quantity. Raises NotUnderstood."""
    found: dict[str, tuple[str, ...]] = {}
    for chain in chains_of(*rows):
        if [relation.sign for relation in chain.relations] == ["∈"] and isinstance(chain.parts[0], tree.Name):
            letters = lengths_of(chain.parts[1])
            if letters:
                found[census.use(chain.parts[0]).key] = letters
    return found
