"""A picture in pixels, for slides.

By resvg-py: resvg, in a wheel without further parts; cairosvg wants the system's cairo library.
"""

from __future__ import annotations

from typing import Protocol

from backprop_proofs.errors import InvalidInput
from backprop_proofs.render.pictures.extras import loaded

WIDTH = 1200  # pixels, if not told otherwise
_WIDEST = 20_000


class HasSvg(Protocol):
    """What can be put into pixels."""

    @property
    def svg(self) -> str: ...


def png(picture: HasSvg, width: int = WIDTH) -> bytes:
    """The picture as a PNG, black on white. Raises InvalidInput for a width of none, MissingExtra without resvg-py."""
    if not 1 <= width <= _WIDEST:
        raise InvalidInput(f"picture: expected a width of 1..{_WIDEST} pixels; found {width}")
    resvg = loaded("resvg_py", "resvg-py", "draws PNG")
    return bytes(resvg.svg_to_bytes(svg_string=picture.svg, width=width, background="white"))
