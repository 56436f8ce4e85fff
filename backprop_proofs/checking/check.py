"""A derivation that somebody wrote, judged line by line."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import process_time

from backprop_proofs.checking.both import fewer_refuted, in_both, undecided
from backprop_proofs.checking.conditions import reaches_further, unjudged
from backprop_proofs.checking.doubts import doubt
from backprop_proofs.checking.findings import Finding, finding_of, missed_by_numbers
from backprop_proofs.checking.hypotheses import as_facts, hypotheses
from backprop_proofs.checking.judge import Judgement, court_of
from backprop_proofs.checking.mending import Mender
from backprop_proofs.checking.readings import Reading, proof_of, readings
from backprop_proofs.checking.report import (
    PROVED,
    REFUTED,
    UNDECIDED,
    UNREADABLE,
    CheckedLine,
    Report,
    verdict_of,
)
from backprop_proofs.checking.steps import Chains, remark, rules_of, skipping
from backprop_proofs.errors import BackpropError, Malformed
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import GIVEN_FUNCTIONS, Fn
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network
from backprop_proofs.networks.depth import deep_enough
from backprop_proofs.reading import read
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.meaning.costs import open_cost, says_what, speaks_of
from backprop_proofs.reading.meaning.forms import EQUALS
from backprop_proofs.reading.meaning.names import FUNCTIONS, NotUnderstood, bare_key, is_kronecker, names_of
from backprop_proofs.reading.meaning.naming import TAKEN
from backprop_proofs.reading.meaning.one_variable import OWN
from backprop_proofs.reading.meaning.statement import Link, link
from backprop_proofs.reading.meaning.story import Story, Way, story_of
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.world import extended
from backprop_proofs.reading.network_text import network as network_of
from backprop_proofs.reading.syntax import Node, Product, Span, Transpose, span_of, walk

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
    story = story_of(document, network, activation, cost)
    checker = _Checker(document, story)
    report = checker.report()
    if network is None and story.network is not None:
        if report.verdict == REFUTED and not any(row.given for row in document.rows):
            other = story_of(document, None, activation, cost, Way(own=True))
            if other.network is not None and "z" in (taken.key for taken in other.taken):
                own = _Checker(document, other, checker.until)
                owns = own.report()
                report = fewer_refuted(report, owns, [taken.row for taken in other.taken])
                checker = own if report.network is owns.network else checker
        if story.census.may_be_matrices():
            other = story_of(document, None, activation, cost, Way(matrices=True))
            if other.network is not None:
                report = in_both(report, _Checker(document, other, checker.until).report())
    return checker.mended(report)


@dataclass(frozen=True)
class _Said:
    """What is said of one link of a row."""

    verdict: str
    finding: Finding | None = None
    judgement: Judgement | None = None
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()


@dataclass
class _Checker:
    """until: up to what processor time steps are compared and mendings are sought."""

    document: Document
    story: Story
    until: float = field(default_factory=lambda: process_time() + _SECONDS)
    chains: Chains = field(default_factory=Chains)

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
        """The lines; undecided where they prove something of a cost that a line defines and nobody understands."""
        cost = open_cost(self.story)
        rows = self.document.derivation
        saying = [
            line
            for row, line in zip(rows, lines, strict=True)
            if cost is not None and line.verdict in (UNDECIDED, UNREADABLE) and says_what(row, cost)
        ]
        if cost is None or not saying:
            return lines
        why = f"line {saying[0].line} says what {cost} is, and that is not understood"
        return tuple(
            undecided(line, why) if line.verdict == PROVED and speaks_of(row, cost) else line
            for row, line in zip(rows, lines, strict=True)
        )

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

    def _links(self, row: Row) -> Iterator[_Said]:
        links = [one for one in self.story.links(row) if one[3] != "∈"]
        for number, left, right, sign, _ in links:
            if sign not in EQUALS:
                yield _Said(UNDECIDED, Finding("relation", f"{sign} is not judged, only =", span_of(right)))
                continue
            said = self._stepped(left, right, self._link(row, number, left, right))
            if len(links) > 1 and said.verdict == REFUTED and said.finding is not None:
                said = replace(
                    said, finding=replace(said.finding, message=f"link {number + 1}: {said.finding.message}")
                )
            yield said
            self.chains.add(left, right, row.line, said.verdict)

    def _stepped(self, left: Node, right: Node, said: _Said) -> _Said:
        """The same with the rules of the step from the line above, and with what that step says where one is wrong."""
        above = self.chains.above(left)
        if above is None or said.judgement is None or process_time() > self.until:
            return said
        verdict, theorem = self._step(above.right, right)
        note = remark(said.verdict, above, verdict)
        if note is not None and said.verdict == PROVED:
            said = replace(said, finding=Finding("does-not-follow", note, span_of(right)))
        elif note is not None:
            said = replace(said, notes=(note, *said.notes))
        if said.verdict != PROVED or theorem is None:
            return said
        return replace(said, rules=rules_of(theorem))

    def _step(self, above: Node, right: Node) -> tuple[str, Theorem | None]:
        """The verdict on the step alone, and its theorem."""
        assert self.story.world is not None
        try:
            made, _ = link(self.story.world, self.story.census, above, right)
            judgement = court_of(self._network(made)).judge(made.equation, made.limits)
        except Misfit:
            return REFUTED, None
        except (NotUnderstood, BackpropError, RecursionError, ArithmeticError):
            return UNDECIDED, None
        return judgement.verdict, judgement.theorem

    def _link(self, row: Row, number: int, left: Node, right: Node) -> _Said:
        if self.story.world is None or self.story.network is None:
            why = self.story.trouble[0] if self.story.trouble else "no network"
            return _Said(UNDECIDED, Finding("no-network", f"the network is not understood: {why}", span_of(left)))
        try:
            return self._said(row, number, left, right)
        except NotUnderstood as unclear:
            return _Said(UNDECIDED, Finding("not-understood", unclear.message, unclear.span))
        except (BackpropError, RecursionError) as error:
            return _Said(UNDECIDED, Finding("not-understood", str(error), span_of(right)))

    def _said(self, row: Row, number: int, left: Node, right: Node) -> _Said:
        """Raises NotUnderstood, BackpropError or RecursionError."""
        assert self.story.world is not None
        try:
            made, _ = link(self.story.world, self.story.census, left, right)
        except Misfit as misfit:
            return _beside(row, (), self._misfit(misfit, left, right))
        defines = self.story.defines(row.index or 0, number)
        if defines is not None:
            return self._definition(made, defines, right)
        said = _beside(row, made.limits, self._judged(row, made, left, right))
        return replace(said, notes=(*said.notes, *(w.message for w in made.warnings if said.verdict != REFUTED)))

    def _definition(self, made: Link, name: str, right: Node) -> _Said:
        unused = next((w for w in made.warnings if w.code == "unused-bound-index"), None)
        if unused is not None:
            return _Said(REFUTED, Finding(unused.code, unused.message, unused.span))
        return _Said(PROVED, notes=(f"taken as the definition of {name}",))

    def _misfit(self, misfit: Misfit, left: Node, right: Node) -> _Said:
        """What does not fit is wrong, unless it fits where gradients are rows, or what it is was guessed.

        Raises NotUnderstood.
        """
        finding = Finding(misfit.code, misfit.message, misfit.span)
        world = self.story.world
        assert world is not None
        assert self.story.network is not None
        if misfit.code == "shape" and world.layout == "columns" and self._fits_in_rows(left, right):
            words = "where gradients or vectors are rows this fits, where they are columns it does not; write indices"
            return _Said(UNDECIDED, Finding("layout", words, misfit.span))
        if misfit.code == "shape" and self._without_indices(left, right):
            words = "the indices are left out here, and stand elsewhere; with them it may be right"
            return _Said(UNDECIDED, Finding("not-understood", words, misfit.span))
        if misfit.code == "index-range" and self.story.guessed:
            words = f"with the layers that the letters seem to tell, {misfit.message}"
            return _Said(UNDECIDED, Finding("not-understood", words, misfit.span))
        unknown = self._unknown(left, right)
        sure = misfit.code == "unused-bound-index" or not unknown
        return _Said(REFUTED if sure else UNDECIDED, finding)

    def _without_indices(self, *sides: Node) -> bool:
        """Whether all names are small letters that have indices elsewhere, and no sign is one for arrays."""
        nodes = [node for side in sides for node in walk(side)]
        names = [name for side in sides for name in names_of(side)]
        arrays = any(isinstance(n, Transpose) or (isinstance(n, Product) and set(n.operators) - {""}) for n in nodes)
        plain = all(not (n.above or n.below) and n.base.islower() for n in names)
        indexed = {bare_key(n) for n in names} - self.story.census.functions <= self.story.census.bases
        return plain and indexed and not arrays

    def _fits_in_rows(self, left: Node, right: Node) -> bool:
        """Whether the shapes of an equation fit where gradients, or all vectors, are rows. Raises NotUnderstood."""
        assert self.story.world is not None
        for layout in ("gradient rows", "rows"):
            try:
                with self.story.world.laid_out(layout):
                    link(self.story.world, self.story.census, left, right)
            except Misfit:
                continue
            except NotUnderstood:
                if layout == "rows":
                    continue
                raise
            return True
        return False

    def _unknown(self, *sides: Node) -> set[str]:
        """The vectors and matrices that no equation speaks of. Raises NotUnderstood."""
        world, census = self.story.world, self.story.census
        assert world is not None
        assert self.story.network is not None
        functions = {*FUNCTIONS, *world.functions, *census.functions}
        known = {*self.story.network.families, *functions, *world.lengths} - self.story.assumed
        names = [name for side in sides for name in names_of(side) if not is_kronecker(name)]
        uses = [census.use(name) for name in names if not census.is_letter(bare_key(name))]
        spoken = {use.key.rstrip("'"): use for use in uses if census.rank(use) > 0}
        return {
            key
            for key, use in spoken.items()
            if not known & {key, key.removeprefix("d")} and not world.has_other_case(key.removeprefix("d"), use)
        }

    def _judged(self, row: Row, made: Link, left: Node, right: Node) -> _Said:
        assert self.story.world is not None
        network = deep_enough(self._network(made), made.equation)
        unknown = tuple(name for name in made.names if name in self.story.world.fresh)
        try:
            judgement = court_of(network).judge(made.equation, made.limits)
        except Malformed as error:
            return _Said(UNDECIDED, Finding("not-understood", str(error), span_of(right)))
        except (BackpropError, RecursionError, ArithmeticError) as error:
            return _Said(UNDECIDED, Finding("not-decided", str(error), span_of(right)))
        if judgement.theorem is not None:
            return _proved(judgement)
        if judgement.counterexample is not None:
            other = self._otherwise(row, network, made)
            if other is not None:
                return other
            finding = finding_of(made, judgement.counterexample, right)
            assumed = self.story.assumed & set(made.names)
            if assumed:
                why = f"with δ the derivative of the cost by the weighted input, {finding.message}"
                return _Said(UNDECIDED, Finding("unknown-name", why, finding.span))
            named = self._named_too(made)
            if finding.code == "free-index" and named is not None:
                return _Said(UNDECIDED, Finding("not-understood", named, finding.span))
            if unknown and finding.code == "unequal" and not _of_known_functions(made, network):
                why = f"nothing says what {unknown[0]} is; for any {unknown[0]} the two sides differ"
                if unknown[0].startswith(OWN):
                    why = "nothing says which function it is, and it is not so of every one"
                return _Said(UNDECIDED, Finding("unknown-name", why, span_of(right)))
            reason = doubt(self.story, network, made, left, right)
            if reason is not None:
                return _Said(UNDECIDED, Finding("not-understood", reason, finding.span))
            granted = self._granted(network, made, finding.span)
            if granted is not None:
                return granted
            taken = next((w for w in made.warnings if w.code == TAKEN), None)
            if taken is not None:
                why = f"{taken.message}, and then the two sides differ; it may be meant otherwise"
                return _Said(UNDECIDED, Finding("not-understood", why, taken.span))
            notes = missed_by_numbers(court_of(network), made.equation, made.limits)
            return _Said(REFUTED, finding, judgement, notes)
        return self._undecided(judgement, right)

    def _granted(self, network: Network, made: Link, span: Span) -> _Said | None:
        """What is said of a line that fails, where what is given besides may make it right."""
        if not any(hypotheses(self.story)):
            return None
        words = "what is given besides may make it right"
        try:
            facts = as_facts(self.story)
            agreed, differs = court_of(network).compared(made.equation, made.limits, facts)
        except (Misfit, NotUnderstood, BackpropError, RecursionError, ArithmeticError):
            return _Said(UNDECIDED, Finding("not-decided", words, span))
        if differs:
            return None
        theorem = None
        if agreed and len(facts) == 1:
            theorem = proof_of(Reading(words, network, made.equation, made.limits, facts))
        if theorem is not None:
            return replace(_proved(Judgement(theorem)), notes=("taking for granted what is given besides",))
        return _Said(UNDECIDED, Finding("not-decided", words, span))

    def _named_too(self, made: Link) -> str | None:
        """What is said of a letter that stands free on one side only, and is the name of a quantity elsewhere."""
        alone = {*made.only_left, *(name.base for name in made.only_right)} & self.story.census.bases
        return f"{min(alone)} is an index here, and elsewhere the name of a quantity" if alone else None

    def _network(self, made: Link) -> Network:
        """The network with what a line speaks of beside it."""
        assert self.story.world is not None
        assert self.story.network is not None
        if self.story.world.fresh.isdisjoint(made.names) and not _open_sizes(made, self.story.network):
            return self.story.network
        return extended(self.story.world, self.story.network, made.limits)

    def _undecided(self, judgement: Judgement, right: Node) -> _Said:
        agreed = f"both sides agree in all {judgement.agreed} comparisons on random networks; no proof was found"
        message = (
            agreed if judgement.agreed else judgement.why or "there was nothing to compare, and no proof was found"
        )
        return _Said(UNDECIDED, Finding("not-decided", message, span_of(right)), judgement)

    def _otherwise(self, row: Row, network: Network, made: Link) -> _Said | None:
        """What another reading of the line says of it, where it does not fail."""
        for reading in readings(self.story, row, network, made.equation, made.limits):
            try:
                if self._fails(reading):
                    continue
                theorem = proof_of(reading) if process_time() < self.until - _SECONDS + _MORE_SECONDS else None
            except BackpropError:
                continue
            if theorem is not None and not reading.sure:
                words = f"{reading.words} it is right, and nothing beside it says that it is meant so"
                return _Said(UNDECIDED, Finding("not-understood", words, row.span))
            if theorem is not None:
                return replace(_proved(Judgement(theorem)), notes=(reading.words,))
            words = f"{reading.words}, both sides agree; no proof was found"
            return _Said(UNDECIDED, Finding("not-decided", words, row.span))
        return None

    def _fails(self, reading: Reading) -> bool:
        agreed, differs = court_of(reading.network).compared(reading.equation, reading.limits, reading.given)
        return differs or not agreed

    # Mending

    def mended(self, report: Report) -> Report:
        """The report with what mends its refuted lines."""
        rows = self.document.derivation
        return replace(report, lines=tuple(map(self._mended, rows, report.lines)))

    def _mended(self, row: Row, line: CheckedLine) -> CheckedLine:
        if line.verdict != REFUTED or process_time() > self.until:
            return line
        if self.story.network is None or self.story.world is None:
            return line
        repair = Mender(self.document, self.story, court_of, self.until).repair(row)
        return line if repair is None else replace(line, repair=repair)


def _of_known_functions(made: Link, network: Network) -> bool:
    """Whether it is a rule of functions with a formula, for any number."""
    called = {call.name for side in made.equation for call in side.atoms(Fn)} - set(GIVEN_FUNCTIONS)
    return all(network.function(name) is not None for name in called) and any(n.startswith(OWN) for n in made.names)


def _beside(row: Row, limits: tuple[Limit, ...], said: _Said) -> _Said:
    """What is left of a verdict where a condition stands beside the row."""
    condition, place = unjudged(row, limits), said.finding.span if said.finding else row.span
    if said.verdict == REFUTED and condition is not None:
        why = f"beside it stands {condition.strip()}, and what that makes of it is not judged"
        return _Said(UNDECIDED, Finding("not-understood", why, place))
    further = reaches_further(row, limits)
    if said.verdict == PROVED and further is not None:
        why = f"it holds for the layers before the last, and beside it stands {further.strip()}"
        return _Said(UNDECIDED, Finding("not-understood", why, place))
    return said


def _open_sizes(made: Link, network: Network) -> bool:
    """Whether a range of the line has an end that the network does not know."""
    known = {letter for letter, _, _ in (*network.parameters, *made.limits)}
    return any(free_indices(end) - known for _, *ends in made.limits for end in ends if end is not None)


def _proved(judgement: Judgement) -> _Said:
    assert judgement.theorem is not None
    return _Said(PROVED, judgement=judgement, rules=rules_of(judgement.theorem))
