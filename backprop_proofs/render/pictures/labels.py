"""Labels in pictures: a letter with its superscripts and subscripts, and how much room they take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sympy import Expr

from backprop_proofs.language.expressions import Ref
from backprop_proofs.render.alphabets import GREEK
from backprop_proofs.render.letters import Letters
from backprop_proofs.render.notation import UNICODE
from backprop_proofs.render.walker import Walk

SCRIPT = 0.7  # the size of a script, as a part of that of its letter
_WIDE = {
    **dict.fromkeys("ijlt,.;|'′()[]", 0.3),
    **dict.fromkeys("mwMW", 0.75),
    **dict.fromkeys("+−=→", 0.62),
    " ": 0.27,
}
_LETTERS = r"[^\W\d_]+"
_RUNS = re.compile(rf"({_LETTERS})_\(([^()]*)\)|({_LETTERS})_(\w)|({_LETTERS})|(\d+|.)")


class Run(NamedTuple):
    """Characters of one kind: letters of a name stand italic, what is below hangs lower and smaller."""

    text: str
    italic: bool = False
    below: bool = False


class Label(NamedTuple):
    """A letter with what stands above and below behind it."""

    base: tuple[Run, ...]
    above: tuple[Run, ...] = ()
    below: tuple[Run, ...] = ()

    @property
    def width(self) -> float:
        """How wide it is, in units of its letter's size."""
        return width(self.base) + SCRIPT * max(width(self.above), width(self.below))

    @property
    def text(self) -> str:
        """The label in plain text."""
        parts = ((sign, "".join(run.text for run in runs)) for sign, runs in (("^", self.above), ("_", self.below)))
        return "".join(run.text for run in self.base) + "".join(f"{sign}{said}" for sign, said in parts if said)


def quantity_label(ref: Ref) -> Label:
    """A quantity as it is written."""
    written = [_index(part) for part in ref.indices]
    above = ref.quantity.superscripts
    base, below = _name(ref.name)
    return Label(base, runs(_listed(written[:above])), below + runs(_listed(written[above:])))


def index_label(expr: Expr) -> Label:
    """An index, such as l + 1, on the line."""
    return Label(runs(_index(expr)))


def runs(text: str) -> tuple[Run, ...]:
    """The text of an index as runs; n_l has its l below."""
    return tuple(_runs(text.replace("-", "−")))


def width(parts: tuple[Run, ...]) -> float:
    """How wide runs are, in units of their size, in an average serif font."""
    return sum(_WIDE.get(char, 0.53) * (SCRIPT if run.below else 1) for run in parts for char in run.text)


def _runs(text: str) -> Iterator[Run]:
    for match in _RUNS.finditer(text):
        name, closed, short, one, letters, other = match.groups()
        if name or short:
            yield Run(name or short, italic=True)
            yield from (part._replace(below=True) for part in _runs(closed or one))
        else:
            yield Run(letters or other, italic=bool(letters))


def _index(expr: Expr) -> str:
    letters = Letters()
    return Walk(UNICODE, letters).index(expr, letters.opened(expr))


def _name(name: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """The letter of a name, and what an underscore sets below: W_h."""
    bare = name.rstrip("'")
    first, _, rest = bare.partition("_")
    base = GREEK.get(bare, GREEK.get(first, first)) + "′" * (len(name) - len(bare))
    return (Run(base, italic=True),), runs(rest.replace("_", ",")) + ((Run(","),) if rest else ())


def _listed(parts: list[str]) -> str:
    """Side by side where each is one letter or digit, else with commas."""
    return ("" if all(len(part) == 1 for part in parts) else ",").join(parts)
