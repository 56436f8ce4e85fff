"""Whatever comes in, a document or one clear line comes out: no traceback, no endless loop, no deep recursion."""

from __future__ import annotations

import random
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading.written import CASES, FORMS, written

from backprop_proofs.errors import InvalidInput
from backprop_proofs.reading import Document, read, read_bytes
from backprop_proofs.reading.caret import explain
from backprop_proofs.reading.commands import words
from backprop_proofs.reading.syntax import extent, span_of, walk

N = 3000
DOUBLING = "".join(rf"\def\{a}{{\{b}\{b}}}" for a, b in pairwise("abcdefghijklmnopqrstu"))
EVIL = {
    "parentheses": "x = " + "(" * N + "a" + ")" * N,
    "open parentheses": "x = " + "(" * N,
    "braces": "x = " + "{" * N + "a" + "}" * N,
    "fractions": "x = " + r"\frac{1}{" * N + "a" + "}" * N,
    "fractions without braces": "x = " + r"\frac1" * N + "a",
    "powers": "x" + "^{a" * N + "}" * N + " = 1",
    "bare powers": "x = " + "x^" * N,
    "subscripts": "x" + "_i" * N + " = y",
    "accents": "x = " + r"\hat" * N + " a",
    "fonts": "x = " + r"\mathbf" * N + " a",
    "roots": "x = " + "√" * N + "a",
    "sums": "x = " + r"\sum_k " * N + "a",
    "signs": "x = " + "-" * N + "a",
    "logarithms": "x = " + r"\log " * N + "a",
    "differentials": "x = " + r"\partial " * N + "a",
    "slashes": "x = " + "a/" * N + "a",
    "bars": "x = " + "|" * N + "a" + "|" * N,
    "primes": "x" + "'" * N + " = y",
    "a thousand indices": "x_{" + ",".join("ijk"[n % 3] for n in range(1000)) + "} = y",
    "equals": "=" * N,
    "a long chain": "a = " * N + "a",
    "many terms": "x = " + "+ a" * N,
    "many factors": "x = " + "a " * N,
    "many groups": "x = " + "(a) " * N,
    "many entries": "x = " + "a[i] " * N,
    "many statements": "a = b; " * N,
    "many remarks": "a = b " + r"(\because c = d) " * N,
    "wide": "a = b" + r"\quad c_j = d" * N,
    "dollars": "$" * (20 * N + 1),
    "open dollars": "$a = b\n\n" * N,
    "open parenthesis delimiters": r"\(" * (5 * N),
    "open displays": r"\[ a = b " * N,
    "open environments": r"\begin{align} a = b " * N,
    "open cases": r"x = \begin{cases}" * N,
    "nested cases": "x = " + r"\begin{cases}" * 100 + "a" + r"\end{cases}" * 100,
    "open text": r"x = \text{" * N,
    "over": "x = " + r"{a \over " * 200 + "b" + "}" * 200,
    "rows": "a = b\n" * (5 * N),
    "continued": "a = b\n" + "+ c\n" * N,
    "headings": "Given\na = b\n\n" * N,
    "backticks": "`" * (20 * N),
    "fences": "```\na = b\n" * N,
    "a macro that uses itself": r"\def\a{\a\a}$x = \a$",
    "macros that double": DOUBLING + r"\def\u{x}$y = \a$",
    "macros that vanish": DOUBLING + r"\def\u{}$y = \a$",
    "open definitions": r"\newcommand{\a}{" * N,
    "definitions": r"\def\a{x}" * (5 * N),
    "input": r"\input{/etc/passwd} = 3",
    "python": '__import__("os").system("ls") = x',
    "a huge number": "x = " + "9" * (5 * N),
    "a huge power": "x = 9^{9^{9^{9}}}",
    "NUL": "a = \0",
    "surrogate": "\ud800 = x",
    "combining": "x = a" + "\u0302" * N,
    "right to left": "\u202ea = b",
    "megabytes": "a = b c d\n" * 1_000_000,
    "one long line": "a = " + "b " * 300_000,
}  # fmt: skip


def one_line(error: InvalidInput) -> InvalidInput:
    """The error, which must be one line."""
    assert "\n" not in str(error)
    return error


def outcome(text: str) -> Document | InvalidInput:
    """What a text gives; anything but a document or one line fails."""
    try:
        document = read(text)
    except InvalidInput as error:
        return one_line(error)
    for row in document.rows:
        if row.problem:
            assert "\n" not in row.problem.message
            assert 0 <= row.problem.span.start <= len(text)
            assert explain(text, row.problem)
        assert row.statements or row.problem
        for statement in row.statements:
            assert extent(statement.chain)[0] <= 150
    return document


@pytest.mark.parametrize("name", EVIL)
def test_evil_texts(name: str) -> None:
    limit = sys.getrecursionlimit()
    outcome(EVIL[name])
    assert sys.getrecursionlimit() == limit


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    outcome(text)


@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    try:
        read_bytes(data)
    except InvalidInput as error:
        one_line(error)


PIECES = (
    *words(
        r"\frac \partial \sum \left( \right) \begin{cases} \end{cases} \begin{align} \end{align} \\ & = := + - * / ^"
    ),
    *words(r"_ { } ( ) [ ] | \| $ $$ \[ \] \( \) a b_j z^l_j w^l_{jk} \sigma ' 1 2.5 , ; . : \hat \mathbf \text{if}"),
    *words(r"\quad ~ \over \log \tanh e d dC/dz_j \sqrt \nabla \cdot \odot ^T ^{(l)} [i,k] 1[i=j] ∂ Σ_k δ ² ₖ \m #1 %"),
    *words(r"\newcommand{\m}{x} \Rightarrow \because partial sum_k Given: Proof ` frac{"),
    "\n",
    "\n\n",
    "",
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=60), st.sampled_from(["", " "]))
def test_any_pieces_of_mathematics(pieces: list[str], between: str) -> None:
    outcome(between.join(pieces))


@settings(max_examples=400)
@given(st.sampled_from(CASES), st.sampled_from(sorted(FORMS)), st.integers(0, 2**32), st.integers(1, 6))
def test_mutated_derivations(case: dict[str, object], form: str, seed: int, edits: int) -> None:
    """Characters deleted, doubled, swapped or replaced somewhere in what somebody wrote."""
    choose = random.Random(seed)
    text = written(case, form)
    for _ in range(edits):
        at = choose.randrange(len(text))
        size = choose.choice((1, 1, 2, 5))
        piece = text[at : at + size]
        other = choose.choice(PIECES)
        text = text[:at] + choose.choice(("", piece * 2, piece[::-1], other, piece + other)) + text[at + size :]
    result = outcome(text)
    if isinstance(result, Document):
        for row in result.rows:
            for statement in row.statements:
                for node in walk(statement.chain):
                    assert 0 <= span_of(node).start <= span_of(node).end <= len(text)
