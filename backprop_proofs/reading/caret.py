"""Where something is: the line of text with a caret under the place."""

from __future__ import annotations

import unicodedata

from backprop_proofs.printable import printable
from backprop_proofs.reading.syntax import Lines, Span, Unreadable

WIDTH = 100  # columns of text that are shown
_TAB = 4


def caret(text: str, span: Span, width: int = WIDTH) -> str:
    """The line where a span starts, and below it ^^^ under what the span covers there; long lines are cut."""
    lines = Lines(text)
    number, column = lines.place(min(span.start, len(text)))
    start = lines.starts[number - 1]
    line = text[start:].split("\n", 1)[0].rstrip("\r")
    first = min(column - 1, len(line))
    last = max(first + 1, min(first + span.end - span.start, len(line)))
    low, high = _window(line, first, width)
    head, tail = "…" * (low > 0), "…" * (high < len(line))
    shown = head + printable(line[low:high].replace("\t", " " * _TAB)) + tail
    under = " " * (len(head) + _columns(line[low:first]))
    return f"{shown}\n{under}{'^' * max(1, _columns(line[first : min(last, high)]))}"


def explain(text: str, problem: Unreadable, width: int = WIDTH) -> str:
    """A problem as people read it: line and column, what was expected and found, and the caret."""
    number, column = Lines(text).place(min(problem.span.start, len(text)))
    return f"line {number}, column {column}: {problem.message}\n{caret(text, problem.span, width)}"


def _window(line: str, first: int, width: int) -> tuple[int, int]:
    """The part of a line that is shown: all of it, or a piece round the place."""
    if len(line) <= width:
        return 0, len(line)
    low = max(0, min(first - width // 3, len(line) - width))
    return low, low + width


def _columns(text: str) -> int:
    """How wide a text is on a terminal."""
    return sum(_TAB if char == "\t" else _width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
