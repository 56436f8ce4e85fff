"""Expressions as JSON trees and back: ["head", ...]. A bound letter has its own label; reading evaluates nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import BackpropError, InvalidInput
from backprop_proofs.language import matrices
from backprop_proofs.language.binding import fresh_index
from backprop_proofs.language.expressions import (
    Binder,
    Delta,
    Each,
    Fn,
    IndexSum,
    Opaque,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    power,
)
from backprop_proofs.language.indices import index

Tree = Any  # an integer, or a list that starts with a name
DEEPEST, LARGEST = 200, 200_000  # a tree beyond these is refused unread

_BINDERS: Mapping[str, type[Binder]] = {"sum": IndexSum, "each": Each}
_PLAIN: Mapping[str, type[Basic]] = {
    "kronecker": Delta,
    "d": Partial,
    "nabla": matrices.Nabla,
    "hadamard": matrices.Hadamard,
    "plus": matrices.Plus,
    "scaled": matrices.Scaled,
    "transposed": matrices.Transposed,
    "product": matrices.MatrixProduct,
    "entry": matrices.Entry,
}
_NAMED: Mapping[str, type[Basic]] = {"fn": Fn, "map": matrices.Map, "opaque": Opaque}
_ARITHMETIC = {"+": add, "*": mul, "^": power}
_INDEX_ARITHMETIC = {"+": Add, "*": Mul}  # an index is kept in lowest terms
_HEADS = {kind: head for table in (_BINDERS, _PLAIN, _NAMED) for head, kind in table.items()}


class Writer:
    """Writes expressions as trees; `scope` are the bound letters around them, outermost first."""

    def __init__(self, scope: tuple[Symbol, ...] = ()):
        self._labels: dict[Symbol, Tree] = {letter: ["scope", place] for place, letter in enumerate(scope)}
        self._count = 0

    def write(self, expr: Basic) -> Tree:
        """The tree of an expression."""
        if isinstance(expr, Integer):
            return int(expr)
        if isinstance(expr, Rational):
            return ["rational", int(expr.p), int(expr.q)]
        if isinstance(expr, Symbol):
            return self._labels[expr] if isinstance(expr, Dummy) else ["letter", expr.name]
        if isinstance(expr, Binder):
            return self._binder(expr)
        if isinstance(expr, Ref | matrices.Whole):
            quantity, *rest = expr.args
            head = "ref" if isinstance(expr, Ref) else "whole"
            return [head, quantity.name, quantity.superscripts, *map(self.write, rest)]
        if isinstance(expr, Add | Mul | Pow):
            return ["+" if expr.is_Add else "*" if expr.is_Mul else "^", *map(self.write, expr.args)]
        head = _HEADS[type(expr)]
        if head in _NAMED:
            return [head, str(expr.args[0]), *map(self.write, expr.args[1:])]
        return [head, *map(self.write, expr.args)]

    def _binder(self, expr: Binder) -> Tree:
        body, letter, low, high = expr.args
        self._count += 1
        ends = [self.write(low), self.write(high)]
        outer, self._labels[letter] = self._labels.get(letter), ["bound", f"{letter.name}.{self._count}"]
        tree = [_HEADS[type(expr)], self._labels[letter][1], *ends, self.write(body)]
        if outer is not None:
            self._labels[letter] = outer
        return tree


class Reader:
    """Reads trees back; `scope` are the bound letters around them. Raises InvalidInput for anything but a tree."""

    def __init__(self, scope: tuple[Symbol, ...] = ()):
        self._scope, self._bound, self._nodes = scope, dict[str, Symbol](), 0

    def read(self, tree: Tree) -> Any:
        """The expression of a tree."""
        try:
            return self._read(tree, 0)
        except (BackpropError, TypeError, ValueError, IndexError, KeyError, AttributeError) as error:
            raise InvalidInput(f"expected an expression tree; found {_short(tree)} ({error})") from error

    def _read(self, tree: Tree, depth: int, is_index: bool = False) -> Any:
        self._nodes += 1
        if depth > DEEPEST or self._nodes > LARGEST:
            raise ValueError(f"deeper than {DEEPEST} or larger than {LARGEST} nodes")
        if isinstance(tree, int) and not isinstance(tree, bool):
            return Integer(tree)
        if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
            raise ValueError("neither an integer nor a list that starts with a name")
        head, *rest = tree
        if head in ("letter", "bound", "scope", "rational"):
            return self._atom(head, *rest)
        if head in _BINDERS:
            return self._read_binder(_BINDERS[head], rest, depth)
        if head in ("ref", "whole"):
            name, superscripts, *indices = rest
            kind = Ref if head == "ref" else matrices.Whole
            values = (self._read(part, depth + 1, is_index=True) for part in indices)
            return kind(Quantity(_text(name), _whole(superscripts)), *values)
        if head in _NAMED:
            return _NAMED[head](_text(rest[0]), *(self._read(part, depth + 1) for part in rest[1:]))
        parts = tuple(self._read(part, depth + 1, is_index or head == "kronecker") for part in rest)
        if head in ("+", "*", "^"):
            return (_INDEX_ARITHMETIC if is_index else _ARITHMETIC)[head](*parts)
        return _PLAIN[head](*parts)

    def _atom(self, head: str, *rest: Any) -> Expr:
        if head == "letter":
            return index(_text(*rest))
        if head == "rational":
            top, bottom = map(_whole, rest)
            if bottom == 0:
                raise ValueError("a fraction of denominator 0")
            return Rational(top, bottom)
        return self._bound[_text(*rest)] if head == "bound" else self._scope[_whole(*rest)]

    def _read_binder(self, kind: type[Binder], parts: list[Tree], depth: int) -> Expr:
        label, low, high, body = parts
        letter = fresh_index(index(_text(label).rpartition(".")[0]))
        ends = (self._read(low, depth + 1, is_index=True), self._read(high, depth + 1, is_index=True))
        outer, self._bound[label] = self._bound.get(label), letter
        inner = self._read(body, depth + 1)
        if outer is not None:
            self._bound[label] = outer
        else:
            del self._bound[label]
        return kind(inner, letter, *ends)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 60 or not value.isprintable():
        raise ValueError(f"expected a short name; found {_short(value)}")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"expected a whole number; found {_short(value)}")
    return value


def _short(value: Any) -> str:
    text = repr(value) if not isinstance(value, list | dict) else f"a {type(value).__name__} of {len(value)}"
    return text if len(text) <= 60 else text[:57] + "..."
