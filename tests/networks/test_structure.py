"""What is read off a network's equations: its cost, its quantities, the indices that count layers or time."""

from __future__ import annotations

import pytest
from derivation.equations import COLUMN, COST, ONE, ROW, TIME, ZERO, T, W, h, j, k, n, t, x
from evidence.statements import recurrent
from sympy import Symbol

from backprop_proofs.derivation.cuts import is_recursive
from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Fn, Quantity, Ref, mul
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.mlp import L, l, layers, mlp, neurons
from backprop_proofs.networks.structure import (
    cost_of,
    cost_or_none,
    letters_of_ranges,
    quantities_of,
    renamed_limits,
    stages_of,
)

A, B = Ref(Quantity("A")), Ref(Quantity("B"))


def network(*definitions: Definition) -> Network:
    families: dict[str, tuple[Limit, ...]] = {"x": (ROW,), "W": (ROW, COLUMN), "A": (), "B": ()}
    return Network("net", families, definitions, parameters=((n, ONE, None),))


ONE_COST = network(Definition(A, (), sum_over(x[j], ROW)), Definition(B, (), Fn("f", 0, A)))
NO_COST = network()
TWO_COSTS = network(Definition(A, (), sum_over(x[j], ROW)), Definition(B, (), sum_over(x[j], ROW)))


def test_the_cost_is_the_one_scalar_that_nothing_uses() -> None:
    assert cost_of(ONE_COST) == cost_or_none(ONE_COST) == B
    assert cost_of(mlp()) == cost_of(recurrent(True)) == COST


@pytest.mark.parametrize(("net", "found"), [(NO_COST, "found none"), (TWO_COSTS, "found A, B")])
def test_without_one_cost_there_is_none(net: Network, found: str) -> None:
    assert cost_or_none(net) is None
    with pytest.raises(InvalidInput, match=found):
        cost_of(net)


def test_layers_are_the_stages_of_the_perceptron_and_neurons_are_not() -> None:
    stages = {slot for slot in stages_of(mlp()) if slot[0] in mlp().families}
    assert stages == {("w", 0), ("b", 0), ("z", 0), ("a", 0)}


def test_time_is_the_stage_of_a_recurrent_network() -> None:
    state = Definition(h[t, j], (TIME, ROW), Fn("f", 0, sum_over(mul(W[j, k], h[t - 1, k]), COLUMN)))
    net = Network(
        "recurrent",
        {"W": (ROW, COLUMN), "h": ((t, ZERO, T), ROW)},
        (state,),
        parameters=((n, ONE, None), (T, ONE, None)),
    )
    assert stages_of(net) == {("h", 0)}
    assert is_recursive(net, "h")
    assert not is_recursive(net, "W")


def test_stages_are_found_once_for_a_network() -> None:
    net = mlp()
    assert stages_of(net) is stages_of(net)


def test_the_quantities_are_those_of_the_equations() -> None:
    known = quantities_of(mlp())
    assert known["w"] == Quantity("w", 1)
    assert {"w", "b", "z", "a", "x", "C", "delta"} <= known.keys()
    assert "W" not in quantities_of(ONE_COST)


def test_renaming_reaches_the_ends_of_later_ranges() -> None:
    q: Symbol = index("q")
    limits = (layers(L), neurons(j, l), neurons(k, l - 1))
    assert letters_of_ranges(limits) == {L, l}
    low, high = limits[0][1:]
    assert renamed_limits(limits, {l: q}) == ((q, low, high), neurons(j, q), neurons(k, q - 1))
    assert renamed_limits(limits, {}) == limits
