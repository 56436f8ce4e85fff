"""The steps of a proof as a list of HTML: what changes is marked on both sides, and lemmas unfold.

Without a script it is a list to read; page.js shows one step of it at a time.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sympy import Expr

from backprop_proofs.render.html import escaped, sentence
from backprop_proofs.render.ink import plain
from backprop_proofs.render.notation import UNICODE, write
from backprop_proofs.render.outline import Outline, Part, Row, stays_text
from backprop_proofs.render.page.changes import change
from backprop_proofs.render.page.indices import Numbers, names_in, numbered
from backprop_proofs.render.page.mathml import becomes, index_latex, inline, mathml
from backprop_proofs.render.page.stepping import attributes
from backprop_proofs.render.walker import Marks

if TYPE_CHECKING:
    from backprop_proofs.render.pictures.scenes import Lit


@dataclass(frozen=True)
class Chain:
    """A proof on a page: how it is laid out, the numbers of its indices, its prefix of ids, what lights up when.

    open: whether lemmas stand unfolded. lit: of the first expression, then of each row.
    """

    laid_out: Outline
    numbers: Numbers
    prefix: str = ""
    open: bool = False
    lit: Sequence[Lit] = field(default=())

    def formula(self, *exprs: Expr, marks: Marks | None = None) -> str:
        """Expressions with the letters of this proof."""
        return mathml(*exprs, letters=self.laid_out.letters, marks=marks, numbers=self.numbers)


def step_list(chain: Chain) -> str:
    """All steps of the proof, each with an id."""
    items = _items(chain, chain.laid_out.start, chain.laid_out.rows, True)
    return "\n".join(('<ol class="steps">', *items, "</ol>"))


def proof_numbers(laid_out: Outline) -> Numbers:
    """The numbers of all indices that a proof shows."""
    theorem = laid_out.theorem
    shown = [*theorem.statement, *(theorem.matrix or ()), *_expressions(laid_out.rows)]
    shown += [side for item in theorem.assumptions for side in item.statement]
    return numbered(names_in(shown, laid_out.letters))


def _expressions(rows: Sequence[Row]) -> Iterator[Expr]:
    for row in rows:
        yield from (row.after, *(() if row.before is None else (row.before,)))
        for part in row.parts:
            yield part.start
            yield from _expressions(part.rows)


def _items(chain: Chain, start: Expr, rows: Sequence[Row], outer: bool) -> Iterator[str]:
    before = start
    for at, row in enumerate(rows, 1):
        place = ""
        if outer:
            said = plain(write(row.after, UNICODE, chain.laid_out.letters, True))
            place = attributes(chain.lit, at, id=f"{chain.prefix}step-{at}", data_rule=row.rule, data_say=said)
        shown = row.before if row.before is not None else before
        again = at == 1 or row.before is not None
        yield f"<li{place}>" + "\n".join(_row(chain, row, shown, again, outer)) + "</li>"
        before = row.after


def _row(chain: Chain, row: Row, before: Expr, again: bool, outer: bool) -> Iterator[str]:
    found = change(before, row.after, row.marks)
    old = chain.formula(before, marks=found.before)
    new = chain.formula(row.after, marks=found.after)
    if found.whole:
        old = old if row.marks else f'<span class="old">{old}</span>'
        new = f'<span class="new">{new}</span>'
    if again or outer:
        yield _line(f"before{' again' if again else ''}", "", old + _becomes(chain, row))
    yield _line("after", "=", new)
    number = f'<a class="no" href="#{chain.prefix}step-{row.number}">{row.number}</a>'
    if not outer:
        number = f'<span class="no">{html.escape(row.number)}</span>'
    yield f'<p class="by">{number} {rule_link(row.rule)}: {sentence(row.reason)}{_note(row)}</p>'
    yield from _remarks(chain, row)
    only = outer and len(chain.laid_out.rows) == 1  # the proof of an induction is all in its parts
    for part in row.parts:
        yield _part(chain, part, chain.open or only)


def _line(kind: str, sign: str, body: str) -> str:
    return f'<div class="{kind}"><span class="sign">{sign}</span><div class="formula">{body}</div></div>'


def rule_link(name: str) -> str:
    """A rule's name, which leads to what is said of it."""
    return f'<a class="rule" href="#rule-{html.escape(name)}">{escaped(name)}</a>'


def _becomes(chain: Chain, row: Row) -> str:
    if row.becomes is None:
        return ""
    return f'<span class="becomes">{becomes(*row.becomes, chain.laid_out.letters, chain.numbers)}</span>'


def _note(row: Row) -> str:
    return f" ({sentence(row.note)})" if row.note and row.becomes is None else ""


def _remarks(chain: Chain, row: Row) -> Iterator[str]:
    if row.here is not None:
        yield f'<div class="remark">Here <span class="formula">{chain.formula(*row.here)}</span></div>'
    if row.stays is not None:
        link, letter, other = row.stays
        letters, numbers = chain.laid_out.letters, chain.numbers
        name, another = (inline(index_latex(part, letters, numbers)) for part in (letter, other))
        total = inline(rf"\sum_{{{index_latex(letter, letters, numbers)}}}")
        yield f'<p class="remark">{stays_text((chain.formula(link), total, name, "≠", another))}.</p>'


def _part(chain: Chain, part: Part, unfolded: bool) -> str:
    steps = f"{len(part.rows)} step{'' if len(part.rows) == 1 else 's'}"
    items = _items(chain, part.start, part.rows, False)
    opened = ' open="open"' if unfolded else ""
    head = f'<details class="part"{opened}><summary>{escaped(part.role.capitalize())} ({steps})</summary>'
    return "\n".join((head, '<ol class="steps">', *items, "</ol></details>"))


__all__ = ["Chain", "proof_numbers", "rule_link", "step_list"]
