"""What indices run over: dimensions, some of which depend on a layer, found by unification.

w^l_{jk} a^{l-1}_k says that the second index of w at l runs over what the index of a does at l - 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import free_indices
from backprop_proofs.reading.syntax import Node

Range = tuple[Node, int, int, int]  # n, 0 and -1 for 0..n - 1; 1 for n_{l+1} as the width of layer l


@dataclass(frozen=True)
class Dimension:
    """What is known of a dimension."""

    parent: int
    shift: int = 0  # the dimension of this node at stage s is that of its parent at s + shift
    staged: bool = True  # whether it may depend on the stage
    rigid: bool = False
    value: Expr | None = None  # a number, or the letter that the writer gives it
    alias: tuple[int, Expr] | None = None  # the same as another, staged one at one stage
    names: tuple[str, ...] = ()
    spans: frozenset[Range] = frozenset()  # what sums over it run over, as it is written


@dataclass(frozen=True)
class Dim:
    """What an index runs over: a node at a stage, an index expression, or None where nothing is staged."""

    node: int
    stage: Expr | None = None


UNIT = Dim(-1)  # the one row of a transposed vector


class Dimensions:
    """All dimensions of one text, with what is known of which of them are the same."""

    def __init__(self) -> None:
        self._nodes: list[Dimension] = []

    def new(self, name: str, staged: bool = True, value: Expr | None = None) -> int:
        """A dimension of which nothing else is known."""
        return self._added(Dimension(len(self._nodes), staged=staged, value=value, names=(name,)))

    def new_like(self, name: str, base: int, shift: int) -> int:
        """A dimension that is at each stage s what another is at s + shift."""
        return self._added(Dimension(base, shift, names=(name,)))

    def new_at(self, name: str, base: int, stage: Expr) -> int:
        """A dimension that is what a staged one is at one stage."""
        return self._added(Dimension(len(self._nodes), alias=(base, stage), names=(name,)))

    def _added(self, new: Dimension) -> int:
        self._nodes.append(new)
        return len(self._nodes) - 1

    def give_value(self, dim: Dim, value: Expr) -> None:
        """Note the number, or the letter, that a dimension is."""
        number = self.root(dim)[0]
        self._nodes[number] = replace(self._nodes[number], value=value)

    def note_span(self, dim: Dim, span: Range) -> None:
        """Note what a sum over the dimension runs over."""
        number = self.root(dim)[0]
        self._nodes[number] = replace(self._nodes[number], spans=self._nodes[number].spans | {span})

    def freeze(self) -> None:
        """From now on, no two of the dimensions known so far can become the same."""
        self._nodes = [replace(node, rigid=True) for node in self._nodes]

    def snapshot(self) -> list[Dimension]:
        """All that is known, to go back to."""
        return list(self._nodes)

    def restore(self, state: list[Dimension]) -> None:
        """Go back to a snapshot."""
        self._nodes = list(state)

    def has_parts(self) -> bool:
        """Whether two sums over one dimension do not run over the same, as they are written."""
        return any(len(node.spans) > 1 for node in self._nodes)

    def is_length_of(self, dim: Dim, name: Node) -> bool:
        """Whether sums over the dimension run up to that name."""
        return any(base == name for base, *_ in self.known(dim).spans)

    def names_another(self, dim: Dim, name: Node) -> bool:
        """Whether sums run up to that name, and none over this dimension does."""
        named = any(base == name for node in self._nodes for base, *_ in node.spans)
        return named and not self.is_length_of(dim, name)

    def root(self, dim: Dim) -> tuple[int, Expr | None]:
        """The representative of a dimension, and the stage at which it is meant."""
        number, stage = dim.node, dim.stage
        while True:
            node = self._nodes[number]
            if node.parent != number:
                stage = stage + node.shift if stage is not None and node.shift else stage
                number = node.parent
            elif node.alias is not None:
                number, stage = node.alias
            else:
                return number, (stage if node.staged else None)

    def known(self, dim: Dim) -> Dimension:
        """What is known of a dimension."""
        return self._nodes[self.root(dim)[0]]

    def same(self, left: Dim, right: Dim) -> bool:
        """Whether two dimensions are known to be the same."""
        return left == right or (UNIT not in (left, right) and self.root(left) == self.root(right))

    def unify(self, left: Dim, right: Dim, variables: frozenset[Symbol]) -> bool:
        """Make two dimensions the same; False where what is known forbids it.

        variables: the letters of stages that take all values, so that what is the same at each of them is constant.
        """
        if UNIT in (left, right):
            return left == right
        (one, s), (other, t) = self.root(left), self.root(right)
        if (one, s) == (other, t):
            return True
        if one == other:
            return self._constant(one)
        first, second = self._nodes[one], self._nodes[other]
        if first.rigid and second.rigid:
            return False
        if first.value is not None and second.value is not None and first.value != second.value:
            return False
        if s is None and t is None:
            return self._merge(one, other, 0)
        if s is not None and t is not None:
            gap = s - t
            if isinstance(gap, Integer):
                return self._merge(one, other, int(gap))
            return self._constant(one) and self._constant(other) and self.unify(left, right, variables)
        if s is None:
            return self.unify(right, left, variables)
        return self._fixed(one, s, other, variables) and True

    def _fixed(self, staged: int, stage: Expr, constant: int, variables: frozenset[Symbol]) -> bool:
        """A staged dimension meets a constant one: the same at this one stage, or constant too."""
        node = self._nodes[constant]
        if free_indices(stage) & variables:
            return self._constant(staged) and self._merge(staged, constant, 0)
        if node.rigid and not self._nodes[staged].rigid and self._constant(staged):
            return self._merge(staged, constant, 0)
        if node.rigid or node.value is not None:
            return False
        self._nodes[constant] = replace(node, alias=(staged, stage))
        return True

    def _constant(self, number: int) -> bool:
        node = self._nodes[number]
        if node.staged and node.rigid:
            return False
        self._nodes[number] = replace(node, staged=False)
        return True

    def _merge(self, one: int, other: int, gap: int) -> bool:
        """The node `one` at a stage s is the node `other` at s - gap."""
        first, second = self._nodes[one], self._nodes[other]
        if first.rigid:
            one, other, gap, first, second = other, one, -gap, second, first
        self._nodes[one] = replace(first, parent=other, shift=-gap)
        self._nodes[other] = replace(
            second,
            staged=second.staged and first.staged,
            value=second.value if second.value is not None else first.value,
            names=second.names + first.names,
            spans=second.spans | first.spans,
        )
        return True
