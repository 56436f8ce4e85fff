"""Networks and proofs of many kinds with their pictures, and what stands in a picture."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from sympy import Integer

import backprop_proofs as bp
from backprop_proofs.language.expressions import Fn, Quantity, Ref, power
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.proofs import proof_picture

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
