"""L = -ln p_y: the index y of a class or a word is left out on the left, and L is one number for each y."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import COSTS, bare_key, letter_of, letters_in, names_of
from backprop_proofs.reading.syntax import Chain, Node

_OF_SUMS = frozenset("ijklmn")  # letters that mostly are summed over


def chosen_index(chains: Iterable[Chain]) -> Callable[[tree.Name], Node] | None:
    """What gives such a cost, and what is made of it, the index; None where no equation of a cost leaves one out."""
    chains = tuple(chains)
    lefts = ((c.parts[0], c) for c in chains if len(c.parts) > 1)
    defined = {bare_key(left): c for left, c in lefts if isinstance(left, tree.Name) and letter_of(left) is not None}
    left_out = {key: _left_out(chain) for key, chain in defined.items() if key in COSTS}
    found = next(((key, letter) for key, letter in left_out.items() if letter is not None), None)
    if found is None:
        return None
    with_it, letter = {found[0]}, found[1]
    for _ in defined:
        with_it |= {key for key, chain in defined.items() if with_it & {bare_key(name) for name in names_of(chain)}}

    def change(name: tree.Name) -> tree.Name:
        if bare_key(name) not in with_it or name.below or name.above:
            return name
        return replace(name, below=(tree.Script((tree.Name(letter, span=name.span),), span=name.span),))

    return change


def _left_out(chain: Chain) -> str | None:
    """The one letter that is the whole index of a quantity on the right, and that no sum there binds."""
    sums = tree.every(tree.Sum, chain)
    bound = {letter_of(x) for node in sums for x in node.letters}
    compared = {letter for node in sums for condition in node.conditions for letter in letters_in(condition)}
    bound |= compared & _OF_SUMS  # Σ_{i≠j} may be over both
    items = [item for name in names_of(chain) for script in (*name.above, *name.below) for item in script.items]
    letters = {letter for item in items for letter in letters_in(item)} - bound
    quantities = {name.base for name in names_of(chain)}
    letter = next(iter(letters), None) if len(letters) == 1 else None
    return letter if letter is not None and letter.islower() and letter not in quantities else None
