"""Exact instances: both sides of a statement on random concrete networks, derivatives by forward duals.

Numbers are those of a prime field wherever exp, log, roots and relu do not occur, so a comparison is exact. Nothing
here shares code with the kernel: a derivative comes from the equations of the network alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from random import Random

from sympy import Expr

from backprop_proofs.evidence.concrete import Env, Sizes, show
from backprop_proofs.evidence.duals import Compiler
from backprop_proofs.evidence.fields import Floats, Number, Singular, field_for, needs, small_field_for
from backprop_proofs.evidence.functions import polynomials_of
from backprop_proofs.evidence.given import Given, as_given, impose, with_given
from backprop_proofs.evidence.instance import Instance, Program, deep_recursion
from backprop_proofs.evidence.sizes import is_large, named, sample_sizes, smallest_sizes
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.shown import Shown

__all__ = ["Check", "Counterexample", "Instance", "check_exact", "counterexample", "instance_of", "sample_sizes"]

_ATTEMPTS = 8  # instances drawn in place of one that sits on a singularity
_ASSIGNMENTS = 300  # values of the free indices that one instance is compared at
_SHOWN = 24  # inputs that a counterexample prints
_FINER = 180  # digits of the floats that a difference is computed with once more
_FEW = 5  # the same for a large network whose numbers are slow


@dataclass(frozen=True)
class Counterexample(Shown):
    """A concrete network on which the two sides differ.

    sizes, indices: the sizes of the network and the values of the free indices, by name.
    left, right: the values of the two sides. inputs: the inputs that occur, by name; functions: those drawn, as text.
    """

    sizes: tuple[tuple[str, int], ...]
    indices: tuple[tuple[str, int], ...]
    left: Expr
    right: Expr
    inputs: tuple[tuple[str, Expr], ...] = ()
    functions: tuple[str, ...] = ()

    def __str__(self) -> str:
        values = (*self.sizes, *self.indices, *self.inputs[:_SHOWN])
        parts = [*(f"{name} = {value}" for name, value in values), *self.functions]
        more = len(self.inputs) - _SHOWN
        parts += [f"and {more} more inputs"] if more > 0 else []
        return f"with {', '.join(parts)}: left {self.left}, right {self.right}"


@dataclass(frozen=True)
class Check(Shown):
    """Independent evidence for a statement.

    agrees: whether at least one comparison was made and none failed. instances: concrete networks tried; comparisons:
    values of the free indices compared on them. method: how, in words. sizes: the sizes tried, by name. why: why
    nothing was compared, where nothing was.
    """

    name: str
    agrees: bool
    instances: int
    comparisons: int
    method: str
    sizes: tuple[tuple[tuple[str, int], ...], ...]
    counterexample: Counterexample | None = None
    why: str = ""


def instance_of(network: Network, sizes: Sizes | None = None, seed: int = 0) -> Instance:
    """A random instance of a network at concrete sizes, in the field that its functions ask for."""
    return Instance(Program(network, sizes or {}, field_for(needs(network)), Compiler), seed)


def check_exact(
    network: Network,
    equation: Equation,
    limits: Iterable[Limit] = (),
    *,
    given: Iterable[tuple[Equation, Iterable[Limit]]] = (),
    instances: int | None = None,
    seed: int = 0,
    name: str = "exact instances",
) -> Check:
    """Compare both sides on random networks of several sizes, at every value of the free indices.

    given: equations that the statement rests on, such as Σ_k y_k = 1, with the ranges of their letters; they are true
    of every instance, and nothing is compared where none is found of which they are. instances: how many networks (at
    least one of each choice of sizes); by default 3, and 1 for a large network. Where the free indices have more than
    300 values, 300 random ones are compared (5 on a large network of floats). Raises Malformed for a statement that
    means nothing at some size, such as an index out of its range.
    """
    limits, facts, choices = tuple(limits), as_given(network, given), sample_sizes(network)
    if network.functions and is_large(choices[0]):
        letters = generic(network)
        general = check_exact(letters, equation, limits, given=facts, instances=instances, seed=seed, name=name)
        if general.agrees:
            return replace(general, method=generally(general.method, network))
    need = needs(network, *equation, *(side for fact, _ in facts for side in fact))
    method = with_given(field_for(need).says, facts)
    wanted = (1 if is_large(choices[0]) else 3) if instances is None else instances
    made, compared, why = 0, 0, ""
    for number in range(max(wanted, len(choices))):
        for attempt in range(_ATTEMPTS):
            try:
                instance = _drawn(network, number % len(choices), need, attempt, seed + number + 1000 * attempt, facts)
                comparison = Comparison(instance.program, equation, limits, facts)
                done, bad = comparison.run(instance, _FEW if instance.narrow else _ASSIGNMENTS)
            except Singular as singular:
                why = str(singular)
                continue
            made, compared = made + 1, compared + done
            if bad is not None:
                found = counterexample(network, equation, limits, given=facts, seed=seed)
                found = found or comparison.described(instance, bad)
                return Check(name, False, made, compared, method, _tried(choices, number + 1), found)
            break
    why = f"every instance that was tried met {why}" if why and not compared else ""
    return Check(name, compared > 0, made, compared, method, _tried(choices, number + 1), why=why)


def counterexample(
    network: Network,
    equation: Equation,
    limits: Iterable[Limit] = (),
    *,
    given: Iterable[tuple[Equation, Iterable[Limit]]] = (),
    seed: int = 0,
    attempts: int = 6,
    choices: Iterable[Sizes] | None = None,
) -> Counterexample | None:
    """A concrete network with small numbers on which the two sides differ, the smallest sizes first; else None.

    Each choice of sizes is tried with `attempts` draws: small whole numbers for inputs, small polynomials for
    unspecified functions. What is given, such as Σ_k y_k = 1, is true of it. choices: other sizes to try, in order.
    """
    limits, facts = tuple(limits), as_given(network, given)
    need = needs(network, *equation, *(side for fact, _ in facts for side in fact))
    for sizes in smallest_sizes(network) if choices is None else choices:
        for attempt in range(attempts):
            program = Program(network, sizes, small_field_for(need, attempt), Compiler)
            comparison = Comparison(program, equation, limits, facts)
            try:
                bare = Instance(program, seed + attempt, degree=2 + attempt % 3, narrow=is_large(sizes))
                instance = impose(bare, facts)
                found = comparison.run(instance)[1]
            except Singular:
                continue
            if found is not None:
                return comparison.alone(instance, found)
    return None


@lru_cache(maxsize=16)
def generic(network: Network) -> Network:
    """The network with every function unspecified: what holds for it holds for the formulas, and it is exact."""
    return replace(network, functions=())


@lru_cache(maxsize=8)
def _drawn(network: Network, choice: int, need: str, attempt: int, seed: int, given: Given) -> Instance:
    """An instance kept for the next statement about the same network, with the derivatives that it has by then."""
    sizes = sample_sizes(network)[choice]
    program = Program(network, sizes, field_for(need, attempt), Compiler)
    return impose(Instance(program, seed, narrow=need != "any" and is_large(sizes)), given)


class Comparison:
    """The two sides of an equation on the instances of one program, of which what is given is true.

    sure: whether a difference of floats is computed once more with more digits; else rounding alone may make one.
    """

    def __init__(
        self, program: Program, equation: Equation, limits: tuple[Limit, ...], given: Given = (), sure: bool = True
    ):
        self.given, self.sure = given, sure
        self.letters = tuple(letter for letter, _, _ in limits)
        self.program, self.equation, self.limits = program, equation, limits
        self._left, self._left_scope = program.unit(equation.lhs, self.letters)
        self._right, self._right_scope = program.unit(equation.rhs, self.letters)

    def every_assignment(self) -> Iterator[Env]:
        """All values of the free indices, in order."""
        return self.program.concrete.assignments(self.limits)

    def assignments(self, most: int = _ASSIGNMENTS) -> list[Env]:
        """Values of the free indices: all, or a sample where they are more than `most`."""
        everything = list(islice(self.every_assignment(), 100_000))
        return everything if len(everything) <= most else Random(0).sample(everything, most)

    def run(self, instance: Instance, most: int = _ASSIGNMENTS) -> tuple[int, Env | None]:
        """How many comparisons were made, and the values of the free indices at the first that failed."""
        done = 0
        with deep_recursion():
            for values in self.assignments(most):
                done += 1
                if self.differs(instance, values):
                    return done, values
        return done, None

    def differs(self, instance: Instance, values: Env) -> bool:
        """Whether the two sides differ. Raises Singular where rounding alone may make them differ."""
        sides = self.sides(instance, values)
        if self.program.field.same(*sides):
            return False
        if self.sure and isinstance(self.program.field, Floats):
            self._recomputed(instance, values, sides)
        return True

    def _recomputed(self, instance: Instance, values: Env, sides: tuple[Number, Number]) -> None:
        """Raise Singular unless three times the digits move neither side by a thousandth of their difference."""
        finer = impose(instance.over(Floats(digits=_FINER)), self.given)
        comparison = Comparison(finer.program, self.equation, self.limits)
        least = abs(sides[0] - sides[1]) / 1000
        if any(abs(fine - rough) > least for rough, fine in zip(sides, comparison.sides(finer, values), strict=True)):
            raise Singular("numbers that rounding has made meaningless")

    def sides(self, instance: Instance, values: Env) -> tuple[Number, Number]:
        """The two values at one value of the free indices."""
        return self.left(instance, values), self.right(instance, values)

    def left(self, instance: Instance, values: Env) -> Number:
        """The value of the left side."""
        return self._left(instance.values, self._left_scope.env(values))[0]

    def right(self, instance: Instance, values: Env) -> Number:
        """The value of the right side."""
        return self._right(instance.values, self._right_scope.env(values))[0]

    def alone(self, instance: Instance, values: Env) -> Counterexample:
        """The counterexample at `values`, drawn again if that will do, so that it names only the inputs that occur."""
        again = Instance(self.program, instance.seed, instance.degree, instance.narrow)
        try:
            again = impose(again, self.given)
            fails = self.differs(again, values)
        except Singular:
            fails = False
        return self.described(again if fails else instance, values)

    def described(self, instance: Instance, values: Env) -> Counterexample:
        """The counterexample at `values`, as data."""
        field = self.program.field
        left, right = self.sides(instance, values)
        return Counterexample(
            named(self.program.concrete.sizes),
            tuple((str(letter), value) for letter, value in zip(self.letters, values, strict=True)),
            field.shown(left),
            field.shown(right),
            tuple((show(key), field.shown(value)) for key, value in sorted(instance.inputs.items())),
            polynomials_of(instance.function, field),
        )


def generally(method: str, network: Network) -> str:
    """The method, where it left the functions of the network unspecified."""
    return f"{method}, for any differentiable {', '.join(function.name for function in network.functions)}"


def _tried(choices: tuple[Sizes, ...], count: int) -> tuple[tuple[tuple[str, int], ...], ...]:
    return tuple(map(named, choices[:count]))
