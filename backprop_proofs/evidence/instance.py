"""Random instances of a network, differentiated by forward duals: a number, and its derivatives by the instances of
some quantities.

∂Y/∂X|_H drops the equation of X and of H and differentiates Y. Here X keeps its equation and gets a perturbation ε_X
added to it, which comes to the same, since nothing that X depends on depends on X; the tangents of H are cut to 0, save
for their own perturbation. One sweep so gives the derivatives by every instance of X at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from sys import getrecursionlimit, setrecursionlimit

from sympy import Expr, Symbol

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Concrete, Env, Key, Scope, Sizes, show
from backprop_proofs.evidence.fields import Field, Number, Tangent
from backprop_proofs.evidence.functions import Functions
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.network import Network

Dual = tuple[Number, Tangent]
Closure = Callable[["Sweep", Env], Dual]
Compile = Callable[[Expr, Scope], Closure]


class Program:
    """A network at concrete sizes, its equations compiled once for all the instances drawn from it."""

    def __init__(self, network: Network, sizes: Sizes, field: Field, compiler: Callable[[Concrete, Field], Compile]):
        self.concrete, self.field, self._compiler = Concrete(network, sizes), field, compiler
        self._compile = compiler(self.concrete, field)
        self._units: dict[tuple[Expr, tuple[Symbol, ...]], tuple[Closure, Scope]] = {}
        self._bodies: dict[int, tuple[Closure, Scope]] = {}

    def over(self, field: Field) -> Program:
        """The same network at the same sizes, over another field."""
        return Program(self.concrete.network, self.concrete.sizes, field, self._compiler)

    def unit(self, expr: Expr, letters: tuple[Symbol, ...]) -> tuple[Closure, Scope]:
        """An expression whose free letters are `letters`, compiled."""
        if (expr, letters) not in self._units:
            scope = Scope(letters)
            self._units[expr, letters] = self._compile(expr, scope), scope
        return self._units[expr, letters]

    def equation(self, key: Key) -> tuple[Closure, Env] | None:
        """The body that defines an instance and the values of its letters; None for an input."""
        found = self.concrete.definition(key)
        if found is None:
            return None
        definition, values = found
        unit = self._bodies.get(id(definition))
        if unit is None:
            letters = tuple(letter for letter, _, _ in definition.limits)
            unit = self._bodies[id(definition)] = self.unit(definition.body, letters)
        return unit[0], unit[1].env(values)


class Sweep:
    """One pass: the value of each instance, with its derivatives by all instances of `families`, `held` being held.

    only: the one instance that the derivatives are taken by, where a single one is wanted.
    """

    def __init__(self, instance: Instance, families: frozenset[str], held: frozenset[Key], only: Key | None = None):
        self.instance, self.families, self.held, self._only = instance, families, held, only
        self._known: dict[Key, Dual] = {}

    def get(self, key: Key) -> Dual:
        """An instance of a quantity, held where it is held."""
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._held(key) if key in self.held else self._found(key) or self.unheld(key)
        return known

    def peek(self, key: Key) -> Dual | None:
        """An instance that this sweep has met."""
        return self._known.get(key)

    def met(self) -> tuple[Key, ...]:
        """The instances that this sweep has met, in order."""
        return tuple(self._known)

    def _found(self, key: Key) -> Dual | None:
        """The value of an instance that an earlier sweep has met, where no derivative is wanted."""
        earlier = None if self.families else self.instance.first.peek(key)
        return (earlier[0], None) if earlier else None

    def unheld(self, key: Key) -> Dual:
        """An instance by its own equation, although it may be held."""
        instance = self.instance
        equation = None if key in instance.inputs else instance.program.equation(key)
        if equation is None:
            return self._seeded(key, instance.input(key), None)
        value, tangent = equation[0](self, equation[1])
        return self._seeded(key, value, tangent)

    def _held(self, key: Key) -> Dual:
        return self._seeded(key, self.instance.values.get(key)[0], None)

    def _seeded(self, key: Key, value: Number, tangent: Tangent) -> Dual:
        if key[0] in self.families and (self._only is None or key == self._only):
            tangent = {**tangent, key: 1} if tangent else {key: 1}
        return value, tangent


class Instance:
    """One random instance: every input a random number, every unspecified function a random one.

    `narrow` takes the derivatives by one instance at a time, which is quicker where few are wanted of a large network.
    `program` carries the sizes and the field; `degree` is that of the polynomials that stand for unspecified functions.
    Evaluation raises Malformed for what does not exist at these sizes, and Singular (of fields) at a singularity.
    """

    def __init__(self, program: Program, seed: int = 0, degree: int = 4, narrow: bool = False):
        self.program, self.seed, self.degree, self.narrow = program, seed, degree, narrow
        self._rng = Random(seed)
        self.function = Functions(program.concrete.network, program.field, self._rng, degree)
        self.inputs: dict[Key, Number] = {}
        self.solved: set[Key] = set()  # the inputs that are what they are so that something given holds
        self.asked: set[tuple[Key, Key]] = set()  # the (of, wrt) whose derivatives were asked for
        self.values = self.first = Sweep(self, frozenset(), frozenset())
        self._sweeps: dict[tuple[Key, frozenset[Key]], Sweep] = {}

    def copy(self) -> Instance:
        """An instance of the same inputs and functions, with nothing worked out yet."""
        other = Instance(self.program, self.seed, self.degree, self.narrow)
        other._rng, other.function, other.inputs = self._rng, self.function, dict(self.inputs)
        return other

    def over(self, field: Field) -> Instance:
        """The same inputs, those that were solved for apart, and the same functions over another field of the kind."""
        other = Instance(self.program.over(field), self.seed, self.degree, self.narrow)
        other.function.take(self.function)
        other.inputs = {key: field.taken(value) for key, value in self.inputs.items() if key not in self.solved}
        return other

    def input(self, key: Key) -> Number:
        """The value of an instance that no equation defines."""
        value = self.inputs.get(key)
        if value is None:
            value = self.inputs[key] = self.program.field.draw(self._rng)
        return value

    def seed_families(self, families: Iterable[str]) -> None:
        """Take the derivatives by all instances of these quantities in one sweep from now on."""
        self.first = sweep = Sweep(self, frozenset(families), frozenset())
        for name in sweep.families:
            self._sweeps[(name,), frozenset()] = sweep

    def sweep(self, wrt: Key, held: frozenset[Key] = frozenset()) -> Sweep:
        """The sweep that has the derivatives by an instance."""
        about = wrt if self.narrow else wrt[:1]
        found = self._sweeps.get((about, held))
        if found is None:
            families = frozenset((str(wrt[0]),))
            found = self._sweeps[about, held] = Sweep(self, families, held, wrt if self.narrow else None)
        return found

    def partial(self, of: Key, wrt: Key, held: frozenset[Key] = frozenset()) -> Number:
        """∂of/∂wrt with `held` at their values (save of itself)."""
        if wrt not in self.inputs and not self.program.concrete.exists(wrt):
            raise Malformed(f"{show(wrt)} does not exist at these sizes")
        self.asked.add((of, wrt))
        sweep = self.sweep(wrt, held)
        tangent = sweep.unheld(of)[1] if of in held else sweep.get(of)[1]
        return tangent.get(wrt, 0) if tangent else 0

    def value(self, expr: Expr, indices: Mapping[Symbol, int] | None = None) -> Number:
        """The value of an expression whose free letters have the values `indices`."""
        given = dict(indices or {})
        closure, scope = self.program.unit(expr, tuple(given))
        with deep_recursion():
            return closure(self.values, scope.env(given.values()))[0]

    def quantity(self, ref: Ref) -> Number:
        """The value of one instance with concrete indices."""
        return self.value(ref)


@contextmanager
def deep_recursion() -> Iterator[None]:
    """Room for the recursion through many layers, which plain calls of Python functions do without C stack."""
    before = getrecursionlimit()
    setrecursionlimit(max(before, 50_000))
    try:
        yield
    finally:
        setrecursionlimit(before)
