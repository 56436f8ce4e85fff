"""From index form to matrix form: which vectors and matrices have these entries. The kernel checks the answer."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Mul, Symbol

from backprop_proofs.derivation.parts import factors_of
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import Fn, IndexSum, Partial, Ref, mul
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


def as_array(expr: Expr, letters: tuple[Symbol, ...]) -> Array | None:
    """An array whose entry at the letters (one: a vector, two: a matrix) is `expr`, or None if none is found."""
    if len(letters) == 1:
        return _vector(expr, letters[0])
    return _matrix(expr, *letters) if len(letters) == 2 else None


def _whole(expr: Expr, *letters: Symbol) -> Array | None:
    if isinstance(expr, Ref) and expr.indices[-len(letters) :] == letters:
        fixed = expr.indices[: -len(letters)]
        if not any(set(letters) & free_indices(part) for part in fixed):
            return Whole(expr.quantity, *fixed)
    if isinstance(expr, Partial) and not expr.held and isinstance(expr.of, Ref):
        inner = None if set(letters) & free_indices(expr.of) else _whole(expr.wrt, *letters)
        return inner and Nabla(expr.of, inner)
    return None


def _vector(expr: Expr, j: Symbol) -> Array | None:
    if (whole := _whole(expr, j)) is not None:
        return whole
    if isinstance(expr, Fn):
        inner = _vector(expr.argument, j)
        return inner and Map(expr.name, Integer(expr.primes), inner)
    if isinstance(expr, Add):
        return _joined(Plus, [_vector(term, j) for term in expr.args])
    if isinstance(expr, Mul):
        scalars = [factor for factor in expr.args if j not in free_indices(factor)]
        inside = _joined(Hadamard, [_vector(factor, j) for factor in expr.args if j in free_indices(factor)])
        return Scaled(mul(*scalars), inside) if scalars and inside else inside
    return _summed(expr, j) if isinstance(expr, IndexSum) else None


def _summed(total: IndexSum, j: Symbol) -> Array | None:
    """Σ_k M_{jk} v_k is M v; Σ_k M_{kj} v_k is M^T v."""
    k, factors = total.index, factors_of(total.body)
    both = [factor for factor in factors if {j, k} <= free_indices(factor)]
    rest = [factor for factor in factors if factor not in both]
    if len(both) != 1 or any(j in free_indices(factor) for factor in rest) or not rest:
        return None
    matrix, vector = _matrix(both[0], j, k), _vector(mul(*rest), k)
    return MatrixProduct(matrix, vector) if matrix and vector else None


def _matrix(expr: Expr, j: Symbol, k: Symbol) -> Array | None:
    if (whole := _whole(expr, j, k)) is not None:
        return whole
    if (whole := _whole(expr, k, j)) is not None:
        return Transposed(whole)
    if isinstance(expr, Add):
        return _joined(Plus, [_matrix(term, j, k) for term in expr.args])
    if isinstance(expr, IndexSum):
        return _matrix_product(expr, j, k)
    if not isinstance(expr, Mul):
        return None
    rows = [factor for factor in expr.args if j in free_indices(factor)]
    columns = [factor for factor in expr.args if k in free_indices(factor)]
    scalars = [factor for factor in expr.args if factor not in rows + columns]
    if not rows or not columns or any(factor in rows for factor in columns):
        return None
    column, row = _vector(mul(*rows), j), _vector(mul(*columns), k)
    outer = MatrixProduct(column, Transposed(row)) if column and row else None
    return Scaled(mul(*scalars), outer) if scalars and outer else outer


def _matrix_product(total: IndexSum, j: Symbol, k: Symbol) -> Array | None:
    """Σ_t A_{jt} B_{tk} is A B."""
    t, factors = total.index, factors_of(total.body)
    left = [factor for factor in factors if j in free_indices(factor)]
    right = [factor for factor in factors if factor not in left]
    if not left or not right or any(k in free_indices(factor) for factor in left):
        return None
    first, second = _matrix(mul(*left), j, t), _matrix(mul(*right), t, k)
    return MatrixProduct(first, second) if first and second else None


def _joined(kind: type[Array], parts: list[Array | None]) -> Array | None:
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return known[0] if len(known) == 1 else kind(*known)
