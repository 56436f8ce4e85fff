"""Statements about networks, true and false, written by hand: what every kind of evidence is held against."""

from __future__ import annotations

from sympy import Expr, Integer, Rational

from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Opaque, Partial, Quantity, add, mul, negative, power
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, x, y, z

Statement = tuple[Equation, tuple[Limit, ...]]
ONE, TWO = Integer(1), Integer(2)
i, m, p, q, s, t, T = (index(letter) for letter in "impqstT")


def sigma(u: Expr, primes: int = 0) -> Fn:
    return Fn("sigma", primes, u)


def neuron(letter: Expr, layer: Expr) -> Limit:
    return (letter, ONE, n[layer])


LAYER, HIDDEN = (l, TWO, L), (l, TWO, L - 1)
OUTPUT = (neuron(j, L),)
INSIDE = (HIDDEN, neuron(j, l))
BIASES = (LAYER, neuron(j, l))
WEIGHTS = (*BIASES, neuron(k, l - 1))


def back(weight: Expr, error: Expr) -> Expr:
    return sum_over(mul(weight, error), neuron(k, l + 1))


BP: dict[str, Statement] = {
    "bp1": (Equation(delta[L, j], mul(Partial(C, a[L, j]), sigma(z[L, j], 1))), OUTPUT),
    "bp2": (Equation(delta[l, j], mul(back(w[l + 1, k, j], delta[l + 1, k]), sigma(z[l, j], 1))), INSIDE),
    "bp3": (Equation(Partial(C, b[l, j]), delta[l, j]), BIASES),
    "bp4": (Equation(Partial(C, w[l, j, k]), mul(a[l - 1, k], delta[l, j])), WEIGHTS),
}

_EVERY_Z = each(z[m, i], (m, TWO, L), neuron(i, m))
TRUE: dict[str, Statement] = BP | {
    "the error of the output by all of z^L": (
        Equation(delta[L, j], sum_over(mul(Partial(C, a[L, k]), Partial(a[L, k], z[L, j])), neuron(k, L))),
        OUTPUT,
    ),
    "one Kronecker delta": (
        Equation(Partial(a[L, k], z[L, j]), mul(sigma(z[L, k], 1), Delta(j, k))),
        (*OUTPUT, neuron(k, L)),
    ),
    "the product rule": (
        Equation(
            Partial(mul(z[l, j], b[l, j], sigma(z[l, j])), z[l, j]),
            mul(b[l, j], add(a[l, j], mul(z[l, j], sigma(z[l, j], 1)))),
        ),
        BIASES,
    ),
    "bp3 through all layers at once": (
        Equation(
            Partial(C, b[l, j]),
            sum_over(mul(delta[m, i], Partial(z[m, i], b[l, j], _EVERY_Z)), (m, TWO, L), neuron(i, m)),
        ),
        BIASES,
    ),
    "held, two Kronecker deltas": (
        Equation(Partial(z[m, i], b[l, j], _EVERY_Z), mul(Delta(m, l), Delta(i, j))),
        (*BIASES, (m, TWO, L), neuron(i, m)),
    ),
    "a compound is differentiated": (
        Equation(Partial(power(sigma(z[l, j]), 2), z[l, j]), mul(TWO, a[l, j], sigma(z[l, j], 1))),
        BIASES,
    ),
    "a derivative of σ'": (Equation(Partial(sigma(z[l, j], 1), z[l, j]), sigma(z[l, j], 2)), BIASES),
    "a derivative by itself": (Equation(Partial(z[l, j], z[l, j]), ONE), BIASES),
    "nothing flows back": (Equation(Partial(z[l, j], a[l, j]), Integer(0)), BIASES),
    "an index as a number": (
        Equation(sum_over(mul(k, b[l, j]), neuron(k, l)), mul(Rational(1, 2), n[l], add(n[l], ONE), b[l, j])),
        BIASES,
    ),
}

