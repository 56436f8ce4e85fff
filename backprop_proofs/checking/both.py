"""A text that may be about numbers or about matrices: what is said of a line that is right in one way only."""

from __future__ import annotations

from dataclasses import replace

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, CheckedLine, Report, verdict_of


def in_both(numbers: Report, matrices: Report) -> Report:
    """The report on numbers, with each line undecided that is proved in the one way and refuted in the other."""
    lines = tuple(map(_in_both, numbers.lines, matrices.lines))
    return replace(numbers, lines=lines, verdict=verdict_of(lines))


def _in_both(one: CheckedLine, other: CheckedLine) -> CheckedLine:
    if {one.verdict, other.verdict} != {PROVED, REFUTED}:
        return one
    as_numbers, as_matrices = ("right" if line.verdict == PROVED else "wrong" for line in (one, other))
    message = f"{as_numbers} if the capitals are numbers, {as_matrices} if they are matrices; write indices"
    return replace(
        one,
        verdict=UNDECIDED,
        code="not-understood",
        message=message,
        place=other.place or one.place,
        counterexample=None,
        repair=None,
        rules=(),
    )
