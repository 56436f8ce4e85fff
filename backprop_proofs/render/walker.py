"""The one walk over the language that every notation shares: what is written, in which order, with which parentheses.

An `Alphabet` says how each construct looks; the walk decides on precedence, letters of bound indices, and marks.
SymPy's own printers are not used: they print a derivative by a symbol as d/dz and a Kronecker delta like an error.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.language.binding import Path
from backprop_proofs.language.expressions import Binder, Delta, Each, Fn, IndexSum, Opaque, Partial, Ref, parts_of
from backprop_proofs.language.matrices import (
    Entry,
    Hadamard,
    Map,
    MatrixProduct,
    Nabla,
    Plus,
    Scaled,
    Transposed,
    Whole,
)
from backprop_proofs.render.ink import BLANK, BREAK, SUM, Ink, join, separated, tagged
from backprop_proofs.render.letters import Letters, index_terms

ANY, ADDED, SUMMED, MULTIPLIED, FRACTION, POWER, ATOM = range(7)  # how tightly a construct holds together
Scope = Mapping[Symbol, str]
Marks = Mapping[Path, str]
HALF = Rational(1, 2)


class Alphabet(ABC):
    """How each construct of the language looks, given its written parts."""

    minus = "-"

    @abstractmethod
    def name(self, name: str) -> str:
        """The name of a quantity or an index."""

    @abstractmethod
    def scripts(self, above: Sequence[str], below: Sequence[str]) -> str:
        """Superscripts and subscripts, either of which may be empty."""

    @abstractmethod
    def function(self, name: str, primes: int, argument: Ink) -> Ink:
        """σ'(z)."""

    @abstractmethod
    def fraction(self, top: Ink, top_strength: int, bottom: Ink, bottom_strength: int) -> Ink:
        """A quotient."""

    @abstractmethod
    def partial(self, of: Ink, simple: bool, wrt: Ink, held: Sequence[Ink]) -> Ink:
        """∂of/∂wrt with some quantities held; `simple` where `of` needs no parentheses."""

    @abstractmethod
    def sum_sign(self, letter: str, low: Ink, high: Ink) -> Ink:
        """Σ_k, with its limits unless they are blank."""

    @abstractmethod
    def kronecker(self, left: Ink, right: Ink) -> Ink:
        """The Kronecker delta: 1 where left = right, else 0."""

    @abstractmethod
    def product(self, factors: Sequence[tuple[Ink, int]]) -> Ink:
        """Factors side by side, each with its strength."""

    @abstractmethod
    def power(self, base: Ink, exponent: Ink) -> Ink:
        """A power."""

    @abstractmethod
    def root(self, of: Ink) -> Ink:
        """The square root."""

    @abstractmethod
    def rational(self, top: int, bottom: int) -> Ink:
        """A positive number that is not whole."""

    @abstractmethod
    def parens(self, inside: Ink) -> Ink:
        """( )."""

    @abstractmethod
    def entry(self, array: Ink, scripts: str) -> Ink:
        """The entry of an array at an index."""

    @abstractmethod
    def gathered(self, inside: Ink, over: str) -> Ink:
        """All instances of a quantity over an index."""

    @abstractmethod
    def transposed(self, inside: Ink) -> Ink:
        """The transpose."""

    @abstractmethod
    def hadamard(self) -> str:
        """The sign between factors that are multiplied entry by entry."""

    @abstractmethod
    def nabla(self, of: Ink, by: Ink) -> Ink:
        """The gradient of a scalar by an array."""

    def mark(self, inside: Ink, tag: str) -> Ink:
        """`inside` marked."""
        return tagged(inside, tag)


