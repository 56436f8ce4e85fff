"""The terms of a sum and the factors of a product, one where it is neither."""

from __future__ import annotations

from sympy import Add, Expr, Mul


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    """The terms of a sum; of anything else, itself."""
    return expr.args if isinstance(expr, Add) else (expr,)


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    """The factors of a product; of anything else, itself."""
    return expr.args if isinstance(expr, Mul) else (expr,)
