r"""Environments: those that list rows, case distinctions and matrices; the cells of the latter two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backprop_proofs.reading.commands import CONDITION, OTHERWISE, PROSE, words
from backprop_proofs.reading.lexer import Mode, scan
from backprop_proofs.reading.tokens import Token

MATRICES = frozenset(words("matrix pmatrix bmatrix vmatrix Vmatrix Bmatrix smallmatrix array"))
CASES = frozenset(words("cases dcases rcases drcases"))
ROWS = frozenset(words(
    "equation align aligned alignat alignedat eqnarray gather gathered split multline flalign displaymath math "
    "subequations empheq dmath dgroup IEEEeqnarray minipage center"
))  # fmt: skip


def cut(tokens: Sequence[Token], match: Mapping[int, int], at: int, end: int, kind: str) -> list[tuple[int, int]]:
    """The pieces of tokens[at:end] between the separators of a kind that stand in no braces and no environment."""
    pieces, first = [], at
    while at < end:
        token = tokens[at]
        if token.type in ("{", "begin") and at in match:
            at = match[at]
        elif token.type == kind:
            pieces.append((first, at))
            first = at + 1
        at += 1
    pieces.append((first, end))
    return [(a, b) for a, b in pieces if a < b]


def condition(text: str, cell: Sequence[Token], said: list[str]) -> list[Token]:
    r"""The tokens of a condition; words such as \text{if } go to `said`, formulas in \text{k = y_i} are read."""
    tokens: list[Token] = []
    for token in cell:
        if token.type != "TEXT":
            tokens.append(token)
            continue
        start = int(token.marks[0]) if token.kind == "inner" and token.marks else -1
        inside = scan(text, start, start + len(token.text) + 2, Mode.LATEX) if start >= 0 else []
        for piece in inside:
            if piece.end > token.end - 1 or piece.type == "bad":
                continue
            bare = piece.type == "NAME" and piece.kind == "letters"
            if bare and piece.text.lower() in PROSE | CONDITION | OTHERWISE:
                said.append(piece.text)
            else:
                tokens.append(piece)
        if not inside:
            said.append(token.text)
    if any(token.type == "NAME" and token.kind == "letters" and len(token.text) > 3 for token in tokens) and said:
        return tokens if any(token.type == "REL" for token in tokens) else []
    return tokens
