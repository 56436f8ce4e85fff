"""The network of some equations under the layout, and the numbers of indices, that they fit under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_proofs.errors import InvalidNetwork
from backprop_proofs.language.network import FunctionDefinition, Network
from backprop_proofs.reading.meaning.declare import Declared, declared_network
from backprop_proofs.reading.meaning.names import Census, NotUnderstood
from backprop_proofs.reading.meaning.ranks import nearest_ranks
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.world import World
from backprop_proofs.reading.syntax import Node


def fitted_network(
    equations: Sequence[Declared],
    census: Census,
    costs: Sequence[str],
    functions: Sequence[FunctionDefinition],
    shapes: Mapping[str, tuple[str, ...]],
    lines: Sequence[tuple[Node, Node]],
) -> tuple[Network, World]:
    """With vectors as columns; else as rows; else with those in the cost of one entry each; else with other ranks.

    lines: the equations of the derivation, which speak for one guess or another. Raises as `declared_network`.
    """
    try:
        return declared_network(equations, census, costs, functions, shapes=shapes)
    except (Misfit, NotUnderstood) as trouble:
        try:
            if isinstance(trouble, Misfit):
                return declared_network(equations, census, costs, functions, "rows")
        except (Misfit, NotUnderstood):
            pass
        try:
            return declared_network(equations, census, costs, functions, shapes=shapes, single=True)
        except (Misfit, NotUnderstood, InvalidNetwork):
            pass
        better = nearest_ranks([(one.left, one.right) for one in equations], lines, census)
        if not better:
            raise
        census.corrected |= better
        try:
            return declared_network(equations, census, costs, functions, shapes=shapes)
        except (Misfit, NotUnderstood):
            raise trouble from None
