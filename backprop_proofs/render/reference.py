"""Lists of what has a name (rules, theorems, activations, ...) and the card of one rule, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS
from backprop_proofs.render.alphabets import Text
from backprop_proofs.render.ink import Ink, join, plain, underline, wrapped
from backprop_proofs.render.letters import letters_for
from backprop_proofs.render.notation import ASCII, UNICODE, write
from backprop_proofs.render.outline import collapse
from backprop_proofs.render.prose import ascii_text
from backprop_proofs.render.text import LABEL, MARK, RULE, TITLE

if TYPE_CHECKING:
    from backprop_proofs.kernel.rules import Rule
    from backprop_proofs.kernel.theorem import Step


def rule_lines(rule: Rule, unicode: bool, width: int, example: Step | None = None) -> Iterator[Ink]:
    """One rule: its statement, why one may use it, its source, and one use of it if there is one."""
    yield ((rule.name, TITLE),)
    for label, said in {"": rule.statement, "Why": rule.reason, "Source": rule.source}.items():
        yield from _entry(f"{label}: " if label else "", said, unicode, width, "  ", "    ", LABEL)
    if example is not None:
        yield (("  Example:", LABEL),)
        yield from _example(example, UNICODE if unicode else ASCII, width)


def _example(step: Step, alphabet: Text, width: int) -> Iterator[Ink]:
    """Before and after, what collapses marked beneath."""
    letters = letters_for((step.before, step.after))
    marks, becomes = collapse(step)
    sides = (f" {plain(write(side, alphabet, letters))} " for side in becomes or ())
    said = alphabet.signs.arrow.join(sides)
    for line in wrapped(write(step.before, alphabet, letters, True, marks), width, " " * 6, " " * 10):
        yield line
        beneath = underline(line)
        if beneath and len(beneath) + len(said) + 2 > width:
            yield ((beneath, MARK),)
            beneath = " " * 6
        if beneath:
            yield ((f"{beneath}  {said}".rstrip(), MARK),)
    yield from wrapped(join("= ", write(step.after, alphabet, letters, True)), width, "    ", " " * 10)


def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """Everything that has a name, by kind: what it says, and its source."""
    rules = {
        rule.name: {"says": rule.statement, "reason": rule.reason, "source": rule.source} for rule in RULES.values()
    }
    return {
        "theorems": {name: {"says": named.says, "source": named.source} for name, named in THEOREMS.items()},
        "rules": rules,
        "activations": {name: {"says": one.says, "source": one.source} for name, one in ACTIVATIONS.items()},
        "costs": {name: {"says": one.says, "source": one.source} for name, one in COSTS.items()},
        "networks": {"mlp": {"says": "the multilayer perceptron", "source": "Nielsen, chapter 2, equations 23 to 27"}},
    }


def listing_lines(sections: Mapping[str, Mapping[str, str]], unicode: bool, width: int) -> Iterator[Ink]:
    """Sections of names and what they say, the names in a column of their own."""
    names = [name for entries in sections.values() for name in entries]
    column = min(max(map(len, names), default=0), 24) + 2
    for number, (title, entries) in enumerate(sections.items()):
        if number:
            yield ()
        yield ((title, LABEL),)
        for name, said in entries.items():
            yield from _entry(f"{name:<{column}}", said, unicode, width, "  ", " " * (column + 2), RULE)


def _entry(head: str, said: str, unicode: bool, width: int, first: str, later: str, tag: str) -> Iterator[Ink]:
    head, said = (head, said) if unicode else (ascii_text(head), ascii_text(said))
    yield from wrapped(join(((head, tag),), said), width, first, later)
