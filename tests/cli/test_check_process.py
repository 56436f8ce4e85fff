"""`backprop-proofs check` in processes of its own: several at once, one that dies, interrupts, terminals; the judge."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cli import terminals
from cli.dying import judged_or_dead
from reading.written import BY_ID, written

from backprop_proofs import cli_files
from backprop_proofs.checking.report import PROVED, REFUTED
from backprop_proofs.cli_files import Task, outcomes

COMMAND = [*terminals.COMMAND, "check"]
process = partial(terminals.process, command=COMMAND)
on_a_terminal = partial(terminals.on_a_terminal, command=COMMAND)


def test_a_pipe_is_not_waited_for(bad: dict[str, str]) -> None:
    done = process("pipe", "/dev/zero")
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 2


@pytest.mark.parametrize("format", ["text", "json"])
def test_several_processes_print_what_one_prints(bad: dict[str, str], format: str) -> None:
    """The same bytes and the same status, with the files in their order; standard input is this process's own."""
    names = ["p.txt", "pipe", "pru.txt", "-", "gone.txt", "u.txt", "n.txt", "."]
    one, two = (process(*names, "-f", format, "-j", jobs, stdin=b"b = c\n") for jobs in ("1", "2"))
    assert (two.returncode, two.stdout, two.stderr) == (one.returncode, one.stdout, one.stderr)
    assert one.stderr.count(b"\n") == 3
    assert b"Traceback" not in one.stderr
    if format == "json":
        entries = json.loads(two.stdout)["files"]
        assert [entry["file"] for entry in entries] == names
        assert [line["source"] for line in entries[3]["lines"]] == ["b = c"]


def test_a_process_that_dies_takes_only_its_file_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_files, "judged", judged_or_dead)
    names = ["a", "kills", "b", "kills too", "c"]
    found = list(outcomes([Task(name) for name in names], 2))
    gc.enable()
    assert [outcome.file for outcome in found] == names
    why = "cannot check {}: a fault of the program: its process ended"
    assert [outcome.failure for outcome in found] == [why.format(name) if "kills" in name else "" for name in names]


@pytest.mark.parametrize("everyone", [True, False])
def test_an_interrupt_ends_all_processes_quietly(folder: Path, everyone: bool) -> None:
    """Ctrl-C reaches every process of a terminal, `kill` only one."""
    started = subprocess.Popen(
        [*COMMAND, "p.txt", "u.txt", "-", "-j", "2"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=terminals.heed_interrupts,
    )
    with started as child:
        time.sleep(4)  # the files are judged by now, and it waits for standard input
        assert child.poll() is None
        (os.killpg if everyone else os.kill)(child.pid, signal.SIGINT)
        assert child.stderr is not None
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 130
    assert is_gone(child.pid)


def is_gone(group: int) -> bool:
    """Whether no process of a group is left; the last one may take a moment."""
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


def test_colour_says_nothing_of_its_own(folder: Path) -> None:
    coloured, bare = on_a_terminal("pru.txt"), on_a_terminal("pru.txt", NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b[" not in bare
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == bare
    assert "\x1b[" not in on_a_terminal("pru.txt", TERM="dumb")
    assert b"\x1b[" not in process("pru.txt", TERM="xterm-256color").stdout


def test_progress_is_shown_on_a_terminal_only(folder: Path) -> None:
    assert "2 files " in on_a_terminal("p.txt", "u.txt", "-f", "github")
    assert "1 file" not in on_a_terminal("p.txt", "-f", "github")
    assert process("p.txt", "u.txt").stderr == b""


def test_ascii_where_there_is_no_unicode(folder: Path) -> None:
    (folder / "greek.txt").write_text("δ_j = Σ_k σ'(z_k) w_{kj}\n", encoding="utf-8")
    for format in ("text", "json", "sarif", "github"):
        done = process("greek.txt", "p.txt", "-f", format, PYTHONIOENCODING="ascii")
        assert done.stderr == b""
        assert done.stdout.isascii()
    assert b"delta_j = sum_k sigma'(z_k) w_{kj}" in process("greek.txt", PYTHONIOENCODING="ascii").stdout


# The judge himself


def checked(tmp_path: Path, name: str, form: str = "align", *arguments: str) -> tuple[int, dict[str, Any]]:
    file = tmp_path / "derivation.tex"
    file.write_text(written(BY_ID[name], form), encoding="utf-8")
    done = process(str(file), "-f", "json", *arguments)
    assert done.stderr == b""
    return done.returncode, json.loads(done.stdout)["files"][0]


@pytest.mark.parametrize("form", ["align", "bare lines"])
def test_nielsens_derivation_is_proved(tmp_path: Path, form: str) -> None:
    code, entry = checked(tmp_path, "nielsen-bp2", form)
    assert (code, entry["verdict"], entry["first_bad_line"]) == (0, PROVED, None)
    assert len(entry["lines"]) == 6


@pytest.mark.parametrize("form", ["align", "bare lines"])
def test_swapped_indices_are_found_and_mended(tmp_path: Path, form: str) -> None:
    code, entry = checked(tmp_path, "nielsen-bp2-m-swap", form)
    assert (code, entry["verdict"], entry["first_bad_line"]) == (1, REFUTED, 4)
    assert [line["verdict"] for line in entry["lines"]] == [PROVED] * 4 + [REFUTED] * 2
    for line in entry["lines"][4:]:
        assert line["code"]
        assert line["message"]
        assert "w^{l+1}_{kj}" in line["repair"]["source"]


def test_the_page_of_swapped_indices(tmp_path: Path) -> None:
    file = tmp_path / "derivation.tex"
    file.write_text(written(BY_ID["nielsen-bp2-m-swap"], "align"), encoding="utf-8")
    done = process(str(file), PYTHONIOENCODING="utf-8", COLUMNS="100")
    out = done.stdout.decode()
    assert (done.returncode, done.stderr) == (1, b"")
    assert [*re.findall(r"^  (\S) +\d+  ", out, re.MULTILINE)] == ["✓"] * 4 + ["✗"] * 2
    assert re.search(r"^Line \d+, column \d+: \S", out, re.MULTILINE)
    assert "\nWhat mends it\n" in out
    assert "w^{l+1}_{kj}" in out[out.index("\nWhat mends it\n") :]