class Walk:
    """One writing of expressions in one alphabet; pure: the same arguments give the same ink."""

    def __init__(
        self, alphabet: Alphabet, letters: Letters, limits: bool | Collection[str] = False, marks: Marks | None = None
    ):
        self.alphabet, self.letters, self.limits, self.marks = alphabet, letters, limits, dict(marks or {})

    def whole(self, expr: Basic) -> Ink:
        """The expression; a sum of several terms may be broken between them."""
        scope = self.letters.opened(expr)
        if isinstance(expr, Add):
            return self._marked(self._terms(expr, (), scope, BREAK), ())
        return self.write(expr, (), scope)

    def write(self, node: Basic, path: Path, scope: Scope, level: int = ANY) -> Ink:
        """The part of an expression at `path`, in parentheses where it holds together less tightly than `level`."""
        for kind in type(node).__mro__:
            if kind in _WRITERS:
                ink = _WRITERS[kind](self, node, path, scope)
                break
        else:
            ink = join(self.alphabet.name(str(node)))
        if strength(node) < level:
            ink = self.alphabet.parens(ink)
        return self._marked(ink, path)

    def _marked(self, ink: Ink, path: Path) -> Ink:
        tag = self.marks.get(path, SUM)
        return ink if tag == SUM else self.alphabet.mark(ink, tag)

    # indices

    def index(self, expr: Basic, scope: Scope) -> str:
        """An index expression: letters first, the number last."""
        terms = sorted((atom is None, self._atom(atom, scope), factor) for atom, factor in index_terms(expr).items())
        terms = [t for t in terms if t[2] > 0 and not t[0]] + [t for t in terms if t[2] <= 0 or t[0]]
        text = ""
        for constant, atom, factor in terms:
            sign = "-" if factor < 0 else "+" if text else ""
            text += sign + (str(abs(factor)) if constant else (str(abs(factor)) if abs(factor) != 1 else "") + atom)
        return text or "0"

    def _atom(self, atom: Basic | None, scope: Scope) -> str:
        if atom is None:
            return ""
        return "".join(text for text, _ in self.write(atom, (-1,), scope, ATOM))

    def _bounds(self, node: Binder, scope: Scope) -> tuple[Ink, Ink]:
        letter, low, high = node.limit
        if not (self.limits if isinstance(self.limits, bool) else scope[letter] in self.limits):
            return BLANK, BLANK
        return join(self.index(low, scope)), join(self.index(high, scope))

    # scalars

    def _symbol(self, node: Symbol, path: Path, scope: Scope) -> Ink:
        return join(self.alphabet.name(scope.get(node, node.name)))

    def _integer(self, node: Integer, path: Path, scope: Scope) -> Ink:
        return join(str(int(node)) if int(node) >= 0 else self.alphabet.minus + str(-int(node)))

    def _rational(self, node: Rational, path: Path, scope: Scope) -> Ink:
        sign = self.alphabet.minus if node.p < 0 else ""
        return join(sign, self.alphabet.rational(abs(int(node.p)), int(node.q)))

    def _ref(self, node: Ref | Whole, path: Path, scope: Scope) -> Ink:
        return join(self._named(node.args[0], node.args[1:], scope))

    def _named(self, quantity: Any, indices: Sequence[Basic], scope: Scope) -> str:
        written = [self.index(part, scope) for part in indices]
        above = quantity.superscripts
        return self.alphabet.name(quantity.args[0].name) + self.alphabet.scripts(written[:above], written[above:])

    def _delta(self, node: Delta, path: Path, scope: Scope) -> Ink:
        return self.alphabet.kronecker(*(join(self.index(part, scope)) for part in node.args))

    def _function(self, node: Fn | Map, path: Path, scope: Scope) -> Ink:
        name, primes, argument = node.args
        return self.alphabet.function(name.name, int(primes), self.write(argument, (*path, 2), scope))

    def _opaque(self, node: Opaque, path: Path, scope: Scope) -> Ink:
        sets = (self.write(part, (*path, at), scope) for at, part in enumerate(node.args[1:], 1))
        return self.alphabet.function(node.name, 0, separated(", ", sets))

    def _sum(self, node: IndexSum, path: Path, scope: Scope) -> Ink:
        inner = self._entered(node, scope)
        sign = self.alphabet.sum_sign(inner[node.index], *self._bounds(node, inner))
        if self.marks.get(path) == SUM:
            sign = self.alphabet.mark(sign, SUM)
        return join(sign, " ", self.write(node.body, (*path, 0), inner, SUMMED))

    def _entered(self, node: Binder, scope: Scope) -> dict[Symbol, str]:
        return {**scope, node.index: self.letters.of(node.index, frozenset(scope.values()))}

    def _each(self, node: Each, path: Path, scope: Scope) -> Ink:
        bound: list[Symbol] = []
        inner: Expr = node
        while isinstance(inner, Each):
            scope = self._entered(inner, scope)
            bound.append(inner.index)
            inner = inner.body
        assert isinstance(inner, Ref)
        dropped = sum(1 for _ in takewhile(lambda part: part in bound, reversed(inner.indices)))
        kept = inner.indices[: len(inner.indices) - dropped]
        name = join(self._named(inner.quantity, kept, scope))
        left = [letter for letter in bound if any(letter in part.free_symbols for part in kept)]
        return self.alphabet.gathered(name, ", ".join(scope[letter] for letter in left)) if left else name

    def _partial(self, node: Partial, path: Path, scope: Scope) -> Ink:
        of, wrt, *held = (self.write(part, (*path, at), scope) for at, part in enumerate(node.args))
        return self.alphabet.partial(of, isinstance(node.of, Ref | Fn | Opaque), wrt, held)

    def _power(self, node: Pow, path: Path, scope: Scope) -> Ink:
        base, exponent = node.args
        if exponent == HALF:
            return self.alphabet.root(self.write(base, (*path, 0), scope))
        if _is_negative(exponent):
            bottom, held = self._denominator(node, path, scope)
            return self.alphabet.fraction(join("1"), ATOM, bottom, held)
        return self._raised(base, (*path, 0), self.write(exponent, (*path, 1), scope), scope)

    def _raised(self, base: Expr, path: Path, exponent: Ink, scope: Scope) -> Ink:
        bare = isinstance(base, Symbol) or (isinstance(base, Ref) and not base.indices)
        bare = bare or (isinstance(base, Integer) and int(base) >= 0)
        written = self.write(base, path, scope)
        return self.alphabet.power(written if bare else self.alphabet.parens(written), exponent)

    def _denominator(self, node: Pow, path: Path, scope: Scope) -> tuple[Ink, int]:
        base, exponent = node.args
        positive = -exponent
        if positive == 1:
            return self.write(base, (*path, 0), scope), strength(base)
        if positive == HALF:
            return self.alphabet.root(self.write(base, (*path, 0), scope)), ATOM
        return self._raised(base, (*path, 0), self.write(positive, (*path, 1), scope), scope), POWER

    # sums and products

    def _add(self, node: Add | Plus, path: Path, scope: Scope) -> Ink:
        return self._terms(node, path, scope, "")

    def _terms(self, node: Basic, path: Path, scope: Scope, tag: str) -> Ink:
        parts: list[str | Ink] = []
        for at, term in enumerate(node.args):
            place = (*path, at)
            if at == 0:
                parts.append(self.write(term, place, scope, SUMMED if isinstance(term, Add) else ANY))
                continue
            taken_off = strength(term) == ADDED and not isinstance(term, Add | Plus)
            parts.append(((" ", tag), (f"{self.alphabet.minus if taken_off else '+'} ", "")))
            if taken_off:
                parts.append(self._marked(self._magnitude(term, place, scope), place))
            else:
                parts.append(self.write(term, place, scope, SUMMED))
        return join(*parts)

    def _magnitude(self, node: Basic, path: Path, scope: Scope) -> Ink:
        if isinstance(node, Mul):
            return self._product(node, path, scope)
        if isinstance(node, Scaled):
            return self._unsigned(node, path, scope)
        return self.write(-node, path, scope)  # a negative number

    def _mul(self, node: Mul, path: Path, scope: Scope) -> Ink:
        sign = self.alphabet.minus if _sign_at(node) is not None else ""
        return join(sign, self._product(node, path, scope))

    def _product(self, node: Mul, path: Path, scope: Scope) -> Ink:
        """The factors in their order, without the sign of the whole; denominators stand under what is left of them."""
        factors: list[tuple[Ink, int]] = []
        groups = _groups(node)
        for number, (tops, bottoms) in enumerate(groups):
            if bottoms:
                factors.append((self._quotient(tops, bottoms, path, scope), FRACTION))
                continue
            for at, factor in tops:
                final = number == len(groups) - 1 and at == tops[-1][0]
                factors.append(self._factor(factor, (*path, at), scope, final))
        return self.alphabet.product(factors)

    def _factor(self, factor: Expr, path: Path, scope: Scope, final: bool) -> tuple[Ink, int]:
        level = ANY if final and isinstance(factor, IndexSum) else FRACTION
        held = strength(factor)
        return self.write(factor, path, scope, level), ATOM if held < level else held

    def _quotient(self, tops: list[tuple[int, Expr]], bottoms: list[tuple[int, Expr]], path: Path, scope: Scope) -> Ink:
        if len(tops) == 1:
            (at, only), held = tops[0], strength(tops[0][1])
            top = self.write(only, (*path, at), scope)
        else:
            last = tops[-1:]
            parts = [self._factor(factor, (*path, at), scope, [(at, factor)] == last) for at, factor in tops]
            top = self.alphabet.product(parts) if parts else join("1")
            held = (SUMMED if isinstance(last[0][1], IndexSum) else MULTIPLIED) if parts else ATOM
        below = [self._denominator(factor, (*path, at), scope) for at, factor in bottoms]
        if len(below) == 1:
            return self.alphabet.fraction(top, held, *below[0])
        closed = [(ink if hold > MULTIPLIED else self.alphabet.parens(ink), hold) for ink, hold in below]
        return self.alphabet.fraction(top, held, self.alphabet.product(closed), MULTIPLIED)

    # arrays

    def _entry(self, node: Entry, path: Path, scope: Scope) -> Ink:
        scripts = self.alphabet.scripts([], [self.index(part, scope) for part in node.indices])
        return self.alphabet.entry(self.write(node.array, (*path, 0), scope), scripts)

    def _hadamard(self, node: Hadamard, path: Path, scope: Scope) -> Ink:
        parts = (self.write(part, (*path, at), scope, FRACTION) for at, part in enumerate(node.args))
        return separated(f" {self.alphabet.hadamard()} ", parts)

    def _matrix_product(self, node: MatrixProduct, path: Path, scope: Scope) -> Ink:
        return separated(" ", (self.write(part, (*path, at), scope, POWER) for at, part in enumerate(node.args)))

    def _scaled(self, node: Scaled, path: Path, scope: Scope) -> Ink:
        if strength(node) != ADDED:
            return separated(" ", (self.write(part, (*path, at), scope, POWER) for at, part in enumerate(node.args)))
        return join(self.alphabet.minus, self._unsigned(node, path, scope))

    def _unsigned(self, node: Scaled, path: Path, scope: Scope) -> Ink:
        """A negative multiple of an array without its sign."""
        factor, array = node.args
        written = self.write(array, (*path, 1), scope, POWER)
        if factor == -1:
            return written
        times = self._magnitude(factor, (*path, 0), scope)
        return join(self.alphabet.parens(times) if parts_of(factor, IndexSum) else times, " ", written)

    def _transposed(self, node: Transposed, path: Path, scope: Scope) -> Ink:
        return self.alphabet.transposed(self.write(node.args[0], (*path, 0), scope))

    def _nabla(self, node: Nabla, path: Path, scope: Scope) -> Ink:
        return self.alphabet.nabla(*(self.write(part, (*path, at), scope) for at, part in enumerate(node.args)))


