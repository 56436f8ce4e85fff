"""What `prove` and `derive` print: proofs one after another, and claims that are refuted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.checking.evidence import Found, written_out
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.expressions import Ref
from backprop_proofs.render.ink import Ink
from backprop_proofs.render.refuted import refuted_latex, refuted_lines, refuted_markdown
from backprop_proofs.render.text import proof_lines
from backprop_proofs.render.written import written_lines

Result = tuple[str, Theorem | Refuted, Sequence[Found]]


def lines(results: Sequence[Result], detail: str, unicode: bool, width: int) -> Iterator[Ink]:
    """The results one after another; a theorem of known widths with its first instances written out."""
    for number, (name, result, evidence) in enumerate(results):
        if number:
            yield ()
        if isinstance(result, Refuted):
            yield from refuted_lines(result, unicode, width)
            continue
        yield from proof_lines(result, name, detail, unicode, evidence, width)
        if any(isinstance(size, Ref) for size in result.network.sizes):
            yield ()
            yield from written_lines(*written_out(result), unicode, width)


def pages(results: Sequence[Result], format: str, detail: str, standalone: bool) -> str:
    """The results in HTML, LaTeX or Markdown; standalone: a LaTeX document that compiles as it is."""
    if format == "html":
        from backprop_proofs.render.page.proofs import results_page  # lazy: most runs print text

        return results_page(results, detail)
    from backprop_proofs.render.latex import document, proof_latex  # lazy: most runs print text
    from backprop_proofs.render.markdown import proof_markdown  # lazy: the same

    if format == "markdown":
        return "\n".join(
            refuted_markdown(one) if isinstance(one, Refuted) else proof_markdown(one, name, detail, found)
            for name, one, found in results
        )
    written = [
        refuted_latex(one) if isinstance(one, Refuted) else proof_latex(one, name, detail, evidence=found)
        for name, one, found in results
    ]
    return document(written) if standalone else "\n".join(written)
