"""The gradient of a recurrent network, given only as equations: the weights are shared over time.

The truth is worked out by hand in plain SymPy where it can be, else by exact instances.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from random import Random

import pytest
import sympy
from derivation.equations import (
    COLUMN,
    COST,
    INPUT,
    ONE,
    ROW,
    TIME,
    ZERO,
    T,
    U,
    W,
    h,
    is_right,
    j,
    k,
    m,
    n,
    t,
    tanh,
    x,
    y,
    z,
)
from evidence.statements import recurrent
from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.derivation.derive import derive
from backprop_proofs.evidence.concrete import Concrete
from backprop_proofs.evidence.raw import Writer, check_raw
from backprop_proofs.language.binding import alpha_equal, each, sum_over
from backprop_proofs.language.expressions import Fn, IndexSum, Opaque, Partial, Ref, add, mul, negative, power
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, Network


def by_equations(cost: Expr, activation: Callable[[Expr], Expr], named: bool = True) -> Network:
    """h_{t,j} = φ(Σ_k W_{jk} h_{t-1,k} + Σ_k U_{jk} x_{t,k}), the weights shared over time."""
    inside = add(sum_over(mul(W[j, k], h[t - 1, k]), COLUMN), sum_over(mul(U[j, k], x[t, k]), INPUT))
    families = {
        "x": (TIME, INPUT),
        "h": ((t, ZERO, T), ROW),
        "z": (TIME, ROW),
        "W": (ROW, COLUMN),
        "U": (ROW, INPUT),
        "y": (TIME, ROW),
        "C": (),
    }
    states = (
        (Definition(z[t, j], (TIME, ROW), inside), Definition(h[t, j], (TIME, ROW), activation(z[t, j])))
        if named
        else (Definition(h[t, j], (TIME, ROW), activation(inside)),)
    )
    if not named:
        del families["z"]
    sizes = tuple((size, ONE, None) for size in (T, n, m))
    return Network("recurrent", families, (*states, Definition(COST, (), cost)), parameters=sizes)


SQUARES = sum_over(power(add(h[t, j], negative(y[t, j])), 2), TIME, ROW)
LAST = sum_over(power(h[T, j], 2), ROW)
RECURRENT = {
    "a cost of all states": by_equations(SQUARES, tanh),
    "a cost of the last state": by_equations(LAST, tanh),
    "any activation": by_equations(SQUARES, lambda u: Fn("phi", 0, u)),
    "any cost": by_equations(Opaque("C", each(h[t, j], TIME, ROW)), tanh),
    "states without a name for what is inside": by_equations(SQUARES, lambda u: Fn("phi", 0, u), named=False),
}


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("weight", ["W", "U"])
def test_a_shared_weight_gets_its_sum_over_time(name: str, weight: str) -> None:
    theorem = derive(RECURRENT[name], weight)
    is_right(theorem)
    rhs = theorem.statement.rhs
    sums = [part for part in rhs.atoms(IndexSum) if part.limit[1:] == (ONE, T)]
    assert sums, rhs
    used = h[index("t") - 1, k].quantity if weight == "W" else x
    assert any(ref.quantity == used for total in sums for ref in total.atoms(Ref))


@pytest.mark.parametrize("name", RECURRENT)
def test_the_chain_rule_holds_the_other_times_fixed(name: str) -> None:
    """The factors are immediate partials ∂⁺z_t/∂W: all other states are held."""
    theorem = derive(RECURRENT[name], "W")
    step = next(step for step in theorem.derivation.steps if step.rule == "chain-rule")
    immediate = [part for part in step.after.atoms(Partial) if part.wrt.quantity == W]
    assert immediate
    assert all(part.held for part in immediate)
    assert "held fixed" in step.note


def by_hand(steps: int, width: int, inputs: int, entry: tuple[int, int]) -> tuple[Expr, Expr]:
    """∂C/∂W_{entry} at T = `steps`: by plain SymPy, and Σ_t ∂C/∂z_{t,i} h_{t-1,k}, the errors by plain SymPy too."""
    weight = sympy.Matrix(width, width, lambda a, b: Symbol(f"W{a}{b}"))
    into = sympy.Matrix(width, inputs, lambda a, b: Symbol(f"U{a}{b}"))
    state = sympy.Matrix(width, 1, lambda a, _: Symbol(f"h0{a}"))
    bumps, states, cost = [], [state], Integer(0)
    for time in range(1, steps + 1):
        given = sympy.Matrix(inputs, 1, lambda a, _, time=time: Symbol(f"x{time}{a}"))
        bump = sympy.Matrix(width, 1, lambda a, _, time=time: Symbol(f"e{time}{a}"))
        bumps.append(bump)
        state = (weight * states[-1] + into * given + bump).applyfunc(sympy.tanh)
        states.append(state)
        cost += sum((state[a] - Symbol(f"y{time}{a}")) ** 2 for a in range(width))
    still = {symbol: 0 for bump in bumps for symbol in bump}
    row, column = entry
    whole = sympy.diff(cost, weight[row, column]).xreplace(still)
    over_time = sum(
        sympy.diff(cost, bumps[time][row]).xreplace(still) * states[time][column].xreplace(still)
        for time in range(steps)
    )
    return whole, over_time


def test_the_sum_over_time_is_right_by_hand() -> None:
    """The formula that `derive` finds, Σ_t ∂C/∂z_{t,j} h_{t-1,k}, is plain SymPy's derivative at T = 3."""
    theorem = derive(RECURRENT["a cost of all states"], "W")
    s = index("s")
    factors = (Partial(COST, z[s, j]), h[s - 1, k])
    assert theorem.statement.lhs == Partial(COST, W[j, k])
    assert any(
        alpha_equal(theorem.statement.rhs, sum_over(mul(*order), (s, ONE, T))) for order in (factors, factors[::-1])
    )
    random = Random(1)
    for entry in product(range(2), range(2)):
        whole, over_time = by_hand(3, 2, 2, entry)
        point = {
            s: Rational(random.randint(-9, 9), 7) for s in sorted(whole.free_symbols | over_time.free_symbols, key=str)
        }
        left, right = whole.xreplace(point).evalf(40), over_time.xreplace(point).evalf(40)
        assert left != 0
        assert abs(left - right) < Rational(1, 10**30)


def test_the_right_side_written_out_is_plain_sympys_derivative() -> None:
    """Nothing is read by eye: both sides as one plain expression at T = 3, widths 2 and 1, and `diff`."""
    net = by_equations(SQUARES, lambda u: Fn("phi", 0, u))
    theorem = derive(net, "W")
    sizes = {T: 3, n: 2, m: 1}
    check = check_raw(net, theorem.statement, theorem.limits, sizes=sizes)
    assert check.agrees
    assert check.comparisons == 4
    writer = Writer(Concrete(net, sizes), False)
    letters = {letter: 1 for letter, _, _ in theorem.limits}
    cost = writer.write(COST, letters)
    weight = next(s for s in cost.free_symbols if s.name.startswith("W") and s.name.endswith("1_1"))
    assert sympy.expand(cost.diff(weight) - writer.write(theorem.statement.rhs, letters)) == 0


def test_the_recurrent_network_of_the_evidence_is_derived_too() -> None:
    for whole in (True, False):
        for weight in ("W", "U"):
            is_right(derive(recurrent(whole), weight))
