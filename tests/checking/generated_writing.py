"""Terms as people write them: LaTeX, plain ASCII and Unicode, each in many dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from checking.generated_perceptrons import Network
from checking.generated_terms import (
    Add,
    At,
    D,
    Delta,
    Div,
    Fn,
    Had,
    Limits,
    Mul,
    Neg,
    Norm,
    Num,
    Pow,
    Q,
    Sum,
    Term,
    Transposed,
    children,
)

LATEX, ASCII, UNICODE = "latex", "ascii", "unicode"
_GREEK = {"sigma": "σ", "delta": "δ", "phi": "φ", "psi": "ψ", "theta": "θ"}
_WORDS = frozenset(("in", "ni", "pi", "ln"))  # in plain text not two indices but ∈, ∋, π and a logarithm
_NAMED = frozenset(("tanh", "exp", "ln", "log"))


class Piece(NamedTuple):
    """Something written. kind: "atom", "quotient", "product", "open" (it goes on up to the next +), "sum", "minus"."""

    text: str
    kind: str = "atom"


@dataclass(frozen=True)
class Dialect:
    """How one writer writes.

    lead: brackets round the layer; under: whether a time stands below; comma: between indices; product: the usual sign;
    long: how a name of several letters is set; braces: whether scripts stand in braces where that matters, always so in
    LaTeX. In plain text w_jk without braces beside others with them could as well be stripped LaTeX, w_j k.
    """

    medium: str
    network: Network
    names: Mapping[str, str]
    lead: str
    under: bool
    comma: str
    product: str
    bold: bool
    below_first: bool
    long: str
    braces: bool
    rng: Random


def dialect(rng: Random, network: Network, names: Mapping[str, str], bold: bool) -> Dialect:
    """A writer at random."""
    medium = rng.choices((LATEX, ASCII, UNICODE), (7, 1, 1))[0]
    if network.style == "time" and medium == ASCII:
        medium = UNICODE  # T is the last time, so that a transpose needs a sign of its own
    products = ("", "", r"\cdot", r"\,", "*") if medium == LATEX else ("*", "*", "", "·" if medium == UNICODE else "*")
    lead = "(" if network.style == "example" else rng.choice(("", "", "(", "["))
    braces = medium == LATEX or rng.random() < 0.4
    if network.style == "time" or not braces or (lead == "[" and medium != LATEX):
        lead = "("
    under = braces and network.style == "time" and rng.random() < 0.7
    return Dialect(
        medium,
        network,
        names,
        lead,
        under,
        rng.choice(("", "", ",", ", ") if medium == LATEX else ("", ",") if braces else ("",)),
        rng.choice(products),
        bold and medium == LATEX,
        rng.random() < 0.5,
        rng.choice((r"\mathrm{{{}}}", r"\text{{{}}}", "{}")),
        braces,
        rng,
    )


class Writer:
    """Writes terms in one dialect, with the small changes that people make from line to line."""

    def __init__(self, way: Dialect):
        self.way, self.rng = way, way.rng
        self.tex = way.medium == LATEX

    def write(self, term: Term) -> str:
        """A whole side of an equation."""
        return self.piece(term).text

    def piece(self, term: Term) -> Piece:
        """A term, and what has to be known to put it into another."""
        match term:
            case Q():
                return Piece(self.quantity(term))
            case Num():
                return self._number(term)
            case D():
                return self._derivative(term)
            case Fn():
                return self._function(term)
            case Add():
                return self._add(term)
            case Neg():
                return Piece("-" + self._as_term(term.of), "minus")
            case Mul():
                return self._mul(term)
            case Had():
                return Piece(self._had(term), "product")
            case Div():
                return self._quotient(term)
            case Pow():
                return Piece(f"{self._base(term.of)}^{self._short(str(term.exponent))}")
            case Sum():
                return self._sum(term)
            case Delta():
                return Piece(self._kronecker(term))
            case Transposed():
                return Piece(self._transposed(term))
            case Norm():
                return Piece(self._norm(term))
        raise AssertionError(term)

    # brackets

    def bracketed(self, text: str) -> str:
        """In round brackets."""
        if self.tex:
            left, right = self.rng.choice((("(", ")"), (r"\left( ", r" \right)"), (r"\left(", r"\right)")))
            if self.rng.random() < 0.05:
                left, right = r"\bigl( ", r" \bigr)"
            return f"{left}{text}{right}"
        return f"({text})"

    def _short(self, text: str) -> str:
        """An exponent or a script, with braces where they are needed, or anyway."""
        if not self.way.braces or (len(text) == 1 and self.rng.random() < 0.7):
            return text
        return f"{{{text}}}"

    # names

    def name(self, name: str, whole: bool = False) -> str:
        """A letter."""
        shown = self.way.names.get(name, name)
        if shown in _GREEK:
            shown = ("\\" + shown) if self.tex else _GREEK[shown] if self.way.medium == UNICODE else shown
        elif self.tex and shown in _NAMED:
            shown = "\\" + shown
        elif self.tex and len(shown) > 1:
            shown = self.way.long.format(shown)
        return rf"\mathbf{{{shown}}}" if whole and self.way.bold else shown

    @property
    def units(self) -> tuple[str, ...]:
        """The letters for units; where pi would be π and in ∈, without those that make such words."""
        return tuple(letter for letter in self.way.network.units if self.way.braces or letter not in "np")

    def index(self, index: At) -> str:
        """One index."""
        if not index.letter:
            return str(index.offset)
        gap = self.rng.choice(("", "", " ")) if self.tex else ""
        return index.letter + (
            f"{gap}{'+' if index.offset > 0 else '-'}{gap}{abs(index.offset)}" if index.offset else ""
        )

    def quantity(self, term: Q) -> str:
        """A quantity with its indices."""
        way, slots = self.way, self.way.network.model.families[term.name]
        base = self.name(term.name, way.network.model.is_whole(term))
        indices = [self.index(index) for index in term.at]
        above, below, led = "", indices, bool(slots) and not slots[0].unit
        if led and not way.under:
            above, below = self._above(indices[0]), indices[1:]
        low = self._below(below, led and way.under)
        first = way.below_first if self.rng.random() < 0.9 else not way.below_first
        return base + (low + above if first else above + low)

    def _above(self, text: str) -> str:
        if not self.way.lead:
            return "^" + self._short(text)
        close = {"(": ")", "[": "]"}[self.way.lead]
        text = f"{self.way.lead}{text}{close}"
        return f"^{{{text}}}" if self.tex else f"^{text}"

    def _below(self, indices: Sequence[str], commas: bool) -> str:
        if not indices:
            return ""
        simple = all(len(index) == 1 for index in indices)
        comma = (
            self.way.comma or (", " if self.tex and self.rng.random() < 0.3 else ",")
            if commas or not simple
            else self.way.comma
        )
        if not self.tex and "".join(indices) in _WORDS:
            comma = ","
        return "_" + self._short(comma.join(indices))

    # the kinds of terms

    def _number(self, term: Num) -> Piece:
        top, bottom = term.value.numerator, term.value.denominator
        if bottom == 1:
            return Piece(str(top))
        if self.tex:
            ways = [rf"\frac{{{top}}}{{{bottom}}}", rf"\frac{top}{bottom}", rf"\tfrac{{{top}}}{{{bottom}}}"]
            return Piece(self.rng.choice([*ways, ways[0], rf"\dfrac{{{top}}}{{{bottom}}}"]))
        if self.way.medium == UNICODE and (top, bottom) == (1, 2) and self.rng.random() < 0.5:
            return Piece("½")
        return Piece(self.rng.choice((f"({top}/{bottom})", str(top / bottom))))

    def _derivative(self, term: D) -> Piece:
        whole = self.way.network.model.is_whole(term.wrt)
        if not isinstance(term.of, Q):
            return self._compound(term)
        if whole and self.way.network.style == "layer" and self.rng.random() < 0.3 and self.way.medium != ASCII:
            return self._nabla(term)
        of, wrt = self.quantity(term.of), self.quantity(term.wrt)
        if not self.tex:
            sign = "∂" if self.way.medium == UNICODE else "d"
            return Piece(f"{sign}{of}/{sign}{wrt}", "quotient")
        p = r"\partial "
        forms = (
            (rf"\frac{{{p}{of}}}{{{p}{wrt}}}", 8),
            (rf"\dfrac{{{p}{of}}}{{{p}{wrt}}}", 1),
            (rf"\frac {{{p}{of}}} {{{p}{wrt}}}", 1),
            (rf"\frac{{\partial{{{of}}}}}{{\partial{{{wrt}}}}}", 1),
            (rf"{{{p}{of} \over {p}{wrt}}}", 1),
        )
        return Piece(self.rng.choices([form for form, _ in forms], [weight for _, weight in forms])[0])

    def _compound(self, term: D) -> Piece:
        inside, wrt = self.write(term.of), self.quantity(term.wrt)
        if not self.tex:
            sign = "∂" if self.way.medium == UNICODE else "d"
            return Piece(f"{sign}({inside})/{sign}{wrt}", "quotient")
        if self.rng.random() < 0.7:
            return Piece(rf"\frac{{\partial}}{{\partial {wrt}}} {self.bracketed(inside)}", "open")
        return Piece(rf"\frac{{\partial {self.bracketed(inside)}}}{{\partial {wrt}}}")

    def _nabla(self, term: D) -> Piece:
        assert isinstance(term.of, Q)
        wrt, of = self.quantity(term.wrt), self.quantity(term.of)
        sign = r"\nabla" if self.tex else "∇"
        return Piece(f"{sign}_{{{wrt}}} {of}", "nabla")

    def _function(self, term: Fn) -> Piece:
        inside = self.write(term.of)
        if term.name == "exp" and self.tex and self.rng.random() < 0.8:
            return Piece(f"e^{{{inside}}}")
        name = self.name(term.name)
        primes = "'" * term.primes
        if primes and self.tex:
            primes = self.rng.choices(("'", r"^\prime", "^{'}"), (8, 1, 1))[0]
        elif primes and self.way.medium == UNICODE:
            primes = self.rng.choice(("'", "′"))
        return Piece(f"{name}{primes}{self.bracketed(inside)}")

    def _as_term(self, term: Term) -> str:
        piece = self.piece(term)
        return self.bracketed(piece.text) if piece.kind in ("sum", "minus") else piece.text

    def _add(self, term: Add) -> Piece:
        text = ""
        for number, one in enumerate(term.terms):
            negative = isinstance(one, Neg)
            shown = self._as_term(one.of if isinstance(one, Neg) else one)
            text += (" - " if negative else " + ") + shown if number else ("-" if negative else "") + shown
        return Piece(text, "sum")

    def _mul(self, term: Mul) -> Piece:
        numbers = [one for one in term.factors if isinstance(one, Num)]
        factors = [*numbers, *(one for one in term.factors if not isinstance(one, Num))]
        sign, texts, kind = self._sign(term), [], "product"
        for number, factor in enumerate(factors):
            piece, last = self.piece(factor), number == len(factors) - 1
            if piece.kind == "atom" or (piece.kind == "quotient" and not self.tex and (last or sign != " ")):
                texts.append(piece.text)
            elif piece.kind == "open" and last:
                texts.append(piece.text)
                kind = "open"
            else:
                texts.append(self.bracketed(piece.text))
        return Piece(sign.join(texts), kind)

    def _sign(self, term: Mul) -> str:
        if any(self._is_array(factor) for factor in term.factors):
            return " "
        sign = self.way.product if self.rng.random() < 0.8 else ("" if self.tex else "*")
        return f" {sign} " if sign else " "

    def _is_array(self, term: Term) -> bool:
        if isinstance(term, Transposed | Had):
            return True
        inside = term.wrt if isinstance(term, D) else term
        whole = isinstance(inside, Q) and self.way.network.model.is_whole(inside)
        return whole or any(map(self._is_array, children(term)))

    def _had(self, term: Had) -> str:
        sign = (
            self.rng.choices((r"\odot", r"\circ"), (5, 1))[0]
            if self.tex
            else "⊙"
            if self.way.medium == UNICODE
            else ".*"
        )
        texts = []
        for factor in term.factors:
            piece = self.piece(factor)
            bare = piece.kind in ("atom", "nabla") or (piece.kind == "quotient" and not self.tex)
            texts.append(piece.text if bare else self.bracketed(piece.text))
        return f" {sign} ".join(texts)

    def _quotient(self, term: Div) -> Piece:
        top, bottom = self.write(term.top), self.write(term.bottom)
        if self.tex:
            forms = (rf"\frac{{{top}}}{{{bottom}}}", rf"\dfrac{{{top}}}{{{bottom}}}", rf"{{{top} \over {bottom}}}")
            return Piece(self.rng.choices(forms, (8, 1, 1))[0])
        simple = len(top) == 1, len(bottom) == 1
        over, under = (text if one else f"({text})" for text, one in zip((top, bottom), simple, strict=True))
        return Piece(f"({over}/{under})")

    def _base(self, term: Term) -> str:
        """What stands under an exponent."""
        piece = self.piece(term)
        bare = isinstance(term, Q) and "^" not in piece.text
        return piece.text if bare else self.bracketed(piece.text)

    def _sum(self, term: Sum) -> Piece:
        letters, body, limits = [term.letter], term.of, term.limits
        joins = self.way.braces and limits is None
        while joins and isinstance(body, Sum) and body.limits is None and self.rng.random() < 0.3:
            letters.append(body.letter)
            body = body.of
        inner = self.piece(body)
        bare = inner.kind in ("atom", "product", "open") or (inner.kind == "quotient" and not self.tex)
        text = inner.text if bare else self.bracketed(inner.text)
        return Piece(f"{self._sign_of_sum(letters, limits)} {text}", "open")

    def _sign_of_sum(self, letters: list[str], limits: Limits | None) -> str:
        sign = r"\sum" if self.tex else self.rng.choice(("Σ", "∑") if self.way.medium == UNICODE else ("SUM", "sum"))
        below = (", " if self.tex and self.rng.random() < 0.5 else ",").join(letters)
        if limits is None:
            forms = [f"_{self._short(below)}", rf"_{{{below}}}", rf"\limits_{{{below}}}"]
            return sign + (self.rng.choice(forms) if self.tex else forms[0])
        if not self.way.braces:
            under = "" if self.way.medium == ASCII else "_"
            return f"{sign}{under}({below}={limits.low}..{limits.name})"
        upper = limits.name if limits.layer is None else f"{limits.name}_{self._short(self.index(limits.layer))}"
        return f"{sign}_{{{below}={limits.low}}}^{self._short(upper)}"

    def _kronecker(self, term: Delta) -> str:
        one, other = self.index(term.one), self.index(term.other)
        comma = self.rng.choice(("", ",")) if self.way.braces else ""
        if len(one) + len(other) > 2 or (not self.tex and one + other in _WORDS):
            comma = ","
        if not self.tex:
            sign = "δ" if self.way.medium == UNICODE else "delta"
            return f"{sign}_{self._short(one + comma + other)}"
        if self.rng.random() < 0.1:
            return rf"\mathbb{{1}}[{one} = {other}]"
        return rf"\delta_{{{one}{comma}{other}}}"

    def _transposed(self, term: Transposed) -> str:
        time = self.way.network.style == "time"
        mark = self.rng.choice((r"\top",) if time else ("T", r"\top", "{T}", r"{\top}"))
        if not self.tex:
            text = self.quantity(term.of) if isinstance(term.of, Q) else self.bracketed(self.write(term.of))
            text = self.bracketed(text) if isinstance(term.of, Q) and "^" in text else text
            return text + ("ᵀ" if self.way.medium == UNICODE else "^T")
        if isinstance(term.of, Q):
            text = self.quantity(term.of)
            if "^" not in text:
                return f"{text}^{mark}"
            if self.rng.random() < 0.2:
                return f"{{{text}}}^{mark}"
            if self.way.lead and text.endswith("}") and not self.way.bold and self.rng.random() < 0.5:
                return f"{text[:-1]}{mark.strip('{}')}}}"
            return f"{self.bracketed(text)}^{mark}"
        return f"{self.bracketed(self.write(term.of))}^{mark}"

    def _norm(self, term: Norm) -> str:
        inside = self.write(term.of)
        if not self.tex:
            return f"||{inside}||^2"
        left, right = self.rng.choice(((r"\| ", r" \|"), (r"\left\| ", r" \right\|"), (r"\lVert ", r" \rVert")))
        return f"{left}{inside}{right}{self.rng.choice(('^2', '^2', '_2^2'))}"
