"""What is given, such as Σ_k y_k = 1: true of every instance, or else nothing is said."""

from __future__ import annotations

from typing import Any

import mpmath as mp
import pytest
from evidence.statements import BP, OUTPUT, neuron
from sympy import Expr, Integer, Rational, Symbol
from sympy import erf as sympy_erf

from backprop_proofs.checking.evidence import Silence, evidence_for
from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete
from backprop_proofs.evidence.exact import check_exact, counterexample
from backprop_proofs.evidence.fields import Floats, PrimeField, Singular, field_for, needs
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.evidence.written import Writer
from backprop_proofs.kernel.theorem import assume
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Fn, Opaque, Partial, Quantity, Ref, add, mul, negative, power, quotient
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import L, a, b, delta, i, j, k, l, m, mlp, n, w, x, y, z

ONE, TWO = Integer(1), Integer(2)
Given = tuple[tuple[Equation, tuple[Limit, ...]], ...]
CHECKS = pytest.mark.parametrize("check", [check_exact, check_raw])
T = Quantity("y", 1)  # y^i_j over a batch
LABELS = sum_over(y[k], neuron(k, L))
QUADRATIC = mlp(None, "any", "quadratic")


# What is given, and what then is true, which else is not
FOLLOWS: dict[str, tuple[Network, Given, Equation, tuple[Limit, ...]]] = {
    "a sum": (QUADRATIC, ((Equation(LABELS, ONE), ()),), Equation(mul(LABELS, x[1]), x[1]), ()),
    "a sum of two": (QUADRATIC, ((Equation(LABELS, TWO), ()),), Equation(power(LABELS, 2), Integer(4)), ()),
    "one label": (QUADRATIC, ((Equation(y[1], x[1]), ()),), Equation(power(y[1], 2), mul(y[1], x[1])), ()),
    "every label": (
        QUADRATIC,
        ((Equation(y[j], Rational(1, 2)), OUTPUT),),
        Equation(LABELS, quotient(n[L], TWO)),
        (),
    ),
    "two sums": (
        mlp((2, 3), "any", "quadratic"),
        ((Equation(LABELS, ONE), ()), (Equation(sum_over(x[k], neuron(k, ONE)), TWO), ())),
        Equation(add(LABELS, sum_over(x[k], neuron(k, ONE))), Integer(3)),
        (),
    ),
    "two that share an input": (
        mlp((2, 2), "any", "quadratic"),
        ((Equation(add(y[1], y[2]), ONE), ()), (Equation(add(y[2], x[1]), TWO), ())),
        Equation(add(x[1], negative(y[1])), ONE),
        (),
    ),
    "an input that cannot be solved for, and one that can": (
        mlp((2, 2), "any", "quadratic"),
        ((Equation(add(power(y[1], 2), y[2]), ONE), ()),),
        Equation(mul(y[2], x[1]), mul(add(ONE, negative(power(y[1], 2))), x[1])),
        (),
    ),
    "a weighted input": (
        QUADRATIC,
        ((Equation(z[2, 1], Integer(0)), ()),),
        Equation(mul(z[2, 1], Fn("sigma", 1, z[2, 1])), Integer(0)),
        (),
    ),
    "over a batch": (
        mlp(None, "any", "quadratic", batch="m"),
        ((Equation(sum_over(T[i, k], neuron(k, L)), ONE), ((i, ONE, m),)),),
        Equation(sum_over(T[i, k], (i, ONE, m), neuron(k, L)), m),
        (),
    ),
    "in floats": (
        mlp(None, "softmax", "quadratic"),
        ((Equation(LABELS, ONE), ()),),
        Equation(LABELS, sum_over(a[L, j], neuron(j, L))),
        (),
    ),
    "over the rationals": (
        mlp(None, "relu", "quadratic"),
        ((Equation(LABELS, ONE), ()),),
        Equation(mul(LABELS, a[L, j]), a[L, j]),
        OUTPUT,
    ),
}


@CHECKS
@pytest.mark.parametrize("case", FOLLOWS)
def test_what_follows_agrees_and_is_refuted_without(case: str, check: Any) -> None:
    network, given, equation, limits = FOLLOWS[case]
    found = check(network, equation, limits, given=given)
    assert found.agrees, found
    assert found.comparisons > 0
    assert ", with " in found.method
    without = check(network, equation, limits)
    assert (without.agrees, without.comparisons > 0) == (False, True)
    assert ", with " not in without.method


@CHECKS
def test_what_is_false_all_the_same_is_refuted_on_an_instance_of_it(check: Any) -> None:
    given = ((Equation(LABELS, ONE), ()),)
    found = check(QUADRATIC, Equation(y[1], ONE), (), given=given)
    assert not found.agrees
    shown = found.counterexample
    assert shown is not None
    labels = [value for name, value in shown.inputs if name.startswith("y")]
    assert len(labels) >= 2
    assert sum(labels) == 1
    assert (shown.left, shown.right) == (dict(shown.inputs)["y[1]"], 1)


