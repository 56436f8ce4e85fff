"""Every rule by a table: what it turns an expression into, and what it must refuse."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from sympy import Expr, Integer, Rational

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import BackpropError, Refused
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Theorem, begin, induction, matrix_form, rewrite
from backprop_proofs.language.binding import alpha_equal, each, sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
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
from backprop_proofs.language.matrices import Hadamard, Map, MatrixProduct, Nabla, Scaled, Transposed, Whole
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, x, z

ZERO, ONE, TWO, THREE = map(Integer, range(4))
i, m, p, t, s, T, N = map(index, "imptsTN")
HALF = Rational(1, 2)


def neuron(letter: Expr, layer: Expr) -> Limit:
    return (letter, ONE, n[layer])


def upto(letter: Expr, last: Expr = N) -> Limit:
    return (letter, ONE, last)


def sigma(of: Expr, primes: int = 0) -> Fn:
    return Fn("sigma", primes, of)


NET, SIGMOID = mlp(), mlp(None, "sigmoid", "quadratic")
LAYER, HIDDEN = (l, TWO, L), (l, TWO, L - 1)
HERE = (LAYER, neuron(j, l), neuron(k, l - 1))
INSIDE = (HIDDEN, neuron(j, l), neuron(k, l + 1))

# A toy: inputs f, g, c, u (vectors of N) and c (a scalar); V = c², W = V c, Y = V + W; r_j = f_j g_j
f, g, q, r, v, M = map(Quantity, "fgqrvM")
c, V, W, Y = (Ref(Quantity(name)) for name in "cVWY")
TOY = Network(
    "toy",
    {**{name: (upto(j),) for name in "fgqr"}, "M": (upto(j), upto(k)), **dict.fromkeys("cVWYu", ())},
    (
        Definition(V, (), power(c, 2)),
        Definition(W, (), mul(V, c)),
        Definition(Y, (), add(V, W)),
        Definition(r[j], (upto(j),), mul(f[j], g[j])),
    ),
    functions=(FunctionDefinition("s", Ref(Quantity("u")), power(Ref(Quantity("u")), 3)),),
    parameters=((N, TWO, None),),
)
FREE = tuple(map(upto, (i, j, k)))

# A recurrent one: h_t = φ(ω h_{t-1} + x_t), C of h_T
h, d = map(Quantity, "hd")
omega = Ref(Quantity("omega"))
TIME = Network(
    "time",
    {"h": ((t, ZERO, T),), "d": ((t, ONE, T),), "omega": (), "C": ()},
    (
        Definition(h[t], ((t, ONE, T),), Fn("phi", 0, add(mul(omega, h[t - 1]), d[t]))),
        Definition(C, (), Opaque("C", h[T])),
    ),
    parameters=((T, TWO, None),),
)


class Case(NamedTuple):
    """A rule used on `before`, at the top or at a place, with parameters; `after` is None where it must refuse."""

    rule: str
    before: Expr
    after: Expr | None
    parameters: dict[str, Any] = {}
    network: Network = TOY
    limits: tuple[Limit, ...] = FREE
    at: tuple[int, ...] = ()


def total(body: Expr, *limits: Limit) -> Expr:
    return sum_over(body, *limits)


OF_ALL_Z = {"through": (each(z[l + 1, m], neuron(m, l + 1)),)}
ACCEPTED: dict[str, Case] = {
    # definition
    "unfold": Case("definition", a[l, j], sigma(z[l, j]), {}, NET, HERE),
    "unfold at the input": Case("definition", a[1, j], x[j], {}, NET, (neuron(j, ONE),)),
    "unfold with a sum": Case(
        "definition", z[l, j], add(total(mul(w[l, j, k], a[l - 1, k]), neuron(k, l - 1)), b[l, j]), {}, NET, HERE
    ),
    "unfold a name": Case("definition", delta[l, j], Partial(C, z[l, j]), {}, NET, HERE),
    "fold": Case("definition", sigma(z[l, j]), a[l, j], {"to": a[l, j]}, NET, HERE),
    "fold a name": Case("definition", Partial(C, z[l, j]), delta[l, j], {"to": delta[l, j]}, NET, HERE),
    "unfold inside a derivative": Case(
        "definition", Partial(a[l, j], z[l, j]), Partial(sigma(z[l, j]), z[l, j]), {}, NET, HERE, (0,)
    ),
    "unfold what is differentiated although it is held": Case(
        "definition", Partial(W, c, V, W), Partial(mul(V, c), c, V, W), at=(0,)
    ),
    # function-definition
    "a formula": Case("function-definition", Fn("s", 0, f[j]), power(f[j], 3)),
    "a formula folded": Case("function-definition", power(f[j], 3), Fn("s", 0, f[j]), {"to": Fn("s", 0, f[j])}),
    # chain-rule
    "through the next layer": Case(
        "chain-rule",
        Partial(C, z[l, j]),
        total(mul(Partial(C, z[l + 1, m]), Partial(z[l + 1, m], z[l, j])), neuron(m, l + 1)),
        OF_ALL_Z,
        NET,
        INSIDE,
    ),
    "through one of a chain": Case(
        "chain-rule",
        Partial(Y, c),
        add(mul(Partial(Y, V), Partial(V, c, V, W)), mul(Partial(Y, W), Partial(W, c, V, W))),
        {"through": (V, W)},
    ),
    "through all but the first time, which the second one follows": Case(
        "chain-rule",
        Partial(C, omega),
        total(mul(Partial(C, h[t]), Partial(h[t], omega, each(h[s], (s, TWO, T)))), (t, TWO, T)),
        {"through": (each(h[s], (s, TWO, T)),)},
        TIME,
        (),
    ),
    "through time, the others held": Case(
        "chain-rule",
        Partial(C, omega),
        total(mul(Partial(C, h[t]), Partial(h[t], omega, each(h[s], (s, ONE, T)))), (t, ONE, T)),
        {"through": (each(h[s], (s, ONE, T)),)},
        TIME,
        (),
    ),
    # linearity
    "a sum": Case("linearity", Partial(add(f[j], g[j]), f[i]), add(Partial(f[j], f[i]), Partial(g[j], f[i]))),
    "a constant factor": Case("linearity", Partial(mul(c, f[j]), f[i]), mul(c, Partial(f[j], f[i]))),
    "a sum over an index": Case(
        "linearity",
        Partial(total(mul(M[j, k], f[k]), upto(k)), f[i]),
        total(mul(M[j, k], Partial(f[k], f[i])), upto(k)),
    ),
    # product-rule, power-rule, quotient-rule, function-rule
    "a product": Case(
        "product-rule",
        Partial(mul(f[j], g[j]), f[i]),
        add(mul(g[j], Partial(f[j], f[i])), mul(f[j], Partial(g[j], f[i]))),
    ),
    "a power": Case("power-rule", Partial(power(f[j], 3), f[i]), mul(THREE, power(f[j], 2), Partial(f[j], f[i]))),
    "a quotient": Case(
        "quotient-rule",
        Partial(quotient(f[j], g[j]), f[i]),
        quotient(add(mul(g[j], Partial(f[j], f[i])), negative(mul(f[j], Partial(g[j], f[i])))), power(g[j], 2)),
    ),
    "a function": Case("function-rule", Partial(Fn("F", 0, f[j]), f[i]), mul(Fn("F", 1, f[j]), Partial(f[j], f[i]))),
    "a product with what is held": Case("product-rule", Partial(mul(V, c), c, V), mul(V, Partial(c, c, V))),
    # leaf
    "itself": Case("leaf", Partial(f[j], f[j]), ONE),
    "another neuron": Case("leaf", Partial(f[j], f[k]), Delta(j, k)),
    "another layer": Case(
        "leaf", Partial(w[l + 1, j, k], w[l, j, k]), ZERO, {}, NET, (HIDDEN, (j, ONE, ONE), (k, ONE, ONE))
    ),
    "two indices": Case("leaf", Partial(M[i, k], M[j, k]), Delta(i, j)),
    "no path": Case("leaf", Partial(a[l - 1, k], z[l, j]), ZERO, {}, NET, HERE),
    "a later time": Case("leaf", Partial(h[t], d[s]), ZERO, {}, TIME, ((t, ONE, T - 1), (s, t + 1, T))),
    "a constant": Case("leaf", Partial(mul(g[j], g[k]), f[i]), ZERO),
    # kronecker-collapse
    "a collapse": Case("kronecker-collapse", total(mul(Delta(m, j), f[m]), upto(m)), f[j]),
    "a collapse, turned": Case("kronecker-collapse", total(mul(f[m], Delta(j, m)), upto(m)), f[j]),
    "a collapse with a shift": Case("kronecker-collapse", total(mul(Delta(m - 1, j), q[m - 1]), (m, TWO, N + 1)), q[j]),
    "a collapse within a smaller range": Case(
        "kronecker-collapse", total(mul(Delta(m, j), f[m]), upto(m)), f[j], {}, TOY, ((j, TWO, N - 1),)
    ),
    # sums
    "split": Case("split-sum", total(add(f[m], g[m]), upto(m)), add(total(f[m], upto(m)), total(g[m], upto(m)))),
    "out": Case("factor-out", total(mul(c, f[m]), upto(m)), mul(c, total(f[m], upto(m)))),
    "in": Case("factor-in", mul(c, total(f[m], upto(m))), total(mul(c, f[m]), upto(m))),
    "exchange": Case("exchange-sums", total(M[m, p], upto(m), upto(p)), total(M[m, p], upto(p), upto(m))),
    "rename": Case("rename", total(f[m], upto(m)), total(f[p], upto(p)), {"letter": p}),
    "rename to a free letter": Case("rename", total(M[m, j], upto(m)), total(M[m, j], upto(m)), {"letter": j}),
    "write out": Case("write-out", total(Delta(m, j), (m, ONE, THREE)), add(Delta(1, j), Delta(2, j), Delta(3, j))),
    "write out nothing": Case("write-out", total(Delta(m, j), (m, TWO, ONE)), ZERO),
    # ring
    "distribute": Case(
        "ring", mul(f[j], add(g[j], c)), add(mul(c, f[j]), mul(g[j], f[j])), {"to": add(mul(c, f[j]), mul(g[j], f[j]))}
    ),
    "inside a sum": Case(
        "ring",
        total(mul(f[m], g[m]), upto(m)),
        total(mul(g[m], f[m]), upto(m)),
        {"to": total(mul(g[m], f[m]), upto(m))},
    ),
}

REFUSED: dict[str, Case] = {
    # definition
    "an input": Case("definition", f[j], None),
    "not a quantity": Case("definition", add(f[j], g[j]), None),
    "a layer that may be the input": Case("definition", a[l, j], None, {}, NET, ((l, ONE, L), neuron(j, l))),
    "∂z/∂z by the definition of z": Case("definition", Partial(z[l, j], z[l, j]), None, {}, NET, HERE, (0,)),
    "∂z_j/∂z_i by the definition of z": Case(
        "definition", Partial(z[l, j], z[l, i]), None, {}, NET, (LAYER, neuron(j, l), neuron(i, l)), (0,)
    ),
    "inside, of a held quantity": Case("definition", Partial(mul(V, c), c, V), None, at=(0, 0)),
    "of what is differentiated by": Case("definition", Partial(Y, V), None, at=(1,)),
    "of a held set": Case("definition", Partial(Y, c, V), None, at=(2,)),
    "fold another equation": Case("definition", sigma(z[l, j]), None, {"to": a[l, i]}, NET, (*HERE, neuron(i, l))),
    "fold another layer": Case("definition", sigma(z[l, j]), None, {"to": a[l - 1, j]}, NET, HERE),
    "fold a derivative": Case("definition", Partial(C, a[l, j]), None, {"to": delta[l, j]}, NET, HERE),
    "a name inside a derivative": Case("definition", Partial(C, z[l, j]), None, {"to": delta[l, j]}, NET, HERE, (0,)),
    # function-definition
    "any function": Case("function-definition", Fn("F", 0, f[j]), None),
    "a derivative of a function": Case("function-definition", Fn("s", 1, f[j]), None),
    "another formula": Case("function-definition", power(f[j], 2), None, {"to": Fn("s", 0, f[j])}),
    "a formula of another": Case("function-definition", power(f[j], 3), None, {"to": Fn("s", 0, g[j])}),
    # chain-rule
    "of ∂z/∂z": Case("chain-rule", Partial(z[l, j], z[l, j]), None, OF_ALL_Z, NET, INSIDE),
    "of what may be the same": Case(
        "chain-rule", Partial(z[l, j], z[l, i]), None, OF_ALL_Z, NET, (HIDDEN, neuron(j, l), neuron(i, l))
    ),
    "a set with X": Case("chain-rule", Partial(Y, c), None, {"through": (c, V)}),
    "a set with X among others": Case(
        "chain-rule", Partial(C, z[l, j]), None, {"through": (each(z[l, m], neuron(m, l)),)}, NET, INSIDE
    ),
    "a set that names a member twice": Case("chain-rule", Partial(Y, c), None, {"through": (V, V, W)}),
    "overlapping sets": Case(
        "chain-rule",
        Partial(C, z[l, j]),
        None,
        {"through": (each(z[l + 1, m], neuron(m, l + 1)), z[l + 1, 1])},
        NET,
        INSIDE,
    ),
    "a set with a name": Case(
        "chain-rule", Partial(C, z[l, j]), None, {"through": (each(delta[l + 1, m], neuron(m, l + 1)),)}, NET, INSIDE
    ),
    "a set out of range": Case(
        "chain-rule", Partial(C, z[l, j]), None, {"through": (each(z[l + 1, m], neuron(m, l)),)}, NET, INSIDE
    ),
    "a set of a layer that is not there": Case(
        "chain-rule", Partial(C, z[l, j]), None, {"through": (each(z[l + 2, m], neuron(m, l + 2)),)}, NET, INSIDE
    ),
    "an expression": Case("chain-rule", Partial(mul(V, W), c), None, {"through": (V, W)}),
    "not a derivative": Case("chain-rule", V, None, {"through": (V,)}),
    "what is held": Case("chain-rule", Partial(Y, c, V), None, {"through": (V, W)}),
    # linearity, product, power, quotient, function
    "linearity of a quantity": Case("linearity", Partial(f[j], f[i]), None),
    "linearity of a product": Case("linearity", Partial(mul(f[j], f[k]), f[i]), None),
    "the product rule of a sum": Case("product-rule", Partial(add(f[j], g[j]), f[i]), None),
    "the product rule of a quantity": Case("product-rule", Partial(f[j], f[i]), None),
    "the power rule of a product": Case("power-rule", Partial(mul(f[j], g[j]), f[i]), None),
    "the power rule for a letter": Case("power-rule", Partial(power(f[j], k), f[i]), None),
    "the quotient rule of a product": Case("quotient-rule", Partial(mul(f[j], g[j]), f[i]), None),
    "the function rule of a quantity": Case("function-rule", Partial(f[j], f[i]), None),
    # leaf
    "a^{l+1} depends on a^l": Case(
        "leaf", Partial(a[l + 1, k], a[l, j]), None, {}, NET, (HIDDEN, neuron(j, l), neuron(k, l + 1))
    ),
    "h_t depends on h_{t-1}": Case("leaf", Partial(h[t], h[t - 1]), None, {}, TIME, ((t, TWO, T),)),
    "h_t may depend on d_s": Case("leaf", Partial(h[t], d[s]), None, {}, TIME, ((t, ONE, T), (s, ONE, T))),
    "Y depends on c": Case("leaf", Partial(Y, c), None),
    "an expression that depends on it": Case("leaf", Partial(mul(f[j], c), f[i]), None),
    # kronecker-collapse
    "a shorter range": Case("kronecker-collapse", total(mul(Delta(m, j), f[m]), (m, ONE, N - 1)), None),
    "a range of another layer": Case(
        "kronecker-collapse", total(Delta(m, j), neuron(m, l - 1)), None, {}, NET, (LAYER, neuron(j, l))
    ),
    "2k": Case("kronecker-collapse", total(mul(Delta(2 * m, j), f[m]), upto(m)), None),
    "a constant out of range": Case("kronecker-collapse", total(mul(Delta(m, 5), f[m]), (m, ONE, TWO)), None),
    "a constant that may be out of range": Case("kronecker-collapse", total(mul(Delta(m, 3), f[m]), upto(m)), None),
    "the lower end": Case("kronecker-collapse", total(mul(Delta(m, 0), f[m]), upto(m)), None),
    "one too many": Case("kronecker-collapse", total(mul(Delta(m, j + 1), f[m]), upto(m)), None),
    "a delta of other indices": Case("kronecker-collapse", total(mul(Delta(i, j), f[m]), upto(m)), None),
    "an index bound further in": Case(
        "kronecker-collapse", total(total(mul(Delta(m, p), M[m, p]), (p, ONE, m)), upto(m)), None
    ),
    "a delta in one of two terms": Case("kronecker-collapse", total(add(Delta(m, j), f[m]), upto(m)), None),
    "a delta inside a function": Case("kronecker-collapse", total(Fn("F", 0, Delta(m, j)), upto(m)), None),
    "a delta under a power": Case("kronecker-collapse", total(power(Delta(m, j), 0), upto(m)), None),
    "no delta": Case("kronecker-collapse", total(f[m], upto(m)), None),
    "no sum": Case("kronecker-collapse", mul(Delta(i, j), f[i]), None),
    # sums
    "split a product": Case("split-sum", total(mul(f[m], g[m]), upto(m)), None),
    "out, with the index": Case("factor-out", total(mul(f[m], g[m]), upto(m)), None),
    "out of a sum of terms": Case("factor-out", total(add(c, f[m]), upto(m)), None),
    "out, nothing left": Case("factor-out", total(mul(c, g[j]), upto(m)), None),
    "in, no sum": Case("factor-in", mul(c, f[j]), None),
    "in, a sum of terms": Case("factor-in", add(c, total(f[m], upto(m))), None),
    "exchange of dependent ranges": Case("exchange-sums", total(M[m, p], upto(m), (p, ONE, m)), None),
    "exchange of one sum": Case("exchange-sums", total(f[m], upto(m)), None),
    "rename what is no sum": Case("rename", f[j], None, {"letter": p}),
    "write out a symbolic range": Case("write-out", total(f[m], upto(m)), None),
    "write out an enormous range": Case("write-out", total(Delta(m, j), (m, ONE, Integer(10) ** 9)), None),
    # ring
    "a transposed matrix": Case("ring", M[j, k], None, {"to": M[k, j]}),
    "a transposed matrix under a sum": Case(
        "ring", total(mul(M[m, j], f[m]), upto(m)), None, {"to": total(mul(M[j, m], f[m]), upto(m))}
    ),
    "another range": Case("ring", total(f[m], upto(m)), None, {"to": total(f[m], (m, ONE, N - 1))}),
    "another layer for ring": Case("ring", b[l, j], None, {"to": b[2, j]}, NET, (LAYER, (j, ONE, ONE))),
    "a dropped factor": Case("ring", mul(c, f[j]), None, {"to": f[j]}),
    "+ for ·": Case("ring", mul(c, f[j]), None, {"to": add(c, f[j])}),
    "σ for σ'": Case("ring", Fn("F", 1, f[j]), None, {"to": Fn("F", 0, f[j])}),
    "the sum of a product for ring": Case(
        "ring", total(mul(f[m], g[m]), upto(m)), None, {"to": mul(total(f[m], upto(m)), total(g[m], upto(m)))}
    ),
    "an unknown index": Case("ring", mul(c, ZERO), None, {"to": mul(ZERO, f[p])} | {"to": add(f[p], negative(f[p]))}),
    "an index out of range": Case("ring", ZERO, None, {"to": add(f[j + 1], negative(f[j + 1]))}),
    "an unknown quantity": Case("ring", ZERO, None, {"to": add(Quantity("no")[j], negative(Quantity("no")[j]))}),
    "∂f/∂f without its derivative": Case("ring", Partial(Y, c), None, {"to": ONE}),
    "what is held and what is not": Case("ring", Partial(Y, c, V), None, {"to": Partial(Y, c)}),
}


def used(case: Case) -> Theorem:
    return rewrite(begin(case.network, case.limits, case.before), case.at, case.rule, **case.parameters)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_rule_turns_it_into(name: str) -> None:
    case = ACCEPTED[name]
    result = used(case)
    assert case.after is not None
    assert alpha_equal(result.statement.rhs, case.after) or _is_ring_equal(result, case.after), result.statement.rhs
    assert result.statement.lhs == case.before
    (step,) = result.derivation.steps
    assert (step.rule, step.at, step.before, step.after) == (case.rule, case.at, case.before, result.statement.rhs)
    assert step.reason == RULES[case.rule].reason
    check = check_exact(case.network, result.statement, result.limits)
    assert check.agrees, check.counterexample


def _is_ring_equal(result: Theorem, expr: Expr) -> bool:
    """The order of factors is the rule's own affair, save for the kind of node that comes out."""
    rhs = result.statement.rhs
    return (type(rhs) is type(expr) and sorted(map(str, rhs.args)) == sorted(map(str, expr.args))) or _reordered(
        rhs, expr
    )


