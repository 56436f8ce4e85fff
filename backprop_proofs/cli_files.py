"""The files that `check` is given: read without waiting for anything, judged one by one or in several processes.

A file that cannot be read, or on which the program fails, has an outcome that says so; the others go on.
"""

from __future__ import annotations

import gc
import os
import signal
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import active_children, get_context
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop_proofs.errors import BackpropError, InvalidInput

if TYPE_CHECKING:
    from backprop_proofs.render.ink import Ink

STANDARD_INPUT = "-"
_MOST_PROCESSES = 61  # that Windows can wait for
_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}


class Task(NamedTuple):
    """A file to be checked, what it is checked in, and which page is wanted, in which characters and how wide.

    page: "whole" for all that is said of a file, "first" for its first wrong line, "html" for what a page needs,
    "" for none.
    """

    file: str
    network: str | None = None
    activation: str | None = None
    cost: str | None = None
    page: str = ""
    unicode: bool = True
    width: int = 80


class Outcome(NamedTuple):
    """What came of a file: its entry of the JSON document, its page, and why it could not be checked, if it could not.

    It is plain data, so that it passes from one process to another. Beside a page, the entry is without mended lines.
    """

    file: str
    entry: dict[str, Any]
    page: tuple[Ink, ...] = ()
    failure: str = ""


# Reading


def text_of(file: str) -> str:
    """The text of a regular file, or of standard input for "-". Raises InvalidInput, one line, for anything else."""
    try:
        return _text(file)
    except InvalidInput as error:
        raise InvalidInput(f"cannot read {_said(file)}: {error}") from error


def _text(file: str) -> str:
    from backprop_proofs.reading.document import LARGEST_FILE, decoded  # lazy: --help does not read

    try:
        if file != STANDARD_INPUT:
            return decoded(_content(file, LARGEST_FILE))
        if sys.stdin is None:
            raise InvalidInput("it is closed")
        return decoded(sys.stdin.buffer.read(LARGEST_FILE + 1))
    except (OSError, ValueError) as error:
        raise InvalidInput(getattr(error, "strerror", None) or str(error)) from error


def _said(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _content(file: str, largest: int) -> bytes:
    """The bytes of a file, of which nothing but a regular one is opened: a pipe or a device may never end."""
    found = os.stat(file)
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        raise InvalidInput(f"expected a file or -; found {kind}")
    if found.st_size > largest:
        raise InvalidInput(f"a file of at most {largest:,} bytes is read; found {found.st_size:,}")
    with open(file, "rb") as opened:
        return opened.read(largest + 1)


# Judging


def judged(task: Task) -> Outcome:
    """The outcome of one file. A fault of the program is an outcome, too; python -X dev shows where it was."""
    try:
        text = _text(task.file)
    except InvalidInput as error:
        return _failed(task, "unreadable", "read", str(error))
    try:
        return _checked(task, text)
    except BackpropError as error:
        return _failed(task, "unreadable", "check", str(error))
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _fault(task, f"{type(error).__name__}: {error}")


def _checked(task: Task, text: str) -> Outcome:
    from backprop_proofs.checking import check as judge  # lazy: SymPy
    from backprop_proofs.render.report_files import file_entry  # lazy: the same
    from backprop_proofs.render.reports import page_lines  # lazy: the same

    report = judge.check(text, network=task.network, activation=task.activation, cost=task.cost)
    if task.page == "html":
        from backprop_proofs.render.page.checks import page_entry  # lazy: most pages are text

        return Outcome(task.file, page_entry(task.file, report))
    page = page_lines(report, task.page, task.unicode, task.width, task.file)
    return Outcome(task.file, file_entry(task.file, report, mended=not task.page), tuple(page))


def outcomes(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    """The outcome of each file, in their order, judged by as many processes as there are jobs."""
    if len(tasks) > 1:
        if jobs == 1:
            _ready()
        gc.enable()  # main() turns it off; many files need their memory again
    files = [task for task in tasks if task.file != STANDARD_INPUT]  # which another process cannot read
    others = _in_processes(files, jobs) if jobs > 1 and len(tasks) > 1 else map(judged, files)
    for task in tasks:
        yield judged(task) if task.file == STANDARD_INPUT else next(others)


def _in_processes(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    """Where a process dies, the file that was waited for goes into one of its own, and the rest into new ones."""
    done = 0
    while done < len(tasks):
        for outcome in _until_broken(tasks[done:], jobs):
            yield outcome
            done += 1
        if done < len(tasks):
            alone = list(_until_broken(tasks[done : done + 1], 1))
            yield alone[0] if alone else _fault(tasks[done], "its process ended")
            done += 1


def _until_broken(tasks: Sequence[Task], jobs: int) -> Iterator[Outcome]:
    # Processes are spawned, not forked: a progress bar has a thread, and a forked thread may hold a lock for ever.
    pool = ProcessPoolExecutor(min(jobs, len(tasks), _MOST_PROCESSES), get_context("spawn"), _ready)
    others = active_children()
    waiting: list[Future[Outcome]] = []
    try:
        with _deaf():
            waiting = [pool.submit(judged, task) for task in tasks]
        for future in waiting:
            yield future.result()
    except BrokenProcessPool:
        return
    except BaseException:
        for child in active_children():
            if child not in others:
                child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ready() -> None:
    """Load what a process needs before its first file, and never look through it for what is not used any more."""
    for module in ("checking.check", "render.reports", "render.report_files"):
        import_module(f"backprop_proofs.{module}")
    gc.freeze()


@contextmanager
def _deaf() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: this one ends them, and they say nothing of it."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _fault(task: Task, why: str) -> Outcome:
    return _failed(task, "undecided", "check", f"a fault of the program: {why}")


def _failed(task: Task, verdict: str, what: str, why: str) -> Outcome:
    from backprop_proofs.render.report_files import failed_entry  # lazy: --help needs none of it

    return Outcome(task.file, failed_entry(task.file, verdict, why), (), f"cannot {what} {_said(task.file)}: {why}")


# All files together


def status(found: Iterable[Outcome]) -> int:
    """1 if a line is refuted, else 2 if a file could not be read or checked, else 3 if a line is not proved, else 0."""
    found = list(found)
    verdicts = {outcome.entry["verdict"] for outcome in found}
    if "refuted" in verdicts:
        return 1
    if "unreadable" in verdicts or any(outcome.failure for outcome in found):
        return 2
    return 0 if verdicts == {"proved"} else 3
