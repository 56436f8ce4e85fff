"""Small networks to try a rule on, and a rule's use as data."""

from __future__ import annotations

from typing import Any, NamedTuple

from sympy import Expr, Integer, Rational

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import (
    Fn,
    Opaque,
    Quantity,
    Ref,
    add,
    mul,
    power,
)
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.mlp import C, L, j, k, l, mlp, n

ZERO, ONE, TWO, THREE = map(Integer, range(4))
i, m, p, t, s, T, N = map(index, "imptsTN")
HALF = Rational(1, 2)


def neuron(letter: Expr, layer: Expr) -> Limit:
    return (letter, ONE, n[layer])


def upto(letter: Expr, last: Expr = N) -> Limit:
    return (letter, ONE, last)


def sigma(of: Expr, primes: int = 0) -> Fn:
    return Fn("sigma", primes, of)


NET, SIGMOID = mlp(), mlp(None, "sigmoid", "quadratic")
LAYER, HIDDEN = (l, TWO, L), (l, TWO, L - 1)
HERE = (LAYER, neuron(j, l), neuron(k, l - 1))
INSIDE = (HIDDEN, neuron(j, l), neuron(k, l + 1))

# A toy: inputs f, g, c, u (vectors of N) and c (a scalar); V = c², W = V c, Y = V + W; r_j = f_j g_j
f, g, q, r, v, M = map(Quantity, "fgqrvM")
c, V, W, Y = (Ref(Quantity(name)) for name in "cVWY")
TOY = Network(
    "toy",
    {**{name: (upto(j),) for name in "fgqr"}, "M": (upto(j), upto(k)), **dict.fromkeys("cVWYu", ())},
    (
        Definition(V, (), power(c, 2)),
        Definition(W, (), mul(V, c)),
        Definition(Y, (), add(V, W)),
        Definition(r[j], (upto(j),), mul(f[j], g[j])),
    ),
    functions=(FunctionDefinition("s", Ref(Quantity("u")), power(Ref(Quantity("u")), 3)),),
    parameters=((N, TWO, None),),
)
FREE = tuple(map(upto, (i, j, k)))

# A recurrent one: h_t = φ(ω h_{t-1} + x_t), C of h_T
h, d = map(Quantity, "hd")
omega = Ref(Quantity("omega"))
TIME = Network(
    "time",
    {"h": ((t, ZERO, T),), "d": ((t, ONE, T),), "omega": (), "C": ()},
    (
        Definition(h[t], ((t, ONE, T),), Fn("phi", 0, add(mul(omega, h[t - 1]), d[t]))),
        Definition(C, (), Opaque("C", h[T])),
    ),
    parameters=((T, TWO, None),),
)


class Case(NamedTuple):
    """A rule used on `before`, at the top or at a place, with parameters; `after` is None where it must refuse."""

    rule: str
    before: Expr
    after: Expr | None
    parameters: dict[str, Any] = {}
    network: Network = TOY
    limits: tuple[Limit, ...] = FREE
    at: tuple[int, ...] = ()


def total(body: Expr, *limits: Limit) -> Expr:
    return sum_over(body, *limits)


def used(case: Case) -> Theorem:
    return rewrite(begin(case.network, case.limits, case.before), case.at, case.rule, **case.parameters)
