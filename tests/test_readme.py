"""The README tells the truth: each output it shows is what the program prints, each command is the one that is run.

`python tests/test_readme.py` writes the program's present outputs into the README.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
# <!-- output: COMMAND -->, then a fenced block
SHOWN = re.compile(r"^<!-- output: (?P<command>[^\n]+?) -->\n+```\w*\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"^<!-- output: (.+?) -->$", re.MULTILINE)
BLOCKS = {match["command"]: match["body"] for match in SHOWN.finditer(TEXT)}
PLAIN = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8", "TERM": "xterm"}


def printed(command: str) -> str:
    """What the program prints for a command line, at width 80, without colour, in UTF-8."""
    program, *arguments = shlex.split(command)
    assert program == "backprop-proofs"
    environment = {name: value for name, value in os.environ.items() if name not in {"FORCE_COLOR", "CLICOLOR_FORCE"}}
    run = subprocess.run(
        [sys.executable, "-m", "backprop_proofs", *arguments],
        env=environment | PLAIN,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert run.returncode == (1 if ": refuted" in run.stdout else 0), run.stderr
    return trimmed(run.stdout)


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def commands_after(comment: str) -> str:
    found = re.search(rf"^<!-- {comment} -->\n```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert found, f"no block follows <!-- {comment} -->"
    return found[1].strip()


def test_a_file_that_is_shown_is_the_file() -> None:
    shown = re.findall(r"^<!-- file: (.+?) -->\n```\w*\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert shown
    for name, body in shown:
        assert body == (ROOT / name).read_text(encoding="utf-8")


def test_every_output_comment_is_followed_by_its_output() -> None:
    comments = COMMENT.findall(TEXT)
    assert comments
    assert comments == list(BLOCKS)


@pytest.mark.parametrize("command", BLOCKS)
def test_a_shown_output_is_what_the_program_prints(command: str) -> None:
    assert trimmed(BLOCKS[command]) == printed(command)


def test_the_readme_shows_no_unchecked_output() -> None:
    fences = re.findall(r"^(.*)\n```text$", TEXT, re.MULTILINE)
    assert all(COMMENT.match(before) for before in fences)


def test_each_command_installs_what_it_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for comment in ("prove-command", "test-command"):
        line = commands_after(comment)
        assert "\n" not in line, "one command"
        assert line.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        wanted = re.search(r"pip install '?\.(?:\[([\w,]+)\])?'? ", line)
        assert wanted
        assert set((wanted[1] or "test").split(",")) <= project["optional-dependencies"].keys()
    assert ".venv/bin/backprop-proofs prove" in commands_after("prove-command")
    assert ".venv/bin/pytest" in commands_after("test-command")


if __name__ == "__main__":
    text = TEXT
    for name in dict.fromkeys(COMMENT.findall(TEXT)):
        marker, block = f"<!-- output: {name} -->\n", f"```text\n{printed(name)}```\n"
        old = marker + (f"```text\n{BLOCKS[name]}```\n" if name in BLOCKS else "")
        text = text.replace(old, marker + block)
    README.write_text(text, encoding="utf-8")
