"""What is given: a network is a list of equations, each of which defines a quantity from others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from sympy import Add, Expr, Integer, Mul, Pow, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidNetwork, Malformed, UnknownName
from backprop_proofs.language.binding import free_indices, substitute_limits
from backprop_proofs.language.expressions import (
    GIVEN_FUNCTIONS,
    Binder,
    Delta,
    Each,
    Fn,
    IndexSum,
    Opaque,
    Partial,
    Ref,
    parts_of,
)
from backprop_proofs.language.indices import Facts, Limit, plus
from backprop_proofs.language.matrices import Entry, entry
from backprop_proofs.shown import Drawn, Shown


@dataclass(frozen=True)
class Equation(Shown):
    """left = right, a pair; never `sympy.Eq`, which evaluates."""

    lhs: Expr
    rhs: Expr

    def __iter__(self) -> Iterator[Expr]:
        return iter((self.lhs, self.rhs))


@dataclass(frozen=True)
class Definition:
    """ref = body wherever the letters of `ref`, all different, lie in `limits`; ref may also fix an index (z^L)."""

    ref: Ref
    limits: tuple[Limit, ...]
    body: Expr


@dataclass(frozen=True)
class FunctionDefinition:
    """name(variable) = body for every real value of `variable`, a scalar that no equation mentions."""

    name: str
    variable: Ref
    body: Expr


@dataclass(frozen=True, eq=False)
class Network(Drawn):
    """Equations, and the ranges of what they speak of.

    families: the range of each index of each quantity, earlier letters usable in later ranges.
    definitions: the equations; a quantity instance that none defines is an input, free to take any value.
    abbreviations: names for expressions, such as δ for ∂C/∂z; no definition may use them.
    functions: functions with a formula; a function without one is any differentiable function.
    parameters: letters for sizes, such as L, with their bounds.
    sizes: the sizes that have a value, such as L = 3 and n[1] = 2; none for a theorem of all sizes.
    """

    name: str
    families: Mapping[str, tuple[Limit, ...]]
    definitions: tuple[Definition, ...]
    abbreviations: tuple[Definition, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()
    parameters: tuple[Limit, ...] = ()
    sizes: Mapping[Basic, int] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        variables: dict[str, tuple[Limit, ...]] = {function.variable.name: () for function in self.functions}
        object.__setattr__(self, "families", variables | dict(self.families))
        for name in ("families", "sizes", "settings"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        for limits in self.families.values():
            self.facts(limits)
        for letter, low, high in (*self.parameters, *((size, Integer(1), None) for size in self.sizes)):
            if isinstance(letter, Ref):
                self.check_index(letter, self.facts())
            elif type(letter) is not Symbol:
                raise InvalidNetwork(f"a size is a plain letter, or one such as n[1]; found {letter}")
            if letter in self.sizes and not self.facts().within(letter, low, high):
                raise InvalidNetwork(f"{letter} = {self.sizes[letter]} is out of its range {low}..{high}")
        for place, function in enumerate(self.functions):
            self._check_function(function, {earlier.name for earlier in self.functions[:place]})
        for definition in self.definitions + self.abbreviations:
            self._check_definition(definition, variables)
        for definition in self.definitions:
            if parts_of(definition.body, Partial, Entry) or any(
                self.is_abbreviation(r.name) for r in parts_of(definition.body, Ref)
            ):
                raise InvalidNetwork(f"the definition of {definition.ref} uses a derivative, which only a name may")

    def _check_definition(self, definition: Definition, variables: Mapping[str, object]) -> None:
        ref, facts, letters = definition.ref, self.facts(definition.limits), [s for s, _, _ in definition.limits]
        if not isinstance(ref, Ref):
            raise InvalidNetwork(f"the left side of a definition is one quantity; found {ref}")
        fixed = [part for part in ref.indices if part not in letters]
        if len(ref.indices) - len(fixed) != len(letters) or any(free_indices(part) & set(letters) for part in fixed):
            raise InvalidNetwork(f"the left side of a definition wants different letters, each alone; found {ref}")
        self._check_ref(ref, facts)
        self.check(definition.body, facts)
        if any(other.name in variables for other in parts_of(definition.body, Ref) | {ref}):
            raise InvalidNetwork(f"the variable of a function stands in the definition of {ref}")

    def _check_function(self, function: FunctionDefinition, earlier: set[str]) -> None:
        name, variable, body = function.name, function.variable, function.body
        self.check(body, self.facts())
        later = {f.name for f in self.functions} - earlier
        if name in earlier or name in GIVEN_FUNCTIONS or later & {call.name for call in parts_of(body, Fn)}:
            raise InvalidNetwork(f"the function {name} is defined twice, or by itself")
        if (
            not isinstance(variable, Ref)
            or variable.indices
            or parts_of(body, Ref) - {variable}
            or parts_of(body, Partial, Entry)
        ):
            raise InvalidNetwork(f"the formula of {name} is to hold one scalar variable and nothing else")

    @cached_property
    def _facts(self) -> dict[tuple[Limit, ...], Facts]:
        return {(): Facts(self.parameters, self.sizes)}

    @cached_property
    def size_names(self) -> frozenset[str]:
        """The quantities that ranges are made of, such as n of n_l; each of their values is at least 1."""
        ends = (end for limits in self.families.values() for _, *ends in limits for end in ends if end is not None)
        return frozenset(ref.name for end in ends for ref in parts_of(end, Ref)) - self.families.keys()

    def is_size(self, expr: Basic) -> bool:
        """Whether it is a size, such as n_l or a parameter, that is at least 1."""
        parameter = expr in self.facts().letters and self.facts().within(expr, Integer(1), None)
        return parameter or (isinstance(expr, Ref) and expr.name in self.size_names)

    @cached_property
    def _quantities(self) -> dict[str, Basic]:
        return {}

    def facts(self, limits: tuple[Limit, ...] = ()) -> Facts:
        """What is known of the sizes, and of indices within `limits`. Raises Malformed for limits that say nothing."""
        if limits not in self._facts:
            facts = self.facts(limits[:-1])
            if not isinstance(limits[-1][0], Symbol):
                raise Malformed(f"an index with a range is a letter; found {limits[-1][0]}")
            for end in limits[-1][1:]:
                if end is not None:
                    self.check_index(end, facts)
            known = facts.extended(limits[-1:])
            if any(known.follows(plus({None: -1}, part, -1)) for part in known.known):
                known = Facts(self.parameters).extended(limits)  # an empty range: without sizes nothing false follows
            self._facts[limits] = known
        return self._facts[limits]

    def slots(self, name: str) -> tuple[Limit, ...]:
        """The ranges of the indices of a quantity. Raises UnknownName."""
        if name not in self.families:
            raise UnknownName("quantity", name, self.families)
        return self.families[name]

    def function(self, name: str) -> FunctionDefinition | None:
        """The formula of a function, or None for an unspecified one."""
        return next((f for f in self.functions if f.name == name), None)

    def is_abbreviation(self, name: str) -> bool:
        """Whether the quantity is only a name for an expression."""
        return any(definition.ref.name == name for definition in self.abbreviations)

    def check(self, expr: Basic, facts: Facts) -> None:
        """Raise Malformed unless it is of the language, every quantity is known, and each index lies in its range."""
        if isinstance(expr, Symbol) or (isinstance(expr, Ref) and expr.name in self.size_names):
            self.check_index(expr, facts)
        elif isinstance(expr, Delta):
            for index in expr.args:
                self.check_index(index, facts)
        elif isinstance(expr, Ref):
            self._check_ref(expr, facts)
        elif isinstance(expr, IndexSum):
            self.check(expr.body, self._inside(expr, facts))
        elif isinstance(expr, Entry):
            self.check(entry(expr.array, expr.indices, self.slots, facts), facts)
        elif isinstance(expr, Opaque | Partial):
            if isinstance(expr, Partial):
                if parts_of(expr.of, Partial, Entry) or any(
                    self.is_abbreviation(ref.name) for ref in parts_of(expr, Ref)
                ):
                    raise Malformed("a derivative of a derivative is not in the language")
                self.check(expr.of, facts)
            for instances in expr.args[1:]:
                self.check_set(instances, facts)
        elif isinstance(expr, Rational) or (isinstance(expr, Fn) and expr.primes >= 0) or type(expr) in (Add, Mul, Pow):
            for part in expr.args[2:] if isinstance(expr, Fn) else expr.args:
                self.check(part, facts)
        else:
            raise Malformed(f"{expr} is not in the language")

    def check_set(self, instances: Basic, facts: Facts) -> None:
        """The same for a set of instances: a `Ref`, or nested `Each` of one."""
        while isinstance(instances, Each):
            instances, facts = instances.body, self._inside(instances, facts)
        if not isinstance(instances, Ref):
            raise Malformed(f"a set of instances holds one quantity; found {instances}")
        self._check_ref(instances, facts)

    def _inside(self, expr: Binder, facts: Facts) -> Facts:
        for end in expr.limit[1:]:
            self.check_index(end, facts)
        return facts.extended((expr.limit,))

    def _check_ref(self, ref: Ref, facts: Facts) -> None:
        limits = self.slots(ref.name)
        if self._quantities.setdefault(ref.name, ref.quantity) != ref.quantity:
            raise Malformed(f"{ref} is written with other superscripts than elsewhere")
        if len(ref.indices) != len(limits):
            raise Malformed(f"{ref} wants {len(limits)} indices; found {len(ref.indices)}")
        given = dict(zip((letter for letter, _, _ in limits), ref.indices, strict=True))
        for value, (_, low, high) in zip(ref.indices, substitute_limits(limits, given), strict=True):
            self.check_index(value, facts)
            if not facts.within(value, low, high):
                raise Malformed(f"in {ref}, the index {value} is not known to lie in {low}..{high}")

    def check_index(self, expr: Basic, facts: Facts) -> None:
        """Raise Malformed unless it is a sum of whole multiples of known letters, 1, and sizes such as n[l]."""
        if isinstance(expr, Symbol) and expr not in facts.letters:
            raise Malformed(f"nothing is known of the index {expr}; give its range")
        size = isinstance(expr, Ref) and expr.name not in self.families
        times = type(expr) is Mul and len(expr.args) == 2 and isinstance(expr.args[0], Integer)
        if not (isinstance(expr, Symbol | Integer) or size or times or type(expr) is Add):
            raise Malformed(f"an index is made of letters and whole numbers; found {expr}")
        for part in expr.indices if size else () if isinstance(expr, Integer) else expr.args:
            self.check_index(part, facts)
