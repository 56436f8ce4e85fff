"""What is given: equations such as Σ_k y_k = 1, of which an instance is made true before anything is compared on it.

Each is solved for one input that it holds to the first power, and is then looked at again; an instance that it cannot
be made true of says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sympy import Add, Expr, Mul, Number, Symbol, expand

from backprop_proofs.errors import Malformed
from backprop_proofs.evidence.concrete import Env, Key
from backprop_proofs.evidence.fields import Number as FieldNumber
from backprop_proofs.evidence.fields import Unmet
from backprop_proofs.evidence.instance import Instance
from backprop_proofs.evidence.written import Writer
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import IndexSum, Ref, add, negative
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network

Given = tuple[tuple[Equation, tuple[Limit, ...]], ...]  # each equation for all letters of its limits


def as_given(network: Network, equations: Iterable[tuple[Equation, Iterable[Limit]]]) -> Given:
    """Equations and their limits as plain tuples. Raises Malformed for one with a letter that its limits lack."""
    given = tuple((equation, tuple(limits)) for equation, limits in equations)
    sizes = {letter for letter, _, _ in network.parameters} | network.sizes.keys()
    for equation, limits in given:
        fixed = set().union(*map(free_indices, equation)) - sizes - {letter for letter, _, _ in limits}
        if fixed:
            raise Malformed(f"what is given speaks of one {min(map(str, fixed))} only, not of all")
    return given


def with_given(method: str, given: Given) -> str:
    """The method, with what is given."""
    said = [f"{_said(equation.lhs)} = {_said(equation.rhs)}" for equation, _ in given]
    return f"{method}, with {' and '.join(said)}" if said else method


def impose(instance: Instance, given: Given) -> Instance:
    """The instance, or one that differs in a few inputs, of which all that is given is true. Raises Unmet."""
    asked = [
        _Asked(instance, equation, limits, values) for equation, limits in given for values in _every(instance, limits)
    ]
    others: set[Key] = set()  # the inputs of the equations before
    for one in asked:
        met = one.inputs(instance)
        if not one.holds(instance):
            free = [key for key in met if key not in instance.solved]
            instance = one.solved(instance, sorted(free, key=others.__contains__))
        others.update(met)
    if not all(one.holds(instance) for one in asked):
        raise Unmet("an equation that is given and cannot be made true")
    return instance


def _every(instance: Instance, limits: tuple[Limit, ...]) -> list[Env]:
    return list(instance.program.concrete.assignments(limits))


class _Asked:
    """One equation at one value of its letters."""

    def __init__(self, instance: Instance, equation: Equation, limits: tuple[Limit, ...], values: Env):
        left, right = equation
        self._gap = add(left, negative(right))
        self._letters = dict(zip((letter for letter, _, _ in limits), values, strict=True))

    def gap(self, instance: Instance) -> FieldNumber:
        """left - right."""
        return instance.value(self._gap, self._letters)

    def holds(self, instance: Instance) -> bool:
        """Whether left = right."""
        return instance.program.field.same(self.gap(instance), 0)

    def inputs(self, instance: Instance) -> list[Key]:
        """The inputs that the equation speaks of, drawn by now."""
        fresh = instance.copy()
        self.gap(fresh)
        instance.inputs.update(fresh.inputs)
        return [key for key in fresh.values.met() if key in fresh.inputs]

    def solved(self, instance: Instance, keys: Iterable[Key]) -> Instance:
        """The instance with one of the inputs changed so that the equation holds. Raises Unmet."""
        field = instance.program.field
        for key in keys:
            at_zero, at_one = (self.gap(_changed(instance, key, field.number(value))) for value in (0, 1))
            slope = field.number(0) + at_one - at_zero
            if not field.same(slope, 0):
                root = -at_zero * field.inverse(slope)
                changed = _changed(instance, key, root % field.modulus if field.modulus else root)
                if self.holds(changed):
                    changed.solved = {*instance.solved, key}
                    return changed
        raise Unmet("an equation that is given and cannot be solved for an input")


def _changed(instance: Instance, key: Key, value: FieldNumber) -> Instance:
    other = instance.copy()
    other.inputs[key] = value
    return other


def solutions(writer: Writer, given: Given) -> Mapping[Symbol, Expr]:
    """Plain symbols and what to put in for them, in order, so that all that is given is true. Raises Unmet."""
    found: dict[Symbol, Expr] = {}
    for equation, limits in given:
        for values in writer.concrete.assignments(limits):
            letters = dict(zip((letter for letter, _, _ in limits), values, strict=True))
            left, right = (writer.write(side, letters).xreplace(found) for side in equation)
            gap = expand(left - right)
            if gap != 0:
                symbol, value = _solved(gap)
                found = {other: part.xreplace({symbol: value}) for other, part in found.items()} | {symbol: value}
    return found


def _solved(gap: Expr) -> tuple[Symbol, Expr]:
    for symbol in sorted(gap.free_symbols, key=str):
        slope = gap.coeff(symbol)
        rest = gap - slope * symbol
        if isinstance(slope, Number) and not rest.has(symbol):
            return symbol, -rest / slope
    raise Unmet("an equation that is given and cannot be solved for an input")


def _said(expr: Expr) -> str:
    """An expression in text, as far as sums of quantities go."""
    if isinstance(expr, IndexSum):
        return f"Σ_{expr.index.name.lstrip('_')} {_said(expr.body)}"
    if isinstance(expr, Ref) and expr.indices:
        shown, above = [str(part).lstrip("_") for part in expr.indices], expr.quantity.superscripts
        over, under = ",".join(shown[:above]), "".join(shown[above:])
        return f"{expr.name}{f'^{over}' if over else ''}{f'_{under}' if under else ''}"
    if isinstance(expr, Add):
        return " + ".join(map(_said, expr.args))
    return " ".join(map(_said, expr.args)) if isinstance(expr, Mul) else str(expr)
