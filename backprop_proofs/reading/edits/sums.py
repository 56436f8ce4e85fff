"""Sums and Kronecker deltas: a forgotten Σ, one too many, one over another letter, one that collapsed or should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from backprop_proofs.reading.edits.indices import renamed
from backprop_proofs.reading.edits.layout import unbalanced
from backprop_proofs.reading.edits.page import Factor, Page, Quantity, Term
from backprop_proofs.reading.edits.slots import Slot
from backprop_proofs.reading.edits.writing import Change, Draft, hull_of
from backprop_proofs.reading.lexer import Mode
from backprop_proofs.reading.syntax import Indicator, Name, Node, Span, Sum, span_of

_MOST_LETTERS = 4


def forgotten(page: Page) -> Iterator[Draft]:
    """Σ over a letter that is free on the right only: before what depends on it, before the term, before the side."""
    for number, side in enumerate(page.sides):
        if side.left:
            continue
        for letter in page.free_only_right(number)[:_MOST_LETTERS]:
            terms = [term for term in page.right_terms if term.side == number and _depends(page, term.span, letter)]
            for term in terms[:20]:
                closest = _before(page, term, letter)
                if closest:
                    yield Draft("forgotten-sum", closest, term.span, 1)
                before = Span(term.span.start, term.span.start)
                yield Draft("forgotten-sum", [Change(before, f"{_sum(page, letter)} ")], term.span, 2)
            opening = Change(Span(side.span.start, side.span.start), f"{_sum(page, letter)} (")
            closing = Change(Span(side.span.end, side.span.end), ")")
            if any(term.span != side.span for term in terms):
                yield Draft("forgotten-sum", [opening, closing], side.span, 2)
    yield from _forgotten_everywhere(page)


def _forgotten_everywhere(page: Page) -> Iterator[Draft]:
    """The same Σ in every right side that lacks it."""
    lacking = [
        (number, letter)
        for number, side in enumerate(page.sides)
        if not side.left
        for letter in page.free_only_right(number)[:1]
    ]
    for letter in dict.fromkeys(letter for _, letter in lacking):
        numbers = [number for number, other in lacking if other == letter]
        changes: list[Change] = []
        for number in numbers if len(numbers) > 1 else ():
            tops = [e for e in page.expressions if e.whole and e.side == number]
            for term in tops[0].terms if tops else ():
                changes += (_before(page, term, letter) or []) if _depends(page, term.span, letter) else []
        if changes:
            yield Draft("forgotten-sum", changes, hull_of(change.span for change in changes), 3)


def _depends(page: Page, span: Span, letter: str) -> bool:
    """Whether a letter is free somewhere in a span."""
    return any(slot.letter == letter and letter not in q.bound for q, slot in page.slots_in(span))


def _before(page: Page, term: Term, letter: str) -> list[Change] | None:
    """Σ before the first factor that depends on its letter; in brackets up to the last one where sums have brackets."""
    with_it = [factor.span for factor in term.factors if _depends(page, factor.span, letter)]
    if not with_it:
        return None
    start, end = with_it[0].start, with_it[-1].end
    if page.style.sum_in_brackets:
        return [Change(Span(start, start), f"{_sum(page, letter)}( "), Change(Span(end, end), " )")]
    return [Change(Span(start, start), f"{_sum(page, letter)} ")]


def _sum(page: Page, letter: str) -> str:
    return page.style.sum_over(page.spellings.get(letter, letter))


def removed(page: Page) -> Iterator[Draft]:
    """No Σ, where its sum collapsed; and its letter replaced by one of the left side."""
    for node, number in page.sums:
        span, body = page.layout.whole(node), page.layout.whole(node.body)
        if span is None or body is None or node.kind != "sum" or body.start < span.start:
            continue
        braces, _ = unbalanced(page.text[span.start : body.start])
        sign = Change(Span(span.start, span.start + braces[0] if braces else body.start), "")
        yield Draft("kronecker", [sign], span, 2)
        if len(node.letters) != 1 or page.sides[number].left:
            continue
        bound = _bound_by(page, node, node.letters[0].base)
        for letter in [each for each in page.letters(False) if each in page.left_letters][:_MOST_LETTERS]:
            changes = renamed(page, bound, letter) if letter != node.letters[0].base else None
            if changes:
                yield Draft("kronecker", [sign, *changes], span, 2)


def _bound_by(page: Page, node: Sum, letter: str) -> list[Slot]:
    """The places of a letter under its sum."""
    return [slot for _, slot in page.slots_in(page.layout.hull(node.body)) if slot.letter == letter]


def over_another_letter(page: Page) -> Iterator[Draft]:
    """Σ_i for Σ_j: the letter under the sum alone, then with all that it binds; in every side at once too."""
    alone: dict[tuple[str, str], list[Change]] = {}
    for node, number in page.sums:
        pool = list(dict.fromkeys((*page.letters(False), *page.free_only_right(number), page.fresh())))
        for letter in node.letters:
            place = _letter_place(page, node, letter)
            if place is None:
                continue
            for new in pool[:8]:
                if new == letter.base:
                    continue
                change = Change(place, _under(page, place, new))
                alone.setdefault((letter.base, new), []).append(change)
                mistake, cost = _mistake(page, node, letter.base, new)
                yield Draft(mistake, [change], page.layout.hull(node), cost)
                changes = renamed(page, _bound_by(page, node, letter.base), new)
                if changes:
                    yield Draft("bound-free-clash", [change, *changes], page.layout.hull(node), 3)
    for changes in alone.values():
        if len(changes) > 1:
            yield Draft("bound-free-clash", changes, hull_of(change.span for change in changes), 3)


def _mistake(page: Page, node: Sum, old: str, new: str) -> tuple[str, int]:
    if old in page.left_letters:
        return "bound-free-clash", 1 if new not in page.left_letters else 3
    return ("unused-bound-index", 2) if not _bound_by(page, node, old) else ("wrong-index", 3)


def _letter_place(page: Page, node: Sum, letter: Name) -> Span | None:
    """Where a letter stands under its Σ."""
    span = span_of(letter)
    if page.layout.hull(node).start == span.start or not page.layout.owns(letter):
        return None
    return span


def _under(page: Page, place: Span, letter: str) -> str:
    text = page.spellings.get(letter, letter)
    bare = page.text[place.start - 1 : place.start] == "_"
    return f"{{{text}}}" if bare and len(text) > 1 and page.style.mode is not Mode.TEXT else text


def up_to_another(page: Page) -> Iterator[Draft]:
    """Σ_{k=1}^n for Σ_{k=1}^m."""
    for node, _ in page.sums:
        span = page.layout.whole(node.upper) if isinstance(node.upper, Name) else None
        if span is None:
            continue
        for letter, text in list(page.style.uppers.items())[:6]:
            if isinstance(node.upper, Name) and letter != node.upper.base:
                yield Draft("wrong-range", [Change(span, text)], page.layout.hull(node), 2)


def uncollapsed(page: Page) -> Iterator[Draft]:
    r"""\sum_k ∂C/∂a_k ∂a_k/∂z_j for ∂C/∂a_j ∂a_j/∂z_j: a new letter where a product says one quantity twice."""
    fresh = page.fresh()
    for term in page.right_terms:
        if len(term.factors) < 2:
            continue
        groups: dict[Node, list[Quantity]] = {}
        for quantity in page.quantities_in(term.span):
            groups.setdefault(quantity.node, []).append(quantity)
        for same in islice((each for each in groups.values() if len(each) > 1), 6):
            lower = [number for number, slot in enumerate(same[0].slots) if slot.editable and not slot.above]
            for number in lower:
                changes = renamed(page, [quantity.slots[number] for quantity in same], fresh)
                if changes:
                    start = Span(term.span.start, term.span.start)
                    changes.append(Change(start, f"{page.style.sum_over(fresh)} "))
                    yield Draft("softmax-collapse", changes, term.span, 2)


def kroneckers(page: Page) -> Iterator[Draft]:
    """A Kronecker delta more, or one less."""
    letters = page.letters(False)[:_MOST_LETTERS]
    delta = page.style.command("delta", "δ")
    if page.style.mode is Mode.TEXT and page.text.isascii():
        delta = "delta"
    for term in page.right_terms:
        for at, factor in enumerate(term.factors):
            if _is_kronecker(factor.node):
                yield from without(page, term, at, "kronecker", 2)
        for one, other in combinations(letters, 2):
            pair = [page.spellings.get(letter, letter) for letter in (one, other)]
            if any(len(letter) > 1 for letter in pair):
                continue
            text = f"{delta}{page.style.script('_', ''.join(pair))} "
            yield Draft("kronecker", [Change(Span(term.span.start, term.span.start), text)], term.span, 4)


def _is_kronecker(node: Node) -> bool:
    if isinstance(node, Name) and node.base == "delta" and not node.above and len(node.below) == 1:
        return len(node.below[0].items) == 2
    return isinstance(node, Indicator)


def without(page: Page, term: Term, at: int, mistake: str, cost: int) -> Iterator[Draft]:
    """A term without one of its factors."""
    factors: Sequence[Factor] = term.factors
    if len(factors) < 2:
        return
    pair = page.neighbours(term, at if at == 0 else at - 1)
    if pair is None:
        return
    first, second = pair
    gone = Span(first.span.start, second.span.start) if at == 0 else Span(first.span.end, second.span.end)
    yield Draft(mistake, [Change(gone, "")], term.span, cost)
