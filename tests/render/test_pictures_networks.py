"""Pictures of networks: a perceptron neuron by neuron, any other network as a graph, where the nodes of it stand."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from render.drawn import NETWORKS, PICTURES, SVG, parts, texts, written
from sympy import Integer

import backprop_proofs as bp
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.network import Definition
from backprop_proofs.networks.mlp import L, a, k, n, neurons
from backprop_proofs.render.pictures.layered import layered
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.roles import roles_of

# perceptrons


def test_a_small_network_is_drawn_neuron_by_neuron() -> None:
    picture = PICTURES["network 2-3-2"]
    neurons, links = parts(picture, "neuron"), parts(picture, "link")
    widths = {1: 2, 2: 3, 3: 2}
    assert set(neurons) == {f"a[{layer}, {j}]" for layer, width in widths.items() for j in range(1, width + 1)} | {"C"}
    weights = {
        f"w[{layer}, {j}, {k}]"
        for layer in (2, 3)
        for j in range(1, widths[layer] + 1)
        for k in range(1, widths[layer - 1] + 1)
    }
    assert set(links) == weights | {"a[3, 1] → C", "a[3, 2] → C"}
    assert [written(neurons[key]) for key in ("a[1, 1]", "a[2, 3]", "C")] == ["a11", "a23", "C"]


def test_a_link_joins_its_two_neurons() -> None:
    picture = PICTURES["network 2-3-2"]
    at = {}
    for key, neuron in parts(picture, "neuron").items():
        circle = neuron.find(f"{SVG}circle")
        assert circle is not None
        at[key] = (float(circle.attrib["cx"]), float(circle.attrib["cy"]), float(circle.attrib["r"]))
    path = parts(picture, "link")["w[3, 2, 1]"].find(f"{SVG}path")
    assert path is not None
    x, y, u, v = (float(number) for number in re.findall(r"-?[0-9.]+", path.attrib["d"]))
    for (end, across), key in (((x, y), "a[2, 1]"), ((u, v), "a[3, 2]")):
        middle, height, radius = at[key]
        assert ((end - middle) ** 2 + (across - height) ** 2) ** 0.5 == pytest.approx(radius, abs=0.2)


def test_nielsens_network_has_no_784_circles() -> None:
    picture = PICTURES["network 784-30-10"]
    drawn = parts(picture, "neuron")
    assert set(drawn) == {
        *("a[1, 1]", "a[1, 2]", "a[1, 784]", "a[2, 1]", "a[2, 2]", "a[2, 30]"),
        *("a[3, 1]", "a[3, 2]", "a[3, 10]", "C"),
    }
    assert {"784 neurons", "30 neurons", "10 neurons"} <= set(texts(picture))
    assert len(picture.svg) < 12_000


def test_open_widths_are_first_second_and_last() -> None:
    picture = PICTURES["network any"]
    drawn = set(parts(picture, "neuron"))
    for layer in ("1", "l - 1", "l", "l + 1", "L"):
        assert {f"a[{layer}, 1]", f"a[{layer}, 2]", f"a[{layer}, n[{layer}]]"} <= drawn
    assert len(drawn) == 5 * 3 + 1
    assert {"layer 1", "layer l−1", "layer l", "layer l+1", "layer L", "nl−1 neurons"} <= set(texts(picture))
    links = parts(picture, "link")
    assert "w[l, 2, n[l - 1]]" in links
    assert not any(key.startswith(("w[2", "w[L", "w[l - 1,")) for key in links)  # across layers that are left out


def test_a_deep_network_leaves_layers_out() -> None:
    assert {key.split(",")[0] for key in parts(PICTURES["network deep"], "neuron")} == {
        "a[1",
        "a[2",
        "a[39",
        "a[40",
        "C",
    }


def test_the_activation_of_a_whole_layer_is_named() -> None:
    assert "softmax" in texts(PICTURES["network softmax"])
    assert "softmax" not in texts(PICTURES["network any"])
    own = replace(NETWORKS["any"], settings={"activation": "an activation of one's own"})
    assert texts(network_picture(own)) == texts(PICTURES["network any"])


def test_a_perceptron_is_titled_by_its_sizes() -> None:
    assert [PICTURES[f"network {name}"].title for name in ("2-3-2", "depth 4", "deep", "any")] == [
        "a network of 2-3-2 neurons",
        "a network of 4 layers of any width",
        "a network of 40 layers",
        "a network of any depth and width",
    ]


def test_a_perceptron_is_one_in_any_letters() -> None:
    assert {name for name, network in NETWORKS.items() if roles_of(network) is not None} == {
        *("any", "2-3-2", "784-30-10", "1-1", "deep", "depth 4", "softmax", "batch", "own perceptron"),
    }
    assert "h[l, 2]" in PICTURES["network own perceptron"].keys
    assert "W[l, 1, n[l - 1]]" in PICTURES["network own perceptron"].keys


def test_a_cost_of_another_layer_makes_no_perceptron() -> None:
    network = NETWORKS["any"]
    over = (k, Integer(1), n[L - 1])
    *others, cost = network.definitions
    wrong = replace(network, definitions=(*others, Definition(cost.ref, (), sum_over(a[L - 1, k], over))))
    right = replace(network, definitions=(*others, Definition(cost.ref, (), sum_over(a[L, k], neurons(k, L)))))
    assert roles_of(wrong) is None
    assert roles_of(right) is not None


def test_numbers_stand_on_neurons_and_links() -> None:
    picture = network_picture(NETWORKS["2-3-2"], numbers={"a[2, 3]": "b = -1", "w[3, 1, 2]": "7/2", "no key": "99"})
    assert {"b = −1", "7/2"} <= set(texts(picture))
    assert "99" not in texts(picture)


# other networks


def test_a_graph_says_what_uses_what() -> None:
    picture = PICTURES["network own softmax"]
    assert set(parts(picture, "quantity")) == {"z[j]", "W[j, k]", "x[j]", "p[j]", "y[j]", "C"}
    assert set(parts(picture, "dependence")) == {
        *("W[j, k] → z[j]", "x[j] → z[j]", "z[j] → p[j]", "p[j] → C", "y[j] → C"),
    }


def test_time_is_unrolled() -> None:
    arrows = parts(PICTURES["network recurrent"], "dependence")
    for at, before in (("t", "t - 1"), ("t + 1", "t")):
        assert {f"h[{before}, j] → h[{at}, j]", f"x[{at}, j] → h[{at}, j]", f"h[{at}, j] → o[{at}, j]"} <= arrows.keys()
    assert {f"o[{at}, j] → C" for at in ("t - 1", "t", "t + 1")} <= arrows.keys()
    dashed = [key for key, part in arrows.items() if any("stroke-dasharray" in path.attrib for path in part)]
    assert dashed == ["h[0, j] → h[t - 1, j]"]


def test_what_is_last_is_reached_past_what_is_left_out() -> None:
    text = r"h_{t,i} = \tanh(\sum_j U_{ij} h_{t-1,j}) ; C = \sum_i h_{T,i}^2"
    arrows = parts(network_picture(bp.network(text)), "dependence")
    assert "h[t + 1, j] → h[T, j]" in arrows
    assert "h[T, j] → C" in arrows


def test_a_skipped_layer_is_no_perceptron() -> None:
    assert "h[l - 1, j] → h[l, j]" in parts(PICTURES["network residual"], "dependence")


def test_edges_lead_from_left_to_right_and_around_nodes() -> None:
    edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d"), ("x", "d")]
    layout = layered(["a", "b", "c", "d", "x"], edges, dict.fromkeys("abcdx", 30.0))
    across = {node: x for node, (x, _) in layout.places.items()}
    assert all(across[tail] < across[head] for tail, head in edges)
    assert across["x"] == across["c"]
    (_, *passed, _) = layout.routes["a", "d"]
    assert len(passed) == 2
    for x, y in passed:
        assert all(abs(y - v) > 15 for u, v in layout.places.values() if u == x)


def test_members_of_a_block_keep_their_order() -> None:
    edges = [("x", "3"), ("y", "1"), ("1", "c"), ("2", "c"), ("3", "c")]
    layout = layered(["x", "y", "c", "1", "2", "3"], edges, dict.fromkeys("xyc123", 30.0), [["1", "2", "3"]])
    heights = [layout.places[node][1] for node in "123"]
    assert heights == sorted(heights)
    assert len({layout.places[node][0] for node in "123"}) == 1


def test_a_cycle_is_laid_out_all_the_same() -> None:
    layout = layered(["a", "b"], [("a", "b"), ("b", "a")], {"a": 30.0, "b": 30.0})
    assert layout.places["a"][0] < layout.places["b"][0]
    assert set(layout.routes) == {("a", "b"), ("b", "a")}
