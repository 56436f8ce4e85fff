"""What an object shows in HTML: theorems, steps, equations, networks, audits and rules as blocks of plain elements.

A reader without styles sees headings, lists and tables; what can be unfolded is in <details>, which needs no script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sympy import Expr

from backprop_proofs.language.expressions import Delta, Ref
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.matrices import Hadamard
from backprop_proofs.render.html import HTML, escaped, formula, sentence, signed, typeset
from backprop_proofs.render.ink import plain
from backprop_proofs.render.letters import Letters
from backprop_proofs.render.notation import UNICODE, write
from backprop_proofs.render.outline import (
    Outline,
    Part,
    Row,
    agreement,
    definitions,
    outline,
    size_of_layers,
    stays_text,
)
from backprop_proofs.render.pictures.counterexamples import counterexample_picture
from backprop_proofs.render.pictures.extras import unless_missing
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.walker import Alphabet, Walk

if TYPE_CHECKING:
    from backprop_proofs.checking.evidence import AuditReport, Found
    from backprop_proofs.evidence.exact import Counterexample
    from backprop_proofs.kernel.rules import Hypothesis, Rule
    from backprop_proofs.kernel.theorem import Theorem
    from backprop_proofs.language.network import Equation, Network

_ITEM = '<li style="margin:.4em 0">'
_LINE = "\n"
_WORDS = {True: "agrees", False: "<strong>DISAGREES</strong>", None: "undecided"}


def block(lines: Iterable[str]) -> str:
    """The whole of an output."""
    return "\n".join(("<div>", *lines, "</div>"))


def theorem_html(theorem: Theorem) -> str:
    """Statement, proof with lemmas to unfold, what it rests on, who checked it."""
    return block(_theorem(outline(theorem, "full")))


def equation_html(equation: Equation) -> str:
    """left = right."""
    return block([display(formula(equation.lhs, equation.rhs))])


def network_html(network: Network) -> str:
    """Its picture, name, settings and sizes, equations with their ranges."""
    return block((*_picture(lambda: network_picture(network)), *_network(network)))


def chain_html(laid_out: Outline) -> str:
    """Steps without the theorem that they lead to."""
    rows = laid_out.rows
    if len(rows) > 1:
        return block(_chain(laid_out, laid_out.start, rows))
    start = [] if rows[0].before is not None else [display(formula(laid_out.start, letters=laid_out.letters), "0")]
    return block([*start, *_row(laid_out, rows[0])])


def rule_html(rule: Rule) -> str:
    """A rule's name, its statement, why one may use it, its source."""
    said = f"<p><strong><code>{escaped(rule.name)}</code></strong>: {sentence(rule.statement)}</p>"
    return block([said, labelled("Why", sentence(rule.reason)), labelled("Source", escaped(rule.source))])


def audit_html(report: AuditReport) -> str:
    """Verdict, how much was compared, every check in a table."""
    plural = "" if report.partials == 1 else "s"
    compared = f"{report.partials:,} partial derivative{plural} of the cost compared"
    open_ = [f"<li>undecided: {sentence(said)}</li>" for said in report.undecided]
    lines = [f"<p><strong>Audit: {escaped(report.verdict)}.</strong> {compared}.</p>", table(report.checks)]
    return block([*lines, *(["<ul>", *open_, "</ul>"] if open_ else [])])


def check_html(check: Found) -> str:
    """One check, and the counterexample if it found one."""
    return block([table([check])])


def counterexample_html(found: Counterexample) -> str:
    """A network on which the two sides differ, drawn where it can be."""
    drawn = _picture(lambda: counterexample_picture(found))
    return block((f"<p>The two sides differ {sentence(str(found))}.</p>", *drawn))


def counterexample_drawing(found: Counterexample, network: Network | None) -> Iterator[str]:
    """The network of a counterexample with its numbers, where it can be drawn."""
    return _picture(lambda: counterexample_picture(found, network))


# pieces


def _picture(draw: Callable[[], Picture | None]) -> Iterator[str]:
    """A picture, or nothing where what draws it is not installed."""
    drawn = unless_missing(draw)
    if drawn is not None:
        yield f'<div style="margin:.5em 0">{drawn.image}</div>'


def labelled(label: str, words: str) -> str:
    """A paragraph with a label."""
    return f"<p><strong>{label}:</strong> {words}</p>"


def display(inside: str, indent: str = "2em") -> str:
    """A formula on a line of its own."""
    return f'<div style="margin:.3em 0 .3em {indent};overflow-x:auto;padding:.2em 0">{inside}</div>'


