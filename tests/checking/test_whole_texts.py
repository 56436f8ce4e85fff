"""Whole texts in many hands: `texts/NAME.txt`, the first line of which says what is true and what is false.

A letter a row, marked by hand: T is true and proved, F false and refuted; t and f stay undecided. After them the cost.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.mending import Mender

TEXTS = sorted(Path(__file__).with_name("texts").glob("*.txt"))
VERDICTS = {"T": "proved", "F": "refuted", "t": "undecided", "f": "undecided"}


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_a_row_is_proved_where_it_is_true_and_refuted_where_it_is_false(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mender, "repair", lambda mender, row: None)  # what mends a row is asked elsewhere
    first, text = file.read_text(encoding="utf-8").split("\n", 1)
    marks, cost = (*first.split(" "), None)[:2]
    found = bp.check(text, cost=cost).lines
    assert [line.verdict for line in found] == [VERDICTS[mark] for mark in str(marks)], [
        (line.verdict, line.message, line.source) for line in found
    ]
