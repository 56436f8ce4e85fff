"""Whether an edited row reads again: the same statements, all but the edited side unchanged."""

from __future__ import annotations

from backprop_proofs.errors import InvalidInput
from backprop_proofs.reading.document import Document, Row, read
from backprop_proofs.reading.edits.layout import prepared
from backprop_proofs.reading.edits.style import Style, position
from backprop_proofs.reading.edits.writing import Change, spliced
from backprop_proofs.reading.lexer import Mode, has_commands, mode_of, scan
from backprop_proofs.reading.macros import Expander
from backprop_proofs.reading.rows import Statement, cut_rows, read_row
from backprop_proofs.reading.syntax import CannotRead, Span
from backprop_proofs.reading.tokens import Token
from backprop_proofs.reading.words import is_prose

_LONGEST_DOCUMENT = 20_000  # characters of a document that is read as a whole for one edit
_MOST_READINGS = 60  # of a whole document

Part = tuple[int, int]


class Again:
    """Reads one row again, alone where that gives what the document gave, else with its whole document."""

    def __init__(self, document: Document, row: Row, text: str, style: Style):
        self.document, self.row, self.text, self.style = document, row, text, style
        whole = prepared(document.text)
        self.marked = whole.marked
        self.commands = has_commands(whole.clean)
        self.expander = Expander(whole.macros if document.macros else {})
        self.pieces = len(self._cut(row.span.within(text)))
        self.alone = self._statements(row.span.within(text)) == row.statements
        self.left = _MOST_READINGS if len(document.text) <= _LONGEST_DOCUMENT else 0

    def reads(self, change: Change, touched: set[Part]) -> tuple[Statement, ...] | None:
        """What the row says after an edit, if that is the same in every part but those touched."""
        statements = self.after(change)
        return statements if statements and _same(self.row.statements, statements, touched) else None

    def after(self, change: Change) -> tuple[Statement, ...] | None:
        """What the row says after an edit, or None where it does not read then."""
        if self.alone:
            line = spliced(self.text, self.row.span, [change])
            prose = not self.style.delimited and is_prose(line, self.marked)
            return None if prose else self._statements(line)
        return self._within_document(change)

    def _within_document(self, change: Change) -> tuple[Statement, ...] | None:
        if not self.left:
            return None
        self.left -= 1
        whole = Span(0, len(self.document.text))
        try:
            again = read(spliced(self.document.text, whole, [change]))
        except InvalidInput:
            return None
        if len(again.rows) != len(self.document.rows):
            return None
        row = again.rows[position(self.document, self.row)]
        return row.statements if row.problem is None else None

    def _cut(self, line: str) -> list[list[Token]]:
        mode = self.style.mode if self.style.delimited else mode_of(line, beside_commands=self.commands)
        macros = self.expander.macros if mode is Mode.LATEX else {}
        try:
            return cut_rows(self.expander.expand(scan(line, 0, len(line), mode, macros)))
        except CannotRead:
            return []

    def _statements(self, line: str) -> tuple[Statement, ...] | None:
        """What the row says when it is written so, or None where it does not read by itself."""
        rows = self._cut(line)
        if not rows or len(rows) != self.pieces:
            return None
        first = self.row.statements[0] if self.row.statements else None
        left = first.chain.parts[0] if first and first.carried else None
        reading = read_row(line, [token for row in rows for token in row], left)
        return reading.statements if reading.problem is None else None


def _same(before: tuple[Statement, ...], after: tuple[Statement, ...], touched: set[Part]) -> bool:
    if len(before) != len(after):
        return False
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        if one.carried != other.carried or one.chain.relations != other.chain.relations:
            return False
        if len(one.chain.parts) != len(other.chain.parts):
            return False
        for at, (was, now) in enumerate(zip(one.chain.parts, other.chain.parts, strict=True)):
            if (number, at) not in touched and was != now and not (at == 0 and other.carried):
                return False
    return True
