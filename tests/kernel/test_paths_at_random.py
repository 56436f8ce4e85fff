"""The search for dependence paths against the graph of a concrete network: where it says "none", there is none.

The networks move along two indices at once, by steps, by factors of 2, and through cells on the diagonal, so that a
search passes regions of one quantity that overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sympy import Expr, Integer, Symbol

from backprop_proofs.errors import InvalidNetwork, Malformed
from backprop_proofs.kernel.dependence import check_network, find_path, region_of
from backprop_proofs.language.binding import each, opened, substitute_index
from backprop_proofs.language.expressions import Binder, Quantity, Ref, add, mul
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Network

i, j, N = map(index, "ijN")
LAST = 6  # the size N of the concrete network
QUANTITIES = tuple(map(Quantity, "PQRS"))
X = Quantity("X")
ZERO, ONE = Integer(0), Integer(1)
SQUARE: tuple[Limit, ...] = ((i, ZERO, N), (j, ZERO, N))
Cell = tuple[str, int, int]


def random_network(random: Random) -> Network:
    """Each of P, Q, R, S from the ones before it, from inputs X, and from itself at smaller indices."""
    definitions = []
    for place, quantity in enumerate(QUANTITIES):
        low, step = random.choice([(1, 0), (1, 1), (2, 1), (0, 1)]), random.choice([(1, 0), (1, 1), (2, 1), (0, 1)])
        limits = ((i, Integer(low[0]), N), (j, Integer(low[1]), N))
        before = [X, *QUANTITIES[:place]]
        uses = [_used(random, random.choice(before), low) for _ in range(random.choice([1, 2, 2]))]
        if random.random() < 0.6 and step[0] <= low[0] and step[1] <= low[1]:
            uses.append(quantity[i - step[0], j - step[1]])
        definitions.append(Definition(quantity[i, j], limits, add(*uses)))
    families = {quantity.name: SQUARE for quantity in QUANTITIES}
    double = ((i, Integer(-30), None), (j, Integer(-30), None))
    return Network("cells", {**families, "X": double}, tuple(definitions), parameters=((N, Integer(LAST), None),))


def _used(random: Random, quantity: Quantity, low: tuple[int, int]) -> Expr:
    if quantity == X:
        return X[random.choice([i - j, i + j, 2 * i - j, i, 2 * j, i + 2 * j, ONE]), random.choice([i, j, 2 * i, ZERO])]
    near_i = random.choice([i, i - low[0], j, ZERO, ONE, N])
    near_j = random.choice([j, j - low[1], i, ZERO, N])
    return mul(quantity[near_i, near_j], X[i, random.choice([j, ZERO])])


def cells(expr: Expr, at: dict[Symbol, Expr]) -> Iterator[Cell]:
    """The instances that an expression uses, at values of its letters."""
    if isinstance(expr, Ref):
        row, column = (int(substitute_index(part, at)) for part in expr.indices)
        yield expr.name, row, column
    elif isinstance(expr, Binder):
        body, (letter, low, high) = opened(expr)
        first, last = (int(substitute_index(end, at)) for end in (low, high))
        for here in range(first, last + 1):
            yield from cells(body, at | {letter: Integer(here)})
    else:
        for part in expr.args:
            yield from cells(part, at)


def graph(network: Network) -> dict[Cell, set[Cell]]:
    """Of each instance, those that use it."""
    users: dict[Cell, set[Cell]] = {}
    for known in network.definitions:
        lows = [int(low) for _, low, _ in known.limits]
        for row, column in product(*(range(low, LAST + 1) for low in lows)):
            values = zip(known.limits, (row, column), strict=True)
            at: dict[Symbol, Expr] = {N: Integer(LAST), **{s: Integer(v) for (s, _, _), v in values}}
            for used in cells(known.body, at):
                users.setdefault(used, set()).add((known.ref.name, row, column))
    return users


def reached(users: dict[Cell, set[Cell]], start: Cell, avoiding: set[Cell]) -> set[Cell]:
    """All instances that a path from the start leads to, none of whose inner members is to be avoided."""
    found: set[Cell] = set()
    pending = [start]
    while pending:
        for user in users.get(pending.pop(), ()):
            if user not in found:
                found.add(user)
                if user not in avoiding:
                    pending.append(user)
    return found


def run(seed: int) -> str:
    random = Random(seed)
    try:
        network = random_network(random)
        check_network(network)
    except (InvalidNetwork, Malformed):
        return "no network"
    users, verdicts = graph(network), set()
    facts = network.facts()
    for _ in range(12):
        used = random.choice(sorted(users))
        name, place = random.choice("PQRS"), (random.randint(0, LAST), random.randint(0, LAST))
        held = Quantity(random.choice("PQRS"))
        row: Expr = (
            each(held[i, j], (i, ZERO, N), (j, ZERO, N)) if random.random() < 0.3 else each(held[i, ONE], (i, ZERO, N))
        )
        avoiding = () if random.random() < 0.5 else (row,)
        avoided = set(cells(row, {N: Integer(LAST)})) if avoiding else set()
        path = find_path(
            network, region_of(Quantity(used[0])[used[1:]]), region_of(Quantity(name)[place]), avoiding, facts
        )
        truth = (name, *place) in reached(users, used, avoided)
        assert path is not None or not truth, f"{used} -> {name}{place} avoiding {avoiding}: {network.definitions}"
        verdicts.add(("path" if truth else "none", "found" if path else "none"))
    return "both" if len({said for _, said in verdicts}) == 2 else "one"


SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=60)
def test_where_no_path_is_found_there_is_none(seed: int) -> None:
    event(run(seed))


@pytest.mark.slow
@given(SEEDS)
@settings(max_examples=5_000)
def test_where_no_path_is_found_there_is_none_many_times(seed: int) -> None:
    event(run(seed))


def test_the_random_networks_have_paths_and_none() -> None:
    results = [run(seed) for seed in range(40)]
    counts = {result: results.count(result) for result in set(results)}
    assert counts["both"] > 4, counts
