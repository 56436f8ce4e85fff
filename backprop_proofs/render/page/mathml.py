r"""Formulas in MathML: our own LaTeX, read by latex2mathml, in which indices and marks are elements of a class.

An index is `class="i i3"` (page/indices.py says which number it has); a part that is struck, replaced or new has the
class `struck`, `old` or `new`. They go into the LaTeX as \class{name}{...}, which latex2mathml knows.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from typing import Any
from xml.etree.ElementTree import Element, tostring

from sympy import Expr, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.indices import Limit
from backprop_proofs.render.alphabets import Latex
from backprop_proofs.render.ink import BREAK, UNDERLINED, Ink, join, plain
from backprop_proofs.render.letters import Letters, letters_for
from backprop_proofs.render.page.indices import Numbers, names_in, numbered
from backprop_proofs.render.walker import ANY, Marks, Scope, Walk

STRUCK, OLD, NEW = "struck", "old", "new"
_CLASS = re.compile(r"\\class\{[^{}]*\}")
_CODE = re.compile(r"&#x[0-9A-Fa-f]+;")
_DEFAULTS = frozenset((("stretchy", "true"), ("fence", "true"), ("mathvariant", "italic"), ("mathvariant", "bold")))
_SIGNS = {
    "∂": "mi",
    "∇": "mi",
    "…": "mi",
    "′": "mo",
}  # signs that latex2mathml takes for operators with space around them


class Marked(Latex):
    """LaTeX for latex2mathml, in which each index and each mark has a class."""

    def __init__(self, numbers: Numbers):
        self.numbers = numbers

    def letter(self, name: str) -> str:
        """An index, in its class."""
        written = super().name(name)
        number = self.numbers.get(name)
        if number is None:
            return written
        single = re.fullmatch(r"[A-Za-z]|\\[A-Za-z]+", written)
        return rf"\class{{i i{number}}}" + (f"{written} " if single else f"{{{written}}}")

    def name(self, name: str) -> str:
        written = super().name(name)
        return rf"\class{{name}}{{{written}}}" if written.startswith(r"\mathit") else written

    def scripts(self, above: Sequence[str], below: Sequence[str]) -> str:
        return "".join(f"{sign}{{{_listed(parts)}}}" for sign, parts in (("^", above), ("_", below)) if parts)

    def sum_sign(self, letter: str, low: Ink, high: Ink) -> Ink:
        letter = self.letter(letter)
        return join(rf"\sum\limits_{{{letter}=", low, "}^{", high, "}") if low else join(rf"\sum\limits_{{{letter}}}")

    def kronecker(self, left: Ink, right: Ink) -> Ink:
        return join("[", left, "=", right, "]")

    def product(self, factors: Sequence[tuple[Ink, int]]) -> Ink:
        ink: list[str | Ink] = []
        for at, (factor, _) in enumerate(factors):
            if at:
                ink.append(r" \cdot " if _CLASS.sub("", plain(factor)).lstrip("{")[:1].isdigit() else r"\, ")
            ink.append(factor)
        return join(*ink)

    def gathered(self, inside: Ink, over: str) -> Ink:
        letters = ",".join(map(self.letter, over.split(", ")))
        return join(r"\left\lbrace ", inside, rf" \right\rbrace_{{{letters}}}")

    def mark(self, inside: Ink, tag: str) -> Ink:
        return join(rf"\class{{{STRUCK if tag in UNDERLINED else tag}}}{{", inside, "}")


class _Walk(Walk):
    """The walk, in which a letter that is an index is told from a quantity of the same name."""

    alphabet: Marked

    def write(self, node: Basic, path: tuple[int, ...], scope: Scope, level: int = ANY) -> Ink:
        if isinstance(node, Symbol):
            return join(self.alphabet.letter(scope.get(node, node.name)))
        return super().write(node, path, scope, level)


def mathml(
    *exprs: Basic,
    letters: Letters | None = None,
    limits: bool | Collection[str] = True,
    marks: Marks | None = None,
    numbers: Numbers | None = None,
) -> str:
    """Expressions in MathML, joined by =; a long sum in several <math>, between which a line may break.

    marks: of the last expression. numbers: of all indices of the page, where it shows more than these expressions.
    """
    letters = letters or letters_for(exprs)
    numbers = numbered(names_in(exprs, letters)) if numbers is None else numbers
    parts: list[str | Ink] = []
    for at, expr in enumerate(exprs):
        last = at == len(exprs) - 1
        walk = _Walk(Marked(numbers), letters, limits, marks if last else None)
        parts += [" = " if at else "", walk.whole(expr)]
    return "".join(_pieces(join(*parts)))


def mathml_of(latex: str) -> str:
    """Math in our LaTeX as MathML."""
    return _math(latex, True, False)


def inline(latex: str) -> str:
    """Math in our LaTeX as MathML that stands in a sentence."""
    return _math(latex, False, False)


def ranges(limits: Sequence[Limit], numbers: Numbers) -> str:
    """What each index runs over, in MathML."""
    return ", ".join(inline(_range(limit, Marked(numbers))) for limit in limits)


def becomes(index: Basic, value: Basic, letters: Letters, numbers: Numbers) -> str:
    """k → j, in MathML."""
    return inline(r" \to ".join(index_latex(part, letters, numbers) for part in (index, value)))


def index_latex(expr: Basic, letters: Letters, numbers: Numbers) -> str:
    """An index expression, in LaTeX."""
    return _index(expr, Marked(numbers), letters)


def _range(limit: Limit, alphabet: Marked) -> str:
    letter, low, high = limit
    alone = Letters()
    name, bottom = (_index(part, alphabet, alone) for part in (letter, low))
    if high is None:
        return rf"{name} \ge {bottom}"
    return rf"{name} = {bottom},\dots,{_index(high, alphabet, alone)}"


def _index(expr: Expr, alphabet: Marked, letters: Letters) -> str:
    return _Walk(alphabet, letters).index(expr, letters.opened(expr))


def _pieces(ink: Ink) -> Iterator[str]:
    """A long sum between two terms of which a line may break."""
    pieces = [""]
    for text, tag in ink:
        if tag == BREAK:
            pieces.append("")
        else:
            pieces[-1] += text
    for at, piece in enumerate(pieces):
        yield (" " if at else "") + _math(piece, True, at > 0)


@lru_cache(maxsize=8192)
def _math(latex: str, tall: bool, goes_on: bool) -> str:
    element = _converter()(latex)
    row = _tidied(element)
    if goes_on and len(row) and row[0].tag == "mo":
        row[0].attrib.update(form="infix", lspace="0", rspace="0.222em")
    written = "".join(tostring(part, encoding="unicode") for part in row)
    return f'<math displaystyle="true">{written}</math>' if tall else f"<math>{written}</math>"


@lru_cache(maxsize=1)
def _converter() -> Callable[[str], Any]:
    try:
        from latex2mathml.converter import convert_to_element  # lazy: only pages need it, and it is an extra
    except ImportError:
        raise InvalidInput(
            "html: expected latex2mathml, which sets the formulas, to be installed; "
            "run pip install 'backprop-proofs[html]'"
        ) from None
    return convert_to_element


def _tidied(math: Element) -> list[Element]:
    """The parts of a formula: characters instead of their codes, no row around one part, names in one piece."""
    (row,) = math
    return [_tidy(part) for part in row]


def _tidy(element: Element) -> Element:
    children = [_tidy(child) for child in element]
    if element.get("class") == "name":
        whole = Element("mi")
        whole.text = _text("".join(element.itertext()))
        whole.set("class", "name")
        return whole
    if element.tag == "mrow" and len(children) == 1:
        (only,) = children
        if not element.attrib:
            return only
        if set(element.attrib) == {"class"} and "class" not in only.attrib:
            only.set("class", element.attrib["class"])
            return only
    kept = Element(
        element.tag, {name: value for name, value in element.attrib.items() if (name, value) not in _DEFAULTS}
    )
    kept.text = _text(element.text or "")
    kept.tag = _SIGNS.get(kept.text, kept.tag)
    kept.extend(children)
    return kept


def _text(text: str) -> str:
    text = _CODE.sub(lambda code: html.unescape(code.group()), text)
    return "−" if text == "-" else text


def _listed(parts: Sequence[str]) -> str:
    """Indices side by side where each is one letter or digit, else separated by commas."""
    alone = all(re.fullmatch(r"(\w|\\[A-Za-z]+)'*\s*", _CLASS.sub("", part).strip("{}")) for part in parts)
    return ("" if alone else ",").join(parts)


__all__ = ["NEW", "OLD", "STRUCK", "Marked", "becomes", "index_latex", "inline", "mathml", "mathml_of", "ranges"]
