"""The numbers that instances are made of: a prime field, small rationals, or floats of 60 digits.

A tangent is a sparse row of derivatives, a dict from instance to number, or None where all are zero. No tangent is
changed once it is made, so instances may share them.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import factorial
from random import Random
from typing import Any

from mpmath.ctx_mp import MPContext  # type: ignore[import-untyped]  # mpmath says no types
from sympy import Expr, Float, Integer, Pow, Rational
from sympy.core.basic import Basic

from backprop_proofs.evidence.concrete import Key
from backprop_proofs.language.expressions import Fn, parts_of
from backprop_proofs.language.matrices import Map
from backprop_proofs.language.network import Network

Number = Any  # int, Fraction or mpf, by the field
Tangent = dict[Key, Number] | None
KINKED = ("relu", "step")  # max(0, u) and its derivative
NORMAL = ("normal_cdf", "normal_pdf")  # Φ and φ = Φ' of the normal distribution; φ'(u) = -u φ(u)
REAL = ("exp", "log", *NORMAL)  # what only real numbers have
PRIMITIVES = frozenset((*REAL, *KINKED))  # they mean themselves wherever a network does not define them
PRIME = 2**61 - 1


class Singular(ArithmeticError):
    """An instance that sits on a singularity: a zero denominator, a kink, a logarithm of no positive number."""


class Unmet(Singular):
    """An instance that what is given could not be made true of."""


class Field:
    """Exact numbers that know themselves how to add and multiply."""

    modulus: int = 0
    says = ""
    memoised = False  # whether an unspecified function may take unrelated random values at different arguments

    def number(self, top: int, bottom: int = 1) -> Number:
        return Fraction(top, bottom) if bottom != 1 else top

    def inverse(self, value: Number) -> Number:
        if not value:
            raise Singular("a zero denominator")
        return Fraction(1) / value

    def root(self, base: Number, exponent: Rational) -> Number:
        raise Singular(f"the power {exponent} of {base} is not rational")

    def draw(self, rng: Random) -> Number:
        raise NotImplementedError

    def taken(self, value: Number) -> Number:
        """A number of another field of the same kind."""
        return value

    def primitive(self, name: str, primes: int, at: Number) -> Number:
        if name not in KINKED:
            raise Singular(f"{name} has no value in this field")
        if not at:
            raise Singular("the kink of relu")
        order = primes + KINKED.index(name)
        return (at, 1)[order] if at > 0 and order < 2 else 0

    def same(self, left: Number, right: Number) -> bool:
        return bool(left == right)

    def shown(self, value: Number) -> Expr:
        """The number as SymPy prints it."""
        return Rational(value.numerator, value.denominator)

    def scaled(self, tangent: Tangent, factor: Number) -> Tangent:
        """factor · tangent."""
        if not tangent or not factor:
            return None
        return {key: factor * part for key, part in tangent.items()}

    def accumulate(self, total: dict[Key, Number], tangent: Tangent, factor: Number) -> None:
        """Add factor · tangent to `total`, in place."""
        for key, part in (tangent or {}).items():
            total[key] = total.get(key, 0) + factor * part


class PrimeField(Field):
    """The integers modulo 2^61 - 1: exact, and an identity that fails is caught but for one chance in about 2^60."""

    modulus = PRIME
    says = "forward duals over the prime field of 2^61 - 1 elements"
    memoised = True

    def number(self, top: int, bottom: int = 1) -> Number:
        return top * pow(bottom, -1, PRIME) % PRIME if bottom != 1 else top % PRIME

    def inverse(self, value: Number) -> Number:
        if not value:
            raise Singular("a zero denominator")
        return pow(value, -1, PRIME)

    def draw(self, rng: Random) -> Number:
        return rng.getrandbits(61) % PRIME

    def primitive(self, name: str, primes: int, at: Number) -> Number:
        raise Singular(f"{name} has no value in a prime field")

    def scaled(self, tangent: Tangent, factor: Number) -> Tangent:
        if not tangent or not factor:
            return None
        return {key: factor * part % PRIME for key, part in tangent.items()}

    def accumulate(self, total: dict[Key, Number], tangent: Tangent, factor: Number) -> None:
        if not tangent:
            return
        held = total.get
        if len(tangent) == 1:
            for key, part in tangent.items():
                total[key] = (held(key, 0) + factor * part) % PRIME
        elif factor == 1:
            total.update({key: (held(key, 0) + part) % PRIME for key, part in tangent.items()})
        else:
            total.update({key: (held(key, 0) + factor * part) % PRIME for key, part in tangent.items()})


class Rationals(Field):
    """The rationals; inputs are whole numbers up to `spread`, never 0, so that a counterexample reads easily."""

    says = "forward duals over the rationals"

    def __init__(self, spread: int = 3):
        self.spread = spread

    def draw(self, rng: Random) -> Number:
        return rng.choice((-1, 1)) * rng.randint(1, self.spread)


class Floats(Field):
    """Floats of 60 digits, for exp, log and roots; values that agree to 50 digits count as equal.

    A denominator or a logarithm within 10^-20 of 0 counts as 0, since of a difference such as 1 - a so few digits are
    left that it may be 0. positive: whether inputs are drawn positive, for a network that takes their logarithm or
    root. finer: by what they are divided, for one that takes ln(1 - a). digits: others than 60. coarse: whether they
    are whole and half numbers, which read easily.
    """

    says = "forward duals in floats, 50 digits compared"
    _digits, _compared = 60, 50

    def __init__(self, positive: bool = False, finer: int = 1, digits: int = 0, coarse: bool = False):
        self.context = _context(digits or self._digits)
        self.positive, self.finer, self.coarse = positive, finer, coarse
        self._least = self.context.mpf(10) ** -20

    def number(self, top: int, bottom: int = 1) -> Number:
        return self.context.mpf(top) / bottom

    def inverse(self, value: Number) -> Number:
        if abs(value) < self._least:
            raise Singular("a zero denominator")
        return 1 / value

    def root(self, base: Number, exponent: Rational) -> Number:
        if base < self._least:
            raise Singular(f"the power {exponent} of a number that is not positive")
        return base ** (self.context.mpf(int(exponent.p)) / int(exponent.q))

    def draw(self, rng: Random) -> Number:
        sign = 1 if self.positive else rng.choice((-1, 1))
        size = self.context.mpf(rng.randint(1, 4)) / 2 if self.coarse else self.context.mpf(rng.randint(4, 48)) / 32
        return sign * size / self.finer

    def taken(self, value: Number) -> Number:
        return self.context.mpf(value)

    def primitive(self, name: str, primes: int, at: Number) -> Number:
        if name == "exp":
            return self.context.exp(at)
        if name in NORMAL:
            return self._normal(primes + NORMAL.index(name), at)
        if name in KINKED:
            return super().primitive(name, primes, at if abs(at) >= self._least else 0)
        if at < self._least:
            raise Singular("the logarithm of a number that is not positive")
        if not primes:
            return self.context.log(at)
        return (-1) ** (primes - 1) * factorial(primes - 1) / at**primes

    def _normal(self, order: int, at: Number) -> Number:
        """The derivative of Φ of that order: (-1)^n He_n φ for order n + 1, He_{n+1} = u He_n - n He_{n-1}."""
        if not order:
            return self.context.ncdf(at)
        before, hermite = self.context.mpf(0), self.context.mpf(1)
        for n in range(order - 1):
            before, hermite = hermite, at * hermite - n * before
        return (-1) ** (order - 1) * hermite * self.context.npdf(at)

    def same(self, left: Number, right: Number) -> bool:
        """Whether the values agree to fifty digits. Raises Singular where they agree to too few digits to tell."""
        size, gap = max(abs(left), abs(right), 1), abs(left - right)
        if gap > size * self.context.mpf(10) ** -self._compared and gap < size * self.context.mpf(10) ** -30:
            raise Singular("two values too near each other to tell")
        return bool(gap <= size * self.context.mpf(10) ** -self._compared)

    def shown(self, value: Number) -> Expr:
        """The number to twenty digits; 0 for what rounding leaves of it."""
        if value == int(value) or abs(value) <= self.context.mpf(10) ** -self._compared:
            return Integer(int(value))
        return Float(str(value), 20)


@lru_cache(maxsize=8)
def _context(digits: int) -> MPContext:
    """Floats of so many digits; what makes them is the same for all fields, and slow to be set up."""
    context = MPContext()
    context.dps = digits
    return context


def has_kinks(network: Network, *exprs: Basic) -> bool:
    """Whether max(0, u) or its slope occurs, so that a sign decides what a value is."""
    parts = [_of_network(network), *(_names_and_powers(expr) for expr in exprs)]
    return any(not called.isdisjoint(KINKED) for called, _ in parts)


def needs(network: Network, *exprs: Basic) -> str:
    """What the functions of the network and of `exprs` ask of the numbers: "any", "ordered" (relu), or "real"."""
    defined = {function.name for function in network.functions}
    parts = [_of_network(network), *(_names_and_powers(expr) for expr in exprs)]
    names = {name for called, _ in parts for name in called} - defined
    if names & set(REAL) or any(rooted for _, rooted in parts):
        return "real"
    return "ordered" if names & set(KINKED) else "any"


def _names_and_powers(*exprs: Basic) -> tuple[frozenset[str], bool]:
    """The functions of some expressions, and whether a root is among their powers."""
    names = {str(node.args[0]) for expr in exprs for node in parts_of(expr, Fn, Map)}
    powers = {node.args[1] for expr in exprs for node in parts_of(expr, Pow)}
    return frozenset(names), any(isinstance(p, Rational) and not isinstance(p, Integer) for p in powers)


@lru_cache(maxsize=256)
def _of_network(network: Network) -> tuple[frozenset[str], bool]:
    equations = network.definitions + network.abbreviations + network.functions
    return _names_and_powers(*(known.body for known in equations))


_KINDS = ((False, 1), (True, 1), (False, 16), (True, 16))  # of inputs, attempt by attempt: positive, finer


def field_for(need: str, attempt: int = 0) -> Field:
    """The field for evidence: the prime field wherever it will do. A further attempt draws other kinds of inputs."""
    if need == "real":
        return Floats(*_KINDS[attempt % len(_KINDS)])
    return Rationals(spread=10**6) if need == "ordered" else PrimeField()


def small_field_for(need: str, attempt: int = 0) -> Field:
    """The field for a counterexample: small rationals wherever they will do, else halves."""
    if need == "real":
        return Floats(*_KINDS[attempt % len(_KINDS)], coarse=True)
    return Rationals(spread=2 + attempt // 2)
