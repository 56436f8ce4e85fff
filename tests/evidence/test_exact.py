"""Exact instances: what is true agrees on every network, what is wrong is caught with numbers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from fractions import Fraction
from math import factorial
from random import Random

import pytest
from evidence.statements import (
    BIASES,
    BP,
    INSIDE,
    NETWORKS,
    OUTPUT,
    RECURRENT_TRUE,
    RECURRENT_WRONG,
    TRANSPOSED,
    TRUE,
    WEIGHTS,
    WRONG,
    Statement,
    back,
    recurrent,
    sigma,
)
from mpmath.ctx_mp import MPContext
from sympy import Expr, Integer, Symbol, sympify

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.duals import Compiler
from backprop_proofs.evidence.exact import Instance, check_exact, counterexample, instance_of, sample_sizes
from backprop_proofs.evidence.fields import PRIME, Floats, PrimeField, Rationals, Singular
from backprop_proofs.evidence.functions import Functions
from backprop_proofs.evidence.instance import Program
from backprop_proofs.evidence.sizes import smallest_sizes, written_sizes
from backprop_proofs.language.expressions import Fn, Partial, Ref, add, mul, negative, power, quotient
from backprop_proofs.language.matrices import (
    Array,
    Entry,
    Hadamard,
    Map,
    MatrixProduct,
    Nabla,
    Plus,
    Scaled,
    Transposed,
    Whole,
)
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, z

ONE, TWO = Integer(1), Integer(2)


@pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("statement", TRUE.values(), ids=TRUE)
def test_what_is_true_agrees(network: Network, statement: Statement) -> None:
    check = check_exact(network, *statement)
    assert check.agrees
    assert check.counterexample is None
    assert check.comparisons >= check.instances >= 3


@pytest.mark.parametrize("network", ["symbolic", "2-3-2", "sigmoid", "tanh", "softplus"])
@pytest.mark.parametrize("statement", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_caught(network: str, statement: Statement) -> None:
    check = check_exact(NETWORKS[network], *statement)
    assert not check.agrees
    assert check.counterexample is not None
    assert check.counterexample.left != check.counterexample.right


@pytest.mark.parametrize("seed", range(20))
def test_every_seed_catches_every_wrong_one(seed: int) -> None:
    for statement in WRONG.values():
        assert not check_exact(NETWORKS["symbolic"], *statement, seed=seed).agrees


def test_a_transposed_weight_is_caught_where_it_means_something() -> None:
    square = {L: 4, **{n[layer]: 2 for layer in range(1, 5)}}
    network = mlp((2, 2, 2, 2))
    assert dict(network.sizes) == square
    assert check_exact(network, *TRANSPOSED).counterexample is not None
    with pytest.raises(Malformed, match="does not exist"):
        check_exact(mlp((2, 3, 2)), *TRANSPOSED)


def test_a_statement_about_a_layer_that_is_not_there_is_malformed() -> None:
    beyond = Equation(delta[l, j], mul(back(w[l + 1, k, j], delta[l + 1, k]), sigma(z[l, j], 1)))
    with pytest.raises(Malformed, match=r"does not exist|has no value"):
        check_exact(mlp(), beyond, BIASES)


def test_nothing_compared_is_no_evidence() -> None:
    check = check_exact(mlp((2, 3)), *BP["bp2"])
    assert (check.agrees, check.comparisons, check.counterexample) == (False, 0, None)


# --- a network given only as equations, with a weight shared over time -----------------------------------------


@pytest.mark.parametrize("whole", [True, False], ids=["C of all h", "C of h_T"])
@pytest.mark.parametrize("statement", RECURRENT_TRUE.values(), ids=RECURRENT_TRUE)
def test_recurrent_true(whole: bool, statement: Statement) -> None:
    check = check_exact(recurrent(whole), *statement)
    assert check.agrees
    assert any(dict(sizes)["T"] >= 3 for sizes in check.sizes)


@pytest.mark.parametrize("whole", [True, False], ids=["C of all h", "C of h_T"])
@pytest.mark.parametrize("statement", RECURRENT_WRONG.values(), ids=RECURRENT_WRONG)
def test_recurrent_wrong(whole: bool, statement: Statement) -> None:
    check = check_exact(recurrent(whole), *statement)
    assert not check.agrees
    assert check.counterexample is not None


def test_without_holding_two_steps_are_enough_to_refute() -> None:
    found = counterexample(recurrent(), *RECURRENT_WRONG["nothing held"])
    assert found is not None
    assert dict(found.sizes)["T"] == 2


# --- the numbers themselves -------------------------------------------------------------------------------------


def test_a_gradient_by_hand() -> None:
    """C = ½(y - w x - b)² has ∂C/∂w = -(y - w x - b) x and ∂C/∂b = -(y - w x - b)."""
    network = mlp((1, 1), "identity", "quadratic")
    instance = instance_of(network)
    x1, y1, w1, b1 = 3, 5, 7, 11
    instance.inputs.update({("x", 1): x1, ("y", 1): y1, ("w", 2, 1, 1): w1, ("b", 2, 1): b1})
    error = y1 - w1 * x1 - b1
    assert instance.value(C) == error**2 * pow(2, -1, PRIME) % PRIME
    assert instance.partial(("C",), ("w", 2, 1, 1)) == -error * x1 % PRIME
    assert instance.value(Partial(C, b[l, j]), {l: 2, j: 1}) == -error % PRIME


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softplus", "relu"])
def test_duals_are_difference_quotients(activation: str) -> None:
    """(C(w + h) - C(w - h)) / 2h at h = 10^-12 agrees with ∂C/∂w to 20 digits, and so for b."""
    network = mlp((2, 3, 2), activation, "quadratic")
    field = Floats()
    first = _with_floats(network, field, {})
    for key in [("w", 2, 3, 1), ("w", 3, 1, 2), ("b", 2, 2)]:
        step = field.context.mpf(10) ** -12
        ends = [_with_floats(network, field, {key: first.input(key) + sign * step}).value(C) for sign in (1, -1)]
        assert abs((ends[0] - ends[1]) / (2 * step) - first.partial(("C",), key)) < field.context.mpf(10) ** -20


def test_what_rounding_leaves_is_shown_as_nothing() -> None:
    field = Floats()
    third = field.context.mpf(1) / 3
    assert field.shown(third * 3 - 1 - field.context.mpf("7.8e-62")) == 0
    assert field.shown(field.context.mpf("1e-40")) != 0
    assert str(field.shown(third)) == "0.33333333333333333333"


def _with_floats(network: Network, field: Floats, changed: dict) -> Instance:
    instance = Instance(Program(network, {}, field, Compiler))
    rng = Random(4)
    for name in ("x", "y", "w", "b"):
        for key in instance.program.concrete.instances(name):
            instance.inputs[key] = field.draw(rng)
    instance.inputs.update(changed)
    return instance


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "relu", "identity"])
def test_a_formula_has_its_true_derivatives(name: str) -> None:
    field = Floats()
    functions = Functions(mlp((1, 1), name), field, Random(0))
    context = MPContext()
    context.dps = 40
    plain = {
        "sigmoid": lambda u: 1 / (1 + context.exp(-u)),
        "tanh": context.tanh,
        "softplus": lambda u: context.log(1 + context.exp(u)),
        "relu": lambda u: max(u, 0),
        "identity": lambda u: u,
    }[name]
    for at in (-1.25, 0.375, 2.5):
        coefficients = context.taylor(plain, at, 3)
        for order, coefficient in enumerate(coefficients):
            assert abs(functions("sigma", order, field.number(1) * at) - factorial(order) * coefficient) < 1e-15


def test_an_unspecified_function_keeps_its_values() -> None:
    functions = Functions(mlp(), PrimeField(), Random(0))
    drawn = {(primes, at): functions("sigma", primes, at) for primes in range(3) for at in range(5)}
    assert all(functions("sigma", primes, at) == value for (primes, at), value in drawn.items())
    assert len(set(drawn.values())) == 15


def test_a_polynomial_has_its_own_derivatives() -> None:
    functions = Functions(mlp(), Rationals(), Random(0), degree=3)
    u = Symbol("u")
    values = [functions("sigma", primes, 2) for primes in range(5)]
    polynomial = sum(c * u**power_ for power_, c in enumerate(functions.polynomials["sigma"]))
    assert values == [polynomial.diff(u, primes).subs(u, 2) for primes in range(5)]


def test_relu_has_no_derivative_at_its_kink() -> None:
    with pytest.raises(Singular, match="kink"):
        Rationals().primitive("relu", 1, 0)
    assert [Rationals().primitive("relu", primes, 5) for primes in range(3)] == [5, 1, 0]
    assert [Rationals().primitive("relu", primes, -5) for primes in range(3)] == [0, 0, 0]


@pytest.mark.parametrize("field", [PrimeField(), Rationals(), Floats()], ids=["prime", "rational", "float"])
def test_a_zero_denominator_is_a_singularity(field: PrimeField) -> None:
    with pytest.raises(Singular):
        field.inverse(field.number(0))
    assert field.same(field.inverse(field.number(1, 3)), field.number(3))
    assert Rationals().inverse(4) == Fraction(1, 4)


# --- identities of the activations -------------------------------------------------------------------------------

one_minus = {
    "sigmoid": lambda u: mul(sigma(u), add(ONE, negative(sigma(u)))),
    "tanh": lambda u: add(ONE, negative(power(sigma(u), 2))),
}
IDENTITIES: dict[str, Expr] = {
    **{name: form(z[l, j]) for name, form in one_minus.items()},
    "softplus": quotient(ONE, add(ONE, Fn("exp", 0, negative(z[l, j])))),
    "relu": quotient(sigma(z[l, j]), z[l, j]),
    "identity": ONE,
}


@pytest.mark.parametrize("activation", [name for name, record in ACTIVATIONS.items() if record.formula])
@pytest.mark.parametrize("identity", IDENTITIES)
def test_an_identity_holds_for_its_own_activation_only(activation: str, identity: str) -> None:
    check = check_exact(mlp(None, activation, "quadratic"), Equation(sigma(z[l, j], 1), IDENTITIES[identity]), BIASES)
    linear = identity == "relu" and activation in (
        "identity",
        "leaky-relu",
    )  # σ' = σ/z of all that σ(cz) = cσ(z), c > 0
    assert check.agrees is (activation == identity or linear)
    assert (check.counterexample is None) is check.agrees


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_a_large_network_needs_its_formula_for_an_identity_only(activation: str) -> None:
    """Left open, σ gives bp4 exactly; σ' = σ(1 - σ) holds in floats for the sigmoid alone."""
    network = mlp((70, 3, 2), activation, "quadratic")
    general = check_exact(network, *BP["bp4"])
    assert general.agrees
    assert "any differentiable sigma" in general.method
    slope = one_minus["sigmoid"](z[l, j])
    error = mul(add(a[L, j], negative(Ref(a.func("y"), j))), one_minus["sigmoid"](z[L, j]))
    particular = check_exact(network, Equation(sigma(z[l, j], 1), slope), BIASES)
    by_bias = check_exact(network, Equation(Partial(C, b[L, j]), error), OUTPUT)
    assert particular.agrees is by_bias.agrees is (activation == "sigmoid")
    assert "floats" in particular.method


