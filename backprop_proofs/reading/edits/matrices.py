"""Matrix factors: a transpose more or less, the other order, ⊙ against the matrix product."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_proofs.reading.edits.factors import DIVISORS
from backprop_proofs.reading.edits.page import Factor, Page, Term, walked
from backprop_proofs.reading.edits.slots import is_letter
from backprop_proofs.reading.edits.style import INNER_MARK, MARK
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.lexer import Mode
from backprop_proofs.reading.syntax import (
    Call,
    Derivative,
    Differential,
    Group,
    Nabla,
    Name,
    Node,
    Scripted,
    Span,
    Transpose,
)

_HADAMARD = frozenset(("⊙", "∘", ".*"))
_PLAIN = frozenset(("", "·", "@", "×", "*"))
_OPERATOR = re.compile(r"\\?[A-Za-z]+|\.\*|[⊙∘·⋅×@*◦]")


def transposes(page: Page) -> Iterator[Draft]:
    """A matrix factor transposed, one no longer transposed, the transpose on the factor beside it."""
    for term in page.terms:
        turned = {number: _turned(page, factor, len(term.factors) == 1) for number, factor in enumerate(term.factors)}
        left = page.sides[term.side].left
        for number, text in turned.items():
            if text and not (left and len(term.factors) > 1):
                factor = term.factors[number]
                yield Draft("missing-transpose", [Change(factor.span, text)], term.span, 2 if left else 1)
        for number in range(len(term.factors) - 1):
            pair = page.neighbours(term, number)
            if pair and turned[number] and turned[number + 1]:
                yield from _of_pair(page, term, pair, (turned[number] or "", turned[number + 1] or ""))


def _of_pair(page: Page, term: Term, pair: tuple[Factor, Factor], turned: tuple[str, str]) -> Iterator[Draft]:
    """Two matrix factors in the other order, one or both of them transposed or not."""
    first, second = pair
    one, other = first.span.within(page.text), second.span.within(page.text)
    if isinstance(first.node, Transpose) != isinstance(second.node, Transpose):
        changes = [Change(first.span, turned[0]), Change(second.span, turned[1])]
        yield Draft("missing-transpose", changes, term.span, 2)
    for mistake, left, right, cost in (
        ("missing-transpose", other, one, 1),
        ("missing-transpose", turned[1], one, 2),
        ("missing-transpose", other, turned[0], 2),
        ("missing-transpose", turned[1], turned[0], 2),
    ):
        yield Draft(mistake, [Change(first.span, left), Change(second.span, right)], term.span, cost)


def _turned(page: Page, factor: Factor, alone: bool) -> str | None:
    """A factor transposed, or without its transpose; None where it is no matrix."""
    node, text, mark = factor.node, factor.span.within(page.text), page.style.transposed
    if isinstance(node, Transpose):
        return _without_mark(text)
    if not _like_a_matrix(node) or (isinstance(node, Name) and _like_a_number(node, alone)):
        return None
    if isinstance(node, Group) or (isinstance(node, Name | Scripted) and not node.above):
        return text + mark
    if page.style.transposes_inside and text.endswith("]}"):
        return f"{text[:-1]}{mark.lstrip('^').strip('{}')}}}"
    if page.style.mode is not Mode.TEXT and isinstance(node, Name) and not page.style.transposes_in_brackets:
        return f"{{{text}}}{mark}"
    return f"({text}){mark}"


def _like_a_number(name: Name, alone: bool) -> bool:
    """Whether a name without indices is rather a number: m, or anything small that is no factor."""
    bare = not (name.marks or name.above or name.below)
    return bare and (name.base in DIVISORS or (alone and name.base.islower() and not name.run))


def _without_mark(text: str) -> str | None:
    marks = list(MARK.finditer(text)) or list(INNER_MARK.finditer(text))
    if not marks:
        return None
    bare = text[: marks[-1].start()] + text[marks[-1].end() :]
    grouped = re.fullmatch(r"\s*(?:\\left)?\(\s*([^()]*?)\s*(?:\\right)?\)\s*|\{([^{}]*)\}", bare)
    inner = (grouped.group(1) or grouped.group(2) or "") if grouped else ""
    return inner if inner and not re.search(r"[+\-\s]", inner) else bare


def _like_a_matrix(node: Node) -> bool:
    """Whether a factor can be a whole vector or matrix: it has no lower index letters."""
    if isinstance(node, Group):
        return node.bracket in "([" and len(node.items) == 1 and all(map(_without_indices, walked(node)))
    if isinstance(node, Derivative):
        return all(_like_a_matrix(each) for each in node.wrt)
    if isinstance(node, Differential):
        return node.of is not None and _like_a_matrix(node.of)
    if isinstance(node, Nabla):
        return True
    return isinstance(node, Name | Scripted) and _without_indices(node)


def _without_indices(node: Node) -> bool:
    if isinstance(node, Scripted | Name):
        return not any(isinstance(i, Name) and is_letter(i) for script in node.below for i in script.items)
    return True


def products(page: Page) -> Iterator[Draft]:
    """⊙ where the matrix product stands, and the other way round."""
    for term in page.terms:
        for number in range(len(term.factors) - 1):
            pair = page.neighbours(term, number)
            if pair is None:
                continue
            first, second = pair
            gap = Span(first.span.end, second.span.start)
            written = _OPERATOR.search(page.text, *gap)
            place = Span(*written.span()) if written else gap
            for text in _others(page, pair, written is not None):
                yield Draft("hadamard-product", [Change(place, text)], term.span, 2)


def _others(page: Page, pair: tuple[Factor, Factor], is_written: bool) -> list[str]:
    operator = pair[1].operator
    whole = [isinstance(f.node, Call | Transpose) or _like_a_matrix(f.node) for f in pair]
    if operator in _HADAMARD:
        dot = page.style.command("cdot", "*" if page.text.isascii() else "·")
        return [" ", f"{dot} "] if is_written else []
    if operator in _PLAIN and all(whole) and is_written == bool(operator):
        text = page.style.command("odot", "⊙")
        return [text if is_written else f" {text} "]
    return []
