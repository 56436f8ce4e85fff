"""Training examples that are left unwritten: in Σ_x over them, z and y depend on x and do not say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import (
    COUNTS,
    FUNCTIONS,
    bare_key,
    index_letters,
    letter_of,
    names_of,
    summed_letters,
)
from backprop_proofs.reading.meaning.rewriting import renamed, rewritten
from backprop_proofs.reading.meaning.totals import is_named_term
from backprop_proofs.reading.syntax import Chain, Node

_WEIGHTS = frozenset(("w", "W", "v", "V", "u", "U", "b", "B", "c", "theta", "Theta", "beta", "gamma"))
_CONSTANTS = COUNTS | {"eta", "lambda", "alpha", "epsilon"}  # what is the same for all examples


def example_letter(chains: Iterable[Chain]) -> str | None:
    """The letter of a sum over examples: one that is summed over, and is an index of nothing but of terms of the cost.

    Where it is not even that, it is the name of a quantity.
    """
    chains = tuple(chains)
    names = [name for chain in chains for name in names_of(chain)]
    summed = summed_letters(chains)
    indices = {letter for name in names if not is_named_term(name) for letter in index_letters(name)}
    terms = {letter for name in names if is_named_term(name) for letter in index_letters(name)}
    known = terms | {name.base for name in names} | {"x", "n"}
    return min((letter for letter in summed - indices if letter in known), default=None)


def total_of_examples(chains: Iterable[Chain]) -> tuple[str, str] | None:
    """C and x of C = Σ_x C_x, where x is an index of nothing else; None where there is none."""
    chains = tuple(chains)
    letter = example_letter(chains)
    terms = (name for chain in chains for name in names_of(chain) if is_named_term(name))
    term = next((name for name in terms if letter in index_letters(name)), None)
    return None if letter is None or term is None else (term.base.removesuffix(f"_{letter}"), letter)


def with_examples(chains: tuple[Chain, ...], letter: str) -> tuple[Callable[[Node], Node], str | None]:
    """What makes the example an index of all that depends on it, and the letter of how many there are."""
    data, count = _data(chains, letter), _count(chains)

    def add(name: tree.Name) -> tree.Name:
        if bare_key(name) not in data or letter in index_letters(name):
            return name
        script = tree.Script((tree.Name(letter, span=name.span),), "(", span=name.span)
        return replace(name, above=(*name.above, script))

    def bounded(node: Node) -> Node:
        if isinstance(node, tree.Sum) and _is_over(node, letter) and node.upper is None and count:
            return replace(node, lower=tree.Number(Fraction(1)), upper=tree.Name(count))
        return node

    return lambda node: rewritten(renamed(node, add), bounded), count


def _data(chains: tuple[Chain, ...], letter: str) -> set[str]:
    """What depends on the example: what stands in the sums, what that is made of but for weights, and what is of that.

    What is made of itself, as a^l is of a^{l-1}, is made of data.
    """
    defined = {bare_key(c.parts[0]): c for c in chains if len(c.parts) > 1 and isinstance(c.parts[0], tree.Name)}
    functions = _functions(chains, defined.keys())

    def spoken(*nodes: Node) -> set[str]:
        names = [name for node in nodes for name in names_of(node) if not name.primes]
        return {bare_key(name) for name in names} - functions

    within = [spoken(total.body) for chain in chains for total in _sums_over(chain, letter)]
    made_of = {key: spoken(*chain.parts[1:]) for key, chain in defined.items() if not _sums_over(chain, letter)}
    reached = set().union(*within)
    while more := set().union(*(made_of.get(key, set()) for key in reached)) - reached:
        reached |= more
    inputs = {key for key in reached - defined.keys() if key not in _CONSTANTS and not _is_weight(key, chains)}
    data = {letter} | inputs | {key for key in reached if key in _made_of(key, made_of)}
    data |= set().union(*within) & defined.keys()
    while grown := {key for key, parts in made_of.items() if parts & data} - data:
        data |= grown
    return data


def _made_of(key: str, made_of: dict[str, set[str]]) -> set[str]:
    """All that a quantity is made of."""
    found: set[str] = set()
    while more := set().union(made_of.get(key, set()), *(made_of.get(part, set()) for part in found)) - found:
        found |= more
    return found


def _is_weight(key: str, chains: Iterable[Chain]) -> bool:
    """Whether it is a parameter by its letter, or by two lower indices."""
    names = [name for chain in chains for name in names_of(chain) if bare_key(name) == key]
    return key in _WEIGHTS or any(sum(len(script.items) for script in name.below) > 1 for name in names)


def _sums_over(chain: Chain, letter: str) -> list[tree.Sum]:
    return [total for total in tree.every(tree.Sum, chain) if _is_over(total, letter)]


def _is_over(total: tree.Sum, letter: str) -> bool:
    return letter in map(letter_of, total.letters)


def _functions(chains: tuple[Chain, ...], defined: Iterable[str]) -> set[str]:
    """What is applied to something, and is no quantity: a of a_k (y_k - 1) is one."""
    calls = [call for call in tree.every(tree.Call, *chains) if not call.function.below]
    return {*FUNCTIONS, *(bare_key(call.function).rstrip("'") for call in calls)} - set(defined)


def _count(chains: tuple[Chain, ...]) -> str | None:
    """n, where 1/n stands before the sum."""
    bottoms = (node.bottom for node in tree.every(tree.Quotient, *chains))
    return next((of.base for of in bottoms if isinstance(of, tree.Name) and of.base in COUNTS), None)
