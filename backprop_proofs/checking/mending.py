"""The nearest change of a wrong line that the kernel proves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import process_time

from backprop_proofs.checking.judge import Court
from backprop_proofs.checking.readings import Reading, proof_of, readings
from backprop_proofs.checking.report import Repair
from backprop_proofs.errors import BackpropError
from backprop_proofs.language.network import Network
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.edits import Edit, mended, tried
from backprop_proofs.reading.meaning.forms import EQUALS, links_in
from backprop_proofs.reading.meaning.names import NotUnderstood
from backprop_proofs.reading.meaning.statement import Link, link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.rows import Statement

_MOST_PROOFS = 4  # changes that hold on random networks and are given to the kernel, for one line


@dataclass
class Mender:
    """Tries small edits of a row, the nearest first, until the processor's time is up."""

    document: Document
    story: Story
    court: Callable[[Network], Court]
    until: float

    def repair(self, row: Row) -> Repair | None:
        """The nearest edit of which the kernel proves every link, or None. others: how many more hold on networks."""
        every: list[tuple[Edit, list[Link]]] = []
        found: list[Edit] = []
        proved: Edit | None = None
        for edit, links in self._edited(row):
            if proved is not None and edit.cost > proved.cost:
                break
            every.append((edit, links))
            if all(map(self._holds, links)):
                found.append(edit)
                if proved is None and len(found) <= _MOST_PROOFS and self._proved(links):
                    proved = edit
        if proved is None:
            return self._as_definition(row, every) or self._by_reading(row, every)
        return Repair(proved.mistake, proved.message, mended(self.document, row, proved), len(found) - 1)

    def _as_definition(self, row: Row, edited: Sequence[tuple[Edit, list[Link]]]) -> Repair | None:
        """The nearest edit of A in x = A = B, which defines x, after which A = B is proved."""
        name, before = self.story.defines(row.index or 0, 0), self._links(row.statements)
        if name is None or not before:
            return None
        for edit, (first, *rest) in edited:
            if process_time() > self.until:
                return None
            defines = first.equation.lhs == before[0].equation.lhs and not any(name in made.names for made in rest)
            if rest and defines and all(map(self._holds, rest)) and self._proved(rest):
                return Repair(edit.mistake, edit.message, mended(self.document, row, edit))
        return None

    def _by_reading(self, row: Row, edited: Sequence[tuple[Edit, list[Link]]]) -> Repair | None:
        """The nearest edit of a row of one link that is proved in another reading, such as Σ y = 1."""
        for edit, links in edited:
            for reading in self._readings(row, links[0]) if len(links) == 1 else ():
                if process_time() > self.until:
                    return None
                if self._holds_in(reading) and proof_of(reading) is not None:
                    said = f"{edit.message}, {reading.words}"
                    return Repair(edit.mistake, said, mended(self.document, row, edit))
        return None

    def _readings(self, row: Row, made: Link) -> Iterator[Reading]:
        assert self.story.network is not None
        return readings(self.story, row, self.story.network, made.equation, made.limits)

    def _holds_in(self, reading: Reading) -> bool:
        try:
            court = self.court(reading.network)
            agreed, differs = court.compared(reading.equation, reading.limits, reading.given, enough=1)
        except (BackpropError, RecursionError, ArithmeticError):
            return False
        return agreed > 0 and not differs

    def _edited(self, row: Row) -> Iterator[tuple[Edit, list[Link]]]:
        """The edits of a row, the nearest first, with what it says then, until the time is up."""
        stray = {name.base for made in self._links(row.statements) or () for name in made.only_right}
        for edit, statements in tried(self.document, row, stray):
            if process_time() > self.until:
                return
            links = self._links(statements)
            if links and not any(made.only_right for made in links):
                yield edit, links

    def _links(self, statements: tuple[Statement, ...]) -> list[Link] | None:
        """What the row says now; None where it does not fit, or speaks of what nothing defines."""
        world = self.story.world
        assert world is not None
        before, links = world.saved(), []
        try:
            for _, left, right, sign, _ in links_in(statements, self.story.rows.rewrite):
                if sign in EQUALS:
                    made, _ = link(world, self.story.census, left, right)
                    if set(made.names) & world.fresh:
                        return None
                    links.append(made)
        except (Misfit, NotUnderstood, BackpropError, RecursionError):
            return None
        finally:
            world.restore(before)
        return links

    def _holds(self, made: Link) -> bool:
        assert self.story.network is not None
        try:
            return self.court(self.story.network).holds(made.equation, made.limits)
        except (BackpropError, RecursionError, ArithmeticError):
            return False

    def _proved(self, links: list[Link]) -> bool:
        assert self.story.network is not None
        court = self.court(self.story.network)
        return all(court.judge(made.equation, made.limits).theorem is not None for made in links)
