"""Networks that are deep enough for what is said of their last layers but one."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from sympy import Integer, Symbol

from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import Ref, parts_of
from backprop_proofs.language.network import Equation, Network

MOST_BEFORE = 4  # layers before the last one that are asked for by number


def deep_enough(network: Network, equation: Equation) -> Network:
    """The network with L at least so large that a^{L-k}, which the equation speaks of, has a layer between.

    A statement about layer L - 1 is one about networks that have it: with L from 3 on, where L is from 2 on.
    """
    for letter, low, high in network.parameters:
        if isinstance(letter, Symbol) and isinstance(low, Integer) and high is None:
            refs = {ref for side in equation for ref in parts_of(side, Ref)}
            gaps = [letter - i for ref in refs for i in ref.indices if i != letter and letter in free_indices(i)]
            depth = max((int(gap) for gap in gaps if isinstance(gap, Integer)), default=0)
            if 0 < depth <= MOST_BEFORE:
                network = _from(network, letter, int(low) + depth)
    return network


@lru_cache(maxsize=256)
def _from(network: Network, letter: Symbol, low: int) -> Network:
    parameters = tuple((s, Integer(low) if s == letter else a, b) for s, a, b in network.parameters)
    return replace(network, parameters=parameters)
