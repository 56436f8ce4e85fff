"""Changes of a line that keep it true: bound letters renamed, sums swapped, split and merged, definitions unfolded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from checking.generated_perceptrons import Network
from checking.generated_terms import (
    Add,
    At,
    D,
    Delta,
    Fn,
    Had,
    Limits,
    Mul,
    Neg,
    Opaque,
    Place,
    Pow,
    Q,
    Sum,
    Term,
    Transposed,
    add,
    children,
    free,
    letters,
    match,
    mul,
    places,
    put,
    rebuilt,
    size,
    sums_deep,
)

_LARGEST, _DEEPEST = 42, 3


@dataclass(frozen=True)
class Context:
    """What a line is written with: the network, the letters for units, that for the first index, and chance.

    lead: the letter that stands for it in the facts, and the one that the writer uses.
    """

    network: Network
    units: tuple[str, ...]
    lead: tuple[str, str]
    rng: Random

    def fresh(self, taken: frozenset[str]) -> str | None:
        """A letter for units that is not taken."""
        rest = [letter for letter in self.units if letter not in taken]
        return self.rng.choice(rest) if rest else None

    def is_array(self, term: Term) -> bool:
        """Whether a vector or matrix stands in a term."""
        return is_array(self.network, term)


def is_array(network: Network, term: Term) -> bool:
    """Whether a vector or matrix stands in a term about a network."""
    if isinstance(term, Transposed | Had) or (isinstance(term, Q) and network.model.is_whole(term)):
        return True
    return any(is_array(network, child) for child in children(term))


Change = Callable[[Context, Place], Term | None]


def rewritten(context: Context, term: Term, taken: frozenset[str], steps: int) -> tuple[Term, list[str]]:
    """A term that says the same, and the names of the changes; `taken` are letters that stand around it."""
    names: list[str] = []
    for _ in range(steps):
        name = context.rng.choices(_NAMES, _WEIGHTS)[0]
        spots = list(places(term))
        context.rng.shuffle(spots)
        for spot in spots:
            new = CHANGES[name](context, spot._replace(bound=(*taken, *letters(term))))
            if new is None or new == spot.term:
                continue
            whole = spot.within(new)
            if size(whole) <= _LARGEST and sums_deep(whole) <= _DEEPEST:
                term = whole
                names.append(name)
                break
    return term, names


def with_limits(context: Context, term: Term) -> Term:
    """The term with its sums' limits written, where the writer has a name for them."""
    inside = children(term)
    if isinstance(term, D):
        return term
    term = rebuilt(term, tuple(with_limits(context, child) for child in inside)) if inside else term
    if not isinstance(term, Sum) or term.limits is not None:
        return term
    for use in places(term.of, into_derivatives=True):
        found = use.term
        if not isinstance(found, Q):
            continue
        for index, slot in zip(found.at, context.network.model.families[found.name], strict=False):
            if index == At(term.letter) and slot.unit and slot.name in context.network.limits:
                lead = found.at[0]._replace(offset=found.at[0].offset + (slot.offset or 0))
                return Sum(term.letter, term.of, Limits(1, slot.name, lead))
    return term


# The changes, one by one; each is given a term and returns another, or None where it does not apply


def _shuffled(context: Context, items: tuple[Term, ...]) -> tuple[Term, ...]:
    return tuple(context.rng.sample(items, len(items)))


def _reorder(context: Context, place: Place) -> Term | None:
    term = place.term
    if isinstance(term, Add | Had):
        return rebuilt(term, _shuffled(context, children(term)))
    if isinstance(term, Mul) and not context.is_array(term):
        return rebuilt(term, _shuffled(context, term.factors))
    return None


def _rename(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Sum) or term.letter not in context.units:
        return None
    letter = context.fresh(frozenset(place.bound) | letters(term))
    return None if letter is None else Sum(letter, put(term.of, {term.letter: At(letter)}), term.limits)


def _swap_sums(context: Context, place: Place) -> Term | None:
    match place.term:
        case Sum(outer, Sum(inner, body, limits), others):
            return Sum(inner, Sum(outer, body, others), limits)
    return None


