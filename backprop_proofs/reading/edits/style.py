"""The manner in which a row is written: its sums, fractions, transposes and indices."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from backprop_proofs.reading.commands import CHARACTERS, LOWER, UPPER
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.edits.layout import inside, prepared
from backprop_proofs.reading.lexer import Mode, has_commands, mode_of
from backprop_proofs.reading.syntax import (
    Group,
    Name,
    Node,
    Number,
    Product,
    Quotient,
    Script,
    Span,
    Sum,
    Transpose,
    span_of,
)

_SUM_SIGN = re.compile(r"(?:\\?[A-Za-z]+|[∑Σ])(?:\\limits)?")
MARK = re.compile(
    r"\^\s*\{\s*(?:T|\\?top|Tr|\\intercal|\\mathrm\s*\{\s*T\s*\}|\\text\s*\{\s*T\s*\})\s*\}|\^\s*(?:Tr|T|\\?top|\\intercal|⊤)|\.T|ᵀ"
)
INNER_MARK = re.compile(r"(?<=[\])])\s*(?:T|\\top|\\intercal)(?=\s*\})")
_BRACED = re.compile(r"[_^]\s*\{|\}\s*[_^]")
_RAISED = {plain: small for small, plain in reversed(UPPER.items())}
_LOWERED = {plain: small for small, plain in reversed(LOWER.items())}
_NEAR = 6  # rows before and after whose manner counts
_MOST_GIVEN = 24


class Style:
    """How a writer writes."""

    def __init__(self, document: Document, row: Row):
        self.text = document.text
        self.mode, self.delimited = _mode(document, row)
        self.slash = "\\" if self.mode is Mode.LATEX else ""
        self.sum_sign = "\\sum" if self.slash else "sum"
        self.sum_in_brackets = False
        self.transposed = "^T"
        self.transposes_in_brackets = False  # (w^l)^T
        self.transposes_inside = False  # W^{[l]T}
        self.ones_over: dict[str, str] = {}  # a letter or number, and 1 over it as written
        self.uppers: dict[str, str] = {}  # what sums run up to
        for node in _nodes((row, *near(document, row))):
            self._see(node)
        if self.mode is Mode.TEXT and not self.text.isascii() and self.sum_sign == "sum":
            self.sum_sign = "Σ"

    def _see(self, node: Node) -> None:
        written = span_of(node).within(self.text)
        match node:
            case Sum(kind="sum"):
                sign = _SUM_SIGN.match(written)
                if sign and self.sum_sign in ("\\sum", "sum"):
                    self.sum_sign = sign.group()
                    after = self.text[: span_of(node.body).start].rstrip()[-1:] == ")"
                    self.sum_in_brackets = self.mode is Mode.TEXT and not after and isinstance(node.body, Group)
                if isinstance(node.upper, Name):
                    self.uppers.setdefault(node.upper.base, span_of(node.upper).within(self.text))
            case Name(base="R", marks=marks, above=(Script(items=(Product(factors=sizes), *_)), *_)) if "bb" in marks:
                for size in sizes:  # of a matrix, as in R^{n × m}
                    if isinstance(size, Name):
                        self.uppers.setdefault(size.base, span_of(size).within(self.text))
            case Transpose() if self.transposed == "^T":
                mark = MARK.search(written)
                self.transposed = mark.group() if mark else self.transposed
                self.transposes_in_brackets |= mark is not None and written[: mark.start()].rstrip().endswith(")")
                self.transposes_inside |= mark is None and INNER_MARK.search(written) is not None
            case Quotient(top=Number(value=value), bottom=Name(above=(), below=()) | Number()) if value == 1:
                bottom = node.bottom.base if isinstance(node.bottom, Name) else span_of(node.bottom).within(self.text)
                if (fraction := self._fraction(span_of(node), bottom)) is not None:
                    self.ones_over.setdefault(bottom, fraction)
            case _:
                pass

    def _fraction(self, span: Span, bottom: str) -> str | None:
        r"""1 over something as written there, {1 \over n} with its braces."""
        start, end = span
        written = span.within(self.text)
        if written.startswith("\\over"):
            opened = self.text.rfind("{", 0, start)
            closed = self.text.find("}", end - 1)
            return self.text[opened : closed + 1] if opened >= 0 and closed >= 0 else None
        if not written.startswith("\\") or written.startswith(("\\frac", "\\dfrac", "\\tfrac")):
            return written if written.count("{") == written.count("}") and bottom in written else None
        return None

    # pieces

    def one_over(self, bottom: str) -> str:
        """1/m in the writer's manner."""
        if bottom in self.ones_over:
            written = self.ones_over[bottom]
            return f"({written})" if "/" in written else written
        if self.mode is Mode.TEXT:
            return f"(1/{bottom})"
        return f"{self.slash}frac{{1}}{{{bottom}}}"

    def sum_over(self, letter: str) -> str:
        r"""\sum_k, without what is summed."""
        if len(letter) > 1 and self.mode is not Mode.TEXT:
            letter = f"{{{letter}}}"
        return f"{self.sum_sign}_{letter}"

    def script(self, sign: str, text: str) -> str:
        """A superscript or subscript."""
        if len(text) == 1:
            return sign + text
        if self.mode is Mode.TEXT:
            return f"{sign}({text})" if re.search(r"[+\-]", text) else sign + text
        return f"{sign}{{{text}}}"

    def command(self, name: str, character: str) -> str:
        r"""\odot where commands are written, else the character."""
        return character if self.mode is Mode.TEXT else f"{self.slash}{name}"

    def like(self, text: str, place: Span) -> str | None:
        """An index written as small as the one at a place; None where there are no such characters."""
        now = self.text[place.start : place.start + 1]
        table = _RAISED if now in UPPER and now not in CHARACTERS else _LOWERED if now in LOWER else None
        if table is None:
            return text
        return "".join(table[char] for char in text) if all(char in table for char in text) else None

    def is_small(self, place: Span) -> bool:
        """Whether a small Unicode character such as ₖ stands there."""
        now = self.text[place.start : place.start + 1]
        return bool(now) and (now in LOWER or (now in UPPER and now not in CHARACTERS))


