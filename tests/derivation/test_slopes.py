"""The slopes of the activations: each follows from its formula, and raw SymPy and instances of 50 digits agree."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Rational

from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.derivation.slopes import slope_of
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import InvalidInput, Refused
from backprop_proofs.kernel.theorem import begin, rewrite
from backprop_proofs.language.expressions import Fn, add, mul, negative, power, quotient
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import mlp, u

ONE = Integer(1)


def s(argument: Expr) -> Expr:
    return Fn("sigma", 0, argument)


def exp(argument: Expr) -> Expr:
    return Fn("exp", 0, argument)


LEAK, HALF, CUBIC = Rational(1, 100), Rational(1, 2), Rational(44715, 1_000_000)
LOGISTIC = power(add(ONE, exp(negative(u))), -1)
PDF_0 = Fn("normal_pdf", 0, Integer(0))
ARGUMENT = mul(Integer(2), PDF_0, add(u, mul(CUBIC, power(u, 3))))
BEND = quotient(add(exp(ARGUMENT), negative(exp(negative(ARGUMENT)))), add(exp(ARGUMENT), exp(negative(ARGUMENT))))
SLOPES = {
    "sigmoid": mul(s(u), add(ONE, negative(s(u)))),
    "tanh": add(ONE, negative(power(s(u), 2))),
    "relu": Fn("step", 0, u),
    "leaky-relu": add(LEAK, mul(ONE - LEAK, Fn("step", 0, u))),
    "softplus": power(add(ONE, Fn("exp", 0, negative(u))), -1),
    "silu": add(s(u), mul(LOGISTIC, add(ONE, negative(s(u))))),
    "gelu": add(Fn("normal_cdf", 0, u), mul(u, Fn("normal_pdf", 0, u))),
    "gelu-tanh": add(
        mul(HALF, add(ONE, BEND)),
        mul(HALF, u, add(ONE, negative(power(BEND, 2))), mul(Integer(2), PDF_0, add(ONE, mul(3 * CUBIC, power(u, 2))))),
    ),
    "identity": ONE,
}


def test_every_activation_with_a_formula_has_its_slope_in_the_table() -> None:
    assert SLOPES.keys() == {name for name, record in ACTIVATIONS.items() if record.formula}


@pytest.mark.parametrize("name", SLOPES)
def test_the_slope_follows_from_the_formula(name: str) -> None:
    theorem = prove("activation-slope", mlp(activation=name))
    assert theorem.statement.lhs == Fn("sigma", 1, u)
    assert theorem.statement.rhs == SLOPES[name]
    assert all(check.agrees for check in evidence_for(theorem))


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "silu", "gelu"])
@pytest.mark.parametrize("wrong", [s(u), add(ONE, negative(s(u))), mul(s(u), add(ONE, s(u))), power(s(u), 2)])
def test_another_slope_is_not_proved(name: str, wrong: Expr) -> None:
    theorem = prove("activation-slope", mlp(activation=name))
    with pytest.raises(Refused):
        rewrite(begin(theorem.network, (), theorem.statement.rhs), (), "ring", to=wrong)


@pytest.mark.parametrize("name", ["tanh", "relu", "gelu"])
def test_the_output_may_have_its_own_function(name: str) -> None:
    """σ before the output and g at it each have their slope."""
    network, g = mlp(None, "sigmoid", hidden=name), Fn("g", 0, u)
    assert slope_of(network, "g").statement.rhs == mul(g, add(ONE, negative(g)))
    assert slope_of(network, "sigma").statement.rhs == SLOPES[name]


@pytest.mark.parametrize("name", ["relu", "leaky-relu"])
def test_the_kink_is_a_hypothesis(name: str) -> None:
    theorem = prove("activation-slope", mlp(activation=name))
    assert ("nonzero", u) in [tuple(need) for need in theorem.hypotheses]


def test_an_activation_without_a_formula_has_no_known_slope() -> None:
    with pytest.raises(InvalidInput, match="such as sigmoid"):
        prove("activation-slope", mlp())
