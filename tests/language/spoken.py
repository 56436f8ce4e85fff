"""An independent account of the language: sentences as plain tuples with named binders, and what they are worth.

A sentence is built twice, once as a tuple whose meaning is given here by environments (a name is looked up in the
innermost binder), and once as an expression of the package. Whatever the package does to its expression, the numbers
must stay those of the tuple.

    ("ref", name, indices)  ("delta", i, j)  ("fn", name, primes, s)  ("add", s, t)  ("mul", s, t)
    ("pow", s, exponent)  ("sum", letter, low, high, s)  ("num", p, q)
    ("partial", ref, ref)  ("opaque", ref, letter, low, high)

An index is (letter or None, offset): letter + offset.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.language.binding import each, fresh_index, opened, substitute, sum_over
from backprop_proofs.language.expressions import (
    Binder,
    Delta,
    Each,
    Fn,
    IndexSum,
    Opaque,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    power,
)
from backprop_proofs.language.indices import index

LETTERS = ("i", "j", "k")
Index = tuple[str | None, int]
Sentence = tuple[Any, ...]
Values = dict[Symbol, int]


def number(*key: object) -> Fraction:
    """A small rational number, never 0, that depends on nothing but the key."""
    digest = hashlib.sha256(repr(key).encode()).digest()
    return Fraction(digest[0] * 256 + digest[1] + 1, digest[2] + 1)


# What an expression of the package is worth


def index_value(expr: Basic, values: Values) -> int:
    if isinstance(expr, Integer):
        return int(expr)
    if isinstance(expr, Symbol):
        return values[expr]
    parts = [index_value(part, values) for part in (expr.indices if isinstance(expr, Ref) else expr.args)]
    if isinstance(expr, Ref):
        return size_value(expr.name, tuple(parts))
    if isinstance(expr, Add):
        return sum(parts)
    assert isinstance(expr, Mul), expr
    result = 1
    for part in parts:
        result *= part
    return result


def size_value(name: str, at: tuple[int, ...]) -> int:
    return 1 + int(number("size", name, at).numerator) % 3


def instances(part: Expr, values: Values) -> tuple[object, ...]:
    """The scalars in a set, as (name, index values)."""
    if isinstance(part, Each):
        low, high = (index_value(bound, values) for bound in part.limit[1:])
        return tuple(
            one for value in range(low, high + 1) for one in instances(part.body, {**values, part.index: value})
        )
    assert isinstance(part, Ref), part
    return ((part.name, tuple(index_value(at, values) for at in part.indices)),)


def worth(expr: Expr, values: Values) -> Fraction:
    """The number an expression is, where its free letters have these values; quantities are fixed random numbers."""
    match expr:
        case Ref():
            return number("ref", *instances(expr, values))
        case Delta():
            left, right = (index_value(part, values) for part in expr.args)
            return Fraction(int(left == right))
        case IndexSum():
            low, high = (index_value(bound, values) for bound in expr.limit[1:])
            terms = (worth(expr.body, {**values, expr.index: value}) for value in range(low, high + 1))
            return sum(terms, Fraction(0))
        case Fn():
            return number("fn", expr.name, expr.primes, worth(expr.argument, values))
        case Partial():
            held = tuple(instances(part, values) for part in expr.held)
            return number("partial", *(instances(part, values) for part in (expr.of, expr.wrt)), *held)
        case Opaque():
            return number("opaque", expr.name, *(instances(part, values) for part in expr.args[1:]))
        case Add():
            return sum((worth(term, values) for term in expr.args), Fraction(0))
        case Mul():
            product = Fraction(1)
            for factor in expr.args:
                product *= worth(factor, values)
            return product
        case Pow():
            return worth(expr.base, values) ** int(expr.exp)
        case Rational():
            return Fraction(int(expr.p), int(expr.q))
    raise AssertionError(f"no meaning is given to {expr!r}")


# What a sentence is worth, by environments


def said_index(at: Index, names: dict[str, int]) -> int:
    return (names[at[0]] if at[0] else 0) + at[1]


def said(sentence: Sentence, names: dict[str, int]) -> Fraction:
    """The number a sentence is, its letters looked up in `names`; the same quantities as in `worth`."""

    def one(ref: Sentence, inner: dict[str, int]) -> object:
        return (ref[1], tuple(said_index(at, inner) for at in ref[2]))

    match sentence:
        case ("ref", *_):
            return number("ref", one(sentence, names))
        case ("delta", left, right):
            return Fraction(int(said_index(left, names) == said_index(right, names)))
        case ("fn", name, primes, inner):
            return number("fn", name, primes, said(inner, names))
        case ("add", left, right):
            return said(left, names) + said(right, names)
        case ("mul", left, right):
            return said(left, names) * said(right, names)
        case ("pow", base, exponent):
            return said(base, names) ** exponent
        case ("num", p, q):
            return Fraction(p, q)
        case ("sum", letter, low, high, body):
            span = range(said_index(low, names), said_index(high, names) + 1)
            return sum((said(body, {**names, letter: value}) for value in span), Fraction(0))
        case ("partial", of, wrt):
            return number("partial", (one(of, names),), (one(wrt, names),))
        case ("opaque", ref, letter, low, high):
            span = range(said_index(low, names), said_index(high, names) + 1)
            return number("opaque", "F", tuple(one(ref, {**names, letter: value}) for value in span))
    raise AssertionError(sentence)


# A sentence as an expression of the package


def spoken_index(at: Index) -> Expr:
    return (index(at[0]) if at[0] else Integer(0)) + at[1]


def spoken(sentence: Sentence) -> Expr:
    """The expression of the package that says the sentence."""
    match sentence:
        case ("ref", name, indices):
            return Ref(Quantity(name), *map(spoken_index, indices))
        case ("delta", left, right):
            return Delta(spoken_index(left), spoken_index(right))
        case ("fn", name, primes, inner):
            return Fn(name, primes, spoken(inner))
        case ("add", left, right):
            return add(spoken(left), spoken(right))
        case ("mul", left, right):
            return mul(spoken(left), spoken(right))
        case ("pow", base, exponent):
            return power(spoken(base), exponent)
        case ("num", p, q):
            return Rational(p, q)
        case ("sum", letter, low, high, body):
            return sum_over(spoken(body), (index(letter), spoken_index(low), spoken_index(high)))
        case ("partial", of, wrt):
            return Partial(spoken(of), spoken(wrt))
        case ("opaque", ref, letter, low, high):
            return Opaque("F", each(spoken(ref), (index(letter), spoken_index(low), spoken_index(high))))
    raise AssertionError(sentence)


# Sentences without names: bound letters as distances to their binders (de Bruijn), nested sums and products flat


def nameless(sentence: Sentence, bound: tuple[str, ...] = ()) -> Sentence:
    """The sentence with bound letters replaced by the distance to their binder: equal exactly for α-equal ones."""

    def at(part: Index) -> object:
        return (bound.index(part[0]) if part[0] in bound else part[0], part[1])

    def ref(part: Sentence, inner: tuple[str, ...]) -> Sentence:
        return nameless(part, inner)

    match sentence:
        case ("ref", name, indices):
            return ("ref", name, tuple(map(at, indices)))
        case ("delta", left, right):
            return ("delta", at(left), at(right))
        case ("fn", name, primes, inner):
            return ("fn", name, primes, nameless(inner, bound))
        case ("add" | "mul" as kind, left, right):
            parts = [nameless(part, bound) for part in (left, right)]
            return (kind, *(one for part in parts for one in (part[1:] if part[0] == kind else (part,))))
        case ("pow", base, exponent):
            return ("pow", nameless(base, bound), exponent)
        case ("num", _, _):
            return sentence
        case ("sum", letter, low, high, body):
            return ("sum", at(low), at(high), nameless(body, (letter, *bound)))
        case ("partial", of, wrt):
            return ("partial", ref(of, bound), ref(wrt, bound))
        case ("opaque", inner, letter, low, high):
            return ("opaque", at(low), at(high), ref(inner, (letter, *bound)))
    raise AssertionError(sentence)


# Random sentences: few letters, so that names clash as often as they can

letters = st.sampled_from(LETTERS)
indices = st.tuples(st.none() | letters, st.integers(-1, 2))
refs = st.tuples(st.just("ref"), st.sampled_from("wx"), st.tuples(indices, indices))
lows = st.tuples(st.none() | letters, st.integers(-1, 1))
highs = st.tuples(st.none() | letters, st.integers(0, 3))
numbers = st.sampled_from([("num", 2, 1), ("num", -1, 1), ("num", 1, 2)])
atoms = (
    refs
    | st.tuples(st.just("delta"), indices, indices)
    | st.tuples(st.just("partial"), refs, refs)
    | st.tuples(st.just("opaque"), refs, letters, lows, highs)
    | numbers
)


def _larger(inner: st.SearchStrategy[Sentence]) -> st.SearchStrategy[Sentence]:
    sums = st.tuples(st.just("sum"), letters, lows, highs, inner)
    return (
        sums
        | sums
        | st.tuples(st.sampled_from(["add", "mul"]), inner, inner)
        | st.tuples(st.just("fn"), st.sampled_from("fg"), st.integers(0, 2), inner)
        | st.tuples(st.just("pow"), inner, st.just(2))
    )


sentences = st.recursive(atoms, _larger, max_leaves=6)
environments = st.fixed_dictionaries({letter: st.integers(-1, 3) for letter in LETTERS})


def values_of(names: dict[str, int]) -> Values:
    return {index(letter): value for letter, value in names.items()}


def rename_bound(binder: Binder, letter: Symbol) -> Expr:
    """The binder with its index printed as `letter`: its body opened, and bound again under a fresh index."""
    body, (old, low, high) = opened(binder)
    fresh = fresh_index(letter)
    return binder.func(substitute(body, {old: fresh}), fresh, low, high)
