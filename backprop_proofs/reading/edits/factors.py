"""Factors and terms: signs, numbers, squares, brackets, a factor missing, superfluous or of another kind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from backprop_proofs.reading.edits.page import Factor, Page, Term
from backprop_proofs.reading.edits.sums import without
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.lexer import Mode
from backprop_proofs.reading.syntax import (
    Group,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Power,
    Quotient,
    Root,
    Span,
    Sum,
)

DIVISORS = ("m", "n", "N", "T")
_NEARBY = 5_000  # characters before and after a row
_SQUARE = re.compile(r"\s*(?:\^\s*(?:2|\{\s*2\s*\}|\(2\))|\*\*\s*2|²)")
_EXPONENT_SIGN = re.compile(r"\^\s*[{(]?\s*(?P<sign>[-−]?)\s*(?=[\d.])")


def at(place: int, text: str) -> Change:
    """Something put in at a place."""
    return Change(Span(place, place), text)


def bracketed(span: Span) -> list[Change]:
    """Brackets round a span."""
    return [at(span.start, "("), at(span.end, ")")]


def signs(page: Page) -> Iterator[Draft]:
    """The sign of a term, of a whole side, of an exponent."""
    for expression in page.expressions:
        left = page.sides[expression.side].left
        for term in expression.terms:
            if left and expression.whole:
                continue
            first = term.sign_span.end == term.sign_span.start
            if first:
                change = at(term.span.start, "-")
            elif term.sign < 0 and term is expression.terms[0]:
                change = Change(term.sign_span, "")
            else:
                change = Change(term.sign_span, "-" if term.sign > 0 else "+")
            cost = 1 if expression.whole or (len(expression.terms) > 1 and not first) else 2
            yield Draft("sign", [change], expression.span, cost)
        if expression.whole and not left and len(expression.terms) > 1:
            yield Draft("sign", [at(expression.span.start, "-("), at(expression.span.end, ")")], expression.span, 1)
    for node, span in page.powers:
        match = _EXPONENT_SIGN.search(page.text, span.start, span.end)
        if match:
            place = Span(*match.span("sign"))
            braced = page.text[place.start - 1] != "^"
            if match["sign"] or braced:
                yield Draft("sign", [Change(place, "" if match["sign"] else "-")], span, 2)
            elif isinstance(node, Power) and page.style.mode is not Mode.TEXT:
                digit = Span(place.start, place.start + 1)
                yield Draft("sign", [Change(digit, f"{{-{digit.within(page.text)}}}")], span, 3)


def numbers(page: Page) -> Iterator[Draft]:
    """A side or a term times 2, ½, 1/m; or without such a factor."""
    multipliers = [(page.style.one_over(bottom), 2 if bottom in page.style.ones_over else 3) for bottom in _known(page)]
    for expression in page.expressions:
        if page.sides[expression.side].left:
            continue
        if expression.whole:
            for text, cost in (*multipliers, ("2", 3)):
                yield from _times(page, expression.span, expression.terms, text, cost)
        for term in expression.terms if not expression.whole or len(expression.terms) > 1 else ():
            for text, cost in (*multipliers[:3], ("2", 3)):
                yield from _times(page, term.span, (term,), text, cost + 1)
    for term in page.right_terms:
        for number, factor in enumerate(term.factors):
            if _is_numeric(factor.node):
                yield from without(page, term, number, "missing-factor", 1)


def _known(page: Page) -> list[str]:
    """What a sum or a cost could be divided by here."""
    found = dict.fromkeys(bottom for bottom in page.style.ones_over if bottom != "2")
    found |= dict.fromkeys(letter for letter in page.style.uppers if letter in DIVISORS)
    start, end = page.row.span
    nearby = page.text[max(0, start - _NEARBY) : end + _NEARBY]
    used = [letter for letter in DIVISORS if re.search(rf"(?<![A-Za-z^.\\]){letter}(?![A-Za-z])", nearby)]
    return [*list(found | dict.fromkeys(used))[:5], "2"]


def _times(page: Page, span: Span, terms: tuple[Term, ...], text: str, cost: int) -> Iterator[Draft]:
    operator = times_sign(page, terms)
    if len(terms) > 1:
        yield Draft("missing-factor", [at(span.start, f"{text}{operator}("), at(span.end, ")")], span, cost)
    elif terms:
        start = terms[0].span.start
        digit = page.text[start : start + 1].isdigit() and text[-1:].isdigit()
        between = (" * " if page.style.mode is Mode.TEXT else f" {page.style.slash}cdot ") if digit else operator
        yield Draft("missing-factor", [at(start, text + between)], span, cost)


def times_sign(page: Page, terms: Sequence[Term]) -> str:
    """What stands between factors where text is typed."""
    starred = any(factor.operator == "*" for term in terms for factor in term.factors)
    return " * " if starred and page.style.mode is Mode.TEXT else " "


def _is_numeric(node: Node) -> bool:
    if isinstance(node, Number):
        return True
    if isinstance(node, Group) and len(node.items) == 1:
        return _is_numeric(node.items[0])
    letter = isinstance(node, Quotient) and isinstance(node.bottom, Name | Number)
    return isinstance(node, Quotient) and letter and isinstance(node.top, Number)


def squares(page: Page) -> Iterator[Draft]:
    """A square on a factor, a norm, a denominator, a sum in brackets; or none; or on the whole sum, not its terms."""
    for term in page.right_terms:
        for factor in term.factors:
            yield from _squared(page, factor)
    for node, span in page.powers:
        match = None
        for found in _SQUARE.finditer(page.text, span.start, span.end):
            match = found
        if match:
            yield Draft("missing-square", [Change(Span(*match.span()), "")], span, 2)
            yield from _square_of_all(page, node, Span(*match.span()))


def _squared(page: Page, factor: Factor) -> Iterator[Draft]:
    node, span = factor.node, factor.span
    if isinstance(node, Number | Power) or (isinstance(node, Quotient) and _is_numeric(node)):
        return
    following = re.compile(r"\s*[\^'*]").match(page.text, span.end)
    if following and following.group().strip() in ("^", "'"):
        return
    if isinstance(node, Norm) or (isinstance(node, Group) and node.bracket in "([") or _is_bare(node):
        cost = 1 if isinstance(node, Norm) else 2
        yield Draft("missing-square", [at(span.end, "^2")], span, cost)
    else:
        yield Draft("missing-square", [at(span.start, "("), at(span.end, ")^2")], span, 2)


def _is_bare(node: Node) -> bool:
    return isinstance(node, Name) and not node.above


def _square_of_all(page: Page, node: Node, square: Span) -> Iterator[Draft]:
    """(Σ x)^2 for Σ x^2."""
    for each, _ in page.sums:
        span = page.layout.whole(each)
        if span and span.start <= square.start and square.end <= span.end and node is not each:
            changes = [at(span.start, "("), Change(square, ""), at(span.end, ")^2")]
            yield Draft("parenthesis", changes, span, 2)


def roots(page: Page) -> Iterator[Draft]:
    """What stands under a root, without the root."""
    for term in page.terms:
        for factor in term.factors:
            node: Node = factor.node
            node = node.base if isinstance(node, Power) else node
            node = node.items[0] if isinstance(node, Group) and len(node.items) == 1 else node
            inner = page.layout.whole(node.of) if isinstance(node, Root) else None
            span = page.layout.whole(node) if isinstance(node, Root) else None
            if inner and span:
                text = inner.within(page.text)
                bare = node is not factor.node
                yield Draft("square-root", [Change(span, text if bare else f"({text})")], factor.span, 3)


def brackets(page: Page) -> Iterator[Draft]:
    """(1 - h^2) w for 1 - h^2 w, a (b + c) for a b + c, Σ (a + b) for Σ a + b; and brackets taken away."""
    for expression in page.expressions:
        terms = expression.terms
        if len(terms) < 2 or (page.sides[expression.side].left and expression.whole):
            continue
        for factor in islice(terms[-1].factors[:-1], 8):
            changes = bracketed(Span(_start(terms[0]), factor.span.end))
            yield Draft("parenthesis", changes, expression.span, 1)
        for factor in islice(terms[0].factors[1:], 8):
            yield Draft("parenthesis", bracketed(Span(factor.span.start, terms[-1].span.end)), expression.span, 1)
        for term in terms[:-1]:
            body = _summand(page, term)
            if body:
                yield Draft("parenthesis", bracketed(Span(body.start, terms[-1].span.end)), expression.span, 1)
    for term in page.terms:
        for factor in term.factors if len(term.factors) > 1 else ():
            node = factor.node
            if isinstance(node, Group) and node.bracket in "([" and len(node.items) == 1:
                inner = page.layout.whole(node.items[0])
                if inner and isinstance(node.items[0], Plus):
                    change = Change(factor.span, inner.within(page.text))
                    yield Draft("parenthesis", [change], term.span, 3)


def _start(term: Term) -> int:
    return min(term.sign_span.start, term.span.start)


def _summand(page: Page, term: Term) -> Span | None:
    last = term.factors[-1].node if term.factors else None
    return page.layout.whole(last.body) if isinstance(last, Sum) else None


def superfluous(page: Page) -> Iterator[Draft]:
    """A term without one of its factors."""
    for term in page.right_terms:
        for number, factor in enumerate(term.factors):
            if not _is_numeric(factor.node):
                yield from without(page, term, number, "extra-factor", 3)
