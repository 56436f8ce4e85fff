"""Saved proofs: whole, pure JSON, replayed; any change to what one says is found, and the step is named."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from evidence.statements import recurrent
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer
from thinned import thinned

import backprop_proofs as bp
from backprop_proofs.checking.claims import settle
from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected, Refused
from backprop_proofs.kernel.rules import Hypothesis
from backprop_proofs.kernel.theorem import Theorem, assume
from backprop_proofs.language.binding import alpha_equal
from backprop_proofs.language.expressions import Partial, add
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, n, x, y
from backprop_proofs.render import proof_file
from backprop_proofs.render.proof_file import Verified, dumped, parsed, proof_document, read_document, verify_document

Way = tuple[str | int, ...]
LETTERS = ("j", "k", "l", "m", "L", "n", "w", "z", "a", "b", "delta", "sigma")
NETWORKS: tuple[dict[str, Any], ...] = (
    {},
    {"widths": (2, 3, 2), "activation": "sigmoid", "cost": "quadratic"},
    {"depth": 3, "activation": "relu"},
    {"widths": (2, 3)},
)
OUTPUTS: dict[str, dict[str, Any]] = {
    "softmax": {"activation": "softmax"},
    "softmax and its cost": {"activation": "softmax", "cost": "categorical-cross-entropy", "hidden": "tanh"},
    "known labels": {
        "activation": "softmax",
        "cost": "categorical-cross-entropy",
        "widths": (2, 3),
        "labels": ("0.2", "0.3", "0.5"),
    },
    "log-softmax over a batch": {"activation": "log-softmax", "cost": "negative-log-likelihood", "batch": "m"},
    "layer-norm": {"activation": "layer-norm", "widths": (2, 2), "cost": "quadratic"},
    "gelu after relu": {"activation": "gelu", "hidden": "relu", "cost": "quadratic"},
    "a decayed batch of three": {"batch": 3, "decay": True, "widths": (2, 3, 2)},
}


def network_of(name: str, number: int) -> Network:
    """The network of a number, with the settings of the theorem's own where it does not say."""
    return bp.mlp(**{**NETWORKS[number], **THEOREMS[name].settings})


@cache
def text_of(name: str, number: int = 0) -> str:
    theorem = bp.prove(name, network_of(name, number))
    return dumped(proof_document([(name, theorem, evidence_for(theorem))]))


def document_of(name: str, number: int = 0) -> Any:
    return json.loads(text_of(name, number))


