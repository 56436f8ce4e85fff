"""σ against σ', the argument of σ', and other quantities in the place of one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backprop_proofs.reading.commands import FUNCTIONS
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.edits.factors import times_sign
from backprop_proofs.reading.edits.layout import Layout
from backprop_proofs.reading.edits.page import Page, Term, calls_in, walked
from backprop_proofs.reading.edits.writing import Change, Draft
from backprop_proofs.reading.syntax import (
    Call,
    Derivative,
    Name,
    Node,
    Scripted,
    Span,
)

_PRIMES = re.compile(
    r"\s*(?:['′’]|\^\s*\{\s*\\?prime\s*\}|\^\s*\\prime(?![A-Za-z]))|(?<=\{)\s*\\prime(?![A-Za-z])\s*(?!\})"
)
_MOST = 10


def primes(page: Page) -> Iterator[Draft]:
    """σ' for σ and σ for σ'."""
    for call in page.calls:
        function = call.function
        span = page.layout.whole(function)
        if span is None or function.base in FUNCTIONS:
            continue
        shown = page.layout.whole(call) or span
        if function.primes:
            match = _PRIMES.search(page.text, span.start, span.end)
            if match:
                yield Draft("extra-sigma-prime", [Change(Span(*match.span()), "")], shown, 2)
        else:
            end = _end_of_base(page, function, span)
            yield Draft("sigma-prime-missing", [Change(Span(end, end), "'")], shown, 1)


def _end_of_base(page: Page, function: Name, span: Span) -> int:
    starts = [page.layout.hull(script).start for script in (*function.above, *function.below)]
    return min((start for start in starts if start > span.start), default=span.end)


def arguments(page: Page) -> Iterator[Draft]:
    """Another quantity as the argument of a function: one that stands near here, or the same with another letter."""
    pool = _pool(page)
    bases = _argument_bases(page)
    for call in page.calls:
        argument = call.arguments[0] if len(call.arguments) == 1 else None
        span = page.layout.whole(argument) if isinstance(argument, Name | Scripted) else None
        if span is None or argument is None:
            continue
        mistake = "sigma-prime-wrong-argument" if call.function.primes else "wrong-variable"
        now = span.within(page.text)
        asked = bases.get(call.function.base, [])
        for text in _with_other_base(argument, now, asked):
            yield Draft(mistake, [Change(span, text)], page.layout.whole(call) or span, 1)
        for text, node in pool.items():
            if text != now and node.below and bool(node.below) == bool(getattr(argument, "below", ())):
                cost = 1 if node.base in asked else 3
                yield Draft(mistake, [Change(span, text)], page.layout.whole(call) or span, cost)


def _with_other_base(argument: Node, now: str, bases: list[str]) -> Iterator[str]:
    """z_j for a_j."""
    if not isinstance(argument, Name):
        return
    head = re.match(r"\\?[A-Za-z]+|\w", now)
    for base in bases:
        if head and base != argument.base and head.group().lstrip("\\") == argument.base and base.isalpha():
            yield base + now[head.end() :]


def _pool(page: Page) -> dict[str, Name]:
    """The quantities of this row and of those near it, by how they are written."""
    found: dict[str, Name] = {}
    for layout, row in page.sources:
        for statement in row.statements:
            for part in statement.chain.parts[statement.carried :]:
                for node in walked(part):
                    named = isinstance(node, Name) and (node.above or node.below)
                    text = layout.source(node) if named else None
                    if text and isinstance(node, Name) and _fits(text):
                        found.setdefault(text, node)
    return dict(list(found.items())[: 3 * _MOST])


def _fits(text: str) -> bool:
    return len(text) < 80 and "\n" not in text


def _argument_bases(page: Page) -> dict[str, list[str]]:
    """For each function, the letters of what it is applied to near here."""
    found: dict[str, list[str]] = {}
    for row in (page.row, *page.around):
        for statement in row.statements:
            for part in statement.chain.parts:
                for call in calls_in(part):
                    argument = call.arguments[0]
                    if isinstance(argument, Name) and argument.base not in found.setdefault(call.function.base, []):
                        found[call.function.base].append(argument.base)
    return found


def others(page: Page) -> Iterator[Draft]:
    """Another quantity of this row or one near it in the place of a factor, or in a derivative."""
    pool = _pool(page)
    for term in page.right_terms:
        for factor in term.factors:
            node, now = factor.node, factor.span.within(page.text)
            if isinstance(node, Name) and (node.below or node.above):
                for text, other in list(pool.items())[:_MOST]:
                    if text != now and other.base != node.base:
                        yield Draft("wrong-variable", [Change(factor.span, text)], term.span, 4)
            elif isinstance(node, Derivative):
                yield from _in_derivative(page, term, node)


def _in_derivative(page: Page, term: Term, node: Derivative) -> Iterator[Draft]:
    names = page.differentiated
    for part in (node.of, *node.wrt):
        span = page.layout.whole(part) if isinstance(part, Name) else None
        if span is None:
            continue
        now = span.within(page.text)
        for text in names[:_MOST]:
            if text != now:
                yield Draft("wrong-variable", [Change(span, text)], term.span, 3)


def missing(page: Page) -> Iterator[Draft]:
    """A factor of this row, the one before or the one after, that a term lacks."""
    candidates: dict[str, bool] = {}
    for layout, row in page.sources[:3]:
        for text, calls in _factors_of(layout, row):
            candidates.setdefault(text, calls)
    between = times_sign(page, page.terms)
    for term in page.right_terms:
        present = {factor.span.within(page.text) for factor in term.factors}
        for text, last in list(candidates.items())[:_MOST]:
            if text not in present:
                place = term.span.end if last else term.span.start
                new = between + text if last else text + between
                cost = 3 if page.row.source.count(text) > 1 else 4  # other terms have it
                yield Draft("missing-factor", [Change(Span(place, place), new)], term.span, cost)


def _factors_of(layout: Layout, row: Row) -> Iterator[tuple[str, bool]]:
    """Derivatives, and values of primed functions, as written; whether such a factor stands last."""
    for statement in row.statements:
        for part in statement.chain.parts[statement.carried :]:
            for node in walked(part):
                primed = isinstance(node, Call) and node.function.primes > 0
                text = layout.source(node) if primed or isinstance(node, Derivative) else None
                if text and _fits(text):
                    yield text, primed
