"""The index letters of a quantity, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backprop_proofs.reading.commands import GREEK
from backprop_proofs.reading.edits.layout import Layout
from backprop_proofs.reading.syntax import (
    NOWHERE,
    Indicator,
    Name,
    Node,
    Number,
    Plus,
    Product,
    Script,
    Scripted,
    Span,
    span_of,
    walk,
)

LETTER_NAMES = frozenset((*GREEK, "ell"))


class Slot(NamedTuple):
    """An index letter of a quantity.

    above: in a superscript; at: which item of which script it is; bracket: round the script; alone: the item is this
    letter and nothing else; item: the place of the item; bare: no braces or brackets stand round it, nor a comma
    beside it, so that a longer index needs some; shift: what is added to the letter, or None if no plain number is.
    """

    letter: str
    span: Span
    above: bool
    at: tuple[int, ...]
    bracket: str
    alone: bool
    item: Span
    crowded: bool
    bare: bool
    shift: int | None
    editable: bool


def slots_of(node: Node, layout: Layout | None) -> tuple[Slot, ...]:
    """The index letters of a node; without a layout only the letters are right."""
    if isinstance(node, Indicator):
        return tuple(_of_condition(node, layout))
    if isinstance(node, Scripted) and isinstance(node.base, Name):
        return (*slots_of(node.base, layout), *_of_scripts(node, layout))
    if isinstance(node, Name | Scripted):
        return tuple(_of_scripts(node, layout))
    return ()


def _of_condition(node: Indicator, layout: Layout | None) -> Iterator[Slot]:
    for inner in walk(node.condition):
        if isinstance(inner, Name) and is_letter(inner) and not (inner.above or inner.below):
            span = span_of(inner)
            own = layout is not None and layout.owns(inner)
            yield Slot(inner.base, span, False, (0, 0), "", True, span, False, False, 0, own)


def _of_scripts(node: Name | Scripted, layout: Layout | None) -> Iterator[Slot]:
    for above, scripts in ((True, node.above), (False, node.below)):
        for number, script in enumerate(scripts):
            places = _places(script, layout)
            crowded = len(script.items) > 1 and not script.comma
            for at, (item, place) in enumerate(zip(script.items, places, strict=True)):
                yield from _of_item(item, place, script, above, (number, at), crowded, layout)


def _of_item(
    item: Node, place: Span, script: Script, above: bool, at: tuple[int, ...], crowded: bool, layout: Layout | None
) -> Iterator[Slot]:
    own = layout is not None and place != NOWHERE
    bare = layout is not None and layout.text[place.start - 1 : place.start] in ("_", "^")
    if isinstance(item, Name) and is_letter(item):
        nested = bool(item.above or item.below)
        span = _first(item, place, layout) if nested else place
        whole = not nested
        yield Slot(item.base, span, above, at, script.bracket, whole, place, crowded, bare, 0 if whole else None, own)
        if nested:
            for slot in slots_of(item, layout):
                yield slot._replace(above=above, at=(*at, *slot.at), alone=False, shift=None)
        return
    pieces = item.terms if isinstance(item, Plus) else item.factors if isinstance(item, Product) else ()
    shift = _shift(item)
    for piece in pieces:
        if isinstance(piece, Name) and is_letter(piece) and not (piece.above or piece.below):
            mine = own and layout is not None and layout.owns(piece)
            yield Slot(piece.base, span_of(piece), above, at, script.bracket, False, place, crowded, False, shift, mine)


def _first(item: Name, place: Span, layout: Layout | None) -> Span:
    """The letter itself of an index with indices: t of t_k."""
    if layout is None:
        return place
    starts = [layout.hull(script).start for script in (*item.above, *item.below)]
    cut = min((start for start in starts if start > place.start), default=place.end)
    return Span(place.start, place.start + len(layout.text[place.start : cut].rstrip()))


def _places(script: Script, layout: Layout | None) -> list[Span]:
    """The place of each item; NOWHERE where it has none of its own."""
    if layout is None:
        return [NOWHERE] * len(script.items)
    places: list[Span] = []
    items = script.items
    at = 0
    while at < len(items):
        span = layout.hull(items[at])
        run = [item for item in items[at:] if layout.hull(item) == span]
        if len(run) == 1:
            places.append(span if layout.owns(items[at]) else NOWHERE)
        else:
            places += _of_run(run, span, layout)
        at += len(run)
    return places


def _of_run(run: Sequence[Node], span: Span, layout: Layout) -> list[Span]:
    """The letters of jk, which share a place."""
    letters = "".join(item.base for item in run if isinstance(item, Name))
    if letters != span.within(layout.text) or len(letters) != len(run):
        return [NOWHERE] * len(run)
    return [Span(span.start + at, span.start + at + 1) for at in range(len(run))]


def is_letter(name: Name) -> bool:
    """Whether a name can be an index: one letter, without marks."""
    plain = not (name.marks or name.primes or name.run)
    return plain and (name.base in LETTER_NAMES or (len(name.base) == 1 and name.base.isalpha()))


def _shift(item: Node) -> int | None:
    """n of l + n."""
    if isinstance(item, Plus) and len(item.terms) == 2 and isinstance(item.terms[0], Name) and item.signs[0] == 1:
        number = item.terms[1]
        if isinstance(number, Number) and number.value.denominator == 1:
            return int(number.value) * item.signs[1]
    return None
