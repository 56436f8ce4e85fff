"""What is said of one link of a row: whether it fits, what the court says, and what the text leaves open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from time import process_time

from backprop_proofs.checking.assumed_errors import ErrorsSaid
from backprop_proofs.checking.conditions import doubt_beside
from backprop_proofs.checking.doubts import Failure, doubt, doubt_of_proof, gradient_of_average
from backprop_proofs.checking.findings import Finding, finding_of, missed_by_numbers
from backprop_proofs.checking.hypotheses import as_facts, hypotheses
from backprop_proofs.checking.judge import Judgement, court_of
from backprop_proofs.checking.misfits import misfit_said
from backprop_proofs.checking.readings import Reading, proof_of, readings
from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED
from backprop_proofs.checking.steps import Above, between, rules_of
from backprop_proofs.checking.unsettled import open_biases, reached, said_in_given
from backprop_proofs.errors import BackpropError, Malformed
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network
from backprop_proofs.networks.depth import deep_enough
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.names import NotUnderstood, bare_key, names_of
from backprop_proofs.reading.meaning.statement import Link, link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.world import extended
from backprop_proofs.reading.syntax import Name, Node, Span, span_of

_NOT_JUDGED = (BackpropError, RecursionError, ArithmeticError)


@dataclass(frozen=True)
class Said:
    """What is said of one link of a row. made: what it says, where it was judged."""

    verdict: str
    finding: Finding | None = None
    judgement: Judgement | None = None
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    made: Link | None = None


@dataclass
class LinkJudge:
    """Judges the links of one text. until: up to what processor time proofs of other readings are sought."""

    story: Story
    until: float
    reached: dict[int, frozenset[str]] = field(default_factory=dict)  # what each row depends on, definitions apart
    errors: ErrorsSaid = field(init=False)
    gradients: set[int] = field(default_factory=set)  # the rows with a dX
    of_average: list[int] = field(default_factory=list)  # the lines with a dX that may be of one example's cost

    def __post_init__(self) -> None:
        self.errors = ErrorsSaid(self.story)

    def said(self, row: Row, number: int, left: Node, right: Node) -> Said:
        """What is said of the link of that number, as it stands."""
        said = self._found(row, number, left, right)
        if said.verdict == PROVED:
            self.errors.proved(left, right)
        elif said.verdict == UNDECIDED and said.finding is not None and said.finding.code != "not-decided":
            self.errors.not_decided(row, left, right)
        return said

    def _found(self, row: Row, number: int, left: Node, right: Node) -> Said:
        if self.story.world is None or self.story.network is None:
            why = self.story.trouble[0] if self.story.trouble else "no network"
            return Said(UNDECIDED, Finding("no-network", f"the network is not understood: {why}", span_of(left)))
        try:
            return self._said(row, number, left, right)
        except NotUnderstood as unclear:
            return Said(UNDECIDED, Finding("not-understood", unclear.message, unclear.span))
        except (BackpropError, RecursionError) as error:
            return Said(UNDECIDED, Finding("not-understood", str(error), span_of(right)))

    def hear(self, row: Row, left: Node, right: Node) -> None:
        """Note what an equation beside the rows says of assumed errors, where nothing else is taken for granted."""
        assert self.story.world is not None
        try:
            made, _ = link(self.story.world, self.story.census, left, right)
            proved = court_of(self._network(made)).judge(made.equation, made.limits).theorem is not None
        except (Misfit, NotUnderstood, *_NOT_JUDGED):
            proved = False
        if proved:
            self.errors.proved(left, right)
        else:
            self.errors.not_decided(row, left, right)

    def step(self, above: Above, right: Node, here: Link | None) -> tuple[str, Theorem | None]:
        """The verdict on above = right alone, and its theorem. here: what left = right says, of the same left side."""
        assert self.story.world is not None
        try:
            made = between(above.made, here)
            if made is None:
                made, _ = link(self.story.world, self.story.census, above.right, right)
            judgement = court_of(self._network(made)).judge(made.equation, made.limits)
        except Misfit:
            return REFUTED, None
        except (NotUnderstood, *_NOT_JUDGED):
            return UNDECIDED, None
        return judgement.verdict, judgement.theorem

    def _said(self, row: Row, number: int, left: Node, right: Node) -> Said:
        """Raises NotUnderstood, BackpropError or RecursionError."""
        assert self.story.world is not None
        assert self.story.network is not None
        try:
            made, _ = link(self.story.world, self.story.census, left, right)
        except Misfit as misfit:
            written = {bare_key(name) for side in (left, right) for name in names_of(side)}
            if isinstance(left, Name) and left.run and left.base[0] == "d" and left.below:
                written.add(bare_key(left)[1:])  # b of db_k
            said = self._unless_open(written, right) or Said(*misfit_said(self.story, misfit, left, right))
            return _beside(row, (), said)
        defines = self.story.defines(row.index or 0, number)
        if defines is not None:
            return self._definition(made, defines)
        names = reached(made.equation, self.story.network)
        self.reached[row.index or 0] = self.reached.get(row.index or 0, frozenset()) | names
        self.gradients |= {row.index or 0} if any(made.gradients) else set()
        said = self._unless_open(names, right, made.names) or self._judged(row, made, left, right)
        said = _beside(row, made.limits, said)
        notes = (*said.notes, *(w.message for w in made.warnings if said.verdict != REFUTED))
        return replace(said, notes=notes, made=made)

    @cached_property
    def _said_in_given(self) -> dict[str, int]:
        return said_in_given(self.story)

    def _unless_open(self, names: Collection[str], right: Node, spoken: Iterable[str] = ()) -> Said | None:
        """Undecided, where a link rests on a name of which it is not known what it is, or speaks of one."""
        unsettled = sorted(self._said_in_given.keys() & names)
        if unsettled:
            why = f"line {self._said_in_given[unsettled[0]]} says something of {unsettled[0]} that is not understood"
            return Said(UNDECIDED, Finding("not-understood", why, span_of(right)))
        biases = sorted(self._open_biases.intersection(spoken or names))
        if biases:
            why = f"{biases[0]} may be added to each row or each column alike, which is not said; write indices"
            return Said(UNDECIDED, Finding("not-understood", why, span_of(right)))
        return None

    @cached_property
    def _open_biases(self) -> set[str]:
        return open_biases(self.story)

    def _definition(self, made: Link, name: str) -> Said:
        unused = next((warned for warned in made.warnings if warned.code == "unused-bound-index"), None)
        if unused is not None:
            verdict = REFUTED if self.story.example is None else UNDECIDED
            return Said(verdict, Finding(unused.code, unused.message, unused.span))
        return Said(PROVED, notes=(f"taken as the definition of {name}",))

    def _judged(self, row: Row, made: Link, left: Node, right: Node) -> Said:
        network = deep_enough(self._network(made), made.equation)
        try:
            judgement = court_of(network).judge(made.equation, made.limits)
        except Malformed as error:
            return Said(UNDECIDED, Finding("not-understood", str(error), span_of(right)))
        except _NOT_JUDGED as error:
            return Said(UNDECIDED, Finding("not-decided", str(error), span_of(right)))
        if judgement.theorem is not None:
            reason = doubt_of_proof(self.story, network, made)
            return Said(UNDECIDED, Finding("not-understood", reason, span_of(right))) if reason else _proved(judgement)
        if judgement.counterexample is None:
            return _undecided(judgement, right)
        found = finding_of(made, judgement.counterexample, right)
        return self._failed(Failure(row, self.story, network, made, (left, right), found), judgement)

    def _failed(self, failure: Failure, judgement: Judgement) -> Said:
        """A link that fails as it stands is refuted where neither another reading nor a doubt is left."""
        row, network, made, found = failure.row, failure.network, failure.made, failure.found
        other = self._otherwise(row, network, made) or self._granted(network, made, found.span)
        if other is not None:
            return other
        reason = doubt(failure)
        if gradient_of_average(failure) is not None:
            self.of_average.append(row.line)
        if reason is not None:
            return Said(UNDECIDED, reason)
        return Said(REFUTED, found, judgement, missed_by_numbers(court_of(network), made.equation, made.limits))

    def _otherwise(self, row: Row, network: Network, made: Link) -> Said | None:
        """What another reading of the line says of it, where it does not fail."""
        for reading in readings(self.story, row, network, made.equation, made.limits):
            try:
                if _fails(reading):
                    continue
                theorem = proof_of(reading) if process_time() < self.until else None
            except BackpropError:
                continue
            if theorem is not None and not reading.sure:
                words = f"{reading.words} it is right, and nothing beside it says that it is meant so"
                return Said(UNDECIDED, Finding("not-understood", words, row.span))
            if theorem is not None:
                return replace(_proved(Judgement(theorem)), notes=(reading.words,))
            words = f"{reading.words}, both sides agree; no proof was found"
            return Said(UNDECIDED, Finding("not-decided", words, row.span))
        return None

    def _granted(self, network: Network, made: Link, span: Span) -> Said | None:
        """What is said of a line that fails, where what is given besides may make it right."""
        if not any(hypotheses(self.story)):
            return None
        words = "what is given besides may make it right"
        try:
            facts = as_facts(self.story)
            agreed, differs = court_of(network).compared(made.equation, made.limits, facts)
        except (Misfit, NotUnderstood, *_NOT_JUDGED):
            return Said(UNDECIDED, Finding("not-decided", words, span))
        if differs:
            return None
        theorem = None
        if agreed and len(facts) == 1:
            theorem = proof_of(Reading(words, network, made.equation, made.limits, facts))
        if theorem is not None:
            return replace(_proved(Judgement(theorem)), notes=("taking for granted what is given besides",))
        return Said(UNDECIDED, Finding("not-decided", words, span))

    def _network(self, made: Link) -> Network:
        """The network with what a line speaks of beside it."""
        assert self.story.world is not None
        assert self.story.network is not None
        if self.story.world.fresh.isdisjoint(made.names) and not _open_sizes(made, self.story.network):
            return self.story.network
        return extended(self.story.world, self.story.network, made.limits)


def _proved(judgement: Judgement) -> Said:
    assert judgement.theorem is not None
    return Said(PROVED, judgement=judgement, rules=rules_of(judgement.theorem))


def _undecided(judgement: Judgement, right: Node) -> Said:
    agreed = f"both sides agree in all {judgement.agreed} comparisons on random networks; no proof was found"
    message = agreed if judgement.agreed else judgement.why or "there was nothing to compare, and no proof was found"
    return Said(UNDECIDED, Finding("not-decided", message, span_of(right)), judgement)


def _fails(reading: Reading) -> bool:
    agreed, differs = court_of(reading.network).compared(reading.equation, reading.limits, reading.given)
    return differs or not agreed


def _beside(row: Row, limits: tuple[Limit, ...], said: Said) -> Said:
    """What is left of a verdict where a condition stands beside the row."""
    place = said.finding.span if said.finding else row.span
    reason = doubt_beside(row, limits, said.verdict, place)
    return said if reason is None else Said(UNDECIDED, reason)


def _open_sizes(made: Link, network: Network) -> bool:
    """Whether a range of the line has an end that the network does not know."""
    known = {letter for letter, _, _ in (*network.parameters, *made.limits)}
    return any(free_indices(end) - known for _, *ends in made.limits for end in ends if end is not None)
