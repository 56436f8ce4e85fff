"""A network from the equations that declare it, in the writer's own letters.

What each index runs over, and from which layer or time on an equation holds, is found from the equations themselves.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sympy import Expr, Integer, Symbol

from backprop_proofs.errors import InvalidNetwork
from backprop_proofs.language.binding import (
    each,
    free_indices,
    opened,
    replace_scalar,
    substitute,
    substitute_index,
    substitute_limits,
    sum_over,
)
from backprop_proofs.language.expressions import GIVEN_FUNCTIONS, Fn, IndexSum, Opaque, Partial, Quantity, Ref, parts_of
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.activations import activation_named
from backprop_proofs.networks.structure import cost_or_none, renamed_limits
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.built import network_of
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.dimensions import Dim
from backprop_proofs.reading.meaning.elaborate import Elaborator
from backprop_proofs.reading.meaning.names import COSTS, bare_key, index_letters, names_of
from backprop_proofs.reading.meaning.rewriting import numbered, renamed
from backprop_proofs.reading.meaning.statement import Link, link
from backprop_proofs.reading.meaning.world import DOTS, Family, Stage, World, limits_of, parameters_of, spare_names
from backprop_proofs.reading.syntax import Node

MOST_EQUATIONS = 60
_VARIABLE = Ref(Quantity("u"))
_FORMULAS = ("sigmoid", "tanh", "softplus")


@dataclass(frozen=True)
class Declared:
    """One equation that defines: its name's key and both sides."""

    key: str
    left: Node
    right: Node


def spoken_of(declared: Iterable[Declared]) -> set[str]:
    """The names in equations."""
    return {bare_key(name) for one in declared for side in (one.left, one.right) for name in names_of(side)}


def are_unlike(one: Declared, other: Declared, census: Census) -> bool:
    """Whether a_j and a_k have equations that are not the same in other letters: they may be two quantities."""
    lefts = [each.left for each in (one, other)]
    names = [left for left in lefts if isinstance(left, tree.Name)]
    letters = [index_letters(name) for name in names if all(script.bracket for script in name.above)]
    if len(letters) < 2 or names[0].above != names[1].above or letters[0] == letters[1] or not all(letters):
        return False
    first, second = (numbered(tree.Chain((each.left, each.right)), census.is_letter) for each in (one, other))
    return first != second


@dataclass
class _Plan:
    """Where equations hold: for each quantity, how far below and above the equations' own stage it is used."""

    below: dict[str, int] = field(default_factory=dict)
    above: dict[str, int] = field(default_factory=dict)


def declared_network(
    equations: Iterable[Declared],
    census: Census,
    costs: Iterable[str] = (),
    functions: Iterable[FunctionDefinition] = (),
    layout: str = "columns",
    shapes: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    dots: tuple[str, ...] = DOTS,
    single: bool = False,
    split: bool = True,
) -> tuple[Network, World]:
    """The network that the equations define; a cost that none defines is any function of what nothing else uses.

    dots: what · between vectors may be. single: whether the columns in the formula of the cost have one entry each.
    split: whether a cost that is a sum over times is given a name for each of its terms.
    Raises Misfit, NotUnderstood or InvalidNetwork.
    """
    todo = tuple(equations)
    if len(todo) > MOST_EQUATIONS:
        raise InvalidNetwork(f"a network of at most {MOST_EQUATIONS} equations is understood; found {len(todo)}")
    world = World(layout=layout, functions={function.name for function in functions}, dots=dots, split=split)
    census.lefts = {one.key for one in todo}
    named = next(iter(costs), None) or next((one.key for one in reversed(todo) if one.key in COSTS), None)
    world.cost = Ref(Quantity(named)) if named else None
    world.single = named or "" if single else ""
    plan = _Plan()
    for one in todo:
        made, maker = link(world, census, one.left, one.right, open_=True)
        _note_stages(plan, made, maker, world)
    for key, lengths in shapes.items():
        _declare_shape(world, key, lengths)
    firsts = _first_stages(world, plan, census.at_layer_zero())
    _close(world, plan, firsts)
    made_links = [(one, link(world, census, one.left, one.right)[0]) for one in todo]
    world.dots = DOTS
    return _network(world, made_links, tuple(costs), firsts, tuple(functions))


