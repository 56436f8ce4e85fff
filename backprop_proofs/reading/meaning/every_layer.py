"""Equations that are written at the last layer alone and meant for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.declare import Declared
from backprop_proofs.reading.meaning.forms import as_call, at_last, only_derivative
from backprop_proofs.reading.meaning.names import bare_key, letter_of, names_of
from backprop_proofs.reading.meaning.rewriting import renamed_index
from backprop_proofs.reading.syntax import Chain


def at_every_layer(declared: list[Declared], chains: Sequence[Chain]) -> list[Declared]:
    """An equation written at layer L alone, as one for every layer, where the text speaks of other layers too.

    So are those of what such an equation is made of: of z^L where a^L = σ(z^L) is one and a^{L-1} is written.
    """
    generic = {one.key for one in declared if not at_last(one.left)}
    special = {one.key: one for one in declared if at_last(one.left) and one.key not in generic}
    meant = [key for key, one in special.items() if _at_other_layers(one, chains)]
    for key in meant:
        within = [bare_key(name) for name in names_of(special[key].right) if at_last(name)]
        meant += [other for other in within if other in special and other not in meant]
    return [_general(one) if special.get(one.key) is one and one.key in meant else one for one in declared]


def _general(one: Declared) -> Declared:
    """The equation at layer l; what is differentiated stays what it is, as the cost is of the last layer."""
    left, right = renamed_index(one.left, "L", "l"), one.right
    if isinstance(right, tree.Derivative):
        return replace(one, left=left, right=replace(right, wrt=tuple(renamed_index(x, "L", "l") for x in right.wrt)))
    return replace(one, left=left, right=renamed_index(right, "L", "l"))


def _at_other_layers(one: Declared, chains: Sequence[Chain]) -> bool:
    if only_derivative(one.right):  # an error of a name of the writer's own
        names = [name for chain in chains for name in names_of(chain) if bare_key(name) == one.key]
        return any(name.above and not at_last(name) for name in names)
    if not isinstance(as_call(one.right), tree.Call) and "a" not in {bare_key(n) for n in names_of(one.right)}:
        return False
    for chain in chains:
        for name in names_of(chain):
            for item in (item for script in name.above for item in script.items):
                if bare_key(name) == one.key and isinstance(item, tree.Plus) and letter_of(item.terms[0]) == "L":
                    return True
    return False
