"""Texts that nobody means well with, made from the collected derivations, and what may come of one."""

from __future__ import annotations

import json
import random
import re
from itertools import pairwise

from reading.test_hostile import EVIL as UNREADABLE
from reading.test_hostile import PIECES
from reading.written import CASES, FORMS, written

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, CheckedLine, Report, verdict_of
from backprop_proofs.checking.report import UNREADABLE as NOT_READ
from backprop_proofs.errors import BackpropError
from backprop_proofs.reading.caret import caret
from backprop_proofs.reading.syntax import Span
from backprop_proofs.render.report_files import file_entry, page
from backprop_proofs.render.reports import report_lines

VERDICTS = {PROVED, REFUTED, UNDECIDED, NOT_READ}


# What may come of a text


def outcome(text: str, **given: str | None) -> Report | BackpropError:
    """What `check` says of a text: a report that holds together, or an error of one line; anything else fails."""
    try:
        report = check(text, **given)
    except BackpropError as error:
        assert_one_line(error)
        return error
    assert_sound(report, text)
    return report


def assert_one_line(error: BackpropError) -> None:
    assert str(error).strip()
    assert len(str(error).splitlines()) == 1, str(error)


def assert_sound(report: Report, text: str) -> None:
    """Verdicts are of the four, places lie in the text, the whole agrees with the lines, and every view can show it."""
    assert report.text == text
    assert report.verdict in VERDICTS
    assert report.verdict == verdict_of(report.lines)
    assert [line.index for line in report.lines] == list(range(len(report.lines)))
    refuted = [line.index for line in report.lines if line.verdict == REFUTED]
    assert report.first_bad_line == (refuted[0] if refuted else None)
    for line in report.lines:
        _assert_line(line, len(text))
    for line in report.lines[:20]:  # each takes as long as the text is
        assert caret(text, line.place or line.span)
    _assert_shown(report)


def _assert_line(line: CheckedLine, length: int) -> None:
    assert line.verdict in VERDICTS
    assert line.line >= 1
    assert line.column >= 1
    for span in (line.span, line.place or line.span):
        assert isinstance(span, Span)
        assert 0 <= span.start <= span.end <= length
    for said in (line.message, *line.notes, *line.rules):
        assert "\n" not in said
    if line.verdict == REFUTED:
        assert line.message
        assert line.code
    else:
        assert line.counterexample is None
    if line.verdict == PROVED:
        assert line.repair is None
    if line.repair is not None:
        assert line.repair.source


def _assert_shown(report: Report) -> None:
    entry = file_entry("mine.tex", report)
    (same,) = json.loads(page([entry], "json", "0"))["files"]
    assert same == entry
    wrong = [line for line in report.lines if line.verdict != PROVED]
    assert len(json.loads(page([entry], "sarif", "0"))["runs"][0]["results"]) == len(wrong)
    assert page([entry], "github", "0").count("\n") == len(wrong) + (not report.lines)
    for unicode in (True, False):
        assert len(list(report_lines(report, unicode, 80))) > len(report.lines)


# Texts


def _given(definitions: str, line: str) -> str:
    return f"% given\n{definitions}\n% derivation\n{line}\n"


