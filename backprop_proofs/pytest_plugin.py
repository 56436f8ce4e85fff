"""`pytest mine.tex notes/*.tex`: each line of a derivation is an item; a refuted one fails and says what mends it.

A `.tex`, `.md` or `.txt` file is collected where it is named on the command line, or matches the ini option
`backprop_proofs_files`; none is found by recursion alone. A line that is neither proved nor refuted is skipped with
the reason shown (`-rs`): to pass it would say that it holds, to fail it that it does not. `--bp-undecided=fail`, or
the ini option `backprop_proofs_undecided`, makes it fail.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from backprop_proofs.printable import one_line, printable

if TYPE_CHECKING:  # the library is loaded when a file is collected: without one, pytest waits for nothing
    from _pytest._code.code import TerminalRepr

    from backprop_proofs.checking.report import CheckedLine, Report
    from backprop_proofs.reading import Document, Row

SUFFIXES = (".tex", ".md", ".txt")
UNDECIDED = ("skip", "fail")
LONGEST_NAME = 60  # characters of a line that stand in the name of its item
LONGEST_SOURCE = 2_000  # characters of a line that are shown where it fails


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("backprop-proofs", "derivations of backpropagation")
    group.addoption("--bp-network", metavar="FILE", help="the equations of the network that the derivations are about")
    group.addoption("--bp-activation", metavar="NAME", help="its activation; see `backprop-proofs list`")
    group.addoption("--bp-cost", metavar="NAME", help="its cost; see `backprop-proofs list`")
    group.addoption("--bp-undecided", choices=UNDECIDED, help="what an undecided line does (default: skip)")
    parser.addini("backprop_proofs_files", "globs of .tex, .md and .txt files to check wherever they are", "args", [])
    parser.addini("backprop_proofs_undecided", "what an undecided line does: skip (default) or fail", default="skip")


def pytest_configure(config: pytest.Config) -> None:
    """Raise UsageError for a network that is no file, and for an ini option that says nothing."""
    said = config.getini("backprop_proofs_undecided")
    if said not in UNDECIDED:
        raise pytest.UsageError(f"backprop_proofs_undecided: expected {' or '.join(UNDECIDED)}; found {said!r}")
    network = config.getoption("--bp-network")
    if network is not None and not _where(network, config).is_file():
        raise pytest.UsageError(f"--bp-network: expected a file; found {network!r}")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DerivationFile | None:
    """A derivation that was named, or that matches a glob of the ini option."""
    if file_path.suffix not in SUFFIXES:
        return None
    if _is_named(file_path, parent) or _matches(file_path, parent.config):
        return DerivationFile.from_parent(parent, path=file_path)
    return None


class LineFailed(Exception):
    """A line that is not as it should be; `why` is one line, and the message the whole page."""

    def __init__(self, why: str, page: str):
        self.why = why
        super().__init__(page)


class DerivationFile(pytest.File):
    """One text: read when it is collected, and checked once, when the first of its lines is run."""

    text = ""

    def collect(self) -> Iterator[DerivationLine]:
        """An item for each line of the derivation, and one for each definition that cannot be read."""
        document = self._read()
        self.text = document.text
        rows = [row for row in document.rows if row.index is not None or row.problem]
        if not _matches(self.path, self.config):
            if _is_doctest(self.path, self.text, self.config):
                return
            if not rows:
                raise self.CollectError("expected a line that holds an equation; found none")
        for row, name in zip(rows, _names(rows), strict=True):
            yield DerivationLine.from_parent(self, name=name, row=row)

    def _read(self) -> Document:
        from backprop_proofs.errors import BackpropError  # lazy
        from backprop_proofs.reading import read  # lazy

        try:
            return read(_text_of(self.path, self.config))
        except BackpropError as error:
            raise self.CollectError(one_line(error)) from None

    @cached_property
    def report(self) -> Report | str:
        """What is said of the text, or, in one line, why nothing can be said."""
        from backprop_proofs.checking.check import check  # lazy: SymPy
        from backprop_proofs.errors import BackpropError  # lazy

        option = self.config.getoption
        network = option("--bp-network")
        try:
            about = None if network is None else _text_of(_where(network, self.config), self.config)
            return check(self.text, network=about, activation=option("--bp-activation"), cost=option("--bp-cost"))
        except BackpropError as error:
            return one_line(error)


class DerivationLine(pytest.Item):
    """One line of a derivation."""

    def __init__(self, *, row: Row, **given: Any):
        super().__init__(**given)
        self.row = row

    def runtest(self) -> None:
        """Pass where the line is proved, fail where it is refuted or unreadable; else skip, or fail if that is asked.

        A definition that cannot be read fails too: without it the derivation means something else.
        """
        from backprop_proofs.render.report_parts import said  # lazy

        assert isinstance(self.parent, DerivationFile)
        if self.row.index is None:
            self._fail_unread(self.parent.text)
        report = self.parent.report
        if isinstance(report, str):
            raise LineFailed(report, report)
        line = next((line for line in report.lines if line.index == self.row.index), None)
        if line is None:
            raise LineFailed("not checked", "nothing was said of this line")
        why = f"{line.verdict}: {said(line)}"
        if line.verdict == "undecided" and self._undecided() == "skip":
            skipped = pytest.skip.Exception(why)
            skipped._use_item_location = True  # the line in the text, not the one above
            raise skipped
        if line.verdict != "proved":
            raise LineFailed(why, "\n".join(_page(line, report)))

    def _undecided(self) -> str:
        said: str | None = self.config.getoption("--bp-undecided")
        return said or str(self.config.getini("backprop_proofs_undecided"))

    def _fail_unread(self, text: str) -> NoReturn:
        from backprop_proofs.reading.caret import explain  # lazy

        assert self.row.problem is not None
        why = one_line(f"unreadable: {self.row.problem.message}")
        raise LineFailed(why, printable(f"a definition that cannot be read\n{explain(text, self.row.problem)}", "\n"))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str | TerminalRepr:
        """What is said of the line, at its place in the text; a traceback for a fault of the program alone."""
        if not isinstance(excinfo.value, LineFailed):
            return super().repr_failure(excinfo, style)
        shown = super().repr_failure(excinfo, "value")  # the message alone
        crash = getattr(shown, "reprcrash", None)
        if crash is not None:
            crash.path, crash.lineno, crash.message = str(self.path), self.row.line, excinfo.value.why
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place, lines counted from 0, and a title; pytest writes :: for each dot in one that ends the id."""
        return self.path, self.row.line - 1, f"{self.path.name}, {self.name}"


