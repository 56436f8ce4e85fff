"""Each activation and each cost: its slope by the kernel, by raw SymPy's `diff` and by 50 digits of `mpmath.diff`.

The formulas below are written once for SymPy and once for mpmath, from the books and not from the package's tables; the
kernel's theorem is turned into a number by the few lines of `number`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import mpmath as mp
import pytest
import sympy as sp
from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol

from backprop_proofs.derivation.layers import cost_slope
from backprop_proofs.derivation.outputs import output_jacobian
from backprop_proofs.derivation.slopes import activation_slope
from backprop_proofs.errors import Refused
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import substitute
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Ref, mul
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS
from backprop_proofs.networks.mlp import L, j, k, mlp, u

DIGITS = 50
POINTS = ("-2.3", "-0.4", "0.7", "1.9")
Number = Any  # a float of mpmath
U = Symbol("U", real=True)
Z, A, Y = (sp.symbols(f"{letter}1:4", real=True) for letter in "ZAY")


class Row(NamedTuple):
    """σ and σ' for SymPy, σ for mpmath, and what the kernel's theorem rests on."""

    plain: Expr
    slope: Expr
    number: Callable[[Number], Number]
    hypotheses: tuple[tuple[str, Expr], ...] = ()


class LayerRow(NamedTuple):
    """a_k and ∂a_k/∂z_j for SymPy at three neurons, and all a for mpmath."""

    plain: Callable[[int], Expr]
    jacobian: Callable[[int, int], Expr]
    numbers: Callable[[list[Number]], list[Number]]
    named: Callable[[list[Number]], Mapping[str, Number]] = lambda z: {}


class CostRow(NamedTuple):
    """C and ∂C/∂a_j for SymPy at three neurons, and C for mpmath."""

    plain: Expr
    slope: Callable[[int], Expr]
    number: Callable[[list[Number], list[Number]], Number]


SIGMOID = 1 / (1 + sp.exp(-U))
CDF, PDF = (1 + sp.erf(U / sp.sqrt(2))) / 2, sp.exp(-(U**2) / 2) / sp.sqrt(2 * sp.pi)
BEND = sp.sqrt(2 / sp.pi) * (U + Rational("0.044715") * U**3)
KINK = (("nonzero", u),)
ROWS: dict[str, Row] = {
    "sigmoid": Row(SIGMOID, SIGMOID * (1 - SIGMOID), lambda v: 1 / (1 + mp.exp(-v))),
    "tanh": Row(sp.tanh(U), 1 - sp.tanh(U) ** 2, mp.tanh),
    "relu": Row(sp.Max(0, U), sp.Heaviside(U), lambda v: max(v, mp.mpf(0)), KINK),
    "leaky-relu": Row(
        sp.Piecewise((U, U > 0), (U / 100, True)),
        sp.Piecewise((1, U > 0), (Rational(1, 100), True)),
        lambda v: v if v > 0 else v / 100,
        KINK,
    ),
    "softplus": Row(sp.log(1 + sp.exp(U)), SIGMOID, lambda v: mp.log(1 + mp.exp(v))),
    "silu": Row(U * SIGMOID, SIGMOID * (1 + U * (1 - SIGMOID)), lambda v: v / (1 + mp.exp(-v))),
    "gelu": Row(U * CDF, CDF + U * PDF, lambda v: v * mp.ncdf(v)),
    "gelu-tanh": Row(
        U / 2 * (1 + sp.tanh(BEND)),
        (1 + sp.tanh(BEND)) / 2 + U / 2 * (1 - sp.tanh(BEND) ** 2) * BEND.diff(U),
        lambda v: v / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (v + mp.mpf("0.044715") * v**3))),
    ),
    "identity": Row(U, Integer(1), lambda v: v),
}

EPSILON = Rational(1, 100)
TOTAL = Add(*map(sp.exp, Z))
MEAN = Add(*Z) / 3
SPREAD = sp.sqrt(Add(*((z - MEAN) ** 2 for z in Z)) / 3 + EPSILON)


def same(p: int, q: int) -> int:
    return int(p == q)


def softmax(z: list[Number]) -> list[Number]:
    return [mp.exp(v) / mp.fsum(map(mp.exp, z)) for v in z]


def normal_parts(z: list[Number]) -> dict[str, Number]:
    mean = mp.fsum(z) / 3
    variance = mp.fsum((v - mean) ** 2 for v in z) / 3
    return {"epsilon": mp.mpf(1) / 100, "mu": mean, "v": variance, "s": mp.sqrt(variance + mp.mpf(1) / 100)}


LAYER_ROWS: dict[str, LayerRow] = {
    "softmax": LayerRow(
        lambda p: sp.exp(Z[p]) / TOTAL,
        lambda p, q: sp.exp(Z[p]) / TOTAL * (same(p, q) - sp.exp(Z[q]) / TOTAL),
        softmax,
    ),
    "log-softmax": LayerRow(
        lambda p: Z[p] - sp.log(TOTAL),
        lambda p, q: same(p, q) - sp.exp(Z[q]) / TOTAL,
        lambda z: [v - mp.log(mp.fsum(map(mp.exp, z))) for v in z],
    ),
    "layer-norm": LayerRow(
        lambda p: (Z[p] - MEAN) / SPREAD,
        lambda p, q: (same(p, q) - Rational(1, 3) - (Z[p] - MEAN) * (Z[q] - MEAN) / (3 * SPREAD**2)) / SPREAD,
        lambda z: [(v - normal_parts(z)["mu"]) / normal_parts(z)["s"] for v in z],
        normal_parts,
    ),
}

COST_ROWS: dict[str, CostRow] = {
    "quadratic": CostRow(
        Add(*((y - a) ** 2 for a, y in zip(A, Y, strict=True))) / 2,
        lambda p: A[p] - Y[p],
        lambda a, y: mp.fsum((s - t) ** 2 for s, t in zip(a, y, strict=True)) / 2,
    ),
    "binary-cross-entropy": CostRow(
        -Add(*(y * sp.log(a) + (1 - y) * sp.log(1 - a) for a, y in zip(A, Y, strict=True))),
        lambda p: (A[p] - Y[p]) / (A[p] * (1 - A[p])),
        lambda a, y: -mp.fsum(t * mp.log(s) + (1 - t) * mp.log(1 - s) for s, t in zip(a, y, strict=True)),
    ),
    "categorical-cross-entropy": CostRow(
        -Add(*(y * sp.log(a) for a, y in zip(A, Y, strict=True))),
        lambda p: -Y[p] / A[p],
        lambda a, y: -mp.fsum(t * mp.log(s) for s, t in zip(a, y, strict=True)),
    ),
    "negative-log-likelihood": CostRow(
        -Add(*(y * a for a, y in zip(A, Y, strict=True))),
        lambda p: -Y[p],
        lambda a, y: -mp.fsum(t * s for s, t in zip(a, y, strict=True)),
    ),
}


@pytest.fixture(autouse=True)
def _digits() -> Any:
    with mp.workdps(DIGITS + 20):
        yield


# A theorem as a number

_GIVEN = {
    ("exp", 0): mp.exp,
    ("log", 0): mp.log,
    ("relu", 0): lambda v: max(v, mp.mpf(0)),
    ("step", 0): lambda v: mp.mpf(v > 0),
    ("normal_cdf", 0): mp.ncdf,
    ("normal_pdf", 0): mp.npdf,
}


class Meaning(NamedTuple):
    """What the scalars, by name and last index, and the functions of a network of three outputs are."""

    scalars: Mapping[tuple[str, int] | str, Number]
    functions: Mapping[tuple[str, int], Callable[[Number], Number]] = {}


def number(expr: Expr, meaning: Meaning) -> Number:
    """The value of an expression of the language, indices being numbers and n_L = 3."""
    match expr:
        case Rational():
            return mp.mpf(int(expr.p)) / int(expr.q)
        case Ref():
            if expr.name == "n":
                return mp.mpf(3)
            return meaning.scalars[(expr.name, int(expr.indices[-1])) if expr.indices else expr.name]
        case Add():
            return mp.fsum(number(part, meaning) for part in expr.args)
        case Mul():
            return mp.fprod(number(part, meaning) for part in expr.args)
        case Pow():
            return number(expr.base, meaning) ** number(expr.exp, meaning)
        case Delta():
            return mp.mpf(expr.args[0] == expr.args[1])
        case IndexSum():
            assert str(expr.limit[2]) == "n[L]"
            return mp.fsum(number(substitute(expr.body, {expr.index: Integer(p)}), meaning) for p in (1, 2, 3))
        case Fn():
            return ({**_GIVEN, **meaning.functions})[expr.name, expr.primes](number(expr.argument, meaning))
    raise AssertionError(f"no number is known for {expr}")


def close(one: Number, other: Number) -> bool:
    return bool(abs(one - other) <= mp.mpf(10) ** -DIGITS * max(1, abs(other)))


def plain_number(expr: Expr, values: Mapping[Symbol, Number]) -> Number:
    exact = {symbol: sp.Float(str(value), DIGITS + 20) for symbol, value in values.items()}
    return mp.mpf(str(sp.N(expr.subs(exact), DIGITS + 15)))


def right_side(theorem: Theorem, **letters: int) -> Expr:
    given = {{"j": j, "k": k}[name]: Integer(value) for name, value in letters.items()}
    return substitute(theorem.statement.rhs, given)


# Activations of one weighted input


def test_every_record_has_its_row() -> None:
    """An activation or a cost that is added to a table wants its formulas here."""
    assert ROWS.keys() == {name for name, record in ACTIVATIONS.items() if record.formula and not record.layer}
    assert LAYER_ROWS.keys() == {name for name, record in ACTIVATIONS.items() if record.layer}
    assert COST_ROWS.keys() == COSTS.keys() - {"any"}
    assert ROWS.keys() | LAYER_ROWS.keys() == ACTIVATIONS.keys() - {"any"}


@pytest.mark.parametrize("name", ROWS)
def test_the_table_means_that_function(name: str) -> None:
    formula = ACTIVATIONS[name].formula
    assert formula is not None
    for point in map(mp.mpf, POINTS):
        assert close(number(formula(u), Meaning({"u": point})), ROWS[name].number(point))


@pytest.mark.parametrize("name", ROWS)
def test_the_slope_by_the_kernel(name: str) -> None:
    row, theorem = ROWS[name], activation_slope(mlp(activation=name))
    assert theorem.statement.lhs == Fn("sigma", 1, u)
    assert (theorem.limits, theorem.assumptions) == ((), ())
    assert tuple(map(tuple, theorem.hypotheses)) == row.hypotheses
    for point in POINTS:
        at = mp.mpf(point)
        found = number(theorem.statement.rhs, Meaning({"u": at}, {("sigma", 0): row.number}))
        assert close(found, plain_number(row.slope, {U: at}))
        assert not close(found + mp.mpf(10) ** (3 - DIGITS), plain_number(row.slope, {U: at}))


@pytest.mark.parametrize("name", ROWS)
def test_the_slope_by_raw_sympy(name: str) -> None:
    row = ROWS[name]
    difference = row.plain.diff(U) - row.slope
    if name in ("relu", "leaky-relu"):  # piece by piece, off the kink
        pieces = (Symbol("p", positive=True), Symbol("q", negative=True))
        assert all(
            sp.piecewise_fold(difference.subs(U, piece)).rewrite(sp.Piecewise).simplify() == 0 for piece in pieces
        )
    else:
        assert sp.simplify(difference.rewrite(sp.exp)) == 0


@pytest.mark.parametrize("name", ROWS)
def test_the_slope_by_fifty_digits(name: str) -> None:
    row = ROWS[name]
    for point in map(mp.mpf, POINTS):
        assert close(plain_number(row.plain, {U: point}), row.number(point))
        assert close(mp.diff(row.number, point), plain_number(row.slope, {U: point}))


@pytest.mark.parametrize("name", [name for name in ROWS if name != "identity"])
def test_a_wrong_slope_in_the_table_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = ACTIVATIONS[name]
    network = mlp(activation=name)
    assert record.slope is not None
    true = record.slope
    for wrong in (lambda s, v: mul(Integer(2), true(s, v)), lambda s, v: s(v)):
        monkeypatch.setitem(ACTIVATIONS, name, replace(record, slope=wrong))
        with pytest.raises(Refused):
            activation_slope(network)


# Activations of a whole layer

Z_POINT = ("0.3", "-1.1", "0.9")


def layer_meaning(name: str) -> Meaning:
    z = [mp.mpf(point) for point in Z_POINT]
    row = LAYER_ROWS[name]
    scalars: dict[tuple[str, int] | str, Number] = {("a", p): value for p, value in enumerate(row.numbers(z), start=1)}
    scalars |= {("z", p): value for p, value in enumerate(z, start=1)} | dict(row.named(z))
    return Meaning(scalars)


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_the_layer_means_those_functions(name: str) -> None:
    """The network's own equation of a^L_j, as a number."""
    meaning = layer_meaning(name)
    (definition,) = (d for d in mlp(None, name).definitions if d.ref.name == "a" and d.ref.indices[0] == L)
    for p in (1, 2, 3):
        assert close(number(substitute(definition.body, {j: Integer(p)}), meaning), meaning.scalars["a", p])


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_the_jacobian_by_the_kernel(name: str) -> None:
    theorem, meaning = output_jacobian(mlp(None, name)), layer_meaning(name)
    values = dict(zip(Z, map(mp.mpf, Z_POINT), strict=True))
    for p in range(3):
        for q in range(3):
            found = number(right_side(theorem, k=p + 1, j=q + 1), meaning)
            assert close(found, plain_number(LAYER_ROWS[name].jacobian(p, q), values))


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_the_jacobian_by_raw_sympy(name: str) -> None:
    row = LAYER_ROWS[name]
    for p, q in ((0, 0), (0, 1), (2, 1)):
        assert sp.simplify(row.plain(p).diff(Z[q]) - row.jacobian(p, q)) == 0


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_the_jacobian_by_fifty_digits(name: str) -> None:
    row, z = LAYER_ROWS[name], [mp.mpf(point) for point in Z_POINT]
    values = dict(zip(Z, z, strict=True))
    for p in range(3):
        assert close(plain_number(row.plain(p), values), row.numbers(z)[p])
        for q in range(3):
            slope = mp.diff(lambda v, p=p, q=q: row.numbers([*z[:q], v, *z[q + 1 :]])[p], z[q])
            assert close(slope, plain_number(row.jacobian(p, q), values))


