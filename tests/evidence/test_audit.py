"""Audits of concrete networks: every partial derivative, and one wrong equation found."""

from __future__ import annotations

import pytest
from evidence.statements import BP, RECURRENT_TRUE, WRONG, T, m, p, recurrent

from backprop_proofs.errors import InvalidInput
from backprop_proofs.evidence.audit import audit_partials
from backprop_proofs.networks.mlp import mlp

STATEMENTS = [(name, *statement) for name, statement in BP.items()]


@pytest.mark.parametrize("activation", ["any", "sigmoid"])
def test_all_partials_of_nielsens_network(activation: str) -> None:
    """784·30 + 30·10 weights and 40 biases are 23,860, and 40 weighted inputs."""
    audit = audit_partials(mlp((784, 30, 10), activation, "quadratic"), STATEMENTS)
    assert audit.agrees
    assert audit.partials == 23_860 + 40
    assert [check.comparisons for check in audit.checks] == [10, 30, 40, 23_820]


@pytest.mark.parametrize("activation", ["any", "sigmoid", "tanh", "relu", "softplus", "identity"])
@pytest.mark.parametrize("cost", ["any", "quadratic"])
def test_every_activation_and_cost(activation: str, cost: str) -> None:
    audit = audit_partials(mlp((3, 4, 4, 2), activation, cost), STATEMENTS)
    assert audit.agrees
    assert audit.partials == 12 + 16 + 8 + 10 + 10


@pytest.mark.parametrize("wrong", WRONG)
def test_one_wrong_equation_fails_the_audit(wrong: str) -> None:
    audit = audit_partials(mlp((2, 3, 2), "sigmoid", "quadratic"), [*STATEMENTS, (wrong, *WRONG[wrong])])
    assert not audit.agrees
    assert [check.name for check in audit.checks if not check.agrees] == [wrong]
    assert audit.checks[-1].counterexample is not None


def test_one_wrong_equation_among_23820_is_found() -> None:
    audit = audit_partials(mlp((784, 30, 10)), [("bp4", *WRONG["bp4 with a wrong index"])])
    assert not audit.agrees
    assert audit.checks[0].counterexample is not None
    assert dict(audit.checks[0].counterexample.indices)["k"] == 2


def test_a_network_of_equations() -> None:
    network = recurrent(steps={T: 4, m: 3, p: 2})
    audit = audit_partials(network, [(name, *statement) for name, statement in RECURRENT_TRUE.items()])
    assert audit.agrees


def test_no_statement_is_no_agreement() -> None:
    assert not audit_partials(mlp((2, 3, 2)), []).agrees


def test_an_audit_wants_sizes() -> None:
    with pytest.raises(InvalidInput, match="give the widths"):
        audit_partials(mlp(), STATEMENTS)
