"""A concrete network written out in plain SymPy: symbols such as w_2_1_1, and no index, binder or node of ours.

An unspecified function is a `Function` subclass whose `fdiff` is another one, so `diff` leaves no `Subs` behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import product
from typing import Any

from sympy import Add, Expr, Function, Heaviside, Integer, Max, Mul, Pow, Rational, S, Symbol, erf, exp, log, pi, sqrt

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete, Key, affine, show
from backprop_proofs.evidence.fields import KINKED, REAL
from backprop_proofs.language.expressions import Delta, Each, Fn, IndexSum, Opaque, Partial, Ref
from backprop_proofs.language.matrices import (
    Array,
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

Letters = Mapping[Symbol, int]
At = tuple[int, ...]
Grid = dict[At, Expr]  # an array written out, entry by entry
_NOTHING: frozenset[Key] = frozenset()
_U = Symbol("u")
_PLAIN = {
    "exp": exp(_U),
    "log": log(_U),
    "normal_cdf": (1 + erf(_U / sqrt(2))) / 2,
    "normal_pdf": exp(-(_U**2) / 2) / sqrt(2 * pi),
}


@lru_cache(maxsize=4096)
def symbol_of(key: Key) -> Symbol:
    """The plain symbol of an instance: w_2_1_3."""
    return Symbol("_".join(map(str, key)))


@lru_cache(maxsize=256)
def function_of(name: str, primes: int) -> Any:
    """An unspecified function of one variable, as a SymPy class; its derivative is the class with one prime more."""

    def fdiff(self: Expr, argindex: int = 1) -> Expr:
        return function_of(name, primes + 1)(self.args[0])

    return _unspecified(f"{name}_{primes}" if primes else name, fdiff)


@lru_cache(maxsize=1024)
def opaque_of(name: str, by: tuple[int, ...]) -> Any:
    """An unspecified function of several variables, differentiated by those numbered `by`; their order is free."""

    def fdiff(self: Expr, argindex: int = 1) -> Expr:
        return opaque_of(name, tuple(sorted((*by, argindex))))(*self.args)

    return _unspecified("_".join(map(str, (name, *by))), fdiff)


def _unspecified(name: str, fdiff: Callable[..., Expr]) -> Any:
    return type(name, (Function,), {"fdiff": fdiff, "is_unspecified": True, "is_commutative": True})


class Writer:
    """Expressions of a concrete network written out, functions by their formulas if `formulas` says so."""

    def __init__(self, concrete: Concrete, formulas: bool = False):
        self.concrete, self.formulas = concrete, formulas
        self._known: dict[tuple[Key, frozenset[Key]], Expr] = {}
        self._partials: dict[tuple[Expr, Key, frozenset[Key]], Expr] = {}

    def write(self, expr: Expr, letters: Letters, free: frozenset[Key] = _NOTHING) -> Expr:
        """`expr` where free letters have the values `letters` and the instances `free` stand as symbols."""
        if isinstance(expr, Rational):
            return expr
        if isinstance(expr, Symbol) or (isinstance(expr, Ref) and expr.name not in self.concrete.network.families):
            return Integer(self._index(expr, letters))
        match expr:
            case Ref():
                return self.instance(self.key(expr, letters), free)
            case Add() | Mul() | Pow():
                return expr.func(*(self.write(part, letters, free) for part in expr.args))
            case IndexSum():
                return Add(*(self.write(expr.body, inner, free) for inner in self._inside(expr, letters)))
            case Delta():
                left, right = (self._index(part, letters) for part in expr.args)
                return S.One if left == right else S.Zero
            case Fn():
                return self.applied(expr.name, expr.primes, self.write(expr.argument, letters, free))
            case Opaque():
                keys = [key for part in expr.args[1:] for key in self._keys(part, letters)]
                return opaque_of(expr.name, ())(*(self.instance(key, free) for key in keys))
            case Partial():
                held = frozenset(key for part in expr.held for key in self._keys(part, letters))
                return self.partial(expr.of, letters, self.key(expr.wrt, letters), held)
            case Entry():
                return self._entry(self.grid(expr.array, letters)[0], [self._index(i, letters) for i in expr.indices])
        raise Malformed(f"no value is known for {type(expr).__name__} in {expr}")

    def key(self, ref: Ref, letters: Letters) -> Key:
        """The instance that a reference names."""
        return (ref.name, *(self._index(part, letters) for part in ref.indices))

    def instance(self, key: Key, free: frozenset[Key] = _NOTHING) -> Expr:
        """One instance written out, or its symbol where it is an input or one of `free`."""
        if key in free:
            return symbol_of(key)
        known = self._known.get((key, free))
        if known is None:
            known = self._known[key, free] = self._unfolded(key, free)
        return known

    def partial(self, of: Expr, letters: Letters, wrt: Key, held: frozenset[Key] = _NOTHING) -> Expr:
        """SymPy's derivative: `wrt` and `held` become symbols, `diff`, and their values are put back."""
        if not self.concrete.exists(wrt):
            raise Malformed(f"{show(wrt)} does not exist at these sizes")
        opened = Ref(of.quantity, *map(Integer, self.key(of, letters)[1:])) if isinstance(of, Ref) else None
        known = self._partials.get((opened, wrt, held)) if opened is not None else None
        if known is None:
            free = held | {wrt}
            if opened is not None:
                key = self.key(opened, {})
                written = self._unfolded(key, free - {key}) if key in held and key != wrt else self.instance(key, free)
            else:
                written = self.write(of, letters, free)
            values = {symbol_of(key): self.instance(key) for key in free if self.concrete.definition(key)}
            known = written.diff(symbol_of(wrt)).xreplace(values)
            if opened is not None:
                self._partials[opened, wrt, held] = known
        return known

    def applied(self, name: str, primes: int, argument: Expr) -> Expr:
        """A function of one variable, `primes` times differentiated, at an expression."""
        formula = self.concrete.network.function(name)
        if formula is None and name in REAL:
            return _PLAIN[name].diff(_U, primes).xreplace({_U: argument})
        if not self.formulas or (formula is None and name not in KINKED):
            return function_of(name, primes)(argument)
        if formula is None:
            order = primes + KINKED.index(name)
            return (Max(0, argument), Heaviside(argument))[order] if order < 2 else S.Zero
        u = Symbol(formula.variable.name)
        body = self._formula(formula.body, formula.variable, u)
        return body.diff(u, primes).xreplace({u: argument})

    def mentioned(self, expr: Expr, letters: Letters) -> Expr:
        """The expression with f in place of every derivative of f: whatever is to have a value stands in it."""
        return _Undifferentiated(self.concrete, self.formulas).write(expr, letters)

    def _formula(self, body: Expr, variable: Ref, u: Symbol) -> Expr:
        if body == variable:
            return u
        if isinstance(body, Fn):
            return self.applied(body.name, body.primes, self._formula(body.argument, variable, u))
        return body.func(*(self._formula(part, variable, u) for part in body.args)) if body.args else body

    def _unfolded(self, key: Key, free: frozenset[Key]) -> Expr:
        found = self.concrete.definition(key)
        if found is None:
            return symbol_of(key)
        definition, values = found
        letters = {letter: value for (letter, _, _), value in zip(definition.limits, values, strict=True)}
        return self.write(definition.body, letters, free)

    def _index(self, expr: Expr, letters: Letters) -> int:
        total = 0
        for atom, factor in affine(expr):
            if atom is None:
                total += factor
            elif atom in letters:
                total += factor * letters[atom]
            elif atom in self.concrete.sizes:
                total += factor * self.concrete.sizes[atom]
            elif isinstance(atom, Ref):
                total += factor * self.concrete.width(self.key(atom, letters))
            else:
                raise Malformed(f"the index {atom} has no value in {expr}")
        return total

    def _inside(self, binder: IndexSum | Each, letters: Letters) -> Iterator[Letters]:
        letter, low, high = binder.limit
        for value in range(self._index(low, letters), self._index(high, letters) + 1):
            yield {**letters, letter: value}

    def _keys(self, family: Expr, letters: Letters) -> list[Key]:
        if isinstance(family, Each):
            return [key for inner in self._inside(family, letters) for key in self._keys(family.body, inner)]
        return [self.key(family, letters)]

    def grid(self, array: Array, letters: Letters) -> tuple[Grid, bool]:
        """An array written out entry by entry, and whether it is a row. Raises Malformed where its parts do not fit."""
        match array:
            case Whole(args=(quantity, *fixed)):
                keys = self._whole_keys(quantity, fixed, letters)
                return {at: self.instance(key) for at, key in keys.items()}, False
            case Nabla(args=(of, Whole(args=(quantity, *fixed)))):
                keys = self._whole_keys(quantity, fixed, letters)
                return {at: self.partial(of, letters, key) for at, key in keys.items()}, False
            case Map(args=(name, primes, inner)):
                entries, row = self.grid(inner, letters)
                return {at: self.applied(str(name), int(primes), part) for at, part in entries.items()}, row
            case Scaled(args=(factor, inner)):
                entries, row = self.grid(inner, letters)
                return {at: self.write(factor, letters) * part for at, part in entries.items()}, row
            case Hadamard(args=parts) | Plus(args=parts):
                return _entrywise(Mul if isinstance(array, Hadamard) else Add, [self.grid(p, letters) for p in parts])
            case Transposed(args=(inner,)):
                entries, row = self.grid(inner, letters)
                return {at[::-1]: part for at, part in entries.items()}, not row and _order(entries) == 1
            case MatrixProduct(args=(left, right)):
                return _matrix_product(self.grid(left, letters), self.grid(right, letters))
        raise Malformed(f"not a vector or a matrix: {array}")

    def _whole_keys(self, quantity: Any, fixed: list[Expr], letters: Letters) -> dict[At, Key]:
        head = [self._index(part, letters) for part in fixed]
        family = self.concrete.family(quantity.name)
        ats: list[At] = [()]
        for low, high in family[len(head) :]:
            ats = [(*at, i) for at in ats for i in range(low([*head, *at]), high([*head, *at]) + 1)]
        return {at: (quantity.name, *head, *at) for at in ats}

    def _entry(self, entries: Grid, at: list[int]) -> Expr:
        if tuple(at) not in entries:
            raise Malformed(f"no entry {at} in an array of {len(entries)} entries")
        return entries[tuple(at)]


