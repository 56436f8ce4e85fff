"""The evidence for a theorem and the audit of a network: what agrees, what is silent, what would be found wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from evidence.statements import recurrent
from thinned import thinned

import backprop_proofs as bp
from backprop_proofs.checking import evidence
from backprop_proofs.checking.evidence import (
    AuditReport,
    Silence,
    audit,
    evidence_for,
    perceptron,
    same_network,
    says_nothing,
    written_out,
)
from backprop_proofs.checking.examples import example_of
from backprop_proofs.derivation.theorems import FUNDAMENTAL, THEOREMS
from backprop_proofs.errors import InvalidInput, Malformed, Refused
from backprop_proofs.evidence.exact import Check
from backprop_proofs.kernel import theorem as _kernel  # noqa: F401 - enters all the rules
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS

NETWORKS = {
    "of every size": {},
    "of every width": {"depth": 3},
    "of two layers": {"widths": (2, 2)},
    "of sigmoids": {"widths": (2, 3, 2), "activation": "sigmoid", "cost": "quadratic"},
    "of rectifiers": {"widths": (2, 1, 2), "activation": "relu"},
    "of softmax": {"widths": (2, 3, 2), "activation": "softmax", "cost": "categorical-cross-entropy"},
    "of log-softmax": {"activation": "log-softmax", "cost": "negative-log-likelihood"},
    "of a layer norm": {"widths": (2, 2), "activation": "layer-norm"},
    "of a sigmoid after tanh": {"widths": (2, 3, 2), "activation": "sigmoid", "hidden": "tanh"},
    "of a batch": {"activation": "sigmoid", "cost": "binary-cross-entropy", "batch": "m"},
    "of a decayed batch of three": {"widths": (2, 3, 2), "batch": 3, "decay": True},
    "of known labels": {
        "widths": (2, 3),
        "activation": "softmax",
        "cost": "categorical-cross-entropy",
        "labels": ["0.2", "0.3", "0.5"],
    },
}


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_all_evidence_for_all_theorems_agrees(settings: dict) -> None:
    network, told = bp.mlp(**settings), 0
    for name in THEOREMS:
        if says_nothing(name, network):
            continue
        try:
            theorem = bp.prove(name, network)
        except (InvalidInput, Refused):
            assert name not in FUNDAMENTAL
            continue
        found, told = evidence_for(theorem), told + 1
        assert [check.name for check in found] == ["raw SymPy", "exact instances"]
        assert all(check.agrees and check.comparisons > 0 for check in found), (name, found)
    assert told >= len(FUNDAMENTAL)


@pytest.mark.parametrize("name", THEOREMS)
@pytest.mark.parametrize("widths", [None, (2, 3, 2)])
def test_all_evidence_for_each_theorem_as_it_comes(name: str, widths: tuple[int, ...] | None) -> None:
    """By its own settings, and at given widths."""
    given = {"widths": widths, **THEOREMS[name].settings} if widths else THEOREMS[name].settings
    network = bp.mlp(**given)
    found = evidence_for(bp.prove(name, network))
    assert all(check.agrees and check.comparisons > 0 for check in found), found
    assert audit(network).verdict == "proved"


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_an_audit_compares_every_partial_derivative(settings: dict) -> None:
    report = audit(bp.mlp(**settings))
    assert report.verdict == "proved"
    assert all(check.agrees for check in report.checks)
    widths = settings.get("widths")
    if widths:
        assert report.partials == sum(n * m + m for n, m in pairwise(widths))


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("activation", thinned(ACTIVATIONS))
def test_an_audit_of_every_activation_and_cost(activation: str, cost: str) -> None:
    """Never refuted; a cost that takes the logarithm of what is never positive has no instance to compare on."""
    report = audit(bp.mlp((2, 2, 2), activation, cost))
    assert report.verdict in ("proved", "undecided")
    never = activation in ("log-softmax", "layer-norm") and cost.endswith("cross-entropy")
    assert report.partials == (0 if never else 12)
    silent = [check for check in report.checks if check.name.endswith("every index") and not check.comparisons]
    assert len(silent) == (4 if never else 0)
    assert all("logarithm" in check.method or "quotient" in check.method for check in silent)


def test_nielsens_network_has_23860_partial_derivatives() -> None:
    assert audit(bp.mlp(widths=(784, 30, 10))).partials == 23_860


def test_an_audit_of_equations() -> None:
    report = audit(recurrent())
    assert (report.verdict, report.undecided) == ("proved", ())
    assert {check.name.split(",")[0] for check in report.checks} >= {"dC/dW", "dC/dU"}


@pytest.mark.parametrize("kind", ["check_raw", "audit_partials"])
def test_evidence_that_disagrees_refutes(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    true = getattr(evidence, kind)

    def spoiled(*given: object, **more: object) -> object:
        found = true(*given, **more)
        if isinstance(found, Check):
            return replace(found, agrees=False)
        return replace(found, checks=(replace(found.checks[0], agrees=False), *found.checks[1:]))

    monkeypatch.setattr(evidence, kind, spoiled)
    assert audit(bp.mlp(widths=(2, 3, 2))).verdict == "refuted"


def test_no_evidence_leaves_it_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object, **_more: object) -> None:
        raise Malformed("no value")

    monkeypatch.setattr(evidence, "check_raw", refuse)
    monkeypatch.setattr(evidence, "check_exact", refuse)
    found = evidence_for(bp.prove("bp1"))
    assert [(type(check), check.agrees, check.method) for check in found] == [
        (Silence, None, "could not be tried: no value")
    ] * 2
    assert evidence._verdict(found, ()) == "undecided"
    assert evidence._verdict((), ()) == "undecided"


def test_a_network_beyond_reach_is_said_to_be() -> None:
    network = bp.mlp(widths=(10**9, 10**9))
    with pytest.raises(InvalidInput, match="at most"):
        audit(network)
    assert all(check.agrees for check in evidence_for(bp.prove("bp1", network)))  # the same equations, small


def test_instances_written_out() -> None:
    shown, more = written_out(bp.prove("bp4", bp.mlp(widths=(2, 3, 2))), most=5)
    assert (len(shown), more) == (5, 7)
    assert str(shown[0].theorem.statement.lhs) == "Partial(C, w[2, 1, 1])"
    assert all(one.raw is not None and one.raw.agrees for one in shown)
    large, _ = written_out(bp.prove("bp4", bp.mlp(widths=(3, 4, 4, 2))))
    assert all(one.raw is None for one in large)
    with pytest.raises(InvalidInput, match="known widths"):
        written_out(bp.prove("bp4"))


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_a_perceptron_is_known_by_its_equations(settings: dict) -> None:
    network = bp.mlp(**settings)
    known = perceptron(network)
    assert known is not None
    assert same_network(known, network)
    assert not same_network(known, replace(network, definitions=network.definitions[::-1]))
    assert perceptron(replace(network, settings={})) is None
    assert perceptron(recurrent()) is None


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_an_example_made_by_running_it(rule: str) -> None:
    example = example_of(rule)
    assert example is not None
    assert example.rule == rule


def test_what_a_report_holds() -> None:
    assert AuditReport("proved", 0, ()) == AuditReport("proved", 0, (), ())
    assert FUNDAMENTAL == ("bp1", "bp2", "bp3", "bp4")
