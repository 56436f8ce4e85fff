"""All edits of a row: what the generators find, each mended line once, the nearest first, not too many."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice

from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.edits import factors, functions, indices, layers, matrices, sums
from backprop_proofs.reading.edits.again import Again
from backprop_proofs.reading.edits.page import Page
from backprop_proofs.reading.edits.stray import Stray
from backprop_proofs.reading.edits.writing import Change, Draft, Edit, edit_of, joined, spliced
from backprop_proofs.reading.rows import Statement

MOST_EDITS = 400
_MOST_OF_A_KIND = 150  # drafts of one generator
_CHARACTERS = 120_000  # of all mended lines together: the longer a row, the fewer its edits
_FEWEST = 24
_READ_AGAIN = 50_000  # characters of the lines that are read again, to see whether they read
_LONGEST_ROW = 8_000
_GENERATORS: tuple[Callable[[Page], Iterator[Draft]], ...] = (
    indices.swapped,
    indices.replaced,
    indices.consistently,
    indices.of_left_side,
    indices.exchanged,
    indices.moved,
    layers.shifted,
    layers.turned,
    sums.forgotten,
    sums.removed,
    sums.over_another_letter,
    sums.up_to_another,
    sums.uncollapsed,
    sums.kroneckers,
    matrices.transposes,
    matrices.products,
    functions.primes,
    functions.arguments,
    functions.others,
    functions.missing,
    factors.signs,
    factors.numbers,
    factors.squares,
    factors.roots,
    factors.brackets,
    factors.superfluous,
)


def edits(document: Document, row: Row) -> tuple[Edit, ...]:
    """The small changes of a row that could mend it, the nearest first.

    At most 400, fewer for a long row; no two give the same line, and each gives a line that reads. A row that could
    not be read, or is longer than a page, has none.
    """
    if not _can_be_edited(row):
        return ()
    page = Page(document, row)
    return tuple(edit for edit, _ in _readable(page, Again(document, row, page.text, page.style)))


def tried(document: Document, row: Row, stray: Collection[str] = ()) -> Iterator[tuple[Edit, tuple[Statement, ...]]]:
    """The edits one by one, each with what the row says then: no two the same, and none that x is x.

    stray: letters that stand free on the right only; what leaves one of them as it is cannot mend the row, and is left
    out unread.
    """
    if not _can_be_edited(row):
        return
    page = Page(document, row)
    again = Again(document, row, page.text, page.style)
    said = {row.statements}
    letters = Stray(page, stray)
    for edit, statements in _readable(page, again, letters):
        statements = statements or again.after(Change(edit.span, edit.text))
        if statements is None or statements in said or letters.comes(statements) or _says_nothing(statements):
            continue
        said.add(statements)
        yield edit, statements


def _can_be_edited(row: Row) -> bool:
    return row.problem is None and bool(row.statements) and row.span.end - row.span.start <= _LONGEST_ROW


def _readable(
    page: Page, again: Again, stray: Stray | None = None
) -> Iterator[tuple[Edit, tuple[Statement, ...] | None]]:
    """The edits one by one, each with what the row says then, or None where it reads by construction."""
    length = page.row.span.end - page.row.span.start
    unread = _READ_AGAIN
    for change, draft in _drafts(page, max(_FEWEST, min(MOST_EDITS, _CHARACTERS // max(length, 1)))):
        statements = None
        if stray is not None and stray.stays(change, draft.mistake):
            continue
        if not draft.sure:
            unread -= length
            statements = again.reads(change, _touched(page, change)) if unread >= 0 else None
            if statements is None:
                continue
        yield edit_of(page.text, change, draft), statements


def _drafts(page: Page, most: int) -> list[tuple[Change, Draft]]:
    """What the generators find, the nearest first, each mended line once, at most so many."""
    chosen: dict[str, tuple[Change, Draft]] = {}
    written = _without_blanks(page.row.span.within(page.text))
    for change, draft in _in_turn([_nearest_first(page, generator, most) for generator in _GENERATORS]):
        if len(chosen) >= most:
            break
        line = _without_blanks(spliced(page.text, page.row.span, [change]))
        known = chosen.get(line)
        if line != written and (known is None or draft.cost < known[1].cost):
            chosen[line] = (change, draft)
    return sorted(chosen.values(), key=lambda pair: (pair[1].cost, *pair[0]))


def _without_blanks(line: str) -> str:
    return "".join(line.split())


def _says_nothing(statements: tuple[Statement, ...]) -> bool:
    """Whether one of them is x = x."""
    return any(len(set(each.chain.parts)) == 1 for each in statements)


def mended(document: Document, row: Row, edit: Edit) -> str:
    """The row's source after an edit of it."""
    return spliced(document.text, row.span, [Change(edit.span, edit.text)]).strip()


def _nearest_first(page: Page, generator: Callable[[Page], Iterator[Draft]], most: int) -> list[tuple[Change, Draft]]:
    """What one generator finds, each draft with all its changes as one."""
    found = []
    for draft in islice(generator(page), min(_MOST_OF_A_KIND, 2 * most)):
        made = joined(page.text, draft)
        if made is not None and page.row.span.start <= made[0].span.start and made[0].span.end <= page.row.span.end:
            found.append(made)
    return sorted(found, key=lambda pair: (pair[1].cost, pair[0].span))


def _in_turn(drafted: list[list[tuple[Change, Draft]]]) -> Iterator[tuple[Change, Draft]]:
    """All of them, one of each generator at a time, so that none crowds out the others."""
    for place in range(max(map(len, drafted), default=0)):
        for found in drafted:
            if place < len(found):
                yield found[place]


def _touched(page: Page, change: Change) -> set[tuple[int, int]]:
    """The parts of the row that a change stands in."""
    start, end = change.span
    return {side.part for side in page.sides if start <= side.span.end and side.span.start <= end}
