"""The ways in which a text is taken that leaves something open."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Way:
    """Which of them.

    matrices: capitals are matrices where nothing says so. own: the first equation of z says in which order the indices
    of the weights stand, and which layer they lead from, where no part is given; else Nielsen's says it. summed: a cost
    that is written as an array is the sum of its entries. vectors: w without indices is a vector. minus: errors that no
    line defines are minus derivatives of the cost.
    """

    matrices: bool = False
    own: bool = False
    summed: bool = False
    vectors: bool = False
    minus: bool = False


NIELSENS = Way()
