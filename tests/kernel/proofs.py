"""What the tests of the kernel's guarantees share: the perceptron of any size, BP1 to BP4, and a proof as a file."""

from __future__ import annotations

import json
from typing import Any

from sympy import Integer

from backprop_proofs.derivation.replay import theorem_data
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.indices import Limit
from backprop_proofs.networks.mlp import mlp, n

ONE, TWO, ZERO = Integer(1), Integer(2), Integer(0)
NET = mlp()
BP = {name: prove(name, NET) for name in ("bp1", "bp2", "bp3", "bp4")}
Data = dict[str, Any]


def neuron(letter: Any, layer: Any) -> Limit:
    return (letter, ONE, n[layer])


def saved(theorem: Theorem) -> Data:
    """A proof as it comes out of a file."""
    data: Data = json.loads(json.dumps(theorem_data(theorem)))
    return data