WRONG: dict[str, Statement] = {
    "bp1 without σ'": (Equation(delta[L, j], Partial(C, a[L, j])), OUTPUT),
    "bp1 with σ for σ'": (Equation(delta[L, j], mul(Partial(C, a[L, j]), sigma(z[L, j]))), OUTPUT),
    "bp1 with its sum left and no delta": (
        Equation(delta[L, j], sum_over(mul(Partial(C, a[L, k]), sigma(z[L, k], 1)), neuron(k, L))),
        OUTPUT,
    ),
    "bp1 with a wrong sign": (Equation(delta[L, j], negative(mul(Partial(C, a[L, j]), sigma(z[L, j], 1)))), OUTPUT),
    "bp1 with a second σ'": (Equation(delta[L, j], mul(Partial(C, a[L, j]), power(sigma(z[L, j], 1), 2))), OUTPUT),
    "bp2 without its sum": (
        Equation(delta[l, j], mul(w[l + 1, ONE, j], delta[l + 1, ONE], sigma(z[l, j], 1))),
        INSIDE,
    ),
    "bp2 without σ'": (Equation(delta[l, j], back(w[l + 1, k, j], delta[l + 1, k])), INSIDE),
    "bp2 with σ' of the next layer": (
        Equation(delta[l, j], sum_over(mul(w[l + 1, k, j], delta[l + 1, k], sigma(z[l + 1, k], 1)), neuron(k, l + 1))),
        INSIDE,
    ),
    "bp2 without w": (
        Equation(delta[l, j], mul(sum_over(delta[l + 1, k], neuron(k, l + 1)), sigma(z[l, j], 1))),
        INSIDE,
    ),
    "bp2 with + for ·": (Equation(delta[l, j], add(back(w[l + 1, k, j], delta[l + 1, k]), sigma(z[l, j], 1))), INSIDE),
    "bp3 of the first neuron": (Equation(Partial(C, b[l, j]), delta[l, ONE]), BIASES),
    "bp3 with a wrong sign": (Equation(Partial(C, b[l, j]), negative(delta[l, j])), BIASES),
    "bp4 with a of its own layer": (Equation(Partial(C, w[l, j, k]), mul(a[l, j], delta[l, j])), WEIGHTS),
    "bp4 with z for a": (
        Equation(Partial(C, w[l, j, k]), mul(z[l - 1, k], delta[l, j])),
        ((l, Integer(3), L), neuron(j, l), neuron(k, l - 1)),
    ),
    "bp4 without a": (Equation(Partial(C, w[l, j, k]), delta[l, j]), WEIGHTS),
    "bp4 with a wrong factor": (Equation(Partial(C, w[l, j, k]), mul(TWO, a[l - 1, k], delta[l, j])), WEIGHTS),
    "bp4 with a wrong index": (Equation(Partial(C, w[l, j, k]), mul(a[l - 1, ONE], delta[l, j])), WEIGHTS),
    "a Kronecker delta too few": (Equation(Partial(a[L, k], z[L, j]), sigma(z[L, k], 1)), (*OUTPUT, neuron(k, L))),
    "through all layers at once, nothing held": (
        Equation(Partial(C, b[l, j]), sum_over(mul(delta[m, i], Partial(z[m, i], b[l, j])), (m, TWO, L), neuron(i, m))),
        BIASES,
    ),
}
# wrong only where w^{l+1} is square, so that the statement means something at all: widths of two everywhere
TRANSPOSED: Statement = (Equation(delta[l, j], mul(back(w[l + 1, j, k], delta[l + 1, k]), sigma(z[l, j], 1))), INSIDE)

W, U, h, zt = Quantity("W"), Quantity("U"), Quantity("h"), Quantity("z")
TIME, UNIT, INPUT = (t, ONE, T), (j, ONE, m), (k, ONE, p)


