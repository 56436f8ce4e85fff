"""Changes of a line that break it, as people do: swapped indices, forgotten sums, σ for σ', layers off by one."""

from __future__ import annotations

from collections.abc import Callable

from checking.generated_rewrites import Context
from checking.generated_terms import (
    Add,
    At,
    D,
    Delta,
    Div,
    Fn,
    Had,
    Mul,
    Neg,
    Num,
    Place,
    Pow,
    Q,
    Sum,
    Term,
    Transposed,
    letters,
    mul,
    num,
    places,
    rebuilt,
)

Break = Callable[[Context, Place, frozenset[str]], Term | None]


def broken(context: Context, term: Term, around: frozenset[str]) -> tuple[Term, str] | None:
    """A term with one mistake in it, and its name; `around` are the letters of the rest of the line."""
    rng = context.rng
    for _ in range(8):
        name = rng.choice(_NAMES)
        spots = list(places(term, into_derivatives=True))
        rng.shuffle(spots)
        for spot in spots:
            new = BREAKS[name](context, spot, around | letters(term))
            if new is not None and new != spot.term and _fits(spot, new):
                return spot.within(new), name
    return None


def _fits(spot: Place, new: Term) -> bool:
    """Whether the new term may stand there: under a ∂ there are quantities only, and no compound over one."""
    parent = spot.path[-1] if spot.path else None
    return not isinstance(parent, D) or isinstance(new, Q)


def _pick(context: Context, items: list[Term]) -> Term | None:
    return context.rng.choice(items) if items else None


def _units_of(context: Context, term: Q) -> list[int]:
    """The places of a quantity's indices that run over units."""
    slots = context.network.model.families[term.name]
    return [n for n, (_, slot) in enumerate(zip(term.at, slots, strict=False)) if slot.unit]


def _swap_indices(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Q):
        return None
    spots = _units_of(context, term)
    if len(spots) != 2:
        return None
    return Q(term.name, (*term.at[: spots[0]], term.at[spots[1]], term.at[spots[0]]))


def _wrong_index(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Q):
        spots = _units_of(context, term)
        others = [letter for letter in context.units if letter in around]
        if not spots or not others:
            return None
        spot = context.rng.choice(spots)
        return Q(term.name, (*term.at[:spot], At(context.rng.choice(others)), *term.at[spot + 1 :]))
    return None


def _off_by_one(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Q) or not term.at or context.network.model.families[term.name][0].unit:
        return None
    if place.path and isinstance(place.path[-1], Fn):
        return None
    lead = term.at[0]
    return Q(term.name, (lead._replace(offset=lead.offset + context.rng.choice((-1, 1))), *term.at[1:]))