def strength(node: Basic) -> int:
    """How tightly a construct holds together; one weaker than its place wants goes in parentheses."""
    if isinstance(node, Mul):
        if _sign_at(node) is not None:
            return ADDED
        groups = _groups(node)
        if len(groups) == 1 and groups[0][1]:
            return FRACTION
        return SUMMED if isinstance(node.args[-1], IndexSum) else MULTIPLIED
    if isinstance(node, Scaled) and strength(node.args[0]) == ADDED and not isinstance(node.args[0], Add):
        return ADDED
    if isinstance(node, Rational):
        return ADDED if node.p < 0 else ATOM if node.q == 1 else FRACTION
    if isinstance(node, Pow):
        return FRACTION if _is_negative(node.args[1]) else POWER
    return next((held for kind, held in _STRENGTHS if isinstance(node, kind)), ATOM)


def _groups(node: Mul) -> list[tuple[list[tuple[int, Expr]], list[tuple[int, Expr]]]]:
    """The factors (with their places) as quotients, from left to right; a leading fraction stands alone, -1 goes."""
    groups: list[tuple[list[tuple[int, Expr]], list[tuple[int, Expr]]]] = []
    fresh, signed = True, _sign_at(node)
    for at, factor in enumerate(node.args):
        if at == signed and at > 0:
            continue
        if at == 0 and isinstance(factor, Rational):
            if factor != -1 or len(node.args) == 1:
                groups.append(([(at, abs(factor))], []))
                fresh = factor.q != 1
            continue
        if isinstance(factor, Pow) and _is_negative(factor.args[1]):
            if fresh:
                groups.append(([], []))
            groups[-1][1].append((at, factor))
            fresh = False
        else:
            if fresh or groups[-1][1]:
                groups.append(([], []))
            groups[-1][0].append((at, factor))
            fresh = False
    return groups


