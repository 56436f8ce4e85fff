"""Cuts: the set S through which the chain rule is taken, found from the equations."""

from __future__ import annotations

from sympy import Expr, Symbol

from backprop_proofs.derivation.chain import spare_letter
from backprop_proofs.errors import InvalidInput
from backprop_proofs.kernel.dependence import Region, find_path, region_of, users
from backprop_proofs.language.binding import each, fresh_index, substitute_index
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.indices import Facts, Limit, atom_of, expression, letters_of, line, plus
from backprop_proofs.language.network import Definition, Network

Slot = tuple[str, int]  # a quantity's name and the place of one of its indices


def cost_of(network: Network) -> Ref:
    """The cost: the one scalar that an equation defines and none uses. Raises InvalidInput for none or several."""
    used = {ref.name for definition in network.definitions for ref in definition.body.atoms(Ref)}
    scalars = [d.ref for d in network.definitions if not d.ref.indices and d.ref.name not in used]
    if len(scalars) != 1:
        found = ", ".join(ref.name for ref in scalars) or "none"
        raise InvalidInput(f"the cost: expected one scalar that is defined and not used further; found {found}")
    return scalars[0]


def instance(network: Network, name: str) -> tuple[Ref, tuple[Limit, ...]]:
    """A quantity at the letters of its own ranges, and those ranges. Raises UnknownName."""
    limits = network.slots(name)
    quantity = next(r.quantity for d in _equations(network) for r in (d.ref, *d.body.atoms(Ref)) if r.name == name)
    return Ref(quantity, *(letter for letter, _, _ in limits)), limits


def users_of(network: Network, wrt: Ref, cost: Ref, limits: tuple[Limit, ...]) -> tuple[Expr, ...]:
    """The sets of quantities that use `wrt` on the way to the cost: all neurons of a layer, but only layers that do."""
    stages = _stages(network)
    found: dict[str, Expr] = {}
    facts, taken = network.facts(limits), tuple(letter for letter, _, _ in (*limits, *network.parameters))
    for _, user in users(network, region_of(wrt), facts):
        known = facts.given(user.where)
        leads = user.quantity == cost.quantity or find_path(network, user, region_of(cost), (), known)
        if leads:
            key = f"{user.quantity.name} {_stage_lines(user, stages)}"
            found.setdefault(key, _as_set(network, user, stages, taken, known))
    return tuple(found.values())


def is_recursive(network: Network, ref: Ref) -> bool:
    """Whether a quantity may depend on others of its name, as along layers or time."""
    limits = network.slots(ref.name)
    here = region_of(Ref(ref.quantity, *(letter for letter, _, _ in limits)))
    fresh = {letter: fresh_index(letter) for letter, _, _ in limits}
    other = Ref(ref.quantity, *fresh.values())
    apart = tuple((fresh[s], substitute_index(a, fresh), b and substitute_index(b, fresh)) for s, a, b in limits)
    return find_path(network, here, region_of(other, apart), (), network.facts(limits)) is not None


def _equations(network: Network) -> tuple[Definition, ...]:
    return network.definitions + network.abbreviations


def _stages(network: Network) -> set[Slot]:
    """The index places that count layers or time: where an equation steps from one value to another."""
    links: dict[Slot, set[Slot]] = {}
    stepped: set[Slot] = set()
    for definition in network.definitions:
        letters = definition.ref.indices
        places = {atom_of(s): place for place, s in enumerate(letters) if isinstance(s, Symbol)}
        for ref in definition.body.atoms(Ref):
            for place, index in enumerate(ref.indices):
                for letter in places.keys() & line(index).keys():
                    mine, theirs = (definition.ref.name, places[letter]), (ref.name, place)
                    links.setdefault(mine, set()).add(theirs)
                    links.setdefault(theirs, set()).add(mine)
                    if line(index).keys() == {letter, None}:
                        stepped.add(theirs)
    todo = list(stepped)
    while todo:
        new = links.get(todo.pop(), set()) - stepped
        stepped |= new
        todo += new
    return stepped


def _stage_lines(region: Region, stages: set[Slot]) -> str:
    kept = (part for place, part in enumerate(region.lines) if (region.quantity.name, place) in stages)
    return ",".join(str(expression(part)) for part in kept)


def _as_set(network: Network, region: Region, stages: set[Slot], taken: tuple[Symbol, ...], known: Facts) -> Expr:
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
        if ranged or (region.quantity.name, place) not in stages:
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
