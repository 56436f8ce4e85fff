"""What is said of a derivation, as text, HTML, JSON, SARIF and GitHub commands: all of it, each thing in its place."""

from __future__ import annotations

import json
import pickle
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from render.checked import (
    EMPTY,
    EVIL,
    FAILS,
    HOSTILE,
    MENDS,
    RIGHT,
    SLIP,
    TEXT,
    report_of,
    span_of,
)
from sympy import Float, Integer

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, Repair, Report
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.reading import Span
from backprop_proofs.render.ink import plain
from backprop_proofs.render.notebook import bundle
from backprop_proofs.render.report_files import (
    check_document,
    failed_entry,
    file_entry,
    github_commands,
    page,
    sarif_document,
)
from backprop_proofs.render.report_parts import MARKS, MOST_INPUTS, around, failure, tally
from backprop_proofs.render.reports import page_lines, report_lines, table_lines

SNAPSHOTS = Path(__file__).parent / "snapshots"
ENTRIES = [
    file_entry("slip.tex", SLIP),
    file_entry("right.tex", RIGHT),
    file_entry("-", EMPTY),
    failed_entry("gone.tex", "unreadable", "No such file or directory"),
]
REPORTS = {"slip": SLIP, "right": RIGHT, "empty": EMPTY, "hostile": HOSTILE}
EACH = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


def as_text(report: Report, unicode: bool = True, width: int = 80) -> str:
    return "".join(plain(line).rstrip() + "\n" for line in report_lines(report, unicode, width, "slip.tex"))


def table(entries: list[dict[str, Any]], unicode: bool = True, width: int = 80) -> str:
    return "".join(plain(line).rstrip() + "\n" for line in table_lines(entries, unicode, width))


PAGES: dict[str, Callable[[], str]] = {
    "checked.txt": lambda: as_text(SLIP),
    "checked-ascii.txt": lambda: as_text(SLIP, unicode=False, width=60),
    "checked-table.txt": lambda: table(ENTRIES),
    "checked.html": lambda: re.sub(r'src="data:image/svg[^"]*"', 'src="…"', bundle(SLIP)["text/html"]) + "\n",
    "checked.json": lambda: page(ENTRIES, "json", "1.0"),
    "checked.sarif": lambda: page(ENTRIES, "sarif", "1.0"),
    "checked.github": lambda: page(ENTRIES, "github", "1.0"),
}


@pytest.mark.parametrize("name", PAGES)
def test_stored_pages(name: str) -> None:
    assert PAGES[name]() == (SNAPSHOTS / name).read_text(encoding="utf-8")


# Text


def test_every_line_has_the_mark_of_its_verdict_and_its_number() -> None:
    for unicode in (True, False):
        listed = re.findall(r"^  (\S) (\d)  (.*)$", as_text(SLIP, unicode, 120), re.MULTILINE)
        signs = [MARKS[line.verdict][0 if unicode else 1] for line in SLIP.lines]
        assert [sign for sign, _, _ in listed] == signs
        assert [int(number) for _, number, _ in listed] == [line.line for line in SLIP.lines]
        assert [said for _, _, said in listed] == [" ".join(line.source.split()) for line in SLIP.lines]


def test_marks_tell_verdicts_apart_without_colour() -> None:
    assert list(MARKS) == [PROVED, REFUTED, UNDECIDED, UNREADABLE]
    for signs in zip(*MARKS.values(), strict=True):
        assert len(set(signs)) == 4
        assert all(len(sign) == 1 for sign in signs)
    assert all(ascii_mark.isascii() for _, ascii_mark in MARKS.values())


def test_the_first_wrong_line_is_told_in_full() -> None:
    said = as_text(SLIP)
    for part in (
        "Line 6, column 48: the two sides differ for j ≠ k\n",
        "\nWhere it fails\n  L = 3, n_1 = 1, n_2 = 1, n_3 = 2\n  for l = 2, j = 1, k = 2\n",
        "\n  w^3_11 = 1, w^3_21 = 1/2, x_1 = -1\n  σ(u) = u^2 - 3 u\n  left side 3, right side -2/7\n",
        "\nWhat mends it\n  w^{l+1}_{jk} should be w^{l+1}_{kj} (1 other change",
    ):
        assert said.count(part) == 1, part
    assert " ".join(MENDS.source.split()) in " ".join(said.split())
    assert said.count("Where it fails") == said.count("What mends it") == 1  # of the first alone


