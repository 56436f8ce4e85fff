"""Every rule by a table: what it turns an expression into, and what it must refuse."""

from __future__ import annotations

import pytest
from kernel.toys import (
    HERE,
    HIDDEN,
    INSIDE,
    LAYER,
    NET,
    ONE,
    THREE,
    TIME,
    TOY,
    TWO,
    ZERO,
    Case,
    M,
    N,
    T,
    V,
    W,
    Y,
    c,
    d,
    f,
    g,
    h,
    i,
    m,
    neuron,
    omega,
    p,
    q,
    r,
    s,
    sigma,
    t,
    total,
    upto,
    used,
)
from sympy import Expr, Integer

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import BackpropError
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import alpha_equal, each
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    Opaque,
    Partial,
    Quantity,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, w, x, z

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
    "shares": Case("shares-add-to-one", mul(total(f[m], upto(m)), power(total(f[p], upto(p)), -1)), ONE),
    "shares, times a constant": Case(
        "shares-add-to-one", mul(c, total(f[m], upto(m)), power(total(f[m], upto(m)), -1)), c
    ),
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
    "a set with a name beside all that is needed": Case(
        "chain-rule",
        Partial(C, z[l, j]),
        None,
        {"through": (each(z[l + 1, m], neuron(m, l + 1)), each(delta[l + 1, m], neuron(m, l + 1)))},
        NET,
        INSIDE,
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
    "an unspecified function of it": Case("leaf", Partial(Opaque("F", each(f[m], upto(m))), f[i]), None),
    "an unspecified function of what depends on it": Case("ring", Partial(Opaque("F", Y), c), None, {"to": ZERO}),
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
    "shares of another whole": Case(
        "shares-add-to-one", mul(total(f[m], upto(m)), power(total(g[m], upto(m)), -1)), None
    ),
    "shares of a longer whole": Case(
        "shares-add-to-one", mul(total(f[m], (m, TWO, N)), power(total(f[m], upto(m)), -1)), None
    ),
    "shares over the whole squared": Case(
        "shares-add-to-one", mul(total(f[m], upto(m)), power(total(f[m], upto(m)), -2)), None
    ),
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
    "what may be held, as if it were": Case("ring", Partial(mul(TWO, r[j]), f[j], r[i]), None, {"to": ZERO}),
    "what may be held, as if it were not": Case(
        "ring", Partial(mul(TWO, r[j]), f[j], r[i]), None, {"to": mul(TWO, Partial(r[j], f[j], r[i]))}
    ),
    "what is held and what is not": Case("ring", Partial(Y, c, V), None, {"to": Partial(Y, c)}),
}


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
