"""The gradient of any network, found from its equations: no name, letter or shape of the perceptron is looked up.

The truth is worked out by hand in plain SymPy where it can be, else by exact instances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
import sympy
from derivation.equations import COLUMN, COST, INPUT, ONE, ROW, W, exp, is_right, j, k, m, n, x, y, z
from sympy import Expr, Integer, Symbol

from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import InvalidInput, UnknownName
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.language.binding import alpha_equal, each, replace_at, sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    IndexSum,
    Opaque,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, FunctionDefinition, Network
from backprop_proofs.networks import mlp as perceptron
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import mlp


def same(left: Expr, right: Expr) -> bool:
    """Whether the two are equal up to bound letters and the order of the factors of a product."""
    turned = mul(*reversed(right.args)) if isinstance(right, sympy.Mul) else right
    return alpha_equal(left, right) or alpha_equal(left, turned)


# The perceptron, without its names


def test_without_the_name_of_the_error_bp4_is_found() -> None:
    net = mlp()
    bare = replace(net, abbreviations=(), families={key: net.families[key] for key in net.families if key != "delta"})
    l, z, a = perceptron.l, perceptron.z, perceptron.a
    for name, factor in (("w", a[l - 1, perceptron.k]), ("b", ONE)):
        theorem = derive(bare, name)
        expected = mul(factor, Partial(perceptron.C, z[l, perceptron.j]))
        assert same(theorem.statement.rhs, expected)
        is_right(theorem)


@pytest.mark.parametrize(("name", "theorem"), [("w", "bp4"), ("b", "bp3")])
def test_it_arrives_at_the_closed_form_of_the_book(name: str, theorem: str) -> None:
    net = mlp()
    found, proved = derive(net, name), prove(theorem, net)
    assert found.statement.lhs == proved.statement.lhs
    assert same(found.statement.rhs, proved.statement.rhs)
    assert found.limits == proved.limits
    assert found.matrix == proved.matrix


def renamed(net: Network) -> Network:
    """The perceptron in other letters: quantities P, Q, R, S, U, indices q, r, s, function "phi"."""
    letters = dict(zip("jkl", map(index, "qrs"), strict=True)) | {"L": index("H"), "n": index("n")}
    names = {"w": "P", "b": "Q", "z": "R", "a": "S", "x": "U", "C": "J", "delta": "err"}

    def new(expr: Expr) -> Expr:
        if isinstance(expr, Symbol) and expr.name in letters and not isinstance(expr, sympy.Dummy):
            return letters[expr.name]
        if isinstance(expr, Quantity):
            return Quantity(names.get(expr.name, expr.name), expr.superscripts)
        if isinstance(expr, Fn):
            return Fn({"sigma": "phi"}.get(expr.name, expr.name), expr.primes, new(expr.argument))
        return expr.func(*map(new, expr.args)) if expr.args and not _is_text(expr) else expr

    def limits(old: Sequence[Limit]) -> tuple[Limit, ...]:
        return tuple((new(s), new(low), None if high is None else new(high)) for s, low, high in old)

    def equations(old: tuple[Definition, ...]) -> tuple[Definition, ...]:
        return tuple(Definition(new(d.ref), limits(d.limits), new(d.body)) for d in old)

    return Network(
        "renamed",
        {names.get(name, name): limits(ranges) for name, ranges in net.families.items()},
        equations(net.definitions),
        equations(net.abbreviations),
        parameters=limits(net.parameters),
    )


def _is_text(expr: Expr) -> bool:
    return isinstance(expr, sympy.core.symbol.Str | sympy.Dummy)


def test_in_other_letters_the_same_is_found() -> None:
    net = renamed(mlp())
    q, r, s = map(index, "qrs")
    theorem = derive(net, "P")
    expected = mul(Quantity("S", 1)[s - 1, r], Quantity("err", 1)[s, q])
    assert theorem.statement.lhs == Partial(Ref(Quantity("J")), Quantity("P", 1)[s, q, r])
    assert same(theorem.statement.rhs, expected)
    is_right(theorem)
    is_right(derive(net, "Q"))


# Other shapes

a, u, v, w, b = map(Quantity, "auvwb")
SIZES = ((n, ONE, None), (m, ONE, None))


def scalars(*definitions: Definition, **families: tuple[Limit, ...]) -> Network:
    names = {d.ref.name: d.limits for d in definitions}
    return Network("net", {**families, **names}, definitions, parameters=SIZES)


SHAPES: dict[str, tuple[Network, tuple[str, ...]]] = {
    "a skip connection, x used twice": (
        scalars(
            Definition(a[j], (ROW,), Fn("f", 0, x[j])),
            Definition(z[j], (ROW,), add(sum_over(mul(W[j, k], a[k]), COLUMN), x[j])),
            Definition(COST, (), Opaque("C", each(z[j], ROW))),
            x=(ROW,),
            W=(ROW, COLUMN),
        ),
        ("x", "W", "a"),
    ),
    "two paths": (
        scalars(
            Definition(u[j], (ROW,), Fn("f", 0, x[j])),
            Definition(v[j], (ROW,), Fn("g", 0, x[j])),
            Definition(COST, (), sum_over(mul(u[j], v[j]), ROW)),
            x=(ROW,),
        ),
        ("x", "u", "v"),
    ),
    "two paths that meet before the cost": (
        scalars(
            Definition(u[j], (ROW,), Fn("f", 0, x[j])),
            Definition(v[j], (ROW,), mul(x[j], u[j])),
            Definition(COST, (), sum_over(power(v[j], 3), ROW)),
            x=(ROW,),
        ),
        ("x", "u", "v"),
    ),
    "a cost that uses the input itself": (
        scalars(
            Definition(z[j], (ROW,), sum_over(mul(W[j, k], x[k]), COLUMN)),
            Definition(COST, (), add(sum_over(power(z[j], 2), ROW), sum_over(mul(x[k], x[k]), COLUMN))),
            x=(ROW,),
            W=(ROW, COLUMN),
        ),
        ("W", "z"),
    ),
    "a weight and its transpose": (
        scalars(
            Definition(u[j], (ROW,), sum_over(mul(W[j, k], x[k]), COLUMN)),
            Definition(v[j], (ROW,), sum_over(mul(W[k, j], Fn("f", 0, u[k])), COLUMN)),
            Definition(COST, (), Opaque("C", each(v[j], ROW))),
            x=(ROW,),
            W=(ROW, COLUMN),
        ),
        ("W", "x", "u"),
    ),
    "a scalar shared by all": (
        scalars(
            Definition(z[j], (ROW,), mul(Ref(b), x[j])),
            Definition(COST, (), sum_over(Fn("f", 0, z[j]), ROW)),
            x=(ROW,),
            b=(),
        ),
        ("b", "x", "z"),
    ),
    "a mean that is taken away": (
        scalars(
            Definition(Ref(u), (), mul(power(n, -1), sum_over(x[k], COLUMN))),
            Definition(z[j], (ROW,), add(x[j], negative(Ref(u)))),
            Definition(COST, (), Opaque("C", each(z[j], ROW))),
            x=(ROW,),
        ),
        ("x", "u", "z"),
    ),
    "a softmax": (
        scalars(
            Definition(a[j], (ROW,), quotient(exp(z[j]), sum_over(exp(z[k]), COLUMN))),
            Definition(COST, (), negative(sum_over(mul(y[j], Fn("log", 0, a[j])), ROW))),
            z=(ROW,),
            y=(ROW,),
        ),
        ("z", "a"),
    ),
    "an input of nothing": (
        scalars(
            Definition(z[j], (ROW,), Fn("f", 0, x[j])),
            Definition(u[j], (ROW,), x[j]),
            Definition(COST, (), Opaque("C", each(z[j], ROW))),
            x=(ROW,),
            y=(ROW,),
        ),
        ("x",),
    ),
    "a cumulative sum": (
        scalars(
            Definition(v[j], (ROW,), sum_over(x[k], (k, ONE, j))),
            Definition(COST, (), Opaque("C", each(v[j], ROW))),
            x=(ROW,),
        ),
        ("x", "v"),
    ),
    "a bilinear form": (
        scalars(
            Definition(COST, (), sum_over(mul(x[j], W[j, k], y[k]), ROW, INPUT)),
            x=(ROW,),
            W=(ROW, INPUT),
            y=(INPUT,),
        ),
        ("W", "x", "y"),
    ),
}
CASES = [(name, wrt) for name, (_, quantities) in SHAPES.items() for wrt in quantities]


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_the_gradient_of_other_shapes_is_right(name: str, wrt: str) -> None:
    """Right on exact instances, and free of ∂C/∂x itself: something was worked out."""
    theorem = derive(SHAPES[name][0], wrt)
    is_right(theorem)
    assert theorem.statement.lhs.wrt.name == wrt
    primitive = theorem.network.definitions[-1].body.has(Opaque) and theorem.statement.rhs == theorem.statement.lhs
    assert primitive or theorem.statement.lhs not in theorem.statement.rhs.atoms(Partial), theorem


def test_a_gradient_by_hand_in_closed_form() -> None:
    """C = Σ f(x_j) g(x_j): ∂C/∂x_j = f'(x_j) g(x_j) + f(x_j) g'(x_j)."""
    theorem = derive(SHAPES["two paths"][0], "x")
    by_product = add(mul(Fn("f", 1, x[j]), v[j]), mul(Fn("g", 1, x[j]), u[j]))
    equation = Equation(theorem.statement.rhs, by_product)
    assert check_exact(theorem.network, equation, theorem.limits).agrees
    assert not theorem.statement.rhs.has(Partial)


def test_a_path_is_not_counted_twice_or_left_out() -> None:
    """x is used by u and by v, and u by v: the chain rule through {u, v} holds one while it follows the other."""
    theorem = derive(SHAPES["two paths that meet before the cost"][0], "x")
    half = mul(Integer(3), power(v[j], 2), add(u[j], mul(x[j], Fn("f", 1, x[j]))))
    assert check_exact(theorem.network, Equation(theorem.statement.rhs, half), theorem.limits).agrees


def test_what_nothing_uses_has_gradient_0() -> None:
    net = SHAPES["an input of nothing"][0]
    assert derive(net, "u").statement.rhs == 0
    is_right(derive(net, "u"))


@pytest.mark.parametrize("wrt", ["w", "b", "x", "z"])
@pytest.mark.parametrize("activation", [name for name, record in ACTIVATIONS.items() if record.formula])
def test_a_perceptron_with_formulas_is_derived_too(wrt: str, activation: str) -> None:
    is_right(derive(mlp((2, 3, 2), activation, "quadratic"), wrt))


def test_a_function_with_a_formula_brings_its_hypotheses() -> None:
    net = Network(
        "relu",
        {"x": (ROW,), "z": (ROW,), "C": (), "r": ()},
        (Definition(z[j], (ROW,), Fn("s", 0, x[j])), Definition(COST, (), sum_over(z[j], ROW))),
        functions=(FunctionDefinition("s", Ref(Quantity("r")), Fn("relu", 0, Ref(Quantity("r")))),),
        parameters=SIZES,
    )
    theorem = derive(net, "x")
    assert {need.kind for need in theorem.hypotheses} == {"nonzero"}
    is_right(theorem)


# What cannot be derived


def test_what_is_asked_for_must_be_there() -> None:
    with pytest.raises(UnknownName):
        derive(mlp(), "q")
    with pytest.raises(InvalidInput):
        derive(mlp(), "C")


def test_a_network_without_one_cost_is_refused() -> None:
    two = scalars(Definition(u[j], (ROW,), x[j]), x=(ROW,))
    with pytest.raises(InvalidInput, match="cost"):
        derive(two, "x")
    twice = Network(
        "two",
        {"x": (), "A": (), "B": ()},
        (Definition(Ref(Quantity("A")), (), Ref(x)), Definition(Ref(Quantity("B")), (), Ref(x))),
    )
    with pytest.raises(InvalidInput, match="cost"):
        derive(twice, "x")


def test_what_is_used_differently_along_its_range_says_so() -> None:
    """∂C/∂a^l differs at l = L (the cost) and below (the next layer): one line, and no empty equation a = a."""
    with pytest.raises(InvalidInput):
        derive(mlp(), "a")


# Wrong results are refuted


def corrupted(expr: Expr, random: Random) -> Expr | None:
    """The expression with one thing wrong."""
    places: list[tuple[tuple[int, ...], Expr]] = []

    def walk(part: Expr, path: tuple[int, ...]) -> None:
        places.append((path, part))
        if not isinstance(part, Ref | Delta | Partial):
            for number, inner in enumerate(part.args):
                if isinstance(inner, Expr) and not (isinstance(part, IndexSum) and number):
                    walk(inner, (*path, number))

    walk(expr, ())
    path, part = random.choice(places)
    if isinstance(part, Fn) and part.name not in ("exp", "log"):
        return replace_at(expr, path, Fn(part.name, part.primes + 1, part.argument))
    if isinstance(part, sympy.Mul) and len(part.args) > 1:
        return replace_at(expr, path, mul(*part.args[1:]))
    if isinstance(part, sympy.Add):
        return replace_at(expr, path, add(part.args[0], *map(negative, part.args[1:])))
    if isinstance(part, Ref):
        return replace_at(expr, path, mul(Integer(2), part))
    return None


@pytest.mark.parametrize(("name", "wrt"), CASES)
def test_a_mutated_gradient_is_refuted(name: str, wrt: str) -> None:
    """The check that calls the gradients above right can tell a wrong one."""
    theorem = derive(SHAPES[name][0], wrt)
    random, refuted, tried = Random(0), 0, 0
    for _ in range(12):
        wrong = corrupted(theorem.statement.rhs, random)
        if wrong is None or wrong == theorem.statement.rhs:
            continue
        tried += 1
        check = check_exact(theorem.network, Equation(theorem.statement.lhs, wrong), theorem.limits)
        refuted += not check.agrees
    if tried and theorem.statement.rhs != theorem.statement.lhs and not isinstance(theorem.statement.rhs, Partial):
        assert refuted >= max(1, tried - 2), (refuted, tried)
