"""The output layer: softmax and its kin, the cross-entropies, batches, decay, labels; proved, and not too much."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import pytest
from evidence.statements import BIASES, HIDDEN, OUTPUT, WEIGHTS, neuron
from sympy import Expr, Integer

from backprop_proofs.checking.evidence import Silence, evidence_for
from backprop_proofs.derivation.outputs import elementwise_bp1
from backprop_proofs.derivation.theorems import THEOREMS, prove
from backprop_proofs.errors import InvalidInput, Refused
from backprop_proofs.evidence.exact import check_exact, counterexample
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.kernel.theorem import Assumption, Theorem, begin, rewrite
from backprop_proofs.language.binding import alpha_equal, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, Quantity, Ref, add, mul, negative, power, quotient
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import C, L, a, b, delta, i, j, k, l, m, mlp, n, w, y, z

ONE, TWO = Integer(1), Integer(2)
p = index("p")
EACH = (i, ONE, m)  # i = 1..m
A, Z, D = (Quantity(letter, 2) for letter in ("a", "z", "delta"))  # a^{i,l}_j over a batch
T, E = Quantity("y", 1), Quantity("E")  # y^i_j and E_i
S, EPSILON, V, LAMBDA = (Ref(Quantity(name)) for name in ("s", "epsilon", "v", "lambda"))

SOFTMAX = {"activation": "softmax", "cost": "categorical-cross-entropy"}
LOG_SOFTMAX = {"activation": "log-softmax", "cost": "negative-log-likelihood"}
SIGMOID = {"activation": "sigmoid", "cost": "binary-cross-entropy"}
NORM = {"activation": "layer-norm"}


def slope(function: str, at: Expr) -> Fn:
    return Fn(function, 1, at)


def exp(at: Expr) -> Fn:
    return Fn("exp", 0, at)


def minus(left: Expr, right: Expr) -> Expr:
    return add(left, negative(right))


def over(body: Expr, letter: Any = k) -> Expr:
    """Σ over the outputs."""
    return sum_over(body, neuron(letter, L))


def mean(term: Expr) -> Expr:
    """1/m Σ_i."""
    return mul(power(m, -1), sum_over(term, EACH))


by_a = Partial(C, a[L, j]), Partial(C, a[L, k])
LABELS = over(y[k])


class Said(NamedTuple):
    """What a theorem is to say: left = right for all letters of limits; the ledger, by kind and in text."""

    name: str
    settings: dict[str, Any]
    left: Expr
    right: Expr
    limits: tuple[Limit, ...]
    hypotheses: set[tuple[str, str]] = set()
    assumptions: tuple[Assumption, ...] = ()


SIGMA, COST = ("differentiable", "sigma"), ("differentiable", "C")
DEFINED = {("positive", "a[L, k]"), ("nonzero", "a[L, j]")}
BETWEEN = DEFINED | {("positive", "1 - a[L, k]"), ("nonzero", "1 - a[L, j]")}
SPREAD = {("nonzero", "s"), ("positive", "epsilon + v")}
LAST = (neuron(j, L), neuron(k, L - 1))
PAIR = (neuron(j, L), neuron(k, L))
KRONECKER = Delta(k, j)
BATCH = {(kind, subject.replace("[", "[i, ")) for kind, subject in BETWEEN}
NORMALISED = Assumption(Equation(LABELS, ONE), ())

SAID: dict[str, Said] = {
    "softmax-jacobian": Said(
        "softmax-jacobian",
        {"activation": "softmax"},
        Partial(a[L, k], z[L, j]),
        mul(a[L, k], minus(KRONECKER, a[L, j])),
        PAIR,
    ),
    "the jacobian of log-softmax": Said(
        "softmax-jacobian",
        {"activation": "log-softmax"},
        Partial(a[L, k], z[L, j]),
        minus(KRONECKER, exp(a[L, j])),
        PAIR,
    ),
    "the jacobian of layer-norm": Said(
        "softmax-jacobian",
        NORM,
        Partial(a[L, k], z[L, j]),
        quotient(minus(KRONECKER, quotient(add(ONE, mul(a[L, k], a[L, j])), n[L])), S),
        PAIR,
        SPREAD,
    ),
    "the jacobian of any σ": Said(
        "softmax-jacobian",
        {},
        Partial(a[L, k], z[L, j]),
        mul(slope("sigma", z[L, k]), KRONECKER),
        PAIR,
        {SIGMA},
    ),
    "softmax-sum": Said("softmax-sum", {"activation": "softmax"}, over(a[L, j], j), ONE, ()),
    "softmax-sum over a batch": Said(
        "softmax-sum", {"activation": "softmax", "batch": "m"}, over(A[i, L, j], j), ONE, (EACH,)
    ),
    "bp1 of softmax": Said(
        "bp1",
        {"activation": "softmax"},
        delta[L, j],
        mul(a[L, j], minus(by_a[0], over(mul(a[L, k], by_a[1])))),
        OUTPUT,
        {SIGMA, COST},
    ),
    "bp1 of log-softmax": Said(
        "bp1",
        {"activation": "log-softmax"},
        delta[L, j],
        minus(by_a[0], mul(exp(a[L, j]), over(by_a[1]))),
        OUTPUT,
        {SIGMA, COST},
    ),
    "bp1 of a linear output": Said(
        "bp1",
        {"activation": "identity", "cost": "quadratic"},
        delta[L, j],
        mul(minus(a[L, j], y[j]), slope("sigma", z[L, j])),
        OUTPUT,
    ),
    "bp1 of σ and then sigmoid": Said(
        "bp1",
        {"activation": "sigmoid", "hidden": "tanh"},
        delta[L, j],
        mul(by_a[0], slope("g", z[L, j])),
        OUTPUT,
        {COST},
    ),
    "bp2 before softmax": Said(
        "bp2",
        {"activation": "softmax"},
        delta[l, j],
        mul(sum_over(mul(w[l + 1, k, j], delta[l + 1, k]), neuron(k, l + 1)), slope("sigma", z[l, j])),
        (HIDDEN, neuron(j, l)),
        {SIGMA, COST},
    ),
    "cross-entropy-error": Said("cross-entropy-error", SIGMOID, delta[L, j], minus(a[L, j], y[j]), OUTPUT, BETWEEN),
    "cross-entropy-error, σ before it": Said(
        "cross-entropy-error",
        {**SIGMOID, "hidden": "any"},
        delta[L, j],
        minus(a[L, j], y[j]),
        OUTPUT,
        BETWEEN | {SIGMA},
    ),
    "a linear output's error": Said(
        "cross-entropy-error",
        {"activation": "identity", "cost": "quadratic"},
        delta[L, j],
        minus(a[L, j], y[j]),
        OUTPUT,
    ),
    "softmax-error": Said(
        "softmax-error", SOFTMAX, delta[L, j], minus(mul(a[L, j], LABELS), y[j]), OUTPUT, DEFINED | {SIGMA}
    ),
    "log-softmax's error": Said(
        "softmax-error", LOG_SOFTMAX, delta[L, j], minus(mul(exp(a[L, j]), LABELS), y[j]), OUTPUT, {SIGMA}
    ),
    "softmax-error-normalised": Said(
        "softmax-error-normalised",
        SOFTMAX,
        delta[L, j],
        minus(a[L, j], y[j]),
        OUTPUT,
        DEFINED | {SIGMA},
        (NORMALISED,),
    ),
    "log-softmax's error, normalised": Said(
        "softmax-error-normalised",
        LOG_SOFTMAX,
        delta[L, j],
        minus(exp(a[L, j]), y[j]),
        OUTPUT,
        {SIGMA},
        (NORMALISED,),
    ),
    "softmax-error-normalised over a batch": Said(
        "softmax-error-normalised",
        {**SOFTMAX, "batch": "m"},
        D[i, L, j],
        minus(A[i, L, j], T[i, j]),
        (EACH, *OUTPUT),
        {(kind, subject.replace("[", "[i, ")) for kind, subject in DEFINED} | {SIGMA},
        (Assumption(Equation(over(T[i, k]), ONE), (EACH,)),),
    ),
    "softmax-error-normalised of known labels": Said(
        "softmax-error-normalised",
        {**SOFTMAX, "widths": (2, 3), "labels": ["0.2", "0.3", "0.5"]},
        delta[L, j],
        minus(a[L, j], y[j]),
        OUTPUT,
        DEFINED | {SIGMA},
    ),
    "cross-entropy-weights": Said(
        "cross-entropy-weights",
        {**SIGMOID, "batch": "m"},
        Partial(C, w[L, j, k]),
        mean(mul(A[i, L - 1, k], minus(A[i, L, j], T[i, j]))),
        LAST,
        BATCH,
    ),
    "cross-entropy-weights of one example": Said(
        "cross-entropy-weights",
        SIGMOID,
        Partial(C, w[L, j, k]),
        mul(a[L - 1, k], minus(a[L, j], y[j])),
        LAST,
        BETWEEN,
    ),
    "softmax's last weights": Said(
        "cross-entropy-weights",
        SOFTMAX,
        Partial(C, w[L, j, k]),
        mul(a[L - 1, k], minus(mul(a[L, j], over(y[p], p)), y[j])),
        LAST,
        DEFINED | {SIGMA},
    ),
    "cross-entropy-biases": Said(
        "cross-entropy-biases",
        {**SIGMOID, "batch": "m"},
        Partial(C, b[L, j]),
        mean(minus(A[i, L, j], T[i, j])),
        OUTPUT,
        BATCH,
    ),
    "batch-gradient": Said(
        "batch-gradient",
        {"batch": "m"},
        Partial(C, w[l, j, k]),
        mean(mul(A[i, l - 1, k], D[i, l, j])),
        WEIGHTS,
        {SIGMA, COST},
    ),
    "bp1 over a batch": Said(
        "bp1",
        {"batch": "m"},
        D[i, L, j],
        mul(Partial(E[i], A[i, L, j]), slope("sigma", Z[i, L, j])),
        (EACH, *OUTPUT),
        {SIGMA, COST},
    ),
    "bp3 over three examples": Said("bp3", {"batch": 3}, Partial(C, b[l, j]), mean(D[i, l, j]), BIASES, {SIGMA, COST}),
    "weight-decay": Said(
        "weight-decay",
        {"batch": "m", "decay": True},
        Partial(C, w[l, j, k]),
        add(mean(mul(A[i, l - 1, k], D[i, l, j])), mul(LAMBDA, power(m, -1), w[l, j, k])),
        WEIGHTS,
        {SIGMA, COST},
    ),
    "weight-decay leaves the biases alone": Said(
        "bp3", {"batch": "m", "decay": True}, Partial(C, b[l, j]), mean(D[i, l, j]), BIASES, {SIGMA, COST}
    ),
}
CASES = pytest.mark.parametrize("case", SAID)


@lru_cache(maxsize=64)
def proved(case: str) -> Theorem:
    return prove(SAID[case].name, mlp(**SAID[case].settings))


def in_text(theorem: Theorem) -> set[tuple[str, str]]:
    """The hypotheses; a letter of a sum and a letter of the statement are written alike."""
    return {(need.kind, str(need.subject).replace("_", "")) for need in theorem.hypotheses}


def test_every_theorem_of_the_output_is_here() -> None:
    elsewhere = {"bp1", "bp2", "bp3", "bp4", "backward-pass", "activation-slope", "bp1-elementwise"}
    about_paths = {name for name in THEOREMS if name.startswith("path")}
    assert {said.name for said in SAID.values()} - elsewhere == THEOREMS.keys() - elsewhere - about_paths


@CASES
def test_the_statement(case: str) -> None:
    said, theorem = SAID[case], proved(case)
    assert theorem.statement.lhs == said.left or alpha_equal(theorem.statement.lhs, said.left)
    assert alpha_equal(theorem.statement.rhs, said.right)
    assert theorem.limits == said.limits


@CASES
def test_the_ledger(case: str) -> None:
    said, theorem = SAID[case], proved(case)
    assert in_text(theorem) == said.hypotheses
    assert len(theorem.assumptions) == len(said.assumptions)
    for found, wanted in zip(theorem.assumptions, said.assumptions, strict=True):
        assert all(alpha_equal(*sides) for sides in zip(found.statement, wanted.statement, strict=True))
        assert found.limits == wanted.limits


@CASES
def test_the_evidence(case: str) -> None:
    found = evidence_for(proved(case))
    assert [check.name for check in found] == ["raw SymPy", "exact instances"]
    assert all(check.agrees and check.comparisons > 0 for check in found), found
    assumed = bool(SAID[case].assumptions)
    assert all(("with Σ_k y" in check.method) is assumed for check in found)


@CASES
def test_at_given_widths(case: str) -> None:
    """The same statement where the sizes are numbers, and the same agreement."""
    said = SAID[case]
    theorem = prove(said.name, mlp(**{"widths": (2, 3, 2), **said.settings}))
    assert alpha_equal(theorem.statement.rhs, said.right)
    assert in_text(theorem) == said.hypotheses
    assert all(check.agrees for check in evidence_for(theorem))


def test_layer_norm_at_the_output() -> None:
    theorem = prove("bp1", mlp(**NORM))
    inner = minus(by_a[0], quotient(over(by_a[1]), n[L]))
    whole = quotient(minus(inner, mul(quotient(a[L, j], n[L]), over(mul(a[L, k], by_a[1])))), S)
    rewrite(begin(theorem.network, theorem.limits, theorem.statement.rhs), (), "ring", to=whole)
    assert in_text(theorem) == SPREAD | {SIGMA, COST}
    assert all(check.agrees for check in evidence_for(theorem))


# Where the collapse fails


@pytest.mark.parametrize("activation", ["softmax", "log-softmax", "layer-norm"])
def test_elementwise_bp1_is_refused_and_the_smallest_network_shows_why(activation: str) -> None:
    network = mlp(None, activation)
    with pytest.raises(Refused):
        prove("bp1-elementwise", network)
    shown = counterexample(network, *elementwise_bp1(network))
    assert shown is not None
    assert dict(shown.sizes) == {"L": 2, "n[1]": 1, "n[2]": 2}
    assert shown.left != shown.right


def test_one_softmax_neuron_is_elementwise() -> None:
    """With n_L = 1 the elementwise statement is true, so the smallest network that shows it false has two outputs."""
    network = mlp((1, 1), "softmax")
    equation, limits = elementwise_bp1(network)
    assert check_exact(network, equation, limits).agrees
    assert counterexample(network, equation, limits) is None
    assert not check_exact(mlp((1, 2), "softmax"), equation, limits).agrees


@pytest.mark.parametrize("activation", ["any", "sigmoid", "relu", "identity"])
def test_elementwise_bp1_of_an_elementwise_activation(activation: str) -> None:
    theorem = prove("bp1-elementwise", mlp(None, activation))
    assert theorem.statement.rhs == mul(by_a[0], Partial(a[L, j], z[L, j]))
    assert all(check.agrees for check in evidence_for(theorem))


# Too much

WRONG: dict[str, tuple[str, Callable[[Expr], Expr]]] = {
    "a sign": ("cross-entropy-error", negative),
    "y + a": ("cross-entropy-error", lambda _: add(a[L, j], y[j])),
    "the sum of the labels forgotten": ("softmax-error", lambda _: minus(a[L, j], y[j])),
    "y - a": ("softmax-error-normalised", negative),
    "a transposed index": ("softmax-jacobian", lambda _: mul(a[L, k], minus(KRONECKER, a[L, k]))),
    "no Kronecker delta": ("softmax-jacobian", lambda _: mul(a[L, k], minus(ONE, a[L, j]))),
    "elementwise": ("softmax-jacobian", lambda _: mul(a[L, k], minus(ONE, a[L, k]), KRONECKER)),
    "softmax's for log-softmax": (
        "the jacobian of log-softmax",
        lambda _: mul(a[L, k], minus(KRONECKER, a[L, j])),
    ),
    "no 1/n": ("the jacobian of layer-norm", lambda _: quotient(minus(KRONECKER, mul(a[L, k], a[L, j])), S)),
    "μ and v held": ("the jacobian of layer-norm", lambda _: quotient(KRONECKER, S)),
    "no Σ_k": ("bp1 of softmax", lambda _: mul(by_a[0], a[L, j], minus(ONE, a[L, j]))),
    "plus Σ_k": ("bp1 of softmax", lambda _: mul(a[L, j], add(by_a[0], over(mul(a[L, k], by_a[1]))))),
    "no 1/m": ("batch-gradient", lambda _: sum_over(mul(A[i, l - 1, k], D[i, l, j]), EACH)),
    "one example": ("batch-gradient", lambda _: mul(A[ONE, l - 1, k], D[ONE, l, j])),
    "a mean too many": ("cross-entropy-biases", lambda rhs: mul(power(m, -1), rhs)),
    "σ' left in": (
        "cross-entropy-weights",
        lambda _: mean(mul(A[i, L - 1, k], minus(A[i, L, j], T[i, j]), slope("sigma", Z[i, L, j]))),
    ),
    "λ/2m": (
        "weight-decay",
        lambda _: add(mean(mul(A[i, l - 1, k], D[i, l, j])), mul(LAMBDA, power(mul(TWO, m), -1), w[l, j, k])),
    ),
    "λ without 1/m": (
        "weight-decay",
        lambda _: add(mean(mul(A[i, l - 1, k], D[i, l, j])), mul(LAMBDA, w[l, j, k])),
    ),
    "no decay": ("weight-decay", lambda _: mean(mul(A[i, l - 1, k], D[i, l, j]))),
    "decayed biases": (
        "weight-decay leaves the biases alone",
        lambda _: add(mean(D[i, l, j]), mul(LAMBDA, power(m, -1), b[l, j])),
    ),
    "shares of two": ("softmax-sum", lambda _: TWO),
    "σ' for g'": ("bp1 of σ and then sigmoid", lambda _: mul(by_a[0], slope("sigma", z[L, j]))),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("check", [check_exact, check_raw])
def test_what_is_wrong_is_refuted(wrong: str, check: Callable[..., Any]) -> None:
    case, spoil = WRONG[wrong]
    theorem = proved(case)
    spoilt = Equation(theorem.statement.lhs, spoil(theorem.statement.rhs))
    found = check(theorem.network, spoilt, theorem.limits, given=theorem.assumptions)
    assert not found.agrees
    assert found.comparisons > 0
    assert found.counterexample is not None
    assert found.counterexample.left != found.counterexample.right


@pytest.mark.parametrize("case", [case for case, said in SAID.items() if said.assumptions])
def test_without_its_assumption_it_is_refuted(case: str) -> None:
    theorem = proved(case)
    for check in (check_exact, check_raw):
        found = check(theorem.network, theorem.statement, theorem.limits)
        assert (found.agrees, found.comparisons > 0) == (False, True)
        assert found.counterexample is not None


# Labels


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["0.2", "0.9"], "which sum to 11/10"),
        (["1", "1"], "which sum to 2"),
        (["0", "0"], "which sum to 0"),
    ],
)
def test_labels_that_do_not_sum_to_one(labels: list[str], says: str) -> None:
    network = mlp((2, 2), **SOFTMAX, labels=labels)
    with pytest.raises(InvalidInput, match=says):
        prove("softmax-error-normalised", network)
    assert all(check.agrees for check in evidence_for(prove("softmax-error", network)))
    assert not check_exact(network, Equation(delta[L, j], minus(a[L, j], y[j])), OUTPUT).agrees


@pytest.mark.parametrize("given", [{"widths": (2, 2), "labels": ["1"]}, {"labels": ["1", "0"]}])
def test_labels_want_as_many_outputs(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="labels"):
        mlp(**SOFTMAX, **given)


def test_the_normalised_error_of_another_output() -> None:
    with pytest.raises(InvalidInput, match="softmax"):
        prove("softmax-error-normalised", mlp(**SIGMOID))


@pytest.mark.parametrize("cost", ["binary-cross-entropy", "categorical-cross-entropy"])
def test_where_no_logarithm_has_a_value_nothing_is_said(cost: str) -> None:
    """log-softmax is negative, so its logarithm is never defined."""
    exact = evidence_for(prove("bp1", mlp(None, "log-softmax", cost)))[1]
    assert isinstance(exact, Silence)
    assert "logarithm of a number that is not positive" in exact.method
