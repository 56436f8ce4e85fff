"""What we print, we read: every expression of the language, in LaTeX, in Unicode and in ASCII."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from language.spoken import Sentence, sentences, spoken
from reading.trees import shown
from render.test_notation import TABLE
from sympy import Expr

from backprop_proofs.language.expressions import Delta, Each, IndexSum
from backprop_proofs.reading import read
from backprop_proofs.reading.syntax import CallOrProduct, Name, Node, Sum, parts
from backprop_proofs.render.notation import latex, text


def tree(written: str) -> Node:
    """The tree of an expression as it was printed."""
    (row,) = read(written + " = Q").rows
    assert row.problem is None, row.problem.message
    (statement,) = row.statements
    assert row.remarks == ()
    assert len(statement.chain.parts) == 2
    return statement.chain.parts[0]


def inside(node: Node) -> list[Node]:
    """The nodes of a tree, each reading of an ambiguous one once."""
    below = [node.call] if isinstance(node, CallOrProduct) else list(parts(node))
    return [node, *(deeper for part in below for deeper in inside(part))]


def census(node: Node) -> Counter[str]:
    """How often each letter stands in a tree; ∂ and d, e^x and exp(x) are the same."""
    names = (part for part in inside(node) if isinstance(part, Name) and part.base not in ("exp", "ln", "log"))
    return Counter(name.base + "'" * name.primes for name in names)


def readable(expr: Expr) -> bool:
    """Whether no set is printed as {a_k : all k}, and no delta of numbers, which looks like a citation."""
    numbers = any(not delta.free_symbols for delta in expr.atoms(Delta))
    return not expr.has(Each) and not numbers


@settings(max_examples=300)
@given(sentences.map(spoken).filter(readable))
def test_what_is_printed_reads(expr: Expr) -> None:
    trees = [tree(f"${latex(expr)}$".replace("$", "")), tree(text(expr)), tree(text(expr, unicode=False))]
    for read_back in trees:
        assert census(read_back) == census(trees[0])
        found = sum(isinstance(node, Sum) for node in inside(read_back))
        assert found == sum(isinstance(node, IndexSum) for node in _all(expr))


def _all(expr: Expr) -> list[Expr]:
    return [expr, *(inner for part in expr.args for inner in _all(part))]


@pytest.mark.parametrize("row", [row for row in TABLE if "all t" not in row[2]], ids=lambda row: row[3])
def test_every_row_of_the_notation_table_reads_alike_in_three_alphabets(row: tuple[Expr, str, str, str]) -> None:
    if "W\\_in" in row[1]:
        pytest.skip("in plain text, W_in_k has two subscripts")
    first, *others = (tree(written) for written in row[1:])
    for other in others:
        assert census(other) == census(first), (shown(other), shown(first))


@given(sentences)
def test_limits_print_and_read(sentence: Sentence) -> None:
    expr = spoken(sentence)
    if readable(expr):
        sums = [node for node in inside(tree(latex(expr, limits=True))) if isinstance(node, Sum)]
        assert all(node.lower is not None and node.upper is not None for node in sums)
