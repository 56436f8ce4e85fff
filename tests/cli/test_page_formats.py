"""The command line's pages and pictures: which command writes which, and what is said where one cannot be written."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from cli.terminals import Run, process

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")
pytest.importorskip("svg", reason="svg.py is not installed: the extra `pictures`")

NETWORK = "z_i = \\sum_j W_{ij} x_j + b_i\na_i = \\tanh(z_i)\nE = \\sum_i (a_i - y_i)^2 / 2\n"


def ids(text: str) -> list[str]:
    return [element.get("id", "") for element in ElementTree.fromstring(text).iter() if element.get("id")]


def test_prove(run: Run) -> None:
    status, out, err = run("prove", "bp1", "--format", "html")
    assert (status, err) == (0, "")
    assert out.startswith("<!DOCTYPE html>")
    assert {"bp1", "step-1", "step-5"} <= set(ids(out))
    everything = ids(run("prove", "-f", "html")[1])
    assert {"bp1-step-1", "bp2-step-7", "bp3-step-1", "bp4-step-1"} <= set(everything)
    assert "step-1" not in everything


def test_a_refuted_claim_is_a_page_too(run: Run) -> None:
    status, out, _ = run("prove", "bp1-elementwise", "--activation", "softmax", "-f", "html")
    assert status == 1
    assert "✗ refuted" in out
    assert "The smallest network found on which it fails" in out


def test_derive(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "layer.txt"
    file.write_text(NETWORK)
    status, out, _ = run("derive", "W", "--network", str(file), "-f", "html")
    assert status == 0
    assert {"de-dw", "step-1"} <= set(ids(out))


def test_paths(run: Run) -> None:
    status, out, _ = run("paths", "--widths", "2,2,2,1", "--weight", "2,1,2", "-f", "html")
    assert status == 0
    assert {"path-1", "path-2"} <= set(ids(out))
    status, out, _ = run("paths", "-f", "html")
    assert status == 0
    assert {"path-recursion", "path-total-step-1"} <= set(ids(out))


def test_check(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("δ^L_j = ∂C/∂z^L_j\nδ^L_j = σ'(z^L_j)\n")
    status, out, _ = run("check", str(file), "-f", "html")
    assert status == 1
    assert "refuted" in "".join(ElementTree.fromstring(out).itertext())
    assert "<svg" in out  # the counterexample's network


def test_pictures(run: Run, tmp_path: Path) -> None:
    status, proof, _ = run("prove", "bp2", "--format", "svg")
    assert status == 0
    network = run("prove", "--format", "svg")[1]
    wide = run("prove", "--widths", "2,3,2", "--format", "svg")[1]
    gradient = run("derive", "w", "--format", "svg")[1]
    for picture in (proof, network, wide, gradient):
        assert ElementTree.fromstring(picture).tag.endswith("svg")
    assert len({proof, network, wide}) == 3
    pytest.importorskip("resvg_py", reason="resvg-py is not installed: the extra `pictures`")
    assert run("prove", "bp2", "-f", "png", "-o", str(tmp_path / "bp2.png")) == (0, "", "")
    assert (tmp_path / "bp2.png").read_bytes().startswith(b"\x89PNG\r\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prove", "bp1", "bp2", "-f", "svg"), "--format svg: expected one theorem, such as bp1; found 2"),
        (("prove", "bp1", "-f", "png"), "--format png: expected -o FILE, since it is no text; found none"),
        (("derive", "w", "-f", "png", "-o", "-"), "--format png: expected -o FILE, since it is no text; found none"),
        (("paths", "-f", "svg"), "unknown format 'svg': known: text, markdown, latex, html, json"),
        (("prove", "-f", "htm"), "unknown format 'htm': did you mean 'html'?"),
        (("prove", "-f", "html", "--standalone"), "--standalone: expected --format latex; found html"),
    ],
)
def test_what_cannot_be_written_is_one_line(run: Run, arguments: tuple[str, ...], message: str) -> None:
    assert run(*arguments) == (2, "", f"backprop-proofs: {message}\n")


def test_where_there_is_no_unicode_signs_are_codes() -> None:
    out = process("prove", "bp1", "-f", "html", PYTHONIOENCODING="ascii").stdout.decode("ascii")
    assert re.search(r"<mi>&#948;</mi>", out)
    assert "δ" in "".join(ElementTree.fromstring(out).itertext())
