"""The command within the process of the tests; files to be checked, good ones and bad ones."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.terminals import Run

from backprop_proofs import cli
from backprop_proofs.reading.document import LARGEST_FILE


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """The command line within this process: (status, standard output, standard error)."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        written = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, written.out, written.err

    yield call
    gc.unfreeze()
    gc.enable()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files named by the letters of their lines; pru.txt has three lines: proved, refuted, undecided."""
    for letters in ("p", "pp", "pru", "u", "n", "pn", "ur"):
        (tmp_path / f"{letters}.txt").write_text("".join(f"a = {letter}\n" for letter in letters))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bad(folder: Path) -> dict[str, str]:
    """Names of what cannot be read, with what is said of it."""
    os.mkfifo(folder / "pipe")
    (folder / "nul.txt").write_bytes(b"a = \0")
    (folder / "large.txt").write_bytes(b"x" * (LARGEST_FILE + 1))
    (folder / "utf16.txt").write_bytes(b"\xff\xfea")
    (folder / "refuse.txt").write_text("refuse")
    return {
        "gone.txt": "No such file or directory",
        ".": "expected a file or -; found a directory",
        "pipe": "expected a file or -; found a pipe",
        "/dev/zero": "expected a file or -; found a device",
        "nul.txt": "a text file has no NUL bytes; found one at byte 5",
        "large.txt": "a file of at most 4,000,000 bytes is read; found 4,000,001",
        "utf16.txt": "the file starts like UTF-16 and is not; save it as UTF-8",
        "": "No such file or directory",
        "refuse.txt": "it is too long",
    }
