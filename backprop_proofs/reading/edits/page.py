"""A row taken apart for editing: its sides, expressions, terms and factors, its quantities and their indices."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.edits.layout import Layout, inside
from backprop_proofs.reading.edits.slots import Slot, slots_of
from backprop_proofs.reading.edits.style import Style, near
from backprop_proofs.reading.syntax import (
    Accent,
    Branch,
    Call,
    CallOrProduct,
    Cases,
    Chain,
    Derivative,
    Differential,
    Exponential,
    Group,
    Held,
    Indicator,
    Matrix,
    Nabla,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Power,
    Product,
    Quotient,
    Root,
    Scripted,
    Span,
    Sum,
    Transpose,
)

MOST_QUANTITIES = 400  # of a row; what stands behind them is not edited
_OPENS = re.compile(r"(?:[{(\[,|‖]|\\over|\\langle|\\lVert|\\lvert)\s*\Z")
_CLOSES = re.compile(r"\s*(?:\\right|\\[bB]igg?r?)?\s*(?:[})\],|‖]|\\[|]|\\over|\\rangle|\\rVert|\\rvert)")
_SIGN = re.compile(r"[+\-−–＋]")


class Side(NamedTuple):
    """One part of a chain. part: (statement, its number there)."""

    node: Node
    span: Span
    part: tuple[int, int]
    left: bool


class Quantity(NamedTuple):
    """A name with its indices, where it stands. bound: the letters of the sums around it."""

    node: Node
    side: int
    bound: frozenset[str]
    slots: tuple[Slot, ...]


class Factor(NamedTuple):
    """A factor of a term, its place, and the operator before it."""

    node: Node
    span: Span
    operator: str


class Term(NamedTuple):
    """A term: its sign, the sign's place (empty where none is written), its place without the sign, its factors."""

    sign: int
    sign_span: Span
    span: Span
    factors: tuple[Factor, ...]
    side: int


@dataclass(frozen=True)
class Expression:
    """Where a sum of terms can stand. whole: it is a side of the row."""

    node: Node
    span: Span
    side: int
    terms: tuple[Term, ...]
    whole: bool


