"""An edit and how it is put together: changes of places, the sentence on it, the mended line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from backprop_proofs.reading.syntax import Span

_LONGEST_QUOTE = 120  # characters of one side of "... should be ..."


@dataclass(frozen=True)
class Edit:
    """A small change of one row.

    mistake: the name of the mistake that it would mend; message: one clause, "w^{l+1}_{jk} should be w^{l+1}_{kj}";
    span: the place in the text that it replaces; text: what stands there instead; cost: smaller is nearer.
    """

    mistake: str
    message: str
    span: Span
    text: str
    cost: int


class Change(NamedTuple):
    """One place, and what stands there instead."""

    span: Span
    text: str


class Draft(NamedTuple):
    """An edit in the making: all its changes, and the place that its message quotes.

    sure: whether it reads again by construction, as when one index letter replaces another. told: those of its changes
    that the message tells of, where the others are the same at other places.
    """

    mistake: str
    changes: Sequence[Change]
    shown: Span
    cost: int
    sure: bool = False
    told: Sequence[Change] = ()


def spliced(text: str, span: Span, changes: Iterable[Change]) -> str:
    """What stands at a span after the changes, none of which overlap."""
    pieces, done = [], span.start
    for place, new in sorted(changes):
        pieces += [text[done : place.start], new]
        done = place.end
    return "".join(pieces) + text[done : span.end]


def hull_of(spans: Iterable[Span]) -> Span:
    """The span from the first to the last of some."""
    found = list(spans)
    return Span(min(span.start for span in found), max(span.end for span in found))


def joined(text: str, draft: Draft) -> tuple[Change, Draft] | None:
    """All changes of a draft as one, and the draft with its changes as they are made; None for no change at all."""
    places = sorted(change.span for change in draft.changes)
    if not places or any(first.end > second.start for first, second in pairwise(places)):
        return None
    changes = draft.changes if draft.sure else [_apart(text, change) for change in draft.changes]
    span = hull_of(places)
    new = spliced(text, span, changes)
    return None if new == span.within(text) else (Change(span, new), draft._replace(changes=changes))


def edit_of(text: str, change: Change, draft: Draft) -> Edit:
    """The edit that a draft is, with its message."""
    told = draft.told or draft.changes
    shown = hull_of((draft.shown, *(each.span for each in told)))
    message = said(shown.within(text), spliced(text, shown, told))
    if draft.told:
        message += ", wherever it stands"
    return Edit(draft.mistake, message, change.span, change.text, draft.cost)


def _apart(text: str, change: Change) -> Change:
    r"""A change with the blanks that keep its letters from those beside it: not \odotW, and not SUM_kdE."""
    (start, end), new = change
    before, was, after = text[max(0, start - 1) : start], text[start:end][:1], text[end : end + 1]
    stood_together = bool(new) and _in_word(was)
    if _in_word(before) and _in_word((new or after)[:1]) and not stood_together:
        new = " " + new
    if _in_word(new[-1:]) and _in_word(after):
        new += " "
    return Change(change.span, new)


def _in_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def said(before: str, after: str) -> str:
    """The clause "before should be after", each on one line and cut to the place where they differ."""
    before, after = " ".join(before.split()), " ".join(after.split())
    if max(len(before), len(after)) > _LONGEST_QUOTE:
        same = 0
        while same < min(len(before), len(after)) and before[same] == after[same]:
            same += 1
        start = _word_start(before, max(0, same - _LONGEST_QUOTE // 3))
        before, after = _cut(before, start), _cut(after, start)
    return f"{before or 'nothing'} should be {after or 'nothing'}"


def _word_start(text: str, at: int) -> int:
    space = text.rfind(" ", 0, at)
    return space + 1 if at and space > 0 else at


def _cut(text: str, start: int) -> str:
    end = start + _LONGEST_QUOTE
    return ("... " if start else "") + text[start:end] + (" ..." if len(text) > end else "")
