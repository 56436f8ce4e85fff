"""One equation judged: refuted on a network of small numbers, proved by the kernel, or neither."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

from sympy import Expr, Integer, Mul, Pow, Symbol
from sympy.core.basic import Basic

from backprop_proofs.derivation.equate import equated
from backprop_proofs.errors import BackpropError
from backprop_proofs.evidence.concrete import Sizes, fill_sizes
from backprop_proofs.evidence.duals import Compiler
from backprop_proofs.evidence.exact import Comparison, Counterexample, counterexample, sample_sizes
from backprop_proofs.evidence.fields import Singular, field_for, has_kinks, needs
from backprop_proofs.evidence.given import Given, impose
from backprop_proofs.evidence.instance import Instance, Program
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import canonical, substitute, substitute_index
from backprop_proofs.language.expressions import Fn, Opaque, Ref, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation, Network

_ENOUGH = 40  # comparisons that a quick look makes at most at each choice of sizes
_GLANCE = 4  # the same of the look before a proof is sought
_DRAWS_OF_SIGNS = 4  # instances at each choice of sizes, where the sign of a value decides
_DRAWS = 4  # instances drawn in place of one that sits on a singularity


@dataclass(frozen=True)
class Judgement:
    """What is known of an equation: a theorem, or a network on which it fails, or how many comparisons agreed."""

    theorem: Theorem | None = None
    counterexample: Counterexample | None = None
    agreed: int = 0
    why: str = ""

    @property
    def verdict(self) -> str:
        """Proved, refuted or undecided."""
        return "proved" if self.theorem else "refuted" if self.counterexample else "undecided"


@lru_cache(maxsize=64)
def court_of(network: Network) -> Court:
    """The court of a network, kept while others do not crowd it out."""
    return Court(network)


@dataclass
class Court:
    """Judges equations of one network; keeps the instances that it has drawn, and what it has found."""

    network: Network
    _instances: dict[tuple[int, str, int], Instance] = field(default_factory=dict)
    _even: dict[tuple[int, str], Instance] = field(default_factory=dict)
    _degrees: dict[str, int] = field(default_factory=dict)
    _found: dict[object, Judgement] = field(default_factory=dict)
    _agreed: dict[object, tuple[int, bool]] = field(default_factory=dict)

    def judge(self, equation: Equation, limits: tuple[Limit, ...]) -> Judgement:
        """The verdict on an equation for all letters of limits. Raises Malformed where it says nothing."""
        asked = _asked(equation, limits)
        if asked.key not in self._found:
            self._found[asked.key] = self._judged(asked.equation, asked.limits)
        return _in_letters(self._found[asked.key], asked.names)

    def _judged(self, equation: Equation, limits: tuple[Limit, ...]) -> Judgement:
        for side in equation:
            self.network.check(side, self.network.facts(limits))
        agreed, differs = self.compared(equation, limits, most=_GLANCE)
        theorem = None if differs else equated(self.network, limits, *equation)
        if theorem is None and not differs:
            agreed, differs = self.compared(equation, limits)
        if differs:
            found = None if self._grows(equation) else self._failure(equation, limits)
            if found is not None:
                return Judgement(counterexample=found)
            return Judgement(agreed=agreed, why="it seemed to fail, and no small network was found on which it does")
        return Judgement(theorem, agreed=agreed)

    def _failure(self, equation: Equation, limits: tuple[Limit, ...]) -> Counterexample | None:
        """A network of small numbers on which the equation fails; its widths are different, if one such is found."""
        apart = sample_sizes(self.network)
        return counterexample(self.network, equation, limits, choices=apart) or counterexample(
            self.network, equation, limits
        )

    def _grows(self, equation: Equation) -> bool:
        """Whether the numbers of exact instances would get too long to be read."""
        names = {ref.name for side in equation for ref in parts_of(side, Ref)}
        return max((self._degree(name, frozenset()) for name in names), default=1) > 64

    def _degree(self, name: str, been: frozenset[str]) -> int:
        """About how high a power of the inputs a quantity is: functions count as squares."""
        if name in been:
            return 2
        if name not in self._degrees:
            bodies = [d.body for d in self.network.definitions + self.network.abbreviations if d.ref.name == name]
            self._degrees[name] = max((self._height(body, been | {name}) for body in bodies), default=1)
        return self._degrees[name]

    def _height(self, expr: Basic, been: frozenset[str]) -> int:
        if isinstance(expr, Ref):
            return self._degree(expr.name, been)
        inner = [self._height(part, been) for part in expr.args]
        if isinstance(expr, Mul):
            return min(sum(inner), 1000)
        if isinstance(expr, Pow) and isinstance(expr.exp, Integer):
            return min(inner[0] * abs(int(expr.exp)), 1000)
        return min(max(inner, default=1) * (2 if isinstance(expr, Fn | Opaque) else 1), 1000)

    def compared(
        self,
        equation: Equation,
        limits: tuple[Limit, ...],
        given: Given = (),
        *,
        enough: int = 2,
        most: int = _ENOUGH,
        sure: bool = True,
    ) -> tuple[int, bool]:
        """How many comparisons agreed on random instances of which what is given is true, and whether one did not.

        sure: whether a difference of floats is more than rounding's.
        """
        asked = _asked(equation, limits)
        key = (asked.key, given, enough, most, sure)
        if key not in self._agreed:
            self._agreed[key] = self._compare(asked.equation, asked.limits, given, enough, most, sure)
        return self._agreed[key]

    def _compare(
        self, equation: Equation, limits: tuple[Limit, ...], given: Given, enough: int, most: int, sure: bool
    ) -> tuple[int, bool]:
        need = needs(self.network, *equation)
        agreed = 0
        wanted = _DRAWS_OF_SIGNS if most > _GLANCE and enough > 1 and has_kinks(self.network, *equation) else 1
        for choice, sizes in _in_turn(sample_sizes(self.network)):
            drawn = 0
            for draw in range(_DRAWS * wanted):
                try:
                    instance = impose(self._instance(choice, sizes, need, draw), given)
                    done, bad = Comparison(instance.program, equation, limits, given, sure).run(instance, most)
                except (Singular, OverflowError):
                    continue
                if bad is not None:
                    return agreed, True
                agreed += done
                drawn += 1
                if drawn == wanted:
                    break
            if agreed >= enough and (choice or enough == 1):
                break
        return agreed, False

    def holds(self, equation: Equation, limits: tuple[Limit, ...]) -> bool:
        """Whether both sides agree on the first random instance that says something, to the digit. Raises Malformed."""
        for side in equation:
            self.network.check(side, self.network.facts(limits))
        agreed, differs = self.compared(equation, limits, enough=1, sure=False)
        return agreed > 0 and not differs

    def holds_at(self, equation: Equation, limits: tuple[Limit, ...], width: int) -> bool:
        """Whether both sides agree where every size that is left open has one value, layers and times apart.

        Never said where the sign of a value decides, as one instance says nothing then.
        """
        if has_kinks(self.network, *equation):
            return False
        key = (width, needs(self.network, *equation))
        try:
            if key not in self._even:
                sizes = fill_sizes(self.network, lambda number: 1 if number == 0 else width - 1, repeat(width))
                self._even[key] = Instance(Program(self.network, sizes, field_for(key[1]), Compiler), 7)
            done, bad = Comparison(self._even[key].program, equation, limits, sure=False).run(self._even[key], _ENOUGH)
        except (Singular, OverflowError, BackpropError):
            return False
        return done > 0 and bad is None

    def _instance(self, choice: int, sizes: Sizes, need: str, draw: int) -> Instance:
        key = (choice, need, draw)
        if key not in self._instances:
            program = Program(self.network, sizes, field_for(need, draw), Compiler)
            self._instances[key] = Instance(program, 1 + choice + 1000 * draw)
        return self._instances[key]


class _Asked(NamedTuple):
    """An equation in the letters i_1, i_2, ..., with a key that is one for all that differ in their letters alone.

    names: those letters with the writer's.
    """

    equation: Equation
    limits: tuple[Limit, ...]
    key: object
    names: dict[str, str]


def _asked(equation: Equation, limits: tuple[Limit, ...]) -> _Asked:
    letters = tuple(letter for letter, _, _ in limits)
    (left, left_key), (right, right_key) = (_in_usual_letters(side, letters) for side in equation)
    usual = _usual(letters)
    ranges = tuple((usual[s], *(e and substitute_index(e, usual) for e in ends)) for s, *ends in limits)
    names = {new.name: old.name for old, new in usual.items()}
    return _Asked(Equation(left, right), ranges, (left_key, right_key, ranges), names)


@lru_cache(maxsize=4096)
def _in_usual_letters(side: Expr, letters: tuple[Symbol, ...]) -> tuple[Expr, Basic]:
    """One side in the letters i_1, i_2, ..., and its canonical form."""
    plain = substitute(side, _usual(letters))
    return plain, canonical(plain)


def _usual(letters: tuple[Symbol, ...]) -> dict[Symbol, Symbol]:
    return {letter: index(f"i_{number}") for number, letter in enumerate(letters, start=1)}


def _in_turn(choices: tuple[Sizes, ...]) -> list[tuple[int, Sizes]]:
    """The second choice first: with three layers most ranges hold something."""
    order = [1, 0, 2, 3] if len(choices) > 1 else [0]
    return [(number, choices[number]) for number in order if number < len(choices)]


def _in_letters(found: Judgement, names: dict[str, str]) -> Judgement:
    """The judgement with the writer's letters in its counterexample."""
    failure = found.counterexample
    if failure is None:
        return found
    indices = tuple((names.get(name, name), value) for name, value in failure.indices)
    return replace(found, counterexample=replace(failure, indices=indices))
