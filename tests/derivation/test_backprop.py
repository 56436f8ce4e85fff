"""BP1 to BP4 and the backward pass: the textbook's equations, by the textbook's steps, on the textbook's hypotheses."""

from __future__ import annotations

from itertools import pairwise

import pytest
from derivation.by_hand import ELEMENTWISE, MATRIX, SLOPES, is_same, proved
from evidence.statements import BIASES, BP, INSIDE, OUTPUT, WEIGHTS, neuron, sigma
from sympy import Integer

from backprop_proofs.derivation.instances import instance_at, written_out
from backprop_proofs.derivation.theorems import FUNDAMENTAL, THEOREMS, prove
from backprop_proofs.errors import UnknownName
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.kernel.theorem import Step, Theorem
from backprop_proofs.language.binding import alpha_equal, sum_over
from backprop_proofs.language.expressions import (
    Fn,
    IndexSum,
    Opaque,
    Partial,
    add,
    mul,
    negative,
)
from backprop_proofs.language.matrices import Entry
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.costs import COSTS
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, mlp, n, w, z

ONE, TWO = Integer(1), Integer(2)
NETWORKS: dict[str, Network] = {
    "all sizes": mlp(),
    "depth 2": mlp(depth=2),
    "depth 5": mlp(depth=5),
    "2,3,2": mlp((2, 3, 2)),
    "3,4,4,2": mlp((3, 4, 4, 2)),
    "1,1": mlp((1, 1)),
    "2,3,2 sigmoid quadratic": mlp((2, 3, 2), "sigmoid", "quadratic"),
}
MORE: dict[str, Network] = {
    "softmax": mlp(None, "softmax"),
    "2,3,2 softmax": mlp((2, 3, 2), "softmax", "categorical-cross-entropy", hidden="tanh"),
    "log-softmax": mlp(None, "log-softmax", "negative-log-likelihood"),
    "layer-norm": mlp((2, 2, 3), "layer-norm", "quadratic"),
    "sigmoid after tanh": mlp(None, "sigmoid", "binary-cross-entropy", hidden="tanh"),
    "a batch": mlp(batch="m"),
    "2,3,2 a batch of 3 with decay": mlp((2, 3, 2), "tanh", "quadratic", batch=3, decay=True),
    "softmax, a batch": mlp(depth=3, activation="softmax", batch="m"),
}
KINDS = {f"{activation} {cost}": mlp(None, activation, cost) for activation in ELEMENTWISE for cost in COSTS}
# one by one for BP1; of the equations that do not speak of the cost, every activation and every cost
KINDS_OF = {
    name: {
        kind: network
        for kind, network in KINDS.items()
        if name == "bp1" or network.settings["cost"] in ("any", "quadratic") or kind.startswith(("any", "sigmoid"))
    }
    for name in FUNDAMENTAL
}


def test_every_cost_has_its_slope_here() -> None:
    assert SLOPES.keys() == COSTS.keys()


@pytest.mark.parametrize("network", {**NETWORKS, **KINDS}.values(), ids={**NETWORKS, **KINDS})
@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_the_statement_is_the_textbooks(name: str, network: Network) -> None:
    equation, limits = BP[name]
    found = proved(name, network)
    assert found.limits == limits
    assert found.statement.lhs == equation.lhs
    cost = network.settings["cost"]
    if name == "bp1" and cost != "any":
        assert is_same(found, mul(SLOPES[cost](j), sigma(z[L, j], 1)))
        assert not found.statement.rhs.has(Partial)
    else:
        assert alpha_equal(found.statement.rhs, equation.rhs)
    assert found.assumptions == ()


