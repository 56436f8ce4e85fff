"""Indices and what is known of them: affine integer expressions, and the inequalities that follow from their ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import count
from typing import Any

from sympy import Add, Dummy, Expr, Integer, Mul, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.language.expressions import Quantity, Ref

Limit = tuple[Symbol, Expr, Expr | None]  # an index, its lower and its upper bound (None: no upper bound)
Atom = Any  # the text of a letter, None for 1, or (quantity, *lines) for a size such as n[l - 1]
Line = Mapping[Atom, int]  # an integer combination of atoms: l - 1 is {"l": 1, None: -1}
_DEPTH = 8  # how many inequalities one conclusion may add up


def index(name: str) -> Symbol:
    """An index (or a size) called `name`: an integer symbol."""
    return Symbol(name, integer=True)


_LETTERS: dict[Atom, Any] = {}  # the letter, or the quantity of a size, that a text stands for
_COUNT = count()


@lru_cache(maxsize=16384)
def atom_of(letter: Symbol | Quantity) -> str:
    """A text for a letter or a quantity, of no other one; texts make quicker keys than symbols."""
    if "#" in letter.name:
        raise Malformed(f"a letter without # is wanted; found {letter}")
    text = f"{letter.name}#{letter.dummy_index}" if isinstance(letter, Dummy) else str(letter.name)
    while _LETTERS.setdefault(text, letter) != letter:
        text += "#"
    return text


def fresh_atom(like: str) -> str:
    """The text of a new letter that prints like another."""
    text = f"{like}#{next(_COUNT)}"
    return text if _LETTERS.setdefault(text, _LETTERS[like]) is _LETTERS[like] else fresh_atom(text)


@lru_cache(maxsize=16384)
def line(expr: Expr) -> Line:
    """The integer combination of atoms that an index expression is; never change it."""
    if isinstance(expr, Integer):
        return {None: int(expr)} if expr else {}
    if isinstance(expr, Add):
        total: Line = {}
        for term in expr.args:
            total = plus(total, line(term))
        return total
    if isinstance(expr, Mul) and len(expr.args) == 2 and isinstance(expr.args[0], Integer):
        return plus({}, line(expr.args[1]), int(expr.args[0]))
    if isinstance(expr, Ref):
        return {(atom_of(expr.quantity), *(frozenset(line(part).items()) for part in expr.indices)): 1}
    return {atom_of(expr) if isinstance(expr, Symbol) else expr: 1}


def plus(left: Line, right: Line, times: int = 1) -> Line:
    """left + times * right."""
    total = dict(left)
    for atom, factor in right.items():
        total[atom] = total.get(atom, 0) + times * factor
        if not total[atom]:
            del total[atom]
    return total


def put(into: Line, values: Mapping[str, Line]) -> Line:
    """The line with letters replaced one after the other, inside sizes too."""
    for letter, value in values.items():
        if letter in into:
            into = plus(plus(into, {letter: -into[letter]}), value, into[letter])
    for atom in [atom for atom in into if isinstance(atom, tuple)] if values else ():
        inner = (atom[0], *(frozenset(put(dict(part), values).items()) for part in atom[1:]))
        into = plus(plus(into, {atom: -into[atom]}), {inner: into[atom]}) if inner != atom else into
    return into


def expression(part: Line) -> Expr:
    """The index expression that a line stands for."""
    sizes = {a: _LETTERS[a[0]][tuple(expression(dict(p)) for p in a[1:])] for a in part if isinstance(a, tuple)}
    return Add(*(Integer(factor) * (sizes.get(a) or _LETTERS.get(a, a) if a else 1) for a, factor in part.items()))


def letters_of(part: Line) -> set[str]:
    """The letters of a line, those inside sizes too."""
    inner = [letters_of(dict(p)) for atom in part if isinstance(atom, tuple) for p in atom[1:]]
    return set().union({atom for atom in part if isinstance(atom, str)}, *inner)


def bounds(limits: Iterable[Limit]) -> list[Line]:
    """The ranges as lines that are at least 0: letter - lower and upper - letter."""
    lows = [plus(line(letter), line(low), -1) for letter, low, _ in limits]
    return lows + [plus(line(high), line(letter), -1) for letter, _, high in limits if high is not None]


class Facts:
    """What is known where an expression stands: inequalities between its letters, and sizes that have a value.

    A conclusion is a sum of known inequalities, so an answer True holds for all admissible values; False means "not
    known". A size such as n[l] is at least 1.
    """

    __slots__ = ("_answers", "_by_atom", "known", "letters", "sizes")

    def __init__(self, limits: Iterable[Limit] = (), sizes: Mapping[Basic, int] | None = None):
        self.sizes: Mapping[Atom, int] = {next(iter(line(size))): value for size, value in (sizes or {}).items()}
        self.letters: frozenset[Symbol] = frozenset(letter for letter, _, _ in limits)
        self.known: tuple[Line, ...] = tuple(bounds(limits))
        self._by_atom: dict[Atom, list[Line]] | None = None
        self._answers: dict[frozenset[tuple[Atom, int]], bool] = {}

    def extended(self, limits: Iterable[Limit]) -> Facts:
        """These facts and the ranges of further indices. Raises Malformed for an index that has a range already."""
        new = self.given(tuple(bounds(limits)))
        for letter, _, _ in limits:
            if letter in new.letters:
                raise Malformed(f"the index {letter} is bound twice, one inside the other; give one a fresh letter")
            new.letters |= {letter}
        return new

    def given(self, lines: tuple[Line, ...]) -> Facts:
        """These facts, and further lines that are at least 0."""
        if not lines:
            return self
        new = object.__new__(Facts)
        new.sizes, new.letters, new.known = self.sizes, self.letters, self.known + lines
        new._by_atom, new._answers = None, {}
        return new

    def value(self, expr: Expr) -> int | None:
        """The number that `expr` is, when its sizes are known."""
        solved = self._solved(line(expr))
        return solved.get(None, 0) if solved.keys() <= {None} else None

    def nonnegative(self, expr: Expr) -> bool:
        """Whether expr >= 0 follows."""
        return self.follows(line(expr))

    def within(self, expr: Expr, low: Expr, high: Expr | None) -> bool:
        """Whether low <= expr <= high follows."""
        here = line(expr)
        below = high is None or self.follows(plus(line(high), here, -1))
        return below and self.follows(plus(here, line(low), -1))

    def distinct(self, left: Expr, right: Expr) -> bool:
        """Whether left != right follows."""
        return self.apart(plus(line(left), line(right), -1))

    def equal(self, left: Expr, right: Expr) -> bool:
        """Whether left = right follows by algebra and from the sizes."""
        return left == right or not self._solved(plus(line(left), line(right), -1))

    def apart(self, gap: Line) -> bool:
        """Whether gap != 0 follows."""
        return self.follows(plus(gap, {None: -1})) or self.follows(plus({None: -1}, gap, -1))

    def follows(self, terms: Line) -> bool:
        """Whether terms >= 0 follows."""
        question = frozenset(terms.items())
        if question not in self._answers:
            self._answers[question] = self._adds_up(self._solved(terms), _DEPTH, set())
        return self._answers[question]

    def _adds_up(self, terms: Line, depth: int, seen: set[frozenset[tuple[Atom, int]]]) -> bool:
        """Take known inequalities away from the terms until a number is left, and it is not negative."""
        if self._by_atom is None:
            self._by_atom = {}
            for known in map(self._solved, self.known):
                for atom in known:
                    self._by_atom.setdefault(atom, []).append(known)
        state = frozenset(terms.items())
        if terms.keys() <= {None}:
            return terms.get(None, 0) >= 0
        if not depth or state in seen:
            return False
        seen.add(state)
        atom, factor = next((atom, factor) for atom, factor in terms.items() if atom is not None)
        at_least_one = ({atom: 1, None: -1},) if isinstance(atom, tuple) else ()
        return any(
            self._adds_up(plus(terms, known, -factor // known[atom]), depth - 1, seen)
            for known in (*self._by_atom.get(atom, ()), *at_least_one)
            if factor * known[atom] > 0 and factor % known[atom] == 0
        )

    def _solved(self, terms: Line) -> Line:
        """The line with the sizes that have a value replaced by it."""
        total: Line = {} if self.sizes else terms
        for atom, factor in terms.items() if self.sizes else ():
            if isinstance(atom, tuple):
                atom = (atom[0], *(frozenset(self._solved(dict(part)).items()) for part in atom[1:]))
            known = self.sizes.get(atom)
            total = plus(total, {atom: factor} if known is None else {None: factor * known})
        return total
