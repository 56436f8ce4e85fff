"""A network at concrete sizes: what every index is, which instances exist, and which equation defines each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import prod

from sympy import Add, Expr, Integer, Mul, S, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidInput, Malformed
from backprop_proofs.language.expressions import Ref, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, Network

Key = tuple[str, *tuple[int, ...]]  # one instance: its letter, then its indices, as ("w", 2, 1, 3)
Env = list[int]  # the values of the letters in force, each in its slot
IndexOf = Callable[[Env], int]
Bounds = tuple[tuple[IndexOf, IndexOf], ...]
Sizes = Mapping[Basic, int]


def affine(expr: Expr) -> list[tuple[Basic | None, int]]:
    """The terms (atom, factor) of an index expression; the atom None is 1. Raises Malformed for anything else."""
    if isinstance(expr, Integer):
        return [(None, int(expr))]
    if isinstance(expr, Symbol | Ref):
        return [(expr, 1)]
    if isinstance(expr, Add):
        return [term for part in expr.args for term in affine(part)]
    if isinstance(expr, Mul):
        numbers = [part for part in expr.args if isinstance(part, Integer)]
        others = [part for part in expr.args if not isinstance(part, Integer)]
        if len(others) <= 1:
            return [(atom, prod(map(int, numbers)) * factor) for atom, factor in affine(others[0] if others else S.One)]
    raise Malformed(f"not an index: {expr}")


class Scope:
    """Which slot holds each letter; every binder opens a slot of its own, so no two letters ever meet."""

    def __init__(self, letters: Iterable[Symbol] = ()):
        self.slots: dict[Symbol, int] = {}
        self._count = [0]
        for letter in letters:
            self._place(letter)

    def opened(self, letter: Symbol) -> tuple[Scope, int]:
        """The scope inside a binder of `letter`, and the letter's slot."""
        inner = Scope()
        inner.slots, inner._count = dict(self.slots), self._count
        return inner, inner._place(letter)

    def env(self, values: Iterable[int] = ()) -> Env:
        """Room for every letter, the outermost ones set to `values`."""
        given = list(values)
        return given + [0] * (self._count[0] - len(given))

    def _place(self, letter: Symbol) -> int:
        slot = self.slots[letter] = self._count[0]
        self._count[0] += 1
        return slot


class _Pattern:
    """One definition, ready to be matched against the indices of an instance."""

    def __init__(self, definition: Definition, concrete: Concrete):
        self.definition = definition
        self.letters = tuple(letter for letter, _, _ in definition.limits)
        scope = Scope(self.letters)
        self._bounds = concrete.bounds(definition.limits, scope)
        self._places = tuple(
            (slot, self.letters.index(part) if part in self.letters else None, concrete.index(part, scope))
            for slot, part in enumerate(definition.ref.indices)
        )
        if {place for _, place, _ in self._places} - {None} != set(range(len(self.letters))):
            raise Malformed(f"the limits of {definition.ref} name a letter that its left side lacks")

    def match(self, indices: tuple[int, ...]) -> Env | None:
        """The values of the letters, or None where this definition does not speak of the instance."""
        values = [0] * len(self.letters)
        for slot, place, _ in self._places:
            if place is not None:
                values[place] = indices[slot]
        if any(place is None and at(values) != indices[slot] for slot, place, at in self._places):
            return None
        return values if _fit(values, self._bounds) else None


class Concrete:
    """A network with a value for each of its sizes. Raises Malformed where a size has none."""

    def __init__(self, network: Network, sizes: Sizes):
        self.network = network
        self.sizes: dict[Basic, int] = dict(network.sizes) | dict(sizes)
        widths = [(part, value) for part, value in self.sizes.items() if isinstance(part, Ref)]
        self._widths: dict[Key, int] = {(part.name, *map(int, part.indices)): value for part, value in widths}
        self.size_names = {part.name for part, _ in widths}
        self._families: dict[str, Bounds] = {}
        self._patterns: dict[str, list[_Pattern]] = {}
        self._equations: dict[str, list[Definition]] = {}
        for definition in network.definitions + network.abbreviations:
            self._equations.setdefault(definition.ref.name, []).append(definition)

    def width(self, key: Key) -> int:
        """The value of a size such as n[2]."""
        try:
            return self._widths[key]
        except KeyError:
            raise Malformed(f"the size {key[0]}[{', '.join(map(str, key[1:]))}] has no value") from None

    def index(self, expr: Expr, scope: Scope) -> IndexOf:
        """An index expression as a function of the letters in force; folded to a constant where it has none."""
        constant, letters, sizes = 0, [], []
        for atom, factor in affine(expr):
            if atom is None:
                constant += factor
            elif isinstance(atom, Symbol) and atom in scope.slots:
                letters.append((scope.slots[atom], factor))
            elif atom in self.sizes:
                constant += factor * self.sizes[atom]
            elif isinstance(atom, Ref):
                sizes.append((self._size(atom, scope), factor))
            else:
                raise Malformed(f"the index {atom} has no value in {expr}")
        return _combination(constant, letters, sizes)

    def _size(self, ref: Ref, scope: Scope) -> IndexOf:
        name, parts = ref.name, [self.index(part, scope) for part in ref.indices]
        if len(parts) == 1:
            first = parts[0]
            return lambda env: self.width((name, first(env)))
        return lambda env: self.width((name, *[part(env) for part in parts]))

    def bounds(self, limits: Iterable[Limit], scope: Scope) -> Bounds:
        """The two ends of each range as functions of the letters in force."""
        limits = tuple(limits)
        if any(high is None for _, _, high in limits):
            raise Malformed("an index without an upper bound cannot be written out")
        return tuple((self.index(low, scope), self.index(high, scope)) for _, low, high in limits)

    def assignments(self, limits: Iterable[Limit]) -> Iterator[Env]:
        """All values of the letters within their ranges, in order; a later range may use earlier letters."""
        limits = tuple(limits)
        return _within(self.bounds(limits, Scope(letter for letter, _, _ in limits)))

    def family(self, name: str) -> Bounds:
        """The ranges of a quantity's indices. Raises UnknownName."""
        if name not in self._families:
            slots = self.network.slots(name)
            self._families[name] = self.bounds(slots, Scope(letter for letter, _, _ in slots))
        return self._families[name]

    def instances(self, name: str) -> Iterator[Key]:
        """Every instance of a quantity."""
        return ((name, *indices) for indices in _within(self.family(name)))

    def exists(self, key: Key) -> bool:
        """Whether the indices of the instance lie in their ranges."""
        name, *indices = key
        bounds = self.family(name)
        return len(bounds) == len(indices) and _fit(indices, bounds)

    def definition(self, key: Key) -> tuple[Definition, Env] | None:
        """The equation (or abbreviation) that defines an instance, with the values of its letters; None for an input.

        Raises Malformed for an instance that does not exist at these sizes.
        """
        if not self.exists(key):
            raise Malformed(f"{show(key)} does not exist at these sizes")
        for pattern in self._matching(str(key[0])):
            values = pattern.match(key[1:])
            if values is not None:
                return pattern.definition, values
        return None

    def _matching(self, name: str) -> list[_Pattern]:
        if name not in self._patterns:
            self._patterns[name] = [_Pattern(definition, self) for definition in self._equations.get(name, ())]
        return self._patterns[name]

    def inputs(self) -> tuple[str, ...]:
        """The letters that no equation defines, functions' variables left out."""
        variables = {function.variable.name for function in self.network.functions}
        return tuple(name for name in self.network.families if name not in self._equations and name not in variables)


