"""The network of some equations under the layout, and the numbers of indices, that they fit under."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_proofs.errors import InvalidNetwork
from backprop_proofs.language.network import FunctionDefinition, Network
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.declare import Declared, declared_network
from backprop_proofs.reading.meaning.names import NotUnderstood
from backprop_proofs.reading.meaning.ranks import nearest_ranks
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.world import DOTS, World
from backprop_proofs.reading.syntax import Name, Node, Transpose, every


def fitted_network(
    equations: Sequence[Declared],
    census: Census,
    costs: Sequence[str],
    functions: Sequence[FunctionDefinition],
    shapes: Mapping[str, tuple[str, ...]],
    lines: Sequence[tuple[Node, Node]],
    split: bool = True,
) -> tuple[Network, World]:
    """With vectors as columns; else as rows; else with other ranks; else with those in the cost of one entry each.

    lines: the equations of the derivation, which speak for one guess or another. Raises as `declared_network`.
    """
    inner = DOTS[:1]
    try:
        return declared_network(equations, census, costs, functions, shapes=shapes, dots=inner, split=split)
    except (Misfit, NotUnderstood) as trouble:
        try:
            if isinstance(trouble, Misfit):
                return declared_network(equations, census, costs, functions, "rows", dots=inner, split=split)
        except (Misfit, NotUnderstood):
            pass
        biases = dict.fromkeys(census.added_to_products(), 2)
        better = nearest_ranks([(one.left, one.right) for one in equations], lines, census)
        guesses = dict(census.corrected)
        ways = [(biases, False)] if biases else []  # b of Z = X W + b, which may be any matrix
        ways += [*([(better, False)] if better else []), ({}, False), ({}, True)]
        if better and _turned(lines, census) & {key for key, rank in better.items() if rank == 0}:
            ways.reverse()  # what is transposed is no number
        for corrected, single in ways:
            census.corrected = guesses | corrected
            try:
                return declared_network(equations, census, costs, functions, shapes=shapes, single=single, split=split)
            except (Misfit, NotUnderstood, InvalidNetwork):
                continue
        raise


def _turned(lines: Sequence[tuple[Node, Node]], census: Census) -> set[str]:
    """The names that are transposed."""
    transposed = every(Transpose, *(side for line in lines for side in line))
    return {census.use(node.of).key for node in transposed if isinstance(node.of, Name)}
