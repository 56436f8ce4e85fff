"""Random networks: whatever the rules of calculus conclude about their derivatives is true on exact instances.

The networks have one or two indices that move along recursions (t - 1, t + 1), stay, sum over dependent ranges or are
fixed, inputs that are used at several places, and equations that hold for a part of a range only. This is what the
search for dependence paths stands or falls with.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from types import FrameType

import pytest
from sympy import Expr, Integer

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import InvalidNetwork, Malformed, Refused
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Fn, Partial, Quantity, Ref, add, mul
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Network

T, t, s, q, r, e = map(index, "Ttsqre")
A, B, D, E = map(Quantity, "ABDE")
Y = Ref(Quantity("Y"))
ZERO, ONE, TWO = Integer(0), Integer(1), Integer(2)
PARAMETERS = ((T, TWO, None),)
FAMILIES: dict[str, tuple[Limit, ...]] = {
    "A": ((t, ZERO, T),),
    "B": ((t, ZERO, T),),
    "D": ((t, ZERO, T), (s, ZERO, t)),
    "E": ((t, ZERO, T),),
    "Y": (),
}


class Maker:
    """Random networks A -> B, D, E -> Y and questions about them, from one seed; with D, whose range depends on t."""

    def __init__(self, seed: int, with_triangle: bool):
        self.random, self.with_triangle = Random(seed), with_triangle
        self.middle = [B, E, D] if with_triangle else [B, E]

    def one(self, used: Quantity, place: Expr, low: Expr) -> Expr:
        """An instance of a quantity near `place`, which is at least `low`, or a sum of some."""
        near = self.random.choice([place, place, place, ZERO, T, *([place - 1] * 3 if low is ONE else [])])
        span: Limit = (e, *self.random.choice([(ZERO, place), (place, T), (ZERO, T), (ONE, T), (place, place)]))
        if used == D:
            single = D[near, self.random.choice([ZERO, near])]
            return self.random.choice(
                [single, sum_over(D[near, e], (e, ZERO, near)), sum_over(D[e, place], (e, place, T))]
            )
        return self.random.choice([used[near], used[near], sum_over(used[e], span)])

    def body(self, users: list[Quantity], own: Expr | None, place: Expr, low: Expr) -> Expr:
        terms = [self.one(self.random.choice(users), place, low) for _ in range(self.random.choice([1, 2, 2]))]
        terms += [own] if own is not None and self.random.random() < 0.6 else []
        pick = self.random.random()
        if pick < 0.3 and len(terms) > 1:
            return mul(*terms)
        return Fn("f", 0, add(*terms)) if pick < 0.6 else add(*terms)

    def equations(self) -> list[Definition]:
        low = self.random.choice([ZERO, ONE])
        span: Limit = (t, low, T)
        recursion = B[t - 1] if low is ONE else None
        forward = self.random.random() < 0.7
        if forward:
            found = [Definition(B[t], (span,), self.body([A], recursion, t, low))]
        else:  # backwards in t
            high = (t, ZERO, T - 1)
            found = [Definition(B[t], (high,), add(B[t + 1], self.body([A], None, t, ZERO)))]
        if low is ONE and forward and self.random.random() < 0.5:
            found.append(Definition(B[0], (), self.one(A, ZERO, ZERO)))
        step = mul(self.one(A, s, ZERO), self.one(self.random.choice([A, B]), t, ZERO))
        found.append(Definition(D[t, s], ((t, ZERO, T), (s, ZERO, t)), step))
        low = self.random.choice([ZERO, ONE])
        own = E[t - 1] if low is ONE and forward else None  # both ways at once is a test of its own
        found.append(Definition(E[t], ((t, low, T),), self.body([A, B, *self.middle[::2]], own, t, low)))
        found.append(Definition(Y, (), self.body([*self.middle, E], None, T, ONE)))
        return [d for d in found if d.ref.quantity != D or self.with_triangle]

    def network(self) -> Network:
        return Network("random", FAMILIES, tuple(self.equations()), parameters=PARAMETERS)

    def scalar(self, choices: list[Quantity]) -> Ref:
        quantity, place = self.random.choice(choices), self.random.choice([q, q, r, ZERO, T])
        if quantity == Y.quantity:
            return Y
        return D[place, self.random.choice([ZERO, place])] if quantity == D else quantity[place]

    def set(self) -> Expr:
        """All instances of a quantity along some of its indices, mostly over their whole range."""
        quantity = self.random.choice([B, *self.middle])
        span: Limit = (e, *self.random.choice([(ZERO, T)] * 4 + [(ONE, T), (q, T), (ZERO, q), (r, T), (ZERO, T - 1)]))
        if quantity != D:
            return self.random.choice([each(quantity[e], span)] * 3 + [quantity[self.random.choice([q, r, T, ZERO])]])
        whole = each(D[e, s], (e, ZERO, T), (s, ZERO, e))
        return self.random.choice([whole, whole, each(D[q, s], (s, ZERO, q)), each(D[e, q], (e, q, T)), D[q, q]])

    def question(self, network: Network) -> Theorem:
        """∂Y/∂X, perhaps with something held; raises Malformed where it means nothing."""
        first: Limit = (q, self.random.choice([ZERO, ZERO, ONE]), self.random.choice([T, T, T - 1]))
        second: Limit = (r, self.random.choice([ZERO, ONE, q, q + 1]), T)
        held = [self.set() for _ in range(self.random.choice([0, 0, 0, 1]))]
        of, wrt = self.scalar([Y.quantity, E, *self.middle]), self.scalar([A, A, A, B, self.middle[-1]])
        return begin(network, (first, second), Partial(of, wrt, *held))


def conclusions(maker: Maker, start: Theorem) -> list[tuple[str, Theorem]]:
    """What the rules conclude from ∂Y/∂X = ∂Y/∂X."""
    found = []
    attempts: list[tuple[str, dict[str, object]]] = [("leaf", {}), ("unfold", {})]
    attempts += [  # many sets are refused
        ("chain-rule", {"through": tuple(maker.set() for _ in range(maker.random.choice([1, 2, 2, 3])))})
        for _ in range(8)
    ]
    for rule, parameters in attempts:
        try:
            if rule == "unfold":
                result = worked_out(rewrite(start, (0,), "definition"))
            else:
                result = rewrite(start, (), rule, **parameters)
        except (Refused, Malformed):
            continue
        found.append((rule, result))
    return found


def worked_out(theorem: Theorem) -> Theorem:
    """The derivative of a formula, by the first rule that knows its kind."""
    for rule in ("leaf", "linearity", "product-rule", "function-rule"):
        try:
            return rewrite(theorem, (), rule)
        except (Refused, Malformed):
            continue
    raise Refused("unfold", "a rule", "none")


def overlaps(theorem: Theorem) -> bool:
    """Whether a set of the chain rule meets what is held (a case of its own, in test_soundness)."""
    step = theorem.derivation.steps[-1]
    held = {part for instances in step.before.held for part in instances.atoms(Quantity)}
    return any(held & part.atoms(Quantity) for part in step.parameters["through"])


class GivenUp(BaseException):
    """A search for paths that takes too long; there is nothing to compare then."""


def _give_up(number: int, frame: FrameType | None) -> None:
    if frame is not None and frame.f_code.co_name == "gc_callback":  # Hypothesis's own; what is raised there is lost
        signal.alarm(1)
        return
    raise GivenUp


def sweep(seeds: range, with_triangle: bool = False) -> Counter[str]:
    """How often each rule came to a conclusion that was compared; raises AssertionError for a false one."""
    counts: Counter[str] = Counter()
    before = signal.signal(signal.SIGALRM, _give_up)
    for seed in seeds:
        signal.alarm(5)
        try:
            counts += concluded(seed, with_triangle)
        except GivenUp:
            counts["given up"] += 1
        finally:
            signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    print(dict(counts))
    return counts


def concluded(seed: int, with_triangle: bool) -> Counter[str]:
    counts: Counter[str] = Counter()
    maker = Maker(seed, with_triangle)
    network = maker.network()
    for _ in range(10):
        try:
            start = maker.question(network)
        except (Malformed, InvalidNetwork):
            counts["no question"] += 1
            continue
        zero = rewritable_to_0(start)
        if zero and maker.random.random() < 0.7:
            continue
        for rule, result in conclusions(maker, start):
            if rule == "chain-rule" and overlaps(result):
                continue
            check = check_exact(network, result.statement, result.limits, instances=3)
            assert check.agrees or not check.comparisons, f"seed {seed}, {rule}: {result}: {check.counterexample}"
            counts[f"{rule}{', of 0' if zero and rule != 'leaf' else ''}"] += check.comparisons > 0
    return counts


def rewritable_to_0(start: Theorem) -> bool:
    try:
        return bool(rewrite(start, (), "leaf").statement.rhs == 0)
    except Refused:
        return False


BOTH_WAYS = """
from sympy import Integer
from kernel.test_random_networks import A, B, E, FAMILIES, ONE, PARAMETERS, T, ZERO, t
from backprop_proofs.kernel.theorem import begin
from backprop_proofs.language.expressions import add
from backprop_proofs.language.network import Definition, Network
net = Network("both ways", FAMILIES, (
    Definition(B[t], ((t, ZERO, T - 1),), add(A[t], B[t + 1])),
    Definition(E[t], ((t, ONE, T),), add(B[t], E[t - 1])),
), parameters=PARAMETERS)
begin(net, (), ONE)
"""


def test_a_recursion_forwards_after_one_backwards_is_found_to_be_acyclic() -> None:
    """A network that runs over time both ways, in a process of its own, as the search may not end."""
    path = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
    subprocess.run([sys.executable, "-c", BOTH_WAYS], check=True, timeout=30, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the alarm may ring in a destructor
def test_what_the_rules_conclude_in_random_networks_is_true() -> None:
    counts = sweep(range(60))
    assert counts["chain-rule"] > 20  # with a path from X to Y that the set has to meet
    assert counts["leaf"] > 50
    assert counts["unfold"] > 10
    assert counts["given up"] < 10


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_what_the_rules_conclude_in_thousands_of_random_networks_is_true(block: int) -> None:
    sweep(range(1000 + 200 * block, 1000 + 200 * (block + 1)))


@pytest.mark.slow
def test_what_the_rules_conclude_over_triangles_is_true() -> None:
    """The same where one range depends on another index, D_{t,s} with s ≤ t: the searches are longer."""
    sweep(range(200), with_triangle=True)
