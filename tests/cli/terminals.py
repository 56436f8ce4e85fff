"""The command in a process of its own: through pipes, and on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Sequence

COMMAND = (sys.executable, "-m", "backprop_proofs")


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
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    environment |= {"TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"} | settings
    with subprocess.Popen([*command, *arguments], stdout=theirs, stderr=theirs, env=environment) as child:
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
