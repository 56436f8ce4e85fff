"""BP1 to BP4 where an output depends on all weighted inputs of its layer, and where the cost is a mean over a batch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from derivation.by_hand import ELEMENTWISE, MATRIX, SLOPES, WHOLE_LAYER, is_same, proved
from evidence.statements import BIASES, BP, INSIDE, OUTPUT, WEIGHTS, neuron, sigma
from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.theorems import FUNDAMENTAL
from backprop_proofs.errors import InvalidInput
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.kernel.theorem import begin, rewrite
from backprop_proofs.language.binding import alpha_equal, substitute, sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    IndexSum,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS
from backprop_proofs.networks.mlp import C, L, a, b, delta, i, j, k, l, m, mlp, n, w, z

ONE = Integer(1)
LAYERS = {(activation, cost): mlp(None, activation, cost) for activation in WHOLE_LAYER for cost in COSTS}
BY_LAYER = pytest.mark.parametrize(("activation", "cost"), LAYERS)
# the logarithm of a negative number: log-softmax is below 0, and the outputs of layer-norm add to 0
NO_LOGARITHM = {
    (activation, f"{kind}-cross-entropy")
    for activation in ("log-softmax", "layer-norm")
    for kind in ("binary", "categorical")
}


# An output of which each activation depends on every weighted input

S = Ref(Quantity("s"))
Slope = Callable[[Symbol], Expr]


def over_outputs(term: Slope) -> Expr:
    return sum_over(term(k), neuron(k, L))


# δ^L_j by hand, from ∂C/∂a^L_p
BP1_OF_LAYERS: dict[str, Callable[[Slope], Expr]] = {
    "softmax": lambda slope: mul(a[L, j], add(slope(j), negative(over_outputs(lambda p: mul(a[L, p], slope(p)))))),
    "log-softmax": lambda slope: add(slope(j), negative(mul(Fn("exp", 0, a[L, j]), over_outputs(slope)))),
    "layer-norm": lambda slope: quotient(
        add(
            slope(j),
            negative(quotient(over_outputs(slope), n[L])),
            negative(mul(quotient(a[L, j], n[L]), over_outputs(lambda p: mul(a[L, p], slope(p))))),
        ),
        S,
    ),
}


def test_every_activation_of_a_layer_has_its_bp1_here() -> None:
    assert BP1_OF_LAYERS.keys() == set(WHOLE_LAYER)
    assert set(ELEMENTWISE) | set(WHOLE_LAYER) == ACTIVATIONS.keys()


@BY_LAYER
def test_bp1_of_a_whole_layer(activation: str, cost: str) -> None:
    found = proved("bp1", LAYERS[activation, cost])
    assert (found.statement.lhs, found.limits, found.assumptions) == (delta[L, j], OUTPUT, ())
    assert is_same(found, BP1_OF_LAYERS[activation](SLOPES[cost]))
    assert found.statement.rhs.has(Partial) is (cost == "any")
    assert found.statement.rhs.has(IndexSum)
    for other in BP1_OF_LAYERS.keys() - {activation}:
        assert not is_same(found, BP1_OF_LAYERS[other](SLOPES[cost]))


@BY_LAYER
@pytest.mark.parametrize("name", ["bp2", "bp3", "bp4"])
def test_before_the_output_layer_nothing_changes(name: str, activation: str, cost: str) -> None:
    equation, limits = BP[name]
    found = proved(name, LAYERS[activation, cost])
    assert found.limits == limits
    assert found.statement.lhs == equation.lhs
    assert alpha_equal(found.statement.rhs, equation.rhs)
    assert found.matrix == Equation(*MATRIX[name])


@BY_LAYER
@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_exact_instances_agree_on_a_whole_layer(name: str, activation: str, cost: str) -> None:
    found = proved(name, LAYERS[activation, cost])
    check = check_exact(found.network, found.statement, found.limits)
    if (activation, cost) in NO_LOGARITHM:
        assert check.comparisons == 0  # no instance has a cost
        return
    assert check.agrees, check.counterexample
    assert check.comparisons > 0


@pytest.mark.parametrize("activation", WHOLE_LAYER)
def test_the_sum_over_outputs_stays(activation: str) -> None:
    """The link has terms without [k = j]: no step collapses the whole sum, and what is left of it is a true sum."""
    found = proved("bp1", LAYERS[activation, "any"])
    step = next(step for step in found.derivation.steps if step.rule == "theorem")
    assert step.lemma is not None
    assert step.lemma.statement.rhs.has(Delta)
    rules = [step.rule for step in found.derivation.steps]
    assert rules[:4] == ["definition", "chain-rule", "theorem", "split-sum"]
    collapses = [step for step in found.derivation.steps if step.rule == "kronecker-collapse"]
    assert [step.after.has(IndexSum) for step in collapses] == [True]


@pytest.mark.parametrize("activation", WHOLE_LAYER)
def test_without_its_sum_bp1_of_a_whole_layer_is_refuted(activation: str) -> None:
    network = mlp((1, 1, 2), activation)
    own = mul(Partial(C, a[L, j]), Partial(a[L, j], z[L, j]))
    check = check_exact(network, Equation(delta[L, j], own), OUTPUT)
    assert check.comparisons
    assert not check.agrees


# The mean over a batch, and weight decay

A, Z, ERROR, E = Quantity("a", 2), Quantity("z", 2), Quantity("delta", 2), Quantity("E")
EXAMPLE: Limit = (i, ONE, m)


def mean(term: Expr) -> Expr:
    return mul(power(m, -1), sum_over(term, EXAMPLE))


DECAYED = mul(Ref(Quantity("lambda")), power(m, -1), w[l, j, k])
OVER_A_BATCH: dict[str, tuple[Equation, tuple[Limit, ...]]] = {
    "bp1": (
        Equation(ERROR[i, L, j], mul(Partial(E[i], A[i, L, j]), sigma(Z[i, L, j], 1))),
        (EXAMPLE, *OUTPUT),
    ),
    "bp2": (
        Equation(
            ERROR[i, l, j],
            mul(sum_over(mul(w[l + 1, k, j], ERROR[i, l + 1, k]), neuron(k, l + 1)), sigma(Z[i, l, j], 1)),
        ),
        (EXAMPLE, *INSIDE),
    ),
    "bp3": (Equation(Partial(C, b[l, j]), mean(ERROR[i, l, j])), BIASES),
    "bp4": (Equation(Partial(C, w[l, j, k]), mean(mul(A[i, l - 1, k], ERROR[i, l, j]))), WEIGHTS),
}
BATCHES: dict[str, dict[str, object]] = {
    "any": {"batch": "m"},
    "one": {"batch": 1},
    "of 3": {"batch": 3, "widths": (2, 3, 2)},
    "any, with decay": {"batch": "m", "decay": True},
    "of 2, with decay": {"batch": 2, "decay": True, "depth": 3, "activation": "tanh"},
    "decay alone": {"decay": True, "widths": (2, 2, 2)},
}
BY_BATCH = pytest.mark.parametrize("settings", BATCHES.values(), ids=BATCHES)


@BY_BATCH
@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_over_a_batch(name: str, settings: dict[str, object]) -> None:
    """BP1 and BP2 of each example; BP3 and BP4 with 1/m Σ_i; λ/m w in BP4 alone."""
    equation, limits = OVER_A_BATCH[name]
    found = proved(name, mlp(**settings))
    expected = add(equation.rhs, DECAYED) if name == "bp4" and "decay" in settings else equation.rhs
    assert found.limits == limits
    assert found.statement.lhs == equation.lhs
    assert alpha_equal(found.statement.rhs, expected)
    assert found.assumptions == ()
    for check in (check_exact, check_raw):
        agreed = check(found.network, found.statement, found.limits)
        assert agreed.agrees, agreed.counterexample
        assert agreed.comparisons


@pytest.mark.parametrize("name", ["bp3", "bp4"])
@pytest.mark.parametrize("wrong", ["the sum and not the mean", "a mean too many", "one example", "decay forgotten"])
def test_a_wrong_mean_is_refuted(name: str, wrong: str) -> None:
    decays = wrong == "decay forgotten"
    network = mlp((2, 2, 2), batch=2, decay=decays)
    (left, right), limits = OVER_A_BATCH[name]
    spoilt = {
        "the sum and not the mean": mul(m, right),
        "a mean too many": mul(power(m, -1), right),
        "one example": substitute(right.args[1].body, {right.args[1].index: ONE}),
        "decay forgotten": right,
    }[wrong]
    if name == "bp3" and decays:
        assert check_exact(network, Equation(left, right), limits).agrees  # biases do not decay
        return
    check = check_exact(network, Equation(left, spoilt), limits)
    assert check.comparisons
    assert not check.agrees


def test_the_decay_is_half_a_square() -> None:
    """R = λ/(2m) Σ w², so that λ/m w comes out."""
    (decay,) = [known.body for known in mlp(decay=True).definitions if known.ref.name == "R"]
    squares = sum_over(power(w[l, j, k], 2), *WEIGHTS)
    whole = mul(Ref(Quantity("lambda")), Rational(1, 2), power(m, -1), squares)
    rewrite(begin(mlp(decay=True), (), decay), (), "ring", to=whole)


# The same, found without being told

OUTPUTS: dict[str, tuple[str, dict[str, str]]] = {
    "sigmoid": ("binary-cross-entropy", {}),
    "softmax": ("categorical-cross-entropy", {}),
    "log-softmax": ("negative-log-likelihood", {"hidden": "tanh"}),
    "layer-norm": ("quadratic", {}),
}


@pytest.mark.parametrize("wrt", ["w", "b", "x"])
@pytest.mark.parametrize("activation", OUTPUTS)
def test_an_output_layer_and_its_cost_are_derived_too(wrt: str, activation: str) -> None:
    cost, more = OUTPUTS[activation]
    theorem = derive(mlp((2, 3, 2), activation, cost, **more), wrt)
    assert check_exact(theorem.network, theorem.statement, theorem.limits).agrees
    closed_form = {"w": "bp4", "b": "bp3"}.get(wrt)
    if closed_form:
        assert is_same(theorem, proved(closed_form, theorem.network).statement.rhs)


@pytest.mark.parametrize("activation", ["softmax", "log-softmax", "layer-norm"])
def test_the_error_of_a_layer_that_the_output_is_not_like_says_so(activation: str) -> None:
    """z^L is used by all of a^L, z^l by a^l alone: one line of error."""
    with pytest.raises(InvalidInput, match="used differently"):
        derive(mlp(None, activation), "z")


@pytest.mark.parametrize("settings", [{"batch": "m"}, {"batch": 2, "widths": (2, 2)}, {"batch": "m", "decay": True}])
@pytest.mark.parametrize("wrt", ["w", "b"])
def test_the_gradient_of_a_mean_over_a_batch_is_found(wrt: str, settings: dict[str, object]) -> None:
    """Σ_i, and λ/m w of the decay, without being told; the errors are those of the mean, ∂C/∂z^i."""
    theorem = derive(mlp(**settings), wrt)
    assert check_exact(theorem.network, theorem.statement, theorem.limits).agrees
    sums = [part for part in theorem.statement.rhs.atoms(IndexSum) if part.limit[1:] == (ONE, m)]
    assert len(sums) == 1
    assert theorem.statement.rhs.has(Quantity("lambda")) is ("decay" in settings and wrt == "w")


@pytest.mark.parametrize("activation", [*WHOLE_LAYER, "sigmoid"])
@pytest.mark.parametrize("hidden", ["tanh", "relu"])
def test_the_layers_before_the_output_have_their_own_formula(activation: str, hidden: str) -> None:
    network = mlp(None, activation, hidden=hidden)
    formula = ACTIVATIONS[hidden].formula
    assert formula is not None
    known = {function.name: function for function in network.functions}
    assert known["sigma"].body == formula(known["sigma"].variable)
    assert known.keys() == {"sigma"} | ({"g"} if activation == "sigmoid" else set())
    kinds = {need.kind for need in proved("bp2", network).hypotheses}
    assert kinds >= ({"nonzero"} if hidden == "relu" else set())
    assert ("differentiable", "sigma") not in [tuple(need) for need in proved("bp2", network).hypotheses]


# Hypotheses


def test_a_whole_layer_needs_no_more_than_its_formula() -> None:
    """Σ e^z is never 0, so softmax asks for nothing; layer-norm divides by √(v + ε), which v + ε > 0 makes one."""
    found = {
        activation: {(need.kind, str(need.subject)) for need in proved("bp1", LAYERS[activation, "any"]).hypotheses}
        for activation in WHOLE_LAYER
    }
    functions = {("differentiable", "sigma"), ("differentiable", "C")}
    assert found["softmax"] == found["log-softmax"] == functions
    assert found["layer-norm"] - functions <= {("positive", "epsilon + v"), ("nonzero", "s")}
    assert found["layer-norm"] >= functions | {("positive", "epsilon + v")}
