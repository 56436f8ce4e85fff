"""Expressions compiled to closures on dual numbers, once a network, so that no tree is walked once an instance."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Expr, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence import arrays
from backprop_proofs.evidence.concrete import Concrete, Env, IndexOf, Key, Scope, show
from backprop_proofs.evidence.fields import Field, Number
from backprop_proofs.evidence.functions import power_of
from backprop_proofs.evidence.instance import Closure, Dual, Sweep
from backprop_proofs.language.expressions import Delta, Each, Fn, IndexSum, Opaque, Partial, Ref
from backprop_proofs.language.matrices import Entry

KeyOf = Callable[[Env], Key]


class Compiler:
    """Expressions of one concrete network to closures (sweep, letters) -> (value, tangent)."""

    def __init__(self, concrete: Concrete, field: Field):
        self.concrete, self.field = concrete, field

    def __call__(self, expr: Expr, scope: Scope) -> Closure:
        """The closure of an expression. Raises Malformed for a node that has no value."""
        if isinstance(expr, Rational):
            constant = self.field.number(int(expr.p), int(expr.q)), None
            return lambda sweep, env: constant
        if isinstance(expr, Symbol) or (isinstance(expr, Ref) and self._is_size(expr)):
            return self._letter(expr, scope)
        for kind, method in _METHODS:
            if isinstance(expr, kind):
                return method(self, expr, scope)
        raise Malformed(f"no value is known for {type(expr).__name__} in {expr}")

    def key(self, ref: Ref, scope: Scope) -> KeyOf:
        """The instance that a reference names, as a function of the letters."""
        return _key_of(ref.name, [self.concrete.index(part, scope) for part in ref.indices])

    def keys(self, family: Expr, scope: Scope) -> Callable[[Env], list[Key]]:
        """The instances of a set, nested or a single one, in order."""
        if isinstance(family, Each):
            letter, low, high = family.limit
            bottom, top = self.concrete.index(low, scope), self.concrete.index(high, scope)
            opened, slot = scope.opened(letter)
            inner = self.keys(family.body, opened)

            def collect(env: Env) -> list[Key]:
                found: list[Key] = []
                for i in range(bottom(env), top(env) + 1):
                    env[slot] = i
                    found += inner(env)
                return found

            return collect
        if not isinstance(family, Ref):
            raise Malformed(f"a set of instances holds one quantity; found {family}")
        key = self.key(family, scope)
        return lambda env: [key(env)]

    def derivative(self, of: Expr, held: tuple[Expr, ...], scope: Scope) -> Callable[[Sweep, Env, Key], Dual]:
        """∂of/∂(an instance) with the sets `held` at their values, `of` itself left free where it is one of them."""
        sets = [self.keys(part, scope) for part in held]
        whole = self.key(of, scope) if isinstance(of, Ref) and not self._is_size(of) else None
        inside = self(of, scope) if whole is None else None
        nothing: frozenset[Key] = frozenset()

        def derivative(sweep: Sweep, env: Env, by: Key) -> Dual:
            if sweep.families:
                raise Malformed("a derivative of a derivative is not in the language")
            fixed = frozenset(key for keys in sets for key in keys(env)) if sets else nothing
            if whole is not None:
                return sweep.instance.partial(whole(env), by, fixed), None
            assert inside is not None
            if not self.concrete.exists(by):
                raise Malformed(f"{show(by)} does not exist at these sizes")
            tangent = inside(sweep.instance.sweep(by, fixed), env)[1]
            return (tangent.get(by, 0) if tangent else 0), None

        return derivative

    def total(self, duals: list[Dual]) -> Dual:
        """The sum of some duals."""
        modulus, accumulate = self.field.modulus, self.field.accumulate
        value, tangent = duals[0]
        own: dict[Key, Number] | None = None
        for more, change in duals[1:]:
            value = value + more
            if change:
                if own is None:
                    tangent = own = dict(tangent or ())
                accumulate(own, change, 1)
        return (value % modulus if modulus else value), tangent

    def product(self, duals: list[Dual]) -> Dual:
        """The product of some duals, by the product rule."""
        modulus, accumulate, scaled = self.field.modulus, self.field.accumulate, self.field.scaled
        value, tangent = duals[0]
        for factor, change in duals[1:]:
            if tangent:
                tangent = scaled(tangent, factor)
                if change and value:
                    tangent = {} if tangent is None else tangent
                    accumulate(tangent, change, value)
            elif change:
                tangent = scaled(change, value)
            value = value * factor % modulus if modulus else value * factor
        return value, tangent

    def _is_size(self, ref: Ref) -> bool:
        return ref.name in self.concrete.size_names and ref.name not in self.concrete.network.families

    def _letter(self, expr: Expr, scope: Scope) -> Closure:
        at, number = self.concrete.index(expr, scope), self.field.number
        return lambda sweep, env: (number(at(env)), None)

    def _ref(self, expr: Ref, scope: Scope) -> Closure:
        key = self.key(expr, scope)
        return lambda sweep, env: sweep.get(key(env))

    def _add(self, expr: Add, scope: Scope) -> Closure:
        parts, total = [self(part, scope) for part in expr.args], self.total
        return lambda sweep, env: total([part(sweep, env) for part in parts])

    def _sum(self, expr: IndexSum, scope: Scope) -> Closure:
        letter, low, high = expr.limit
        bottom, top = self.concrete.index(low, scope), self.concrete.index(high, scope)
        opened, slot = scope.opened(letter)
        if isinstance(expr.body, Mul) and len(expr.body.args) == 2:
            left, right = (self(part, opened) for part in expr.body.args)
            return self._sum_of_products(bottom, top, slot, left, right)
        body, total = self(expr.body, opened), self.total
        zero = self.field.number(0), None

        def value(sweep: Sweep, env: Env) -> Dual:
            duals: list[Dual] = [zero]
            for i in range(bottom(env), top(env) + 1):
                env[slot] = i
                duals.append(body(sweep, env))
            return total(duals)

        return value

    def _sum_of_products(self, bottom: IndexOf, top: IndexOf, slot: int, left: Closure, right: Closure) -> Closure:
        """A sum whose terms have two factors, by far the commonest, in one pass."""
        accumulate, modulus, zero = self.field.accumulate, self.field.modulus, self.field.number(0)

        def total(sweep: Sweep, env: Env) -> Dual:
            value, tangent = zero, dict[Key, Number]()
            for i in range(bottom(env), top(env) + 1):
                env[slot] = i
                first, change = left(sweep, env)
                second, other = right(sweep, env)
                value = value + first * second
                if change:
                    accumulate(tangent, change, second)
                if other:
                    accumulate(tangent, other, first)
            return (value % modulus if modulus else value), tangent or None

        return total

    def _mul(self, expr: Mul, scope: Scope) -> Closure:
        parts, product = [self(part, scope) for part in expr.args], self.product
        return lambda sweep, env: product([part(sweep, env) for part in parts])

    def _pow(self, expr: Pow, scope: Scope) -> Closure:
        base, exponent, field = self(expr.args[0], scope), expr.args[1], self.field
        slope = field.number(int(exponent.p), int(exponent.q)) if isinstance(exponent, Rational) else 0

        def power(sweep: Sweep, env: Env) -> Dual:
            at, tangent = base(sweep, env)
            value = power_of(field, at, exponent)
            return value, field.scaled(tangent, slope * power_of(field, at, exponent - 1)) if tangent else None

        return power

    def _delta(self, expr: Delta, scope: Scope) -> Closure:
        left, right = (self.concrete.index(part, scope) for part in expr.args)
        one, zero = (self.field.number(1), None), (self.field.number(0), None)
        return lambda sweep, env: one if left(env) == right(env) else zero

    def _fn(self, expr: Fn, scope: Scope) -> Closure:
        name, primes, argument = expr.name, expr.primes, self(expr.argument, scope)
        return lambda sweep, env: self.apply(sweep, name, primes, argument(sweep, env))

    def apply(self, sweep: Sweep, name: str, primes: int, argument: Dual) -> Dual:
        """A function of one variable, `primes` times differentiated, at a dual number."""
        at, tangent = argument
        function = sweep.instance.function
        slope = self.field.scaled(tangent, function(name, primes + 1, at)) if tangent else None
        return function(name, primes, at), slope

    def _opaque(self, expr: Opaque, scope: Scope) -> Closure:
        name, sets, field = expr.name, [self.keys(part, scope) for part in expr.args[1:]], self.field

        def value(sweep: Sweep, env: Env) -> Dual:
            duals = [sweep.get(key) for keys in sets for key in keys(env)]
            (constant, *linear), left, right = sweep.instance.function.form(name, len(duals))
            first = sum(c * at for c, (at, _) in zip(left, duals, strict=True))
            second = sum(c * at for c, (at, _) in zip(right, duals, strict=True))
            total, tangent = constant + first * second, dict[Key, Number]()
            for (at, change), c, d, e in zip(duals, linear, left, right, strict=True):
                total = total + c * at
                slope = c + d * second + e * first
                field.accumulate(tangent, change, slope % field.modulus if field.modulus else slope)
            return (total % field.modulus if field.modulus else total), tangent or None

        return value

    def _partial(self, expr: Partial, scope: Scope) -> Closure:
        derivative, wrt = self.derivative(expr.of, expr.held, scope), self.key(expr.wrt, scope)
        return lambda sweep, env: derivative(sweep, env, wrt(env))

    def _entry(self, expr: Entry, scope: Scope) -> Closure:
        array = arrays.compile_array(expr.array, scope, self)
        at = [self.concrete.index(part, scope) for part in expr.indices]
        return lambda sweep, env: arrays.entry_at(array, sweep, env, tuple([part(env) for part in at]))


_METHODS: tuple[tuple[type[Basic], Callable[[Compiler, Expr, Scope], Closure]], ...] = (
    (Ref, Compiler._ref),
    (Mul, Compiler._mul),
    (Add, Compiler._add),
    (IndexSum, Compiler._sum),
    (Fn, Compiler._fn),
    (Partial, Compiler._partial),
    (Delta, Compiler._delta),
    (Pow, Compiler._pow),
    (Opaque, Compiler._opaque),
    (Entry, Compiler._entry),
)


def _key_of(name: str, parts: list[IndexOf]) -> KeyOf:
    match parts:
        case []:
            constant = (name,)
            return lambda env: constant
        case [first]:
            return lambda env: (name, first(env))
        case [first, second]:
            return lambda env: (name, first(env), second(env))
        case [first, second, third]:
            return lambda env: (name, first(env), second(env), third(env))
    return lambda env: (name, *[part(env) for part in parts])
