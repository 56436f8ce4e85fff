"""Whether a line is true: its sides compared on random networks, at random values of its free letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache, reduce
from itertools import product
from random import Random

from checking.generated_model import Env, Misfit, Model, P, Use, Uses, inverse, place_of, reach
from checking.generated_terms import (
    CONSTANTS,
    Add,
    D,
    Div,
    Fn,
    Had,
    Mul,
    Neg,
    Num,
    Pow,
    Q,
    Sum,
    Term,
    Transposed,
    children,
)
from checking.generated_values import Code, Instance, compiled

TRUE, FALSE, MISFIT = "true", "false", "misfit"
_TRIES = 4  # values of the free letters at which the sides are compared on one network
_NETWORKS = 3  # on which a true line is true, of those where it means something
Matrix = tuple[tuple[int, ...], ...]
Entries = int | Matrix


@lru_cache(maxsize=64)
def networks(model: Model, seed: int = 0) -> tuple[Instance, ...]:
    """The random networks of a model."""
    return tuple(Instance(model, sizes, seed + number) for number, sizes in enumerate(model.sizes))


def truth(model: Model, left: Term, right: Term, seed: int = 0) -> str | None:
    """Whether the sides agree on all networks ("true"), differ on one ("false"), or nowhere fit ("misfit").

    None where that cannot be said: where there is nothing to compare, or the sides fit at some sizes only, or where
    they differ only as long as the network's assumption (labels that add to one) is not made.
    """
    compare = _arrays if _has_whole(left, model) or _has_whole(right, model) else _numbers
    compared = misfits = 0
    differs = False
    for instance in networks(model, seed):
        found = compare(instance, left, right)
        if found is False and instance.assumes:
            return FALSE
        compared += found is True
        misfits += found is MISFIT
        differs |= found is False
    if differs:
        return None
    if misfits:
        return None if compared else MISFIT
    return TRUE if compared >= _NETWORKS else None


def _has_whole(term: Term, model: Model) -> bool:
    if isinstance(term, Transposed | Had) or (isinstance(term, Q) and model.is_whole(term)):
        return True
    return any(_has_whole(child, model) for child in children(term))


# Numbers


def _numbers(instance: Instance, left: Term, right: Term) -> bool | str | None:
    """True, False, a misfit, or None where there is nothing to compare."""
    try:
        (one, uses), (other, more) = compiled(left, instance.model), compiled(right, instance.model)
    except Misfit:
        return MISFIT
    together = {letter: [*uses.get(letter, ()), *more.get(letter, ())] for letter in sorted({*uses, *more})}
    found: bool | str | None = None
    for env in _assignments(instance, together):
        agrees = _compared(instance, env, one, other) if env is not None else MISFIT
        if agrees is False:
            return False
        found = agrees if found is None or agrees == found else MISFIT
    return found


def _compared(instance: Instance, env: Env, one: Code, other: Code) -> bool | str:
    try:
        return (one(instance, env) - other(instance, env)) % P == 0
    except Misfit:
        return MISFIT


def _assignments(instance: Instance, uses: Uses) -> Iterator[Env | None]:
    """Some values of the free letters, among them equal ones; None where a letter's uses do not agree."""
    rng = Random(len(uses))
    ranged = {letter: own for letter, own in uses.items() if own and not any(use.slot.unit for use in own)}
    units = {letter: own for letter, own in uses.items() if letter not in ranged}
    try:
        spans = [reach(own, instance, instance.numbers, None) for own in ranged.values()]
    except Misfit:
        yield None
        return
    leads = list(product(*(range(low, high + 1) for low, high in spans)))
    for number in range(_TRIES if leads else 0):
        env = instance.numbers | dict(zip(ranged, rng.choice(leads), strict=True))
        try:
            yield env | _units(instance, units, env, rng, equal=number % 2 == 1)
        except Misfit:
            yield None


def _units(instance: Instance, units: Uses, env: Env, rng: Random, equal: bool) -> Env:
    found: Env = {}
    for letter, uses in units.items():
        low, high = reach(uses, instance, env, None)
        same = [value for value in found.values() if low <= value <= high]
        found[letter] = same[-1] if equal and same else rng.randint(low, high)
    return found


# Vectors and matrices


def _arrays(instance: Instance, left: Term, right: Term) -> bool | str | None:
    """As `_numbers`; nothing is said of a line that is true but for a transpose of a whole side."""
    uses = _leads([left, right], instance.model)
    try:
        spans = [reach(own, instance, instance.numbers, None) for own in uses.values()]
    except Misfit:
        return MISFIT
    found: bool | str | None = None
    for values in list(product(*(range(low, high + 1) for low, high in spans)))[:_TRIES]:
        env = instance.numbers | dict(zip(uses, values, strict=True))
        try:
            one, other = array(left, instance, env), array(right, instance, env)
        except Misfit:
            agrees: bool | str = MISFIT
        else:
            if one != other and isinstance(other, tuple) and one == _transposed(other):
                return None  # the layout of derivatives is a convention
            agrees = one == other if _shape(one) == _shape(other) else MISFIT
        if agrees is False:
            return False
        found = agrees if found is None or agrees == found else MISFIT
    return found


