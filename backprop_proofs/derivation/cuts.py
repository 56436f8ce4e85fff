"""Cuts: the set S through which the chain rule is taken, found from the equations."""

from __future__ import annotations

from collections.abc import Set
from functools import lru_cache

from sympy import Expr, Symbol

from backprop_proofs.derivation.chain import spare_letter
from backprop_proofs.errors import UnknownName
from backprop_proofs.kernel.dependence import Region, find_path, region_of, users
from backprop_proofs.language.binding import each, fresh_index, substitute_index
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.indices import Facts, Limit, expression, letters_of, plus
from backprop_proofs.language.network import Network
from backprop_proofs.networks.structure import Slot, quantities_of, renamed_limits, stages_of


def instance(network: Network, name: str) -> tuple[Ref, tuple[Limit, ...]]:
    """A quantity at the letters of its own ranges, and those ranges. Raises UnknownName."""
    limits, known = network.slots(name), quantities_of(network)
    if name not in known:
        raise UnknownName("quantity", name, known)
    return Ref(known[name], *(letter for letter, _, _ in limits)), limits


def users_of(network: Network, wrt: Ref, cost: Ref, limits: tuple[Limit, ...]) -> tuple[Expr, ...]:
    """The sets of quantities that use `wrt` on the way to the cost: all neurons of a layer, but only layers that do."""
    stages = stages_of(network)
    found: dict[str, Expr] = {}
    facts, taken = network.facts(limits), tuple(letter for letter, _, _ in (*limits, *network.parameters))
    for _, user in users(network, region_of(wrt), facts):
        known = facts.given(user.where)
        leads = user.quantity == cost.quantity or find_path(network, user, region_of(cost), (), known)
        if leads:
            key = f"{user.quantity.name} {_stage_lines(user, stages)}"
            found.setdefault(key, _as_set(network, user, stages, taken, known))
    return tuple(found.values())


@lru_cache(maxsize=256)
def is_recursive(network: Network, name: str) -> bool:
    """Whether a quantity may depend on others of its name, as along layers or time."""
    here, limits = instance(network, name)
    fresh = {letter: fresh_index(letter) for letter, _, _ in limits}
    other = Ref(here.quantity, *fresh.values())
    apart = region_of(other, renamed_limits(limits, fresh))
    return find_path(network, region_of(here), apart, (), network.facts(limits)) is not None


def _stage_lines(region: Region, stages: Set[Slot]) -> str:
    kept = (part for place, part in enumerate(region.lines) if (region.quantity.name, place) in stages)
    return ",".join(str(expression(part)) for part in kept)


def _as_set(network: Network, region: Region, stages: Set[Slot], taken: tuple[Symbol, ...], known: Facts) -> Expr:
    """The region as a set, its neurons running over all of their range under letters that are not taken."""
    indices: list[Expr] = []
    limits: list[Limit] = []
    given: dict[Symbol, Expr] = {}
    for place, (slot, low, high) in enumerate(network.slots(region.quantity.name)):
        value = expression(region.lines[place])
        low, high = substitute_index(low, given), high and substitute_index(high, given)
        ranged = isinstance(value, Symbol) and region.lines[place].keys() <= set(region.letters)
        if ranged:
            (letter,) = region.lines[place]
            low, high = _tightest(region, letter, 1, known) or low, _tightest(region, letter, -1, known) or high
        if low == high:
            value = low
        elif ranged or (region.quantity.name, place) not in stages:
            used = (*taken, *(letter for letter, _, _ in limits))
            value = slot if ranged and slot not in used else spare_letter(used)
            limits.append((value, low, high))
        given[slot] = value
        indices.append(value)
    return each(Ref(region.quantity, *indices), *limits)


def _tightest(region: Region, letter: str, sign: int, known: Facts) -> Expr | None:
    """The bound of a region's letter (sign 1: the lower, -1: the upper one) that all others follow from."""
    bounds = [plus({letter: 1}, part, -sign) for part in region.where if part.get(letter) == sign]
    bounds = [bound for bound in bounds if not letters_of(bound) & set(region.letters)]
    for bound in bounds:
        if all(known.follows(plus({}, plus(bound, other, -1), sign)) for other in bounds):
            return expression(bound)
    return None
