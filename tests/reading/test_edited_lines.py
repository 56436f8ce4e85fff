"""What every edit of a line is: a line that reads, of the kind that its name says, in order, in place, soon found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading.written import BY_ID, CASES, FORMS, WRONG, row_of, written
from thinned import thinned

from backprop_proofs.reading import Document, Row, read
from backprop_proofs.reading.edits import Edit, again, edits, mended
from backprop_proofs.reading.syntax import CallOrProduct, Name, Node, Script, Sum, parts

# it is a line that reads


def after(document: Document, edit: Edit) -> str:
    return document.text[: edit.span.start] + edit.text + document.text[edit.span.end :]


def shape(row: Row) -> list[tuple[bool, tuple[str, ...], int]]:
    return [
        (each.carried, tuple(relation.sign for relation in each.chain.relations), len(each.chain.parts))
        for each in row.statements
    ]


def check_reads(document: Document, number: int, chosen: list[Edit]) -> None:
    row = document.rows[number]
    for edit in chosen:
        again = read(after(document, edit))
        assert len(again.rows) == len(document.rows), edit
        assert again.rows[number].source == mended(document, row, edit)
        assert again.rows[number].problem is None, (edit, again.rows[number].problem)
        assert shape(again.rows[number]) == shape(row)
        assert again.rows[number].statements != row.statements or again.rows[number].remarks != row.remarks
        for at, (one, other) in enumerate(zip(document.rows, again.rows, strict=True)):
            carried = any(statement.carried for statement in one.statements)
            assert at == number or carried or one.statements == other.statements, edit


@pytest.mark.parametrize("case", WRONG, ids=lambda case: case["id"])
def test_edits_of_wrong_lines_read(case: dict[str, Any]) -> None:
    document, row = row_of(case, case["first_bad_line"], "align")
    check_reads(document, document.rows.index(row), list(edits(document, row))[::11])


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", thinned(CASES), ids=lambda case: case["id"])
def test_all_edits_of_all_lines_read(case: dict[str, Any], form: str) -> None:
    document = read(written(case, form))
    for number, row in enumerate(document.rows):
        check_reads(document, number, list(edits(document, row)))


def nodes(row: Row) -> Iterator[Node]:
    """All nodes but those within an index; of two readings only the product."""
    for statement in row.statements:
        pending: list[Node] = list(statement.chain.parts[statement.carried :])
        while pending:
            node = pending.pop()
            yield node
            if isinstance(node, CallOrProduct):
                pending.append(node.product)
            elif not isinstance(node, Script):
                pending += parts(node)


INDEX_EDITS = {"swapped-weight-indices", "wrong-index", "off-by-one-layer", "off-by-one-time", "unused-bound-index"}


@pytest.mark.parametrize("case", CASES[::5], ids=lambda case: case["id"])
def test_an_edit_changes_what_its_name_says(case: dict[str, Any]) -> None:
    document = read(written(case))
    row = document.derivation[case["first_bad_line"] or 0]
    sums, quantities = counted(row)
    for edit in edits(document, row):
        now = counted(read(after(document, edit)).derivation[row.index or 0])
        if edit.mistake == "forgotten-sum":
            assert now[0] > sums, edit
        elif edit.mistake in INDEX_EDITS:
            assert now == (sums, quantities), edit


def counted(row: Row) -> tuple[int, Counter[str]]:
    """How many sums a row has, and which quantities, without their indices."""
    found = list(nodes(row))
    names = Counter(node.base for node in found if isinstance(node, Name) and (node.above or node.below))
    return sum(isinstance(node, Sum) for node in found), names


# properties


def check_edits(document: Document, row: Row) -> None:
    found = edits(document, row)
    assert len(found) <= 400
    assert found == edits(document, row)
    assert all(one.cost <= other.cost for one, other in pairwise(found))
    lines = [mended(document, row, edit) for edit in found]
    assert len(set(lines)) == len(lines)
    assert row.source not in lines
    for edit in found:
        assert row.span.start <= edit.span.start <= edit.span.end <= row.span.end
        assert edit.span.within(document.text) != edit.text
        assert edit.cost > 0
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", edit.mistake)
        assert "\n" not in edit.message
        assert len(edit.message) < 300


@pytest.mark.parametrize("case", thinned(CASES), ids=lambda case: case["id"])
def test_edits_are_ordered_distinct_and_in_place(case: dict[str, Any]) -> None:
    document, row = row_of(case, case["first_bad_line"] or 0)
    check_edits(document, row)


@pytest.mark.slow
@pytest.mark.parametrize("case", thinned(CASES), ids=lambda case: case["id"])
def test_edits_of_every_row_are_ordered_distinct_and_in_place(case: dict[str, Any]) -> None:
    document = read(written(case))
    for row in document.rows:
        check_edits(document, row)


def test_the_same_text_gives_the_same_edits() -> None:
    text = written(BY_ID["nielsen-bp2"])
    one, other = read(text), read(text)
    assert [edits(one, row) for row in one.rows] == [edits(other, row) for row in other.rows]


def test_a_row_that_does_not_read_has_none() -> None:
    document = read("% derivation\n\\[ a_j = \\frac{b_j \\]\n\\[ a_j = b_k \\]")
    broken, row = document.rows
    assert broken.problem is not None
    assert edits(document, broken) == ()
    assert edits(document, row)


def test_a_comment_within_a_row_is_left_alone() -> None:
    document = read("\\[ a_j = w_{jk} % - the weights {\n x_k \\]")
    (row,) = document.rows
    found = edits(document, row)
    assert any(edit.mistake == "forgotten-sum" and edit.text == "\\sum_k " for edit in found)
    check_reads(document, 0, list(found))


MACROS = r"""\newcommand{\dl}{\delta^l}\newcommand{\dd}[2]{\frac{\partial #1}{\partial #2}}\newcommand{\two}{u_k v_j}
\newcommand{\qty}[1]{#1^l_{jk}}"""


@pytest.mark.parametrize(
    "formula",
    [
        r"\dl_j = \dd{C}{z_k} \dd{z_k}{z_j} \dl",
        r"\dd{C}{w_{jk}} = \two^2 + \two",
        r"a_j = \qty{w} \qty{v} x_k",
        r"\dd{C}{\dl_j} = \sigma'(\dl_k) \two",
    ],
)
def test_no_edit_cuts_a_macro_in_two(formula: str) -> None:
    document = read(f"{MACROS}\n\\[ {formula} \\]")
    (row,) = document.rows
    assert row.problem is None
    found = edits(document, row)
    assert len(found) > 5
    check_reads(document, 0, list(found))
    for edit in found:
        if edit.mistake in INDEX_EDITS:
            assert counted(read(after(document, edit)).rows[0]) == counted(row), edit
        line = mended(document, row, edit)
        assert set(re.findall(r"\\[A-Za-z]+", line)) - set(re.findall(r"\\[A-Za-z]+", formula)) <= {
            "\\sum", "\\frac", "\\delta", "\\odot", "\\cdot", "\\partial", "\\sigma"
        }  # fmt: skip
        for use in re.finditer(r"\\(?:dl|two)(?![A-Za-z])", document.text[row.span.start : row.span.end]):
            start, end = row.span.start + use.start(), row.span.start + use.end()
            assert not start < edit.span.start < end, edit
            assert not start < edit.span.end < end, edit


def test_what_an_argument_of_a_macro_holds_is_edited() -> None:
    document = read(f"{MACROS}\n\\[ \\dl_j = \\dd{{C}}{{z_k}} \\dd{{z_k}}{{z_i}} \\]")
    (row,) = document.rows
    lines = {mended(document, row, edit) for edit in edits(document, row)}
    assert r"\dl_j = \dd{C}{z_k} \dd{z_k}{z_j}" in lines
    assert r"\dl_j = \sum_k \dd{C}{z_k} \dd{z_k}{z_i}" in lines


LONG = {
    "terms": r"\[ a_i = " + " + ".join(f"w_{{{'ijk'[n % 3]}{'kmn'[n % 3]}}} x_j" for n in range(340)) + r" \]",
    "factors": r"\[ a_i = " + " ".join(f"w_{{{'ijk'[n % 3]}j}}" for n in range(500)) + r" \]",
    "one quantity": r"\[ a_i = w_{" + "ijk" * 334 + r"} \]",
    "chain": r"\[ a_i " + r" ".join(r"= w_{ij} x_j" for n in range(340)) + r" \]",
    "plain": "a_i = " + " + ".join(f"w_i{'kmn'[n % 3]} * x_j" for n in range(340)),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_row_of_a_thousand_indices_is_soon_done(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    document = read(text)
    (row,) = document.rows
    assert row.problem is None
    characters = 0
    read_row = again.read_row

    def counted(line: str, *rest: Any) -> Any:
        nonlocal characters
        characters += len(line)
        return read_row(line, *rest)

    monkeypatch.setattr(again, "read_row", counted)
    found = edits(document, row)
    assert 0 < len(found) <= 120
    assert characters < 60_000
    check_reads(document, 0, list(found[:3]))


def test_a_row_longer_than_a_page_has_none() -> None:
    document = read(r"\[ a = " + " + ".join(["w_{jk}"] * 1200) + r" \]")
    assert document.rows[0].problem is None
    assert edits(document, document.rows[0]) == ()


PIECES = (
    r"\sum_k", "w_{jk}", "w_{kj}", "a_k", "z^{l+1}_j", r"\delta_{jk}", r"\sigma'(z_j)", "+", "-", r"\cdot", r"\odot",
    r"\frac{1}{m}", r"\frac{\partial C}{\partial a_k}", "(1 - h_j^2)", "W^T", r"\|y - a\|^2", "{x_k}^2", r"\frac12",
)  # fmt: skip


def no_two_signs(pieces: list[str]) -> bool:
    """Whether no sign stands beside another: -+w and -w are one expression, so that taking + away changes nothing."""
    return not any({one, other} <= {"+", "-"} for one, other in pairwise(pieces))


@settings(max_examples=40)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).filter(no_two_signs))
def test_edits_of_any_line_read(pieces: list[str]) -> None:
    document = read(rf"\[ d_j = {' '.join(pieces)} \]")
    for number, row in enumerate(document.rows):
        check_reads(document, number, list(edits(document, row))[::6])
