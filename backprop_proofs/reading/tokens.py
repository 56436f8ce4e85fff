"""The token that the lexer makes, the shaper turns, and the grammar reads."""

from __future__ import annotations

from typing import Any

from backprop_proofs.reading.syntax import CannotRead, Span


class Token:
    """A piece of a formula: its type, its text in canonical form, its place in the original text.

    space: what stood before it: 0 nothing, 1 a space, 2 a wide one. kind: of a NAME "letters" (a run of them), "word",
    "greek", "command" (unknown). marks: fonts and accents; of words, where they stand and "spaced" where spaces are
    round them in their braces. Where a macro was used, the place is that of the use. until:
    the end of the braces around it, if it is a script with such.
    """

    __slots__ = ("end", "kind", "marks", "space", "start", "text", "type", "until")
    # what Lark asks of a token
    line = column = end_line = end_column = start_pos = end_pos = None

    def __init__(
        self, type: str, text: str, start: int, end: int, space: int = 0, kind: str = "", marks: tuple[str, ...] = ()
    ):
        self.type, self.text, self.start, self.end = type, text, start, end
        self.space, self.kind, self.marks = space, kind, marks
        self.until = end

    def at(self, start: int, end: int, space: int) -> Token:
        """The same token at another place."""
        return Token(self.type, self.text, start, end, space, self.kind, self.marks)

    @property
    def span(self) -> Span:
        return Span(self.start, self.end)

    def __repr__(self) -> str:
        return f"{self.type}:{self.text}" if self.text else self.type

    def __eq__(self, other: Any) -> bool:
        return self is other

    __hash__ = object.__hash__


def fail(token: Token, expected: str, found: str = "") -> CannotRead:
    """The error that something else was expected where a token stands."""
    return CannotRead(token.span, expected, found or described(token))


def described(token: Token) -> str:
    """A token as a person would name it."""
    text = token.text or token.kind
    names = {
        "_": "_", "^": "^", "{": "{", "}": "}", "amp": "&", "rowsep": "a new row", "FRAC": "a fraction",
        "SQRT": "a root", "PARTIAL": "∂", "NABLA": "∇", "DOTS": "...", "SUM": "Σ" if text == "sum" else "Π",
        "LB": "{", "RB": "}", "UP": "^", "DOWN": "_", "TEXT": f'the words "{text[:30]}"', "$END": "the end of the row",
        "begin": f"\\begin{{{text}}}", "end": f"\\end{{{text}}}",
        "RP": {"(": ")", "[": "]", "{": "}", "<": ">"}.get(text, text),
    }  # fmt: skip
    return names.get(token.type) or text or token.type
