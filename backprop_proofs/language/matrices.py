"""Matrix form: vectors and matrices of scalars, and what each entry of one is.

The transpose of BP2 comes from here: Σ_k w_{kj} δ_k sums over the *first* index of w, and a matrix product sums over
the second, so the matrix that stands in the product is w^T.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integer
from sympy.core.basic import Basic
from sympy.core.symbol import Str

from backprop_proofs.errors import Malformed
from backprop_proofs.language.binding import fresh_index, substitute_limits, sum_over
from backprop_proofs.language.expressions import Fn, Node, Partial, Quantity, Ref, add, mul
from backprop_proofs.language.indices import Facts, Limit, index
from backprop_proofs.shown import Typeset

Shape = tuple[tuple[Expr, Expr | None], ...]  # a (lower, upper) for each index
_ONE = (Integer(1), Integer(1))  # the one row of a transposed vector
Slots = Callable[[str], tuple[Limit, ...]]  # the ranges of a quantity's indices, by its name


class Array(Typeset, Basic):
    """The base of the matrix nodes: not scalars, so no scalar rule applies to them."""


class Whole(Array):
    """A quantity as a vector or matrix, its leading indices fixed: `Whole(w, l)` is w^l."""

    first_index = 1

    def __new__(cls, quantity: Quantity, *fixed: Expr) -> Whole:
        return Basic.__new__(cls, quantity, *fixed)


class Map(Array):
    """A function of one variable, entry by entry: σ'(z^l)."""

    def __new__(cls, name: str | Str, primes: Expr, argument: Array) -> Map:
        return Basic.__new__(cls, Str(str(name)), primes, argument)


class Nabla(Array):
    """∂y/∂x for every entry of x: ∇_a C."""


class Hadamard(Array):
    """The product entry by entry, u ⊙ v."""


class Plus(Array):
    """The sum entry by entry."""


class Scaled(Array):
    """A scalar times every entry."""


class Transposed(Array):
    """The transpose of a matrix; of a vector, the matrix of one row."""


class MatrixProduct(Array):
    """The matrix product: matrix by matrix, matrix by vector, or vector by row (the outer product)."""


class Entry(Node):
    """One entry of an array, a scalar: `Entry(M, j, k)` is M_{jk}."""

    first_index = 1
    array = property(lambda self: self.args[0])
    indices = property(lambda self: self.args[1:])


def shape(array: Array, slots: Slots, facts: Facts) -> Shape:
    """The range of each index of `array`. Raises Malformed where the parts do not fit."""
    return _entries(array, slots, facts)[0]


def entry(array: Array, at: tuple[Expr, ...], slots: Slots, facts: Facts) -> Expr:
    """The scalar that stands at an index of `array`, a product written out as its sum."""
    ranges, scalar = _entries(array, slots, facts)
    if len(ranges) != len(at):
        raise Malformed(f"{array} wants {len(ranges)} indices; found {len(at)}")
    return scalar(*at)


def _entries(array: Array, slots: Slots, facts: Facts) -> tuple[Shape, Callable[..., Expr]]:
    if isinstance(array, Whole):
        quantity, *fixed = array.args
        limits = slots(quantity.name)
        given = {letter: value for (letter, _, _), value in zip(limits, fixed, strict=False)}
        ranges = tuple((low, high) for _, low, high in substitute_limits(limits[len(fixed) :], given))
        return ranges, lambda *at: Ref(quantity, *fixed, *at)
    inner = [(part, *_entries(part, slots, facts)) for part in array.args if isinstance(part, Array)]
    shapes, parts = [ranges for _, ranges, _ in inner], [at for _, _, at in inner]
    match array:
        case Map(args=(name, primes, _)):
            return shapes[0], lambda *at: Fn(name, primes, parts[0](*at))
        case Nabla(args=(of, _)):
            return shapes[0], lambda *at: Partial(of, parts[0](*at))
        case Scaled(args=(factor, _)):
            return shapes[0], lambda *at: mul(factor, parts[0](*at))
        case Hadamard() | Plus():
            for other in shapes[1:]:
                _same(shapes[0], other, facts)
            join = mul if isinstance(array, Hadamard) else add
            return shapes[0], lambda *at: join(*(part(*at) for part in parts))
        case Transposed() if len(shapes[0]) == 1:
            return (_ONE, *shapes[0]), lambda i, j: parts[0](j)
        case Transposed():
            return shapes[0][::-1], lambda *at: parts[0](*at[::-1])
        case MatrixProduct():
            first, second = shapes
            if len(first) == 1 and second[0] == _ONE:
                return first + second[1:], lambda j, k: mul(parts[0](j), parts[1](Integer(1), k))
            if len(first) == 2:
                _same(first[1:], second[:1], facts)
                m = fresh_index(index("m"))
                return first[:1] + second[1:], lambda j, *k: sum_over(
                    mul(parts[0](j, m), parts[1](m, *k)), (m, *first[1])
                )
    raise Malformed(f"not a vector or a matrix of parts that fit: {array}")


def _same(left: Shape, right: Shape, facts: Facts) -> None:
    pairs = zip(left, right, strict=False)
    if len(left) != len(right) or not all(facts.equal(a, c) and facts.equal(b, d) for (a, b), (c, d) in pairs):
        sizes = (" by ".join(str(high) for _, high in ranges) or "a scalar" for ranges in (left, right))
        raise Malformed(f"shapes do not fit: {' against '.join(sizes)}")
