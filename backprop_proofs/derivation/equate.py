"""left = right in a network, by the rules: both sides are opened up, a link at a time, until algebra says they agree.

A search that may fail; what it returns is a theorem of the kernel. Derivatives are taken one link forward along the
equations, those of the earliest quantities first, so that both sides come to speak of the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from math import prod
from weakref import WeakKeyDictionary

from sympy import Add, Expr, Integer, Mul, Pow, Symbol, preorder_traversal

from backprop_proofs.derivation.chain import Chain, find_all
from backprop_proofs.derivation.cuts import is_recursive, users_of
from backprop_proofs.derivation.slopes import slope_by_formula
from backprop_proofs.derivation.tactics import collapse, derivative_of
from backprop_proofs.errors import BackpropError, Malformed, Refused
from backprop_proofs.kernel.dependence import find_path, region_of, unpacked
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import Path, limits_on_path, substitute, subterm
from backprop_proofs.language.expressions import Fn, Opaque, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Network
from backprop_proofs.networks.structure import renamed_limits

MOST_ROUNDS = 24
MOST_PARTS, MOST_TERMS = 3_000, 2_000  # of one side; of both, multiplied out
SHORT = 40  # parts of a side that algebra compares at once
_DIRECT, _REACHED, _ALL = range(3)
_KNOWN: WeakKeyDictionary[Network, dict[object, Theorem | None]] = WeakKeyDictionary()


def equated(network: Network, limits: tuple[Limit, ...], left: Expr, right: Expr) -> Theorem | None:
    """left = right as a theorem, for all letters in limits, or None where no proof was found."""
    try:
        sides = Chain(network, limits, left), Chain(network, limits, right)
    except (Malformed, Refused):
        return None
    search = _Search(network, *sides)
    if search.is_large():
        return None
    for _ in range(MOST_ROUNDS):
        try:
            if search.alike() and search.agree():
                return search.theorem()
            if not search.opened():
                return search.theorem() if not search.alike() and search.agree() else None
            if search.is_large():
                return None
        except (BackpropError, RecursionError):
            return None
    return None


class _Search:
    def __init__(self, network: Network, left: Chain, right: Chain):
        self.network, self.sides = network, (left, right)
        self._stuck: set[Expr] = set()
        self._fixed = {letter for letter, _, _ in (*left.theorem.limits, *network.parameters)}

    def alike(self) -> bool:
        """Whether algebra may find that the sides agree: they speak of the same things, or are quickly compared."""
        left, right = (side.rhs for side in self.sides)
        short = not any(_has_more_than(SHORT, side) for side in (left, right))
        return short or _kinds(left) == _kinds(right)

    def agree(self) -> bool:
        """Whether algebra makes one side the other; then the left one has been."""
        left, right = self.sides
        try:
            if left.rhs != right.rhs:
                left.step("ring", to=right.rhs)
        except (Refused, Malformed):
            return False
        return True

    def is_large(self) -> bool:
        """Whether a side has grown beyond what algebra will compare."""
        sides = [side.rhs for side in self.sides]
        return any(_has_more_than(MOST_PARTS, side) for side in sides) or sum(map(_terms, sides)) > MOST_TERMS

    def theorem(self) -> Theorem:
        """left = right, once they agree."""
        left, right = self.sides
        if right.rhs != right.theorem.statement.lhs:
            left.use(right.theorem, (), backwards=True)
        return left.theorem

    def opened(self) -> bool:
        """Whether a part of one side could be opened up: what is nearest to the other side first."""
        ways = (
            self._name,
            self._compound,
            lambda: self._derivative(most=1),
            self._slope,
            lambda: self._value(_DIRECT),
            lambda: self._value(_REACHED),
            lambda: self._derivative(most=2),
            lambda: self._value(_ALL),
            self._function,
        )
        return any(way() for way in ways)

    def _parts(self, wanted: type[Expr] | tuple[type[Expr], ...]) -> Iterator[tuple[Chain, Path, Expr]]:
        for side in self.sides:
            for path in find_all(side.rhs, lambda part: isinstance(part, wanted)):
                yield side, path, subterm(side.rhs, path)

    def _name(self) -> bool:
        """A name such as δ is unfolded."""
        done = False
        for side in self.sides:
            while (
                path := side.find(lambda p: isinstance(p, Ref) and self.network.is_abbreviation(p.name))
            ) is not None:
                side.step("definition", path)
                done = True
        return done

    def _compound(self) -> bool:
        """The derivative of an expression, by the rules of sums, products and functions."""
        for side, path, part in self._parts(Partial):
            if not isinstance(part.of, Ref) and part not in self._stuck:
                lemma, given = self._lemma(side, path, part)
                if lemma is not None and lemma.statement.rhs != lemma.statement.lhs:
                    side.use(lemma, path, given)
                    collapse(side)
                    return True
                self._stuck.add(part)
        return False

    def _derivative(self, most: int) -> bool:
        """One link forward of the earliest derivative, of a rank of at most `most`."""
        found = [
            (s, path, part)
            for s, path, part in self._parts(Partial)
            if isinstance(part.of, Ref) and part not in self._stuck
        ]
        ranked = sorted(((self._rank(one, found), n) for n, one in enumerate(found)))
        for side, path, part in (found[n] for rank, n in ranked if rank <= most):
            if self._link(side, path, part):
                return True
            self._stuck.add(part)
        return False

    def _rank(self, one: tuple[Chain, Path, Expr], found: list[tuple[Chain, Path, Expr]]) -> int:
        """Derivatives first that others lie on the way of; local ones before those of a cost."""
        side, path, part = one
        local = bool(part.of.indices)
        ahead = any(
            later.wrt != part.wrt and self._leads(part.wrt, later.wrt, (side, path), (there, at))
            for there, at, later in found
        )
        return 0 if local else 1 if ahead else 2

    def _leads(self, start: Expr, end: Expr, *places: tuple[Chain, Path]) -> bool:
        """Whether a path may lead from a quantity to another; their letters are those in force at the places."""
        own = self.sides[0].theorem.limits
        inner = (limit for side, path in places for limit in limits_on_path(side.rhs, path))
        every = tuple({limit[0]: limit for limit in (*own, *inner)}.values())
        try:
            facts = self.network.facts(own).extended(every[len(own) :])
            return find_path(self.network, region_of(start), region_of(end), (), facts) is not None
        except BackpropError:
            return False

    def _link(self, side: Chain, path: Path, part: Expr) -> bool:
        lemma, given = self._forward(side, path, part)
        if lemma is None or lemma.statement.rhs == lemma.statement.lhs:
            return False
        side.use(lemma, path, given)
        collapse(side)
        return True

    def _outside(self, side: Chain, path: Path) -> tuple[tuple[Limit, ...], dict[Symbol, Symbol]]:
        """The letters in force at a path, those of sums under plain names."""
        around = tuple(limits_on_path(side.rhs, path))
        taken = {letter.name for letter in self._fixed}
        plain: dict[Symbol, Symbol] = {}
        for number, (letter, _, _) in enumerate(around):
            name = f"{letter.name.lstrip('_')}_{number}"
            while name in taken:
                name += "_"
            taken.add(name)
            plain[letter] = index(name)
        return (*side.theorem.limits, *renamed_limits(around, plain)), plain

    def _lemma(self, side: Chain, path: Path, part: Expr) -> tuple[Theorem | None, dict[Symbol, Symbol]]:
        limits, plain = self._outside(side, path)
        part = substitute(part, plain)
        lemma = _once(
            self.network, ("worked out", limits, part), lambda: derivative_of(self.network, limits, *part.args)
        )
        return lemma, {new: old for old, new in plain.items()}

    def _forward(self, side: Chain, path: Path, part: Expr) -> tuple[Theorem | None, dict[Symbol, Symbol]]:
        """∂Y/∂X through whatever uses X on the way to Y, each ∂V/∂X worked out."""
        limits, plain = self._outside(side, path)
        part = substitute(part, plain)
        lemma = _once(self.network, ("forward", limits, part), lambda: self._linked(limits, part))
        return lemma, {new: old for old, new in plain.items()}

    def _linked(self, limits: tuple[Limit, ...], part: Expr) -> Theorem | None:
        if part.held:
            return derivative_of(self.network, limits, *part.args)
        through = users_of(self.network, part.wrt, part.of, limits)
        own = [instances for instances in through if unpacked(instances)[0].quantity == part.of.quantity]
        itself = bool(own) and not is_recursive(self.network, part.of.name)  # the equation of Y uses X, too
        if not through or len(own) == len(through) == 1 or itself:
            direct = self._direct(limits, part)
            if direct is not None or not through or itself or unpacked(through[0])[0] == part.of:
                return direct
        chain = Chain(self.network, limits, part)
        chain.step("chain-rule", through=through)
        self._work_out(chain, part)
        return collapse(chain).theorem

    def _direct(self, limits: tuple[Limit, ...], part: Expr) -> Theorem | None:
        """∂Y/∂X where only the equation of Y uses X."""
        definition = next((d for d in self.network.definitions if d.ref.quantity == part.of.quantity), None)
        if definition is not None and isinstance(definition.body, Opaque):
            return None
        chain = Chain(self.network, limits, part)
        try:
            for rule, path in (("leaf", ()), ("definition", (0,))):
                try:
                    chain.step(rule, path)
                    break
                except Refused:
                    continue
            if not isinstance(chain.rhs, Partial) or isinstance(chain.rhs.of, Ref):
                return chain.theorem
            inner = chain.rhs
            chain.use(derivative_of(self.network, limits, inner.of, inner.wrt), ())
            return collapse(chain).theorem
        except (Refused, Malformed):
            return None

    def _work_out(self, chain: Chain, whole: Expr) -> None:
        """Each ∂V/∂X of a chain rule."""
        done: set[Expr] = set()

        def wanted(p: Expr) -> bool:
            return isinstance(p, Partial) and p.wrt == whole.wrt and p not in done and p.of != whole.of

        while (path := chain.find(wanted)) is not None:
            local = subterm(chain.rhs, path)
            done.add(local)
            inner = _Search(self.network, chain, chain)
            lemma, given = inner._lemma(chain, path, local)
            if lemma is not None and lemma.statement.rhs != lemma.statement.lhs:
                chain.use(lemma, path, given)

    def _slope(self) -> bool:
        """σ'(u) by the formula of σ."""
        for side, path, part in self._parts(Fn):
            lemma = slope_by_formula(self.network, part.name) if part.primes == 1 else None
            if lemma is not None:
                side.use(lemma, path, {lemma.statement.lhs.argument: part.argument})
                return True
        return False

    def _value(self, how: int) -> bool:
        """A quantity by its equation, on both sides: one whose equation uses another that is written."""
        if how == _ALL and self._recursive():
            return False
        refs = [(s, path, ref) for s, path, ref in self._parts(Ref) if self._open_place(s, path)]
        for side, path, ref in refs:
            if how == _ALL or self._uses(side, path, ref, refs, how):
                try:
                    if self._unfold(ref):
                        return True
                except BackpropError:
                    continue
        return False

    def _unfold(self, ref: Expr) -> bool:
        """The quantity unfolded wherever it stands on both sides."""
        done = False
        for chain in self.sides:
            while True:
                places = find_all(chain.rhs, lambda x: isinstance(x, Ref) and x == ref)
                path = next((p for p in places if self._open_place(chain, p)), None)
                if path is None:
                    break
                chain.step("definition", path)
                done = True
                if self.is_large():
                    return done
        return done

    def _recursive(self) -> bool:
        return any(is_recursive(self.network, d.ref.name) for d in self.network.definitions)

    def _open_place(self, side: Chain, path: Path) -> bool:
        return not any(
            isinstance(subterm(side.rhs, path[:depth]), Partial | Opaque | Ref) for depth in range(len(path))
        )

    def _uses(self, side: Chain, path: Path, ref: Expr, refs: list[tuple[Chain, Path, Expr]], how: int) -> bool:
        bodies = [d.body for d in self.network.definitions if d.ref.quantity == ref.quantity]
        used = {inner.quantity for body in bodies for inner in parts_of(body, Ref)}
        if not bodies or any(isinstance(body, Opaque) for body in bodies):
            return False
        return any(
            other != ref
            and (how != _DIRECT or other.quantity in used)
            and self._leads(other, ref, (side, path), (there, at))
            for there, at, other in refs
        )

    def _function(self) -> bool:
        """A function by its formula, when all else has been tried."""
        named = {function.name for function in self.network.functions}
        for side, path, part in self._parts(Fn):
            if part.name in named and part.primes == 0:
                side.step("function-definition", path)
                return True
        return False


