"""What a text speaks of: its quantities with the places of their indices, its layers, its functions, its cost."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain, count
from typing import NamedTuple

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import Fn, Quantity, Ref, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Network
from backprop_proofs.networks.structure import cost_or_none, letters_of_ranges, quantities_of, stages_of
from backprop_proofs.reading.meaning.dimensions import UNIT, Dim, Dimension, Dimensions
from backprop_proofs.reading.meaning.names import Use

ONE = Integer(1)
DOTS = ("inner", "entrywise")


@dataclass(frozen=True)
class Stage:
    """A place for a layer or a time: from low to high; `last` is the letter of the last one."""

    last: Symbol
    low: Expr
    high: Expr


Place = Stage | int  # a stage, or the node of a dimension


@dataclass(frozen=True)
class Family:
    """A quantity: its places in order, those of the superscripts first."""

    quantity: Quantity
    places: tuple[Place, ...]

    @property
    def above(self) -> int:
        """How many of its indices are written above."""
        return int(self.quantity.superscripts)

    def staged(self) -> int | None:
        """The place of its layer or time, if it has one."""
        return next((number for number, place in enumerate(self.places) if isinstance(place, Stage)), None)

    @property
    def stage(self) -> Stage | None:
        """Its layers or times, if it has some."""
        return next((place for place in self.places if isinstance(place, Stage)), None)


class Saved(NamedTuple):
    """What a world was before a line added to it."""

    families: dict[str, Family]
    fresh: set[str]
    functions: set[str]
    lengths: dict[str, Expr]
    dims: list[Dimension]


@dataclass
class World:
    """All that is known; it grows with the names that a text brings in.

    families by the written name; variables: letters of stages that take all values, as l does; sizes: the letters that
    stand for the length of a dimension.
    """

    dims: Dimensions = field(default_factory=Dimensions)
    families: dict[str, Family] = field(default_factory=dict)
    network: Network | None = None
    cost: Ref | None = None
    staged_size: Quantity = field(default_factory=lambda: Quantity("n"))
    named: dict[int, Symbol] = field(default_factory=dict)  # letters given to dimensions that the writer gave none
    fresh: set[str] = field(default_factory=set)  # names that nothing defines, met in a line
    functions: set[str] = field(default_factory=set)
    lengths: dict[str, Expr] = field(default_factory=dict)  # what a text calls the length of a dimension
    declared: set[Expr] = field(default_factory=set)  # lengths that the text declares, as in W ∈ R^{n×m}
    # how vectors stand: so, or as "rows"; "gradient rows"; Jacobians by "denominator"; u v "side by side" as u ⊙ v
    layout: str = "columns"
    dots: tuple[str, ...] = DOTS  # what · between vectors may be, the first that fits
    split: bool = True  # whether E = Σ_t f_t is read as Σ_t E_t
    single: str = ""  # the number whose formula is of columns with one entry each
    gradients: set[str] = field(default_factory=set)  # the names of gradients

    @contextmanager
    def laid_out(self, layout: str) -> Iterator[None]:
        """Vectors stand in another way for a while."""
        before, self.layout = self.layout, layout
        try:
            yield
        finally:
            self.layout = before

    def saved(self) -> Saved:
        """All that a line may add, to go back to."""
        return Saved(
            dict(self.families), set(self.fresh), set(self.functions), dict(self.lengths), self.dims.snapshot()
        )

    def restore(self, saved: Saved) -> None:
        """Go back to what was saved."""
        self.families, self.fresh, self.functions, self.lengths, nodes = saved
        self.dims.restore(nodes)

    def has_other_case(self, key: str, use: Use) -> bool:
        """Whether w_{ik} may be an entry of a known W, or W all of a known w."""
        other = self.families.get(key[:1].swapcase() + key[1:])
        if other is None:
            return False
        below = len(other.places) - other.above
        return other.above == len(use.above) and (len(use.below) == below or (not use.below and below == 2))

    def size(self, dim: Dim) -> Expr:
        """The upper end of a dimension."""
        node, stage = self.dims.root(dim)
        known = self.dims.known(dim)
        if known.value is not None:
            return known.value
        if stage is not None:
            return self.staged_size[stage]
        if node not in self.named:
            taken = {s.name for s in self.named.values()} | set(self.families)
            wanted = "n_" + (known.names[0] if known.names else "x")
            while wanted in taken:
                wanted += "_"
            self.named[node] = index(wanted)
        return self.named[node]

    def limits(self, dim: Dim) -> tuple[Expr, Expr]:
        """The ends of a dimension; the one row of a transposed vector is from 1 to 1."""
        return (ONE, ONE) if dim == UNIT else (ONE, self.size(dim))


def world_of(network: Network) -> World:
    """What a network speaks of, its dimensions fixed."""
    world = World(network=network)
    nodes: dict[object, int] = {}
    last = _last(network)
    quantities = quantities_of(network)
    for name, limits in network.families.items():
        if name not in quantities:
            continue
        letters = {letter for letter, _, _ in limits}
        staged = _stage_letters(network, name, limits)
        places: list[Place] = []
        for letter, low, high in limits:
            if letter in staged and high is not None:
                places.append(Stage(last or index("L"), low, high))
            else:
                places.append(_dimension(world, nodes, high, letters, name))
        world.families[name] = Family(quantities[name], tuple(places))
    world.functions |= {function.name for function in network.functions} | _function_names(network)
    world.cost = cost_or_none(network)
    world.dims.freeze()
    return world


def _dimension(world: World, nodes: dict[object, int], high: Expr | None, letters: set[Symbol], name: str) -> int:
    """The node of a range: n[l - 1] is that of n, one stage down."""
    if isinstance(high, Ref) and len(high.indices) == 1:
        stage = high.indices[0]
        base = nodes.setdefault(high.quantity, -1)
        if base < 0:
            base = nodes[high.quantity] = world.dims.new(name)
            world.staged_size = high.quantity
        variable = free_indices(stage) & letters
        if not variable:
            return world.dims.new_at(name, base, stage)
        shift = stage - next(iter(variable))
        if shift == 0:
            return base
        return world.dims.new_like(name, base, int(shift))
    if high not in nodes:
        nodes[high] = world.dims.new(name, staged=False, value=high)
    return nodes[high]


def _stage_letters(network: Network, name: str, limits: tuple[Limit, ...]) -> set[Symbol]:
    """The letters of a family's ranges that count layers or time: others' ranges speak of them, or equations step."""
    found: set[Symbol] = set()
    for number, (letter, _, _) in enumerate(limits):
        if letter in letters_of_ranges(limits[number + 1 :]) or (name, number) in stages_of(network):
            found.add(letter)
    return found


def _last(network: Network) -> Symbol | None:
    return next((letter for letter, _, _ in network.parameters if letter.name in ("L", "T", "S")), None)


def _function_names(network: Network) -> set[str]:
    return {call.name for definition in network.definitions for call in parts_of(definition.body, Fn)}


def extended(world: World, network: Network, limits: tuple[Limit, ...] = ()) -> Network:
    """The network with the names that a text brings in, as inputs, and the sizes that limits speak of."""
    families = {key: limits_of(world, family) for key, family in world.families.items() if key not in network.families}
    known = {letter for letter, _, _ in network.parameters}
    further = tuple(limit for limit in parameters_of({**families, "": limits}) if limit[0] not in known)
    return _with(network, tuple(families.items()), further)


@lru_cache(maxsize=64)
def _with(network: Network, families: tuple[tuple[str, tuple[Limit, ...]], ...], further: tuple[Limit, ...]) -> Network:
    """The network with further inputs and sizes: one object for the same ones."""
    inputs, parameters = dict(network.families) | dict(families), (*network.parameters, *further)
    return replace(network, families=inputs, parameters=parameters)


def spare_names(taken: Container[str]) -> Iterator[str]:
    """Names for letters, none of those taken."""
    usual = ("j", "k", "i", "p", "q", "r", "s", "u", "v")
    return (name for name in chain(usual, (f"j_{number}" for number in count(1))) if name not in taken)


def limits_of(world: World, family: Family) -> tuple[Limit, ...]:
    """The ranges of a quantity's indices, under letters of their own."""
    spare = spare_names(set())
    limits: list[Limit] = []
    stage: Symbol | None = None
    for place in family.places:
        if isinstance(place, Stage):
            stage = index("t" if place.last.name == "T" else "l")
            limits.append((stage, place.low, place.high))
    for place in family.places:
        if not isinstance(place, Stage):
            limits.append((index(next(spare)), *world.limits(Dim(place, stage))))
    order = iter(limits[(1 if stage is not None else 0) :])
    return tuple(limits[0] if isinstance(place, Stage) else next(order) for place in family.places)


def parameters_of(
    families: dict[str, tuple[Limit, ...]], firsts: Mapping[Symbol, Integer] | None = None
) -> tuple[Limit, ...]:
    """The letters that ranges are made of: the last stages, and the lengths of dimensions."""
    first = firsts or {}
    spoken: set[Symbol] = set()
    for limits in families.values():
        spoken |= letters_of_ranges(limits) - {letter for letter, _, _ in limits}
    order = sorted(spoken, key=lambda s: (s not in first, s.name))
    return tuple((letter, first.get(letter, Integer(1)), None) for letter in order)
