"""What is wrong with an equation that fails: the finding's stable code, a sentence, and the place."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_proofs.checking.judge import Court
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation
from backprop_proofs.reading.meaning.statement import Link
from backprop_proofs.reading.syntax import Node, Span, span_of


@dataclass(frozen=True)
class Finding:
    """What is found: a stable code, one sentence, the place in the text."""

    code: str
    message: str
    span: Span


def finding_of(made: Link, found: Counterexample, right: Node) -> Finding:
    """Why an equation fails that is well formed: its indices first, then its values."""
    clash = next((name for name in made.only_right if name.base in made.bound), None)
    both = sorted(set(made.only_left) & made.bound)
    if both:
        other = f", and {made.only_right[0].base} is free on the right only" if made.only_right else ""
        return Finding(
            "bound-free", f"{both[0]} is free on the left and bound by a sum on the right{other}", span_of(right)
        )
    if made.only_right:
        letter = made.only_right[0]
        bound = ", and bound by a sum at once" if clash is not None else ""
        return Finding("free-index", f"{letter.base} is free on the right and not on the left{bound}", letter.span)
    if made.only_left:
        return Finding("free-index", f"{made.only_left[0]} is free on the left and not on the right", span_of(right))
    at = ", ".join(f"{name} = {value}" for name, value in found.indices)
    where = f" for {at}" if at else ""
    return Finding("unequal", f"the left side is {found.left} and the right side {found.right}{where}", span_of(right))


def missed_by_numbers(court: Court, equation: Equation, limits: tuple[Limit, ...]) -> tuple[str, ...]:
    """Where a numeric gradient check would have missed it: on networks of one neuron a layer, or of equal widths."""
    for width, words in ((1, "with one neuron a layer, or one example"), (2, "with all widths equal")):
        if court.holds_at(equation, limits, width):
            return (f"a numeric check {words} would have missed this: both sides agree there",)
    return ()
