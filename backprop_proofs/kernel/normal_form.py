"""Normal form: every scalar is a sum of monomials, a monomial a number times atoms under its own sums.

Two expressions are equal where their difference has no monomial left. The form is canonical up to the order of factors
and the names and order of bound indices; a delta is eliminated where its range obligation holds; e^u e^v is e^{u+v};
derivatives are worked out. Index positions matter: w_{jk} is not w_{kj}.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby, islice, permutations, product
from math import floor
from typing import NamedTuple

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.kernel.calculus import nonzero, worked_out
from backprop_proofs.kernel.rules import Hypothesis, Scope, expect
from backprop_proofs.language.binding import canonical, free_indices, fresh_index, opened, substitute, substitute_limits
from backprop_proofs.language.expressions import (
    Binder,
    Delta,
    Fn,
    IndexSum,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    negative,
    power,
)
from backprop_proofs.language.indices import Atom, Facts, Limit, Line, atom_of, index, line

_MOST_MONOMIALS, _MOST_ORDERS = 20_000, 720  # larger forms, and monomials with more orders of their sums, are refused
_MOST_FACTORS = 1_000
_MOST_KEYS = 20_000  # monomials that one comparison looks at, those inside others and all orders of their sums counted
_MOST_TRIES = 64  # ways to bring monomials under a common sum
Atoms = tuple[tuple[Expr, Fraction], ...]
Labels = dict[str, str]  # texts for the letters (as atoms) of the sums around
ONE = Fraction(1)


class Monomial(NamedTuple):
    """coefficient · Π atom^exponent, summed over the limits."""

    coefficient: Fraction = ONE
    limits: tuple[Limit, ...] = ()
    atoms: Atoms = ()


def same_value(left: Expr, right: Expr, scope: Scope) -> tuple[Hypothesis, ...] | None:
    """What left = right rests on, if both have one normal form, perhaps after multiplying by denominators; or None."""
    form = _Form(scope)
    gone = form.vanishes(form.expanded(add(left, negative(right)), scope.facts), scope.facts)
    return tuple(dict.fromkeys(form.needs)) if gone else None


def _denominators(monomials: list[Monomial]) -> dict[Expr, Fraction]:
    """The atoms that the monomials divide by, and a power that clears each; none that a sum's index stands in."""
    powers = [
        (atom, Fraction(-floor(exponent)))
        for _, limits, atoms in monomials
        for atom, exponent in atoms
        if exponent < 0 and free_indices(atom).isdisjoint(letter for letter, _, _ in limits)
    ]
    return dict(sorted(powers, key=lambda pair: pair[1]))  # of two powers of one atom, the higher is the last


def solved_for(letter: Symbol, gap: Expr) -> Expr | None:
    """The one value of `letter` at which `gap` is 0, when the letter stands in it once and with the factor 1 or -1."""
    factor = line(gap).get(atom_of(letter), 0)
    value = letter - gap * factor
    return value if abs(factor) == 1 and letter not in free_indices(value) else None


