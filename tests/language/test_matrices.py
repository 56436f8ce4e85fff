"""Matrix form: an entry of an array is what row-by-column arithmetic says, and shapes that do not fit are refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language.spoken import number, worth
from sympy import Expr, Integer

from backprop_proofs.errors import Malformed
from backprop_proofs.language.binding import alpha_equal, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, Quantity, Ref, add, mul
from backprop_proofs.language.indices import Facts, Limit, index
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
    entry,
    shape,
)
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, z

ONE = Integer(1)
NET = mlp()
FACTS = NET.facts(((l, Integer(2), L - 1), (j, ONE, n[l]), (k, ONE, n[l - 1])))
ERROR_NEXT = Whole(delta, l + 1)
PRIME = Map("sigma", ONE, Whole(z, l))


def entry_of(array: Array, *at: Expr) -> Expr:
    return entry(array, at, NET.slots, FACTS)


BP1 = Hadamard(Nabla(C, Whole(a, L)), Map("sigma", ONE, Whole(z, L)))
BP2 = Hadamard(MatrixProduct(Transposed(Whole(w, l + 1)), ERROR_NEXT), PRIME)
BP3 = Whole(delta, l)
BP4 = MatrixProduct(Whole(delta, l), Transposed(Whole(a, l - 1)))
FORWARD = Plus(MatrixProduct(Whole(w, l), Whole(a, l - 1)), Whole(b, l))


@pytest.mark.parametrize(
    ("array", "at", "wanted"),
    [
        (BP1, (j,), mul(Partial(C, a[L, j]), Fn("sigma", 1, z[L, j]))),
        (
            BP2,
            (j,),
            mul(sum_over(mul(w[l + 1, k, j], delta[l + 1, k]), (k, ONE, n[l + 1])), Fn("sigma", 1, z[l, j])),
        ),
        (BP3, (j,), delta[l, j]),
        (BP4, (j, k), mul(delta[l, j], a[l - 1, k])),
        (FORWARD, (j,), add(sum_over(mul(w[l, j, k], a[l - 1, k]), (k, ONE, n[l - 1])), b[l, j])),
        (Transposed(Whole(w, l)), (k, j), w[l, j, k]),
        (Scaled(Fn("f", 0, C), Whole(b, l)), (j,), mul(Fn("f", 0, C), b[l, j])),
    ],
)
def test_the_entries_of_the_four_equations(array: Array, at: tuple[Expr, ...], wanted: Expr) -> None:
    assert len(shape(array, NET.slots, FACTS)) == len(at)
    assert alpha_equal(entry_of(array, *at), wanted)


@pytest.mark.parametrize(
    ("array", "sizes"),
    [
        (BP1, (n[L],)),
        (BP2, (n[l],)),
        (BP4, (n[l], n[l - 1])),
        (FORWARD, (n[l],)),
        (Transposed(BP4), (n[l - 1], n[l])),
        (MatrixProduct(Whole(w, l + 1), Whole(w, l)), (n[l + 1], n[l - 1])),
    ],
)
def test_shapes(array: Array, sizes: tuple[Expr, ...]) -> None:
    assert shape(array, NET.slots, FACTS) == tuple((ONE, size) for size in sizes)


@pytest.mark.parametrize(
    "array",
    [
        pytest.param(Hadamard(MatrixProduct(Whole(w, l + 1), ERROR_NEXT), PRIME), id="BP2 without its transpose"),
        pytest.param(MatrixProduct(Whole(w, l), ERROR_NEXT), id="the layer off by one"),
        pytest.param(MatrixProduct(Transposed(Whole(w, l)), ERROR_NEXT), id="the transpose, the layer off by one"),
        pytest.param(Hadamard(ERROR_NEXT, PRIME), id="entry by entry over two layers"),
        pytest.param(Plus(MatrixProduct(Whole(w, l), Whole(a, l - 1)), Whole(b, l - 1)), id="a bias of another layer"),
        pytest.param(Hadamard(Whole(w, l), Whole(b, l)), id="a matrix by a vector, entry by entry"),
        pytest.param(MatrixProduct(Whole(delta, l), Whole(a, l - 1)), id="BP4 without its transpose"),
        pytest.param(MatrixProduct(Transposed(Whole(delta, l)), Whole(a, l - 1)), id="a row by a column"),
        pytest.param(MatrixProduct(Whole(w, l), Transposed(Whole(a, l - 1))), id="a matrix by a row"),
    ],
)
def test_what_does_not_fit_is_refused(array: Array) -> None:
    with pytest.raises(Malformed):
        shape(array, NET.slots, FACTS)


def test_an_unequal_transpose_is_not_taken_for_the_matrix() -> None:
    assert entry_of(Transposed(Whole(w, l)), k, j) != entry_of(Whole(w, l), k, j)
    assert entry_of(Transposed(Transposed(Whole(w, l))), j, k) == entry_of(Whole(w, l), j, k)


# Against plain arithmetic: square matrices A, B and vectors u, v of one size m, so that everything fits


m = index("m")
A, B, u, v = map(Quantity, "ABuv")
SQUARE: tuple[Limit, ...] = ((j, ONE, m), (k, ONE, m))
SLOTS = {"A": SQUARE, "B": SQUARE, "u": SQUARE[:1], "v": SQUARE[:1]}
SIZE = 3

vectors = st.deferred(
    lambda: (
        st.sampled_from([Whole(u), Whole(v)])
        | st.builds(MatrixProduct, matrices, vectors)
        | st.builds(Hadamard, vectors, vectors)
        | st.builds(Plus, vectors, vectors)
        | st.builds(lambda inner: Map("f", ONE, inner), vectors)
        | st.builds(lambda inner: Scaled(Ref(Quantity("c")), inner), vectors)
    )
)
matrices = st.deferred(
    lambda: (
        st.sampled_from([Whole(A), Whole(B)])
        | st.builds(MatrixProduct, matrices, matrices)
        | st.builds(Transposed, matrices)
        | st.builds(Hadamard, matrices, matrices)
        | st.builds(Plus, matrices, matrices)
        | st.builds(lambda left, right: MatrixProduct(left, Transposed(right)), vectors, vectors)
    )
)
Table = list[list[Fraction]]  # a vector is a table of one column


def table(array: Array) -> Table:
    """The numbers in an array, by the arithmetic of rows and columns."""
    span = range(1, SIZE + 1)
    match array:
        case Whole(args=(quantity,)) if quantity.name in "AB":
            return [[number("ref", (quantity.name, (row, column))) for column in span] for row in span]
        case Whole(args=(quantity,)):
            return [[number("ref", (quantity.name, (row,)))] for row in span]
        case Transposed(args=(inner,)):
            return [list(row) for row in zip(*table(inner), strict=True)]
        case MatrixProduct(args=(left, right)):
            columns = list(zip(*table(right), strict=True))
            return [
                [sum((p * q for p, q in zip(row, column, strict=True)), Fraction(0)) for column in columns]
                for row in table(left)
            ]
        case Hadamard(args=(left, right)):
            return _entrywise(table(left), table(right), lambda p, q: p * q)
        case Plus(args=(left, right)):
            return _entrywise(table(left), table(right), lambda p, q: p + q)
        case Map(args=(name, primes, inner)):
            return [[number("fn", str(name), int(primes), one) for one in row] for row in table(inner)]
        case Scaled(args=(_, inner)):
            return [[number("ref", ("c", ())) * one for one in row] for row in table(inner)]
    raise AssertionError(array)


def _entrywise(left: Table, right: Table, combine: object) -> Table:
    assert callable(combine)
    return [[combine(p, q) for p, q in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)]


@given(vectors | matrices, st.integers(1, SIZE), st.integers(1, SIZE))
@settings(max_examples=60)
def test_an_entry_is_worth_what_arithmetic_says(array: Array, row: int, column: int) -> None:
    facts = Facts(((m, ONE, None), *SQUARE, (index("k_"), ONE, m)))
    rank = len(shape(array, SLOTS.__getitem__, facts))
    assert rank == (1 if len(table(array)[0]) == 1 else 2)
    for first, second in ((j, k), (index("k_"), j), (index("k_"), index("k_"))):
        values = {m: SIZE, second: column, first: row}
        at = (first, second)[:rank]
        wanted = table(array)[row - 1][values[second] - 1 if rank == 2 else 0]
        assert worth(entry(array, at, SLOTS.__getitem__, facts), values) == wanted


def test_a_product_of_products_has_two_sums() -> None:
    facts = Facts(((m, ONE, None), *SQUARE))
    i = index("i")
    inner = sum_over(mul(B[k, i], v[i]), (i, ONE, m))
    wanted = sum_over(mul(A[j, k], inner), (k, ONE, m))
    product = MatrixProduct(Whole(A), MatrixProduct(Whole(B), Whole(v)))
    assert alpha_equal(entry(product, (j,), SLOTS.__getitem__, facts), wanted)


def test_an_array_is_no_scalar() -> None:
    assert not isinstance(Whole(a, l), Expr)
    with pytest.raises(Malformed, match="not a vector"):
        shape(Delta(j, k), NET.slots, FACTS)
