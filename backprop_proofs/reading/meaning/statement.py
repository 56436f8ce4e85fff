"""A statement, left = right, as an equation of the language for all values of its free letters."""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Basic, Expr, Symbol

from backprop_proofs.language.expressions import Fn, IndexSum
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.structure import letters_of_ranges
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning import values
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.dimensions import UNIT, Dim
from backprop_proofs.reading.meaning.elaborate import Elaborator
from backprop_proofs.reading.meaning.names import NotUnderstood, letter_of
from backprop_proofs.reading.meaning.naming import TAKEN, Warned
from backprop_proofs.reading.meaning.scopes import in_order
from backprop_proofs.reading.meaning.sums import PART
from backprop_proofs.reading.meaning.values import Misfit, Value
from backprop_proofs.reading.meaning.world import World, spare_names
from backprop_proofs.reading.syntax import Node, span_of

MOST_PARTS, MOST_CALLS = 4_000, 60  # parts of one side of an equation, and function values among them
MOST_FUNCTIONS, MOST_SUMS = 12, 8  # within one another


@dataclass(frozen=True)
class Link:
    """left = right for all letters of `limits`.

    only_left, only_right: the letters that stand free on one side only; bound: those of sums; names: the quantities
    that are written; gradients: the X of each dX that is taken for ∂C/∂X, on the left and on the right;
    jacobian: whether a column is differentiated by a column.
    """

    equation: Equation
    limits: tuple[Limit, ...]
    only_left: tuple[str, ...] = ()
    only_right: tuple[tree.Name, ...] = ()
    bound: frozenset[str] = frozenset()
    warnings: tuple[Warned, ...] = ()
    names: tuple[str, ...] = ()
    array: bool = False
    gradients: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    jacobian: bool = False


def lasts_of(world: World, nodes: tuple[Node, ...]) -> set[str]:
    """Letters such as L that stand for the last layer here; none where L + 1 shows that L is any layer."""
    network = world.network
    known = {s.name for s, _, _ in network.parameters} if network else {"L", "T"}
    for part in tree.every(tree.Plus, *nodes):
        if len(part.terms) == 2 and part.signs[1] > 0:
            known.discard(letter_of(part.terms[0]) or "")
    return known


def link(
    world: World, census: Census, left: Node, right: Node, open_: bool = False, defining: bool = False
) -> tuple[Link, Elaborator]:
    """What left = right says. Raises Misfit and NotUnderstood.

    open_: whether the network is still to be declared. defining: whether it is one of the equations that declare it.
    """
    known, before = set(world.lengths), world.saved()
    try:
        made, maker = _link(world, census, left, right, open_, defining)
    except Exception:
        world.restore(before)  # a line that is not understood leaves nothing behind
        raise
    late = (set(world.lengths) - known) & set(maker.new_names)
    if not late:
        return made, maker
    for name in late:  # 1/N stood before the sum that says what N is
        del world.families[name]
        world.fresh.discard(name)
    return _link(world, census, left, right, open_, defining)


def _link(
    world: World, census: Census, left: Node, right: Node, open_: bool, defining: bool
) -> tuple[Link, Elaborator]:
    before = world.saved()
    troubles: list[Misfit | NotUnderstood] = []
    for dot in world.dots:
        maker = Elaborator(world, census, open_)
        maker.dot, maker.defining = dot, defining
        try:
            return _linked(maker, left, right)
        except Misfit as misfit:
            taken = [warned for warned in maker.warnings if warned.code == TAKEN]
            if not (taken or maker.circled):
                raise
            troubles.append(_trouble(misfit, taken))
            world.restore(before)
    raise next((trouble for trouble in troubles if isinstance(trouble, Misfit)), troubles[-1])


def _trouble(misfit: Misfit, taken: list[Warned]) -> Misfit | NotUnderstood:
    """What does not fit; not understood where a sign was taken in one of its meanings."""
    if not taken:
        return misfit
    trouble = NotUnderstood(taken[0].span, f"{taken[0].message}, and so it does not fit")
    trouble.__cause__ = misfit
    return trouble


