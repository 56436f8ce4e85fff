"""One row as written: its statements, the remarks beside them, and what could not be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backprop_proofs.reading.asides import (
    CLOSING,
    JOINING,
    OPENING,
    SEPARATORS,
    is_condition,
    is_quantity,
    with_factors,
)
from backprop_proofs.reading.brackets import simplified
from backprop_proofs.reading.cells import ROWS
from backprop_proofs.reading.commands import AND, FUNCTIONS, words
from backprop_proofs.reading.grammar import parse
from backprop_proofs.reading.probabilities import without_probabilities
from backprop_proofs.reading.shaping import Shape
from backprop_proofs.reading.syntax import CannotRead, Chain, Dots, Name, Node, Number, Plus, Span, Unreadable
from backprop_proofs.reading.tokens import Token

_CONDITION_TOKENS = frozenset(
    ("NAME", "NUM", "REL", "SIGN", "COMMA", "DOTS", "DOWN", "UP", "LB", "RB", "LP", "RP", "SIMPLE")
)
_INDEX_LETTERS = frozenset(words("i j k l m n p q r s t u v L T alpha beta mu nu ell"))
_NEVER_EQUATES = frozenset(("∈", "∉", "≤", "≥", "<", ">", "≠", "..", "⊂", "~"))


@dataclass(frozen=True)
class Statement:
    """A chain of expressions; carried: its first part is the left side of the row above, as this one had none."""

    chain: Chain
    carried: bool = False


@dataclass(frozen=True)
class Remark:
    """Something beside a statement: (∵ ...), "for k ≠ i", a note; `chain` if it reads as a formula."""

    text: str
    span: Span
    chain: Chain | None = field(compare=False, default=None)


@dataclass(frozen=True)
class Reading:
    """What one row says. left: what a next row without left side would carry on."""

    statements: tuple[Statement, ...]
    remarks: tuple[Remark, ...]
    tags: tuple[str, ...]
    words: str
    problem: Unreadable | None
    left: Node | None


@dataclass
class _Piece:
    """Tokens up to the next separator, and the separator before them."""

    separator: str
    words: str
    tokens: list[Token]
    sign: Token | None = None

    @property
    def relates(self) -> bool:
        return any(token.type == "REL" for token in _top(self.tokens))

    @property
    def grouped(self) -> bool:
        """Whether one pair of brackets holds it all."""
        opened = self.tokens[0].type == "LP" and self.tokens[-1].type == "RP"
        return opened and sum(1 for _ in _top(self.tokens)) == 2


def cut_rows(tokens: list[Token]) -> list[list[Token]]:
    """Raw tokens cut at the row ends that are not inside braces, cases or a matrix; environments of rows vanish."""
    rows: list[list[Token]] = [[]]
    level, at = 0, 0
    arrays: list[bool] = []
    while at < len(tokens):
        token = tokens[at]
        kind = token.type
        if kind in ("begin", "end"):
            of_rows = token.text in ROWS
            if token.text == "array":
                of_rows = _holds_equations(tokens, at) if kind == "begin" else bool(arrays and arrays.pop())
                if kind == "begin":
                    arrays.append(of_rows)
            if of_rows:
                at = _after_options(tokens, at) if kind == "begin" else at + 1
                continue
            level += 1 if kind == "begin" else -1
        elif kind in "{}":
            level += 1 if kind == "{" else -1
        elif kind == "rowsep" and level <= 0:
            rows.append([])
            at += 1
            continue
        rows[-1].append(token)
        at += 1
    return [row for row in rows if row]


def _after_options(tokens: Sequence[Token], at: int) -> int:
    r"""Past \begin{aligned}[t] or \begin{alignat}{2}, whose options say nothing."""
    environment, at = tokens[at].text, at + 1
    if at + 2 < len(tokens) and tokens[at].type == "LP" and tokens[at].text == "[" and tokens[at + 2].type == "RP":
        at += 3
    if environment in ("alignat", "alignedat", "array", "minipage") and at < len(tokens) and tokens[at].type == "{":
        while at < len(tokens) and tokens[at].type != "}":
            at += 1
        at += 1
    return at


def _holds_equations(tokens: Sequence[Token], at: int) -> bool:
    """Whether an array is a list of equations, not a matrix or a case distinction."""
    if at and tokens[at - 1].type == "LP":
        return False
    level = 0
    for token in tokens[at:]:
        level += {"begin": 1, "end": -1, "{": 1, "}": -1}.get(token.type, 0)
        if level == 0:
            return False
        if level == 1 and token.type == "REL" and token.text == "=":
            return True
    return False


def read_row(text: str, tokens: list[Token], left: Node | None) -> Reading:
    """What a row of raw tokens says; `left` is the left side that it carries on if it has none."""
    try:
        shape = Shape(text, without_probabilities(tokens))
        stream = shape.run()
        beneath = [equation for pair in shape.beneath for equation in _beneath(text, *pair)]
    except CannotRead as error:
        return Reading((), (), (), "", error.problem, None)
    return _Row(text, stream, tuple(shape.tags)).read(left, beneath)


def _beneath(text: str, above: list[Token], said: list[Token]) -> Iterator[list[Token]]:
    """The equation A = B of a brace with = B under the A; with =: B or := B there, B = A."""
    relations = [token for token in (*above, *said) if token.type == "REL"]
    words = any(token.type in SEPARATORS for token in said)
    if not above or len(said) < 2 or words or relations != said[:1] or said[0].text not in ("=", ":="):
        return
    other, sign = Shape(text, said[1:]).run(), Token("REL", "=", said[0].start, said[0].end)
    named = sign.end - sign.start > 1 and ":" in text[sign.start : sign.end]
    yield simplified([*other, sign, *above] if named else [*above, sign, *other])


class _Row:
    def __init__(self, text: str, stream: list[Token], tags: tuple[str, ...]):
        self.text, self.tags = text, tags
        self.groups: list[list[Token]] = []
        self.asides: list[list[Token]] = []
        self.words: list[str] = []
        self._sort(list(_pieces(with_factors(stream))))

    # which piece says what

    def _sort(self, pieces: list[_Piece]) -> None:
        current: list[Token] = []
        listing = False
        for at, piece in enumerate(pieces):
            started = bool(current or self.groups)
            if piece.words and not started:
                self.words.append(piece.words)
            if self._begins_remark(piece, started):
                self.asides.append([token for rest in pieces[at:] for token in (rest.sign, *rest.tokens) if token])
                break
            if piece.words and started and piece.sign is not None and piece.words.lower() not in AND:
                self.asides.append([piece.sign])
            if not piece.tokens:
                continue
            if piece.separator == "COMMA" and listing and not piece.relates:  # i = 1, ..., n
                self.asides[-1] += [token for token in (piece.sign, *piece.tokens) if token]
                continue
            listing = False
            if piece.separator == "ASIDE" or (piece.grouped and piece.separator == "WIDE" and current):
                self.asides.append(piece.tokens)
            elif self._joins(piece, current) and not _new_columns(pieces, at, current):
                current += piece.tokens
            elif not piece.relates and started and piece.separator != "WIDE" and not _new_columns(pieces, at, current):
                self.asides.append(piece.tokens)
            elif _is_condition(piece.tokens) and piece.separator in ("WIDE", "COMMA") and (current or self.groups):
                self.asides.append(piece.tokens)
                listing = True
            else:
                self._close(current)
                current = list(piece.tokens)
        self._close(current)

    def _begins_remark(self, piece: _Piece, started: bool) -> bool:
        if piece.separator == "BECAUSE":
            return True
        equates = bool(piece.tokens) and piece.tokens[0].type == "REL"  # a \text{ by the chain rule } = b
        return piece.separator == "TEXT" and started and not equates and is_condition(piece.words)

    def _joins(self, piece: _Piece, current: list[Token]) -> bool:
        """Whether a piece goes on with the formula before it: after &, or after a wide space within it."""
        if not current or piece.separator not in ("amp", "WIDE"):
            return False
        open_end = current[-1].type in JOINING or piece.tokens[0].type in JOINING
        if piece.separator == "amp":
            return open_end or not (piece.relates and any(token.type == "REL" for token in _top(current)))
        return open_end or not piece.relates

    def _close(self, current: list[Token]) -> None:
        if not current:
            return
        if any(token.type == "REL" for token in _top(current)):
            self.groups.append(current)
        else:
            self.asides.append(current)

    # trees

    def read(self, left: Node | None, beneath: Sequence[list[Token]] = ()) -> Reading:
        statements: list[Statement] = []
        problem: Unreadable | None = None
        first_left: Node | None = None
        for tokens in self.groups:
            try:
                statement = self._statement(tokens, left)
            except CannotRead as error:
                problem = problem or error.problem
                left = _left_of(tokens) or (left if tokens[0].type == "REL" else None)
                first_left = left
                continue
            statements.append(statement)
            left = first_left = statement.chain.parts[0]
        try:
            statements += [self._statement(tokens, None) for tokens in beneath]
        except CannotRead as error:
            problem = problem or error.problem
        remarks = tuple(self._remark(tokens) for tokens in self.asides)
        words = " ".join(self.words)
        return Reading(tuple(statements), remarks, self.tags, words, problem, first_left)

    def _statement(self, tokens: list[Token], left: Node | None) -> Statement:
        first, chain = parse(tokens)
        if first is None:
            return Statement(chain)
        if left is None:
            raise CannotRead(first.span, "a left side, here or in the row above", first.sign)
        span = Span(first.span.start, chain.span.end)
        return Statement(Chain((left, *chain.parts), (first, *chain.relations), span), True)

    def _remark(self, tokens: list[Token]) -> Remark:
        span = Span(tokens[0].start, max(token.end for token in tokens))
        inner = tokens
        while inner and inner[0].type == "LP" and inner[-1].type == "RP":
            inner = inner[1:-1]
        inner = [token for token in inner if token.type not in ("BECAUSE", "TEXT", "DOT", "COLON", "SEMI", "amp")]
        comma = next((at for at, token in enumerate(inner) if token.type == "COMMA" and at), len(inner))
        inner = inner[:comma] if comma > 2 else inner
        chain = None
        if inner and len(inner) < 400 and not any(token.type in SEPARATORS for token in _top(inner)):
            try:
                first, chain = parse(inner)
                chain = chain if first is None and chain.relations else None
            except CannotRead:
                chain = None
        return Remark(span.within(self.text), span, chain)


def _new_columns(pieces: list[_Piece], at: int, current: list[Token]) -> bool:
    """Whether the second equation of a &= b & c &= d begins here."""
    following = pieces[at + 1] if at + 1 < len(pieces) else None
    if following is None or pieces[at].separator != "amp" or following.separator != "amp" or not following.tokens:
        return False
    closed = current and current[-1].type not in JOINING and pieces[at].tokens[0].type not in JOINING
    return bool(closed) and following.tokens[0].type == "REL" and any(token.type == "REL" for token in _top(current))


def equates(reading: Reading) -> bool:
    """Whether a row states an equation, not only k ≠ j or n > 0."""
    return any(
        relation.sign not in _NEVER_EQUATES
        for statement in reading.statements
        for relation in statement.chain.relations
    )


def only_condition(reading: Reading) -> bool:
    """Whether a row says no more than k = j or l = 2."""
    return all(
        len(statement.chain.parts) == 2
        and isinstance(statement.chain.parts[0], Name)
        and statement.chain.parts[0].base in _INDEX_LETTERS
        and all(_is_plain(part) for part in statement.chain.parts)
        for statement in reading.statements
    )


def _is_plain(node: Node) -> bool:
    if isinstance(node, Name):
        return not (node.above or node.below)
    return isinstance(node, Number | Dots) or (isinstance(node, Plus) and all(map(_is_plain, node.terms)))


def _left_of(tokens: list[Token]) -> Node | None:
    """The left side of a formula whose rest cannot be read."""
    level = 0
    for at, token in enumerate(tokens):
        level += (token.type in OPENING) - (token.type in CLOSING)
        if token.type == "REL" and level == 0:
            try:
                return parse(tokens[:at])[1].parts[0] if at else None
            except CannotRead:
                return None
    return None


def _top(tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens that stand in no brackets, and the outermost brackets themselves."""
    level = 0
    for token in tokens:
        if token.type in CLOSING:
            level -= 1
        if level <= 0:
            yield token
        if token.type in OPENING:
            level += 1


