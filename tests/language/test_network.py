"""Networks: what speaks of nothing is refused, before any rule can be applied to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import sympy
from sympy import Expr, Float, I, Integer, Rational, Symbol, nan, oo, zoo

from backprop_proofs.errors import BackpropError, InvalidNetwork, Malformed, UnknownName
from backprop_proofs.kernel.theorem import begin, rewrite
from backprop_proofs.language.binding import each, fresh_index, sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Each,
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
from backprop_proofs.language.matrices import (
    Array,
    Entry,
    Hadamard,
    Map,
    MatrixProduct,
    Nabla,
    Scaled,
    Transposed,
    Whole,
)
from backprop_proofs.language.network import Definition, Equation, FunctionDefinition, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, x, y, z

ONE, TWO = Integer(1), Integer(2)
NET = mlp()
FACTS = NET.facts(((l, TWO, L), (j, ONE, n[l]), (k, ONE, n[l - 1])))
m, q = index("m"), Quantity("q")


def layer(letter: Symbol) -> Limit:
    return (letter, TWO, L)


class TestCheck:
    """In the perceptron, where l is a layer of 2..L, j a neuron of layer l, and k one of layer l - 1."""

    @pytest.mark.parametrize(
        "expr",
        [
            w[l, j, k],
            b[l, j],
            a[l - 1, k],
            a[1, ONE],
            a[L, ONE],
            z[L, n[L]],
            delta[l, j],
            Partial(C, w[l, j, k]),
            Partial(z[l, j], a[l - 1, k]),
            Partial(C, z[l, j], each(a[l, m], (m, ONE, n[l]))),
            sum_over(mul(w[l, j, m], a[l - 1, m]), (m, ONE, n[l - 1])),
            sum_over(w[m, ONE, ONE], (m, TWO, L)),
            mul(Delta(j, k), power(add(x[1], negative(y[1])), 2), Rational(1, 2)),
            Fn("sigma", 1, z[l, j]),
            Opaque("C", each(a[L, m], (m, ONE, n[L]))),
            Entry(Hadamard(Nabla(C, Whole(a, L)), Map("sigma", ONE, Whole(z, L))), ONE),
            Entry(MatrixProduct(Whole(delta, l), Transposed(Whole(a, l - 1))), j, k),
        ],
        ids=str,
    )
    def test_a_sentence_passes(self, expr: Expr) -> None:
        NET.check(expr, FACTS)

    @pytest.mark.parametrize(
        "expr",
        [
            pytest.param(w[l, k, j], id="the indices of w in the other order"),
            pytest.param(w[l, j], id="too few indices"),
            pytest.param(w[l, j, k, k], id="too many indices"),
            pytest.param(Ref(Quantity("C"), ONE), id="an index to a scalar"),
            pytest.param(w[1, ONE, ONE], id="w of the input layer"),
            pytest.param(z[l + 1, ONE], id="a layer that may lie above L"),
            pytest.param(z[l - 1, ONE], id="a layer that may be the input"),
            pytest.param(a[l - 2, ONE], id="a layer that may be 0"),
            pytest.param(a[0, ONE], id="layer 0"),
            pytest.param(a[l, k], id="a neuron of another layer"),
            pytest.param(a[l, 0], id="neuron 0"),
            pytest.param(a[l, TWO], id="neuron 2 of a layer that may have one"),
            pytest.param(a[l, n[l] + 1], id="the neuron after the last"),
            pytest.param(a[l, m], id="a letter nothing is known of"),
            pytest.param(Delta(j, m), id="the same in a delta"),
            pytest.param(m, id="the same as a number"),
            pytest.param(sum_over(a[l, m], (m, ONE, n[l - 1])), id="a sum over the wrong layer"),
            pytest.param(sum_over(a[l, m], (m, ONE, n[l] + 1)), id="a sum that goes too far"),
            pytest.param(sum_over(a[l, m], (m, Integer(0), n[l])), id="a sum that begins too early"),
            pytest.param(sum_over(a[m, ONE], (m, ONE, m)), id="a bound nothing is known of"),
            pytest.param(mul(w[l, j, k], sum_over(w[l, m, j], (m, ONE, n[l]))), id="deep inside"),
            pytest.param(Fn("sigma", 0, z[l, k]), id="in the argument of a function"),
            pytest.param(Partial(C, z[l, k]), id="a derivative by nothing"),
            pytest.param(Partial(z[l, k], x[1]), id="a derivative of nothing"),
            pytest.param(Partial(C, z[l, j], each(a[l, m], (m, ONE, n[l - 1]))), id="nothing held"),
            pytest.param(Partial(Partial(C, z[l, j]), z[l, j]), id="a derivative of a derivative"),
            pytest.param(Partial(mul(TWO, Partial(C, z[l, j])), b[l, j]), id="the same inside a product"),
            pytest.param(Partial(delta[l, j], b[l, j]), id="a derivative of the error, which is one"),
            pytest.param(Partial(C, delta[l, j]), id="a derivative by the error"),
            pytest.param(Partial(Entry(Whole(delta, l), j), b[l, j]), id="a derivative of an entry of the error"),
            pytest.param(Each(add(a[l, j], b[l, j]), fresh_index(m), ONE, ONE), id="a set of sums"),
            pytest.param(Opaque("C", each(a[L, m], (m, ONE, n[L] + 1))), id="a cost of too many outputs"),
        ],
    )
    def test_what_speaks_of_nothing_is_refused(self, expr: Expr) -> None:
        with pytest.raises(Malformed):
            NET.check(expr, FACTS)

    @pytest.mark.parametrize("expr", [q[1], sum_over(q[m], (m, ONE, TWO)), Partial(C, q[1]), Partial(q[1], x[1])])
    def test_an_unknown_quantity_is_refused(self, expr: Expr) -> None:
        with pytest.raises(UnknownName, match="unknown quantity 'q'"):
            NET.check(expr, FACTS)

    @pytest.mark.parametrize(
        "at",
        [
            Rational(3, 2),
            Rational(-1, 2),
            mul(k, Integer(-1)),
            -j * k,
            mul(Integer(-1), mul(j, k)),
            Float(2.0),
            nan,
            oo,
        ],
        ids=str,
    )
    def test_what_is_no_index_is_refused(self, at: Expr) -> None:
        open_above = Network("t", {"q": ((m, ONE, None),)}, ())
        for network, ref in ((NET, z[L, at]), (NET, z[at, ONE]), (open_above, q[at])):
            with pytest.raises(Malformed):
                network.check(ref, network.facts(((j, ONE, None), (k, ONE, None))))

    @pytest.mark.parametrize("high", [x[1], Rational(1, 2), Fn("exp", 0, x[1]), oo], ids=str)
    def test_a_bound_is_an_index_expression(self, high: Expr) -> None:
        with pytest.raises(Malformed):
            NET.check(sum_over(C, (m, ONE, high)), FACTS)

    @pytest.mark.parametrize(
        "expr",
        [
            sympy.Sum(a[L, ONE], (j, 1, 5)),
            sympy.Sum(w[l, j, k], (j, 1, 5)),
            sympy.Product(a[L, ONE], (j, 1, 5)),
            sympy.KroneckerDelta(j, k),
            sympy.Piecewise((a[L, ONE], j > 1), (b[l, j], True)),
            sympy.Max(a[L, ONE], b[l, j]),
            sympy.exp(z[l, j]),
            sympy.Function("f")(z[l, j]),
            sympy.IndexedBase("w")[j, k],
            Float(0.1),
            nan,
            oo,
            zoo,
            I,
            sympy.Derivative(sympy.Function("f")(j), j),
        ],
        ids=str,
    )
    def test_what_is_not_of_the_language_is_refused(self, expr: Expr) -> None:
        """SymPy's own nodes, above all those that bind a plain letter, mean nothing to our rules."""
        for inside in (expr, mul(expr, z[l, j]), Fn("sigma", 0, expr)):
            with pytest.raises(BackpropError):
                NET.check(inside, FACTS)

    @pytest.mark.parametrize(
        "array",
        [
            pytest.param(Whole(delta, L + 1), id="a layer above the last"),
            pytest.param(Whole(w, ONE), id="w of the input layer"),
            pytest.param(Transposed(Whole(w, l + 1)), id="a layer that may lie above the last"),
            pytest.param(Nabla(q[1], Whole(a, L)), id="a gradient of an unknown quantity"),
            pytest.param(Nabla(Partial(C, b[l, j]), Whole(a, L)), id="a gradient of a derivative"),
            pytest.param(Scaled(z[l + 1, ONE], Whole(a, L)), id="a factor out of its range"),
            pytest.param(Whole(q), id="an unknown quantity"),
            pytest.param(Hadamard(Whole(b, l), Whole(b, L)), id="two layers, entry by entry"),
        ],
    )
    def test_an_entry_of_no_array_is_refused(self, array: Array) -> None:
        for at in ((ONE,), (ONE, ONE)):
            with pytest.raises(BackpropError):
                NET.check(Entry(array, *at), FACTS)

    @pytest.mark.parametrize(
        "entry",
        [
            Entry(Whole(b, l), k),
            Entry(Whole(b, l)),
            Entry(Whole(b, l, j, k)),
            Entry(Whole(w, l), k, j),
            Entry(Whole(b, l), j, ONE),
            Entry(Whole(b, l), m),
        ],
        ids=str,
    )
    def test_an_entry_lies_within_its_array(self, entry: Expr) -> None:
        with pytest.raises(Malformed):
            NET.check(entry, FACTS)

    @pytest.mark.parametrize(
        "expr",
        [
            Partial(C, z[l, j], add(C, C)),
            Partial(C, z[l, j], mul(TWO, a[l, j])),
            Opaque("C", add(C, C)),
            Opaque("C", quotient(a[L, ONE], a[L, ONE])),
        ],
        ids=str,
    )
    def test_what_is_held_or_read_is_a_set_of_quantities(self, expr: Expr) -> None:
        with pytest.raises(Malformed):
            NET.check(expr, FACTS)

    def test_a_letter_bound_twice_on_the_way_is_refused_or_read_rightly(self) -> None:
        """Σ_d Σ_{e=1}^{d} Σ_d w_{de} with e <= d for the outer d only: w wants e <= d for the inner one."""
        d, e = fresh_index(j), fresh_index(k)
        triangle = Network("t", {"q": ((j, ONE, None), (k, ONE, j))}, ())
        inner = IndexSum(q[d, e], d, ONE, Integer(100))
        with pytest.raises(Malformed):
            triangle.check(IndexSum(IndexSum(inner, e, ONE, d), d, ONE, Integer(5)), triangle.facts())

    def test_the_message_says_what_and_where(self) -> None:
        with pytest.raises(Malformed, match=r"^in z\[l, k\], the index k is not known to lie in 1..n\[l\]$"):
            NET.check(z[l, k], FACTS)
        with pytest.raises(Malformed, match=r"^z\[l\] wants 2 indices; found 1$"):
            NET.check(z[l], FACTS)


