"""What a network is made of, for the generator of lines, and what the letters of a line run over in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from checking.generated_terms import CONSTANTS, At, D, Delta, Limits, Q, Sum, Term, children

P = 2**61 - 1
Key = tuple[Any, ...]
Env = dict[str, int]


class Misfit(Exception):
    """Indices or shapes that do not fit, or a quantity that does not exist."""


class Slot(NamedTuple):
    """What one index of a quantity runs over: `low` to the size `name`; of units, the width of the layer + `offset`."""

    name: str
    low: int = 1
    offset: int | None = None
    unit: bool = True


def span(name: str, low: int) -> Slot:
    """The range of a layer, a time or an example."""
    return Slot(name, low, None, False)


@dataclass(frozen=True, eq=False)
class Model:
    """Quantities, what defines them, and sizes to try. errors: names for derivatives, such as δ.

    low: the first layer or time from which a definition holds. functions: "any", "sigmoid", "tanh", "exp" or "ln".
    """

    families: Mapping[str, tuple[Slot, ...]]
    definitions: tuple[tuple[Q, Term], ...]
    errors: tuple[tuple[Q, D], ...]
    functions: Mapping[str, str]
    sizes: tuple[Mapping[str, Any], ...]
    low: Mapping[str, int]
    assumption: Callable[[dict[Key, int]], None] | None = None

    def is_whole(self, quantity: Q) -> bool:
        """Whether it stands for a whole vector or matrix."""
        return len(quantity.at) < len(self.families[quantity.name])


class Sized(Protocol):
    """A model with its sizes chosen."""

    model: Model
    sizes: Mapping[str, Any]

    def width(self, slot: Slot, lead: int | None) -> int:
        """The number of units that an index runs over."""


def inverse(value: int) -> int:
    """1/value in the field; raises Misfit for 0."""
    if value % P == 0:
        raise Misfit("a quotient by 0")
    return pow(value, -1, P)


def place_of(index: At, env: Env) -> int:
    """The number that an index is."""
    try:
        return env[index.letter] + index.offset if index.letter else index.offset
    except KeyError:
        raise Misfit(f"{index.letter} is nowhere bound") from None


# What letters run over


class Use(NamedTuple):
    """A letter in the index of a quantity."""

    slot: Slot
    lead: At | None
    offset: int


Uses = dict[str, list[Use]]


def uses_of(quantity: Q, model: Model) -> Uses:
    found: Uses = {}
    slots = model.families[quantity.name]
    for index, slot in zip(quantity.at, slots, strict=False):
        if index.letter and index.letter not in CONSTANTS:
            lead = quantity.at[0] if slot.offset is not None else None
            found.setdefault(index.letter, []).append(Use(slot, lead, index.offset))
    return found


def joined(parts: list[Uses]) -> Uses:
    found: Uses = {}
    for part in parts:
        for letter, uses in part.items():
            found.setdefault(letter, []).extend(uses)
    return found


def uses_in(term: Term, model: Model) -> Uses:
    if isinstance(term, Q):
        return uses_of(term, model)
    if isinstance(term, Delta):
        return {index.letter: [] for index in (term.one, term.other) if index.letter}
    found = joined([uses_in(child, model) for child in children(term)])
    if isinstance(term, Sum):
        found.pop(term.letter, None)
    return found


def reach(uses: list[Use], instance: Sized, env: Env, limits: Limits | None) -> tuple[int, int]:
    """What a letter runs over; raises Misfit where its uses do not agree, or there is none."""
    spans = [_span(use, instance, env) for use in uses]
    exact = [(low, high) for low, high, unit in spans if unit]
    if not spans or 0 < len(exact) < len(spans) or len(set(exact)) > 1:
        raise Misfit("the uses of a letter do not agree")
    low, high = max(low for low, _, _ in spans), min(high for _, high, _ in spans)
    if limits is None:
        return low, high
    wanted = limits.low, _size_of(limits, instance, env)
    if (exact and wanted != (low, high)) or wanted[0] < low or wanted[1] > high:
        raise Misfit("the limits of a sum do not fit")
    return wanted


def _span(use: Use, instance: Sized, env: Env) -> tuple[int, int, bool]:
    if not use.slot.unit:
        return use.slot.low - use.offset, instance.sizes[use.slot.name] - use.offset, False
    if use.offset:
        raise Misfit("a unit is shifted")
    return 1, instance.width(use.slot, place_of(use.lead, env) if use.lead is not None else None), True


def _size_of(limits: Limits, instance: Sized, env: Env) -> int:
    if limits.layer is None:
        return int(instance.sizes[limits.name])
    width = instance.sizes[limits.name].get(place_of(limits.layer, env))
    if width is None:
        raise Misfit("no such layer")
    return int(width)
