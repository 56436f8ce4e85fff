"""A checked derivation as lines of text: a mark a line, then where and why the first wrong one fails, what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, CheckedLine, Repair, Report
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.network import Network
from backprop_proofs.reading.caret import caret
from backprop_proofs.reading.syntax import Lines, Span
from backprop_proofs.render.ink import BLANK, Ink, join, length, wrapped
from backprop_proofs.render.prose import ascii_text
from backprop_proofs.render.report_parts import (
    NOTHING,
    deciding,
    dialect,
    dots,
    failure,
    file_name,
    first_wrong,
    mark,
    mending,
    plainly,
    remarks,
    said,
    shortened,
    tally,
    with_verdict,
)
from backprop_proofs.render.text import BAD, GOOD, LABEL, MARK, TITLE

TAGS = {PROVED: GOOD, REFUTED: BAD, UNDECIDED: LABEL, UNREADABLE: LABEL}
_LONGEST_NAME = 32  # columns of a file's name in a table
_LONGEST = 2_000  # characters of a sentence or of a mended line
_NARROWEST = 20  # columns
_POINTED = 10  # lines that could not be read and are shown with their place


def report_lines(report: Report, unicode: bool, width: int, name: str = "derivation") -> Iterator[Ink]:
    """All that is said of a text: every line with its mark, the first wrong line in full, the others in short."""
    yield from _Page(report, unicode, width).whole(file_name(name))


def page_lines(report: Report, page: str, unicode: bool, width: int, name: str) -> Iterator[Ink]:
    """What is printed of one file: "whole"; "first", which is its first wrong line, if it has one; or nothing."""
    if page == "whole":
        yield from report_lines(report, unicode, width, name)
    elif page == "first" and (wrong := first_wrong(report)) is not None:
        sheet = _Page(report, unicode, width)
        yield from sheet.heading(file_name(name))
        yield from sheet.first(wrong)


def pages(files: Sequence[tuple[Mapping[str, Any], Sequence[Ink]]], unicode: bool, width: int) -> Iterator[Ink]:
    """What is printed of all files: their pages, one after another, and of several a table at the end."""
    shown = [page for _, page in files if page]
    for number, page in enumerate(shown):
        if number:
            yield BLANK
        yield from page
    if len(files) > 1:
        if shown:
            yield BLANK
        yield from table_lines([entry for entry, _ in files], unicode, width)


def line_lines(line: CheckedLine, unicode: bool, width: int) -> Iterator[Ink]:
    """One line: its mark, what it says, what is said of it, where it fails, what mends it."""
    sheet = _Sheet(unicode, width)
    yield from sheet.row(line, len(str(line.line)))
    for text in filter(None, (said(line), *line.notes)):
        yield from sheet.say(text)
    yield from sheet.fails(line.counterexample)
    yield from sheet.mends(line.repair)


def repair_lines(repair: Repair, unicode: bool, width: int) -> Iterator[Ink]:
    """What mends a line, and the mended line."""
    sheet = _Sheet(unicode, width)
    yield from sheet.say(mending(repair))
    yield from sheet.say(repair.source)


def table_lines(entries: Sequence[Mapping[str, Any]], unicode: bool, width: int) -> Iterator[Ink]:
    """Several files, a row each, from their entries of the JSON document; and how many there are of each verdict."""
    rows = [_row_of(entry, unicode) for entry in entries]
    head = ("file", "verdict", "lines", "at line", "what")
    name = min(max(len(row[0]) for row in (head, *rows)), max(width // 3, 8), _LONGEST_NAME)
    columns = [name, *(max(len(row[at]) for row in (head, *rows)) for at in (1, 2, 3))]
    yield ((_cells(head, columns), TITLE),)
    for row, entry in zip(rows, entries, strict=True):
        first = _last_part(row[0], name, unicode)
        before = f"{first:<{name}}  "
        verdict = f"{row[1]:<{columns[1]}}"
        after = f"  {row[2]:>{columns[2]}}  {row[3]:>{columns[3]}}  "
        room = max(width - len(before + verdict + after), 8)
        what = shortened(row[4], room, unicode)
        yield join(before, ((verdict, TAGS[entry["verdict"]]),), after + what if what else after.rstrip())
    yield BLANK
    yield from wrapped(_tally([entry["verdict"] for entry in entries], "file", unicode), width, "", "  ")


def _row_of(entry: Mapping[str, Any], unicode: bool) -> tuple[str, str, str, str, str]:
    """file, verdict, number of lines, number in the file of the line that decides, what is said of it."""
    line = deciding(entry)
    what = entry.get("message", "") if line is None else line["message"]
    verdict = f"{mark(entry['verdict'], unicode)} {entry['verdict']}"
    place = str(line["line"]) if line else "-"
    name, what = dialect(file_name(entry["file"]), unicode), dialect(what, unicode)
    return name, verdict, str(len(entry["lines"])), place, what


def _cells(row: Sequence[str], columns: Sequence[int]) -> str:
    name, verdict, lines, line = columns
    return f"{row[0]:<{name}}  {row[1]:<{verdict}}  {row[2]:>{lines}}  {row[3]:>{line}}  {row[4]}"


def _last_part(name: str, room: int, unicode: bool) -> str:
    """A file's name, or dots and its end."""
    before = dots(unicode)
    return name if len(name) <= room else before + name[len(before) - room :]


