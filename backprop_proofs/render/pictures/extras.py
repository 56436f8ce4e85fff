"""The libraries that draw, which are extras: loaded when something is drawn, and missed in one line."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

from backprop_proofs.errors import InvalidInput

T = TypeVar("T")


class MissingExtra(InvalidInput):
    """A library of the extra `pictures` is not installed."""

    def __init__(self, package: str, does: str):
        self.package = package
        super().__init__(
            f"picture: expected {package}, which {does}, to be installed; run pip install 'backprop-proofs[pictures]'"
        )


def loaded(module: str, package: str, does: str) -> Any:
    """A module of an extra. Raises MissingExtra."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(package, does) from None


def unless_missing(draw: Callable[[], T]) -> T | None:
    """What is drawn, or None where what draws it is not installed."""
    try:
        return draw()
    except MissingExtra:
        return None