def show(key: Key) -> str:
    """An instance in text: w[2, 1, 3]."""
    return f"{key[0]}[{', '.join(map(str, key[1:]))}]" if len(key) > 1 else str(key[0])


def _fit(values: Env, bounds: Bounds) -> bool:
    for value, (low, high) in zip(values, bounds, strict=True):
        if value < low(values) or value > high(values):
            return False
    return True


def _combination(constant: int, letters: list[tuple[int, int]], sizes: list[tuple[IndexOf, int]]) -> IndexOf:
    if not letters and not sizes:
        return lambda env: constant
    if len(letters) == 1 and not sizes and letters[0][1] == 1:
        slot = letters[0][0]
        return (lambda env: env[slot] + constant) if constant else (lambda env: env[slot])
    if len(sizes) == 1 and not letters and sizes[0][1] == 1 and not constant:
        return sizes[0][0]

    def total(env: Env) -> int:
        value = constant
        for slot, factor in letters:
            value += factor * env[slot]
        for size, factor in sizes:
            value += factor * size(env)
        return value

    return total


def _within(bounds: Bounds) -> Iterator[Env]:
    values = [0] * len(bounds)

    def below(depth: int) -> Iterator[Env]:
        if depth == len(bounds):
            yield list(values)
            return
        low, high = bounds[depth]
        for value in range(low(values), high(values) + 1):
            values[depth] = value
            yield from below(depth + 1)

    return below(0)


class _Filling(Concrete):
    """A network whose missing sizes are chosen when they are first asked for."""

    def __init__(self, network: Network, sizes: Sizes, widths: Iterator[int]):
        super().__init__(network, sizes)
        self._next, self.chosen = widths, dict[Key, int]()

    def width(self, key: Key) -> int:
        if key not in self._widths:
            self._widths[key] = self.chosen[key] = next(self._next)
        return self._widths[key]


def fill_sizes(network: Network, parameters: Callable[[int], int], widths: Iterator[int]) -> dict[Basic, int]:
    """Values for all sizes: those that the network fixes, `parameters(i)` above the lower bound of its i-th open
    parameter, and the `widths` in order for sizes such as n[l]. Raises InvalidInput where a bound cannot be met.
    """
    sizes: dict[Basic, int] = dict(network.sizes)
    free = 0
    for letter, low, high in network.parameters:
        if letter in sizes:
            continue
        known = Concrete(network, sizes)
        least = known.index(low, Scope())([])
        sizes[letter] = least + parameters(free)
        if high is not None:
            most = known.index(high, Scope())([])
            if most < least:
                raise InvalidInput(f"the size {letter} must lie in {least}..{most}, which is empty")
            sizes[letter] = min(sizes[letter], most)
        free += 1
    filling = _Filling(network, sizes, widths)
    for name in network.families:
        _visit(filling, name)
    names = {ref.quantity.name: ref.quantity for limits in network.families.values() for ref in _size_refs(limits)}
    chosen = sorted(filling.chosen.items())
    return sizes | {Ref(names[str(name)], *map(Integer, at)): value for (name, *at), value in chosen}


def _visit(filling: _Filling, name: str) -> None:
    """Ask for every size that the ranges of a quantity mention."""
    bounds = filling.family(name)
    for values in _within(bounds[:-1]):
        for low, high in bounds[-1:]:
            low(values), high(values)


def _size_refs(limits: tuple[Limit, ...]) -> set[Ref]:
    return {ref for _, low, high in limits for part in (low, high) if part is not None for ref in parts_of(part, Ref)}
