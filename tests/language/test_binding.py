"""Bound indices: no operation captures, α-equality is exact, and the meaning of an expression never changes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language.spoken import (
    LETTERS,
    Sentence,
    environments,
    indices,
    letters,
    nameless,
    rename_bound,
    said,
    said_index,
    sentences,
    spoken,
    spoken_index,
    values_of,
    worth,
)
from sympy import Dummy, Expr, Integer, S

from backprop_proofs.errors import Malformed
from backprop_proofs.language.binding import (
    alpha_equal,
    canonical,
    each,
    free_indices,
    fresh_index,
    limits_on_path,
    replace_at,
    replace_scalar,
    substitute,
    subterm,
    sum_over,
)
from backprop_proofs.language.expressions import (
    Binder,
    Each,
    Fn,
    IndexSum,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    power,
)
from backprop_proofs.language.indices import index
from backprop_proofs.language.matrices import Entry, MatrixProduct, Transposed, Whole

i, j, k, l, m, n = map(index, "ijklmn")
w, a, x = Quantity("w"), Quantity("a"), Quantity("x")
C = Ref(Quantity("C"))
ONE = Integer(1)
row = sum_over(mul(w[j, k], a[k]), (k, ONE, n))


def free_names(sentence: Sentence) -> set[str]:
    """The letters that occur free, read off the nameless form, where bound letters are numbers."""
    return {part for part in _leaves(nameless(sentence)) if part in LETTERS}


def _leaves(part: object) -> list[object]:
    return [leaf for inner in part for leaf in _leaves(inner)] if isinstance(part, tuple) else [part]


@given(sentences, environments)
@settings(max_examples=400)
def test_an_expression_is_worth_what_its_sentence_says(sentence: Sentence, names: dict[str, int]) -> None:
    assert worth(spoken(sentence), values_of(names)) == said(sentence, names)


@given(sentences)
def test_the_free_indices_are_the_letters_no_binder_takes(sentence: Sentence) -> None:
    assert {letter.name for letter in free_indices(spoken(sentence))} == free_names(sentence)
    assert {letter.name for letter in spoken(sentence).free_symbols} == free_names(sentence)


@given(sentences, st.dictionaries(letters, indices, min_size=1), environments)
@settings(max_examples=800)
def test_substitution_commutes_with_evaluation(
    sentence: Sentence, changes: dict[str, tuple[str | None, int]], names: dict[str, int]
) -> None:
    mapping = {index(letter): spoken_index(new) for letter, new in changes.items()}
    meant = {**names, **{letter: said_index(new, names) for letter, new in changes.items()}}
    assert worth(substitute(spoken(sentence), mapping), values_of(names)) == said(sentence, meant)


@given(sentences, letters, st.integers(0, 5), st.integers(-1, 3), environments)
@settings(max_examples=400)
def test_substitution_of_a_letter_that_binders_on_the_way_bind(
    sentence: Sentence, letter: str, which: int, value: int, names: dict[str, int]
) -> None:
    """The bound letters themselves are put in, where a binder that did not rename would capture them."""
    expr = spoken(sentence)
    bound = [binder.index for binder in binders(expr)]
    if bound:
        new = bound[which % len(bound)]
        result = substitute(expr, {index(letter): new})
        assert worth(result, {**values_of(names), new: value}) == said(sentence, {**names, letter: value})


@given(sentences, letters, indices)
def test_a_letter_that_was_replaced_is_gone(sentence: Sentence, letter: str, new: tuple[str | None, int]) -> None:
    result = substitute(spoken(sentence), {index(letter): spoken_index(new)})
    arrives = free_names(sentence) - {letter} | ({new[0]} if letter in free_names(sentence) and new[0] else set())
    assert {one.name for one in free_indices(result)} <= arrives


@given(sentences, sentences)
def test_alpha_equality_is_equality_of_the_nameless_sentences(first: Sentence, second: Sentence) -> None:
    assert alpha_equal(spoken(first), spoken(second)) == (nameless(first) == nameless(second))


@given(sentences, st.permutations(LETTERS))
@settings(max_examples=300)
def test_alpha_equality_against_a_permutation_of_the_letters(sentence: Sentence, order: list[str]) -> None:
    renaming = dict(zip(LETTERS, order, strict=True))

    def renamed(part: object) -> object:
        if isinstance(part, tuple):
            return tuple(map(renamed, part))
        return renaming.get(part, part) if isinstance(part, str) else part

    other = renamed(sentence)
    assert isinstance(other, tuple)
    assert alpha_equal(spoken(sentence), spoken(other)) == (nameless(sentence) == nameless(other))


@given(sentences, environments)
def test_alpha_equality_is_an_equivalence_that_keeps_the_value(sentence: Sentence, names: dict[str, int]) -> None:
    first, second, third = spoken(sentence), spoken(sentence), canonical(spoken(sentence))
    assert alpha_equal(first, first)
    assert alpha_equal(first, second)
    assert alpha_equal(second, first)
    assert alpha_equal(second, third)
    assert alpha_equal(first, third)
    assert worth(third, values_of(names)) == said(sentence, names)


@given(sentences)
def test_the_canonical_form_is_its_own_canonical_form(sentence: Sentence) -> None:
    once = canonical(spoken(sentence))
    assert canonical(once) == once


def binders(expr: Expr) -> list[Binder]:
    inner = [one for part in expr.args if isinstance(part, Expr) for one in binders(part)]
    return [expr, *inner] if isinstance(expr, Binder) else inner


@given(sentences.filter(lambda s: "sum" in repr(s)), letters, environments)
def test_renaming_a_bound_index_keeps_the_meaning(sentence: Sentence, letter: str, names: dict[str, int]) -> None:
    for binder in binders(spoken(("sum", "i", (None, 1), (None, 2), sentence)))[:1]:
        renamed = rename_bound(binder, index(letter))
        assert renamed.index.name == letter
        assert alpha_equal(renamed, binder)
        assert worth(renamed, values_of(names)) == worth(binder, values_of(names))


@given(sentences, environments)
def test_rewriting_a_part_to_itself_changes_nothing(sentence: Sentence, names: dict[str, int]) -> None:
    expr = spoken(sentence)
    for path in paths(expr):
        again = replace_at(expr, path, subterm(expr, path))
        assert worth(again, values_of(names)) == said(sentence, names)


def paths(expr: Expr) -> list[tuple[int, ...]]:
    """The places of the scalar parts: not the letters and bounds of binders, nor what stands inside an atom."""
    if isinstance(expr, Binder):
        return [(), *((0, *rest) for rest in paths(expr.body) if isinstance(expr, IndexSum))]
    if isinstance(expr, Fn):
        return [(), *((2, *rest) for rest in paths(expr.argument))]
    if expr.is_Add or expr.is_Mul:
        return [(), *((number, *rest) for number, part in enumerate(expr.args) for rest in paths(part))]
    return [()]


# The traps, one by one


@pytest.mark.parametrize(
    ("mapping", "wanted"),
    [
        ({j: k}, sum_over(mul(w[k, m], a[m]), (m, ONE, n))),
        ({n: k}, sum_over(mul(w[j, m], a[m]), (m, ONE, k))),
        ({k: j}, row),
        ({j: n, n: j}, sum_over(mul(w[n, m], a[m]), (m, ONE, j))),
        ({j: j + 1}, sum_over(mul(w[j + 1, m], a[m]), (m, ONE, n))),
        ({j: k + n, n: n - 1}, sum_over(mul(w[k + n, m], a[m]), (m, ONE, n - 1))),
    ],
)
def test_substitution_in_a_row(mapping: dict[Expr, Expr], wanted: Expr) -> None:
    assert alpha_equal(substitute(row, mapping), wanted)


def test_substitution_is_simultaneous() -> None:
    assert substitute(w[j, k], {j: k, k: j}) == w[k, j]


def test_substitution_even_with_the_bound_letter_of_another_part() -> None:
    (bound,) = (binder.index for binder in binders(row))
    captured = substitute(row, {j: bound})  # w[bound, k], and a k of its own
    assert free_indices(captured) == {bound, n}
    assert alpha_equal(substitute(captured, {bound: m}), substitute(row, {j: m}))


def test_an_index_comes_out_in_lowest_terms() -> None:
    assert substitute(w[l + 1, j], {l: l - 1}) == w[l, j]
    assert substitute(Entry(MatrixProduct(Transposed(Whole(w, l + 1)), Whole(a, l + 1)), j), {l: l - 1}) == Entry(
        MatrixProduct(Transposed(Whole(w, l)), Whole(a, l)), j
    )


def test_the_first_limit_is_the_outermost_and_inner_ranges_may_use_it() -> None:
    double = sum_over(w[j, k], (j, ONE, Integer(3)), (k, j, Integer(3)))
    assert double.index.name == "j"
    assert double.body.index.name == "k"
    assert free_indices(double) == set()
    assert worth(double, {}) == sum(
        (worth(w[first, second], {}) for first in range(1, 4) for second in range(first, 4)), worth(S.Zero, {})
    )


def test_a_bound_of_the_same_name_is_the_letter_outside() -> None:
    triangle = sum_over(a[k], (k, ONE, k))
    assert free_indices(triangle) == {k}
    assert worth(triangle, {k: 2}) == worth(add(a[1], a[2]), {})


def test_a_letter_that_is_free_in_the_bound_and_bound_in_the_body() -> None:
    bound = fresh_index(k)
    triangle = IndexSum(a[bound], bound, ONE, bound)
    assert alpha_equal(substitute(triangle, {bound: m}), sum_over(a[k], (k, ONE, m)))


def test_a_set_without_limits_is_the_instance() -> None:
    assert each(a[j]) == a[j]
    assert isinstance(each(a[j], (j, ONE, n)), Each)


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (sum_over(a[j], (j, ONE, n)), sum_over(a[k], (k, ONE, n)), True),
        (sum_over(a[j], (j, ONE, n)), sum_over(a[j], (j, ONE, m)), False),
        (sum_over(a[j], (j, ONE, n)), sum_over(a[j], (j, Integer(2), n)), False),
        (sum_over(w[j, k], (j, ONE, n)), sum_over(w[k, j], (j, ONE, n)), False),
        (sum_over(w[j, k], (j, ONE, n), (k, ONE, n)), sum_over(w[k, j], (k, ONE, n), (j, ONE, n)), True),
        (sum_over(w[j, k], (j, ONE, n), (k, ONE, n)), sum_over(w[k, j], (j, ONE, n), (k, ONE, n)), False),
        (each(a[j], (j, ONE, n)), sum_over(a[j], (j, ONE, n)), False),
        (sum_over(a[j], (j, ONE, n)), sum_over(a[m], (j, ONE, n)), False),
        (add(a[j], a[k]), add(a[k], a[j]), False),
        (mul(w[j, k], sum_over(a[j], (j, ONE, n))), mul(w[j, k], sum_over(a[k], (k, ONE, n))), True),
    ],
)
def test_alpha_equality(left: Expr, right: Expr, same: bool) -> None:
    assert alpha_equal(left, right) is same
    assert alpha_equal(right, left) is same


def test_a_letter_of_a_canonical_form_is_not_captured_when_it_stands_free() -> None:
    stolen = canonical(sum_over(a[j], (j, ONE, n))).index
    bound = fresh_index(j)
    free, diagonal = IndexSum(w[stolen, bound], bound, ONE, n), IndexSum(w[bound, bound], bound, ONE, n)
    try:
        same = alpha_equal(free, diagonal)
    except Malformed:
        return
    assert not same


def test_two_copies_of_one_fresh_letter_are_one_letter() -> None:
    bound = fresh_index(j)
    copy = Dummy(bound.name, dummy_index=bound.dummy_index, integer=True)
    assert copy == bound
    inner = IndexSum(mul(a[copy], x[k]), copy, ONE, n)
    result = substitute(add(a[bound], inner), {bound: m, k: l})
    assert alpha_equal(result, add(a[m], sum_over(mul(a[j], x[l]), (j, ONE, n))))


def test_a_fresh_index_is_equal_to_no_other() -> None:
    assert fresh_index(j) != fresh_index(j)
    assert fresh_index(j) != j
    assert str(fresh_index(j)).lstrip("_") == "j"


class TestReplaceScalar:
    u = Ref(Quantity("u"))

    def test_no_binder_captures(self) -> None:
        bound = row.index
        inside = IndexSum(mul(a[bound], self.u), bound, ONE, n)
        result = replace_scalar(inside, self.u, w[bound, bound])
        assert free_indices(result) == {bound, n}

    def test_the_value_is_that_of_the_body(self) -> None:
        formula = power(add(ONE, Fn("exp", 0, mul(S.NegativeOne, self.u))), -1)
        assert replace_scalar(formula, self.u, a[j]) == power(add(ONE, Fn("exp", 0, mul(S.NegativeOne, a[j]))), -1)

    def test_not_inside_a_derivative(self) -> None:
        with pytest.raises(Malformed, match="partial derivative"):
            replace_scalar(Partial(self.u, a[j]), self.u, a[k])


def test_a_path_that_leads_nowhere_is_refused() -> None:
    with pytest.raises(Malformed, match="no argument 7"):
        subterm(row, (7,))
    with pytest.raises(Malformed):
        replace_at(row, (7,), C)
    with pytest.raises(Malformed):
        replace_at(row, (-1,), C)


def test_the_ranges_in_whose_scope_a_part_stands() -> None:
    double = sum_over(w[j, k], (j, ONE, n), (k, ONE, m))
    assert [high for _, _, high in limits_on_path(double, (0, 0))] == [n, m]
    assert list(limits_on_path(double, (3,))) == []