@pytest.mark.parametrize("cost", [cost for cost in COSTS if cost != "any"])
@pytest.mark.parametrize("activation", ["any", "sigmoid"])
def test_the_slope_of_another_cost_is_not_the_same(activation: str, cost: str) -> None:
    found = proved("bp1", KINDS[f"{activation} {cost}"])
    for other in SLOPES.keys() - {cost}:
        assert not is_same(found, mul(SLOPES[other](j), sigma(z[L, j], 1)))
    assert not is_same(found, negative(found.statement.rhs))


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_the_matrix_form_is_the_textbooks(name: str, network: Network) -> None:
    found = proved(name, network)
    if name == "bp1" and network.settings["cost"] == "quadratic":
        assert found.matrix is not None
        return
    assert found.matrix == Equation(*MATRIX[name])
    last = found.derivation.steps[-1]
    letters = (j, k) if name == "bp4" else (j,)
    assert last.rule == "matrix-form"
    assert last.after == Entry(found.matrix.rhs, *letters)
    assert alpha_equal(last.before, found.statement.rhs)


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in FUNDAMENTAL for kind in {**NETWORKS, **KINDS_OF[name]}]
)
def test_exact_instances_agree(name: str, kind: str) -> None:
    network = (NETWORKS | KINDS)[kind]
    found = proved(name, network)
    check = check_exact(network, found.statement, found.limits)
    if name == "bp2" and network.sizes.get(L) == 2:
        assert check.comparisons == 0  # no hidden layer
        return
    assert check.agrees, check.counterexample
    assert check.comparisons > 0


@pytest.mark.parametrize("name", FUNDAMENTAL)
@pytest.mark.parametrize(
    "network",
    [mlp(), mlp((2, 3, 2)), mlp((2, 2, 2), "sigmoid", "quadratic"), mlp(None, "tanh", "quadratic")],
    ids=["all sizes", "2,3,2", "2,2,2 sigmoid", "tanh"],
)
def test_raw_sympy_agrees(name: str, network: Network) -> None:
    found = proved(name, network)
    check = check_raw(network, found.statement, found.limits)
    assert check.agrees, check.counterexample


