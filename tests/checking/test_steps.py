"""What a report says of the step between two lines, and of functions that a text names without saying what they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.codes import CODES

LEFT = r"\delta^l_j"
RIGHT = r"\sigma'(z^l_j) \sum_k w^{l+1}_{kj} \delta^{l+1}_k"
WRONG = r"\sum_k w^{l+1}_{kj} \delta^{l+1}_k \sigma(z^l_j)"
UNFIT = r"\sum_k w^{l+1}_{jk} \delta^{l+1}_k \sigma'(z^l_j)"


def page(*sides: str) -> str:
    return r"\begin{align}" + LEFT + " &= " + r" \\ &= ".join(sides) + r"\end{align}"


@pytest.mark.parametrize("wrong", [WRONG, UNFIT])
def test_a_right_line_below_a_wrong_one_is_right_and_said_not_to_follow(wrong: str) -> None:
    first, second = bp.check(page(wrong, RIGHT)).lines
    assert (first.verdict, second.verdict) == ("refuted", "proved")
    assert (second.code, second.message[:6]) == ("does-not-follow", "right,")


def test_a_line_that_carries_a_mistake_on_is_said_to_follow_from_it() -> None:
    other = r"\sigma(z^l_j) \sum_m \delta^{l+1}_m w^{l+1}_{mj}"
    _, second = bp.check(page(WRONG, other)).lines
    assert second.verdict == "refuted"
    assert any("carries on" in note for note in second.notes)


def test_a_second_mistake_is_not_said_to_follow_from_the_first() -> None:
    _, second = bp.check(page(WRONG, "2 " + WRONG)).lines
    assert second.verdict == "refuted"
    assert not any("carries on" in note for note in second.notes)


def test_the_rules_of_a_line_are_those_of_the_step_to_it() -> None:
    moved = r"\sum_k \sigma'(z^l_j) w^{l+1}_{kj} \delta^{l+1}_k"
    first, second = bp.check(page(RIGHT, moved)).lines
    assert "chain-rule" in first.rules
    assert second.rules
    assert "chain-rule" not in second.rules


def test_a_chain_in_one_row_goes_on_below_from_its_end() -> None:
    text = page(RIGHT + " = " + WRONG, RIGHT)
    assert [line.code for line in bp.check(text).lines] == ["unequal", "does-not-follow"]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (r"y_i = \sin(x_i)", r"\frac{\partial y_i}{\partial x_i} = \cos(x_i)"),
        (r"y_i = \arctan(x_i)", r"\frac{\partial y_i}{\partial x_i} = \frac{1}{1+x_i^2}"),
        (r"y_i = \operatorname{erf}(x_i)", r"\frac{\partial y_i}{\partial x_i} = 2 e^{-x_i^2}"),
        (r"y_i = \cosh(x_i)", r"\frac{\partial y_i}{\partial x_i} = \sinh(x_i)"),
        (r"y_i = \max(x_i, w_i)", r"y_i = \max(w_i, x_i)"),
        (r"y_i = \Phi(x_i)", r"\frac{\partial y_i}{\partial x_i} = \phi(x_i)"),
        (r"y_i = F(x_i)", r"\frac{\partial y_i}{\partial x_i} = f(x_i)"),
    ],
)
def test_nothing_is_concluded_of_a_function_that_is_not_known(given: str, line: str) -> None:
    report = bp.check(f"given\n\n${given}$\n\nderivation\n\n${line}$\n")
    assert [one.verdict for one in report.lines] == ["undecided"]


@pytest.mark.parametrize("name", ["Sigmoid", "sigmoid", "SIGMOID"])
@pytest.mark.parametrize(("slope", "verdict"), [("y_i (1 - y_i)", "proved"), ("y_i (1 + y_i)", "refuted")])
def test_a_known_function_may_be_written_in_any_case(name: str, slope: str, verdict: str) -> None:
    given = rf"$y_i = \mathrm{{{name}}}(x_i)$"
    text = f"given\n\n{given}\n\nderivation\n\n" + rf"$\frac{{\partial y_i}}{{\partial x_i}} = {slope}$"
    assert bp.check(text).verdict == verdict


def test_every_code_of_a_finding_is_listed() -> None:
    """Codes are stable names: those that the source gives to findings are those of the list."""
    pattern = re.compile(r'(?:Finding|Misfit)\(\s*"([a-z-]+)"|code="([a-z-]+)"')
    sources = [file.read_text(encoding="utf-8") for file in Path(bp.__file__).parent.rglob("*.py")]
    given = {one or other for source in sources for one, other in pattern.findall(source)}
    warned = {"unused-bound-index"}  # a warning that decides where a line defines something
    assert given | warned == CODES.keys()
