"""Pictures of networks and proofs: what is drawn, that it is whole and harmless, and the same each time."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sympy import Integer

import backprop_proofs as bp
from backprop_proofs.errors import BackpropError, InvalidInput
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Fn, Quantity, Ref, power
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.mlp import L, a, k, n, neurons
from backprop_proofs.render.notebook import bundle
from backprop_proofs.render.pictures import extras
from backprop_proofs.render.pictures.counterexamples import counterexample_picture
from backprop_proofs.render.pictures.labels import quantity_label, runs
from backprop_proofs.render.pictures.layered import layered
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.proofs import proof_picture
from backprop_proofs.render.pictures.roles import roles_of

pytest.importorskip("svg", reason="svg.py, which writes SVG, is not installed")

SVG = "{http://www.w3.org/2000/svg}"
RECURRENT = r"""h_{t,i} = \tanh(\sum_j U_{ij} h_{t-1,j} + \sum_k W_{ik} x_{t,k} + b_i) ;
o_{t,i} = \sum_j V_{ij} h_{t,j} ; C = \sum_t \sum_i (o_{t,i} - y_{t,i})^2 / 2"""
SOFTMAX = r"z_i = \sum_j W_{ij} x_j ; p_i = \exp(z_i) / \sum_k \exp(z_k) ; C = -\sum_i y_i \ln p_i"
BATCH_NORM = r"""\mu_j = \frac{1}{m} \sum_{i=1}^m x_{ij} ; v_j = \frac{1}{m} \sum_{i=1}^m (x_{ij} - \mu_j)^2 ;
h_{ij} = (x_{ij} - \mu_j) / \sqrt{v_j + \epsilon} ; C = \sum_i \sum_j (h_{ij} - t_{ij})^2"""
OWN = r"z^l_j = \sum_k W^l_{jk} h^{l-1}_k + c^l_j ; h^l_j = \sigma(z^l_j) ; C = \sum_j (h^L_j - y_j)^2"
RESIDUAL = OWN.replace(r"\sigma(z^l_j)", r"h^{l-1}_j + \sigma(z^l_j)")
EVIL = "<script>alert('x')</script>"


def strange() -> Network:
    """A network whose names are markup."""
    letter, q, u = index("<b>"), Quantity(EVIL), Ref(Quantity('u" onload="1'))
    cost = Ref(Quantity("C&'"))
    return Network(
        name=EVIL,
        families={EVIL: ((letter, Integer(1), Ref(Quantity("n"))),), "C&'": ()},
        definitions=(Definition(cost, (), Fn("f", 0, q[1])),),
        functions=(FunctionDefinition("f", u, power(u, 2)),),
        settings={EVIL: EVIL},
    )


NETWORKS: dict[str, Network] = {
    "any": bp.mlp(),
    "2-3-2": bp.mlp((2, 3, 2)),
    "784-30-10": bp.mlp((784, 30, 10), "sigmoid"),
    "1-1": bp.mlp((1, 1)),
    "deep": bp.mlp((3,) * 40),
    "depth 4": bp.mlp(depth=4),
    "softmax": bp.mlp(activation="softmax", cost="categorical-cross-entropy"),
    "batch": bp.mlp(batch="m", decay=True),
    "own perceptron": bp.network(OWN),
    "recurrent": bp.network(RECURRENT),
    "own softmax": bp.network(SOFTMAX),
    "batch norm": bp.network(BATCH_NORM),
    "residual": bp.network(RESIDUAL),
    "strange": strange(),
}
PROOFS: dict[str, Any] = {
    **{name: bp.prove(name, NETWORKS["any"]) for name in ("bp1", "bp2", "bp3", "bp4", "backward-pass", "path-total")},
    "bp1 of softmax": bp.prove("bp1", NETWORKS["softmax"]),
    "bp2 at 2-3-2": bp.prove("bp2", NETWORKS["2-3-2"]),
    "bp1 at 2-3-2": bp.prove("bp1", NETWORKS["2-3-2"]),
    "a slope": bp.prove("activation-slope"),
    "recurrent": bp.derive(NETWORKS["recurrent"], "U"),
    "batch norm": bp.derive(NETWORKS["batch norm"], "x"),
}
PICTURES: dict[str, Picture] = {
    **{f"network {name}": network_picture(network) for name, network in NETWORKS.items()},
    **{f"proof {name}": proof_picture(theorem) for name, theorem in PROOFS.items()},
}
EACH = pytest.mark.parametrize("name", PICTURES)


def parts(picture: Picture, kind: str) -> dict[str, ElementTree.Element]:
    """The elements of a class, by key."""
    root = ElementTree.fromstring(picture.svg)
    return {part.attrib["data-key"]: part for part in root.iter(f"{SVG}g") if part.attrib.get("class") == kind}


def written(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def texts(picture: Picture) -> list[str]:
    return [written(text) for text in ElementTree.fromstring(picture.svg).iter(f"{SVG}text")]


# every picture


@EACH
def test_it_is_one_whole_svg_that_says_what_it_shows(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name].svg)
    assert root.tag == f"{SVG}svg"
    assert root.attrib["role"] == "img"
    assert [child.tag for child in root[:2]] == [f"{SVG}title", f"{SVG}desc"]
    assert all(len(written(child)) > 8 for child in root[:2])


@EACH
def test_nothing_in_it_refers_runs_or_fetches(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name].svg)
    allowed = {"svg", "title", "desc", "g", "path", "circle", "rect", "text", "tspan"}
    assert {part.tag.removeprefix(SVG) for part in root.iter()} <= allowed
    for part in root.iter():
        assert not {"id", "href"} & part.attrib.keys()
        assert not any(key.startswith("on") or "url(" in value for key, value in part.attrib.items())
    assert "<script" not in PICTURES[name].svg


@EACH
def test_its_keys_are_those_in_it(name: str) -> None:
    found = [
        part.attrib["data-key"]
        for part in ElementTree.fromstring(PICTURES[name].svg).iter()
        if "data-key" in part.attrib
    ]
    assert len(found) == len(set(found))
    assert set(found) == PICTURES[name].keys


@EACH
def test_every_coordinate_lies_in_its_view(name: str) -> None:
    root = ElementTree.fromstring(PICTURES[name].svg)
    left, top, wide, high = map(float, root.attrib["viewBox"].split())
    for part in root.iter():
        if "cx" in part.attrib:
            places = [(float(part.attrib["cx"]), float(part.attrib["cy"]))]
        elif "d" in part.attrib:
            numbers = [float(number) for number in re.findall(r"-?[0-9.]+", part.attrib["d"])]
            places = list(zip(numbers[::2], numbers[1::2], strict=True))
        else:
            places = [(float(part.attrib[x]), float(part.attrib[y])) for x, y in [("x", "y")] if x in part.attrib]
        for x, y in places:
            assert left <= x <= left + wide, part.attrib
            assert top <= y <= top + high, part.attrib


@EACH
def test_it_needs_no_stylesheet(name: str) -> None:
    for part in ElementTree.fromstring(PICTURES[name].svg).iter():
        if part.tag in (f"{SVG}circle", f"{SVG}rect", f"{SVG}path"):
            assert "currentColor" in (part.attrib.get("stroke"), part.attrib.get("fill"))


@EACH
def test_nothing_stands_on_something_else(name: str) -> None:
    places = []
    for kind, shape in (("neuron", "circle"), ("quantity", "rect")):
        for part in parts(PICTURES[name], kind).values():
            box = part.find(f"{SVG}{shape}")
            assert box is not None
            at = {
                key: float(box.attrib[key])
                for key in ("cx", "cy", "r", "x", "y", "width", "height")
                if key in box.attrib
            }
            if shape == "circle":
                places.append((at["cx"] - at["r"], at["cy"] - at["r"], 2 * at["r"], 2 * at["r"]))
            else:
                places.append((at["x"], at["y"], at["width"], at["height"]))
    for (x, y, wide, high), (u, v, broad, tall) in combinations(places, 2):
        assert x + wide <= u or u + broad <= x or y + high <= v or v + tall <= y


def test_the_same_network_gives_the_same_bytes_in_every_process() -> None:
    program = """
