"""What can be read off a network's equations: its cost, its quantities, which of their indices count layers or time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from sympy import Expr, Symbol

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.binding import free_indices, substitute_limits
from backprop_proofs.language.expressions import IndexSum, Quantity, Ref, parts_of
from backprop_proofs.language.indices import Limit, atom_of, line
from backprop_proofs.language.network import Network

Slot = tuple[str, int]  # a quantity's name and the place of one of its indices


def last_scalars(network: Network) -> tuple[Ref, ...]:
    """The scalars that an equation defines and none uses; where there is one, it is the cost."""
    used = {ref.name for definition in network.definitions for ref in parts_of(definition.body, Ref)}
    return tuple(d.ref for d in network.definitions if not d.ref.indices and d.ref.name not in used)


def cost_of(network: Network) -> Ref:
    """The cost: the one scalar that an equation defines and none uses. Raises InvalidInput for none or several."""
    scalars = last_scalars(network)
    if len(scalars) != 1:
        found = ", ".join(ref.name for ref in scalars) or "none"
        raise InvalidInput(f"the cost: expected one scalar that is defined and not used further; found {found}")
    return scalars[0]


def cost_or_none(network: Network) -> Ref | None:
    """The cost, or None where no scalar, or more than one, is defined and not used further."""
    scalars = last_scalars(network)
    return scalars[0] if len(scalars) == 1 else None


@lru_cache(maxsize=256)
def quantities_of(network: Network) -> Mapping[str, Quantity]:
    """The quantities that the equations speak of, sizes such as n of n_l among them, by their names."""
    equations = network.definitions + network.abbreviations
    return MappingProxyType({ref.name: ref.quantity for d in equations for ref in (d.ref, *parts_of(d.body, Ref))})


@lru_cache(maxsize=256)
def stages_of(network: Network) -> frozenset[Slot]:
    """The index places that count layers or time: where an equation steps from one value to another."""
    links: dict[Slot, set[Slot]] = {}
    stepped: set[Slot] = set()
    for definition in network.definitions:
        letters = definition.ref.indices
        places = {atom_of(s): place for place, s in enumerate(letters) if isinstance(s, Symbol)}
        for ref in parts_of(definition.body, Ref):
            for place, index in enumerate(ref.indices):
                for letter in places.keys() & line(index).keys():
                    mine, theirs = (definition.ref.name, places[letter]), (ref.name, place)
                    links.setdefault(mine, set()).add(theirs)
                    links.setdefault(theirs, set()).add(mine)
                    if line(index).keys() == {letter, None}:
                        stepped.add(theirs)
        for slots in _summed_together(definition.body):
            for slot in slots:
                links.setdefault(slot, set()).update(slots)
    todo = list(stepped)
    while todo:
        new = links.get(todo.pop(), set()) - stepped
        stepped |= new
        todo += new
    return frozenset(stepped)


def _summed_together(body: Expr) -> Iterator[set[Slot]]:
    """The index places that one sum's letter stands at: those of h and y in Σ_t (h_t - y_t)^2."""
    for total in parts_of(body, IndexSum):
        refs = parts_of(total.body, Ref)
        yield {(ref.name, place) for ref in refs for place, index in enumerate(ref.indices) if index == total.index}


def letters_of_ranges(limits: tuple[Limit, ...]) -> frozenset[Symbol]:
    """The letters that the ends of ranges speak of."""
    return frozenset[Symbol]().union(*(free_indices(end) for _, *ends in limits for end in ends if end is not None))


def renamed_limits(limits: tuple[Limit, ...], names: Mapping[Symbol, Symbol]) -> tuple[Limit, ...]:
    """Ranges with their letters renamed, in the bounds too; letters without a new name are kept."""
    return tuple((names.get(s, s), low, high) for s, low, high in substitute_limits(limits, names))