def test_the_others_have_one_line_each() -> None:
    said = as_text(SLIP, width=200)
    for part in (
        "\nAlso wrong\n  line 7: the two sides differ for j ≠ k; w^{l+1}_{jk} should be w^{l+1}_{kj}\n",
        "\nNot decided\n  line 9: it agrees exactly on 40 instances\n",
        "\nNot read\n  line 8: expected a denominator; found the end\n",
        "\nNotes\n  δ^l_j is taken for ∂C/∂z^l_j\n  line 4: this line takes 2 rules\n",
    ):
        assert part in said


def test_a_proved_derivation_has_no_findings() -> None:
    assert as_text(RIGHT).endswith("\n\n  1 line: 1 proved ✓\n")
    assert not re.search(r"^(Line|Where|What|Also|Not)\b", as_text(RIGHT), re.MULTILINE)


def test_a_text_without_equations_says_so() -> None:
    assert (
        as_text(EMPTY) == "slip.tex: unreadable\n" + "-" * 20 + "\n  no equation was found: there is nothing to check\n"
    )


def test_of_several_files_only_the_first_wrong_line_is_printed() -> None:
    first = "".join(plain(line) + "\n" for line in page_lines(SLIP, "first", True, 80, "a.tex"))
    assert first.startswith("a.tex: refuted\n")
    assert "Line 6, column 48" in first
    assert "line 7" not in first
    for report in (RIGHT, EMPTY):
        assert list(page_lines(report, "first", True, 80, "a.tex")) == []
    assert list(page_lines(SLIP, "", True, 80, "a.tex")) == []


