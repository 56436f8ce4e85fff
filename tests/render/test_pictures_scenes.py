"""Scenes: what each state of a proof lights up in the picture beside it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

import backprop_proofs as bp
from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.errors import BackpropError
from backprop_proofs.render.outline import outline
from backprop_proofs.render.pictures.scenes import Lit, Scene, path_scene, scene

pytest.importorskip("svg", reason="svg.py, which writes SVG, is not installed")

RECURRENT = r"""h_{t,i} = \tanh(\sum_j U_{ij} h_{t-1,j} + \sum_k W_{ik} x_{t,k} + b_i) ;
C = \sum_t \sum_i (h_{t,i} - y_{t,i})^2 / 2"""
NETWORKS = {
    "any": bp.mlp(),
    "2-3-2": bp.mlp((2, 3, 2)),
    "784-30-10": bp.mlp((784, 30, 10)),
    "1-1": bp.mlp((1, 1)),
    "depth 4": bp.mlp(depth=4),
    "softmax": bp.mlp(activation="softmax"),
    "batch": bp.mlp(batch="m"),
}


def scene_of(theorem: Any) -> Scene:
    found = scene(outline(theorem))
    assert found is not None
    return found


def rules(theorem: Any) -> list[str]:
    return ["", *(row.rule for row in outline(theorem).rows)]


def lit_at(name: str, rule: str, network: str = "any") -> Lit:
    """What the first state after a rule lights up; of the start, where the rule is ""."""
    theorem = bp.prove(name, NETWORKS[network])
    return scene_of(theorem).lit[rules(theorem).index(rule)]


def layer(name: str, *neurons: str) -> set[str]:
    return {f"a[{name}, {neuron}]" for neuron in neurons}


FIRST_TO_LAST = {at: ("1", "2", f"n[{at}]") for at in ("l - 1", "l", "l + 1", "L")}
WITH_J = {at: ("1", "j", f"n[{at}]") for at in ("l - 1", "l", "L")}


def proved(network: str) -> dict[str, Any]:
    """The theorems that are proved of a network."""
    found = {}
    for name in THEOREMS:
        with suppress(BackpropError):
            found[name] = bp.prove(name, NETWORKS[network])
    return found


@pytest.mark.parametrize("network", NETWORKS)
def test_each_state_lights_up_what_is_drawn(network: str) -> None:
    theorems = proved(network)
    assert {"bp1", "bp2", "bp3", "bp4"} <= theorems.keys()
    for name, theorem in theorems.items():
        found = scene_of(theorem)
        assert len(found.lit) == len(outline(theorem).rows) + 1
        for lit in found.lit:
            assert all(f'data-key="{key}"' in found.svg for key in lit.all | lit.one)
        assert any(lit.one for lit in found.lit) or name == "softmax-sum"


# BP1: the sum comes and goes


def test_the_error_of_an_output_is_one_neuron() -> None:
    assert lit_at("bp1", "") == Lit(one=frozenset({"a[L, j]"}))
    assert lit_at("bp1", "definition") == Lit(one=frozenset({"a[L, j]", "C", "a[L, j] → C"}))


def test_the_chain_rule_lights_up_all_outputs() -> None:
    lit = lit_at("bp1", "chain-rule")
    neurons = layer("L", *WITH_J["L"])
    assert lit.all == neurons | {f"{key} → C" for key in neurons}
    assert lit.one == {"a[L, j]", "C"}


def test_the_collapse_lights_up_the_survivor() -> None:
    assert lit_at("bp1", "kronecker-collapse") == Lit(one=frozenset({"a[L, j]", "C", "a[L, j] → C"}))


def test_a_matrix_lights_up_all_its_entries_and_the_one_that_is_meant() -> None:
    lit = lit_at("bp1", "matrix-form")
    assert layer("L", *WITH_J["L"]) <= lit.all
    assert "a[L, j]" in lit.one


# BP2: all links to the next layer


def test_a_weight_under_a_sum_is_every_link_from_the_neuron() -> None:
    lit = lit_at("bp2", "theorem")
    after = FIRST_TO_LAST["l + 1"]
    assert lit.all == layer("l + 1", *after) | {f"w[l + 1, {k}, j]" for k in after}
    assert lit.one == {"a[l, j]"}


def test_a_derivative_between_neighbours_is_the_link_between_them() -> None:
    assert {f"w[l + 1, {k}, j]" for k in FIRST_TO_LAST["l + 1"]} <= lit_at("bp2", "chain-rule").all


# BP4: one link


def test_a_weight_alone_is_one_link() -> None:
    assert lit_at("bp4", "").one == {"w[l, j, k]", "C"}
    lit = lit_at("bp4", "chain-rule")
    assert lit.one == {"w[l, j, k]", "C"}
    assert lit.all == layer("l", *WITH_J["l"])
    assert lit_at("bp4", "ring") == Lit(one=frozenset({"a[l - 1, k]", "a[l, j]"}))


# numbers


def test_at_numbers_a_letter_is_the_second_neuron() -> None:
    found = scene_of(bp.prove("bp2", NETWORKS["2-3-2"]))
    assert found.lit[0].one == {"a[2, 2]"}
    assert found.lit[4] == Lit(frozenset({"a[3, 1]", "a[3, 2]", "w[3, 1, 2]", "w[3, 2, 2]"}), frozenset({"a[2, 2]"}))
    assert scene_of(bp.prove("bp1", NETWORKS["2-3-2"])).lit[0].one == {"a[3, 2]"}
    assert scene_of(bp.prove("bp1", NETWORKS["1-1"])).lit[0].one == {"a[2, 1]"}


def test_in_a_wide_layer_all_that_is_drawn_is_all_of_a_sum() -> None:
    lit = lit_at("bp1", "chain-rule", "784-30-10")
    assert {key for key in lit.all if "→" not in key} == {"a[3, 1]", "a[3, 2]", "a[3, 10]"}


# other networks


def test_quantities_light_up_where_there_are_no_neurons() -> None:
    theorem = bp.derive(bp.network(RECURRENT), "U")
    found = scene_of(theorem)
    assert found.lit[0] == Lit(one=frozenset({"U[j, k]", "C"}))
    lit = found.lit[rules(theorem).index("chain-rule")]
    assert {f"h[{at}, j]" for at in ("t - 1", "t", "t + 1")} <= lit.all
    assert {f"U[j, k] → h[{at}, j]" for at in ("t - 1", "t", "t + 1")} <= lit.all
    assert lit.one == {"U[j, k]", "C"}


def test_a_proof_without_steps_has_no_scene() -> None:
    theorem = bp.prove("bp1")
    from backprop_proofs.kernel.theorem import begin

    assert scene(outline(begin(theorem.network, theorem.limits, theorem.statement.lhs))) is None


# paths


def test_each_path_is_its_neurons_and_links() -> None:
    pytest.importorskip("networkx", reason="networkx, which lists paths, is not installed")
    report = bp.paths(bp.mlp((2, 2, 2, 1)), (2, 1, 2))
    found = path_scene(report)
    shared = {"w[2, 1, 2]", "a[2, 1]", "a[4, 1]", "a[4, 1] → C", "C"}
    assert [lit.one for lit in found.lit] == [shared | {f"a[3, {j}]", f"w[3, {j}, 1]", f"w[4, 1, {j}]"} for j in (1, 2)]
    assert not any(lit.all for lit in found.lit)


def test_the_neurons_of_the_paths_are_drawn_in_a_wide_network() -> None:
    pytest.importorskip("networkx", reason="networkx, which lists paths, is not installed")
    found = path_scene(bp.paths(bp.mlp((20, 20, 20, 20)), (2, 9, 13), 5))
    assert len(found.lit) == 5
    for lit in found.lit:
        assert {"w[2, 9, 13]", "a[2, 9]"} <= lit.one
        assert all(f'data-key="{key}"' in found.svg for key in lit.one)
        assert sum(key.startswith("w") for key in lit.one) == 3
