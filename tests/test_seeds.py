"""The questions that this project starts from, asked by readers of Nielsen's chapter 2: what is true in them is proved,
and what is false in them is refuted on a concrete network.

Each row is a statement as the question (or its answer) has it, written out here by hand.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sympy import Expr, Integer

import backprop_proofs as bp
from backprop_proofs.derivation.backprop import weighted_input_link
from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.layers import activation_link, cost_slope
from backprop_proofs.derivation.outputs import output_error
from backprop_proofs.derivation.tactics import derivative_of
from backprop_proofs.errors import Refused
from backprop_proofs.evidence.exact import check_exact, counterexample
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import alpha_equal, each, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, add, mul, negative, power
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, layers, mlp, n, neurons, u, w, y, z

ANY = mlp()
SOFTMAX = mlp(activation="softmax")
QUADRATIC = mlp(activation="sigmoid", cost="quadratic")
ONE = Integer(1)
m, p = index("m"), index("p")
J, K = neurons(j, L), neurons(k, L)
INNER = (layers(L - 1), neurons(j, l))  # a neuron j of a layer that is followed by another
OVER_OUTPUTS = each(a[L, k], K)

Limits = tuple[Limit, ...]
Proof = Callable[[], Theorem]


def slope(argument: Expr) -> Expr:
    return Fn("sigma", 1, argument)


def one_step(net: Network, limits: Limits, start: Expr, rule: str, **given: object) -> Proof:
    return lambda: Chain(net, limits, start).step(rule, **given).theorem


def chain_rule_of_the_error(net: Network) -> Proof:
    """δ^L_j = Σ_k ∂C/∂a^L_k ∂a^L_k/∂z^L_j."""
    return lambda: Chain(net, (J,), delta[L, j]).step("definition").step("chain-rule", through=(OVER_OUTPUTS,)).theorem


def over_outputs(body: Expr) -> Expr:
    return sum_over(body, K)


GENERAL = over_outputs(mul(Partial(C, a[L, k]), Partial(a[L, k], z[L, j])))
ELEMENTWISE = mul(Partial(C, a[L, j]), Partial(a[L, j], z[L, j]))
BP1 = mul(Partial(C, a[L, j]), slope(z[L, j]))

Row = tuple[Network, Limits, Expr, Expr, Proof]
PROVED: dict[str, Row] = {
    # Why does a sum over k appear when using the chain rule to derive δ^L_j?
    "1: (1) the error is ∂C/∂z": (
        ANY,
        (J,),
        delta[L, j],
        Partial(C, z[L, j]),
        one_step(ANY, (J,), delta[L, j], "definition"),
    ),
    "1: (2) the sum over k comes from the chain rule": (ANY, (J,), delta[L, j], GENERAL, chain_rule_of_the_error(ANY)),
    "1: (3) and collapses, elementwise": (ANY, (J,), delta[L, j], ELEMENTWISE, lambda: bp.prove("bp1-elementwise")),
    "1: (4) to BP1": (ANY, (J,), delta[L, j], BP1, lambda: bp.prove("bp1")),
    "1: ∂a_k/∂z_j vanishes when k ≠ j": (
        ANY,
        (J, K),
        Partial(a[L, k], z[L, j]),
        mul(slope(z[L, k]), Delta(k, j)),
        lambda: activation_link(ANY, L, (J,), k),
    ),
    # Why does he sum over all neurons k of the output layer? (The answer: because of softmax.)
    "2: (37) is true of softmax too": (SOFTMAX, (J,), delta[L, j], GENERAL, chain_rule_of_the_error(SOFTMAX)),
    "2: ∂a_k/∂z_j of softmax": (
        SOFTMAX,
        (J, K),
        Partial(a[L, k], z[L, j]),
        mul(a[L, k], add(Delta(k, j), negative(a[L, j]))),
        lambda: bp.prove("softmax-jacobian", SOFTMAX),
    ),
    "2: the error of softmax keeps its sum": (
        SOFTMAX,
        (J,),
        delta[L, j],
        mul(a[L, j], add(Partial(C, a[L, j]), negative(over_outputs(mul(a[L, k], Partial(C, a[L, k])))))),
        lambda: bp.prove("bp1", SOFTMAX),
    ),
    # How does the sum over all paths give the cost's derivative by one weight?
    "3: the error from the errors of the next layer": (
        ANY,
        INNER,
        delta[l, j],
        mul(sum_over(mul(w[l + 1, k, j], delta[l + 1, k]), neurons(k, l + 1)), slope(z[l, j])),
        lambda: bp.prove("bp2"),
    ),
    # A reader's notes on chapter 2.
    "4: the slope of the sigmoid": (
        QUADRATIC,
        (),
        slope(u),
        mul(Fn("sigma", 0, u), add(ONE, negative(Fn("sigma", 0, u)))),
        lambda: bp.prove("activation-slope", QUADRATIC),
    ),
    "4: ∂C/∂a of the quadratic cost": (
        QUADRATIC,
        (J,),
        Partial(C, a[L, j]),
        add(a[L, j], negative(y[j])),
        lambda: cost_slope(QUADRATIC),
    ),
    "4: δ^L = (a^L - y) ⊙ σ'(z^L)": (
        QUADRATIC,
        (J,),
        delta[L, j],
        mul(add(a[L, j], negative(y[j])), slope(z[L, j])),
        lambda: bp.prove("bp1", QUADRATIC),
    ),
    "4: link (1), z to a": (
        ANY,
        (layers(L), neurons(j, l)),
        Partial(a[l, j], z[l, j]),
        slope(z[l, j]),
        lambda: derivative_of(ANY, (layers(L), neurons(j, l)), a[l, j], z[l, j]),
    ),
    "4: link (2), a to z": (
        ANY,
        (*INNER, neurons(k, l + 1)),
        Partial(z[l + 1, k], a[l, j]),
        w[l + 1, k, j],
        lambda: derivative_of(ANY, (*INNER, neurons(k, l + 1)), z[l + 1, k], a[l, j]),
    ),
    "4: both links": (
        ANY,
        (*INNER, neurons(k, l + 1)),
        Partial(z[l + 1, k], z[l, j]),
        mul(w[l + 1, k, j], slope(z[l, j])),
        lambda: weighted_input_link(ANY),
    ),
    # How do I prove ∂C/∂b^l_j = δ^l_j?
    "5: BP3": (ANY, (layers(L), neurons(j, l)), Partial(C, b[l, j]), delta[l, j], lambda: bp.prove("bp3")),
    "5: ∂z_k/∂b_p is a Kronecker delta": (
        ANY,
        (layers(L), neurons(k, l), neurons(p, l)),
        Partial(z[l, k], b[l, p]),
        Delta(k, p),
        lambda: derivative_of(ANY, (layers(L), neurons(k, l), neurons(p, l)), z[l, k], b[l, p]),
    ),
    "5: and collapses the sum": (
        ANY,
        (layers(L), neurons(j, l)),
        sum_over(mul(delta[l, k], Delta(k, j)), neurons(k, l)),
        delta[l, j],
        one_step(
            ANY,
            (layers(L), neurons(j, l)),
            sum_over(mul(delta[l, k], Delta(k, j)), neurons(k, l)),
            "kronecker-collapse",
        ),
    ),
}

FALSE: dict[str, tuple[Network, Limits, Expr, Expr]] = {
    "1: skip from (1) to (3) whatever the activation": (SOFTMAX, (J,), delta[L, j], ELEMENTWISE),
    "2: ∂a_k/∂z_j = 0 for k ≠ j, of softmax": (
        SOFTMAX,
        (J, K),
        Partial(a[L, k], z[L, j]),
        mul(Partial(a[L, j], z[L, j]), Delta(k, j)),
    ),
    "3: one path is enough": (
        mlp((2, 2, 2, 1)),
        (),
        Partial(C, w[2, 1, 1]),
        mul(Partial(C, a[4, 1]), slope(z[4, 1]), w[4, 1, 1], slope(z[3, 1]), w[3, 1, 1], slope(z[2, 1]), a[1, 1]),
    ),
    "4: the error with the indices of the notes, k free on one side only": (
        ANY,
        (*INNER, neurons(k, l)),
        delta[l, j],
        mul(sum_over(mul(w[l + 1, m, k], delta[l + 1, m]), neurons(m, l + 1)), slope(z[l, k])),
    ),
    "4: the slope without its second factor": (QUADRATIC, (J,), slope(z[L, j]), a[L, j]),
    "4: ∂C/∂a with the sign of y - a": (QUADRATIC, (J,), Partial(C, a[L, j]), add(y[j], negative(a[L, j]))),
    "5: the chain rule through biases alone": (
        ANY,
        (layers(L), neurons(j, l)),
        Partial(C, z[l, j]),
        sum_over(mul(Partial(C, b[l, k]), Partial(b[l, k], z[l, j])), neurons(k, l)),
    ),
    "5: ∂b/∂z = 1": (ANY, (layers(L), neurons(j, l)), Partial(b[l, j], z[l, j]), ONE),
    "5: a_j for a_i in the weighted input": (
        ANY,
        (layers(L), neurons(j, l), neurons(k, l - 1)),
        z[l, j],
        add(sum_over(mul(w[l, j, p], a[l - 1, k]), neurons(p, l - 1)), b[l, j]),
    ),
    "5: n times the error": (
        ANY,
        (J,),
        Partial(C, z[L, j]),
        sum_over(mul(Partial(C, z[L, j]), Delta(j, j)), K),
    ),
}


@pytest.mark.parametrize("question", PROVED)
def test_what_is_true_is_proved(question: str) -> None:
    net, limits, left, right, proof = PROVED[question]
    theorem = proof()
    assert theorem.network is net
    assert set(theorem.limits) == set(limits)
    assert alpha_equal(theorem.statement.lhs, left)
    assert alpha_equal(theorem.statement.rhs, right)
    assert not theorem.assumptions


@pytest.mark.parametrize("question", PROVED)
def test_other_evidence_agrees_with_what_is_proved(question: str) -> None:
    net, limits, left, right, _ = PROVED[question]
    assert check_exact(net, Equation(left, right), limits).agrees


@pytest.mark.parametrize("question", FALSE)
def test_what_is_false_is_refuted_on_a_network(question: str) -> None:
    net, limits, left, right = FALSE[question]
    check = check_exact(net, Equation(left, right), limits)
    assert check.agrees is False
    assert check.comparisons
    assert counterexample(net, Equation(left, right), limits) is not None


@pytest.mark.parametrize("question", FALSE)
def test_what_is_false_is_refused_by_the_kernel(question: str) -> None:
    net, limits, left, right = FALSE[question]
    with pytest.raises(Refused):
        Chain(net, limits, left).step("ring", to=right)


def test_the_sum_over_all_paths_is_the_derivative_by_the_weight() -> None:
    """Nielsen's Σ_{mnp...q}, for two layers between and any widths, and for every depth by induction."""
    nested = bp.prove("path-sum")
    assert nested.statement.lhs == Partial(C, w[L - 2, j, k])
    assert str(nested.statement.rhs).count("IndexSum") == 2
    whole = bp.prove("path-total")
    assert whole.statement.lhs == Partial(C, w[l, j, k])
    assert {need.subject for need in whole.hypotheses} == {"sigma", "C"}
    for theorem in (nested, whole):
        assert all(check.agrees for check in bp.evidence_for(theorem))


def test_the_least_network_on_which_softmax_needs_its_sum_has_two_outputs() -> None:
    found = counterexample(SOFTMAX, Equation(delta[L, j], ELEMENTWISE), (J,))
    assert found is not None
    assert dict(found.sizes) == {"L": 2, str(n[1]): 1, str(n[2]): 2}


def test_the_sigmoid_error_is_simplified_without_being_told() -> None:
    """(a - y) σ'(z) with σ' = a (1 - a), for the quadratic cost."""
    expected = mul(power(a[L, j], 2), add(ONE, negative(a[L, j])))
    theorem = output_error(QUADRATIC)
    labels = mul(y[j], a[L, j], add(ONE, negative(a[L, j])))
    Chain(QUADRATIC, (J,), theorem.statement.rhs).step("ring", to=add(expected, negative(labels)))
