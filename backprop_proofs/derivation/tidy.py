"""A neater way to write an expression: numbers collected, signs moved inwards. The kernel checks that it is equal."""

from __future__ import annotations

from sympy import Add, Expr, Integer, Mul, Number, Pow, S

from backprop_proofs.derivation.parts import factors_of, terms_of
from backprop_proofs.language.expressions import Fn, IndexSum, Partial, Ref, add, mul, negative, power, rebuild


def tidied(expr: Expr) -> Expr:
    """`expr` with its numbers multiplied together and in front, and -(y - a) written a - y."""
    if isinstance(expr, Partial | Ref) or not expr.args:
        return expr
    if isinstance(expr, Fn | IndexSum):
        body = 2 if isinstance(expr, Fn) else 0
        args = tuple(tidied(arg) if place == body else arg for place, arg in enumerate(expr.args))
        return rebuild(expr, args)
    if not isinstance(expr, Add | Mul | Pow):
        return expr
    args = tuple(map(tidied, expr.args))
    if isinstance(expr, Add):
        return add(*args)
    if isinstance(expr, Pow):
        return _power(*args)
    return _product(args)


def _power(base: Expr, exponent: Expr) -> Expr:
    if exponent is S.Zero:
        return S.One
    if isinstance(base, Mul) and isinstance(exponent, Integer) and any(isinstance(part, Number) for part in base.args):
        return _product(tuple(_power(part, exponent) for part in base.args))
    return base**exponent if isinstance(base, Number) and isinstance(exponent, Integer) else power(base, exponent)


def _product(factors: tuple[Expr, ...]) -> Expr:
    number: Expr = S.One
    rest: list[Expr] = []
    for factor in factors_of(mul(*factors)):
        if isinstance(factor, Number):
            number = number * factor
        else:
            rest.append(factor)
    flip = next((place for place, factor in enumerate(rest) if isinstance(factor, Add) and _has_minus(factor)), None)
    if number.is_negative and flip is not None:
        number, rest[flip] = -number, _flipped(rest[flip])
    return mul(number, *rest)


def _has_minus(total: Expr) -> bool:
    return any(isinstance(term, Mul) and term.args[0] is S.NegativeOne for term in total.args)


def _flipped(total: Expr) -> Expr:
    """-total, the terms that lose their minus sign first."""
    terms = [mul(*t.args[1:]) if isinstance(t, Mul) and t.args[0] is S.NegativeOne else negative(t) for t in total.args]
    return add(*sorted(terms, key=lambda t: isinstance(t, Mul) and t.args[0] is S.NegativeOne))


def sums_last(expr: Expr) -> Expr:
    """The terms of `expr` with their factors in order, but for sums, which come last: 1/m Σ_i f."""
    if isinstance(expr, Add):
        return add(*map(sums_last, expr.args))
    return mul(*sorted(factors_of(expr), key=lambda factor: isinstance(factor, IndexSum)))


def factored(total: Expr) -> Expr:
    """`total` with the factors that all of its terms share in front, Σ's terms in the order a, ∂C/∂a."""
    terms = [_ordered(tidied(term)) for term in terms_of(total)]
    shared = [factor for factor in factors_of(terms[0]) if not isinstance(factor, Number)]
    shared = [factor for factor in shared if all(factor in factors_of(term) for term in terms)]
    if len(terms) < 2 or not shared:
        return add(*terms)
    return mul(*shared, add(*(_without(term, shared) for term in terms)))


def _without(term: Expr, shared: list[Expr]) -> Expr:
    rest = list(factors_of(term))
    for factor in shared:
        rest.remove(factor)
    return mul(*rest) if rest else S.One


def _ordered(term: Expr) -> Expr:
    """The term with its factors in the order numbers, quantities, functions, sums, derivatives."""
    if isinstance(term, IndexSum):
        return rebuild(term, (_ordered(term.body), *term.limit))
    if not isinstance(term, Mul):
        return term
    rank = (Number, Ref, Fn, Pow, Add, IndexSum, Partial)
    return mul(
        *sorted(map(_ordered, term.args), key=lambda f: next(n for n, kind in enumerate(rank) if isinstance(f, kind)))
    )