def _split(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Sum):
        return None
    body = _distribute(context, place._replace(term=term.of)) or term.of
    if not isinstance(body, Add) or not all(term.letter in free(one) for one in body.terms):
        return None
    return add(*(Sum(term.letter, one, term.limits) for one in body.terms))


def _merge(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Add):
        return None
    sums = [one for one in term.terms if isinstance(one, Sum)]
    if len(sums) < 2 or sums[0].limits != sums[1].limits or sums[0].letter in letters(sums[1]) - {sums[1].letter}:
        return None
    one, other = sums[:2]
    joined = Sum(one.letter, add(one.of, put(other.of, {other.letter: At(one.letter)})), one.limits)
    return add(joined, *(part for part in term.terms if part is not one and part is not other))


def _distribute(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Mul):
        return None
    for number, factor in enumerate(term.factors):
        if isinstance(factor, Add):
            before, after = term.factors[:number], term.factors[number + 1 :]
            return add(*(_signed(one, before, after) for one in factor.terms))
    return None


def _signed(one: Term, before: tuple[Term, ...], after: tuple[Term, ...]) -> Term:
    if isinstance(one, Neg):
        return Neg(mul(*before, one.of, *after))
    return mul(*before, one, *after)


def _factor_in(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Mul):
        return None
    for number, factor in enumerate(term.factors):
        rest = (*term.factors[:number], *term.factors[number + 1 :])
        if isinstance(factor, Sum) and not any(factor.letter in letters(one) for one in rest):
            return Sum(
                factor.letter, mul(*term.factors[:number], factor.of, *term.factors[number + 1 :]), factor.limits
            )
    return None


def _factor_out(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Sum) or not isinstance(term.of, Mul) or context.is_array(term):
        return None
    inside = [one for one in term.of.factors if term.letter in free(one)]
    outside = [one for one in term.of.factors if term.letter not in free(one)]
    if not inside or not outside:
        return None
    total = Sum(term.letter, mul(*inside), term.limits)
    return mul(*outside, total) if context.rng.random() < 0.7 else mul(total, *outside)


def _insert_delta(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Q) or context.network.model.is_whole(term) or not place.path:
        return None
    slots = context.network.model.families[term.name]
    spots = [n for n, (index, slot) in enumerate(zip(term.at, slots, strict=True)) if slot.unit and index.letter]
    letter = context.fresh(frozenset(place.bound))
    if not spots or letter is None or any(isinstance(around, Fn) for around in place.path):
        return None
    spot = context.rng.choice(spots)
    changed = Q(term.name, (*term.at[:spot], At(letter), *term.at[spot + 1 :]))
    pair = [At(letter), term.at[spot]]
    context.rng.shuffle(pair)
    return Sum(letter, mul(Delta(*pair), changed))


def _collapse(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, Sum) or not isinstance(term.of, Mul) or term.limits is not None:
        return None
    for factor in term.of.factors:
        if isinstance(factor, Delta) and (factor.one == At(term.letter)) != (factor.other == At(term.letter)):
            kept = factor.other if factor.one == At(term.letter) else factor.one
            rest = mul(*(one for one in term.of.factors if one is not factor))
            return put(rest, {term.letter: kept}, _pool(context))
    return None


def _flip(context: Context, place: Place) -> Term | None:
    term = place.term
    if isinstance(term, Add) and any(isinstance(one, Neg) for one in term.terms) and len(term.terms) == 2:
        return Neg(add(*(one.of if isinstance(one, Neg) else Neg(one) for one in reversed(term.terms))))
    return None


def _square(context: Context, place: Place) -> Term | None:
    term = place.term
    if isinstance(term, Pow) and term.exponent == 2:
        return mul(term.of, term.of)
    if isinstance(term, Mul):
        for number, one in enumerate(term.factors):
            rest = [other for n, other in enumerate(term.factors) if n != number]
            if one in rest:
                rest.remove(one)
                return mul(Pow(one, 2), *rest)
    return None


def _transpose(context: Context, place: Place) -> Term | None:
    match place.term:
        case Transposed(Mul((one, other))):
            return Mul((_turned(other), _turned(one)))
        case Mul((one, other)) if context.is_array(one) and context.is_array(other):
            return Transposed(Mul((_turned(other), _turned(one))))
    return None


