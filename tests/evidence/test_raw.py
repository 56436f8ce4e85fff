"""Raw SymPy against the statements, and against exact instances."""

from __future__ import annotations

import pytest
from evidence.statements import (
    BP,
    NETWORKS,
    RECURRENT_TRUE,
    RECURRENT_WRONG,
    TRANSPOSED,
    TRUE,
    WRONG,
    Statement,
    T,
    m,
    p,
    recurrent,
    sigma,
)
from evidence.test_exact import IDENTITIES, MATRIX, MISSHAPEN
from sympy import Derivative, Function, Subs, Symbol

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete
from backprop_proofs.evidence.exact import check_exact, instance_of
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.evidence.written import Writer, function_of, opaque_of, symbol_of
from backprop_proofs.language.expressions import Partial, mul
from backprop_proofs.language.matrices import Entry
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, mlp, n, w, z


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("statement", TRUE.values(), ids=TRUE)
def test_what_is_true_agrees(network: Network, statement: Statement) -> None:
    small = {L: 3, n[1]: 2, n[2]: 3, n[3]: 2}
    check = check_raw(network, *statement, sizes=small)
    assert check.agrees
    assert check.comparisons > 0
    assert check.method == "raw SymPy diff, expand"


@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("network", ["symbolic", "sigmoid"])
def test_what_is_wrong_is_caught(network: str, statement: Statement) -> None:
    check = check_raw(NETWORKS[network], *statement)
    assert not check.agrees
    assert check.counterexample is not None


def test_a_transposed_weight_is_caught() -> None:
    assert check_raw(mlp((2, 2, 2, 2)), *TRANSPOSED).counterexample is not None


@pytest.mark.parametrize("whole", [True, False], ids=["C of all h", "C of h_T"])
@pytest.mark.parametrize("name", [*RECURRENT_TRUE, *RECURRENT_WRONG])
def test_a_weight_shared_over_three_steps(whole: bool, name: str) -> None:
    statement = (RECURRENT_TRUE | RECURRENT_WRONG)[name]
    assert check_raw(recurrent(whole), *statement, sizes={T: 3, m: 2, p: 1}).agrees is (name in RECURRENT_TRUE)


@pytest.mark.parametrize("name", [*TRUE, *WRONG])
def test_raw_and_exact_agree_with_each_other(name: str) -> None:
    statement, network = (TRUE | WRONG)[name], mlp((2, 3, 2))
    assert check_raw(network, *statement).agrees is check_exact(network, *statement).agrees


@pytest.mark.parametrize("key", [("w", 2, 3, 1), ("w", 3, 1, 2), ("b", 2, 2), ("z", 2, 1), ("z", 3, 2)])
def test_the_same_number_by_both(key: tuple) -> None:
    """∂C/∂key of the quadratic cost of a linear network, by SymPy's diff and by duals, at the same inputs."""
    network = mlp((2, 3, 2), "identity", "quadratic")
    instance = instance_of(network)
    for name in ("x", "y", "w", "b"):
        for order, one in enumerate(instance.program.concrete.instances(name)):
            instance.inputs[one] = 3 * order + len(name) + 2
    writer = Writer(Concrete(network, {}), formulas=True)
    written = writer.partial(C, {}, key)
    values = {symbol_of(one): value for one, value in instance.inputs.items()}
    modulus = instance.program.field.modulus
    assert int(written.xreplace(values)) % modulus == instance.partial(("C",), key)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "identity"])
@pytest.mark.parametrize("identity", [name for name in IDENTITIES if name != "relu"])
def test_formulas_decide_where_functions_left_open_do_not(activation: str, identity: str) -> None:
    network = mlp((2, 2), activation, "quadratic")
    limits = ((j, L - 1, n[L]),)
    check = check_raw(network, Equation(sigma(z[L, j], 1), IDENTITIES[identity].subs(l, L)), limits)
    assert check.agrees is (activation == identity)
    assert not check.agrees or "digits" in check.method


@pytest.mark.parametrize("name", MATRIX)
def test_matrix_forms_agree(name: str) -> None:
    left, array, limits = MATRIX[name]
    at = [letter for letter in (j, k) if letter in {limit[0] for limit in limits}]
    assert check_raw(mlp((2, 3, 2)), Equation(left, Entry(array, *at)), limits).agrees


@pytest.mark.parametrize("name", MISSHAPEN)
def test_what_does_not_fit_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        check_raw(mlp((2, 3, 2)), Equation(delta[l, j], Entry(MISSHAPEN[name], j)), BP["bp2"][1])


def test_the_cost_is_one_plain_expression() -> None:
    writer = Writer(Concrete(mlp((1, 1)), {}))
    weight, x, bias = (Symbol(name) for name in ("w_2_1_1", "x_1", "b_2_1"))
    squash, cost = function_of("sigma", 0), opaque_of("C", ())
    assert writer.write(C, {}) == cost(squash(weight * x + bias))
    by_weight = writer.write(Partial(C, w[l, j, k]), {l: 2, j: 1, k: 1})
    inner = weight * x + bias
    assert by_weight == x * function_of("sigma", 1)(inner) * opaque_of("C", (1,))(squash(inner))
    assert not by_weight.atoms(Derivative, Subs)


def test_second_derivatives_of_an_unspecified_function_commute() -> None:
    first, second = Symbol("u"), Symbol("v")
    cost: Function = opaque_of("C", ())(first, second)
    assert cost.diff(first, second) == cost.diff(second, first) != cost.diff(first, first)


def test_a_large_network_is_written_out_smaller() -> None:
    check = check_raw(mlp((784, 30, 10)), *BP["bp4"])
    assert check.agrees
    assert max(value for _, value in check.sizes[0][:4]) <= 3


def test_an_instance_that_only_a_large_network_has_is_not_compared() -> None:
    statement = Equation(delta[3, 9], mul(Partial(C, a[3, 9]), sigma(z[3, 9], 1)))
    check = check_raw(mlp((784, 30, 10)), statement)
    assert (check.agrees, check.comparisons, check.counterexample) == (False, 0, None)
    assert check_exact(mlp((784, 30, 10)), statement).agrees
    with pytest.raises(Malformed):
        check_raw(mlp((2, 3, 2)), statement)
