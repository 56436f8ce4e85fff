"""Normal form: every scalar is a sum of monomials, a monomial a number times atoms under its own sums.

Two expressions are equal where their difference has no monomial left. The form is canonical up to the order of factors
and the names and order of bound indices; a delta is eliminated where its range obligation holds; e^u e^v is e^{u+v};
derivatives are worked out. Index positions matter: w_{jk} is not w_{kj}.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby, permutations, product
from typing import NamedTuple

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import Refused
from backprop_proofs.kernel.calculus import nonzero, worked_out
from backprop_proofs.kernel.rules import Hypothesis, Scope
from backprop_proofs.language.binding import free_indices, fresh_index, opened, substitute, substitute_limits
from backprop_proofs.language.expressions import Binder, Delta, Fn, IndexSum, Partial, Ref, add, mul, negative, power
from backprop_proofs.language.indices import Atom, Facts, Limit, Line, atom_of, line

_MOST_MONOMIALS, _MOST_ORDERS = 20_000, 720  # larger forms, and monomials with more orders of their sums, are refused
_MOST_FACTORS = 1_000
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
    rest = form.collected(form.expanded(add(left, negative(right)), scope.facts), scope.facts)
    while bottoms := _denominators(rest):
        rest = form.collected((new for m in rest for new in form.cleared(m, bottoms, scope.facts)), scope.facts)
    return None if rest else tuple(dict.fromkeys(form.needs))


def _denominators(monomials: list[Monomial]) -> dict[Expr, int]:
    """The atoms that the monomials divide by, and the highest power of each; none that a sum's index stands in."""
    bottoms: dict[Expr, int] = {}
    for _, limits, atoms in monomials:
        bound = {letter for letter, _, _ in limits}
        for atom, exponent in atoms:
            if exponent < 0 and exponent.denominator == 1 and not bound & free_indices(atom):
                bottoms[atom] = max(bottoms.get(atom, 0), -int(exponent))
    return bottoms


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
                return [done for m in self.expanded(body, inner) for done in self.summed(m, limit, facts)]
            case Partial():
                opened_up = worked_out(expr, self.scope._replace(facts=facts), self.needs)
                if opened_up != expr:
                    return self.expanded(opened_up, facts)
            case Delta():
                return self.settled(Monomial(atoms=((expr, ONE),)), facts)
            case Fn(name="exp", primes=0) if not self.collected(self.expanded(expr.argument, facts), facts):
                return [Monomial()]
        return [Monomial(atoms=((expr, ONE),))]

    def power(self, base: Expr, exponent: Expr, facts: Facts) -> list[Monomial]:
        size = Fraction(int(exponent.p), int(exponent.q)) if isinstance(exponent, Rational) else None
        if size is None or size.denominator != 1:
            self.needs += nonzero(base, "positive")
            return [Monomial(atoms=((base, size) if size else (Pow(base, exponent, evaluate=False), ONE),))]
        if size == 0:
            return [Monomial()]
        if abs(size) > _MOST_FACTORS:
            raise Refused("ring", f"powers of at most {_MOST_FACTORS}", str(size))
        if size < 0:
            self.needs += nonzero(base)
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
            if len(total) * len(right) > _MOST_MONOMIALS:
                raise Refused("ring", f"at most {_MOST_MONOMIALS} monomials", str(len(total) * len(right)))
            pairs = ((one, _apart(other) if one.limits else other) for one, other in product(total, right))
            joined = [Monomial(a * c, k + m, self.joined(f + g, facts)) for (a, k, f), (c, m, g) in pairs]
            total = [done for monomial in joined for done in self.settled(monomial, facts)]
        return total

    def joined(self, atoms: Atoms, facts: Facts) -> Atoms:
        """Equal atoms as one power, and all exponentials as one."""
        total: dict[Expr, Fraction] = {}
        powers: list[Expr] = []
        for atom, exponent in atoms:
            if isinstance(atom, Fn) and atom.name == "exp" and atom.primes == 0:
                powers.append(mul(Rational(exponent.numerator, exponent.denominator), atom.argument))
            else:
                total[atom] = total.get(atom, Fraction(0)) + exponent
        if len(powers) > 1 or any(isinstance(argument, Mul) for argument in powers):
            whole = self.collected(self.expanded(add(*powers), facts), facts)
            powers = [add(*map(_written, whole))] if whole else []
        exponentials = ((Fn("exp", 0, argument), ONE) for argument in powers)
        return (*((atom, exponent) for atom, exponent in total.items() if exponent), *exponentials)

    def summed(self, monomial: Monomial, limit: Limit, facts: Facts) -> list[Monomial]:
        """The monomial under one more sum; as often as the range is long, if it has not got the index."""
        letter, low, high = limit
        parts = (*(atom for atom, _ in monomial.atoms), *(end for _, *ends in monomial.limits for end in ends))
        length = high - low + 1
        if any(letter in free_indices(part) for part in parts) or not facts.nonnegative(length):
            return self.settled(monomial._replace(limits=(limit, *monomial.limits)), facts)
        known = facts.value(length)
        return self.multiplied(([monomial], self.expanded(length if known is None else Integer(known), facts)), facts)

    def settled(self, monomial: Monomial, facts: Facts) -> list[Monomial]:
        """The monomial with each delta decided, collapsed, or its two free letters made one; [] if it is 0."""
        coefficient, limits, atoms = monomial
        for place, (atom, exponent) in enumerate(atoms):
            if not isinstance(atom, Delta) or exponent <= 0:
                continue
            known, (left, right) = facts.extended(limits), atom.args
            rest = atoms[:place] + atoms[place + 1 :]
            if known.equal(left, right):
                return self.settled(Monomial(coefficient, limits, rest), facts)
            for at, (letter, low, high) in enumerate(limits):
                value, others = solved_for(letter, left - right), limits[:at] + limits[at + 1 :]
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
        return [monomial]

    def put(self, atoms: Atoms, letter: Symbol, value: Expr, facts: Facts) -> Atoms:
        return self.joined(tuple((substitute(atom, {letter: value}), exponent) for atom, exponent in atoms), facts)

    def cleared(self, monomial: Monomial, bottoms: dict[Expr, int], facts: Facts) -> list[Monomial]:
        """The monomial times the highest power of each denominator."""
        kept = tuple((atom, exponent) for atom, exponent in monomial.atoms if atom not in bottoms)
        times = {atom: int(most + dict(monomial.atoms).get(atom, 0)) for atom, most in bottoms.items()}
        factors = [self.expanded(atom, facts) for atom, often in times.items() for _ in range(often)]
        return self.multiplied([[monomial._replace(atoms=kept)], *factors], facts)

    def collected(self, monomials: Iterable[Monomial], facts: Facts) -> list[Monomial]:
        """The monomials with equal ones added up; none left exactly when the normal form is 0."""
        total: dict[str, Monomial] = {}
        for monomial in monomials:
            key = self.key(monomial, facts, {})
            before = total[key].coefficient if key in total else 0
            total[key] = monomial._replace(coefficient=monomial.coefficient + before)
        return [monomial for _, monomial in sorted(total.items()) if monomial.coefficient]

    def key(self, monomial: Monomial, facts: Facts, labels: Labels) -> str:
        """A text, the same exactly for monomials that differ only in the order of factors and in bound letters."""
        if not monomial.limits:
            return self.full_key(monomial, facts, labels)
        known, letters = facts.extended(monomial.limits), [atom_of(letter) for letter, _, _ in monomial.limits]
        blank = labels | dict.fromkeys(letters, "?")
        marks = {s: self.full_key(monomial, known, blank | {s: "*"}) for s in letters}
        ordered = sorted(letters, key=marks.__getitem__)
        groups = [tuple(permutations(group)) for _, group in groupby(ordered, key=marks.__getitem__)]
        orders = [sum(order, ()) for order in product(*groups)] if len(letters) < 7 else []
        if not 0 < len(orders) <= _MOST_ORDERS:
            raise Refused("ring", f"at most {_MOST_ORDERS} orders of the sums of one monomial", str(len(letters)))
        named = (labels | {s: f"_{len(labels) + at}" for at, s in enumerate(order)} for order in orders)
        return min(self.full_key(monomial, known, names) for names in named)

    def full_key(self, monomial: Monomial, facts: Facts, labels: Labels) -> str:
        ranges = (
            ":".join((labels[atom_of(s)], *(_index_key(end, facts, labels) for end in ends)))
            for s, *ends in monomial.limits
        )
        atoms = (f"{self.atom_key(atom, facts, labels)}^{exponent}" for atom, exponent in monomial.atoms)
        return f"{' '.join(sorted(ranges))} {'*'.join(sorted(atoms))}"

    def value_key(self, expr: Expr, facts: Facts, labels: Labels) -> str:
        monomials = self.collected(self.expanded(expr, facts), facts)
        return f"({'+'.join(sorted(f'{m.coefficient} {self.key(m, facts, labels)}' for m in monomials))})"

    def atom_key(self, atom: Basic, facts: Facts, labels: Labels) -> str:
        if isinstance(atom, Ref | Delta):
            keys = [_index_key(part, facts, labels) for part in atom.args[isinstance(atom, Ref) :]]
            if isinstance(atom, Delta):
                return f"kronecker[{','.join(sorted(keys))}]"
            return f"{atom.name!r}{atom.quantity.superscripts}[{','.join(keys)}]"
        if isinstance(atom, Fn):
            return f"{atom.name!r}{atom.primes}{self.value_key(atom.argument, facts, labels)}"
        if isinstance(atom, Symbol):
            return _index_key(atom, facts, labels)
        if isinstance(atom, Pow) and not isinstance(atom.exp, Rational):
            return "^".join(self.value_key(part, facts, labels) for part in atom.args)
        if isinstance(atom, Add | Mul | Pow | IndexSum):
            return self.value_key(atom, facts, labels)
        if isinstance(atom, Binder):
            body, limit = opened(atom)
            ends = (_index_key(end, facts, labels) for end in limit[1:])
            inner = self.atom_key(body, facts.extended((limit,)), labels | {atom_of(limit[0]): f"_{len(labels)}"})
            return f"{type(atom).__name__}({':'.join(ends)} {inner})"
        parts = ";".join(self.atom_key(part, facts, labels) for part in atom.args)
        return f"{type(atom).__name__}({parts})" if atom.args else repr(str(atom))


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
        return f"{atom[0]}[{','.join(_line_key(dict(part), labels) for part in atom[1:])}]"
    return "" if atom is None else str(atom)