def test_a_counterexample_wants_what_is_given() -> None:
    given = ((Equation(LABELS, ONE), ()),)
    assert counterexample(QUADRATIC, Equation(LABELS, ONE), (), given=given) is None
    assert counterexample(QUADRATIC, Equation(LABELS, ONE), ()) is not None
    alone = counterexample(QUADRATIC, Equation(y[1], ONE), (), given=given)
    assert alone is not None
    assert dict(alone.sizes)["n[2]"] == 2  # with one output y_1 = 1


UNMET: dict[str, Given] = {
    "false": ((Equation(ONE, TWO), ()),),
    "contradictory": ((Equation(LABELS, ONE), ()), (Equation(LABELS, TWO), ())),
    "a square": ((Equation(mul(y[1], y[1]), TWO), ()),),
    "a derivative": ((Equation(Fn("sigma", 1, z[2, 1]), Fn("sigma", 0, z[2, 1])), ()),),
}


@CHECKS
@pytest.mark.parametrize("case", UNMET)
@pytest.mark.parametrize("equation", [Equation(y[1], y[1]), Equation(y[1], x[1])], ids=["true", "false"])
def test_what_cannot_be_made_true_leaves_it_undecided(case: str, equation: Equation, check: Any) -> None:
    network = mlp((2, 2), "any", "quadratic")
    found = check(network, equation, (), given=UNMET[case])
    assert (found.agrees, found.comparisons, found.counterexample) == (False, 0, None)
    assert "given" in found.why


@CHECKS
def test_what_holds_anyway_is_no_burden(check: Any) -> None:
    given = ((Equation(mul(TWO, y[1]), add(y[1], y[1])), ()),)
    assert check(QUADRATIC, *BP["bp4"], given=given).agrees


@CHECKS
def test_a_letter_that_is_fixed_cannot_be_given(check: Any) -> None:
    with pytest.raises(Malformed, match="one j only"):
        check(QUADRATIC, Equation(y[1], y[1]), (), given=((Equation(y[j], ONE), ()),))


def test_evidence_for_an_assumption_of_one_layer_is_silent() -> None:
    network = mlp()
    claim = Equation(delta[l, j], mul(TWO, delta[l, j]))
    assumed = assume(network, (neuron(j, l),), claim, fixed=((l, TWO, L),))
    for found in evidence_for(assumed):
        assert isinstance(found, Silence)
        assert "one l only" in found.method


# The normal distribution


@pytest.mark.parametrize("name", ["normal_cdf", "normal_pdf"])
@pytest.mark.parametrize("primes", range(6))
def test_the_normal_distribution_and_its_derivatives(name: str, primes: int) -> None:
    """Floats and plain SymPy against numerical derivatives to 45 digits."""
    with mp.workdps(70):
        function = {"normal_cdf": mp.ncdf, "normal_pdf": mp.npdf}[name]
        for at in ("-1.7", "0", "0.3", "2.5"):
            exact = mp.diff(function, mp.mpf(at), primes)
            floats = Floats()
            by_field = floats.primitive(name, primes, floats.context.mpf(at))
            assert abs(exact - mp.mpf(by_field)) < mp.mpf(10) ** -45
            plain = Writer(Concrete(mlp((1, 1)), {})).applied(name, primes, Rational(at))
            assert not plain.has(Symbol("u"))
            assert abs(exact - mp.mpf(str(plain.evalf(60)))) < mp.mpf(10) ** -45


def test_the_normal_distribution_wants_real_numbers() -> None:
    assert needs(mlp(None, "gelu")) == "real"
    assert needs(mlp(), Fn("normal_pdf", 0, y[1])) == "real"
    with pytest.raises(Singular):
        PrimeField().primitive("normal_cdf", 0, 1)
    assert Writer(Concrete(mlp((1, 1)), {})).applied("normal_cdf", 0, Symbol("v")).has(sympy_erf)


# Numbers that rounding spoils


def scalar(body: Expr) -> Network:
    families: dict[str, tuple[Limit, ...]] = {"x": (), "C": ()}
    return Network("scalar", families, (Definition(Ref(Quantity("C")), (), body),))


X, COST = Ref(Quantity("x")), Ref(Quantity("C"))


EXP, OPEN = Fn("exp", 0, X), Opaque("f", X)


