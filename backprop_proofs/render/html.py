"""Formulas and sentences in HTML: letters, <sup> and <sub>, and nothing that must be typeset afterwards.

In HTML output, $...$ is typeset by Jupyter and not by VS Code (its issue 144628: by design); MathML is taken out by the
viewers that clean what they show (GitHub's, Jupyter's for a notebook that is not trusted), and then ∂C/∂z reads ∂C∂z.
So a formula here is HTML of its own. Where styles are kept, fractions and scripts are stacked by `display`; where they
are taken out, the slash and the parentheses that `display` hides come back, and a^l_j has its indices side by side.
No script, no class, no colour, nothing from a network.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from sympy.core.basic import Basic

from backprop_proofs.printable import one_line, printable
from backprop_proofs.render.alphabets import GREEK
from backprop_proofs.render.ink import BLANK, Ink, join, plain, separated
from backprop_proofs.render.letters import Letters
from backprop_proofs.render.notation import UNICODE, write
from backprop_proofs.render.walker import FRACTION, MULTIPLIED, POWER, Alphabet, Marks

_STACK = "display:inline-grid;vertical-align:middle"
_SCRIPT = "position:static;font-size:.75em;line-height:1.15"
_SUP, _SUB = (f'<{tag} style="font-size:.75em;line-height:0">' for tag in ("sup", "sub"))
_FORMULA = "font-family:Cambria,'STIX Two Text',Times,serif;font-size:1.1em;white-space:nowrap"
_BOX = "display:inline-block;vertical-align:middle;text-decoration:none;border:1px solid;padding:0 .15em"
_GROUP = r"(?:\((?:[^()]|\([^()]*\))*\)|\{(?:[^{}]|\{[^{}]*\})*\}|[A-Za-z0-9α-ω]+'*)"
_SCRIPTED = re.compile(rf"(?<![A-Za-z0-9'’])([A-Za-z]|[^\x00-\x7f\s])('*)((?:[\^_]{_GROUP})+)")


def escaped(text: str) -> str:
    r"""`text` as HTML; $ and \ stand in elements of their own, so that no typesetter takes what is between for TeX."""
    return re.sub(r"[$\\]", r"<span>\g<0></span>", html.escape(printable(text)))


def sentence(text: str) -> str:
    """A sentence of ours as HTML: z^l_j with its indices above and below."""
    done, written = 0, ""
    for match in _SCRIPTED.finditer(text):
        written += escaped(text[done : match.start()]) + escaped(match[1]) + "′" * len(match[2])
        for sign, group in re.findall(rf"([\^_])({_GROUP})", match[3]):
            bare = group[1:-1] if group[0] in "({" else group
            written += f"<{_TAGS[sign]}>{sentence(bare)}</{_TAGS[sign]}>"
        done = match.end()
    return written + escaped(text[done:])


def quoting(text: str) -> str:
    """A sentence that may quote what somebody wrote, as HTML."""
    return sentence(one_line(text))


_TAGS = {"^": "sup", "_": "sub"}


def typeset(body: str, spoken: str) -> str:
    """A formula on one line; `spoken` is what a screen reader reads."""
    return f'<span role="math" aria-label="{html.escape(spoken)}" style="{_FORMULA}">{body}</span>'


def formula(*exprs: Basic, letters: Letters | None = None, limits: bool = True, marks: Marks | None = None) -> str:
    """The expression in HTML; several with an equality sign between."""
    body = " = ".join(plain(write(expr, HTML, letters, limits, marks)) for expr in exprs)
    return typeset(body, " = ".join(plain(write(expr, UNICODE, letters, limits)) for expr in exprs))


class Html(Alphabet):
    """HTML whose tags may lose their styles: then fractions have slashes, and scripts stand side by side."""

    minus = "−"

    def name(self, name: str) -> str:
        base = name.rstrip("'")
        return f"<i>{escaped(GREEK.get(base, base))}</i>" + "′" * (len(name) - len(base))

    def scripts(self, above: Sequence[str], below: Sequence[str]) -> str:
        upper, lower = (_listed(parts) for parts in (above, below))
        if above and below:
            return _stacked(f'<sup style="{_SCRIPT}">{upper}</sup><sub style="{_SCRIPT}">{lower}</sub>')
        return (f"{_SUP}{upper}</sup>" if above else "") + (f"{_SUB}{lower}</sub>" if below else "")

    def function(self, name: str, primes: int, argument: Ink) -> Ink:
        if name == "exp" and not primes:
            return join(f"<i>e</i>{_SUP}", argument, "</sup>")
        bare = plain(UNICODE.function(name, 0, BLANK)).removesuffix("()")
        head = escaped(bare) if len(bare) > 1 else self.name(bare)
        return join(head + "′" * primes, self.parens(argument))

    def fraction(self, top: Ink, top_strength: int, bottom: Ink, bottom_strength: int) -> Ink:
        simple = top_strength >= MULTIPLIED and top_strength != FRACTION
        above = top if simple else _closed(top)
        return _over(above, bottom if bottom_strength >= POWER else _closed(bottom))

    def partial(self, of: Ink, simple: bool, wrt: Ink, held: Sequence[Ink]) -> Ink:
        if simple:
            written = _over(join("∂", of), join("∂", wrt))
        else:
            written = join(_over(join("∂"), join("∂", wrt)), self.parens(of))
        return join(written, _tall("|"), _SUB, separated(", ", held), "</sub>") if held else written

    def sum_sign(self, letter: str, low: Ink, high: Ink) -> Ink:
        if not low:
            return join(f"{_SUM}{_SUB}{self.name(letter)}</sub>")
        parts = (f'{_SUM}<sub style="{_SCRIPT}">{self.name(letter)}=', _index(low))
        top = join(f'</sub><sup style="{_SCRIPT};order:-1">', _index(high), "</sup>")
        return join(f'<span style="{_STACK};text-align:center">', *parts, top, "</span>")

    def kronecker(self, left: Ink, right: Ink) -> Ink:
        return join("[", _index(left), " = ", _index(right), "]")

    def product(self, factors: Sequence[tuple[Ink, int]]) -> Ink:
        ink: list[str | Ink] = []
        for at, (factor, strength) in enumerate(factors):
            if at:
                digit = plain(factor)[:1].isdigit()
                hidden = FRACTION in (strength, factors[at - 1][1]) or plain(factor)[:1] == "("
                ink.append(" · " if digit else f" {_HIDDEN_DOT} " if hidden else " ")
            ink.append(factor)
        return join(*ink)

    def power(self, base: Ink, exponent: Ink) -> Ink:
        return join(base, _SUP, exponent, "</sup>")

    def root(self, of: Ink) -> Ink:
        return join("√(", of, ")")

    def rational(self, top: int, bottom: int) -> Ink:
        return join("½") if (top, bottom) == (1, 2) else _over(join(str(top)), join(str(bottom)))

    def parens(self, inside: Ink) -> Ink:
        if _is_tall(plain(inside)):
            return join(_tall("("), inside, _tall(")"))
        return join("(", inside, ")")

    def entry(self, array: Ink, scripts: str) -> Ink:
        sign = _tall if _is_tall(plain(array)) else str
        return join(sign("["), " ", array, " ", sign("]"), scripts)

    def gathered(self, inside: Ink, over: str) -> Ink:
        letters = ", ".join(map(self.name, over.split(", ")))
        return join("{", inside, f" : all {letters}}}")

    def transposed(self, inside: Ink) -> Ink:
        return join(self.parens(inside), f"{_SUP}T</sup>")

    def hadamard(self) -> str:
        return "⊙"

    def nabla(self, of: Ink, by: Ink) -> Ink:
        return join(f"∇{_SUB}", by, "</sub>", of)

    def mark(self, inside: Ink, tag: str) -> Ink:
        return join(f'<del style="{_BOX}">', inside, "</del>")


def _stacked(inside: str) -> str:
    return f'<span style="{_STACK};text-align:left">{inside}</span>'


def _hidden(sign: str) -> str:
    """A sign for where styles are taken out."""
    return f'<span style="display:none">{sign}</span>'


_SUM = '<span style="font-size:1.4em;line-height:1">Σ</span>'
_HIDDEN_DOT = _hidden("·")
_OVER = f'<span style="{_STACK};text-align:center;line-height:1.3"><span>'
_UNDER = f'</span>{_hidden("/")}<span style="border-top:1px solid">'


def _over(top: Ink, bottom: Ink) -> Ink:
    return join(_OVER, top, _UNDER, bottom, "</span></span>")


def _closed(inside: Ink) -> Ink:
    return join(_hidden("("), inside, _hidden(")"))


def _is_tall(written: str) -> bool:
    return "border-top" in written or "Σ" in written


def _tall(sign: str) -> str:
    return f'<span style="font-size:1.7em;vertical-align:middle">{sign}</span>'


def _listed(parts: Sequence[str]) -> str:
    """Indices side by side where each is one letter or digit, else separated by commas."""
    alone = all(re.fullmatch(r"\w′*", re.sub(r"<[^>]*>", "", part)) for part in parts)
    return signed(("" if alone else ",").join(parts))


def _index(ink: Ink) -> str:
    return signed(plain(ink))


def signed(written: str) -> str:
    """The text of HTML with minus signs in the place of hyphens."""
    return re.sub(r"-(?=[^<>]*(?:<|$))", "−", written)


HTML = Html()
__all__ = ["HTML", "Html", "escaped", "formula", "sentence", "signed", "typeset"]