class Page:
    """All that the generators of edits ask of a row."""

    def __init__(self, document: Document, row: Row):
        self.document, self.row = document, row
        self.layout = Layout(document, row)
        self.style = Style(document, row)
        self.text = self.layout.text
        self.left_letters: set[str] = set()
        self.sides: list[Side] = []
        self.quantities: list[Quantity] = []
        self.sums: list[tuple[Sum, int]] = []
        self._places: list[tuple[Node, int]] = []
        self._nodes: list[tuple[Node, int]] = []
        self._take_apart()

    def _take_apart(self) -> None:
        for number, statement in enumerate(self.row.statements):
            for at, part in enumerate(statement.chain.parts):
                if statement.carried and at == 0:
                    self._note_left(part)
                    continue
                span = self.layout.whole(part)
                if span is None:
                    continue
                self.sides.append(Side(part, span, (number, at), at == 0 and len(statement.chain.parts) > 1))
                self._places.append((part, len(self.sides) - 1))
                self._walk(part, len(self.sides) - 1, frozenset())
        for quantity in self.quantities:
            if self.sides[quantity.side].left:
                self.left_letters |= {slot.letter for slot in quantity.slots if slot.letter not in quantity.bound}

    def _note_left(self, node: Node) -> None:
        """The letters of a left side that stands in the row above."""
        pending = [node]
        while pending:
            current = pending.pop()
            self.left_letters |= {slot.letter for slot in slots_of(current, None)}
            pending += inside(current)

    def _walk(self, node: Node, side: int, bound: frozenset[str]) -> None:
        if len(self.quantities) >= MOST_QUANTITIES:
            return
        self._nodes.append((node, side))
        if isinstance(node, Name | Scripted | Indicator):
            self.quantities.append(Quantity(node, side, bound, slots_of(node, self.layout)))
        if isinstance(node, Sum):
            self.sums.append((node, side))
            bound = bound | {letter.base for letter in node.letters}
        for inner, holds_terms in operands(node):
            if holds_terms and self._closed_off(node, inner):
                self._places.append((inner, side))
            self._walk(inner, side, bound)

    def _closed_off(self, node: Node, inner: Node) -> bool:
        r"""Whether a sign or a bracket put in at the ends of `inner` would be its own: not in a/b, x^2, \frac12."""
        if isinstance(node, Sum | Branch | Matrix):
            return True
        start, end = self.layout.hull(inner)
        before = self.text[max(0, start - 30) : start]
        return bool(_OPENS.search(before) and _CLOSES.match(self.text, end))

    # terms and factors

    @cached_property
    def expressions(self) -> list[Expression]:
        """All sums of terms, the sides first."""
        found = []
        tops = {id(side.node) for side in self.sides}
        for node, side in sorted(self._places, key=lambda place: id(place[0]) not in tops):
            span = self.layout.whole(node)
            if span is not None:
                terms = tuple(self._terms(node, side))
                found.append(Expression(node, span, side, terms, id(node) in tops))
        return found

    @cached_property
    def terms(self) -> list[Term]:
        """The terms of all expressions."""
        return [term for expression in self.expressions for term in expression.terms]

    @cached_property
    def right_terms(self) -> list[Term]:
        """Those on right sides."""
        return [term for term in self.terms if not self.sides[term.side].left]

    def _terms(self, node: Node, side: int) -> Iterator[Term]:
        pairs = zip(node.terms, node.signs, strict=True) if isinstance(node, Plus) else [(node, 1)]
        before = self.layout.hull(node).start
        for term, sign in pairs:
            hull, span = self.layout.hull(term), self.layout.whole(term)
            written = [match.span() for match in _SIGN.finditer(self.text, before, hull.start)]
            before = hull.end
            if span is None:
                continue
            sign_span = Span(*written[-1]) if written and isinstance(node, Plus) else Span(span.start, span.start)
            yield Term(sign, sign_span, span, tuple(self._factors(term)), side)

    def _factors(self, node: Node, operator: str = "") -> Iterator[Factor]:
        if isinstance(node, CallOrProduct):
            node = node.product
        if isinstance(node, Product):
            for factor, sign in zip(node.factors, (operator, *node.operators), strict=True):
                yield from self._factors(factor, sign)
            return
        span = self.layout.whole(node)
        if span is not None:
            yield Factor(node, span, operator)

    def neighbours(self, term: Term, at: int) -> tuple[Factor, Factor] | None:
        """Factor `at` of a term and the next, if nothing but an operator stands between them."""
        if at + 1 >= len(term.factors):
            return None
        first, second = term.factors[at : at + 2]
        gap = self.text[first.span.end : second.span.start]
        return (first, second) if first.span.end <= second.span.start and not re.search(r"[(){}\[\]]", gap) else None

    # quantities

    @cached_property
    def slots(self) -> list[tuple[Quantity, Slot]]:
        """Every index letter that can be edited."""
        return [(quantity, slot) for quantity in self.quantities for slot in quantity.slots if slot.editable]

    def slots_in(self, span: Span) -> list[tuple[Quantity, Slot]]:
        """Those within a span."""
        placed = self._sorted_slots
        first = bisect.bisect_left(placed, span.start, key=lambda pair: pair[1].span.start)
        last = bisect.bisect_left(placed, span.end, key=lambda pair: pair[1].span.start)
        return placed[first:last]

    @cached_property
    def _sorted_slots(self) -> list[tuple[Quantity, Slot]]:
        return sorted(self.slots, key=lambda pair: pair[1].span.start)

    @cached_property
    def twins(self) -> dict[Node, list[Quantity]]:
        """The quantities of the right sides, each with all that are the same."""
        found: dict[Node, list[Quantity]] = {}
        for quantity in self.quantities:
            if not self.sides[quantity.side].left and quantity.slots:
                found.setdefault(quantity.node, []).append(quantity)
        return found

    def letters(self, above: bool) -> list[str]:
        """The letters that stand above (or below) in this row, in their order."""
        return self._letters[above]

    @cached_property
    def _letters(self) -> tuple[list[str], list[str]]:
        below, above = (
            dict.fromkeys(slot.letter for q in self.quantities for slot in q.slots if slot.above == up)
            for up in (False, True)
        )
        below |= dict.fromkeys(letter.base for each, _ in self.sums for letter in each.letters)
        return list(below), list(above)

    def quantities_in(self, span: Span) -> list[Quantity]:
        """Those with an index within a span."""
        found = {id(quantity.node): quantity for quantity, _ in self.slots_in(span)}
        return list(found.values())

    @cached_property
    def powers(self) -> list[tuple[Node, Span]]:
        """What is raised to a number on a right side, and where."""
        found = []
        for node, side in self._nodes:
            span = self.layout.whole(node) if not self.sides[side].left and is_raised(node) else None
            if span is not None:
                found.append((node, span))
        return found

    @cached_property
    def calls(self) -> list[Call]:
        """The values of functions on right sides, certain or not."""
        return [call for side in self.sides if not side.left for call in calls_in(side.node)]

    @cached_property
    def differentiated(self) -> list[str]:
        """What stands in the derivatives of this row, as written."""
        found: dict[str, None] = {}
        for node, _ in self._nodes:
            for part in (node.of, *node.wrt) if isinstance(node, Derivative) else ():
                text = self.layout.source(part) if isinstance(part, Name) else None
                if text:
                    found.setdefault(text)
        return list(found)

    @cached_property
    def spellings(self) -> dict[str, str]:
        """How each index letter is written here."""
        found: dict[str, str] = {}
        for _, slot in self.slots:
            if not self.style.is_small(slot.span):
                found.setdefault(slot.letter, slot.span.within(self.text))
        return found

    def free_only_right(self, side: int) -> list[str]:
        """The lower letters that are free in a side and do not stand on the left."""
        found = dict.fromkeys(
            slot.letter
            for quantity in self.quantities
            if quantity.side == side
            for slot in quantity.slots
            if slot.letter not in quantity.bound and (not slot.above or slot.bracket == "(")
        )
        return [letter for letter in found if letter not in self.left_letters]

    def fresh(self) -> str:
        """A letter that this row does not use."""
        used = {slot.letter for quantity in self.quantities for slot in quantity.slots} | self.left_letters
        used |= {letter.base for each, _ in self.sums for letter in each.letters}
        used |= {quantity.node.base for quantity in self.quantities if isinstance(quantity.node, Name)}
        return next((letter for letter in "kijmnpqrs" if letter not in used), "k")

    @cached_property
    def around(self) -> list[Row]:
        """The rows near this one, the nearest first."""
        return list(near(self.document, self.row))

    @cached_property
    def sources(self) -> list[tuple[Layout, Row]]:
        """The row itself, those beside it and a few that define, with their layouts: factors may be taken from them."""
        beside = self.around[:3]
        defining = [row for row in self.around if row.given and not any(row is other for other in beside)][:4]
        return [(self.layout, self.row), *((Layout(self.document, row), row) for row in (*beside, *defining))]


