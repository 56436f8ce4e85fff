"""Texts that may be taken in two ways: numbers or matrices, Nielsen's weights or those of the writer's own equation."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, CheckedLine, Report, verdict_of


def in_both(numbers: Report, matrices: Report) -> Report:
    """The report on numbers, with each line undecided that is proved in the one way and refuted in the other."""
    lines = tuple(map(_in_both, numbers.lines, matrices.lines))
    return replace(numbers, lines=lines, verdict=verdict_of(lines))


def fewer_refuted(nielsens: Report, own: Report, defining: Collection[int]) -> Report:
    """The report in which w is what the writer's equation of z says, where that refutes less and proves a line instead.

    defining: the lines that are true by definition there, which do not count.
    """
    pairs = list(zip(nielsens.lines, own.lines, strict=True))
    instead = [two.index for one, two in pairs if (one.verdict, two.verdict) == (REFUTED, PROVED)]
    refuted = [sum(line.verdict == REFUTED for line in report.lines) for report in (nielsens, own)]
    if refuted[1] >= refuted[0] or set(instead) <= set(defining):
        return nielsens
    return replace(own, notes=(*own.notes, "the weights are taken as the equation of z has them, not as Nielsen's are"))


def doubted(nielsens: Report, own: Report) -> Report:
    """The report with each line undecided that is right with Nielsen's weights and wrong with the writer's own."""
    lines = tuple(
        undecided(one, "right with Nielsen's weights, wrong with those of the text's own equation of z; say which")
        if (one.verdict, other.verdict) == (PROVED, REFUTED)
        else one
        for one, other in zip(nielsens.lines, own.lines, strict=True)
    )
    return replace(nielsens, lines=lines, verdict=verdict_of(lines))


def undecided(line: CheckedLine, message: str) -> CheckedLine:
    """The line without its verdict."""
    return replace(
        line, verdict=UNDECIDED, code="not-understood", message=message, counterexample=None, repair=None, rules=()
    )


def _in_both(one: CheckedLine, other: CheckedLine) -> CheckedLine:
    if {one.verdict, other.verdict} != {PROVED, REFUTED}:
        return one
    as_numbers, as_matrices = ("right" if line.verdict == PROVED else "wrong" for line in (one, other))
    message = f"{as_numbers} if the capitals are numbers, {as_matrices} if they are matrices; write indices"
    return replace(undecided(one, message), place=other.place or one.place)
