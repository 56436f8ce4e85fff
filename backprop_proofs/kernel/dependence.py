"""Which quantities depend on which: the paths that the chain rule sums over.

A path runs from a quantity to one whose equation uses it. Layers and neurons stay letters, so a search walks regions
(all instances of a quantity whose letters satisfy some inequalities). Where it cannot tell, it takes a region too
large: "no path" holds for all sizes, "a path" may be one too many, and only costs a refusal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sympy import Expr
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidNetwork
from backprop_proofs.language.binding import each, opened
from backprop_proofs.language.expressions import Binder, Each, Quantity, Ref
from backprop_proofs.language.indices import (
    Facts,
    Limit,
    Line,
    atom_of,
    bounds,
    expression,
    fresh_atom,
    letters_of,
    line,
    plus,
    put,
)
from backprop_proofs.language.network import Definition, Network

_REGIONS = 8  # of one quantity; after them a search takes all instances at once; after twice as many it gives up
_FOUND: WeakKeyDictionary[Network, dict[object, Path | None]] = WeakKeyDictionary()


class Region(NamedTuple):
    """All instances of a quantity at `lines`, for values of `letters` at which each of `where` is at least 0."""

    quantity: Quantity
    lines: tuple[Line, ...]
    letters: tuple[str, ...] = ()
    where: tuple[Line, ...] = ()

    def __str__(self) -> str:
        return str(Ref(self.quantity, *map(expression, self.lines)))

    def at(self, values: Mapping[str, Line]) -> Region:
        """The region with letters replaced."""
        return self._replace(
            lines=tuple(put(part, values) for part in self.lines), where=tuple(put(part, values) for part in self.where)
        )


Path = tuple[Region, ...]


def region_of(ref: Ref, limits: tuple[Limit, ...] = ()) -> Region:
    """The instances of `ref` as the letters of `limits` vary."""
    letters = tuple(atom_of(letter) for letter, _, _ in limits)
    return Region(ref.quantity, tuple(map(line, ref.indices)), letters, tuple(bounds(limits)))


def unpacked(instances: Expr) -> tuple[Ref, tuple[Limit, ...]]:
    """A set (`Ref` or nested `Each`) as a quantity and the limits of letters of its own."""
    limits: list[Limit] = []
    while isinstance(instances, Each):
        instances, limit = opened(instances)
        limits.append(limit)
    return instances, tuple(limits)


def members(instances: Expr) -> Region:
    """A set as a region."""
    return region_of(*unpacked(instances))


def may_meet(left: Region, right: Region, facts: Facts) -> bool:
    """Whether the two regions, of different letters, may have an instance in common; False is certain."""
    known = facts.given(left.where + right.where)
    gaps = (plus(one, other, -1) for one, other in zip(left.lines, right.lines, strict=False))
    return left.quantity == right.quantity and not any(map(known.apart, gaps))


def covered(region: Region, sets: tuple[Expr, ...], facts: Facts) -> bool:
    """Whether one of the sets certainly holds every instance of the region."""
    return any(_holds(members(instances), region, facts) for instances in sets)


def _holds(outer: Region, inner: Region, facts: Facts) -> bool:
    known, solved = facts.given(inner.where), dict[str, Line]()
    for pattern, value in zip(outer.lines, inner.lines, strict=False):
        gap = plus(value, put(pattern, solved), -1)
        letter = next((s for s in outer.letters if gap.get(s) == -1), None)
        if letter is not None:
            solved[letter] = plus(gap, {letter: 1})
        elif gap and not (known.follows(gap) and known.follows(plus({}, gap, -1))):
            return False
    apart = set(outer.letters).isdisjoint(inner.letters)
    whole = outer.quantity == inner.quantity and len(solved) == len(outer.letters) and apart
    return whole and all(known.follows(put(part, solved)) for part in outer.where)


def find_path(
    network: Network, start: Region, end: Region, avoiding: tuple[Expr, ...], facts: Facts, outside: bool = False
) -> Path | None:
    """A path of at least one step from start to end with no inner member in `avoiding`, or None: there is none.

    outside: only instances of the end that are not in `avoiding` count as reached.
    """
    if not any(definition.ref.quantity == end.quantity for definition in network.definitions + network.abbreviations):
        return None
    found = _FOUND.setdefault(network, {})
    question = (outside, _question((start, end, *map(members, avoiding)), facts))
    if question not in found:
        found[question] = _search(network, start, end, avoiding, facts, outside)
    return found[question]


def _question(regions: tuple[Region, ...], facts: Facts) -> object:
    """What the answer depends on, the same for the same question in other fresh letters."""
    numbers: dict[str, object] = {}

    def form(atom: object) -> object:
        if isinstance(atom, tuple):
            return (atom[0], *(frozenset((form(inner), n) for inner, n in part) for part in atom[1:]))
        return numbers.setdefault(atom, len(numbers)) if isinstance(atom, str) and "#" in atom else atom

    def shape(part: Line) -> object:
        return tuple((form(atom), factor) for atom, factor in part.items())

    shapes = [(r.quantity, *map(shape, r.lines), len(r.letters), *map(shape, r.where)) for r in regions]
    return (*shapes, *map(shape, facts.known))


def _search(
    network: Network, start: Region, end: Region, avoiding: tuple[Expr, ...], facts: Facts, outside: bool
) -> Path | None:
    todo: list[tuple[Region, Path]] = [(start, (start,))]
    seen = {start.quantity: [start]}
    while todo:
        region, path = todo.pop(0)
        for used, user in users(network, region, facts, network.is_abbreviation(end.quantity.name)):
            if len(path) > 1 and any(covered(instances, avoiding, facts) for instances in used):
                continue
            known = seen.setdefault(user.quantity, [])
            reached = may_meet(user, end, facts) and not (outside and covered(user, avoiding, facts))
            if reached or len(known) > 2 * _REGIONS:  # given up: as if there were a path
                return (*path, end)
            if not any(_holds(old, user, facts) for old in known):
                before = [passed for passed in path if passed.quantity == user.quantity]
                known.append(_widened(network, before, user, facts) if len(before) > 1 else user)
                todo.append((known[-1], (*path, user)))
    return None


@lru_cache(maxsize=256)
def check_network(network: Network) -> None:
    """Raise InvalidNetwork where a quantity may depend on itself, or may have two definitions."""
    equations = network.definitions + network.abbreviations
    for one, other in combinations(equations, 2):
        if may_meet(region_of(one.ref, one.limits), members(each(other.ref, *other.limits)), network.facts()):
            raise InvalidNetwork(f"{one.ref} has two definitions")
    for definition in equations:
        here, facts = region_of(definition.ref), network.facts(definition.limits)
        path = find_path(network, here, here, (), facts)
        if path:
            raise InvalidNetwork(f"{definition.ref} may depend on itself: {' -> '.join(map(str, path))}")


def users(network: Network, region: Region, facts: Facts, names: bool = False) -> Iterator[tuple[Path, Region]]:
    """((instances used, in the region's letters and in the equation's), users) for every use of the region.

    names: also those in abbreviations, which nothing but abbreviations uses further.
    """
    for definition in network.definitions + (network.abbreviations if names else ()):
        for use, user in _uses(definition):
            if use.quantity == region.quantity:
                yield from _meet(region, use, user, facts)


@lru_cache(maxsize=4096)
def _uses(definition: Definition) -> tuple[tuple[Region, Region], ...]:
    """Each quantity in the body of a definition, with its ranges, and what is defined by it."""

    def collect(expr: Basic, limits: tuple[Limit, ...]) -> Iterator[tuple[Region, Region]]:
        if isinstance(expr, Ref):
            yield region_of(expr, limits), region_of(definition.ref, limits)
        elif isinstance(expr, Binder):
            body, limit = opened(expr)
            yield from collect(body, (*limits, limit))
        else:
            for part in expr.args:
                yield from collect(part, limits)

    return tuple(collect(definition.body, definition.limits))


def _meet(region: Region, use: Region, user: Region, facts: Facts) -> Iterator[tuple[Path, Region]]:
    """The instances of the region that a use names, and their users; nothing where there are certainly none."""
    fresh = {letter: {fresh_atom(letter): 1} for letter in use.letters}
    use, user, letters = use.at(fresh), user.at(fresh), [*region.letters, *(s for (s,) in fresh.values())]
    solved: dict[str, Line] = {}
    for mine, theirs in zip(region.lines, use.lines, strict=True):
        gap = plus(put(mine, solved), put(theirs, solved), -1)
        letter = next((s for s in letters if abs(gap.get(s, 0)) == 1), None)
        if letter is not None:
            value = plus({letter: 1}, gap, -gap[letter])
            solved = {old: put(new, {letter: value}) for old, new in solved.items()} | {letter: value}
        elif facts.given(region.where + use.where).apart(gap):
            return
    where = tuple(put(part, solved) for part in region.where + use.where)
    known = facts.given(where)
    if not any(known.follows(plus({None: -1}, part, -1)) for part in where):
        left = [letter for letter in letters if letter not in solved]
        yield tuple(_kept(r.at(solved), left, where) for r in (region, use)), _kept(user.at(solved), left, where)


def _kept(region: Region, letters: list[str], where: tuple[Line, ...]) -> Region:
    """The region with those of the letters that stand in it, and the inequalities without the others."""
    spoken = {s for part in region.lines for s in letters_of(part)} & set(letters)
    silent = set(letters) - spoken
    kept = {frozenset(part.items()): part for part in where if part.keys() != {None} and not letters_of(part) & silent}
    return region._replace(letters=tuple(sorted(spoken)), where=tuple(kept.values()))


def _widened(network: Network, before: list[Region], new: Region, facts: Facts) -> Region:
    """A region that holds `new` and, along the first index that has moved on, all that lies further on."""
    old = before[-1]
    known, lines, where, moved = facts.given(old.where + new.where), [], list(new.where), len(before) >= _REGIONS
    slots = network.slots(new.quantity.name)
    fresh = {slot: fresh_atom(slot) for slot in (atom_of(letter) for letter, _, _ in slots)}
    for letter, earlier, after in zip(fresh.values(), old.lines, new.lines, strict=True):
        step = plus(after, earlier, -1)
        if moved or (step and not any(after == {s: 1} for s in new.letters)):
            if not moved and not letters_of(after) & set(new.letters):
                where += [plus({letter: 1}, after, -1)] if known.follows(plus(step, {None: -1})) else []
                where += [plus(after, {letter: 1}, -1)] if known.follows(plus({None: -1}, step, -1)) else []
            after, moved = {letter: 1}, True
        lines.append(after)
    values = {fresh[slot]: part for slot, part in zip(fresh, lines, strict=True)}
    renamed = (put(part, {slot: {letter: 1} for slot, letter in fresh.items()}) for part in bounds(slots))
    where += [put(part, values) for part in renamed] if moved else []
    return _kept(Region(new.quantity, tuple(lines)), [*new.letters, *fresh.values()], tuple(where))
