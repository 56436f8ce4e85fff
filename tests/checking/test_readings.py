"""What a line may mean besides its plain meaning, and what it may not."""

from __future__ import annotations

import pytest

import backprop_proofs as bp

SOFTMAX = "given\n\n$$a_i = \\frac{e^{z_i}}{\\sum_k e^{z_k}}$$\n\nderivation\n\n"
SLOPE = r"\frac{\partial a_i}{\partial z_j}"
DIAGONAL, ELSEWHERE = "a_i (1 - a_i)", "-a_i a_j"


def cases(same: str, apart: str) -> str:
    return rf"\begin{{cases}} {same} & i = j \\ {apart} & i \neq j \end{{cases}}"


def verdicts(*lines: str) -> list[str]:
    return [line.verdict for line in bp.check(SOFTMAX + "\n\n".join(f"$${line}$$" for line in lines)).lines]


def test_a_case_distinction_is_judged_in_all_its_cases() -> None:
    assert verdicts(f"{SLOPE} = {cases(DIAGONAL, ELSEWHERE)}") == ["proved"]
    assert verdicts(f"{SLOPE} = {cases(DIAGONAL, 'a_i a_j')}") == ["refuted"]
    assert verdicts(f"{SLOPE} = {cases('a_i', ELSEWHERE)}") == ["refuted"]


@pytest.mark.parametrize(
    ("side", "said", "verdict"),
    [
        (DIAGONAL, "i = j", "proved"),
        (ELSEWHERE, r"i \neq j", "proved"),
        (DIAGONAL, r"i \neq j", "refuted"),
        (ELSEWHERE, "i = j", "refuted"),
    ],
)
def test_a_line_that_says_its_case_is_judged_in_that_one(side: str, said: str, verdict: str) -> None:
    assert verdicts(rf"{SLOPE} = {side} \quad \text{{if }} {said}") == [verdict]


def test_a_distinction_elsewhere_is_no_excuse_for_another_left_side() -> None:
    whole = f"{SLOPE} = {cases(DIAGONAL, ELSEWHERE)}"
    assert verdicts(f"{SLOPE} = {DIAGONAL}", whole) == ["proved", "proved"]
    assert verdicts(f"2 {SLOPE} = 2 {DIAGONAL}", whole) == ["refuted", "proved"]
    assert verdicts(f"{SLOPE} = {DIAGONAL}") == ["refuted"]


def test_the_sigmoid_may_be_meant_where_only_the_network_speaks_of_it() -> None:
    entropy = r"C = -\sum_j \left[ y_j \ln a^L_j + (1 - y_j) \ln (1 - a^L_j) \right]"
    line = r"\delta^L_j = a^L_j - y_j"
    report = bp.check(f"given\n\n$${entropy}$$\n\nderivation\n\n$${line}$$\n")
    assert report.verdict == "proved"
    assert any("sigmoid" in note for note in report.lines[0].notes)
    assert bp.check(f"given\n\n$${entropy}$$\n\nderivation\n\n$${line} + y_j$$\n").verdict == "refuted"


def test_a_transpose_belongs_to_the_last_letter_of_a_product_without_spaces() -> None:
    text = "given\n\n$S = QK^T$\n\n$O = SV$\n\nderivation\n\n"
    assert bp.check(text + "$S = Q K^T$\n\n$dK = dS^T Q$").verdict == "proved"
    first, second, third = bp.check(text + "$S = Q K^T$\n\n$dK = dS Q$\n\n$S = (QK)^T$").lines
    assert (first.verdict, second.verdict, third.verdict) == ("proved", "refuted", "refuted")


def test_the_middle_of_a_chain_defines_nothing() -> None:
    given = "given\n\n$s_j^l = \\sum_k V_{jk}^l h_k^{l-1}$\n\n$h_j^l = f(s_j^l)$\n\nderivation\n\n"
    slope = r"\frac{\partial s^{l+1}_i}{\partial h_k^l}"
    wrong = bp.check(given + f"${slope} = V_{{ik}}^{{l+1}} = V_{{ik}}^{{l+2}}$").lines[0]
    assert wrong.verdict == "refuted"
    assert bp.check(given + "$V_{ik}^{l+1} = V_{ik}^{l+2}$").lines[0].verdict == "refuted"
    assert bp.check(given + f"${slope} = V_{{ik}}^{{l+1}}$").verdict == "proved"
