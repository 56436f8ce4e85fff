"""Sentences with formulas in them, for ASCII, LaTeX and Markdown."""

from __future__ import annotations

import pytest

from backprop_proofs.render.prose import ascii_text, latex_text, markdown_text, spelled

TABLE = [
    ("k ≠ e", "k != e", r"k \(\ne\) e", r"k $\ne$ e"),
    (
        "σ'(z^l_j) is fixed",
        "sigma'(z^l_j) is fixed",
        r"\(\sigma'(z^{l}_{j})\) is fixed",
        r"$\sigma'(z^{l}_{j})$ is fixed",
    ),
    ("w^{l+1}_{kj}", "w^{l+1}_{kj}", r"\(w^{l+1}_{kj}\)", "$w^{l+1}_{kj}$"),
    ("w^(l+1)_kj", "w^(l+1)_kj", r"\(w^{l+1}_{kj}\)", "$w^{l+1}_{kj}$"),
    ("∂C/∂z^L_j", "dC/dz^L_j", r"\(\partial C/\partial z^{L}_{j}\)", r"$\partial C/\partial z^{L}_{j}$"),
    ("Σ_{k=1}^{n_{l+1}}", "sum_{k=1}^{n_{l+1}}", r"\(\sum_{k=1}^{n_{l+1}}\)", r"$\sum_{k=1}^{n_{l+1}}$"),
    ("Nielsen's 50% & a_b", "Nielsen's 50% & a_b", r"Nielsen's 50\% \& \(a_{b}\)", "Nielsen's 50% & $a_{b}$"),
    ("C:\\x {y} #1 ~", "C:\\x {y} #1 ~", r"C:\textbackslash{}x \{y\} \#1 \textasciitilde{}", r"C:\\x \{y\} \#1 \~"),
    ("&lt;", "&lt;", r"\&lt;", r"\&lt;"),
    ("“naïve” … 1–2", '"naive" ... 1-2', "``naïve'' ... 1--2", "“naïve” … 1–2"),
    ("a plain sentence", "a plain sentence", "a plain sentence", "a plain sentence"),
]


@pytest.mark.parametrize(("said", "in_ascii", "in_latex", "in_markdown"), TABLE, ids=[row[1] for row in TABLE])
def test_sentences(said: str, in_ascii: str, in_latex: str, in_markdown: str) -> None:
    assert (ascii_text(said), latex_text(said), markdown_text(said)) == (in_ascii, in_latex, in_markdown)


def test_ascii_never_fails() -> None:
    everything = "".join(map(chr, range(32, 0x3000)))
    assert ascii_text(everything).isascii()


def test_refs_in_a_sentence_are_spelled_like_the_rest() -> None:
    said = "no path from w[l + 1, _k, j] and y[j] to it, as in u[3]"
    assert spelled(said, {"w": 1, "y": 0}) == "no path from w^(l+1)_kj and y_j to it, as in u[3]"
    assert spelled("delta[L, j]", {"delta": 1}) == "δ^L_j"
