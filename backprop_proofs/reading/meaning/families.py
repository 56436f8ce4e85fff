"""Letters that tell quantities apart: a_j beside a_k, or w_ij beside w_jk, each with an equation of its own.

A name is then one with its letters, a_k and w_jk. What is written with letters of which no equation says which of
them it is, as Σ_m a_m beside a_j and a_k, leaves the whole undecided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import has_derivative
from backprop_proofs.reading.meaning.names import (
    bare_key,
    is_error,
    is_kronecker,
    letters_below,
    names_of,
    summed_letters,
)
from backprop_proofs.reading.meaning.rewriting import numbered
from backprop_proofs.reading.syntax import Chain

Letters = tuple[str, ...]
OPEN_WEIGHTS = "the letters of the weights' indices do not tell everywhere which weights they are"


@dataclass(frozen=True)
class Families:
    """The names of a text by their letters. given: the equations of its given part; chains: all of them."""

    chains: tuple[Chain, ...]
    given: tuple[Chain, ...] = ()

    @cached_property
    def _equations(self) -> tuple[tuple[str, str, Chain], ...]:
        """The equations of quantities of one index, each with the quantity's name and its letter."""
        found = []
        for chain in self.given or self.chains:
            left = chain.parts[0]
            if len(chain.parts) > 1 and isinstance(left, tree.Name) and not left.above and not is_error(left):
                letters = letters_below(left)
                if len(letters) == 1 and not any(map(has_derivative, chain.parts)):
                    found.append((bare_key(left), letters[0], chain))
        return tuple(found)

    @cached_property
    def _defining(self) -> dict[str, dict[object, tuple[str, Chain]]]:
        """The equations of each quantity, those that differ in their letters alone once."""
        found: dict[str, dict[object, tuple[str, Chain]]] = {}
        for key, letter, chain in self._equations:
            found.setdefault(key, {}).setdefault(numbered(chain, self._is_index), (letter, chain))
        return found

    def _is_index(self, letter: str) -> bool:
        return letter in self._indices

    @cached_property
    def _indices(self) -> set[str]:
        return {letter for name in self._names for letter in letters_below(name)}

    @cached_property
    def _names(self) -> tuple[tree.Name, ...]:
        names = (name for chain in self.chains for name in names_of(chain))
        return tuple(n for n in names if letters_below(n) and not (_told_apart(n) or is_kronecker(n)))

    @cached_property
    def _written(self) -> dict[str, set[Letters]]:
        """The letters with which each name is defined, or stands in an equation that defines.

        A name that is defined with other letters counts only beside inputs with the same, as z_i of Σ_i w_ji z_i.
        """
        found: dict[str, set[Letters]] = {}
        for key, letter, chain in self._equations:
            found.setdefault(key, set()).add((letter,))
            names = [name for name in names_of(chain) if letters_below(name) and not is_kronecker(name)]
            inputs = {letter for n in names if bare_key(n) not in self._defining for letter in letters_below(n)}
            for name in names:
                if inputs.issuperset(letters_below(name)):
                    found.setdefault(bare_key(name), set()).add(letters_below(name))
        return found

    @cached_property
    def _two_quantities(self) -> bool:
        """Whether a name has equations with two letters on their left; they are two where one network has not both."""
        return any(len({letter for other, letter, _ in self._equations if other == key}) > 1 for key in self._defining)

    @cached_property
    def two_weights(self) -> bool:
        """Whether a weight of two indices stands with different pairs of letters in equations of different names."""
        pairs: dict[str, dict[str, set[Letters]]] = {}
        for key, forms in self._defining.items():
            for letter, chain in forms.values():
                between = {frozenset((letter, other)) for other in summed_letters([chain])}
                for name in names_of(chain):
                    if frozenset(letters_below(name)) in between and not name.above:
                        pairs.setdefault(bare_key(name), {}).setdefault(key, set()).add(letters_below(name))
        return any(_differ(list(by_key.values())) for key, by_key in pairs.items() if key not in self._defining)

    @property
    def told_by_letters(self) -> bool:
        """Whether letters tell quantities apart here."""
        return self._two_quantities or self.two_weights

    @cached_property
    def _others(self) -> Mapping[str, str] | None:
        """Letters that no defining equation writes, each with the one that it stands for; None where one is open."""
        known = {letter for every in self._written.values() for letters in every for letter in letters}
        found: dict[str, str] = {}
        names = (name for chain in self.given or self.chains for name in names_of(chain))
        for letter in sorted({letter for name in names for letter in letters_below(name)} - known):
            bare = letter.rstrip("'")
            able = [bare] if bare in known else [other for other in sorted(known) if self._fits(letter, other)]
            if len(able) != 1:
                return None
            found[letter] = able[0]
        return found

    def _fits(self, letter: str, other: str) -> bool:
        """Whether every name with a letter is known with another in its place."""
        return all(
            tuple(other if each == letter else each for each in letters_below(name)) in self._known(name)
            for name in self._names
            if letter in letters_below(name)
        )

    def _known(self, name: tree.Name) -> set[Letters]:
        """The letters that tell which quantity a name is."""
        return self._written.get(bare_key(name)) or self._only.get(bare_key(name), set())

    @cached_property
    def _only(self) -> dict[str, set[Letters]]:
        """The same of the names that no defining equation speaks of, such as targets."""
        found: dict[str, set[Letters]] = {}
        for name in self._names:
            if bare_key(name) not in self._written:
                found.setdefault(bare_key(name), set()).add(letters_below(name))
        return found

    def _family(self, name: tree.Name) -> Letters:
        others = self._others or {}
        return tuple(others.get(letter, letter) for letter in letters_below(name))

    @cached_property
    def are_known(self) -> bool:
        """Whether it is clear of every name that the network is made of which quantity it is."""
        names = {name for chain in self.given or self.chains for name in names_of(chain)}
        plain = {bare_key(name) for name in names if not name.below}
        if self._others is None or not plain.isdisjoint(self._written):  # w beside w_ji and w_kj
            return False
        if any(self._sums_over_another(chain) for _, _, chain in self._equations):
            return False
        known = [name for name in names if letters_below(name) and not (_told_apart(name) or is_kronecker(name))]
        targets = {bare_key(name) for name in known if bare_key(name) not in self._written and not is_error(name)}
        return all(self._family(name) in self._known(name) for name in known if bare_key(name) not in targets) and all(
            len({self._family(name) for name in known if bare_key(name) == key}) == 1 for key in targets
        )

    def _sums_over_another(self, chain: Chain) -> bool:
        """Whether z_k stands beside a sum over z_j, which may be meant for z_k, as in e^{z_k} / Σ_j e^{z_j}."""
        summed = summed_letters([chain])
        names = [n for part in chain.parts[1:] for n in names_of(part) if len(letters_below(n)) == 1]
        free = {bare_key(name): self._family(name) for name in names if letters_below(name)[0] not in summed}
        bound = [name for name in names if letters_below(name)[0] in summed]
        return any(free.get(bare_key(name), self._family(name)) != self._family(name) for name in bound)

    def named(self, name: tree.Name) -> tree.Name:
        """The name with its letters: a_k as a quantity of its own."""
        if (
            not letters_below(name)
            or _told_apart(name)
            or is_kronecker(name)
            or (name.above and exponent(name) is None)
        ):
            return name
        return replace(name, base=f"{name.base}_{''.join(self._family(name))}")


def exponent(name: tree.Name) -> tree.Number | None:
    """2 of e_k^2."""
    items = [item for script in name.above if not script.bracket for item in script.items]
    return items[0] if len(items) == len(name.above) == 1 and isinstance(items[0], tree.Number) else None


def _told_apart(name: tree.Name) -> bool:
    """Whether it is an error that has its letters in its name by now."""
    return bare_key(name).startswith("delta") and name.run


def _differ(every: list[set[Letters]]) -> bool:
    """Whether two names have a weight with pairs of other letters."""
    return any(one.isdisjoint(other) and _sets(one) != _sets(other) for one in every for other in every)


def _sets(pairs: set[Letters]) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in pairs}
