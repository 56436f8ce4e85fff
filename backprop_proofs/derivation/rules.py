"""The named steps of algebra and calculus: each finds what an expression turns into, and the kernel checks it.

None of this is trusted: a step is accepted only if both sides have the same normal form.
"""

from __future__ import annotations

from itertools import product

from sympy import Add, Expr, Mul, Number, Pow, Rational, S, Symbol

from backprop_proofs.derivation.parts import factors_of, terms_of
from backprop_proofs.errors import Refused
from backprop_proofs.kernel.calculus import of_part, slope, worked_out
from backprop_proofs.kernel.dependence import find_path, members, region_of
from backprop_proofs.kernel.normal_form import solved_for
from backprop_proofs.kernel.rules import Rewritten, Scope, checked, expect
from backprop_proofs.language.binding import alpha_equal, free_indices, fresh_index, opened, substitute
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Partial, Ref, add, mul, negative, power, quotient


def _derivative(expr: Expr, name: str, kinds: type | tuple[type, ...]) -> Partial:
    expect(isinstance(expr, Partial) and isinstance(expr.of, kinds), name, "the derivative of such a term", found=expr)
    return expr


def _part(of: Expr, whole: Partial, scope: Scope) -> Expr:
    """The derivative of a part of `whole.of`; there a quantity in the held set is a constant."""
    if isinstance(of, Ref) and any(members(instances).quantity == of.quantity for instances in whole.held):
        return of_part(of, whole, scope)
    return Partial(of, whole.wrt, *whole.held)


def _is_constant(of: Expr, whole: Partial, scope: Scope) -> bool:
    try:
        part = _part(of, whole, scope)
        return part is S.Zero or worked_out(part, scope, []) is S.Zero
    except Refused:
        return False


@checked
def linearity(expr: Expr, scope: Scope) -> Rewritten:
    """∂(c·f + g)/∂x = c ∂f/∂x + ∂g/∂x, for sums over an index too, c not depending on x.

    Why: a change of x changes a sum by the sum of the changes, and a constant factor scales the change.
    Source: calculus
    """
    whole = _derivative(expr, "linearity", (Add, Mul, IndexSum))

    def spread(of: Expr, at: Scope) -> Expr:
        if of is not whole.of and _is_constant(of, whole, at):
            return _part(of, whole, at)
        if isinstance(of, Add):
            return add(*(spread(term, at) for term in of.args))
        if isinstance(of, IndexSum):
            body, limit = opened(of)
            return IndexSum(spread(body, at._replace(facts=at.facts.extended((limit,)))), *limit)
        if isinstance(of, Mul):
            constant = [factor for factor in of.args if _is_constant(factor, whole, at)]
            rest = [factor for factor in of.args if factor not in constant]
            if constant and rest:
                return mul(*constant, spread(mul(*rest), at))
        return _part(of, whole, at)

    after = spread(whole.of, scope)
    expect(after != expr, "linearity", "a sum or a constant factor", found=whole.of)
    return Rewritten(after)


@checked
def product_rule(expr: Expr, scope: Scope) -> Rewritten:
    """∂(f g)/∂x = g ∂f/∂x + f ∂g/∂x, for any number of factors.

    Why: change one factor at a time and add the changes.
    Source: calculus
    """
    whole = _derivative(expr, "product-rule", Mul)
    factors = whole.of.args
    return Rewritten(
        add(*(mul(*factors[:n], *factors[n + 1 :], _part(factor, whole, scope)) for n, factor in enumerate(factors)))
    )


