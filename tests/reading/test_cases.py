"""Every line of every collected derivation reads, in each form it could be handed in, and counts as one row."""

from __future__ import annotations

from typing import Any

import pytest
from reading.trees import shown
from reading.written import CASES, FORMS, MACROS, written

from backprop_proofs.reading import read
from backprop_proofs.reading.syntax import Product

# (case, row): why it does not read. Nothing of the collection is left out.
UNREAD: dict[tuple[str, int], str] = {}


def test_the_collection_is_whole() -> None:
    assert len(CASES) == 82
    assert not any("syntax" in case["line_status"] for case in CASES)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_every_line_reads_and_is_one_row(case: dict[str, Any], form: str) -> None:
    document = read(written(case, form))
    unread = {row.index: row.problem.message for row in document.rows if row.problem}
    assert unread == {row: why for (name, row), why in UNREAD.items() if name == case["id"]}
    assert len(document.given) == len(case["definitions"])
    assert [row.index for row in document.derivation] == list(range(len(case["lines"])))
    assert all(row.statements for row in document.rows)
    assert document.passed_over == ()


LATEX = [case for case in CASES if case["notation"] == "latex"]  # in text, dollar signs change how far a script goes


@pytest.mark.parametrize("case", LATEX, ids=lambda case: case["id"])
def test_every_form_says_the_same(case: dict[str, Any]) -> None:
    def said(form: str) -> list[list[str]]:
        rows = read(written(case, form)).rows
        return [[shown(statement.chain) for statement in row.statements] for row in rows]

    assert all(said(form) == said("align") for form in FORMS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_sources_and_places_are_those_of_the_text(case: dict[str, Any]) -> None:
    text = written(case)
    lines = text.split("\n")
    for row in read(text).rows:
        assert row.span.within(text).strip() == row.source
        assert lines[row.line - 1][row.column - 1 :].startswith(row.source.split("\n")[0])
        assert row.source.split()[-1].rstrip(".,;") in lines[row.line - 1]


def test_a_row_that_starts_with_a_relation_carries_the_left_side_on() -> None:
    for case in CASES:
        document = read(written(case))
        for row, line in zip(document.derivation, case["lines"], strict=True):
            bare = line.replace("&", "").strip()
            assert row.statements[0].carried == bare.startswith("="), line
    carried = read("a_j = b_j \\\\ = c_j").rows[1].statements[0]
    assert (carried.carried, shown(carried.chain)) == (True, "a_j = c_j")


def test_macros_are_expanded_at_the_place_of_use() -> None:
    text = MACROS + r"\[ \pd{J}{W_{ij}} = \bdelta \bx \]"
    (row,) = read(text).rows
    derivative, product = row.statements[0].chain.parts
    assert shown(derivative) == "(∂ J / W_{i,j})"
    assert isinstance(product, Product)
    assert derivative.span.within(text) == r"\pd{J}{W_{ij}}"
    assert [factor.span.within(text) for factor in product.factors] == [r"\bdelta", r"\bx"]
