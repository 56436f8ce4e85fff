"""Pairs that the normal form has to call equal, and pairs that it must not."""

from __future__ import annotations

import pytest
from kernel.test_normal_form import ONE, TWO, agree, i, is_same, j, k, m, n, w, x
from sympy import Expr, Integer, Rational

from backprop_proofs.kernel import theorem  # noqa: F401 - the kernel as a whole
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    Opaque,
    Partial,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import index

# Known pairs

o, p = index("o"), index("p")
UP = (m, ONE, n[2])
OTHER = (o, ONE, n[2])
TRIANGLE = (o, ONE, m)
EQUAL: dict[str, tuple[Expr, Expr]] = {
    "commuted": (mul(x[i], w[i, j]), mul(w[i, j], x[i])),
    "renamed": (sum_over(x[m], UP), sum_over(x[o], OTHER)),
    "renamed to a letter that stands free": (sum_over(w[j, m], UP), sum_over(w[j, i], (i, ONE, n[2]))),
    "distributed": (mul(x[i], add(x[j], x[k])), add(mul(x[i], x[j]), mul(x[i], x[k]))),
    "a square": (power(add(x[i], x[j]), 2), add(power(x[i], 2), mul(TWO, x[i], x[j]), power(x[j], 2))),
    "a square of a sum": (power(sum_over(x[m], UP), 2), sum_over(mul(x[m], x[o]), UP, OTHER)),
    "exchanged": (sum_over(w[m, o], UP, OTHER), sum_over(w[m, o], OTHER, UP)),
    "exchanged and renamed": (sum_over(w[m, o], UP, OTHER), sum_over(w[o, m], UP, OTHER)),
    "split": (sum_over(add(x[m], w[m, i]), UP), add(sum_over(x[m], UP), sum_over(w[m, i], UP))),
    "drawn out": (sum_over(mul(x[i], x[m]), UP), mul(x[i], sum_over(x[m], UP))),
    "collapsed": (sum_over(mul(Delta(m, j), x[m]), UP), x[j]),
    "collapsed, the delta the other way round": (sum_over(mul(Delta(j, m), x[m]), UP), x[j]),
    "collapsed with a shift": (sum_over(mul(Delta(m - 1, j), x[m]), (m, ONE, n[2] + 1)), x[j + 1]),
    "collapsed twice": (sum_over(mul(Delta(m, j), Delta(m, o), w[m, o]), UP, OTHER), w[j, j]),
    "collapsed into a dependent range": (
        sum_over(mul(Delta(m, j), sum_over(x[o], TRIANGLE)), UP),
        sum_over(x[o], (o, ONE, j)),
    ),
    "a delta of equal indices": (Delta(i + 1, 1 + i), ONE),
    "a delta of unequal indices": (Delta(i, i + 1), Integer(0)),
    "a delta out of range": (sum_over(Delta(m, 0), UP), Integer(0)),
    "a delta squared": (power(Delta(i, j), 2), Delta(i, j)),
    "a delta times a difference": (mul(Delta(i, j), add(x[i], negative(x[j]))), Integer(0)),
    "as often as the range is long": (sum_over(x[i], UP), mul(n[2], x[i])),
    "an empty range": (sum_over(x[m], (m, TWO, ONE)), sum_over(x[m], (m, TWO, ONE))),
    "inside a function": (Fn("f", 0, add(x[i], x[j])), Fn("f", 0, add(x[j], x[i]))),
    "a sum inside a function": (
        Fn("f", 0, sum_over(mul(x[m], x[i]), UP)),
        Fn("f", 0, mul(x[i], sum_over(x[o], OTHER))),
    ),
    "a derivative of a renamed sum": (
        Fn("f", 1, sum_over(w[m, j], UP)),
        Fn("f", 1, sum_over(w[o, j], OTHER)),
    ),
    "e^u e^v": (mul(Fn("exp", 0, x[i]), Fn("exp", 0, x[j])), Fn("exp", 0, add(x[i], x[j]))),
    "e^u e^-u": (mul(Fn("exp", 0, x[i]), Fn("exp", 0, negative(x[i]))), ONE),
    "e^0": (Fn("exp", 0, add(x[i], negative(x[i]))), ONE),
    "(e^u)²": (power(Fn("exp", 0, x[i]), 2), Fn("exp", 0, mul(TWO, x[i]))),
    "a quotient": (quotient(mul(x[i], x[j]), x[j]), x[i]),
    "a quotient of sums": (
        add(quotient(x[i], add(x[i], x[j])), quotient(x[j], add(x[i], x[j]))),
        ONE,
    ),
    "σ' of the logistic function": (
        quotient(Fn("exp", 0, negative(x[i])), power(add(ONE, Fn("exp", 0, negative(x[i]))), 2)),
        mul(
            quotient(ONE, add(ONE, Fn("exp", 0, negative(x[i])))),
            add(ONE, negative(quotient(ONE, add(ONE, Fn("exp", 0, negative(x[i])))))),
        ),
    ),
    "∂x_i/∂x_j": (Partial(x[i], x[j]), Delta(i, j)),
    "an opaque function": (
        mul(Opaque("F", x[i]), x[j]),
        mul(x[j], Opaque("F", x[i])),
    ),
}
DIFFERENT: dict[str, tuple[Expr, Expr]] = {
    "transposed": (w[i, j], w[j, i]),
    "transposed under one sum": (sum_over(w[m, i], UP), sum_over(w[i, m], UP)),
    "transposed in a product of two": (
        sum_over(mul(w[m, o], x[m]), UP, OTHER),
        sum_over(mul(w[m, o], x[o]), UP, OTHER),
    ),
    "the case of SymPy's dummy_eq": (
        sum_over(mul(w[i, m], sum_over(mul(w[m, o], x[o]), OTHER)), UP),
        sum_over(mul(w[i, m], sum_over(mul(w[o, m], x[o]), OTHER)), UP),
    ),
    "another letter": (x[i], x[j]),
    "another layer": (x[i], x[i + 1]),
    "another range": (sum_over(x[m], UP), sum_over(x[m], (m, ONE, n[3]))),
    "another start": (sum_over(x[m], UP), sum_over(x[m], (m, TWO, n[2]))),
    "the sum of a product": (sum_over(mul(x[m], w[m, i]), UP), mul(sum_over(x[m], UP), sum_over(w[m, i], UP))),
    "the square of a sum": (power(sum_over(x[m], UP), 2), sum_over(power(x[m], 2), UP)),
    "a function of a sum": (Fn("f", 0, sum_over(x[m], UP)), sum_over(Fn("f", 0, x[m]), UP)),
    "a primed function": (Fn("f", 1, x[i]), Fn("f", 0, x[i])),
    "another function": (Fn("f", 0, x[i]), Fn("g", 0, x[i])),
    "a delta": (Delta(i, j), ONE),
    "a collapse out of the range": (sum_over(mul(Delta(m, 5), x[m]), (m, ONE, TWO)), x[5]),
    "a collapse that is not known to be in range": (sum_over(mul(Delta(m, i), x[m]), UP), x[i]),
    "twice the index": (sum_over(mul(Delta(2 * m, i), x[m]), UP), x[i]),
    "a triangle and a square": (sum_over(w[m, o], UP, TRIANGLE), sum_over(w[m, o], UP, OTHER)),
    "the two triangles": (sum_over(w[m, o], UP, TRIANGLE), sum_over(w[o, m], UP, TRIANGLE)),
    "as often as another range is long": (sum_over(x[i], UP), mul(n[3], x[i])),
    "as often as a range that may be backwards": (
        sum_over(x[i], (m, ONE, i - 5)),
        mul(add(i, Integer(-5)), x[i]),
    ),
    "e^{u+v} and e^u + e^v": (
        Fn("exp", 0, add(x[i], x[j])),
        add(Fn("exp", 0, x[i]), Fn("exp", 0, x[j])),
    ),
    "a function called like exp": (mul(Fn("f", 0, x[i]), Fn("f", 0, x[j])), Fn("f", 0, add(x[i], x[j]))),
    "a number": (Rational(1, 2), Rational(1, 3)),
    "the sides of a derivative": (Partial(x[i], w[i, j]), ONE),
    "an opaque function of others": (Opaque("F", x[i]), Opaque("F", x[j])),
    "two opaque functions": (Opaque("F", x[i]), Opaque("G", x[i])),
}


@pytest.mark.parametrize("name", EQUAL)
def test_what_is_equal_is_called_equal(name: str) -> None:
    left, right = EQUAL[name]
    assert is_same(left, right)
    assert is_same(right, left)


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_different_is_not_called_equal(name: str) -> None:
    left, right = DIFFERENT[name]
    for one, other in ((left, right), (right, left)):
        assert not is_same(one, other)


TOLD = {name: pair for name, pair in DIFFERENT.items() if not any(side.has(Partial, Opaque) for side in pair)}
FREE_OF_EXP = {
    name: pair for name, pair in EQUAL.items() if not any(s.has(Partial, Opaque) or "exp" in str(s) for s in pair)
}


@pytest.mark.parametrize("name", FREE_OF_EXP)
def test_the_table_of_equal_ones_is_true(name: str) -> None:
    assert agree(*EQUAL[name])


def test_the_table_of_different_ones_is_true() -> None:
    """Each pair differs at an instance, but for those that agree by chance at these sizes."""
    by_chance = [name for name, pair in TOLD.items() if agree(*pair)]
    assert by_chance == ["twice the index"] or len(by_chance) <= 3, by_chance
