"""The shapes that a text declares: n and m of W ∈ R^{n×m}, and that it has two indices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.forms import chains_of, lengths_of


def lengths_in(rows: Iterable[Row], census: Census) -> dict[str, tuple[str, ...]]:
    """The letters of the lengths of each quantity. Raises NotUnderstood."""
    found: dict[str, tuple[str, ...]] = {}
    for name, space in _declarations(rows):
        letters = lengths_of(space)
        if letters:
            found[census.use(name).key] = letters
    return found


def ranks_in(rows: Iterable[Row], census: Census) -> dict[str, int]:
    """How many indices each quantity has: one of x ∈ R^n and of x ∈ R^{n×1}. Raises NotUnderstood."""
    found: dict[str, int] = {}
    for name, space in _declarations(rows):
        rank = _rank_of(space)
        if rank is not None:
            found[census.use(name).key] = rank
    return found


def _declarations(rows: Iterable[Row]) -> Iterator[tuple[tree.Name, tree.Node]]:
    """Names with the spaces that they are in."""
    for chain in chains_of(*rows):
        if [relation.sign for relation in chain.relations] == ["∈"] and isinstance(chain.parts[0], tree.Name):
            yield chain.parts[0], chain.parts[1]


def _rank_of(space: tree.Node) -> int | None:
    """2 of R^{n×m}, 1 of R^n and R^{n×1}, 0 of R; None for rows and for what is no such space."""
    if not isinstance(space, tree.Name) or space.base != "R" or len(space.above) > 1 or space.below:
        return None
    items = space.above[0].items if space.above else ()
    lengths = items[0].factors if len(items) == 1 and isinstance(items[0], tree.Product) else items
    ones = [isinstance(length, tree.Number) and length.value == 1 for length in lengths]
    if True not in ones:
        return len(lengths) if len(lengths) < 3 else None
    return 1 if ones == [False, True] else None
