"""Letters that stand free on the right side only: which edits leave one so, or make one so."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from backprop_proofs.reading.commands import GREEK_LETTERS, LOWER, UPPER
from backprop_proofs.reading.edits.page import Page, operands
from backprop_proofs.reading.edits.slots import slots_of
from backprop_proofs.reading.edits.writing import Change
from backprop_proofs.reading.rows import Statement
from backprop_proofs.reading.syntax import Node, Sum, every

_COMMAND = re.compile(r"\\[A-Za-z]+")
_PLAIN = str.maketrans(GREEK_LETTERS | UPPER | LOWER)


class Stray:
    """The stray letters of one row, and those that must not become stray."""

    def __init__(self, page: Page, letters: Collection[str]):
        self.page = page
        written = page.row.span.within(page.text)
        self.letters = [letter for letter in letters if _count(letter, written)]
        self.indices = _summed_over(page) - _only_right(page.row.statements)

    def stays(self, change: Change, mistake: str) -> bool:
        """Whether one of them is written as often as before, so that it is neither summed over nor gone.

        Brackets are another matter: they can bring a letter under a sum that stood beside it.
        """
        if mistake == "parenthesis":
            return False
        before = change.span.within(self.page.text)
        return any(_count(letter, before) == _count(letter, change.text) for letter in self.letters)

    def comes(self, statements: tuple[Statement, ...]) -> bool:
        """Whether a letter that sums run over here stands free on the right only now, and did not before."""
        return bool(self.indices & _only_right(statements))


def _count(letter: str, text: str) -> int:
    """How often a letter is written, alone or among others; alpha also as a command, j also as a small character."""
    plain = text.translate(_PLAIN)
    return (plain if len(letter) > 1 else _COMMAND.sub(" ", plain)).count(letter)


def _summed_over(page: Page) -> set[str]:
    """The letters of the sums of this row and of those near it."""
    rows = (page.row, *page.around)
    sums = every(Sum, *(statement.chain for row in rows for statement in row.statements))
    return {letter.base for total in sums for letter in total.letters}


def _only_right(statements: tuple[Statement, ...]) -> set[str]:
    """The lower letters that are free in some right side and not on the left of it."""
    found: set[str] = set()
    for statement in statements:
        left, *right = statement.chain.parts
        found |= {letter for part in right for letter in _free(part)} - set(_free(left))
    return found


def _free(whole: Node) -> Iterator[str]:
    """The lower letters that are free in a node."""
    pending: list[tuple[Node, frozenset[str]]] = [(whole, frozenset())]
    while pending:
        node, bound = pending.pop()
        yield from (slot.letter for slot in slots_of(node, None) if not slot.above and slot.letter not in bound)
        if isinstance(node, Sum):
            bound = bound | {letter.base for letter in node.letters}
        pending += [(inner, bound) for inner, _ in operands(node)]
