"""A judge of files whose process ends at some of them, for the processes that `check --jobs` starts."""

from __future__ import annotations

import os

from backprop_proofs.cli_files import Outcome, Task


def judged_or_dead(task: Task) -> Outcome:
    """The outcome of a file, and none of one whose name says that it kills."""
    if "kills" in task.file:
        os._exit(9)
    return Outcome(task.file, {"file": task.file, "verdict": "proved", "lines": []})
