"""What each state of a proof speaks of: a picture of the network, and which of its keys are lit.

A letter that stands free is one neuron, the one that the picture calls by it; a letter under a sum is all neurons of
its layer. A weight is its link; ∂Y/∂X is X, Y and, where they are neighbours, the link between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sympy import Dummy, Expr, Integer, Symbol
from sympy.core.basic import Basic

from backprop_proofs.checking.path_report import PathReport
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import Binder, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.matrices import Entry, Whole
from backprop_proofs.language.network import Network
from backprop_proofs.render.outline import Outline
from backprop_proofs.render.pictures.perceptron import Column, Plan, Spot, drawn, plan, valued
from backprop_proofs.render.pictures.quantities import Graph, drawn_graph, graph_of
from backprop_proofs.render.pictures.roles import Roles, roles_of

Found = tuple[frozenset[str], bool]  # the keys of what is spoken of, and whether a letter under a sum speaks of it
Neuron = tuple[Expr, Expr]  # a layer and an index in it
_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Lit:
    """The keys of what a state speaks of: all that stands under a sum, and the one that a free index names."""

    all: frozenset[str] = _NONE
    one: frozenset[str] = _NONE


@dataclass(frozen=True)
class Scene:
    """A picture, and what is lit in each state: first the first expression of a proof, then each of its rows."""

    svg: str
    lit: tuple[Lit, ...]


def scene(outline: Outline) -> Scene | None:
    """The network of a proof, and what each of its states speaks of; None for a proof without steps."""
    theorem = outline.theorem
    if not theorem.derivation.steps:
        return None
    states = (outline.start, *(row.after for row in outline.rows))
    roles = roles_of(theorem.network)
    if roles is not None:
        planned = _plan(roles, theorem.limits, states)
        svg, find = drawn(planned).svg, _Neurons(planned).find
    else:
        graph = graph_of(theorem.network)
        svg, find = drawn_graph(graph).svg, _Quantities(graph).find
    start = _lit(find, outline.start, _NONE)
    return Scene(svg, (start, *(_lit(find, state, start.one) for state in states[1:])))


def path_scene(report: PathReport) -> Scene:
    """The network of a report, and each of its paths: its neurons and links."""
    roles = roles_of(report.network)
    assert roles is not None  # of other networks there is no such report
    spoken: dict[Expr, list[Expr]] = {}
    for path in report.paths:
        for node in path.nodes:
            for layer, index in roles.named(node):
                spoken.setdefault(layer, []).append(index)
    planned = plan(roles, sorted(spoken), spoken)
    neurons = _Neurons(planned)
    lit = []
    for path in report.paths:
        parts = (*path.nodes, *path.links)
        found = (keys for part in parts for keys, _ in neurons.find(part, _NONE))
        lit.append(Lit(one=frozenset().union(*found)))
    return Scene(drawn(planned).svg, tuple(lit))


Find = Callable[[Basic, frozenset[str]], Iterator[Found]]


def _lit(find: Find, expr: Expr, start: frozenset[str]) -> Lit:
    found = tuple(find(expr, start))
    every, one = (frozenset().union(*(keys for keys, under in found if under is which)) for which in (True, False))
    return Lit(every, one)


# a perceptron's neurons


class _Neurons:
    def __init__(self, planned: Plan):
        self.plan, self.roles, self.network = planned, planned.roles, planned.network
        self.costs = {ref.name for ref in self.roles.costs}

    def find(self, expr: Basic, start: frozenset[str]) -> Iterator[Found]:
        """What an expression speaks of; start: what the first state named, which an entry of an array names too."""
        if isinstance(expr, Ref):
            yield self._keys(expr), _is_bound(expr)
        elif isinstance(expr, Partial) and isinstance(expr.of, Ref):
            ends = (*self.find(expr.of, start), *self.find(expr.wrt, start))
            yield from ends
            yield self._between(expr.wrt, expr.of), any(under for _, under in ends)
        elif isinstance(expr, Whole):
            yield self._keys(_entry_of(self.network, expr)), True
        elif isinstance(expr, Binder):
            yield from self.find(expr.body, start)
        else:
            yield from [(start, False)] if isinstance(expr, Entry) else []
            for part in expr.args[:1] if isinstance(expr, Entry) else expr.args:
                yield from self.find(part, start)

    def _keys(self, ref: Ref) -> frozenset[str]:
        if ref.name in self.costs:
            return frozenset((self.plan.cost,))
        if ref.name == self.roles.weight:
            targets, sources = (self._neurons(*named) for named in self.roles.named(ref))
            return self._links(targets, sources)
        return frozenset(self.plan.neuron_key(*neuron) for neuron in self._of(ref))

    def _of(self, ref: Ref) -> list[Neuron]:
        """The neurons that a quantity belongs to."""
        return [neuron for named in self.roles.named(ref) for neuron in self._neurons(*named)]

    def _neurons(self, layer: Expr, index: Expr) -> list[Neuron]:
        return [(column.layer, spot.index) for column in self._columns(layer) for spot in self._spots(column, index)]

    def _columns(self, layer: Expr) -> Iterable[Column]:
        if _is_bound(layer):
            return self.plan.layers
        found = self.plan.column(layer)
        return () if found is None else (found,)

    def _spots(self, column: Column, index: Expr) -> Iterator[Spot]:
        value = valued(self.network, index, self.plan.values)
        for spot in column.neurons:
            bound = isinstance(index, Dummy)
            if bound or spot.index == value or (spot.letter is not None and spot.letter == index):
                yield spot

    def _links(self, targets: Iterable[Neuron], sources: Iterable[Neuron]) -> frozenset[str]:
        """The links between neurons of neighbouring layers."""
        sources = tuple(sources)
        beside = {(left.layer, right.layer) for left, right in self.plan.neighbours}
        pairs = ((to, from_) for to in targets for from_ in sources if (from_[0], to[0]) in beside)
        return frozenset(self.plan.link_key(*to, from_[1]) for to, from_ in pairs)

    def _between(self, wrt: Ref, of: Ref) -> frozenset[str]:
        """The links between two neurons; a weight is a link itself."""
        sources = [] if wrt.name == self.roles.weight else self._of(wrt)
        if of.name in self.costs:
            last = self.plan.layers[-1].layer
            return frozenset(self.plan.cost_key(*source) for source in sources if source[0] == last)
        return self._links(self._of(of), sources)


def _is_bound(expr: Expr) -> bool:
    return any(isinstance(letter, Dummy) for letter in free_indices(expr))


# which neurons a proof names


def _plan(roles: Roles, limits: Iterable[Limit], states: Iterable[Expr]) -> Plan:
    """The layers and neurons that a proof speaks of; where sizes are numbers, the letters are given small ones."""
    network = roles.network
    named = dict.fromkeys(_named(roles, states))
    layers = list(dict.fromkeys(layer for layer, _ in named if not _is_bound(layer)))
    values = dict(_layer_values(roles, limits))
    spoken: dict[Expr, list[Expr]] = {}
    for layer, index in named:
        if isinstance(index, Symbol | Integer) and not isinstance(index, Dummy):
            spoken.setdefault(layer, []).append(index)
    for layer, letters in spoken.items():
        width = network.facts().value(roles.width[valued(network, layer, values)])
        free = (number for number in (2, 1, 3, 4, 5) if width is not None and number <= width)
        for letter in letters:
            if isinstance(letter, Symbol) and letter not in values:
                number = next((number for number in free if Integer(number) not in letters), None)
                values |= {letter: Integer(number)} if number else {}
    return plan(roles, layers, spoken, values)


def _layer_values(roles: Roles, limits: Iterable[Limit]) -> Iterator[tuple[Symbol, Expr]]:
    """Of letters for layers, where the depth is known, the least value."""
    value = roles.network.facts().value
    for letter, low, high in limits if value(roles.depth) is not None else ():
        least = value(low)
        is_layer = high is not None and not high.has(Ref) and free_indices(high) == free_indices(roles.depth)
        if is_layer and least is not None:
            yield letter, Integer(least)


def _named(roles: Roles, states: Iterable[Basic]) -> Iterator[Neuron]:
    """The layers and neurons that quantities in expressions name."""
    for state in states:
        for part in sorted(parts_of(state, Ref, Whole), key=str):
            yield from roles.named(_entry_of(roles.network, part) if isinstance(part, Whole) else part)


def _entry_of(network: Network, array: Whole) -> Ref:
    """All entries of an array at once: one at letters under no sum in sight."""
    quantity, *fixed = array.args
    letters = (Dummy(letter.name) for letter, _, _ in network.slots(quantity.name)[len(fixed) :])
    return Ref(quantity, *fixed, *letters)


# another network's quantities


class _Quantities:
    def __init__(self, graph: Graph):
        self.graph = graph

    def find(self, expr: Basic, start: frozenset[str]) -> Iterator[Found]:
        """What an expression speaks of, as quantities and dependences."""
        if isinstance(expr, Ref):
            yield self.graph.find(expr), _is_bound(expr)
        elif isinstance(expr, Partial) and isinstance(expr.of, Ref):
            ends = (*self.find(expr.of, start), *self.find(expr.wrt, start))
            yield from ends
            (of, bound), (wrt, also) = ends
            yield self.graph.between(wrt, of), bound or also
        elif isinstance(expr, Whole):
            yield self.graph.find(_entry_of(self.graph.network, expr)), True
        elif isinstance(expr, Binder):
            yield from self.find(expr.body, start)
        else:
            for part in expr.args[:1] if isinstance(expr, Entry) else expr.args:
                yield from self.find(part, start)


__all__ = ["Lit", "Scene", "path_scene", "scene"]
