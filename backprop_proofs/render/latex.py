r"""A proof as LaTeX: a fragment for any document that loads amsmath, or a document that compiles as it is.

In a Kronecker collapse the sum sign and the delta stand in boxes, so no colour is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sympy.core.basic import Basic

from backprop_proofs.language.expressions import Delta
from backprop_proofs.language.matrices import Hadamard
from backprop_proofs.render.alphabets import LATEX
from backprop_proofs.render.ink import BREAK, Ink, join, length, plain
from backprop_proofs.render.notation import equation, ranges, write
from backprop_proofs.render.outline import (
    Evidence,
    Outline,
    Part,
    Row,
    agreement,
    definitions,
    outline,
    size_of_layers,
)
from backprop_proofs.render.prose import latex_text
from backprop_proofs.render.walker import Marks

if TYPE_CHECKING:
    from backprop_proofs.kernel.rules import Hypothesis
    from backprop_proofs.kernel.theorem import Theorem

LONG = 150  # characters of LaTeX after which a sum of several terms is broken over rows
PREAMBLE = r"""\documentclass{article}
\usepackage{amsmath}
\allowdisplaybreaks
\setlength{\emergencystretch}{3em}
\begin{document}
"""


def proof_latex(
    theorem: Theorem,
    name: str,
    detail: str = "steps",
    standalone: bool = False,
    evidence: Sequence[Evidence] = (),
) -> str:
    """The proof in LaTeX; detail is one of brief, steps, full. Raises UnknownName for another detail."""
    fragment = "\n".join(_lines(outline(theorem, detail), name, detail, evidence)) + "\n"
    return document([fragment]) if standalone else fragment


def document(fragments: Iterable[str]) -> str:
    """A document of its own around fragments of `proof_latex`."""
    return PREAMBLE + "\n".join(fragments) + "\\end{document}\n"


def statement_line(laid_out: Outline) -> str:
    """The statement with its full limits, as one formula."""
    return plain(equation(laid_out.theorem.statement, LATEX, laid_out.letters, limits=True))


def sizes(laid_out: Outline) -> list[str]:
    """The sizes for which a theorem holds, as formulas."""
    network = laid_out.theorem.network
    fixed = [f"{plain(write(size, LATEX))} = {value}" for size, value in network.sizes.items()]
    if fixed:
        return fixed
    width = size_of_layers(network)
    every = [ranges((limit,), LATEX) for limit in network.parameters]
    return [*every, rf"{plain(write(width, LATEX))} \ge 1"] if width is not None else every


def hypothesis(item: Hypothesis) -> tuple[str, str]:
    """A hypothesis as its formula and the words after it."""
    subject = LATEX.name(item.subject) if isinstance(item.subject, str) else plain(write(item.subject, LATEX))
    said = {"nonzero": r" \ne 0", "positive": " > 0"}.get(item.kind)
    return (subject + said, "") if said else (subject, f" is {item.kind}")


def hypotheses(theorem: Theorem) -> list[tuple[str, str]]:
    """All that a theorem rests on, the equations that it takes as given too, as formulas and the words after them."""
    given = [(plain(equation(item.statement, LATEX)), "") for item in theorem.assumptions]
    return [*map(hypothesis, theorem.hypotheses), *given]


def where(theorem: Theorem) -> list[str]:
    """The equations that a theorem takes as given, as formulas with their limits."""
    return [plain(equation(item.statement, LATEX, limits=True)) for item in theorem.assumptions]


def stays(laid_out: Outline, row: Row, start: str, end: str) -> str:
    """Why a sum cannot collapse in a row, its formulas between `start` and `end`; empty where that is no question."""
    if row.stays is None:
        return ""
    link, letter, other = (plain(write(part, LATEX, laid_out.letters)) for part in row.stays)
    said = rf"{start}{link} \ne 0{end} for {start}{letter} \ne {other}{end} too, so {start}\sum_{{{letter}}}{end}"
    return f" {said} does not collapse to one term here, as it does for an elementwise activation."


def meanings(laid_out: Outline) -> Iterator[tuple[str, str]]:
    """What the signs of a proof mean, each as a formula and the words after it."""
    for name, binder in laid_out.ranges if not laid_out.full else ():
        low, high = (plain(write(bound, LATEX, laid_out.letters)) for bound in binder.limit[1:])
        letter = LATEX.name(name)
        yield rf"\sum_{{{letter}}}", rf" sums over \({letter} = {low},\dots,{high}\)"
    if laid_out.shows(Delta):
        yield r"\mathbf{1}_{[i=j]}", r" is the Kronecker delta: 1 where \(i = j\), else 0 (the error is \(\delta\))"
    if laid_out.holds_fixed:
        yield (
            r"\left. \frac{\partial y}{\partial x} \right|_{z}",
            r" is the partial derivative with \(z\) held at its value",
        )
    if laid_out.shows(Hadamard):
        yield r"\odot", " multiplies entry by entry"


def equations(laid_out: Outline) -> Iterator[tuple[str, str]]:
    """The equations of the network: each as a formula and the formula of its ranges."""
    network = laid_out.theorem.network
    for left, right, limits, letters in definitions(network):
        sides = [plain(write(side, LATEX, letters, limits=True)) for side in (left, right)]
        yield " = ".join(sides), ranges(limits, LATEX)
    for function in network.functions:
        head = LATEX.function(function.name, 0, write(function.variable, LATEX))
        yield f"{plain(head)} = {plain(write(function.body, LATEX))}", ""


def becomes(laid_out: Outline, row: Row) -> str:
    r"""In a collapse, k \to j."""
    if row.becomes is None:
        return ""
    return r" \to ".join(plain(write(side, LATEX, laid_out.letters)) for side in row.becomes)


def _lines(laid_out: Outline, name: str, detail: str, evidence: Sequence[Evidence]) -> Iterator[str]:
    theorem = laid_out.theorem
    yield rf"\paragraph{{{latex_text(name)}.}}"
    yield rf"For all \({ranges(theorem.limits, LATEX)}\):" if theorem.limits else "It holds that"
    yield rf"\begin{{equation*}}{chr(10)}  {statement_line(laid_out)}{chr(10)}\end{{equation*}}"
    for given in where(theorem):
        yield rf"where \({given}\)."
    if theorem.matrix is not None:
        yield rf"In matrix form, \({plain(equation(theorem.matrix, LATEX, laid_out.letters))}\)."
    under = ", ".join(rf"\({size}\)" for size in sizes(laid_out))
    yield (r"Sizes: " + under + "." if under else "") + "\n"
    if laid_out.rows:
        yield r"\noindent\textit{Proof.}"
        yield from _chain(laid_out, laid_out.start, laid_out.rows)
    yield from _rests_on(laid_out, detail)
    yield from _checked(laid_out, evidence)


def _chain(laid_out: Outline, start: Basic, rows: Sequence[Row]) -> Iterator[str]:
    yield r"\begin{align*}"
    yield f"  & {formula(laid_out, start)} \\\\"
    for at, row in enumerate(rows):
        reason = latex_text(row.reason)
        note = f" ({latex_text(row.note)})" if row.note and row.becomes is None else ""
        remark = stays(laid_out, row, r"\(", r"\)")
        said = f"{note}: {reason}{_here(laid_out, row)}{remark}"
        yield rf"\intertext{{{row.number}. \textsf{{{latex_text(row.rule)}}}{said}}}"
        if row.before is not None:
            change = becomes(laid_out, row)
            boxed = formula(laid_out, row.before, row.marks)
            yield rf"  & {boxed}" + (rf" && {change}" if change else "") + r" \\"
        after = rf"  ={{}}& {formula(laid_out, row.after)}"
        final = at == len(rows) - 1
        yield after if final or row.parts else after + r" \\"
        if row.parts:
            yield from _parts(laid_out, row.parts)
            if not final:
                yield r"\begin{align*}"
    if not (rows and rows[-1].parts):
        yield r"\end{align*}"


def _parts(laid_out: Outline, parts: Sequence[Part]) -> Iterator[str]:
    yield r"\end{align*}"
    yield r"\begin{quote}"
    for part in parts:
        yield part.role.capitalize() + ":"
        yield from _chain(laid_out, part.start, part.rows)
    yield r"\end{quote}"


def _here(laid_out: Outline, row: Row) -> str:
    if row.here is None:
        return ""
    sides = (plain(write(side, LATEX, laid_out.letters, laid_out.limits)) for side in row.here)
    return rf" Here \({' = '.join(sides)}\)."


def formula(laid_out: Outline, expr: Basic, marks: Marks | None = None) -> str:
    """An expression of the proof, a long sum broken over rows of an alignment."""
    ink = write(expr, LATEX, laid_out.letters, laid_out.limits, marks)
    return plain(broken(ink)) if length(ink) > LONG else plain(ink)


def broken(ink: Ink) -> Ink:
    """A long sum, with a new row after about every LONG characters, between two terms."""
    parts: list[str | Ink] = []
    since = 0
    for text, tag in ink:
        if tag == BREAK and since > LONG // 2:
            parts.append(" \\\\\n  & \\quad{} ")
            since = 0
        else:
            parts.append(((text, tag),))
            since += len(text)
    return join(*parts)


def _rests_on(laid_out: Outline, detail: str) -> Iterator[str]:
    theorem = laid_out.theorem
    listed = [rf"\({math}\){latex_text(words)}" for math, words in hypotheses(theorem)]
    yield r"\noindent\textit{From.} Hypotheses: " + ("; ".join(listed) or "none") + "."
    if detail == "brief":
        return
    yield rf"The equations of {latex_text(theorem.network.name)}:"
    rows = [f"  & {math}" + (f" && {over}" if over else "") for math, over in equations(laid_out)]
    yield "\\begin{align*}\n" + " \\\\\n".join(rows) + "\n\\end{align*}"
    said = [rf"\({sign}\){words}" for sign, words in meanings(laid_out)]
    if said:
        yield r"\noindent\textit{Notation.} " + "; ".join(said) + "."
    yield ""


def _checked(laid_out: Outline, evidence: Sequence[Evidence]) -> Iterator[str]:
    said = [f"the kernel, {laid_out.applied} rule application{'' if laid_out.applied == 1 else 's'}"]
    for name, done, agrees in agreement(evidence):
        word = "undecided" if agrees is None else "agrees" if agrees else "DISAGREES"
        said.append(f"{word}: {latex_text(name)}, {latex_text(done)}")
    yield r"\noindent\textit{Checked by.} " + "; ".join(said) + "."
