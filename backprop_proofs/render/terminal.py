"""What the terminal shows, as Rich renderables: the lines of the text renderer, with styles that say nothing new.

Colour is never the only sign: what is marked is underlined by ^ in the text itself. Width and character set are the
console's; NO_COLOR is Rich's own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from backprop_proofs.render.ink import DELTA, SUM, Ink
from backprop_proofs.render.text import BAD, GOOD, LABEL, MARK, REASON, RULE, TITLE

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

STYLES = {
    TITLE: "bold",
    LABEL: "bold cyan",
    RULE: "green",
    REASON: "dim",
    GOOD: "green",
    BAD: "bold red",
    MARK: "bold red",
    SUM: "bold red",
    DELTA: "bold red",
}
Lines = Callable[[bool, int], Iterable[Ink]]  # (unicode, width) -> lines


@dataclass(frozen=True)
class Page:
    """Lines that depend on a character set and a width, for a console to choose."""

    lines: Lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from drawn(self.lines(not options.ascii_only, options.max_width))


def drawn(lines: Iterable[Ink]) -> Iterator[Text]:
    """Lines as Rich text, styled by their tags."""
    for line in lines:
        yield Text.assemble(*((text, STYLES.get(tag, "")) for text, tag in line), no_wrap=True, overflow="ignore")
