"""Nodes: written as they are written, refused where they say nothing, and never touched by SymPy's own calculus."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from language.spoken import Sentence, environments, said, sentences, spoken, values_of, worth
from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Rational, S, Symbol

from backprop_proofs.errors import Malformed
from backprop_proofs.language.binding import each, sum_over
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
    negative,
    power,
    quotient,
    rebuild,
)
from backprop_proofs.language.indices import index

j, k, l, n = map(index, "jkln")
w, z, x = Quantity("w", 1), Quantity("z", 1), Quantity("x")
C = Ref(Quantity("C"))
ONE = Integer(1)


@pytest.mark.parametrize(
    ("built", "kind", "args"),
    [
        (add(x[j], x[k], x[j]), Add, (x[j], x[k], x[j])),
        (add(x[k], x[j]), Add, (x[k], x[j])),
        (add(x[j], S.Zero, add(x[k], ONE)), Add, (x[j], x[k], ONE)),
        (add(x[j], negative(x[j])), Add, (x[j], mul(S.NegativeOne, x[j]))),
        (mul(x[j], x[j]), Mul, (x[j], x[j])),
        (mul(x[k], ONE, mul(x[j], Integer(2))), Mul, (x[k], x[j], Integer(2))),
        (mul(Integer(2), add(x[j], x[k])), Mul, (Integer(2), add(x[j], x[k]))),
        (power(x[j], 2), Pow, (x[j], Integer(2))),
        (power(power(x[j], 2), Rational(1, 2)), Pow, (power(x[j], 2), Rational(1, 2))),
        (quotient(x[j], x[j]), Mul, (x[j], power(x[j], -1))),
        (power(Integer(2), 3), Pow, (Integer(2), Integer(3))),
    ],
)
def test_what_is_written_is_what_stands(built: Expr, kind: type[Expr], args: tuple[Expr, ...]) -> None:
    assert type(built) is kind
    assert built.args == args


@pytest.mark.parametrize(
    ("built", "wanted"),
    [
        (add(), S.Zero),
        (add(S.Zero), S.Zero),
        (add(x[j]), x[j]),
        (mul(), ONE),
        (mul(x[j]), x[j]),
        (mul(x[j], S.Zero), S.Zero),
        (power(x[j], 1), x[j]),
        (quotient(x[j], ONE), mul(x[j], power(ONE, -1))),
    ],
)
def test_the_ends_of_sums_and_products(built: Expr, wanted: Expr) -> None:
    assert built == wanted


@given(sentences.filter(lambda sentence: sentence[0] != "num"), environments)
def test_rebuilding_from_the_same_parts_changes_nothing(sentence: Sentence, names: dict[str, int]) -> None:
    expr = spoken(sentence)
    assert worth(rebuild(expr, expr.args), values_of(names)) == said(sentence, names)


@pytest.mark.parametrize(
    "make",
    [
        lambda: IndexSum(x[j], j, 1, n),
        lambda: Each(x[j], j, 1, n),
        lambda: IndexSum(x[j], Symbol("j"), 1, n),
        lambda: Ref(x, "j"),
        lambda: x[1.5],
        lambda: x["__import__('os')"],
        lambda: Delta(j, None),
        lambda: Partial(C, C + 1),
        lambda: Partial(C, j),
        lambda: sum_over(x[j], (j, "1", n)),
    ],
)
def test_what_says_nothing_is_refused(make: Any) -> None:
    with pytest.raises(Malformed):
        make()


@pytest.mark.parametrize(
    "expr",
    [x[j], Delta(j, k), Fn("sigma", 0, x[j]), sum_over(w[l, j, k], (k, ONE, n)), Partial(C, x[j]), mul(x[j], x[k])],
)
def test_sympys_diff_is_refused_rather_than_wrong(expr: Expr) -> None:
    """Below an index, SymPy's diff ignores binders; our nodes do not let it begin."""
    with pytest.raises(Malformed, match="diff does not know indices"):
        expr.diff(j)
    with pytest.raises((Malformed, ValueError)):
        expr.diff(x[j])


def test_a_node_knows_its_parts() -> None:
    ref, fn, bound = w[l, j, k], Fn("sigma", 1, z[l, j]), sum_over(x[k], (k, ONE, n))
    assert (ref.name, ref.indices, ref.quantity, ref.quantity.superscripts) == ("w", (l, j, k), w, 1)
    assert (fn.name, fn.primes, fn.argument) == ("sigma", 1, z[l, j])
    assert isinstance(bound, Binder)
    assert bound.limit == (bound.index, ONE, n)
    assert isinstance(bound.index, Dummy)
    partial = Partial(C, z[l, j], each(x[k], (k, ONE, n)))
    assert (partial.of, partial.wrt, len(partial.held)) == (C, z[l, j], 1)
    assert Opaque("C", x[j]).name == "C"


def test_different_sentences_are_different() -> None:
    different = [w[l, j, k], w[l, k, j], x[j], Delta(j, k), Delta(k, j), Fn("f", 0, x[j]), Fn("f", 1, x[j])]
    different += [Fn("g", 0, x[j]), Quantity("x", 1)[j], Partial(C, x[j]), Partial(C, x[j], x[k]), Opaque("C", x[j])]
    assert len(set(different)) == len(different)


def test_a_quantity_prints_with_its_indices() -> None:
    assert str(w[l, j, k]) == "w[l, j, k]"
    assert str(C) == "C"


def test_two_binders_never_share_a_letter() -> None:
    first, second = (sum_over(x[k], (k, ONE, n)) for _ in range(2))
    assert first.index != second.index
    assert first != second