class _Form:
    """Normal forms in one scope; `needs` collects what they rest on."""

    def __init__(self, scope: Scope):
        self.scope = scope
        self.needs: list[Hypothesis] = []
        self.keys = 0
        self.alike: dict[Basic, Expr] = {}  # one atom for all that differ in the names of bound indices

    def expanded(self, expr: Expr, facts: Facts) -> list[Monomial]:
        """The monomials of `expr`, multiplied out, not yet collected."""
        match expr:
            case Rational():
                return [Monomial(Fraction(int(expr.p), int(expr.q)))] if expr else []
            case Add():
                return [monomial for term in expr.args for monomial in self.expanded(term, facts)]
            case Mul():
                return self.multiplied((self.expanded(factor, facts) for factor in expr.args), facts)
            case Pow():
                return self.power(expr.base, expr.exp, facts)
            case IndexSum():
                body, limit = opened(expr)
                inner = facts.extended((limit,))
                terms = (m._replace(limits=(limit, *m.limits)) for m in self.expanded(body, inner))
                return [done for term in terms for done in self.settled(term, facts)]
            case Partial():
                opened_up = worked_out(expr, self.scope._replace(facts=facts), self.needs)
                if opened_up != expr:
                    return self.expanded(opened_up, facts)
            case Symbol() | Ref() if facts.sizes and self.scope.network.is_size(expr):
                if (known := facts.value(expr)) is not None:
                    return [Monomial(Fraction(known))]
            case Delta():
                return self.settled(Monomial(atoms=((expr, ONE),)), facts)
            case Fn(name="exp", primes=0):
                return self.settled(Monomial(atoms=self.joined(((expr, ONE),), facts)), facts)
        return [Monomial(atoms=((expr, ONE),))]

    def power(self, base: Expr, exponent: Expr, facts: Facts) -> list[Monomial]:
        size = Fraction(int(exponent.p), int(exponent.q)) if isinstance(exponent, Rational) else None
        if size is None or size.denominator != 1:
            self.needs += nonzero(base, self.scope.network, "positive")
            return [Monomial(atoms=((base, size) if size else (Pow(base, exponent, evaluate=False), ONE),))]
        if size == 0:
            return [Monomial()]
        expect(abs(size) <= _MOST_FACTORS, "ring", "powers of at most {}", _MOST_FACTORS, found=size)
        if size < 0:
            self.needs += nonzero(base, self.scope.network)
        if isinstance(base, Mul):
            return self.multiplied((self.power(factor, exponent, facts) for factor in base.args), facts)
        if isinstance(base, Pow) and isinstance(base.exp, Integer):
            return self.power(base.base, base.exp * exponent, facts)
        terms = self.collected(self.expanded(base, facts), facts)
        if len(terms) == 1 and not terms[0].limits:
            coefficient, _, atoms = terms[0]
            powers = self.joined(tuple((atom, old * size) for atom, old in atoms), facts)
            return self.settled(Monomial(coefficient ** int(size), (), powers), facts)
        if size < 0:
            return [Monomial(atoms=((base, size),))]
        return self.multiplied([terms] * int(size), facts)

    def multiplied(self, factors: Iterable[list[Monomial]], facts: Facts) -> list[Monomial]:
        total = [Monomial()]
        for right in factors:
            many = len(total) * len(right)
            expect(many <= _MOST_MONOMIALS, "ring", "at most {} monomials", _MOST_MONOMIALS, found=many)
            pairs = ((one, _apart(other) if one.limits else other) for one, other in product(total, right))
            joined = [Monomial(a * c, k + m, self.joined(f + g, facts)) for (a, k, f), (c, m, g) in pairs]
            total = [done for monomial in joined for done in self.settled(monomial, facts)]
        return total

    def joined(self, atoms: Atoms, facts: Facts) -> Atoms:
        """Equal atoms as one power, and all exponentials as one; e^{r ln u} is u^r."""
        total: dict[Expr, Fraction] = {}
        powers: list[Expr] = []
        for atom, exponent in atoms:
            atom = atom if isinstance(atom, Ref | Delta) else self.alike.setdefault(canonical(atom), atom)
            if isinstance(atom, Fn) and atom.name == "exp" and atom.primes == 0:
                powers.append(mul(Rational(exponent.numerator, exponent.denominator), atom.argument))
            else:
                total[atom] = total.get(atom, Fraction(0)) + exponent
        if len(powers) > 1 or not all(isinstance(argument, Ref) for argument in powers):
            whole = self.collected(self.expanded(add(*powers), facts), facts)
            for term in [term for term in whole if _is_logarithm(term)]:
                inner = term.atoms[0][0].args[2]
                self.needs += nonzero(inner, self.scope.network, "positive")
                total[inner] = total.get(inner, Fraction(0)) + term.coefficient
            powers = [add(*(_written(term) for term in whole if not _is_logarithm(term)))]
            powers = [argument for argument in powers if argument != 0]
        exponentials = ((Fn("exp", 0, argument), ONE) for argument in powers)
        return (*((atom, exponent) for atom, exponent in total.items() if exponent), *exponentials)

    def times(self, monomial: Monomial, factors: list[Expr], facts: Facts) -> list[Monomial]:
        """The monomial times factors that stand under its sums."""
        known = facts.extended(monomial.limits)
        every = [self.expanded(factor, known) for factor in factors]
        products = self.multiplied([[monomial._replace(limits=())], *every], known)
        return [done for m in products for done in self.settled(m._replace(limits=monomial.limits + m.limits), facts)]

    def settled(self, monomial: Monomial, facts: Facts) -> list[Monomial]:
        """The monomial with each delta decided, collapsed, or its two free letters made one; [] if it is 0.

        A sum whose index stands nowhere in it is as many times the rest as its range is long.
        """
        coefficient, limits, atoms = monomial
        for place, (atom, exponent) in enumerate(atoms):
            rest = atoms[:place] + atoms[place + 1 :]
            if isinstance(atom, Rational | Add | Mul | IndexSum) and exponent >= 1:
                rest += ((atom, exponent % 1),) if exponent % 1 else ()
                return self.times(Monomial(coefficient, limits, rest), [atom] * floor(exponent), facts)
            if not isinstance(atom, Delta) or exponent <= 0:
                continue
            known, (left, right), spoken = facts.extended(limits), atom.args, _letters(atom.args)
            if known.equal(left, right):
                return self.settled(Monomial(coefficient, limits, rest), facts)
            for at, (letter, low, high) in enumerate(limits):
                value = solved_for(letter, left - right) if letter in spoken else None
                others = limits[:at] + limits[at + 1 :]
                if value is None or any(letter in _behind(s, others) for s in free_indices(value)):
                    continue
                if facts.extended(others).within(value, low, high):
                    moved = substitute_limits(others, {letter: value})
                    moved = tuple(sorted(moved, key=lambda limit: len(_behind(limit[0], moved))))
                    return self.settled(Monomial(coefficient, moved, self.put(rest, letter, value, facts)), facts)
            if known.distinct(left, right):
                return []
            bound = {letter for letter, _, _ in limits}
            if isinstance(left, Symbol) and isinstance(right, Symbol):
                keep, drop = sorted((left, right), key=lambda s: (s in bound, isinstance(s, Dummy), atom_of(s)))
                if any(drop in free_indices(other) for other, _ in rest):
                    merged = (*self.put(rest, drop, keep, facts), (atom, ONE))
                    return self.settled(Monomial(coefficient, limits, merged), facts)
            if exponent != 1:
                return self.settled(Monomial(coefficient, limits, (*rest, (atom, ONE))), facts)
        for at, (letter, low, high) in enumerate(limits):
            others = limits[:at] + limits[at + 1 :]
            parts = (*(atom for atom, _ in atoms), *(end for _, *ends in others for end in ends))
            if letter not in _letters(parts) and facts.extended(others).nonnegative(high - low + 1):
                return self.times(Monomial(coefficient, others, atoms), [high - low + 1], facts)
        return [monomial]

    def put(self, atoms: Atoms, letter: Symbol, value: Expr, facts: Facts) -> Atoms:
        return self.joined(tuple((substitute(atom, {letter: value}), exponent) for atom, exponent in atoms), facts)

    def vanishes(self, monomials: Iterable[Monomial], facts: Facts, tries: int = _MOST_TRIES) -> bool:
        """Whether they add up to 0, perhaps after multiplying by denominators, or term by term under a common sum.

        What has no such sum is 0 by itself, or stands under the common one, divided by the length of its range.
        """
        rest = self.collected(monomials, facts)
        while bottoms := _denominators(rest):
            self.needs += [need for atom in bottoms for need in nonzero(atom, self.scope.network)]
            raised = (m._replace(atoms=self.joined((*m.atoms, *bottoms.items()), facts)) for m in rest)
            rest = self.collected((new for m in raised for new in self.settled(m, facts)), facts)
        ranges = (ends for m in rest for s, *ends in m.limits if _divides(m, s) and _letters(ends) <= facts.letters)
        common = next(ranges, None)
        if common is None:
            return not rest
        letters = [[s for s, *ends in m.limits if ends == common] for m in rest]
        choices = [[s for s in each if _divides(m, s)] or each for m, each in zip(rest, letters, strict=True) if each]
        under, apart = (
            [m for m, each in zip(rest, letters, strict=True) if bool(each) is had] for had in (True, False)
        )
        orders = list(islice(product(*choices), tries + 1))
        if len(orders) > tries:
            return False
        if self.vanishes(apart, facts, tries):
            apart = []
        elif facts.nonnegative(common[1] - common[0]):
            apart = self.multiplied([apart, self.power(common[1] - common[0] + 1, Integer(-1), facts)], facts)
        else:
            return False
        shared = fresh_index(index("t"))
        inner = facts.extended(((shared, *common),))

        def taken(m: Monomial, letter: Symbol) -> Monomial:
            limits = substitute_limits(tuple(limit for limit in m.limits if limit[0] != letter), {letter: shared})
            return Monomial(m.coefficient, limits, self.put(m.atoms, letter, shared, inner))

        left = tries // len(orders)
        return any(self.vanishes([*apart, *map(taken, under, order)], inner, left) for order in orders)

    def collected(self, monomials: Iterable[Monomial], facts: Facts) -> list[Monomial]:
        """The monomials with equal ones added up; none left exactly when the normal form is 0."""
        return [monomial for _, monomial in self.keyed(monomials, facts, {})]

    def keyed(self, monomials: Iterable[Monomial], facts: Facts, labels: Labels) -> list[tuple[str, Monomial]]:
        """The monomials with equal ones added up, those that are 0 left out, each after its key."""
        total: dict[str, Monomial] = {}
        for monomial in monomials:
            key = self.key(monomial, facts, labels)
            before = total[key].coefficient if key in total else 0
            total[key] = monomial._replace(coefficient=monomial.coefficient + before)
        return [(key, monomial) for key, monomial in sorted(total.items()) if monomial.coefficient]

    def key(self, monomial: Monomial, facts: Facts, labels: Labels) -> str:
        """A text, the same exactly for monomials that differ only in the order of factors and in bound letters."""
        if not monomial.limits:
            return self.full_key(monomial, facts, labels)
        known, letters = facts.extended(monomial.limits), [atom_of(letter) for letter, _, _ in monomial.limits]
        blank = labels | dict.fromkeys(letters, "?")
        several = len(letters) > 1
        marks = {s: self.full_key(monomial, known, blank | {s: "*"}) if several else "" for s in letters}
        ordered = sorted(letters, key=marks.__getitem__)
        groups = [tuple(permutations(group)) for _, group in groupby(ordered, key=marks.__getitem__)]
        orders = [sum(order, ()) for order in product(*groups)] if len(letters) < 7 else []
        few = 0 < len(orders) <= _MOST_ORDERS
        expect(few, "ring", "at most {} orders of the sums of one monomial", _MOST_ORDERS, found=len(letters))
        named = (labels | {s: f"_{len(labels) + at}" for at, s in enumerate(order)} for order in orders)
        return min(self.full_key(monomial, known, names) for names in named)

    def full_key(self, monomial: Monomial, facts: Facts, labels: Labels) -> str:
        self.keys += 1
        expect(self.keys <= _MOST_KEYS, "ring", "at most {} monomials inside one another", _MOST_KEYS, found=self.keys)
        ranges = (
            ":".join((labels[atom_of(s)], *(_index_key(end, facts, labels) for end in ends)))
            for s, *ends in monomial.limits
        )
        atoms = (f"{self.atom_key(atom, facts, labels)}^{exponent}" for atom, exponent in monomial.atoms)
        return f"{' '.join(sorted(ranges))} {'*'.join(sorted(atoms))}"

    def value_key(self, expr: Expr, facts: Facts, labels: Labels) -> str:
        monomials = self.keyed(self.expanded(expr, facts), facts, labels)
        return f"({'+'.join(f'{m.coefficient} {key}' for key, m in monomials)})"

    def atom_key(self, atom: Basic, facts: Facts, labels: Labels) -> str:
        if isinstance(atom, Symbol):
            return _index_key(atom, facts, labels)
        if isinstance(atom, Quantity):
            return f"{atom.name!r}{atom.superscripts}"
        if isinstance(atom, Add | Mul | IndexSum) or (isinstance(atom, Pow) and isinstance(atom.exp, Rational)):
            return self.value_key(atom, facts, labels)
        if isinstance(atom, Binder):
            body, limit = opened(atom)
            ends = ":".join(_index_key(end, facts, labels) for end in limit[1:])
            inner = self.atom_key(body, facts.extended((limit,)), labels | {atom_of(limit[0]): f"_{len(labels)}"})
            return f"{type(atom).__name__}({ends} {inner})"
        first, order = getattr(atom, "first_index", len(atom.args)), sorted if isinstance(atom, Delta) else list
        values = [
            self.value_key(part, facts, labels) if isinstance(part, Expr) else self.atom_key(part, facts, labels)
            for part in atom.args[:first]
        ]
        indices = order(_index_key(part, facts, labels) for part in atom.args[first:])
        return f"{type(atom).__name__}({';'.join(values)}[{','.join(indices)}])" if atom.args else repr(str(atom))


