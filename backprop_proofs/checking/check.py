"""A derivation that somebody wrote, judged line by line."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from time import process_time

from backprop_proofs.checking.assumed_errors import beside, meaning_of
from backprop_proofs.checking.both import Votes, in_both, undecided
from backprop_proofs.checking.findings import Finding
from backprop_proofs.checking.judge import court_of
from backprop_proofs.checking.link import LinkJudge, Said
from backprop_proofs.checking.mending import Mender
from backprop_proofs.checking.own_units import units_said
from backprop_proofs.checking.report import (
    PROVED,
    REFUTED,
    UNDECIDED,
    UNREADABLE,
    CheckedLine,
    Repair,
    Report,
    verdict_of,
)
from backprop_proofs.checking.steps import Chains, remark, rules_of, skipping
from backprop_proofs.checking.unsettled import said_of, undefined
from backprop_proofs.checking.updates import update_of
from backprop_proofs.language.network import Network
from backprop_proofs.reading import read
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.meaning.forms import EQUALS
from backprop_proofs.reading.meaning.story import Story, story_of
from backprop_proofs.reading.meaning.ways import Way
from backprop_proofs.reading.network_text import network as network_of
from backprop_proofs.reading.syntax import Node, span_of

_WORST = (REFUTED, UNDECIDED, PROVED)
_SECONDS = 1.2  # of processor time: what one text may take before its steps and mendings are left out
_MORE_SECONDS = 4.0  # the same before no proof of another reading is sought


def check(
    text: str, *, network: Network | str | None = None, activation: str | None = None, cost: str | None = None
) -> Report:
    """Judge a derivation: LaTeX, Markdown or plain text, each row as it is written.

    network: the network it is about, or equations that declare one; without it, the text's own given part, else
    Nielsen's perceptron with any activation and cost. activation, cost: names from the tables, for what the text leaves
    open. Raises InvalidInput for what is no text or no network, UnknownName for a name in no table.
    """
    with _uncollected():
        document = read(text)
        known = network_of(network) if isinstance(network, str) else network
        return checked(document, known, activation, cost)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's collector of cycles, which takes a third of the time here and finds next to nothing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def checked(
    document: Document, network: Network | None = None, activation: str | None = None, cost: str | None = None
) -> Report:
    """The same for a text that has been read."""
    checker = _Checker(document, story_of(document, network, activation, cost))
    report = checker.report()
    if network is None and checker.story.network is not None:
        if report.verdict == REFUTED and not any(row.given for row in document.rows):
            checker, report = _by_weights(checker, report, activation, cost)
        checker, report = _by_sign(checker, report, activation, cost)
        for way, words in _other_ways(checker.story):
            other = story_of(document, None, activation, cost, way)
            if other.network is not None:
                report = in_both(report, _Checker(document, other, checker.until).report(), *words)
    return checker.mended(report)


def _other_ways(story: Story) -> Iterator[tuple[Way, tuple[str, str]]]:
    """The ways in which the text may be meant besides, each with what it is here, and what it is there."""
    single = story.world.single if story.world is not None and not _is_column(story, "w") else ""
    if story.census.may_be_matrices():
        yield Way(matrices=True, summed=True), ("the capitals are numbers", "they are matrices")
    elif single:
        yield (
            Way(summed=True, vectors=True),
            (f"the columns in {single} have one entry each", "they have more"),
        )
    elif story.census.taken_for_numbers():
        yield Way(summed=True), ("capitals are numbers", "they are matrices")
    if story.census.may_be_vector():
        yield Way(vectors=True), ("w is a matrix", "it is a vector")


def _is_column(story: Story, name: str) -> bool:
    """Whether a matrix has one column, where no shapes are declared: w of o = w^T h in a cost of one o."""
    limits = story.network.families.get(name, ()) if story.network is not None else ()
    return len(limits) == 2 and limits[1][2] == 1 and not story.census.declared


def _by_weights(checker: _Checker, report: Report, activation: str | None, cost: str | None) -> tuple[_Checker, Report]:
    """The same with the weights as the writer's equation of z has them, where more lines speak for those."""
    story = story_of(checker.document, None, activation, cost, Way(own=True))
    if story.network is None or all(taken.key != "z" for taken in story.taken):
        return checker, report
    other = _Checker(checker.document, story, checker.until)
    votes = Votes(report, other.report(), frozenset(taken.row for taken in story.taken))
    return (other, votes.for_own()) if votes.own_wins else (checker, votes.for_nielsens())


def _by_sign(checker: _Checker, report: Report, activation: str | None, cost: str | None) -> tuple[_Checker, Report]:
    """The same with each assumed error minus the derivative, where lines say so and none is against that."""
    if not checker.story.assumed or len(checker.links.errors.against) < 2:
        return checker, report
    story = story_of(checker.document, None, activation, cost, Way(minus=True))
    if story.assumed != checker.story.assumed:
        return checker, report
    other = _Checker(checker.document, story, checker.until)
    found = other.report()
    return (checker, report) if other.links.errors.against else (other, found)


