"""The slopes of the activations: each follows from its formula, and raw SymPy and instances of 50 digits agree."""

from __future__ import annotations

import pytest
from sympy import Expr, Integer

from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import InvalidInput, Refused
from backprop_proofs.kernel.theorem import begin, rewrite
from backprop_proofs.language.expressions import Fn, add, mul, negative, power
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import mlp, u

ONE = Integer(1)


def s(argument: Expr) -> Expr:
    return Fn("sigma", 0, argument)


SLOPES = {
    "sigmoid": mul(s(u), add(ONE, negative(s(u)))),
    "tanh": add(ONE, negative(power(s(u), 2))),
    "relu": Fn("step", 0, u),
    "softplus": power(add(ONE, Fn("exp", 0, negative(u))), -1),
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


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus"])
@pytest.mark.parametrize("wrong", [s(u), add(ONE, negative(s(u))), mul(s(u), add(ONE, s(u))), power(s(u), 2)])
def test_another_slope_is_not_proved(name: str, wrong: Expr) -> None:
    theorem = prove("activation-slope", mlp(activation=name))
    with pytest.raises(Refused):
        rewrite(begin(theorem.network, (), theorem.statement.rhs), (), "ring", to=wrong)


def test_the_kink_of_relu_is_a_hypothesis() -> None:
    theorem = prove("activation-slope", mlp(activation="relu"))
    assert ("nonzero", u) in [tuple(need) for need in theorem.hypotheses]


def test_an_activation_without_a_formula_has_no_known_slope() -> None:
    with pytest.raises(InvalidInput, match="such as sigmoid"):
        prove("activation-slope", mlp())
