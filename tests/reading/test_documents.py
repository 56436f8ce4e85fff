"""Where rows are found in a text, which part they belong to, what is prose, and what stands beside a formula."""

from __future__ import annotations

import pytest
from reading.trees import shown

from backprop_proofs.errors import InvalidInput
from backprop_proofs.reading import Document, read, read_bytes


def said(text: str) -> list[list[str]]:
    """The statements of each row."""
    return [[shown(statement.chain) for statement in row.statements] for row in read(text).rows]


def sources(document: Document) -> tuple[list[str], list[str]]:
    """The rows of the given part and of the derivation."""
    return [row.source for row in document.given], [row.source for row in document.derivation]


@pytest.mark.parametrize(
    "text",
    [
        "$$a = b$$",
        "$a = b$",
        r"\[ a = b \]",
        r"\( a = b \)",
        r"\begin{equation} a = b \end{equation}",
        r"\begin{equation*}\label{eq:x} a = b \end{equation*}",
        r"\begin{align} a &= b \nonumber \end{align}",
        r"\begin{eqnarray} a & = & b \end{eqnarray}",
        r"\begin{gather} a = b \end{gather}",
        r"\begin{multline} a = \\ b \end{multline}",
        r"\[ \begin{aligned} a &= b \end{aligned} \]",
        r"\begin{equation}\begin{split} a &= b \end{split}\end{equation}",
        r"\[ \begin{array}{rcl} a &=& b \end{array} \]",
        r"\begin{alignat}{2} a &= b \end{alignat}",
        r"\newcommand{\be}{\begin{equation}}\newcommand{\ee}{\end{equation}} \be a = b \ee",
        "begin{align} a &= b end{align}",
        "a = b",
        "so a = b",
        "Therefore, a = b.",
        "=> a = b",
        r"\Rightarrow a = b",
        "⇒ a = b",
        "1. a = b",
        "(2) a = b",
        "* a = b",
        "> a = b",
        "```math\na = b\n```",
        "`a = b`",
        "BP1: a = b",
        r"\documentclass{article}\usepackage[x=y]{z}\begin{document}We have $a = b$.\end{document} c = d",
        "$a$ = $b$",
        r"\begin{verbatim} c = d \end{verbatim} $a = b$",
        "```python\nc = d\n```\n$a = b$",
        "$a = b$ % c = d",
        r"\text{so, } a = b",
        r"\boxed{a = b}.",
    ],
)
def test_one_equation_however_it_is_set_off(text: str) -> None:
    assert said(text) == [["a = b"]]


def test_chains_rows_and_continuations() -> None:
    text = (
        "\\begin{align}\na &= b + c \\\\\n&\\quad + d \\tag{1} \\\\[2ex]\n"
        "&= e = f, \\\\\n\\Rightarrow g &\\equiv h\n\\end{align}"
    )
    rows = read(text).rows
    assert said(text) == [["a = (add +b +c +d)"], ["a = e = f"], ["g ≡ h"]]
    assert [row.line for row in rows] == [2, 4, 5]
    assert [row.tags for row in rows] == [("1",), (), ()]
    assert [row.statements[0].carried for row in rows] == [False, True, False]


def test_plain_lines_go_on_too() -> None:
    assert said("a = b\n  + c\n  = d") == [["a = (add +b +c)"], ["a = d"]]
    assert said("a = b\n\n+ c") == [["a = b"]]


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("a = b; c = d", ["a = b", "c = d"]),
        (r"a = b, \quad c_j = d_j", ["a = b", "c_j = d_j"]),
        (r"a = b \quad\quad c_j = d_j", ["a = b", "c_j = d_j"]),
        (r"a = 1 \; \textrm{and} \; b = 1.", ["a = 1", "b = 1"]),
        (r"a = b \Rightarrow c = d", ["a = b", "c = d"]),
        (r"a &= b & c &= d", ["a = b", "c = d"]),
        ("We get $a = b$ and $c_j = d_j$.", ["a = b", "c_j = d_j"]),
        ("a = b = c", ["a = b = c"]),
    ],
)
def test_several_statements_in_one_row(text: str, statements: list[str]) -> None:
    assert said(text) == [statements]


@pytest.mark.parametrize(
    ("text", "remark", "condition"),
    [
        (r"a = b \quad (\because C = d)", r"(\because C = d)", "C = d"),
        (r"a = b \quad \left[ c = d + e \right]", r"[ c = d + e \right]", "c = (add +d +e)"),
        (r"a = b ~~~~~~(i = j)", "(i = j)", "i = j"),
        (r"a_i = b_i \quad i = j", "i = j", "i = j"),
        (r"a_i = b_i, \quad i = 1, \dots, n", r"i = 1, \dots, n", "i = 1"),
        (r"a = b \quad \text{for all } k \neq i", r"\text{for all } k \neq i", "k ≠ i"),
        (r"a &= b & \text{using identity (2)}", r"\text{using identity (2)}", None),
        (r"a = b \qquad (6.2)", "(6.2)", None),
        ("a = b (by the chain rule)", "(by the chain rule)", None),
        ("a = b, because c = d", "because c = d", "c = d"),
        ("a_k = b_k for k = 1..n", "for k = 1..n", "k = 1 .. n"),
    ],
)
def test_what_stands_beside_a_formula(text: str, remark: str, condition: str | None) -> None:
    (row,) = read(text).rows
    assert len(row.statements) == 1
    (found,) = row.remarks
    assert found.text == remark
    assert (shown(found.chain) if found.chain else None) == condition


