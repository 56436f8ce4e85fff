"""Where the nodes of a graph stand: in columns by longest path, in an order with few crossings, edges led around."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from itertools import pairwise

Edge = tuple[str, str]
Point = tuple[float, float]
_SWEEPS = 12
_APART = 54.0  # between two nodes of a column
_PASSING = 20.0  # between an edge that passes a column and what is beside it


@dataclass(frozen=True)
class Layout:
    """Where each node stands, and the points that each edge goes through: its ends, and one in each column between."""

    places: Mapping[str, Point]
    routes: Mapping[Edge, tuple[Point, ...]]


@dataclass
class _Columns:
    """Nodes by column; a point that an edge passes is a node of its own, of the edge and the column."""

    rows: list[list[object]] = field(default_factory=list)
    before: dict[object, list[object]] = field(default_factory=dict)
    after: dict[object, list[object]] = field(default_factory=dict)


def layered(
    nodes: Sequence[str],
    edges: Sequence[Edge],
    widths: Mapping[str, float],
    blocks: Iterable[Sequence[str]] = (),
    gap: float = 70.0,
    apart: float = _APART,
) -> Layout:
    """Columns from left to right by longest path; blocks: nodes that stand in one column, together, as they are listed;
    gap: between two columns; apart: between two nodes of a column.

    A node that depends on nothing stands just before the first that depends on it; an edge that would close a cycle
    leads straight back.
    """
    kept = [tuple(block) for block in blocks]
    ahead = _without_cycles(nodes, edges)
    ranks = _ranks(nodes, ahead, kept)
    columns = _columns(nodes, ahead, ranks)
    block_of: dict[object, int] = {node: number for number, block in enumerate(kept) for node in block}
    _ordered(columns, block_of)
    heights = _heights(columns, apart)
    across = _across(columns, widths, gap)
    places = {node: (across[ranks[node]], heights[node]) for node in nodes}
    routes = {}
    for tail, head in edges:
        passed = range(ranks[tail] + 1, ranks[head])
        routes[tail, head] = (
            places[tail],
            *((across[rank], heights[tail, head, rank]) for rank in passed),
            places[head],
        )
    return Layout(places, routes)


def _without_cycles(nodes: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges but for those that lead back to a node on the way to their own tail."""
    heads: dict[str, list[str]] = {node: [] for node in nodes}
    for tail, head in edges:
        heads[tail].append(head)
    back: set[Edge] = set()
    done: set[str] = set()
    for start in nodes:
        way = [(start, iter(heads[start]))] if start not in done else []
        while way:
            node, ahead = way[-1]
            done.add(node)
            following = next(ahead, None)
            if following is None:
                way.pop()
            elif following in {passed for passed, _ in way}:
                back.add((node, following))
            elif following not in done:
                way.append((following, iter(heads[following])))
    return [edge for edge in edges if edge not in back]


def _ranks(nodes: Sequence[str], edges: Sequence[Edge], blocks: Sequence[Sequence[str]]) -> dict[str, int]:
    """The column of each node; those of a block share one."""
    whole = {node: block[0] for block in blocks for node in block}
    graph: dict[str, list[str]] = {whole.get(node, node): [] for node in nodes}
    users: dict[str, list[str]] = {node: [] for node in graph}
    for tail, head in ((whole.get(tail, tail), whole.get(head, head)) for tail, head in edges):
        graph[head].append(tail)
        users[tail].append(head)
    ranks: dict[str, int] = {}
    for node in TopologicalSorter(graph).static_order():
        ranks[node] = 1 + max((ranks[tail] for tail in graph[node]), default=-1)
    for node in graph:
        if not graph[node] and users[node]:
            ranks[node] = min(ranks[head] for head in users[node]) - 1
    return {node: ranks[whole.get(node, node)] for node in nodes}


def _columns(nodes: Sequence[str], edges: Sequence[Edge], ranks: Mapping[str, int]) -> _Columns:
    made = _Columns([[] for _ in range(max(ranks.values()) + 1)])
    for node in nodes:
        made.rows[ranks[node]].append(node)
    for tail, head in edges:
        between = range(ranks[tail] + 1, ranks[head])
        passed: list[object] = [(tail, head, rank) for rank in between]
        for rank, point in zip(between, passed, strict=True):
            made.rows[rank].append(point)
        for left, right in zip([tail, *passed], [*passed, head], strict=True):
            made.after.setdefault(left, []).append(right)
            made.before.setdefault(right, []).append(left)
    return made


