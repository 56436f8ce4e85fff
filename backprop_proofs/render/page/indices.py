"""The number of an index: by it an index has one colour and one underline style, wherever it stands.

Nielsen's letters have the same number on every page; any other letter takes one that is free on its page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from sympy.core.basic import Basic

from backprop_proofs.render.letters import Letters, entered

_SERIES = "jklmitsrpquvhdcnbefgoxyz"
MOST = len(_SERIES)  # as many pairs of a colour and an underline style there are
Numbers = Mapping[str, int]


def numbered(names: Iterable[str]) -> Numbers:
    """A number below MOST for each name, no two the same while there are enough; a capital such as L is a size."""
    wanted = sorted(name for name in set(names) if not name[:1].isupper())
    found = {name: _SERIES.index(name) for name in wanted if name in set(_SERIES)}
    free = [number for number in range(MOST) if number not in found.values()] or list(range(MOST))
    others = [name for name in wanted if name not in found]
    return MappingProxyType(found | {name: free[at % len(free)] for at, name in enumerate(others)})


def names_in(exprs: Iterable[Basic], letters: Letters) -> Iterator[str]:
    """The printed names of the indices in expressions, free and bound."""
    for expr in exprs:
        yield from letters.opened(expr).values()
        yield from (name for _, name in entered(expr, letters))


__all__ = ["MOST", "Numbers", "names_in", "numbered"]
