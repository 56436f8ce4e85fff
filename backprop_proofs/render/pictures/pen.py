"""The pen: the few marks that our pictures are made of, as SVG elements that carry their own look.

No element has an id and nothing refers to one, so that any number of pictures fit on one page; what must be seen on
light and on dark is drawn in currentColor. svg.py writes the elements and escapes nothing, so every text and key is
escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from math import atan2, cos, degrees, hypot, sin
from typing import Any

from backprop_proofs.printable import printable
from backprop_proofs.render.pictures.extras import loaded
from backprop_proofs.render.pictures.labels import SCRIPT, Label, Run, width
from backprop_proofs.render.pictures.picture import Picture

Point = tuple[float, float]
SIZE = 16.0  # of letters
FONT = "'STIX Two Text', Cambria, 'Times New Roman', 'Liberation Serif', 'DejaVu Serif', 'Noto Serif', Times, serif"
_INK = "currentColor"
_MARGIN = 12.0
_HEAD = 8.0  # the length of an arrowhead


class Pen:
    """Draws; `picture` gives what has been drawn. What is `under` is drawn before everything else."""

    def __init__(self) -> None:
        self._svg = loaded("svg", "svg.py", "writes SVG")
        self._under: list[Any] = []
        self._over: list[Any] = []
        self._keys: list[str] = []
        self._ends: list[Point] = []

    # what has a key

    def link(self, key: str, start: Point, end: Point) -> None:
        """The line of a weight."""
        self._under.append(self._keyed("link", key, [self._line([start, end], 1.1, 0.45)]))

    def neuron(self, key: str, at: Point, label: Label, radius: float) -> None:
        """A circle with a label in it."""
        circle = self._svg.Circle(
            cx=_n(at[0]), cy=_n(at[1]), r=_n(radius), fill=_INK, fill_opacity=0.04, stroke=_INK, stroke_width=1.5
        )
        size = min(SIZE, 1.7 * radius / label.width)
        self._over.append(self._keyed("neuron", key, [circle, self._label(at, label, size)]))
        self._reach(at, radius, radius)

    def quantity(self, key: str, at: Point, label: Label, size: Point, given: bool = False, rings: int = 1) -> None:
        """A label in a rounded box, in a square one for what is given; rings: how many lines are around it."""
        shapes = []
        for ring in range(rings):
            wide, high = (part + 8 * ring for part in size)
            shapes.append(
                self._rect(at, (wide, high), 3 if given else high / 2, stroke_width=1.5 if ring == 0 else 1.2)
            )
        self._over.append(self._keyed("quantity", key, [*shapes, self._label(at, label, SIZE)]))
        self._reach(at, size[0] / 2, size[1] / 2)

    def dependence(self, key: str, points: Sequence[Point], direct: bool = True) -> None:
        """An arrow along the points, dashed where it leads on through what is not drawn."""
        tail, tip = points[-2], points[-1]
        angle = atan2(tip[1] - tail[1], tip[0] - tail[0]) if len(points) == 2 else 0.0
        end = (tip[0] - _HEAD * cos(angle), tip[1] - _HEAD * sin(angle))
        shaft = self._line([*points[:-1], end], 1.2, 0.6, None if direct else "5 4")
        self._under.append(self._keyed("dependence", key, [shaft, self._head(tip, angle)]))
        for point in points:
            self._reach(point, 0, 0)

    # what has none

    def words(self, at: Point, said: Label | str, size: float = 13, anchor: str = "middle") -> None:
        """Words, or a label, at a place: its middle, or where it starts or ends."""
        label = said if isinstance(said, Label) else Label((Run(said),))
        wide = label.width * size
        middle = at[0] + {"middle": 0.0, "start": wide / 2, "end": -wide / 2}[anchor]
        self._over.append(self._label((middle, at[1]), label, size))
        self._reach((middle, at[1]), wide / 2, size * 0.8)

    def along(self, start: Point, end: Point, part: float, said: str, size: float = 12) -> None:
        """Words on a line, a part of its way along it."""
        angle = atan2(end[1] - start[1], end[0] - start[0])
        x, y = (a + part * (b - a) for a, b in zip(start, end, strict=True))
        turn = self._svg.Rotate(_n(degrees(angle)), _n(x), _n(y))
        text = self._svg.Text(
            x=_n(x), y=_n(y - 3), text=_text(said), font_size=size, text_anchor="middle", transform=[turn], **_LETTER
        )
        self._over.append(text)

    def line(self, start: Point, end: Point, arrow: bool = False) -> None:
        """A thin line that nothing names."""
        self._under.append(self._line([start, end], 1.1, 0.45))
        if arrow:
            self._under.append(self._head(end, atan2(end[1] - start[1], end[0] - start[0]), 0.7))

    def dots(self, at: Point, upright: bool) -> None:
        """Three dots: what is left out."""
        for step in (-7, 0, 7):
            x, y = (at[0], at[1] + step) if upright else (at[0] + step, at[1])
            self._over.append(self._svg.Circle(cx=_n(x), cy=_n(y), r=1.7, fill=_INK))

    def box(self, middle: Point, size: Point, dashed: bool = False) -> None:
        """A rounded frame around what belongs together."""
        dash = [6, 4] if dashed else None
        self._under.insert(0, self._rect(middle, size, 14, stroke_width=1.4, stroke_dasharray=dash, stroke_opacity=0.8))
        self._reach(middle, size[0] / 2, size[1] / 2)

    def picture(self, title: str, said: str) -> Picture:
        """All of it; title: its name; said: what is to be seen, in a sentence."""
        left, right = (choose(x for x, _ in self._ends) for choose in (min, max))
        top, bottom = (choose(y for _, y in self._ends) for choose in (min, max))
        wide, high = (end - start + 2 * _MARGIN for start, end in ((left, right), (top, bottom)))
        root = self._svg.SVG(
            width=_n(wide),
            height=_n(high),
            viewBox=self._svg.ViewBoxSpec(_n(left - _MARGIN), _n(top - _MARGIN), _n(wide), _n(high)),
            style="max-width:100%;height:auto",
            extra={"role": "img", "font-family": FONT, "fill": "none"},
            elements=[
                self._svg.Title(text=_text(title)),
                self._svg.Desc(text=_text(said)),
                *self._under,
                *self._over,
            ],
        )
        return Picture(root.as_str(), frozenset(self._keys), printable(title), printable(said))

    # elements

    def _keyed(self, kind: str, key: str, elements: list[Any]) -> Any:
        self._keys.append(printable(key))
        return self._svg.G(class_=[kind], data={"key": _text(key)}, elements=elements)

    def _line(self, points: Sequence[Point], wide: float, strength: float, dash: str | None = None) -> Any:
        return self._svg.Path(
            d=_smooth(self._svg, points),
            stroke=_INK,
            stroke_width=wide,
            stroke_opacity=strength,
            stroke_dasharray=dash,  # None: a whole line
        )

    def _head(self, tip: Point, angle: float, scale: float = 1.0) -> Any:
        """An arrowhead, as a path of its own: a marker would need an id."""
        length, half = _HEAD * scale, _HEAD * scale * 0.42
        back = (tip[0] - length * cos(angle), tip[1] - length * sin(angle))
        aside = (half * sin(angle), -half * cos(angle))
        corners = (tip, (back[0] + aside[0], back[1] + aside[1]), (back[0] - aside[0], back[1] - aside[1]))
        moves = [self._svg.M(*map(_n, corners[0])), *(self._svg.L(*map(_n, corner)) for corner in corners[1:])]
        return self._svg.Path(d=[*moves, self._svg.Z()], fill=_INK, fill_opacity=0.75)

    def _rect(self, middle: Point, size: Point, round_: float, **look: Any) -> Any:
        x, y = (at - part / 2 for at, part in zip(middle, size, strict=True))
        place = {"x": _n(x), "y": _n(y), "width": _n(size[0]), "height": _n(size[1]), "rx": _n(round_)}
        return self._svg.Rect(**place, fill=_INK, fill_opacity=0.04, stroke=_INK, **look)

    def _label(self, at: Point, label: Label, size: float) -> Any:
        """A label around a place, its scripts stacked behind the letter, wherever that ends in the reader's font."""
        left, y = at[0] - label.width * size / 2, at[1] + size * 0.33
        if not (label.above or label.below):
            spans = self._spans(label.base, at[0], y, size, "middle")
        else:
            cut = left + width(label.base) * size
            raised, lowered = (0.42, 0.24) if label.above and label.below else (0.36, 0.2)
            spans = [
                *self._spans(label.base, cut, y, size, "end"),
                *self._spans(label.above, cut + 0.6, y - raised * size, size * SCRIPT, "start"),
                *self._spans(label.below, cut + 0.6, y + lowered * size, size * SCRIPT, "start"),
            ]
        return self._svg.Text(elements=spans, **_LETTER)

    def _spans(self, parts: Sequence[Run], x: float, y: float, size: float, anchor: str) -> list[Any]:
        spans, shift = [], 0.0
        for at, run in enumerate(parts):
            wanted = size * 0.18 if run.below else 0.0
            place = {"x": _n(x), "y": _n(y)} if at == 0 else {"dy": _n(wanted - shift)} if wanted != shift else {}
            slant = {"font_style": "italic"} if run.italic else {}
            spans.append(
                self._svg.TSpan(
                    text=_text(run.text),
                    font_size=_n(size * (SCRIPT if run.below else 1)),
                    text_anchor=anchor,
                    **place,
                    **slant,
                )
            )
            shift = wanted
        return spans

    def _reach(self, at: Point, wide: float, high: float) -> None:
        self._ends += [(at[0] - wide, at[1] - high), (at[0] + wide, at[1] + high)]


_LETTER = {"fill": _INK, "stroke": "none"}


def between(start: Point, end: Point, from_: float, to: float) -> tuple[Point, Point]:
    """The line from start to end, shorter by these lengths at its ends."""
    long = hypot(end[0] - start[0], end[1] - start[1])
    step = ((end[0] - start[0]) / long, (end[1] - start[1]) / long)
    return (
        (start[0] + from_ * step[0], start[1] + from_ * step[1]),
        (end[0] - to * step[0], end[1] - to * step[1]),
    )


def _smooth(svg: Any, points: Sequence[Point]) -> list[Any]:
    """A path through the points; with more than two it leaves and arrives level, as a river does."""
    moves = [svg.M(*map(_n, points[0]))]
    for (x, y), (u, v) in pairwise(points):
        if len(points) == 2:
            moves.append(svg.L(_n(u), _n(v)))
        else:
            half = (u - x) / 2
            moves.append(svg.C(*map(_n, (x + half, y, u - half, v, u, v))))
    return moves


def _text(said: str) -> str:
    return escape(printable(said))


def _n(value: float) -> float | int:
    """A coordinate with one digit after the point."""
    rounded = round(value, 1)
    return int(rounded) if rounded == int(rounded) else rounded