@pytest.mark.slow
@pytest.mark.parametrize("network", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_all_evidence_agrees_for_every_activation_and_cost(name: str, network: Network) -> None:
    found = proved(name, network)
    for check in (check_raw, check_exact):
        assert check(network, found.statement, found.limits).agrees


# The steps


def every_step(theorem: Theorem) -> list[Step]:
    """The steps, each after those of the lemma that it uses."""
    found: list[Step] = []
    for step in theorem.derivation.steps:
        found += every_step(step.lemma) if step.lemma else []
        found.append(step)
    return found


ALL = ("bp1", "bp2", "bp3", "bp4", "backward-pass")


@pytest.mark.parametrize("network", {**NETWORKS, **MORE}.values(), ids={**NETWORKS, **MORE})
@pytest.mark.parametrize("name", ALL)
def test_every_chain_of_steps_is_connected(name: str, network: Network) -> None:
    def check(theorem: Theorem) -> None:
        steps = theorem.derivation.steps
        if steps[0].rule == "induction":
            for part in (steps[0].parameters["base"], steps[0].parameters["lemma"]):
                check(part)
            return
        assert alpha_equal(steps[0].before, theorem.statement.lhs)
        for one, other in pairwise(steps):
            assert one.after == other.before
        last = steps[-2] if steps[-1].rule == "matrix-form" else steps[-1]
        assert last.after == theorem.statement.rhs
        for step in steps:
            assert step.reason
            if step.lemma and step.lemma.derivation.steps:
                assert step.substeps == step.lemma.derivation.steps
                check(step.lemma)

    check(proved(name, network))


STEPS = {
    "bp1": ["definition", "chain-rule", "theorem", "kronecker-collapse", "matrix-form"],
    "bp2": ["definition", "chain-rule", "definition", "theorem", "factor-out", "ring", "matrix-form"],
    "bp3": ["chain-rule", "definition", "theorem", "kronecker-collapse", "matrix-form"],
    "bp4": [
        "chain-rule",
        "definition",
        "theorem",
        "kronecker-collapse",
        "kronecker-collapse",
        "ring",
        "matrix-form",
    ],
}


@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_the_steps_are_those_of_the_textbook(name: str) -> None:
    assert [step.rule for step in proved(name, NETWORKS["all sizes"]).derivation.steps] == STEPS[name]


def test_the_links_of_bp1_and_bp2() -> None:
    """BP1: ∂a^L_k/∂z^L_j = σ'(z^L_k)[k = j]; BP2: z^l → a^l → z^{l+1}, their product, and the sum over k."""
    net = NETWORKS["all sizes"]
    (link,) = [step.lemma for step in proved("bp1", net).derivation.steps if step.lemma]
    assert (link.statement.lhs.of.quantity, link.statement.lhs.wrt.quantity) == (a, z)
    assert [step.rule for step in link.derivation.steps] == ["definition", "function-rule", "leaf"]
    (both,) = [step.lemma for step in proved("bp2", net).derivation.steps if step.lemma]
    assert alpha_equal(both.statement.rhs, mul(w[l + 1, k, j], sigma(z[l, j], 1)))
    inner = [step.lemma for step in both.derivation.steps if step.lemma]
    ends = [(part.statement.lhs.of.quantity, part.statement.lhs.wrt.quantity) for part in inner]
    assert ends == [(z, a), (a, z)]
    assert both.derivation.steps[0].rule == "chain-rule"
    assert both.derivation.steps[-1].rule == "kronecker-collapse"


def test_bp3_and_bp4_show_their_deltas() -> None:
    """BP3 collapses one Kronecker delta, BP4 two: one of its double sum, one of the neurons."""
    net = NETWORKS["all sizes"]
    for name, count in (("bp3", 1), ("bp4", 2)):
        collapses = [step for step in proved(name, net).derivation.steps if step.rule == "kronecker-collapse"]
        assert len(collapses) == count
        for step in collapses:
            assert str(step.after).count("Delta") == str(step.before).count("Delta") - 1
            assert len(step.after.atoms(IndexSum)) == len(step.before.atoms(IndexSum)) - 1


@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_the_chain_rule_sums_over_every_neuron(name: str) -> None:
    step = next(s for s in proved(name, NETWORKS["all sizes"]).derivation.steps if s.rule == "chain-rule")
    assert isinstance(step.after, IndexSum)
    assert step.after.limit[1:] == (ONE, n[{"bp1": L, "bp2": l + 1}.get(name, l)])


@pytest.mark.parametrize("name", FUNDAMENTAL)
def test_the_steps_are_the_same_at_every_size(name: str) -> None:
    general = [step.rule for step in every_step(proved(name, NETWORKS["all sizes"]))]
    for size in ("depth 5", "2,3,2", "3,4,4,2"):
        assert [step.rule for step in every_step(proved(name, NETWORKS[size]))] == general


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("network", {**NETWORKS, **MORE}.values(), ids={**NETWORKS, **MORE})
def test_every_step_is_true(name: str, network: Network) -> None:
    """Not only the result: each link of each chain, on exact instances."""
    theorem = proved(name, network)

    def check(part: Theorem) -> None:
        for step in part.derivation.steps:
            for inner in ("base", "lemma"):
                if isinstance(step.parameters.get(inner), Theorem) and not step.parameters[inner].assumptions:
                    check(step.parameters[inner])
            found = check_exact(part.network, Equation(step.before, step.after), part.limits, instances=1)
            assert found.agrees or not found.comparisons, (step.rule, found.counterexample)

    check(theorem)


# Hypotheses


def hypotheses(name: str, activation: str, cost: str) -> set[tuple[str, str]]:
    return {(need.kind, str(need.subject)) for need in proved(name, KINDS[f"{activation} {cost}"]).hypotheses}


@pytest.mark.parametrize("name", ALL)
def test_a_perceptron_of_any_functions_needs_them_differentiable(name: str) -> None:
    found = {(need.kind, need.subject) for need in proved(name, KINDS["any any"]).hypotheses}
    assert found == {("differentiable", "sigma"), ("differentiable", "C")}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("activation", [name for name in ELEMENTWISE if name not in ("any", "relu", "leaky-relu")])
def test_a_smooth_perceptron_needs_nothing(name: str, activation: str) -> None:
    assert hypotheses(name, activation, "quadratic") == set()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_relu_needs_its_kink_avoided(name: str, activation: str) -> None:
    """z^l_j ≠ 0, for every neuron, is what a statement about ReLU rests on."""
    found = proved(name, KINDS[f"{activation} quadratic"]).hypotheses
    assert {need.kind for need in found} == {"nonzero"}
    assert all(getattr(need.subject, "quantity", None) == z for need in found)


@pytest.mark.parametrize("name", ALL)
def test_no_statement_rests_on_an_open_assumption(name: str) -> None:
    for network in (NETWORKS | MORE).values():
        assert proved(name, network).assumptions == ()


# The backward pass


def test_the_backward_pass_is_an_induction_from_bp1_by_bp2() -> None:
    theorem = proved("backward-pass", NETWORKS["all sizes"])
    assert theorem.limits == ((l, TWO, L), neuron(j, l))
    assert theorem.statement.lhs == delta[l, j]
    assert theorem.statement.rhs.name == "D"
    (step,) = theorem.derivation.steps
    base, inner = step.parameters["base"], step.parameters["lemma"]
    assert step.rule == "induction"
    assert base.statement.lhs == delta[L, j]
    assert {s.rule for s in inner.derivation.steps} >= {"theorem", "definition"}
    recursion = [d for d in theorem.network.abbreviations if d.ref.name == "D"]
    assert [d.ref.indices[0] for d in recursion] == [L, l]
    assert not any(delta in [r.quantity for r in d.body.atoms(type(d.ref))] for d in recursion)


@pytest.mark.parametrize("network", {**NETWORKS, **MORE}.values(), ids={**NETWORKS, **MORE})
def test_the_backward_pass_computes_the_error(network: Network) -> None:
    theorem = proved("backward-pass", network)
    check = check_exact(theorem.network, theorem.statement, theorem.limits)
    assert check.agrees, check.counterexample


# Instances


def test_a_theorem_written_out_is_about_numbers() -> None:
    net = NETWORKS["2,3,2"]
    parts = written_out(proved("bp2", net))
    assert len(parts) == 3
    first = parts[0].statement
    assert first.lhs == delta[2, 1]
    rhs = mul(add(mul(w[3, 1, 1], delta[3, 1]), mul(w[3, 2, 1], delta[3, 2])), sigma(z[2, 1], 1))
    assert first.rhs == rhs
    for part in parts:
        assert check_exact(net, part.statement).agrees
        assert not part.statement.rhs.has(IndexSum)
    assert len(written_out(proved("bp4", net))) == 3 * 2 + 2 * 3


def test_an_instance_out_of_range_is_refused() -> None:
    net = NETWORKS["2,3,2"]
    for values in ({l: Integer(3), j: ONE}, {l: TWO, j: Integer(4)}, {l: ONE, j: ONE}):
        with pytest.raises(Exception, match=r"expected|lie in"):
            instance_at(proved("bp2", net), values)


# Names


def test_the_table_of_theorems() -> None:
    assert tuple(THEOREMS)[:6] == (*ALL, "activation-slope")
    assert tuple(THEOREMS)[:4] == FUNDAMENTAL
    for name, named in THEOREMS.items():
        assert named.name == name
        assert named.says
        assert named.source
        mlp(**named.settings)
    with pytest.raises(UnknownName, match="bp1"):
        prove("bp11")
    assert prove("bp1").network.sizes == {}


def test_an_unspecified_function_stays_one() -> None:
    theorem = proved("bp1", NETWORKS["all sizes"])
    assert theorem.statement.rhs.args == (Partial(C, a[L, j]), Fn("sigma", 1, z[L, j]))
    assert any(definition.body.has(Opaque) for definition in theorem.network.definitions)


@pytest.mark.parametrize(("name", "limits"), [("bp1", OUTPUT), ("bp2", INSIDE), ("bp3", BIASES), ("bp4", WEIGHTS)])
def test_the_ranges_are_all_there_is(name: str, limits: object) -> None:
    """Not one neuron or layer less."""
    assert proved(name, NETWORKS["all sizes"]).limits == limits


WRONG = {
    "bp2 transposed": Equation(
        delta[l, j],
        mul(sum_over(mul(w[l + 1, j, k], delta[l + 1, k]), neuron(k, l + 1)), sigma(z[l, j], 1)),
    ),
    "bp1 of the layer before": Equation(delta[l, j], mul(Partial(C, a[l, j]), sigma(z[l, j]))),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_statement_is_refuted_by_the_evidence_used_here(name: str) -> None:
    """The oracles of this file can fail."""
    equation = WRONG[name]
    net = mlp((2, 2, 2, 2))
    assert not check_exact(net, equation, INSIDE).agrees
    assert not check_raw(net, equation, INSIDE, sizes=None).agrees