class _Undifferentiated(Writer):
    """A writer that takes no derivative."""

    def partial(self, of: Expr, letters: Letters, wrt: Key, held: frozenset[Key] = _NOTHING) -> Expr:
        """What would be differentiated."""
        return self.write(of, letters)


def _order(entries: Grid) -> int:
    return len(next(iter(entries), ()))


def _entrywise(kind: type, parts: list[tuple[Grid, bool]]) -> tuple[Grid, bool]:
    first, row = parts[0]
    if any(grid.keys() != first.keys() or other != row for grid, other in parts):
        raise Malformed("shapes do not fit")
    return {at: kind(*(grid[at] for grid, _ in parts)) for at in first}, row


def _matrix_product(left: tuple[Grid, bool], right: tuple[Grid, bool]) -> tuple[Grid, bool]:
    (first, row), (second, second_row) = left, right
    if _order(first) == _order(second) == 1 and second_row and not row:
        return {(i[0], j[0]): first[i] * second[j] for i, j in product(first, second)}, False
    if (_order(first) == 1 and not row) or (_order(second) == 1 and second_row):
        raise Malformed("a matrix product wants a matrix or a row on its left, or a column by a row")
    if {at[-1] for at in first} != {at[0] for at in second}:
        raise Malformed("shapes do not fit")
    total: dict[At, list[Expr]] = {}
    for i, j in product(first, second):
        if i[-1] == j[0]:
            total.setdefault((*i[:-1], *j[1:]), []).append(first[i] * second[j])
    return {at: Add(*terms) for at, terms in total.items()}, row