def _declare_shape(world: World, key: str, lengths: tuple[str, ...]) -> None:
    """W ∈ R^{n×m}: the lengths of a quantity's dimensions by their letters."""
    family = world.families.get(key)
    nodes = [place for place in family.places if isinstance(place, int)] if family else []
    if len(nodes) != len(lengths):
        return
    for node, length in zip(nodes, lengths, strict=True):
        dim, named = Dim(node), index(length)
        if world.dims.known(dim).value is None and world.dims.root(dim)[1] is None:
            world.dims.give_value(dim, named)
            world.declared.add(named)


def _note_stages(plan: _Plan, made: Link, maker: Elaborator, world: World) -> None:
    """How far from the stage of its left side an equation uses each quantity."""
    left = made.equation.lhs
    own = _stage_of(world, left) if isinstance(left, Ref) else None
    for key, indices in maker.refs:
        family = world.families.get(key)
        place = family.staged() if family else None
        if place is None:
            continue
        gap = indices[place] - own if own is not None else None
        step = int(gap) if isinstance(gap, Integer) else 0
        plan.below[key] = min(plan.below.get(key, 0), step)
        plan.above[key] = max(plan.above.get(key, 0), step)


def _stage_of(world: World, ref: Ref) -> Expr | None:
    family = world.families.get(ref.name)
    place = family.staged() if family else None
    return None if place is None else ref.indices[place]


def _first_stages(world: World, plan: _Plan, at_zero: set[str]) -> dict[Symbol, Integer]:
    """The first stage at which equations hold: layer 2, time 1; layer 1 where a^0 is written."""
    lasts = {place.last for family in world.families.values() for place in family.places if isinstance(place, Stage)}
    layer = 1 if any(plan.below.get(key) == -1 for key in at_zero) else 2
    return {last: Integer(1 if last.name == "T" else layer) for last in lasts}


def _close(world: World, plan: _Plan, firsts: dict[Symbol, Integer]) -> None:
    """Give each quantity the stages at which it is used."""
    for key, family in world.families.items():
        places = tuple(
            Stage(p.last, firsts[p.last] + plan.below.get(key, 0), p.last + plan.above.get(key, 0))
            if isinstance(p, Stage)
            else p
            for p in family.places
        )
        world.families[key] = Family(family.quantity, places)


def _network(
    world: World,
    links: list[tuple[Declared, Link]],
    costs: tuple[str, ...],
    firsts: dict[Symbol, Integer],
    functions: tuple[FunctionDefinition, ...],
) -> tuple[Network, World]:
    definitions: list[Definition] = []
    names: list[Definition] = []
    defined = {one.key for one, _ in links}
    for _, made in links:
        _begin_earlier(world, made, firsts, defined)
    for one, made in links:
        known = _definition(world, made, firsts, one)
        spoken = {ref.name for ref in parts_of(known.body, Ref)}
        derived = parts_of(known.body, Partial) or spoken & {name.ref.name for name in names}
        (names if derived else definitions).append(known)
    if world.split:
        definitions = [part for known in definitions for part in _over_times(world, known)]
    for cost in costs:
        if cost not in {d.ref.name for d in definitions} and (definitions or names):
            world.families[cost] = Family(Quantity(cost), ())
            definitions.append(_any_cost(world, cost, definitions))
    for definition in definitions + names:
        _check_order(definition, definitions)
    families = {key: limits_of(world, family) for key, family in world.families.items()}
    formulas = apart((*_functions(definitions + names, functions), *functions), families)
    parameters = parameters_of(families, firsts)
    network = network_of(families, tuple(definitions), tuple(names), formulas, parameters)
    world.network = network
    world.cost = cost_or_none(network) or world.cost
    world.gradients = {n.ref.name for n in names if parts_of(n.body, Partial)}
    world.dims.freeze()
    return network, world


