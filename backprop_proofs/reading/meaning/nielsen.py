"""Nielsen's network for a writer who declares none, or a part of one, in the writer's letters for C and σ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.declare import Declared
from backprop_proofs.reading.meaning.forms import at_last, has_one_index, tops_of, written_like_nielsen
from backprop_proofs.reading.meaning.names import FUNCTIONS, SURE_COSTS, bare_key, letter_of, names_of
from backprop_proofs.reading.meaning.usual import (
    ACTIVATIONS,
    COST_TEXTS,
    LAYER_TEXTS,
    NIELSEN,
    ONE_LAYER,
    in_letters,
    written,
)
from backprop_proofs.reading.syntax import Chain


@dataclass(frozen=True)
class Usual:
    """What a text says, and what was asked for: an activation, a cost.

    given: whether it has a given part. own: whether the equations of its lines come before Nielsen's. other: whether
    the network is another one than his, to which nothing of his is added.
    """

    chains: tuple[Chain, ...]
    census: Census
    activation: str | None
    cost: str | None
    given: bool
    own: bool
    other: bool = False

    def completed(self, given: list[Declared], lines: list[Declared]) -> list[Declared]:
        """Nielsen's equations for his letters, where nobody defines them and they are written as he writes them."""
        declared = list(given)
        added = not self.other
        while added:
            added = False
            for texts, like in ((NIELSEN, written_like_nielsen), (ONE_LAYER, has_one_index)):
                if like is has_one_index and given:
                    continue
                for key, text in texts.items():
                    own = lines if given or self.own or like is has_one_index else ()
                    if key in {one.key for one in (*declared, *own)}:
                        continue
                    if self._occurs(key, declared, lines, like):
                        declared.append(Declared(key, *in_letters(text, self._cost(declared), self._activation).parts))
                        added = True
        if self.activation in LAYER_TEXTS and not any(one.key == "a" and at_last(one.left) for one in declared):
            chain = written(LAYER_TEXTS[self.activation or ""])
            declared.append(Declared("a", *chain.parts))
        cost = self._cost(declared)
        if self.cost in COST_TEXTS and self.census.use(cost).key not in {one.key for one in declared}:
            declared.append(Declared(self.census.use(cost).key, *in_letters(COST_TEXTS[self.cost or ""], cost).parts))
        return declared

    def _cost(self, declared: list[Declared]) -> tree.Name:
        """The cost in the writer's letter: what is defined, else differentiated, under a usual name; else C."""
        lefts = [one.left for one in reversed(declared)]
        for name in (*lefts, *tops_of(self.chains)):
            if isinstance(name, tree.Name) and letter_of(name) is not None and bare_key(name) in SURE_COSTS:
                return replace(name, primes=0)
        return tree.Name("C")

    @property
    def _activation(self) -> str:
        """σ in the writer's letter, where there is just one function of any kind and it is not σ."""
        names = (self.census.functions - set(FUNCTIONS)) & ACTIVATIONS
        return next(iter(names)) if len(names) == 1 else "sigma"

    def _occurs(
        self, key: str, declared: list[Declared], lines: list[Declared], like: Callable[[tree.Name], bool]
    ) -> bool:
        """Whether the name is written in the way that its equation is written in."""
        chains = [*self.chains, *(Chain((one.left, one.right)) for one in declared)]
        names = [name for chain in chains for name in names_of(chain)]
        if key == "x":  # a^1 = x is said where x stands beside Nielsen's a and no equation speaks of it
            spoken = any(bare_key(name) == "x" for one in (*declared, *lines) for name in names_of(one.right))
            own = any(one.key == "a" for one in declared) and not spoken
            return own and any(bare_key(name) == "x" and has_one_index(name) for name in names)
        found = [name for name in names if bare_key(name) == key and like(name)]
        layered = any(not isinstance(script.items[0], tree.Number) for name in found for script in name.above)
        return bool(found) and (layered or like is has_one_index or not self.given)
