"""Long tables of alike cases: the plain run takes every so manieth, `pytest -m slow` the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def thinned(cases: Iterable[Any], every: int = 2) -> list[Any]:
    """The cases, all but each `every`th marked slow; a tuple is the arguments of one case."""
    whole = [case if isinstance(case, tuple) else (case,) for case in cases]
    return [
        pytest.param(*case, marks=() if number % every == 0 else pytest.mark.slow) for number, case in enumerate(whole)
    ]