def _ordered(columns: _Columns, block_of: Mapping[object, int]) -> None:
    """Put each column into an order with few crossings: by the mean of its neighbours, to and fro; the best is kept."""
    best, least = [list(row) for row in columns.rows], _crossings(columns)
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        beside = columns.before if forth else columns.after
        for row in columns.rows[1:] if forth else columns.rows[-2::-1]:
            _sort(row, beside, columns, block_of)
        found = _crossings(columns)
        if found < least:
            best, least = [list(row) for row in columns.rows], found
    columns.rows[:] = best


def _sort(
    row: list[object], beside: Mapping[object, list[object]], columns: _Columns, block_of: Mapping[object, int]
) -> None:
    at = _positions(columns)
    means = {node: _mean([at[other] for other in beside.get(node, ())], at[node]) for node in row}
    blocks: dict[int, list[object]] = {}
    for node in row:
        if node in block_of:
            blocks.setdefault(block_of[node], []).append(node)
    for members in blocks.values():
        middle = sum(means[node] for node in members) / len(members)
        means |= dict.fromkeys(members, middle)
    row.sort(key=lambda node: (means[node], block_of.get(node, -1)))  # which keeps the order within a block


def _mean(found: Sequence[float], own: float) -> float:
    return sum(found) / len(found) if found else own


def _positions(columns: _Columns) -> dict[object, float]:
    """Where each node stands in its column, from 0 to 1."""
    return {node: (place + 0.5) / len(row) for row in columns.rows for place, node in enumerate(row)}


def _crossings(columns: _Columns) -> int:
    total = 0
    at = {node: place for column in columns.rows for place, node in enumerate(column)}
    for row in columns.rows[:-1]:
        ends = [(at[node], at[other]) for node in row for other in columns.after.get(node, ())]
        total += sum(a < c and b > d for a, b in ends for c, d in ends)
    return total


def _heights(columns: _Columns, apart: float) -> dict[object, float]:
    """How high each node stands: near the mean of its neighbours, no nearer to the next one than it may."""
    heights: dict[object, float] = {}
    for row in columns.rows:
        offsets = _stacked(row, apart)
        heights |= {node: offset - offsets[-1] / 2 for node, offset in zip(row, offsets, strict=True)}
    for sweep in range(6 * _SWEEPS):
        rows = columns.rows if sweep % 2 == 0 else columns.rows[::-1]
        for row in rows:
            wanted = [_wanted(node, columns, heights) for node in row]
            firm = [1.0 if _leads(node, columns) else 0.05 for node in row]
            heights |= dict(zip(row, _spread(row, wanted, firm, apart), strict=True))
    return heights


def _wanted(node: object, columns: _Columns, heights: Mapping[object, float]) -> float:
    """Where a node would stand by its neighbours; what is given and used once follows the others, not they it."""
    beside = (*columns.before.get(node, ()), *columns.after.get(node, ()))
    leading = [other for other in beside if _leads(other, columns)]
    return _mean([heights[other] for other in leading or beside], heights[node])


def _leads(node: object, columns: _Columns) -> bool:
    """Whether others follow where a node stands: not for what is given and used once."""
    return bool(columns.before.get(node)) or len(columns.after.get(node, ())) > 1


def _stacked(row: Sequence[object], apart: float) -> list[float]:
    """How far below the first each node of a column stands at least."""
    offsets = [0.0]
    for above, node in pairwise(row):
        offsets.append(offsets[-1] + _gap(above, node, apart))
    return offsets


def _gap(above: object, node: object, apart: float) -> float:
    passing = isinstance(above, tuple) + isinstance(node, tuple)
    return (apart, (apart + _PASSING) / 2 + 4, _PASSING)[passing]


def _spread(row: Sequence[object], wanted: Sequence[float], firm: Sequence[float], apart: float) -> list[float]:
    """The nearest heights to those wanted that keep the order and the gaps: neighbours that are pushed go together.

    firm: how much each wish counts.
    """
    offsets = _stacked(row, apart)
    clusters: list[tuple[float, float, int]] = []  # what its nodes want of its start, how firmly, how many they are
    for want, weight, offset in zip(wanted, firm, offsets, strict=True):
        total, weights, count = weight * (want - offset), weight, 1
        while clusters and clusters[-1][0] / clusters[-1][1] > total / weights:
            earlier, before, many = clusters.pop()
            total, weights, count = total + earlier, weights + before, count + many
        clusters.append((total, weights, count))
    starts = [total / weights for total, weights, count in clusters for _ in range(count)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]


def _across(columns: _Columns, widths: Mapping[str, float], gap: float) -> list[float]:
    """Where each column's middle is."""
    wide = [max((widths[node] for node in row if isinstance(node, str)), default=0.0) for row in columns.rows]
    places = [0.0]
    for left, right in pairwise(wide):
        places.append(places[-1] + (left + right) / 2 + gap)
    return places
