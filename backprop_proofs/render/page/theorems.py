"""One theorem on a page: its statement, its proof to step through, what it rests on; or a claim that is refuted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.checking.evidence import MANY, Found, written_out
from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.language.expressions import Ref
from backprop_proofs.render.html import escaped, sentence
from backprop_proofs.render.letters import letters_for
from backprop_proofs.render.outline import Outline
from backprop_proofs.render.page.foundation import at_widths, for_all, foundation, sizes
from backprop_proofs.render.page.indices import Numbers, names_in, numbered
from backprop_proofs.render.page.mathml import mathml, ranges
from backprop_proofs.render.page.stepping import stepping
from backprop_proofs.render.page.steps import Chain, proof_numbers, step_list
from backprop_proofs.render.refuted import failing, kind


@dataclass(frozen=True)
class Place:
    """Where a theorem stands on its page: its heading's level, and whether its steps are told from those of others.

    unfolded: whether its lemmas stand open.
    """

    alone: bool = True
    unfolded: bool = False

    def heading(self, name: str, verdict: str, sign: str) -> str:
        """The name as a heading, with the verdict."""
        level, said = "h1" if self.alone else "h2", f'<span class="verdict {verdict}">{sign} {verdict}</span>'
        return f'<header><{level} id="{slug(name)}-title">{escaped(name)}</{level}>{said}</header>'

    def prefix(self, name: str) -> str:
        """What the ids of its steps begin with."""
        return "" if self.alone else f"{slug(name)}-"


def slug(name: str) -> str:
    """A name as an id."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-").lower() or "theorem"


def theorem_section(name: str, laid_out: Outline, evidence: Sequence[Found], place: Place) -> str:
    """A theorem: its statement, its proof to step through, what it rests on."""
    return "\n".join(_theorem(name, laid_out, evidence, place))


def _theorem(name: str, laid_out: Outline, evidence: Sequence[Found], place: Place) -> Iterator[str]:
    theorem, numbers = laid_out.theorem, proof_numbers(laid_out)
    yield f'<section class="theorem" id="{slug(name)}" aria-labelledby="{slug(name)}-title">'
    yield place.heading(name, "proved", "✓")
    record = THEOREMS.get(name)
    if record is not None:
        yield f'<p class="says">{_sentence(record.says)} {escaped(record.source)}.</p>'
    yield from _statement(laid_out, numbers)
    if laid_out.rows:
        yield _proof(name, laid_out, numbers, place)
    if any(isinstance(size, Ref) for size in theorem.network.sizes):
        shown, more = written_out(theorem)
        yield at_widths(shown, f"{more:,} {'or more ' if more == MANY else ''}more" if more else "")
    yield foundation(laid_out, numbers, evidence)
    yield "</section>"


def _sentence(said: str) -> str:
    return f"{sentence(said[:1].upper() + said[1:])}."


def _statement(laid_out: Outline, numbers: Numbers) -> Iterator[str]:
    theorem, letters = laid_out.theorem, laid_out.letters
    yield f'<div class="statement formula">{mathml(*theorem.statement, letters=letters, numbers=numbers)}</div>'
    if theorem.limits:
        yield f'<p class="over">for all {ranges(theorem.limits, numbers)}</p>'
    for item in theorem.assumptions:
        yield f"<p>where {mathml(*item.statement, numbers=numbers)}{for_all(item.limits, numbers)}</p>"
    if theorem.matrix is not None:
        whole = mathml(*theorem.matrix, letters=letters, numbers=numbers)
        yield f'<p>In matrix form: <span class="formula">{whole}</span></p>'
    yield f"<p>{sizes(theorem.network, numbers)}</p>"


def _proof(name: str, laid_out: Outline, numbers: Numbers, place: Place) -> str:
    from backprop_proofs.render.pictures.scenes import scene  # lazy: a page without a proof draws nothing

    drawn = scene(laid_out)
    chain = Chain(laid_out, numbers, place.prefix(name), place.unfolded, () if drawn is None else drawn.lit)
    drawing = None if drawn is None else drawn.svg
    return stepping(f"Steps of {name}", "step", len(laid_out.rows), step_list(chain), drawing)


def refuted_section(refuted: Refuted, place: Place) -> str:
    """A claim that fails: what it says, why it fails, and the smallest network found on which it does."""
    from backprop_proofs.render.pictures.counterexamples import counterexample_picture  # lazy: only here is it drawn

    letters = letters_for(refuted.statement)
    names = [*names_in(refuted.statement, letters), *(letter.name for letter, _, _ in refuted.limits)]
    numbers = numbered(names)
    where = "".join(f"<li>{sentence(line)}</li>" for line in failing(refuted))
    picture = counterexample_picture(refuted.counterexample, refuted.network)
    drawn = "" if picture is None else f'<figure class="scene numbers">{picture.svg}</figure>'
    rows = (
        f'<section class="theorem" id="{slug(refuted.name)}" aria-labelledby="{slug(refuted.name)}-title">',
        place.heading(refuted.name, "refuted", "✗"),
        f"<p>Of {escaped(kind(refuted))} it is not true{for_all(refuted.limits, numbers)} that</p>",
        f'<div class="statement formula">{mathml(*refuted.statement, letters=letters, numbers=numbers)}</div>',
        f"<h3>Why it fails</h3><p>{_sentence(refuted.why)}</p>",
        f"<h3>The smallest network found on which it fails</h3>{drawn}<ul>{where}</ul>",
        "</section>",
    )
    return "\n".join(rows)


__all__ = ["Place", "refuted_section", "slug", "theorem_section"]
