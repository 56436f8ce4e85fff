"""A random step of a real derivation, corrupted at one place, is refused or is really true on exact instances.

A step of before = after is corrupted in its parameters, in its place, in its rule, or in what it starts from (a wrong
index, a transposed w, a dropped factor, σ for σ', + for ·, a layer off by one, a collapse over the wrong index, another
use of a lemma). The truth comes from `evidence`, which shares no code with the kernel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import pytest
from evidence.statements import recurrent
from sympy import Add, Expr, Integer, Mul, Symbol

from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.theorems import FUNDAMENTAL, prove
from backprop_proofs.errors import Malformed, Refused, UnknownName
from backprop_proofs.evidence.exact import Check, check_exact
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Step, Theorem, begin, rewrite
from backprop_proofs.language.binding import alpha_equal, limits_on_path, opened, replace_at, subterm, sum_over
from backprop_proofs.language.expressions import (
    Binder,
    Delta,
    Each,
    Fn,
    IndexSum,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    negative,
    rebuild,
)
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import mlp

Path = tuple[int, ...]
t, i, j, k, T, m, p = map(index, "tijkTmp")
ONE = Integer(1)


class Example(NamedTuple):
    """A step, and where it stands: the theorem up to it."""

    network: Network
    limits: tuple[Limit, ...]
    step: Step


def skip() -> Network:
    """z = V a + x, a = tanh(x), C of z: x is used twice."""
    x, a, z, V = map(Quantity, "xazV")
    row, column = (j, ONE, m), (k, ONE, m)
    return Network(
        "skip",
        {"x": (row,), "a": (row,), "z": (row,), "V": (row, column), "C": ()},
        (
            Definition(a[j], (row,), Fn("f", 0, x[j])),
            Definition(z[j], (row,), add(sum_over(mul(V[j, k], a[k]), column), x[j])),
            Definition(Ref(Quantity("C")), (), sum_over(mul(z[k], z[k], a[k]), column)),
        ),
        parameters=((m, ONE, None),),
    )


def theorems() -> Iterator[Theorem]:
    for net in (
        mlp(),
        mlp((2, 3, 2)),
        mlp((3, 2, 2), "sigmoid", "quadratic"),
        mlp(activation="relu", cost="quadratic"),
    ):
        yield from (prove(name, net) for name in FUNDAMENTAL)
    yield prove("backward-pass", mlp())
    yield from (derive(recurrent(), name) for name in ("W", "U"))
    yield from (derive(skip(), name) for name in ("x", "V", "a"))


def steps_of(theorem: Theorem, seen: set[int]) -> Iterator[Example]:
    """All steps, those of its lemmas too, without the ones that close a proof."""
    if id(theorem) in seen:
        return
    seen.add(id(theorem))
    for step in theorem.derivation.steps:
        for name in ("base", "lemma"):
            if isinstance(step.parameters.get(name), Theorem):
                yield from steps_of(step.parameters[name], seen)
        if step.rule not in ("induction", "matrix-form"):
            yield Example(theorem.network, theorem.limits, step)


@lru_cache(maxsize=1)
def examples() -> tuple[Example, ...]:
    kept, seen = list(theorems()), set[int]()
    return tuple(example for theorem in kept for example in steps_of(theorem, seen))


# Corruptions of an expression


def parts(expr: Expr, path: Path = ()) -> Iterator[tuple[Path, Expr]]:
    """Every scalar part with its place."""
    yield path, expr
    if not isinstance(expr, Ref | Delta):
        for number, part in enumerate(expr.args):
            if isinstance(part, Expr) and not (isinstance(expr, Binder) and number):
                yield from parts(part, (*path, number))


def letters_at(example: Example, expr: Expr, path: Path) -> list[Symbol]:
    return [letter for letter, _, _ in (*example.limits, *limits_on_path(expr, path))]


def spoilt_index(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    """Another letter, or one more or less, in one index."""
    first = 1 if isinstance(part, Ref) else 0
    if not isinstance(part, Ref | Delta) or len(part.args) == first:
        return None
    number = random.randrange(first, len(part.args))
    old = part.args[number]
    new = random.choice([old + 1, old - 1, ONE, *letters, *letters])
    return None if new == old else part.func(*part.args[:number], new, *part.args[number + 1 :])


def transposed(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    if not isinstance(part, Ref) or len(part.indices) < 2 or part.indices[-1] == part.indices[-2]:
        return None
    return Ref(part.quantity, *part.indices[:-2], part.indices[-1], part.indices[-2])


def dropped(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    if not isinstance(part, Add | Mul):
        return None
    number = random.randrange(len(part.args))
    return rebuild(part, part.args[:number] + part.args[number + 1 :])


def primed(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    return Fn(part.name, (part.primes + 1) % 2, part.argument) if isinstance(part, Fn) else None


def plus_for_times(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    return add(*part.args) if isinstance(part, Mul) else mul(*part.args) if isinstance(part, Add) else None


def other_range(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    if not isinstance(part, IndexSum):
        return None
    body, (letter, low, high) = opened(part)
    return random.choice([IndexSum(body, letter, low + 1, high), IndexSum(body, letter, low, high - 1)])


def summed_over_another(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    """Σ_k f(j, k) with j and k exchanged inside."""
    if not isinstance(part, IndexSum) or not letters:
        return None
    body, (letter, low, high) = opened(part)
    other = random.choice(letters)
    return IndexSum(body.xreplace({letter: other, other: letter}), letter, low, high)


def without_its_sum(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    if not isinstance(part, IndexSum):
        return None
    body, (letter, _, _) = opened(part)
    return body.xreplace({letter: random.choice([ONE, *letters])})


def other_quantity(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    pairs = {"a": "z", "z": "a", "delta": "z", "b": "z", "h": "z", "W": "U"}
    if not isinstance(part, Ref) or part.name not in pairs:
        return None
    return Ref(Quantity(pairs[part.name], part.quantity.superscripts), *part.indices)


def signed(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    return negative(part)


def no_delta(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    return ONE if isinstance(part, Delta) else None


def less_held(part: Expr, letters: list[Symbol], random: Random) -> Expr | None:
    return Partial(part.of, part.wrt, *part.held[1:]) if isinstance(part, Partial) and part.held else None


SPOILING: tuple[Callable[[Expr, list[Symbol], Random], Expr | None], ...] = (
    spoilt_index,
    transposed,
    dropped,
    primed,
    plus_for_times,
    other_range,
    summed_over_another,
    without_its_sum,
    other_quantity,
    signed,
    no_delta,
    less_held,
)


def spoilt(example: Example, expr: Expr, random: Random, under: Path = ()) -> Expr | None:
    """The expression corrupted at one place by one of the ways above, or None."""
    choices = list(parts(expr))
    for _ in range(12):
        path, part = random.choice(choices)
        letters = letters_at(example, example.step.before, under) + [s for s, _, _ in limits_on_path(expr, path)]
        new = random.choice(SPOILING)(part, letters, random)
        try:
            if new is not None and new != part:
                return replace_at(expr, path, new)
        except Malformed:  # a derivative by a product, say, is not even an expression
            continue
    return None


# Corruptions of a step


class Attempt(NamedTuple):
    """What to rewrite, where, by which rule, with what."""

    before: Expr
    at: Path
    rule: str
    parameters: dict[str, Any]


def corrupted(example: Example, random: Random) -> tuple[str, Attempt] | None:
    step = example.step
    plain = Attempt(step.before, step.at, step.rule, dict(step.parameters))
    kind = random.choice(["parameters"] * 4 + ["before"] * 3 + ["result"] * 3 + ["place", "rule"])
    if kind == "result":  # the result that the step claims, corrupted: only `ring` takes a result
        wanted = spoilt(
            example, subterm(step.after, step.at) if _has(step.after, step.at) else step.after, random, step.at
        )
        return None if wanted is None else (kind, plain._replace(rule="ring", parameters={"to": wanted}))
    if kind == "before":
        before = spoilt(example, step.before, random)
        return None if before is None else (kind, plain._replace(before=before))
    if kind == "place":
        at = random.choice([path for path, _ in parts(step.before)])
        return None if at == step.at else (kind, plain._replace(at=at))
    if kind == "rule":
        name = random.choice([name for name in RULES if name not in (step.rule, "induction", "matrix-form")])
        return kind, plain._replace(rule=name)
    spoil = spoilt_parameters(example, random)
    return None if spoil is None else (kind, plain._replace(parameters=spoil))


def _has(expr: Expr, path: Path) -> bool:
    for number in path:
        if number >= len(expr.args):
            return False
        expr = expr.args[number]
    return True


def spoilt_parameters(example: Example, random: Random) -> dict[str, Any] | None:
    given = dict(example.step.parameters)
    if isinstance(given.get("to"), Expr):
        new = spoilt(example, given["to"], random, example.step.at)
        return None if new is None else {**given, "to": new}
    if "through" in given:
        return {**given, "through": spoilt_sets(given["through"], example, random)}
    if "lemma" in given:
        letters = letters_at(example, example.step.before, example.step.at)
        values = dict(given["given"])
        letter = random.choice([s for s, _, _ in given["lemma"].limits] or [j])
        values[letter] = random.choice([*letters, *(s + 1 for s in letters), *(s - 1 for s in letters), ONE])
        return {**given, "given": values}
    return None


def spoilt_sets(sets: tuple[Expr, ...], example: Example, random: Random) -> tuple[Expr, ...]:
    number = random.randrange(len(sets))
    part = sets[number]
    choices: list[Expr] = []
    if isinstance(part, Each):
        body, (letter, low, high) = opened(part)
        choices += [Each(body, letter, low + 1, high), Each(body, letter, low, high - 1)]
        inner = body
        while isinstance(inner, Each):
            inner = inner.body
        choices += [inner.xreplace({letter: ONE})] if body is inner else []
        for quantity in (r.quantity for d in example.network.definitions for r in d.body.atoms(Ref)):
            if len(example.network.families.get(quantity.name, ())) == len(inner.indices):
                choices.append(part.xreplace({inner.quantity: quantity}))
        for old in inner.indices:
            if not old.has(letter):
                shifted = Ref(inner.quantity, *(index + 1 if index == old else index for index in inner.indices))
                choices.append(part.xreplace({inner: shifted}) if body is inner else part)
    choices += [sets[random.randrange(len(sets))]]
    return (*sets[:number], random.choice(choices), *sets[number + 1 :])


@lru_cache(maxsize=4096)
def truth(network: Network, equation: Equation, limits: tuple[Limit, ...]) -> Check:
    return check_exact(network, equation, limits, instances=3)


def attempt(seed: int) -> str:
    """What became of one corrupted step: "refused", "true", or "said nothing new"; raises AssertionError if wrong."""
    random = Random(seed)
    example = random.choice(examples())
    found = next(filter(None, (corrupted(example, random) for _ in range(6))), None)
    if found is None:
        return "not corrupted"
    kind, (before, at, rule, parameters) = found
    try:
        start = begin(example.network, example.limits, before)
        result = rewrite(start, at, rule, **parameters)
    except (Refused, Malformed, UnknownName):
        return f"{kind}: refused"
    except (TypeError, IndexError, AttributeError) as error:
        if kind in ("rule", "place"):  # parameters of another rule
            return f"{kind}: refused"
        raise AssertionError(f"{type(error).__name__} in {rule} at {at} of {before}") from error
    if result.assumptions:
        return f"{kind}: under an assumption"
    if kind == "parameters" and alpha_equal(result.statement.rhs, example.step.after):
        return f"{kind}: the same step"
    check = truth(result.network, result.statement, result.limits)
    assert check.agrees or not check.comparisons, (
        f"accepted and false ({rule}, {kind} corrupted):\n  {result.statement.lhs}\n= {result.statement.rhs}\n"
        f"{check.counterexample}"
    )
    return f"{kind}: accepted and true" if check.comparisons else f"{kind}: nothing to compare"


def sweep(seeds: range) -> Counter[str]:
    counts = Counter(attempt(seed) for seed in seeds)
    print(*(f"{count:6} {what}" for what, count in sorted(counts.items())), sep="\n")
    return counts


def test_the_examples_use_every_kind_of_step() -> None:
    rules = {example.step.rule for example in examples()}
    assert len(examples()) > 150
    assert rules >= {"definition", "chain-rule", "kronecker-collapse", "theorem", "linearity", "leaf", "function-rule"}
    assert rules >= {"factor-out", "ring", "power-rule", "product-rule"}


def test_the_steps_themselves_are_accepted_and_true() -> None:
    """The whole of the examples, uncorrupted: what the corruption starts from is sound and complete."""
    for network, limits, step in examples():
        result = rewrite(begin(network, limits, step.before), step.at, step.rule, **step.parameters)
        assert alpha_equal(result.statement.rhs, step.after)


@pytest.mark.parametrize("block", range(10))
def test_no_corrupted_step_is_wrongly_accepted(block: int) -> None:
    counts = sweep(range(400 * block, 400 * (block + 1)))
    refused = sum(count for what, count in counts.items() if what.endswith("refused"))
    assert refused > 200


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_no_corrupted_step_is_wrongly_accepted_in_tens_of_thousands(block: int) -> None:
    sweep(range(10_000 + 1000 * block, 10_000 + 1000 * (block + 1)))
