"""Errors δ that convention alone defines, and what a text says of them that convention does not prove.

Where it says such a thing δ may be another, minus the derivative mostly, and no line that rests on δ is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from backprop_proofs.language.expressions import Partial
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.error_terms import DELTA
from backprop_proofs.reading.meaning.forms import links_in, without_sign
from backprop_proofs.reading.meaning.names import NotUnderstood, bare_key, names_of
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.rows import Statement
from backprop_proofs.reading.syntax import Node

_DELTA = re.compile(r"delta|δ")


def assumed_errors(story: Story) -> frozenset[str]:
    """The names of errors that no line and no given row defines."""
    if story.assumed or story.network is None:
        return story.assumed
    defined = {known.ref.name for known in story.network.abbreviations}
    said = any(taken.key == DELTA for taken in story.taken) or any(map(_speaks, story.document.given))
    return frozenset({DELTA} & defined) if not said else frozenset()


def meaning_of(story: Story, name: str) -> str:
    """What an error is taken for: the derivative of the cost, or minus that."""
    known = story.network.abbreviations if story.network is not None else ()
    plain = any(isinstance(each.body, Partial) for each in known if each.ref.name == name)
    return f"{'' if plain else 'minus '}the derivative of the cost by the weighted input"


@dataclass
class ErrorsSaid:
    """What the lines of a text say of its assumed errors, as far as they were judged.

    against: the lines that convention does not prove, each with the errors that it speaks of; stated: the errors that
    stand alone on a side of an equation that is proved, each with the errors on the other side.
    """

    story: Story
    against: dict[int, frozenset[str]] = field(default_factory=dict)
    stated: list[tuple[str, set[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.errors = assumed_errors(self.story)
        if self.story.assumed:
            rows = (row for row in self.story.document.rows if row.problem is not None and _speaks(row))
            self.against.update((row.line, self.errors) for row in rows)

    def proved(self, left: Node, right: Node) -> None:
        """Note an equation that is proved."""
        for one, other in ((left, right), (right, left)) if self.errors else ():
            error = without_sign(one)[1]
            if isinstance(error, tree.Name):
                of = _keys(self.story, other) & self.errors
                self.stated += [(key, of) for key in (_keys(self.story, error) & self.errors) - of]

    def not_decided(self, row: Row, left: Node, right: Node) -> None:
        """Note an equation that is not decided; of Nielsen's δ, one with a target minus an output.

        As he leaves the cost open, nothing says there what y is.
        """
        spoken = self.errors & _keys(self.story, left, right) if self.errors else frozenset()
        if not self.story.assumed:
            spoken &= _keys(self.story, left) if 1 in _signs_of_new(self.story, right) else set()
        if spoken:
            self.against[row.line] = self.against.get(row.line, frozenset()) | spoken

    def doubted(self) -> dict[str, int]:
        """The errors that may be others than convention has them, each with a line that speaks against it.

        None is that a line states which is proved; one doubted makes all others doubtful, as they have one sign.
        """
        sure: set[str] = set()
        while more := {key for key, of in self.stated if of <= sure} - sure:
            sure |= more
        lines = [line for line, names in self.against.items() if not names <= sure]
        return dict.fromkeys(self.errors - sure, min(lines)) if lines else {}


def beside(story: Story) -> Iterator[tuple[Row, Node, Node]]:
    """The equations of the given part, and of remarks beside rows, that speak of assumed errors."""
    for row in story.document.rows:
        chains = [remark.chain for remark in row.remarks if remark.chain is not None]
        found = list(links_in(tuple(map(Statement, chains)), story.rows.rewrite))
        for _, left, right, *_ in (*(story.links(row) if row.given else ()), *found):
            if not story.assumed.isdisjoint(_keys(story, left, right)):
                yield row, left, right


def _speaks(row: Row) -> bool:
    return _DELTA.search(row.source) is not None


def _keys(story: Story, *sides: Node) -> set[str]:
    found: set[str] = set()
    for name in (name for side in sides for name in names_of(side)):
        try:
            found.add(story.census.use(name).key)
        except NotUnderstood:
            found.add(bare_key(name))
    return found


def _signs_of_new(story: Story, node: Node, sign: int = 1) -> Iterator[int]:
    """The signs of the terms that a name is, of which nothing says what it is, as y is in (y - a) σ'(z)."""
    if isinstance(node, tree.Plus):
        for term, own in zip(node.terms, node.signs, strict=True):
            if len(node.terms) > 1 and isinstance(term, tree.Name):
                yield from (sign * own for _ in _keys(story, term) & _fresh(story))
            yield from _signs_of_new(story, term, sign * own)
    elif isinstance(node, tree.Product | tree.Group | tree.Quotient):
        for part in tree.parts(node):
            yield from _signs_of_new(story, part, sign)


def _fresh(story: Story) -> set[str]:
    return story.world.fresh if story.world is not None else set()
