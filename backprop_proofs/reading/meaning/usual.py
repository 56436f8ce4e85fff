"""What is usually meant where nothing is said: Nielsen's network, the costs by name, the moments of a normalisation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import read
from backprop_proofs.reading.meaning.conventions import folded
from backprop_proofs.reading.meaning.declare import Declared
from backprop_proofs.reading.meaning.forms import chains_of, has_derivative
from backprop_proofs.reading.meaning.names import bare_key
from backprop_proofs.reading.meaning.rewriting import renamed
from backprop_proofs.reading.syntax import Chain, Node

NIELSEN = {
    "z": r"z^l_j = \sum_k w^l_{jk} a^{l-1}_k + b^l_j",
    "a": r"a^l_j = \sigma(z^l_j)",
    "delta": r"\delta^l_j = \frac{\partial C}{\partial z^l_j}",
    "x": r"a^1_j = x_j",
}  # Nielsen's network, chapter 2: what a writer who declares nothing is taken to mean
ONE_LAYER = {
    "z": r"z_j = \sum_k w_{jk} x_k + b_j",
    "a": r"a_j = \sigma(z_j)",
    "delta": r"\delta_j = \frac{\partial C}{\partial z_j}",
}  # the same of one layer, for a writer who leaves the layer out
LAYER_TEXTS = {
    "softmax": r"a^L_j = \frac{e^{z^L_j}}{\sum_k e^{z^L_k}}",
    "log-softmax": r"a^L_j = z^L_j - \log \sum_k e^{z^L_k}",
}
COST_TEXTS = {
    "quadratic": r"C = \frac{1}{2} \sum_j (a^L_j - y_j)^2",
    "binary-cross-entropy": r"C = -\sum_j (y_j \ln a^L_j + (1 - y_j) \ln(1 - a^L_j))",
    "categorical-cross-entropy": r"C = -\sum_j y_j \ln a^L_j",
    "negative-log-likelihood": r"C = -\sum_j y_j a^L_j",
}


ACTIVATIONS = frozenset(("sigma", "f", "g", "h", "s", "phi", "varphi", "psi", "theta", "rho"))


def in_letters(text: str, cost: tree.Name, activation: str = "sigma") -> Chain:
    """The equation that a text is, with the writer's letters for C and σ."""
    name = activation if len(activation) == 1 else f"\\{activation}"
    chain = renamed(written(text.replace(r"\sigma", name)), lambda part: cost if bare_key(part) == "C" else part)
    assert isinstance(chain, Chain)
    return chain


@lru_cache(maxsize=32)
def written(text: str) -> Chain:
    """The equation that a text is."""
    return next(chains_of(*read(text).rows))


def missing_moments(declared: list[Declared]) -> list[Declared]:
    """μ and σ², where nobody defines them and something is normalised by them."""
    for one in declared:
        for node in tree.every(tree.Plus, one.right):
            x, mean = node.terms if node.signs == (1, -1) else (None, None)
            if not (isinstance(x, tree.Name) and isinstance(mean, tree.Name) and bare_key(mean) == "mu"):
                continue
            letters = [item for script in x.below for item in script.items]
            if len(letters) != 1 or not isinstance(letters[0], tree.Name):
                continue
            if any(other.key in ("mu", "sigma2") for other in declared) or x.above or mean.below:
                return []
            return _moments_of(x, mean, letters[0])
    return []


def _moments_of(x: tree.Name, mean: tree.Name, letter: tree.Name) -> list[Declared]:
    """μ = 1/N Σ x and σ² = 1/N Σ (x - μ)², the usual meaning of a normalisation's μ and σ²."""
    one, count = tree.Number(Fraction(1)), tree.Name("N")

    def average(body: Node) -> Node:
        total = tree.Sum("sum", (letter,), one, count, (), body)
        return tree.Product((tree.Quotient(one, count), total), ("",))

    gap = tree.Group((tree.Plus((x, mean), (1, -1)),))
    return [
        Declared("mu", mean, average(x)),
        Declared("sigma2", tree.Name("sigma2"), average(tree.Power(gap, tree.Number(Fraction(2))))),
    ]


def folded_into_names(declared: list[Declared]) -> list[Declared]:
    """a = σ(Σ w a + b) as a = σ(z), where z has that equation; and the like."""
    whole = [
        one
        for one in declared
        if isinstance(one.left, tree.Name) and not isinstance(one.right, tree.Name | tree.Number)
    ]
    for one in whole:
        assert isinstance(one.left, tree.Name)
        if has_derivative(one.right):
            continue
        left, right = one.left, one.right
        changed = [
            other if other.key == one.key else replace(other, right=folded(right, left, other.right))
            for other in declared
        ]
        declared = [  # out_{o1} is not out_{h1} in other letters
            old if new.right == new.left else new for old, new in zip(declared, changed, strict=True)
        ]
    return declared