def leaves(value: Any, way: Way = ()) -> Iterator[Way]:
    """The ways to all numbers and strings of what a theorem says: its evidence, and its name's own, apart."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            if key != "evidence":
                yield from leaves(part, (*way, key))
    elif value is not None and way not in {("name",), ("network", "name")}:
        yield way


def changed(value: Any, choice: int) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + (1, -1, 2)[choice % 3]
    if value in LETTERS:
        return [letter for letter in LETTERS if letter != value][choice % (len(LETTERS) - 1)]
    swapped = value.translate(str.maketrans("jklmzw", "kjmlwz"))
    return swapped if swapped != value else value + "j"


def put(document: Any, way: Way, value: Any) -> None:
    for key in way[:-1]:
        document = document[key]
    document[way[-1]] = value


def got(document: Any, way: Way) -> Any:
    for key in way:
        document = document[key]
    return document


def expect_found(name: str, number: int, way: Way, choice: int) -> None:
    document = document_of(name, number)
    theorem = document["theorems"][0]
    old = got(theorem, way)
    put(theorem, way, changed(old, choice))
    with pytest.raises(ProofRejected) as found:
        verify_document(document)
    assert found.value.step.startswith(name), (way, str(found.value))
    if way[0] == "steps":
        also = "|matrix" if way[2:4] in (("with", "left"), ("with", "right")) else ""  # which the last step makes
        assert re.match(rf"{name}, (step {int(way[1]) + 1}\b{also})", found.value.step), (way, str(found.value))


@pytest.mark.parametrize("name", thinned(THEOREMS))
@pytest.mark.parametrize("number", range(len(NETWORKS)))
def test_a_saved_proof_replays_to_the_same_theorem(name: str, number: int) -> None:
    (verified,) = verify_document(parsed(text_of(name, number)))
    is_the_same(verified, name, bp.prove(name, network_of(name, number)))


def is_the_same(verified: Verified, name: str, wanted: Theorem) -> None:
    found = verified.theorem
    assert (verified.name, verified.own) == (name, False)
    assert all(map(alpha_equal, found.statement, wanted.statement))
    assert sorted(map(in_words, found.hypotheses)) == sorted(map(in_words, wanted.hypotheses))
    assert len(found.assumptions) == len(wanted.assumptions)
    for one, other in zip(found.assumptions, wanted.assumptions, strict=True):
        assert all(map(alpha_equal, one.statement, other.statement))


def in_words(need: Hypothesis) -> str:
    return f"{need.kind} {need.subject}"


QUICK = ("bp1", "bp4", "bp1-elementwise", "softmax-error", "softmax-error-normalised", "activation-slope")


@pytest.mark.parametrize("names", [QUICK, pytest.param(tuple(THEOREMS), marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("settings", OUTPUTS.values(), ids=OUTPUTS)
def test_a_proof_about_an_output_layer_replays(settings: dict[str, Any], names: tuple[str, ...]) -> None:
    network = bp.mlp(**settings)
    proved = []
    for name in names:
        try:
            theorem = bp.prove(name, network)
        except (InvalidInput, Refused):
            continue
        (verified,) = verify_document(parsed(dumped(proof_document([(name, theorem, ())]))))
        is_the_same(verified, name, theorem)
        proved.append(name)
    assert {"bp1", "bp4"} <= set(proved)
    assert ("bp1-elementwise" in proved) is (settings["activation"] == "gelu" if "activation" in settings else True)
    assert ("softmax-error" in proved) is ("cost" in settings)


@pytest.mark.parametrize("name", ["W", "U"])
def test_a_network_of_the_files_own(name: str) -> None:
    theorem = bp.derive(recurrent(), name)
    title = f"dC/d{name}"
    (verified,) = verify_document(parsed(dumped(proof_document([(title, theorem, ())]))))
    assert verified.own
    document = proof_document([("dC/dV", theorem, ())])
    with pytest.raises(ProofRejected, match=r"another equation than its name says"):
        verify_document(document)


def test_a_document_is_pure_json_and_says_all() -> None:
    (theorem,) = document_of("bp2", 1)["theorems"]
    assert document_of("bp2")["schema"] == "backprop-proofs/proof/1"
    assert theorem["verdict"] == "proved"
    assert theorem["statement"]["lhs"]["latex"] == r"\delta^{l}_{j}"
    assert [step["rule"] for step in theorem["steps"]][:2] == ["definition", "chain-rule"]
    for step in theorem["steps"]:
        assert step["reason"]
        assert all(step[side].keys() == {"latex", "tree"} for side in ("before", "after"))
    assert [check["agrees"] for check in theorem["evidence"]] == [True, True]
    assert len(theorem["instances"]) == 3
    assert text_of("bp2").isascii()
    assert "→" in dumped(document_of("bp2"), unicode=True)


@given(data=st.data())
@settings(max_examples=80)
def test_any_change_is_found_and_the_step_named(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["bp1", "bp2", "bp3", "bp4", "softmax-sum", "softmax-error-normalised"]))
    number = data.draw(st.sampled_from([0, 1]))
    ways = list(leaves(document_of(name, number)["theorems"][0]))
    if name == "softmax-sum":  # which speaks of the last layer alone, and holds with other layers before it, too
        ways = [way for way in ways if way[:2] != ("network", "sizes")]
    expect_found(name, number, data.draw(st.sampled_from(ways)), data.draw(st.integers(0, 10)))


@pytest.mark.slow
@pytest.mark.parametrize("name", THEOREMS)
def test_changes_everywhere_are_found(name: str) -> None:
    ways = list(leaves(document_of(name)["theorems"][0]))
    for place, way in enumerate(ways[:: len(ways) // 300 + 1]):
        expect_found(name, 0, way, place)


@pytest.mark.parametrize(
    "key", ["limits", "statement", "matrix", "hypotheses", "assumed", "steps", "network", "verdict"]
)
def test_a_missing_or_strange_part_is_found(key: str) -> None:
    for strange in (None, [], {}, "text", 7, [[]], {"tree": 1}):
        document = document_of("bp1")
        if document["theorems"][0][key] == strange:
            continue
        document["theorems"][0][key] = strange
        with pytest.raises(ProofRejected):
            verify_document(document)
    document = document_of("bp1")
    del document["theorems"][0][key]
    with pytest.raises(ProofRejected):
        verify_document(document)


def test_evidence_is_no_part_of_the_proof() -> None:
    document = document_of("bp1")
    document["theorems"][0]["evidence"] = []
    assert verify_document(document)[0].name == "bp1"


# Forgeries


def forged(change: Any, name: str = "bp1") -> Any:
    document = document_of(name)
    change(document["theorems"][0])
    return document


def _made_up_rule(theorem: Any) -> None:
    theorem["steps"][1]["rule"] = "wishful-thinking"


def _swapped_sides(theorem: Any) -> None:
    sides = theorem["statement"]
    sides["lhs"], sides["rhs"] = sides["rhs"], sides["lhs"]


def _taken_for_granted(theorem: Any) -> None:
    theorem.update(assumed=[], steps=[], matrix=None, hypotheses=[])


def _a_step_left_out(theorem: Any) -> None:
    del theorem["steps"][2]


def _another_name(theorem: Any) -> None:
    theorem["name"] = "bp3"


def _weaker_limits(theorem: Any) -> None:
    theorem["limits"]["trees"][0][2] = 1


def _no_steps(theorem: Any) -> None:
    theorem["steps"] = []


def _cyclic(theorem: Any) -> None:
    theorem["steps"][2]["with"]["lemma"] = theorem


def _cyclic_tree(theorem: Any) -> None:
    tree = theorem["statement"]["rhs"]["tree"]
    tree.append(tree)


def _true_for_one(theorem: Any) -> None:
    theorem["limits"]["trees"][0][1] = True


def _a_float_for_an_integer(theorem: Any) -> None:
    theorem["steps"][2]["at"][0] = 0.0


FORGERIES = (
    _made_up_rule,
    _swapped_sides,
    _taken_for_granted,
    _a_step_left_out,
    _another_name,
    _weaker_limits,
    _no_steps,
    _cyclic,
    _cyclic_tree,
    _true_for_one,
    _a_float_for_an_integer,
)


@pytest.mark.parametrize("change", FORGERIES)
def test_a_forged_proof_is_refused(change: Any) -> None:
    with pytest.raises((ProofRejected, InvalidInput)) as found:
        verify_document(forged(change))
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 500


# What is taken for granted

NORMALISED = "softmax-error-normalised"


def test_an_assumption_stands_among_the_hypotheses() -> None:
    (theorem,) = document_of(NORMALISED)["theorems"]
    assert [need["subject"] for need in theorem["hypotheses"] if need["kind"] == "equation"] == [
        r"\sum_{k=1}^{n_{L}} y_{k} = 1"
    ]
    assert theorem["assumed"] is None


@pytest.mark.parametrize("kind", ["left out", "of another kind", "about something else", "twice"])
def test_an_assumption_that_is_hidden_is_found(kind: str) -> None:
    document = document_of(NORMALISED)
    (theorem,) = document["theorems"]
    needs = theorem["hypotheses"]
    (place,) = [number for number, need in enumerate(needs) if need["kind"] == "equation"]
    if kind == "left out":
        del needs[place]
    elif kind == "of another kind":
        needs[place]["kind"] = "nonzero"
    elif kind == "about something else":
        needs[place]["subject"] = needs[place]["subject"].replace("y", "x")
    else:
        needs.append(needs[place])
    with pytest.raises(ProofRejected, match=rf"^{NORMALISED}, hypotheses") as found:
        verify_document(document)
    assert "\n" not in str(found.value)


def resting_on(left: Expr, right: Expr) -> Theorem:
    """left + x_1 = right + x_1, by nothing but left = right."""
    network = bp.mlp(activation="softmax", cost="categorical-cross-entropy")
    limits = ((j, Integer(1), n[L]),)
    chain = Chain(network, limits, add(left, x[1]))
    number = next(number for number, term in enumerate(chain.rhs.args) if term == left)
    return chain.use(assume(network, limits, Equation(left, right), ()), (number,)).theorem


NOT_ABOUT_INPUTS = {
    "an error": (delta[L, j], Integer(0)),
    "an activation": (a[L, j], y[j]),
    "the cost": (C, Integer(0)),
    "a derivative": (Partial(C, a[L, j]), y[j]),
    "nothing": (Integer(1), Integer(2)),
}


@pytest.mark.parametrize("what", NOT_ABOUT_INPUTS)
def test_an_assumption_about_anything_but_inputs_is_rejected(what: str) -> None:
    document = proof_document([("made up", resting_on(*NOT_ABOUT_INPUTS[what]), ())])
    with pytest.raises(ProofRejected, match="made up: it rests on an assumption that nothing proves"):
        verify_document(document)


def test_a_theorem_of_ours_may_not_rest_on_more_than_it_does() -> None:
    """softmax-error-normalised's own steps under a name that promises them without Σ_k y_k = 1, and the like."""
    for other in ("softmax-error", "bp1", "cross-entropy-error", "bp4"):
        document = document_of(NORMALISED)
        document["theorems"][0]["name"] = other
        with pytest.raises(ProofRejected, match=f"{other}, statement: it proves another equation"):
            verify_document(document)
    document = proof_document([(NORMALISED, resting_on(y[j], x[1]), ())])
    with pytest.raises(ProofRejected, match="it proves another equation"):
        verify_document(document)


