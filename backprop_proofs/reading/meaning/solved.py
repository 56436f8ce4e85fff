"""Rows that solve for a quantity: w = Σ x y / Σ x² after ∂J/∂w, true where that is zero, and no definition of w."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.forms import chains_of
from backprop_proofs.reading.meaning.names import bare_key, lefts_of, names_of
from backprop_proofs.reading.syntax import Node


def slopes_by(rows: Iterable[Row]) -> set[str]:
    """The names that something is differentiated by in some rows."""
    chains = list(chains_of(*rows))
    by = [x for node in tree.every(tree.Derivative, *chains) for x in node.wrt]
    by += [x for node in tree.every(tree.Nabla, *chains) for x in node.by]
    return {bare_key(x) for x in by if isinstance(x, tree.Name)}


def solved_in(rows: Iterable[Row]) -> set[str]:
    """The names that stand alone on the left of a row."""
    return lefts_of(chains_of(*rows))


def is_solution(left: tree.Name, right: Node, slopes: set[str], known: set[str]) -> bool:
    """Whether left = right solves for what was differentiated by, and speaks of nothing but what is known before."""
    return bare_key(left) in slopes and {bare_key(left), *map(bare_key, names_of(right))} <= known
