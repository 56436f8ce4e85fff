"""The page of `paths`: what each link contributes, the paths one by one beside the drawing, and their sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sympy.core.basic import Basic

from backprop_proofs.checking.path_report import PathReport
from backprop_proofs.language.network import Equation
from backprop_proofs.render.html import sentence
from backprop_proofs.render.ink import plain
from backprop_proofs.render.letters import letters_for
from backprop_proofs.render.notation import UNICODE, latex, text, write
from backprop_proofs.render.outline import outline
from backprop_proofs.render.page.foundation import checked, hypothesis_html
from backprop_proofs.render.page.indices import names_in, numbered
from backprop_proofs.render.page.mathml import inline, mathml
from backprop_proofs.render.page.shell import page
from backprop_proofs.render.page.stepping import attributes, stepping
from backprop_proofs.render.paths import is_not_elementwise, proved, shown_equations

if TYPE_CHECKING:
    from backprop_proofs.derivation.path_graph import NeuronPath
    from backprop_proofs.render.pictures.scenes import Lit, Scene


def paths_page(report: PathReport) -> str:
    """All that is known of the paths from one weight to the cost, the listed ones to step through."""
    start, end = _ends(report)
    return page(f"paths from {text(start)} to {text(end)}", "\n".join(_main(report)))


def _main(report: PathReport) -> Iterator[str]:
    from backprop_proofs.render.pictures.scenes import path_scene  # lazy: other pages draw no paths

    start, end = map(mathml, _ends(report))
    yield '<section class="theorem" id="paths" aria-labelledby="paths-title">'
    yield f'<header><h1 id="paths-title">Paths from {start} to {end}: {report.count:,}</h1>'
    sign = "✓" if report.verdict == "proved" else "✗"
    yield f'<span class="verdict {report.verdict}">{sign} {report.verdict}</span></header>'
    fixed = ", ".join(inline(f"{latex(size)} = {value}") for size, value in report.network.sizes.items())
    yield f'<p class="says">Of the network with {fixed}.</p>'
    if not report.is_elementwise:
        said = is_not_elementwise(report)
        yield f"<p>{sentence(said[:1].upper() + said[1:])}.</p>"
    yield "<h2>Each link</h2>"
    yield from (_equation(link.statement) for link in report.links)
    if report.paths:
        every = len(report.paths) == report.count
        yield f"<h2>{'The paths' if every else f'The first {len(report.paths):,} paths'}</h2>"
        yield _listed(report, path_scene(report))
    if len(report.paths) < report.count:
        yield f"<p>… and {report.count - len(report.paths):,} more.</p>"
    yield from _total(report)
    yield "</section>"


def _total(report: PathReport) -> Iterator[str]:
    yield "<h2>Their sum</h2>"
    yield from map(_equation, shown_equations(report))
    said = proved(report)
    yield f"<p>{sentence(said[:1].upper() + said[1:])}.</p>"
    needs = "; ".join(map(hypothesis_html, report.total.hypotheses)) or "none"
    applied = outline(report.total, "brief").applied
    rows = (f"<dt>Hypotheses</dt><dd>{needs}</dd>", f"<dt>Checked by</dt><dd>{checked(applied, report.evidence)}</dd>")
    yield "\n".join(('<dl class="rests">', *rows, "</dl>"))


def _ends(report: PathReport) -> tuple[Basic, Basic]:
    return report.nested.statement.lhs.wrt, report.nested.statement.lhs.of


def _equation(one: Equation) -> str:
    letters = letters_for(one)
    return f'<div class="formula">{mathml(*one, letters=letters, numbers=numbered(names_in(one, letters)))}</div>'


def _listed(report: PathReport, scene: Scene | None) -> str:
    lit = () if scene is None else scene.lit
    items = (_path(number, path, lit) for number, path in enumerate(report.paths, start=1))
    states = "\n".join(('<ol class="paths">', *items, "</ol>"))
    return stepping("The paths", "path", len(report.paths), states, None if scene is None else scene.svg, together=True)


def _path(number: int, path: NeuronPath, lit: Sequence[Lit]) -> str:
    said = plain(write(path.product, UNICODE))
    place = attributes(lit, number - 1, id=f"path-{number}", data_say=said)
    route = inline(r" \to ".join(map(latex, path.nodes)))
    return (
        f'<li tabindex="0"{place}><div class="formula"><span class="number">{number}</span>{route}</div>\n'
        f'<div class="formula product">{mathml(path.product)}</div></li>'
    )


__all__ = ["paths_page"]
