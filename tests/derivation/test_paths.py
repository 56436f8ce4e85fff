"""The sum over all paths: how many there are, what lies on each, that their sum is ∂C/∂w, and that no other sum is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import product
from math import prod

import pytest
from sympy import Expr, Integer

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.path_graph import NeuronPath, PathGraph, find_paths
from backprop_proofs.derivation.path_recursion import R, error_total, path_recursion, path_total, with_path_sums
from backprop_proofs.derivation.paths import (
    Weight,
    as_error,
    count_paths,
    is_elementwise,
    links,
    path_error,
    path_sum,
    written_out,
)
from backprop_proofs.derivation.theorems import THEOREMS, prove
from backprop_proofs.errors import InvalidInput, Refused
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import alpha_equal, substitute, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, Ref, add, mul, negative
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, m, mlp, n, neurons, w, y, z

ONE = Integer(1)
p, q = index("p"), index("q")
NAMES = ("path-sum", "path-error", "path-recursion", "path-total")


def at(layer: int, neuron: int, source: int) -> Weight:
    return Weight(*map(Integer, (layer, neuron, source)))


def slope(ref: Ref, name: str = "sigma") -> Expr:
    return Fn(name, 1, ref)


def listed(network: Network, weight: Weight) -> list[NeuronPath]:
    return list(find_paths(network, weight))


# How many

COUNTS = {
    ((2, 3, 3, 2), "any", (2, 2, 1)): 6,
    ((2, 3, 3, 2), "any", (3, 1, 3)): 2,
    ((2, 3, 3, 2), "any", (4, 2, 2)): 1,
    ((2, 3), "any", (2, 3, 2)): 1,
    ((1, 1, 1, 1), "any", (2, 1, 1)): 1,
    ((3, 1, 4, 1, 5), "any", (2, 1, 3)): 20,
    ((2, 3, 3, 2), "sigmoid", (2, 2, 1)): 6,
    ((2, 3, 3, 2), "softmax", (2, 2, 1)): 12,
    ((2, 3, 3, 2), "softmax", (3, 1, 3)): 4,
    ((2, 3, 3, 2), "softmax", (4, 2, 2)): 2,
    ((2, 3), "log-softmax", (2, 3, 2)): 3,
    ((2, 2, 3), "layer-norm", (2, 1, 1)): 9,
}


@pytest.mark.parametrize(("widths", "activation", "indices"), COUNTS)
def test_the_number_of_paths(widths: tuple[int, ...], activation: str, indices: tuple[int, int, int]) -> None:
    network, weight = mlp(widths, activation), at(*indices)
    expected = COUNTS[widths, activation, indices]
    paths = listed(network, weight)
    assert len(paths) == len({path.nodes for path in paths}) == expected
    assert count_paths(network, weight) == PathGraph(network).count(weight.ref) == expected
    further = prod(widths[indices[0] :])
    assert expected == further * (1 if is_elementwise(network) else widths[-1])


def test_sixty_four_million_paths_are_counted_and_not_listed() -> None:
    network, weight = mlp((20,) * 8), at(2, 1, 1)
    assert count_paths(network, weight) == PathGraph(network).count(weight.ref) == 64_000_000
    first = list(find_paths(network, weight, 3))
    assert [path.nodes[-2] for path in first] == [a[8, 1], a[8, 2], a[8, 3]]
    assert len(path_sum(network, weight).derivation.steps) < 25


def test_a_count_is_a_whole_number_of_any_size() -> None:
    assert count_paths(mlp((10,) * 60), at(2, 1, 1)) == 10**58


# What lies on a path


def test_nielsens_paths_of_the_readme_network() -> None:
    paths = listed(mlp((2, 3, 3, 2)), at(2, 2, 1))
    visited = [[w[2, 2, 1], a[2, 2], a[3, one], a[4, two], C] for one, two in product((1, 2, 3), (1, 2))]
    assert [list(path.nodes) for path in paths] == visited
    assert paths[3].factors == (
        mul(slope(z[2, 2]), a[1, 1]),
        mul(slope(z[3, 2]), w[3, 2, 2]),
        mul(slope(z[4, 2]), w[4, 2, 2]),
        Partial(C, a[4, 2]),
    )
    assert paths[3].links[1:3] == (Partial(a[3, 2], a[2, 2]), Partial(a[4, 2], a[3, 2]))
    assert paths[3].product == mul(*reversed(paths[3].factors))


def test_a_path_of_softmax_visits_both_the_input_and_the_output_of_the_last_layer() -> None:
    paths = listed(mlp((2, 2, 2), "softmax"), at(2, 2, 1))
    ends = [path.nodes[2:4] for path in paths]
    assert ends == [(z[3, one], a[3, two]) for one, two in product((1, 2), (1, 2))]
    own, other = paths[0].factors[2], paths[1].factors[2]
    assert own == mul(a[3, 1], add(ONE, negative(a[3, 1])))
    assert other == mul(Integer(-1), a[3, 2], a[3, 1])


def test_an_output_with_another_function_has_links_of_its_own() -> None:
    (path,) = listed(mlp((2, 3, 1), "identity", "quadratic", hidden="sigmoid"), at(2, 1, 1))
    inner, last, cost = path.factors
    assert inner == mul(slope(z[2, 1]), a[1, 1])
    assert last == mul(slope(z[3, 1], "g"), w[3, 1, 1])
    assert cost == add(a[3, 1], negative(y[1]))


# The theorems


def two_layers(last: Expr, cost: Expr) -> Expr:
    """The sum over the paths from a weight two layers before the last; `cost` in a^last_m."""
    before = last - 1
    body = mul(
        cost,
        mul(slope(z[last, m]), w[last, m, p]),
        mul(slope(z[before, p]), w[before, p, j]),
        mul(slope(z[last - 2, j]), a[last - 3, k]),
    )
    return sum_over(body, neurons(p, before), neurons(m, last))


FOUR = Integer(4)
STATEMENTS: dict[str, tuple[Theorem, Expr]] = {
    "of every size": (path_sum(mlp()), two_layers(L, Partial(C, a[L, m]))),
    "4 layers": (path_sum(mlp(depth=4)), two_layers(FOUR, Partial(C, a[FOUR, m]))),
    "4 layers, quadratic": (
        path_sum(mlp(depth=4, cost="quadratic")),
        two_layers(FOUR, add(a[FOUR, m], negative(y[m]))),
    ),
    "the last layer": (path_sum(mlp(), Weight(L)), mul(Partial(C, a[L, j]), slope(z[L, j]), a[L - 1, k])),
    "the last layer of softmax": (
        path_sum(mlp(activation="softmax"), Weight(L)),
        sum_over(
            mul(Partial(C, a[L, m]), a[L, m], add(Delta(m, j), negative(a[L, j])), a[L - 1, k]),
            neurons(m, L),
        ),
    ),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_the_nested_sum_is_the_textbooks(case: str) -> None:
    found, expected = STATEMENTS[case]
    layer = found.statement.lhs.wrt.indices[0]
    assert found.statement.lhs == Partial(C, w[layer, j, k])
    assert alpha_equal(found.statement.rhs, expected)
    assert found.limits == (neurons(j, layer), neurons(k, layer - 1))
    assert found.assumptions == ()


def test_first_it_is_a_sum_of_products_of_derivatives() -> None:
    steps = path_sum(mlp(depth=4)).derivation.steps
    rules = [step.rule for step in steps]
    assert rules == ["chain-rule", "chain-rule", "factor-in", "chain-rule", "factor-in", *["theorem"] * 3]
    body = mul(Partial(C, a[4, m]), Partial(a[4, m], a[3, p]), Partial(a[3, p], a[2, j]), Partial(a[2, j], w[2, j, k]))
    assert alpha_equal(steps[4].after, sum_over(body, neurons(p, Integer(3)), neurons(m, FOUR)))


@pytest.mark.parametrize("settings", [{}, {"depth": 5}, {"activation": "softmax"}], ids=str)
def test_the_same_sum_is_the_error_times_the_activation_before(settings: dict) -> None:
    total, error = path_sum(mlp(**settings)), path_error(mlp(**settings))
    layer = total.statement.lhs.wrt.indices[0]
    assert error.statement.lhs == mul(a[layer - 1, k], delta[layer, j])
    assert alpha_equal(error.statement.rhs, total.statement.rhs)


@pytest.mark.parametrize("layers_between", [0, 1, 2, 5, 9])
def test_any_number_of_layers_between(layers_between: int) -> None:
    found = path_sum(mlp(), Weight(L - layers_between))
    assert found.network.facts().nonnegative(L - layers_between - 2)
    assert [step.rule for step in found.derivation.steps].count("chain-rule") == layers_between + 1
    known = path_sum(mlp(depth=layers_between + 2), Weight(Integer(2)))
    depth = Integer(layers_between + 2)
    assert alpha_equal(substitute(found.statement.rhs, {L: depth}), known.statement.rhs)


def test_the_recursion_is_proved_by_induction_with_base_and_step() -> None:
    found = path_recursion(mlp())
    assert found.statement == Equation(Partial(a[L, m], z[l, j]), R[l, m, j])
    (link,) = found.derivation.steps
    base, step = link.parameters["base"], link.parameters["lemma"]
    assert base.statement == Equation(Partial(a[L, m], z[L, j]), R[L, m, j])
    assert [one.rule for one in step.derivation.steps] == [
        "chain-rule",
        "theorem",
        "theorem",
        "factor-out",
        "definition",
    ]
    assert found.assumptions == ()


@pytest.mark.parametrize("cost", ["any", "quadratic"])
@pytest.mark.parametrize("activation", ["any", "softmax"])
def test_the_total_for_every_depth(activation: str, cost: str) -> None:
    network = mlp(activation=activation, cost=cost)
    slope_ = Partial(C, a[L, m]) if cost == "any" else add(a[L, m], negative(y[m]))
    expected = mul(sum_over(mul(slope_, R[l, m, j]), neurons(m, L)), a[l - 1, k])
    assert alpha_equal(path_total(network).statement.rhs, expected)
    assert alpha_equal(error_total(network).statement.rhs, expected)
    assert error_total(network).statement.lhs == mul(a[l - 1, k], delta[l, j])


def test_the_recursion_unfolded_is_the_nested_sum() -> None:
    nested = path_sum(mlp())
    network = with_path_sums(nested.network)
    total = path_total(network)
    chain = Chain(network, nested.limits, nested.statement.lhs).use(total, (), {l: L - 2})
    while (path := chain.find(lambda part: isinstance(part, Ref) and part.quantity == R)) is not None:
        chain.step("definition", path)
    chain.step("ring", to=nested.statement.rhs)
    with pytest.raises(Refused):
        chain.step("ring", to=mul(Integer(2), nested.statement.rhs))


# Term by term

CONCRETE = {
    "2,3,3,2": (mlp((2, 3, 3, 2)), at(2, 2, 1)),
    "3,2,2": (mlp((3, 2, 2), "sigmoid", "quadratic"), at(2, 1, 3)),
    "one path": (mlp((2, 3)), at(2, 2, 2)),
    "softmax": (mlp((2, 2, 3), "softmax", "categorical-cross-entropy"), at(2, 2, 1)),
    "softmax, last layer": (mlp((2, 2, 3), "softmax"), at(3, 2, 1)),
    "relu": (mlp((2, 2, 2), "relu"), at(2, 1, 2)),
}


@pytest.mark.parametrize(("network", "weight"), CONCRETE.values(), ids=CONCRETE)
def test_the_products_of_all_paths_add_up_to_the_derivative(network: Network, weight: Weight) -> None:
    products = [path.product for path in listed(network, weight)]
    total = written_out(path_sum(network, weight), products)
    assert total.statement == Equation(Partial(C, weight.ref), add(*products))
    assert total.limits == total.assumptions == ()
    error = as_error(total, weight)
    assert error.statement.rhs == add(*products)
    assert check_exact(network, total.statement).agrees
    assert check_raw(network, total.statement, sizes=dict(network.sizes)).agrees


def test_the_order_of_the_paths_does_not_matter() -> None:
    network, weight = CONCRETE["2,3,3,2"]
    products = [path.product for path in listed(network, weight)]
    assert written_out(path_sum(network, weight), products[::-1]).statement.rhs == add(*products[::-1])


def spoilt(products: list[Expr]) -> dict[str, list[Expr]]:
    *others, last = products

    def changed(old: Expr, new: Expr) -> list[Expr]:
        assert old in last.args
        return [*others, mul(*(new if part == old else part for part in last.args))]

    return {
        "the last path left out": others,
        "the first path left out": products[1:],
        "a path twice": [*products, products[0]],
        "one path in place of another": [*others, products[0]],
        "a weight transposed": changed(w[3, 3, 2], w[3, 2, 3]),
        "a weight of another neuron": changed(w[4, 2, 3], w[4, 1, 3]),
        "an activation of another neuron": changed(a[1, 1], a[1, 2]),
        "a slope left out": changed(slope(z[3, 3]), ONE),
        "a value in place of a slope": changed(slope(z[3, 3]), Fn("sigma", 0, z[3, 3])),
        "a sign": [*others, negative(last)],
    }


SPOILT = spoilt([path.product for path in listed(*CONCRETE["2,3,3,2"])])


@pytest.mark.parametrize("wrong", SPOILT.values(), ids=SPOILT)
def test_no_other_sum_is_accepted(wrong: list[Expr]) -> None:
    with pytest.raises(Refused, match="ring: expected an expression equal to"):
        written_out(path_sum(*CONCRETE["2,3,3,2"]), wrong)


# By name


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("settings", [{}, {"depth": 3}, {"widths": (2, 2)}, {"widths": (2, 3, 2)}], ids=str)
def test_each_has_a_name_and_both_kinds_of_evidence(name: str, settings: dict) -> None:
    assert name in THEOREMS
    found = prove(name, mlp(**settings))
    assert check_exact(found.network, found.statement, found.limits).agrees
    raw = check_raw(found.network, found.statement, found.limits)
    assert raw.agrees or not raw.comparisons


def test_the_named_sum_has_few_terms_in_a_wide_network() -> None:
    for widths, layer in (((20,) * 8, 7), ((784, 30, 10), 2), ((9, 9, 9, 9), 2), ((1000, 1000, 1000), 3)):
        assert path_sum(mlp(widths)).statement.lhs.wrt.indices[0] == layer


# What cannot be asked


@pytest.mark.parametrize("prover", [path_sum, path_error, path_recursion, path_total])
def test_a_batch_is_refused(prover: Callable[[Network], Theorem]) -> None:
    with pytest.raises(InvalidInput, match=r"paths: expected the perceptron with one example.*over a batch"):
        prover(mlp(batch=3))


def test_paths_are_counted_only_where_widths_are_known() -> None:
    for network in (mlp(), mlp(depth=4)):
        with pytest.raises(InvalidInput):
            count_paths(network, at(2, 1, 1))


def test_without_networkx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(InvalidInput, match=r"pip install 'backprop-proofs\[paths\]'"):
        listed(mlp((2, 2)), at(2, 1, 1))


def test_links_know_the_output_from_the_layers_before() -> None:
    plain, mixed = links(mlp()), links(mlp(activation="identity", hidden="sigmoid"))
    assert alpha_equal(
        substitute(plain["a", "a", False].statement.rhs, {l: L - 1}), plain["a", "a", True].statement.rhs
    )
    assert mixed["a", "a", True].statement.rhs == mul(slope(z[L, m], "g"), w[L, m, j])
    assert n[L] in {high for _, _, high in plain["a", "a", True].limits}
