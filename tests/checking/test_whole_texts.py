"""Whole texts in many hands: `texts/NAME.txt`, the first line of which says what is true and what is false.

A letter a row, marked by hand: T is true and proved, F false and refuted; t and f stay undecided, or are not read.
After them what `check` is asked for besides.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.mending import Mender

TEXTS = sorted(Path(__file__).with_name("texts").glob("*.txt"))
VERDICTS = {"proved": "T", "refuted": "F", "undecided": "tf", "unreadable": "tf"}


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_a_row_is_proved_where_it_is_true_and_refuted_where_it_is_false(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mender, "repair", lambda mender, row: None)  # what mends a row is asked elsewhere
    first, text = file.read_text(encoding="utf-8").split("\n", 1)
    marks, *asked = first.split(" ")
    found = bp.check(text, **dict(each.split("=") for each in asked)).lines
    assert len(found) == len(marks)
    for line, mark in zip(found, marks, strict=True):
        assert mark in VERDICTS[line.verdict], (line.verdict, line.message, line.source)
