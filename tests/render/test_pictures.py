"""Every picture: that it is whole and harmless, the same each time, shows itself, and is saved."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys
import zlib
from itertools import combinations
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from render.drawn import BATCH_NORM, EACH, NETWORKS, PICTURES, PROOFS, SVG, parts, written

from backprop_proofs.errors import BackpropError, InvalidInput
from backprop_proofs.language.expressions import Quantity
from backprop_proofs.language.indices import index
from backprop_proofs.networks.mlp import a, n
from backprop_proofs.render.notebook import bundle
from backprop_proofs.render.pictures import extras
from backprop_proofs.render.pictures.labels import quantity_label, runs

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
