"""The house is what its plan says: imports run one way, files and functions stay short, text is never evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "backprop_proofs"
FILES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted(Path(__file__).parent.rglob("*.py"))
FLOORS = (
    {"errors", "printable", "shown"},
    {"language"},
    {"kernel"},
    {"networks"},
    {"derivation", "evidence", "reading"},
    {"checking"},
    {"render"},
    {"__init__"},
    {"cli_options", "cli_output", "cli_files"},
    {"cli_formats"},
    {"cli", "pytest_plugin"},
    {"__main__"},
)
FLOOR_OF = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
EVALUATORS = {"sympify", "_sympify", "parse_expr", "parse_latex", "eval", "exec", "S", "lambdify"}
LONGEST_FILE, LONGEST_FUNCTION = 500, 60
TRUSTED_CORE = (
    1_300  # statements; 80 more than was aimed at, for quotients under sums and the side conditions they need
)


def module_name(file: Path) -> str:
    parts = ("backprop_proofs", *file.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


MODULES = {module_name(file): file for file in FILES}
SHORT_NAMES = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(node: ast.AST) -> Iterator[str]:
    """The modules of the package that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "backprop_proofs")
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: imports are absolute"
        if node.module and node.module.split(".")[0] == "backprop_proofs":
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def dependencies(file: Path) -> set[str]:
    return {name for node in ast.walk(tree(file)) for name in imported(node)} - {module_name(file)}


def lazy_imports(file: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    functions = (node for node in ast.walk(tree(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    for function in functions:
        yield from (node for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom))


def test_the_plan_knows_every_room() -> None:
    assert len(FILES) > 10
    assert {room(module) for module in MODULES} <= FLOOR_OF.keys()


@SHORT_NAMES
def test_imports_run_down(file: Path) -> None:
    here = room(module_name(file))
    for other in dependencies(file):
        assert other in MODULES, f"{other} is no module of the package"
        there = room(other)
        assert here == there or FLOOR_OF[there] < FLOOR_OF[here], f"{here} must not import {other}"


def test_no_module_imports_itself_through_others() -> None:
    graph = {module: dependencies(file) for module, file in MODULES.items()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())
    assert done == set(MODULES)


def test_the_evidence_shares_no_code_with_the_kernel() -> None:
    pending, reached = [module for module in MODULES if room(module) == "evidence"], set()
    assert pending
    while pending:
        module = pending.pop()
        if module not in reached:
            reached.add(module)
            pending.extend(dependencies(MODULES[module]))
    assert not [module for module in reached if room(module) == "kernel"]


@SHORT_NAMES
def test_an_import_inside_a_function_says_why(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    for node in lazy_imports(file):
        around = lines[max(node.lineno - 2, 0) : node.end_lineno]
        assert any("#" in line for line in around), f"line {node.lineno}: no comment says why"


@pytest.mark.parametrize("file", [*FILES, *TESTS], ids=lambda file: str(file.relative_to(PACKAGE.parent)))
def test_no_file_needs_a_map(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@SHORT_NAMES
def test_no_function_needs_scrolling(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


def statements(file: Path) -> int:
    """The statements of a file: a line of code each, however it is wrapped; docstrings and imports apart."""
    return sum(
        isinstance(node, ast.stmt)
        and not isinstance(node, ast.Import | ast.ImportFrom)
        and not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in ast.walk(tree(file))
    )


def test_the_trusted_core_is_small() -> None:
    trusted = [file for file in FILES if room(module_name(file)) in {"language", "kernel"}]
    assert sum(map(statements, trusted)) < TRUSTED_CORE


@SHORT_NAMES
def test_text_is_never_evaluated(file: Path) -> None:
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert name not in EVALUATORS, f"line {node.lineno}: {name}(...)"
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sympy.parsing"):
            pytest.fail(f"line {node.lineno}: {node.module} evaluates text")


@SHORT_NAMES
def test_every_module_and_public_name_has_its_docstring(file: Path) -> None:
    if not file.read_text(encoding="utf-8").strip():
        return
    assert ast.get_docstring(tree(file)), "the module has none"
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{node.name} has none"
