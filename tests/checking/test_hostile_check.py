"""Whatever somebody hands in, a report or one clear line comes out.

How long it takes and how much memory is measured by `hostile_runner.py`, beside this file.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType

import pytest
from checking import hostile
from checking.hostile import MEANT, WHOLE, assert_one_line, assert_sound, generated, mutated
from hypothesis import given, settings
from hypothesis import strategies as st
from reading.test_hostile import PIECES
from reading.written import CASES, FORMS, written
from sympy import Integer
from thinned import thinned

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import Repair, Report
from backprop_proofs.errors import BackpropError
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.reading.syntax import Span

MANY = int(os.environ.get("BACKPROP_PROOFS_HOSTILE", "100000"))  # texts that the slow test tries
ENDLESS = 60  # seconds after which a text is given up, so that the suite comes to its end; nobody waits that long


def outcome(text: str, **given: str | None) -> Report | BackpropError:
    """As `hostile.outcome`; what does not end fails."""
    before = signal.signal(signal.SIGALRM, _does_not_end)
    signal.alarm(ENDLESS)
    try:
        return hostile.outcome(text, **given)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _does_not_end(number: int, frame: FrameType | None) -> None:
    pytest.fail(f"no answer in {ENDLESS} seconds", pytrace=False)


@pytest.mark.parametrize("name", thinned(WHOLE))
def test_evil_texts(name: str) -> None:
    limit = sys.getrecursionlimit()
    outcome(WHOLE[name])
    assert sys.getrecursionlimit() == limit


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    outcome(text)


@settings(max_examples=25)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_pieces_of_mathematics(pieces: list[str]) -> None:
    outcome(" ".join(pieces))


@settings(max_examples=25)
@given(st.sampled_from(CASES), st.sampled_from(sorted(FORMS)), st.randoms(use_true_random=False), st.integers(1, 12))
def test_mutated_derivations(case: dict[str, object], form: str, choose: random.Random, edits: int) -> None:
    outcome(mutated(written(case, form), choose, edits))


@settings(max_examples=15)
@given(
    st.sampled_from(sorted(MEANT)),
    st.sampled_from([None, "sigmoid", "softmax", "nosuch", "", "\n"]),
    st.sampled_from([None, "quadratic", "cross-entropy", "nosuch", "\0"]),
    st.sampled_from([None, "", "z_i = ", r"z_i = \sum_j W_{ij} x_j ; C = \sum_i z_i", "a = \0", "1 = 2", r"\input{x}"]),
)
def test_any_settings(name: str, activation: str | None, cost: str | None, network: str | None) -> None:
    outcome(MEANT[name], activation=activation, cost=cost, network=network)


@pytest.mark.slow
def test_many_mutated_derivations() -> None:
    """Which text failed can be made again by its number: `generated(seed)`."""
    for seed in range(MANY):
        try:
            outcome(generated(seed))
        except BaseException as error:
            error.add_note(f"generated({seed})")
            raise


def test_the_texts_are_various_and_the_same_every_time() -> None:
    texts = [generated(seed) for seed in range(400)]
    assert texts[:100] == [generated(seed) for seed in range(100)]
    assert len(set(texts)) > 390
    for wanted in ("\0", "\x1b", "\u202e", "\ud800", r"\input{/etc/passwd}", "__import__", "10^{10^{10}}", "(" * 40):
        assert any(wanted in text for text in texts), wanted
    read_to_the_end = [made for made in map(outcome, texts[:25]) if isinstance(made, Report)]
    lines = [line for report in read_to_the_end for line in report.lines]
    unreadable = [line for line in lines if line.verdict == "unreadable"]
    assert 0.05 * len(lines) < len(unreadable) < 0.6 * len(lines)


TREACHERY = (
    r"\input{/etc/passwd} = 3",
    "a_j = __import__('os').system('ls')",
    r"a_j = \write18{ls} b_j",
    "a_j = {0.__class__}",
    r"\def\a{\input{/etc/passwd}} a_j = \a",
)
# Python says of every file that is opened, of every process that is started, and of all code that is run.
LISTEN = """
import sys
from backprop_proofs.checking.check import check
texts = sys.stdin.read().split(";;")
for text in texts:
    check(text + " ")  # which loads what is loaded late
seen = []
sys.addaudithook(lambda event, given: seen.append(event))
for text in texts:
    check(text)
forbidden = {"open", "os.system", "os.listdir", "subprocess.Popen", "exec", "compile", "import", "socket.connect"}
found = sorted(forbidden & set(seen))
print(found)
"""


def test_nothing_is_run_and_nothing_is_read() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LISTEN], input=";;".join(TREACHERY), capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == ["[]"]


WRONG = "a_j = b_j\nc_j = (d_j\n"


@pytest.mark.parametrize(
    "broken",
    [
        lambda report: replace(report, text="other"),
        lambda report: replace(report, verdict="perhaps"),
        lambda report: replace(report, lines=report.lines[1:]),
        lambda report: replace(report, lines=report.lines * 2),
        *(
            lambda report, change=change: replace(report, lines=(replace(report.lines[0], **change), *report.lines[1:]))
            for change in (
                {"verdict": "wrong"},
                {"verdict": "refuted"},
                {"line": 0},
                {"column": 0},
                {"span": Span(0, 1000)},
                {"span": Span(5, 4)},
                {"place": Span(-1, 4)},
                {"message": "one\ntwo"},
                {"notes": ("one\ntwo",)},
                {"verdict": "proved", "repair": Repair("", "", "")},
                {"verdict": "undecided", "counterexample": Counterexample((), (), Integer(1), Integer(2))},
                {"source": {"JSON knows no sets"}},
            )
        ),
    ],
)
def test_the_assertions_can_fail(broken: Callable[[Report], Report]) -> None:
    report = check(WRONG)
    assert_sound(report, WRONG)
    with pytest.raises((AssertionError, TypeError, AttributeError)):
        assert_sound(broken(report), WRONG)


@pytest.mark.parametrize("said", ["", " ", "one\ntwo", "one\rtwo", "one\x85two", "one\u2028two"])
def test_an_error_is_one_line(said: str) -> None:
    with pytest.raises(AssertionError):
        assert_one_line(BackpropError(said))
