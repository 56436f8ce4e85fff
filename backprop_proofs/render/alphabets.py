"""The three alphabets: LaTeX, Unicode text and ASCII text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from backprop_proofs.render.ink import UNDERLINED, Ink, join, length, plain, separated
from backprop_proofs.render.walker import FRACTION, MULTIPLIED, POWER, Alphabet

_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
GREEK = dict(zip(_NAMES.split(), "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
LATIN = {letter: name for name, letter in GREEK.items()}
_FUNCTIONS = {"log": "ln", "relu": "ReLU", "normal_cdf": "Phi", "normal_pdf": "phi"}
_LATEX_FUNCTIONS = frozenset(("ln", "exp", "tanh", "sinh", "cosh", "sin", "cos", "tan", "max", "min"))
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SPECIAL = {c: "\\" + c for c in "#$%&_{}"} | {"\\": r"\backslash ", "^": r"\hat{}", "~": r"\sim "}


class Text(Alphabet):
    """Plain text: w^(l+1)_kj, with the signs of one character set."""

    def __init__(self, unicode: bool):
        self.unicode, self.signs = unicode, UNICODE_SIGNS if unicode else ASCII_SIGNS

    def name(self, name: str) -> str:
        base, primes = _unprimed(name)
        return (GREEK.get(base, base) if self.unicode else ascii_name(base)) + primes

    def scripts(self, above: Sequence[str], below: Sequence[str]) -> str:
        over = f"({','.join(above)})" if len(above) > 1 else _bundled(above) if above else ""
        return "".join(f"{sign}{script}" for sign, script in (("^", over), ("_", below and _bundled(below))) if script)

    def function(self, name: str, primes: int, argument: Ink) -> Ink:
        return join(self.name(_FUNCTIONS.get(name, name)), "'" * primes, "(", argument, ")")

    def fraction(self, top: Ink, top_strength: int, bottom: Ink, bottom_strength: int) -> Ink:
        simple = top_strength >= MULTIPLIED and top_strength != FRACTION
        below = bottom if bottom_strength >= POWER else self.parens(bottom)
        return join(top if simple else self.parens(top), "/", below)

    def partial(self, of: Ink, simple: bool, wrt: Ink, held: Sequence[Ink]) -> Ink:
        d = self.signs.partial
        written = join(d, of if simple else self.parens(of), "/", d, wrt)
        if not held:
            return written
        names = separated(", ", held)
        return join(written, "|_", names if len(plain(names)) == 1 else self.parens(names))

    def sum_sign(self, letter: str, low: Ink, high: Ink) -> Ink:
        letter = self.name(letter)
        return join(f"{self.signs.sum}_", *(("(", letter, "=", low, "..", high, ")") if low else (letter,)))

    def kronecker(self, left: Ink, right: Ink) -> Ink:
        return join("[", left, "=", right, "]")

    def product(self, factors: Sequence[tuple[Ink, int]]) -> Ink:
        ink: list[str | Ink] = []
        for at, (factor, strength) in enumerate(factors):
            if at:
                apart = FRACTION in (strength, factors[at - 1][1]) and plain(factors[at - 1][0]) != "½"
                first = plain(factor)[:1]
                ink.append(f" {self.signs.dot} " if apart or first == "(" or first.isdigit() else " ")
            ink.append(factor)
        return join(*ink)

    def power(self, base: Ink, exponent: Ink) -> Ink:
        text = plain(exponent)
        if self.unicode and text.isdecimal():
            return join(base, text.translate(_SUPERSCRIPTS))
        return join(base, "^", exponent if length(exponent) == 1 else self.parens(exponent))

    def root(self, of: Ink) -> Ink:
        return join(self.signs.root, "(", of, ")")

    def rational(self, top: int, bottom: int) -> Ink:
        return join("½" if self.unicode and (top, bottom) == (1, 2) else f"{top}/{bottom}")

    def parens(self, inside: Ink) -> Ink:
        return join("(", inside, ")")

    def entry(self, array: Ink, scripts: str) -> Ink:
        return join("[ ", array, " ]", scripts)

    def gathered(self, inside: Ink, over: str) -> Ink:
        return join("{", inside, " : all ", over, "}")

    def transposed(self, inside: Ink) -> Ink:
        return join("(", inside, ")^T")

    def hadamard(self) -> str:
        return self.signs.hadamard

    def nabla(self, of: Ink, by: Ink) -> Ink:
        return join(self.signs.nabla, "_", by if length(by) == 1 else self.parens(by), " ", of)


class Signs(NamedTuple):
    """The signs in which the two text alphabets differ."""

    sum: str
    partial: str
    nabla: str
    hadamard: str
    dot: str
    root: str
    at_least: str
    unequal: str
    arrow: str


UNICODE_SIGNS = Signs("Σ", "∂", "∇", "⊙", "·", "√", "≥", "≠", "→")
ASCII_SIGNS = Signs("sum", "d", "grad", "o", "*", "sqrt", ">=", "!=", "->")


class Latex(Alphabet):
    """LaTeX that amsmath, MathJax and KaTeX all read; a mark is a box, so no colour is needed to see it."""

    def name(self, name: str) -> str:
        base, primes = _unprimed(LATIN.get(name, name))
        if base in GREEK:
            return f"\\{base}{primes}"
        if len(base) == 1:
            return _SPECIAL.get(base, base) + primes
        return rf"\mathit{{{''.join(_SPECIAL.get(c, c) for c in base)}}}{primes}"

    def scripts(self, above: Sequence[str], below: Sequence[str]) -> str:
        return "".join(f"{sign}{{{_listed(parts)}}}" for sign, parts in (("^", above), ("_", below)) if parts)

    def function(self, name: str, primes: int, argument: Ink) -> Ink:
        if name == "exp" and not primes:
            return join("e^{", argument, "}")
        name = _FUNCTIONS.get(name, name)
        if name in _LATEX_FUNCTIONS:
            head = f"\\{name}"
        elif len(name) > 1 and name not in GREEK:
            head = rf"\operatorname{{{''.join(_SPECIAL.get(c, c) for c in name)}}}"
        else:
            head = self.name(name)
        return join(head + "'" * primes, self.parens(argument))

    def fraction(self, top: Ink, top_strength: int, bottom: Ink, bottom_strength: int) -> Ink:
        return join(r"\frac{", top, "}{", bottom, "}")

    def partial(self, of: Ink, simple: bool, wrt: Ink, held: Sequence[Ink]) -> Ink:
        if simple:
            written = join(r"\frac{\partial ", of, r"}{\partial ", wrt, "}")
        else:
            written = join(r"\frac{\partial}{\partial ", wrt, "}", self.parens(of))
        return join(r"\left. ", written, r" \right|_{", separated(", ", held), "}") if held else written

    def sum_sign(self, letter: str, low: Ink, high: Ink) -> Ink:
        letter = self.name(letter)
        return join(r"\sum_{", letter, "=", low, "}^{", high, "}") if low else join(r"\sum_{", letter, "}")

    def kronecker(self, left: Ink, right: Ink) -> Ink:
        return join(r"\mathbf{1}_{[", left, "=", right, "]}")

    def product(self, factors: Sequence[tuple[Ink, int]]) -> Ink:
        ink: list[str | Ink] = []
        for at, (factor, _) in enumerate(factors):
            if at:
                ink.append(r" \cdot " if plain(factor)[:1].isdigit() else " ")
            ink.append(factor)
        return join(*ink)

    def power(self, base: Ink, exponent: Ink) -> Ink:
        return join(base, "^{", exponent, "}")

    def root(self, of: Ink) -> Ink:
        return join(r"\sqrt{", of, "}")

    def rational(self, top: int, bottom: int) -> Ink:
        return join(rf"\frac{{{top}}}{{{bottom}}}")

    def parens(self, inside: Ink) -> Ink:
        tall = any(word in plain(inside) for word in (r"\frac", r"\sum", r"\boxed", r"\right"))
        return join(r"\left(", inside, r"\right)") if tall else join("(", inside, ")")

    def entry(self, array: Ink, scripts: str) -> Ink:
        return join(r"\left[ ", array, r" \right]", scripts)

    def gathered(self, inside: Ink, over: str) -> Ink:
        return join(r"\left\lbrace ", inside, r" \right\rbrace_{", over, "}")

    def transposed(self, inside: Ink) -> Ink:
        return join(self.parens(inside), "^{T}")

    def hadamard(self) -> str:
        return r"\odot"

    def nabla(self, of: Ink, by: Ink) -> Ink:
        return join(r"\nabla_{", by, "} ", of)

    def mark(self, inside: Ink, tag: str) -> Ink:
        return join(r"\boxed{", inside, "}") if tag in UNDERLINED else inside


def ascii_name(name: str) -> str:
    """A name in ASCII letters: Greek letters by their names."""
    return "".join(LATIN.get(char, char) for char in name)


def _unprimed(name: str) -> tuple[str, str]:
    base = name.rstrip("'")
    return base, name[len(base) :]


def _listed(parts: Sequence[str]) -> str:
    """Indices side by side where each is one letter or digit (or one Greek letter), else separated by commas."""
    if all(re.fullmatch(r"(\w|\\[A-Za-z]+)'*", part) for part in parts):
        return re.sub(r"(\\[A-Za-z]+)(?=[A-Za-z])", r"\1 ", "".join(parts))
    return ",".join(parts)


def _bundled(parts: Sequence[str]) -> str:
    if all(re.fullmatch(r"\w'*", part) for part in parts):
        return "".join(parts)
    if len(parts) == 1 and parts[0].isdecimal():
        return parts[0]
    return f"({','.join(parts)})"


UNICODE, ASCII, LATEX = Text(unicode=True), Text(unicode=False), Latex()
__all__ = ["ASCII", "GREEK", "LATEX", "LATIN", "UNICODE", "Latex", "Text", "ascii_name"]
