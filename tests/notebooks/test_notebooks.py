"""Every notebook runs from a clean kernel, and is kept without what a run leaves behind."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EACH = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == kind]


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def test_there_are_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02}" for number in range(1, len(NOTEBOOKS) + 1)]
    assert len(NOTEBOOKS) >= 3


@EACH
def test_it_is_kept_without_outputs(path: Path) -> None:
    for cell in cells(path, "code"):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert cell["metadata"] == {}


@EACH
def test_its_cells_have_names_of_their_own(path: Path) -> None:
    names = [cell["id"] for kind in ("markdown", "code") for cell in cells(path, kind)]
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    assert len(set(names)) == len(names)


@EACH
def test_it_asserts_what_it_claims(path: Path) -> None:
    claims = sum(source(cell).count("assert ") for cell in cells(path, "code"))
    assert claims >= 5


@EACH
def test_it_asks_nothing_of_the_network(path: Path) -> None:
    assert "http" not in path.read_text(encoding="utf-8")


@EACH
@pytest.mark.filterwarnings("default")  # of the kernel's own machinery, not ours
def test_it_runs_from_a_clean_kernel(path: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    ours = [data for data in shown if "Theorem" in data.get("text/html", "")]
    assert ours
    for data in ours:
        assert {"text/plain", "text/latex", "text/html"} <= data.keys()
