"""The page of `prove` and `derive`: theorems one below the other, each with its own stepper, then the rules."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.checking.evidence import Found
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.render.html import escaped
from backprop_proofs.render.outline import checked_detail, outline
from backprop_proofs.render.page.rules import rules_section, used
from backprop_proofs.render.page.shell import page
from backprop_proofs.render.page.theorems import Place, refuted_section, slug, theorem_section

Result = tuple[str, Theorem | Refuted, Sequence[Found]]


def results_page(results: Sequence[Result], detail: str = "steps") -> str:
    """All results on one page: brief, statements; steps, proofs; full, proofs with their lemmas unfolded.

    Raises UnknownName for another detail.
    """
    return page(", ".join(name for name, _, _ in results), results_main(results, checked_detail(detail)))


def results_main(results: Sequence[Result], detail: str) -> str:
    """What stands on that page."""
    place = Place(len(results) == 1, detail == "full")
    sections: list[str] = [] if place.alone else [_contents([name for name, _, _ in results])]
    rules: set[str] = set()
    for name, one, found in results:
        if isinstance(one, Refuted):
            sections.append(refuted_section(one, place))
            continue
        laid_out = outline(one, "brief" if detail == "brief" else "full")
        rules |= used(laid_out.rows)
        sections.append(theorem_section(name, laid_out, found, place))
    return "\n".join((*sections, *([rules_section(rules)] if rules else [])))


def _contents(names: Sequence[str]) -> str:
    title = escaped(", ".join(names))
    links = "\n".join(f'<a href="#{slug(name)}">{escaped(name)}</a>' for name in names)
    return f'<h1>{title}</h1>\n<nav class="contents" aria-label="Theorems">\n{links}\n</nav>'


__all__ = ["results_main", "results_page"]
