"""Costs as data: one record each, a formula in the output activations and the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Rational, Symbol

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Opaque, Ref, add, mul, negative, power
from backprop_proofs.language.indices import Limit

OutputOf = Callable[[Symbol], Ref]


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


_TABLE = (
    Cost("any", "any differentiable C of the output activations", _any, "Nielsen, chapter 2"),
    Cost("quadratic", "½ Σ_j (y_j - a_j)²", _quadratic, "Nielsen, chapter 2, equation 27"),
)
COSTS = {cost.name: cost for cost in _TABLE}


def cost_named(name: str) -> Cost:
    """The record of a cost. Raises UnknownName with the nearest name."""
    if not isinstance(name, str) or name not in COSTS:
        raise UnknownName("cost", str(name), COSTS)
    return COSTS[name]
