"""Sides that are conditional probabilities: p(y = 1|x) = a = σ(z) says of a what a = σ(z) says."""

from __future__ import annotations

from backprop_proofs.reading.tokens import Token

_LETTERS = frozenset(("p", "P", "Pr", "q"))
_OPENING, _CLOSING = frozenset(("LP", "{", "begin")), frozenset(("RP", "}", "end"))


def without_probabilities(tokens: list[Token]) -> list[Token]:
    """The raw tokens of a row without such sides, where two other sides are left."""
    if not any(token.type == "bar" for token in tokens):
        return tokens
    signs = [at for at, depth in enumerate(_depths(tokens)) if not depth and tokens[at].type == "REL"]
    bounds = list(zip([-1, *signs], [*signs, len(tokens)], strict=True))
    said = [number for number, (start, end) in enumerate(bounds) if _is_probability(tokens[start + 1 : end])]
    if not said or len(bounds) - len(said) < 2:
        return tokens
    gone: set[int] = set()
    for number in said:
        start, end = bounds[number]
        gone |= set(range(start, end)) if number else set(range(end + 1))
    return [token for at, token in enumerate(tokens) if at not in gone]


def _depths(tokens: list[Token]) -> list[int]:
    """How many brackets each token stands in."""
    depths, depth = [], 0
    for token in tokens:
        depth -= token.type in _CLOSING
        depths.append(depth)
        depth += token.type in _OPENING
    return depths


def _is_probability(side: list[Token]) -> bool:
    """Whether it is p(... | ...), perhaps with an index on p."""
    side = [token for token in side if token.type not in ("amp", "font")]
    depths = _depths(side)
    opening = next((at for at, token in enumerate(side) if token.type == "LP"), None)
    if opening is None or side[-1].type != "RP" or any(depth == 0 for depth in depths[opening + 1 : -1]):
        return False
    head = [token.text for token in side[:opening] if token.type == "NAME"]
    bars = sum(token.type == "bar" and depths[at] == 1 for at, token in enumerate(side))
    return bool(head) and head[0] in _LETTERS and side[0].type in ("NAME", "{") and bars == 1
