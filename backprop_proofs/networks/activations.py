"""Activations as data: one record each. A formula of None is any differentiable function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.expressions import Fn, add, mul, negative, power, quotient

ONE = Integer(1)


@dataclass(frozen=True)
class Activation:
    """A function σ of one real variable, applied to each weighted input of a layer.

    slope: σ'(u) as the books write it, from σ and u; it is proved from the formula, never assumed.
    """

    name: str
    says: str
    formula: Callable[[Expr], Expr] | None
    source: str
    slope: Callable[[Callable[[Expr], Expr], Expr], Expr] | None = None


def exp(u: Expr) -> Expr:
    """e^u."""
    return Fn("exp", 0, u)


def log(u: Expr) -> Expr:
    """The natural logarithm, for u > 0."""
    return Fn("log", 0, u)


def _sigmoid(u: Expr) -> Expr:
    return power(add(ONE, exp(negative(u))), -1)


def _tanh(u: Expr) -> Expr:
    grows, decays = exp(u), exp(negative(u))
    return quotient(add(grows, negative(decays)), add(grows, decays))


def _relu(u: Expr) -> Expr:
    return Fn("relu", 0, u)


def _softplus(u: Expr) -> Expr:
    return log(add(ONE, exp(u)))


def _sigmoid_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return mul(s(u), add(ONE, negative(s(u))))


def _tanh_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return add(ONE, negative(power(s(u), 2)))


_TABLE = (
    Activation("any", "any differentiable σ", None, "Nielsen, chapter 2"),
    Activation("sigmoid", "1/(1 + e^{-z})", _sigmoid, "Nielsen, chapter 1, equation 3", _sigmoid_slope),
    Activation("tanh", "(e^z - e^{-z})/(e^z + e^{-z})", _tanh, "Nielsen, chapter 3, equation 109", _tanh_slope),
    Activation(
        "relu", "max(0, z), away from its kink at 0", _relu, "Nielsen, chapter 3", lambda s, u: Fn("step", 0, u)
    ),
    Activation("softplus", "ln(1 + e^z)", _softplus, "Dugas et al. 2001", lambda s, u: _sigmoid(u)),
    Activation("identity", "z", lambda u: u, "a linear layer", lambda s, u: ONE),
)
ACTIVATIONS = {activation.name: activation for activation in _TABLE}


def activation_named(name: str) -> Activation:
    """The record of an activation. Raises UnknownName with the nearest name."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise UnknownName("activation", str(name), ACTIVATIONS)
    return ACTIVATIONS[name]
