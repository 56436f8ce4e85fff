r"""Which bracket closes which, among raw tokens and in the stream that the grammar reads."""

from __future__ import annotations

from backprop_proofs.reading.syntax import CannotRead, Span
from backprop_proofs.reading.tokens import Token, fail

DEEPEST = 60  # brackets within brackets


def simplified(stream: list[Token]) -> list[Token]:
    """The stream with each script of one letter, run or number as one token: most are, and so the grammar is fast."""
    result: list[Token] = []
    at, end = 0, len(stream)
    while at < end:
        token = stream[at]
        result.append(token)
        at += 1
        if token.type in ("UP", "DOWN") and at + 2 < end and stream[at + 2].type == "RB":
            inner = stream[at + 1]
            if stream[at].type == "LB" and (inner.type == "NAME" or (inner.type == "NUM" and len(inner.text) < 20)):
                simple = Token("SIMPLE", inner.text, inner.start, inner.end, 0, inner.kind, inner.marks)
                simple.until = max(inner.end, stream[at + 2].end)
                result.append(simple)
                at += 3
    return result


def pairs(tokens: list[Token]) -> tuple[dict[int, int], dict[int, int]]:
    r"""Which } closes which { and which \end which \begin, and the \over of each group (-1: of the whole)."""
    match: dict[int, int] = {}
    over: dict[int, int] = {}
    braces: list[int] = []
    environments: list[int] = []
    for at, token in enumerate(tokens):
        kind = token.type
        if kind == "{":
            braces.append(at)
        elif kind == "}":
            if not braces:
                raise fail(token, "a { before this }", "a } alone")
            match[braces.pop()] = at
        elif kind == "over":
            over.setdefault(braces[-1] if braces else -1, at)
        elif kind == "begin":
            environments.append(at)
        elif kind == "end" and environments and tokens[environments[-1]].text == token.text:
            match[environments.pop()] = at
    if braces:
        raise fail(tokens[braces[-1]], "a } for this {", "the end of the row")
    return match, over


_CLOSING = {"(": ")", "[": "]", "{": "}", "<": ">", "⌊": "⌋"}


def check_brackets(stream: list[Token]) -> None:
    """Raises CannotRead for a visible bracket without partner, or nested too deep."""
    opened: list[Token] = []
    for token in stream:
        if token.type in ("LP", "LB", "LU"):
            opened.append(token)
            if len(opened) > 2 * DEEPEST:
                raise fail(token, f"brackets nested at most {2 * DEEPEST} deep", "deeper ones")
        elif token.type in ("RP", "RB", "RU"):
            wanted = "L" + token.type[1]
            if opened and opened[-1].type == wanted:
                opened.pop()
                continue
            if token.type == "RP":
                raise fail(
                    token, f"an opening bracket before this {_CLOSING[token.text]}", f"a {_CLOSING[token.text]} alone"
                )
            break
    if opened:
        left = next((token for token in reversed(opened) if token.type == "LP"), opened[-1])
        found = "the end of the group" if left is not opened[-1] or len(opened) > 1 else "the end of the row"
        shown = _CLOSING.get(left.text, "}")
        raise CannotRead(Span(left.start, left.end), f"a {shown} for this {left.text or '{'}", found)