def _reordered(left: Expr, right: Expr) -> bool:
    same_parts = len(left.atoms(Partial)) == len(right.atoms(Partial)) and left.atoms(Delta) == right.atoms(Delta)
    return same_parts and str(left.expand()) == str(right.expand())


@pytest.mark.parametrize("name", REFUSED)
def test_a_rule_refuses(name: str) -> None:
    case = REFUSED[name]
    start = begin(case.network, case.limits, case.before)  # what is refused is the step, not the expression
    with pytest.raises(BackpropError) as caught:
        rewrite(start, case.at, case.rule, **case.parameters)
    assert "\n" not in str(caught.value)


def test_every_rule_is_in_both_tables() -> None:
    elsewhere = {"theorem", "matrix-form", "induction"}  # below, and in test_forgery
    own = {name for name in RULES if name != "everything-is-nothing"} - elsewhere
    assert {case.rule for case in ACCEPTED.values()} == own
    assert {case.rule for case in REFUSED.values()} == own


def test_every_rule_says_what_and_why() -> None:
    for rule in RULES.values():
        assert rule.name
        assert rule.statement
        assert rule.reason.endswith(".")
        assert rule.source


# The chain rule names the path that its set misses

MISSED = {
    "V alone": (Partial(Y, c), (V,), TOY, FREE, "c -> W -> Y"),
    "W alone": (Partial(Y, c), (W,), TOY, FREE, "c -> V -> Y"),
    "one neuron of many": (
        Partial(C, z[l, j]),
        (z[l + 1, 1],),
        NET,
        INSIDE,
        "z[l, j] -> a[l, j] -> z[l + 1",
    ),
    "another layer": (
        Partial(C, z[l, j]),
        (each(z[l, m], (m, j + 1, n[l])),),
        NET,
        INSIDE,
        "z[l, j] -> a[l, j]",
    ),
    "all but the last time": (
        Partial(C, omega),
        (each(h[s], (s, ONE, T - 1)),),
        TIME,
        (),
        "omega -> h[T] -> C",
    ),
}


