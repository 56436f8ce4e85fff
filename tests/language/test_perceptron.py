"""The perceptron as a network: widths, depth, activation, cost, batch and labels; bad ones are refused in one line."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Integer, Rational

from backprop_proofs.errors import BackpropError, InvalidInput, UnknownName
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS
from backprop_proofs.networks.mlp import L, m, mlp, n, y


@pytest.mark.parametrize(
    ("widths", "found"),
    [
        ((), "found 0"),
        ((3,), "found 1"),
        ((2, 0), "found 0"),
        ((2, -1, 2), "found -1"),
        ((2, 2.0), "found 2.0"),
        ((2, 2.5), "found 2.5"),
        ((2, True), "found True"),
        ((2, "3"), "found '3'"),
        ((2, None), "found None"),
        ("2,3", "found '2'"),
        ((2, float("nan")), "found nan"),
        (5, "found 5"),
    ],
)
def test_widths_that_are_none(widths: Any, found: str) -> None:
    with pytest.raises(InvalidInput, match=r"^widths: expected ") as error:
        mlp(widths=widths)
    assert found in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("depth", [1, 0, -3, 2.0, True, "3"])
def test_a_depth_that_is_none(depth: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^depth: expected a whole number of at least 2 layers; found "):
        mlp(depth=depth)


def test_a_depth_that_the_widths_deny() -> None:
    with pytest.raises(InvalidInput, match="expected 3 layers, as depth says"):
        mlp(widths=(2, 2), depth=3)
    assert mlp(widths=(2, 2), depth=2).sizes == mlp(widths=(2, 2)).sizes


@pytest.mark.parametrize(
    ("setting", "name", "nearest"),
    [
        ("activation", "sigmod", "sigmoid"),
        ("activation", "Tanh", "tanh"),
        ("activation", "reLU", "relu"),
        ("activation", "qqqqq", None),
        ("cost", "quadratik", "quadratic"),
        ("cost", "", None),
    ],
)
def test_an_unknown_name_gets_the_nearest_one(setting: str, name: str, nearest: str | None) -> None:
    settings: dict[str, Any] = {setting: name}
    with pytest.raises(UnknownName) as error:
        mlp(**settings)
    assert error.value.nearest == nearest
    assert f"unknown {setting} {name!r}: " in str(error.value)
    assert ("did you mean" if nearest else "known: any, ") in str(error.value)


@pytest.mark.parametrize("setting", ["activation", "cost"])
@pytest.mark.parametrize("name", [None, 3, ["sigmoid"]])
def test_what_is_no_name_is_refused(setting: str, name: Any) -> None:
    with pytest.raises(BackpropError):
        mlp(**{setting: name})


@pytest.mark.parametrize("widths", [(2, 3, 2), [2, 3, 2], (Integer(2), 3, Integer(2)), map(int, "232")])
def test_widths_become_sizes(widths: Any) -> None:
    assert dict(mlp(widths=widths).sizes) == {L: 3, n[1]: 2, n[2]: 3, n[3]: 2}


def test_what_is_not_given_stays_open() -> None:
    assert dict(mlp().sizes) == {}
    assert dict(mlp(depth=4).sizes) == {L: 4}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("widths", [None, (1, 1), (2, 3, 2)])
def test_every_perceptron_is_a_network(activation: str, cost: str, widths: tuple[int, ...] | None) -> None:
    net, layer = mlp(widths, activation, cost), ACTIVATIONS[activation].layer
    assert net.settings == {"activation": activation, "cost": cost}
    output = [*layer.steps, "a"] if layer else []  # the output's own equations, after those of the layers before it
    assert [definition.ref.name for definition in net.definitions] == ["a", "z", "a", *output, "C"]
    assert net.is_abbreviation("delta")
    assert not net.is_abbreviation("z")
    assert (net.function("sigma") is None) == (activation == "any" or layer is not None)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_layers_before_the_output_may_have_their_own_function(activation: str) -> None:
    net, record = mlp(None, activation, hidden="tanh"), ACTIVATIONS[activation]
    sigma, tanh = net.function("sigma"), mlp(None, "tanh").function("sigma")
    assert sigma is not None
    assert tanh is not None
    assert sigma.body == tanh.body
    own = [] if record.layer or activation in ("any", "tanh") else ["g"]
    assert [function.name for function in net.functions] == ["sigma", *own]
    assert net.settings.get("hidden") == (None if activation == "tanh" else "tanh")


@pytest.mark.parametrize("batch", ["m", 1, 3])
def test_a_batch_has_an_example_first(batch: int | str) -> None:
    net = mlp((2, 3, 2), batch=batch, decay=True)
    assert dict(net.sizes).get(m) == (None if batch == "m" else batch)
    assert [definition.ref.name for definition in net.definitions] == ["a", "z", "a", "E", "R", "C"]
    for name, count in {
        "x": 2,
        "y": 2,
        "z": 3,
        "a": 3,
        "delta": 3,
        "E": 1,
        "w": 3,
        "b": 2,
        "C": 0,
        "lambda": 0,
    }.items():
        assert len(net.families[name]) == count


def test_labels_are_equations() -> None:
    net = mlp((2, 3), labels=["0", 0.5, Rational(1, 2)])
    known = {d.ref: d.body for d in net.definitions if d.ref.name == "y"}
    assert known == {y[1]: 0, y[2]: Rational(1, 2), y[3]: Rational(1, 2)}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"batch": 0}, "batch: .* at least 1.* found 0"),
        ({"batch": -2}, "batch"),
        ({"batch": "n"}, "batch"),
        ({"batch": True}, "batch"),
        ({"hidden": "softmax"}, "hidden: .* one variable"),
        ({"labels": [0, 1]}, "labels: .* known widths"),
        ({"labels": [0, 1], "widths": (2, 3)}, "labels: expected 3 numbers"),
        ({"labels": [0, 1], "widths": (2, 2), "batch": 2}, "labels: .* one example"),
        ({"labels": [0, "x"], "widths": (2, 2)}, "labels: .* found 'x'"),
        ({"labels": [0, "1/0"], "widths": (2, 2)}, "labels"),
    ],
)
def test_bad_settings_of_a_perceptron(given: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        mlp(**given)