class TestSizes:
    """Where the sizes have values, numbers decide."""

    small = mlp(widths=(2, 3, 2))

    @pytest.mark.parametrize("expr", [w[2, 3, 2], w[3, 2, 3], a[1, 2], x[2], y[2], a[3, n[1]], a[L, 2]], ids=str)
    def test_within(self, expr: Expr) -> None:
        self.small.check(expr, self.small.facts())

    @pytest.mark.parametrize("expr", [w[2, 3, 3], w[3, 3, 2], w[4, 1, 1], a[1, 3], x[3], y[3], a[3, n[2]]], ids=str)
    def test_without(self, expr: Expr) -> None:
        with pytest.raises(Malformed):
            self.small.check(expr, self.small.facts())


# What is no network


SIZE: tuple[Limit, ...] = ((m, ONE, None),)
FAMILIES: dict[str, tuple[Limit, ...]] = {"x": ((j, ONE, m),), "h": ((j, ONE, m),), "C": (), "u": ()}
h, u = Quantity("h"), Ref(Quantity("u"))
ROW = (j, ONE, m)


def network(*definitions: Definition, **more: Any) -> Network:
    return Network("t", FAMILIES, definitions, parameters=SIZE, **more)


def test_a_network_of_one_equation() -> None:
    net = network(Definition(h[j], (ROW,), Fn("s", 0, x[j])), Definition(C, (), sum_over(h[j], ROW)))
    assert net.slots("h") == (ROW,)
    with pytest.raises(UnknownName, match="did you mean 'x'"):
        net.slots("xx")