def test_one_derivative_at_a_time_is_the_same() -> None:
    program = Program(mlp((2, 3, 2)), {}, PrimeField(), Compiler)
    wide, narrow = Instance(program), Instance(program, narrow=True)
    keys = [("z", 2, 1), ("w", 2, 3, 2), ("w", 3, 1, 1), ("b", 2, 2)]
    expected = [wide.partial(("C",), key) for key in keys]
    narrow.inputs, narrow.function = wide.inputs, wide.function
    assert [narrow.partial(("C",), key) for key in keys] == expected
    assert 0 not in expected


# --- matrix forms -----------------------------------------------------------------------------------------------

WHOLE_W, WHOLE_DELTA = Whole(w, l + 1), Whole(delta, l + 1)
SLOPE = Map("sigma", ONE, Whole(z, l))
MATRIX: dict[str, tuple[Ref, Array, tuple]] = {
    "bp1": (delta[L, j], Hadamard(Nabla(C, Whole(a, L)), Map("sigma", ONE, Whole(z, L))), OUTPUT),
    "bp2": (delta[l, j], Hadamard(MatrixProduct(Transposed(WHOLE_W), WHOLE_DELTA), SLOPE), INSIDE),
    "bp2 of rows": (
        delta[l, j],
        Hadamard(Transposed(MatrixProduct(Transposed(WHOLE_DELTA), WHOLE_W)), SLOPE),
        INSIDE,
    ),
    "bp4": (Partial(C, w[l, j, k]), MatrixProduct(Whole(delta, l), Transposed(Whole(a, l - 1))), WEIGHTS),
    "the weighted input": (z[l, j], Plus(MatrixProduct(Whole(w, l), Whole(a, l - 1)), Whole(b, l)), BIASES),
    "a gradient of a matrix": (Partial(C, w[l, j, k]), Nabla(C, Whole(w, l)), WEIGHTS),
    "a scaled vector": (mul(n[l], b[l, j]), Scaled(n[l], Whole(b, l)), BIASES),
    "a transposed matrix": (w[l, j, k], Transposed(Transposed(Whole(w, l))), WEIGHTS),
}
MISSHAPEN = {
    "no transpose": Hadamard(MatrixProduct(WHOLE_W, WHOLE_DELTA), SLOPE),
    "the wrong layer": Hadamard(MatrixProduct(Transposed(WHOLE_W), WHOLE_DELTA), Map("sigma", ONE, Whole(z, l + 1))),
    "a column by a column": MatrixProduct(WHOLE_DELTA, WHOLE_DELTA),
    "a row and a column": Plus(Whole(b, l), Transposed(Whole(b, l))),
}


