"""`prove` on four terminals, as somebody sees it: of 80 columns, wide, without Unicode, without colour.

`PYTHONPATH=tests python tests/cli/test_terminal.py` writes what it prints now into the snapshots.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from cli.terminals import COMMAND, on_a_terminal

SNAPSHOTS = Path(__file__).parent / "snapshots"
TERMINALS: dict[str, tuple[int, dict[str, str]]] = {
    "plain": (80, {}),
    "wide": (160, {}),
    "ascii": (80, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}),
    "no-color": (80, {"NO_COLOR": "1"}),
}
EACH = pytest.mark.parametrize("name", TERMINALS)
SIZED = 'stty columns "$0" <&1 && exec "$@"'  # the terminal that is written to has that many columns


@cache
def prints(name: str) -> str:
    """What is printed; the escape character, which begins a colour, as ␛."""
    columns, settings = TERMINALS[name]
    written = on_a_terminal("prove", command=("sh", "-c", SIZED, str(columns), *COMMAND), **settings)
    assert re.search(r"(?<!\r)\n", written) is None
    return written.replace("\r\n", "\n").replace("\x1b", "␛")


def bare(text: str) -> str:
    return re.sub(r"␛\[[0-9;]*m", "", text)


@EACH
def test_it_prints_what_it_printed(name: str) -> None:
    assert prints(name) == (SNAPSHOTS / f"prove-{name}.txt").read_text(encoding="utf-8")


@EACH
def test_no_line_is_wider_than_the_terminal(name: str) -> None:
    columns, _ = TERMINALS[name]
    widest = max(map(len, bare(prints(name)).splitlines()))
    assert columns - 45 < widest <= columns


def test_a_wide_terminal_is_used() -> None:
    """The same words, on fewer lines."""
    wide, plain = (bare(prints(name)) for name in ("wide", "plain"))
    assert wide.split() == plain.split()
    assert len(wide.splitlines()) < len(plain.splitlines())


def test_without_unicode_all_is_ascii() -> None:
    said = prints("ascii").replace("␛", "\x1b")
    assert said.isascii()
    assert "?" not in said
    assert "sum_k" in said


def test_without_colour_the_same_is_said() -> None:
    assert "␛" not in prints("no-color")
    assert "␛" in prints("plain")
    assert prints("no-color") == bare(prints("plain"))


if __name__ == "__main__":
    SNAPSHOTS.mkdir(exist_ok=True)
    for each in TERMINALS:
        (SNAPSHOTS / f"prove-{each}.txt").write_text(prints(each), encoding="utf-8")