@pytest.mark.parametrize("lost", [25, 35, 45, 55, 70])
@pytest.mark.parametrize("small", [EXP, X, OPEN], ids=["e^x", "x", "f(x)"])
def test_rounding_refutes_nothing(lost: int, small: Expr) -> None:
    """(x/10^q + 1) - 1 = x/10^q, of which floats keep 60 - q digits."""
    tiny = mul(small, Rational(1, 10**lost))
    network = scalar(add(tiny, ONE, negative(ONE)))
    statement = Equation(mul(Integer(10**lost), COST, EXP), mul(small, EXP))
    found = check_exact(network, statement)
    assert found.counterexample is None
    assert found.agrees is (found.comparisons > 0)
    assert check_raw(network, statement).agrees


@pytest.mark.parametrize("value", ["1e-30", "-1e-30", "0"])
def test_what_may_be_zero_is_no_denominator(value: str) -> None:
    floats = Floats()
    number = floats.context.mpf(value)
    for refused in (
        lambda: floats.inverse(number),
        lambda: floats.root(number, Rational(1, 2)),
        lambda: floats.primitive("log", 0, number),
        lambda: floats.primitive("step", 0, number),
    ):
        with pytest.raises(Singular):
            refused()
    assert floats.inverse(floats.context.mpf("1e-10")) == 10**10


def test_a_true_difference_survives_the_second_look() -> None:
    network = scalar(add(ONE, mul(Rational(1, 10**15), Fn("exp", 0, X))))
    found = check_exact(network, Equation(COST, ONE))
    assert not found.agrees
    assert found.counterexample is not None


def test_one_softmax_output_has_no_logarithm_of_what_is_left() -> None:
    """a = 1 and ln(1 - a) has no value, but 1 - a is some 10^-60 in floats."""
    network = mlp((1, 1), "softmax", "binary-cross-entropy")
    statement = Equation(Partial(Ref(Quantity("C")), b[2, 1]), delta[2, 1])
    found = check_exact(network, statement)
    assert (found.comparisons, found.counterexample) == (0, None)
    assert found.why
    assert check_exact(mlp((1, 2), "softmax", "binary-cross-entropy"), statement).agrees


@pytest.mark.parametrize("activation", ["identity", "relu", "gelu", "any"])
def test_inputs_are_drawn_until_every_logarithm_has_a_value(activation: str) -> None:
    """ln(1 - a) wants 0 < a < 1 of every output."""
    network = mlp((2, 3, 2), activation, "binary-cross-entropy")
    for statement in (BP["bp3"], BP["bp4"]):
        for check in (check_exact, check_raw):
            assert check(network, *statement).agrees


@CHECKS
def test_a_statement_is_refuted_only_where_it_has_a_value(check: Any) -> None:
    """ln(x²) = 2 ln x is true wherever both sides are defined, and ln(-x²) is nowhere."""
    square = power(X, 2)
    network = scalar(Fn("log", 0, square))
    assert check(network, Equation(COST, mul(TWO, Fn("log", 0, X)))).agrees
    nowhere = check(scalar(Fn("log", 0, negative(square))), Equation(COST, ONE))
    assert (nowhere.comparisons, nowhere.counterexample) == (0, None)
    assert nowhere.why
    slope = check(scalar(Fn("log", 0, negative(square))), Equation(Partial(COST, X), ONE))
    assert (slope.comparisons, slope.counterexample) == (0, None)  # 2/x, by a rule that does not hold there
    absolute = Equation(power(square, Rational(1, 2)), X)  # true of positive numbers only
    assert not check_exact(network, absolute).agrees


def test_further_attempts_draw_other_inputs() -> None:
    fields: list[Any] = [field_for("real", attempt) for attempt in range(4)]
    kinds = {(field.positive, field.finer) for field in fields}
    assert len(kinds) == 4


# Labels and sizes


def test_a_large_network_with_labels_is_not_refuted_where_it_is_written_smaller() -> None:
    """Σ_k y_k = 1 of the three labels is not true of the first two of them."""
    network = mlp((9, 9, 3), "any", "quadratic", labels=["0.5", "0.3", "0.2"])
    found = check_raw(network, Equation(LABELS, ONE))
    assert (found.comparisons, found.counterexample) == (0, None)
    assert "too large" in found.why
    assert check_exact(network, Equation(LABELS, ONE)).agrees
    wrong = check_raw(network, Equation(LABELS, TWO))
    assert wrong.counterexample is not None


@CHECKS
def test_a_size_as_a_number(check: Any) -> None:
    network = mlp(None, batch="m")
    count = Equation(sum_over(mul(Rational(1, 2), b[l, j]), neuron(k, l)), quotient(mul(n[l], b[l, j]), TWO))
    assert check(network, count, ((l, TWO, L), neuron(j, l))).agrees
    assert check(network, Equation(sum_over(m, (i, ONE, m)), power(m, 2)), ()).agrees
    assert not check(network, Equation(sum_over(ONE, (i, ONE, m)), L), ()).agrees
    assert not check(network, Equation(mul(m, w[2, 1, 1]), w[2, 1, 1]), ()).agrees