def _quiet(inside: str) -> str:
    return f'<div style="opacity:.8">{inside}</div>'


def _unfolding(title: str, inside: Iterable[str]) -> str:
    return "\n".join((f'<details style="margin:.5em 0"><summary>{title}</summary>', *inside, "</details>"))


def _ranges(limits: Sequence[Limit]) -> str:
    return ", ".join(map(_range, limits))


def for_all(limits: Sequence[Limit]) -> str:
    """For which values of its letters something holds."""
    return f" for {_ranges(limits)}" if limits else ""


def _range(limit: Limit) -> str:
    html, spoken = (_range_in(limit, alphabet) for alphabet in (HTML, UNICODE))
    return typeset(html, spoken)


def _range_in(limit: Limit, alphabet: Alphabet) -> str:
    letter, low, high = limit
    name, bottom = plain(write(letter, alphabet)), _index(low, alphabet)
    return f"{name} ≥ {bottom}" if high is None else f"{name} = {bottom}, …, {_index(high, alphabet)}"


def _index(expr: Expr, alphabet: Alphabet) -> str:
    letters = Letters()
    return signed(Walk(alphabet, letters).index(expr, letters.opened(expr)))


def _both(say: Callable[[Callable[[Expr], str]], str], letters: Letters | None = None) -> str:
    """A formula written twice: in HTML, and as it is to be spoken."""

    def said(alphabet: Alphabet) -> str:
        return say(lambda expr: plain(write(expr, alphabet, letters, limits=True)))

    return typeset(said(HTML), said(UNICODE))


# theorems


def _theorem(laid_out: Outline) -> Iterator[str]:
    theorem, letters = laid_out.theorem, laid_out.letters
    over = f" For all {_ranges(theorem.limits)}:" if theorem.limits else ""
    yield f"<p><strong>Theorem.</strong>{over}</p>"
    yield display(formula(*theorem.statement, letters=letters))
    for item in theorem.assumptions:
        yield f"<p>where {formula(*item.statement)}{for_all(item.limits)}</p>"
    if theorem.matrix is not None:
        yield f"<p>In matrix form: {formula(*theorem.matrix, letters=letters)}</p>"
    yield f"<p>{_sizes(theorem.network)}</p>"
    if laid_out.rows:
        yield "<p><strong>Proof</strong></p>"
        yield from _chain(laid_out, laid_out.start, laid_out.rows)
    yield from _ledger(laid_out)


def _ledger(laid_out: Outline) -> Iterator[str]:
    theorem = laid_out.theorem
    given = (formula(*item.statement) + for_all(item.limits) for item in theorem.assumptions)
    yield labelled("Hypotheses", "; ".join((*map(_hypothesis, theorem.hypotheses), *given)) or "none")
    yield _unfolding(f"The equations of {escaped(theorem.network.name)}", _equations(theorem.network))
    said = list(_meanings(laid_out))
    if said:
        yield labelled("Notation", "; ".join(said))
    applied = laid_out.applied
    yield labelled("Checked by", f"the kernel, {applied} rule application{'' if applied == 1 else 's'}")


def _hypothesis(item: Hypothesis) -> str:
    said = {"nonzero": " ≠ 0", "positive": " > 0"}.get(item.kind)
    if isinstance(item.subject, str):
        name = typeset(HTML.name(item.subject), UNICODE.name(item.subject))
        return f"{name} is {escaped(item.kind)}"
    return formula(item.subject) + (said or f" is {escaped(item.kind)}")


def _meanings(laid_out: Outline) -> Iterator[str]:
    if laid_out.shows(Delta):
        yield "[<i>i</i> = <i>j</i>] is the Kronecker delta, 1 where <i>i</i> = <i>j</i> and else 0"
    if laid_out.holds_fixed:
        yield "∂<i>y</i>/∂<i>x</i>|<sub><i>z</i></sub> is the derivative with <i>z</i> held at its value"
    if laid_out.shows(Hadamard):
        yield "⊙ multiplies entry by entry"


# steps


def _chain(laid_out: Outline, start: Expr, rows: Sequence[Row]) -> Iterator[str]:
    if rows[0].before is None:
        yield display(formula(start, letters=laid_out.letters))
    yield "<ol>"
    for row in rows:
        yield f"{_ITEM}{_LINE.join(_row(laid_out, row))}</li>"
    yield "</ol>"


