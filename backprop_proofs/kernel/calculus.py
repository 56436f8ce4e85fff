"""The primitive rules of calculus: definitions, the one chain rule, and what a derivative of an expression is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import product
from types import MappingProxyType

from sympy import Add, Expr, Integer, Mul, Number, Pow, Rational, S, Symbol

from backprop_proofs.errors import Refused
from backprop_proofs.kernel.dependence import covered, find_path, may_meet, members, region_of, unpacked
from backprop_proofs.kernel.rules import Hypothesis, Rewritten, Scope, expect, primitive
from backprop_proofs.language.binding import (
    alpha_equal,
    each,
    opened,
    refreshed,
    replace_scalar,
    substitute,
    substitute_limits,
    sum_over,
)
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Opaque, Partial, Ref, add, mul, parts_of, power
from backprop_proofs.language.network import Definition, Network

# The derivatives that are given: e^u, ln u (u > 0), max(0, u) and its step (u ≠ 0), the normal distribution function
# and its density. All others follow from a formula.
_GIVEN: Mapping[str, tuple[Callable[[Expr], Expr], str]] = MappingProxyType(
    {
        "exp": (lambda u: Fn("exp", 0, u), ""),
        "log": (lambda u: power(u, -1), "positive"),
        "relu": (lambda u: Fn("step", 0, u), "nonzero"),
        "step": (lambda u: S.Zero, "nonzero"),
        "normal_cdf": (lambda u: Fn("normal_pdf", 0, u), ""),
        "normal_pdf": (lambda u: mul(S.NegativeOne, u, Fn("normal_pdf", 0, u)), ""),
    }
)


def _unfolded(ref: Ref, scope: Scope) -> Expr:
    """The right side of the equation that defines `ref` where it stands. Raises Refused where none is in force."""
    for known in scope.network.definitions + (() if scope.around else scope.network.abbreviations):
        if known.ref.quantity == ref.quantity and (given := _matched(known, ref, scope)) is not None:
            for partial in scope.around:
                kept = not may_meet(region_of(ref), region_of(partial.wrt), scope.facts)
                expect(kept, "definition", "the equation of {}, which is dropped, not to be used", ref, found=partial)
                held = any(members(instances).quantity == ref.quantity for instances in partial.held)
                expect(ref == partial.of or not held, "definition", "{} not to be held fixed", ref, found=partial)
            return refreshed(substitute(known.body, given))
    raise Refused("definition", f"an equation that defines {ref}", "none that is known to hold for these indices")


def _matched(known: Definition, ref: Ref, scope: Scope) -> dict[Symbol, Expr] | None:
    letters = {letter for letter, _, _ in known.limits}
    pairs = list(zip(known.ref.indices, ref.indices, strict=True))
    given = {letter: value for letter, value in pairs if letter in letters}
    fits = all(scope.facts.equal(index, value) for index, value in pairs if index not in letters) and all(
        scope.facts.within(given[letter], low, high) for letter, low, high in substitute_limits(known.limits, given)
    )
    return given if fits else None


@primitive
def definition(expr: Expr, scope: Scope, to: Ref | None = None) -> Rewritten:
    """x = f(...), an equation of the network, read from left to right, or, towards `to`, from right to left.

    Why: the network's own equation, or the meaning of a name, says that both sides are the same number.
    Source: the network's equations; Nielsen, chapter 2, equations 23, 25 and 29
    """
    ref = expr if to is None else to
    expect(isinstance(ref, Ref), "definition", "a quantity", found=ref)
    scope.network.check(ref, scope.facts)
    body = _unfolded(ref, scope)
    expect(to is None or alpha_equal(body, expr), "definition", "the right side of the equation of {}", to, found=expr)
    return Rewritten(body if to is None else to)


@primitive
def function_definition(expr: Expr, scope: Scope, to: Fn | None = None) -> Rewritten:
    """f(u) = its formula, or, towards `to`, the formula = f(u).

    Why: this is what the name of the function stands for.
    Source: the table of activations
    """
    call = expr if to is None else to
    expect(isinstance(call, Fn) and call.primes == 0, "function-definition", "the value of a function", found=call)
    scope.network.check(call, scope.facts)
    formula = scope.network.function(call.name)
    if formula is None:
        raise Refused("function-definition", "a function with a formula", call.name)
    written = replace_scalar(formula.body, formula.variable, call.argument)
    expect(to is None or alpha_equal(written, expr), "function-definition", "the formula of {}", to, found=expr)
    return Rewritten(written if to is None else to)


@primitive
def chain_rule(expr: Expr, scope: Scope, through: tuple[Expr, ...]) -> Rewritten:
    """∂Y/∂X = Σ_{V in S} ∂Y/∂V · ∂V/∂X, for a set S that every path from X to Y meets, the rest of S held fixed.

    Why: every path from X to Y has one first member of S, so sorting the paths by it counts each of them once.
    Source: the multivariate chain rule; Nielsen, chapter 2, equations 37 and 41
    """
    expect(isinstance(expr, Partial) and isinstance(expr.of, Ref), "chain-rule", "∂Y/∂X of two quantities", found=expr)
    network, facts, start, end = scope.network, scope.facts, region_of(expr.wrt), region_of(expr.of)
    expect(not may_meet(start, end, facts), "chain-rule", "two different quantities", found=expr, remedy="use leaf")
    regions = list(map(members, through))
    for place, region in enumerate(regions):
        network.check_set(through[place], facts)
        apart = not any(may_meet(region, other, facts) for other in (start, *map(members, expr.held)))
        expect(apart, "chain-rule", "a set without {} and what is held fixed", expr.wrt, found=region)
        expect(not network.is_abbreviation(region.quantity.name), "chain-rule", "network quantities", found=region)
        twice = any(may_meet(region, other, facts) for other in regions[:place])
        expect(not twice, "chain-rule", "a set that names each member once", found=region)
    missed = " -> ".join(map(str, find_path(network, start, end, through + expr.held, facts) or ()))
    wanted, remedy = "every path from {} to {} to meet the set", "add a quantity of that path to the set"
    expect(not missed, "chain-rule", wanted, expr.wrt, expr.of, found=missed, remedy=remedy)
    pairs = product(regions, map(members, through))
    linked = any(find_path(network, one, other, (), facts.given(one.where + other.where)) for one, other in pairs)
    held = expr.held + (through if linked else ())
    sets = [unpacked(instances) for instances in through]
    terms = (sum_over(mul(Partial(expr.of, v, *expr.held), Partial(v, expr.wrt, *held)), *limits) for v, limits in sets)
    note = "the rest of the set is held fixed, since its members depend on each other" if linked else ""
    return Rewritten(add(*terms), note, smoothness(network))


def worked_out(partial: Partial, scope: Scope, needs: list[Hypothesis]) -> Expr:
    """The derivative by the rules of sums, products, powers and functions, down to derivatives of single quantities.

    ∂x_i/∂x_j is [i = j] where no path leads from the one to the other, and ∂y/∂x is 0 where no path leads from x to y.
    What it rests on is added to `needs`.
    """
    if isinstance(partial.of, Ref):
        return _leaf(partial.of, partial, scope)

    def d(of: Expr, at: Scope) -> Expr:
        if isinstance(of, Ref):
            return of_part(of, partial, at)
        if isinstance(of, Number | Symbol | Delta):
            return S.Zero
        if isinstance(of, Add):
            return add(*(d(term, at) for term in of.args))
        if isinstance(of, Mul):
            return add(*(mul(*of.args[:n], d(factor, at), *of.args[n + 1 :]) for n, factor in enumerate(of.args)))
        if isinstance(of, IndexSum):
            body, limit = opened(of)
            inner = d(body, at._replace(facts=at.facts.extended((limit,))))
            return S.Zero if inner is S.Zero else IndexSum(inner, *limit)
        if isinstance(of, Pow) and isinstance(of.exp, Rational):
            inner = d(of.base, at)
            if inner is not S.Zero:
                needs.extend(_power_needs(of, at.network))
            return mul(of.exp, power(of.base, of.exp - 1), inner)
        if isinstance(of, Fn):
            inner = d(of.argument, at)
            if inner is not S.Zero:
                needs.extend(hypotheses_of(of, at))
            return mul(slope(of), inner)
        if isinstance(of, Opaque):
            sets = map(unpacked, of.args[1:])
            moved = any(d(ref, at._replace(facts=at.facts.extended(limits))) is not S.Zero for ref, limits in sets)
            expect(not moved, "derivative", "a formula", found=of)
            return S.Zero
        raise Refused("derivative", "a sum, a product, a power or a function", str(of))

    return d(partial.of, scope)


def slope(call: Fn) -> Expr:
    """f'(u) of f(u)."""
    given = _GIVEN.get(call.name) if call.primes == 0 else None
    return given[0](call.argument) if given else Fn(call.name, call.primes + 1, call.argument)