@dataclass
class _Checker:
    """until: up to what processor time steps are compared; left: what is left of it for mendings."""

    document: Document
    story: Story
    until: float = field(default_factory=lambda: process_time() + _SECONDS)
    chains: Chains = field(default_factory=Chains)
    left: float = 0.0

    def __post_init__(self) -> None:
        self.links = LinkJudge(self.story, self.until - _SECONDS + _MORE_SECONDS)

    def report(self) -> Report:
        lines = self._unless_in_doubt(tuple(self._line(row) for row in self.document.derivation))
        return Report(verdict_of(lines), lines, self.document.text, self._notes(), self.story.network)

    def _notes(self) -> tuple[str, ...]:
        notes = [f"the given part was not used: {why}" for why in self.story.trouble]
        for row in self.document.given:
            if row.problem is not None:
                notes.append(f"line {row.line} of the given part: {row.problem.message}")
        return (*self.story.notes, *notes)

    def _unless_in_doubt(self, lines: tuple[CheckedLine, ...]) -> tuple[CheckedLine, ...]:
        """The lines; undecided where they rest on what another line says in a way that is not understood."""
        said: dict[str, int] = {}
        for row, line in zip(self.document.derivation, lines, strict=True):
            if line.verdict in (UNDECIDED, UNREADABLE):
                for name in undefined(self.story, said_of(self.story, row)):
                    said.setdefault(name, line.line)
        said = units_said(self.story, lines) | said
        for row, left, right in beside(self.story):
            self.links.hear(row, left, right)
        doubted = self.links.errors.doubted()
        lines = tuple(map(self._unless_average, lines))
        return tuple(self._unless_other_error(self._unless_said(line, said), doubted) for line in lines)

    def _unless_other_error(self, line: CheckedLine, doubted: dict[str, int]) -> CheckedLine:
        """The line; undecided where it rests on an error δ that another line says to be another."""
        names = sorted(self.links.reached.get(line.index, frozenset()) & doubted.keys())
        if not names or line.verdict not in (PROVED, REFUTED):
            return line
        meant = meaning_of(self.story, names[0])
        return undecided(line, f"line {doubted[names[0]]} says something of δ that is not so where it is {meant}")

    def _unless_average(self, line: CheckedLine) -> CheckedLine:
        """The line; undecided where it rests on a dX, and another shows that it may be of one example's cost."""
        if not self.links.of_average or line.index not in self.links.gradients or line.verdict not in (PROVED, REFUTED):
            return line
        return undecided(line, f"line {self.links.of_average[0]} may be meant of the cost of one example, and this one")

    def _unless_said(self, line: CheckedLine, said: dict[str, int]) -> CheckedLine:
        names = sorted(self.links.reached.get(line.index, frozenset()) & said.keys())
        if not names or line.verdict not in (PROVED, REFUTED):
            return line
        return undecided(line, f"line {said[names[0]]} says what {names[0]} is, and that is not understood")

    # One row

    def _line(self, row: Row) -> CheckedLine:
        line = CheckedLine(row.index or 0, row.line, row.column, row.source, row.span, UNDECIDED)
        if row.problem is not None:
            return replace(
                line, verdict=UNREADABLE, code="unreadable", message=row.problem.message, place=row.problem.span
            )
        said = list(self._links(row))
        if not said:
            return replace(line, code="no-equation", message="there is no equation here to judge")
        worst = min(said, key=lambda one: (_WORST.index(one.verdict), one.finding is None))
        finding, judgement = worst.finding, worst.judgement
        return replace(
            line,
            verdict=worst.verdict,
            code=finding.code if finding else None,
            message=finding.message if finding else "",
            place=finding.span if finding else None,
            counterexample=judgement.counterexample if judgement and worst.verdict == REFUTED else None,
            rules=tuple(dict.fromkeys(rule for s in said for rule in s.rules)),
            notes=tuple(dict.fromkeys(note for s in said for note in (*s.notes, *skipping(s.rules)))),
        )

    def _links(self, row: Row) -> Iterator[Said]:
        links = [one for one in self.story.links(row) if one[3] != "∈"]
        for number, left, right, sign, _ in links:
            if sign not in EQUALS:
                self.links.errors.not_decided(row, left, right)
                yield Said(UNDECIDED, Finding("relation", f"{sign} is not judged, only =", span_of(right)))
                continue
            updated = update_of(self.story, left, right, sign)
            if updated is not None:
                words = f"an update is not judged; {updated} on the left is the value after it"
                yield Said(UNDECIDED, Finding("not-understood", words, span_of(right)))
                continue
            said = self._stepped(left, right, self.links.said(row, number, left, right))
            if len(links) > 1 and said.verdict == REFUTED and said.finding is not None:
                said = replace(
                    said, finding=replace(said.finding, message=f"link {number + 1}: {said.finding.message}")
                )
            yield said
            self.chains.add(left, right, row.line, said.verdict, said.made)

    def _stepped(self, left: Node, right: Node, said: Said) -> Said:
        """The same with the rules of the step from the line above, and with what that step says where one is wrong."""
        above = self.chains.above(left)
        if above is None or said.judgement is None or process_time() > self.until:
            return said
        verdict, theorem = self.links.step(above, right, said.made)
        note = remark(said.verdict, above, verdict)
        if note is not None and said.verdict == PROVED:
            said = replace(said, finding=Finding("does-not-follow", note, span_of(right)))
        elif note is not None:
            said = replace(said, notes=(note, *said.notes))
        if said.verdict != PROVED or theorem is None:
            return said
        return replace(said, rules=rules_of(theorem))

    # Mending

    def mended(self, report: Report) -> Report:
        """The report with what seeks a repair of each refuted line, in the processor time that is left."""
        if self.story.network is None or self.story.world is None:
            return report
        self.left = self.until - process_time()
        rows = self.document.derivation
        return replace(report, lines=tuple(map(self._with_mender, rows, report.lines)))

    def _with_mender(self, row: Row, line: CheckedLine) -> CheckedLine:
        return replace(line, mender=partial(self._repair, row)) if line.verdict == REFUTED else line

    def _repair(self, row: Row) -> Repair | None:
        if self.left <= 0:
            return None
        with _uncollected():
            start = process_time()
            repair = Mender(self.document, self.story, court_of, start + self.left).repair(row)
            self.left -= process_time() - start
        return repair
