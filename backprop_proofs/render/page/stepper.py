"""A proof to step through in a notebook: HTML and CSS alone, so that it works wherever an output may have styles.

The numbers of the steps are radio buttons, so the arrow keys step. Where styles are taken out of an output, all steps
stand one below the other. The formulas are those of every other output (render/html.py says why).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sympy import Expr

from backprop_proofs.render.html import Html, escaped, formula, sentence, typeset
from backprop_proofs.render.html_blocks import display
from backprop_proofs.render.ink import UNDERLINED, Ink, join, plain
from backprop_proofs.render.notation import UNICODE, write
from backprop_proofs.render.notebook import bundle, rich_lines
from backprop_proofs.render.outline import Outline, Row, outline, stays_text
from backprop_proofs.render.page.changes import change
from backprop_proofs.render.page.mathml import NEW, OLD
from backprop_proofs.render.page.shell import static
from backprop_proofs.render.walker import Marks

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from backprop_proofs.kernel.theorem import Theorem

_LINES = {OLD: "border-bottom:2px dashed", NEW: "border-bottom:3px solid"}
_HERE = ".bp-steps:has(label:nth-of-type({0}) input:checked)>ol>li:nth-child({0}){{display:block}}"
_SHOWN = "@supports selector(:has(a)){{{}}}"


class Stepper:
    """A theorem whose proof is stepped through where it is shown."""

    def __init__(self, theorem: Theorem):
        self.theorem = theorem

    def __repr__(self) -> str:
        return f"step({self.theorem!r})"

    def _repr_mimebundle_(
        self, include: Iterable[str] | None = None, exclude: Iterable[str] | None = None
    ) -> dict[str, str]:
        return {"text/plain": bundle(self.theorem)["text/plain"], "text/html": stepper_html(self.theorem)}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from rich_lines(self.theorem, console, options)


def step(theorem: Theorem) -> Stepper:
    """The proof of a theorem, to step through in a notebook."""
    return Stepper(theorem)


def stepper_html(theorem: Theorem) -> str:
    """The statement, the numbers of the steps to choose one by, and the steps."""
    laid_out = outline(theorem, "steps")
    steps = "\n".join(_steps(laid_out))
    name = f"bp-{hashlib.sha256(steps.encode()).hexdigest()[:12]}"
    count = len(laid_out.rows)
    rules = "".join(_HERE.format(at) for at in range(1, count + 1))
    choices = "".join(_choice(name, at) for at in range(1, count + 1))
    lines = (
        '<form class="bp-steps" method="dialog">',
        f"<style>{static('notebook.css')}{_SHOWN.format(rules)}</style>",
        display(formula(*theorem.statement, letters=laid_out.letters), "0"),
        f"<fieldset><legend>Step</legend>{choices} of {count}</fieldset>",
        f"<ol>\n{steps}\n</ol>",
        "</form>",
    )
    return "\n".join(lines)


def _choice(name: str, at: int) -> str:
    checked = ' checked="checked"' if at == 1 else ""
    return f'<label><input type="radio" name="{name}" value="{at}"{checked}/> {at}</label>'


def _steps(laid_out: Outline) -> Iterator[str]:
    before = laid_out.start
    for row in laid_out.rows:
        shown = row.before if row.before is not None else before
        yield "\n".join(("<li>", *_step(laid_out, row, shown), "</li>"))
        before = row.after


def _step(laid_out: Outline, row: Row, before: Expr) -> Iterator[str]:
    found = change(before, row.after, row.marks)
    yield display(_formula(laid_out, before, found.before) + _becomes(laid_out, row), "1.2em")
    yield display(_formula(laid_out, row.after, found.after, "= "), "0")
    here = "" if row.here is None else f" Here {formula(*row.here, letters=laid_out.letters)}."
    said = sentence(row.reason) + here + _stays(laid_out, row)
    yield f"<p><strong>{row.number}. {escaped(row.rule)}</strong>: {said}</p>"


def _stays(laid_out: Outline, row: Row) -> str:
    if row.stays is None:
        return ""
    link, letter, other = (formula(part, letters=laid_out.letters) for part in row.stays)
    return f" {stays_text((link, f'the sum over {letter}', letter, '≠', other))}."


def _becomes(laid_out: Outline, row: Row) -> str:
    if row.becomes is None:
        return ""
    index, value = (formula(part, letters=laid_out.letters) for part in row.becomes)
    return f"   {index} → {value}"


def _formula(laid_out: Outline, expr: Expr, marks: Marks, before: str = "") -> str:
    body, spoken = (write(expr, form, laid_out.letters, True, kept) for form, kept in ((_HTML, marks), (UNICODE, {})))
    return typeset(before + plain(body), before + plain(spoken))


class _Marked(Html):
    """HTML in which what is struck, replaced or new has a line of its own kind."""

    def mark(self, inside: Ink, tag: str) -> Ink:
        if tag in UNDERLINED:
            return join("<del>", inside, "</del>")
        return join(f'<span style="{_LINES[tag]}">', inside, "</span>")


_HTML = _Marked()
__all__ = ["Stepper", "step", "stepper_html"]