@checked
def quotient_rule(expr: Expr, scope: Scope) -> Rewritten:
    """∂(f/g)/∂x = (g ∂f/∂x - f ∂g/∂x)/g², where g ≠ 0.

    Why: the product rule for f · g^{-1}.
    Source: calculus
    """
    whole = _derivative(expr, "quotient-rule", Mul)
    bottoms = [factor for factor in whole.of.args if isinstance(factor, Pow) and factor.exp is S.NegativeOne]
    expect(len(bottoms) == 1, "quotient-rule", "one denominator", found=whole.of)
    top, bottom = mul(*(factor for factor in whole.of.args if factor is not bottoms[0])), bottoms[0].base
    change = add(mul(bottom, _part(top, whole, scope)), negative(mul(top, _part(bottom, whole, scope))))
    return Rewritten(quotient(change, power(bottom, 2)))


@checked
def power_rule(expr: Expr, scope: Scope) -> Rewritten:
    """∂f^r/∂x = r f^{r-1} ∂f/∂x, for a constant r; f ≠ 0 for a negative r, f > 0 for a broken one.

    Why: the product rule, r times over, and its extension to all rational powers.
    Source: calculus
    """
    whole = _derivative(expr, "power-rule", Pow)
    base, exponent = whole.of.args
    expect(isinstance(exponent, Rational), "power-rule", "a constant rational exponent", found=exponent)
    return Rewritten(mul(exponent, power(base, exponent - 1), _part(base, whole, scope)))


@checked
def function_rule(expr: Expr, scope: Scope) -> Rewritten:
    """∂f(u)/∂x = f'(u) ∂u/∂x, for a differentiable function f of one variable.

    Why: a small change of u is passed on with the slope f'(u).
    Source: calculus; Nielsen, chapter 2, after equation 38
    """
    whole = _derivative(expr, "function-rule", Fn)
    return Rewritten(mul(slope(whole.of), _part(whole.of.argument, whole, scope)))


@checked
def leaf(expr: Expr, scope: Scope) -> Rewritten:
    """∂x_i/∂x_j = [i = j], and ∂y/∂x = 0 where y does not depend on x.

    Why: a variable changes with itself at rate 1; what no path from x reaches does not change.
    Source: calculus; Nielsen, chapter 2, before equation 38
    """
    expect(isinstance(expr, Partial), "leaf", "a derivative", found=expr)
    if isinstance(expr.of, Ref):
        path = find_path(scope.network, region_of(expr.wrt), region_of(expr.of), expr.held, scope.facts)
        found = " -> ".join(map(str, path or ()))
        expect(not path, "leaf", "no path from {} to {}", expr.wrt, expr.of, found=found)
    after = worked_out(expr, scope, [])
    single = isinstance(expr.of, Ref) or after is S.Zero
    expect(single, "leaf", "an expression that does not depend on {}", expr.wrt, found=expr.of)
    return Rewritten(after, f"no path leads from {expr.wrt} to it" if after is S.Zero else "")


def _sum(expr: Expr, name: str) -> IndexSum:
    expect(isinstance(expr, IndexSum), name, "a sum over an index", found=expr)
    return expr


