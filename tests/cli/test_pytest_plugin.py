r"""`pytest mine.tex`: which files are collected, what each line does, what is shown; pytest is run within pytest.

In most of them the judge is replaced: a line that holds \wrong is refuted, one that holds \maybe undecided, and any
other one proved. Those of `TestEndToEnd` run the project's own.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from sympy import Integer

from backprop_proofs.checking import check as judge
from backprop_proofs.checking.report import CheckedLine, Repair, Report, verdict_of
from backprop_proofs.errors import InvalidInput
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.reading import Row, read
from backprop_proofs.reading.syntax import Span

MODULE = "backprop_proofs.pytest_plugin"
PROJECT = Path(__file__).parents[2] / "pyproject.toml"
# Where the package is installed, pytest has found the plugin; a module cannot be registered twice.
LOAD = () if list(entry_points(group="pytest11", name="backprop-proofs")) else ("-p", MODULE)
FAILURE = Counterexample((("n_1", 2),), (("j", 1),), Integer(3), Integer(5))
REPAIR = Repair("swapped-weight-indices", "w_{jk} should be w_{kj}", r"a_j = \mended")
TEXT = r"""\[ a_j = b_j \]
Then, as one sees,
\begin{align}
  c_j &= \wrong d_j \\
  e_j &= \maybe f_j \\
  g_j &= (h_j
\end{align}
"""
NAMES = (
    r"line 1: a_j = b_j",
    r"line 4: c_j &= \wrong d_j",
    r"line 5: e_j &= \maybe f_j",
    r"line 6: g_j &= (h_j",
)

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Pytest on the files of `pytester`, within this process."""
    return lambda *arguments: pytester.runpytest_inprocess(*LOAD, "-p", "no:cacheprovider", *arguments)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the judge is asked; it is replaced by one that goes by words in the line."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def check(text: str, **given: Any) -> Report:
        asked.append((text, given))
        lines = tuple(judged(row) for row in read(text).derivation)
        return Report(verdict_of(lines), lines, text, ("a_j was taken for what it is",))

    monkeypatch.setattr(judge, "check", check)
    return asked


def judged(row: Row) -> CheckedLine:
    assert row.index is not None
    place = (row.index, row.line, row.column, row.source, row.span)
    if row.problem:
        return CheckedLine(*place, "unreadable", "unreadable", row.problem.message, row.problem.span)
    at = row.source.find("\\wrong")
    if at >= 0:
        finding = Span(row.span.start + at, row.span.start + at + 6)
        return CheckedLine(
            *place, "refuted", "swapped", "the indices\nare swapped", finding, FAILURE, mender=lambda: REPAIR
        )
    if "\\maybe" in row.source:
        return CheckedLine(*place, "undecided", "not-decided", "agrees exactly on 40 instances")
    return CheckedLine(*place, "proved")


def ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line and not line.startswith(("FAILED", "SKIPPED", "ERROR"))]


def failures(result: pytest.RunResult) -> str:
    """What is shown of the lines that fail."""
    return result.stdout.str().partition("= FAILURES =")[2].partition("short test summary")[0]


# What a line does