Z = r"z^l_j = \sum_k w^l_{jk} a^{l-1}_k + b^l_j"
TWO = "z_i = \\sum_j W_{ij} x_j\na_i = \\tanh(z_i)\nC = \\sum_i (a_i - y_i)^2 / 2"
NEURON = "z = b + \\sum_j x_j w_j\na = \\sigma(z)"
NORMED = "y_i = \\gamma h_i + \\beta\nh_i = (x_i - \\mu) / \\sqrt{\\sigma^2 + \\epsilon}"
ROUNDABOUT = "\n".join(rf"{a}_j = {b}_j + {b}_j" for a, b in pairwise("pqrstuvwxyzabcdefgh"))
# Readable mathematics on which somebody who evaluates, expands, recurses or loops would not come back.
MEANT = {
    "a huge power": "a^l_j = (z^l_j)^{999999999999}",
    "a huge exponent": "a^{999999999999}_j = z^l_j",
    "a tower": "a^l_j = 10^{10^{10}} z^l_j",
    "a tower that cancels": "a^l_j = a^l_j + 10^{10^{10^{10}}} - 10^{10^{10^{10}}}",
    "a tower of e": "a^l_j = e^{e^{e^{e^{e^{9}}}}}",
    "a huge number": "a^l_j = " + "9" * 5000 + " a^l_j",
    "a tiny number": "a^l_j = 0." + "0" * 5000 + "1 a^l_j",
    "a huge root": "a^l_j = 2^{1/999999999999}",
    "a huge factorial": "a^l_j = 999999999!",
    "a huge layer": "a^{999999999999}_{888888888888} = z^{10^{12}}_1",
    "a huge range": r"a^l_j = \sum_{k=1}^{999999999999} a^l_k",
    "a range that is a tower": r"a^l_j = \sum_{k=1}^{10^{10^{10}}} 1",
    "a range that runs down": r"a^l_j = \sum_{k=n}^{1} a^l_k",
    "a far layer": r"\delta^{l+1000000}_j = \delta^{l-1000000}_j",
    "division by zero": "a^l_j = 1/0",
    "division by what vanishes": "a^l_j = 1/(z^l_j - z^l_j)",
    "zero to the zero": "a^l_j = 0^0 + 0^{-1}",
    "roots and logarithms of nothing": r"a^l_j = \log 0 + \sqrt{-1} + \log(-1) + 0 \log 0",
    "infinity": r"a^l_j = \infty - \infty",
    "a product of sums": "a^l_j = " + "(z^l_j + a^l_j + b^l_j)" * 60,
    "a power of a sum": "a^l_j = (z^l_j + a^l_j + b^l_j)^{60}",
    "a power of a long sum": "a^l_j = (" + " + ".join(f"a^l_{n}" for n in range(1, 30)) + ")^{30}",
    "powers of powers": r"a^l_j = ((((z^l_j + 1)^{9})^{9})^{9})^{9}",
    "sums of sums": "a^l_j = " + r"\sum_k (1 + " * 60 + "a^l_k" + ")" * 60,
    "sums in sums": "a^l_j = " + "".join(rf"\sum_{{{x}}} " for x in "imnpqrstuv") + "a^l_j",
    "sums that meet": "a^l_j = " + r"(\sum_k a^l_k) " * 40,
    "a sum of one letter": r"a^l_j = \sum_k \sum_k \sum_k a^l_k",
    "functions of functions": "a^l_j = " + r"\sigma(" * 80 + "z^l_j" + ")" * 80,
    "derivatives of derivatives": r"a^l_j = " + r"\frac{\partial}{\partial z^l_j} " * 40 + "C",
    "primes": "a^l_j = \\sigma" + "'" * 60 + "(z^l_j)",
    "a derivative by a number": r"a^l_j = \frac{\partial C}{\partial 3} + \frac{\partial 3}{\partial C}",
    "a derivative by itself": r"1 = \frac{\partial z^l_j}{\partial z^l_j} \frac{\partial C}{\partial C}",
    "a derivative by a sum": r"1 = \frac{\partial C}{\partial (z^l_j + z^l_j)}",
    "a derivative by an index": r"1 = \frac{\partial C}{\partial j} + \frac{\partial j}{\partial l}",
    "a chain of derivatives": "1 = " + r"\frac{\partial C}{\partial z^l_j} = " * 60 + "1",
    "the whole chain rule": r"\delta^l_j = "
    + "".join(rf"\sum_{{{x}}} \frac{{\partial z^{{l+1}}_{x}}}{{\partial z^l_j}} " for x in "kmnpq")
    + "1",
    "index arithmetic": "a^{l+l-l+2l/2}_{j+j-j} = a^l_j",
    "indices of indices": "a^{l_{l_{l}}}_{j_{j_{j}}} = a^l_j",
    "indices that are quantities": "a^{z^l_j}_{a_{a_{a_j}}} = z^l_j",
    "a thousand indices": "z_{" + ",".join("jkl"[n % 3] for n in range(1000)) + "} = a^l_j",
    "a thousand letters": " + ".join(f"x_{{{n}}}" for n in range(1000)) + " = 0",
    "many rows": "a^l_j = \\sigma(z^l_j)\n" * 500,
    "many links": "a^l_j = " + "a^l_j = " * 300 + "a^l_j",
    "matrices": r"\delta^l = " + "(W^{l+1})^T " * 50 + r"\delta^{l+1}",
    "transposes": r"\delta^l = ((W^{l+1})" + "^T" * 50 + r") \delta^{l+1}",
    "inverses": r"\delta^l = (W^{l+1})^{-1} \delta^{l+1} / W^l",
    "a matrix written out": r"W = \begin{pmatrix}" + r"1 & 2 \\ " * 200 + r"\end{pmatrix}",
    "cases of cases": r"a_j = \begin{cases}" * 20 + "1" + r"\end{cases}" * 20,
    "a definition by itself": _given("a_j = a_j + 1", "a_j = 2"),
    "definitions in a ring": _given("a_j = c_j\nc_j = d_j\nd_j = a_j", r"\frac{\partial a_j}{\partial d_j} = 1"),
    "two definitions": _given("a_j = 1\na_j = 2", "1 = 2"),
    "no definition": _given("", "1 = 2"),
    "a definition of a number": _given("1 = 2\n3 = a", "1 = 2"),
    "a definition of an index": _given("j = 2\na_j = j", "a_j = 2"),
    "a definition of a sign": _given(r"\sum = 3" + "\n" + r"\partial = 2", r"\sum_k a_k = 2"),
    "definitions that double": _given(ROUNDABOUT, "p_j = 262144 h_j"),
    "definitions that square": _given(ROUNDABOUT.replace(" + ", " "), r"\frac{\partial p_j}{\partial h_j} = 1"),
    "layers of numbers": _given("a^1_j = x_j\na^2_j = a^{10^9}_j\n" + Z, "a^2_j = x_j"),
    "a network of many letters": _given("\n".join(f"q_{{{n}}} = q_{{{n + 1}}}^2" for n in range(300)), "q_0 = 1"),
    "a wide network": _given(TWO, r"\frac{\partial C}{\partial W_{ij}} = (a_i - y_i) (1 - a_i^2) x_j"),
    "a network beside it": TWO + "\n" + Z + "\n1 = 2",
    "logarithms of logarithms": _given(
        "C = -{1 \\over n} \\sum_x [y \\ln a + (1 - y)" + r" \ln" * 50 + " (1-a)]\n" + NEURON,
        r"{\partial C \over \partial w_j} = {1 \over n} \sum_x (a - y) x_j",
    ),
    "a derivative of many readings": r"\delta^L_j = \frac{\partial C}{\partial a} \frac{\partial "
    + r"\sum_k (" * 40 + "a" + ")" * 40 + r"_j^L}{Proof z_j^L}",
    "a far time": _given(
        r"h_{t+1} = \tanh(U x_t + W h_t)",
        r"\frac{\partial h_{t+1,i}}{\partial h_{t,j}} = 1 - h_{t+11,i}^2 w_{i,j}",
    ),
    "sums of one range in one another": _given(NORMED, r"\mu = \sum_{" + "k" * 50 + "=1}^N y_k"),
    "a misfit with an index of an index": r"$S_{}=q^Tk$$o$" + "\n" + r"T$S_{i:}=({}(P_{})_{w^l_:}){}{}(P{}{}){}",
    "a normalised x with words below": _given(NORMED.replace("x_i -", r"x_\text{if} -"), r"y_i = x_i"),
    "softmax of softmax": r"a_j = \text{softmax}(\text{softmax}(\text{softmax}(z)_j)_j)_j",
}  # fmt: skip
# What is put into a derivation somewhere.
TOKENS = (
    *PIECES,
    *("a^{999999999999}", "10^{10^{10}}", "9" * 60, "1/0", "(" * 80, ")" * 80, "{" * 80, "}" * 80),
    *("x_{" + "i," * 1000 + "}", "^T", "=", "= =", ":=", "0", "-1", "T", "L", "l", "j", "k", "n_l", "C"),
    *(r"\sum_k \sum_k", r"\sum_{k=1}^{\sum_k}", r"\sum_j", r"\sum_l", r"\prod_k", r"\frac{\partial}{\partial}"),
    *(r"\delta_{jk}", r"\delta^l_j", r"\sigma'", "a^{l-1}_k", "w^l_{kj}", r"\begin{align}", r"\end{align}"),
    *(r"\input{/etc/passwd}", "__import__('os')", r"\write18{ls}", r"\def\a{\a\a}\a", "\\", "\\\\\\", "lambda: 0"),
    *("{0.__class__}", "%s", "'; drop", "S(1)", "eval", "exec(", "$(ls)", "`ls`", "<script>", "&amp;"),
    *("\0", "\x1b[2J", "\x7f", "\r", "\x85", "\u2028", "\ufeff", "\u202e", "\u2066", "\u0302" * 30, "\ud800"),
    *("𝔞", "𝑎", "∂", "ⱼ", "ˡ", "∑", "½", "% given\n", "\n% derivation\n", "\n\n", "Given:\n", "\nProof\n"),
)  # fmt: skip
_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|[A-Za-z]+|\d+|\s+|.", re.DOTALL)


