"""What each of our objects shows in a notebook and, printed by Rich, on a terminal; every view is a pure function.

text/plain is what a terminal shows; text/latex is the statement alone, between $$, in what MathJax and KaTeX both read;
text/html is the object with all that belongs to it, in HTML that needs no typesetter (render/html.py says why).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

from sympy import Expr
from sympy.core.basic import Basic

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.checking.evidence import AuditReport, Silence
from backprop_proofs.checking.path_report import PathReport
from backprop_proofs.checking.report import CheckedLine, Repair, Report
from backprop_proofs.evidence.exact import Check, Counterexample
from backprop_proofs.kernel.rules import Rule
from backprop_proofs.kernel.theorem import Derivation, Step, Theorem
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.printable import printable
from backprop_proofs.render.html_blocks import (
    audit_html,
    chain_html,
    check_html,
    counterexample_html,
    equation_html,
    network_html,
    rule_html,
    theorem_html,
)
from backprop_proofs.render.html_checks import line_html, repair_html, report_html
from backprop_proofs.render.html_reports import paths_html, refuted_html
from backprop_proofs.render.ink import Ink, join, plain, underline, wrapped
from backprop_proofs.render.latex import statement_line
from backprop_proofs.render.notation import ASCII, LATEX, UNICODE, equation, ranges, write
from backprop_proofs.render.outline import Outline, agreement, definitions, outline
from backprop_proofs.render.paths import path_lines
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.proofs import proof_picture
from backprop_proofs.render.prose import ascii_text
from backprop_proofs.render.reference import rule_lines
from backprop_proofs.render.refuted import refuted_lines
from backprop_proofs.render.report_parts import mending, said, tally
from backprop_proofs.render.reports import line_lines, repair_lines, report_lines
from backprop_proofs.render.terminal import Page
from backprop_proofs.render.text import MARK, REASON, RULE, TITLE, WIDTH, proof_lines, sizes
from backprop_proofs.render.walker import FRACTION, strength
from backprop_proofs.render.written import audit_lines

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


class View(NamedTuple):
    """How the objects of a class show themselves: lines of text, LaTeX math without its $$, and HTML."""

    lines: Callable[[Any, bool, int], Iterable[Ink]]
    latex: Callable[[Any], str]
    html: Callable[[Any], str]


def bundle(shown: object) -> dict[str, str]:
    """The object for a notebook, by MIME type."""
    view = _view(shown)
    lines = (plain(line).rstrip() for line in view.lines(shown, True, WIDTH))
    math = f"$$\n{view.latex(shown)}\n$$"
    return {"text/plain": "\n".join(lines), "text/latex": math, "text/html": view.html(shown)}


def rich_lines(shown: object, console: Console, options: ConsoleOptions) -> RenderResult:
    """The object for a terminal, in the terminal's width and characters."""
    view = _view(shown)
    yield from Page(lambda unicode, width: view.lines(shown, unicode, width)).__rich_console__(console, options)


def node_latex(node: Basic, within: bool) -> str:
    """A node of ours for SymPy's LaTeX printer; a sum within something else stands in parentheses."""
    ink = write(node, LATEX, limits=True)
    return plain(LATEX.parens(ink) if within and strength(node) < FRACTION else ink)


def drawing(drawn: Network | Theorem) -> Picture:
    """The picture of a network or of a proof. Raises InvalidInput where what draws it is not installed."""
    return proof_picture(drawn) if isinstance(drawn, Theorem) else network_picture(drawn)


def _view(shown: object) -> View:
    return next(_VIEWS[kind] for kind in type(shown).__mro__ if kind in _VIEWS)


# text


def _theorem_lines(theorem: Theorem, unicode: bool, width: int) -> Iterable[Ink]:
    return proof_lines(theorem, "theorem", "steps", unicode, (), width)


def _equation_lines(pair: Equation, unicode: bool, width: int) -> Iterable[Ink]:
    return wrapped(equation(pair, UNICODE if unicode else ASCII), width, "", "    ")


def _network_lines(network: Network, unicode: bool, width: int) -> Iterator[Ink]:
    alphabet = UNICODE if unicode else ASCII
    settings = ", ".join(f"{key} {value}" for key, value in network.settings.items())
    name = printable(network.name) if unicode else ascii_text(printable(network.name))
    yield join(((f"network {name}", TITLE),), f" ({settings})" if settings else "")
    for left, right, limits, letters in definitions(network):
        said = join(write(left, alphabet, letters, True), " = ", write(right, alphabet, letters, True))
        over = f"   ({ranges(limits, alphabet)})" if limits else ""
        yield from wrapped(join(said, over), width, "  ", "      ")
    for function in network.functions:
        head = alphabet.function(function.name, 0, write(function.variable, alphabet))
        yield from wrapped(join(head, " = ", write(function.body, alphabet, limits=True)), width, "  ", "      ")
    yield from wrapped(join(sizes(network, alphabet)), width, "  ", "    ")


def _chain_lines(steps: Sequence[Step], unicode: bool, width: int) -> Iterator[Ink]:
    if not steps:
        yield join("no steps")
        return
    alphabet, laid_out = UNICODE if unicode else ASCII, _laid_out(steps, "steps")
    for row in laid_out.rows:
        before = row.before if row.before is not None else laid_out.start if row.number == "1" else None
        if before is not None:
            ink = write(before, alphabet, laid_out.letters, True, row.marks)
            for line in wrapped(ink, width, "    ", "        "):
                yield line
                yield from [((underline(line), MARK),)] if underline(line) else []
        after = write(row.after, alphabet, laid_out.letters, True)
        yield from wrapped(
            join("= ", after), width, f"{row.number:<4}"[: 4 if len(steps) > 1 else 0] or "    ", "        "
        )
        why = ((row.rule, RULE), (": ", ""), (row.reason if unicode else ascii_text(row.reason), REASON))
        yield from wrapped(why, width, "        ", "        ")


