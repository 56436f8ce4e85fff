"""What a theorem rests on, in HTML: sizes, hypotheses, the network's equations, signs, and what agrees."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sympy.core.basic import Basic

from backprop_proofs.language.expressions import Delta
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.matrices import Hadamard
from backprop_proofs.language.network import Network
from backprop_proofs.render.alphabets import LATEX
from backprop_proofs.render.html import escaped, sentence
from backprop_proofs.render.ink import plain
from backprop_proofs.render.latex import hypothesis
from backprop_proofs.render.notation import latex, write
from backprop_proofs.render.outline import Evidence, Outline, agreement, definitions, size_of_layers
from backprop_proofs.render.page.indices import Numbers, names_in, numbered
from backprop_proofs.render.page.mathml import inline, mathml, mathml_of, ranges

if TYPE_CHECKING:
    from backprop_proofs.checking.evidence import WrittenOut
    from backprop_proofs.kernel.rules import Hypothesis

WORDS = {True: "agrees", False: "disagrees", None: "undecided"}
SIGNS = {True: "✓", False: "✗", None: "?"}
KINDS = {True: "proved", False: "refuted", None: "undecided"}


def sizes(network: Network, numbers: Numbers) -> str:
    """For which sizes a theorem of the network holds."""
    fixed = ", ".join(inline(f"{latex(size)} = {value}") for size, value in network.sizes.items())
    if fixed:
        return f"Of the network with {fixed}."
    every = [ranges((limit,), numbers) for limit in network.parameters]
    width = size_of_layers(network)
    if width is not None:
        every.append(mathml(width, numbers=numbers) + inline(r"{} \ge 1"))
    return f"Of every size: {', '.join(every)}." if every else "Of the network as given."


def foundation(laid_out: Outline, numbers: Numbers, evidence: Sequence[Evidence]) -> str:
    """Everything that a theorem rests on, and who agrees."""
    theorem = laid_out.theorem
    needs = list(map(hypothesis_html, theorem.hypotheses))
    needs += [mathml(*item.statement, numbers=numbers) + for_all(item.limits, numbers) for item in theorem.assumptions]
    rows = [_entry("Hypotheses", ["; ".join(needs) or "none"])]
    rows.append(_entry(f"The equations of {escaped(theorem.network.name)}", [equations(theorem.network)]))
    said = list(_meanings(laid_out))
    rows += [_entry("Notation", said)] if said else []
    rows.append(_entry("Checked by", [checked(laid_out.applied, evidence)]))
    return "\n".join(('<dl class="rests">', *rows, "</dl>"))


def _entry(label: str, said: Iterable[str]) -> str:
    return f"<dt>{label}</dt>" + "".join(f"<dd>{one}</dd>" for one in said)


def hypothesis_html(item: Hypothesis) -> str:
    """A hypothesis: a formula, and the words after it."""
    formula, words = hypothesis(item)
    return inline(formula) + escaped(words)


def for_all(limits: Sequence[Limit], numbers: Numbers) -> str:
    """For which values of its letters something holds."""
    return f" for {ranges(limits, numbers)}" if limits else ""


def equations(network: Network) -> str:
    """The equations of a network, its names for expressions and its functions."""
    return "\n".join(("<ul>", *(f"<li>{line}</li>" for line in _equations(network)), "</ul>"))


def _equations(network: Network) -> Iterator[str]:
    for left, right, limits, letters in definitions(network):
        names = [*names_in((left, right), letters), *(letter.name for letter, _, _ in limits)]
        numbers = numbered(names)
        said = mathml(left, right, letters=letters, numbers=numbers)
        yield f'<span class="formula">{said}</span>{for_all(limits, numbers)}'
    for function in network.functions:
        head = plain(LATEX.function(function.name, 0, write(function.variable, LATEX)))
        yield f'<span class="formula">{mathml_of(f"{head} = {_bare(function.body)}")}</span>'


def _bare(body: Basic) -> str:
    return plain(write(body, LATEX, limits=True))


def _meanings(laid_out: Outline) -> Iterator[str]:
    if laid_out.shows(Delta):
        delta, equal, error = inline("[i = j]"), inline("i = j"), inline(r"\delta")
        yield f"{delta} is the Kronecker delta: 1 where {equal} and else 0; the error is {error}"
    if laid_out.holds_fixed:
        held = inline(r"\left. \frac{\partial y}{\partial x} \right|_{z}")
        yield f"{held} is the partial derivative with {inline('z')} held at its value"
    if laid_out.shows(Hadamard):
        yield inline(r"\odot") + " multiplies entry by entry"


def checked(applied: int, evidence: Sequence[Evidence]) -> str:
    """Who agrees with a theorem: the kernel, and evidence that shares no code with it."""
    kernel = f"{applied} rule application{'' if applied == 1 else 's'}, each checked"
    rows = [("the kernel", kernel, True), *agreement(evidence)]
    body = "".join(_row(name, done, agrees) for name, done, agrees in rows)
    head = '<tr><th scope="col">check</th><th scope="col">what was done</th><th scope="col">result</th></tr>'
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _row(name: str, done: str, agrees: bool | None) -> str:
    word = f'<span class="{KINDS[agrees]}">{SIGNS[agrees]} {WORDS[agrees]}</span>'
    return f"<tr><td>{escaped(name)}</td><td>{sentence(done)}</td><td>{word}</td></tr>"


def at_widths(shown: Sequence[WrittenOut], more: str) -> str:
    """The first instances of a theorem in a network of known widths."""
    rows = "".join(
        f'<li><span class="formula">{mathml(*one.theorem.statement)}</span>{_raw(one)}</li>' for one in shown
    )
    rest = f"<p>… and {more}.</p>" if more else ""
    said = f"<ul>{rows}</ul>" if rows else "<p>nothing: the theorem is empty at these sizes</p>"
    return f'<dl class="rests"><dt>Written out</dt><dd>{said}{rest}</dd></dl>'


def _raw(one: WrittenOut) -> str:
    if one.raw is None:
        return ""
    kind = one.raw.agrees
    return f' <span class="{KINDS[kind]}">{SIGNS[kind]} {escaped(one.raw.name)} {WORDS[kind]}</span>'


__all__ = ["at_widths", "checked", "equations", "for_all", "foundation", "hypothesis_html", "sizes"]