@pytest.mark.parametrize("name", MISSED)
def test_a_path_that_misses_the_set_is_named(name: str) -> None:
    before, through, network, limits, path = MISSED[name]
    with pytest.raises(Refused) as caught:
        rewrite(begin(network, limits, before), (), "chain-rule", through=through)
    assert caught.value.rule == "chain-rule"
    assert path.split(" -> ")[0] in caught.value.found
    assert path.split(" -> ")[-1].split("[")[0] in caught.value.found
    assert caught.value.remedy


# Hypotheses

NEEDS: dict[str, tuple[Case, set[tuple[str, object]]]] = {
    "the chain rule": (
        Case("chain-rule", Partial(C, omega), None, {"through": (each(h[s], (s, ONE, T)),)}, TIME, ()),
        {("differentiable", "phi"), ("differentiable", "C")},
    ),
    "any function": (
        Case("function-rule", Partial(Fn("F", 0, f[j]), f[i]), None),
        {("differentiable", "F")},
    ),
    "a second derivative": (
        Case("function-rule", Partial(Fn("F", 1, f[j]), f[i]), None),
        {("differentiable", "F'")},
    ),
    "exp": (Case("function-rule", Partial(Fn("exp", 0, f[j]), f[i]), None), set()),
    "log": (Case("function-rule", Partial(Fn("log", 0, f[j]), f[i]), None), {("positive", f[j])}),
    "log of an exponential": (
        Case("function-rule", Partial(Fn("log", 0, add(ONE, Fn("exp", 0, f[j]))), f[i]), None),
        set(),
    ),
    "relu": (Case("function-rule", Partial(Fn("relu", 0, f[j]), f[i]), None), {("nonzero", f[j])}),
    "the step": (Case("function-rule", Partial(Fn("step", 0, f[j]), f[i]), None), {("nonzero", f[j])}),
    "a power": (Case("power-rule", Partial(power(f[j], 3), f[i]), None), set()),
    "a negative power": (Case("power-rule", Partial(power(f[j], -2), f[i]), None), {("nonzero", f[j])}),
    "a broken power": (Case("power-rule", Partial(power(f[j], HALF), f[i]), None), {("positive", f[j])}),
    "a quotient": (Case("quotient-rule", Partial(quotient(f[j], g[j]), f[i]), None), {("nonzero", g[j])}),
    "cancelling": (Case("ring", quotient(f[j], f[j]), None, {"to": ONE}), {("nonzero", f[j])}),
    "dividing by a positive number": (
        Case(
            "ring",
            quotient(f[j], add(ONE, Fn("exp", 0, f[j]))),
            None,
            {"to": mul(power(add(Fn("exp", 0, f[j]), ONE), -1), f[j])},
        ),
        set(),
    ),
}


