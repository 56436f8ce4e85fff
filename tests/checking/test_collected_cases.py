"""The collected derivations judged: no line falsely proved, none falsely refuted, and how many verdicts are right."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from reading.written import CASES, written

from backprop_proofs.checking import check as check_module
from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, Report
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.reading import read
from backprop_proofs.reading.meaning.statement import link
from backprop_proofs.reading.meaning.story import story_of

# What keeps a case from its verdict: what a reader takes from the prose around it, which is not in the formulas.
OPEN = {
    "sse193352-v": "line 1 speaks of g(x), of which nothing is said; an alarm there is neither right nor wrong",
    "cs224n-id5-v-fixed": "gradients are rows by the prose, and delta^T x^T fits only then",
    "cs224n-onelayer": "CE, softmax and the derivatives of rows by matrices: the row-vector convention of the prose",
    "cs224n-onelayer-v-fixed": "the same",
    "d2l-bptt": "prod over times, the others held fixed or not; matrix powers whose exponent is summed over",
    "kjo-V": "Einstein's convention, and q without the time that h_t has",
    "talwar-softmax-sq": "y_i is the number of a class that stands as an index",
    "talwar-softmax-sq-v": "the same",
    "nemotron-ln": "the row index of mu and sigma is missing in the source",
    "talwar-lstm-Wf": "a copy of W_f for each time, which the definitions do not say",
    "talwar-lstm-m-time": "the same",
}


@cache
def report_of(name: str) -> Report:
    with pytest.MonkeyPatch.context() as patched:  # a slow machine mends no less
        patched.setattr(check_module, "_SECONDS", 30.0)
        return check(written(next(case for case in CASES if case["id"] == name)))


def is_right(case: dict[str, Any]) -> bool:
    report = report_of(case["id"])
    if case["verdict"] == "correct":
        return report.verdict == PROVED
    return report.verdict == REFUTED and report.first_bad_line in (case["accept_first_bad"] or [case["first_bad_line"]])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_no_line_is_falsely_proved_and_none_falsely_refuted(case: dict[str, Any]) -> None:
    for line in report_of(case["id"]).lines:
        if line.index in (case["lenient_lines"] or []):
            continue
        wrong = line.index in case["bad_lines"]
        assert line.verdict != (PROVED if wrong else REFUTED), f"line {line.index}: {line.message}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_the_verdict_and_the_first_bad_line(case: dict[str, Any]) -> None:
    if case["id"] in OPEN:
        assert report_of(case["id"]).verdict in (UNDECIDED, "unreadable"), "decided: take it out of the list"
        return
    report = report_of(case["id"])
    assert is_right(case), [(line.index, line.verdict, line.message) for line in report.lines]


def test_how_many_are_right_of_each_tier() -> None:
    right = {tier: [case for case in CASES if case["tier"] == tier and is_right(case)] for tier in (1, 2, 3)}
    assert len(right[1]) == sum(case["tier"] == 1 for case in CASES)
    assert len(right[2]) * 10 >= 9 * sum(case["tier"] == 2 for case in CASES)
    assert len(right[3]) >= 20


# The changes of one place that do not mend these: their mistake takes two.
TWO_PLACES = {"basics-bp2", "kz-bn-x", "seed4-se-question", "statsse-450452", "talwar-bn", "kjo-softmax-jac"}
MENDED = [
    case
    for case in CASES
    if case["verdict"] == "wrong" and case["tier"] == 1 and case["id"] not in TWO_PLACES and case["id"] not in OPEN
]


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case["id"])
def test_the_mended_line_holds(case: dict[str, Any]) -> None:
    """The mended line, read again in place of the wrong one, holds on random networks, without the kernel."""
    report = report_of(case["id"])
    line = report.lines[report.first_bad_line or 0]
    assert line.repair is not None, f"no change of one place was found: {line.message}"
    text = report.text[: line.span.start] + line.repair.source + report.text[line.span.end :]
    document = read(text)
    story = story_of(document, activation="sigmoid" if "σ the sigmoid" in line.repair.message else None)
    assert story.network is not None
    for _, left, right, _, _ in story.links(document.derivation[line.index]):
        made, _ = link(story.world, story.census, left, right)
        assert check_exact(story.network, made.equation, made.limits).agrees
