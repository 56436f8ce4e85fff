"""A cost of which the network says nothing: whether a row says what it is, and whether a link speaks of it."""

from __future__ import annotations

import re

from backprop_proofs.language.expressions import Opaque, Ref
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.forms import chains_of, has_derivative
from backprop_proofs.reading.meaning.names import bare_key
from backprop_proofs.reading.meaning.story import Story


def open_cost(story: Story) -> str | None:
    """The name of the cost, where the network leaves open which function it is."""
    if story.world is None or story.network is None or story.world.cost is None:
        return None
    name = story.world.cost.name
    bodies = [d.body for d in story.network.definitions if d.ref.name == name]
    return name if any(isinstance(body, Opaque) for body in bodies) else None


def says_what(row: Row, cost: str) -> bool:
    """Whether a row says what the cost is: C = ... without a derivative."""
    if row.problem is not None:
        return re.match(rf"[\W_]*{re.escape(cost)}\s*&?\s*=", row.source) is not None
    return any(
        len(chain.parts) > 1
        and isinstance(chain.parts[0], tree.Name)
        and bare_key(chain.parts[0]) == cost
        and not any(map(has_derivative, chain.parts))
        for chain in chains_of(row)
    )


def speaks_of(equation: Equation, cost: str, network: Network) -> bool:
    """Whether an equation speaks of the cost, or of a name for something that does, such as δ."""
    about = {cost}
    for named in network.abbreviations:  # each after those that it speaks of
        if not about.isdisjoint(ref.name for ref in named.body.atoms(Ref)):
            about.add(named.ref.name)
    return any(ref.name in about for side in equation for ref in side.atoms(Ref))
