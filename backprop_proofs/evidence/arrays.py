"""Vectors and matrices at concrete sizes, by the definitions of linear algebra and without language.matrices.entry."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sympy import Expr

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete, Env, IndexOf, Key, Scope
from backprop_proofs.evidence.instance import Closure, Dual, Sweep
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.matrices import (
    Array,
    Hadamard,
    Map,
    MatrixProduct,
    Nabla,
    Plus,
    Scaled,
    Transposed,
    Whole,
)

At = tuple[int, ...]
Ranges = tuple[tuple[int, int], ...]
EntryOf = Callable[[Sweep, Env, At], Dual]
Combine = Callable[[list[Dual]], Dual]


class Scalars(Protocol):
    """What the compiler of scalars offers to arrays."""

    concrete: Concrete

    def __call__(self, expr: Expr, scope: Scope) -> Closure: ...

    def derivative(self, of: Expr, held: tuple[Expr, ...], scope: Scope) -> Callable[[Sweep, Env, Key], Dual]: ...

    def apply(self, sweep: Sweep, name: str, primes: int, argument: Dual) -> Dual: ...

    def total(self, duals: list[Dual]) -> Dual: ...

    def product(self, duals: list[Dual]) -> Dual: ...


@dataclass(frozen=True)
class Compiled:
    """An array of `order` indices: their ranges, one entry, and whether a vector stands as a row.

    keys: the instance at an entry, for a quantity itself, which alone can be differentiated by.
    """

    order: int
    ranges: Callable[[Env], Ranges]
    entry: EntryOf
    row: bool = False
    keys: Callable[[Env, At], Key] | None = None


def entry_at(array: Compiled, sweep: Sweep, env: Env, at: At) -> Dual:
    """One entry of an array. Raises Malformed outside of its ranges, and where its parts do not fit."""
    ranges = array.ranges(env)
    if len(ranges) != len(at) or not all(low <= i <= high for i, (low, high) in zip(at, ranges, strict=True)):
        raise Malformed(f"no entry {list(at)} in an array of size {_size(ranges)}")
    return array.entry(sweep, env, at)


def compile_array(array: Array, scope: Scope, scalars: Scalars) -> Compiled:
    """An array as functions of the letters in force. Raises Malformed for a product or a sum without meaning."""

    def inside(part: Array) -> Compiled:
        return compile_array(part, scope, scalars)

    match array:
        case Whole(args=(quantity, *fixed)):
            return _whole(Ref(quantity), [scalars.concrete.index(part, scope) for part in fixed], scalars)
        case Map(args=(name, primes, inner)):
            return _map(str(name), int(primes), inside(inner), scalars)
        case Nabla(args=(of, inner)):
            return _nabla(of, inside(inner), scope, scalars)
        case Scaled(args=(factor, inner)):
            return _scaled(scalars(factor, scope), inside(inner), scalars)
        case Hadamard(args=parts):
            return _entrywise(scalars.product, [inside(part) for part in parts])
        case Plus(args=parts):
            return _entrywise(scalars.total, [inside(part) for part in parts])
        case Transposed(args=(inner,)):
            return _transposed(inside(inner))
        case MatrixProduct(args=(left, right)):
            return _product(inside(left), inside(right), scalars)
    raise Malformed(f"not a vector or a matrix: {array}")


def _whole(ref: Ref, fixed: list[IndexOf], scalars: Scalars) -> Compiled:
    bounds, name = scalars.concrete.family(ref.name), ref.name
    order = len(bounds) - len(fixed)
    if order not in (1, 2):
        raise Malformed(f"{name} with {len(fixed)} indices is neither a vector nor a matrix")

    def ranges(env: Env) -> Ranges:
        values = [part(env) for part in fixed]
        return tuple((low(values), high(values)) for low, high in bounds[len(fixed) :])

    def key(env: Env, at: At) -> Key:
        return (name, *[part(env) for part in fixed], *at)

    return Compiled(order, ranges, lambda sweep, env, at: sweep.get(key(env, at)), keys=key)


def _map(name: str, primes: int, inner: Compiled, scalars: Scalars) -> Compiled:
    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        return scalars.apply(sweep, name, primes, inner.entry(sweep, env, at))

    return Compiled(inner.order, inner.ranges, entry, inner.row)


def _nabla(of: Expr, inner: Compiled, scope: Scope, scalars: Scalars) -> Compiled:
    keys = inner.keys
    if keys is None:
        raise Malformed("a gradient is taken by a quantity")
    derivative = scalars.derivative(of, (), scope)
    return Compiled(inner.order, inner.ranges, lambda sweep, env, at: derivative(sweep, env, keys(env, at)), inner.row)


def _scaled(factor: Closure, inner: Compiled, scalars: Scalars) -> Compiled:
    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        return scalars.product([factor(sweep, env), inner.entry(sweep, env, at)])

    return Compiled(inner.order, inner.ranges, entry, inner.row)


def _entrywise(combine: Combine, parts: list[Compiled]) -> Compiled:
    first = parts[0]
    if any((part.order, part.row) != (first.order, first.row) for part in parts):
        raise Malformed("a row, a column and a matrix do not combine entry by entry")

    def ranges(env: Env) -> Ranges:
        shapes = [part.ranges(env) for part in parts]
        for shape in shapes[1:]:
            _fit(shapes[0], shape)
        return shapes[0]

    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        return combine([part.entry(sweep, env, at) for part in parts])

    return Compiled(first.order, ranges, entry, first.row)


def _transposed(inner: Compiled) -> Compiled:
    def ranges(env: Env) -> Ranges:
        return inner.ranges(env)[::-1]

    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        return inner.entry(sweep, env, at[::-1])

    return Compiled(inner.order, ranges, entry, inner.order == 1 and not inner.row)


def _product(left: Compiled, right: Compiled, scalars: Scalars) -> Compiled:
    """Rows of the left by columns of the right; a column by a row is the outer product."""
    if left.order == right.order == 1 and not left.row and right.row:
        return _outer(left, right, scalars)
    if (left.order == 1 and not left.row) or (right.order == 1 and right.row):
        raise Malformed("a matrix product wants a matrix or a row on its left, or a column by a row")
    rows = left.order - 1

    def ranges(env: Env) -> Ranges:
        first, second = left.ranges(env), right.ranges(env)
        _fit(first[-1:], second[:1])
        return first[:-1] + second[1:]

    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        low, high = right.ranges(env)[0]
        terms = [
            scalars.product([left.entry(sweep, env, (*at[:rows], i)), right.entry(sweep, env, (i, *at[rows:]))])
            for i in range(low, high + 1)
        ]
        return scalars.total(terms)

    return Compiled(rows + right.order - 1, ranges, entry, left.order == 1)


def _outer(left: Compiled, right: Compiled, scalars: Scalars) -> Compiled:
    def entry(sweep: Sweep, env: Env, at: At) -> Dual:
        return scalars.product([left.entry(sweep, env, at[:1]), right.entry(sweep, env, at[1:])])

    return Compiled(2, lambda env: left.ranges(env) + right.ranges(env), entry)


def _fit(left: Ranges, right: Ranges) -> None:
    if left != right:
        raise Malformed(f"shapes do not fit: {_size(left)} against {_size(right)}")


def _size(ranges: Ranges) -> str:
    return " by ".join(str(high) if low == 1 else f"{low}..{high}" for low, high in ranges) or "a scalar"
