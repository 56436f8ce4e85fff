"""The picture of a network: a perceptron's neurons and weights, or the graph of another network's quantities."""

from __future__ import annotations

from collections.abc import Mapping

from backprop_proofs.language.network import Network
from backprop_proofs.render.pictures.perceptron import drawn, plan
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.quantities import drawn_graph, graph_of
from backprop_proofs.render.pictures.roles import roles_of


def network_picture(network: Network, *, numbers: Mapping[str, str] | None = None) -> Picture:
    """The network drawn; numbers: short texts for what is drawn, by its key, such as those of a counterexample."""
    roles = roles_of(network)
    if roles is not None:
        return drawn(plan(roles), numbers)
    return drawn_graph(graph_of(network))
