"""The edits that are tried on a wrong line: each says something else, and none leaves a stray letter or makes one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from reading.written import WRONG, row_of

from backprop_proofs.reading import read
from backprop_proofs.reading.edits import edits, mended, search, tried
from backprop_proofs.reading.edits.page import Page
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.syntax import Span


def lines(text: str, *stray: str) -> list[str]:
    """The mended lines that are tried on the last row."""
    document = read(text)
    return [mended(document, document.rows[-1], edit) for edit, _ in tried(document, document.rows[-1], stray)]


@pytest.mark.parametrize("case", WRONG[::4], ids=lambda case: case["id"])
def test_each_says_what_its_line_says(case: dict[str, Any]) -> None:
    document, row = row_of(case, case["first_bad_line"])
    found = list(tried(document, row))
    known = edits(document, row)
    assert [edit for edit, _ in found] == [edit for edit in known if edit in {each for each, _ in found}]
    said = [statements for _, statements in found]
    assert len(set(said)) == len(said)
    assert row.statements not in said
    for edit, statements in found[::7]:
        text = document.text[: edit.span.start] + edit.text + document.text[edit.span.end :]
        assert read(text).derivation[row.index or 0].statements == statements


def test_none_says_that_x_is_x() -> None:
    assert "d_j = d_j" not in lines(r"\[ d_j = e_j \]")
    assert "d_j = q_j" in lines("\\[ q_j = 2 \\]\n\\[ d_j = e_j \\]")
    assert "C = a - b = a - b" in lines(r"\[ C = a - b = a + b \]")


def test_what_only_moves_blanks_is_no_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    document = read(r"\[ a = b c \]")
    (row,) = document.rows

    def drafts(page: Page) -> Iterator[Draft]:
        place = Span(row.span.end - 3, row.span.end)
        yield from (Draft("sign", [Change(place, text)], place, 1) for text in ("b  c", "b \n c", "c b"))

    monkeypatch.setattr(search, "_GENERATORS", (drafts,))
    assert [edit.text for edit in edits(document, row)] == ["c b"]


def test_a_stray_letter_is_summed_over_or_goes() -> None:
    text = r"\[ d_j = w_{kj} e_k + f_j \]"
    found = lines(text, "k")
    assert set(found) < set(lines(text))
    for line in (r"d_j = \sum_k w_{kj} e_k + f_j", "d_j = w_{kj} e_j + f_j", "d_j = w_{jj} e_j + f_j"):
        assert line in lines(text)
        assert (line in found) == (line.count("k") != 2)
    assert "d_j = w_{kj} e_k - f_j" not in found


@pytest.mark.parametrize(
    ("text", "letter", "line"),
    [
        ("dⱼ = wₖⱼ eₖ", "k", "dⱼ = Σ_k wₖⱼ eₖ"),
        ("d_j = w_αj e_α", "alpha", "d_j = Σ_α w_αj e_α"),
        (r"\[ d_j = w_{\beta j} e_\beta \]", "beta", r"d_j = \sum_{\beta} w_{\beta j} e_\beta"),
        (r"\[ d = \sum_k w_k + e_k \]", "k", r"d = \sum_k (w_k + e_k)"),
    ],
)
def test_a_stray_letter_in_every_spelling(text: str, letter: str, line: str) -> None:
    found = lines(text, letter)
    assert line in found
    assert not [each for each in found if "-" in each]
    assert [each for each in lines(text) if "-" in each]


def test_no_letter_of_a_sum_goes_astray() -> None:
    text = r"\[ d_j = \sum_k w_{kj} e_k \]"
    document = read(text)
    known = [mended(document, document.rows[0], edit) for edit in edits(document, document.rows[0])]
    assert "d_j = w_{kj} e_k" in known
    assert "d_j = w_{kj} e_k" not in lines(text)
    assert "d_j = e_j w_{jj}" not in known
    assert r"d_j = \sum_k w_{jk} e_k" in lines(text)
