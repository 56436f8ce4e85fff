"""A whole text: its rows, those that define and those of the derivation, each with its place and what it says."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from backprop_proofs.errors import InvalidInput
from backprop_proofs.reading.blocks import Block, Heading, blocks, headings, without_comments
from backprop_proofs.reading.lexer import Mode, has_commands, mode_of, scan
from backprop_proofs.reading.macros import Expander, Macro, collect
from backprop_proofs.reading.rows import Reading, Remark, Statement, cut_rows, equates, only_condition, read_row
from backprop_proofs.reading.syntax import CannotRead, Chain, Lines, Name, Node, Span, Unreadable
from backprop_proofs.reading.tokens import Token
from backprop_proofs.reading.words import is_code, is_prose, joined_by_relation, stated, without_bullet

LONGEST_TEXT = 1_000_000  # characters
LARGEST_FILE = 4 * LONGEST_TEXT  # bytes
LONGEST_PIECE = 60_000  # characters of one display or line
MOST_ROWS = 4_000
MOST_TOKENS = 30_000  # of all formulas of one text
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_RELATION = re.compile(
    r"(?<![<>])=(?!>)|≡|≜|≔|∝|≈|\\(?:equiv|propto|approx|triangleq|coloneqq|doteq|eq|in)(?![A-Za-z])|∈"
)
_SILENT = r"\\(?:left|right|displaystyle|textstyle|[bB]igg?[lrm]?|nonumber|notag|limits)(?![A-Za-z])\.?\s*"
_SILENT_BEFORE = re.compile(rf"(?:{_SILENT})+\Z")
_SILENT_AFTER = re.compile(rf"\s*(?:{_SILENT})+")
_CONDITION = re.compile(r"\W*(?:for|if|when|in (?:the )?case|case|suppose|assume|assuming|consider|let)\b", re.I)
_OPERATORS = frozenset(("SIGN", "OP"))


@dataclass(frozen=True)
class Row:
    r"""A row as written: one row of an align block, one display, one line of text.

    index: its number among the derivation's rows, from 0; None in the given part. statements: the chains in it, mostly
    one; remarks: what stands beside them, and "For i = j:" just before; cases: such conditions further up; tags: of
    \tag and \label; before: the words before it. problem: what could not be read, if anything; the statements that
    could be read are there all the same.
    """

    index: int | None
    line: int
    column: int
    source: str
    span: Span
    statements: tuple[Statement, ...]
    remarks: tuple[Remark, ...] = ()
    cases: tuple[Chain, ...] = ()
    tags: tuple[str, ...] = ()
    before: str = ""
    problem: Unreadable | None = None

    @property
    def given(self) -> bool:
        """Whether it stands in the part that defines."""
        return self.index is None


@dataclass(frozen=True)
class Document:
    """What a text says. passed_over: the places that hold a relation and were taken for prose."""

    text: str
    rows: tuple[Row, ...]
    macros: tuple[str, ...] = ()
    passed_over: tuple[Span, ...] = ()

    @property
    def given(self) -> tuple[Row, ...]:
        """The rows of the given part."""
        return tuple(row for row in self.rows if row.given)

    @cached_property
    def beside(self) -> str:
        """The text with its rows blanked; each place stays where it is."""
        text = self.text
        for row in self.rows:
            text = text[: row.span.start] + " " * (row.span.end - row.span.start) + text[row.span.end :]
        return text

    @property
    def derivation(self) -> tuple[Row, ...]:
        """The rows of the derivation; `index` counts them."""
        return tuple(row for row in self.rows if not row.given)


def read(text: str) -> Document:
    """The rows of a text: LaTeX, Markdown or plain.

    A row that cannot be read says so itself and does not hinder the others. Raises InvalidInput, one line, for a text
    that is no text or is too long.
    """
    if "\0" in text:
        raise InvalidInput(f"a text has no NUL characters; found one at character {text.index(chr(0)) + 1:,}")
    if len(text) > LONGEST_TEXT:
        raise InvalidInput(f"a text of at most {LONGEST_TEXT:,} characters is read; found {len(text):,}")
    return _Reader(text).run()


def read_bytes(data: bytes) -> Document:
    """`read` of what the bytes say. Raises InvalidInput."""
    return read(decoded(data))


def decoded(data: bytes) -> str:
    """What the bytes of a text file say: UTF-8, UTF-16 with its mark, else Latin-1. Raises InvalidInput, one line."""
    if len(data) > LARGEST_FILE:
        raise InvalidInput(f"a file of at most {LARGEST_FILE:,} bytes is read; found {len(data):,}")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError:
            raise InvalidInput("the file starts like UTF-16 and is not; save it as UTF-8") from None
    if b"\0" in data:
        raise InvalidInput(f"a text file has no NUL bytes; found one at byte {data.index(0) + 1:,}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


class _Reader:
    def __init__(self, text: str):
        self.text = text
        plain = text.replace("\r\n", " \n").replace("\r", "\n")
        bare, from_comments = without_comments(plain)
        self.macros: dict[str, Macro]
        self.macros, self.clean = collect(bare)
        self.commands = has_commands(self.clean)
        self.expander = Expander(self.macros)
        self.lines = Lines(plain)
        self.headings = sorted((*from_comments, *headings(self.clean)), key=lambda heading: heading.start)
        self.parts = _Parts(self.clean, self.headings)
        self.rows: list[Row] = []
        self.passed: list[Span] = []
        self.words: list[str] = []
        self.left: Node | None = None
        self.said: list[Remark] = []  # the conditions since the last row
        self.cases: tuple[Chain, ...] = ()
        self.lefts: set[Node | None] = set()
        self.tokens = self.counted = self.read_to = 0

    def run(self) -> Document:
        pieces = list(blocks(self.clean, self.macros))
        strict = any(block.kind in ("display", "inline") for block in pieces) or "\\begin{document}" in self.clean
        at = 0
        while at < len(pieces):
            block = pieces[at]
            self.read_to = pieces[at - 1].span.end if at else 0
            at += 1
            if block.kind == "display":
                self._display(block.inner[0])
            elif block.kind == "inline":
                self._inline(block)
            elif block.kind == "line":
                lines = [block]
                while at < len(pieces) and pieces[at].kind == "line":
                    lines.append(pieces[at])
                    at += 1
                self._lines(lines, strict)
        return Document(self.text, tuple(self.rows), tuple(self.macros), tuple(self.passed))

    # the kinds of blocks

    def _display(self, span: Span) -> None:
        if not self.clean[span.start : span.end].strip():
            return
        for tokens in _continued(self._cut(span, delimited=True)):
            place = _place(tokens)
            if isinstance(tokens[0], _Failed):
                self._add(_unread(tokens[0].error), place)
            elif _relates(tokens):
                self._add(self._read(tokens), self._widened(place, span))

    def _widened(self, place: Span, within: Span) -> Span:
        r"""A place with the commands round it that say nothing by themselves, such as \left. and \displaystyle."""
        before = _SILENT_BEFORE.search(self.clean, max(within.start, place.start - 80), place.start)
        after = _SILENT_AFTER.match(self.clean, place.end, within.end)
        return Span(before.start() if before else place.start, after.end() if after else place.end)

    def _inline(self, block: Block) -> None:
        """The formulas in one line of prose: one row, if any of them states something."""
        readings: list[Reading] = []
        places: list[Span] = []
        whole = self._prose_of_line(block)
        for span in joined_by_relation(self.clean, block.inner):
            rows = self._cut(span, delimited=self.clean[span.start - 1 : span.start] != "`")
            for tokens in _continued(rows):
                failed = tokens[0].error if isinstance(tokens[0], _Failed) else None
                if not (_relates(tokens) or (failed and "=" in span.within(self.clean))):
                    continue
                reading = _unread(failed) if failed else self._read(tokens)
                if reading.problem is None and whole and (only_condition(reading) or not equates(reading)):
                    self._say(reading, span)
                    continue
                if reading.statements or reading.problem:
                    readings.append(reading)
                    places.append(Span(span.start, span.end))
        self.words.append(whole)
        if readings:
            self._add(_together(readings), Span(places[0].start, places[-1].end))

    def _prose_of_line(self, block: Block) -> str:
        """The words before the first formula of a line, or after its last."""
        start = max(self.clean.rfind("\n", 0, block.span.start) + 1, self.read_to)
        stop = self.clean.find("\n", block.span.end)
        before, after = self.clean[start : block.span.start], self.clean[block.span.end : stop if stop >= 0 else None]
        return before.strip(" \t>*-") or re.sub(r"[\W_]+", " ", after).strip()

    def _lines(self, pieces: list[Block], strict: bool) -> None:
        """Plain lines without a blank between them."""
        texts = [self.clean[piece.span.start : piece.span.end] for piece in pieces]
        bullets = len(texts) > 1 and all(text.lstrip().startswith("- ") for text in texts)
        for piece in pieces:
            span = self._after_heading(piece.span)
            span = without_bullet(self.clean, span, bullets)
            line = self.clean[span.start : span.end]
            if not line.strip():
                continue
            if not _RELATION.search(line):
                if self._goes_on(span, line):
                    continue
                self.words.append(line.strip())
            elif is_code(line):
                self._add(_unread(CannotRead(span, "a formula", "a call of a library")), span)
            elif is_prose(line, strict):
                self._pass_over(span)
            else:
                self._plain(span, line, strict)

    def _plain(self, span: Span, line: str, strict: bool) -> None:
        for tokens in _continued(self._cut(span, delimited=False)):
            if isinstance(tokens[0], _Failed):
                self._add(_unread(tokens[0].error), span)
                continue
            if not _relates(tokens):
                continue
            reading = self._read(tokens)
            if reading.problem is not None and (strict or not stated(line)):
                self._pass_over(span)
            elif only_condition(reading) and _CONDITION.match(line):
                self._say(reading, span)
            elif reading.problem is not None or equates(reading) or not only_condition(reading):
                self._add(reading, self._widened(_place(tokens), span))

    def _goes_on(self, span: Span, line: str) -> bool:
        """A line such as "+ b_j" goes on with the plain row above: that row is read again, with it."""
        if not self.rows or line.lstrip()[:1] not in tuple("+-*·×⊙∘") or is_prose(line, False):
            return False
        last = self.rows[-1]
        if "\n" in self.clean[last.span.end : span.start].strip(" \t\r").removeprefix("\n"):
            return False
        whole = Span(last.span.start, span.end)
        rows = _continued(self._cut(whole, delimited=False))
        if len(rows) != 1 or isinstance(rows[0][0], _Failed):
            return False
        carried = last.statements[0].carried if last.statements else False
        reading = self._read(rows[0], last.statements[0].chain.parts[0] if carried else None)
        if reading.problem is not None:
            return False
        self.rows.pop()
        self.counted -= last.index is not None
        self._append(reading, _place(rows[0]), last.index is None, last.before)
        return True

    def _say(self, reading: Reading, span: Span) -> None:
        """Keep the condition of "For i = j:" for the rows below."""
        source = span.within(self.clean)
        self.said += [Remark(source, span, statement.chain) for statement in reading.statements]

    # rows

    def _cut(self, span: Span, delimited: bool) -> list[list[Token]]:
        """The raw tokens of a piece, row by row."""
        if span.end - span.start > LONGEST_PIECE:
            raise InvalidInput(
                f"a display or line of at most {LONGEST_PIECE:,} characters is read; this text has a longer one"
            )
        mode = mode_of(self.clean[span.start : span.end], delimited, self.commands)
        tokens = scan(self.clean, span.start, span.end, mode, self.macros if mode is Mode.LATEX else ())
        try:
            tokens = self.expander.expand(tokens)
        except CannotRead as error:
            return [[_Failed(error, span)]]
        self.tokens += len(tokens)
        if self.tokens > MOST_TOKENS:
            raise InvalidInput(f"formulas of at most {MOST_TOKENS:,} signs in all are read; this text has more")
        return cut_rows(tokens)

    def _read(self, tokens: list[Token], left: Node | None = None) -> Reading:
        return read_row(self.clean, tokens, left or self.left)

    def _add(self, reading: Reading, span: Span) -> None:
        if not reading.statements and reading.problem is None:
            return
        left = reading.statements[0].chain.parts[0] if reading.statements else None
        given = self.parts.given(span.start, isinstance(left, Name) and left not in self.lefts, bool(self.words))
        self.lefts |= {left} - {None}
        before = " ".join((*self.words, reading.words)).strip()[-400:]
        if self.said:
            reading = replace(reading, remarks=(*self.said, *reading.remarks))
            self.said, self.cases = [], tuple(remark.chain for remark in self.said if remark.chain is not None)
            above: tuple[Chain, ...] = ()
        else:
            above = self.cases
        self.words = []
        self._append(reading, span, given, before, above)

    def _append(self, reading: Reading, span: Span, given: bool, before: str, cases: tuple[Chain, ...] = ()) -> None:
        if len(self.rows) >= MOST_ROWS:
            raise InvalidInput(f"a text of at most {MOST_ROWS:,} rows is read; this one has more")
        line, column = self.lines.place(span.start)
        index = None if given else self.counted
        self.counted += not given
        source = self.text[span.start : span.end].strip()
        self.rows.append(
            Row(
                index,
                line,
                column,
                source,
                span,
                reading.statements,
                reading.remarks,
                cases,
                reading.tags,
                before,
                reading.problem,
            )
        )
        self.left = reading.left

    def _after_heading(self, span: Span) -> Span:
        """What is left of a line after the heading in it."""
        end = self.parts.heading_end(span)
        return Span(min(end, span.end), span.end) if end else span

    def _pass_over(self, span: Span) -> None:
        self.passed.append(span)
        self.words.append(self.clean[span.start : span.end].strip())


class _Parts:
    """Which part of a text a place belongs to."""

    def __init__(self, text: str, found: list[Heading]):
        self.text, self.headings = text, found
        self.starts = [heading.start for heading in found]
        self.at = 0
        self.inside = False
        self.open_since = -1  # where a given part began whose end no heading marks
        self.after_rows = False  # whether it stands within a derivation, as "where" does
        self.rows_outside = 0
        self.rows_inside = 0
        self.last_row = 0

    def given(self, place: int, defines: bool, after_words: bool) -> bool:
        """Whether a row at `place` is in a given part; asked for the rows in their order.

        defines: whether its left side is a name that stands on the left of none before. after_words: whether there is
        prose between it and the row before. A given part within a derivation ends with what does not define, or words.
        """
        while self.at < len(self.headings) and self.headings[self.at].start <= place:
            heading = self.headings[self.at]
            self.at += 1
            self.inside = heading.kind in ("given", "where")
            self.rows_inside = 0
            self.after_rows = heading.kind == "where" and self.rows_outside > 0
            open_ = self.inside and (self.after_rows or self.at == len(self.headings))
            self.open_since = heading.end if open_ else -1
        if self.inside and self.open_since >= 0 and self.rows_inside:
            self.inside = not _BLANK_LINE.search(self.text, self.last_row, place)
        if self.inside and self.after_rows:
            self.inside = defines and not (after_words and self.rows_inside)
        self.rows_inside += self.inside
        self.rows_outside += not self.inside
        self.last_row = place
        return self.inside

    def heading_end(self, span: Span) -> int:
        """Where the last heading that stands in a line ends; 0 if none does."""
        first = bisect.bisect_left(self.starts, span.start)
        last = bisect.bisect_left(self.starts, span.end)
        return max((heading.end for heading in self.headings[first:last]), default=0)


class _Failed(Token):
    """Stands for a piece whose macros could not be expanded."""

    __slots__ = ("error",)

    def __init__(self, error: CannotRead, span: Span):
        super().__init__("failed", "", span.start, span.end)
        self.error = error


def _unread(error: CannotRead) -> Reading:
    return Reading((), (), (), "", error.problem, None)


def _together(readings: list[Reading]) -> Reading:
    """The readings of the formulas in one line, as one."""
    problem = next((reading.problem for reading in readings if reading.problem), None)
    return Reading(
        tuple(statement for reading in readings for statement in reading.statements),
        tuple(remark for reading in readings for remark in reading.remarks),
        tuple(tag for reading in readings for tag in reading.tags),
        " ".join(reading.words for reading in readings if reading.words),
        problem,
        readings[-1].left,
    )


def _place(tokens: list[Token]) -> Span:
    return Span(tokens[0].start, max(token.end for token in tokens))


def _relates(tokens: list[Token]) -> bool:
    return any(token.type == "REL" for token in tokens)


def _top_level(tokens: list[Token]) -> Iterator[Token]:
    level = 0
    for token in tokens:
        level += {"{": 1, "}": -1, "begin": 1, "end": -1, "LP": 1, "RP": -1}.get(token.type, 0)
        if level <= 0 and token.type not in ("amp", "}", "RP"):
            yield token


def _continued(rows: list[list[Token]]) -> list[list[Token]]:
    """Rows joined where one is broken in the middle of an expression: after an operator, before one, in brackets."""
    joined: list[list[Token]] = []
    for row in rows:
        if joined and _goes_on(joined[-1], row):
            joined[-1] = joined[-1] + row
        else:
            joined.append(row)
    return joined


def _goes_on(before: list[Token], row: list[Token]) -> bool:
    first = next((token for token in row if token.type not in ("amp", "skip")), None)
    last = next((token for token in reversed(before) if token.type not in ("amp", "skip")), None)
    if first is None or last is None or first.type == "REL" or first.type == "ARROW":
        return False
    if last.type in _OPERATORS or last.type == "REL":
        return True
    if first.type in _OPERATORS:
        return not any(token.type == "REL" and token.text != "∈" for token in _top_level(row))
    balance = sum({"LP": 1, "RP": -1}.get(token.type, 0) for token in before)
    return balance > 0 and not any(token.type == "REL" for token in _top_level(row))