def _check_lines(check: Check | Silence, unicode: bool, width: int) -> Iterator[Ink]:
    ((_, done, _),) = agreement([check])
    said = f"{_verdict(check)}: {done}"
    yield from wrapped(join(said if unicode else ascii_text(said)), width, "", "  ")
    if check.counterexample is not None:
        yield from _counterexample_lines(check.counterexample, unicode, width)


def _verdict(check: Check | Silence) -> str:
    word = {True: "agrees", False: "DISAGREES", None: "undecided"}[check.agrees]
    return f"{word}  {check.name}"


def _counterexample_lines(found: Counterexample, unicode: bool, width: int) -> Iterable[Ink]:
    said = f"the two sides differ {found}"
    return wrapped(join(said if unicode else ascii_text(said)), width, "", "  ")


# LaTeX


def _pair_latex(pair: Iterable[Expr]) -> str:
    return plain(equation(Equation(*pair), LATEX))


def _network_latex(network: Network) -> str:
    rows = []
    for left, right, limits, letters in definitions(network):
        sides = (plain(write(side, LATEX, letters, limits=True)) for side in (left, right))
        rows.append(" &= ".join(sides) + (f" && {ranges(limits, LATEX)}" if limits else ""))
    for function in network.functions:
        head = plain(LATEX.function(function.name, 0, write(function.variable, LATEX)))
        rows.append(f"{head} &= {plain(write(function.body, LATEX, limits=True))}")
    return _aligned(rows)


def _chain_latex(steps: Sequence[Step]) -> str:
    if not steps:
        return _words("no steps")
    laid_out = _laid_out(steps, "steps")
    chain = [plain(write(expr, LATEX, laid_out.letters, True)) for expr in (laid_out.start, *(s.after for s in steps))]
    return _aligned([f"{chain[0]} &= {chain[1]}", *(f"&= {part}" for part in chain[2:])])


def _report_latex(report: Report) -> str:
    total, counts = tally((line.verdict for line in report.lines), "line")
    return _words(f"{report.verdict}; {total}: {', '.join(f'{count} {verdict}' for count, verdict in counts)}")


def _number(value: Expr) -> str:
    return plain(write(value, LATEX))


def _aligned(rows: Sequence[str]) -> str:
    return rows[0] if len(rows) == 1 and "&" not in rows[0] else _ALIGNED.format(" \\\\\n".join(rows))


def _words(said: str) -> str:
    r"""Words in \text, without any character that TeX reads in its own way."""
    return rf"\text{{{re.sub(r'[^A-Za-z0-9 ,.:;()=+*/<>-]', ' ', ascii_text(said))}}}"


# steps without a theorem


def _laid_out(steps: Sequence[Step], detail: str) -> Outline:
    """Steps laid out like those of a theorem, of which only the chain is known."""
    sides = [SimpleNamespace(ref=step.before, body=step.after) for step in steps]
    ends = (steps[0].before, steps[-1].after)
    network = SimpleNamespace(definitions=tuple(sides), abbreviations=())
    alone: Any = SimpleNamespace(network=network, statement=ends, matrix=None, derivation=Derivation(tuple(steps)))
    return outline(alone, detail)


def _chain_html(steps: Sequence[Step]) -> str:
    return chain_html(_laid_out(steps, "full")) if steps else "<p>no steps</p>"


_ALIGNED = "\\begin{{aligned}}\n{}\n\\end{{aligned}}"
_VIEWS: Mapping[type, View] = MappingProxyType(
    {
        Theorem: View(_theorem_lines, lambda t: statement_line(outline(t, "brief")), theorem_html),
        Derivation: View(
            lambda d, unicode, width: _chain_lines(d.steps, unicode, width),
            lambda d: _chain_latex(d.steps),
            lambda d: _chain_html(d.steps),
        ),
        Step: View(
            lambda s, unicode, width: _chain_lines((s,), unicode, width),
            lambda s: _chain_latex((s,)),
            lambda s: _chain_html((s,)),
        ),
        Equation: View(_equation_lines, _pair_latex, equation_html),
        Network: View(_network_lines, _network_latex, network_html),
        Rule: View(rule_lines, lambda rule: _words(rule.name), rule_html),
        AuditReport: View(audit_lines, lambda report: _words(f"audit: {report.verdict}"), audit_html),
        Check: View(_check_lines, lambda check: _words(_verdict(check)), check_html),
        Silence: View(_check_lines, lambda check: _words(_verdict(check)), check_html),
        Refuted: View(refuted_lines, lambda claim: _pair_latex(claim.statement).replace("=", r"\ne", 1), refuted_html),
        PathReport: View(path_lines, lambda report: _pair_latex(report.nested.statement), paths_html),
        Report: View(report_lines, _report_latex, report_html),
        CheckedLine: View(
            line_lines, lambda line: _words(f"line {line.line}: {line.verdict}; {said(line)}"), line_html
        ),
        Repair: View(repair_lines, lambda repair: _words(mending(repair)), repair_html),
        Counterexample: View(
            _counterexample_lines,
            lambda found: rf"{_number(found.left)} \ne {_number(found.right)}",
            counterexample_html,
        ),
    }
)
__all__ = ["View", "bundle", "drawing", "node_latex", "rich_lines"]
