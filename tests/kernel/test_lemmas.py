"""Lemmas, assumptions and inductions: a theorem says no more than was proved, and forgets nothing that it rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kernel.proofs import BP, NET, ONE, TWO, ZERO, neuron
from sympy import Expr, Integer

from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import BackpropError, Refused
from backprop_proofs.kernel.theorem import Theorem, assume, begin, induction, matrix_form, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Partial, Quantity, Ref, mul, negative
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.matrices import Whole
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, mlp, n, z

m = index("m")

# Lemmas and assumptions


def test_a_lemma_of_another_network_is_refused() -> None:
    """Even of one with the same equations: only the network itself will do."""
    other = prove("bp1", replace(mlp()))
    start = begin(NET, (neuron(j, L),), delta[L, j])
    with pytest.raises(Refused, match="same network"):
        rewrite(start, (), "theorem", lemma=other, given={})
    assert rewrite(start, (), "theorem", lemma=BP["bp1"], given={}).statement == BP["bp1"].statement


FIRST: Limit = (j, ONE, ONE)
NARROW: dict[str, tuple[tuple[Limit, ...], Expr, Expr]] = {
    "[j = 2] = 0 for j in 1..1": ((FIRST,), Delta(j, TWO), ZERO),
    "[l = L] = 0 for l in 2..L-1": (((l, TWO, L - 1),), Delta(l, L), ZERO),
    "[l = 2] = 0 for l in 3..L": (((l, Integer(3), L),), Delta(l, TWO), ZERO),
    "[j = k] = 0 for k in j+1..n_L": ((neuron(j, L), (k, j + 1, n[L])), Delta(j, k), ZERO),
}
OUT_OF_RANGE: dict[str, tuple[str, Expr, tuple[Limit, ...], dict[Any, Any]]] = {
    "a neuron beyond the last": ("[j = 2] = 0 for j in 1..1", Delta(TWO, TWO), (), {j: TWO}),
    "a neuron that may be beyond": ("[j = 2] = 0 for j in 1..1", Delta(k, TWO), (neuron(k, L),), {j: k}),
    "a letter of the same name with a wider range": (
        "[j = 2] = 0 for j in 1..1",
        Delta(j, TWO),
        (neuron(j, L),),
        {},
    ),
    "neuron 0": ("[j = 2] = 0 for j in 1..1", Delta(ZERO, TWO), (), {j: ZERO}),
    "the last layer": ("[l = L] = 0 for l in 2..L-1", Delta(L, L), (), {l: L}),
    "a layer that may be the last": ("[l = L] = 0 for l in 2..L-1", Delta(l, L), ((l, TWO, L),), {}),
    "the first layer of all": ("[l = 2] = 0 for l in 3..L", Delta(TWO, TWO), (), {l: TWO}),
    "a range that depends on another value": (
        "[j = k] = 0 for k in j+1..n_L",
        Delta(k, k),
        (neuron(k, L),),
        {j: k},
    ),
}


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_a_lemma_is_not_used_out_of_its_range(what: str) -> None:
    name, left, limits, given = OUT_OF_RANGE[what]
    ranges, before, after = NARROW[name]
    lemma = rewrite(begin(NET, ranges, before), (), "ring", to=after)
    start = begin(NET, limits, left)
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=lemma, given=given)


def test_a_lemma_is_used_at_both_ends_of_its_range() -> None:
    ranges, before, after = NARROW["[l = L] = 0 for l in 2..L-1"]
    lemma = rewrite(begin(NET, ranges, before), (), "ring", to=after)
    for start in (begin(NET, ((m, Integer(3), L),), Delta(m - 1, L)), begin(NET, ((m, TWO, L - 1),), Delta(m, L))):
        assert rewrite(start, (), "theorem", lemma=lemma, given={l: start.statement.lhs.args[0]}).statement.rhs == ZERO


UNSAID: dict[str, tuple[str, Expr, tuple[Limit, ...], dict[Any, Any]]] = {
    "bp2 at the last layer": ("bp2", delta[L, j], (neuron(j, L),), {l: L}),
    "bp2 at a layer that may be the last": ("bp2", delta[l, j], ((l, TWO, L), neuron(j, l)), {}),
    "bp1 at a hidden layer": ("bp1", delta[l, j], ((l, TWO, L), neuron(j, l)), {}),
    "bp3 for another scalar": ("bp3", Partial(C, z[l, j]), ((l, TWO, L), neuron(j, l)), {}),
    "bp4 with its indices turned": (
        "bp4",
        Partial(C, Quantity("w", 1)[2, 1, 1]),
        (),
        {l: TWO, j: ONE, k: TWO},
    ),
}


@pytest.mark.parametrize("what", UNSAID)
def test_a_lemma_is_not_used_for_what_it_does_not_say(what: str) -> None:
    name, left, limits, given = UNSAID[what]
    start = begin(NET, limits, left)
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=BP[name], given=given)


def test_a_lemma_is_given_values_for_its_own_letters_only() -> None:
    start = begin(NET, (neuron(j, L),), delta[L, j])
    for strange in ({k: ONE}, {n[L]: TWO}, {L: TWO}, {z[L, j]: ONE}, {C: ONE}):
        with pytest.raises(BackpropError):
            rewrite(start, (), "theorem", lemma=BP["bp1"], given=strange)


def test_a_lemma_is_used_where_it_stands_only() -> None:
    start = begin(NET, ((l, TWO, L), neuron(j, l)), Partial(a[l, j], z[l, j]))
    lemma = rewrite(begin(NET, ((l, TWO, L), neuron(j, l)), a[l, j]), (), "definition")
    with pytest.raises(Refused, match="outside derivatives"):
        rewrite(start, (0,), "theorem", lemma=lemma, given={})
    with pytest.raises(Refused):
        rewrite(start, (1,), "theorem", lemma=lemma, given={})


LAYERS: Limit = (l, TWO, L - 1)


def claimed(at: Any, times: int = 1) -> Equation:
    """δ^at_j = times · δ^at_j, a claim that is false for times other than 1 and easy to hand on."""
    return Equation(delta[at, j], delta[at, j] if times == 1 else mul(Integer(times), delta[at, j]))


def step_from(assumed: Theorem) -> Theorem:
    """δ^l_j = ... by bp2, with the assumption used on the right."""
    step = rewrite(begin(NET, (LAYERS, neuron(j, l)), delta[l, j]), (), "theorem", lemma=BP["bp2"], given={})
    places = [(place, part) for place, part in _parts(step.statement.rhs) if getattr(part, "quantity", None) == delta]
    (at, part), *_ = places
    return rewrite(step, at, "theorem", lemma=assumed, given={j: part.indices[1]})


def _parts(expr: Any, path: tuple[int, ...] = ()) -> Any:
    yield path, expr
    if not isinstance(expr, Ref):
        for number, part in enumerate(expr.args):
            if isinstance(part, Expr):
                yield from _parts(part, (*path, number))


def assumption(times: int = 2) -> Theorem:
    return assume(NET, (neuron(j, l + 1),), claimed(l + 1, times), fixed=(LAYERS,))


def test_an_assumption_stays_with_all_that_uses_it() -> None:
    assumed = assumption()
    assert len(assumed.assumptions) == 1
    step = step_from(assumed)
    assert step.assumptions == assumed.assumptions
    further = rewrite(begin(NET, (LAYERS, neuron(j, l)), delta[l, j]), (), "theorem", lemma=step, given={})
    assert further.assumptions == assumed.assumptions
    product = mul(delta[l, j], z[l, j])
    part = rewrite(begin(NET, (LAYERS, neuron(j, l)), product), (0,), "theorem", lemma=step, given={})
    assert rewrite(part, (), "ring", to=part.statement.rhs).assumptions == assumed.assumptions


def test_an_assumption_stays_through_a_matrix_form() -> None:
    assumed = assume(NET, (neuron(j, L),), Equation(delta[L, j], z[L, j]), fixed=())
    t = rewrite(begin(NET, (neuron(j, L),), delta[L, j]), (), "theorem", lemma=assumed, given={})
    closed = matrix_form(t, Whole(Quantity("delta", 1), L), Whole(Quantity("z", 1), L), (j,))
    assert closed.assumptions == assumed.assumptions != ()


def test_the_fixed_letters_of_an_assumption_are_not_given_values() -> None:
    """δ^{l+1} = 2δ^{l+1} was taken for granted at one l, so it says nothing at another."""
    start = begin(NET, (LAYERS, neuron(j, L)), delta[L, j])
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=assumption(), given={l: L - 1})
    step = step_from(assumption())
    at = ((l, TWO, L - 2), neuron(j, l + 1))
    with pytest.raises(Refused):
        rewrite(begin(NET, at, delta[l + 1, j]), (), "theorem", lemma=step, given={l: l + 1})


def base(at: Any = L, limits: tuple[Limit, ...] | None = None, net: Network = NET) -> Theorem:
    return begin(net, (neuron(j, at),) if limits is None else limits, delta[at, j])


def plain(limits: tuple[Limit, ...] = (LAYERS, neuron(j, l)), net: Network = NET) -> Theorem:
    """δ^l_j = δ^l_j, a step that needs no assumption."""
    return begin(net, limits, delta[l, j])


INDUCTIONS: dict[str, Callable[[], Theorem]] = {
    "a base at another layer": lambda: induction(base(2), plain(), l),
    "a base for fewer neurons": lambda: induction(base(limits=((j, ONE, ONE),)), plain(), l),
    "a base with a letter more": lambda: induction(base(limits=(neuron(j, L), neuron(k, L))), plain(), l),
    "a base of another statement": lambda: induction(BP["bp1"], plain(), l),
    "a base of another network": lambda: induction(base(net=replace(mlp())), plain(), l),
    "a step over no such letter": lambda: induction(base(), plain(), k),
    "a step with a hole before the end": lambda: induction(base(), plain(((l, TWO, L - 2), neuron(j, l))), l),
    "a step that assumes something else": lambda: induction(base(), step_from(assumption()), l),
    "a base that assumes": lambda: induction(assume(NET, (neuron(j, L),), claimed(L), fixed=()), plain(), l),
    "a step that assumes itself": lambda: induction(
        base(), assume(NET, (neuron(j, l),), claimed(l), fixed=(LAYERS,)), l
    ),
    "a step that assumes one layer too far": lambda: induction(
        base(), _from_equal(assume(NET, (neuron(j, l - 1),), claimed(l - 1), fixed=((l, Integer(3), L - 1),))), l
    ),
    "a range without end": lambda: induction(base(), plain(((l, TWO, None), neuron(j, l))), l),
}


def _from_equal(assumed: Theorem) -> Theorem:
    """A theorem about δ^l that depends on an assumption about another layer."""
    start = begin(NET, ((l, Integer(3), L - 1), neuron(j, l - 1)), delta[l - 1, j])
    return rewrite(start, (), "theorem", lemma=assumed, given={})


@pytest.mark.parametrize("what", INDUCTIONS)
def test_an_induction_that_does_not_fit_is_refused(what: str) -> None:
    with pytest.raises(BackpropError):
        INDUCTIONS[what]()


def test_an_induction_that_fits_drops_its_assumption_and_no_hypothesis() -> None:
    t = prove("backward-pass", NET)
    step = t.derivation.steps[-1].parameters["lemma"]
    assert len(step.assumptions) == 1
    assert t.assumptions == ()
    assert set(step.hypotheses) <= set(t.hypotheses)
    assert t.limits[0] == (l, TWO, L)


def test_a_false_claim_is_not_proved_by_an_induction_over_itself() -> None:
    """δ = 2δ at every layer: the step holds under its assumption, and the base at L is what is missing."""
    step = assume(NET, (neuron(j, l + 1),), claimed(l + 1, 2), fixed=(LAYERS,))
    with pytest.raises(BackpropError):
        induction(base(), step, l)
    with pytest.raises(BackpropError):
        induction(step, step, l)


def test_an_assumption_out_of_range_is_malformed() -> None:
    with pytest.raises(BackpropError):
        assume(NET, (neuron(j, l + 1),), claimed(l + 1), fixed=((l, TWO, L),))
    with pytest.raises(BackpropError):
        assume(NET, (), Equation(delta[L, j], ZERO), fixed=())


def test_a_sum_hides_no_assumption() -> None:
    assumed = assume(NET, (neuron(j, L),), Equation(delta[L, j], negative(delta[L, j])), fixed=())
    total = begin(NET, (), sum_over(delta[L, k], neuron(k, L)))
    used = rewrite(total, (0,), "theorem", lemma=assumed, given={j: total.statement.rhs.index})
    assert used.assumptions == assumed.assumptions


def test_a_lemma_that_rests_on_a_hypothesis_hands_it_on() -> None:
    relu = mlp(activation="relu")
    bp1 = prove("bp1", relu)
    start = begin(relu, (neuron(j, L),), delta[L, j])
    assert set(bp1.hypotheses) <= set(rewrite(start, (), "theorem", lemma=bp1, given={}).hypotheses)


def test_two_definitions_of_one_quantity_do_not_make_a_network() -> None:
    twice = Network(
        "twice", {"a": ()}, (Definition(Ref(Quantity("a")), (), ONE), Definition(Ref(Quantity("a")), (), TWO))
    )
    with pytest.raises(BackpropError):
        begin(twice, (), Ref(Quantity("a")))