@pytest.mark.parametrize("name", NEEDS)
def test_a_rule_says_what_it_rests_on(name: str) -> None:
    case, needs = NEEDS[name]
    found = {(need.kind, need.subject) for need in used(case).hypotheses}
    assert found >= needs
    assert bool(found) == bool(needs)


# Places

PLACES: dict[str, tuple[Expr, tuple[int, ...]]] = {
    "what is differentiated by": (Partial(Y, V), (1,)),
    "what is held": (Partial(Y, c, V), (2,)),
    "a part that does not exist": (Y, (0, 0, 0)),
    "a negative number": (add(V, W), (-1,)),
    "a bound letter": (total(f[m], upto(m)), (1,)),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_place_that_is_no_scalar_is_refused(name: str) -> None:
    before, at = PLACES[name]
    start = begin(TOY, FREE, before)
    for rule in ("definition", "leaf"):
        with pytest.raises(BackpropError):
            rewrite(start, at, rule)


def test_a_lemma_is_not_used_inside_a_derivative() -> None:
    """V = c² where c is what it is; ∂V/∂V = 1 and ∂c²/∂V = 0."""
    lemma = rewrite(begin(TOY, (), V), (), "definition")
    with pytest.raises(Refused, match="outside derivatives"):
        rewrite(begin(TOY, (), Partial(V, V)), (0,), "theorem", lemma=lemma, given={})
    with pytest.raises(Refused):
        rewrite(begin(TOY, (), Partial(Y, V)), (1,), "theorem", lemma=lemma, given={})


def test_a_lemma_is_used_under_a_sum_for_its_index() -> None:
    lemma = rewrite(begin(TOY, (upto(j),), r[j]), (), "definition")
    start = begin(TOY, (), total(r[m], upto(m)))
    bound = start.statement.rhs.index
    result = rewrite(start, (0,), "theorem", lemma=lemma, given={j: bound})
    assert alpha_equal(result.statement.rhs, total(mul(f[m], g[m]), upto(m)))
    with pytest.raises(BackpropError):  # one neuron further
        rewrite(begin(TOY, (), total(r[m], (m, TWO, N))), (0,), "theorem", lemma=lemma, given={j: bound + 1})


# Matrix forms

SQUARE = total(mul(M[m, j], f[m]), upto(m))
FORMS: dict[str, tuple[Expr, Any, tuple[Any, ...], bool]] = {
    "a transpose": (SQUARE, MatrixProduct(Transposed(Whole(M)), Whole(f)), (j,), True),
    "a missing transpose": (SQUARE, MatrixProduct(Whole(M), Whole(f)), (j,), False),
    "no transpose": (total(mul(M[j, m], f[m]), upto(m)), MatrixProduct(Whole(M), Whole(f)), (j,), True),
    "a transpose too many": (
        total(mul(M[j, m], f[m]), upto(m)),
        MatrixProduct(Transposed(Whole(M)), Whole(f)),
        (j,),
        False,
    ),
    "entry by entry": (mul(f[j], g[j]), Hadamard(Whole(f), Whole(g)), (j,), True),
    "a product for ⊙": (mul(f[j], g[j]), MatrixProduct(Whole(f), Whole(g)), (j,), False),
    "an outer product": (mul(f[j], g[k]), MatrixProduct(Whole(f), Transposed(Whole(g))), (j, k), True),
    "an outer product turned": (mul(f[j], g[k]), MatrixProduct(Whole(g), Transposed(Whole(f))), (j, k), False),
    "an outer product without its row": (mul(f[j], g[k]), MatrixProduct(Whole(f), Whole(g)), (j, k), False),
    "a function": (Fn("F", 1, f[j]), Map("F", ONE, Whole(f)), (j,), True),
    "a function without its prime": (Fn("F", 1, f[j]), Map("F", ZERO, Whole(f)), (j,), False),
    "a scalar times": (mul(c, f[j]), Scaled(c, Whole(f)), (j,), True),
    "the letters turned": (M[j, k], Whole(M), (k, j), False),
    "one letter too few": (M[j, k], Whole(M), (j,), False),
    "one letter too many": (f[j], Whole(f), (j, k), False),
    "a letter that is not free": (f[j], Whole(f), (p,), False),
    "another vector": (f[j], Whole(g), (j,), False),
    "a gradient": (Partial(Y, f[j]), Nabla(Y, Whole(f)), (j,), True),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_matrix_form_is_accepted_if_its_entries_are_the_sides(name: str) -> None:
    side, array, letters, good = FORMS[name]
    start = begin(TOY, tuple(map(upto, sorted(side.free_symbols & {j, k}, key=str))), side)
    if good:
        closed = matrix_form(start, array, array, letters)
        assert closed.matrix is not None
        assert closed.matrix.rhs == array
        with pytest.raises(Refused):  # a closed theorem is not rewritten further
            rewrite(closed, (), "ring", to=side)
        return
    with pytest.raises(BackpropError):
        matrix_form(start, array, array, letters)


def test_shapes_have_to_fit_at_all_sizes() -> None:
    """w^{l+1} is n_{l+1} by n_l: the product that fits only square ones is refused, whatever the numbers are."""
    side = total(mul(w[l + 1, k, j], delta[l + 1, k]), neuron(k, l + 1))
    good = MatrixProduct(Transposed(Whole(w, l + 1)), Whole(delta, l + 1))
    bad = MatrixProduct(Whole(w, l + 1), Whole(delta, l + 1))
    for net in (NET, mlp((2, 3, 2)), mlp((2, 2, 2))):
        start = begin(net, (HIDDEN, neuron(j, l)), side)
        assert matrix_form(start, good, good, (j,)).matrix is not None
        with pytest.raises(BackpropError):
            matrix_form(start, bad, bad, (j,))


# Induction


def test_an_induction_upwards() -> None:
    """h_t = h_t for all t in 0..T, from 0 upwards; without the base there is none."""
    step = begin(TIME, ((t, ONE, T),), h[t])
    assert induction(begin(TIME, (), h[0]), step, t, upwards=True).limits == ((t, ZERO, T),)
    with pytest.raises(BackpropError):
        induction(begin(TIME, (), h[1]), step, t, upwards=True)
    with pytest.raises(BackpropError):
        induction(begin(TIME, (), h[T]), step, t)


def test_an_induction_rests_on_what_its_base_and_its_step_rest_on() -> None:
    def detour(theorem: Theorem, by: Expr) -> Theorem:
        """The same theorem by way of a division."""
        side = theorem.statement.rhs
        return rewrite(rewrite(theorem, (), "ring", to=mul(side, by, power(by, -1))), (), "ring", to=side)

    base = detour(begin(TIME, (), h[0]), omega)
    step = detour(begin(TIME, ((t, ONE, T),), h[t]), d[1])
    found = {need.subject for need in induction(base, step, t, upwards=True).hypotheses}
    assert found == {omega, d[1]}
