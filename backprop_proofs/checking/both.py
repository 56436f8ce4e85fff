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
    """The report in which w is what the writer's equation of z says, where that refutes less, and proves more lines
    instead than are right with Nielsen's weights alone; else what is right in one way alone is undecided.

    defining: the lines that are true by definition there, which do not count; they stay refuted where no other line
    speaks for them.
    """
    pairs = list(zip(nielsens.lines, own.lines, strict=True))
    lost = {one.index for one, two in pairs if (one.verdict, two.verdict) == (PROVED, REFUTED)}
    instead = {two.index for one, two in pairs if (one.verdict, two.verdict) == (REFUTED, PROVED)}
    won = instead - set(defining)
    refuted = [sum(line.verdict == REFUTED for line in report.lines) for report in (nielsens, own)]
    better = bool(won) and refuted[1] < refuted[0]
    if better and len(won) > len(lost):
        words = "the weights are taken as the equation of z has them, not as Nielsen's are"
        return replace(own, notes=(*own.notes, words))
    doubtful = lost | (instead if better else set())
    why = "right with Nielsen's weights or with those of the text's own equation of z, and wrong with the others"
    lines = tuple(undecided(line, why) if line.index in doubtful else line for line in nielsens.lines)
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