def _linked(maker: Elaborator, left: Node, right: Node) -> tuple[Link, Elaborator]:
    world, census, open_ = maker.world, maker.census, maker.open
    key = census.use(left).key if isinstance(left, tree.Name) else ""
    maker.single = bool(key) and key == world.single
    maker.summed = census.is_summed(left)
    maker.of_cost = bool(key) and world.cost is not None and key == world.cost.name
    maker.lasts = lasts_of(world, (left, right))
    if world.network is not None:
        generic = {s.name for s, _, _ in world.network.parameters} - maker.lasts
        maker.scope.symbols.update({name: name.lower() + "'" for name in generic})
    one = maker.value(left, maker.scope)
    gradients_left = tuple(maker.gradients)
    on_left = {name for name, letter in maker.scope.letters.items() if letter.used}
    for letter in maker.scope.letters.values():
        letter.used = False
    other = maker.value(right, maker.scope)
    on_right = {name for name, letter in maker.scope.letters.items() if letter.used}
    if maker.summed and not one.shape:
        other = maker.sum_of_entries(other)
    one, other = _alike(one, other, right, maker)
    letters, entries = _entries(one, maker)
    equation = Equation(one.at(*letters), other.at(*letters))
    if any(_is_large(side) for side in equation):
        raise NotUnderstood(span_of(right), "the expression is too large to be judged")
    limits = in_order(maker.scope.letters.values(), world, not open_)
    if world.dims.has_parts():
        raise NotUnderstood(span_of(right), PART)
    every = (*limits, *((s, *world.limits(dim)) for s, dim in entries))
    spots = {letter.name: letter.span for letter in maker.scope.letters.values()}
    made = Link(
        equation,
        _sorted(every),
        tuple(sorted(on_left - on_right)),
        tuple(tree.Name(name, span=spots[name]) for name in sorted(on_right - on_left)),
        frozenset(letter.name for letter in maker.bound),
        tuple(maker.warnings),
        tuple(dict.fromkeys(key for key, _ in maker.refs)),
        bool(one.shape),
        (gradients_left, tuple(maker.gradients[len(gradients_left) :])),
        maker.jacobian,
    )
    return made, maker


def _is_large(expr: Expr) -> bool:
    """Whether an expression has too many parts, or functions or sums nested too deep."""
    every: list[Basic] = [expr]
    for part in every:  # which grows meanwhile
        every += part.args
        if len(every) > MOST_PARTS:
            return True
    kinds = list(map(type, every))
    calls, totals = kinds.count(Fn), kinds.count(IndexSum)
    return calls > MOST_CALLS or ((calls > MOST_FUNCTIONS or totals > MOST_SUMS) and _is_deep(expr))


def _is_deep(expr: Expr) -> bool:
    """Whether functions or sums are nested too deep."""
    pending: list[tuple[Basic, int, int]] = [(expr, 0, 0)]
    while pending:
        part, functions, sums = pending.pop()
        functions += isinstance(part, Fn)
        sums += isinstance(part, IndexSum)
        if functions > MOST_FUNCTIONS or sums > MOST_SUMS:
            return True
        pending += [(inner, functions, sums) for inner in part.args]
    return False


def _alike(one: Value, other: Value, right: Node, maker: Elaborator) -> tuple[Value, Value]:
    """Both sides with one shape; 0 on the right stands for an array of zeros."""
    if one.shape and not other.shape and other.scalar == 0:
        return one, Value(one.shape, lambda *at: other.scalar)
    if one.shape and not other.shape and other.scalar == 1:
        raise NotUnderstood(span_of(right), "a vector of ones is not understood; write indices")
    values.fit(one, other, span_of(right), maker.same)
    return one, other


def _entries(value: Value, maker: Elaborator) -> tuple[list[Expr], list[tuple[Symbol, Dim]]]:
    """A letter for each index of an array, none that the statement uses."""
    taken = {*maker.scope.letters, *(letter.name for letter in maker.bound)}
    spare = spare_names(taken)
    letters: list[Expr] = []
    entries: list[tuple[Symbol, Dim]] = []
    for dim in value.shape:
        if dim == UNIT:
            letters.append(values.index_one())
        else:
            symbol = index(next(spare))
            letters.append(symbol)
            entries.append((symbol, dim))
    return letters, entries


def _sorted(limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Those that others' ranges speak of first."""
    spoken = letters_of_ranges(limits)
    return tuple(sorted(limits, key=lambda limit: limit[0] not in spoken))
