"""Lines as small trees, for the generator of true and broken lines. It knows nothing of the package that is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import NamedTuple

CONSTANTS = frozenset(("L", "T"))  # the last layer and the last time: no letters that anything else may stand for


class At(NamedTuple):
    """An index: a letter and what is added to it; without a letter, a number."""

    letter: str
    offset: int = 0


class Limits(NamedTuple):
    """What a sum runs over, as written over it: from `low` to the size `name`, or that of a layer."""

    low: int
    name: str
    layer: At | None = None


class Term:
    """A term; every kind of it is one of the classes below."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Num(Term):
    value: Fraction


@dataclass(frozen=True, slots=True)
class Q(Term):
    """A quantity at indices; with fewer indices than it has, the whole vector or matrix."""

    name: str
    at: tuple[At, ...] = ()


@dataclass(frozen=True, slots=True)
class D(Term):
    """∂of/∂wrt: wrt made free, every other equation kept."""

    of: Term
    wrt: Q


@dataclass(frozen=True, slots=True)
class Fn(Term):
    name: str
    primes: int
    of: Term


@dataclass(frozen=True, slots=True)
class Add(Term):
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Mul(Term):
    """A product; of matrices, the matrix product."""

    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Had(Term):
    """The elementwise product of vectors."""

    factors: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Neg(Term):
    of: Term


@dataclass(frozen=True, slots=True)
class Div(Term):
    top: Term
    bottom: Term


@dataclass(frozen=True, slots=True)
class Pow(Term):
    of: Term
    exponent: int


@dataclass(frozen=True, slots=True)
class Sum(Term):
    letter: str
    of: Term
    limits: Limits | None = None


@dataclass(frozen=True, slots=True)
class Delta(Term):
    one: At
    other: At


@dataclass(frozen=True, slots=True)
class Transposed(Term):
    of: Term


@dataclass(frozen=True, slots=True)
class Norm(Term):
    """The square of the length of a vector; it stands in given parts only."""

    of: Term


@dataclass(frozen=True, slots=True)
class Opaque(Term):
    """Some function of all values of some quantities; it stands in definitions only."""

    of: tuple[Q, ...]


_ONE_INSIDE = (Neg, Fn, Pow, Sum, Transposed, Norm)


def children(term: Term) -> tuple[Term, ...]:
    """The terms directly inside one."""
    if isinstance(term, Mul | Had):
        return term.factors
    if isinstance(term, Add):
        return term.terms
    if isinstance(term, _ONE_INSIDE):
        return (term.of,)
    if isinstance(term, D):
        return (term.of, term.wrt)
    if isinstance(term, Div):
        return (term.top, term.bottom)
    return ()


def rebuilt(term: Term, new: tuple[Term, ...]) -> Term:
    """The same term with other terms inside."""
    if isinstance(term, Mul):
        return mul(*new)
    if isinstance(term, Had):
        return Had(new)
    if isinstance(term, Add):
        return add(*new)
    if isinstance(term, _ONE_INSIDE):
        return replace(term, of=new[0])
    if isinstance(term, D):
        assert isinstance(new[1], Q)
        return D(new[0], new[1])
    if isinstance(term, Div):
        return Div(*new)
    return term


ONE = Num(Fraction(1))


def mul(*factors: Term) -> Term:
    """A product, without products directly inside it, and without ones."""
    flat: list[Term] = []
    for factor in factors:
        flat.extend(factor.factors if isinstance(factor, Mul) else (factor,))
    flat = [factor for factor in flat if factor != ONE] or [ONE]
    return flat[0] if len(flat) == 1 else Mul(tuple(flat))


def add(*terms: Term) -> Term:
    """A sum of terms, without such sums directly inside it."""
    flat: list[Term] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, Add) else (term,))
    return flat[0] if len(flat) == 1 else Add(tuple(flat))


# Writing terms down briefly


@cache
def at(written: str) -> At:
    """An index: "l+1", "k", "2"."""
    if written.isdigit():
        return At("", int(written))
    for sign in "+-":
        if sign in written:
            letter, offset = written.split(sign)
            return At(letter, int(sign + offset))
    return At(written)


@cache
def q(written: str) -> Q:
    """A quantity: "w l+1 k j"."""
    name, *indices = written.split()
    return Q(name, tuple(map(at, indices)))


def d(of: str | Term, wrt: str) -> D:
    """A derivative: d("C", "z l j")."""
    return D(q(of) if isinstance(of, str) else of, q(wrt))


def s(letters: str, of: Term, limits: Limits | None = None) -> Term:
    """A sum, or several in one another: s("k m", ...)."""
    for letter in reversed(letters.split()):
        of = Sum(letter, of, limits)
    return of


def kron(one: str, other: str) -> Delta:
    """Kronecker's delta."""
    return Delta(at(one), at(other))


def num(top: int, bottom: int = 1) -> Num:
    """A number."""
    return Num(Fraction(top, bottom))


# Places in a term


class Place(NamedTuple):
    """A term inside another, what stands around it, and the letters bound there."""

    term: Term
    within: Callable[[Term], Term]
    bound: tuple[str, ...]
    path: tuple[Term, ...]


def places(term: Term, into_derivatives: bool = False) -> Iterator[Place]:
    """A term and all inside it, each before its parts."""
    yield from _places(term, _same, (), (), into_derivatives)


