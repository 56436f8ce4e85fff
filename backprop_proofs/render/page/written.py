r"""A line that somebody wrote in LaTeX, as MathML: read by latex2mathml, of which only harmless elements are kept.

Whatever is not understood, or is more than a formula, gives "": then the page shows the line as it is written.
"""

from __future__ import annotations

import re
from functools import lru_cache
from xml.etree.ElementTree import Element, fromstring, tostring

from backprop_proofs.errors import InvalidInput
from backprop_proofs.render.page.mathml import mathml_of

_LONGEST = 2_000  # characters of a line that is set
_DEEPEST = 40  # elements within each other
_COMMAND = re.compile(r"\\[A-Za-z]")
_COMMENT = re.compile(r"(?<!\\)%")
_BESIDE = re.compile(
    r"\\(?:tag\*?|label)\s*\{[^{}]*\}|\\(?:nonumber|notag|displaystyle)(?![A-Za-z])|(?<!\\)\$|\\[\[\]()]"
)
_END = re.compile(r"(?:\\\\(?:\[[^\]]*\])?|\\newline|[.,;\s])+\Z")
_ALIGNED = re.compile(r"(?<!\\)&")
_TOKENS = frozenset(("mi", "mo", "mn", "mtext", "mspace"))
_SCRIPTS = frozenset(("msub", "msup", "msubsup", "munder", "mover", "munderover"))
_ELEMENTS = _TOKENS | _SCRIPTS | {"math", "mrow", "mstyle", "mfrac", "msqrt", "mroot", "mtable", "mtr", "mtd"}
_FRAMES = frozenset(("menclose",))  # around a formula: browsers draw only what is within
_BELOW = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}  # where the limits of a large sign stand
_LARGE = frozenset("∑∏⋃⋂")
_YES = r"true|false"
_LENGTH = r"-?[0-3]?(?:\.\d{1,4})?em|(?:negative)?(?:very){0,2}(?:thin|medium|thick)mathspace"
_ATTRIBUTES = {
    name: re.compile(values)
    for names, values in (
        ("displaystyle stretchy fence separator accent accentunder movablelimits largeop symmetric", _YES),
        ("form", "prefix|infix|postfix"),
        ("mathvariant", "[a-z-]{4,24}"),
        ("linethickness", "0(?:px|em)?"),
        ("width lspace rspace minsize maxsize", _LENGTH),
    )
    for name in names.split()
}


def is_latex(source: str) -> bool:
    """Whether a command stands in it."""
    return _COMMAND.search(source) is not None


@lru_cache(maxsize=4096)
def typeset(source: str) -> str:
    """LaTeX as a <math> element, or "" where it cannot be set."""
    if _COMMENT.search(source) or len(source) > _LONGEST:
        return ""
    bare = _END.sub("", _BESIDE.sub(" ", source)).strip()
    if r"\begin" not in bare:
        bare = _ALIGNED.sub(" ", bare)
    try:
        return tostring(_kept(fromstring(mathml_of(bare)), 0), encoding="unicode")
    except InvalidInput:  # latex2mathml is not installed
        raise
    except Exception:  # what latex2mathml raises for what it cannot read is of many kinds, RecursionError among them
        return ""


def _kept(element: Element, depth: int) -> Element:
    """The element with its harmless attributes. Raises ValueError for what is no plain formula."""
    text = (element.text or "").replace("\xa0", " ")
    tag = "mrow" if element.tag in _FRAMES else element.tag
    if tag not in _ELEMENTS or depth > _DEEPEST or (element.tail or "").strip():
        raise ValueError(f"<{element.tag}>")
    if "\\" in text or "&" in text or not text.isprintable():
        raise ValueError(text)
    if len(element) and tag in _BELOW and (element[0].text or "") in _LARGE:
        tag = _BELOW[tag]
    kept = Element(tag, {name: value for name, value in element.attrib.items() if _harmless(name, value)})
    kept.text = text.replace(" ", "\xa0")  # a blank at an end of a text would not be seen
    kept.extend(_kept(child, depth + 1) for child in element)
    if tag == "math" and not "".join(kept.itertext()).strip():
        raise ValueError("nothing")
    return kept


def _harmless(name: str, value: str) -> bool:
    return name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value) is not None


__all__ = ["is_latex", "typeset"]
