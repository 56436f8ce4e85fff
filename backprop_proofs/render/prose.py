"""Sentences in each dialect: ASCII, and LaTeX and Markdown, where the formulas in a sentence are set as formulas."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping

from backprop_proofs.printable import printable
from backprop_proofs.render.alphabets import LATIN, UNICODE

_ASCII = {
    "Σ": "sum", "∂": "d", "∇": "grad", "⊙": "o", "·": "*", "×": "*", "√": "sqrt", "→": "->", "⇒": "=>", "↦": "->",
    "≠": "!=", "≤": "<=", "≥": ">=", "∈": "in", "∀": "for all", "∖": "\\", "−": "-", "½": "1/2", "…": "...", "²": "^2",
    "ᵀ": "^T", "∞": "infinity", "≡": "==", "—": "-", "–": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "′": "'",
}  # fmt: skip
_MATH = {
    "Σ": r"\sum ", "∂": r"\partial ", "∇": r"\nabla ", "⊙": r"\odot ", "·": r"\cdot ", "×": r"\times ", "√": r"\surd ",
    "→": r"\to ", "⇒": r"\Rightarrow ", "↦": r"\mapsto ", "≠": r"\ne ", "≤": r"\le ", "≥": r"\ge ", "∈": r"\in ",
    "∀": r"\forall ", "∖": r"\setminus ", "−": "-", "½": r"\tfrac{1}{2}", "²": "^{2}", "ᵀ": "^{T}", "∞": r"\infty ",
    "≡": r"\equiv ", "′": "'",
}  # fmt: skip
_TYPOGRAPHY = {"…": "...", "—": "---", "–": "--", "’": "'", "‘": "`", "“": "``", "”": "''"}
_SPECIAL = {
    **{char: "\\" + char for char in "#$%&_{}"},
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}",
}  # fmt: skip
_GROUP = r"(?:\((?:[^()]|\([^()]*\))*\)|\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z0-9α-ω]+'*)"
_LETTER = rf"∂?(?:[A-Za-z](?![A-Za-z])|[α-ωΑ-Ω])'*(?:[\^_]{_GROUP})*(?:\((?:[^()\s]|\([^()]*\))*\))?"
_FORMULA = rf"(?<![A-Za-z'’]){_LETTER}(?:/{_LETTER})?|[{''.join(_MATH)}]"


def ascii_text(text: str) -> str:
    """`text` in ASCII: Greek letters by name, signs by the usual digraphs."""
    spelled = re.sub(r"(?<=[α-ω])(?=[A-Za-zα-ω])", " ", text)
    spelled = "".join(_ASCII.get(char) or LATIN.get(char, char) for char in spelled)
    bare = unicodedata.normalize("NFKD", spelled)
    kept = "".join(char for char in bare if not unicodedata.combining(char))
    return kept.encode("ascii", "replace").decode("ascii")


def latex_text(text: str) -> str:
    r"""`text` for LaTeX's text mode: specials escaped, formulas such as z^l_j as \(z^{l}_{j}\)."""
    return _mixed(text, r"\(", r"\)", _escaped_latex)


def markdown_text(text: str) -> str:
    """`text` for Markdown: its specials escaped, formulas as $z^{l}_{j}$."""
    return _mixed(text, "$", "$", _escaped_markdown)


def github(markdown: str) -> str:
    r"""Markdown whose formulas reach GitHub's typesetter whole, and every other one.

    GitHub reads Markdown before it looks for formulas: \\ and \; lose a backslash, and two _ that touch something on
    both sides are emphasis. So these are \cr and \thickspace here, and _ has a blank before it.
    """

    def formula(found: re.Match[str]) -> str:
        return _TWO_READINGS.sub(lambda sign: _ONE_READING[sign[1].strip()], found.group())

    return _MATHS.sub(formula, markdown)


_MATHS = re.compile(r"(?<!\\)\$\$.+?\$\$|(?<!\\)\$[^$\n]+\$", re.DOTALL)
_TWO_READINGS = re.compile(r"( ?\\\\| ?_|\\[;,:!{}|_])")
_ONE_READING = {
    "_": " _", r"\\": r" \cr", r"\;": r"\thickspace", r"\,": r"\thinspace", r"\:": r"\medspace",
    r"\!": r"\negthinspace", r"\{": r"\lbrace ", r"\}": r"\rbrace ", r"\|": r"\Vert ",
    r"\_": r"\underline{\thickspace}",
}  # fmt: skip


def spelled(text: str, superscripts: Mapping[str, int]) -> str:
    """`text` with each w[l, j, k] written as w^l_jk; superscripts: how many indices of each quantity stand above."""

    def written(match: re.Match[str]) -> str:
        indices = [part.strip(" _").replace(" ", "") for part in match[2].split(",")]
        above = superscripts[match[1]]
        return UNICODE.name(match[1]) + UNICODE.scripts(indices[:above], indices[above:])

    names = "|".join(map(re.escape, superscripts))
    return re.sub(rf"\b({names})\[([^\[\]]*)\]", written, text) if names else text


def _mixed(text: str, start: str, end: str, escape: Callable[[str], str]) -> str:
    text, done, written = printable(text), 0, ""
    for match in re.finditer(_FORMULA, text):
        if not _is_formula(match.group()):
            continue
        written += escape(text[done : match.start()]) + start + _formula(match.group()) + end
        done = match.end()
    written += escape(text[done:])
    return written.replace(end + start, "") if start != end else re.sub(r"(?<=\S)\$\$(?=\S)", "", written)


def _is_formula(piece: str) -> bool:
    return any(char in "^_'" or not char.isascii() for char in piece)


def _formula(piece: str) -> str:
    piece = re.sub(rf"([\^_])({_GROUP})", lambda m: f"{m[1]}{{{_inside(m[2])}}}", piece)
    return _signs(piece).strip()


def _inside(group: str) -> str:
    bare = group[1:-1] if group[:1] in "({" else group
    bare = re.sub(rf"([\^_])({_GROUP})", lambda m: f"{m[1]}{{{_inside(m[2])}}}", bare)
    return bare.replace("..", r",\dots,")


def _signs(piece: str) -> str:
    written = "".join(_MATH.get(char) or (f"\\{LATIN[char]} " if char in LATIN else char) for char in piece)
    return re.sub(r" (?=[\^_'}])", "", written)


def _escaped_latex(text: str) -> str:
    return "".join(_SPECIAL.get(char) or _TYPOGRAPHY.get(char) or _known(char) for char in text)


def _known(char: str) -> str:
    return char if char.isascii() or "\u00c0" <= char <= "\u017f" else ascii_text(char)


def _escaped_markdown(text: str) -> str:
    return re.sub(r"([\\`*_~{}\[\]<>|#$]|&(?=[A-Za-z#]))", r"\\\1", text)