def _tally(verdicts: Sequence[str], what: str, unicode: bool) -> Ink:
    total, counts = tally(verdicts, what)
    parts: list[str | Ink] = [f"{total}:"]
    for number, (count, verdict) in enumerate(counts):
        parts += ["," if number else "", f" {count:,} {verdict} ", ((mark(verdict, unicode), TAGS[verdict]),)]
    return join(*parts)


class _Sheet:
    """A width and a character set."""

    def __init__(self, unicode: bool, width: int):
        self.unicode, self.width = unicode, max(width, _NARROWEST)

    def written(self, text: str, room: int = _LONGEST) -> str:
        """The text on one line, no longer than there is room for it."""
        return shortened(dialect(text, self.unicode), room, self.unicode)

    def say(self, text: str, first: str = "  ", later: str = "    ") -> Iterator[Ink]:
        yield from self.wrap(join(self.written(text)), first, later)

    def wrap(self, ink: Ink, first: str, later: str) -> Iterator[Ink]:
        """Lines of at most the sheet's width: what somebody wrote may be one long word, which is cut."""
        for line in wrapped(ink, self.width, first, later):
            while length(line) > self.width:
                head, line = _cut(line, self.width)
                yield head
                line = join(later, line)
            yield line

    def title(self, text: str, tag: str) -> Iterator[Ink]:
        written = self.written(text, self.width)
        yield ((written, tag),)
        yield (("-" * len(written), TITLE),)

    def label(self, text: str) -> Iterator[Ink]:
        yield BLANK
        yield ((text, LABEL),)

    def row(self, line: CheckedLine, digits: int) -> Iterator[Ink]:
        number = f" {line.line:>{digits}}  "
        source = self.written(line.source, self.width - len(number) - 3)
        yield join("  ", ((mark(line.verdict, self.unicode), TAGS[line.verdict]),), number, source)

    def fails(self, found: Counterexample | None, network: Network | None = None) -> Iterator[Ink]:
        if found is None:
            return
        parts = failure(found, network)
        yield from self.label("Where it fails")
        where = f"for {parts.indices}" if parts.indices else ""
        for part in filter(None, (parts.sizes, where, parts.inputs, *parts.functions)):
            yield from self.say(part)
        yield from self.say(f"left side {parts.left}, right side {parts.right}")

    def mends(self, repair: Repair | None) -> Iterator[Ink]:
        if repair is not None:
            yield from self.label("What mends it")
            yield from repair_lines(repair, self.unicode, self.width)