@pytest.mark.parametrize(
    "definitions",
    [
        pytest.param((Definition(C, (), x[1]), Definition(C, (), add(x[1], ONE))), id="C twice"),
        pytest.param(
            (Definition(h[j], (ROW,), x[j]), Definition(h[1], (), add(x[1], ONE))), id="an instance and its family"
        ),
        pytest.param(
            (Definition(h[j], ((j, ONE, m),), x[j]), Definition(h[j], ((j, m, m),), u)), id="ranges that overlap"
        ),
        pytest.param((Definition(C, (), add(C, ONE)),), id="C by itself"),
        pytest.param((Definition(C, (), h[1]), Definition(h[j], (ROW,), add(C, x[j]))), id="a circle of two"),
        pytest.param((Definition(h[j], (ROW,), add(h[j], ONE)),), id="a family by itself"),
        pytest.param((Definition(h[j], (ROW,), sum_over(h[k], (k, ONE, m))),), id="a family by all of itself"),
        pytest.param((Definition(C, (ROW,), x[j]),), id="a letter that the left side lacks"),
        pytest.param((Definition(C, (), x[j]),), id="a letter without a range"),
        pytest.param((Definition(C, (), x[m + 1]),), id="an index out of its range"),
        pytest.param((Definition(h[j], ((j, ONE, m + 1),), ONE),), id="a left side out of its range"),
        pytest.param((Definition(C, (), q[1]),), id="an unknown quantity"),
        pytest.param((Definition(C, (), Partial(h[1], x[1])),), id="a derivative"),
        pytest.param((Definition(C, (), sympy.Sum(x[j], (j, 1, 5))),), id="SymPy's Sum"),
        pytest.param((Definition(add(C, ONE), (), x[1]),), id="a left side that is no quantity"),
    ],
)
def test_what_defines_nothing_or_too_much_is_refused(definitions: Iterable[Definition]) -> None:
    """Each of these would prove 0 = 1; the network refuses it, or the kernel refuses the network."""
    with pytest.raises(BackpropError):
        begin(network(*definitions), (), Integer(1))