def test_words_before_a_row_are_kept() -> None:
    rows = read("By the chain rule,\n$$a = b$$\nand hence\n$$c = d$$").rows
    assert [row.before for row in rows] == ["By the chain rule,", "and hence"]


@pytest.mark.parametrize(
    ("given", "derivation"),
    [
        ("% given", "% derivation"),
        ("%% Given:", "% ---- Proof ----"),
        ("Given:", "Derivation:"),
        ("SETUP", "proof."),
        ("where", "Derivation"),
        (r"\section{Setup}", r"\section*{Proof}"),
        (r"\subsection*{Definitions and notation}", r"\subsection{Derivation of (2)}"),
        ("## Given", "## Derivation"),
        ("# 1. The set-up", "## 2. Proof"),
        ("**Definitions**", "**Proof.**"),
        (r"\textbf{Given:}", r"\begin{proof}"),
        (r"\paragraph{Given.}", r"\paragraph{Proof.}"),
    ],
)
def test_the_given_part_is_told_from_the_derivation(given: str, derivation: str) -> None:
    for before, after in (("", ""), ("$$", "$$"), (r"\[", r"\]")):
        lines = [f"{before} {text} {after}" for text in ("z = w", "a = f(z)", "C_j = a_j", "= z_j")]
        document = read("\n\n".join((given, *lines[:2], derivation, *lines[2:])))
        assert sources(document) == (["z = w", "a = f(z)"], ["C_j = a_j", "= z_j"])
        assert [row.index for row in document.rows] == [None, None, 0, 1]


def test_a_heading_may_share_its_line() -> None:
    assert sources(read("Given: a = b\nc = d\nProof: e = f")) == (["a = b", "c = d"], ["e = f"])
    assert sources(read("**Given:** $a = b$\n\n**Derivation:** $c = d$")) == (["a = b"], ["c = d"])


def test_another_heading_or_a_blank_line_ends_the_given_part() -> None:
    assert sources(read("# Setup\n$a = b$\n# Backward pass\n$c = d$")) == (["a = b"], ["c = d"])
    assert sources(read("Given\na = b\nc = d\n\ne = f")) == (["a = b", "c = d"], ["e = f"])
    assert sources(read("e = f\nwhere\na = b")) == (["a = b"], ["e = f"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just words.",
        "The learning rate = 0.1 was chosen by hand for all of the networks in this section.",
        "See https://example.org/?a=b for more.",
        "where the sum is over all $k$ and $k = j$ is the only term left",
        r"\[ z_j \rightarrow a_j \]",
        "$$ $$",
        "It costs $5 and not $6.",
        'tags: "".split(" "), id = 69 });',
    ],
)
def test_prose_is_no_row(text: str) -> None:
    assert read(text).rows == ()


def test_what_holds_a_relation_and_was_taken_for_prose_is_told() -> None:
    text = "Let n = 5 be the number of neurons in the hidden layer."
    document = read(text)
    assert document.rows == ()
    assert [span.within(text) for span in document.passed_over] == [text]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (r"x = \frac{a}{b", "{b", "expected a } for this {"),
        ("x = (a + b", "(a + b", "expected a ) for this ("),
        ("x = a + ) b", ") b", "expected an opening bracket before this )"),
        ("x = a + * b", "* b", "expected a letter, a number or a bracket; found *"),
        (r"x = \foo{a}", r"\foo{a}", "expected a command that this text defines"),
        (r"x = \input{/etc/passwd}", r"\input{", "expected a command that this text defines"),
        ("= b", "= b", "expected a left side, here or in the row above"),
        ("x = y +", "", "expected a letter, a number or a bracket; found the end"),
        (r"x = \sum_{2} a", "2}", "expected the letter that the sum runs over"),
        (r"x = \begin{cases} 1 & k = j", r"\begin{cases}", r"expected \end{cases}"),
        (r"x = \begin{tikzcd} a \end{tikzcd}", r"\begin{tikzcd}", "expected a formula, cases or a matrix"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(text: str, place: str, message: str) -> None:
    rows = read(f"a_1 = b\n{text}\nc = d").rows if not text.startswith("=") else read(text).rows
    problem = next(row.problem for row in rows if row.problem)
    assert problem.message.startswith(message)
    whole = text if text.startswith("=") else f"a_1 = b\n{text}\nc = d"
    assert whole[problem.span.start :].startswith(place)
    assert "\n" not in problem.message
    assert sum(row.problem is None for row in rows) == len(rows) - 1


def test_the_left_side_survives_an_unreadable_right_side() -> None:
    rows = read("a_j = b + ) c\n= d").rows
    assert rows[0].problem is not None
    assert rows[1].problem is not None, "the brackets of the row above hide what its sides are"
    rows = read("a_j = b + * c\n= d").rows
    assert shown(rows[1].statements[0].chain) == "a_j = d"


@pytest.mark.parametrize(
    "data",
    [
        "δ_j = σ'(z_j)".encode(),
        "\ufeffδ_j = σ'(z_j)".encode(),
        "δ_j = σ'(z_j)".encode("utf-16"),
        "δ_j = σ'(z_j)\r\n".encode(),
    ],
)
def test_encodings(data: bytes) -> None:
    (row,) = read_bytes(data).rows
    assert shown(row.statements[0].chain) == "delta_j = sigma'(z_j)"


def test_latin_1_is_the_last_resort() -> None:
    assert read_bytes("a = b  (für alle)".encode("latin-1")).rows[0].problem is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a = \0b", "NUL"),
        (b"\xff\xfea", "UTF-16"),
        (b"a = b\n" * 2_000_000, "at most"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        read_bytes(data)
    assert "\n" not in str(caught.value)
