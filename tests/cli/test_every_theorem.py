"""Every theorem by the command line: by its default network and at given widths, in every format, and verified."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli import terminals
from thinned import thinned

from backprop_proofs.derivation.theorems import THEOREMS

Run = Callable[[str], tuple[int, str, str]]
WIDTHS = {"of every size": "", "2,3,2": " --widths 2,3,2", "2,3": " --widths 2,3"}
STEPS_BETWEEN_LAYERS = ("bp2", "backward-pass")  # which say nothing of two layers
REFUTED = "prove bp1-elementwise --activation softmax"


@pytest.fixture
def run(run: terminals.Run) -> Run:
    """The command line within this process, its arguments in one text: (status, standard output, standard error)."""
    return lambda said: run(*said.split())


CASES = [
    (name, sizes) for name in THEOREMS for sizes in WIDTHS if not (name in STEPS_BETWEEN_LAYERS and sizes == "2,3")
]
EVERY_CASE = pytest.mark.parametrize(("name", "sizes"), thinned(CASES))
EVERY = pytest.mark.parametrize("name", THEOREMS)


@EVERY_CASE
def test_it_is_proved_and_all_evidence_agrees(run: Run, name: str, sizes: str) -> None:
    status, out, err = run(f"prove {name}{WIDTHS[sizes]}")
    assert (status, err) == (0, "")
    assert out.startswith(f"{name}: proved\n")
    assert re.findall(r"^  (\w+)  (raw SymPy|exact instances):", out, re.MULTILINE) == [
        ("agrees", "raw SymPy"),
        ("agrees", "exact instances"),
    ]
    assert "DISAGREES" not in out
    assert ("Written out" in out) is (sizes != "of every size")
    assert "raw SymPy undecided" not in out
    assert max(map(len, out.splitlines())) <= 80


@EVERY_CASE
def test_it_is_saved_and_verified(run: Run, tmp_path: Path, name: str, sizes: str) -> None:
    saved = tmp_path / "proof.json"
    assert run(f"prove {name}{WIDTHS[sizes]} --format json -o {saved}") == (0, "", "")
    (theorem,) = json.loads(saved.read_text())["theorems"]
    assert (theorem["name"], theorem["verdict"]) == (name, "proved")
    assert [check["agrees"] for check in theorem["evidence"]] == [True, True]
    assert bool(theorem["instances"]) is (sizes != "of every size")
    status, out, err = run(f"verify {saved}")
    assert (status, err) == (0, "")
    assert re.match(rf"{name}: proved \(\d+ rule applications? replayed\)\n", out), out


@EVERY
def test_it_is_written_in_latex_and_markdown(run: Run, name: str) -> None:
    status, out, err = run(f"prove {name} --format latex")
    assert (status, err) == (0, "")
    assert out.startswith(f"\\paragraph{{{name}.}}\n")
    assert out.isascii()
    status, out, err = run(f"prove {name} --format markdown")
    assert (status, err) == (0, "")
    assert out.startswith(f"## {name}\n")
    assert out.count("\n$$\n") % 2 == 0


@EVERY
def test_its_own_network_is_the_default_and_may_be_changed(run: Run, name: str) -> None:
    """What the user says counts, and what is not said is the theorem's."""
    theorem = json.loads(run(f"prove {name} --format json")[1])["theorems"][0]
    wanted = {key: {True: "l2"}.get(value, value) for key, value in THEOREMS[name].settings.items()}
    assert wanted.items() <= theorem["network"]["settings"].items()
    if "activation" not in wanted:
        changed = json.loads(run(f"prove {name} --activation tanh --format json")[1])["theorems"][0]
        assert changed["network"]["settings"]["activation"] == "tanh"


@pytest.mark.parametrize("name", STEPS_BETWEEN_LAYERS)
def test_a_theorem_between_layers_wants_three(run: Run, name: str) -> None:
    status, out, err = run(f"prove {name} --widths 2,3")
    assert (status, out) == (2, "")
    assert err == f"backprop-proofs: {name}: expected at least three layers, which it steps between; found two\n"


# The options of a network