def test_a_diagonal_is_no_definition_of_a_matrix() -> None:
    families: dict[str, tuple[Limit, ...]] = {"q": (ROW, (k, ONE, m)), "x": (ROW,)}
    with pytest.raises(InvalidNetwork, match="different letters"):
        Network("t", families, (Definition(q[j, j], (ROW,), x[j]),), parameters=SIZE)


def test_a_shifted_letter_on_the_left_side_is_no_pattern() -> None:
    """q[j, j+1] = x[j] says nothing of q[m, j+1], whose second index only looks alike."""
    families: dict[str, tuple[Limit, ...]] = {"q": ((j, ONE, m), (k, ONE, m + 1)), "x": (ROW,)}

    def misread() -> None:
        net = Network("t", families, (Definition(q[j, j + 1], (ROW,), x[j]),), parameters=SIZE)
        rewrite(begin(net, (ROW, (l, ONE, m)), q[l, j + 1]), (), "definition")

    with pytest.raises(BackpropError):
        misread()


def test_an_earlier_time_is_no_circle() -> None:
    t, T = index("t"), index("T")
    families: dict[str, tuple[Limit, ...]] = {"h": ((t, Integer(0), T),), "x": ((t, ONE, T),)}
    step = Definition(h[t], ((t, ONE, T),), Fn("s", 0, add(h[t - 1], x[t])))
    net = Network("t", families, (step,), parameters=((T, ONE, None),))
    assert begin(net, (), h[T]).statement == Equation(h[T], h[T])


