"""What the terminal shows, as Rich renderables: the lines of the text renderer, with styles that say nothing new.

Colour is never the only sign: what is marked is underlined by ^ in the text itself. Width and character set are the
console's; NO_COLOR is Rich's own affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from backprop_proofs.render.ink import DELTA, SUM, Ink
from backprop_proofs.render.outline import Evidence
from backprop_proofs.render.reference import listing_lines, rule_lines, rules_lines
from backprop_proofs.render.text import BAD, GOOD, LABEL, MARK, REASON, RULE, TITLE, proof_lines

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from backprop_proofs.kernel.rules import Rule
    from backprop_proofs.kernel.theorem import Step, Theorem

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


@dataclass(frozen=True)
class ProofView:
    """A proof in the terminal; detail is one of brief, steps, full."""

    theorem: Theorem
    name: str
    detail: str = "steps"
    evidence: Sequence[Evidence] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        unicode, width = not options.ascii_only, options.max_width
        yield from drawn(proof_lines(self.theorem, self.name, self.detail, unicode, self.evidence, width))


def rules_table(rules: Iterable[Rule]) -> Page:
    """All rules: name and statement."""
    kept = tuple(rules)
    return Page(lambda unicode, width: rules_lines(kept, unicode, width))


def rule_card(rule: Rule, example: Step | None = None) -> Page:
    """One rule: statement, the answer to "why may I do this?", source, one use of it."""
    return Page(lambda unicode, width: rule_lines(rule, unicode, width, example))


def list_view(
    theorems: Mapping[str, str],
    activations: Mapping[str, str],
    costs: Mapping[str, str],
    rules: Mapping[str, str],
    networks: Mapping[str, str],
) -> Page:
    """Everything that has a name, and what it says."""
    sections = {
        "Theorems": theorems,
        "Rules": rules,
        "Activations": activations,
        "Costs": costs,
        "Networks": networks,
    }
    return Page(lambda unicode, width: listing_lines(sections, unicode, width))


def drawn(lines: Iterable[Ink]) -> Iterable[Text]:
    """Lines as Rich text, styled by their tags."""
    for line in lines:
        yield Text.assemble(*((text, STYLES.get(tag, "")) for text, tag in line), no_wrap=True, overflow="ignore")
