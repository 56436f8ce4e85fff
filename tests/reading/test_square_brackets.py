"""A layer in square brackets without braces: z^[l] is read as z^{[l]} is, in every form of text."""

from __future__ import annotations

import re

import pytest
from reading.trees import of, shown

from backprop_proofs.reading import read

# Plain text, LaTeX whose backslashes were stripped, LaTeX with delimiters and without.
LINES = (
    "z^[l]_j = sum_k w^[l]_jk a^[l-1]_k + b^[l]_j",
    "∂C/∂z^[l]_j = σ'(z^[l]_j) Σ_k w^[l+1]_kj ∂C/∂z^[l+1]_k",
    "z_j^[ l ] = 1",
    "A^[l] = g^[l](Z^[l])",
    "dZ^[l] = dA^[l] ⊙ g^[l]'(Z^[l])",
    "dW^[l] = (1/m) dZ^[l] A^[l-1].T",
    "dW^[l] = dZ^[l] A^[l-1]^T",
    "C = (y - a^[2])^2 + a^[2]^2",
    "frac{partial C}{partial z^[l]_j} = delta^[l]_j",
    r"$$dW^[l] = \frac{1}{m} dZ^[l] {A^[l-1]}^T$$",
    r"Then $\delta^[l] = (w^[l+1])^T \delta^[l+1] \odot \sigma'(z^[l])$ for all l.",
    r"\begin{align} x &= \sum_k w^[l]_{jk} a^[l-1]_k \\ y &= \bar z^[L-1] \end{align}",
)


@pytest.mark.parametrize("text", LINES)
def test_braces_may_be_left_out(text: str) -> None:
    braced = re.sub(r"_([jk]{2})\b", r"_{\1}", re.sub(r"\^\[([^\]]*)\]", r"^{[\1]}", text))
    rows, others = read(text).rows, read(braced).rows
    assert rows
    assert [row.problem for row in rows] == [None] * len(others)
    assert [row.statements for row in rows] == [row.statements for row in others]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("z^[l]_j", "z^[l]_j"),
        ("dZ^[l] A^[l-1]^T", "(mul dZ~^[l] (transpose A^[(add +l -1)]))"),
        ("z^[l][j]", "z^[l]_[j]"),
        # what round brackets say
        ("z^(l)_j", "z^(l)_j"),
        ("z^(l+1)_j", "z^{(add +l +1)}_j"),
        ("z^(2)", "z^(2)"),
        ("(a + b)^(2)", "(pow ((add +a +b)) 2)"),
        ("z[l]", "z_[l]"),
    ],
)
def test_what_a_superscript_in_brackets_is(text: str, tree: str) -> None:
    assert shown(of(text)) == tree


@pytest.mark.parametrize("text", ["z^[l = 1", "z^[ = 1", "z^] = 1", "z^[] = 1", "z_[l] = 1"])
def test_a_bracket_alone_is_no_superscript(text: str) -> None:
    (row,) = read(text).rows
    assert row.problem is not None
