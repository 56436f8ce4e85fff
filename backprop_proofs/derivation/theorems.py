"""The theorems by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from backprop_proofs.derivation import backprop, outputs, path_recursion, paths
from backprop_proofs.derivation.slopes import activation_slope
from backprop_proofs.errors import UnknownName
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import mlp


@dataclass(frozen=True)
class Claim:
    """What is said of a network, with the ranges of its letters, whether it is true or not; and where it fails, why."""

    statement: Callable[[Network], tuple[Equation, tuple[Limit, ...]]]
    why: str


@dataclass(frozen=True)
class Named:
    """A theorem's name, what it says in words, where it comes from, and the tactic that proves it in a network.

    settings: what `mlp` is given where the user does not say. claim: the statement alone, where it may be false.
    """

    name: str
    says: str
    source: str
    prove: Callable[[Network], Theorem]
    settings: Mapping[str, Any] = field(default_factory=dict)
    claim: Claim | None = None


_SIGMOID = {"activation": "sigmoid", "cost": "binary-cross-entropy"}
_SOFTMAX = {"activation": "softmax", "cost": "categorical-cross-entropy"}
_TABLE = (
    Named("bp1", "the error of the output layer", "Nielsen, chapter 2, BP1", backprop.bp1),
    Named("bp2", "the error of a layer from the error of the next", "Nielsen, chapter 2, BP2", backprop.bp2),
    Named("bp3", "the cost's derivative by a bias is the error", "Nielsen, chapter 2, BP3", backprop.bp3),
    Named("bp4", "the cost's derivative by a weight", "Nielsen, chapter 2, BP4", backprop.bp4),
    Named(
        "backward-pass",
        "the backward pass computes the error of every layer, by induction from BP1 and BP2",
        'Nielsen, chapter 2, "The backpropagation algorithm"',
        backprop.backward_pass,
    ),
    Named(
        "activation-slope",
        "the slope of the activation from its formula, such as σ' = σ(1 - σ)",
        "Nielsen, chapter 2, after equation 28, and chapter 3, equation 110",
        activation_slope,
        {"activation": "sigmoid"},
    ),
    Named(
        "bp1-elementwise",
        "BP1 without its sum over k; false of softmax",
        "Nielsen, chapter 2, equation 38",
        outputs.bp1_elementwise,
        claim=Claim(
            outputs.elementwise_bp1,
            "each z^L_j moves every a^L_k, not a^L_j alone; "
            "the terms of Σ_k ∂C/∂a^L_k · ∂a^L_k/∂z^L_j with k ≠ j are left out",
        ),
    ),
    Named(
        "softmax-jacobian",
        "how each output activation changes with each weighted input",
        "Nielsen, chapter 3, equation 78 and the exercises after it",
        outputs.output_jacobian,
        {"activation": "softmax"},
    ),
    Named(
        "softmax-sum",
        "the outputs of softmax sum to one",
        "Nielsen, chapter 3, equation 79",
        outputs.shares,
        {"activation": "softmax"},
    ),
    Named(
        "cross-entropy-error",
        "the output's error in lowest terms: a - y for sigmoid and cross-entropy",
        "Nielsen, chapter 3, equations 64 to 66",
        outputs.output_error,
        _SIGMOID,
    ),
    Named(
        "softmax-error",
        "the output's error for softmax and its cross-entropy, whatever the labels",
        "Nielsen, chapter 3, equation 84",
        outputs.output_error,
        _SOFTMAX,
    ),
    Named(
        "softmax-error-normalised",
        "the same, a - y, for labels that sum to one",
        "Nielsen, chapter 3, equation 84",
        outputs.error_of_normalised_labels,
        _SOFTMAX,
    ),
    Named(
        "cross-entropy-weights",
        "the gradient of the last weights: no σ' is left in it",
        "Nielsen, chapter 3, equations 61 and 67",
        outputs.output_weights,
        {**_SIGMOID, "batch": "m"},
    ),
    Named(
        "cross-entropy-biases",
        "the gradient of the last biases: no σ' is left in it",
        "Nielsen, chapter 3, equations 62 and 68",
        outputs.output_biases,
        {**_SIGMOID, "batch": "m"},
    ),
    Named(
        "batch-gradient",
        "the gradient of the mean cost over a batch is the mean of the gradients",
        "Nielsen, chapter 1, equation 18, and chapter 2, BP4",
        backprop.bp4,
        {"batch": "m"},
    ),
    Named(
        "weight-decay",
        "the same with L2 weight decay",
        "Nielsen, chapter 3, equations 87 to 89",
        backprop.bp4,
        {"batch": "m", "decay": True},
    ),
    Named(
        "path-sum",
        "the cost's derivative by a weight, two layers before the output's, is the sum over all paths",
        'Nielsen, chapter 2, "Backpropagation: the big picture"',
        paths.path_sum,
    ),
    Named(
        "path-error",
        "the sum over all paths is the error times the activation that the weight multiplies",
        'Nielsen, chapter 2, BP4 and "Backpropagation: the big picture"',
        paths.path_error,
    ),
    Named(
        "path-recursion",
        "the sum over all paths from a weighted input to an output, layer by layer, by induction",
        'Nielsen, chapter 2, "Backpropagation: the big picture"',
        path_recursion.path_recursion,
    ),
    Named(
        "path-total",
        "the cost's derivative by a weight is the sum over all paths, for every depth",
        'Nielsen, chapter 2, "Backpropagation: the big picture"',
        path_recursion.path_total,
    ),
)
THEOREMS: Mapping[str, Named] = MappingProxyType({named.name: named for named in _TABLE})
FUNDAMENTAL = ("bp1", "bp2", "bp3", "bp4")


def theorem_named(name: str) -> Named:
    """The record of a theorem. Raises UnknownName with the nearest name."""
    if name not in THEOREMS:
        raise UnknownName("theorem", name, THEOREMS)
    return THEOREMS[name]


def prove(name: str, network: Network | None = None) -> Theorem:
    """The theorem of that name, proved by the kernel in the network (by default any perceptron that it speaks of).

    Raises UnknownName for a theorem that no table knows, InvalidInput where it says nothing of the network, and Refused
    where it is not true of it.
    """
    named = theorem_named(name)
    return named.prove(mlp(**named.settings) if network is None else network)