def near(document: Document, row: Row) -> Sequence[Row]:
    """The rows around one, nearest first, then those that define."""
    at = position(document, row)
    before = document.rows[max(0, at - _NEAR) : at]
    after = document.rows[at + 1 : at + 1 + _NEAR]
    chosen = [*reversed(before), *after]
    given = islice((other for other in document.rows if other.given), _MOST_GIVEN)
    chosen += [other for other in given if not any(other is one for one in (row, *chosen))]
    return chosen


def position(document: Document, row: Row) -> int:
    """The number of a row among all of a document."""
    return bisect.bisect_left(document.rows, row.span.start, key=lambda other: other.span.start)


def _nodes(rows: Sequence[Row], most: int = 6_000) -> Iterator[Node]:
    pending: list[Node] = [
        part
        for row in reversed(rows)
        for statement in reversed(row.statements)
        for part in reversed(statement.chain.parts[statement.carried :])
    ]
    while pending and most:
        node = pending.pop()
        most -= 1
        yield node
        pending.extend(reversed(list(inside(node))))


def _mode(document: Document, row: Row) -> tuple[Mode, bool]:
    """How the piece is spelled in which a row stands, and whether it stands between delimiters."""
    text = prepared(document.text)
    block = text.piece_at(row.span.start)
    if block is None:
        return mode_of(row.span.within(document.text), beside_commands=has_commands(document.text)), False
    inner = next((span for span in block.inner if span.start <= row.span.start < span.end), row.span)
    quoted = block.kind == "inline" and text.clean[inner.start - 1 : inner.start] == "`"
    delimited = block.kind in ("display", "inline") and not quoted
    return mode_of(
        (inner if delimited else row.span).within(text.clean), delimited, has_commands(text.clean)
    ), delimited
