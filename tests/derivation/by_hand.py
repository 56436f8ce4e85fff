"""BP1 by hand: ∂C/∂a of each cost, the matrix forms, and what it is for two right sides to be the same."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sympy import Expr, Integer, Symbol

from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import Refused, UnknownName
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.expressions import Partial, add, mul, negative, quotient
from backprop_proofs.language.matrices import Hadamard, Map, MatrixProduct, Nabla, Transposed, Whole
from backprop_proofs.language.network import Network
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import C, L, a, b, delta, l, w, y, z

ONE = Integer(1)
ELEMENTWISE = [name for name, record in ACTIVATIONS.items() if record.layer is None]
WHOLE_LAYER = [name for name, record in ACTIVATIONS.items() if record.layer is not None]


@lru_cache(maxsize=256)
def proved(name: str, network: Network) -> Theorem:
    return prove(name, network)


def is_same(theorem: Theorem, expected: Expr) -> bool:
    """Whether the right side is `expected` by algebra alone, each derivative in it being a number of its own."""
    try:
        rewrite(begin(theorem.network, theorem.limits, theorem.statement.rhs), (), "ring", to=expected)
    except (Refused, UnknownName):
        return False
    return True


def one_less(value: Expr) -> Expr:
    return add(ONE, negative(value))


# ∂C/∂a^L_p of each cost, by hand
SLOPES: dict[str, Callable[[Symbol], Expr]] = {
    "any": lambda p: Partial(C, a[L, p]),
    "quadratic": lambda p: add(a[L, p], negative(y[p])),
    "binary-cross-entropy": lambda p: quotient(add(a[L, p], negative(y[p])), mul(a[L, p], one_less(a[L, p]))),
    "categorical-cross-entropy": lambda p: negative(quotient(y[p], a[L, p])),
    "negative-log-likelihood": lambda p: negative(y[p]),
}


MATRIX = {
    "bp1": (Whole(delta, L), Hadamard(Nabla(C, Whole(a, L)), Map("sigma", ONE, Whole(z, L)))),
    "bp2": (
        Whole(delta, l),
        Hadamard(MatrixProduct(Transposed(Whole(w, l + 1)), Whole(delta, l + 1)), Map("sigma", ONE, Whole(z, l))),
    ),
    "bp3": (Nabla(C, Whole(b, l)), Whole(delta, l)),
    "bp4": (Nabla(C, Whole(w, l)), MatrixProduct(Whole(delta, l), Transposed(Whole(a, l - 1)))),
}