def _leads(terms: list[Term], model: Model) -> Uses:
    found: Uses = {}
    for term in terms:
        if isinstance(term, Q):
            for index, slot in zip(term.at, model.families[term.name], strict=False):
                if index.letter and index.letter not in CONSTANTS:
                    found.setdefault(index.letter, []).append(Use(slot, None, index.offset))
        inner = _leads(list(children(term)), model)
        for letter, own in inner.items():
            if not (isinstance(term, Sum) and letter == term.letter):
                found.setdefault(letter, []).extend(own)
    return found


def _shape(value: Entries) -> tuple[int, int]:
    return (0, 0) if isinstance(value, int) else (len(value), len(value[0]))


def _transposed(matrix: Matrix) -> Matrix:
    return tuple(zip(*matrix, strict=True))


def array(term: Term, instance: Instance, env: Env) -> Entries:
    """The value of a term with vectors, which are columns, and matrices; raises Misfit where shapes do not fit."""
    match term:
        case Q() | D():
            return _whole(term, instance, env)
        case Fn():
            return _each(array(term.of, instance, env), lambda u: instance.function(term.name, term.primes, u))
        case Neg():
            return _each(array(term.of, instance, env), lambda u: -u % P)
        case Pow():
            of = array(term.of, instance, env)
            if not isinstance(of, int):
                raise Misfit("a power of an array")
            return pow(of, term.exponent, P)
        case Transposed():
            of = array(term.of, instance, env)
            return of if isinstance(of, int) else _transposed(of)
        case Num():
            return term.value.numerator * pow(term.value.denominator, -1, P) % P
        case Div():
            top, bottom = array(term.top, instance, env), array(term.bottom, instance, env)
            if not isinstance(bottom, int):
                raise Misfit("a quotient by an array")
            over = inverse(bottom)
            return _each(top, lambda u: u * over % P)
        case Sum():
            low, high = reach(_leads([term.of], instance.model).get(term.letter, []), instance, env, term.limits)
            parts = [array(term.of, instance, env | {term.letter: number}) for number in range(low, high + 1)]
            return reduce(_added, parts)
        case Add() | Had() | Mul():
            step = {Add: _added, Had: _each_product, Mul: _product}[type(term)]
            return reduce(step, [array(part, instance, env) for part in children(term)])
    raise Misfit(f"no array: {term}")


def _each(value: Entries, change: Callable[[int], int]) -> Entries:
    return change(value) if isinstance(value, int) else tuple(tuple(map(change, row)) for row in value)


def _pairwise(one: Entries, other: Entries, change: Callable[[int, int], int]) -> Entries:
    if isinstance(one, int) and isinstance(other, int):
        return change(one, other)
    if isinstance(one, int) or isinstance(other, int) or _shape(one) != _shape(other):
        raise Misfit("shapes differ")
    return tuple(tuple(map(change, *rows)) for rows in zip(one, other, strict=True))


def _added(one: Entries, other: Entries) -> Entries:
    return _pairwise(one, other, lambda u, v: (u + v) % P)


def _each_product(one: Entries, other: Entries) -> Entries:
    if isinstance(one, int) or isinstance(other, int):
        raise Misfit("an elementwise product with a number")
    return _pairwise(one, other, lambda u, v: u * v % P)


def _product(one: Entries, other: Entries) -> Entries:
    if isinstance(one, int):
        return _each(other, lambda u: one * u % P)
    if isinstance(other, int):
        return _each(one, lambda u: other * u % P)
    if len(one[0]) != len(other):
        raise Misfit("shapes do not fit")
    columns = _transposed(other)
    found = tuple(tuple(sum(u * v for u, v in zip(row, column, strict=True)) % P for column in columns) for row in one)
    return found[0][0] if _shape(found) == (1, 1) else found


def _whole(term: Q | D, instance: Instance, env: Env) -> Entries:
    """All components of a quantity, or of the derivative of one number by all of them."""
    wrt = term if isinstance(term, Q) else term.wrt
    slots = instance.model.families[wrt.name]
    head = (wrt.name, *(place_of(index, env) for index in wrt.at))
    lead = head[1] if len(head) > 1 else None
    widths = [range(1, instance.width(slot, lead) + 1) for slot in slots[len(wrt.at) :]]
    if isinstance(term, Q):

        def value(*rest: int) -> int:
            return instance.values[(*head, *rest)]
    else:
        of = term.of
        if not isinstance(of, Q) or instance.model.is_whole(of):
            raise Misfit("a derivative of an array")
        key = (of.name, *(place_of(index, env) for index in of.at))

        def value(*rest: int) -> int:
            return instance.slopes((*head, *rest)).get(key, 0)

    if not widths:
        return value()
    if len(widths) == 1:
        return tuple((value(number),) for number in widths[0])
    return tuple(tuple(value(row, column) for column in widths[1]) for row in widths[0])
