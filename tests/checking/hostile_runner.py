"""How long hostile texts take and how much memory: a table, nothing is asserted. Exit status 1 for any other outcome.

    PYTHONPATH=tests python -m checking.hostile_runner --count 1000 --first 0 --evil
    PYTHONPATH=tests python -m checking.hostile_runner --count 10000 --short --mending 0.1

Texts are checked one after another in a process that may not have more memory than --gigabytes. Where a text takes
longer than --patience seconds, or the process dies, that is noted and a new process goes on with the next one; so it
does after every thousand texts. Time is the processor's, so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import json
import resource
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

GIGABYTE = 1 << 30
SLOW = 2.0  # seconds
FINE = ("report", "one line")
SHORT, FRESH = "short ", 1000  # before the number of a short text; texts that one process checks


class Result(NamedTuple):
    """name: of the text; memory: the most that the process has had so far, in MB; lines: how many of each verdict."""

    name: str
    outcome: str
    seconds: float
    memory: float
    lines: dict[str, int]


# The process that checks


def memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def text_named(name: str) -> str:
    from checking.hostile import WHOLE, generated, short  # lazy: the other process needs no SymPy

    if name.startswith(SHORT):
        return short(int(name.removeprefix(SHORT)))
    return generated(int(name)) if name.isdigit() else WHOLE[name]


def checked(name: str) -> Result:
    from checking.hostile import assert_one_line, assert_sound, check  # lazy, as above

    from backprop_proofs.errors import BackpropError  # lazy, as above

    text, report, lines = text_named(name), None, Counter[str]()
    start = time.process_time()
    outcome = "report"
    try:
        report = check(text)
    except BackpropError as error:
        outcome = "one line"
        assert_one_line(error)
    except BaseException as error:
        outcome = f"{type(error).__name__}: {str(error)[:200]}"
    seconds = time.process_time() - start
    if report is not None:
        lines.update(line.verdict for line in report.lines)
        try:
            assert_sound(report, text)
        except BaseException as error:
            outcome = f"not sound: {type(error).__name__}: {str(error)[:200]}"
    return Result(name, outcome, seconds, memory(), dict(lines))


def child(gigabytes: float, mending: float | None) -> None:
    """A result for each name that comes in; the first one is what an ordinary text costs."""
    if mending is not None:
        from backprop_proofs.checking import check as module  # lazy, as above

        module._SECONDS = mending
    limit = int(gigabytes * GIGABYTE)
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    checked("a wide network")
    print(json.dumps(checked("a wide network")), flush=True)
    for name in sys.stdin:
        print(json.dumps(checked(name.rstrip("\n"))), flush=True)


# The process that watches


class Watched:
    """A process that checks, and a new one after each that had to be ended."""

    def __init__(self, gigabytes: float, patience: float, mending: float | None):
        self.patience = patience
        self.command = [sys.executable, "-m", "checking.hostile_runner", "--child", "--gigabytes", str(gigabytes)]
        self.command += [] if mending is None else ["--mending", str(mending)]
        self.process: subprocess.Popen[str] | None = None
        self.base, self.done = 0.0, 0

    def start(self) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(self.command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        assert process.stdout is not None
        self.base = Result(*json.loads(process.stdout.readline())).memory
        return process

    def result(self, name: str) -> Result:
        if self.done == FRESH:
            self.end()
        self.process = process = self.process or self.start()
        self.done += 1
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], self.patience)
        said = process.stdout.readline() if ready else ""
        if said:
            return Result(*json.loads(said))
        process.kill()
        status = process.wait()
        self.process, self.done = None, 0
        why = f"the process died with status {status}" if ready else f"no answer in {self.patience:g} s"
        return Result(name, why, self.patience, 0.0, {})

    def end(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait()
        self.process, self.done = None, 0


def summary(results: Sequence[Result], base: float) -> Iterator[str]:
    outcomes = Counter(result.outcome if result.outcome in FINE else "other" for result in results)
    lines = sum((Counter(result.lines) for result in results), Counter[str]())
    yield f"{len(results):,} texts: " + ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
    yield f"{lines.total():,} lines: " + ", ".join(f"{count:,} {verdict}" for verdict, count in lines.most_common())
    by_time = sorted(results, key=lambda result: result.seconds)
    at = [by_time[int(part * (len(by_time) - 1))].seconds for part in (0.5, 0.99, 0.999)]
    slow = sum(result.seconds > SLOW for result in results)
    yield "seconds: median {:.4f}, 99 % within {:.3f}, 99.9 % within {:.3f}".format(*at) + f", {slow:,} over {SLOW:g}"
    yield f"memory: {max(result.memory for result in results):,.0f} MB at most, {base:,.0f} MB after an ordinary text"
    yield "the slowest:"
    yield from (f"  {result.seconds:8.3f} s  {result.name}" for result in by_time[:-11:-1])
    yield "where memory grew most:"
    grown = sorted((after.memory - before.memory, after.name) for before, after in pairwise(results) if before.memory)
    yield from (f"  {growth:+8.0f} MB  {name}" for growth, name in grown[:-6:-1] if growth > 1)
    other = [result for result in results if result.outcome not in FINE]
    yield from (f"OTHER  {result.name}: {result.outcome}" for result in other[:40])


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="how many generated texts")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one")
    parser.add_argument("--evil", action="store_true", help="also the texts written by hand")
    parser.add_argument("--short", action="store_true", help="short texts in place of whole derivations")
    parser.add_argument("--mending", type=float, help="seconds of a text until no more mendings are sought")
    parser.add_argument("--gigabytes", type=float, default=1.5)
    parser.add_argument("--patience", type=float, default=20.0, help="seconds until a text is given up")
    parser.add_argument("--names", nargs="*", help="only these texts: numbers, or names of texts written by hand")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    given: Any = arguments()
    if given.child:
        child(given.gigabytes, given.mending)
        return 0
    start = SHORT if given.short else ""
    names = given.names or [f"{start}{number}" for number in range(given.first, given.first + given.count)]
    if given.evil and not given.names:
        from checking.hostile import WHOLE  # lazy

        names = [*WHOLE, *names]
    watched = Watched(given.gigabytes, given.patience, given.mending)
    results = []
    for number, name in enumerate(names, 1):
        results.append(watched.result(name))
        if number % 1000 == 0:
            print(f"{number:,} done, {results[-1].memory:,.0f} MB", file=sys.stderr, flush=True)
    watched.end()
    print("\n".join(summary(results, watched.base)))
    return int(any(result.outcome not in FINE for result in results))


if __name__ == "__main__":
    raise SystemExit(main())
