"""What follows from the bounds of indices: whatever is said to hold, holds at every admissible choice of integers."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from language.spoken import Values, index_value
from sympy import Abs, Add, Expr, Float, Integer, Mul, Rational, nan, oo
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed
from backprop_proofs.language.expressions import Fn, Quantity, mul
from backprop_proofs.language.indices import Facts, Limit, index

i, j, k, l, m, L = map(index, "ijklmL")
n = Quantity("n")
ONE, TWO = Integer(1), Integer(2)


# Random bounds, each letter's over the letters before it, and all their admissible choices


def random_affine(letters: list[Expr], chance: random.Random) -> Expr:
    chosen = chance.sample(letters, min(len(letters), chance.randint(0, 2)))
    return Add(*(chance.choice((-2, -1, 1, 1, 2)) * letter for letter in chosen), chance.randint(-3, 4))


def random_limits(chance: random.Random) -> list[Limit]:
    """Sizes L and n[..] first, then letters whose bounds use them; some bounds are open."""
    limits: list[Limit] = [(L, Integer(chance.randint(1, 2)), None)]
    known: list[Expr] = [L, n[L], n[1]]
    for letter in (l, j, k, m)[: chance.randint(1, 4)]:
        low = chance.choice([ONE, TWO, Integer(0), random_affine(known, chance)])
        high = chance.choice([None, L, n[L], n[1], *known, random_affine(known, chance)])
        limits.append((letter, low, high))
        known.extend((letter, n[letter]) if chance.random() < 0.3 else (letter,))
    chance.shuffle(limits)
    return limits


def choices(limits: list[Limit], chance: random.Random, wanted: int = 25) -> list[Values]:
    """Admissible choices of integers, drawn letter by letter; an empty range ends a draw."""
    found: list[Values] = []
    order = sorted(limits, key=lambda limit: (L, l, j, k, m).index(limit[0]))
    for _ in range(wanted):
        values: Values = {}
        for letter, low, high in order:
            least = index_value(low, values)
            most = least + 6 if high is None else index_value(high, values)
            if most < least:
                break
            values[letter] = chance.choice((least, most, chance.randint(least, most)))
        else:
            found.append(values)
    return found


def random_claim(limits: list[Limit], chance: random.Random) -> Expr:
    """Half the time anything, else a bound or a sum of bounds, which has a chance to follow."""
    letters = [L, n[L], n[1], *(letter for letter, _, _ in limits)]
    claim = random_affine(letters, chance)
    for letter, low, high in chance.sample(limits, chance.randint(0, len(limits))):
        claim = claim + (letter - low if high is None or chance.random() < 0.5 else high - letter)
    return claim


Question = Callable[[Facts, Expr, Expr, Expr | None], bool]
Truth = Callable[[int, int, float], bool]
QUESTIONS: dict[str, tuple[Question, Truth]] = {
    "nonnegative": (lambda facts, e, low, high: facts.nonnegative(e), lambda e, low, high: e >= 0),
    "within": (lambda facts, e, low, high: facts.within(e, low, high), lambda e, low, high: low <= e <= high),
    "distinct": (lambda facts, e, low, high: facts.distinct(e, low), lambda e, low, high: e != low),
    "equal": (lambda facts, e, low, high: facts.equal(e, low), lambda e, low, high: e == low),
}


def ask(question: str, seed: int) -> bool:
    """One random question; asserts that a True is true. Returns whether it was said, and not of nothing."""
    chance = random.Random(seed)
    limits = random_limits(chance)
    claim = random_claim(limits, chance)
    low = chance.choice([ONE, random_affine([limit[0] for limit in limits], chance)])
    if chance.random() < 0.4:
        low, claim = claim - Integer(chance.randint(-2, 3)), claim
    high = chance.choice([None, n[L], claim + Integer(chance.randint(-1, 2))])
    said, truth = QUESTIONS[question]
    if not said(Facts(limits), claim, low, high):
        return False
    found = choices(limits, chance)
    for values in found:
        numbers = [index_value(part, values) for part in (claim, low)]
        most = math.inf if high is None else index_value(high, values)
        assert truth(*numbers, most), f"{question}({claim}; {low}, {high}) of {limits} is false at {values}"
    return bool(found)


@pytest.mark.parametrize("question", QUESTIONS)
@given(seed=st.integers(0, 2**40))
@settings(max_examples=1500)
def test_what_is_said_to_follow_is_true(question: str, seed: int) -> None:
    ask(question, seed)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_random_questions_are_not_idle(question: str) -> None:
    assert sum(ask(question, seed) for seed in range(1500)) > 75


# Tables


LAYERS: tuple[Limit, ...] = ((L, TWO, None), (l, TWO, L), (j, ONE, n[l]), (k, ONE, n[l - 1]))
FACTS = Facts(LAYERS)


@pytest.mark.parametrize(
    ("expr", "follows"),
    [
        (Integer(0), True),
        (Integer(-1), False),
        (l - 2, True),
        (l - 3, False),
        (L - l, True),
        (L - l - 1, False),
        (L - 2, True),
        (2 * L - l - 2, True),
        (n[l] - j, True),
        (n[l - 1] - j, False),
        (n[l + 1] - 1, True),
        (n[l + 1] - 2, False),
        (n[l] + n[l - 1] - j - k, True),
        (n[l] - 1, True),
        (-n[l], False),
        (3 - n[l], False),
        (m, False),
        (-m, False),
        (m - m, True),
        (j * 2 - 2, True),
        (-2 * j + 2 * n[l], True),
    ],
)
def test_nonnegative(expr: Expr, follows: bool) -> None:
    assert FACTS.nonnegative(expr) is follows


@pytest.mark.parametrize(
    "expr",
    [
        Rational(-1, 2),
        -j * k,
        -j / 2,
        -Rational(3, 2) * j,
        Mul(j, Integer(-1), evaluate=False),
        mul(j, Integer(-2)),
        mul(Integer(-1), mul(j, k)),
        -Abs(j) * k,
        Fn("f", 0, j),
        Float(-3.0),
        -oo,
        nan,
        l**2 - l * L,
        -(l**3),
    ],
)
def test_what_is_no_index_or_size_is_never_said_to_be_nonnegative(expr: Expr) -> None:
    """A claim of no more than "a size is at least 1" must not leak to products, fractions, functions and floats."""
    try:
        said = FACTS.nonnegative(expr)
    except Malformed:
        return
    assert said is False


@pytest.mark.parametrize(
    ("expr", "low", "high", "follows"),
    [
        (l, TWO, L, True),
        (l - 1, ONE, L, True),
        (l - 1, TWO, L, False),
        (l + 1, TWO, L, False),
        (L, ONE, L, True),
        (ONE, ONE, n[l], True),
        (TWO, ONE, n[l], False),
        (j, ONE, n[l], True),
        (j, ONE, n[l - 1], False),
        (j, ONE, None, True),
        (2 * k, ONE, n[l - 1], False),
        (n[l], ONE, n[l], True),
        (Integer(0), ONE, n[l], False),
        (m, ONE, None, False),
        (j - 1, Integer(0), n[l] - 1, True),
    ],
)
def test_within(expr: Expr, low: Expr, high: Expr | None, follows: bool) -> None:
    assert FACTS.within(expr, low, high) is follows


@pytest.mark.parametrize(
    ("left", "right", "follows"),
    [
        (l, l - 1, True),
        (l, l, False),
        (l, ONE, True),
        (l, TWO, False),
        (l, L + 1, True),
        (j, k, False),
        (j, Integer(0), True),
        (ONE, TWO, True),
        (m, m + 1, True),
        (j, n[l] + 1, True),
    ],
)
def test_distinct(left: Expr, right: Expr, follows: bool) -> None:
    assert FACTS.distinct(left, right) is follows
    assert FACTS.distinct(right, left) is follows


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (l + 1 - 1, l, True),
        (2 * (l + 1), 2 * l + 2, True),
        (n[l], n[l - 1], False),
        (n[l] + j, j + n[l], True),
        (l, j, False),
        (Integer(3), 1 + TWO, True),
        (2 * (l + 1) - l + n[l] - 2, n[l] + l, True),
        (n[l + 1 - 1], n[l], True),
        (l - l, Integer(0), True),
    ],
)
def test_equal_indices(left: Expr, right: Expr, same: bool) -> None:
    assert Facts().equal(left, right) is same


class TestSizes:
    """With L = 3 and widths 2, 3, 2."""

    sizes: dict[Basic, int] = {L: 3, n[1]: 2, n[2]: 3, n[3]: 2}
    facts = Facts(LAYERS, sizes)

    @pytest.mark.parametrize(
        ("expr", "value"),
        [
            (L, 3),
            (n[L], 2),
            (n[L - 1] + 2 * n[1], 7),
            (n[l], None),
            (l, None),
            (n[7], None),
            (Integer(4), 4),
        ],
    )
    def test_value(self, expr: Expr, value: int | None) -> None:
        assert self.facts.value(expr) == value

    @pytest.mark.parametrize(
        ("left", "right", "same"),
        [(n[L], n[1], True), (n[L], n[2], False), (n[l], n[l], True), (n[l], n[1], False), (L, Integer(3), True)],
    )
    def test_equal(self, left: Expr, right: Expr, same: bool) -> None:
        assert self.facts.equal(left, right) is same

    def test_numbers_decide(self) -> None:
        assert self.facts.within(Integer(2), ONE, n[L])
        assert not self.facts.within(Integer(3), ONE, n[L])
        assert self.facts.within(l, ONE, Integer(3))
        assert self.facts.distinct(n[2], n[3])
        assert not self.facts.nonnegative(n[L] - n[2])

    @given(seed=st.integers(0, 2**40))
    @settings(max_examples=500)
    def test_what_follows_from_the_sizes_is_true(self, seed: int) -> None:
        chance = random.Random(seed)
        claim = random_affine([l, j, k, L, n[L], n[2], n[l]], chance)
        if self.facts.nonnegative(claim):
            width = {layer: self.sizes[n[layer]] for layer in (1, 2, 3)}
            for layer in (2, 3):
                for first in range(1, width[layer] + 1):
                    for second in range(1, width[layer - 1] + 1):
                        known = {l: layer, j: first, k: second, L: 3, n[l]: width[layer], n[L]: 2, n[2]: 3}
                        assert int(claim.xreplace(known)) >= 0


def test_a_letter_has_one_range() -> None:
    with pytest.raises(Malformed, match="bound twice"):
        FACTS.extended(((j, Integer(5), Integer(6)),))
    with pytest.raises(Malformed, match="bound twice"):
        Facts(((j, ONE, Integer(5)), (k, ONE, j))).extended(((j, ONE, Integer(100)),))


def test_facts_do_not_change_when_extended() -> None:
    FACTS.extended(((m, ONE, ONE),))
    assert m not in FACTS.letters
    assert not FACTS.nonnegative(m - 1)


def test_bounds_in_a_circle_end() -> None:
    assert not Facts(((j, k, k), (k, j, j))).nonnegative(j)
