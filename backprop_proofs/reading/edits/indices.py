"""Other letters for indices: swapped, exchanged, replaced at one place or at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, islice, pairwise

from backprop_proofs.reading.edits.page import Page, Quantity
from backprop_proofs.reading.edits.slots import LETTER_NAMES, Slot
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.lexer import Mode
from backprop_proofs.reading.syntax import Name, Scripted, Span

Rewrite = Callable[[Quantity], list[Change] | None]
_MOST_PAIRS = 400


def spelled(page: Page, letter: str, slot: Slot) -> str | None:
    """A letter as it is written at the place of a slot; None where it cannot be written there."""
    if page.style.is_small(slot.span):
        return page.style.like(letter, slot.span) if len(letter) == 1 else None
    text = page.spellings.get(letter, page.style.slash + letter if letter in LETTER_NAMES else letter)
    if len(text) == 1:
        return text
    after = page.text[slot.span.end : slot.span.end + 1]
    if page.style.mode is Mode.TEXT:
        return None if slot.crowded or after.isalnum() else text
    if slot.bare:
        return f"{{{text}}}"
    if slot.crowded:  # its neighbour may change as well, so a blank keeps them apart
        before = page.text[slot.span.start - 1 : slot.span.start]
        lead = "" if page.style.slash or before == "{" else " "
        return f"{lead}{text}{'' if after == '}' else ' '}"
    return f"{text} " if after.isalnum() else text


def put(page: Page, slot: Slot, letter: str) -> Change | None:
    """The change that puts a letter in the place of another."""
    text = spelled(page, letter, slot)
    return None if text is None else Change(slot.span, text)


def renamed(page: Page, slots: list[Slot], letter: str) -> list[Change] | None:
    """One letter in the place of each of some; None where one of them cannot be edited."""
    changes = [put(page, slot, letter) if slot.editable else None for slot in slots]
    found = [change for change in changes if change is not None]
    return found if found and len(found) == len(changes) else None


def on_quantity(
    page: Page, quantity: Quantity, mistake: str, cost: int, rewrite: Rewrite, sure: bool = True
) -> Iterator[Draft]:
    """A quantity rewritten, and with it the others of the right sides that are the same."""
    changes = rewrite(quantity)
    if not changes:
        return
    shown = page.layout.whole(quantity.node) or page.layout.hull(quantity.node)
    yield Draft(mistake, changes, shown, cost, sure)
    twins = page.twins.get(quantity.node, [])
    if len(twins) > 1 and twins[0] is quantity:
        found = [rewrite(twin) for twin in twins]
        if all(found):
            together = [change for each in found if each for change in each]
            yield Draft(mistake, together, shown, cost + 1, sure, changes)


def swapped(page: Page) -> Iterator[Draft]:
    """w_{jk} for w_{kj}."""
    for quantity in page.quantities:
        for first, second in pairwise(number for number, slot in enumerate(quantity.slots) if _lower(slot)):
            rewrite = partial(_swap_two, page, first, second)
            yield from on_quantity(page, quantity, "swapped-weight-indices", 1, rewrite)


def _swap_two(page: Page, first: int, second: int, quantity: Quantity) -> list[Change] | None:
    return _exchanged(page, quantity.slots[first], quantity.slots[second])


def _lower(slot: Slot) -> bool:
    return slot.editable and slot.alone and not slot.above


def _exchanged(page: Page, one: Slot, other: Slot) -> list[Change] | None:
    if one.letter == other.letter:
        return None
    changes = [put(page, one, other.letter), put(page, other, one.letter)]
    return [change for change in changes if change] if all(changes) else None


def exchanged(page: Page) -> Iterator[Draft]:
    """δ_j a_k for δ_k a_j; and j for k and k for j in a whole side."""
    for term in page.terms:
        placed = [(q, slot) for q, slot in page.slots_in(term.span) if _lower(slot)]
        for (one, first), (other, second) in islice(combinations(placed, 2), _MOST_PAIRS):
            changes = _exchanged(page, first, second) if one.node is not other.node else None
            if changes:
                yield Draft("swapped-weight-indices", changes, term.span, 3, True)
    for number, side in enumerate(page.sides):
        held = [slot for q in page.quantities if q.side == number for slot in q.slots if not slot.above]
        for one_letter, other_letter in combinations(dict.fromkeys(slot.letter for slot in held), 2):
            there = renamed(page, [slot for slot in held if slot.letter == one_letter], other_letter)
            back = renamed(page, [slot for slot in held if slot.letter == other_letter], one_letter)
            if there and back:
                yield Draft("swapped-weight-indices", there + back, side.span, 4, True)


def replaced(page: Page) -> Iterator[Draft]:
    """Another letter of the row at one place: a_j for a_k."""
    for quantity in page.quantities:
        for number, slot in enumerate(quantity.slots):
            if not slot.editable:
                continue
            for letter in page.letters(slot.above)[:8]:
                if letter == slot.letter:
                    continue
                mistake, cost = _named(page, quantity, slot, letter)
                yield from on_quantity(page, quantity, mistake, cost, partial(_replace_one, page, number, letter))


def _replace_one(page: Page, number: int, letter: str, quantity: Quantity) -> list[Change] | None:
    return renamed(page, [quantity.slots[number]], letter)


def _named(page: Page, quantity: Quantity, slot: Slot, letter: str) -> tuple[str, int]:
    """What the mistake would be called, and how near its mending is."""
    left = page.sides[quantity.side].left
    if left:
        return "free-index-mismatch", 2
    unbound = slot.letter not in quantity.bound
    if letter in quantity.bound and not _used(page, quantity, letter):
        return ("wrong-index" if unbound and slot.letter not in page.left_letters else "unused-bound-index"), 1
    if unbound and slot.letter not in page.left_letters and (letter in page.left_letters or letter in quantity.bound):
        return ("free-index-mismatch" if letter in page.left_letters else "wrong-index"), 1
    if slot.letter in page.left_letters and not unbound:
        return "bound-free-clash", 2
    return "wrong-index", 3 if slot.above else 2


def _used(page: Page, quantity: Quantity, letter: str) -> bool:
    """Whether a letter stands anywhere on a quantity's side under a sum over it."""
    return any(
        slot.letter == letter and letter in other.bound
        for other in page.quantities
        if other.side == quantity.side
        for slot in other.slots
    )


