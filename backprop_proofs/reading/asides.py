r"""Words within a formula: beside it, as in \text{ for all } j, or one of its factors, as in 2 \text{error} x."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backprop_proofs.reading.commands import CONDITION, words
from backprop_proofs.reading.tokens import Token

OPENING = frozenset(("LP", "LB", "LU", "CASES", "MATRIX", "BAROPEN"))
CLOSING = frozenset(("RP", "RB", "RU", "ENDCASES", "ENDMATRIX", "BARCLOSE"))
SEPARATORS = frozenset(("ARROW", "SEMI", "TEXT", "BECAUSE", "COMMA", "amp", "DOT", "COLON", "rowsep"))
JOINING = frozenset(
    ("OP", "SIGN", "REL", "UP", "DOWN", "PRIME", "SUM", "PARTIAL", "NABLA", "ENTRY", "HELD", "FRAC", "SQRT")
)
_GOES_ON = frozenset(("OP", "SIGN", "UP", "DOWN", "PRIME", "ENTRY", "HELD"))
_QUANTITIES = frozenset(words("error in term gradient derivative"))
_WORD = re.compile(r"[A-Za-z]+")


def with_factors(stream: Sequence[Token]) -> list[Token]:
    """The stream, where words that could be a factor of the formula round them are no aside.

    A word such as error is a name there; any other is kept as words in the formula, which is not understood.
    """
    found: list[Token] = []
    level, remark = 0, False
    for at, token in enumerate(stream):
        level += (token.type in OPENING) - (token.type in CLOSING)
        if token.type == "TEXT" and level == 0 and not remark:
            token = _taken(token, stream[:at], stream[at + 1 :])
            remark = token.kind not in ("word", "factor") and at > 0 and is_condition(token.text)
        found.append(token)
    return found


def is_condition(said: str) -> bool:
    """Whether words begin a condition or a reason: "for all", "by the chain rule"."""
    first = said.lower().split()[:1]
    return bool(first) and first[0].strip(",.:") in CONDITION


def is_quantity(token: Token) -> bool:
    r"""Whether a token is a word that may be a name, written without spaces in its braces."""
    return token.type == "TEXT" and token.text.lower() in _QUANTITIES and not _is_spaced(token)


def _taken(token: Token, before: Sequence[Token], after: Sequence[Token]) -> Token:
    last, following = before[-1] if before else None, after[0] if after else None
    touches = last is not None and last.type not in SEPARATORS and token.space < 2
    goes_on = following is not None and following.type in _GOES_ON
    ends = touches and (token.kind == "inner" or following is None or following.type in JOINING)
    if is_quantity(token) and (ends or goes_on or _stands_first(token, last, following)):
        return Token("NAME", token.text, token.start, token.end, token.space, "word")
    if touches and last is not None and last.type not in JOINING and (goes_on or _is_among(token, after)):
        return Token("TEXT", token.text, token.start, token.end, token.space, "factor")
    return token


def _stands_first(token: Token, last: Token | None, following: Token | None) -> bool:
    r"""Whether a word starts a formula: \text{error} = t - y, \text{error} x = y."""
    if following is None or (last is not None and last.type != "amp") or following.space > 1:
        return False
    return following.type in ("REL", "amp") or (token.kind == "inner" and following.type not in SEPARATORS)


def _is_among(token: Token, after: Sequence[Token]) -> bool:
    """Whether words after a factor stand in place of another: at the end without a space, or before another."""
    rest = _up_to_separator(after)
    if not rest:
        alone = _WORD.fullmatch(token.text) is not None and token.kind == "inner" and not after
        return alone and not _is_spaced(token)
    if any(one.type == "REL" for one in rest) or rest[0].space > 1:
        return False
    scripted = any(one.type in ("UP", "DOWN", "FRAC", "SUM") for one in rest)
    return scripted and not (is_condition(token.text) and (_is_spaced(token) or " " in token.text))


def _up_to_separator(after: Sequence[Token]) -> Sequence[Token]:
    level = 0
    for at, token in enumerate(after):
        if level == 0 and token.type in SEPARATORS:
            return after[:at]
        level += (token.type in OPENING) - (token.type in CLOSING)
    return after


def _is_spaced(token: Token) -> bool:
    r"""Whether spaces stand within the braces of \text{ ... }."""
    return token.kind == "inner" and "spaced" in token.marks
