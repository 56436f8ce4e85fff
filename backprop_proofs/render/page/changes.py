"""What changes from one side of a step to the other: the parts that are replaced, and what stands in their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sympy import Add, Expr, Mul, Pow, Rational
from sympy.core.basic import Basic

from backprop_proofs.language.binding import Path
from backprop_proofs.language.expressions import Fn, IndexSum, Opaque, Partial
from backprop_proofs.render.ink import DELTA, SUM
from backprop_proofs.render.page.mathml import NEW, OLD
from backprop_proofs.render.walker import Marks

Part = tuple[Path, Basic]


class Change(NamedTuple):
    """Marks of the expression before and of the one after; whole: all of it is replaced, so nothing in it is marked."""

    before: Marks
    after: Marks
    whole: bool


def change(before: Expr, after: Expr, marks: Marks) -> Change:
    """What a step changes. marks: of a collapse, the sum that goes and its delta."""
    found = _Difference(marks)
    found.compare(((), before), ((), after))
    whole = () in found.new
    new = {} if whole else dict.fromkeys(found.new, NEW)
    old = {} if whole or marks else dict.fromkeys(found.old, OLD)
    return Change({**old, **marks}, new, whole)


class _Difference:
    """The paths of what differs; a sum that collapses is seen through, and its delta is not there."""

    def __init__(self, marks: Marks):
        self.old: list[Path] = []
        self.new: list[Path] = []
        self._gone = frozenset(path for path, tag in marks.items() if tag == DELTA)
        self._open = frozenset(path for path, tag in marks.items() if tag == SUM) if self._gone else frozenset()

    def compare(self, before: Part, after: Part) -> None:
        """Enter what differs, as deep inside as it can be told."""
        (_, a), (_, b) = before, after
        if a == b:
            return
        for kind in (Mul, Add):
            if kind in (type(a), type(b)) or (kind is Mul and before[0] in self._open):
                left, right = self._operands(before, kind), self._operands(after, kind, False)
                if self._aligned(left, right):
                    return
        if self._moved(before, after) or self._inside(before, after):
            return
        self._enter(self.old, [before])
        self._enter(self.new, [after])

    def _operands(self, part: Part, kind: type[Basic], old: bool = True) -> list[Part]:
        path, node = part
        if old and path in self._gone:
            return []
        if old and path in self._open and isinstance(node, IndexSum):
            return self._operands(((*path, 0), node.body), kind)
        if isinstance(node, kind):
            return [one for at, arg in enumerate(node.args) for one in self._operands(((*path, at), arg), kind, old)]
        return [part]

    def _aligned(self, left: list[Part], right: list[Part]) -> bool:
        """Whether two lists of operands have anything in common; then what they have not is entered."""
        start = 0
        while start < min(len(left), len(right)) and left[start][1] == right[start][1]:
            start += 1
        end = 0
        while end < min(len(left), len(right)) - start and left[-1 - end][1] == right[-1 - end][1]:
            end += 1
        a, b = left[start : len(left) - end], right[start : len(right) - end]
        if len(a) == len(b):
            if not a:
                return bool(start or end)
            if not (start or end or len(a) > 1):
                return False
            for pair in zip(a, b, strict=True):
                self.compare(*pair)
            return True
        if not (start or end):
            return False
        self._enter(self.old, a)
        self._enter(self.new, b)
        return True

    def _moved(self, before: Part, after: Part) -> bool:
        """Whether a factor goes out of a sum, or into it; then it is marked where it was and where it is."""
        if isinstance(before[1], IndexSum) and isinstance(after[1], Mul):
            inner, outer, places = before, after, (self.old, self.new)
        elif isinstance(after[1], IndexSum) and isinstance(before[1], Mul):
            inner, outer, places = after, before, (self.new, self.old)
        else:
            return False
        inside = self._operands(((*inner[0], 0), inner[1].args[0]), Mul, False)
        outside = self._operands(outer, Mul, False)
        shared = {node for _, node in inside} & {node for _, node in outside}
        for where, parts in zip(places, (inside, outside), strict=True):
            self._enter(where, [part for part in parts if part[1] in shared])
        return bool(shared)

    def _inside(self, before: Part, after: Part) -> bool:
        """Whether both are one construct, so that the difference is inside of it."""
        (path, a), (place, b) = before, after
        children = _children(a)
        if not children or type(a) is not type(b) or children != _children(b) or _head(a) != _head(b):
            return False
        for at in children:
            self.compare(((*path, at), a.args[at]), ((*place, at), b.args[at]))
        return True

    @staticmethod
    def _enter(paths: list[Path], parts: Sequence[Part]) -> None:
        for path, node in parts:
            below = isinstance(node, Pow) and isinstance(node.args[1], Rational) and node.args[1] < 0 and path
            paths.append((*path, 0) if below else path)  # a denominator is written without its power


def _children(node: Basic) -> tuple[int, ...]:
    """The places of the parts that the walk writes, and so can mark."""
    if isinstance(node, IndexSum):
        return (0,)
    if isinstance(node, Fn):
        return (2,)
    if isinstance(node, Opaque):
        return tuple(range(1, len(node.args)))
    if isinstance(node, Partial):
        return tuple(range(len(node.args)))
    return (0,) if isinstance(node, Pow) else ()


def _head(node: Basic) -> tuple[Basic, ...]:
    """What else a construct consists of."""
    children = _children(node)
    return tuple(part for at, part in enumerate(node.args) if at not in children)


__all__ = ["Change", "change"]
