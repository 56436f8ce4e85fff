"""The command in a process of its own: through pipes, and on a terminal."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import IO

COMMAND = (sys.executable, "-m", "backprop_proofs")
Run = Callable[..., tuple[int, str, str]]  # the command within this process, as the fixture `run` has it


def heed_interrupts() -> None:
    """Before a program starts: Ctrl-C ends it, although a shell that runs the tests in the background ignores it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def process(
    *arguments: str, stdin: bytes = b"", command: Sequence[str] = COMMAND, **settings: str
) -> subprocess.CompletedProcess[bytes]:
    """What the command does with pipes for its input and output, in an environment that asks for nothing special."""
    unwanted = ("NO_COLOR", "PYTHONIOENCODING", "FORCE_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in unwanted}
    return subprocess.run(
        [*command, *arguments], input=stdin, capture_output=True, env=environment | settings, timeout=60, check=False
    )


def on_a_terminal(*arguments: str, command: Sequence[str] = COMMAND, **settings: str) -> str:
    """All that the command writes to a terminal, standard output and standard error together."""
    return _on_a_terminal([*command, *arguments], settings, None)


def errors_on_a_terminal(*arguments: str, command: Sequence[str] = COMMAND, **settings: str) -> tuple[bytes, str]:
    """Standard output, which is a file, and standard error, which is a terminal."""
    with tempfile.TemporaryFile() as file:
        shown = _on_a_terminal([*command, *arguments], settings, file)
        file.seek(0)
        return file.read(), shown


def _on_a_terminal(command: Sequence[str], settings: Mapping[str, str], output: IO[bytes] | None) -> str:
    """What a command writes to a terminal: standard error, and where it has no file, standard output."""
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    environment |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"} | settings
    with subprocess.Popen(command, stdout=output or theirs, stderr=theirs, env=environment) as child:
        os.close(theirs)
        written = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            written += piece
        child.wait(timeout=60)
    os.close(ours)
    return written.decode()
