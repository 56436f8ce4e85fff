"""How the checker fares on generated lines: what it leaves undecided, and what it gets wrong.

From the folder tests: `python -m checking.generated_rates 20000` prints the table.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from checking.generated import Generated, generate

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, Report

_VERDICTS = (PROVED, REFUTED, UNDECIDED, UNREADABLE)
Checker = Callable[[str], Report]


@dataclass(frozen=True)
class Judged:
    """A row of a generated text, and what is said of it; false where a true line is refuted or a broken one proved."""

    seed: int
    made: Generated
    row: int
    verdict: str
    message: str

    @property
    def true(self) -> bool:
        return self.made.truth[self.row]

    @property
    def false(self) -> bool:
        return self.verdict == (REFUTED if self.true else PROVED)

    def __str__(self) -> str:
        made = self.made
        what = "a true line" if self.true else "a broken line"
        return (
            f"seed {self.seed}, {made.network}, row {self.row}: {what} ({made.facts[self.row]}, "
            f"{made.kinds[self.row]}) is {self.verdict}: {self.message}\n{made.text}\n"
        )


def judged(first: int, lines: int, checker: Checker = check) -> Iterator[Judged]:
    """The rows of texts from a seed on, at least so many, each with its verdict."""
    seed = first
    while lines > 0:
        made = generate(seed)
        report = checker(made.text)
        if len(report.lines) != len(made.truth):
            raise AssertionError(f"seed {seed}: {len(report.lines)} rows for {len(made.truth)}\n{made.text}")
        for row, line in enumerate(report.lines):
            yield Judged(seed, made, row, line.verdict, line.message)
        lines -= len(made.truth)
        seed += 1


@dataclass
class Rates:
    """Counts of verdicts, by (whether true, group, verdict); a group is "all", a network, a fact or a change."""

    counts: Counter[tuple[bool, str, str]] = field(default_factory=Counter)
    wrong: list[Judged] = field(default_factory=list)

    def add(self, one: Judged) -> None:
        """Count a row."""
        made = one.made
        names = made.kinds[one.row].split("+")
        for group in ("all", f"network {made.network}", f"fact {made.facts[one.row]}", *(f"kind {n}" for n in names)):
            self.counts[one.true, group, one.verdict] += 1
        if one.false:
            self.wrong.append(one)

    def rate(self, true: bool, verdict: str, group: str = "all") -> float:
        """The share of a verdict among the true or the broken lines of a group."""
        return self.counts[true, group, verdict] / max(1, sum(self.counts[true, group, one] for one in _VERDICTS))

    def __str__(self) -> str:
        rows = []
        for true in (True, False):
            rows.append(
                f"\n{'true lines' if true else 'broken lines':<44}{'lines':>7}"
                + "".join(map("{:>12}".format, _VERDICTS))
            )
            for group in sorted({group for said, group, _ in self.counts if said is true}):
                total = sum(self.counts[true, group, one] for one in _VERDICTS)
                shares = "".join(f"{self.rate(true, one, group):>12.1%}" for one in _VERDICTS)
                rows.append(f"{group:<44}{total:>7}{shares}")
        rows += [f"\nfalse verdicts: {len(self.wrong)}", *map(str, self.wrong[:20])]
        return "\n".join(rows)


def rates(lines: int, first: int = 0, checker: Checker = check) -> Rates:
    """The verdicts on so many generated lines."""
    found = Rates()
    for one in judged(first, lines, checker):
        found.add(one)
    return found


if __name__ == "__main__":
    print(rates(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000, int(sys.argv[2]) if len(sys.argv) > 2 else 0))