def is_raised(node: Node) -> bool:
    """Whether something stands here to the power of a number."""
    if isinstance(node, Power):
        return isinstance(node.exponent, Number | Plus)
    scripts = node.above if isinstance(node, Name | Scripted) else ()
    items = [item for script in scripts if not script.bracket for item in script.items]
    return any(isinstance(item, Number) or (isinstance(item, Plus) and len(item.terms) == 1) for item in items)


def calls_in(node: Node) -> Iterator[Call]:
    """The values of functions in a node, certain or not."""
    for current in walked(node):
        if isinstance(current, CallOrProduct):
            call = current.call
            if isinstance(call, Call) and len(call.arguments) == 1 and isinstance(call.arguments[0], Name):
                yield call
        elif isinstance(current, Call) and current.arguments:
            yield current


def walked(node: Node, most: int = 600) -> Iterator[Node]:
    """A node and those in it, from left to right; no more than so many."""
    pending = [node]
    while pending and most:
        current = pending.pop()
        most -= 1
        yield current
        pending.extend(reversed(list(inside(current))))


def operands(node: Node) -> Iterator[tuple[Node, bool]]:
    """What stands in a node as an expression, and whether a sum of terms can stand there."""
    match node:
        case Plus(terms=inner) | Product(factors=inner):
            yield from ((each, False) for each in inner)
        case CallOrProduct(product=inner):
            yield inner, False
        case Group(items=inner) | Held(at=inner):
            if isinstance(node, Held):
                yield node.of, False
            yield from ((each, isinstance(node, Group)) for each in inner)
        case Quotient(top=top, bottom=bottom):
            yield from ((each, not isinstance(each, Number)) for each in (top, bottom))
        case Power(base=base, exponent=exponent):
            yield from ((base, False), (exponent, True))
        case Sum(body=body):
            yield body, True
        case Call(function=function, arguments=arguments):
            yield function, False
            yield from ((each, not isinstance(each, Name)) for each in arguments)
        case Derivative(of=of, wrt=wrt):
            yield from ((each, each is of and not isinstance(of, Name)) for each in (of, *wrt) if each is not None)
        case Scripted(base=Name()):
            pass
        case Scripted(base=base):
            yield base, False
        case Exponential(exponent=inner) | Root(of=inner) | Norm(of=inner) | Accent(of=inner) | Branch(value=inner):
            yield inner, True
        case Transpose(of=inner):
            yield inner, False
        case Differential(of=maybe) | Nabla(of=maybe):
            yield from ((each, False) for each in (maybe,) if each is not None)
        case Cases(branches=branches):
            yield from ((branch, False) for branch in branches)
        case Matrix(rows=rows):
            yield from ((each, True) for line in rows for each in line)
        case Chain(parts=inner):
            yield from ((each, False) for each in inner)
        case _:
            pass
