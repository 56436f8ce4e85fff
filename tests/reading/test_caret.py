"""A place in a text, shown: the line, and a caret under it."""

from __future__ import annotations

import pytest

from backprop_proofs.reading import Span, Unreadable
from backprop_proofs.reading.caret import caret, explain
from backprop_proofs.reading.syntax import Lines


@pytest.mark.parametrize(
    ("text", "span", "shown"),
    [
        ("a = + b", Span(4, 5), "a = + b\n    ^"),
        ("first\na = b\n", Span(6, 7), "a = b\n^"),
        ("a = bcd", Span(4, 7), "a = bcd\n    ^^^"),
        ("a =", Span(3, 3), "a =\n   ^"),
        ("\ta = b", Span(1, 2), "    a = b\n    ^"),
        ("误差 = b", Span(5, 6), "误差 = b\n       ^"),
        ("误差 = b", Span(0, 2), "误差 = b\n^^^^"),
        ("e\u0301 = b", Span(5, 6), "e\u0301 = b\n    ^"),
        ("a = b\nc = d", Span(4, 9), "a = b\n    ^"),
        ("a\r\nb = c", Span(3, 4), "b = c\n^"),
        ("\x1b[31m", Span(0, 1), "�[31m\n^"),
        ("", Span(0, 0), "\n^"),
    ],
)
def test_the_caret_stands_under_the_place(text: str, span: Span, shown: str) -> None:
    assert caret(text, span) == shown


def test_long_lines_are_cut_round_the_place() -> None:
    text = "x = " + "a" * 500 + "!" + "b" * 500
    line, under = caret(text, Span(504, 505), 60).split("\n")
    assert len(line) <= 62
    assert line[under.index("^")] == "!"
    assert line.startswith("…")
    assert line.endswith("…")


def test_a_problem_in_words() -> None:
    problem = Unreadable(Span(10, 11), "a letter", "*")
    assert explain("a = b\nc = * d", problem) == "line 2, column 5: expected a letter; found *\nc = * d\n    ^"


def test_lines_and_columns_count_from_one() -> None:
    lines = Lines("ab\n\nc")
    assert [lines.place(at) for at in range(6)] == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2)]