# Which files


def _where(argument: str, config: pytest.Config) -> Path:
    """The path that an argument means."""
    return config.invocation_params.dir / argument


def _is_named(path: Path, parent: pytest.Collector) -> bool:
    """Whether an argument is this file; pytest itself forgets those that lie in a directory which is one too."""
    config = parent.config
    return parent.session.isinitpath(path) or any(_where(said.split("::")[0], config) == path for said in config.args)


def _matches(path: Path, config: pytest.Config) -> bool:
    """Whether a glob of the ini option finds it; one without a slash is about the name."""
    return any(path.match(glob) for glob in config.getini("backprop_proofs_files") if glob)


def _is_doctest(path: Path, text: str, config: pytest.Config) -> bool:
    """Whether pytest runs a file that was named as a doctest, and it is one."""
    if not config.pluginmanager.has_plugin("doctest") or not re.search(r"^\s*>>> ", text, re.MULTILINE):
        return False
    globs = config.getoption("doctestglob", None) or ["test*.txt"]
    return path.suffix == ".txt" or any(path.match(glob) for glob in globs)


def _text_of(path: Path, config: pytest.Config) -> str:
    """The text of a file. Raises InvalidInput, one line, for one that cannot be read."""
    from backprop_proofs.cli_files import text_of  # lazy

    here = config.invocation_params.dir
    return text_of(str(path.relative_to(here) if path.is_relative_to(here) and here == Path.cwd() else path))


# What is shown


def _names(rows: Sequence[Row]) -> Iterator[str]:
    """The name of each row's item, all different: line 12: z_j = ..."""
    on_line = Counter(row.line for row in rows)
    for row in rows:
        place = f"line {row.line}" if on_line[row.line] == 1 else f"line {row.line}, column {row.column}"
        source = textwrap.shorten(row.source[:LONGEST_SOURCE], width=2 * LONGEST_SOURCE)
        short = source if len(source) <= LONGEST_NAME else f"{source[: LONGEST_NAME - 3]}..."
        yield f"{place}: {_in_a_name(short)}"


def _in_a_name(text: str) -> str:
    """The text without what an environment variable or a node's id cannot hold; pytest puts names into both."""
    encoding = sys.getfilesystemencoding()
    shown = printable(text, "\n").replace("::", ":").replace("\N{REPLACEMENT CHARACTER}", "?")
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def _page(line: CheckedLine, report: Report) -> Iterator[str]:
    """What is said of a line: as written, what is wrong, where it fails, what mends it."""
    from backprop_proofs.render.report_parts import failure, mending, said  # lazy

    code = "" if line.code in (None, line.verdict) else f" ({line.code})"
    yield f"line {line.line}, column {line.column}: {line.verdict}{code}"
    yield from _as_written(line, report.text)
    yield said(line)
    if line.counterexample is not None:
        found = failure(line.counterexample, report.network)
        given = (found.sizes, found.indices, found.inputs, *found.functions)
        yield f"it fails with {'; '.join(filter(None, given))}: left side {found.left}, right side {found.right}"
    if line.repair is not None:
        yield f"what mends it: {mending(line.repair)}"
        yield _indented(line.repair.source)
    for note in (*line.notes, *report.notes):
        yield f"note: {one_line(note)}"


def _as_written(line: CheckedLine, text: str) -> Iterator[str]:
    """The line, and ^^^ under the place of the finding, if it has one."""
    from backprop_proofs.reading.caret import WIDTH, caret  # lazy
    from backprop_proofs.render.report_parts import plainly  # lazy

    source = line.source.strip()
    if line.place is None or "\n" in source or len(source) > WIDTH:
        yield _indented(source if len(source) <= LONGEST_SOURCE else f"{source[:LONGEST_SOURCE]}...")
    if line.place is not None:
        yield _indented(caret(plainly(text), line.place))


def _indented(text: str) -> str:
    return textwrap.indent(printable(textwrap.dedent(text), "\n"), "    ")
