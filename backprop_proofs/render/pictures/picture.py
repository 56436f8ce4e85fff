"""A picture: one <svg> element that looks right by itself, and the keys of what can be lit in it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from backprop_proofs.errors import InvalidInput
from backprop_proofs.render.pictures.png import WIDTH, png

_LIGHT = {"image/svg+xml": {"needs_background": "light"}}  # as an image it is black, whatever is around it


@dataclass(frozen=True)
class Picture:
    """An <svg> element, and the data-key of each neuron, link, quantity or dependence in it.

    title: its name; said: what is to be seen, in words.
    """

    svg: str = field(repr=False)
    keys: frozenset[str] = field(repr=False)
    title: str = ""
    said: str = field(default="", repr=False)

    def save(self, path: str | Path, width: int = WIDTH) -> Path:
        """Write the picture to a file that ends in .svg or .png. Raises InvalidInput for another ending."""
        where = Path(path)
        if where.suffix not in (".svg", ".png"):
            raise InvalidInput(f"picture: expected a file that ends in .svg or .png; found {where.name!r}")
        where.write_bytes(self.svg.encode() if where.suffix == ".svg" else png(self, width))
        return where

    @property
    def image(self) -> str:
        """The picture as an <img>, black on white, for pages whose viewer may take an <svg> out of them."""
        data = b64encode(self.svg.encode()).decode("ascii")
        alt = escape(f"{self.title}: {self.said}").translate({ord(sign): f"&#{ord(sign)};" for sign in "$\\"})
        look = "background:#fff;max-width:100%"
        return f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}" style="{look}"/>'

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """As HTML first, where it takes the colour of the text around it."""
        shown = {"text/plain": repr(self), "text/html": f"<div>{self.svg}</div>", "image/svg+xml": self.svg}
        return shown, _LIGHT


__all__ = ["Picture"]