def mutated(text: str, choose: random.Random, edits: int) -> str:
    """The text with so many of its tokens deleted, doubled, swapped, moved, replaced, or something put in between."""
    tokens = _TOKEN.findall(text) or [""]
    for _ in range(edits):
        at, other = choose.randrange(len(tokens)), choose.randrange(len(tokens))
        kind = choose.randrange(8)
        if kind == 0:
            tokens[at] = ""
        elif kind == 1:
            tokens[at] *= choose.choice((2, 2, 3, 50))
        elif kind == 2:
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 3:
            tokens[at] = tokens[other]
        elif kind == 4:
            tokens[at] += choose.choice(TOKENS)
        elif kind == 5:
            tokens[at] = choose.choice(TOKENS)
        elif kind == 6:
            low, high = sorted((at, min(other, at + 12)))
            tokens[at] = "".join(tokens[low:high])
        else:
            deep = choose.choice((1, 1, 2, 40))
            opening, closing = choose.choice((("(", ")"), ("{", "}"), ("\\left(", "\\right)"), ("\\sum_k (", ")")))
            tokens[at] = opening * deep + tokens[at] + closing * deep
    return "".join(tokens)


def short(seed: int) -> str:
    """A short text for each number: tokens at random, or a few rows of a collected derivation with some edits."""
    choose = random.Random(f"short {seed}")
    if choose.random() < 0.4:
        return "".join(
            choose.choice(TOKENS) + choose.choice(("", " ", " ", "\n")) for _ in range(choose.randint(1, 25))
        )
    case = choose.choice(CASES)
    start = choose.randrange(len(case["lines"]))
    part = case | {"lines": case["lines"][start : start + choose.choice((1, 1, 2))]}
    if choose.random() < 0.2:
        part["definitions"] = []
    return mutated(written(part, choose.choice(list(FORMS))), choose, choose.choice((1, 1, 2, 3, 5, 8)))


def generated(seed: int) -> str:
    """A text for each number: a collected derivation, or one of the evil texts, with some edits."""
    choose = random.Random(seed)
    if choose.random() < 0.05:
        text = MEANT[choose.choice(list(MEANT))]
    else:
        text = written(choose.choice(CASES), choose.choice(list(FORMS)))
    if choose.random() < 0.05:
        text = f"{text}\n{written(choose.choice(CASES))}"
    return mutated(text, choose, choose.choice((1, 1, 1, 2, 2, 3, 5, 8, 30)))


WHOLE = {**UNREADABLE, **MEANT, "a line of a megabyte": "a^l_j = " + r"+ \sigma(z^l_j) " * 70_000}
