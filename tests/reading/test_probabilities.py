"""A side that is a conditional probability is passed over, where two others are left."""

from __future__ import annotations

import pytest

from backprop_proofs.reading import read
from backprop_proofs.reading.syntax import Chain


def chains(text: str) -> list[Chain]:
    return [statement.chain for row in read(text).rows for statement in row.statements]


@pytest.mark.parametrize(
    ("written", "same"),
    [
        (r"P(y=1|x) = a = \sigma(z)", r"a = \sigma(z)"),
        (r"y_k = p(C_k \mid \phi) = \frac{e^{a_k}}{\sum_j e^{a_j}}", r"y_k = \frac{e^{a_k}}{\sum_j e^{a_j}}"),
        (r"\hat y = \Pr(y=1|x) = \sigma(z)", r"\hat y = \sigma(z)"),
        (r"a = \sigma(z) = p_\theta(y|x)", r"a = \sigma(z)"),
    ],
)
def test_the_other_sides_are_read(written: str, same: str) -> None:
    assert chains(written) == chains(same) != []


@pytest.mark.parametrize("written", [r"P(y=1|x) = \sigma(z)", r"y = a = |x|", r"L = p(|z|) = \sigma(z)"])
def test_nothing_else_is_passed_over(written: str) -> None:
    document = read(written)
    lost = any(row.problem is not None for row in document.rows)
    assert lost or len(chains(written)[0].parts) == written.count("=") + 1