OPTIONS = {
    "prove bp1 --activation softmax": "δ^L_j = a^L_j · (∂C/∂a^L_j - Σ_(k=1..n_L) a^L_k · ∂C/∂a^L_k)",
    "prove bp1 --activation sigmoid --hidden tanh": "δ^L_j = ∂C/∂a^L_j · g'(z^L_j)",
    "prove bp2 --activation sigmoid --hidden tanh": "δ^l_j = (Σ_(k=1..n_(l+1)) w^(l+1)_kj δ^(l+1)_k) σ'(z^l_j)",
    "prove bp3 --batch m": "∂C/∂b^l_j = 1/m · Σ_(i=1..m) δ^(i,l)_j",
    "prove bp3 --batch 2": "∂C/∂b^l_j = 1/m · Σ_(i=1..m) δ^(i,l)_j",
    "prove bp4 --batch m": "∂C/∂w^l_jk = 1/m · Σ_(i=1..m) a^(i,l-1)_k δ^(i,l)_j",
    "prove bp4 --decay": "∂C/∂w^l_jk = 1/m · Σ_(i=1..m) a^(i,l-1)_k δ^(i,l)_j + λ/m · w^l_jk",
    "prove bp3 --decay": "∂C/∂b^l_j = 1/m · Σ_(i=1..m) δ^(i,l)_j",
    "prove softmax-error": "δ^L_j = a^L_j Σ_(k=1..n_L) y_k - y_j",
    "prove softmax-error-normalised --widths 2,3 --labels 0,1,0": "δ^L_j = a^L_j - y_j",
    "prove softmax-error-normalised --widths 2,2 --labels 0.25,0.75": "δ^L_j = a^L_j - y_j",
    "prove softmax-error-normalised --widths 2,2 --labels 1/3,2/3": "δ^L_j = a^L_j - y_j",
    "prove cross-entropy-weights": "∂C/∂w^L_jk = 1/m · Σ_(i=1..m) a^(i,L-1)_k · (a^(i,L)_j - y^i_j)",
    "prove cross-entropy-biases": "∂C/∂b^L_j = 1/m · Σ_(i=1..m) (a^(i,L)_j - y^i_j)",
    "derive w --decay": "λ/m · w^l_jk",
    "derive b --activation softmax --cost categorical-cross-entropy": "∂C/∂b^l_j = δ^l_j",
}


@pytest.mark.parametrize("arguments", OPTIONS)
def test_options(run: Run, arguments: str) -> None:
    status, out, err = run(arguments)
    assert (status, err) == (0, "")
    assert OPTIONS[arguments] in re.sub(r"\s+", " ", out)
    assert "DISAGREES" not in out


AUDITED = {
    "audit --activation softmax --cost categorical-cross-entropy --widths 2,3,2": 17,
    "audit --activation sigmoid --hidden tanh --widths 2,3,2": 17,
    "audit --batch 2 --decay --widths 2,3,2": 17,
    "audit --widths 2,2 --activation softmax --cost categorical-cross-entropy --labels 0,1": 6,
}


@pytest.mark.parametrize("arguments", AUDITED)
def test_audits(run: Run, arguments: str) -> None:
    status, out, err = run(arguments)
    assert (status, err) == (0, "")
    assert out.startswith(f"audit: proved\n  {AUDITED[arguments]} partial derivatives of the cost compared\n")


def test_a_hypothesis_about_the_labels_is_in_the_ledger(run: Run) -> None:
    out = run("prove softmax-error-normalised")[1]
    assert "\n    where Σ_(k=1..n_L) y_k = 1\n" in out
    assert re.search(r"^  hypotheses: .*Σ_\(k=1\.\.n_L\) y_k = 1$", out, re.MULTILINE)
    known = run("prove softmax-error-normalised --widths 2,3 --labels 0,1,0")[1]
    assert "y_2 = 1" in known
    assert not re.search(r"^  hypotheses: .*Σ", known, re.MULTILINE)
    assert "    where " not in known


