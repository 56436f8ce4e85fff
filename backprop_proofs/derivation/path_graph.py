"""The paths of a concrete network one by one: its graph, from its own equations, and what lies on each path.

A quantity leads to every quantity whose equation uses it. What only lies on the way, as z does between two layers, is
no stop of its own, so a path visits what Nielsen's does: w^l_{jk}, a^l_j, a^{l+1}_m, ..., a^L_q, C.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sympy import Expr, Integer, Symbol
from sympy.core.basic import Basic

from backprop_proofs.derivation.paths import Weight, given_for, is_elementwise, kind_of, links
from backprop_proofs.derivation.tidy import tidied
from backprop_proofs.errors import InvalidInput
from backprop_proofs.kernel.normal_form import solved_for
from backprop_proofs.language.binding import free_indices, opened, refreshed, substitute, substitute_index
from backprop_proofs.language.expressions import Binder, Delta, Partial, Ref, mul, parts_of, rebuild
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.mlp import C, L

Values = dict[Symbol, Expr]


@dataclass(frozen=True)
class NeuronPath:
    """One path: what it visits, from the weight to the cost, and one factor for each of its links, in that order."""

    nodes: tuple[Ref, ...]
    factors: tuple[Expr, ...]

    @property
    def links(self) -> tuple[Partial, ...]:
        """The links as derivatives: ∂a^l_j/∂w^l_{jk} first, ∂C/∂a^L_q last."""
        return tuple(Partial(of, wrt) for wrt, of in pairwise(self.nodes))

    @property
    def product(self) -> Expr:
        """The product of the factors, the cost's first, as in the sum over all paths."""
        return tidied(mul(*reversed(self.factors)))


class PathGraph:
    """Which quantities of a concrete network lead to which, looked up when asked for.

    most: how many of what a quantity leads to are looked at, where not all paths are wanted. Raises InvalidInput where
    a size is not known.
    """

    def __init__(self, network: Network, most: int | None = None):
        self.network, self._most, self._facts = network, most, network.facts()
        self._elementwise = is_elementwise(network)
        self._known: dict[Ref, tuple[Ref, ...]] = {}
        self._numbers: dict[Expr, Integer] = {}
        self._uses: dict[str, list[tuple[Ref, tuple[Limit, ...], Definition]]] = {}
        for definition in network.definitions:
            for use, limits in _refs(definition.body, definition.limits):
                self._uses.setdefault(use.name, []).append((use, limits, definition))

    def leads_to(self, node: Ref) -> tuple[Ref, ...]:
        """What stands next on the paths through a node."""
        if node not in self._known:
            found = sorted(set(self._next_stops(node)), key=lambda stop: (stop.name, *map(int, stop.indices)))
            self._known[node] = tuple(found)[: self._most]
        return self._known[node]

    def _next_stops(self, node: Ref) -> Iterator[Ref]:
        for user in self._users(node):
            if self._is_stop(user):
                yield user
            else:
                yield from self.leads_to(user)

    def _is_stop(self, node: Ref) -> bool:
        output = node.name == "z" and self._facts.equal(node.indices[0], L)
        return node == C or node.name == "a" or (output and not self._elementwise)

    def _users(self, node: Ref) -> Iterator[Ref]:
        for use, limits, definition in self._uses.get(node.name, ()):
            given = self._solved(use, node, limits)
            for values in self._filled(limits, given) if given is not None else ():
                yield Ref(definition.ref.quantity, *(self._number(part, values) for part in definition.ref.indices))

    def _solved(self, use: Ref, node: Ref, limits: tuple[Limit, ...]) -> Values | None:
        """The values of the letters of a use at which it is the node; None where there are none."""
        values: Values = {}
        letters = {letter for letter, _, _ in limits}
        for pattern, number in zip(use.indices, node.indices, strict=True):
            unknown = free_indices(pattern) & letters - values.keys()
            for letter in unknown:
                value = solved_for(letter, substitute_index(pattern, values) - number)
                if len(unknown) > 1 or value is None:
                    raise InvalidInput(f"paths: expected an index with one letter; found {pattern} in {use}")
                values[letter] = self._number(value, values)
            if not unknown and self._number(pattern, values) != number:
                return None
        return values

    def _filled(self, limits: tuple[Limit, ...], values: Values) -> Iterator[Values]:
        """Every choice of values for the letters that are left, all of them within their ranges."""
        if not limits:
            yield values
            return
        (letter, low, high), *rest = limits
        first, last = (int(self._number(end, values)) for end in (low, high))
        found = (values[letter],) if letter in values else map(Integer, range(first, last + 1))
        for value in found:
            if first <= value <= last:
                yield from self._filled(tuple(rest), {**values, letter: value})

    def _number(self, expr: Expr, values: Values) -> Expr:
        expr = substitute_index(expr, values)
        if expr not in self._numbers:
            value = self._facts.value(expr)
            if value is None:
                raise InvalidInput(f"paths: expected a network of known widths; found {expr}")
            self._numbers[expr] = Integer(value)
        return self._numbers[expr]

    def backwards(self, start: Ref) -> list[Ref]:
        """All that the start leads to, itself last; what stands further on comes earlier."""
        done: dict[Ref, None] = {}
        todo: list[tuple[Ref, Iterator[Ref]]] = [(start, iter(self.leads_to(start)))]
        entered = {start}
        while todo:
            _, ahead = todo[-1]
            following = next((other for other in ahead if other not in entered), None)
            if following is None:
                done[todo.pop()[0]] = None
            else:
                entered.add(following)
                todo.append((following, iter(self.leads_to(following))))
        return list(done)

    def count(self, start: Ref, end: Ref = C) -> int:
        """How many paths lead from start to end, none of them looked at."""
        counts: dict[Ref, int] = {}
        for node in self.backwards(start):
            counts[node] = 1 if node == end else sum(counts[ahead] for ahead in self.leads_to(node))
        return counts[start]

    def edges(self, start: Ref) -> Iterator[tuple[Ref, Ref]]:
        """All links that lie ahead of the start."""
        for node in reversed(self.backwards(start)):
            yield from ((node, ahead) for ahead in self.leads_to(node))