def of_part(of: Ref, partial: Partial, scope: Scope) -> Expr:
    """The derivative of a quantity that stands in `partial.of`, where it is a constant if it is held fixed."""
    if not any(members(instances).quantity == of.quantity for instances in partial.held):
        return _leaf(of, partial, scope)
    here, start, facts = region_of(of), region_of(partial.wrt), scope.facts
    fixed = covered(here, partial.held, facts) or not (
        may_meet(start, here, facts) or find_path(scope.network, start, here, partial.held, facts, outside=True)
    )
    expect(fixed, "derivative", "to know whether {} is held fixed", of, found=partial)
    return S.Zero


def _leaf(of: Ref, partial: Partial, scope: Scope) -> Expr:
    start, end = region_of(partial.wrt), region_of(of)
    if find_path(scope.network, start, end, partial.held, scope.facts):
        return Partial(of, partial.wrt, *partial.held)
    if not may_meet(start, end, scope.facts):
        return S.Zero
    pairs = zip(of.indices, partial.wrt.indices, strict=True)
    return mul(*(Delta(i, j) for i, j in pairs if not scope.facts.equal(i, j)))


def hypotheses_of(call: Fn, scope: Scope) -> tuple[Hypothesis, ...]:
    """What the derivative of a function rests on: at its argument, or wherever the network uses it, if it does so."""
    for known in scope.network.definitions:
        for use in parts_of(known.body, Fn):
            alike = use.args[:2] == call.args[:2] and isinstance(use.argument, Ref) and isinstance(call.argument, Ref)
            if alike and covered(region_of(call.argument), (each(use.argument, *known.limits),), scope.facts):
                return tuple(need.for_all(known.limits) for need in _needs(use, scope.network))
    return _needs(call, scope.network)


