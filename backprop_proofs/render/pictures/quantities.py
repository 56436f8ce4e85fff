"""The graph of a network's quantities: a node each, and an arrow wherever the equation of one uses another.

Where an equation steps from one layer or time to the next, as h_t from h_{t-1}, quantities are drawn at t-1, t and t+1;
what lies further on is left out, and dashed arrows lead past it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sympy import Dummy, Expr, Symbol
from sympy.core.basic import Basic

from backprop_proofs.language.binding import free_indices, opened, substitute_index
from backprop_proofs.language.expressions import Binder, Ref
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.structure import Slot, stages_of
from backprop_proofs.render.pictures.labels import quantity_label
from backprop_proofs.render.pictures.layered import Edge, layered
from backprop_proofs.render.pictures.pen import SIZE, Pen, Point
from backprop_proofs.render.pictures.picture import Picture

_WINDOW = (-1, 0, 1)
_NONE: frozenset[str] = frozenset()


@dataclass
class Graph:
    """What is drawn of a network.

    stages: index places that count layers or time; fixed: those at which equations name single instances, as y_1.
    nodes: quantities by key; edges: (what is used, what uses it), and whether its equation says so itself.
    """

    network: Network
    stages: frozenset[Slot]
    fixed: frozenset[Slot]
    nodes: dict[str, Ref] = field(default_factory=dict)
    edges: dict[Edge, bool] = field(default_factory=dict)

    def find(self, ref: Ref) -> frozenset[str]:
        """The nodes that a quantity of a proof may be: all times or layers, where its own is under a sum."""
        if ref.name not in self.network.families:
            return _NONE
        key = str(self.general(ref))
        if key in self.nodes:
            return frozenset((key,))
        loose = any(isinstance(letter, Dummy) for _, part in self.staged(ref) for letter in free_indices(part))
        named = (key for key, node in self.nodes.items() if node.name == ref.name)
        return frozenset(named) if loose else _NONE

    def between(self, tails: frozenset[str], heads: frozenset[str]) -> frozenset[str]:
        """The arrows from some nodes to others."""
        return frozenset(edge_key(edge) for edge in self.edges if edge[0] in tails and edge[1] in heads)

    def general(self, ref: Ref) -> Ref:
        """The quantity with the letters of its own ranges, but for its layer or time."""
        slots = self.network.slots(ref.name)
        given: list[Expr] = []
        for place, (part, (letter, _, _)) in enumerate(zip(ref.indices, slots, strict=True)):
            slot = (ref.name, place)
            kept = slot in self.stages or (slot in self.fixed and not free_indices(part))
            given.append(part if kept else letter)
        return Ref(ref.quantity, *given)

    def staged(self, ref: Ref) -> Iterator[tuple[int, Expr]]:
        """Its indices that count layers or time, each with its place."""
        return ((at, part) for at, part in enumerate(ref.indices) if (ref.name, at) in self.stages)

    def add(self, ref: Ref) -> str:
        """The key of a quantity, which is drawn from now on."""
        general = self.general(ref)
        self.nodes.setdefault(str(general), general)
        return str(general)

    def join(self, tail: str, head: str, direct: bool = True) -> None:
        """An arrow from what is used to what uses it."""
        if tail != head:
            self.edges[tail, head] = direct or self.edges.get((tail, head), False)


def edge_key(edge: Edge) -> str:
    """What an arrow is called."""
    return f"{edge[0]} → {edge[1]}"


def graph_of(network: Network) -> Graph:
    """The graph of all that a network defines and uses."""
    graph = Graph(network, _stages(network), _fixed(network))
    for definition in network.definitions:
        letter = _stage_letter(graph, definition)
        for step in _WINDOW if letter is not None else (0,):
            _join(graph, definition, {} if letter is None else {letter: letter + step}, letter)
    _lead_on(graph)
    return graph


def _stages(network: Network) -> frozenset[Slot]:
    """The index places that count layers or time, those too that a sum runs over together with one of them."""
    stages = set(stages_of(network))
    together: list[set[Slot]] = []
    for definition in network.definitions:
        places: dict[Symbol, set[Slot]] = {}
        for use in uses_in(definition.body):
            for place, part in enumerate(use.indices if use.name in network.families else ()):
                for letter in free_indices(part):
                    places.setdefault(letter, set()).add((use.name, place))
        together += places.values()
    while new := {slot for slots in together if slots & stages for slot in slots} - stages:
        stages |= new
    return frozenset(stages)


def _fixed(network: Network) -> frozenset[Slot]:
    refs = (definition.ref for definition in network.definitions)
    return frozenset((r.name, at) for r in refs for at, part in enumerate(r.indices) if not free_indices(part))


def uses_in(expr: Basic) -> Iterator[Ref]:
    """The quantities in an expression, each binder with a letter of its own."""
    if isinstance(expr, Ref):
        yield expr
        return
    for part in (opened(expr)[0],) if isinstance(expr, Binder) else expr.args:
        yield from uses_in(part)


def _stage_letter(graph: Graph, definition: Definition) -> Symbol | None:
    ref = definition.ref
    staged = (part for place, part in enumerate(ref.indices) if (ref.name, place) in graph.stages)
    return next((part for part in staged if isinstance(part, Symbol) and _ranges(definition, part)), None)


def _ranges(definition: Definition, letter: Symbol) -> bool:
    return any(letter == other for other, _, _ in definition.limits)


def _join(graph: Graph, definition: Definition, at: Mapping[Symbol, Expr], letter: Symbol | None) -> None:
    """The arrows into one instance of what a definition defines."""
    head = graph.add(moved(definition.ref, at))
    for use in uses_in(definition.body):
        if use.name not in graph.network.families:
            continue
        used = moved(use, at)
        bound = any(isinstance(s, Dummy) for _, part in graph.staged(use) for s in free_indices(part))
        if bound:
            for step in _WINDOW:
                graph.join(graph.add(_window(graph, used, step)), head)
        elif letter is not None and _is_beyond(graph, used, letter):
            graph.join(graph.add(_first(graph, used)), head, direct=False)
        else:
            graph.join(graph.add(used), head)


def moved(ref: Ref, at: Mapping[Symbol, Expr]) -> Ref:
    """The quantity with letters of its indices replaced."""
    return Ref(ref.quantity, *(substitute_index(part, at) for part in ref.indices))


def _is_beyond(graph: Graph, ref: Ref, letter: Symbol) -> bool:
    """Whether it lies before or behind the layers or times that are drawn."""
    gaps = (part - letter for _, part in graph.staged(ref) if letter in free_indices(part))
    return any(gap not in _WINDOW for gap in gaps)


def _first(graph: Graph, ref: Ref) -> Ref:
    """The quantity at the first layer or time that it has."""
    slots = graph.network.slots(ref.name)
    staged = {at for at, _ in graph.staged(ref)}
    return Ref(ref.quantity, *(slots[at][1] if at in staged else part for at, part in enumerate(ref.indices)))


def _window(graph: Graph, ref: Ref, step: int) -> Ref:
    """The quantity at one of the layers or times that are drawn, where the equation sums over all."""
    letters = {
        letter: slot + step
        for at, part in graph.staged(ref)
        for letter in free_indices(part)
        if isinstance(letter, Dummy) and (slot := graph.network.slots(ref.name)[at][0])
    }
    return moved(ref, letters)


def _lead_on(graph: Graph) -> None:
    """Dashed arrows to what stands at a last layer or time and has no equation of its own there, such as a^L."""
    entered = {head for _, head in graph.edges}
    carried = [str(ref) for ref in _carriers(graph)]
    for key, ref in list(graph.nodes.items()):
        staged = tuple(graph.staged(ref))
        slots = graph.network.slots(ref.name)
        fixed = staged and not any(slots[at][0] in free_indices(part) for at, part in staged)
        first = any(part == slots[at][1] for at, part in staged)
        defined = any(definition.ref.name == ref.name for definition in graph.network.definitions)
        if fixed and defined and not first and key not in entered:
            for tail in carried:
                graph.join(tail, key, direct=False)


def _carriers(graph: Graph) -> Iterator[Ref]:
    """What the next layer or time, which is not drawn, uses: h_{t+1} where h_t is made of h_{t-1}."""
    for definition in graph.network.definitions:
        letter = _stage_letter(graph, definition)
        if letter is None:
            continue
        for use in uses_in(definition.body):
            gaps = [part - letter for _, part in graph.staged(use) if letter in free_indices(part)]
            if use.name in graph.network.families and any(gap.is_negative for gap in gaps):
                ref = graph.general(moved(use, {letter: letter + 2}))
                if str(ref) in graph.nodes:
                    yield ref


def uses_directly(network: Network, head: Ref, tail: Ref) -> bool:
    """Whether the equation of one quantity speaks of the other, not only for some values of their letters."""

    def same(given: Expr, asked: Expr) -> bool:
        return isinstance(given, Dummy) or network.facts().equal(given, asked)

    for definition in network.definitions:
        letters = {letter for letter, _, _ in definition.limits}
        at = dict(zip(definition.ref.indices, head.indices, strict=False))
        fixed = ((part, asked) for part, asked in at.items() if part not in letters)
        if definition.ref.quantity == head.quantity and all(same(*pair) for pair in fixed):
            uses = (moved(use, {s: e for s, e in at.items() if s in letters}) for use in uses_in(definition.body))
            found = (use for use in uses if use.quantity == tail.quantity)
            if any(all(map(same, use.indices, tail.indices)) for use in found):
                return True
    return False


# the drawing


def drawn_graph(graph: Graph) -> Picture:
    """The picture of the graph."""
    pen = Pen()
    labels = {key: quantity_label(node) for key, node in graph.nodes.items()}
    sizes: dict[str, Point] = {key: (max(36.0, label.width * SIZE + 20), 34.0) for key, label in labels.items()}
    layout = layered(list(graph.nodes), list(graph.edges), {key: size[0] for key, size in sizes.items()})
    defined = {head for _, head in graph.edges}
    for edge, direct in graph.edges.items():
        pen.dependence(edge_key(edge), trimmed(layout.routes[edge], sizes[edge[0]], sizes[edge[1]]), direct)
    for key, at in layout.places.items():
        pen.quantity(key, at, labels[key], sizes[key], given=key not in defined)
    return pen.picture(f"the quantities of the network {graph.network.name}", _said(graph))


def trimmed(route: tuple[Point, ...], tail: Point, head: Point) -> tuple[Point, ...]:
    """A route that starts at the side of one box and ends at that of the other."""
    (x, y), (u, v) = route[0], route[-1]
    return ((x + tail[0] / 2 + 1, y), *route[1:-1], (u - head[0] / 2 - 2, v))


def _said(graph: Graph) -> str:
    """What depends on what, in words."""
    users: dict[str, list[str]] = {}
    for tail, head in graph.edges:
        users.setdefault(head, []).append(quantity_label(graph.nodes[tail]).text)
    listed = (f"{quantity_label(graph.nodes[head]).text} uses {', '.join(used)}" for head, used in users.items())
    return f"{'; '.join(listed)}."