@pytest.mark.usefixtures("calls")
class TestLines:
    def test_each_line_is_an_item(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        result = run("mine.tex", "-rs")
        result.assert_outcomes(passed=1, failed=2, skipped=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["SKIPPED [[]1] mine.tex:5: undecided: agrees exactly on 40 instances"])

    def test_the_names_of_the_items(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        assert ids(run("mine.tex", "--collect-only", "-q")) == [f"mine.tex::{name}" for name in NAMES]

    def test_a_refuted_line_shows_all_that_is_known(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        shown = failures(run("mine.tex", "-k", "wrong")).splitlines()
        assert r" mine.tex, line 4: c_j &= \wrong d_j " in shown[1]
        assert shown[2:-1] == [
            r"line 4, column 3: refuted (swapped)",
            r"    c_j &= \wrong d_j \\",
            r"           ^^^^^^",
            r"the indices are swapped",
            r"it fails with n_1 = 2; j = 1: left side 3, right side 5",
            r"what mends it: w_{jk} should be w_{kj}",
            r"    a_j = \mended",
            r"note: a_j was taken for what it is",
        ]

    def test_an_unreadable_line_has_a_caret(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        shown = failures(run("mine.tex", "-k", "h_j"))
        assert "line 6, column 3: unreadable\n    g_j &= (h_j\n           ^\nexpected a ) for this (" in shown
        assert "unreadable (unreadable)" not in shown

    def test_no_traceback_is_shown(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        for style in ("auto", "long", "short", "native", "line"):
            result = run("mine.tex", "--bp-undecided=fail", f"--tb={style}")
            result.assert_outcomes(passed=1, failed=3)
            assert ".py" not in failures(result)
            assert "Traceback" not in result.stdout.str()

    def test_the_summary_and_tools_see_the_place_in_the_text(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine=TEXT)
        result = run("mine.tex", "--tb=line", "--junitxml=out.xml", "-k", "wrong")
        result.stdout.fnmatch_lines(
            ["*mine.tex:4: refuted: the indices are swapped", "FAILED *- refuted: the indices*"]
        )
        (case,) = ElementTree.parse(pytester.path / "out.xml").iter("testcase")
        (failure,) = case
        assert failure.get("message") == "refuted: the indices are swapped"
        assert case.get("name") == NAMES[1]

    @pytest.mark.parametrize(
        ("option", "ini", "fails"),
        [
            (None, None, False),
            (None, "skip", False),
            (None, "fail", True),
            ("fail", None, True),
            ("fail", "skip", True),
            ("skip", "fail", False),
        ],
    )
    def test_an_undecided_line(
        self, pytester: pytest.Pytester, run: Run, option: str | None, ini: str | None, fails: bool
    ) -> None:
        pytester.makefile(".tex", mine=r"$a_j = \maybe$")
        if ini:
            pytester.makeini(f"[pytest]\nbackprop_proofs_undecided = {ini}")
        result = run("mine.tex", *([f"--bp-undecided={option}"] if option else []))
        result.assert_outcomes(failed=int(fails), skipped=int(not fails))
        assert ("agrees exactly on 40 instances" in failures(result)) is fails

    def test_one_item_by_its_id(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine="$$ z^{[l]}_j = a^{(l)}_k $$\n\n$$ a ::= b $$\n" + TEXT)
        found = ids(run("mine.tex", "--collect-only", "-q"))
        assert len(set(found)) == 6
        for each in found:
            assert ids(run(each, "--collect-only", "-q")) == [each]

    def test_ids_are_shown_as_they_are(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine="$$ a_j = 0.5 b_j + ... $$\n")
        run("mine.tex", "-v").stdout.fnmatch_lines(["mine.tex::line 1: a_j = 0.5 b_j + ... *"])

    @pytest.mark.parametrize(("words", "count"), [("wrong", 1), ("e_j or a_j", 2), ("not wrong", 3), ("mine", 4)])
    def test_some_items_by_their_words(self, pytester: pytest.Pytester, run: Run, words: str, count: int) -> None:
        pytester.makefile(".tex", mine=TEXT)
        assert len(ids(run("mine.tex", "--collect-only", "-q", "-k", words))) == count

    def test_lines_that_look_the_same_have_different_names(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(
            ".tex", mine=r"\[a = b\] and \[a = b\], so \[a = b\]" + "\n\n$a = b$\n" + "$c = " + "+ c_j" * 99 + "$\n"
        )
        found = ids(run("mine.tex", "--collect-only", "-q"))
        assert len(found) == len(set(found)) == 5
        assert [name.partition(":: ")[0].split(":")[2] for name in found[:2]] == [
            "line 1, column 3",
            "line 1, column 17",
        ]
        assert max(map(len, found)) < 100

    def test_a_fault_of_the_program_keeps_its_traceback(
        self, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def check(text: str, **given: Any) -> Report:
            raise ZeroDivisionError("in the judge")

        monkeypatch.setattr(judge, "check", check)
        pytester.makefile(".tex", mine="$a = b$")
        result = run("mine.tex")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*ZeroDivisionError: in the judge*"])
        assert ".py" in failures(result)

    def test_a_definition_that_cannot_be_read_fails(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine="% given\n$z_j = (w_j$\n\n$x_j = y_j$\n% derivation\n$a_j = b_j$\n")
        result = run("mine.tex")
        result.assert_outcomes(passed=1, failed=1)
        assert "a definition that cannot be read\nline 2, column 8: expected a ) for this (" in failures(result)


# Which files are collected


@pytest.mark.usefixtures("calls")
class TestFiles:
    FILES = ("README.md", "notes/one.tex", "notes/two.md", "notes/three.txt", "notes/four.rst", "notes/five.py")

    @pytest.mark.parametrize(
        ("arguments", "globs", "collected"),
        [
            ([], "", []),
            (["."], "", []),
            (["notes"], "", []),
            (["README.md"], "", ["README.md"]),
            (["notes", "notes/one.tex"], "", ["one.tex"]),
            (["notes/one.tex", "notes/two.md", "notes/three.txt"], "", ["one.tex", "two.md", "three.txt"]),
            (["notes/four.rst", "notes/five.py"], "", []),
            ([], "*.tex", ["one.tex"]),
            ([], "notes/*.md notes/*.txt", ["three.txt", "two.md"]),
            ([], "*", ["README.md", "one.tex", "three.txt", "two.md"]),
            (["notes/one.tex"], "*.md", ["one.tex"]),
            (["notes/one.tex"], "*.tex", ["one.tex"]),
            (["notes"], "README.md", []),
        ],
    )
    def test_only_those_that_are_asked_for(
        self, pytester: pytest.Pytester, run: Run, arguments: list[str], globs: str, collected: list[str]
    ) -> None:
        pytester.mkdir("notes")
        for name in self.FILES:
            (pytester.path / name).write_text("" if name.endswith(".py") else "$a_j = b_j$\n", encoding="utf-8")
        pytester.makeini(f"[pytest]\nbackprop_proofs_files = {globs}")
        found = ids(run("--collect-only", "-q", *arguments))
        assert [name.split("::")[0].split("/")[-1] for name in found] == collected

    DOCTEST = "The sum x_j = 2.\n\n>>> 1 + 1\n2\n\nx_j = 3\n"

    def test_a_named_doctest_is_left_to_pytest(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".txt", mine=self.DOCTEST)
        assert ids(run("mine.txt", "--collect-only", "-q")) == ["mine.txt::mine.txt"]
        run("mine.txt").assert_outcomes(passed=1)

    def test_doctests_are_found_as_before(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".txt", test_mine=self.DOCTEST, other=self.DOCTEST)
        pytester.makefile(".md", readme=self.DOCTEST)
        assert ids(run("--collect-only", "-q")) == ["test_mine.txt::test_mine.txt"]
        found = ids(run("--collect-only", "-q", "--doctest-glob=*.md"))
        assert found == ids(run("--collect-only", "-q", "--doctest-glob=*.md", "readme.md")) == ["readme.md::readme.md"]

    def test_prompts_hinder_nothing_where_there_are_no_doctests(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".txt", mine=self.DOCTEST)
        pytester.makefile(".md", mine=self.DOCTEST)
        assert any("mine.md::line 6: x_j = 3" in name for name in ids(run("mine.md", "--collect-only", "-q")))
        without = ids(run("mine.txt", "--collect-only", "-q", "-p", "no:doctest"))
        assert "mine.txt::line 6: x_j = 3" in without
        both = ids(run("--collect-only", "-q", "-o", "backprop_proofs_files=mine.txt", "mine.txt"))
        assert set(without) < set(both)
        assert "mine.txt::mine.txt" in both

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"$a = \0$", "cannot read bad.tex: a text file has no NUL bytes; found one at byte 6"),
            (b"\xff\xfea\xd8", "cannot read bad.tex: the file starts like UTF-16 and is not; save it as UTF-8"),
            (b"$a = b$\n" * 600_000, "cannot read bad.tex: a file of at most 4,000,000 bytes is read; found 4,800,000"),
            (b"Nothing here.\n", "expected a line that holds an equation; found none"),
            (b"", "expected a line that holds an equation; found none"),
        ],
        ids=["NUL", "UTF-16", "large", "prose", "empty"],
    )
    def test_what_cannot_be_read_is_one_line(self, pytester: pytest.Pytester, run: Run, data: bytes, said: str) -> None:
        pytester.makefile(".tex", good="$a_j = b_j$")
        (pytester.path / "bad.tex").write_bytes(data)
        result = run("bad.tex", "good.tex", "--continue-on-collection-errors")
        result.assert_outcomes(errors=1, passed=1)
        shown = result.stdout.str().partition("ERROR collecting bad.tex")[2].partition("short test summary")[0]
        assert shown.strip(" _=\n") == said

    def test_a_file_found_by_a_glob_may_hold_no_equation(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".md", readme="Nothing here.", mine="$a_j = b_j$")
        run("-o", "backprop_proofs_files=*.md").assert_outcomes(passed=1)

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
    def test_encodings(self, pytester: pytest.Pytester, run: Run, encoding: str) -> None:
        (pytester.path / "mine.md").write_bytes("für alle: a_j = b_j².\n".encode(encoding))
        run("mine.md").assert_outcomes(passed=1)

    def test_names_hold_no_control_characters(self, pytester: pytest.Pytester, run: Run) -> None:
        text = "$a\x1b[2J_j = \u202eb_j \x07+ \\wrong + (\u200b\udfff$\n"
        (pytester.path / "mine.tex").write_bytes(text.encode("utf-8", "surrogatepass"))
        result = run("mine.tex", "-v")
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert not set("\x1b\x07\u202e\u200b\udfff") & set(result.stdout.str())


# What the judge is asked


class TestSettings:
    def test_a_text_is_checked_once(
        self, pytester: pytest.Pytester, run: Run, calls: list[tuple[str, dict[str, Any]]]
    ) -> None:
        pytester.makefile(".tex", mine=TEXT, other="$a_j = b_j$")
        run("mine.tex", "other.tex")
        assert [text.strip() for text, _ in calls] == [TEXT.strip(), "$a_j = b_j$"]
        assert [given for _, given in calls] == [{"network": None, "activation": None, "cost": None}] * 2

    def test_nothing_is_checked_before_it_is_run(
        self, pytester: pytest.Pytester, run: Run, calls: list[tuple[str, dict[str, Any]]]
    ) -> None:
        pytester.makefile(".tex", mine=TEXT, other="$a_j = b_j$")
        run("mine.tex", "other.tex", "--collect-only")
        assert calls == []
        run("mine.tex", "other.tex", "-k", "other")
        assert len(calls) == 1

    def test_the_network_and_its_functions(
        self, pytester: pytest.Pytester, run: Run, calls: list[tuple[str, dict[str, Any]]]
    ) -> None:
        pytester.makefile(".tex", mine="$a_j = b_j$", net="$z_j = x_j$")
        run("mine.tex", "--bp-network=net.tex", "--bp-activation=tanh", "--bp-cost=quadratic").assert_outcomes(passed=1)
        assert [given for _, given in calls] == [{"network": "$z_j = x_j$", "activation": "tanh", "cost": "quadratic"}]

    @pytest.mark.usefixtures("calls")
    def test_a_network_that_is_no_file(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine="$a_j = b_j$")
        for name in ("missing.tex", "."):
            result = run("mine.tex", f"--bp-network={name}")
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            assert f"ERROR: --bp-network: expected a file; found '{name}'" in result.stderr.str()

    @pytest.mark.usefixtures("calls")
    def test_a_network_that_cannot_be_read(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makefile(".tex", mine="$a_j = b_j$")
        (pytester.path / "net.tex").write_bytes(b"\0")
        result = run("mine.tex", "--bp-network=net.tex")
        result.assert_outcomes(failed=1)
        assert "\ncannot read net.tex: a text file has no NUL bytes; found one at byte 1\n" in failures(result)

    def test_a_text_that_the_judge_refuses(
        self, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def check(text: str, **given: Any) -> Report:
            asked.append(text)
            raise InvalidInput("cost: expected one;\nfound none")

        monkeypatch.setattr(judge, "check", check)
        pytester.makefile(".tex", mine=TEXT)
        result = run("mine.tex")
        result.assert_outcomes(failed=4)
        assert failures(result).count("cost: expected one; found none") == 4
        assert len(asked) == 1
        assert ".py" not in failures(result)

    @pytest.mark.usefixtures("calls")
    def test_an_ini_option_that_says_nothing(self, pytester: pytest.Pytester, run: Run) -> None:
        pytester.makeini("[pytest]\nbackprop_proofs_undecided = perhaps")
        result = run()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert "backprop_proofs_undecided: expected skip or fail; found 'perhaps'" in result.stderr.str()


# The plugin itself


class TestPlugin:
    def test_the_entry_point_is_a_plugin(self) -> None:
        points = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]["pytest11"]
        assert points == {"backprop-proofs": MODULE}
        assert importlib.import_module(MODULE).pytest_collect_file

    def test_pytest_waits_for_nothing_where_no_derivation_is_collected(self, pytester: pytest.Pytester) -> None:
        pytester.makefile(".tex", mine="$a_j = b_j$")
        pytester.makepyfile(
            f"""
            import sys

            def test_modules():
                ours = {{name for name in sys.modules if name.startswith("backprop_proofs")}}
                assert ours == {{"backprop_proofs", "backprop_proofs.printable", "backprop_proofs.shown", {MODULE!r}}}
                assert "sympy" not in sys.modules
                assert "lark" not in sys.modules
            """
        )
        pytester.runpytest_subprocess(*LOAD).assert_outcomes(passed=1)


class TestEndToEnd:
    """In processes of their own, with the project's own judge, of Nielsen's network."""

    RIGHT = r"""\delta^L_j = \frac{\partial C}{\partial a^L_j} \sigma'(z^L_j)"""
    WRONG = r"""\delta^l_j = -\sum_k w^{l+1}_{kj} \delta^{l+1}_k \sigma'(z^l_j)"""

    @pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["one process", "two"])
    def test_right_wrong_and_unreadable(self, pytester: pytest.Pytester, arguments: tuple[str, ...]) -> None:
        pytester.makefile(".tex", mine=f"$${self.RIGHT}$$\n$${self.WRONG}$$\n", other="$$ a_j = (b_j $$\n")
        result = pytester.runpytest_subprocess(*LOAD, "mine.tex", "other.tex", "-v", *arguments)
        result.assert_outcomes(passed=1, failed=2)
        shown = failures(result)
        assert "line 2, column 3: refuted" in shown
        assert "it fails with " in shown
        assert "what mends it: " in shown
        assert "\n    $$ a_j = (b_j $$\n             ^\n" in shown
        assert ".py" not in shown

    def test_a_right_derivation_passes(self, pytester: pytest.Pytester) -> None:
        pytester.makefile(".md", notes=f"# Notes\n\n$$\n{self.RIGHT}\n$$\n")
        result = pytester.runpytest_subprocess(*LOAD, "notes.md")
        result.assert_outcomes(passed=1)
        assert result.ret == pytest.ExitCode.OK