def test_what_is_verified_is_said_with_what_it_takes_for_granted(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "proof.json"
    run(f"prove softmax-error-normalised --format json -o {saved}")
    status, out, _ = run(f"verify {saved}")
    assert status == 0
    assert "where Σ_(k=1..n_L) y_k = 1" in out


# A claim that is false


def test_a_false_claim_is_refuted_with_a_network(run: Run) -> None:
    status, out, err = run(REFUTED)
    assert (status, err) == (1, "")
    assert out.startswith("bp1-elementwise: refuted\n")
    for said in ("δ^L_j = ∂C/∂a^L_j · ∂a^L_j/∂z^L_j", "of mlp with activation softmax", "L = 2, n_1 = 1, n_2 = 2"):
        assert said in out
    ((left, right),) = re.findall(r"left side (\S+), right side (\S+)$", out, re.MULTILINE)
    assert float(left) != float(right)
    assert "proved" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_refutation_in_latex_and_markdown(run: Run) -> None:
    status, out, _ = run(f"{REFUTED} --format latex")
    assert status == 1
    assert out.startswith("\\paragraph{bp1-elementwise: refuted.}\n")
    assert out.isascii()
    status, out, _ = run(f"{REFUTED} --format latex --standalone")
    assert (status, out.count(r"\end{document}")) == (1, 1)
    status, out, _ = run(f"{REFUTED} --format markdown")
    assert status == 1
    assert out.startswith("## bp1-elementwise: refuted\n")
    assert "**" not in out.replace(r"\*\*", "**")


def test_a_refutation_in_json(run: Run) -> None:
    status, out, err = run(f"{REFUTED} --format json")
    assert (status, err) == (1, "")
    (claim,) = json.loads(out)["theorems"]
    assert (claim["name"], claim["verdict"], claim["steps"], claim["evidence"]) == (
        "bp1-elementwise",
        "refuted",
        [],
        [],
    )
    found = claim["counterexample"]
    assert found["sizes"] == {"L": 2, "n[1]": 1, "n[2]": 2}
    assert abs(float(found["left"]) - float(found["right"])) > 1e-9
    assert claim["why"]


def test_a_refutation_is_no_proof_to_verify(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "refuted.json"
    run(f"{REFUTED} --format json -o {saved}")
    status, out, err = run(f"verify {saved}")
    assert (status, err) == (1, "")
    assert out.startswith("refuted: bp1-elementwise: ")
    assert out.count("\n") == 1
    assert "KeyError" not in out


def test_one_that_is_refuted_among_those_that_are_proved(run: Run) -> None:
    status, out, _ = run("prove bp1 bp1-elementwise bp3 --activation softmax --detail brief")
    assert status == 1
    assert re.findall(r"^(\S+): (proved|refuted)$", out, re.MULTILINE) == [
        ("bp1", "proved"),
        ("bp1-elementwise", "refuted"),
        ("bp3", "proved"),
    ]


@pytest.mark.parametrize("more", ["--widths 3,2,4", "--cost categorical-cross-entropy", "--batch m", "--hidden tanh"])
@pytest.mark.parametrize("activation", ["softmax", "log-softmax", "layer-norm"])
def test_it_is_refuted_of_every_network_of_the_kind(run: Run, activation: str, more: str) -> None:
    if activation != "softmax" and "entropy" in more:
        more = "--cost quadratic"  # the logarithm of a negative number is none
    assert run(f"prove bp1-elementwise --activation {activation} {more}")[0] == 1


def _json(run: Run, arguments: str) -> Any:
    return json.loads(run(f"{arguments} --format json")[1])


def test_a_step_that_cannot_collapse_says_so(run: Run) -> None:
    """In the text, in the file, and only there where it is true."""
    said = "does not collapse to one term here"
    assert re.sub(r"\s+", " ", run("prove bp1 --activation softmax")[1]).count(said) == 1
    (theorem,) = _json(run, "prove bp1 --activation softmax")["theorems"]
    notes = [step["note"] for step in theorem["steps"] if said in step["note"]]
    assert len(notes) == 1
    assert notes[0].startswith("∂a^L_k/∂z^L_j ≠ 0 for k ≠ j too, so Σ_k ")
    for collapsing in ("prove", "prove bp4 --batch m --decay", "prove bp1 --activation sigmoid", "prove bp3 --batch 2"):
        assert said not in re.sub(r"\s+", " ", run(collapsing)[1])


def test_a_claim_that_is_neither_proved_nor_refuted_is_undecided(run: Run) -> None:
    """With one output neuron there is no k ≠ j, and the elementwise BP1 of softmax is true."""
    status, out, err = run("prove bp1-elementwise --activation softmax --widths 2,1")
    assert (status, out) == (3, "")
    assert err == (
        "backprop-proofs: bp1-elementwise: undecided; it was not proved, "
        "and on the networks tried (3 comparisons) it did not fail\n"
    )
