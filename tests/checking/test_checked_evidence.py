"""The evidence for a theorem and the audit of a network: what agrees, what is silent, what would be found wrong."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from evidence.statements import recurrent

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
from backprop_proofs.errors import InvalidInput, Malformed
from backprop_proofs.evidence.exact import Check
from backprop_proofs.kernel import theorem as _kernel  # noqa: F401 - enters all the rules
from backprop_proofs.kernel.rules import RULES

NETWORKS = {
    "of every size": {},
    "of every width": {"depth": 3},
    "of two layers": {"widths": (2, 2)},
    "of sigmoids": {"widths": (2, 3, 2), "activation": "sigmoid", "cost": "quadratic"},
    "of rectifiers": {"widths": (2, 1, 2), "activation": "relu"},
}


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_all_evidence_for_all_theorems_agrees(settings: dict) -> None:
    network = bp.mlp(**settings)
    for name in THEOREMS:
        if not says_nothing(name, network) and (name != "activation-slope" or network.functions):
            found = evidence_for(bp.prove(name, network))
            assert [check.name for check in found] == ["raw SymPy", "exact instances"]
            assert all(check.agrees and check.comparisons > 0 for check in found)


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_an_audit_compares_every_partial_derivative(settings: dict) -> None:
    report = audit(bp.mlp(**settings))
    assert report.verdict == "proved"
    assert all(check.agrees for check in report.checks)
    widths = settings.get("widths")
    if widths:
        assert report.partials == sum(n * m + m for n, m in pairwise(widths))


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