def _turned(term: Term) -> Term:
    return term.of if isinstance(term, Transposed) else Transposed(term)


def _pool(context: Context) -> Iterator[str]:
    return iter(context.units)


def _use(context: Context, place: Place) -> Term | None:
    if not isinstance(place.term, Q | D | Fn):
        return None
    found = [
        (right, letters_of)
        for left, right in _rules(context.network)
        if (letters_of := match(left, place.term)) is not None
    ]
    if not found:
        return None
    right, stand_for = context.rng.choice(found)
    return _instance(context, right, stand_for, frozenset(place.bound))


def _instance(context: Context, right: Term, stand_for: dict[str, At], taken: frozenset[str]) -> Term | None:
    """A rule's right side for certain letters, its bound letters being new ones."""
    new: dict[str, str] = {}
    taken = taken | {index.letter for index in stand_for.values()}
    for letter in sorted(letters(right) - free(right)):
        if letter == context.lead[0]:
            fresh = context.lead[1] if context.lead[1] not in taken else None
        else:
            fresh = context.fresh(taken | frozenset(new.values()))
        if fresh is None:
            return None
        new[letter] = fresh
    return _put(right, stand_for, new)


def _put(term: Term, stand_for: dict[str, At], new: dict[str, str]) -> Term:
    """Free letters replaced, and bound ones renamed, at the same time."""
    if isinstance(term, Sum):
        letter = new.get(term.letter, term.letter)
        return Sum(letter, _put(term.of, {**stand_for, term.letter: At(letter)}, new), term.limits)
    inside = children(term)
    if not inside:
        return put(term, stand_for)
    return rebuilt(term, tuple(_put(child, stand_for, new) for child in inside))


def _unfold_in_derivative(context: Context, place: Place) -> Term | None:
    term = place.term
    if not isinstance(term, D) or not isinstance(term.of, Q) or term.of.name == term.wrt.name:
        return None
    if context.is_array(term):
        return None
    for left, right in context.network.model.definitions:
        stand_for = match(left, term.of)
        if stand_for is not None and not isinstance(right, Opaque):
            new = _instance(context, right, stand_for, frozenset(place.bound))
            return new and D(new, term.wrt)
    return None


@lru_cache(maxsize=32)
def _rules(network: Network) -> tuple[tuple[Term, Term], ...]:
    """What may be used from left to right: true lines, definitions, and the names of things."""
    facts = [(fact.left, fact.right) for fact in network.facts if isinstance(fact.left, Q | D)]
    shown = [(left, right) for left, right in network.model.definitions if not isinstance(right, Opaque)]
    names = [(right, left) for left, right in (*facts, *shown) if isinstance(right, D | Fn) and _is_name(left, right)]
    errors = [(right, left) for left, right in network.model.errors]
    given = [equation for equation in shown if equation[0] != Q("C") and equation[0] != Q("E")]
    return tuple(dict.fromkeys([*facts, *given, *names, *errors, *network.rules]))


def _is_name(left: Term, right: Term) -> bool:
    """Whether `left` is short for `right`: a for σ(z), δ for ∂C/∂z."""
    inner = right.of if isinstance(right, Fn) else None
    return isinstance(left, Q) and (isinstance(right, D) or isinstance(inner, Q)) and free(left) == free(right)


CHANGES: dict[str, Change] = {
    "reorder": _reorder,
    "rename": _rename,
    "swap-sums": _swap_sums,
    "split-sum": _split,
    "merge-sums": _merge,
    "distribute": _distribute,
    "factor-in": _factor_in,
    "factor-out": _factor_out,
    "insert-delta": _insert_delta,
    "collapse-delta": _collapse,
    "flip-minus": _flip,
    "square": _square,
    "transpose-product": _transpose,
    "use": _use,
    "unfold-in-derivative": _unfold_in_derivative,
}
_NAMES = tuple(CHANGES)
_RARE = {"insert-delta": 1, "flip-minus": 1, "transpose-product": 1, "unfold-in-derivative": 1, "use": 5, "reorder": 4}
_WEIGHTS = tuple(_RARE.get(name, 2) for name in _NAMES)
