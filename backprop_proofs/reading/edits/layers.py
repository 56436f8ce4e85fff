"""A layer or a time step more or less, and the sign within an index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from backprop_proofs.reading.edits.indices import on_quantity
from backprop_proofs.reading.edits.page import Page, Quantity
from backprop_proofs.reading.edits.slots import Slot, slots_of
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.lexer import Mode
from backprop_proofs.reading.syntax import Name, Scripted, Span, every

_TIMES = frozenset(("t", "tau", "T", "s"))
_LAYERS = frozenset(("l", "L", "ell", "n", "m", "i"))


def shifted(page: Page) -> Iterator[Draft]:
    """z^{l-1} for z^l, h_t for h_{t-1}: one quantity, then all of one factor."""
    times = _stepping(page)
    for quantity in page.quantities:
        left = page.sides[quantity.side].left
        for number, slot in enumerate(quantity.slots):
            if _steps(slot, times):
                for by in (-1, 1, -2, 2):
                    if abs((slot.shift or 0) + by) <= 1:
                        rewrite = partial(_shift_one, page, number, by)
                        yield from on_quantity(page, quantity, _mistake(slot), abs(by) + left, rewrite)
    for term in page.terms:
        for factor in term.factors:
            placed = [slot for _, slot in page.slots_in(factor.span) if _steps(slot, times)]
            for letter in dict.fromkeys(slot.letter for slot in placed):
                same = [slot for slot in placed if slot.letter == letter]
                for by in (-1, 1) if len(same) > 1 else ():
                    found = [_moved(page, slot, by) for slot in same]
                    changes = [change for change in found if change]
                    if len(changes) == len(same):
                        yield Draft(_mistake(same[0]), changes, factor.span, 2 + page.sides[term.side].left, True)


def _stepping(page: Page) -> set[str]:
    """The letters that are a layer or a time somewhere near: a plain number is added to them in an index."""
    found = {"t", "tau"}
    for row in page.around:
        for statement in row.statements:
            for node in (*every(Name, statement.chain), *every(Scripted, statement.chain)):
                found |= {slot.letter for slot in slots_of(node, None) if slot.shift}
    return found | {slot.letter for quantity in page.quantities for slot in quantity.slots if slot.shift}


def _steps(slot: Slot, times: set[str]) -> bool:
    can = slot.editable and slot.shift is not None and not slot.crowded
    return can and (slot.letter in times or slot.above)


def _mistake(slot: Slot) -> str:
    time = slot.letter in _TIMES or not slot.above or (slot.bracket and slot.letter not in _LAYERS)
    return "off-by-one-time" if time else "off-by-one-layer"


def _shift_one(page: Page, number: int, by: int, quantity: Quantity) -> list[Change] | None:
    change = _moved(page, quantity.slots[number], by)
    return [change] if change else None


def _moved(page: Page, slot: Slot, by: int) -> Change | None:
    if slot.shift is None or slot.crowded:
        return None
    shift = slot.shift + by
    letter = slot.span.within(page.text)
    if page.style.is_small(slot.span):
        added = page.style.like(f"{shift:+d}", slot.span) if shift else ""
        return None if added is None else Change(slot.item, letter + added)
    text = f"{letter}{shift:+d}" if shift else letter
    if page.style.mode is Mode.TEXT and not shift and not slot.bracket:  # l for (l+1)
        around = Span(slot.item.start - 1, slot.item.end + 1)
        if around.within(page.text)[:: around.end - around.start - 1] == "()":
            return Change(around, text)
    if slot.bare and len(text) > 1 and shift:
        text = f"({text})" if page.style.mode is Mode.TEXT else f"{{{text}}}"
    return Change(slot.item, text)


def turned(page: Page) -> Iterator[Draft]:
    """δ_{i-m,j-n} for δ_{i+m,j+n}."""
    for quantity in page.quantities:
        items = {slot.item: slot for slot in quantity.slots if slot.editable and not slot.alone and not slot.shift}
        single = [[item] for item in items]
        for chosen in [*single, list(items)] if len(items) > 1 else single:
            changes = [Change(item, _flipped(item.within(page.text))) for item in chosen]
            if all(change.text for change in changes):
                yield Draft("wrong-index", changes, page.layout.hull(quantity.node), 2)


def _flipped(text: str) -> str:
    """i-m of i+m; "" where not exactly one sign stands between two letters."""
    signs = re.findall(r"(?<=[\w }])[+\-−]", text)
    if len(signs) != 1:
        return ""
    return re.sub(r"(?<=[\w }])[+\-−]", "-" if signs[0] == "+" else "+", text)
