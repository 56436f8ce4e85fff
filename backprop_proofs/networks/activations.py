"""Activations as data: one record each. A formula of None is any differentiable function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Expr, Integer

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.expressions import Fn, add, negative, power, quotient

ONE = Integer(1)


@dataclass(frozen=True)
class Activation:
    """A function of one real variable, applied to each weighted input of a layer."""

    name: str
    says: str
    formula: Callable[[Expr], Expr] | None
    source: str


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


_TABLE = (
    Activation("any", "any differentiable σ", None, "Nielsen, chapter 2"),
    Activation("sigmoid", "1/(1 + e^{-z})", _sigmoid, "Nielsen, chapter 1, equation 3"),
    Activation("tanh", "(e^z - e^{-z})/(e^z + e^{-z})", _tanh, "Nielsen, chapter 3, equation 109"),
    Activation("relu", "max(0, z), away from its kink at 0", lambda u: Fn("relu", 0, u), "Nielsen, chapter 3"),
    Activation("softplus", "ln(1 + e^z)", lambda u: log(add(ONE, exp(u))), "Dugas et al. 2001"),
    Activation("identity", "z", lambda u: u, "a linear layer"),
)
ACTIVATIONS = {activation.name: activation for activation in _TABLE}


def activation_named(name: str) -> Activation:
    """The record of an activation. Raises UnknownName with the nearest name."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise UnknownName("activation", str(name), ACTIVATIONS)
    return ACTIVATIONS[name]