@pytest.mark.parametrize("name", ["softmax-sum", "softmax-error-normalised", "cross-entropy-error", "activation-slope"])
def test_the_name_of_a_theorem_that_says_nothing_of_the_network_is_rejected(name: str) -> None:
    """A proof of BP1 for any σ and C, called by the name of a theorem about other networks."""
    document = document_of("bp1")
    document["theorems"][0]["name"] = name
    with pytest.raises(ProofRejected) as found:
        verify_document(document)
    assert found.value.step.startswith(name)


def test_a_refuted_claim_is_no_proof() -> None:
    refuted = settle("bp1-elementwise", bp.mlp(activation="softmax"))
    document = parsed(dumped(proof_document([("bp1-elementwise", refuted, ())])))
    with pytest.raises(ProofRejected, match=r"^bp1-elementwise: ") as found:
        verify_document(document)
    assert "KeyError" not in str(found.value)


def test_a_refuted_claim_cannot_be_called_proved() -> None:
    document = proof_document([("bp1-elementwise", settle("bp1-elementwise", bp.mlp(activation="softmax")), ())])
    honest = document_of("bp1-elementwise")["theorems"][0]
    claimed = document["theorems"][0]
    claimed["verdict"] = "proved"
    with pytest.raises(ProofRejected):
        verify_document(document)
    honest["network"] = claimed["network"]  # the steps of a true one, in the network of which it is false
    document["theorems"] = [honest]
    with pytest.raises(ProofRejected):
        verify_document(document)