def _is_logarithm(monomial: Monomial) -> bool:
    atom, exponent = monomial.atoms[0] if len(monomial.atoms) == 1 and not monomial.limits else (None, ONE)
    return isinstance(atom, Fn) and atom.name == "log" and atom.primes == 0 and exponent == 1


def _divides(monomial: Monomial, letter: Symbol) -> bool:
    return any(exponent < 0 and letter in free_indices(atom) for atom, exponent in monomial.atoms)


def _letters(ends: Iterable[Expr]) -> frozenset[Symbol]:
    return frozenset().union(*map(free_indices, ends))


def _apart(monomial: Monomial) -> Monomial:
    """The monomial under sums with fresh letters."""
    fresh = {letter: fresh_index(letter) for letter, _, _ in monomial.limits}
    limits = tuple((fresh[s], low, high) for s, low, high in substitute_limits(monomial.limits, fresh))
    return Monomial(monomial.coefficient, limits, tuple((substitute(atom, fresh), e) for atom, e in monomial.atoms))


def _written(monomial: Monomial) -> Expr:
    """The monomial as an expression."""
    coefficient, limits, atoms = monomial
    powers = (power(atom, Rational(exponent.numerator, exponent.denominator)) for atom, exponent in atoms)
    body = mul(Rational(coefficient.numerator, coefficient.denominator), *powers)
    for letter, low, high in reversed(limits):
        body = IndexSum(body, letter, low, high)
    return body


def _behind(letter: Symbol, limits: tuple[Limit, ...]) -> set[Symbol]:
    """The letters that the range of `letter` depends on, directly or through other ranges."""
    direct = {s for t, *ends in limits if t == letter for end in ends for s in free_indices(end)}
    return direct.union(*(_behind(s, limits) for s in direct))


def _index_key(expr: Expr, facts: Facts, labels: Labels) -> str:
    known = facts.value(expr)
    return str(known) if known is not None else _line_key(line(expr), labels)


def _line_key(terms: Line, labels: Labels) -> str:
    return "+".join(sorted(f"{factor}{_letter_key(atom, labels)}" for atom, factor in terms.items()))


def _letter_key(atom: Atom, labels: Labels) -> str:
    if isinstance(atom, str):
        return labels.get(atom) or repr(atom)
    if isinstance(atom, tuple):
        return f"{atom[0]!r}[{','.join(_line_key(dict(part), labels) for part in atom[1:])}]"
    return "" if atom is None else str(atom)
