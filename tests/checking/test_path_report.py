"""Sums over paths at numbers: recursion, path by path and forward duals agree; a sum that is wrong is found out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sympy import Integer

from backprop_proofs.checking import path_report as reports
from backprop_proofs.checking import path_values
from backprop_proofs.checking.evidence import Silence
from backprop_proofs.checking.path_report import checked_weight, open_report, path_report, weight_at
from backprop_proofs.checking.path_values import BY_RECURSION, ONE_BY_ONE, path_checks
from backprop_proofs.derivation.path_graph import NeuronPath, find_paths
from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.expressions import IndexSum, Partial, Ref
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, mlp, w

NETWORKS = {
    "2,3,3,2": mlp((2, 3, 3, 2)),
    "sigmoid, quadratic": mlp((3, 2, 2), "sigmoid", "quadratic"),
    "relu": mlp((2, 2, 2), "relu"),
    "softmax": mlp((2, 2, 3), "softmax", "categorical-cross-entropy"),
    "layer-norm": mlp((2, 2, 2), "layer-norm"),
    "another output": mlp((2, 3, 2), "identity", "quadratic", hidden="tanh"),
    "two layers": mlp((2, 2)),
}
SMOOTH = {name: network for name, network in NETWORKS.items() if name != "relu"}  # a path through a dead relu adds 0


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
def test_recursion_paths_and_duals_agree(network: Network, seed: int) -> None:
    for layer in range(2, network.sizes[L] + 1):
        weight = weight_at(f"{layer},2,1")
        checks = path_checks(network, weight, tuple(find_paths(network, weight)), seed)
        assert [check.name for check in checks] == [ONE_BY_ONE, BY_RECURSION]
        assert all(check.agrees and check.comparisons == 1 for check in checks)


@pytest.mark.parametrize("network", SMOOTH.values(), ids=SMOOTH)
def test_a_path_left_out_or_taken_twice_is_found_out(network: Network) -> None:
    weight = weight_at("2,2,1")
    paths = tuple(find_paths(network, weight))
    for wrong in (paths[:-1], (*paths, paths[0])):
        listed, recursion = path_checks(network, weight, wrong)
        assert (listed.agrees, recursion.agrees) == (False, True)


def test_a_wrong_link_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    true: Any = path_values.LinkValues._found
    monkeypatch.setattr(
        path_values.LinkValues, "_found", lambda self, link: true(self, link) + (link == Partial(*edge))
    )
    network, weight = NETWORKS["2,3,3,2"], weight_at("2,2,1")
    (path, *_) = find_paths(network, weight)
    edge: tuple[Ref, Ref] = (path.nodes[2], path.nodes[1])
    report = path_report(network, weight)
    assert report.verdict == "refuted"
    assert {check.name: check.agrees for check in report.evidence}["exact instances"] is True


# Reports


def test_a_report_of_a_small_network() -> None:
    report = path_report(NETWORKS["2,3,3,2"], weight_at("2,2,1"), most=4)
    assert (report.count, len(report.paths), report.verdict) == (6, 4, "proved")
    assert report.is_written_out
    assert report.is_elementwise
    assert [check.name for check in report.evidence] == ["raw SymPy", "exact instances", ONE_BY_ONE, BY_RECURSION]
    assert all(check.agrees for check in report.evidence)
    assert len(report.total.statement.rhs.args) == 6
    assert report.nested.statement.rhs.has(IndexSum)
    assert isinstance(report.as_links, Equation)
    assert report.as_links.rhs.has(Partial(C, w[2, 2, 1]).wrt)


def test_none_need_be_shown() -> None:
    report = path_report(NETWORKS["2,3,3,2"], weight_at("2,2,1"), most=0)
    assert (report.count, report.paths, report.is_written_out) == (6, (), True)


def test_sixty_four_million_paths_are_summed_by_the_recursion() -> None:
    report = path_report(mlp((20,) * 8), weight_at("2,1,1"))
    assert (report.count, len(report.paths), report.verdict) == (64_000_000, 24, "proved")
    assert not report.is_written_out
    assert [(check.name, check.agrees) for check in report.evidence] == [(BY_RECURSION, True)]


def test_very_many_layers_are_summed_by_the_theorem_for_every_depth() -> None:
    report = path_report(mlp((3,) * 22), weight_at("2,1,1"), most=2)
    assert report.count == 3**20
    assert report.as_links is None
    assert {ref.name for ref in report.nested.statement.rhs.atoms(Ref)} == {"C", "a", "R", "n"}
    assert report.error.statement.rhs == report.nested.statement.rhs or report.verdict == "proved"
    assert all(check.agrees for check in report.evidence)


def test_a_large_output_layer_that_is_not_elementwise() -> None:
    report = path_report(mlp((5,) * 5, "softmax"), weight_at("2,1,1"), most=1)
    assert report.count == 5**4
    assert not report.is_elementwise
    assert all(check.agrees for check in report.evidence)


def test_progress_sees_every_path_that_is_listed() -> None:
    seen: list[int] = []

    def progress(paths: Iterator[NeuronPath], count: int) -> Iterator[NeuronPath]:
        seen.append(count)
        for path in paths:
            seen.append(1)
            yield path

    path_report(NETWORKS["2,3,3,2"], weight_at("2,2,1"), 2, progress)
    assert seen == [6, *[1] * 6]


# Open widths


@pytest.mark.parametrize(
    ("settings", "weight", "names"),
    [
        ({}, None, ["path-recursion", "path-total"]),
        ({}, "3,1,1", ["path-recursion", "path-total"]),
        ({"depth": 4}, None, ["path-sum", "path-error"]),
        ({"depth": 4}, "3,1,1", ["path-sum", "path-error"]),
        ({"depth": 3, "activation": "softmax"}, None, ["path-sum", "path-error"]),
        ({"depth": 30}, "2,1,1", ["path-recursion", "path-total"]),
    ],
    ids=str,
)
def test_what_is_proved_where_widths_are_open(settings: dict, weight: str | None, names: list[str]) -> None:
    found = open_report(mlp(**settings), None if weight is None else weight_at(weight))
    assert [name for name, _, _ in found] == names
    for _, _, evidence in found:
        assert [check.name for check in evidence] == ["raw SymPy", "exact instances"]
        assert all(check.agrees for check in evidence)


def test_too_many_paths_to_add_up_are_not_added_up() -> None:
    for _, _, (check,) in open_report(mlp(depth=12)):
        assert isinstance(check, Silence)
        assert check.method.startswith("too many paths")


def test_the_layer_of_the_weight_is_that_of_the_theorem() -> None:
    for layer in (2, 3, 4):
        (_, theorem, _), _ = open_report(mlp(depth=4), weight_at(f"{layer},1,1"))
        assert theorem.statement.lhs.wrt.indices[0] == layer


# Bad input

WRONG = {
    "1,1,1": "weight: expected a layer l of 2..4; found 1",
    "5,1,1": "weight: expected a layer l of 2..4; found 5",
    "2,4,1": "weight: expected a neuron j of 1..3 in layer 2; found 4",
    "2,0,1": "weight: expected a neuron j of 1..3 in layer 2; found 0",
    "2,1,3": "weight: expected a neuron k of 1..2 in layer 1; found 3",
    "2,1,-1": "weight: expected a neuron k of 1..2 in layer 1; found -1",
    "2,1": "weight: expected three whole numbers l,j,k, such as 2,2,1; found '2,1'",
    "2,1,1,1": "found '2,1,1,1'",
    "a,b,c": "found 'a,b,c'",
    "2,1,1.5": "found '2,1,1.5'",
    "2,٣,1": "found '2,٣,1'",
    "": "found ''",
}


@pytest.mark.parametrize("said", WRONG)
def test_a_weight_that_the_network_has_not_got(said: str) -> None:
    with pytest.raises(InvalidInput) as error:
        path_report(NETWORKS["2,3,3,2"], weight_at(said))
    assert WRONG[said] in str(error.value)


def test_what_is_known_of_open_sizes_is_asked_of_a_weight() -> None:
    checked_weight(mlp(), weight_at("9,9,9"))
    for said, found in {"1,1,1": "a layer l at least 2; found 1", "2,0,1": "a neuron j at least 1 in layer 2"}.items():
        with pytest.raises(InvalidInput, match=found):
            checked_weight(mlp(), weight_at(said))


def test_a_negative_number_of_paths_and_a_batch() -> None:
    with pytest.raises(InvalidInput, match="limit: expected a number of paths of at least 0; found -1"):
        path_report(NETWORKS["two layers"], weight_at("2,1,1"), most=-1)
    for network in (mlp((2, 2), batch=2), mlp((2, 2), decay=True)):
        with pytest.raises(InvalidInput, match="no weight decay"):
            path_report(network, weight_at("2,1,1"))


def test_disagreeing_evidence_is_a_refutation(monkeypatch: pytest.MonkeyPatch) -> None:
    true = reports.check_exact
    monkeypatch.setattr(reports, "check_exact", lambda *given: replace(true(*given), agrees=False))
    assert path_report(NETWORKS["two layers"], weight_at("2,1,1")).verdict == "refuted"


def test_a_weight_is_read_with_its_spaces() -> None:
    assert weight_at(" 2, 12 ,3").ref == w[Integer(2), Integer(12), Integer(3)]