def _kinds(expr: Expr) -> set[tuple[object, ...]]:
    """The quantities, the derivatives and the functions that an expression speaks of, without their indices."""
    refs: set[tuple[object, ...]] = {(ref.quantity,) for ref in parts_of(expr, Ref)}
    partials = {(Partial, getattr(part.of, "quantity", None), part.wrt.quantity) for part in parts_of(expr, Partial)}
    return refs | partials | {(call.name, call.primes) for call in parts_of(expr, Fn)}


def _has_more_than(parts: int, expr: Expr) -> bool:
    return next(islice(preorder_traversal(expr), parts, None), None) is not None


def _terms(expr: Expr) -> int:
    """About how many terms an expression has when it is multiplied out."""
    inner = (
        [_terms(part) for part in expr.args if isinstance(part, Expr)] if not isinstance(expr, Ref | Partial) else []
    )
    if isinstance(expr, Add):
        return sum(inner)
    if isinstance(expr, Mul):
        return min(prod(inner), 10 * MOST_TERMS)
    if isinstance(expr, Pow) and isinstance(expr.exp, Integer) and expr.exp > 0:
        return min(inner[0] ** min(int(expr.exp), 20), 10 * MOST_TERMS)
    return max(inner, default=1)


def _once(network: Network, question: object, answer: Callable[[], Theorem | None]) -> Theorem | None:
    """The answer to a question about a network, found once; None where the kernel refuses."""
    known = _KNOWN.setdefault(network, {})
    if question not in known:
        try:
            known[question] = answer()
        except (BackpropError, RecursionError):
            known[question] = None
    return known[question]
