"""Letters, functions and ranges of the networks that are given as equations, and what a right gradient is."""

from __future__ import annotations

from sympy import Expr, Integer

from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.expressions import Fn, Quantity, Ref, add, negative, quotient
from backprop_proofs.language.indices import index

ONE, ZERO = Integer(1), Integer(0)
j, k, t, T, n, m = map(index, "jktTnm")
COST = Ref(Quantity("C"))
x, h, z, W, U, y = map(Quantity, "xhzWUy")
ROW, COLUMN, INPUT, TIME = (j, ONE, n), (k, ONE, n), (k, ONE, m), (t, ONE, T)


def exp(u: Expr) -> Expr:
    return Fn("exp", 0, u)


def tanh(u: Expr) -> Expr:
    return quotient(add(exp(u), negative(exp(negative(u)))), add(exp(u), exp(negative(u))))


def is_right(theorem: Theorem) -> None:
    check = check_exact(theorem.network, theorem.statement, theorem.limits)
    assert check.agrees, check.counterexample
    assert theorem.assumptions == ()
