"""How our objects show themselves, in a notebook and on a terminal. The façade says by which views; it loads them late.

Nothing is imported here, so that every room may use it; what an object says of itself does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console, ConsoleOptions, RenderResult

T = TypeVar("T")


class Views(NamedTuple):
    """bundle: an object by MIME type; rich: for a console and its options; latex: a SymPy node, as a part or whole;
    draw: an object as a picture.
    """

    bundle: Callable[[Any], Mapping[str, str]]
    rich: Callable[[Any, Any, Any], Iterable[Any]]
    latex: Callable[[Any, bool], str]
    draw: Callable[[Any], Any]


_entered: list[Views] = []


def use(views: Views) -> None:
    """From now on, objects show themselves by these views."""
    _entered[:] = [views]


class Shown:
    """An object that shows itself in a notebook and, by Rich, on a terminal."""

    __slots__ = ()

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        if not _entered:
            return {"text/plain": repr(self)}
        wanted, unwanted = (None if kinds is None else set(kinds) for kinds in (include, exclude))
        bundle = _entered[0].bundle(self)
        kept = (kind for kind in bundle if (wanted is None or kind in wanted) and kind not in (unwanted or ()))
        return {kind: bundle[kind] for kind in kept}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _entered[0].rich(self, console, options) if _entered else (repr(self),)


class Drawing(Protocol):
    """A picture, which shows itself in a notebook; svg: an <svg> element."""

    @property
    def svg(self) -> str: ...

    def save(self, path: str | Path, width: int = 1200) -> Path:
        """Write it to a file that ends in .svg or .png; width: pixels of a PNG."""


class Drawn(Shown):
    """An object that can be drawn, too."""

    __slots__ = ()

    def draw(self) -> Drawing:
        """The picture: of a network its neurons or quantities, of a theorem what depends on what, its cut S marked.

        Raises InvalidInput where svg.py, which draws, is not installed.
        """
        drawing: Drawing = _entered[0].draw(self)
        return drawing


def shown(cls: type[T]) -> type[T]:
    """The class, made to show itself; for a class that cannot inherit from `Shown`, such as a NamedTuple."""
    for name in ("_repr_mimebundle_", "__rich_console__"):
        setattr(cls, name, vars(Shown)[name])
    return cls


class Typeset:
    """A SymPy node that SymPy's LaTeX printer, and so a notebook, writes in our notation."""

    __slots__ = ()

    def _latex(self, printer: Any) -> str:
        if not _entered:
            return rf"\text{{{type(self).__name__}}}"
        return _entered[0].latex(self, printer._print_level > 1)
