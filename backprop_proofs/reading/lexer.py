"""From characters to tokens: LaTeX, LaTeX whose backslashes were stripped, and plain text with or without Unicode.

The three differ in little: how far a script without braces reaches (one character in LaTeX, the whole run of letters
in text), which bare words are commands, and whether one backslash separates rows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from enum import Enum
from itertools import pairwise

from backprop_proofs.reading.commands import (
    BARE,
    CHARACTERS,
    COMBINING,
    COMMANDS,
    DIGRAPHS,
    FUNCTIONS,
    GREEK,
    LOWER,
    PROSE,
    STRIPPED,
    STRIPPED_NEEDS,
    TEXTS,
    UPPER,
)
from backprop_proofs.reading.tokens import Token


class Mode(Enum):
    """How a piece of mathematics is spelled."""

    LATEX = "latex"
    STRIPPED = "stripped"
    TEXT = "text"


_TOKEN = re.compile(
    rf"""(?P<space>[\s\u200b~$]+)
    |(?P<cmd>\\[A-Za-z]+)
    |(?P<rowsep>\\\\\*?(?:[ ]*\[\s*-?[\d.]+\s*[a-z]{{2}}\s*\])?)
    |(?P<esc>\\[^A-Za-z])
    |(?P<digraph>\.\.\.|\.\.|:=|=:|===?|!=|<==?>|<->|==?>|--?>|<=|>=|~=|\|\||\.\*|\*\*|''|\.T(?![A-Za-z]))
    |(?P<num>\d+(?:\.\d+(?!\.))?|\.\d+)
    |(?P<run>[A-Za-z]+)
    |(?P<param>\#\d?)
    |(?P<up>[{"".join(UPPER)}]+)
    |(?P<low>[{"".join(LOWER)}]+)
    |(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+)
    |(?P<other>.)""",
    re.X | re.S,
)
_GREEK = "".join(letter for letter, (kind, _) in CHARACTERS.items() if kind == "NAME" and letter.isalpha())
_INDEX_RUN = re.compile(rf"[A-Za-z0-9{_GREEK}]+(?:,[A-Za-z0-9{_GREEK}]+(?![A-Za-z0-9_^(\[]))*")
_INDEX_PIECE = re.compile(rf"[A-Za-z]+|\d+|,|[{_GREEK}]")
_STARRED = frozenset(("operatorname", "tag", "hspace", "vspace"))
_LONGEST_TEXT = 2000  # characters of words in a formula
_SCRIPT = re.compile(r"\s*[_^']")
_LATEX_COMMAND = re.compile(r"\\[A-Za-z]")
_SPELLED_OUT = re.compile(
    r"(?<![\\A-Za-z])(?:d?frac\s*\{|partial\b|begin\s*\{|sum_|(?:delta|sigma|alpha|theta|lambda|Delta)(?![A-Za-z]))"
)
_BRACED = re.compile(r"[_^]\{|\}[_^]|\bfrac\s*\{|\bbegin\s*\{")
_LONG_GREEK = re.compile("|".join(sorted((name for name in GREEK if len(name) > 3), key=len, reverse=True)))


def has_commands(text: str) -> bool:
    """Whether a text has commands of LaTeX, with their backslashes."""
    return _LATEX_COMMAND.search(text) is not None


def mode_of(text: str, delimited: bool = False, beside_commands: bool = False) -> Mode:
    """How a piece is spelled; delimited: whether it stood between dollar signs or the like.

    beside_commands: whether it stands in a text that has commands of LaTeX, where braces without any are LaTeX too.
    """
    if has_commands(text) or (beside_commands and _BRACED.search(text) and not _SPELLED_OUT.search(text)):
        return Mode.LATEX
    if _SPELLED_OUT.search(text) and (delimited or _BRACED.search(text)):
        return Mode.STRIPPED
    if delimited:
        return Mode.LATEX
    return Mode.STRIPPED if _BRACED.search(text) else Mode.TEXT


def scan(text: str, start: int, end: int, mode: Mode, macros: Collection[str] = ()) -> list[Token]:
    """The tokens of text[start:end]; a use of one of the `macros` is one token, not yet expanded."""
    return _Scanner(text, end, mode, macros).run(start)


class _Scanner:
    def __init__(self, text: str, end: int, mode: Mode, macros: Collection[str]):
        self.text, self.end, self.mode, self.macros = text, end, mode, macros
        self.tokens: list[Token] = []
        self.space = 0

    def run(self, at: int) -> list[Token]:
        match_at, end = _TOKEN.match, self.end
        while at < end:
            match = match_at(self.text, at, end)
            assert match is not None, "the last alternative matches anything"
            group, word = match.lastgroup, match.group()
            if group == "space":
                self._see_space(word)
                at = match.end()
            elif group == "run":
                at = self._run(word, at)
            elif group == "cmd":
                at = self._command(word[1:], at, match.end())
            elif group == "other" and self.mode is Mode.TEXT and word in _GREEK and self._in_script():
                at = self._index_run(at)
            else:
                at = self._rest(str(group), word, at, match.end())
        return self.tokens

    def add(self, type: str, text: str, start: int, end: int, kind: str = "") -> None:
        self.tokens.append(Token(type, text, start, end, self.space, kind))
        self.space = 0

    def _see_space(self, word: str, wide: bool = False) -> None:
        width = word.count("~") if "~" in word else 1
        if self.mode is Mode.TEXT and (len(word) > 2 or "\t" in word):
            width = 2
        self.space = 2 if wide else min(2, self.space + width if "~" in word else max(self.space, width))

    def _in_script(self) -> bool:
        return bool(self.tokens) and self.tokens[-1].type in ("_", "^") and self.space == 0

    def _rest(self, group: str, word: str, at: int, end: int) -> int:
        if group == "num":
            return self._number(word, at, end)
        if group == "digraph":
            kind, text = DIGRAPHS.get(word) or DIGRAPHS["=="]
            self.add(kind, text, at, end)
        elif group == "rowsep":
            self.add("rowsep", "", at, end)
        elif group == "esc":
            return self._escape(word[1], at, end)
        elif group in ("up", "low"):
            self._small(group, word, at, end)
        elif group == "cjk":
            self._words(word, at, end)
        elif group == "param":
            self.add("param", word[1:], at, end)
        else:
            self._character(word, at, end)
        return end

    def _number(self, word: str, at: int, end: int) -> int:
        last = self.tokens[-1] if self.tokens else None
        if self._in_script():
            if self.mode is not Mode.TEXT:
                self.add("NUM", word[0] if word[0] != "." else word, at, at + 1 if word[0] != "." else end)
                return self.tokens[-1].end
            return self._index_run(at)
        touching = last is not None and self.space == 0 and last.type == "NAME" and last.kind in ("letters", "greek")
        if touching and self.mode is Mode.TEXT and last is not None and last.text not in FUNCTIONS:
            self.add("_", "", at, at)
            word, end = word.split(".")[0], at + len(word.split(".")[0])
        self.add("NUM", word, at, end)
        return end

    def _escape(self, char: str, at: int, end: int) -> int:
        if char in " \n\t" and self.mode is Mode.STRIPPED:
            self.add("rowsep", "", at, end)
        elif char.isspace():
            self._see_space("~" if self.space else " ")
        elif char == "_" and self.tokens and self.tokens[-1].kind == "letters" and not self.space:  # W\_in is one name
            last = self.tokens[-1]
            match = re.compile(r"[A-Za-z]*").match(self.text, end, self.end)
            end = match.end() if match else end
            last.text, last.end, last.kind = f"{last.text}_{self.text[last.end + 2 : end]}", end, "word"
        elif char in "%$#&_" or (known := COMMANDS.get(char)) is None:
            self.add("bad", "\\" + char, at, end)
        elif known[0] == "space":
            self.space = max(self.space, 1)
        else:
            self.add(*known, at, end)
        return end

    def _small(self, group: str, word: str, at: int, end: int) -> None:
        table = UPPER if group == "up" else LOWER
        self.add("^" if group == "up" else "_", "", at, at)
        self.tokens.append(Token("{", "", at, at))
        for offset, char in enumerate(word):
            plain, place = table[char], at + offset
            if plain.isalpha():
                self.tokens.append(Token("NAME", plain, place, place + 1, kind="letters"))
            elif plain.isdigit():
                self.tokens.append(Token("NUM", plain, place, place + 1))
            else:
                self.tokens.append(Token(*CHARACTERS[plain], place, place + 1))
        self.tokens.append(Token("}", "", end, end))

    def _words(self, word: str, at: int, end: int) -> None:
        last = self.tokens[-1] if self.tokens else None
        if last is not None and last.type == "TEXT" and last.kind == "bare":
            last.text, last.end = f"{last.text} {word}", end
            self.space = 0
        else:
            self.add("TEXT", word, at, end, "bare")

    def _character(self, char: str, at: int, end: int) -> None:
        known = CHARACTERS.get(char)
        if known is not None:
            if char in "{}" and self.mode is Mode.TEXT:  # a set, as no command needs an argument
                known = ("LP" if char == "{" else "RP", "{")
            self.add(*known, at, end, "greek" if known[0] == "NAME" else "")
            return
        if char in COMBINING and self.tokens and self.tokens[-1].type == "NAME":
            self.tokens[-1].marks += (COMBINING[char],)
            self.tokens[-1].end = end
            return
        base = unicodedata.normalize("NFKD", char)
        if char.isalpha() and len(base) <= 2 and (base[0] in CHARACTERS or base[0].isascii()) and base != char:
            kind, text = CHARACTERS.get(base[0]) or ("NAME", base[0])
            self.add(kind, text, at, end, "letters")
            if base[1:] in COMBINING:
                self.tokens[-1].marks = (COMBINING[base[1:]],)
        elif char.isalpha():
            self._words(char, at, end)
        else:
            self.add("bad", char, at, end)

    def _command(self, name: str, at: int, end: int) -> int:
        if name in self.macros:
            self.add("macro", name, at, end)
            return end
        if self.text[end : end + 1] == "*" and name in _STARRED:
            end += 1
        if name in ("begin", "end"):
            return self._environment(name, at, end)
        if name in TEXTS or name == "operatorname":
            return self._text(name, at, end)
        kind, text = COMMANDS.get(name) or ("NAME", "\\" + name)
        if kind == "space":
            self.space = max(self.space, 1)
        elif kind == "wide":
            self.space = 2
        elif kind == "skip":
            if name in ("left", "right", "middle") and self.text[end : end + 1] == ".":
                end += 1
            elif self.text[end : end + 1] == "[" or (name in ("left", "right") and self.text[end : end + 2] == " ["):
                at = self.text.index("[", end)
                self.add("LP", "[", at, at + 1, "sized")
                end = at + 1
        elif kind == "NAME":
            self.add(kind, text, at, end, "command" if text[0] == "\\" else "greek")
        else:
            self.add(kind, text, at, end, name)
        return end

    def _environment(self, name: str, at: int, end: int) -> int:
        match = re.compile(r"\s*\{\s*([A-Za-z]+\*?)\s*\}").match(self.text, end, self.end)
        if match is None:
            self.add("bad", "\\" + name, at, end)
            return end
        self.add(name, match.group(1).rstrip("*"), at, match.end())
        return match.end()

    def _text(self, name: str, at: int, end: int) -> int:
        opening = re.compile(r"\s*\{").match(self.text, end, self.end)
        if opening is None:
            self.add("font", "roman", at, end, name)
            return end
        close = closing_brace(self.text, opening.end(), min(self.end, opening.end() + _LONGEST_TEXT))
        inner = self.text[opening.end() : close]
        word = re.fullmatch(r"\s*([A-Za-z]+)(\d*)\s*", inner)
        spaced = inner != inner.strip()
        named = name == "operatorname" or (word and word.group(1).lower() not in PROSE and not spaced)
        if word and (named or _SCRIPT.match(self.text, close + 1, self.end)):
            self.add("NAME", word.group(1), at, min(close + 1, self.end), "word")
        else:
            self.add("TEXT", inner.strip(), at, min(close + 1, self.end), "inner")
            self.tokens[-1].marks = (str(opening.end()), *(["spaced"] if spaced else []))
        return min(close + 1, self.end)

    def _run(self, word: str, at: int) -> int:
        end = at + len(word)
        if self._in_script():
            return self._script_run(word, at)
        if (command := self._bare_command(word, end)) is not None:
            return self._command(command, at, end)
        if self.mode is Mode.LATEX or (end < self.end and self.text[end] in "_^"):
            self.add("NAME", word, at, end, "letters")
            return end
        if (
            self.mode is Mode.TEXT
            and word.lower() in PROSE
            and word[1:].islower()
            and not (len(word) == 1 and self._touches(at, end))
        ):
            self._words(word, at, end)
            return end
        if self.mode is Mode.TEXT and word == "o" and self._between_spaces(at, end):
            self.add("OP", "o", at, end)
            return end
        self.add("NAME", word, at, end, "letters")
        if self.mode is Mode.STRIPPED and len(word) > 4:
            last = self.tokens.pop()
            self.tokens.extend(split_greek(last))
        return end

    def _touches(self, at: int, end: int) -> bool:
        return (end < self.end and not self.text[end].isspace()) or (at > 0 and not self.text[at - 1].isspace())

    def _between_spaces(self, at: int, end: int) -> bool:
        before = self.tokens[-1].type if self.tokens else ""
        after = self.text[end : end + 2]
        closed = before in ("NAME", "NUM", "RP", "}") and self.space > 0
        return closed and after[:1] == " " and after[1:] not in ("", "=", "+", "-", "*", "/", ")", "\n")

    def _bare_command(self, word: str, end: int) -> str | None:
        """The command that a word without backslash is, if it is one."""
        table = STRIPPED if self.mode is Mode.STRIPPED else BARE
        name = table.get(word)
        if name is None or (self.mode is Mode.LATEX and len(word) < 4 and not (word == "sum" and self._scripted(end))):
            return None
        if (
            self.mode is Mode.LATEX
            and word in ("prod", "grad", "Sum", "SUM", "infinity", "partial")
            and not self._scripted(end)
        ):
            return name if word == "partial" else None
        needs = STRIPPED_NEEDS.get(word)
        if needs and self.text[end : self.end].lstrip()[:1] not in tuple(needs):
            return None
        return None if word == "prod" and not self._scripted(end) else name

    def _scripted(self, end: int) -> bool:
        return self.text[end : end + 1] in ("_", "^")

    def _script_run(self, word: str, at: int) -> int:
        """A run of letters right after _ or ^: one letter of it in LaTeX, all of it in text; a Greek name whole."""
        end = at + len(word)
        known = {Mode.STRIPPED: STRIPPED, Mode.TEXT: BARE}.get(self.mode, {}).get(word)
        if known and word not in STRIPPED_NEEDS:
            return self._command(known, at, end)
        if known and self.text[end : end + 1] == "{":
            return self._command(known, at, end)
        under_sum = len(self.tokens) > 1 and self.tokens[-2].type == "SUM"
        beside = self.text[end : end + 1] == "^" or re.match(r"\^\w_", self.text[max(at - 3, 0) : at])
        typed = self.mode is Mode.STRIPPED and len(word) == 2 and beside  # w_kj^{l+1}, w^l_jk
        if (self.mode is not Mode.TEXT and not typed) or (under_sum and self._scripted(end)):
            self.add("NAME", word[0], at, at + 1, "letters")
            return at + 1
        return self._index_run(at)

    def _index_run(self, at: int) -> int:
        """The whole of kj, k1 or j,k after an underscore in plain text, as if in braces."""
        match = _INDEX_RUN.match(self.text, at, self.end)
        assert match is not None, "called where a letter or a digit stands"
        self.add("{", "", at, at)
        for piece in _INDEX_PIECE.finditer(match.group()):
            start, end = at + piece.start(), at + piece.end()
            text = piece.group()
            if text in CHARACTERS:
                self.add(*CHARACTERS[text], start, end, "greek" if text != "," else "")
            else:
                self.add("NUM" if text.isdigit() else "NAME", text, start, end, "" if text.isdigit() else "letters")
        self.add("}", "", match.end(), match.end())
        return match.end()


def split_greek(token: Token) -> list[Token]:
    """kalpha as k and alpha: a run of letters in stripped LaTeX that a Greek name is part of."""
    match = _LONG_GREEK.search(token.text)
    if match is None:
        return [token]
    cuts = [0, match.start(), match.end(), len(token.text)]
    pieces = [(token.text[a:b], token.start + a, token.start + b) for a, b in pairwise(cuts) if a < b]
    kinds = ["greek" if text == match.group() else "letters" for text, _, _ in pieces]
    return [
        Token("NAME", text, start, end, token.space * (not at), kind)
        for at, ((text, start, end), kind) in enumerate(zip(pieces, kinds, strict=True))
    ]


def closing_brace(text: str, at: int, end: int) -> int:
    """The place of the brace that closes the group whose inside begins at `at`; `end` if none does."""
    level = 1
    for match in re.compile(r"\\.|[{}]", re.S).finditer(text, at, end):
        level += {"{": 1, "}": -1}.get(match.group(), 0)
        if level == 0:
            return match.start()
    return end


__all__ = ["Mode", "closing_brace", "mode_of", "scan", "split_greek"]
