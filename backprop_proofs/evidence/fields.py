"""The numbers that instances are made of: a prime field, small rationals, or floats of 60 digits.

A tangent is a sparse row of derivatives, a dict from instance to number, or None where all are zero. No tangent is
changed once it is made, so instances may share them.
"""

from __future__ import annotations

from fractions import Fraction
from math import factorial
from random import Random
from typing import Any

from mpmath.ctx_mp import MPContext  # type: ignore[import-untyped]
from sympy import Expr, Float, Integer, Pow, Rational
from sympy.core.basic import Basic

from backprop_proofs.evidence.concrete import Key
from backprop_proofs.language.expressions import Fn
from backprop_proofs.language.matrices import Map
from backprop_proofs.language.network import Network

Number = Any  # int, Fraction or mpf, by the field
Tangent = dict[Key, Number] | None
KINKED = ("relu", "step")  # max(0, u) and its derivative
PRIMITIVES = frozenset(("exp", "log", *KINKED))  # they mean themselves wherever a network does not define them
PRIME = 2**61 - 1


class Singular(ArithmeticError):
    """An instance that sits on a singularity: a zero denominator, a kink, a logarithm of no positive number."""


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
    """Floats of 60 digits, for exp, log and roots; values within 10^-45 of each other count as equal.

    positive: whether inputs are drawn positive, for a network that takes their logarithm or root.
    """

    says = "forward duals in floats, 50 digits compared"
    _digits = 60

    def __init__(self, positive: bool = False):
        self.context = MPContext()
        self.context.dps = self._digits
        self.positive = positive

    def number(self, top: int, bottom: int = 1) -> Number:
        return self.context.mpf(top) / bottom

    def inverse(self, value: Number) -> Number:
        if not value:
            raise Singular("a zero denominator")
        return 1 / value

    def root(self, base: Number, exponent: Rational) -> Number:
        if base <= 0:
            raise Singular(f"the power {exponent} of {base}")
        return base ** (self.context.mpf(int(exponent.p)) / int(exponent.q))

    def draw(self, rng: Random) -> Number:
        sign = 1 if self.positive else rng.choice((-1, 1))
        return sign * self.context.mpf(rng.randint(4, 48)) / 32

    def primitive(self, name: str, primes: int, at: Number) -> Number:
        if name == "exp":
            return self.context.exp(at)
        if name in KINKED:
            return super().primitive(name, primes, at)
        if at <= 0:
            raise Singular("the logarithm of a number that is not positive")
        if not primes:
            return self.context.log(at)
        return (-1) ** (primes - 1) * factorial(primes - 1) / at**primes

    def same(self, left: Number, right: Number) -> bool:
        """Whether the values agree to 50 digits. Raises Singular where they agree to too few digits to tell."""
        size, gap = max(abs(left), abs(right), 1), abs(left - right)
        if gap > size * self.context.mpf(10) ** -50 and gap < size * self.context.mpf(10) ** -30:
            raise Singular("two values too near each other to tell")
        return bool(gap <= size * self.context.mpf(10) ** -50)

    def shown(self, value: Number) -> Expr:
        return Float(str(value), 20) if value != int(value) else Integer(int(value))


def needs(network: Network, *exprs: Basic) -> str:
    """What the functions of the network and of `exprs` ask of the numbers: "any", "ordered" (relu), or "real"."""
    defined = {function.name for function in network.functions}
    everything = [*exprs, *(d.body for d in network.definitions), *(f.body for f in network.functions)]
    names = {str(node.args[0]) for expr in everything for node in expr.atoms(Fn, Map)} - defined
    powers = {node.args[1] for expr in everything for node in expr.atoms(Pow)}
    if names & {"exp", "log"} or any(isinstance(p, Rational) and not isinstance(p, Integer) for p in powers):
        return "real"
    return "ordered" if names & set(KINKED) else "any"


def field_for(need: str, attempt: int = 0) -> Field:
    """The field for evidence: the prime field wherever it will do. A further attempt draws other kinds of inputs."""
    if need == "real":
        return Floats(positive=attempt % 2 == 1)
    return Rationals(spread=10**6) if need == "ordered" else PrimeField()


def small_field_for(need: str, attempt: int = 0) -> Field:
    """The field for a counterexample: small rationals wherever they will do."""
    return Floats(positive=attempt % 2 == 1) if need == "real" else Rationals(spread=2 + attempt // 2)
