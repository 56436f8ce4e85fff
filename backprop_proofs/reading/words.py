"""Formula or prose: what a line of plain text is taken for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backprop_proofs.reading.commands import BARE, COMMANDS, FUNCTIONS, PROSE, STRIPPED
from backprop_proofs.reading.syntax import Span

_WORD = re.compile(r"(?<![\\A-Za-z0-9_^{'])[A-Za-z]{2,}(?:'[a-z]{1,2})?(?![A-Za-z0-9]|\s*[_^(\[{/']|\s*[=*])")
_TWO_WORDS = re.compile(r"(?<![\\A-Za-z_^{])([A-Za-z]{3,}),?[ \t]+([A-Za-z]{3,})(?![A-Za-z_^({'])")
_BRACKETED = re.compile(r"\([^()=]*\)|\[[^\[\]=]*\]")
_TEXT = re.compile(r"\\?\b(?:text|textrm|mbox|mathrm|operatorname|textbf|begin|end|tag|label)\s*\{[^{}]*\}")
_URL = re.compile(r"\"|https?://|www\.|</?[a-z]+[\s>/]|\bvar \w+ =|function\s*\(|\w\.\w+\(")
_CODE = re.compile(r"[ \t>`]*[A-Za-z]\w*(?:\.\w+)?[ \t]*[-+*/@]?=(?!=)[^=]*(?:\w|\))\.[A-Za-z]\w*\(")
_BULLET = re.compile(
    r"[ \t]*(?:>[ \t]*)*(?:(?:[*•‣▪◦]|\\item)[ \t]+)?"
    r"(?:\(?\d{1,3}[.):]\)?[ \t]+|\([a-h]\)[ \t]+|[a-h]\)[ \t]+|\[\d{1,3}\][ \t]+"
    r"|(?:[Ss]tep|[Ee]q(?:uation)?\.?|BP)[ \t]*\(?\d{1,3}\)?[.:]*[ \t]+)?"
)
_DASH = re.compile(r"[ \t]*-[ \t]+")
_KNOWN = FUNCTIONS | frozenset(BARE) | frozenset(STRIPPED) | frozenset(name for name in COMMANDS if len(name) > 1)
_RELATION_ONLY = re.compile(r"[\s$`]*(?::?=|≡|≈|\+|-|\*|·)[\s$`]*")


def is_prose(line: str, strict: bool) -> bool:
    """Whether a line with a relation sign in it is prose all the same; strict: where formulas are marked as such."""
    if _URL.search(line):
        return True
    bare = _TEXT.sub(" ", _BRACKETED.sub(" ", line))
    if any(
        not {first, second} & _KNOWN and not {first.lower(), second.lower()} <= PROSE for first, second in _pairs(bare)
    ):
        return True
    words = [word for word in _WORD.findall(bare) if word not in _KNOWN]
    unknown = [word for word in words if word.lower() not in PROSE and len(word) > 2]
    if strict:
        return bool(unknown) or len(words) > 1 or not re.search(r"[_^\\∂∑Σ/(]", bare)
    return len(words) > 5 and 2 * len(words) > len(bare.split())


def is_code(line: str) -> bool:
    """Whether a line calls a library in what would else be an equation: dW = np.dot(x.T, dz)."""
    return _CODE.match(line) is not None


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    for match in _TWO_WORDS.finditer(line):
        yield match.group(1), match.group(2)


def stated(line: str) -> bool:
    """Whether a line that cannot be read was meant as a formula all the same."""
    words = [word for word in _WORD.findall(_TEXT.sub(" ", line)) if word not in _KNOWN]
    return len(words) < 3


def without_bullet(text: str, span: Span, dashes: bool) -> Span:
    """A plain line without its bullet, number or quotation mark; dashes: whether a leading "- " is a bullet here."""
    start = span.start
    for mark in (_BULLET, _DASH) if dashes else (_BULLET,):
        match = mark.match(text, start, span.end)
        start = match.end() if match else start
    return Span(start, span.end)


def joined_by_relation(text: str, inner: Sequence[Span]) -> list[Span]:
    """Formulas of one line, joined where only a relation stands between them: $a$ = $b$."""
    joined = [inner[0]]
    for span in inner[1:]:
        if _RELATION_ONLY.fullmatch(text, joined[-1].end, span.start):
            joined[-1] = Span(joined[-1].start, span.end)
        else:
            joined.append(span)
    return joined
