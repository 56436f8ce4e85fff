"""The graph of all scalars of a small network, of which each size is a number, with values on those that have one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sympy import Expr, Integer, Symbol
from sympy.core.basic import Basic

from backprop_proofs.language.binding import opened, substitute_index
from backprop_proofs.language.expressions import Binder, Ref
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network
from backprop_proofs.render.pictures.labels import Label, quantity_label
from backprop_proofs.render.pictures.layered import Edge, layered
from backprop_proofs.render.pictures.pen import SIZE, Pen, Point
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.quantities import edge_key, trimmed

_MOST, _ARROWS = 40, 160  # scalars and arrows that are drawn
Values = Mapping[Symbol, Expr]


def drawn_instance(network: Network, numbers: Mapping[str, str], more: Sequence[Label] = ()) -> Picture | None:
    """The picture; numbers: texts by the names of scalars, as x[1]; more: lines below. None for too large a network."""
    nodes, edges = _graph(network)
    if not nodes or len(nodes) > _MOST or len(edges) > _ARROWS:
        return None
    pen = Pen()
    labels = {key: quantity_label(ref) for key, ref in nodes.items()}
    sizes: dict[str, Point] = {key: (max(36.0, label.width * SIZE + 18), 34.0) for key, label in labels.items()}
    layout = layered(list(nodes), edges, {key: wide + 8 for key, (wide, _) in sizes.items()}, apart=66.0, gap=84.0)
    defined = {head for _, head in edges}
    for edge in edges:
        pen.dependence(edge_key(edge), trimmed(layout.routes[edge], sizes[edge[0]], sizes[edge[1]]))
    for key, at in layout.places.items():
        pen.quantity(key, at, labels[key], sizes[key], given=key not in defined)
        if key in numbers:
            pen.words((at[0], at[1] + 27), numbers[key], 13)
    middle = max(x for x, _ in layout.places.values()) / 2
    bottom = max(y for _, y in layout.places.values())
    for row, line in enumerate(more):
        pen.words((middle, bottom + 58 + 18 * row), line, 14)
    values = ", ".join(f"{name} = {value}" for name, value in numbers.items())
    return pen.picture(f"an instance of the network {network.name}", f"{len(nodes)} quantities; {values}.")


def _graph(network: Network) -> tuple[dict[str, Ref], list[Edge]]:
    """The scalars that are used or defined, and what uses what; nothing where a size is not known."""
    nodes: dict[str, Ref] = {}
    edges: dict[Edge, None] = {}
    for definition in network.definitions:
        for values in _assignments(network, definition.limits, {}):
            head = _at(network, definition.ref, values)
            for use in _uses(network, definition.body, values):
                if use.name in network.families:
                    nodes.setdefault(str(use), use)
                    edges[str(use), str(head)] = None
            nodes.setdefault(str(head), head)
            if len(edges) > _ARROWS:
                return nodes, list(edges)
    return nodes, list(edges)


def _assignments(network: Network, limits: Sequence[Limit], values: Values) -> Iterator[Values]:
    if not limits:
        yield values
        return
    (letter, low, high), *rest = limits
    first, last = (network.facts().value(substitute_index(end, values)) for end in (low, high or low))
    if high is None or first is None or last is None:
        return
    for number in range(first, last + 1):
        yield from _assignments(network, rest, {**values, letter: Integer(number)})


def _at(network: Network, ref: Ref, values: Values) -> Ref:
    found = (network.facts().value(substitute_index(part, values)) for part in ref.indices)
    return Ref(
        ref.quantity, *(part if number is None else number for part, number in zip(ref.indices, found, strict=True))
    )


def _uses(network: Network, expr: Basic, values: Values) -> Iterator[Ref]:
    """The scalars that an expression holds, its sums written out."""
    if isinstance(expr, Ref):
        yield _at(network, expr, values)
    elif isinstance(expr, Binder):
        body, limit = opened(expr)
        for inner in _assignments(network, [limit], values):
            yield from _uses(network, body, inner)
    else:
        for part in expr.args:
            yield from _uses(network, part, values)
