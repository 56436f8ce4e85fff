"""Which networks are perceptrons, in whose letters whatever: what their weights, activations, layers and widths are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import substitute_index
from backprop_proofs.language.expressions import Quantity, Ref
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.structure import last_scalars
from backprop_proofs.render.pictures.quantities import uses_in

ONE = Integer(1)


@dataclass(frozen=True)
class Roles:
    """The parts of a perceptron: z^l_j = Σ_k weight^l_{jk} activation^{l-1}_k + bias^l_j, and so on.

    examples: the letters of a batch, which stand first. layer, first, depth: the letter of a layer, the number of the
    first one, and the last one. width: n of n_l. inputs: what the first activations are set to, if anything.
    """

    network: Network
    weight: str
    activation: Quantity
    examples: tuple[Symbol, ...]
    layer: Symbol
    first: Expr
    depth: Expr
    width: Quantity
    biases: frozenset[str]
    inputs: Quantity | None
    costs: tuple[Ref, ...]

    def neuron(self, layer: Expr, index: Expr) -> Ref:
        """The activation of a neuron."""
        return Ref(self.activation, *self.examples, layer, index)

    def input(self, index: Expr) -> Ref | None:
        """What a neuron of the first layer is set to."""
        return None if self.inputs is None else Ref(self.inputs, *self.examples, index)

    def named(self, ref: Ref) -> Iterator[tuple[Expr, Expr]]:
        """The neurons that a quantity's indices name, each as its layer and its index in it: two for a weight."""
        given: dict[Symbol, Expr] = {}
        for part, (letter, _, high) in zip(ref.indices, self.network.families.get(ref.name, ()), strict=False):
            if isinstance(high, Ref) and high.quantity == self.width:
                yield substitute_index(high.indices[0], given), part
            given[letter] = part


@lru_cache(maxsize=256)
def roles_of(network: Network) -> Roles | None:
    """The parts of a perceptron, or None for a network of another kind."""
    found = [roles for name in network.families if (roles := _with_weight(network, name)) is not None]
    return found[0] if len(found) == 1 and _is_plain(network, found[0]) else None


def _with_weight(network: Network, name: str) -> Roles | None:
    """The parts of the network if the quantity of that name is its weight."""
    slots = network.families[name]
    if len(slots) != 3 or not all(isinstance(high, Ref) and len(high.indices) == 1 for _, _, high in slots[1:]):
        return None
    (layer, _, depth), (_, _, to), (_, _, from_) = slots
    assert isinstance(to, Ref)
    assert isinstance(from_, Ref)
    if depth is None or to.quantity != from_.quantity or (to.indices[0], from_.indices[0]) != (layer, layer - 1):
        return None
    for definition in network.definitions:
        before = {use.quantity for use in uses_in(definition.body) if _layer_of(network, use, to.quantity) == layer - 1}
        activations = [quantity for quantity in before if quantity.name != name]
        if len(activations) == 1 and any(use.name == name for use in uses_in(definition.body)):
            return _parts(network, name, definition, activations[0], depth, to.quantity)
    return None


def _parts(
    network: Network, weight: str, sums: Definition, activation: Quantity, depth: Expr, width: Quantity
) -> Roles | None:
    slots = network.slots(activation.name)
    place = next((at for at, (_, _, high) in enumerate(slots) if high == depth), None)
    if place is None or len(slots) != place + 2:
        return None
    (layer, first, _) = slots[place]
    biases = {
        use.name
        for use in uses_in(sums.body)
        if use.name not in (weight, activation.name) and len(network.families.get(use.name, ())) == 2
    }
    given = next((d for d in network.definitions if d.ref.name == activation.name and first in d.ref.indices), None)
    inputs = given.body.quantity if given is not None and isinstance(given.body, Ref) else None
    examples = tuple(letter for letter, _, _ in slots[:place])
    costs = (*last_scalars(network), *(d.ref for d in network.definitions if d.ref.indices == examples != ()))
    parts = (examples, layer, first, depth, width, frozenset(biases), inputs, costs)
    return Roles(network, weight, activation, *parts)


def _layer_of(network: Network, ref: Ref, width: Quantity) -> Expr | None:
    """The layer whose neuron a quantity's last index names."""
    slots: tuple[Limit, ...] = network.families.get(ref.name, ())
    given = {letter: part for (letter, _, _), part in zip(slots, ref.indices, strict=False)}
    high = slots[-1][2] if slots else None
    if not isinstance(high, Ref) or high.quantity != width:
        return None
    return substitute_index(high.indices[0], given)


def _is_plain(network: Network, roles: Roles) -> bool:
    """Whether each layer is made from the one before alone, and the cost from the last one alone."""
    links = 0
    for definition in network.definitions:
        own = _layer_of(network, definition.ref, roles.width)
        for use in uses_in(definition.body):
            layer = _layer_of(network, use, roles.width)
            if use.name == roles.weight or layer is None or own == layer or use.quantity == roles.inputs:
                continue
            links += own is not None
            if layer != (roles.depth if own is None else own - 1):
                return False
    return links == 1 and bool(roles.costs)
