"""Texts that may be taken in two ways: numbers or matrices, Nielsen's weights or those of the writer's own equation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, CheckedLine, Report, verdict_of


def in_both(one: Report, other: Report, here: str, there: str) -> Report:
    """The first report, with each line undecided that is proved in the one way and refuted in the other.

    here, there: what is so in the one way, and in the other.
    """
    pairs = zip(one.lines, other.lines, strict=True)
    lines = tuple(_in_both(first, second, here, there) for first, second in pairs)
    return replace(one, lines=lines, verdict=verdict_of(lines))


@dataclass(frozen=True)
class Votes:
    """What lines say for Nielsen's weights, and for those of the writer's own equation of z.

    defining: the lines that are true by definition with the own ones, which do not count; they stay refuted where no
    other line speaks for them.
    """

    nielsens: Report
    own: Report
    defining: frozenset[int]

    @cached_property
    def _lost(self) -> set[int]:
        """The lines that are right with Nielsen's weights alone."""
        return self._right_in_one(PROVED, REFUTED)

    @cached_property
    def _won(self) -> set[int]:
        """The lines that are right with the own weights alone."""
        return self._right_in_one(REFUTED, PROVED)

    def _right_in_one(self, with_nielsens: str, with_own: str) -> set[int]:
        pairs = zip(self.nielsens.lines, self.own.lines, strict=True)
        return {one.index for one, other in pairs if (one.verdict, other.verdict) == (with_nielsens, with_own)}

    @cached_property
    def _own_is_better(self) -> bool:
        """Whether the own weights prove a line more, and refute less."""
        refuted = [sum(line.verdict == REFUTED for line in report.lines) for report in (self.nielsens, self.own)]
        return bool(self._won - self.defining) and refuted[1] < refuted[0]

    @property
    def own_wins(self) -> bool:
        """Whether more lines speak for the own weights than for Nielsen's."""
        return self._own_is_better and len(self._won - self.defining) > len(self._lost)

    def for_own(self) -> Report:
        """The report with the own weights, which says so."""
        words = "the weights are taken as the equation of z has them, not as Nielsen's are"
        return replace(self.own, notes=(*self.own.notes, words))

    def for_nielsens(self) -> Report:
        """The report with Nielsen's weights, with each line undecided for which the others may be meant."""
        doubtful = self._lost | self._right_in_one(REFUTED, PROVED) | self._right_in_one(REFUTED, UNDECIDED)
        doubtful -= self.defining if not self._own_is_better else set()
        why = "right with Nielsen's weights or with those of the text's own equation of z, and wrong with the others"
        lines = tuple(undecided(line, why) if line.index in doubtful else line for line in self.nielsens.lines)
        return replace(self.nielsens, lines=lines, verdict=verdict_of(lines))


def undecided(line: CheckedLine, message: str) -> CheckedLine:
    """The line without its verdict, and without what was said of that: its counterexample, its rules, its notes."""
    bare = CheckedLine(line.index, line.line, line.column, line.source, line.span, UNDECIDED, place=line.place)
    return replace(bare, code="not-understood", message=message)


def _in_both(one: CheckedLine, other: CheckedLine, here: str, there: str) -> CheckedLine:
    if one.verdict == PROVED and other.code == "not-understood":
        return undecided(one, f"right if {here}; if {there}, {other.message}")
    if {one.verdict, other.verdict} != {PROVED, REFUTED}:
        return one
    first, second = ("right" if line.verdict == PROVED else "wrong" for line in (one, other))
    message = f"{first} if {here}, {second} if {there}; write indices"
    return replace(undecided(one, message), place=other.place or one.place)
