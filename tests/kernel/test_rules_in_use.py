"""What a rule says when it is used: the path that a set misses, its hypotheses, its places; matrix forms, induction."""

from __future__ import annotations

from typing import Any

import pytest
from kernel.toys import (
    FREE,
    HALF,
    HIDDEN,
    INSIDE,
    NET,
    ONE,
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
    r,
    s,
    t,
    total,
    upto,
    used,
)
from sympy import Expr

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import BackpropError, Refused
from backprop_proofs.kernel.theorem import Theorem, begin, induction, matrix_form, rewrite
from backprop_proofs.language.binding import alpha_equal, each
from backprop_proofs.language.expressions import (
    Fn,
    Partial,
    add,
    mul,
    power,
    quotient,
)
from backprop_proofs.language.matrices import Hadamard, Map, MatrixProduct, Nabla, Scaled, Transposed, Whole
from backprop_proofs.networks.mlp import C, delta, j, k, l, mlp, n, w, z

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


def test_a_vector_is_equal_only_if_all_of_its_entries_are() -> None:
    """f_j = f_j for j in 2..N says nothing of f_1; nor does it for j in 1..N-1 say anything of f_N."""
    for ends in ((TWO, N), (ONE, N - 1)):
        with pytest.raises(BackpropError):
            matrix_form(begin(TOY, ((j, *ends),), f[j]), Whole(f), Whole(f), (j,))


# Induction


def test_an_induction_starts_at_the_end_of_its_range() -> None:
    """h_t = h_t for all t in 0..T, from T downwards; without the base there is none."""
    step = begin(TIME, ((t, ZERO, T - 1),), h[t])
    assert induction(begin(TIME, (), h[T]), step, t).limits == ((t, ZERO, T),)
    for base in (begin(TIME, (), h[0]), begin(TIME, (), h[T - 1])):
        with pytest.raises(BackpropError):
            induction(base, step, t)


def test_an_induction_rests_on_what_its_base_and_its_step_rest_on() -> None:
    def detour(theorem: Theorem, by: Expr) -> Theorem:
        """The same theorem by way of a division."""
        side = theorem.statement.rhs
        return rewrite(rewrite(theorem, (), "ring", to=mul(side, by, power(by, -1))), (), "ring", to=side)

    base = detour(begin(TIME, (), h[T]), omega)
    step = detour(begin(TIME, ((t, ZERO, T - 1),), h[t]), d[1])
    found = {need.subject for need in induction(base, step, t).hypotheses}
    assert found == {omega, d[1]}