def _forgotten_sum(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    return place.term.of if isinstance(place.term, Sum) else None


def _extra_sum(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    if not isinstance(place.term, Mul | Q | D | Sum | Fn) or context.is_array(place.term):
        return None
    used = [letter for letter in context.units if letter in letters(place.term) and letter not in place.bound]
    return Sum(context.rng.choice(used), place.term) if used else None


def _sum_letter(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Sum) or term.letter not in context.units:
        return None
    others = [letter for letter in context.units if letter != term.letter]
    return Sum(context.rng.choice(others), term.of, term.limits)


def _primes(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Fn) or term.name in ("exp", "ln"):
        return None
    return Fn(term.name, 1 - term.primes, term.of) if term.primes < 2 else None


def _argument(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Fn) or not isinstance(term.of, Q) or not term.of.at:
        return None
    of = term.of
    options: list[Term] = [Q(name, of.at) for name in _alike(context, of)]
    lead = of.at[0]
    if not context.network.model.families[of.name][0].unit:
        options += [Q(of.name, (lead._replace(offset=lead.offset + step), *of.at[1:])) for step in (-1, 1)]
    if _units_of(context, of):
        others = [letter for letter in context.units if letter in around and At(letter) != of.at[-1]]
        options += [Q(of.name, (*of.at[:-1], At(letter))) for letter in others]
    new = _pick(context, options)
    return new and Fn(term.name, term.primes, new)


def _alike(context: Context, term: Q) -> list[str]:
    """The quantities with indices over the same ranges, or nearly."""
    families = context.network.model.families
    own = [slot.name for slot in families[term.name]]
    return [name for name, slots in families.items() if name != term.name and [slot.name for slot in slots] == own]


def _wrong_quantity(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Q) or not term.at or (place.path and isinstance(place.path[-1], Fn)):
        return None
    names = _alike(context, term)
    if place.path and isinstance(place.path[-1], D):
        names = [name for name in names if name not in {left.name for left, _ in context.network.model.errors}]
    return Q(context.rng.choice(names), term.at) if names else None


def _sign(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term, parent = place.term, place.path[-1] if place.path else None
    if isinstance(term, Neg):
        return term.of
    if parent is None or isinstance(parent, Add):
        return Neg(term)
    return None


def _factor(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Num) and term.value not in (0, 1):
        return num(1)
    if isinstance(term, Mul):
        others = [one for one in term.factors if not (isinstance(one, Num) or _is_mean(one))]
        if others and len(others) < len(term.factors):
            return mul(*others)
    if not isinstance(term, Mul | Sum | Add | Q) or isinstance(place.path[-1] if place.path else None, D | Fn):
        return None
    if "m" in context.network.model.families and context.rng.random() < 0.5:
        return mul(Div(num(1), Q("m")), term)
    return mul(context.rng.choice((num(2), num(1, 2))), term)


def _is_mean(term: Term) -> bool:
    return isinstance(term, Div) and term.bottom == Q("m")


def _missing_factor(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Mul | Had):
        return None
    spot = context.rng.randrange(len(term.factors))
    rest = (*term.factors[:spot], *term.factors[spot + 1 :])
    return rest[0] if len(rest) == 1 else rebuilt(term, rest)


def _extra_factor(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Mul | Had):
        return rebuilt(term, (*term.factors, context.rng.choice(term.factors)))
    return None


def _missing_term(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Add):
        return None
    spot = context.rng.randrange(len(term.terms))
    rest = (*term.terms[:spot], *term.terms[spot + 1 :])
    return rest[0] if len(rest) == 1 else Add(rest)


def _extra_term(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if not isinstance(term, Mul) or (place.path and isinstance(place.path[-1], Mul | Sum)):
        return None
    return Add((term, context.rng.choice(term.factors)))


def _wrong_delta(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Delta):
        others = [letter for letter in context.units if letter in around]
        return Delta(term.one, At(context.rng.choice(others))) if others else None
    if isinstance(term, Mul):
        rest = [one for one in term.factors if not isinstance(one, Delta)]
        if rest and len(rest) < len(term.factors):
            return mul(*rest)
        used = [letter for letter in context.units if letter in around]
        if len(used) > 1 and not context.is_array(term):
            pair = context.rng.sample(used, 2)
            return mul(*term.factors, Delta(At(pair[0]), At(pair[1])))
    return None


def _upside_down(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, D) and isinstance(term.of, Q) and term.of.at:
        return D(term.wrt, term.of)
    return None


def _transpose(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Transposed):
        return term.of
    parent = place.path[-1] if place.path else None
    if isinstance(parent, Mul) and isinstance(term, Q) and context.is_array(term):
        return Transposed(term)
    return None


def _products(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Had):
        return Mul(term.factors)
    if isinstance(term, Mul) and all(context.is_array(one) for one in term.factors):
        if context.rng.random() < 0.5:
            return Had(term.factors)
        return Mul(tuple(reversed(term.factors)))
    return None


def _square(context: Context, place: Place, around: frozenset[str]) -> Term | None:
    term = place.term
    if isinstance(term, Pow):
        return term.of
    if isinstance(term, Fn) and term.name not in ("exp", "ln") and not context.is_array(term):
        return Pow(term, 2)
    return None


BREAKS: dict[str, Break] = {
    "swapped-indices": _swap_indices,
    "wrong-index": _wrong_index,
    "off-by-one": _off_by_one,
    "forgotten-sum": _forgotten_sum,
    "extra-sum": _extra_sum,
    "summation-letter": _sum_letter,
    "function-for-slope": _primes,
    "wrong-argument": _argument,
    "wrong-quantity": _wrong_quantity,
    "sign": _sign,
    "numeric-factor": _factor,
    "missing-factor": _missing_factor,
    "extra-factor": _extra_factor,
    "missing-term": _missing_term,
    "extra-term": _extra_term,
    "wrong-delta": _wrong_delta,
    "upside-down": _upside_down,
    "transpose": _transpose,
    "kind-of-product": _products,
    "square": _square,
}
_NAMES = tuple(BREAKS)
