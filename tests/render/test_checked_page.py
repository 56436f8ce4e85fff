"""A checked derivation as a page: marks, places, numbers and mended lines; and what may be set as a formula."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from render.checked import EMPTY, FAILS, MENDS, RIGHT, SLIP, report_of, span_of

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")

from backprop_proofs.checking.check import check
from backprop_proofs.render.page.checks import check_page, page_entry
from backprop_proofs.render.page.written import typeset
from backprop_proofs.render.report_files import failed_entry, file_entry

MINE = (Path(__file__).parents[1] / "data" / "mine.tex").read_text(encoding="utf-8")
SEVERAL = [
    page_entry("slip.tex", SLIP),
    page_entry("right.tex", RIGHT),
    page_entry("-", EMPTY),
    failed_entry("gone.tex", "unreadable", "No such file or directory"),
]


def read(page: str) -> ElementTree.Element:
    """A page as XML, which it is."""
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


@cache
def one(full: bool = True) -> ElementTree.Element:
    return read(check_page([(page_entry if full else file_entry)("slip.tex", SLIP)]))


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [item for item in root.iter() if name in item.get("class", "").split()]


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(root: ElementTree.Element) -> list[ElementTree.Element]:
    return [item for item in root.iter("li") if item.get("id", "").find("row-") >= 0]


def test_every_line_has_its_mark_in_words_its_number_and_an_id() -> None:
    marks = [said(of_class(row, "mark")[0]) for row in rows(one())]
    assert marks == [
        "✓ proved line 3",
        "✓ proved line 4",
        "✗ refuted line 6",
        "✗ refuted line 7",
        "! unreadable line 8",
        "? undecided line 9",
    ]
    assert [row.get("id") for row in rows(one())] == [f"row-{number}" for number in range(1, 7)]


def test_the_lines_are_there_as_they_are_written() -> None:
    written = ["".join(of_class(row, "source")[0].itertext()) for row in rows(one())]
    assert written == [line.source for line in SLIP.lines]


def test_the_place_of_a_finding_is_marked() -> None:
    places = ["".join(place.itertext()) for row in rows(one()) for place in row.iter("mark")]
    assert places == ["w^{l+1}_{jk}", r"\frac{w}{"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_place_in_a_line_of_several_lines(line_end: str) -> None:
    text = line_end.join((r"\[ a_j", r"  = b_j", r"  + c_{kj} d \]"))
    report = report_of(text, {0: {"verdict": "refuted", "message": "no", "place": span_of(text, "c_{kj}")}})
    (place,) = read(check_page([file_entry("a", report)])).iter("mark")
    assert place.text == "c_{kj}"


def test_a_wrong_line_says_where_it_fails_and_what_mends_it() -> None:
    wrong = rows(one())[2]
    assert said(of_class(wrong, "message")[0]) == "the two sides differ for j ≠ k"
    assert said(of_class(wrong, "sides")[0]) == "left side 3, right side −2/7 for l = 2, j = 1, k = 2"
    table = {said(row[0]): said(row[1]) for row in wrong.iter("tr")}
    assert table["sizes"] == "L = 3, n1 = 1, n2 = 1, n3 = 2"
    assert table["inputs"] == "w311 = 1, w321 = 1/2, x1 = −1"
    assert table["function"] == "σ(u) = u2 − 3 u"
    assert said(of_class(wrong, "mends")[0]).endswith(r"w^{l+1}_{kj} \sigma'(z^l_j). \tag{44}")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (r"b^l_i should be b^{l+1}_k, wherever it stands", "bil should be bkl+1, wherever it stands"),
        (
            r"\delta should be nothing, taking the labels y_j to add up to 1",
            "δ should be nothing, taking the labels",
        ),
        (r"f(a, b) should be f(b, a)", "f(a,b) should be f(b,a)"),
    ],
)
def test_the_words_of_a_change_are_no_formula(change: str, shown: str) -> None:
    repair = replace(MENDS, message=change)
    lines = tuple(line if line.repair is None else replace(line, mender=lambda: repair) for line in SLIP.lines)
    root = read(check_page([file_entry("slip.tex", replace(SLIP, lines=lines))]))
    (mended, *_) = of_class(root, "mends")
    assert shown in said(mended)
    assert "".join(mended.find("p").itertext()).endswith("(1 other change of one place would do as well)")
    set_ = ["".join(formula.itertext()) for formula in mended.find("p").iter("math")]
    assert set_
    assert not [formula for formula in set_ if "nothing" in formula or "wherever" in formula or "labels" in formula]


def test_the_picture_of_the_counterexample_has_its_numbers() -> None:
    report = check(MINE)
    drawn = read(check_page([page_entry("mine.tex", report)]))
    ((picture,),) = [list(figure) for figure in of_class(drawn, "network")]
    assert picture.tag.endswith("svg")
    found = report.lines[3].counterexample
    assert found is not None
    assert dict(found.sizes)["L"] == 3
    assert "−1984" in said(picture)


def test_without_a_picture_the_numbers_are_there() -> None:
    """The entries of the JSON document are enough, but for a picture and the letters of the network."""
    plain = one(full=False)
    assert not of_class(plain, "network")
    assert "w[3, 1, 1] = 1" in said(rows(plain)[2])
    assert [said(of_class(row, "mark")[0]) for row in rows(plain)] == [
        said(of_class(row, "mark")[0]) for row in rows(one())
    ]


def test_values_that_differ_late_are_not_shown_as_equal() -> None:
    report = replace(SLIP.lines[2], counterexample=replace(FAILS, left="0.12345678901", right="0.12345678902"))
    page = check_page([file_entry("a", replace(SLIP, lines=(report,)))])
    assert "0.12345678901" in page
    assert "0.12345678902" in page


def test_several_files_have_a_table_that_leads_to_each() -> None:
    root = read(check_page(SEVERAL))
    assert said(next(root.iter("h1"))) == "4 files: 1 proved, 1 refuted, 2 unreadable"
    (table,) = of_class(root, "files")
    assert [[said(cell) for cell in row] for row in table.iter("tr")][1:] == [
        ["slip.tex", "✗ refuted", "6", "6", "the two sides differ for j ≠ k"],
        ["right.tex", "✓ proved", "1", "", ""],
        ["<stdin>", "! unreadable", "0", "", "no equation was found"],
        ["gone.tex", "! unreadable", "0", "", "No such file or directory"],
    ]
    ids = [item.get("id") for item in root.iter() if item.get("id")]
    assert len(set(ids)) == len(ids)
    links = [link.get("href", "") for link in root.iter("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_headings_go_down_one_by_one() -> None:
    for page in (check_page([SEVERAL[0]]), check_page(SEVERAL)):
        levels = [int(item.tag[1]) for item in read(page).iter() if re.fullmatch(r"h\d", item.tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))


def test_no_file_is_a_page_too() -> None:
    assert "0 files" in check_page([])


def test_the_same_entries_give_the_same_page() -> None:
    assert check_page(SEVERAL) == check_page(SEVERAL)


def test_what_is_said_of_many_lines_alike_is_said_once_loudly() -> None:
    text = "a = b\n\nc = d\n\ne = f\n"
    vague = {"verdict": "undecided", "message": "the network is not understood"}
    shown = rows(read(check_page([file_entry("a", report_of(text, {0: vague, 1: vague, 2: {}}))])))
    assert [[item.get("class") for item in row.iter("p")][1:] for row in shown] == [["message"], ["note"], []]


# Formulas


def elements(written: str) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((item.tag, item.attrib) for item in ElementTree.fromstring(written).iter())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (r"\delta^l_j &= \frac{\partial C}{\partial z^l_j} \\", "δjl=∂C∂zjl"),
        (r"&= \sum_k w_{kj} \delta_k, \tag{42} \nonumber", "=∑kwkjδk"),
        (r"$\sigma'(z)$", "σ′(z)"),
        (r"\boxed{a = b}", "a=b"),
        (r"a = \begin{cases} 1 & k = j \\ 0 & \text{else} \end{cases}", "a={1k=j0else"),
        (r"\href{javascript:alert(1)}{x}", "x"),
        (r"\style{color:red}{x} \class{a}{y} \color{white} z", "xyz"),
        (r"\text{<script>alert(1)</script>}", "<script>alert(1)</script>"),
    ],
)
def test_latex_is_set(source: str, shown: str) -> None:
    written = typeset(source)
    assert "".join(ElementTree.fromstring(written).itertext()) == shown
    for tag, attributes in elements(written):
        assert tag.startswith("m")
        assert not {"href", "style", "class", "id", "mathcolor", "mathbackground"} & attributes.keys()


def test_the_limits_of_a_sum_stand_below_and_above() -> None:
    tags = [tag for tag, _ in elements(typeset(r"\sum_k x_k + \sum_{k=1}^n x_k"))]
    assert [tag for tag in tags if tag in ("munder", "munderover", "msub")] == ["munder", "msub", "munderover", "msub"]


@pytest.mark.parametrize(
    "source",
    [
        r"\alpha % a comment",
        r"\frac{w}{",
        r"\mymacro{x}",
        r"\phantom{all of it}",
        r"a \& b",
        r"\text{$x$}\alpha \unknown",
        "\\alpha \x1b[31m",
        "\\alpha \u202e",
        r"\sqrt{" * 60 + "x" + "}" * 60,
        "{" * 900 + r"\alpha" + "}" * 900,
        r"\alpha" + " + x" * 2_000,
        r"\label{a}",
        "",
    ],
)
def test_what_is_no_plain_formula_is_not_set(source: str) -> None:
    assert typeset(source) == ""


def test_a_length_is_a_short_one() -> None:
    widths = [
        attributes.get("width")
        for tag, attributes in elements(typeset(r"a \hspace{900em} b \quad c"))
        if tag == "mspace"
    ]
    assert widths == [None, "1em"]
