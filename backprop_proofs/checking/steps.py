"""The step from one line to the next: what rules it takes, and whether a line follows from a wrong one above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from backprop_proofs.checking.report import PROVED, REFUTED
from backprop_proofs.kernel.theorem import Step, Theorem
from backprop_proofs.language.network import Equation
from backprop_proofs.reading.meaning.statement import Link
from backprop_proofs.reading.syntax import Node

MANY_RULES = 5  # a step of more rules than these is said to skip some


@dataclass(frozen=True)
class Above:
    """The last that was written of a left side: its right side, the line it stands in, the verdict on that line.

    made: what that equation says, where it was judged.
    """

    right: Node
    line: int
    verdict: str
    made: Link | None = None


@dataclass
class Chains:
    """What was last written of each left side; in A = B = C the left side is A, in the middle, too."""

    _last: dict[Node, Above] = field(default_factory=dict)
    _root: Node | None = None
    _end: Node | None = None

    def above(self, left: Node) -> Above | None:
        """What an equation of this left side comes after, or None where it is the first, or goes on in its own row."""
        return None if left is self._end else self._last.get(left)

    def add(self, left: Node, right: Node, line: int, verdict: str, made: Link | None = None) -> None:
        """Enter an equation and the verdict on it."""
        if left is not self._end or self._root is None:
            self._root = left
        self._last[self._root] = Above(right, line, verdict, made)
        self._end = right


def between(above: Link | None, here: Link | None) -> Link | None:
    """b = c, where a = b and a = c are known for the same letters; None where they are of two left sides."""
    if above is None or here is None or (above.equation.lhs, above.limits) != (here.equation.lhs, here.limits):
        return None
    return replace(here, equation=Equation(above.equation.rhs, here.equation.rhs), names=(*above.names, *here.names))


def rules_of(theorem: Theorem) -> tuple[str, ...]:
    """The rules that a proof applies, in order, those of its lemmas in the place where it uses them."""
    return tuple(_rules(theorem.derivation.steps))


def _rules(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        if step.lemma is not None:
            yield from _rules(step.substeps)
        else:
            yield step.rule


def skipping(rules: tuple[str, ...]) -> tuple[str, ...]:
    """The remark on a step of many rules."""
    return (f"this line takes {len(rules)} rules",) if len(rules) > MANY_RULES else ()


def remark(verdict: str, above: Above, step: str) -> str | None:
    """What the step from a wrong line says of the one below it; `step` is the verdict on the step alone."""
    if above.verdict != REFUTED:
        return None
    if verdict == PROVED and step == REFUTED:
        return f"right, but it does not follow from line {above.line}, which is wrong"
    if verdict == REFUTED and step == PROVED:
        return f"it follows from line {above.line}, whose mistake it carries on"
    return None