def _definition(world: World, made: Link, firsts: dict[Symbol, Integer], one: Declared) -> Definition:
    """left = right as a definition, its left side at the plain stage l."""
    left, right = made.equation
    if not isinstance(left, Ref):
        raise InvalidNetwork(f"a definition has one quantity on its left; found another expression for {one.key}")
    limits = made.limits
    stage = _stage_of(world, left)
    if stage is not None and not isinstance(stage, Symbol | Integer):
        (letter,) = free_indices(stage) & {s for s, _, _ in limits}
        shift = {letter: letter - (stage - letter)}
        left, right = substitute(left, shift), substitute(right, shift)
        others = tuple(limit for limit in limits if limit[0] != letter)
        limits = ((letter, Integer(0), letter), *substitute_limits(others, shift))
        stage = letter
    run = world.families[left.name].stage
    if run is not None and stage in {s for s, _, _ in limits}:
        first = run.low if _holds_throughout(world, left, right, firsts) else firsts[run.last]
        limits = tuple((s, first, run.last) if s == stage else (s, a, b) for s, a, b in limits)
    free = set(left.indices)
    extra = [s for s, _, _ in limits if s not in free]
    if extra:
        raise InvalidNetwork(f"the definition of {left.name} has {extra[0]} free on its right side only")
    return _in_usual_letters(world, Definition(left, tuple(m for m in limits if m[0] in free), right))


def _begin_earlier(world: World, made: Link, firsts: Mapping[Symbol, Expr], defined: Container[str]) -> None:
    """Let the inputs of u^l = W^l x^l begin where u is used first, in x^{l+1} = x^l + u^l, if all else is there."""
    left, right = made.equation
    run = world.families[left.name].stage if isinstance(left, Ref) else None
    if run is None or run.low == firsts[run.last] or not _stands_at_one(world, left, right):
        return
    names = sorted({ref.name for ref in parts_of(right, Ref)})
    if all(_low(world, name, run) == run.low for name in names if name in defined):
        for name in names:
            family = world.families.get(name)
            if family is not None and name not in defined:
                places = tuple(replace(p, low=run.low) if isinstance(p, Stage) else p for p in family.places)
                world.families[name] = Family(family.quantity, places)


def _holds_throughout(world: World, left: Ref, right: Expr, firsts: Mapping[Symbol, Expr]) -> bool:
    """Whether an equation holds wherever its left side is used, as all on its right side is there."""
    run = world.families[left.name].stage
    assert run is not None
    names = {ref.name for ref in parts_of(right, Ref)}
    there = all(_low(world, name, run) == run.low for name in names)
    return run.low != firsts[run.last] and _stands_at_one(world, left, right) and there


def _low(world: World, name: str, run: Stage) -> Expr:
    """The first stage of a quantity; that of another where it has none."""
    family = world.families.get(name)
    stage = family.stage if family else None
    return run.low if stage is None or stage.last != run.last else stage.low


def _stands_at_one(world: World, left: Ref, right: Expr) -> bool:
    """Whether all of an equation stands at the stage of its left side, a letter."""
    own = _stage_of(world, left)
    stages = {_stage_of(world, ref) for ref in parts_of(right, Ref)} - {None}
    return isinstance(own, Symbol) and stages == {own}


def _in_usual_letters(world: World, known: Definition) -> Definition:
    """The definition in the letters of its quantity's ranges, so that writers of other letters have one network."""
    slots = [letter for letter, _, _ in limits_of(world, world.families[known.ref.name])]
    bound = {letter for letter, _, _ in known.limits}
    usual = {old: new for old, new in zip(known.ref.indices, slots, strict=True) if old in bound}
    limits = renamed_limits(known.limits, usual)
    return Definition(substitute(known.ref, usual), limits, substitute(known.body, usual))


def _over_times(world: World, known: Definition) -> list[Definition]:
    """E = Σ_t f_t as E = Σ_t E_t and E_t = f_t, so that a path to E goes through one time, or through the next."""
    sizes = {index("T"), *free_indices(known.body)}  # a number has no other free letters
    total = next((s for s in parts_of(known.body, IndexSum) if _is_time(s) and free_indices(s) <= sizes), None)
    if total is None or known.ref.indices or isinstance(total.body, Ref):
        return [known]
    body, (letter, low, high) = opened(total)
    t, key = index("t"), f"{known.ref.name}_t"
    if key in world.families:
        return [known]
    at = Quantity(key)
    world.families[key] = Family(at, (Stage(high, low, high),))
    whole = known.body.xreplace({total: sum_over(at[t], (t, low, high))})
    return [Definition(at[t], ((t, low, high),), substitute(body, {letter: t})), Definition(known.ref, (), whole)]


def _is_time(total: IndexSum) -> bool:
    return total.limit[2] == index("T")


def _check_order(definition: Definition, definitions: list[Definition]) -> None:
    """Raise InvalidNetwork for a quantity that defines itself."""
    if any(ref == definition.ref for ref in parts_of(definition.body, Ref)):
        raise InvalidNetwork(f"{definition.ref.name} is defined by itself")


