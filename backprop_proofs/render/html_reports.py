"""What is found of a network, in HTML: a claim that fails, and the paths from one weight to the cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backprop_proofs.language.network import Equation
from backprop_proofs.render.html import escaped, formula, sentence
from backprop_proofs.render.html_blocks import block, display, for_all, labelled, table
from backprop_proofs.render.paths import is_not_elementwise, proved, shown_equations
from backprop_proofs.render.refuted import failing, kind

if TYPE_CHECKING:
    from backprop_proofs.checking.claims import Refuted
    from backprop_proofs.checking.path_report import PathReport
    from backprop_proofs.derivation.path_graph import NeuronPath


def refuted_html(refuted: Refuted) -> str:
    """The claim, why it fails, and the network on which it does."""
    where = "".join(f"<li>{sentence(line)}</li>" for line in failing(refuted))
    return block(
        (
            f"<p><strong>Refuted: {escaped(refuted.name)}.</strong> Of {escaped(kind(refuted))} it is not true"
            f"{for_all(refuted.limits)} that</p>",
            _equation(refuted.statement),
            labelled("Why", f"{sentence(refuted.why)}."),
            f"<p><strong>The smallest network found on which it fails:</strong></p><ul>{where}</ul>",
        )
    )


def paths_html(report: PathReport) -> str:
    """How many paths there are, what each link contributes, the first of them, their sum, and what agrees."""
    start, end = report.nested.statement.lhs.wrt, report.nested.statement.lhs.of
    more = report.count - len(report.paths)
    return block(
        (
            f"<p><strong>Paths from {formula(start)} to {formula(end)}: {report.count:,}.</strong></p>",
            *([] if report.is_elementwise else [f"<p>{sentence(is_not_elementwise(report))}.</p>"]),
            "<p><strong>Each link</strong></p>",
            *(_equation(link.statement) for link in report.links),
            _listed(report.paths),
            *([f"<p>… and {more:,} more.</p>"] if more else []),
            "<p><strong>Their sum</strong></p>",
            *map(_equation, shown_equations(report)),
            f"<p>{sentence(proved(report).capitalize())}.</p>",
            table(report.evidence),
        )
    )


def _equation(pair: Equation) -> str:
    return display(formula(*pair))


def _listed(paths: Iterable[NeuronPath]) -> str:
    rows = [
        f'<tr><td>{number}</td><td style="text-align:left;padding:0 1.5em">{" → ".join(map(formula, path.nodes))}</td>'
        f'<td style="text-align:left;padding:0 1.5em">{formula(path.product)}</td></tr>'
        for number, path in enumerate(paths, start=1)
    ]
    head = "".join(f'<th style="text-align:left;padding:0 1.5em">{name}</th>' for name in ("", "path", "product"))
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