def _row(laid_out: Outline, row: Row) -> Iterator[str]:
    letters = laid_out.letters
    if row.before is not None:
        yield display(formula(row.before, letters=letters, marks=row.marks) + _becomes(laid_out, row), "0")
    yield display(_both(lambda form: f"= {form(row.after)}", letters), "0")
    remarks = _here(laid_out, row) + _stays(laid_out, row) + _note(row)
    yield _quiet(f"<strong>{escaped(row.rule)}</strong>: {sentence(row.reason)}{remarks}")
    for part in row.parts:
        yield _part(laid_out, part)


def _part(laid_out: Outline, part: Part) -> str:
    steps = f"{len(part.rows)} step{'' if len(part.rows) == 1 else 's'}"
    return _unfolding(f"{escaped(part.role)} ({steps})", _chain(laid_out, part.start, part.rows))


def _becomes(laid_out: Outline, row: Row) -> str:
    if row.becomes is None:
        return ""
    index, value = row.becomes
    return " &emsp; " + _both(lambda form: f"{form(index)} → {form(value)}", laid_out.letters)


def _here(laid_out: Outline, row: Row) -> str:
    return "" if row.here is None else f" Here {formula(*row.here, letters=laid_out.letters)}."


def _stays(laid_out: Outline, row: Row) -> str:
    if row.stays is None:
        return ""
    link, letter, other = (formula(part, letters=laid_out.letters) for part in row.stays)
    name = plain(write(row.stays[1], HTML, laid_out.letters))
    return f" {stays_text((link, typeset(f'Σ<sub>{name}</sub>', 'the sum'), letter, '≠', other))}."


def _note(row: Row) -> str:
    return f" ({sentence(row.note)})" if row.note and row.becomes is None else ""


# networks


def _network(network: Network) -> Iterator[str]:
    settings = ", ".join(f"{escaped(key)} {escaped(value)}" for key, value in network.settings.items())
    yield f"<p><strong>Network {escaped(network.name)}</strong>{f' ({settings})' if settings else ''}</p>"
    yield from _equations(network)
    yield f"<p>{_sizes(network)}</p>"


def _equations(network: Network) -> Iterator[str]:
    yield '<ul style="list-style:none">'
    for left, right, limits, letters in definitions(network):
        yield f"{_ITEM}{formula(left, right, letters=letters)} &emsp; {for_all(limits)}</li>"
    for function in network.functions:
        head, spoken = (
            plain(alphabet.function(function.name, 0, write(function.variable, alphabet)))
            for alphabet in (HTML, UNICODE)
        )
        body = plain(write(function.body, HTML, limits=True))
        yield f"{_ITEM}{typeset(f'{head} = {body}', f'{spoken} = {plain(write(function.body, UNICODE))}')}</li>"
    yield "</ul>"


def _sizes(network: Network) -> str:
    """For which sizes it holds."""
    if network.sizes:
        fixed = ", ".join(_size(size, value) for size, value in network.sizes.items())
        return f"Sizes: {fixed}."
    every = [_range(limit) for limit in network.parameters]
    width = size_of_layers(network)
    if width is not None:
        every.append(_width(width))
    return f"Of every size: {', '.join(every)}." if every else "Of the network as given."


def _size(size: Expr, value: int) -> str:
    return _both(lambda form: f"{form(size)} = {value}")


def _width(width: Ref) -> str:
    return _both(lambda form: f"{form(width)} ≥ 1")


# evidence


def table(checks: Sequence[Found]) -> str:
    """Checks, a row each."""
    rows = [cells("th", "check", "what was done", "result")]
    for name, done, agrees in agreement(checks):
        how = done.removeprefix("raw SymPy ") if name.endswith("raw SymPy") else done
        rows.append(cells("td", escaped(name), sentence(how), _WORDS[agrees]))
    found = [f"<p>{sentence(str(check.counterexample))}</p>" for check in checks if check.counterexample is not None]
    return "\n".join((f"<table><thead>{rows[0]}</thead><tbody>", *rows[1:], "</tbody></table>", *found))


def cells(tag: str, *inside: str) -> str:
    """A row of a table; Jupyter would align it on the right."""
    cells = (f'<{tag} style="text-align:left">{part}</{tag}>' for part in inside)
    return f"<tr>{''.join(cells)}</tr>"


__all__ = [
    "audit_html",
    "block",
    "cells",
    "chain_html",
    "check_html",
    "counterexample_drawing",
    "counterexample_html",
    "display",
    "equation_html",
    "for_all",
    "labelled",
    "network_html",
    "rule_html",
    "table",
    "theorem_html",
]