@EACH
@pytest.mark.parametrize("width", [20, 33, 40, 60, 80, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_lines_fit_and_hold_nothing_that_controls_a_terminal(report: Report, width: int, unicode: bool) -> None:
    entries = [file_entry("a" * 50, report), failed_entry(EVIL, "unreadable", EVIL)]
    for text in (as_text(report, unicode, width), table(entries, unicode, max(width, 60))):
        assert unicode or text.isascii()
        assert all(char.isprintable() or char == "\n" for char in text)
        assert unicodedata.lookup("RIGHT-TO-LEFT OVERRIDE") not in text
    assert max(map(len, as_text(report, unicode, width).splitlines())) <= width


# The place

PLACES = {
    "short": ("a = w_{jk} + b", "w_{jk}"),
    "at the start": ("w = b", "w"),
    "at the end": ("a = w", "w"),
    "after Greek letters": ("δ_j = Σ_k σ'(z_k) · w_{jk}", "w_{jk}"),
    "within Greek letters": ("a = b ∂C/∂z_k c", "∂C/∂z_k"),
    "far to the right": ("a = " + "b + " * 60 + "w_{jk} + c", "w_{jk}"),
    "far to the right, Greek": ("δ = " + "∂C/∂z + " * 40 + "w_{jk}" + " + σ" * 40, "w_{jk}"),
    "in the middle": ("a = " + "b + " * 30 + "w_{jk}" + " + c" * 60, "w_{jk}"),
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("unicode", [True, False])
@pytest.mark.parametrize("width", [40, 60, 80])
def test_the_caret_stands_under_the_place(name: str, unicode: bool, width: int) -> None:
    """What is above the carets is the place itself, wherever it is in its line and however its letters are spelled."""
    text, part = PLACES[name]
    wrong = {"verdict": REFUTED, "message": "wrong", "place": span_of(text, part)}
    rows = as_text(report_of(text, {0: wrong}), unicode, width).splitlines()
    at = next(number for number, row in enumerate(rows) if re.fullmatch(r" *\^+", row))
    start = rows[at].index("^")
    assert rows[at - 1][start : len(rows[at])] == (part if unicode else part.replace("∂", "d"))


def test_a_finding_without_a_place_points_at_nothing() -> None:
    said = as_text(report_of(TEXT, {2: {"verdict": REFUTED, "message": "wrong"}}))
    assert "Line 6, column 4: wrong\n" in said
    assert not re.search(r"^ *\^+$", said, re.MULTILINE)


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_places_are_the_same_with_other_line_ends(ending: str) -> None:
    text = TEXT.replace("\n", ending)
    place = {"verdict": REFUTED, "message": "wrong", "place": span_of(text, "w^{l+1}_{jk}")}
    report = report_of(text, {2: place})
    assert "Line 6, column 48: wrong\n" in as_text(report)
    assert file_entry("", report)["lines"][2]["place"] == {"line": 6, "column": 48, "end_line": 6, "end_column": 60}


def test_around_a_place() -> None:
    line = SLIP.lines[2]
    before, within, after = around(line)
    assert (before + within + after, within) == (line.source, "w^{l+1}_{jk}")
    assert around(SLIP.lines[0]) == (SLIP.lines[0].source, "", "")
    assert around(replace(line, source="something else")) == ("something else", "", "")


# The counterexample


def test_a_counterexample_in_words() -> None:
    said = failure(FAILS, mlp())
    assert (said.sizes, said.indices) == ("L = 3, n_1 = 1, n_2 = 1, n_3 = 2", "l = 2, j = 1, k = 2")
    assert (said.left, said.right) == ("3", "-2/7")
    assert failure(FAILS, None).inputs == "w[3, 1, 1] = 1, w[3, 2, 1] = 1/2, x[1] = -1"
    assert failure(replace(FAILS, left=Float("0.12345678901", 20)), None).left == "0.123457"
    many = tuple((f"x[{number}]", Integer(number)) for number in range(MOST_INPUTS + 1234))
    assert failure(replace(FAILS, inputs=many), mlp()).inputs.endswith(f"x_{MOST_INPUTS - 1} = 39, and 1,234 more")
    assert "more" not in failure(replace(FAILS, inputs=many[:MOST_INPUTS]), mlp()).inputs
    sides = replace(FAILS, functions=("f(u1, u2) = 2*u1**2 - u2",))
    assert failure(sides, None).functions == ("f(u_1, u_2) = 2 u_1^2 - u_2",)


def test_tallies() -> None:
    assert tally([], "line") == ("0 lines", [])
    assert tally([REFUTED], "file") == ("1 file", [(1, REFUTED)])
    assert tally([UNREADABLE, REFUTED, PROVED, REFUTED], "line") == (
        "4 lines",
        [(1, PROVED), (2, REFUTED), (1, UNREADABLE)],
    )


# The table


def test_the_table_names_the_line_that_decides() -> None:
    rows = table(ENTRIES).splitlines()
    assert rows[0].split() == ["file", "verdict", "lines", "at", "line", "what"]
    assert re.split(r"\s{2,}", rows[1]) == ["slip.tex", "✗ refuted", "6", "6", "the two sides differ for j ≠ k"]
    assert re.split(r"\s{2,}", rows[2]) == ["right.tex", "✓ proved", "1", "-"]
    assert re.split(r"\s{2,}", rows[3]) == ["<stdin>", "! unreadable", "0", "-", "no equation was found"]
    assert re.split(r"\s{2,}", rows[4]) == ["gone.tex", "! unreadable", "0", "-", "No such file or directory"]
    assert rows[6] == "4 files: 1 proved ✓, 1 refuted ✗, 2 unreadable !"


def test_the_table_of_an_undecided_file_names_what_is_open() -> None:
    open_ = {1: {"verdict": UNREADABLE, "message": "unread"}, 3: {"verdict": UNDECIDED, "message": "open"}}
    assert re.split(r"\s{2,}", table([file_entry("a", report_of(TEXT, open_))]).splitlines()[1])[3:] == ["7", "open"]
    unread = {1: {"verdict": UNREADABLE, "message": "unread"}}
    assert re.split(r"\s{2,}", table([file_entry("a", report_of(TEXT, unread))]).splitlines()[1])[3:] == ["4", "unread"]


def test_a_long_name_keeps_its_end() -> None:
    name = "/home/someone/courses/2024/answers/" + "x" * 20 + "/mine.tex"
    for unicode, dots in ((True, "…"), (False, "...")):
        row = table([file_entry(name, SLIP)], unicode).splitlines()[1]
        assert row.startswith(dots)
        assert "/mine.tex  " in row
        assert len(row) <= 80


# JSON

KEYS = {
    *("index", "line", "column", "source", "verdict", "code", "message", "place", "counterexample", "repair"),
    *("rules", "notes"),
}


def test_the_document() -> None:
    document = json.loads(page(ENTRIES, "json", "1.0"))
    assert document == check_document(ENTRIES)
    assert document["schema"] == "backprop-proofs/check/1"
    assert [entry["file"] for entry in document["files"]] == ["slip.tex", "right.tex", "-", "gone.tex"]
    assert [entry["verdict"] for entry in document["files"]] == [REFUTED, PROVED, UNREADABLE, UNREADABLE]
    assert [entry["first_bad_line"] for entry in document["files"]] == [2, None, None, None]
    assert [len(entry["lines"]) for entry in document["files"]] == [6, 1, 0, 0]
    assert ["message" in entry for entry in document["files"]] == [False, False, True, True]


def test_the_lines_of_the_document() -> None:
    lines = file_entry("slip.tex", SLIP)["lines"]
    assert all(line.keys() == KEYS for line in lines)
    for line, checked in zip(lines, SLIP.lines, strict=True):
        for key in ("index", "line", "column", "source", "verdict", "code"):
            assert line[key] == getattr(checked, key)
        rows = TEXT.splitlines()
        place = line["place"]
        pointed = rows[place["line"] - 1][place["column"] - 1 : place["end_column"] - 1]
        assert pointed == (checked.place or checked.span).within(TEXT)
    assert lines[2]["counterexample"] == {
        "sizes": {"L": 3, "n[1]": 1, "n[2]": 1, "n[3]": 2},
        "indices": {"l": 2, "j": 1, "k": 2},
        "left": "3",
        "right": "-2/7",
        "inputs": {"w[3, 1, 1]": "1", "w[3, 2, 1]": "1/2", "x[1]": "-1"},
        "functions": ["sigma(u) = u**2 - 3*u"],
    }
    assert lines[2]["repair"].items() >= {
        ("mistake", MENDS.mistake),
        ("message", MENDS.message),
        ("source", MENDS.source),
    }
    assert lines[0]["counterexample"] is lines[0]["repair"] is lines[0]["code"] is None


@EACH
def test_what_crosses_to_another_process(report: Report) -> None:
    entry, lines = file_entry("a", report), list(report_lines(report, True, 80))
    assert pickle.loads(pickle.dumps((entry, lines))) == (entry, lines)
    assert json.loads(json.dumps(entry)) == entry


def test_a_name_that_is_no_text() -> None:
    assert file_entry("\udcff.tex", RIGHT)["file"] == "�.tex"
    assert failed_entry("\udcff.tex", UNREADABLE, "\udcff")["file"] == "�.tex"


# SARIF


def results(entries: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The run and its results, after what the standard requires of them."""
    document = sarif_document(entries, "1.0")
    assert json.loads(json.dumps(document)) == document
    assert (document["version"], document["$schema"].endswith("sarif-2.1.0.json")) == ("2.1.0", True)
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("backprop-proofs", "1.0")
    names = [rule["id"] for rule in driver["rules"]]
    assert len(set(names)) == len(names)
    for result in run["results"]:
        assert names[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert 1 <= region["startLine"] <= region["endLine"]
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
        assert not re.search(r"[\s\\<>]", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
    return run, run["results"]


def test_sarif_lists_what_is_not_proved() -> None:
    run, found = results(ENTRIES)
    assert [result["level"] for result in found] == ["error", "error", "warning", "note"]
    assert [result["ruleId"] for result in found] == ["unequal", "refuted", "unreadable", "not-decided"]
    assert found[0]["message"]["text"].startswith("the two sides differ for j ≠ k\nw^{l+1}_{jk} should be ")
    assert found[0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "slip.tex"},
        "region": {"startLine": 6, "startColumn": 48, "endLine": 6, "endColumn": 60},
    }
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == ["no equation was found", "No such file or directory"]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_sarif_of_nothing_and_of_a_fault() -> None:
    assert results([])[1] == []
    assert results([file_entry("a", RIGHT)])[1] == []
    run, _ = results([failed_entry("a", UNDECIDED, "a fault of the program")])
    assert run["invocations"][0]["executionSuccessful"] is False


@pytest.mark.parametrize("name", ["a b.tex", "ü/σ.tex", "50%.tex", "a#b?c.tex", "http:x", "<i>", "../up.tex", "/x y"])
def test_sarif_names_a_file_by_its_uri(name: str) -> None:
    uri = results([file_entry(name, SLIP)])[1][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri).removeprefix("file://") == name
    assert uri.startswith("file://") == name.startswith("/")
    assert not re.search(r"[#?: ]", uri.removeprefix("file://"))


# GitHub


def commands(entries: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, str], str]]:
    """The commands as the runner reads them: properties end at ::, and are split at commas and at the first =."""
    for command in github_commands(entries):
        assert "\n" not in command
        assert "\r" not in command
        head, message = command.removeprefix("::").split("::", 1)
        name, listed = head.split(" ", 1)
        properties = dict(part.split("=", 1) for part in listed.split(","))
        yield name, {key: _plain(value) for key, value in properties.items()}, _plain(message)


def _plain(text: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, char)
    return text


def test_github_commands() -> None:
    found = list(commands(ENTRIES))
    assert [name for name, _, _ in found] == ["error", "error", "warning", "notice", "error", "error"]
    where = {"file": "slip.tex", "line": "6", "endLine": "6", "col": "48", "endColumn": "60"}
    assert found[0][1] == where | {"title": "refuted (unequal)"}
    assert found[0][2].splitlines()[0] == "the two sides differ for j ≠ k"
    assert found[0][2].splitlines()[1].endswith(" ".join(MENDS.source.split()))
    assert found[5][1:] == ({"file": "gone.tex", "title": "unreadable file"}, "No such file or directory")


@pytest.mark.parametrize("name", ["a,b.tex", "c:d.tex", "50%.tex", "x%2C.tex", "a::b", "new\nline", "a=b"])
def test_github_properties_are_escaped(name: str) -> None:
    for _, properties, _ in commands([file_entry(name, HOSTILE)]):
        assert properties["file"] == name
        assert set(properties) == {"file", "line", "endLine", "col", "endColumn", "title"}


def test_a_place_of_several_lines_has_no_last_column() -> None:
    text = "\\[ a = b\n + c \\]"
    wrong = {"verdict": REFUTED, "message": "100% wrong", "place": span_of(text, "b\n + c")}
    ((_, properties, message),) = commands([file_entry("a", report_of(text, {0: wrong}))])
    assert (properties["line"], properties["endLine"], "endColumn" in properties) == ("1", "2", False)
    assert message == "100% wrong"


# Notebooks

ALLOWED = {
    *("code", "div", "img", "li", "p", "span", "strong", "sub", "sup"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}
SHOWN: dict[str, Any] = {
    **REPORTS,
    "a wrong line": SLIP.lines[2],
    "a proved line": SLIP.lines[1],
    "a repair": MENDS,
    "a hostile line": HOSTILE.lines[0],
    "a hostile repair": HOSTILE.lines[0].repair,
    "a bare repair": Repair("sign", "", "a = b"),
    "an unread line without a word": replace(SLIP.lines[4], message=""),
}


class Reader(HTMLParser):
    """The elements of a page and its text; each element is closed where it must be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.keys: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)
        self.keys |= {key for key, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", SHOWN)
def test_everything_shows_itself(name: str) -> None:
    shown = SHOWN[name]._repr_mimebundle_()
    assert list(shown) == ["text/plain", "text/latex", "text/html"]
    assert all(text.strip() for text in shown.values())
    assert max(map(len, shown["text/plain"].splitlines())) <= 80
    inside = re.fullmatch(r"\$\$\n\\text\{([^{}$\\%&#_^~]*)\}\n\$\$", shown["text/latex"])
    assert inside
    reader = Reader(shown["text/html"])
    assert reader.seen <= ALLOWED
    assert reader.keys <= {"style", "src", "alt"}
    assert not re.search(r"<script|http|url\(|on\w+=|\$[^<]|\\[(\[b]|\x1b", shown["text/html"])


def test_the_page_of_a_notebook_says_it_all() -> None:
    said = Reader(bundle(SLIP)["text/html"]).text
    for line in SLIP.lines:
        assert line.source in said
        assert line.message in said
    for part in ("✓", "✗", "?", "!", "L = 3, n1 = 1", "w311 = 1, w321 = 1/2", "σ(u) = u2 - 3 u", "-2/7", MENDS.source):
        assert part in said
    assert "wl+1jk should be wl+1kj" in said
    assert '<strong style="text-decoration:underline">w^{l+1}_{jk}</strong>' in bundle(SLIP)["text/html"]


def test_what_a_person_wrote_is_text() -> None:
    for shown in (HOSTILE, HOSTILE.lines[0], HOSTILE.lines[0].repair):
        page = bundle(shown)["text/html"]
        assert "<script>alert(1)</script>" in Reader(page).text
        assert "&amp;amp;" in page
    assert Span(0, 1).within("a = b") == "a"