def test_a_network_that_only_calls_itself_mlp_is_refused() -> None:
    document = document_of("bp3")
    document["theorems"][0]["network"]["settings"]["cost"] = "quadratic"
    with pytest.raises(ProofRejected, match=r"bp3, network: it is called mlp, and is not the perceptron of that name"):
        verify_document(document)


def test_the_same_proof_in_another_of_our_networks_is_a_proof_in_that_network() -> None:
    document = json.loads(text_of("bp3").replace('"sizes": []', '"sizes": [[["letter", "L"], 4]]'))
    (verified,) = verify_document(document)
    assert [(str(size), value) for size, value in verified.theorem.network.sizes.items()] == [("L", 4)]
    assert not verified.own


def test_a_made_up_rule_is_named() -> None:
    with pytest.raises(ProofRejected, match=r"bp1, step 2 \(wishful-thinking\): unknown rule 'wishful-thinking'"):
        verify_document(forged(_made_up_rule))


# What is no proof document

NO_DOCUMENTS = {
    "": "expected JSON",
    "{": "expected JSON",
    "[]": "expected a document of the schema",
    "7": "expected a document of the schema",
    '{"schema": "backprop-proofs/proof/2", "theorems": []}': "found 'backprop-proofs/proof/2'",
    '{"schema": "backprop-proofs/proof/1"}': "a list of theorems; found nothing",
    '{"schema": "backprop-proofs/proof/1", "theorems": []}': "expected a list of theorems",
    '{"schema": "backprop-proofs/proof/1", "theorems": [3]}': "theorem 1 to be an object with a name",
    '{"schema": "backprop-proofs/proof/1", "theorems": [{"name": "a\\nb"}]}': "an object with a name",
    '{"schema": "backprop-proofs/proof/1", "schema": "x"}': "the same key twice",
    '{"schema": NaN}': "NaN is no JSON number",
    "[" * 100_000: "nested too deeply",
    "9" * 5_000: "expected JSON",
    '{"schema": "backprop-proofs/proof/1", "theorems": [{"name": "a", "b": ' + "[" * 500 + "]" * 500 + "}]}": "deeper",
}