import backprop_proofs as bp
mine = bp.network(TEXT)
for drawn in (bp.mlp(), mine, bp.prove("bp1"), bp.derive(mine, "x")):
    print(drawn.draw().svg)
""".replace("TEXT", repr(BATCH_NORM))
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


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


# proofs


def test_an_elementwise_activation_sends_each_weighted_input_to_one_output() -> None:
    elementwise, softmax = (parts(PICTURES[f"proof {name}"], "dependence") for name in ("bp1", "bp1 of softmax"))
    assert {key for key in elementwise if key.startswith("z")} == {"z[L, j] → a[L, j]"}
    assert {key for key in softmax if key.startswith("z")} == {f"z[L, j] → a[L, {k}]" for k in ("1", "j", "n[L]")}
    assert {f"a[L, {k}] → C" for k in ("1", "j", "n[L]")} <= elementwise.keys() & softmax.keys()


def test_the_cut_is_marked_by_more_than_colour() -> None:
    picture = PICTURES["proof bp2"]
    assert "S: all k" in texts(picture)
    rings = {key: len(part.findall(f"{SVG}rect")) for key, part in parts(picture, "quantity").items()}
    cut = {"z[l + 1, 1]", "z[l + 1, 2]", "z[l + 1, n[l + 1]]"}
    assert {key for key, count in rings.items() if count == 2} == cut
    assert rings.keys() - cut == {"z[l, j]", "a[l, j]", "C"}
    frames = ElementTree.fromstring(picture.svg).findall(f"{SVG}rect")
    assert ["stroke-dasharray" in frame.attrib for frame in frames] == [True]


def test_no_path_leads_past_the_cut() -> None:
    for name in ("bp1", "bp2", "bp3", "bp4", "backward-pass", "batch norm", "recurrent"):
        picture = PICTURES[f"proof {name}"]
        cut = {key for key, part in parts(picture, "quantity").items() if len(part.findall(f"{SVG}rect")) == 2}
        arrows = [key.split(" → ") for key in parts(picture, "dependence")]
        reached = {tail for tail, _ in arrows if not any(head == tail for _, head in arrows)}
        assert reached
        for _ in arrows:
            reached |= {head for tail, head in arrows if tail in reached and tail not in cut}
        assert cut
        assert "C" not in reached


def test_an_arrow_past_what_is_not_drawn_is_dashed() -> None:
    arrows = parts(PICTURES["proof bp2"], "dependence")
    dashed = {key for key, part in arrows.items() if any("stroke-dasharray" in path.attrib for path in part)}
    assert dashed == {f"z[l + 1, {k}] → C" for k in ("1", "2", "n[l + 1]")}


def test_a_proof_at_numbers_says_what_its_letter_stands_for() -> None:
    picture = PICTURES["proof bp1 at 2-3-2"]
    assert "j = 2" in texts(picture)
    assert {key for key in picture.keys if key.startswith("z")} == {"z[L, 2]", "z[L, 2] → a[L, 2]"}


def test_a_proof_without_a_chain_rule_shows_its_network() -> None:
    theorem = PROOFS["a slope"]
    assert PICTURES["proof a slope"] == network_picture(theorem.network)


# counterexamples


def test_a_counterexample_has_its_values_on_it() -> None:
    refuted: Any = bp.settle("bp1-elementwise", bp.mlp(activation="softmax"))
    picture = counterexample_picture(refuted.counterexample, refuted.network)
    assert picture is not None
    found = dict(refuted.counterexample.inputs)
    assert found.keys() == {"b[2, 1]", "b[2, 2]", "w[2, 1, 1]", "w[2, 2, 1]", "x[1]"}
    assert {"b = 2", "b = 1", "2", "−1.5"} <= set(texts(picture))
    assert "j = 1: the left side is 0.0715, the right side −0.0132" in texts(picture)
    alone = counterexample_picture(refuted.counterexample)
    assert alone is not None
    assert parts(alone, "neuron").keys() == parts(picture, "neuron").keys()


def test_a_counterexample_of_another_network_is_drawn_scalar_by_scalar() -> None:
    report = bp.check(f"% given\n{SOFTMAX.replace(';', chr(10))}\n% derivation\n\\partial C/\\partial z_i = p_i y_i")
    found = next(line.counterexample for line in report.lines if line.counterexample is not None)
    picture = counterexample_picture(found, report.network)
    assert picture is not None
    values = {name: str(value) for name, value in found.inputs}
    assert values.keys() <= picture.keys
    quantities = parts(picture, "quantity")
    sizes = dict(found.sizes)
    assert sum(key.startswith("W[") for key in quantities) == sizes["n_W"] * sizes["n_x"]
    assert {text for text in texts(picture) if text.startswith("i = 1")}


def test_a_counterexample_without_a_network_of_ours_has_no_picture() -> None:
    report = bp.check(f"% given\n{SOFTMAX.replace(';', chr(10))}\n% derivation\n\\partial C/\\partial z_i = p_i y_i")
    found = next(line.counterexample for line in report.lines if line.counterexample is not None)
    assert counterexample_picture(found) is None


# what a user sees


def test_networks_and_theorems_are_drawn() -> None:
    assert NETWORKS["2-3-2"].draw() == PICTURES["network 2-3-2"]
    assert PROOFS["bp2"].draw() == PICTURES["proof bp2"]


def test_a_picture_shows_itself_in_a_notebook() -> None:
    shown, metadata = PICTURES["network 2-3-2"]._repr_mimebundle_()
    assert list(shown) == ["text/plain", "text/html", "image/svg+xml"]
    assert PICTURES["network 2-3-2"].svg in shown["text/html"]
    assert metadata == {"image/svg+xml": {"needs_background": "light"}}


def test_a_picture_is_saved(tmp_path: Path) -> None:
    picture = PICTURES["network 2-3-2"]
    assert picture.save(tmp_path / "net.svg").read_text(encoding="utf-8") == picture.svg
    with pytest.raises(InvalidInput, match=r"^picture: expected a file that ends in .svg or .png; found 'net.pdf'$"):
        picture.save(tmp_path / "net.pdf")
    assert not (tmp_path / "net.pdf").exists()


def test_a_network_shows_its_picture_before_its_equations() -> None:
    page = bundle(NETWORKS["2-3-2"])["text/html"]
    assert page.index("data:image/svg+xml;base64,") < page.index("Network mlp")
    assert 'alt="a network of 2-3-2 neurons: layer 1 with 2 neurons;' in page


def test_without_the_extra_a_network_is_shown_without_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(BackpropError) as error:
        NETWORKS["any"].draw()
    assert str(error.value) == (
        "picture: expected svg.py, which writes SVG, to be installed; run pip install 'backprop-proofs[pictures]'"
    )
    page = bundle(NETWORKS["any"])["text/html"]
    assert "<img" not in page
    assert "Network mlp" in page


def test_labels_have_their_scripts() -> None:
    label = quantity_label(a[index("l") + 1, n[index("l") + 1]])
    assert label.text == "a^l+1_nl+1"
    assert [(run.text, run.italic, run.below) for run in label.below] == [
        ("n", True, False),
        ("l", True, True),
        ("+", False, True),
        ("1", False, True),
    ]
    assert [(run.text, run.italic) for run in runs("l-1")] == [("l", True), ("−", False), ("1", False)]
    assert quantity_label(Quantity("delta", 1)[2, 3]).text == "δ^2_3"
    assert quantity_label(Quantity("W_h")[index("i"), index("j")]).text == "W_h,ij"


# pixels


def pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of a PNG of 8-bit RGBA whose rows are not interlaced."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (8, 6)
    body, at = b"", 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        body += data[at + 8 : at + 8 + size] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += size + 12
    raw, rows, above = zlib.decompress(body), [], bytes(4 * width)
    for row in range(height):
        start = row * (4 * width + 1)
        above = _unfiltered(raw[start], raw[start + 1 : start + 1 + 4 * width], above)
        rows.append(above)
    return width, height, rows


def _unfiltered(kind: int, line: bytes, above: bytes) -> bytes:
    done = bytearray(line)
    for at, value in enumerate(line):
        left, up, corner = (done[at - 4], above[at], above[at - 4]) if at >= 4 else (0, above[at], 0)
        if kind == 4:
            guess = left + up - corner
            near = sorted(((abs(guess - one), order, one) for order, one in enumerate((left, up, corner))))[0][2]
        else:
            near = (0, left, up, (left + up) // 2)[kind]
        done[at] = (value + near) % 256
    return bytes(done)


def test_a_png_is_black_on_white_and_as_wide_as_asked(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py", reason="resvg-py, which draws PNG, is not installed")
    picture = PICTURES["network 2-3-2"]
    _, _, wide, high = map(float, ElementTree.fromstring(picture.svg).attrib["viewBox"].split())
    width, height, rows = pixels(picture.save(tmp_path / "net.png", width=300).read_bytes())
    assert width == 300
    assert height == pytest.approx(300 * high / wide, abs=1)
    assert rows[0][:4] == b"\xff\xff\xff\xff"
    dark = sum(row[at] < 100 for row in rows for at in range(0, 4 * width, 4))
    assert 300 < dark < width * height / 4


@pytest.mark.parametrize("width", [0, -3, 1_000_000])
def test_a_width_that_is_none_is_refused(width: int) -> None:
    from backprop_proofs.render.pictures.png import png

    with pytest.raises(InvalidInput, match=r"^picture: expected a width of 1\.\.20000 pixels"):
        png(PICTURES["network 2-3-2"], width)
