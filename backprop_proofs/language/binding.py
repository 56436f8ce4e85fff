"""Bound indices: substitution that cannot capture, renaming, and equality up to the names of bound indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from operator import is_

from sympy import Dummy, Expr, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.language.expressions import Binder, Each, IndexSum, Partial, Quantity, Ref, parts_of, rebuild
from backprop_proofs.language.indices import Limit

Path = tuple[int, ...]  # a sequence of argument numbers
_LEVELS: list[Dummy] = []  # the bound letters of canonical forms, one a nesting depth; no expression holds them


def fresh_index(letter: Symbol) -> Dummy:
    """A new index, equal to no other, that prints like `letter`."""
    return Dummy(letter.name, integer=True)


@lru_cache(maxsize=65536)
def free_indices(expr: Basic) -> frozenset[Symbol]:
    """The index letters (and sizes) that occur free."""
    if isinstance(expr, Symbol):
        return frozenset((expr,))
    inner = frozenset().union(*map(free_indices, expr.args))
    if not isinstance(expr, Binder):
        return inner
    return (free_indices(expr.body) - {expr.index}).union(*map(free_indices, expr.limit[1:]))


def substitute(expr: Expr, mapping: Mapping[Symbol, Expr]) -> Expr:
    """`expr` with free letters replaced all at once; a binder in the way is renamed first, so nothing is captured."""
    if isinstance(expr, Symbol):
        return mapping.get(expr, expr)
    if isinstance(expr, Quantity) or not expr.args:
        return expr
    if isinstance(expr, Binder):
        free, (body, letter, low, high) = free_indices(expr), expr.args
        live = {old: new for old, new in mapping.items() if old in free}
        inner = {old: new for old, new in live.items() if old != letter}
        if any(letter in free_indices(new) for new in inner.values()):
            body, (letter, _, _) = opened(expr)
        ends = (substitute_index(end, live) for end in (low, high))
        return expr.func(substitute(body, inner), letter, *ends) if live else expr
    first = getattr(expr, "first_index", len(expr.args))
    indices = tuple(substitute_index(part, mapping) for part in expr.args[first:])
    args = tuple(substitute(part, mapping) for part in expr.args[:first]) + indices
    return expr if all(map(is_, args, expr.args)) else rebuild(expr, args)


def substitute_index(expr: Expr, mapping: Mapping[Symbol, Expr]) -> Expr:
    """An index expression with letters replaced all at once, in lowest terms (l + 1 at l = l - 1 is l)."""
    if isinstance(expr, Symbol):
        return mapping.get(expr, expr)
    if isinstance(expr, Ref):
        return Ref(expr.quantity, *(substitute_index(part, mapping) for part in expr.indices))
    return expr.func(*(substitute_index(part, mapping) for part in expr.args)) if expr.args else expr


def substitute_limits(limits: tuple[Limit, ...], mapping: Mapping[Symbol, Expr]) -> tuple[Limit, ...]:
    """Ranges with letters replaced in their bounds."""
    return tuple((s, substitute_index(a, mapping), b and substitute_index(b, mapping)) for s, a, b in limits)


def sum_over(body: Expr, *limits: Limit) -> Expr:
    """The sum of `body` over indices, the first one outermost; each (letter, lower, upper) gets a fresh index."""
    return _bind(IndexSum, body, limits)


def each(ref: Ref, *limits: Limit) -> Expr:
    """The set of all instances of `ref` over indices, the first one outermost; without limits, the one instance."""
    return _bind(Each, ref, limits)


def _bind(kind: type[Binder], body: Expr, limits: tuple[Limit, ...]) -> Expr:
    for letter, low, high in reversed(limits):
        fresh = fresh_index(letter)
        body = kind(substitute(body, {letter: fresh}), fresh, low, high)
    return body


def replace_scalar(expr: Expr, old: Ref, new: Expr) -> Expr:
    """`expr` with the scalar `old` (a quantity without indices) replaced by `new`; no binder captures new's letters.

    Raises Malformed where old stands in a partial derivative, as it is not just a value there.
    """
    if expr == old or not expr.has(old):
        return new if expr == old else expr
    if isinstance(expr, Partial):
        raise Malformed(f"{old} stands inside a partial derivative, where it is not just a value")
    return _changed(expr, lambda part: replace_scalar(part, old, new))


def _changed(expr: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """`expr` with each of its parts changed; the body of a binder stands under a fresh letter then."""
    if isinstance(expr, Binder):
        body, limit = opened(expr)
        return expr.func(change(body), *limit)
    return rebuild(expr, tuple(map(change, expr.args)))


@lru_cache(maxsize=65536)
def canonical(expr: Basic, depth: int = 0) -> Basic:
    """`expr` with its bound letters replaced by one reserved letter a depth: equal exactly for α-equal expressions."""
    if depth == 0 and not free_indices(expr).isdisjoint(_LEVELS):
        raise Malformed("a letter of a canonical form stands free; it is reserved")
    if not expr.args or not parts_of(expr, Binder):
        return expr
    if isinstance(expr, Binder):
        while len(_LEVELS) <= depth:
            _LEVELS.append(Dummy(f"_{len(_LEVELS)}", integer=True))
        body, letter, low, high = expr.args
        opened_body = substitute(body, {letter: _LEVELS[depth]})
        return expr.func(canonical(opened_body, depth + 1), _LEVELS[depth], low, high)
    return rebuild(expr, tuple(canonical(part, depth) for part in expr.args))


def alpha_equal(left: Basic, right: Basic) -> bool:
    """Whether two expressions are the same up to the names of their bound indices."""
    return left == right or canonical(left) == canonical(right)


def opened(expr: Binder) -> tuple[Expr, Limit]:
    """The body of a binder and the limit of its index, under a fresh letter, equal to none around it."""
    body, letter, low, high = expr.args
    fresh = fresh_index(letter)
    return substitute(body, {letter: fresh}), (fresh, low, high)


def refreshed(expr: Expr) -> Expr:
    """`expr` with a fresh letter for every bound index."""
    return _changed(expr, refreshed) if parts_of(expr, Binder) else expr


def subterm(expr: Expr, path: Path) -> Expr:
    """The part of `expr` at a path. Raises Malformed where there is none."""
    for step in path:
        if not 0 <= step < len(expr.args):
            raise Malformed(f"no argument {step} in {expr}")
        expr = expr.args[step]
    return expr


def replace_at(expr: Expr, path: Path, new: Expr) -> Expr:
    """`expr` with the part at `path` replaced; letters bound on the way stay bound there, which is what is wanted."""
    if not path:
        return new
    subterm(expr, path[:1])
    args = list(expr.args)
    args[path[0]] = replace_at(args[path[0]], path[1:], new)
    return rebuild(expr, tuple(args))


def limits_on_path(expr: Expr, path: Path) -> Iterator[Limit]:
    """The bound indices, with their ranges, whose scope holds the part at `path`."""
    for step in path:
        if isinstance(expr, Binder) and step == 0:
            yield expr.limit
        expr = expr.args[step]