@pytest.mark.parametrize("name", MATRIX)
def test_matrix_forms_agree(name: str) -> None:
    left, array, limits = MATRIX[name]
    at = (j, k) if limits is WEIGHTS else (j,)
    assert check_exact(mlp(), Equation(left, Entry(array, *at)), limits).agrees


def test_a_function_that_stands_in_an_array_only_finds_its_numbers() -> None:
    left = Fn("exp", 0, negative(z[l, j]))
    assert check_exact(mlp(), Equation(left, Entry(Map("exp", 0 * ONE, Scaled(-ONE, Whole(z, l))), j)), BIASES).agrees
    only = Entry(Map("exp", 0 * ONE, Whole(z, l)), j)
    assert not check_exact(mlp(), Equation(only, Entry(Map("exp", ONE, Scaled(-ONE, Whole(z, l))), j)), BIASES).agrees


@pytest.mark.parametrize("name", MISSHAPEN)
def test_what_does_not_fit_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        check_exact(mlp(), Equation(delta[l, j], Entry(MISSHAPEN[name], j)), INSIDE)


def test_a_matrix_form_without_its_transpose_is_caught_on_a_square_network() -> None:
    equation = Equation(delta[l, j], Entry(MISSHAPEN["no transpose"], j))
    assert check_exact(mlp((2, 2, 2, 2)), equation, INSIDE).counterexample is not None