def recurrent(whole: bool = True, steps: dict[Expr, int] | None = None) -> Network:
    """h_{t,j} = σ(Σ_k W_{jk} h_{t-1,k} + Σ_k U_{jk} x_{t,k}), W and U shared over time; C of all h, or of h_T."""
    units = each(h[t, j], TIME, UNIT) if whole else each(h[T, j], UNIT)
    weighted = add(sum_over(mul(W[j, k], h[t - 1, k]), (k, ONE, m)), sum_over(mul(U[j, k], Quantity("x")[t, k]), INPUT))
    return Network(
        name="recurrent",
        families={
            "W": (UNIT, (k, ONE, m)),
            "U": (UNIT, INPUT),
            "x": (TIME, INPUT),
            "h": ((t, Integer(0), T), UNIT),
            "z": (TIME, UNIT),
            "C": (),
        },
        definitions=(
            Definition(zt[t, j], (TIME, UNIT), weighted),
            Definition(h[t, j], (TIME, UNIT), sigma(zt[t, j])),
            Definition(C, (), Opaque("C", units)),
        ),
        parameters=tuple((size, ONE, None) for size in (T, m, p)),
        sizes=steps or {},
    )


_ALL_Z = each(zt[s, q], (s, ONE, T), (q, ONE, m))
ROW = ((i, ONE, m), (k, ONE, m))


def crossing(*held: Expr, first: int = 1) -> Equation:
    """∂C/∂W_{ik} through S = {z_{t,j}}, t = first..T, each factor with `held` at their values."""
    term = mul(Partial(C, zt[t, j]), Partial(zt[t, j], W[i, k], *held))
    return Equation(Partial(C, W[i, k]), sum_over(term, (t, Integer(first), T), UNIT))


RECURRENT_TRUE: dict[str, Statement] = {
    "first crossings of all z": (crossing(_ALL_Z), ROW),
    "the sum over time": (
        Equation(Partial(C, W[i, k]), sum_over(mul(Partial(C, zt[t, i]), h[t - 1, k]), TIME)),
        ROW,
    ),
    "the immediate partial": (
        Equation(Partial(zt[t, j], W[i, k], _ALL_Z), mul(Delta(i, j), h[t - 1, k])),
        (*ROW, TIME, UNIT),
    ),
    "the last step, nothing held": (
        Equation(Partial(C, zt[T, j]), mul(Partial(C, h[T, j]), sigma(zt[T, j], 1))),
        (UNIT,),
    ),
}
RECURRENT_WRONG: dict[str, Statement] = {
    "nothing held": (crossing(), ROW),
    "only the last time held": (crossing(each(zt[T, q], (q, ONE, m))), ROW),
    "a path that misses S": (crossing(_ALL_Z, first=2), ROW),
    "only the last step": (Equation(Partial(C, W[i, k]), mul(Partial(C, zt[T, i]), h[T - 1, k])), ROW),
    "time off by one": (
        Equation(Partial(C, W[i, k]), sum_over(mul(Partial(C, zt[t, i]), h[t, k]), TIME)),
        ROW,
    ),
}
NETWORKS = {
    "symbolic": mlp(),
    "2-3-2": mlp((2, 3, 2)),
    "3-2-3-4": mlp((3, 2, 3, 4)),
    "sigmoid": mlp((2, 3, 2), "sigmoid", "quadratic"),
    "tanh": mlp((2, 3, 2), "tanh", "quadratic"),
    "relu": mlp((2, 3, 2), "relu", "quadratic"),
    "softplus": mlp((2, 3, 2), "softplus", "quadratic"),
    "identity": mlp((2, 3, 2), "identity", "quadratic"),
    "sigmoid, any sizes, any cost": mlp(None, "sigmoid"),
}
__all__ = ["BP", "NETWORKS", "RECURRENT_TRUE", "RECURRENT_WRONG", "TRANSPOSED", "TRUE", "WRONG", "recurrent", "x", "y"]