@checked
def kronecker_collapse(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_{k=a}^{b} [k = e] f(k) = f(e), where e is known to lie in a..b.

    Why: every term with k ≠ e has the factor 0, and exactly one term of the sum has k = e.
    Source: Nielsen, chapter 2, from equation 37 to 38
    """
    body, (letter, low, high) = opened(_sum(expr, "kronecker-collapse"))
    factors, found = factors_of(body), "no such factor"
    for place, factor in enumerate(factors):
        value = solved_for(letter, factor.args[0] - factor.args[1]) if isinstance(factor, Delta) else None
        if value is None:
            continue
        if scope.facts.within(value, low, high):
            rest = mul(*factors[:place], *factors[place + 1 :])
            return Rewritten(substitute(rest, {letter: value}), f"{letter.name} → {value}")
        found = f"that {value} is not known to lie in {low}..{high}"
    raise Refused("kronecker-collapse", f"a delta of {letter.name} and a value in its range", found)


@checked
def split_sum(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_k c (f + g) = Σ_k c f + Σ_k c g.

    Why: the terms of a finite sum may be added in any order.
    Source: algebra
    """
    body, limit = opened(_sum(expr, "split-sum"))
    terms = _spread(body)
    expect(len(terms) > 1, "split-sum", "a sum of terms under Σ", found=body)
    return Rewritten(add(*(IndexSum(term, *limit) for term in terms)))


def _spread(body: Expr) -> list[Expr]:
    """The terms of a product that has sums of terms among its factors, multiplied out."""
    options = [terms_of(factor) for factor in factors_of(body)]
    terms = [mul(*sorted(chosen, key=lambda factor: not isinstance(factor, Number))) for chosen in product(*options)]
    return [part for term in terms for part in _spread(term)] if len(terms) > 1 else terms


@checked
def factor_out(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_k c f(k) = c Σ_k f(k), where k does not stand in c.

    Why: c is the same in every term, so it can be taken in front.
    Source: algebra (distributivity)
    """
    body, limit = opened(_sum(expr, "factor-out"))
    inside = [factor for factor in factors_of(body) if limit[0] in free_indices(factor)]
    first = factors_of(body).index(inside[0]) if inside else 0
    outside = [(at, factor) for at, factor in enumerate(factors_of(body)) if limit[0] not in free_indices(factor)]
    expect(outside and inside, "factor-out", "a factor without {}, and one with it", limit[0].name, found=body)
    before, after = [f for at, f in outside if at < first], [f for at, f in outside if at > first]
    return Rewritten(mul(*before, IndexSum(mul(*inside), *limit), *after))


@checked
def factor_in(expr: Expr, scope: Scope) -> Rewritten:
    """c Σ_k f(k) = Σ_k c f(k), where k does not stand in c.

    Why: multiplying a sum by c multiplies each of its terms.
    Source: algebra (distributivity)
    """
    sums = [part for part in factors_of(expr) if isinstance(part, IndexSum)]
    expect(isinstance(expr, Mul) and sums, "factor-in", "a product with a sum over an index", found=expr)
    at = expr.args.index(sums[0])
    body, limit = opened(sums[0])
    return Rewritten(IndexSum(mul(*expr.args[:at], body, *expr.args[at + 1 :]), *limit))


@checked
def shares_add_to_one(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_k f(k) · (Σ_m f(m))^{-1} = 1, where Σ_m f(m) ≠ 0.

    Why: the shares of a whole add up to the whole; both sums are the same number, whatever their index is called.
    Source: algebra; Nielsen, chapter 3, equation 79 (softmax outputs sum to 1)
    """
    sums = [part for part in factors_of(expr) if isinstance(part, IndexSum)]
    for total in sums:
        for share in factors_of(expr):
            if isinstance(share, Pow) and share.exp is S.NegativeOne and alpha_equal(share.base, total):
                return Rewritten(mul(*(part for part in factors_of(expr) if part not in (total, share))))
    raise Refused("shares-add-to-one", "a sum over the same sum", str(expr))


@checked
def exchange_sums(expr: Expr, scope: Scope) -> Rewritten:
    """Σ_k Σ_m f = Σ_m Σ_k f, where k does not stand in the range of m.

    Why: both add up the same finite table, once by rows and once by columns.
    Source: algebra
    """
    inner, outer_limit = opened(_sum(expr, "exchange-sums"))
    body, limit = opened(_sum(inner, "exchange-sums"))
    apart = outer_limit[0] not in free_indices(limit[1]) | free_indices(limit[2])
    expect(apart, "exchange-sums", "a range without {}", outer_limit[0].name, found=limit[1:])
    return Rewritten(IndexSum(IndexSum(body, *outer_limit), *limit))


@checked
def rename(expr: Expr, scope: Scope, letter: Symbol) -> Rewritten:
    """Σ_k f(k) = Σ_m f(m).

    Why: the name of a bound index is not part of the value; a new letter avoids a clash.
    Source: algebra
    """
    body, (old, low, high) = opened(_sum(expr, "rename"))
    new = fresh_index(letter)
    return Rewritten(IndexSum(substitute(body, {old: new}), new, low, high))
