"""Numbers for lines: random networks over a prime field, and whether the two sides of a line agree on them.

Derivatives are forward duals through the network's own definitions; σ is a random polynomial with its derivative, or,
where it is a sigmoid, tanh or exp, a value at random with the derivative that its equation says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

from checking.generated_model import (
    Env,
    Key,
    Misfit,
    Model,
    P,
    Slot,
    Uses,
    inverse,
    joined,
    place_of,
    reach,
    uses_in,
    uses_of,
)
from checking.generated_terms import (
    CONSTANTS,
    Add,
    D,
    Delta,
    Div,
    Fn,
    Had,
    Mul,
    Neg,
    Num,
    Opaque,
    Pow,
    Q,
    Sum,
    Term,
    Transposed,
    children,
)


class Instance:
    """One network with numbers."""

    def __init__(self, model: Model, sizes: Mapping[str, Any], seed: int):
        self.model, self.sizes, self.seed = model, sizes, seed
        self.numbers = {name: size for name, size in sizes.items() if isinstance(size, int)}
        self.keys = {key for name in model.families for key in self._keys(name)}
        self.values: dict[Key, int] = _Values(self)
        self.defined = {lhs.name: (lhs, rhs) for lhs, rhs in model.definitions}
        self.errors = {lhs.name: (lhs, rhs) for lhs, rhs in model.errors}
        self.codes = {name: compiled(rhs, model)[0] for name, (_, rhs) in self.defined.items()}
        self._slopes: dict[Key, dict[Key, int]] = {}
        self._polynomials: dict[tuple[str, int], list[int]] = {}
        rng = Random(seed)
        for key in sorted(self.keys, key=str):
            if key[0] not in self.errors and not self._is_defined(key):
                self.values[key] = self.sizes[key[0]] if key[0] in self.numbers else rng.randrange(1, P)
        self.assumes = model.assumption is None or seed % 2 == 1
        if self.assumes and model.assumption is not None:
            model.assumption(self.values)
        for key in sorted(self.keys, key=str):
            if key[0] not in self.errors:
                self.values[key]
        self.order = [key for key in self.values if self._is_defined(key)]

    def _keys(self, name: str) -> Iterator[Key]:
        slots = self.model.families[name]
        ranged = [range(slot.low, self.sizes[slot.name] + 1) for slot in slots if not slot.unit]
        for leads in product(*ranged):
            units = [range(1, self.width(slot, leads[0] if leads else None) + 1) for slot in slots if slot.unit]
            yield from ((name, *leads, *rest) for rest in product(*units))

    def width(self, slot: Slot, lead: int | None) -> int:
        """The number of units that an index runs over."""
        found = self.sizes[slot.name]
        if slot.offset is None:
            return int(found)
        width = found.get((lead or 0) + slot.offset)
        if width is None:
            raise Misfit("no such layer")
        return int(width)

    def _is_defined(self, key: Key) -> bool:
        return key[0] in self.defined and (len(key) == 1 or key[1] >= self.model.low.get(key[0], -9))

    def env_of(self, lhs: Q, key: Key) -> Env:
        """What the letters of a definition's left side are at a key."""
        return self.numbers | {index.letter: value for index, value in zip(lhs.at, key[1:], strict=True)}

    def computed(self, key: Key) -> int:
        """A value that is not an input."""
        if key not in self.keys:
            raise Misfit(f"no {key}")
        if key[0] in self.errors:
            lhs, rhs = self.errors[key[0]]
            env = self.env_of(lhs, key)
            return compiled(rhs, self.model)[0](self, env)
        return self.codes[key[0]](self, self.env_of(self.defined[key[0]][0], key)) % P

    def slopes(self, wrt: Key) -> dict[Key, int]:
        """The derivatives of everything by one quantity, all else following."""
        found = self._slopes.get(wrt)
        if found is None:
            if wrt not in self.keys or wrt[0] in self.errors:
                raise Misfit(f"no derivative by {wrt}")
            found = self._slopes[wrt] = {wrt: 1}
            after = not self._is_defined(wrt)
            for key in self.order:
                if key == wrt:
                    after = True
                elif after:
                    lhs, rhs = self.defined[key[0]]
                    slope = self.dual(rhs, self.env_of(lhs, key), found)[1]
                    if slope:
                        found[key] = slope
        return found

    def function(self, name: str, primes: int, u: int) -> int:
        """A function or its derivative at a value."""
        kind = self.model.functions[name]
        if kind == "any":
            total = 0
            for coefficient in self._polynomial(name, primes):
                total = (total * u + coefficient) % P
            return total
        if kind == "ln":
            return _hashed(name, u, self.seed) if not primes else inverse(u)
        value = _hashed(name, u, self.seed)
        if kind == "exp" or not primes:
            return value
        slope = value * (1 - value) if kind == "sigmoid" else 1 - value * value
        if primes == 1:
            return slope % P
        return slope * (1 - 2 * value if kind == "sigmoid" else -2 * value) % P

    def _polynomial(self, name: str, primes: int) -> list[int]:
        found = self._polynomials.get((name, primes))
        if found is None:
            if primes:
                above = self._polynomial(name, primes - 1)
                found = [c * (len(above) - 1 - place) % P for place, c in enumerate(above[:-1])]
            else:
                rng = Random(f"{self.seed} {name}")
                found = [rng.randrange(1, P) for _ in range(5)]
            self._polynomials[name, primes] = found
        return found

    def dual(self, term: Term, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
        """The value of a term and its derivative."""
        return _DUALS[type(term)](self, term, env, slopes)


class _Values(dict[Key, int]):
    def __init__(self, instance: Instance):
        self.instance = instance

    def __missing__(self, key: Key) -> int:
        value = self.instance.computed(key)
        self[key] = value
        return value


def _hashed(name: str, u: int, seed: int) -> int:
    mixed = (u ^ (seed * 0x9E3779B97F4A7C15) ^ sum(map(ord, name)) << 40) & (2**64 - 1)
    for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):
        mixed = ((mixed ^ (mixed >> 30)) * factor) & (2**64 - 1)
    return (mixed ^ (mixed >> 31)) % P


