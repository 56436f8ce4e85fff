r"""An author's own macros: \newcommand, \renewcommand, \providecommand, \def, \let, \DeclareMathOperator.

Definitions are read from the text, not run by TeX: a macro stands for tokens, nothing else. Expansion is bounded in
depth and length, so a macro that uses itself ends as an error. What a macro stands for has the place of its use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from backprop_proofs.reading.lexer import Mode, closing_brace, scan
from backprop_proofs.reading.tokens import Token, fail

DEEPEST, LONGEST, MOST_USES = 20, 20_000, 50_000  # nested uses; tokens of one formula; uses in one document
_DEFINITION = re.compile(
    r"""\\(?P<new>(?:re)?newcommand|providecommand|DeclareRobustCommand)\*?\s*(?:\{\s*\\(?P<a>[A-Za-z]+)\s*\}|\\(?P<b>[A-Za-z]+))
         \s*(?:\[\s*(?P<count>\d)\s*\])?\s*(?:\[(?P<default>[^\[\]{}]{0,200})\])?\s*\{
       |\\(?:g|e|x|long\s*\\)?def\s*\\(?P<c>[A-Za-z]+)\s*(?P<params>(?:\#\d\s*)*)\{
       |\\DeclareMathOperator\*?\s*(?:\{\s*\\(?P<d>[A-Za-z]+)\s*\}|\\(?P<e>[A-Za-z]+))\s*\{
       |\\DeclarePairedDelimiter\s*(?:\{\s*\\(?P<f>[A-Za-z]+)\s*\}|\\(?P<g>[A-Za-z]+))\s*\{(?P<open>[^{}]{1,40})\}\s*\{(?P<close>[^{}]{1,40})\}
       |\\let\s*\\(?P<h>[A-Za-z]+)\s*=?\s*(?P<same>\\[A-Za-z]+)""",
    re.X,
)
_BODY_LIMIT = 5_000
_KEPT = frozenset(("begin", "end", "input", "include", "left", "right"))  # these a file may not redefine


@dataclass(frozen=True)
class Macro:
    """What a macro stands for; count: of its arguments; default: of its optional first one, or None."""

    body: str
    count: int = 0
    default: str | None = None


def collect(text: str) -> tuple[dict[str, Macro], str]:
    """The macros that a text defines, and the text with blanks in place of their definitions (of the same length)."""
    found: dict[str, Macro] = {}
    pieces, done, unclosed = [], 0, 0
    for match in _DEFINITION.finditer(text):
        if match.start() < done:
            continue
        end, macro = _defined(text, match)
        if macro is None:
            unclosed += 1
            if unclosed > 10:
                break
            continue
        name = next(match[group] for group in "abcdefgh" if match[group])
        if name not in _KEPT:
            found[name] = macro
        pieces += [text[done : match.start()], re.sub(r"[^\n]", " ", text[match.start() : end])]
        done = end
    return found, "".join(pieces) + text[done:] if pieces else text


def _defined(text: str, match: re.Match[str]) -> tuple[int, Macro | None]:
    """The end of a definition, and what it defines."""
    if match["same"]:
        return match.end(), Macro(match["same"])
    if match["open"]:
        return match.end(), Macro(f"{match['open']} #1 {match['close']}", 1)
    limit = min(len(text), match.end() + _BODY_LIMIT)
    close = closing_brace(text, match.end(), limit)
    if close == limit:
        return match.end(), None
    body = text[match.end() : close]
    if match["d"] or match["e"]:
        return close + 1, Macro(rf"\operatorname{{{body}}}")
    count = int(match["count"] or 0) if match["new"] else (match["params"] or "").count("#")
    return close + 1, Macro(body, count, match["default"])


class Expander:
    """The macros of one document."""

    def __init__(self, macros: Mapping[str, Macro]):
        self.macros = macros
        self._bodies: dict[str, list[Token]] = {}
        self._uses = 0

    def body(self, name: str) -> list[Token]:
        """The tokens that a macro stands for, with its parameters in them."""
        if name not in self._bodies:
            body = self.macros[name].body
            self._bodies[name] = scan(body, 0, len(body), Mode.LATEX, self.macros)
        return self._bodies[name]

    def expand(self, tokens: list[Token], depth: int = 0) -> list[Token]:
        """The tokens with every macro expanded. Raises CannotRead where that has no end."""
        if not any(token.type == "macro" for token in tokens):
            return tokens
        result: list[Token] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if token.type != "macro":
                result.append(token)
                continue
            self._uses += 1
            if depth >= DEEPEST or self._uses > MOST_USES:
                raise fail(token, "a macro that does not use itself", f"\\{token.text}")
            arguments, at = self._arguments(token, tokens, at)
            result += self.expand(self._filled(token, arguments, tokens[at - 1].end), depth + 1)
            if len(result) > LONGEST:
                raise fail(token, f"a formula of at most {LONGEST:,} tokens", f"what \\{token.text} becomes")
        return result

    def _arguments(self, use: Token, tokens: list[Token], at: int) -> tuple[list[list[Token]], int]:
        macro = self.macros[use.text]
        arguments: list[list[Token]] = []
        if macro.default is not None and macro.count:
            if at < len(tokens) and tokens[at].type == "LP" and tokens[at].text == "[":
                close = next((n for n in range(at, len(tokens)) if tokens[n].type == "RP"), at)
                arguments.append(tokens[at + 1 : close])
                at = close + 1
            else:
                default = scan(macro.default, 0, len(macro.default), Mode.LATEX, self.macros)
                arguments.append([token.at(use.start, use.end, token.space) for token in default])
        while len(arguments) < macro.count:
            if at >= len(tokens) or tokens[at].type == "}":
                raise fail(use, f"{macro.count} arguments of \\{use.text}", f"{len(arguments)}")
            argument, at = _argument(tokens, at)
            arguments.append(argument)
        return arguments, at

    def _filled(self, use: Token, arguments: list[list[Token]], end: int) -> list[Token]:
        filled: list[Token] = []
        for token in self.body(use.text):
            if token.type == "param":
                number = int(token.text or 0)
                filled += arguments[number - 1] if 0 < number <= len(arguments) else []
            else:
                filled.append(token.at(use.start, max(end, use.end), token.space))
            if len(filled) > LONGEST:
                raise fail(use, f"a formula of at most {LONGEST:,} tokens", f"what \\{use.text} becomes")
        if filled and filled[0].space < use.space:
            filled[0] = filled[0].at(filled[0].start, filled[0].end, use.space)
        return filled


def _argument(tokens: list[Token], at: int) -> tuple[list[Token], int]:
    if tokens[at].type != "{":
        return [tokens[at]], at + 1
    level = 0
    for place in range(at, len(tokens)):
        level += {"{": 1, "}": -1}.get(tokens[place].type, 0)
        if level == 0:
            return tokens[at + 1 : place], place + 1
    raise fail(tokens[at], "a } for this {", "the end")
