r"""Every formula of a Markdown page arrives whole: on GitHub, and in programs that know $ as VS Code and Jupyter do.

GitHub reads the page as Markdown and looks for $ in what comes out. So a formula must be the same before and after:
no emphasis, link or HTML in it, and no backslash lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest

from backprop_proofs.checking.claims import Refuted, settle
from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.checking.path_report import paths
from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.reading.network_text import network
from backprop_proofs.render.markdown import proof_markdown
from backprop_proofs.render.paths import path_markdown
from backprop_proofs.render.prose import github
from backprop_proofs.render.results import pages

markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed: Markdown not read")
dollarmath = pytest.importorskip("mdit_py_plugins.dollarmath", reason="mdit-py-plugins is not installed")

DETAILS = ("brief", "steps", "full")
FORMULA = re.compile(r"(?<![\\$])(\$\$?)(?!\$)(.+?)(?<!\\)\1", re.DOTALL)
TIED = r"h_j = \tanh(\sum_k W_{jk} x_k) ; r_k = \sum_j W_{jk} h_j ; C = \frac{1}{2} \sum_k (r_k - x_k)^2"
CELL = r"""s_{t,i} = \sum_j W_{ij} h_{t-1,j} + \sum_k U_{ik} x_{t,k}
h_{t,i} = \tanh(s_{t,i})
C = \sum_t \sum_i h_{t,i}^2"""


@cache
def result(name: str, **settings: Any) -> tuple[str, Any, Any]:
    found = settle(name, mlp(**{**THEOREMS[name].settings, **settings}))
    return name, found, () if isinstance(found, Refuted) else evidence_for(found)


def derived(text: str, wrt: str) -> str:
    return proof_markdown(derive(network(text), wrt), f"derive_{wrt}_*x*", "full")


def in_both_sizes(name: str, detail: str) -> str:
    return pages([result(name), result(name, widths=(2, 3, 2))], "markdown", detail, False)


PAGES: dict[str, Callable[[], str]] = {
    **{f"{name}, {detail}": partial(in_both_sizes, name, detail) for name in THEOREMS for detail in DETAILS},
    "softmax": lambda: pages([result("bp1", activation="softmax")], "markdown", "full", False),
    "refuted": lambda: pages([result("bp1-elementwise", activation="softmax")], "markdown", "full", False),
    "tied weights": lambda: derived(TIED, "W"),
    "a cell": lambda: derived(CELL, "W"),
    "paths": lambda: path_markdown(paths(mlp(widths=(2, 3, 3, 2), activation="softmax"), (2, 2, 1))),
}
EACH = pytest.mark.parametrize("name", PAGES)


def written(page: str) -> list[tuple[str, str]]:
    """The formulas of a page as they are written, each with its $ or $$."""
    return _formulas(re.sub(r"^(?:> ?)+", "", page, flags=re.MULTILINE))


def _formulas(text: str) -> list[tuple[str, str]]:
    """Blanks at the beginning of a line mean nothing in TeX."""
    return FORMULA.findall(re.sub(r"^ +", "", text, flags=re.MULTILINE))


def on_github(page: str) -> list[tuple[str, str]]:
    """The formulas in the text that Markdown leaves; what is no text is a mark, which is in no formula."""
    reader = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    found = []
    for block in reader.parse(page):
        if block.type == "inline":
            found += _formulas("".join(map(_text, block.children)))
        else:
            assert block.type not in ("html_block", "code_block", "fence", "hr"), block.content
    return found


def _text(token: Any) -> str:
    return {"text": token.content, "text_special": token.content, "softbreak": "\n"}.get(token.type, f"<{token.type}>")


def in_an_editor(page: str) -> list[tuple[str, str]]:
    """The formulas that a program finds which knows $, by its strict rules."""
    reader = markdown_it.MarkdownIt("commonmark").enable("table")
    strict = {"allow_space": False, "allow_blank_lines": False, "allow_labels": False}
    dollarmath.dollarmath_plugin(reader, **strict)
    found = []
    for block in reader.parse(page):
        if block.type == "math_block":
            found.append(("$$", re.sub(r"^ +", "", block.content, flags=re.MULTILINE)))
        found += [("$", token.content) for token in block.children or () if token.type == "math_inline"]
    return found


@EACH
def test_every_formula_arrives_whole(name: str) -> None:
    page = PAGES[name]()
    wanted = written(page)
    assert wanted
    assert on_github(page) == wanted
    assert in_an_editor(page) == wanted


@EACH
def test_no_formula_can_be_read_in_two_ways(name: str) -> None:
    """No backslash before a sign, no _ that could end an emphasis; a block on its own lines, $ apart from letters."""
    page = PAGES[name]()
    for sign, formula in written(page):
        assert not re.search(r"\\[^A-Za-z]|(?<! )_|[<*~`]", formula), formula
        assert sign == "$" or formula[0] == formula[-1] == "\n"
    for found in FORMULA.finditer(page):
        assert not (page[: found.start()][-1:] + page[found.end() :][:1]).strip().isalnum(), found.group()


LOST = {
    "a row's end": "$$\n\\begin{aligned}\n & a \\\\\n & b\n\\end{aligned}\n$$\n",
    "a space": r"where $j = 1,\dots,n,\; k = 1$.",
    "two underscores": r"$a^{L}_{k} a^{L}_{j}$",
    "two formulas": r"$a^{L}_{k}$ and $\delta^{L}_{j}$",
    "a sum": r"$\frac{a^{L}_{k}}{2} \sum_{k} b$",
    "a name": r"$\mathit{n\_U}$",
}


@pytest.mark.parametrize("page", LOST.values(), ids=LOST)
def test_what_would_be_lost_is_seen_and_is_not_lost(page: str) -> None:
    assert on_github(page) != written(page)
    mended = github(page)
    assert on_github(mended) == written(mended) == in_an_editor(mended)
    assert github(mended) == mended


def test_text_outside_of_formulas_stays() -> None:
    text = r"a_b_c \$x_1\$ `d_e` [\\](f) **g_h** $$ 5"
    assert github(text) == text


def test_the_formulas_mean_the_same_in_tex() -> None:
    assert github(r"$a_{j} \\ b,\; c$") == r"$a _{j} \cr b,\thickspace c$"
