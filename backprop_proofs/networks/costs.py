"""Costs as data: one record each, a formula in the output activations and the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Fn, Opaque, Ref, add, mul, negative, power
from backprop_proofs.language.indices import Limit

OutputOf = Callable[[Symbol], Ref]
ONE = Integer(1)


@dataclass(frozen=True)
class Cost:
    """A scalar of the outputs a_j and the labels y_j, j running over the output layer."""

    name: str
    says: str
    formula: Callable[[OutputOf, OutputOf, Limit], Expr]
    source: str


def _any(output: OutputOf, label: OutputOf, limit: Limit) -> Expr:
    return Opaque("C", each(output(limit[0]), limit))


def _quadratic(output: OutputOf, label: OutputOf, limit: Limit) -> Expr:
    error = add(label(limit[0]), negative(output(limit[0])))
    return mul(Rational(1, 2), sum_over(power(error, 2), limit))


def _binary_cross_entropy(output: OutputOf, label: OutputOf, limit: Limit) -> Expr:
    a, y = output(limit[0]), label(limit[0])
    other = mul(add(ONE, negative(y)), Fn("log", 0, add(ONE, negative(a))))
    return negative(sum_over(add(mul(y, Fn("log", 0, a)), other), limit))


def _categorical_cross_entropy(output: OutputOf, label: OutputOf, limit: Limit) -> Expr:
    return negative(sum_over(mul(label(limit[0]), Fn("log", 0, output(limit[0]))), limit))


def _negative_log_likelihood(output: OutputOf, label: OutputOf, limit: Limit) -> Expr:
    return negative(sum_over(mul(label(limit[0]), output(limit[0])), limit))


_TABLE = (
    Cost("any", "any differentiable C of the output activations", _any, "Nielsen, chapter 2"),
    Cost("quadratic", "½ Σ_j (y_j - a_j)²", _quadratic, "Nielsen, chapter 2, equation 27"),
    Cost(
        "binary-cross-entropy",
        "-Σ_j (y_j ln a_j + (1 - y_j) ln(1 - a_j)), made for sigmoid outputs",
        _binary_cross_entropy,
        "Nielsen, chapter 3, equation 63",
    ),
    Cost(
        "categorical-cross-entropy",
        "-Σ_j y_j ln a_j, made for softmax outputs",
        _categorical_cross_entropy,
        "Goodfellow et al. 2016, 6.2.2.3; Nielsen, chapter 3, equation 80, for y of one 1",
    ),
    Cost(
        "negative-log-likelihood",
        "-Σ_j y_j a_j, made for log-softmax outputs",
        _negative_log_likelihood,
        "Goodfellow et al. 2016, 6.2.2.3",
    ),
)
COSTS = {cost.name: cost for cost in _TABLE}


def cost_named(name: str) -> Cost:
    """The record of a cost. Raises UnknownName with the nearest name."""
    if not isinstance(name, str) or name not in COSTS:
        raise UnknownName("cost", str(name), COSTS)
    return COSTS[name]