@lru_cache(maxsize=256)
def smoothness(network: Network) -> tuple[Hypothesis, ...]:
    """What every derivative in the network rests on, for all instances: its functions differentiable where used."""
    opaque = [Hypothesis("differentiable", call.name) for d in network.definitions for call in parts_of(d.body, Opaque)]
    needs = [need.for_all(d.limits) for d in network.definitions for need in _needs(d.body, network)]
    return tuple(dict.fromkeys(needs + opaque))


def _needs(expr: Expr, network: Network) -> tuple[Hypothesis, ...]:
    """What the derivative of a formula rests on."""
    needs = [need for part in parts_of(expr, Pow) for need in _power_needs(part, network)]
    for call in parts_of(expr, Fn):
        formula = network.function(call.name)
        if call.name in _GIVEN:
            needs += nonzero(call.argument, network, _GIVEN[call.name][1]) if _GIVEN[call.name][1] else ()
        elif formula is None or call.primes:
            needs.append(Hypothesis("differentiable", call.name + "'" * call.primes))
        else:
            needs += _needs(replace_scalar(formula.body, formula.variable, call.argument), network)
    return tuple(sorted(set(needs), key=str))


def _power_needs(part: Pow, network: Network) -> tuple[Hypothesis, ...]:
    if isinstance(part.exp, Integer):
        return nonzero(part.base, network) if part.exp < 0 else ()
    return nonzero(part.base, network, "positive")


def nonzero(expr: Expr, network: Network, kind: str = "nonzero") -> tuple[Hypothesis, ...]:
    """The hypothesis that `expr` is not 0 (or is positive); none where it certainly is positive."""
    if isinstance(expr, Pow) and isinstance(expr.exp, Rational) and kind == "nonzero":
        return nonzero(expr.base, network, "nonzero" if isinstance(expr.exp, Integer) else "positive")
    return () if _is_positive(expr, network) else (Hypothesis(kind, expr),)


def _is_positive(expr: Expr, network: Network) -> bool:
    """Whether `expr` is made of positive numbers, sizes and exponentials by +, · and powers, or a full sum of such."""
    if isinstance(expr, Fn):
        return expr.name == "exp" and expr.primes == 0
    if isinstance(expr, Pow):
        return _is_positive(expr.base, network) and isinstance(expr.exp, Rational)
    if isinstance(expr, IndexSum):
        full = network.facts().within(expr.limit[1], expr.limit[1], expr.limit[2])
        return full and _is_positive(expr.body, network)
    parts = isinstance(expr, Add | Mul) and all(_is_positive(part, network) for part in expr.args)
    return parts or (isinstance(expr, Number) and bool(expr > 0)) or network.is_size(expr)
