"""Rows of a derivation put into a text: bare lines, displays, align blocks, formulas in prose, Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from checking.generated_writing import LATEX

_WORDS = ("Then", "Hence", "So", "Therefore", "It follows that", "We get", "Now", "By the chain rule,")


class Row(NamedTuple):
    """A row to be written. left: None where it goes on from the row above with "="."""

    left: str | None
    sides: tuple[str, ...]

    def text(self, relation: str = "=") -> str:
        """On one line; `relation` is the first sign."""
        first, *more = self.sides
        start = f"{self.left} {relation} {first}" if self.left is not None else f"{relation} {first}"
        return " = ".join((start, *more))


def page(rng: Random, medium: str, given: Sequence[Row], rows: Sequence[Row]) -> str:
    """The whole text."""
    form = rng.choice(LATEX_FORMS if medium == LATEX else PLAIN_FORMS)
    return form(rng, given, rows)


def _ended(rng: Random, text: str) -> str:
    return text + rng.choices(("", ".", ","), (4, 1, 1))[0]


def _bare(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    head, proof = rng.choice((("% given", "% derivation"), ("Given:", "Derivation:"), ("% setup", "% proof")))
    lines = [_ended(rng, row.text()) for row in rows]
    if not given:
        return "\n".join(lines)
    return "\n".join((head, *(row.text() for row in given), proof, *lines))


def _plain(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    head, proof = rng.choice((("Given:", "Derivation:"), ("Definitions", "Proof"), ("Setup:", "Proof:")))
    gap = rng.choice(("\n", "\n\n")) if all(row.left is not None for row in rows) else "\n"
    body = gap.join(row.text() for row in rows)
    return "\n".join((head, *(row.text() for row in given), "", proof, body)) if given else body


def _displays(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    left, right = rng.choice((("$$ ", " $$"), ("\\[\n", "\n\\]"), ("$$\n", "\n$$"), _environment("equation")))
    shown = [f"{left}{_ended(rng, row.text())}{_tag(rng, left)}{right}" for row in rows]
    pieces = [rng.choice(_WORDS) + "\n" + one if rng.random() < 0.3 else one for one in shown]
    start = "\n".join(f"{left}{row.text()}{right}" for row in given)
    return f"\\section{{Setup}}\n{start}\n\\section{{Derivation}}\n" * bool(given) + "\n".join(pieces) + "\n"


def _environment(name: str) -> tuple[str, str]:
    return f"\\begin{{{name}}}\n", f"\n\\end{{{name}}}"


def _tag(rng: Random, left: str) -> str:
    if "equation" in left and rng.random() < 0.3:
        return rng.choice((r" \tag{3}", r" \label{eq:a}", r" \nonumber"))
    return ""


def _align(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    name = rng.choice(("align", "align*", "aligned"))
    left, right = _environment(name)
    if name == "aligned":
        left, right = "\\[" + left, right + "\\]"
    body = " \\\\\n".join(_ended(rng, row.text("&=")) for row in rows)
    start = "".join(f"\\[ {row.text()} \\]\n" for row in given)
    return f"\\section*{{Definitions}}\n{start}\\section*{{Proof}}\n" * bool(given) + left + body + right


def _eqnarray(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    left, right = _environment(rng.choice(("eqnarray", "eqnarray*")))
    body = " \\\\\n".join(_ended(rng, row.text("& = &")) for row in rows)
    start = " \\\\ ".join(row.text() for row in given)
    top = f"% Definitions:\n\\begin{{gather}}{start}\\end{{gather}}\n\\paragraph{{Derivation.}} We have\n"
    return top * bool(given) + left + body + right


def _inline(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    start = "\n".join(f"$ {row.text()} $" for row in given)
    body = "\n".join(f"{rng.choice(_WORDS)} ${row.text()}$." for row in rows)
    return f"Given:\n{start}\n\nDerivation\n" * bool(given) + body


def _markdown(rng: Random, given: Sequence[Row], rows: Sequence[Row]) -> str:
    start = "".join(f"- ${row.text()}$\n" for row in given)
    body = "\n\n".join(f"$$\n{row.text()}\n$$" for row in rows)
    return f"## Definitions\n\n{start}\n## Derivation\n\n" * bool(given) + body + "\n"


Form = Callable[[Random, Sequence[Row], Sequence[Row]], str]
LATEX_FORMS: tuple[Form, ...] = (_bare, _displays, _displays, _align, _align, _eqnarray, _inline, _markdown)
PLAIN_FORMS: tuple[Form, ...] = (_plain, _plain, _bare)
