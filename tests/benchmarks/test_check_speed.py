"""How fast derivations are checked; run with `pytest tests/benchmarks -m benchmark -s`. Nothing is asserted about time.

Fifty pages, no two alike, in one warm process; the unit is the import of SymPy in a fresh one. They are the collected
derivations of the first tier with their indices renamed, anew in each round, so that no page was ever seen before.
Three in five have a wrong line. What mends one is sought when it is asked for, and its time is printed apart.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from statistics import median
from string import ascii_lowercase
from typing import Any

from reading.written import CASES, written

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import REFUTED, Repair, Report
from backprop_proofs.reading import read
from backprop_proofs.reading.syntax import Name, Node, Script, Sum, walk

PAGES, ROUNDS = 50, 5
LETTERS = "ijkmpq"
_PARTS = ("definitions", "lines")
FIRST = [case for case in CASES if case["tier"] == 1]
_PIECES = re.compile(r"\\(?:text|mathrm|tag|label)\s*\{[^}]*\}|\\[A-Za-z]+|[_^][a-z]|[A-Za-z]+|.", re.DOTALL)


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def repairs(report: Report) -> list[Repair | None]:
    """What mends each refuted line."""
    return [line.repair for line in report.lines if line.verdict == REFUTED]


def names(nodes: list[Node]) -> Counter[str]:
    return Counter(node.base for tree in nodes for node in walk(tree) if isinstance(node, Name))


def indices(text: str) -> set[str]:
    """The letters that are indices in a text and nothing else."""
    trees: list[Node] = [statement.chain for row in read(text).rows for statement in row.statements]
    every = [node for tree in trees for node in walk(tree)]
    within: list[Node] = [item for node in every if isinstance(node, Script) for item in node.items]
    within += [letter for node in every if isinstance(node, Sum) for letter in node.letters]
    within += [condition for node in every if isinstance(node, Sum) for condition in node.conditions]
    everywhere, inside = names(trees), names(within)
    return {letter for letter in ascii_lowercase if inside[letter] >= everywhere[letter]}


def renamed(case: dict[str, Any], choose: random.Random) -> dict[str, Any]:
    """The case with its indices renamed among one another and those that it does not use."""
    known = indices(written(case))
    letters = sorted(known & set(LETTERS))
    to = dict(zip(letters, choose.sample(letters, len(letters)), strict=True))

    def other(piece: str) -> str:
        return (
            "".join(to.get(char, char) for char in piece)
            if len(piece) <= 3 and set(piece) - set("_^") <= known
            else piece
        )

    changed = {part: ["".join(map(other, _PIECES.findall(row))) for row in case[part]] for part in _PARTS}
    return case | changed


def pages(seed: int) -> dict[str, dict[str, Any]]:
    """Fifty texts, with the cases that they were."""
    choose = random.Random(seed)
    found: dict[str, dict[str, Any]] = {}
    while len(found) < PAGES:
        case = FIRST[len(found) % len(FIRST)]
        found.setdefault(written(renamed(case, choose)), case)
    return found


def test_pages_a_second() -> None:
    *rounds, warm = (list(pages(seed)) for seed in range(ROUNDS + 1))
    first = seconds(lambda: check(warm[0]))
    for text in warm:
        repairs(check(text))
    each = [[seconds(lambda text=text: check(text)) for text in texts] for texts in rounds]
    taken = median(map(sum, each))
    reports = [check(text) for text in rounds[0]]
    mending = seconds(lambda: [repairs(report) for report in reports])
    unit = median(
        seconds(lambda: subprocess.run([sys.executable, "-c", "import sympy"], check=True)) for _ in range(ROUNDS)
    )
    rows = sum(len(check(text).lines) for text in rounds[0])
    every = [one for texts in each for one in texts]
    print(f"\n{PAGES} pages of {rows / PAGES:.0f} lines: {taken:.3f} s, {PAGES / taken:,.0f} a second (at least 50)")
    print(f"that is {taken / unit:.2f} times the import of SymPy ({unit:.3f} s)")
    wrong = sum(len(repairs(report)) for report in reports)
    both = PAGES / (taken + mending)
    print(f"what mends their {wrong} wrong lines: {mending:.3f} s more, {both:.0f} pages a second with it")
    print(f"a page: median {median(every) * 1000:.1f} ms, at most {max(every) * 1000:.0f} ms")
    print(f"the first page of a process, imports apart: {first * 1000:.0f} ms")
    assert rows > 3 * PAGES


def test_renaming_changes_no_verdict() -> None:
    """Else something else would be measured."""
    changed = []
    for text, case in pages(0).items():
        here, there = check(text), check(written(case))
        if (here.verdict, here.first_bad_line) != (there.verdict, there.first_bad_line):
            changed.append((case["id"], here.verdict, here.first_bad_line, there.verdict, there.first_bad_line))
    assert not changed
