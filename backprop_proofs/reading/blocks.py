r"""A text cut into the pieces that may hold equations: displays, lines with formulas, plain lines; and headings.

Nothing is read here: only where a piece stands, how it was marked, and which heading it stands under.
r
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backprop_proofs.reading.cells import ROWS
from backprop_proofs.reading.macros import Macro
from backprop_proofs.reading.syntax import Span

_OUTER = ROWS - {"minipage", "center", "split", "aligned", "gathered", "alignedat"}
_ENVIRONMENTS = "|".join(sorted(_OUTER, key=len, reverse=True))
_CELLS = r"d?cases|[pbvVB]?matrix|array|aligned|split|gathered|smallmatrix"
_COMMENT = re.compile(r"(?:^|(?<=[\s}&$])|(?<=\\))%[^\n]*", re.M)
_DELIMITERS = rf"""(?P<fence>^[ \t]*(?:```|~~~)[^\n]*$)
    |(?P<dollars>(?<!\\)\$\$)
    |(?P<dollar>(?<!\\)\$)
    |(?P<display>(?<!\\)\\\[)
    |(?P<inline>(?<!\\)\\\()
    |(?P<env>\\?(?<![A-Za-z])begin\s*\{{(?P<name>{_ENVIRONMENTS})\*?\}})
    |(?P<verbatim>\\begin\s*\{{(?P<raw>verbatim|lstlisting|comment|minted|tikzpicture|thebibliography)\*?\}})
    |(?P<code>(?<!`)`[^`\n]+`(?!`))
    |(?P<words>\\(?:text[a-z]{{0,2}}|mbox)\s*\{{[^{{}}]{{0,300}}\}})"""
_DELIMITER = re.compile(_DELIMITERS + r"|(?P<macro>(?!)(?P<word>))", re.X | re.M)
_DELIMITER_OR_MACRO = re.compile(_DELIMITERS + r"|(?P<macro>\\(?P<word>[A-Za-z]+))", re.X | re.M)
_WORDS = r"\\(?:text[a-z]{0,2}|mbox)\s*\{[^{}]{0,300}\}"
_DOLLAR = re.compile(rf"{_WORDS}|(?P<close>(?<!\\)\$)")
_PARENTHESIS = re.compile(rf"{_WORDS}|(?P<close>\\\))")
_LONGEST_INLINE = 5_000  # characters
_CODE_LANGUAGES = frozenset(("", "math", "latex", "tex", "text", "txt", "markdown", "md", "plain", "plaintext"))
_WHERE = "where"
_GIVEN = rf"(?:givens?|set-?\s?up|definitions?|{_WHERE})"
_PROVED = r"(?:derivations?|proofs?)"
_COMMAND_HEADING = re.compile(
    r"\\(?:part|chapter|(?:sub)*section|(?:sub)?paragraph|heading)\*?\s*\{([^{}\n]{0,200})\}"
    r"|^[ \t]*\\(?:textbf|textit|emph|underline|textsc)\s*\{([^{}\n]{0,80})\}[ \t.:]*$"
    r"|^[ \t]*(?:\{\\(?:bf|it|em)\s+([^{}\n]{0,80})\})[ \t.:]*$"
    r"|^[ \t]{0,3}\#{1,6}[ \t]+([^\n]{1,200})$"
    r"|^[ \t]*(?:\*\*|__)([^*_\n]{1,80})(?:\*\*|__)[ \t.:]*$"
    r"|\\begin\s*\{(proof|derivation)\}",
    re.M,
)
_WORD_HEADING = re.compile(rf"^[ \t>*_]*({_GIVEN}|{_PROVED})[ \t]*[:.]?[ \t*_]*$", re.M | re.I)
_LEAD_IN = re.compile(rf"^[ \t>*_]*({_GIVEN}|{_PROVED})[*_]*[ \t]*:[*_]*[ \t]*(?=\S)", re.M | re.I)
_BOLD_LEAD_IN = re.compile(
    r"^[ \t]*(?:\\(?:textbf|textit|emph|underline|textsc)\s*\{|\{\\(?:bf|it|em)\s+|\*\*|__)"
    rf"({_GIVEN}|{_PROVED})[ \t.:]*(?:\}}|\*\*|__)[ \t.:]*(?=\S)",
    re.M | re.I,
)
_COMMENT_HEADING = re.compile(rf"^%+[\s=-]*({_GIVEN}|{_PROVED})[\s:.=-]*$", re.I)


@dataclass(frozen=True)
class Block:
    """A piece of the text. kind: "display", "inline" (formulas in one line of prose), "line" (plain), "prose".

    For "inline" `inner` are the formulas, each without its dollar signs; else it is one span, what is to be read.
    """

    kind: str
    span: Span
    inner: tuple[Span, ...]


@dataclass(frozen=True)
class Heading:
    """Where a part starts. kind: "given", "where" (given too), "derivation" or "other"; end: of the heading itself."""

    kind: str
    start: int
    end: int


def without_comments(text: str) -> tuple[str, list[Heading]]:
    """The text with blanks for its comments (of the same length), and the headings that were comments."""
    headings = []
    pieces, done = [], 0
    for match in _COMMENT.finditer(text):
        found = _COMMENT_HEADING.match(match.group())
        if found:
            headings.append(Heading(_kind(found.group(1)), match.start(), match.end()))
        pieces += [text[done : match.start()], " " * len(match.group())]
        done = match.end()
    return "".join(pieces) + text[done:], headings


def headings(text: str) -> list[Heading]:
    """The headings of a text: of sections, in bold, of Markdown, and the bare words."""
    found = [
        Heading(_kind(next(filter(None, match.groups()), "")), match.start(), match.end())
        for match in _COMMAND_HEADING.finditer(text)
    ]
    found += [Heading(_kind(m.group(1)), m.start(), m.end()) for m in _WORD_HEADING.finditer(text)]
    for lead_in in (_LEAD_IN, _BOLD_LEAD_IN):
        found += [Heading(_kind(m.group(1)), m.start(), m.end()) for m in lead_in.finditer(text)]
    return found


def _kind(title: str) -> str:
    words = re.findall(r"[a-z-]+", title.lower())
    if any(re.fullmatch(_PROVED, word) for word in words):
        return "derivation"
    if _WHERE in words:
        return "where"
    if any(re.fullmatch(_GIVEN, word) for word in words) or "set up" in " ".join(words):
        return "given"
    return "other"


def body(text: str) -> Span:
    r"""What stands between \begin{document} and \end{document}; all of a text without them."""
    start = re.search(r"\\begin\s*\{document\}", text)
    end = re.search(r"\\end\s*\{document\}", text)
    return Span(start.end() if start else 0, end.start() if end else len(text))


def blocks(text: str, macros: Mapping[str, Macro]) -> Iterator[Block]:
    """The pieces of a text, in order."""
    yield from _Cutter(text, macros).run()


class _Cutter:
    def __init__(self, text: str, macros: Mapping[str, Macro]):
        self.text = text
        self.opens, self.closes = _environment_macros(macros)
        self.inline: list[Span] = []  # formulas with their delimiters, since the last block
        self.cores: list[Span] = []
        self.unclosed: dict[str, int] = {}  # up to where no closing delimiter of a kind stands
        self.done = 0  # up to here everything is in a block

    def run(self) -> Iterator[Block]:
        at, end = body(self.text)
        self.done = at
        delimiter = _DELIMITER_OR_MACRO if self.opens else _DELIMITER
        while at < end:
            match = delimiter.search(self.text, at, end)
            if match is None:
                break
            at = match.end()
            kind = match.lastgroup if match.lastgroup not in ("name", "raw", "word") else ""
            kind = "env" if match["env"] else "verbatim" if match["verbatim"] else "macro" if match["macro"] else kind
            if kind in ("dollar", "inline", "code"):
                at = self._inline(str(kind), match)
                continue
            found = self._display(str(kind), match, end)
            if found is not None:
                whole, inner = found
                yield from self._lines(whole.start)
                if inner is not None:
                    yield Block("display", whole, (inner,))
                at = self.done = whole.end
        yield from self._lines(end)

    def _inline(self, kind: str, match: re.Match[str]) -> int:
        r"""Note a formula between $ ... $, \( ... \) or backticks; returns where it ends."""
        if kind == "code":
            inner = Span(match.start() + 1, match.end() - 1)
        else:
            if match.end() < self.unclosed.get(kind, 0):
                return match.end()
            limit = self.text.find("\n\n", match.end(), match.end() + _LONGEST_INLINE)
            limit = min(len(self.text), match.end() + _LONGEST_INLINE) if limit < 0 else limit
            closing = _closing(self.text, _DOLLAR if kind == "dollar" else _PARENTHESIS, match.end(), limit)
            if closing is None:
                self.unclosed[kind] = limit
                return match.end()
            inner = Span(match.end(), closing.start())
        end = inner.end + (2 if kind == "inline" else 1)
        self.inline.append(Span(match.start(), end))
        self.cores.append(inner)
        return end

    def _display(self, kind: str, match: re.Match[str], end: int) -> tuple[Span, Span | None] | None:
        """A display as a whole and what is in it; None inside means that it is not read."""
        text, start, first = self.text, match.start(), match.end()
        if kind == "fence":
            close = re.compile(rf"^[ \t]*{re.escape(match['fence'].strip()[:3])}[ \t]*$", re.M).search(text, first, end)
            language = match["fence"].strip().strip("`~").strip().lower().strip("{}. ")
            stop = close.end() if close else end
            if language in _CODE_LANGUAGES:
                return Span(start, first), None  # its lines are read as any
            return Span(start, stop), None
        if kind in ("dollars", "display"):
            closing = re.compile(r"(?<!\\)\$\$" if kind == "dollars" else r"(?<!\\)\\\]").search(text, first, end)
            if closing is None:
                blank = re.compile(r"\n\s*\n").search(text, first, end)
                stop = blank.start() if blank else end
                return Span(start, stop), Span(first, stop)
            return Span(start, closing.end()), Span(first, closing.start())
        if kind == "verbatim":
            closing = re.compile(rf"\\end\s*\{{{match['raw']}\*?\}}").search(text, first, end)
            return Span(start, closing.end() if closing else end), None
        if kind == "env":
            stop = _environment_end(text, match["name"], first, end)
            return Span(start, stop), Span(start, stop)
        environment = self.opens.get(match["word"])
        if environment is None:
            return None
        names = "|".join(map(re.escape, self.closes.get(environment, ()))) or "(?!)"
        closing = re.compile(rf"\\(?:{names})(?![A-Za-z])").search(text, first, end)
        stop = closing.start() if closing else end
        return Span(start, closing.end() if closing else end), Span(first, stop)

    def _lines(self, end: int) -> Iterator[Block]:
        """The lines since the last block, those with inline formulas and plain ones."""
        at, number = self.done, 0
        self.done = end
        inline, cores = self.inline, self.cores
        self.inline, self.cores = [], []
        while at < end:
            stop = self.text.find("\n", at, end)
            stop = end if stop < 0 else stop
            first = number
            while number < len(inline) and inline[number].start < stop:
                stop = max(stop, inline[number].end)
                number += 1
            if number > first:
                newline = self.text.find("\n", stop, end)
                yield Block("inline", Span(inline[first].start, inline[number - 1].end), tuple(cores[first:number]))
                stop = end if newline < 0 else newline
            elif self.text[at:stop].strip():
                stop = self._whole_environment(at, stop, end)
                yield Block("line", Span(at, stop), (Span(at, stop),))
            else:
                yield Block("blank", Span(at, stop), ())
            at = stop + 1

    def _whole_environment(self, at: int, stop: int, end: int) -> int:
        """Past the line that ends the cases or the matrix which a plain line begins."""
        opened = re.compile(rf"begin\s*\{{(?:{_CELLS})\*?\}}")
        closed = re.compile(rf"end\s*\{{(?:{_CELLS})\*?\}}")
        for _ in range(40):
            line = self.text[at:stop]
            if len(opened.findall(line)) <= len(closed.findall(line)) or stop >= end:
                break
            following = self.text.find("\n", stop + 1, end)
            stop = end if following < 0 else following
        return stop


def _closing(text: str, pattern: re.Pattern[str], at: int, end: int) -> re.Match[str] | None:
    r"""The delimiter that closes a formula, not one in the words of a \text{...}."""
    return next((match for match in pattern.finditer(text, at, end) if match["close"]), None)


def _environment_end(text: str, name: str, at: int, end: int) -> int:
    level = 1
    for match in re.compile(rf"(begin|end)\s*\{{{name}\*?\}}").finditer(text, at, end):
        level += 1 if match.group(1) == "begin" else -1
        if level == 0:
            return match.end()
    return end


def _environment_macros(macros: Mapping[str, Macro]) -> tuple[dict[str, str], dict[str, list[str]]]:
    r"""The macros that stand for \begin{align} and the like, and those that end each."""
    opens: dict[str, str] = {}
    closes: dict[str, list[str]] = {}
    for name, macro in macros.items():
        match = re.fullmatch(rf"\s*\\(begin|end)\s*\{{({_ENVIRONMENTS})\*?\}}\s*", macro.body)
        if match and match.group(1) == "begin":
            opens[name] = match.group(2)
        elif match:
            closes.setdefault(match.group(2), []).append(name)
    return opens, closes