def consistently(page: Page) -> Iterator[Draft]:
    """Another letter at all places of a side, or of a term, where it is free."""
    for number, side in enumerate(page.sides):
        yield from _renamed_in(page, number, side.span, side.left)
    for term in page.right_terms:
        if term.span != page.sides[term.side].span:
            yield from _renamed_in(page, term.side, term.span, False)


def _renamed_in(page: Page, side: int, span: Span, left: bool) -> Iterator[Draft]:
    held = [(q, slot) for q in page.quantities if q.side == side for slot in q.slots if _within(slot.span, span)]
    for above in (False, True):
        free = [slot for q, slot in held if slot.above == above and slot.letter not in q.bound]
        right = {slot.letter for q in page.quantities if not page.sides[q.side].left for slot in q.slots}
        for old in dict.fromkeys(slot.letter for slot in free):
            places = [slot for slot in free if slot.letter == old]
            for new in page.letters(above)[:8]:
                if new == old or (len(places) < 2 and not left):
                    continue
                changes = renamed(page, places, new)
                mends = (old not in right and new in right) if left else (old not in page.left_letters)
                if changes:
                    yield Draft("free-index-mismatch", changes, span, 1 if mends and not above else 3, True)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def moved(page: Page) -> Iterator[Draft]:
    """Index and layer at once: b^{l+1}_k for b^l_i."""
    uppers: dict[str, str] = {}
    for _, slot in page.slots:
        if slot.above and not page.style.is_small(slot.item):
            uppers.setdefault(slot.item.within(page.text).replace(" ", ""), slot.item.within(page.text))
    for quantity in page.quantities:
        upper = [number for number, slot in enumerate(quantity.slots) if slot.above and slot.editable]
        lower = [number for number, slot in enumerate(quantity.slots) if _lower(slot)]
        if len(upper) != 1 or len(lower) != 1:
            continue
        up, low = upper[0], lower[0]
        for plain, text in list(uppers.items())[:4]:
            if plain == quantity.slots[up].item.within(page.text).replace(" ", ""):
                continue
            for letter in page.letters(False)[:6]:
                if letter != quantity.slots[low].letter:
                    rewrite = partial(_move, page, (up, low), text, letter)
                    yield from on_quantity(page, quantity, "wrong-index", 3, rewrite)


def _move(page: Page, places: tuple[int, int], text: str, letter: str, quantity: Quantity) -> list[Change] | None:
    upper, lower = (quantity.slots[place] for place in places)
    below = put(page, lower, letter)
    if upper.crowded or page.style.is_small(upper.item) or below is None:
        return None
    return [Change(upper.item, page.style.script("^", text)[1:] if upper.bare else text), below]


def of_left_side(page: Page) -> Iterator[Draft]:
    """The left side as a whole vector, δ^l for δ_j^l; or with an index that only the right side has."""
    rights = [number for number, side in enumerate(page.sides) if not side.left]
    missing = dict.fromkeys(letter for right in rights for letter in page.free_only_right(right))
    for number, side in enumerate(page.sides):
        quantities = [quantity for quantity in page.quantities if quantity.side == number] if side.left else []
        for quantity in quantities:
            node = quantity.node
            for script in node.below if isinstance(node, Name | Scripted) else ():
                span = page.layout.whole(script)
                lower = [slot for slot in quantity.slots if not slot.above]
                if span and lower and (page.text[span.start] in "_[" or page.style.is_small(span)):
                    yield Draft("free-index-mismatch", [Change(span, "")], side.span, 2)
        last = quantities[-1].node if quantities else None
        span = page.layout.whole(last) if isinstance(last, Name) and not last.below else None
        for letter in missing:
            if span:
                text = page.style.script("_", page.spellings.get(letter, letter))
                yield Draft("free-index-mismatch", [Change(Span(span.end, span.end), text)], side.span, 2)
