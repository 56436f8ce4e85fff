"""A simpler way to write an expression: fractions cancelled, sums split and their constants taken out.

It is found with SymPy's `cancel` on letters that stand for whole quantities and sums; the kernel checks it.
"""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Dummy, Expr, Integer, Mul, Number, Pow, S, cancel, factor, together

from backprop_proofs.derivation.parts import factors_of, terms_of
from backprop_proofs.derivation.tidy import tidied
from backprop_proofs.language.binding import canonical, free_indices
from backprop_proofs.language.expressions import IndexSum, add, mul, negative, power


def simplified(expr: Expr) -> Expr:
    """`expr` in lowest terms, or in factors where that is shorter; positive terms first, sums last."""
    letters: dict[Expr, Dummy] = {}
    meant: dict[Dummy, Expr] = {}

    def letter(part: Expr) -> Dummy:
        known = letters.setdefault(canonical(part), Dummy())
        meant.setdefault(known, part)
        return known

    def evaluated(part: Expr) -> Expr:
        if isinstance(part, Number):
            return part
        if isinstance(part, Add | Mul):
            return part.func(*map(evaluated, part.args))
        if isinstance(part, Pow) and isinstance(part.exp, Integer):
            return evaluated(part.base) ** part.exp
        if isinstance(part, IndexSum):
            return Add(*(_summed(term, part, evaluated, letter) for term in terms_of(simplified(part.body))))
        return letter(part)

    lowest = cancel(together(evaluated(expr)))
    return tidied(_written(min(lowest, factor(lowest), key=lambda form: form.count_ops()), meant))


def _summed(term: Expr, total: IndexSum, evaluated: Callable[[Expr], Expr], letter: Callable[[Expr], Dummy]) -> Expr:
    """Σ_k c f(k) as c times the letter of Σ_k f(k)."""
    inside = [factor for factor in factors_of(term) if total.index in free_indices(factor)]
    outside = [evaluated(factor) for factor in factors_of(term) if factor not in inside]
    return Mul(*outside, letter(IndexSum(mul(*inside), *total.limit)))


def _written(expr: Expr, meant: dict[Dummy, Expr]) -> Expr:
    """SymPy's expression in our unevaluated one, each letter replaced by what it stands for."""
    if isinstance(expr, Dummy):
        return meant[expr]
    if isinstance(expr, Add):
        terms = sorted(expr.args, key=lambda term: (term.could_extract_minus_sign(), str(_written(term, meant))))
        return add(*(_written(term, meant) for term in terms))
    if isinstance(expr, Mul):
        number, rest = expr.as_coeff_Mul()
        parts = [_written(part, meant) for part in factors_of(rest)]
        product = mul(*sorted(parts, key=lambda part: (isinstance(part, IndexSum | Add), str(part))))
        return negative(product) if number is S.NegativeOne else mul(number, product)
    return power(_written(expr.base, meant), expr.exp) if isinstance(expr, Pow) else expr