def _same(term: Term) -> Term:
    return term


def _places(
    term: Term, within: Callable[[Term], Term], bound: tuple[str, ...], path: tuple[Term, ...], deep: bool
) -> Iterator[Place]:
    yield Place(term, within, bound, path)
    if isinstance(term, D) and not deep:
        return
    inside = children(term)
    bound = (*bound, term.letter) if isinstance(term, Sum) else bound
    for number, child in enumerate(inside):

        def around(new: Term, number: int = number) -> Term:
            return within(rebuilt(term, (*inside[:number], new, *inside[number + 1 :])))

        yield from _places(child, around, bound, (*path, term), deep)


def size(term: Term) -> int:
    """The number of terms in a term."""
    return 1 + sum(map(size, children(term)))


def sums_deep(term: Term) -> int:
    """How many sums stand in one another."""
    return isinstance(term, Sum) + max(map(sums_deep, children(term)), default=0)


# Letters


def indices(term: Term) -> tuple[At, ...]:
    """The indices that stand on a term itself."""
    if isinstance(term, Q):
        return term.at
    if isinstance(term, Delta):
        return (term.one, term.other)
    if isinstance(term, Sum) and term.limits is not None and term.limits.layer is not None:
        return (term.limits.layer,)
    return ()


def free(term: Term) -> frozenset[str]:
    """The free letters of a term."""
    own = frozenset(index.letter for index in indices(term) if index.letter and index.letter not in CONSTANTS)
    inside = own.union(*map(free, children(term)))
    return inside - {term.letter} if isinstance(term, Sum) else inside


def letters(term: Term) -> frozenset[str]:
    """All letters of a term, free or bound."""
    own = frozenset(index.letter for index in indices(term) if index.letter and index.letter not in CONSTANTS)
    own |= {term.letter} if isinstance(term, Sum) else frozenset()
    return own.union(*map(letters, children(term)))


def put(term: Term, new: Mapping[str, At], pool: Iterator[str] | None = None) -> Term:
    """The term with other indices for free letters. Bound letters that would capture one get a new one from `pool`."""
    if isinstance(term, Q):
        return Q(term.name, tuple(_put(index, new) for index in term.at))
    if isinstance(term, Delta):
        return Delta(_put(term.one, new), _put(term.other, new))
    if isinstance(term, Sum):
        limits = term.limits
        if limits is not None and limits.layer is not None:
            limits = limits._replace(layer=_put(limits.layer, new))
        inner = {letter: index for letter, index in new.items() if letter != term.letter}
        letter, taken = term.letter, {index.letter for index in inner.values()}
        if letter in taken:
            assert pool is not None, f"{letter} would be captured"
            letter = next(letter for letter in pool if letter not in taken | letters(term.of))
            inner[term.letter] = At(letter)
        return Sum(letter, put(term.of, inner, pool), limits)
    inside = children(term)
    return rebuilt(term, tuple(put(child, new, pool) for child in inside)) if inside else term


def _put(index: At, new: Mapping[str, At]) -> At:
    found = new.get(index.letter)
    return index if found is None else At(found.letter, found.offset + index.offset)


def renamed(term: Term, new: Mapping[str, str]) -> Term:
    """The term with other letters everywhere, bound ones too; `new` must not join two letters."""
    if isinstance(term, Sum):
        limits = term.limits
        if limits is not None and limits.layer is not None:
            limits = limits._replace(layer=_renamed(limits.layer, new))
        return Sum(new.get(term.letter, term.letter), renamed(term.of, new), limits)
    if isinstance(term, Q):
        return Q(term.name, tuple(_renamed(index, new) for index in term.at))
    if isinstance(term, Delta):
        return Delta(_renamed(term.one, new), _renamed(term.other, new))
    inside = children(term)
    return rebuilt(term, tuple(renamed(child, new) for child in inside)) if inside else term


def _renamed(index: At, new: Mapping[str, str]) -> At:
    return At(new.get(index.letter, index.letter), index.offset)


# Matching, for rules


def match(pattern: Term, term: Term) -> dict[str, At] | None:
    """What the letters of a pattern stand for, so that it becomes the term; a pattern has no sums."""
    found: dict[str, At] = {}
    return found if _match(pattern, term, found) else None


def _match(pattern: Term, term: Term, found: dict[str, At]) -> bool:
    if type(pattern) is not type(term):
        return False
    if isinstance(pattern, Q) and isinstance(term, Q):
        return (
            pattern.name == term.name
            and len(pattern.at) == len(term.at)
            and all(_match_index(one, other, found) for one, other in zip(pattern.at, term.at, strict=True))
        )
    if isinstance(pattern, Fn) and isinstance(term, Fn) and (pattern.name, pattern.primes) != (term.name, term.primes):
        return False
    if not isinstance(pattern, Fn | D):
        return False
    return all(_match(one, other, found) for one, other in zip(children(pattern), children(term), strict=True))


def _match_index(pattern: At, index: At, found: dict[str, At]) -> bool:
    if not pattern.letter or pattern.letter in CONSTANTS:
        return pattern == index
    wanted = At(index.letter, index.offset - pattern.offset)
    return found.setdefault(pattern.letter, wanted) == wanted