# Duals, term by term; only definitions come here, and what stands over a ∂


def _dual_product(self: Instance, term: Mul, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    value, slope = 1, 0
    for factor in term.factors:
        v, e = self.dual(factor, env, slopes)
        value, slope = value * v % P, (slope * v + value * e) % P
    return value, slope


def _dual_add(self: Instance, term: Add, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    parts = [self.dual(part, env, slopes) for part in term.terms]
    return sum(v for v, _ in parts) % P, sum(e for _, e in parts) % P


def _dual_sum(self: Instance, term: Sum, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    uses = uses_in(term.of, self.model).get(term.letter, [])
    low, high = reach(uses, self, env, term.limits)
    parts = [self.dual(term.of, env | {term.letter: at}, slopes) for at in range(low, high + 1)]
    return sum(v for v, _ in parts) % P, sum(e for _, e in parts) % P


def _dual_quantity(self: Instance, term: Q, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    key = (term.name, *(place_of(index, env) for index in term.at))
    return self.values[key], slopes.get(key, 0)


def _dual_function(self: Instance, term: Fn, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    value, slope = self.dual(term.of, env, slopes)
    return (
        self.function(term.name, term.primes, value),
        self.function(term.name, term.primes + 1, value) * slope % P if slope else 0,
    )


def _dual_power(self: Instance, term: Pow, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    value, slope = self.dual(term.of, env, slopes)
    return pow(value, term.exponent, P), term.exponent * pow(value, term.exponent - 1, P) * slope % P


def _dual_quotient(self: Instance, term: Div, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    top, up = self.dual(term.top, env, slopes)
    bottom, down = self.dual(term.bottom, env, slopes)
    over = inverse(bottom)
    return top * over % P, (up * bottom - top * down) * over * over % P


def _dual_negative(self: Instance, term: Neg, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    value, slope = self.dual(term.of, env, slopes)
    return -value % P, -slope % P


def _dual_number(self: Instance, term: Num, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    return term.value.numerator * pow(term.value.denominator, -1, P) % P, 0


def _dual_kronecker(self: Instance, term: Delta, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    return int(place_of(term.one, env) == place_of(term.other, env)), 0


def _dual_opaque(self: Instance, term: Opaque, env: Env, slopes: Mapping[Key, int]) -> tuple[int, int]:
    """A random polynomial in all values, with a cube of a linear form so that no second derivative is zero."""
    rng = Random(self.seed)
    value = slope = inner = inner_slope = 0
    for pattern in term.of:
        keys = [key for key in self._keys(pattern.name) if _is_at(pattern, key, self)]
        for key in sorted(keys):
            v, e, one, two, three = self.values[key], slopes.get(key, 0), *(rng.randrange(1, P) for _ in "123")
            value, slope = (value + one * v + two * v * v) % P, (slope + one * e + 2 * two * v * e) % P
            inner, inner_slope = (inner + three * v) % P, (inner_slope + three * e) % P
    return (value + inner**3) % P, (slope + 3 * inner * inner * inner_slope) % P


def _is_at(pattern: Q, key: Key, instance: Instance) -> bool:
    fixed = ((index, value) for index, value in zip(pattern.at, key[1:], strict=True) if index.letter in CONSTANTS)
    return all(instance.sizes[index.letter] == value for index, value in fixed)


_DUALS: dict[type, Callable[..., tuple[int, int]]] = {
    Mul: _dual_product,
    Add: _dual_add,
    Sum: _dual_sum,
    Q: _dual_quantity,
    Fn: _dual_function,
    Pow: _dual_power,
    Div: _dual_quotient,
    Neg: _dual_negative,
    Num: _dual_number,
    Delta: _dual_kronecker,
    Opaque: _dual_opaque,
}

# Terms as closures, since a line is evaluated often

Code = Callable[[Instance, Env], int]


def compiled(term: Term, model: Model) -> tuple[Code, Uses]:
    """A function of a network and what the letters are, and how the free letters are used."""
    return _COMPILERS[type(term)](term, model)


def _quantity(term: Q, model: Model) -> tuple[Code, Uses]:
    if len(term.at) != len(model.families[term.name]):
        raise Misfit("a whole array among numbers")
    name, at = term.name, term.at
    if len(at) == 1:
        (one,) = at
        return lambda inst, env: inst.values[name, place_of(one, env)], uses_of(term, model)
    if len(at) == 2:
        one, two = at
        return lambda inst, env: inst.values[name, place_of(one, env), place_of(two, env)], uses_of(term, model)
    return lambda inst, env: inst.values[(name, *(place_of(i, env) for i in at))], uses_of(term, model)


def _derivative(term: D, model: Model) -> tuple[Code, Uses]:
    by, uses = term.wrt, joined([uses_in(term.of, model), uses_of(term.wrt, model)])
    if len(by.at) != len(model.families[by.name]):
        raise Misfit("a whole array among numbers")
    if not isinstance(term.of, Q):
        inner = term.of

        def compound(inst: Instance, env: Env) -> int:
            wrt = (by.name, *(place_of(index, env) for index in by.at))
            return inst.dual(inner, env, inst.slopes(wrt))[1]

        return compound, uses
    of = term.of

    def code(inst: Instance, env: Env) -> int:
        wrt = (by.name, *(place_of(index, env) for index in by.at))
        key = (of.name, *(place_of(index, env) for index in of.at))
        if key not in inst.keys:
            raise Misfit(f"no {key}")
        return inst.slopes(wrt).get(key, 0)

    return code, uses


def _sum(term: Sum, model: Model) -> tuple[Code, Uses]:
    code, uses = compiled(term.of, model)
    letter, limits, own = term.letter, term.limits, uses.get(term.letter, [])

    def total(inst: Instance, env: Env) -> int:
        low, high = reach(own, inst, env, limits)
        inner, found = dict(env), 0
        for number in range(low, high + 1):
            inner[letter] = number
            found += code(inst, inner)
        return found % P

    return total, {other: found for other, found in uses.items() if other != letter}


def _several(term: Mul | Add, model: Model) -> tuple[Code, Uses]:
    parts = [compiled(part, model) for part in children(term)]
    codes = [code for code, _ in parts]
    if isinstance(term, Add):
        return lambda inst, env: sum([code(inst, env) for code in codes]) % P, joined([uses for _, uses in parts])

    def product_of(inst: Instance, env: Env) -> int:
        found = 1
        for code in codes:
            found = found * code(inst, env) % P
        return found

    return product_of, joined([uses for _, uses in parts])


def _one_inside(term: Any, model: Model) -> tuple[Code, Uses]:
    code, uses = compiled(term.of, model)
    if isinstance(term, Neg):
        return lambda inst, env: -code(inst, env), uses
    if isinstance(term, Pow):
        return lambda inst, env: pow(code(inst, env), term.exponent, P), uses
    name, primes = term.name, term.primes
    return lambda inst, env: inst.function(name, primes, code(inst, env) % P), uses


def _quotient(term: Div, model: Model) -> tuple[Code, Uses]:
    (top, one), (bottom, other) = compiled(term.top, model), compiled(term.bottom, model)
    return lambda inst, env: top(inst, env) * inverse(bottom(inst, env)) % P, joined([one, other])


def _number(term: Num, model: Model) -> tuple[Code, Uses]:
    value = term.value.numerator * pow(term.value.denominator, -1, P) % P
    return lambda inst, env: value, {}


def _kronecker(term: Delta, model: Model) -> tuple[Code, Uses]:
    one, other = term.one, term.other
    uses: Uses = {index.letter: [] for index in (one, other) if index.letter}
    return lambda inst, env: int(place_of(one, env) == place_of(other, env)), uses


def _opaque(term: Opaque, model: Model) -> tuple[Code, Uses]:
    return lambda inst, env: inst.dual(term, env, {})[0], {}


def _no_number(term: Term, model: Model) -> tuple[Code, Uses]:
    raise Misfit("an array among numbers")


_COMPILERS: dict[type, Callable[[Any, Model], tuple[Code, Uses]]] = {
    Q: _quantity,
    D: _derivative,
    Sum: _sum,
    Mul: _several,
    Add: _several,
    Neg: _one_inside,
    Pow: _one_inside,
    Fn: _one_inside,
    Div: _quotient,
    Num: _number,
    Delta: _kronecker,
    Opaque: _opaque,
    Transposed: _no_number,
    Had: _no_number,
}