# --- counterexamples ----------------------------------------------------------------------------------------------


def test_a_counterexample_is_small_and_true() -> None:
    """Worked out again with SymPy from what it says of itself: C'(a) σ'(w x + b) against C'(a)."""
    found = counterexample(mlp(), *WRONG["bp1 without σ'"])
    assert found is not None
    assert dict(found.sizes) == {"L": 2, "n[1]": 1, "n[2]": 1}
    assert dict(found.indices) == {"j": 1}
    at = dict(found.inputs)
    u, u1 = Symbol("u"), Symbol("u1")
    squash, cost = (sympify(line.split(" = ")[1]) for line in found.functions)
    value = at["w[2, 1, 1]"] * at["x[1]"] + at["b[2, 1]"]
    right = cost.diff(u1).subs(u1, squash.subs(u, value))
    assert found.right == right
    assert found.left == right * squash.diff(u).subs(u, value)
    assert str(found.left) in str(found)


@pytest.mark.parametrize("network", ["symbolic", "sigmoid", "recurrent"])
def test_no_counterexample_to_what_is_true(network: str) -> None:
    table = RECURRENT_TRUE if network == "recurrent" else BP
    chosen = recurrent() if network == "recurrent" else NETWORKS[network]
    assert all(counterexample(chosen, *statement) is None for statement in table.values())


