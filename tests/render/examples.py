"""BP1 and BP2 written by hand, with the interface of the kernel's theorems, so that what is printed stays fixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

from sympy import Expr, Integer

from backprop_proofs.language.binding import replace_at, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, mul
from backprop_proofs.language.matrices import Entry, Hadamard, Map, MatrixProduct, Nabla, Transposed, Whole
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, mlp, n, w, z

ONE = Integer(1)


class Hypothesis(NamedTuple):
    kind: str
    subject: str | Expr


@dataclass(frozen=True)
class Step:
    rule: str
    before: Expr
    after: Expr
    reason: str
    at: tuple[int, ...] = ()
    note: str = ""
    substeps: tuple[Step, ...] = ()
    lemma: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Derivation:
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Theorem:
    network: Network
    limits: tuple[Any, ...]
    statement: Equation
    matrix: Equation | None
    hypotheses: tuple[Hypothesis, ...]
    derivation: Derivation
    assumptions: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Check:
    name: str
    agrees: bool | None
    method: str
    instances: int
    comparisons: int


def sigma(primes: int, argument: Expr) -> Expr:
    return Fn("sigma", primes, argument)


CHECKS = (
    Check("raw SymPy", True, "diff of the cost written out, minus the closed form, expanded", 1, 12),
    Check("exact instances", True, "forward duals over the prime field of 2^61 - 1", 20, 480),
)
PROVED = "it has been proved for all values of its letters."
CHAIN = "every path from X to Y has one first member of S, so each is counted once."
COLLAPSE = "every term with k ≠ e has the factor 0, and exactly one term of the sum has k = e."


def bp1() -> Theorem:
    network = mlp()
    over = (k, ONE, n[L])
    lemma_steps = (
        Step(
            "definition",
            Partial(a[L, k], z[L, j]),
            Partial(sigma(0, z[L, k]), z[L, j]),
            "the network's own equation says so.",
            at=(0,),
        ),
        Step(
            "function-rule",
            Partial(sigma(0, z[L, k]), z[L, j]),
            mul(sigma(1, z[L, k]), Partial(z[L, k], z[L, j])),
            "a small change of u is passed on with the slope σ'(u).",
        ),
        Step(
            "leaf",
            mul(sigma(1, z[L, k]), Partial(z[L, k], z[L, j])),
            mul(sigma(1, z[L, k]), Delta(k, j)),
            "a variable changes with itself at rate 1.",
            at=(1,),
        ),
    )
    start = Partial(C, z[L, j])
    chain = sum_over(mul(Partial(C, a[L, k]), Partial(a[L, k], z[L, j])), over)
    known = replace_at(chain, (0, 1), mul(sigma(1, z[L, chain.index]), Delta(chain.index, j)))
    result = mul(Partial(C, a[L, j]), sigma(1, z[L, j]))
    right = Hadamard(Nabla(C, Whole(a, L)), Map("sigma", ONE, Whole(z, L)))
    steps = (
        Step("definition", delta[L, j], start, "the error is a name for this derivative."),
        Step("chain-rule", start, chain, CHAIN, note="S = {a^L_k}"),
        Step("theorem", chain, known, PROVED, (0, 1), substeps=lemma_steps),
        Step("kronecker-collapse", known, result, COLLAPSE, note="k → j"),
        Step("matrix-form", result, Entry(right, j), "both sides have the same entries."),
    )
    return Theorem(
        network=network,
        limits=((j, ONE, n[L]),),
        statement=Equation(delta[L, j], result),
        matrix=Equation(Whole(delta, L), right),
        hypotheses=(Hypothesis("differentiable", "sigma"), Hypothesis("differentiable", "C")),
        derivation=Derivation(steps),
    )


def bp2() -> Theorem:
    over = (k, ONE, n[l + 1])
    start = Partial(C, z[l, j])
    chain = sum_over(mul(Partial(C, z[l + 1, k]), Partial(z[l + 1, k], z[l, j])), over)
    named = replace_at(chain, (0, 0), delta[l + 1, chain.index])
    known = replace_at(named, (0, 1), mul(w[l + 1, chain.index, j], sigma(1, z[l, j])))
    result = mul(sum_over(mul(w[l + 1, k, j], delta[l + 1, k]), over), sigma(1, z[l, j]))
    right = Hadamard(MatrixProduct(Transposed(Whole(w, l + 1)), Whole(delta, l + 1)), Map("sigma", ONE, Whole(z, l)))
    steps = (
        Step("definition", delta[l, j], start, "the error is a name for this derivative."),
        Step("chain-rule", start, chain, CHAIN),
        Step("definition", chain, named, "the error is a name for this derivative.", (0, 0)),
        Step("theorem", named, known, PROVED, (0, 1)),
        Step("factor-out", known, result, "σ'(z^l_j) is the same in every term."),
        Step("matrix-form", result, Entry(right, j), "summing over the first index of w is a product with w^T."),
    )
    return Theorem(
        network=mlp(),
        limits=((l, Integer(2), L - 1), (j, ONE, n[l])),
        statement=Equation(delta[l, j], result),
        matrix=Equation(Whole(delta, l), right),
        hypotheses=(Hypothesis("differentiable", "sigma"), Hypothesis("differentiable", "C")),
        derivation=Derivation(steps),
    )


RULE = SimpleNamespace(
    name="kronecker-collapse",
    statement="Σ_{k=a}^{b} [k = e] f(k) = f(e), where e is known to lie in a..b.",
    reason=COLLAPSE,
    source="Nielsen, chapter 2, from equation 37 to 38",
)
