"""A small example of each rule, made by running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sympy import Expr

from backprop_proofs.derivation.theorems import prove
from backprop_proofs.kernel.theorem import Step, Theorem, begin, rewrite
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, add, mul, power, quotient
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, layers, mlp, neurons, w, z

m = index("m")
_HERE = (layers(L - 1), neurons(j, l), neurons(k, l))  # l = 2..L-1, and two neurons j and k of layer l
_NEXT = (*_HERE[:2], neurons(m, l + 1))  # one neuron j of layer l, one neuron m of the next
_SLOPE = Fn("sigma", 1, z[l, j])


def example_of(rule: str) -> Step | None:
    """One use of a rule, or None for a rule without an example."""
    return _TABLE[rule]() if rule in _TABLE else None


def _run(limits: tuple[Limit, ...], expr: Expr, rule: str, *, widths: Any = None, **more: Any) -> Callable[[], Step]:
    activation = "sigmoid" if rule == "function-definition" else "any"

    def run() -> Step:
        return _last(rewrite(begin(mlp(widths, activation), limits, expr), (), rule, **more))

    return run


def _last(theorem: Theorem) -> Step:
    return theorem.derivation.steps[-1]


def _theorem() -> Step:
    net = mlp()
    used = prove("bp3", net)
    return _last(rewrite(begin(net, used.limits, Partial(C, b[l, j])), (), "theorem", lemma=used, given={}))


def _over(body: Expr, letter: Any = k, layer: Expr = l) -> Expr:
    return sum_over(body, neurons(letter, layer))


_WEIGHTED = _over(mul(w[l, k, m], a[l - 1, m]), m, l - 1)
_RUN = {
    "definition": _run(_HERE, z[l, j], "definition"),
    "function-definition": _run(_HERE, Fn("sigma", 0, z[l, j]), "function-definition"),
    "chain-rule": _run((neurons(j, L),), Partial(C, z[L, j]), "chain-rule", through=(each(a[L, k], neurons(k, L)),)),
    "linearity": _run(_HERE, Partial(add(_WEIGHTED, b[l, k]), b[l, j]), "linearity"),
    "product-rule": _run(_HERE, Partial(mul(z[l, k], a[l, k]), z[l, j]), "product-rule"),
    "quotient-rule": _run(_HERE, Partial(quotient(a[l, k], z[l, k]), z[l, j]), "quotient-rule"),
    "power-rule": _run(_HERE, Partial(power(a[l, k], 2), z[l, j]), "power-rule"),
    "function-rule": _run(_HERE, Partial(Fn("sigma", 0, z[l, k]), z[l, j]), "function-rule"),
    "leaf": _run(_HERE, Partial(z[l, k], z[l, j]), "leaf"),
    "kronecker-collapse": _run(_NEXT, _over(mul(w[l + 1, m, k], Delta(k, j))), "kronecker-collapse"),
    "split-sum": _run(_HERE[:1], _over(add(a[l, k], b[l, k])), "split-sum"),
    "factor-out": _run(_HERE[:2], _over(mul(w[l + 1, k, j], delta[l + 1, k], _SLOPE), k, l + 1), "factor-out"),
    "factor-in": _run(_HERE[:2], mul(_over(mul(w[l + 1, k, j], delta[l + 1, k]), k, l + 1), _SLOPE), "factor-in"),
    "shares-add-to-one": _run(
        (), mul(_over(Fn("exp", 0, z[L, k]), k, L), power(_over(Fn("exp", 0, z[L, m]), m, L), -1)), "shares-add-to-one"
    ),
    "exchange-sums": _run(_HERE[:1], _over(_WEIGHTED), "exchange-sums"),
    "rename": _run(_HERE[:1], _over(mul(a[l, k], z[l, k])), "rename", letter=m),
    "write-out": _run((), _over(mul(w[3, 1, k], a[2, k]), k, L - 1), "write-out", widths=(2, 3, 2)),
    "ring": _run(_HERE, mul(add(a[l, j], b[l, j]), a[l, k]), "ring", to=add(*(mul(a[l, k], p[l, j]) for p in (a, b)))),
    "theorem": _theorem,
    "induction": lambda: _last(prove("backward-pass")),
    "matrix-form": lambda: _last(prove("bp2")),
}
_TABLE: Mapping[str, Callable[[], Step]] = MappingProxyType(_RUN)
