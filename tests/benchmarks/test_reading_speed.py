"""How fast texts are read; run with `pytest tests/benchmarks -m benchmark -s`. Nothing is asserted about time."""

from __future__ import annotations

import time

from reading.written import CASES, written

from backprop_proofs.reading import read


def test_rows_a_second() -> None:
    texts = [written(case, form) for case in CASES for form in ("bare lines", "align")]
    start = time.perf_counter()
    read(texts[0])
    first = time.perf_counter() - start
    start = time.perf_counter()
    rows = sum(len(read(text).rows) for text in texts)
    taken = time.perf_counter() - start
    print(f"\nreading: {rows / taken:,.0f} rows a second")
    print(f"that is {len(texts) / taken:,.0f} derivations of {rows / len(texts):.0f} rows a second")
    print(f"the first text, with the grammar's tables: {first * 1000:.0f} ms")
    assert rows > 1000