class _Page(_Sheet):
    """What is said of one text."""

    def __init__(self, report: Report, unicode: bool, width: int):
        super().__init__(unicode, width)
        self.report, self.text = report, plainly(report.text)
        self.places = Lines(self.text)

    def whole(self, name: str) -> Iterator[Ink]:
        yield from self.heading(name)
        lines = self.report.lines
        digits = len(str(max((line.line for line in lines), default=0)))
        for line in lines:
            yield from self.row(line, digits)
        if lines:
            yield BLANK
            yield from wrapped(_tally([line.verdict for line in lines], "line", self.unicode), self.width, "  ", "    ")
        else:
            yield from self.say(f"{NOTHING}: there is nothing to check")
        wrong = first_wrong(self.report)
        if wrong is not None:
            yield BLANK
            yield from self.first(wrong)
        for label, verdict in (("Also wrong", REFUTED), ("Not decided", UNDECIDED), ("Not read", UNREADABLE)):
            yield from self._briefly(label, with_verdict(self.report, verdict))
        yield from self._notes()

    def heading(self, name: str) -> Iterator[Ink]:
        yield from self.title(f"{name}: {self.report.verdict}", BAD if self.report.verdict == REFUTED else TITLE)

    def first(self, line: CheckedLine) -> Iterator[Ink]:
        """All of a wrong line: where it is, what is wrong, where it fails, what mends it."""
        place = line.place or line.span
        number, column = self.places.place(place.start)
        heading = ((f"Line {number}, column {column}: ", BAD),)
        yield from self.wrap(join(heading, self.written(said(line))), "", "  ")
        yield from self._pointed(place, line.place is not None)
        yield from self.fails(line.counterexample, self.report.network)
        yield from self.mends(line.repair)

    def _briefly(self, label: str, lines: Sequence[CheckedLine]) -> Iterator[Ink]:
        if lines:
            yield from self.label(label)
        for number, line in enumerate(lines):
            mended = f"; {line.repair.message}" if line.repair is not None and line.repair.message else ""
            yield from self.say(f"line {line.line}: {said(line)}{mended}")
            if line.verdict == UNREADABLE and line.place is not None and number < _POINTED:
                yield from self._pointed(line.place, True, "    ")

    def _notes(self) -> Iterator[Ink]:
        notes = list(remarks(self.report))
        if notes:
            yield from self.label("Notes")
        for line, note in notes:
            yield from self.say(note if line is None else f"line {line}: {note}")

    def _pointed(self, span: Span, points: bool, indent: str = "  ") -> Iterator[Ink]:
        """The line of a place, with carets under the place if it is a part of the line."""
        room = self.width - len(indent) - 2 * len(dots(self.unicode))
        shown, under = _caret(self.text, span, self.unicode, room)
        yield join(indent, shown.rstrip())
        if points:
            yield ((indent + under, MARK),)


def _caret(text: str, span: Span, unicode: bool, width: int) -> tuple[str, str]:
    """`caret`, in ASCII where there is no Unicode: there a letter such as σ takes several columns."""
    if unicode:
        shown, under = caret(text, span, width).split("\n")
        return shown, under
    start = min(span.start, len(text))
    low, high = text.rfind("\n", 0, start) + 1, text.find("\n", start)
    high = len(text) if high < 0 else high
    end = max(start, min(span.end, high))
    before, within, after = (
        ascii_text(text[part]) for part in (slice(low, start), slice(start, end), slice(end, high))
    )
    here = Span(len(before), len(before) + len(within))
    shown, under = caret(before + within + after, here, width).split("\n")
    moved = "  " if shown.startswith("…") else ""
    return shown.replace("…", "...").replace("�", "?"), moved + under


def _cut(ink: Ink, width: int) -> tuple[Ink, Ink]:
    """The first `width` characters, and the rest."""
    cells = [(char, tag) for text, tag in ink for char in text]
    return tuple(cells[:width]), tuple(cells[width:])
