"""Small sizes to try a statement at: all widths different, so that a transpose shows; the smallest first."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from itertools import cycle, repeat
from types import MappingProxyType

from sympy.core.basic import Basic

from backprop_proofs.evidence.concrete import fill_sizes
from backprop_proofs.language.network import Network

_WIDTHS = ((2, 3), (3, 2, 4), (2, 4, 3, 5))  # neighbours differ, also where the cycle closes


@lru_cache(maxsize=64)
def sample_sizes(network: Network) -> tuple[Mapping[Basic, int], ...]:
    """Choices of all sizes that the network leaves open, neighbouring widths different, the smallest first.

    The three choices of a perceptron are L = 2, 3, 4, so that a range such as 2..L-1 is not empty in all of them.
    """
    chosen = (fill_sizes(network, partial(operator.add, more), cycle(widths)) for more, widths in enumerate(_WIDTHS))
    reverse = (fill_sizes(network, lambda i: 3 - i % 3, cycle((3, 2))) for _ in range(_open_parameters(network) > 1))
    return _distinct([*chosen, *reverse])


def smallest_sizes(network: Network) -> tuple[Mapping[Basic, int], ...]:
    """Choices for a counterexample: widths of one first, then of two, then different ones, the depth growing."""
    tries: list[tuple[int, Iterator[int]]] = []
    for more in range(3):
        tries += [(more, repeat(1)), (more, cycle((2, 1))), (more, cycle((1, 2))), (more, repeat(2))]
        tries += [(more, cycle((2, 3))), (more, cycle((2, 3, 4)))]
    first = [fill_sizes(network, partial(_always, more), widths) for more, widths in tries]
    return _distinct(first) + sample_sizes(network)


def written_sizes(network: Network) -> dict[Basic, int]:
    """Sizes small enough to write the whole cost out as one expression: those of the network where they are small,
    else at most three layers (or time steps) of two.
    """
    sizes = fill_sizes(network, lambda _: 1, repeat(2))
    values = list(sizes.values())
    if not network.sizes or (max(values) <= 3 and sum(values) <= 10):
        return sizes
    ranges = replace(network, sizes={}, definitions=(), abbreviations=(), functions=())
    return fill_sizes(ranges, lambda _: 1, repeat(2))


def is_large(sizes: Mapping[Basic, int]) -> bool:
    """Whether one instance at these sizes is work enough."""
    return sum(sizes.values()) > 60


def named(sizes: Mapping[Basic, int]) -> tuple[tuple[str, int], ...]:
    """Sizes as data: (("L", 3), ("n[1]", 2))."""
    return tuple((str(part), value) for part, value in sizes.items())


def _always(number: int, _: int) -> int:
    return number


def _open_parameters(network: Network) -> int:
    return sum(letter not in network.sizes for letter, _, _ in network.parameters)


def _distinct(choices: Iterable[Mapping[Basic, int]]) -> tuple[Mapping[Basic, int], ...]:
    seen: dict[frozenset[tuple[Basic, int]], Mapping[Basic, int]] = {}
    for sizes in choices:
        seen.setdefault(frozenset(sizes.items()), MappingProxyType(dict(sizes)))
    return tuple(seen.values())
