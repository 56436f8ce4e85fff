"""A proof as Markdown in GitHub's dialect: formulas in $$ blocks of their own, and $...$ within sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sympy.core.basic import Basic

from backprop_proofs.render.alphabets import LATEX
from backprop_proofs.render.ink import plain
from backprop_proofs.render.latex import (
    becomes,
    equations,
    formula,
    hypotheses,
    meanings,
    sizes,
    statement_line,
    stays,
    where,
)
from backprop_proofs.render.notation import equation, ranges, write
from backprop_proofs.render.outline import Evidence, Outline, Part, Row, agreement, outline
from backprop_proofs.render.prose import github, markdown_text

if TYPE_CHECKING:
    from backprop_proofs.kernel.theorem import Theorem


def proof_markdown(theorem: Theorem, name: str, detail: str = "steps", evidence: Sequence[Evidence] = ()) -> str:
    """The proof in Markdown; detail is one of brief, steps, full. Raises UnknownName for another detail."""
    blocks = _blocks(outline(theorem, detail), name, detail, evidence)
    return github("\n\n".join(blocks) + "\n")


def _blocks(laid_out: Outline, name: str, detail: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    theorem = laid_out.theorem
    yield f"## {markdown_text(name)}"
    yield f"For all ${ranges(theorem.limits, LATEX)}$:" if theorem.limits else "It holds that"
    yield _display(statement_line(laid_out))
    for given in where(theorem):
        yield f"where ${given}$."
    if theorem.matrix is not None:
        yield "In matrix form:"
        yield _display(plain(equation(theorem.matrix, LATEX, laid_out.letters)))
    under = ", ".join(f"${size}$" for size in sizes(laid_out))
    if under:
        yield f"Sizes: {under}."
    if laid_out.rows:
        yield "### Proof"
        yield from _chain(laid_out, laid_out.start, laid_out.rows)
    yield from _rests_on(laid_out, detail)
    yield from _checked(laid_out, evidence)


def _chain(laid_out: Outline, start: Basic, rows: Sequence[Row]) -> Iterator[str]:
    yield _display(_aligned(formula(laid_out, start)))
    for row in rows:
        yield from _row(laid_out, row)


def _row(laid_out: Outline, row: Row) -> Iterator[str]:
    note = f" ({markdown_text(row.note)})" if row.note and row.becomes is None else ""
    said = f"{markdown_text(row.reason)}{_here(laid_out, row)}{stays(laid_out, row, '$', '$')}"
    yield f"**{row.number}. `{row.rule}`**{note}: {said}"
    if row.before is not None:
        change = becomes(laid_out, row)
        boxed = formula(laid_out, row.before, row.marks)
        yield _display(_aligned(boxed + (rf" \qquad {change}" if change else "")))
    yield _display(_aligned(f"= {formula(laid_out, row.after)}"))
    for part in row.parts:
        yield from _part(laid_out, part)


def _part(laid_out: Outline, part: Part) -> Iterator[str]:
    inner = "\n\n".join([f"*{part.role.capitalize()}:*", *_chain(laid_out, part.start, part.rows)])
    yield "\n".join(f"> {line}".rstrip() for line in inner.split("\n"))


def _here(laid_out: Outline, row: Row) -> str:
    if row.here is None:
        return ""
    sides = (plain(write(side, LATEX, laid_out.letters, laid_out.limits)) for side in row.here)
    return f" Here ${' = '.join(sides)}$."


def _display(math: str) -> str:
    return f"$$\n{math}\n$$"


def _aligned(math: str) -> str:
    return math if "\\\\" not in math else f"\\begin{{aligned}}\n  & {math}\n\\end{{aligned}}"


def _rests_on(laid_out: Outline, detail: str) -> Iterator[str]:
    theorem = laid_out.theorem
    yield "### From"
    listed = [f"- ${math}${words}" for math, words in hypotheses(theorem)]
    yield "Hypotheses:" if listed else "Hypotheses: none."
    if listed:
        yield "\n".join(listed)
    if detail == "brief":
        return
    yield f"The equations of {markdown_text(theorem.network.name)}:"
    rows = [f"- ${math}$" + (f" for ${over}$" if over else "") for math, over in equations(laid_out)]
    yield "\n".join(rows)
    said = [f"- ${sign}${words}" for sign, words in meanings(laid_out)]
    if said:
        yield "Notation:"
        yield "\n".join(said).replace(r"\(", "$").replace(r"\)", "$")


def _checked(laid_out: Outline, evidence: Sequence[Evidence]) -> Iterator[str]:
    yield "### Checked by"
    rows = ["| check | what was done | result |", "|---|---|---|"]
    applied = laid_out.applied
    rows.append(f"| the kernel | {applied} rule application{'' if applied == 1 else 's'}, each checked | proved |")
    for name, done, agrees in agreement(evidence):
        word = "undecided" if agrees is None else "agrees" if agrees else "**DISAGREES**"
        rows.append(f"| {markdown_text(name)} | {markdown_text(done)} | {word} |")
    yield "\n".join(rows)
