"""What is said of a derivation: a verdict a line, with its reason, the network on which it fails, and what mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.network import Network
from backprop_proofs.reading.syntax import Span
from backprop_proofs.shown import Shown

PROVED, REFUTED, UNDECIDED, UNREADABLE = "proved", "refuted", "undecided", "unreadable"


@dataclass(frozen=True)
class Repair(Shown):
    """The nearest change of a wrong line that the kernel proves.

    mistake: its name, such as "swapped-weight-indices"; message: "w^{l+1}_{jk} should be w^{l+1}_{kj}"; source: the
    mended line; others: how many other changes of one place would do as well.
    """

    mistake: str
    message: str
    source: str
    others: int = 0


@dataclass(frozen=True)
class CheckedLine(Shown):
    """One row of a derivation as written, and what is said of it.

    index: from 0; line, column: from 1; span: its place in the text. verdict: "proved", "refuted", "undecided" or
    "unreadable". code: the stable name of the finding, such as "free-index", or None where nothing is to be said;
    message: one sentence on it; place: where in the text it is. counterexample: the network on which it fails.
    rules: those that its proof used, in order. notes: warnings, and what it was taken for. mender: what seeks a repair.
    """

    index: int
    line: int
    column: int
    source: str
    span: Span
    verdict: str
    code: str | None = None
    message: str = ""
    place: Span | None = None
    counterexample: Counterexample | None = None
    rules: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    mender: Callable[[], Repair | None] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def repair(self) -> Repair | None:
        """What mends a refuted line, or None; sought when it is first asked for, as it takes longer than all else.

        Processor time for it: what is left of 1.2 s for all lines of a text together.
        """
        return None if self.mender is None else self.mender()


@dataclass(frozen=True)
class Report(Shown):
    """What is said of one text.

    verdict: "refuted" where a line is, "unreadable" where no line could be read, "proved" where every line is, else
    "undecided". notes: on the whole, such as what was taken as a definition. network: the one it was checked in, or
    None where there is none.
    """

    verdict: str
    lines: tuple[CheckedLine, ...]
    text: str
    notes: tuple[str, ...] = ()
    network: Network | None = None

    @property
    def first_bad_line(self) -> int | None:
        """The index of the first line that is refuted, or None."""
        return next((line.index for line in self.lines if line.verdict == REFUTED), None)


def verdict_of(lines: tuple[CheckedLine, ...]) -> str:
    """The verdict on the whole."""
    said = {line.verdict for line in lines}
    if REFUTED in said:
        return REFUTED
    if said <= {UNREADABLE}:
        return UNREADABLE
    return PROVED if said == {PROVED} else UNDECIDED
