"""Functions at numbers: a formula by its Taylor series, an unspecified function by values drawn once and kept."""

from __future__ import annotations

from math import factorial, perm
from random import Random

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol, expand

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.fields import PRIMITIVES, Field, Number
from backprop_proofs.language.expressions import Fn, Ref
from backprop_proofs.language.network import Network

_DEGREE = 4  # of the polynomial that stands for an unspecified function where values must not be unrelated
Series = list[Number]  # Taylor coefficients c_0, c_1, ... at one point


class Functions:
    """Every function of a network at numbers, each with its true derivatives."""

    def __init__(self, network: Network, field: Field, rng: Random, degree: int = _DEGREE):
        self._network, self._field, self._rng, self._degree = network, field, rng, degree
        self._values: dict[tuple[str, int, Number], Number] = {}
        self.polynomials: dict[str, Series] = {}
        self._forms: dict[tuple[str, int], tuple[Series, Series, Series]] = {}

    def __call__(self, name: str, primes: int, at: Number) -> Number:
        """The derivative of order `primes` of a function of one variable."""
        known = self._values.get((name, primes, at))
        if known is None:
            known = self._values[name, primes, at] = self._value(name, primes, at)
        return known

    def form(self, name: str, count: int) -> tuple[Series, Series, Series]:
        """An unspecified function of `count` variables: c_0 + Σ c_i x_i + (Σ d_i x_i)(Σ e_i x_i), as (c, d, e)."""
        if (name, count) not in self._forms:
            draw, rng = self._field.draw, self._rng
            self._forms[name, count] = (
                [draw(rng) for _ in range(count + 1)],
                [draw(rng) for _ in range(count)],
                [draw(rng) for _ in range(count)],
            )
        return self._forms[name, count]

    @property
    def forms(self) -> dict[tuple[str, int], tuple[Series, Series, Series]]:
        """The functions of several variables drawn so far, by name and number of variables."""
        return dict(self._forms)

    def take(self, other: Functions) -> None:
        """Take over the unspecified functions that another instance of the same network has drawn."""
        taken = self._field.taken
        self.polynomials.update({name: [*map(taken, row)] for name, row in other.polynomials.items()})
        for key, rows in other._forms.items():
            linear, left, right = ([*map(taken, row)] for row in rows)
            self._forms[key] = linear, left, right

    def _value(self, name: str, primes: int, at: Number) -> Number:
        formula = self._network.function(name)
        if formula is not None:
            seed = [at, self._field.number(1)] + [0] * primes
            value = self._series(formula.body, formula.variable, seed[: primes + 1])[primes]
            return self._reduced(value * factorial(primes))
        if name in PRIMITIVES:
            return self._field.primitive(name, primes, at)
        return self._field.draw(self._rng) if self._field.memoised else self._polynomial(name, primes, at)

    def _polynomial(self, name: str, primes: int, at: Number) -> Number:
        if name not in self.polynomials:
            self.polynomials[name] = [self._field.draw(self._rng) for _ in range(self._degree + 1)]
        value: Number = 0
        for power in range(self._degree, primes - 1, -1):
            value = value * at + self.polynomials[name][power] * perm(power, primes)
        return value

    def _series(self, expr: Expr, variable: Ref, at: Series) -> Series:
        """The Taylor series of a formula where the variable is the series `at`."""
        if isinstance(expr, Rational):
            return [self._field.number(int(expr.p), int(expr.q))] + [0] * (len(at) - 1)
        if expr == variable:
            return at
        if isinstance(expr, Fn):
            inner = self._series(expr.argument, variable, at)
            outer = [self(expr.name, expr.primes + k, inner[0]) * self._over(factorial(k)) for k in range(len(at))]
            return self._composed(outer, inner)
        if not isinstance(expr, Add | Mul | Pow):
            raise Malformed(f"the formula of a function of {variable} holds {expr}")
        if isinstance(expr, Pow):
            inner = self._series(expr.args[0], variable, at)
            return self._composed(self._power(inner[0], expr.args[1], len(at)), inner)
        parts = [self._series(part, variable, at) for part in expr.args]
        total = parts[0]
        for part in parts[1:]:
            total = self._sum(total, part) if isinstance(expr, Add) else self._product(total, part)
        return total

    def _power(self, base: Number, exponent: Expr, count: int) -> Series:
        """The Taylor series of t^exponent at `base`: binomial(exponent, k) base^(exponent - k)."""
        factor, series = Integer(1), []
        for k in range(count):
            series.append(power_of(self._field, base, exponent - k) * self._exact(factor) if factor else 0)
            factor = factor * (exponent - k) / (k + 1)
        return [self._reduced(part) for part in series]

    def _composed(self, outer: Series, inner: Series) -> Series:
        change = [0, *inner[1:]]
        total = [outer[-1]] + [0] * (len(inner) - 1)
        for coefficient in reversed(outer[:-1]):
            total = self._product(total, change)
            total[0] = total[0] + coefficient
        return total

    def _sum(self, left: Series, right: Series) -> Series:
        return [self._reduced(a + b) for a, b in zip(left, right, strict=True)]

    def _product(self, left: Series, right: Series) -> Series:
        count = len(left)
        return [self._reduced(sum(left[i] * right[k - i] for i in range(k + 1))) for k in range(count)]

    def _exact(self, value: Rational) -> Number:
        return self._field.number(int(value.p), int(value.q))

    def _over(self, value: int) -> Number:
        return self._field.number(1, value)

    def _reduced(self, value: Number) -> Number:
        return value % self._field.modulus if self._field.modulus else value


def power_of(field: Field, base: Number, exponent: Expr) -> Number:
    """base ** exponent. Raises Singular for a negative power of 0, or a root that the field lacks; Malformed for an
    exponent that is no number.
    """
    if not isinstance(exponent, Rational):
        raise Malformed(f"the exponent {exponent} is not a number")
    if not isinstance(exponent, Integer):
        return field.root(base, exponent)
    value = base if exponent >= 0 else field.inverse(base)
    return pow(value, abs(int(exponent)), field.modulus) if field.modulus else value ** abs(int(exponent))


def polynomials_of(functions: Functions, field: Field) -> tuple[str, ...]:
    """The unspecified functions that were drawn, as text: sigma(u) = 2*u**2 - u + 1."""
    u = Symbol("u")
    lines = []
    for name, series in functions.polynomials.items():
        lines.append(f"{name}(u) = {Add(*(field.shown(c) * u**k for k, c in enumerate(series)))}")
    for (name, count), (linear, left, right) in functions.forms.items():
        letters = [Symbol(f"u{i + 1}") for i in range(count)]
        first = [Add(*(field.shown(c) * x for c, x in zip(row, letters, strict=True))) for row in (left, right)]
        value = Add(field.shown(linear[0]), *(field.shown(c) * x for c, x in zip(linear[1:], letters, strict=True)))
        lines.append(f"{name}({', '.join(map(str, letters))}) = {expand(value + first[0] * first[1])}")
    return tuple(lines)