def test_a_size_of_the_network_is_no_letter_to_put_values_for() -> None:
    """C = C(a^L) holds for the one L of the network; at L - 1 it would say that C = C(a^{L-1})."""

    def a_cost_of_another_depth() -> None:
        lemma = rewrite(begin(NET, ((L, TWO, None),), C), (), "definition")
        rewrite(begin(NET, ((L, Integer(3), None),), C), (), "theorem", lemma=lemma, given={L: L - 1})

    with pytest.raises(BackpropError):
        a_cost_of_another_depth()


def test_a_letter_has_one_range() -> None:
    """Of k in 1..5 and k in 1..100, j <= k could be taken from the one and used for the other."""
    with pytest.raises(BackpropError):
        begin(NET, ((j, ONE, k), (k, ONE, Integer(5)), (k, ONE, Integer(100))), C)


def test_the_perceptron_is_no_circle() -> None:
    assert begin(NET, (), C).statement == Equation(C, C)


@pytest.mark.parametrize(
    "functions",
    [
        pytest.param((FunctionDefinition("s", u, add(Fn("s", 0, u), ONE)),), id="a function by itself"),
        pytest.param((FunctionDefinition("s", u, u), FunctionDefinition("s", u, negative(u))), id="a function twice"),
        pytest.param((FunctionDefinition("s", u, x[m + 1]),), id="an index out of its range"),
        pytest.param((FunctionDefinition("s", u, Partial(C, x[1])),), id="a derivative"),
        pytest.param((FunctionDefinition("s", u, mul(u, x[1])),), id="a formula of more than its variable"),
        pytest.param((FunctionDefinition("exp", u, u),), id="a second exp"),
        pytest.param((FunctionDefinition("log", u, u),), id="a second log"),
        pytest.param((FunctionDefinition("s", x[1], x[1]),), id="a variable that is a quantity"),
        pytest.param(
            (FunctionDefinition("s", u, Fn("r", 0, u)), FunctionDefinition("r", u, add(Fn("s", 0, u), ONE))),
            id="a circle of two",
        ),
    ],
)
def test_what_is_no_formula_of_a_function_is_refused(functions: tuple[FunctionDefinition, ...]) -> None:
    with pytest.raises(BackpropError):
        begin(network(Definition(C, (), Fn("s", 0, x[1])), functions=functions), (), Integer(1))


def test_no_definition_uses_a_name_for_a_derivative() -> None:
    error = Definition(h[j], (ROW,), Partial(C, x[j]))
    with pytest.raises(InvalidNetwork, match="a derivative, which only a name may"):
        network(Definition(C, (), h[1]), abbreviations=(error,))


def test_a_network_does_not_change() -> None:
    sizes: dict[sympy.Basic, int] = {L: 3}
    net = Network("t", FAMILIES, (), parameters=SIZE, sizes=sizes)
    sizes[L] = 4
    assert net.sizes[L] == 3
    with pytest.raises(TypeError):
        net.sizes[L] = 5  # type: ignore[index]  # it is read-only
    with pytest.raises(AttributeError):
        net.name = "other"  # type: ignore[misc]  # it is frozen


def test_an_equation_is_a_pair_and_stays_one() -> None:
    same = Equation(x[1], x[1])
    assert isinstance(same, Equation)
    assert tuple(same) == (x[1], x[1])
    assert Equation(x[1], x[2]) != Equation(x[2], x[1])