def test_a_check_is_frozen() -> None:
    check = check_exact(mlp(), *BP["bp1"])
    with pytest.raises(FrozenInstanceError):
        check.agrees = False  # type: ignore[misc]  # it is frozen


# --- sizes --------------------------------------------------------------------------------------------------------


def test_sample_sizes_tell_a_matrix_from_its_transpose() -> None:
    choices = sample_sizes(mlp())
    assert [sizes[L] for sizes in choices] == [2, 3, 4]
    for sizes in choices:
        widths = [sizes[n[layer]] for layer in range(1, sizes[L] + 1)]
        assert len(set(widths)) == len(widths)


def test_sizes_that_are_given_stay() -> None:
    assert [dict(sizes) for sizes in sample_sizes(mlp((4, 1)))] == [{L: 2, n[1]: 4, n[2]: 1}]
    assert all(sizes[L] == 5 for sizes in sample_sizes(mlp(depth=5)))
    assert dict(written_sizes(mlp((2, 3, 2)))) == {L: 3, n[1]: 2, n[2]: 3, n[3]: 2}
    assert max(written_sizes(mlp((784, 30, 10))).values()) <= 3


def test_sizes_for_counterexamples_begin_with_one() -> None:
    assert dict(smallest_sizes(mlp())[0]) == {L: 2, n[1]: 1, n[2]: 1}
    sizes = [set(choice.values()) for choice in smallest_sizes(recurrent())]
    assert sizes[0] == {1}


def test_a_deep_network_does_not_exhaust_the_stack() -> None:
    assert check_exact(mlp([1] * 400), *BP["bp3"]).agrees


def test_a_second_derivative_is_refused() -> None:
    network = mlp()
    with pytest.raises(Malformed, match="derivative of a derivative"):
        check_exact(network, Equation(Partial(delta[L, j], z[L, j]), ONE), OUTPUT)


def test_an_instance_of_a_quotient_avoids_its_pole() -> None:
    """C = 1/(x - 1) and ∂C/∂x = -1/(x - 1)²; small whole numbers meet the pole, and are passed over."""
    x1 = Ref(a.func("x"))
    body = power(add(x1, negative(ONE)), -1)
    network = Network("pole", {"x": (), "C": ()}, (Definition(C, (), body),))
    right = negative(power(add(x1, negative(ONE)), -2))
    assert check_exact(network, Equation(Partial(C, x1), right)).agrees
    assert counterexample(network, Equation(Partial(C, x1), right), attempts=30) is None
    assert counterexample(network, Equation(Partial(C, x1), negative(right)), attempts=30) is not None


def test_logarithms_find_their_domain() -> None:
    """C = log x + √x, whose derivative is 1/x + 1/(2√x): inputs must be positive, and are drawn so."""
    x1 = Ref(a.func("x"))
    half = Integer(1) / 2
    network = Network("log", {"x": (), "C": ()}, (Definition(C, (), add(Fn("log", 0, x1), power(x1, half))),))
    right = add(power(x1, -1), mul(half, power(x1, -half)))
    assert check_exact(network, Equation(Partial(C, x1), right)).agrees
    assert not check_exact(network, Equation(Partial(C, x1), power(x1, -1))).agrees