def _sign_at(node: Mul) -> int | None:
    """The place of the factor whose sign stands before the whole product: the first, or a -1 among others."""
    negative = [at for at, factor in enumerate(node.args) if _is_negative(factor)]
    if negative[:1] == [0] or (len(negative) == 1 and node.args[negative[0]] == -1):
        return negative[0]
    return None


def _is_negative(node: Basic) -> bool:
    return isinstance(node, Rational) and bool(node.p < 0)


_STRENGTHS: tuple[tuple[type[Basic], int], ...] = (
    (Add, ADDED),
    (Plus, ADDED),
    (IndexSum, SUMMED),
    (Hadamard, SUMMED),
    (MatrixProduct, MULTIPLIED),
    (Scaled, MULTIPLIED),
    (Partial, FRACTION),
    (Nabla, FRACTION),
)
_WRITERS: dict[type[Basic], Callable[[Walk, Any, Path, Scope], Ink]] = {
    Add: Walk._add,
    Plus: Walk._add,
    Mul: Walk._mul,
    Scaled: Walk._scaled,
    Pow: Walk._power,
    Symbol: Walk._symbol,
    Integer: Walk._integer,
    Rational: Walk._rational,
    Ref: Walk._ref,
    Whole: Walk._ref,
    Delta: Walk._delta,
    Fn: Walk._function,
    Map: Walk._function,
    Opaque: Walk._opaque,
    IndexSum: Walk._sum,
    Each: Walk._each,
    Partial: Walk._partial,
    Entry: Walk._entry,
    Hadamard: Walk._hadamard,
    MatrixProduct: Walk._matrix_product,
    Transposed: Walk._transposed,
    Nabla: Walk._nabla,
}
__all__ = ["Alphabet", "Marks", "Walk", "strength"]
