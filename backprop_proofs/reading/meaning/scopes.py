"""Letters of indices: where each is bound, what it runs over, and the range that its uses leave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.indices import Limit, index, line
from backprop_proofs.networks.structure import letters_of_ranges
from backprop_proofs.reading.meaning.dimensions import Dim
from backprop_proofs.reading.meaning.names import NotUnderstood
from backprop_proofs.reading.meaning.world import World
from backprop_proofs.reading.syntax import Span


@dataclass
class Letter:
    """An index letter: what it runs over, once that is known; a stage has bounds in place of a dimension.

    lows, highs: the bounds that its uses leave it; first, last: those that are written.
    """

    name: str
    symbol: Symbol
    span: Span
    bound: bool = False
    dim: Dim | None = None
    lows: list[Expr] = field(default_factory=list)
    highs: list[Expr] = field(default_factory=list)
    first: list[Expr] = field(default_factory=list)
    last: list[Expr] = field(default_factory=list)
    used: bool = False
    compared: bool = False  # whether a delta alone says what it runs over
    peers: list[Letter] = field(default_factory=list)  # letters that it is compared with

    @property
    def staged(self) -> bool:
        """Whether it counts layers or time."""
        return bool(self.lows or self.highs)


class Scope:
    """The letters in force at a place; those of the whole statement are free in it."""

    def __init__(self, outer: Scope | None = None):
        self.outer = outer
        self.letters: dict[str, Letter] = {}
        self.every: set[Symbol] = outer.every if outer else set()  # all letters of the statement
        self.symbols: dict[str, str] = outer.symbols if outer else {}  # other letters for some, as l for a generic L

    def find(self, name: str) -> Letter | None:
        """The letter of that name in force here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.letters:
                return scope.letters[name]
            scope = scope.outer
        return None

    def root(self) -> Scope:
        """The scope of the whole statement."""
        scope = self
        while scope.outer is not None:
            scope = scope.outer
        return scope

    def letter(self, name: str, span: Span) -> Letter:
        """The letter of that name; a free one of the statement where none is in force."""
        found = self.find(name)
        if found is None:
            found = self.root().letters[name] = Letter(name, index(self.symbols.get(name, name)), span)
            self.every.add(found.symbol)
        found.used = True
        return found

    def bind(self, name: str, span: Span) -> Letter:
        """A letter of a sum."""
        letter = self.letters[name] = Letter(name, index(name), span, bound=True)
        self.every.add(letter.symbol)
        return letter


def limit_of(letter: Letter, world: World, closed: bool) -> Limit:
    """The range of a letter. closed: whether the network is known, so that stages have their bounds."""
    if letter.staged:
        if not closed:
            return letter.symbol, Integer(1), Integer(1)
        return (
            letter.symbol,
            _most(letter.first or letter.lows, letter, 1),
            _most(letter.last or letter.highs, letter, -1),
        )
    if letter.dim is None and letter.peers:
        letter.dim = next((peer.dim for peer in letter.peers if peer.dim is not None), None)
        letter.dim = letter.dim or Dim(world.dims.new(letter.name, staged=False))
    if letter.dim is None:
        raise NotUnderstood(letter.span, f"nothing says what {letter.name} runs over")
    return (letter.symbol, *world.limits(letter.dim))


def _most(bounds: list[Expr], letter: Letter, sign: int) -> Expr:
    best = bounds[0]
    for bound in bounds[1:]:
        gap = (bound - best) * sign
        if not isinstance(gap, Integer):
            if isinstance(bound, Integer) is isinstance(best, Integer):
                raise NotUnderstood(letter.span, f"the range of {letter.name} is not clear: {best} or {bound}")
            best = best if isinstance(best, Integer) == (sign > 0) else bound
        elif gap > 0:
            best = bound
    return best


def in_order(letters: Iterable[Letter], world: World, closed: bool) -> tuple[Limit, ...]:
    """The ranges of letters, those that others' ranges speak of first."""
    todo = [limit_of(letter, world, closed) for letter in letters]
    names = {symbol for symbol, _, _ in todo}
    done: list[Limit] = []
    while todo:
        ready = [limit for limit in todo if not letters_of_ranges((limit,)) & names]
        if not ready:
            raise NotUnderstood(Span(0, 0), "the ranges of the indices depend on one another")
        done += ready
        names -= {symbol for symbol, _, _ in ready}
        todo = [limit for limit in todo if limit not in ready]
    return tuple(done)


def narrowed(letter_of: dict[Symbol, Letter], place: Expr, low: Expr, high: Expr, span: Span) -> None:
    """Note that an index expression lies in low..high. Raises NotUnderstood for a number that does not."""
    terms = [(letter, factor) for symbol, letter in letter_of.items() if (factor := _factor(place, symbol))]
    if not terms:
        if isinstance(place, Integer) and isinstance(low, Integer) and place < low:
            raise NotUnderstood(span, f"{place} is below the first, {low}, as far as the text says what that is")
        return
    letter, factor = terms[-1]
    if abs(factor) != 1 or len(terms) > 2:
        raise NotUnderstood(span, f"an index such as {place} is not understood")
    first, last = _ends(place, letter.symbol, factor, low, high)
    letter.lows.append(first)
    letter.highs.append(last)


@lru_cache(maxsize=4096)
def _ends(place: Expr, letter: Symbol, factor: int, low: Expr, high: Expr) -> tuple[Expr, Expr]:
    """The range of a letter, where an index that has it once, with a factor of 1 or -1, lies in low..high."""
    rest = place - factor * letter
    return (low - rest, high - rest) if factor > 0 else (rest - high, rest - low)


def _factor(expr: Expr, symbol: Symbol) -> int:
    return line(expr).get(symbol.name, 0) if symbol in free_indices(expr) else 0


def letters_within(scope: Scope) -> Iterator[Letter]:
    """All letters in force."""
    at: Scope | None = scope
    seen: set[str] = set()
    while at is not None:
        for name, letter in at.letters.items():
            if name not in seen:
                seen.add(name)
                yield letter
        at = at.outer
