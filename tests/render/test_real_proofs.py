"""The kernel's own theorems, printed in every format."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from backprop_proofs.derivation.backprop import bp1, bp2, bp3, bp4
from backprop_proofs.kernel import theorem as _kernel  # noqa: F401 - enters all the rules
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.render.latex import proof_latex
from backprop_proofs.render.markdown import proof_markdown
from backprop_proofs.render.outline import DETAILS
from backprop_proofs.render.reference import rule_lines
from backprop_proofs.render.text import proof_text

STATEMENTS = {
    bp1: ("δ^L_j = ∂C/∂a^L_j · σ'(z^L_j)", "δ^L = ∇_(a^L) C ⊙ σ'(z^L)"),
    bp2: ("δ^l_j = (Σ_(k=1..n_(l+1)) w^(l+1)_kj δ^(l+1)_k) σ'(z^l_j)", "δ^l = ((w^(l+1))^T δ^(l+1)) ⊙ σ'(z^l)"),
    bp3: ("∂C/∂b^l_j = δ^l_j", "∇_(b^l) C = δ^l"),
    bp4: ("∂C/∂w^l_jk = a^(l-1)_k δ^l_j", "∇_(w^l) C = δ^l (a^(l-1))^T"),
}


@pytest.mark.parametrize("prove", STATEMENTS)
def test_statements(prove: Callable[..., Theorem]) -> None:
    page = proof_text(prove(mlp()), prove.__name__)
    for said in STATEMENTS[prove]:
        assert said in page


@pytest.mark.parametrize("prove", STATEMENTS)
@pytest.mark.parametrize("detail", DETAILS)
def test_every_format(prove: Callable[..., Theorem], detail: str) -> None:
    theorem = prove(mlp())
    for unicode in (True, False):
        page = proof_text(theorem, "BP", detail, unicode)
        assert max(map(len, page.splitlines())) <= 80
        assert unicode or page.isascii()
        assert not re.search(r"Dummy|Partial|\[l, j\]| _", page)
    assert proof_latex(theorem, "BP", detail).isascii()
    assert proof_markdown(theorem, "BP", detail).startswith("## BP\n")


@pytest.mark.parametrize("prove", STATEMENTS)
def test_every_collapse_is_marked_once(prove: Callable[..., Theorem]) -> None:
    theorem = prove(mlp())
    collapses = sum(step.rule == "kronecker-collapse" for step in theorem.derivation.steps)
    page = proof_text(theorem, "BP", unicode=False)
    marks = [line.split("^", 1)[1] for line in page.splitlines() if re.match(r"\s+\^\^\^+ ", line)]
    assert len(marks) == collapses
    assert all(re.search(r"\^{5,}   \w -> \w$", mark) for mark in marks)


def test_every_rule_has_its_card() -> None:
    for rule in RULES.values():
        for unicode in (True, False):
            written = "\n".join("".join(text for text, _ in line) for line in rule_lines(rule, unicode, 80))
            assert written.startswith(rule.name)
            assert "Why: " in written
            assert "Source: " in written
            assert max(map(len, written.splitlines())) <= 80
            assert unicode or written.isascii()