def _any_cost(world: World, cost: str, definitions: list[Definition]) -> Definition:
    """Any function of the quantities that no equation uses further, at the last layer where they run through layers."""
    used = {ref.name for d in definitions for ref in parts_of(d.body, Ref) if ref.name != d.ref.name}
    sinks = [d for d in definitions if d.ref.name not in used]
    if not sinks:
        sinks = [d for d in definitions if _recursive(world, d, definitions)] or definitions[-1:]
    sets = tuple(dict.fromkeys(_all_of(world, d.ref.name) for d in sinks))
    if not sets:
        raise InvalidNetwork(f"nothing says what {cost} depends on")
    return Definition(Ref(Quantity(cost)), (), Opaque(cost, *sets))


def _recursive(world: World, definition: Definition, definitions: list[Definition]) -> bool:
    """Whether the quantity is all that one stage hands to the next: used by later stages, and not by its own."""
    place = world.families[definition.ref.name].staged()
    if place is None:
        return False
    mine = definition.ref.quantity
    users = [(ref, _stage_of(world, d.ref)) for d in definitions for ref in parts_of(d.body, Ref)]
    later = [own is not None and ref.indices[place] != own for ref, own in users if ref.quantity == mine]
    return any(later) and all(later)


def _all_of(world: World, key: str) -> Expr:
    """All instances of a quantity; of a layered one, those of the last layer, of one in time, those of all times."""
    family = world.families[key]
    limits = limits_of(world, family)
    kept, given = [], {}
    for (letter, low, high), place in zip(limits, family.places, strict=True):
        if isinstance(place, Stage) and place.last.name != "T":
            given[letter] = high if high is not None else place.last
        else:
            first = Integer(1) if isinstance(place, Stage) else low
            kept.append((letter, substitute_index(first, given), high and substitute_index(high, given)))
    ref = Ref(family.quantity, *(given.get(letter, letter) for letter, _, _ in limits))
    return each(ref, *kept)


def function_of(name: str, argument: tree.Name, body: Node, census: Census) -> FunctionDefinition:
    """f(u) = a formula in u. Raises NotUnderstood or InvalidNetwork for what is none."""
    world = World()
    key = bare_key(argument)
    variable = tree.Name(key)
    world.families[key] = Family(Quantity(key), ())
    maker = Elaborator(world, census, open_=True)
    above = len(argument.above)

    def change(part: tree.Name) -> tree.Name:  # z_j^2, too
        return replace(variable, above=part.above[above:]) if _shortened(part, above) == argument else part

    right = maker.value(renamed(body, change), maker.scope)
    formula = right.scalar if not right.shape else None
    if (
        formula is None
        or parts_of(formula, Ref) - {Ref(Quantity(key))}
        or any(call.name == name for call in parts_of(formula, Fn))
    ):
        raise InvalidNetwork(f"the formula of {name} is to hold {key} and nothing else")
    return FunctionDefinition(name, _VARIABLE, replace_scalar(formula, Ref(Quantity(key)), _VARIABLE))


def _shortened(name: tree.Name, above: int) -> tree.Name:
    """The name with so many of its superscripts."""
    return replace(name, above=name.above[:above])


def _functions(definitions: list[Definition], given: tuple[FunctionDefinition, ...]) -> tuple[FunctionDefinition, ...]:
    """The formulas of the functions whose names say which they are."""
    bodies = [*(one.body for one in definitions), *(one.body for one in given)]
    called = (
        {call.name for body in bodies for call in parts_of(body, Fn)} - set(GIVEN_FUNCTIONS) - {f.name for f in given}
    )
    return tuple(formula_of(name, name) for name in sorted(called & set(_FORMULAS)))


def apart(functions: Iterable[FunctionDefinition], families: Container[str]) -> tuple[FunctionDefinition, ...]:
    """Functions whose variable is no quantity of the network."""
    variable = next(Ref(Quantity(name)) for name in spare_names(families))
    return tuple(
        known
        if known.variable.name not in families
        else FunctionDefinition(known.name, variable, replace_scalar(known.body, known.variable, variable))
        for known in functions
    )


def formula_of(name: str, activation: str) -> FunctionDefinition:
    """A function that is one of the activations of the table."""
    formula = activation_named(activation).formula
    assert formula is not None
    return FunctionDefinition(name, _VARIABLE, formula(_VARIABLE))
