"""The collected derivations as the files that people would hand in: bare lines, displays, Markdown, align blocks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backprop_proofs.reading import Document, Row, read

CASES: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
BY_ID = {case["id"]: case for case in CASES}
WRONG = [case for case in CASES if case["verdict"] != "correct"]
# The macros of the authors who have some; the collection names them in its notes.
MACROS = r"""\newcommand{\pd}[2]{\frac{\partial #1}{\partial #2}}
\newcommand{\bz}{\bm{z}}\newcommand{\bx}{\bm{x}}\newcommand\bdelta{\bm{\delta}}\def\bW{\bm{W}}\def\bb{\bm{b}}
\def\bh{\bm h}\def\bU{\bm U}\def\btheta{\bm\theta}\def\yhat{\hat{\bm y}}\def\by{\bm y}
\DeclareMathOperator{\smx}{softmax}\DeclareMathOperator*{\relu}{ReLU}\DeclareMathOperator{\sgn}{sgn}
"""


def _bare(given: list[str], rows: list[str]) -> str:
    return "\n".join(("% given", *given, "% derivation", *rows))


def _align(given: list[str], rows: list[str]) -> str:
    definitions = "".join(f"\\[ {text} \\]\n" for text in given)
    body = " \\\\\n".join(rows)
    return f"\\section{{Setup}}\n{definitions}\\section*{{Proof}}\n\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def _eqnarray(given: list[str], rows: list[str]) -> str:
    definitions = "\\\\".join(given)
    displays = "\n".join(f"\\begin{{eqnarray}} {row} \\end{{eqnarray}} Hence" for row in rows)
    return (
        f"% Definitions:\n\\begin{{gather}}{definitions}\\end{{gather}}\n\\paragraph{{Derivation.}} We have\n{displays}"
    )


def _markdown(given: list[str], rows: list[str]) -> str:
    definitions = "".join(f"- ${text}$\n" for text in given)
    displays = "\n\n".join(f"$$\n{row}\n$$" for row in rows)
    return f"# Backprop\n\n## Definitions\n\n{definitions}\n## Derivation\n\n{displays}\n"


def _inline(given: list[str], rows: list[str]) -> str:
    definitions = "\n".join(f"$ {text} $" for text in given)
    lines = "\n".join(f"Then ${row}$" for row in rows)
    return f"Given:\n{definitions}\n\nDerivation\n{lines}\n"


FORMS: dict[str, Callable[[list[str], list[str]], str]] = {
    "bare lines": _bare,
    "align": _align,
    "eqnarray": _eqnarray,
    "Markdown": _markdown,
    "inline": _inline,
}


def written(case: dict[str, Any], form: str = "bare lines") -> str:
    """A case as one text."""
    return MACROS + FORMS[form](case["definitions"], case["lines"])


def row_of(case: dict[str, Any], index: int, form: str = "bare lines") -> tuple[Document, Row]:
    """A case as it is read, and one of its lines."""
    document = read(written(case, form))
    return document, document.derivation[index]
