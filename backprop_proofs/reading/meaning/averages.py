"""1/m Σ_i without bounds: m is how many i there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TypeGuard

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import COUNTS, letter_of, letters_in, names_of
from backprop_proofs.reading.syntax import Chain, Node


def counts(chains: Iterable[Chain]) -> tuple[str, ...]:
    """The letters that only divide sums without bounds, and are no index, no bound and nothing that is defined."""
    chains = tuple(chains)
    averages = (*tree.every(tree.Quotient, *chains), *tree.every(tree.Product, *chains))
    dividing = {letter for node in averages for _, letter in _averages(node)}
    names = [name for chain in chains for name in names_of(chain)]
    items = (item for name in names for script in (*name.above, *name.below) for item in script.items)
    taken = {letter for item in items for letter in letters_in(item)}
    taken |= {name.base for name in names if name.above or name.below}
    for total in tree.every(tree.Sum, *chains):
        bounds = (*total.letters, *(end for end in (total.lower, total.upper) if end is not None))
        taken |= {letter for end in bounds for letter in letters_in(end)}
    taken |= {letter_of(chain.parts[0]) or "" for chain in chains if len(chain.parts) > 1}
    return tuple(sorted(dividing - taken))


def bounded(node: Node, letters: tuple[str, ...]) -> Node:
    """A product or quotient, with m as the upper bound of the sum in it that m divides."""
    for total, letter in _averages(node):
        if letter not in letters:
            continue
        up_to = replace(total, lower=tree.Number(Fraction(1)), upper=tree.Name(letter))
        if isinstance(node, tree.Quotient):
            return replace(node, top=up_to)
        assert isinstance(node, tree.Product)
        return replace(node, factors=tuple(up_to if factor is total else factor for factor in node.factors))
    return node


def _averages(node: Node) -> Iterator[tuple[tree.Sum, str]]:
    """A sum without bounds and the letter that divides it, as in 1/m Σ_i and (Σ_i ...)/m."""
    if isinstance(node, tree.Quotient) and _is_open(node.top):
        yield from ((node.top, letter) for letter in _divisors(node.bottom))
    if isinstance(node, tree.Product):
        sums = [factor for factor in node.factors if _is_open(factor)]
        divisors = [letter for f in node.factors if isinstance(f, tree.Quotient) for letter in _divisors(f.bottom)]
        yield from ((total, letter) for total in sums[:1] for letter in divisors[:1])


def _is_open(node: Node) -> TypeGuard[tree.Sum]:
    """Whether it is a sum over one letter without an end or a condition."""
    if not isinstance(node, tree.Sum) or node.kind != "sum" or node.conditions:
        return False
    return node.upper is None and node.lower is None and len(node.letters) == 1


def _divisors(node: Node) -> Iterator[str]:
    for factor in node.factors if isinstance(node, tree.Product) else (node,):
        letter = letter_of(factor)
        if letter in COUNTS:
            yield letter
