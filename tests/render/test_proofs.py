"""Whole proofs in every format: stored pages, width, character set, what is marked, and that LaTeX compiles."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from render import examples
from rich.console import Console

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.expressions import add, mul
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import mlp, x, y
from backprop_proofs.render.ink import Ink
from backprop_proofs.render.latex import document, proof_latex
from backprop_proofs.render.markdown import proof_markdown
from backprop_proofs.render.outline import DETAILS, outline
from backprop_proofs.render.reference import listing_lines, rule_lines
from backprop_proofs.render.terminal import Lines, Page
from backprop_proofs.render.text import proof_lines, proof_text

SNAPSHOTS = Path(__file__).parent / "snapshots"
PROOFS = {"bp1": examples.bp1, "bp2": examples.bp2}
PAGES = {
    "bp1-full-unicode.txt": lambda: proof_text(examples.bp1(), "BP1", "full", True, examples.CHECKS),
    "bp1-steps-ascii.txt": lambda: proof_text(examples.bp1(), "BP1", "steps", False, examples.CHECKS),
    "bp2-steps-unicode.txt": lambda: proof_text(examples.bp2(), "BP2", "steps", True, examples.CHECKS),
    "bp2-full-ascii.txt": lambda: proof_text(examples.bp2(), "BP2", "full", False),
    "bp2-brief-unicode.txt": lambda: proof_text(examples.bp2(), "BP2", "brief", True, examples.CHECKS),
    "bp1-full.tex": lambda: proof_latex(examples.bp1(), "BP1", "full", evidence=examples.CHECKS),
    "bp2-steps.md": lambda: proof_markdown(examples.bp2(), "BP2", "steps", examples.CHECKS),
}


@pytest.mark.parametrize("page", PAGES)
def test_stored_pages(page: str) -> None:
    assert PAGES[page]() == (SNAPSHOTS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PROOFS)
@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("width", [50, 72, 80, 120])
def test_no_line_is_wider_than_asked(name: str, detail: str, width: int) -> None:
    for unicode in (True, False):
        page = proof_text(PROOFS[name](), name, detail, unicode, examples.CHECKS, width)
        assert max(map(len, page.splitlines())) <= width
        assert unicode or page.isascii()


def test_wrapping_loses_nothing() -> None:
    wide, narrow = (proof_text(examples.bp2(), "BP2", "full", True, (), width) for width in (400, 50))
    assert re.sub(r"[\s-]+", "", wide) == re.sub(r"[\s-]+", "", narrow)


@pytest.mark.parametrize(("unicode", "sign", "arrow"), [(True, "Σ_k", "→"), (False, "sum_k", "->")])
def test_the_collapsing_sum_and_its_delta_are_underlined(unicode: bool, sign: str, arrow: str) -> None:
    lines = proof_text(examples.bp1(), "BP1", "steps", unicode).splitlines()
    (at,) = [number for number, line in enumerate(lines) if "^^" in line]
    marked = [lines[at - 1][match.start() : match.end()] for match in re.finditer(r"\^+", lines[at])]
    assert marked == [sign, "[k=j]"]
    assert lines[at].endswith(f"k {arrow} j")


def test_a_collapse_in_latex_is_boxed() -> None:
    written = proof_latex(examples.bp1(), "BP1")
    assert re.findall(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}", written) == [r"\sum_{k}", r"\mathbf{1}_{[k=j]}"]
    assert r"k \to j" in written


def test_only_the_collapse_is_marked() -> None:
    rows = outline(examples.bp1()).rows
    assert [row.rule for row in rows if row.marks] == ["kronecker-collapse"]
    assert all(row.before is None for row in rows if not row.marks)


def test_a_chain_with_a_gap_shows_where_it_goes_on() -> None:
    theorem = examples.bp1()
    steps = theorem.derivation.steps
    gap = replace(theorem, derivation=examples.Derivation((steps[0], steps[2], *steps[3:])))
    assert [row.before is not None for row in outline(gap).rows] == [False, True, True, False]


def test_detail() -> None:
    theorem = examples.bp1()
    brief, steps, full = (proof_text(theorem, "BP1", detail) for detail in DETAILS)
    assert "chain-rule" not in brief
    assert "chain-rule" in steps
    assert "3.1" not in steps
    assert "3.1" in full
    with pytest.raises(UnknownName, match="did you mean 'full'"):
        proof_text(theorem, "BP1", "ful")


def test_notes_are_for_full_detail() -> None:
    for write in (proof_text, proof_latex, proof_markdown):
        assert "S = " in write(examples.bp1(), "BP1", "full")
        assert "S = " not in write(examples.bp1(), "BP1", "steps")


def test_an_induction_shows_its_base_and_its_step() -> None:
    base, inner = examples.bp1(), examples.bp2()
    sides = (inner.statement.lhs, inner.statement.rhs)
    link = examples.Step(
        "induction", *sides, "every l is reached.", substeps=inner.derivation.steps, parameters={"base": base}
    )
    theorem = replace(inner, derivation=examples.Derivation((link,)))
    page = proof_text(theorem, "BP", "full")
    assert page.index("base case:") < page.index("1i.5 = ") < page.index("induction step:") < page.index("1.6 = ")
    assert r"\textsf{induction}" in proof_latex(theorem, "BP", "full")


def test_what_it_rests_on_and_was_checked_by() -> None:
    page = proof_text(examples.bp1(), "BP1", evidence=examples.CHECKS)
    for said in ("σ is differentiable", "C = C(a^L)", "raw SymPy", "20 instances, 480 comparisons"):
        assert said in page
    wrong = replace(examples.CHECKS[0], agrees=False)
    open_ = replace(examples.CHECKS[1], agrees=None)
    for write in (proof_text, proof_latex, proof_markdown):
        written = write(examples.bp1(), "BP1", evidence=(wrong, open_))
        assert "DISAGREES" in written
        assert "undecided" in written
        assert "agrees" not in written


def test_hypotheses_about_expressions_and_assumptions() -> None:
    theorem = replace(
        examples.bp1(),
        hypotheses=(examples.Hypothesis("nonzero", x[1]), examples.Hypothesis("positive", y[1])),
        assumptions=(type("Assumption", (), {"statement": Equation(x[1], y[1])}),),
    )
    page = proof_text(theorem, "BP1", unicode=False)
    assert "hypotheses: x_1 != 0; y_1 > 0; x_1 = y_1\n" in page
    assert "\n    where x_1 = y_1\n" in page
    assert page.startswith("BP1: proved\n")
    written = proof_latex(theorem, "BP1")
    assert r"where \(x_{1} = y_{1}\)." in written
    assert r"\(x_{1} \ne 0\); \(y_{1} > 0\); \(x_{1} = y_{1}\)." in written
    written = proof_markdown(theorem, "BP1")
    assert "where $x _{1} = y _{1}$." in written
    assert "- $y _{1} > 0$\n- $x _{1} = y _{1}$\n" in written


def test_sizes_and_formulas_of_a_concrete_network() -> None:
    theorem = replace(examples.bp1(), network=mlp((2, 3, 2), "sigmoid", "quadratic"))
    page = proof_text(theorem, "BP1")
    assert "of the network with L = 3, n_1 = 2, n_2 = 3, n_3 = 2" in page
    assert "σ(u) = 1/(1 + exp(-u))" in page
    assert "C = ½ Σ_(k=1..n_L) (y_k - a^L_k)²" in page


def test_long_sums_break_between_terms() -> None:
    terms = add(*(mul(x[i], y[i]) for i in range(1, 40)))
    step = examples.Step("write-out", x[1], terms, "this is what Σ means.")
    theorem = replace(
        examples.bp1(), statement=Equation(x[1], terms), matrix=None, derivation=examples.Derivation((step,))
    )
    page = proof_text(theorem, "long", unicode=False)
    assert max(map(len, page.splitlines())) <= 80
    assert re.search(r"^ +\+ x_\d+ y_", page, re.MULTILINE)
    assert r"\quad{} + " in proof_latex(theorem, "long")


@pytest.mark.parametrize("name", PROOFS)
def test_markdown_blocks_open_and_close(name: str) -> None:
    written = proof_markdown(PROOFS[name](), name, "full", examples.CHECKS)
    fences = [line for line in written.splitlines() if "$$" in line]
    assert len(fences) % 2 == 0
    assert {line.strip("> ") for line in fences} == {"$$"}
    inline = re.sub(r"^[> ]*\$\$.*?^[> ]*\$\$", "", written, flags=re.MULTILINE | re.DOTALL)
    assert inline.count("$") % 2 == 0


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed: LaTeX output not compiled")
def test_latex_compiles(tmp_path: Path) -> None:
    concrete = replace(examples.bp1(), network=mlp((2, 3, 2), "tanh", "quadratic"))
    fragments = [proof_latex(make(), "50% of_#" + name, detail) for name, make in PROOFS.items() for detail in DETAILS]
    pages = {"one": proof_latex(concrete, "BP1", "full", True, examples.CHECKS), "all": document(fragments)}
    for name, page in pages.items():
        (tmp_path / f"{name}.tex").write_text(page, encoding="utf-8")
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", f"{name}.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout[-1500:]


def shown(lines: Lines, encoding: str = "utf-8", width: int = 80, **settings: Any) -> str:
    raw = io.BytesIO()
    console = Console(file=io.TextIOWrapper(raw, encoding=encoding), width=width, _environ={}, **settings)
    console.print(Page(lines))
    console.file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("detail", DETAILS)
def test_the_terminal_shows_the_text(detail: str) -> None:
    def view(unicode: bool, width: int) -> Iterable[Ink]:
        return proof_lines(examples.bp1(), "BP1", detail, unicode, examples.CHECKS, width)

    assert shown(view) == proof_text(examples.bp1(), "BP1", detail, True, examples.CHECKS)
    assert shown(view, "ascii", 60) == proof_text(examples.bp1(), "BP1", detail, False, examples.CHECKS, 60)


def test_colour_says_nothing_of_its_own() -> None:
    def view(unicode: bool, width: int) -> Iterable[Ink]:
        return proof_lines(examples.bp1(), "BP1", "steps", unicode, (), width)

    coloured = shown(view, force_terminal=True, color_system="standard")
    assert "\x1b[1;31mΣ_k" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == shown(view)
    bare = shown(view, force_terminal=True, color_system="standard", no_color=True)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", bare)


def test_rules_and_lists() -> None:
    example = next(step for step in examples.bp1().derivation.steps if step.rule == "kronecker-collapse")
    card = shown(lambda unicode, width: rule_lines(examples.RULE, unicode, width, example), "ascii", 60)
    for said in ("kronecker-collapse", "Why: every term with k != e", "Source: Nielsen", "Example:", "^^^^^", "k -> j"):
        assert said in card
    assert max(map(len, card.splitlines())) <= 60
    sections = {"Theorems": {"bp1": "δ^L_j"}, "Activations": {"sigmoid": "1/(1 + e^{-z})"}, "Costs": {}}
    listed = shown(lambda unicode, width: listing_lines(sections, unicode, width))
    assert [line for line in listed.splitlines() if line[:1].isalpha()] == list(sections)
    assert "  sigmoid  1/(1 + e^{-z})" in listed


def test_rendering_changes_nothing() -> None:
    theorem = examples.bp1()
    kept = repr(theorem.derivation), hash(theorem.statement.rhs)
    pages = [proof_text(theorem, "BP1", "full"), proof_latex(theorem, "BP1", "full"), proof_markdown(theorem, "BP1")]
    again = [proof_text(theorem, "BP1", "full"), proof_latex(theorem, "BP1", "full"), proof_markdown(theorem, "BP1")]
    assert pages == again
    assert (repr(theorem.derivation), hash(theorem.statement.rhs)) == kept


def test_only_the_terminal_imports_rich() -> None:
    code = (
        "import sys, backprop_proofs.render.text, backprop_proofs.render.latex, backprop_proofs.render.markdown\n"
        "sys.exit('rich' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
