"""The theorems by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from backprop_proofs.derivation import backprop
from backprop_proofs.derivation.slopes import activation_slope
from backprop_proofs.errors import UnknownName
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import mlp


@dataclass(frozen=True)
class Named:
    """A theorem's name, what it says in words, where it comes from, and the tactic that proves it in a network."""

    name: str
    says: str
    source: str
    prove: Callable[[Network], Theorem]


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
    """The theorem of that name, proved by the kernel in the network (any perceptron, if none is given).

    Raises UnknownName for a theorem that no table knows.
    """
    return theorem_named(name).prove(mlp() if network is None else network)
