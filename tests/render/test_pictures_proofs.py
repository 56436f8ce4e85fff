"""Pictures of proofs, with the cut of the chain rule, and of counterexamples, with their numbers."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from render.drawn import PICTURES, PROOFS, SOFTMAX, SVG, parts, texts

import backprop_proofs as bp
from backprop_proofs.render.pictures.counterexamples import counterexample_picture
from backprop_proofs.render.pictures.networks import network_picture

# proofs


def test_an_elementwise_activation_sends_each_weighted_input_to_one_output() -> None:
    elementwise, softmax = (parts(PICTURES[f"proof {name}"], "dependence") for name in ("bp1", "bp1 of softmax"))
    assert {key for key in elementwise if key.startswith("z")} == {"z[L, j] → a[L, j]"}
    assert {key for key in softmax if key.startswith("z")} == {f"z[L, j] → a[L, {k}]" for k in ("1", "j", "n[L]")}
    assert {f"a[L, {k}] → C" for k in ("1", "j", "n[L]")} <= elementwise.keys() & softmax.keys()


def test_the_cut_is_marked_by_more_than_colour() -> None:
    picture = PICTURES["proof bp2"]
    assert "S: all k" in texts(picture)
    rings = {key: len(part.findall(f"{SVG}rect")) for key, part in parts(picture, "quantity").items()}
    cut = {"z[l + 1, 1]", "z[l + 1, 2]", "z[l + 1, n[l + 1]]"}
    assert {key for key, count in rings.items() if count == 2} == cut
    assert rings.keys() - cut == {"z[l, j]", "a[l, j]", "C"}
    frames = ElementTree.fromstring(picture.svg).findall(f"{SVG}rect")
    assert ["stroke-dasharray" in frame.attrib for frame in frames] == [True]


def test_no_path_leads_past_the_cut() -> None:
    for name in ("bp1", "bp2", "bp3", "bp4", "backward-pass", "batch norm", "recurrent"):
        picture = PICTURES[f"proof {name}"]
        cut = {key for key, part in parts(picture, "quantity").items() if len(part.findall(f"{SVG}rect")) == 2}
        arrows = [key.split(" → ") for key in parts(picture, "dependence")]
        reached = {tail for tail, _ in arrows if not any(head == tail for _, head in arrows)}
        assert reached
        for _ in arrows:
            reached |= {head for tail, head in arrows if tail in reached and tail not in cut}
        assert cut
        assert "C" not in reached


def test_an_arrow_past_what_is_not_drawn_is_dashed() -> None:
    arrows = parts(PICTURES["proof bp2"], "dependence")
    dashed = {key for key, part in arrows.items() if any("stroke-dasharray" in path.attrib for path in part)}
    assert dashed == {f"z[l + 1, {k}] → C" for k in ("1", "2", "n[l + 1]")}


def test_a_proof_at_numbers_says_what_its_letter_stands_for() -> None:
    picture = PICTURES["proof bp1 at 2-3-2"]
    assert "j = 2" in texts(picture)
    assert {key for key in picture.keys if key.startswith("z")} == {"z[L, 2]", "z[L, 2] → a[L, 2]"}


def test_a_proof_without_a_chain_rule_shows_its_network() -> None:
    theorem = PROOFS["a slope"]
    assert PICTURES["proof a slope"] == network_picture(theorem.network)


# counterexamples


def test_a_counterexample_has_its_values_on_it() -> None:
    refuted: Any = bp.settle("bp1-elementwise", bp.mlp(activation="softmax"))
    picture = counterexample_picture(refuted.counterexample, refuted.network)
    assert picture is not None
    found = dict(refuted.counterexample.inputs)
    assert found.keys() == {"b[2, 1]", "b[2, 2]", "w[2, 1, 1]", "w[2, 2, 1]", "x[1]"}
    assert {"b = 2", "b = 1", "2", "−1.5"} <= set(texts(picture))
    assert "j = 1: the left side is 0.0715, the right side −0.0132" in texts(picture)
    alone = counterexample_picture(refuted.counterexample)
    assert alone is not None
    assert parts(alone, "neuron").keys() == parts(picture, "neuron").keys()


def test_a_counterexample_of_another_network_is_drawn_scalar_by_scalar() -> None:
    report = bp.check(f"% given\n{SOFTMAX.replace(';', chr(10))}\n% derivation\n\\partial C/\\partial z_i = p_i y_i")
    found = next(line.counterexample for line in report.lines if line.counterexample is not None)
    picture = counterexample_picture(found, report.network)
    assert picture is not None
    values = {name: str(value) for name, value in found.inputs}
    assert values.keys() <= picture.keys
    quantities = parts(picture, "quantity")
    sizes = dict(found.sizes)
    assert sum(key.startswith("W[") for key in quantities) == sizes["n_W"] * sizes["n_x"]
    assert {text for text in texts(picture) if text.startswith("i = 1")}


def test_a_counterexample_without_a_network_of_ours_has_no_picture() -> None:
    report = bp.check(f"% given\n{SOFTMAX.replace(';', chr(10))}\n% derivation\n\\partial C/\\partial z_i = p_i y_i")
    found = next(line.counterexample for line in report.lines if line.counterexample is not None)
    assert counterexample_picture(found) is None
