"""Ink: written text as segments, each with a tag that says what it is; every renderer draws the tags in its own way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

Segment = tuple[str, str]  # (text, tag); the tag "" is plain
Ink = tuple[Segment, ...]

SUM, DELTA = "sum", "delta"  # the collapsing sum's sign, its Kronecker delta
BREAK = "break"  # an operator between the terms of a whole expression: the best place to break a line
UNDERLINED = frozenset((SUM, DELTA))
BLANK: Ink = ()


def join(*parts: str | Ink) -> Ink:
    """The parts one after another; strings are plain."""
    ink: list[Segment] = []
    for part in parts:
        if isinstance(part, str):
            ink.append((part, ""))
        else:
            ink.extend(part)
    return tuple(ink)


def separated(separator: str, parts: Iterable[Ink]) -> Ink:
    """The parts with a plain separator between them."""
    ink: list[Segment] = []
    for number, part in enumerate(parts):
        if number:
            ink.append((separator, ""))
        ink.extend(part)
    return tuple(ink)


def tagged(ink: Ink, tag: str) -> Ink:
    """`ink` with its plain segments tagged; an inner tag stays."""
    return tuple((text, old or tag) for text, old in ink)


def plain(ink: Ink) -> str:
    """The text without its tags."""
    return "".join(text for text, _ in ink)


def length(ink: Ink) -> int:
    """How many columns the text takes; every character of ours takes one."""
    return sum(len(text) for text, _ in ink)


def wrapped(ink: Ink, width: int, first: str = "", later: str = "") -> list[Ink]:
    """`ink` in lines of at most `width` columns, indented by `first` and then `later`; a word is never cut."""
    cells = [(char, tag) for text, tag in ink for char in text]
    lines: list[Ink] = []
    indent = first
    while True:
        room = max(width - len(indent), 8)
        cut = len(cells) if len(cells) <= room else _cut(cells, room)
        lines.append(join(indent, _segments(_trimmed(cells[:cut]))))
        cells = cells[cut:]
        while cells and cells[0][0] == " ":
            cells = cells[1:]
        if not cells:
            return lines
        indent = later


def underline(line: Ink, mark: str = "^") -> str:
    """The line to print beneath `line`: a mark under each character of a collapsing sum or delta; "" for none."""
    drawn = "".join((mark if tag in UNDERLINED else " ") * len(text) for text, tag in line)
    return drawn.rstrip()


def _cut(cells: list[Segment], room: int) -> int:
    depth, best, score = 0, 0, -1
    for at, (char, tag) in enumerate(cells[: room + 1]):
        depth += (char in "([{") - (char in ")]}")
        if char != " " or at == 0:
            continue
        worth = 4 if tag == BREAK else 2 if depth == 0 else 1 if cells[at + 1][0] in "+-−·*=" else 0
        worth += at * 4 // (room + 1)
        if worth >= score and (tag != BREAK or cells[at + 1][0] != " "):
            before_operator = cells[at - 1][0] not in "+-−·*="
            if before_operator:
                best, score = at, worth
    if best:
        return best
    following = (at for at, (char, _) in enumerate(cells) if at > room and char == " ")
    return next(following, len(cells))


def _trimmed(cells: list[Segment]) -> list[Segment]:
    end = len(cells)
    while end and cells[end - 1][0] == " ":
        end -= 1
    return cells[:end]


def _segments(cells: Iterable[Segment]) -> Ink:
    return tuple(_runs(cells))


def _runs(cells: Iterable[Segment]) -> Iterator[Segment]:
    text, tag = "", ""
    for char, kind in cells:
        if kind != tag and text:
            yield text, tag
            text = ""
        text, tag = text + char, kind
    if text:
        yield text, tag
