"""A claim that is refuted, as it is shown: what it says, why it fails, and the network on which it does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.render.alphabets import ASCII, LATEX, UNICODE
from backprop_proofs.render.ink import Ink, join, plain, wrapped
from backprop_proofs.render.notation import equation, ranges
from backprop_proofs.render.outline import superscripts
from backprop_proofs.render.prose import ascii_text, github, latex_text, markdown_text, spelled
from backprop_proofs.render.text import BAD, LABEL, TITLE


def refuted_lines(refuted: Refuted, unicode: bool, width: int) -> Iterator[Ink]:
    """The claim, why it fails and where, as lines."""
    alphabet = UNICODE if unicode else ASCII

    def say(text: str, first: str = "  ", later: str = "    ") -> Iterator[Ink]:
        yield from wrapped(join(text if alphabet.unicode else ascii_text(text)), width, first, later)

    title = f"{refuted.name}: refuted"
    yield ((title, BAD),)
    yield (("-" * len(title), TITLE),)
    yield from wrapped(equation(refuted.statement, alphabet), width, "  ", "      ")
    if refuted.limits:
        yield from say(f"for all {ranges(refuted.limits, alphabet)}", "    ")
    yield from say(f"of {kind(refuted)}")
    yield ()
    yield (("Why it fails", LABEL),)
    yield from say(f"{refuted.why}.", "  ", "  ")
    yield ()
    yield (("The smallest network found on which it fails", LABEL),)
    for line in failing(refuted):
        yield from say(line)


def failing(refuted: Refuted) -> list[str]:
    """The counterexample in lines: the sizes, the indices, the inputs, the functions, the two sides."""
    found, above = refuted.counterexample, superscripts(refuted.network)

    def listed(values: Sequence[tuple[str, object]]) -> str:
        return ", ".join(f"{spelled(name, above)} = {_short(value)}" for name, value in values)

    said = [listed(found.sizes), listed(found.indices), listed(found.inputs), *map(_readable, found.functions)]
    sides = f"left side {_short(found.left)}, right side {_short(found.right)}"
    return [line for line in said if line] + [sides]


def _readable(polynomial: str) -> str:
    """C(u1, u2) = 2*u1**2 as C(u_1, u_2) = 2 u_1^2."""
    return re.sub(r"\bu(\d+)", r"u_\1", polynomial).replace("**", "^").replace("*", " ")


def _short(value: object) -> str:
    """A number as it is, a long decimal to six digits."""
    text = str(value)
    return f"{float(text):.6g}" if "." in text else text


def kind(refuted: Refuted) -> str:
    """Which network it is, by its settings."""
    said = [f"{name} {value}" for name, value in refuted.network.settings.items() if value != "any"]
    return f"{refuted.network.name} with " + ", ".join(said) if said else refuted.network.name


def refuted_markdown(refuted: Refuted) -> str:
    """The claim, why it fails and where, in Markdown."""
    over = f" for all ${ranges(refuted.limits, LATEX)}$" if refuted.limits else ""
    said = "\n".join(f"- {markdown_text(line)}" for line in failing(refuted))
    blocks = (
        f"## {markdown_text(refuted.name)}: refuted",
        f"Of {markdown_text(kind(refuted))} it is not true{over} that",
        f"$$\n{plain(equation(refuted.statement, LATEX))}\n$$",
        f"Why: {markdown_text(refuted.why)}.",
        "The smallest network found on which it fails:",
        said,
    )
    return github("\n\n".join(blocks) + "\n")


def refuted_latex(refuted: Refuted) -> str:
    """The claim, why it fails and where, in LaTeX."""
    over = rf" for all \({ranges(refuted.limits, LATEX)}\)" if refuted.limits else ""
    rows = (
        rf"\paragraph{{{latex_text(refuted.name)}: refuted.}}",
        f"Of {latex_text(kind(refuted))} it is not true{over} that",
        "\\begin{equation*}\n  " + plain(equation(refuted.statement, LATEX)) + "\n\\end{equation*}",
        f"Why: {latex_text(refuted.why)}.",
        "The smallest network found on which it fails: " + "; ".join(map(latex_text, failing(refuted))) + ".",
    )
    return "\n".join(rows) + "\n"
