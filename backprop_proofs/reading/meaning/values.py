"""Scalars, vectors and matrices as what stands at each of their indices; sums and products check that shapes fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer

from backprop_proofs.language.binding import fresh_index, sum_over
from backprop_proofs.language.expressions import Ref, add, mul, negative, parts_of
from backprop_proofs.language.indices import index
from backprop_proofs.reading.meaning.dimensions import UNIT, Dim
from backprop_proofs.reading.syntax import Span

Shape = tuple[Dim, ...]
Same = Callable[[Dim, Dim], bool]
Limits = Callable[[Dim], tuple[Expr, Expr]]
ENTRYWISE = frozenset(("⊙", "∘", ".*", "o"))


class Misfit(Exception):
    """What is written cannot mean anything: the finding's code, its sentence and its place."""

    def __init__(self, code: str, message: str, span: Span):
        self.code, self.message, self.span = code, message, span
        super().__init__(message)


@dataclass(frozen=True)
class Value:
    """What an expression is: a scalar, or what stands at each index of its shape. A vector is a column."""

    shape: Shape
    at: Callable[..., Expr]

    @property
    def scalar(self) -> Expr:
        """The one value of a scalar."""
        return self.at()


def scalar(expr: Expr) -> Value:
    """A scalar."""
    return Value((), lambda: expr)


def kind(value: Value) -> str:
    """In words."""
    if len(value.shape) == 2 and value.shape[0] == UNIT:
        return "a row"
    return ("a number", "a vector", "a matrix")[min(len(value.shape), 2)]


def squeezed(value: Value) -> Value:
    """A scalar where nothing but ones is left of the shape."""
    if value.shape and all(dim == UNIT for dim in value.shape):
        ones = [index_one() for _ in value.shape]
        return Value((), lambda: value.at(*ones))
    return value


def index_one() -> Expr:
    """The index of the one row of a row vector."""
    return Integer(1)


def total(values: list[Value], signs: list[int], spans: list[Span], same: Same) -> Value:
    """A sum; a number may stand beside arrays, where it is added to each entry."""
    arrays = [(value, span) for value, span in zip(values, spans, strict=True) if value.shape]
    if arrays:
        first = arrays[0][0]
        for value, span in arrays[1:]:
            fit(first, value, span, same)
    shape = arrays[0][0].shape if arrays else ()

    def at(*place: Expr) -> Expr:
        terms = [value.at(*place) if value.shape else value.scalar for value in values]
        return add(*(term if sign > 0 else negative(term) for term, sign in zip(terms, signs, strict=True)))

    return Value(shape, at)


def fit(left: Value, right: Value, span: Span, same: Same) -> None:
    """Raise Misfit unless the shapes are the same."""
    if len(left.shape) != len(right.shape):
        raise Misfit("shape", f"{kind(right)} does not fit {kind(left)}", span)
    if not all(same(one, other) for one, other in zip(left.shape, right.shape, strict=True)):
        if sorted(d == UNIT for d in left.shape) == sorted(d == UNIT for d in right.shape) and len(left.shape) == 2:
            raise Misfit("shape", f"the shapes of {kind(left)} and {kind(right)} do not fit", span)
        raise Misfit("shape", f"{kind(right)} does not fit {kind(left)}: they run over different indices", span)


def entrywise(left: Value, right: Value, span: Span, same: Same) -> Value:
    """u ⊙ v; with a number, its multiple."""
    if left.shape and right.shape:
        fit(left, right, span, same)
    shape = left.shape or right.shape
    return Value(
        shape,
        lambda *at: mul(left.at(*at) if left.shape else left.scalar, right.at(*at) if right.shape else right.scalar),
    )


def product(left: Value, right: Value, span: Span, same: Same, limits: Limits) -> Value:
    """The matrix product; with a number, its multiple."""
    if not left.shape or not right.shape:
        return entrywise(left, right, span, same)
    if len(left.shape) == 1 and len(right.shape) == 2 and right.shape[0] == UNIT:
        return Value((left.shape[0], right.shape[1]), lambda j, k: mul(left.at(j), right.at(index_one(), k)))
    if len(left.shape) != 2:
        what = "two columns have no product" if len(right.shape) == 1 else "a column times a matrix does not fit"
        raise Misfit("shape", f"{what}; a transpose is missing", span)
    inner = left.shape[1]
    if inner == UNIT or not same(inner, right.shape[0]):
        raise Misfit("shape", "the shapes of the factors do not fit; a transpose is missing or one too many", span)

    def at(*place: Expr) -> Expr:
        m = fresh_index(index("m"))
        return sum_over(mul(left.at(place[0], m), right.at(m, *place[1:])), (m, *limits(inner)))

    return _unwrapped(Value((left.shape[0], *right.shape[1:]), at))


def _unwrapped(value: Value) -> Value:
    """A row times a column is a number; what has one row and one column too."""
    if len(value.shape) == 1 and value.shape[0] == UNIT:
        return Value((), lambda: value.at(index_one()))
    return squeezed(value)


def outer(left: Value, right: Value, span: Span) -> Value:
    """u ⊗ v."""
    if len(left.shape) != 1 or len(right.shape) != 1:
        raise Misfit("shape", "⊗ is read between two vectors", span)
    return Value((*left.shape, *right.shape), lambda j, k: mul(left.at(j), right.at(k)))


def transposed(value: Value) -> Value:
    """The transpose; of a vector, the row."""
    if not value.shape:
        return value
    if len(value.shape) == 1:
        return Value((UNIT, value.shape[0]), lambda i, j: value.at(j))
    if value.shape[0] == UNIT:
        return Value((value.shape[1],), lambda j: value.at(index_one(), j))
    return Value(value.shape[::-1], lambda *at: value.at(*at[::-1]))


def mapped(value: Value, change: Callable[[Expr], Expr]) -> Value:
    """A function, entry by entry."""
    return Value(value.shape, lambda *at: change(value.at(*at)))


def number_of(expr: Expr) -> Expr:
    """A number written as a product or a sum of numbers, as -1/2."""
    return expr.doit() if not expr.free_symbols and not parts_of(expr, Ref) else expr
