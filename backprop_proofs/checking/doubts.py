"""Why a line that fails may be meant otherwise: what the text leaves open, or takes for granted besides."""

from __future__ import annotations

from sympy import Add, Pow, Symbol

from backprop_proofs.language.expressions import Each, Opaque, Partial, Quantity, Ref
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import bare_key, names_of
from backprop_proofs.reading.meaning.statement import Link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Node


def doubt(story: Story, network: Network, made: Link, *sides: Node) -> str | None:
    """A reason for which a line that fails is not refuted, or None."""
    cost = story.world.cost.name if story.world is not None and story.world.cost is not None else ""
    if _at_two_stages(made.equation, cost) and _open_at_every_stage(network, cost):
        return f"nothing says how {cost} depends on each of what comes one after another; it may be on the last alone"
    differentials = [_of_differential(name, network) for side in sides for name in names_of(side)]
    found = [key for key in differentials if key is not None]
    if found and _is_average(network, cost):
        return f"d{found[0]} may be meant for {cost} or for what one example adds to it"
    if len(found) > 1 and _of_differential(_first(sides[0]), network) == found[0]:
        order = [definition.ref.name for definition in network.definitions]
        places = [order.index(key) if key in order else -1 for key in found]
        if any(place <= places[0] and key != found[0] for key, place in zip(found, places, strict=True)):
            return f"d{found[0]} and d{found[1]} are differentials here, and gradients are understood"
    return None


def _at_two_stages(equation: Equation, cost: str) -> bool:
    """Whether the cost is differentiated by something at t - 1 or t + 1."""
    slopes = [part for side in equation for part in side.atoms(Partial) if part.of == Ref(Quantity(cost))]
    return any(isinstance(index, Add) for slope in slopes for index in slope.wrt.indices)


def _open_at_every_stage(network: Network, cost: str) -> bool:
    """Whether the cost is any function of something at all times or layers."""
    lasts = {letter for letter, _, _ in network.parameters}
    sets = [
        part
        for definition in network.definitions
        if definition.ref.name == cost and isinstance(definition.body, Opaque)
        for part in definition.body.args[1:]
    ]
    return any(isinstance(part, Each) and part.limit[2] in lasts and _is_recursive(network, part) for part in sets)


def _is_recursive(network: Network, part: Each) -> bool:
    """Whether what the set is of is defined by itself at another time."""
    names = {ref.name for ref in part.atoms(Ref)}
    bodies = [(d.ref.name, d.body) for d in network.definitions if d.ref.name in names]
    return any(ref.name == name for name, body in bodies for ref in body.atoms(Ref))


def _is_average(network: Network, cost: str) -> bool:
    """Whether the cost is divided by a number of examples."""
    bodies = [definition.body for definition in network.definitions if definition.ref.name == cost]
    sizes = {letter for letter, _, _ in network.parameters}
    powers = [power for body in bodies for power in body.atoms(Pow) if power.exp == -1]
    return any(isinstance(power.base, Symbol) and power.base in sizes for power in powers)


def _first(side: Node) -> tree.Name:
    return next(iter(names_of(side)), tree.Name(""))


def _of_differential(name: tree.Name, network: Network) -> str | None:
    """X of dX, where X is a quantity and dX is none."""
    key = bare_key(name)
    if not (name.run and key.startswith("d")) or key in network.families:
        return None
    return key[1:] if key[1:] in network.families else None