@pytest.mark.parametrize("text", NO_DOCUMENTS, ids=[text[:40] for text in NO_DOCUMENTS])
def test_what_is_no_proof_document_is_one_clear_line(text: str) -> None:
    with pytest.raises(InvalidInput) as found:
        parsed(text, "bad.json")
    assert str(found.value).startswith("bad.json: ")
    assert NO_DOCUMENTS[text] in str(found.value)
    assert "\n" not in str(found.value)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(InvalidInput, match="expected JSON"):
        parsed(b"\xff\xfe\x00\x01")


def test_an_enormous_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_file, "LARGEST", 1000)
    path = tmp_path / "large.json"
    path.write_text(" " * 1001)
    with pytest.raises(InvalidInput, match="a larger file"):
        read_document(str(path))


def test_more_than_theorems_is_refused() -> None:
    with pytest.raises(InvalidInput, match="found 'extra' too"):
        verify_document({**document_of("bp1"), "extra": 1})


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.text(max_size=5)
        | st.sampled_from(["letter", "ref", "sum", "+"]),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["tree", "latex", "steps"]), inner),
        max_leaves=12,
    ),
    st.data(),
)
@settings(max_examples=60)
def test_nothing_but_our_own_errors_comes_out(strange: Any, data: st.DataObject) -> None:
    document = document_of("bp1")
    theorem = document["theorems"][0]
    way = data.draw(st.sampled_from(list(leaves(theorem))))
    cut = way[: data.draw(st.integers(1, len(way)))]
    old = json.dumps(got(theorem, cut))
    put(theorem, cut, strange)
    said = ""
    try:
        verify_document(document)
    except BackpropError as error:
        said = str(error)
    assert said or json.dumps(strange) == old
    assert "\n" not in said
