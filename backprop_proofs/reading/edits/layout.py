"""Where the nodes of a row stand in its text, and which of these places are theirs alone.

A macro gives all that it stands for the one place of its use, and the letters of w_{jk} share one: such a place is
nobody's own, so that no edit cuts a macro in two.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from backprop_proofs.reading.blocks import Block, blocks, without_comments
from backprop_proofs.reading.commands import COMMANDS
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.lexer import closing_brace
from backprop_proofs.reading.macros import Macro, collect
from backprop_proofs.reading.syntax import NOWHERE, CallOrProduct, Chain, Node, Span, Sum, parts, span_of

_BRACE = re.compile(r"\\.|[{}\[\]]", re.S)
_COMMAND_BEFORE = re.compile(r"\\([A-Za-z]+)\s*\Z")
_SIZE_BEFORE = re.compile(r"\\(?:left|[bB]igg?[lm]?)\s*\Z")
_SCRIPT_AFTER = re.compile(r"\s*[_^]\s*")
_OVER = re.compile(r"\\over(?![A-Za-z])")
_MACRO = re.compile(r"\\([A-Za-z]+)")
_UNDER = re.compile(r"\\(?:under|over)brace(?![A-Za-z])")


class Prepared(NamedTuple):
    """A text without its comments and macros (of the same length), its macros, its pieces; whether formulas are marked.

    marked: some formula stands between delimiters, so that a line without them is prose sooner.
    """

    clean: str
    macros: dict[str, Macro]
    pieces: tuple[Block, ...]
    marked: bool

    def piece_at(self, place: int) -> Block | None:
        """The piece that a place is in."""
        at = bisect.bisect_right(self.pieces, place, key=lambda piece: piece.span.start) - 1
        return self.pieces[at] if at >= 0 and place < self.pieces[at].span.end else None


@lru_cache(maxsize=2)  # as many edits are asked of one text
def prepared(text: str) -> Prepared:
    """A text cut into its pieces."""
    plain = text.replace("\r\n", " \n").replace("\r", "\n")
    macros, clean = collect(without_comments(plain)[0])
    pieces = tuple(blocks(clean, macros))
    marked = any(piece.kind in ("display", "inline") for piece in pieces) or "\\begin{document}" in clean
    return Prepared(clean, macros, pieces, marked)


class Layout:
    """The places of one row."""

    def __init__(self, document: Document, row: Row):
        self.text = document.text
        if "%" in row.span.within(self.text):
            self.text = prepared(self.text).clean
        self.span = row.span
        self.macros = frozenset(document.macros)
        self._hulls: dict[int, Span] = {}
        self._own: set[int] = set()
        for statement in row.statements:
            for part in statement.chain.parts[statement.carried :]:
                self._claim(part, (), self._measure(part), top=True)

    def hull(self, node: Node) -> Span:
        """From the first to the last character of a node."""
        return self._hulls.get(id(node), NOWHERE)

    def owns(self, node: Node) -> bool:
        """Whether nothing but this node, whole, stands at its place."""
        return id(node) in self._own

    def whole(self, node: Node | None) -> Span | None:
        r"""All that would have to go if the node went, braces and \left too; None where that cannot be told."""
        if node is None or not self.owns(node):
            return None
        return self.widened(self.hull(node))

    def source(self, node: Node) -> str | None:
        """The node as written, or None."""
        span = self.whole(node)
        return span.within(self.text) if span else None

    def _measure(self, node: Node) -> Span:
        start, end = span_of(node)
        known = end > start
        for child in inside(node):
            span = self._measure(child)
            if span != NOWHERE:
                start, end = (min(start, span.start), max(end, span.end)) if known else span
                known = True
        self._hulls[id(node)] = Span(start, end)
        return self._hulls[id(node)]

    def _claim(self, node: Node, foreign: Sequence[Span], parent: Span, top: bool = False) -> None:
        hull = self._hulls[id(node)]
        part_of_macro = not top and hull == parent and self._is_macro(hull)
        if not foreign and not part_of_macro and hull.end > hull.start:
            self._own.add(id(node))
        children = sorted(inside(node), key=self.hull)
        furthest = Span(hull.start, hull.start)
        for at, child in enumerate(children):
            place = self.hull(child)
            near = [furthest, *map(self.hull, children[at + 1 : at + 2]), *foreign]
            self._claim(child, [span for span in near if _overlap(place, span)], hull)
            furthest = max(furthest, place, key=lambda span: span.end)

    def _is_macro(self, span: Span) -> bool:
        match = _MACRO.match(self.text, span.start) if self.macros else None
        return match is not None and match.group(1) in self.macros

    # whole pieces of text

    def widened(self, span: Span) -> Span | None:
        r"""A span with the braces that it opens or closes, and the \left before it."""
        start, end = span
        opened, closed = unbalanced(span.within(self.text))
        for place in reversed(opened):
            closing = "}" if self.text[start + place] == "{" else "]"
            end = _past_blanks(self.text, end)
            if self.text[end : end + 1] != closing:
                return None
            end += 1
        for _ in range(closed):
            brace = start - 1
            while brace > self.span.start and self.text[brace].isspace():
                brace -= 1
            if brace < self.span.start or self.text[brace] != "{" or self.text[brace - 1 : brace] == "\\":
                return None
            start = self._past_command(brace)
        found = self._with_script(start, end) if opened else end
        grown = self._with_over(Span(start, found)) if found else None
        if grown is None:
            return None
        size = _SIZE_BEFORE.search(self.text, max(self.span.start, grown.start - 20), grown.start)
        if size and self.text[grown.start : grown.start + 1] in tuple("([{|\\"):
            grown = Span(size.start(), grown.end)
        return grown if self.span.start <= grown.start and grown.end <= self.span.end else None

    def _past_command(self, start: int) -> int:
        match = _COMMAND_BEFORE.search(self.text, max(self.span.start, start - 40), start)
        if match is None:
            return start
        kind = COMMANDS.get(match.group(1), ("", ""))[0]
        return match.start() if kind in ("keep", "font") else start

    def _with_script(self, start: int, end: int) -> int:
        """Past the words under a brace that closes at `end`; 0 where something else hangs there."""
        match = _SCRIPT_AFTER.match(self.text, end, self.span.end)
        if match is None:
            return end
        if not _UNDER.search(self.text, start, end):
            return 0
        at = match.end()
        return closing_brace(self.text, at + 1, self.span.end) + 1 if self.text[at : at + 1] == "{" else at + 1

    def _with_over(self, span: Span) -> Span | None:
        r"""{a \over b} with its braces, where the span holds the \over itself."""
        level = 0
        for match in re.compile(r"\\.[A-Za-z]*|[{}]", re.S).finditer(self.text, *span):
            level += {"{": 1, "}": -1}.get(match.group(), 0)
            if level == 0 and _OVER.fullmatch(match.group()):
                break
        else:
            return span
        start, end = span
        while start > self.span.start and self.text[start - 1].isspace():
            start -= 1
        while end < self.span.end and self.text[end].isspace():
            end += 1
        braced = self.text[start - 1 : start] == "{" and self.text[end : end + 1] == "}"
        return Span(start - 1, end + 1) if braced else None


def inside(node: Node) -> Iterator[Node]:
    """The nodes in a node, of two readings only the product, and each letter under a Σ once."""
    if isinstance(node, CallOrProduct):
        yield node.product
    elif isinstance(node, Sum):
        yield from node.letters
        places = {span_of(letter) for letter in node.letters}
        yield from (bound for bound in (node.lower, node.upper) if bound is not None)
        conditions: Sequence[Chain] = node.conditions
        yield from (part for chain in conditions for part in chain.parts if span_of(part) not in places)
        yield node.body
    else:
        yield from parts(node)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def unbalanced(text: str) -> tuple[list[int], int]:
    """Where a text opens braces or square brackets that it does not close, and how many braces it only closes."""
    opened: list[int] = []
    closed = 0
    for match in _BRACE.finditer(text):
        sign = match.group()
        if sign in "{[":
            opened.append(match.start())
        elif sign == "}" or sign == "]":
            if opened and text[opened[-1]] == ("{" if sign == "}" else "["):
                opened.pop()
            else:
                closed += sign == "}"
    return opened, closed


def _past_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