def _pieces(stream: list[Token]) -> Iterator[_Piece]:
    """The stream cut at every separator, at wide spaces, and round bracketed remarks."""
    level, at = 0, 0
    piece = _Piece("", "", [])
    while at < len(stream):
        token = stream[at]
        if level == 0:
            if token.type == "LP" and (close := _aside(stream, at)):
                yield piece
                yield _Piece("ASIDE", "", stream[at : close + 1])
                piece = _Piece("amp", "", [])
                at = close + 1
                continue
            if _separates(token) and not (token.type == "COLON" and len(piece.tokens) > 4):
                yield piece
                piece = _Piece(token.type, token.text if token.type == "TEXT" else "", [], token)
                at += 1
                continue
            if token.space == 2 and piece.tokens and piece.tokens[-1].type not in JOINING and token.type not in JOINING:
                yield piece
                piece = _Piece("WIDE", "", [])
        level += (token.type in OPENING) - (token.type in CLOSING)
        piece.tokens.append(token)
        at += 1
    yield piece


def _separates(token: Token) -> bool:
    return token.type in SEPARATORS and token.kind != "factor"


def _aside(stream: list[Token], at: int) -> int:
    """Where a bracketed remark such as (∵ ...) or (using the chain rule) ends; 0 if there is none at `at`."""
    after = stream[at + 1 : at + 3]
    if after and is_quantity(after[0]) and stream[at].space < 2:
        return 0
    if not after or not (
        after[0].type in ("BECAUSE", "TEXT") or (len(after) > 1 and all(map(_is_word, after)) and after[1].space)
    ):
        return 0
    level = 0
    for place in range(at, len(stream)):
        level += (stream[place].type in OPENING) - (stream[place].type in CLOSING)
        if level == 0:
            return place
    return 0


def _is_word(token: Token) -> bool:
    bare = token.type == "NAME" and token.kind in ("letters", "greek") and not token.marks
    return bare and len(token.text) > 2 and token.text not in FUNCTIONS


def _is_condition(tokens: list[Token]) -> bool:
    """k = 1, ..., n or w ≠ o: an index letter, or any before ≠, a relation, and nothing but letters and numbers."""
    if len(tokens) < 3 or tokens[0].type != "NAME" or tokens[1].type != "REL" or tokens[0].marks:
        return False
    letter = tokens[0].text in _INDEX_LETTERS or tokens[1].text == "≠"
    return letter and all(token.type in _CONDITION_TOKENS for token in tokens)
