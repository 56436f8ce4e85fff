"""Pictures in a browser: labels lie in their circles and boxes, no words stand on others, the colour is the page's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import backprop_proofs as bp
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.proofs import proof_picture

pytest.importorskip("svg", reason="svg.py, which writes SVG, is not installed")

RECURRENT = (
    r"h_{t,i} = \tanh(\sum_j U_{ij} h_{t-1,j} + \sum_k W_{ik} x_{t,k}) ; C = \sum_t \sum_i (h_{t,i} - y_{t,i})^2"
)
PICTURES = {
    "2-3-2": network_picture(bp.mlp((2, 3, 2))),
    "784-30-10": network_picture(bp.mlp((784, 30, 10))),
    "any": network_picture(bp.mlp()),
    "softmax": network_picture(bp.mlp(activation="softmax")),
    "batch": network_picture(bp.mlp(batch="m")),
    "recurrent": network_picture(bp.network(RECURRENT)),
    **{name: proof_picture(bp.prove(name)) for name in ("bp1", "bp2", "bp3", "bp4")},
}
MEASURE = """() => {
  const box = (node) => { const r = node.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom]; };
  const inside = [...document.querySelectorAll("g.neuron, g.quantity")].map((g) =>
    [g.dataset.key, box(g.querySelector("text")), box(g.querySelector("circle, rect"))]);
  const words = [...document.querySelectorAll("text")].map((t) => [t.textContent, box(t)]);
  const colour = getComputedStyle(document.querySelector("text")).fill;
  return { inside, words, colour };
}"""


@pytest.mark.parametrize("name", PICTURES)
def test_words_have_their_room_and_the_colour_of_the_page(name: str, opened: Callable[..., Any]) -> None:
    page = f'<!DOCTYPE html><body style="background:#111;color:rgb(1,2,250)">{PICTURES[name].svg}</body>'
    shown = opened(page)
    found = shown.page.evaluate(MEASURE)
    assert found["colour"] == "rgb(1, 2, 250)"
    for key, (left, top, right, bottom), (x, y, u, v) in found["inside"]:
        middle = (left + right) / 2 - (x + u) / 2
        assert x <= left, key
        assert right <= u, key
        assert y - 1 <= top, key
        assert bottom <= v + 1, key
        assert abs(middle) < 4, key
    boxes = found["words"]
    for at, (one, (left, top, right, bottom)) in enumerate(boxes):
        for other, (x, y, u, v) in boxes[at + 1 :]:
            assert right <= x or u <= left or bottom <= y + 3 or v <= top + 3, (one, other)
    assert not shown.complaints
    assert all(url.startswith("file:") for url in shown.requests)
