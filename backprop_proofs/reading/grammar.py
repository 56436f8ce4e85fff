"""The grammar of formulas: Lark's LALR tables over our own tokens.

LALR because it is fast (a few microseconds a token) and keeps its own stack: deep nesting is no recursion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from backprop_proofs.reading.building import Build
from backprop_proofs.reading.products import TAKES_ONE
from backprop_proofs.reading.syntax import CannotRead, Chain, Relation, Span, extent
from backprop_proofs.reading.tokens import Token, described

LONGEST, DEEPEST = 20_000, 150  # tokens of a formula; levels of its tree
SHALLOW, MOST_NODES = 8, 60_000  # brackets that double a tree too little to count; nodes of it, both readings of a(b)
_OPENING = frozenset(("LP", "LB", "LU", "CASES", "MATRIX", "BAROPEN"))
_CLOSING = frozenset(("RP", "RB", "RU", "ENDCASES", "ENDMATRIX", "BARCLOSE"))
_PREFIXES = frozenset(("SUM", "SIGN", "PARTIAL", "NABLA", "HELD", "PRIME"))
_ATOMS = frozenset(("NAME", "NUM", "LP", "FRAC", "PARTIAL"))
_WANTED = (
    ("RP", "a closing bracket"),
    ("BARCLOSE", "a closing bar"),
    ("LB", "an argument in braces"),
    ("RB", "the end of this group"),
    ("REL", "an operator, a relation such as = or the end"),
)


class _Stream(Lexer):
    """Hands our tokens to the parser as they are."""

    def __init__(self, conf: Any):
        pass

    def lex(self, data: Any) -> Iterator[Any]:  # type: ignore[override]  # Lark's own signature speaks of its tokens
        yield from data


@cache
def _parser() -> Lark:
    text = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer=_Stream, transformer=Build(), maybe_placeholders=False)


def parse(tokens: Sequence[Token]) -> tuple[Relation | None, Chain]:
    """The chain that shaped tokens say, and the relation sign it starts with if its left side is missing.

    Raises CannotRead with the place, what would have been understood there, and what was found.
    """
    if len(tokens) > LONGEST:
        raise CannotRead(tokens[0].span, f"a formula of at most {LONGEST:,} tokens", f"{len(tokens):,}")
    try:
        parsed: Any = _parser().parse(tokens)
    except UnexpectedToken as error:
        raise _explained(error, tokens) from None
    first, chain = parsed
    if _may_be_deep(tokens):
        deepest, nodes = extent(chain)
        if deepest > DEEPEST:
            raise CannotRead(chain.span, f"a formula of at most {DEEPEST} levels", "a deeper one")
        if nodes > MOST_NODES:
            raise CannotRead(chain.span, "a formula that is read in one or two ways", "one with very many readings")
    return first, chain


def _may_be_deep(tokens: Sequence[Token]) -> bool:
    """Whether a tree could be too deep: many brackets within brackets, or many prefixes (each is a level or two)."""
    level = deepest = prefixes = 0
    for token in tokens:
        kind = token.type
        if kind in _OPENING:
            level += 1
            deepest = max(deepest, level)
        elif kind in _CLOSING:
            level -= 1
        elif kind in _PREFIXES or token.text in TAKES_ONE or token.text == "/":
            prefixes += 1
    return 6 * deepest + 2 * prefixes > DEEPEST or deepest > SHALLOW


def _explained(error: UnexpectedToken, tokens: Sequence[Token]) -> CannotRead:
    expected = set(error.accepts or error.expected)
    token: Any = error.token
    at_end = token.type == "$END"
    span = Span(tokens[-1].end, tokens[-1].end) if at_end else token.span
    if "RP" in expected and token.type in ("RB", "$END", "RU"):
        wanted = "a closing bracket"
    elif expected & _ATOMS == _ATOMS and "REL" not in expected:
        wanted = "a letter, a number or a bracket"
    else:
        wanted = next((words for type, words in _WANTED if type in expected), "a formula")
    return CannotRead(span, wanted, "the end" if at_end else described(token))
