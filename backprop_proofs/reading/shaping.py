r"""From raw tokens to the stream that the grammar reads.

TeX braces that only group vanish here, as they do on paper: they are no parentheses. Fonts and accents go to the
letters under them, {a \over b} becomes a fraction, bars find their partners, [ ] after a name becomes an index, and
case distinctions and matrices are cut into their cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from backprop_proofs.reading.brackets import DEEPEST, check_brackets, pairs, simplified
from backprop_proofs.reading.cells import CASES, MATRICES, ROWS, condition, cut
from backprop_proofs.reading.tokens import Token, described, fail

_ENDS_ATOM = frozenset(
    ("NAME", "NUM", "RP", "RB", "RU", "BARCLOSE", "PRIME", "DOTS", "ENDCASES", "ENDMATRIX", "PARTIAL")
)
_IN_ENTRY = frozenset(("NAME", "NUM", "SIGN", "COMMA", "COLON", "_", "^", "{", "}", "PRIME", "REL", "LP", "RP"))


class Shape:
    """A row in the making: its tokens, and what was put aside (tags, labels, the words under a brace)."""

    def __init__(self, text: str, tokens: list[Token]):
        self.text, self.tokens = text, tokens
        self.match, self.over = pairs(tokens)
        self.out: list[Token] = []
        self.tags: list[str] = []
        self.beneath: list[tuple[list[Token], list[Token]]] = []  # shaped, with a brace, and raw, what stands under it
        self.depth = self.scripts = 0

    def run(self) -> list[Token]:
        """The stream. Raises CannotRead."""
        self.between(0, len(self.tokens), (), self.over.get(-1))
        check_brackets(self.out)
        return simplified(self.out)

    def between(self, at: int, end: int, marks: tuple[str, ...], over: int | None = None) -> None:
        r"""Shape the tokens from `at` up to `end`, as a fraction where an \over stands among them."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise fail(self.tokens[at], f"brackets nested at most {DEEPEST} deep", "deeper ones")
        if over is not None:
            self.emit("FRAC", self.tokens[over])
            self.boxed(at, over, marks, self.tokens[over])
            self.boxed(over + 1, end, marks, self.tokens[over])
        else:
            self._plain(at, end, marks)
        self.depth -= 1

    def _plain(self, at: int, end: int, marks: tuple[str, ...]) -> None:
        bars: list[str] = []
        tokens, out, steps = self.tokens, self.out, self.STEPS
        while at < end:
            token = tokens[at]
            step = steps.get(token.type)
            if step is not None:
                at = step(self, at, end, marks)
            elif token.type == "bar":
                self._bar(at, bars)
                at += 1
            else:
                if token.kind == "command" and at + 1 < end and tokens[at + 1].type == "{":
                    raise fail(token, "a command that this text defines, or one of mathematics")
                if marks and token.type in ("NAME", "NUM"):
                    token = _marked(token, marks)
                out.append(token)
                at += 1
        if bars:
            raise fail(tokens[end - 1], "a closing bar", "the end of the group")

    def emit(self, type: str, at: Token, text: str = "", space: int | None = None) -> None:
        self.out.append(Token(type, text or at.text, at.start, at.end, at.space if space is None else space))

    def boxed(self, at: int, end: int, marks: tuple[str, ...], where: Token) -> None:
        """LB ... RB round the tokens from `at` up to `end`."""
        first = self.tokens[at] if at < end else where
        self.out.append(Token("LB", "", first.start, first.start))
        self.between(at, end, marks)
        last = self.tokens[end - 1] if at < end else where
        self.out.append(Token("RB", "", last.end, last.end))

    # arguments

    def argument(self, at: int, end: int, marks: tuple[str, ...] = ()) -> int:
        """LB ... RB round one argument of a command, a braced group or a single token; returns where it ends."""
        if at >= end:
            where = self.tokens[min(at, len(self.tokens)) - 1]
            raise fail(where, f"another argument after {described(where)}", "the end")
        token = self.tokens[at]
        if token.type == "{":
            close = self.match[at]
            self.out.append(Token("LB", "", token.start, token.end))
            self.between(at + 1, close, marks, self.over.get(at))
            self.out.append(Token("RB", "", self.tokens[close].start, self.tokens[close].end))
            return close + 1
        self.out.append(Token("LB", "", token.start, token.start))
        at = self._deeper(at, end, marks)
        self.out.append(Token("RB", "", self.out[-1].end, self.out[-1].end))
        return at

    def _deeper(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        self.depth += 1
        if self.depth > DEEPEST:
            raise fail(self.tokens[at], f"commands nested at most {DEEPEST} deep", "deeper ones")
        at = self._single(at, end, marks)
        self.depth -= 1
        return at

    def _single(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        if (
            token.type in ("NAME", "NUM")
            and token.kind in ("letters", "")
            and len(token.text) > 1
            and token.text.isalnum()
        ):
            head = Token(token.type, token.text[0], token.start, token.start + 1, token.space, token.kind)
            rest = Token(token.type, token.text[1:], min(token.start + 1, token.end), token.end, 0, token.kind)
            self.tokens[at] = rest
            self.out.append(_marked(head, marks) if marks else head)
            return at
        if token.type == "LP" and token.text == "(" and (close := self._visible_close(at, end)) > at:
            compound = close > at + 2  # in x^(l+1) the brackets only group, in x^(l) they are written
            self.between(at + compound, close + 1 - compound, marks)
            return close + 1
        if token.type in ("}", "amp", "rowsep", "_", "^", "REL", "COMMA", "RP"):
            raise fail(token, "an argument")
        step = self.STEPS.get(token.type)
        if step is not None:
            return step(self, at, end, marks)
        self.out.append(_marked(token, marks) if marks and token.type in ("NAME", "NUM") else token)
        return at + 1

    def _visible_close(self, at: int, end: int) -> int:
        level = 0
        for place in range(at, end):
            token = self.tokens[place]
            if token.type in ("LP", "RP") and token.text == self.tokens[at].text:
                level += 1 if token.type == "LP" else -1
                if level == 0:
                    return place
        return -1

    # one step a kind of token; each returns where it ends

    def _brace(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        close = self.match[at]
        after = self.tokens[close + 1].type if close + 1 < end else ""
        if close == at + 1:
            return close + 1
        if after in ("_", "^", "PRIME") and at not in self.over:
            self.emit("LU", self.tokens[at])
            self.between(at + 1, close, marks)
            self.emit("RU", self.tokens[close])
            return close + 1
        first = len(self.out)
        self.between(at + 1, close, marks, self.over.get(at))
        if len(self.out) > first:
            self.out[first].space = max(self.out[first].space, self.tokens[at].space)
        return close + 1

    def _strange(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        raise fail(self.tokens[at], "a formula", "#" if self.tokens[at].type == "param" else "")

    def _unopened(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        raise fail(self.tokens[at], "a { before this }", "a } alone")

    def _font(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token, first = self.tokens[at], len(self.out)
        if at + 1 >= end:
            raise fail(token, f"something after \\{token.kind}", "the end")
        word = self._word(at + 1) if token.text == "roman" else None
        inner = (*marks, token.text) if token.text not in ("", "roman") else marks
        if word is not None:
            self.out.append(word)
            if marks:
                self.out[-1] = _marked(word, marks)
            stop = self.match[at + 1] + 1
        elif self.tokens[at + 1].type == "{":
            stop = self.match[at + 1] + 1
            self.between(at + 2, stop - 1, inner, self.over.get(at + 1))
        else:
            stop = self._deeper(at + 1, end, inner)
        if len(self.out) > first:
            self.out[first] = self.out[first].at(token.start, self.out[first].end, token.space)
        return stop

    def _word(self, at: int) -> Token | None:
        r"""The word in a \mathrm{...} that holds nothing else."""
        inside = self.tokens[at + 1 : self.match[at]] if self.tokens[at].type == "{" else []
        if not inside or any(token.type not in ("NAME", "NUM") or token.kind == "command" for token in inside):
            return None
        if inside[0].type == "NUM":
            return None
        text = "".join(token.text for token in inside)
        return Token(
            "NAME", text, inside[0].start, inside[-1].end, inside[0].space, "word" if len(text) > 1 else "letters"
        )

    def _accent(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        self.emit("ACCENT", self.tokens[at])
        return self.argument(at + 1, end, marks)

    def _fraction(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        self.emit("FRAC", self.tokens[at])
        return self.argument(self.argument(at + 1, end, marks), end, marks)

    def _root(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        order, at = "2", at + 1
        if at < end and self.tokens[at].type == "LP" and self.tokens[at].text == "[" and token.end - token.start > 1:
            close = self._visible_close(at, end)
            if close == at + 2 and self.tokens[at + 1].type == "NUM":
                order, at = self.tokens[at + 1].text, close + 1
        self.emit("SQRT", token, order)
        if at < end and self.tokens[at].type == "LP" and (close := self._visible_close(at, end)) > at:
            self.boxed(at + 1, close, marks, token)
            return close + 1
        return self.argument(at, end, marks)

    def _dropped(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        if at + 1 >= end or self.tokens[at + 1].type != "{":
            return at + 2 if token.kind == "color" else at + 1
        close = self.match[at + 1]
        if token.text in ("tag", "label"):
            self.tags.append(self.text[self.tokens[at + 1].end : self.tokens[close].start])
        if close + 1 < end:
            self.tokens[close + 1].space = max(self.tokens[close + 1].space, token.space)
        return close + 1

    def _kept(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        r"""\boxed{x} is x; \underbrace{x}_{words} is x."""
        brace = self.tokens[at].text in ("underbrace", "overbrace")
        if self.tokens[at].type == "keep2":
            at = self.match.get(at + 1, at)
        if at + 1 >= end or self.tokens[at + 1].type != "{":
            return at + 1
        close, first, space = self.match[at + 1], len(self.out), self.tokens[at].space
        self.between(at + 2, close, marks, self.over.get(at + 1))
        if len(self.out) > first:
            self.out[first].space = max(self.out[first].space, space)
        at = close + 1
        if brace and at < end and self.tokens[at].type in ("_", "^"):
            stop = self.match[at + 1] if at + 1 < end and self.tokens[at + 1].type == "{" else min(at + 1, end - 1)
            self.beneath.append((self.out[first:], self.tokens[at + 2 : stop]))
            at = stop + 1
        return at

    def _stacked(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        r"""\overset{!}{=} is =."""
        braced = at + 1 < end and self.tokens[at + 1].type == "{"
        second = self.match[at + 1] + 1 if braced else at + 2
        if second >= end:
            raise fail(self.tokens[at], f"two arguments of \\{self.tokens[at].kind}", "fewer")
        if self.tokens[second].type != "{":
            return second
        self.between(second + 1, self.match[second], marks)
        return self.match[second] + 1

    def _script(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        at += 1
        if at >= end:
            raise fail(token, f"an index after {token.type}", "the end")
        stop = self.match[at] if self.tokens[at].type == "{" else at
        if stop == at + 1:  # x_{}
            return stop + 1
        inside = at + (stop > at)
        while token.type == "^" and inside <= stop and self.tokens[inside].type == "PRIME":  # x^{\prime [l]}
            self.out.append(self.tokens[inside])
            inside += 1
        if inside > stop or (stop > at and inside == stop):
            return stop + 1
        self.emit("UP" if token.type == "^" else "DOWN", token)
        self.scripts += 1
        if stop > at:
            self.out.append(Token("LB", "", self.tokens[at].start, self.tokens[at].end))
            self.between(inside, stop, (), self.over.get(at))
            self.out.append(Token("RB", "", self.tokens[stop].start, self.tokens[stop].end))
            at = stop + 1
        elif self.tokens[at].type in ("SIGN", "OP"):
            at = self._signed_script(at, end)
        elif token.type == "^" and (close := self._square_close(at, end)) > at + 1:  # z^[l] without braces
            self.boxed(at, close + 1, (), self.tokens[at])
            at = close + 1
        else:
            at = self.argument(at, end)
        self.scripts -= 1
        return at

    def _square_close(self, at: int, end: int) -> int:
        """Where the [ closes that stands at a place; -1 if none stands there, or none closes."""
        token = self.tokens[at]
        return self._visible_close(at, end) if token.type == "LP" and token.text == "[" else -1

    def _sum(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        """Σ; in sum(k=1..n) the brackets hold what stands under it."""
        self.out.append(self.tokens[at])
        opening = self.tokens[at + 1] if at + 1 < end else None
        close = self._visible_close(at + 1, end) if opening is not None and opening.type == "LP" else -1
        inside = self.tokens[at + 2 : close] if close > at else []
        if not (len(inside) > 2 and inside[0].type == "NAME" and any(token.type == "REL" for token in inside)):
            return at + 1
        self.emit("DOWN", self.tokens[at + 1])
        self.scripts += 1
        self.boxed(at + 2, close, (), self.tokens[at])
        self.scripts -= 1
        return close + 1

    def _signed_script(self, at: int, end: int) -> int:
        """x^-1, ∂^+, w^*."""
        sign, following = self.tokens[at], self.tokens[at + 1] if at + 1 < end else None
        self.out.append(Token("LB", "", sign.start, sign.start))
        if sign.type == "SIGN" and following is not None and following.type == "NUM" and following.space == 0:
            self.out += [sign, following]
            at += 1
        else:
            self.emit("NAME", sign)
        self.out.append(Token("RB", "", self.out[-1].end, self.out[-1].end))
        return at + 1

    def _transposed(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        for type, text in (("UP", ""), ("LB", ""), ("NAME", "T"), ("RB", "")):
            self.out.append(Token(type, text, token.start, token.end))
        return at + 1

    def _opened(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        if (
            token.text == "{"
            and at + 1 < end
            and self.tokens[at + 1].type == "begin"
            and self.tokens[at + 1].text == "array"
        ):
            return self._cells(at + 1, end, cases=True)
        close = self._entry_close(at, end) if token.text == "[" else -1
        if close > at:
            self.emit("ENTRY", token)
            self.scripts += 1
            self.boxed(at + 1, close, (), token)
            self.scripts -= 1
            return close + 1
        if at + 2 < end and self.tokens[at + 1].type == "OP" and self.tokens[at + 2].type == "RP":  # f(·)
            self.out += [token, Token("NAME", "·", self.tokens[at + 1].start, self.tokens[at + 1].end)]
            return at + 2
        self.out.append(token)
        return at + 1

    def _entry_close(self, at: int, end: int) -> int:
        """Where the index closes that a [ right after a name opens; -1 if it is no index."""
        token, last = self.tokens[at], self.out[-1] if self.out else None
        if last is None or last.type not in ("NAME", "RB", "PRIME") or token.space or token.kind == "sized":
            return -1
        if last.type == "NAME" and (set(last.marks) & {"bb"} or last.text == "1"):
            return -1
        if last.type == "RB" and self._script_of() not in ("NAME", "RB", "PRIME"):
            return -1
        close = self._visible_close(at, end)
        inside = self.tokens[at + 1 : close] if close > at + 1 else []
        if not inside or any(t.type not in _IN_ENTRY or (t.type == "REL" and t.text != "..") for t in inside):
            return -1
        return -1 if any(t.type == "LP" for t in inside) else close

    def _script_of(self) -> str:
        """The type of what the script that just ended hangs on."""
        level = 0
        for place in range(len(self.out) - 1, max(len(self.out) - 60, -1), -1):
            level += {"RB": 1, "LB": -1}.get(self.out[place].type, 0)
            if level == 0 and self.out[place].type == "LB":
                if place >= 2 and self.out[place - 1].type in ("UP", "DOWN"):
                    return self.out[place - 2].type
                return ""
        return ""

    def _colon(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        self.out.append(Token("NAME", ":", token.start, token.end, token.space) if self.scripts else token)
        return at + 1

    def _row(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        if not self.scripts:
            self.out.append(self.tokens[at])
        else:
            self.emit("COMMA", self.tokens[at], ",")
        return at + 1

    def _bar(self, at: int, bars: list[str]) -> None:
        token = self.tokens[at]
        last = self.out[-1].type if self.out else ""
        following = self.tokens[at + 1].type if at + 1 < len(self.tokens) else ""
        if bars and bars[-1] == token.text and last in _ENDS_ATOM:
            bars.pop()
            self.emit("BARCLOSE", token)
        elif following in ("_", "^") and last in _ENDS_ATOM:
            self.emit("HELD", token)
        else:
            bars.append(token.text)
            self.emit("BAROPEN", token)

    # environments

    def _environment(self, at: int, end: int, marks: tuple[str, ...]) -> int:
        token = self.tokens[at]
        if token.text in ROWS:
            return at + 1
        if token.type == "end":
            raise fail(token, f"\\begin{{{token.text}}} before it", "its end alone")
        if token.text in CASES or token.text in MATRICES:
            return self._cells(at, end, cases=token.text in CASES)
        raise fail(token, "a formula, cases or a matrix")

    def _cells(self, at: int, end: int, cases: bool) -> int:
        """A case distinction or a matrix, cut at & and at the row ends of its own level."""
        opening = self.tokens[at]
        close = self.match.get(at, -1)
        if not at < close < end:
            raise fail(opening, f"\\end{{{opening.text}}}", "the end")
        at += 1
        if opening.text == "array" and at < close and self.tokens[at].type == "{":
            at = self.match[at] + 1
        self.emit("CASES" if cases else "MATRIX", opening)
        for first, stop in cut(self.tokens, self.match, at, close, "rowsep"):
            cells = cut(self.tokens, self.match, first, stop, "amp")
            if cells and cases:
                self._branch(cells, opening)
            elif cells:
                self._matrix_row(cells, opening)
        self.emit("ENDCASES" if cases else "ENDMATRIX", self.tokens[close])
        following = self.tokens[close + 1] if close + 1 < end else None
        if following is not None and following.type == "skip.":
            close += 1
        return close + 1

    def _matrix_row(self, cells: list[tuple[int, int]], where: Token) -> None:
        self.out.append(Token("LB", "", where.start, where.start))
        for number, (first, stop) in enumerate(cells):
            if number:
                self.out.append(Token("COMMA", ",", self.tokens[first].start, self.tokens[first].start))
            self.between(first, stop, ())
        self.out.append(Token("RB", "", where.end, where.end))

    def _branch(self, cells: list[tuple[int, int]], where: Token) -> None:
        first, stop = cells[0]
        while stop > first and self.tokens[stop - 1].type in ("COMMA", "SEMI", "DOT"):
            stop -= 1
        mark = len(self.out)
        self.emit("BRANCH", self.tokens[first])
        self.boxed(first, stop, (), where)
        said: list[str] = []
        asked = [token for a, b in cells[1:] for token in condition(self.text, self.tokens[a:b], said)]
        while asked and asked[-1].type in ("COMMA", "SEMI", "DOT"):
            asked.pop()
        self.out[mark].text = " ".join(said)
        if asked:
            inner = Shape(self.text, asked)
            inner.depth, inner.scripts = self.depth, self.scripts
            shaped = inner.run()
            self.tags += inner.tags
            if shaped:
                self.out.append(Token("LB", "", shaped[0].start, shaped[0].start))
                self.out += shaped
                self.out.append(Token("RB", "", shaped[-1].end, shaped[-1].end))

    STEPS: ClassVar[dict[str, Callable[[Shape, int, int, tuple[str, ...]], int]]] = {
        "{": _brace,
        "}": _unopened,
        "bad": _strange,
        "param": _strange,
        "font": _font,
        "ACCENT": _accent,
        "FRAC": _fraction,
        "SQRT": _root,
        "SUM": _sum,
        "drop": _dropped,
        "keep": _kept,
        "keep2": _kept,
        "stack": _stacked,
        "_": _script,
        "^": _script,
        "transposed": _transposed,
        "LP": _opened,
        "COLON": _colon,
        "rowsep": _row,
        "begin": _environment,
        "end": _environment,
        "skip": lambda self, at, end, marks: at + 1,
    }


def _marked(token: Token, marks: tuple[str, ...]) -> Token:
    r"""A letter under fonts; \mathbf{1} is the letter of an indicator, not a number."""
    if token.type == "NUM":
        indicator = token.text == "1" and set(marks) & {"bold", "bb"}
        return Token("NAME", "1", token.start, token.end, token.space, "word", marks) if indicator else token
    return Token("NAME", token.text, token.start, token.end, token.space, token.kind, (*token.marks, *marks))
