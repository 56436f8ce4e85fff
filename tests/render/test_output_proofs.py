"""Proofs about output layers, refuted claims among them: stored pages, what is said of a sum that stays, and LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sympy import Integer

from backprop_proofs.checking.claims import Refuted, settle
from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.derivation.theorems import THEOREMS, prove
from backprop_proofs.kernel.theorem import Step, Theorem
from backprop_proofs.language.expressions import mul, negative, power
from backprop_proofs.networks.mlp import mlp, x, y
from backprop_proofs.render.ink import plain
from backprop_proofs.render.latex import document
from backprop_proofs.render.notation import latex, text
from backprop_proofs.render.outline import sum_stays
from backprop_proofs.render.proof_file import dumped, proof_document
from backprop_proofs.render.results import lines, pages

SNAPSHOTS = Path(__file__).parent / "snapshots"
Result = tuple[str, Theorem | Refuted, Any]


@cache
def result(name: str, **settings: Any) -> Result:
    found = settle(name, mlp(**{**THEOREMS[name].settings, **settings}))
    return name, found, () if isinstance(found, Refuted) else evidence_for(found)


def as_text(one: Result, detail: str = "steps", unicode: bool = True) -> str:
    return "".join(plain(line).rstrip() + "\n" for line in lines([one], detail, unicode, 80))


def as_json(one: Result) -> str:
    return dumped(proof_document([one]), unicode=True)


SOFTMAX = {"activation": "softmax"}
PAGES: dict[str, Callable[[], str]] = {
    "softmax-bp1-steps.txt": lambda: as_text(result("bp1", **SOFTMAX)),
    "softmax-bp1-full.txt": lambda: as_text(result("bp1", **SOFTMAX), "full"),
    "softmax-bp1-full-ascii.txt": lambda: as_text(result("bp1", **SOFTMAX), "full", unicode=False),
    "softmax-bp1-steps.tex": lambda: pages([result("bp1", **SOFTMAX)], "latex", "steps", False),
    "softmax-bp1-steps.md": lambda: pages([result("bp1", **SOFTMAX)], "markdown", "steps", False),
    "elementwise-refuted.txt": lambda: as_text(result("bp1-elementwise", **SOFTMAX)),
    "elementwise-refuted.tex": lambda: pages([result("bp1-elementwise", **SOFTMAX)], "latex", "steps", False),
    "elementwise-refuted.md": lambda: pages([result("bp1-elementwise", **SOFTMAX)], "markdown", "steps", False),
    "elementwise-refuted.json": lambda: as_json(result("bp1-elementwise", **SOFTMAX)),
    "normalised-steps.txt": lambda: as_text(result("softmax-error-normalised")),
    "normalised-steps.tex": lambda: pages([result("softmax-error-normalised")], "latex", "steps", False),
    "normalised-steps.md": lambda: pages([result("softmax-error-normalised")], "markdown", "steps", False),
    "weight-decay-steps.txt": lambda: as_text(result("weight-decay")),
}


@pytest.mark.parametrize("page", PAGES)
def test_stored_pages(page: str) -> None:
    assert PAGES[page]() == (SNAPSHOTS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", THEOREMS)
@pytest.mark.parametrize("detail", ["brief", "steps", "full"])
def test_every_theorem_in_text(name: str, detail: str) -> None:
    for unicode in (True, False):
        page = as_text(result(name), detail, unicode)
        assert max(map(len, page.splitlines())) <= 80
        assert unicode or page.isascii()
        assert not re.search(r"Dummy|Partial|IndexSum|\[l, j\]| _[a-z]|\*\*", page)


# A sum that stays

STAYS = "does not collapse to one term here"


def every_step(theorem: Theorem) -> Iterator[Step]:
    for step in theorem.derivation.steps:
        yield step
        for inner in (step.lemma, step.parameters.get("base")):
            if isinstance(inner, Theorem):
                yield from every_step(inner)


@pytest.mark.parametrize("activation", ["softmax", "log-softmax", "layer-norm"])
@pytest.mark.parametrize("batch", [None, "m"])
def test_a_sum_over_outputs_that_stays_says_why(activation: str, batch: str | None) -> None:
    theorem = prove("bp1", mlp(None, activation, batch=batch))
    found = [sum_stays(step) for step in theorem.derivation.steps]
    (stays,) = [one for one in found if one is not None]
    link, letter, other = stays
    assert (link.of.indices[-1], link.wrt.indices[-1]) == (letter, other)
    assert letter.name == "k"
    for write in (as_text, lambda one: pages([one], "latex", "steps", False), as_json):
        written = re.sub(r"\s+", " ", write(("bp1", theorem, ())))
        assert written.count(STAYS) == 1


NEURON_BY_NEURON: dict[str, dict[str, Any]] = {
    "any": {},
    "sigmoid": {"activation": "sigmoid", "cost": "quadratic"},
    "2,3,2": {"widths": (2, 3, 2)},
    "a decayed batch": {"batch": "m", "decay": True},
}


@pytest.mark.parametrize("settings", NEURON_BY_NEURON.values(), ids=NEURON_BY_NEURON)
@pytest.mark.parametrize("name", ["bp1", "bp2", "bp3", "bp4", "backward-pass", "path-sum", "path-total"])
def test_a_sum_that_collapses_is_not_said_to_stay(name: str, settings: dict[str, Any]) -> None:
    """The link may be a sum itself, as ∂z_m/∂w_jk = Σ_i a_i [m = j] [i = k] of BP4 is, or a name."""
    if name.startswith("path") and "batch" in settings:
        name = "weight-decay"  # paths are those of one example
    theorem = prove(name, mlp(**settings))
    assert [step.rule for step in every_step(theorem) if sum_stays(step) is not None] == []


# What is written where


def test_the_letters_of_a_collapse_stand_under_its_marks() -> None:
    """k → j beneath the line of the delta, also where the expression goes on in further lines."""
    rows = as_text(result("bp1", **SOFTMAX), "full").splitlines()
    marked = [number for number, row in enumerate(rows) if re.match(r"^ +\^\^\^", row)]
    assert len(marked) == 2
    for number in marked:
        assert re.search(r"\^{5}   [mk] → j$", rows[number]), rows[number]
        assert "Σ_" in rows[number - 1]


MINUS = {
    mul(x[1], Integer(-1), y[1]): ("-x_1 y_1", "-x_{1} y_{1}"),
    mul(x[1], Integer(-1), y[1], power(x[2], -1)): ("-x_1 y_1/x_2", r"-\frac{x_{1} y_{1}}{x_{2}}"),
    mul(x[1], negative(y[1])) + x[2]: None,
    mul(Integer(-1), x[1], Integer(-1), y[1]): ("-x_1 · (-1) y_1", "-x_{1} (-1) y_{1}"),
    mul(x[1], Integer(-2)): ("x_1 · (-2)", "x_{1} (-2)"),
}


@pytest.mark.parametrize("expr", MINUS, ids=str)
def test_a_sign_within_a_product_stands_before_it(expr: Any) -> None:
    """One -1 among the factors, as a slope -y/a brings it, is a sign; two, or another number, stay where they are."""
    if MINUS[expr] is None:
        assert "(-1)" not in text(expr)
        assert "+ -" not in text(expr)
        return
    assert (text(expr), latex(expr)) == MINUS[expr]


def test_the_functions_of_a_counterexample_are_formulas() -> None:
    page = as_text(result("bp1-elementwise", **SOFTMAX))
    said = re.sub(r"\s+", " ", page)
    assert re.search(r"C\(u_1, u_2\) = -?[0-9.]+ u_1\^2 [+-] [0-9.]+ u_1 u_2 ", said)
    assert "*" not in page


# LaTeX


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed: LaTeX output not compiled")
@pytest.mark.parametrize("detail", ["brief", "steps", "full"])
def test_the_latex_of_every_theorem_compiles(tmp_path: Path, detail: str) -> None:
    everything = [result(name) for name in THEOREMS]
    everything += [result(name, widths=(2, 3, 2)) for name in THEOREMS]
    everything += [
        result("bp1-elementwise", activation=activation) for activation in ("softmax", "log-softmax", "layer-norm")
    ]
    everything += [result("bp1", activation=activation) for activation in ("softmax", "log-softmax", "layer-norm")]
    everything += [result("activation-slope", activation=name) for name in ("relu", "silu", "gelu", "gelu-tanh")]
    (tmp_path / "all.tex").write_text(pages(everything, "latex", detail, True), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert (tmp_path / "all.pdf").stat().st_size > 10_000
    assert not re.search(r"Missing|Undefined", done.stdout)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed: LaTeX output not compiled")
def test_latex_that_is_wrong_does_not_compile(tmp_path: Path) -> None:
    (tmp_path / "wrong.tex").write_text(document([r"\[ \frac{1}{ \]"]), encoding="utf-8")
    command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "wrong.tex"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0
