"""Texts with true and broken lines, each known by numbers to be one or the other; nothing of the package is used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from checking.generated_mutations import broken
from checking.generated_networks import NETWORKS
from checking.generated_pages import Row, page
from checking.generated_perceptrons import Equation, Fact, Network
from checking.generated_rewrites import Context, is_array, rewritten, with_limits
from checking.generated_terms import Term, free, letters, renamed
from checking.generated_truth import FALSE, MISFIT, TRUE, truth
from checking.generated_writing import Writer, dialect

_WEIGHTS = tuple(4 if network.name == "nielsen" else 1 for network in NETWORKS)
_LEADS = {"layer": "l", "time": "t", "example": "e", "plain": ""}
_ATTEMPTS = 8
MOST_ROWS = 6


@dataclass(frozen=True)
class Generated:
    """A text, and of each row of its derivation whether it is true and what was done to it.

    kinds: of a true row the changes that kept it true, joined by "+"; of a broken one the mistake. facts: what each row
    was made from. mistakes, discarded: how many mistakes were tried, and of how many it cannot be said what they do.
    terms: the left side of each row and what it says is equal to it.
    """

    text: str
    truth: tuple[bool, ...]
    kinds: tuple[str, ...]
    network: str
    facts: tuple[str, ...]
    mistakes: int = 0
    discarded: int = 0
    terms: tuple[tuple[Term, ...], ...] = ()


@dataclass
class _Side:
    term: Term
    true: bool
    kinds: list[str]


def generate(seed: int) -> Generated:
    """A text of one to six rows, the same for the same seed."""
    return _Author(Random(seed)).text()


class _Author:
    def __init__(self, rng: Random):
        self.rng = rng
        self.network: Network = rng.choices(NETWORKS, _WEIGHTS)[0]
        network = self.network
        lead = rng.choice(network.lead) if network.lead else ""
        self.given: Sequence[Equation] = rng.choice(network.given) if network.given else ()
        bold = network.bold and rng.random() < 0.4 and any(is_array(network, left) for left, _ in self.given)
        self.writer = Writer(dialect(rng, network, rng.choice(network.letters), bold))
        self.context = Context(network, self.writer.units, (_LEADS[network.style], lead), rng)
        self.limits = self.writer.way.braces and rng.random() < 0.3
        self.rows: list[Row] = []
        self.truth: list[bool] = []
        self.kinds: list[str] = []
        self.facts: list[str] = []
        self.terms: list[tuple[Term, ...]] = []
        self.mistakes = self.discarded = 0

    def text(self) -> Generated:
        """The whole text."""
        wanted = self.rng.choices(range(1, MOST_ROWS + 1), (3, 3, 3, 2, 1, 1))[0]
        while len(self.rows) < wanted:
            self._group(wanted)
        given = [Row(self._write(left), (self._write(right),)) for left, right in map(self._named, self.given)]
        text = page(self.rng, self.writer.way.medium, given, self.rows)
        return Generated(
            text,
            tuple(self.truth),
            tuple(self.kinds),
            self.network.name,
            tuple(self.facts),
            self.mistakes,
            self.discarded,
            tuple(self.terms),
        )

    # one left side and what is said to be equal to it

    def _group(self, wanted: int) -> None:
        fact = self.rng.choice(self.network.facts)
        same = [other for other in self.network.facts if other.left == fact.left]
        new = self._letters([*same, fact])
        left = renamed(fact.left, new)
        if self.rng.random() < 0.2:
            self._single(fact, left, renamed(fact.right, new))
            return
        first = True
        while first or (len(self.rows) < wanted and self.rng.random() < 0.35):
            sides = [self._side(left, renamed(fact.right, new))]
            if self.rng.random() < 0.12:
                sides.append(self._side(left, renamed(self.rng.choice(same).right, new)))
            self._add(left, sides, fact.name, first)
            first, fact = False, self.rng.choice(same)

    def _single(self, fact: Fact, left: Term, right: Term) -> None:
        """A row whose left side is changed too, or that is turned round."""
        side = _Side(right, True, [])
        if self.rng.random() < 0.5 and free(left) == free(right):
            left, side = right, _Side(left, True, ["swap-sides"])
        elif self.rng.random() < 0.6:
            new, names = rewritten(self.context, left, letters(right), 1)
            if self._truth(new, right) == TRUE:
                left, side.kinds = new, [f"left-{name}" for name in names]
        if self.rng.random() < 0.4:
            found = self._mistake(left, lambda new: (new, side.term), letters(side.term))
            if found is not None:
                left, side = found[0], _Side(side.term, False, [f"left-{found[1]}"])
        self._add(left, [side], fact.name, first=True)

    def _side(self, left: Term, right: Term) -> _Side:
        """A right side: true or broken."""
        taken = letters(left)
        side = _Side(right, True, [])
        for steps in (self.rng.choice((0, 1, 2, 3, 4)), 1):
            new, names = rewritten(self.context, right, taken, steps)
            said = self._truth(left, new) if names else None
            if said == FALSE:
                raise AssertionError(f"{names} made a true line false: {left} = {new}, from {right}")
            if said == TRUE:
                side = _Side(new, True, names)
                break
        if self.limits and self.network.limits:
            limited = with_limits(self.context, side.term)
            if self._truth(left, limited) == TRUE:
                side.term = limited
        if self.rng.random() < 0.5:
            found = self._mistake(side.term, lambda new: (left, new), taken)
            if found is not None:
                return _Side(found[0], False, [found[1]])
        return side

    def _mistake(
        self, term: Term, whole: Callable[[Term], tuple[Term, Term]], around: frozenset[str]
    ) -> tuple[Term, str] | None:
        """A change of a term that breaks the line, and its name."""
        for _ in range(_ATTEMPTS):
            found = broken(self.context, term, around)
            if found is None:
                continue
            said = self._truth(*whole(found[0]))
            self.mistakes += 1
            if said in (FALSE, MISFIT):
                return found
            self.discarded += said is None
        return None

    def _truth(self, left: Term, right: Term) -> str | None:
        return truth(self.network.model, left, right)

    # writing

    def _letters(self, facts: Sequence[Fact]) -> dict[str, str]:
        """Letters for all indices of some facts."""
        used = sorted(frozenset().union(*(letters(side) for fact in facts for side in (fact.left, fact.right))))
        canonical, lead = self.context.lead
        units = [letter for letter in used if letter != canonical]
        new = dict(zip(units, self.rng.sample(self.context.units, len(units)), strict=True))
        return new | ({canonical: lead} if canonical else {})

    def _named(self, equation: Equation) -> Equation:
        """A definition in the letters of this text; the size of a batch stays."""
        used = sorted(letters(equation[0]) | letters(equation[1]))
        new = self._letters([Fact("", *equation)]) if self.rng.random() < 0.5 else {}
        canonical, lead = self.context.lead
        new = new or ({canonical: lead} if canonical in used else {})
        return renamed(equation[0], new), renamed(equation[1], new)

    def _write(self, term: Term) -> str:
        return self.writer.write(term)

    def _add(self, left: Term, sides: Sequence[_Side], fact: str, first: bool) -> None:
        true = all(side.true for side in sides)
        said = [name for side in sides if side.true == true for name in side.kinds]
        self.rows.append(Row(self._write(left) if first else None, tuple(self._write(side.term) for side in sides)))
        self.terms.append((left, *(side.term for side in sides)))
        self.truth.append(true)
        self.kinds.append("+".join(dict.fromkeys(said)) or "as-it-is")
        self.facts.append(fact)