@pytest.mark.parametrize("name", LAYER_ROWS)
def test_a_wrong_jacobian_in_the_table_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record, network = ACTIVATIONS[name], mlp(None, name)
    assert record.layer is not None
    true = record.layer.jacobian
    for wrong in (
        lambda layer, p, q: mul(Integer(2), true(layer, p, q)),
        lambda layer, p, q: mul(layer.a(p), Delta(p, q)),
    ):
        monkeypatch.setitem(ACTIVATIONS, name, replace(record, layer=replace(record.layer, jacobian=wrong)))
        with pytest.raises(Refused):
            output_jacobian(network)


# Costs

A_POINT, Y_POINT = ("0.2", "0.65", "0.15"), ("0.3", "-0.4", "0.8")


@pytest.mark.parametrize("name", COST_ROWS)
def test_the_cost_by_the_kernel(name: str) -> None:
    network, row = mlp(None, "any", name), COST_ROWS[name]
    theorem = cost_slope(network)
    (definition,) = (d for d in network.definitions if d.ref.name == "C")
    a, y = ([mp.mpf(point) for point in points] for points in (A_POINT, Y_POINT))
    scalars = {("a", p + 1): a[p] for p in range(3)} | {("y", p + 1): y[p] for p in range(3)}
    values = dict(zip((*A, *Y), (*a, *y), strict=True))
    assert close(number(definition.body, Meaning(scalars)), row.number(a, y))
    for p in range(3):
        found = number(right_side(theorem, j=p + 1), Meaning(scalars))
        assert close(found, plain_number(row.slope(p), values))


@pytest.mark.parametrize("name", COST_ROWS)
def test_the_cost_by_raw_sympy(name: str) -> None:
    row = COST_ROWS[name]
    assert all(sp.simplify(row.plain.diff(A[p]) - row.slope(p)) == 0 for p in range(3))


@pytest.mark.parametrize("name", COST_ROWS)
def test_the_cost_by_fifty_digits(name: str) -> None:
    row = COST_ROWS[name]
    a, y = ([mp.mpf(point) for point in points] for points in (A_POINT, Y_POINT))
    values = dict(zip((*A, *Y), (*a, *y), strict=True))
    assert close(plain_number(row.plain, values), row.number(a, y))
    for p in range(3):
        slope = mp.diff(lambda v, p=p: row.number([*a[:p], v, *a[p + 1 :]], y), a[p])
        assert close(slope, plain_number(row.slope(p), values))