def find_paths(network: Network, weight: Weight, most: int | None = None) -> Iterator[NeuronPath]:
    """The first `most` paths from a weight to the cost, all if none is said, in the order of their neurons.

    Raises InvalidInput where networkx, which lists them, is not installed.
    """
    if most == 0:
        return
    networkx, graph = _networkx(), PathGraph(network, most)
    digraph = networkx.DiGraph(graph.edges(weight.ref))
    for number, nodes in enumerate(networkx.all_simple_paths(digraph, weight.ref, C), start=1):
        yield NeuronPath(tuple(nodes), tuple(factor(network, of, wrt) for wrt, of in pairwise(nodes)))
        if number == most:
            return


def _networkx() -> Any:
    try:
        import networkx  # lazy: only listing paths needs it, and it is an extra
    except ImportError:
        raise InvalidInput(
            "paths: expected networkx, which lists them, to be installed; run pip install 'backprop-proofs[paths]'"
        ) from None
    return networkx


@lru_cache(maxsize=65536)
def factor(network: Network, of: Ref, wrt: Ref) -> Expr:
    """What a link contributes: ∂of/∂wrt worked out, or as it is where no formula says more."""
    found = Partial(of, wrt)
    link = links(network).get(kind_of(network, found))
    if link is None:
        return found
    return tidied(_decided(refreshed(substitute(link.statement.rhs, given_for(link, found)))))


def _decided(expr: Expr) -> Expr:
    """`expr` with each delta of two numbers as the number that it is."""
    if isinstance(expr, Delta):
        return Integer(expr.args[0] == expr.args[1])
    if isinstance(expr, Ref | Partial) or not parts_of(expr, Delta):
        return expr
    return rebuild(expr, tuple(map(_decided, expr.args)))


def _refs(expr: Basic, limits: tuple[Limit, ...]) -> Iterator[tuple[Ref, tuple[Limit, ...]]]:
    """The quantities in an expression, each with all the letters in force."""
    if isinstance(expr, Ref):
        yield expr, limits
        return
    parts: Iterable[Basic] = expr.args
    if isinstance(expr, Binder):
        body, limit = opened(expr)
        parts, limits = (body,), (*limits, limit)
    for part in parts:
        yield from _refs(part, limits)
