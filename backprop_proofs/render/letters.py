"""Letters for bound indices: no two binders in scope print alike, none prints like a free letter, and a bound index
keeps its letter from step to step.

Two bound indices may share a name (each is a fresh index that only prints like its letter), so the printed letter is
chosen here: the index's own where it is free to use, else the next of a fixed series.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count
from types import MappingProxyType

from sympy import Add, Dummy, Expr, Integer, Mul, Symbol
from sympy.core.basic import Basic

from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import Binder, Quantity

_SERIES = {"t": "srq", "l": "mpqr", "m": "pqrs"}
_DEFAULT = "kmipqrs"
_NOTHING: Mapping[Symbol, str] = MappingProxyType({})


@dataclass(frozen=True)
class Letters:
    """The letter of each bound index, as far as chosen, and the names that no new letter may take."""

    chosen: Mapping[Symbol, str] = field(default_factory=lambda: _NOTHING)
    reserved: frozenset[str] = frozenset()

    def of(self, letter: Symbol, taken: Collection[str]) -> str:
        """How `letter` prints where the names `taken` are in scope."""
        return pick(self.chosen.get(letter) or own_name(letter), taken, self.reserved)

    def opened(self, expr: Basic) -> dict[Symbol, str]:
        """The names of the letters that are free in `expr`: plain letters their own, bound ones of a wider scope."""
        free = sorted(free_indices(expr), key=_order)
        scope = {letter: letter.name for letter in free if not isinstance(letter, Dummy)}
        for letter in free:
            if isinstance(letter, Dummy):
                scope[letter] = self.of(letter, scope.values())
        return scope


def own_name(letter: Symbol) -> str:
    """The name that a bound index was given, without the marks that made it unlike others."""
    name: str = letter.name.strip("_")
    return name if name[:1].isalpha() else "k"


def pick(wanted: str, taken: Collection[str], reserved: Collection[str] = ()) -> str:
    """`wanted` if no name in scope is like it, else the first letter of its series that is neither taken nor reserved.

    `reserved` holds the names of quantities, which `wanted` itself may repeat.
    """
    if wanted not in taken:
        return wanted
    for letter in _SERIES.get(wanted, "") + _DEFAULT:
        if letter not in taken and letter not in reserved:
            return letter
    return next(name for number in count(1) if (name := wanted + "'" * number) not in taken)


def letters_for(*groups: Iterable[Expr]) -> Letters:
    """The letters for expressions that are printed together, group by group; the first sight of an index decides.

    Within a group a bound index prints like no free letter of the whole group, so that before and after of a step,
    and all steps of a chain, read alike.
    """
    listed = [tuple(group) for group in groups]
    reserved = frozenset().union(*(quantity_names(expr) for group in listed for expr in group))
    chosen: dict[Symbol, str] = {}
    for group in listed:
        free = {s.name for expr in group for s in free_indices(expr) if not isinstance(s, Dummy)}
        for expr in group:
            scope = Letters(chosen, reserved).opened(expr)
            for letter, name in scope.items():
                if isinstance(letter, Dummy):
                    chosen.setdefault(letter, name)
            _choose(expr, frozenset(free | set(scope.values())), chosen, reserved)
    return Letters(MappingProxyType(chosen), reserved)


def index_terms(expr: Basic) -> dict[Basic | None, int]:
    """An index expression as its letters and sizes with their factors; the number stands under None."""
    total: dict[Basic | None, int] = {}
    for term in expr.args if isinstance(expr, Add) else (expr,):
        if isinstance(term, Integer):
            atom, factor = None, int(term)
        elif isinstance(term, Mul) and len(term.args) == 2 and isinstance(term.args[0], Integer):
            atom, factor = term.args[1], int(term.args[0])
        else:
            atom, factor = term, 1
        total[atom] = total.get(atom, 0) + factor
    return {atom: factor for atom, factor in total.items() if factor}


@lru_cache(maxsize=4096)
def quantity_names(expr: Basic) -> frozenset[str]:
    """The names of the quantities in `expr`."""
    if isinstance(expr, Quantity):
        return frozenset((expr.args[0].name,))
    return frozenset().union(*(quantity_names(part) for part in expr.args if part.args))


def binders(expr: Basic) -> Iterator[Binder]:
    """The binders of `expr`, the outer before the inner, from left to right."""
    if isinstance(expr, Binder):
        yield expr
    for part in expr.args:
        if part.args:
            yield from binders(part)


def entered(expr: Basic, letters: Letters) -> Iterator[tuple[Binder, str]]:
    """The binders of `expr`, each with the letter that it prints."""
    yield from _entered(expr, letters, letters.opened(expr))


def _entered(expr: Basic, letters: Letters, scope: Mapping[Symbol, str]) -> Iterator[tuple[Binder, str]]:
    if isinstance(expr, Binder):
        scope = {**scope, expr.index: letters.of(expr.index, frozenset(scope.values()))}
        yield expr, scope[expr.index]
    for part in expr.args:
        if part.args:
            yield from _entered(part, letters, scope)


def _choose(expr: Basic, taken: frozenset[str], chosen: dict[Symbol, str], reserved: frozenset[str]) -> None:
    if isinstance(expr, Binder):
        known = chosen.get(expr.index)
        if known is None:
            inner = {chosen[b.index] for b in binders(expr.body) if b.index in chosen}
            chosen[expr.index] = known = pick(own_name(expr.index), taken | inner, reserved)
        taken = taken | {known}
    for part in expr.args:
        if part.args:
            _choose(part, taken, chosen, reserved)


def _order(letter: Symbol) -> tuple[str, int]:
    return letter.name, letter.dummy_index if isinstance(letter, Dummy) else -1
