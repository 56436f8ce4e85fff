"""A total and its terms that share a letter: L = Σ_t L_t, E = (1/N) Σ_n E_n. They are two quantities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import SURE_COSTS, bare_key, letter_of, letters_in, names_of, summed_letters
from backprop_proofs.reading.meaning.rewriting import Rename
from backprop_proofs.reading.syntax import Chain, Node

Renaming = dict[str, str]


def terms_as_names(chains: tuple[Chain, ...]) -> Renaming:
    """The letter of a total to the name of its terms, "L" to "L_t", where an equation defines the terms, too."""
    found: Renaming = {}
    for chain in chains:
        for key, letter in _totals(chain):
            if any(_defines_terms(other, key) for other in chains):
                found.setdefault(key, f"{key}_{letter}")
    return found


def is_named_term(name: tree.Name) -> bool:
    """Whether it is a term that was given a name, C_x of Σ_x C_x."""
    return name.run and name.base in {f"{name.base[:-2]}_{letter}" for letter in _letters(name)}


def cost_of_one(chains: tuple[Chain, ...]) -> Rename | None:
    """What makes E_n a name without index, where nothing else has an n and no E stands without one."""
    names = [name for chain in chains for name in names_of(chain)]
    taken = summed_letters(chains) | {name.base for name in names}
    ones: set[str] = set()
    for key in SURE_COSTS & {bare_key(name) for name in names}:
        letters = {tuple(_letters(name)) for name in names if bare_key(name) == key}
        others = {letter for name in names if bare_key(name) != key for letter in _letters(name)} | taken
        only = next(iter(letters)) if len(letters) == 1 else ()
        if len(only) == 1 and len(only[0]) == 1 and only[0] not in others:
            ones.add(key)

    def change(name: tree.Name) -> tree.Name:
        return replace(name, below=(), above=()) if bare_key(name) in ones else name

    return change if ones else None


def with_terms_named(name: Node, terms: Renaming) -> Node:
    """The name with its terms' name, where it is one of them."""
    if isinstance(name, tree.Name) and (name.below or name.above) and bare_key(name) in terms:
        return replace(name, base=terms[bare_key(name)], marks=(), run=True)
    return name


def _totals(chain: Chain) -> Iterator[tuple[str, str]]:
    """L and t of L = Σ_t L_t."""
    left = chain.parts[0]
    if not isinstance(left, tree.Name) or left.below or left.above:
        return
    for part in chain.parts[1:]:
        for node in tree.every(tree.Sum, part):
            if len(node.letters) == 1:
                letter = letter_of(node.letters[0])
                if letter is not None and any(_is_term(name, bare_key(left), letter) for name in names_of(node.body)):
                    yield bare_key(left), letter


def _letters(name: tree.Name) -> set[str]:
    scripts = (*name.above, *name.below)
    return {letter for script in scripts for item in script.items for letter in letters_in(item)}


def _is_term(name: tree.Name, key: str, letter: str) -> bool:
    items = [item for script in (*name.above, *name.below) for item in script.items]
    return bare_key(name) == key and len(items) == 1 and letter_of(items[0]) == letter


def _defines_terms(chain: Chain, key: str) -> bool:
    left = chain.parts[0]
    if len(chain.parts) < 2 or not isinstance(left, tree.Name) or bare_key(left) != key:
        return False
    return len((*left.above, *left.below)) == 1
