"""Lines at random, true ones and broken ones: no true line is refuted, no broken line is proved.

The lines come from a model of their own (`generated.py`), which shares no code with the package; the tests below hold
it against a backward pass by hand, against the package's exact instances, and against what the reader reads.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from checking import generated_terms as terms
from checking.generated import Generated, generate
from checking.generated_model import Misfit, P, Slot, Use
from checking.generated_mutations import BREAKS
from checking.generated_networks import NETWORKS
from checking.generated_perceptrons import Fact, Network
from checking.generated_rates import Rates, judged, rates
from checking.generated_rewrites import CHANGES
from checking.generated_terms import At, Term, d, kron, mul, num, q, s
from checking.generated_truth import FALSE, MISFIT, TRUE, networks, truth
from checking.generated_values import Instance, compiled
from sympy import Expr, Integer

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import Report
from backprop_proofs.errors import BackpropError
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, Quantity, Ref, add, negative, power
from backprop_proofs.language.expressions import mul as product
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import L, mlp, n
from backprop_proofs.reading import read
from backprop_proofs.reading import syntax as tree

LINES = int(os.environ.get("GENERATED_LINES", "20000"))  # of the slow test, in all its parts
FEW = int(os.environ.get("GENERATED_LINES_FAST", "60"))
PARTS = 20
SOME = 300  # texts that the tests of the generator look at
NIELSEN = NETWORKS[0]


text_of = cache(generate)


def texts() -> list[Generated]:
    return [text_of(seed) for seed in range(SOME)]


# No false verdict


def no_false_verdict(first: int, lines: int) -> None:
    wrong = [str(one) for one in judged(first, lines) if one.false]
    assert not wrong, f"{len(wrong)} false verdicts, the first of them:\n" + "\n".join(wrong[:5])


def test_no_true_line_is_refuted_and_no_broken_one_proved() -> None:
    no_false_verdict(0, FEW)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_no_true_line_is_refuted_and_no_broken_one_proved_over_many(part: int) -> None:
    no_false_verdict((part + 1) * 1_000_000, LINES // PARTS)


def test_a_false_verdict_would_be_seen() -> None:
    def says(verdict: str, text: str) -> Report:
        report = check(text)
        return replace(report, lines=tuple(replace(line, verdict=verdict) for line in report.lines))

    for verdict, true in (("proved", False), ("refuted", True)):
        found = rates(15, checker=lambda text, verdict=verdict: says(verdict, text))
        assert found.wrong
        assert all(one.true is true for one in found.wrong)
        assert found.rate(true, verdict) == 1
    assert not rates(15, checker=lambda text: says("undecided", text)).wrong


# What is generated reads as it is meant


@pytest.mark.parametrize("seed", range(SOME))
def test_every_text_reads(seed: int) -> None:
    made = text_of(seed)
    document = read(made.text)
    assert [row.problem.message for row in document.rows if row.problem] == []
    assert len(document.derivation) == len(made.truth) == len(made.kinds) == len(made.facts)
    for row, meant in zip(document.derivation, made.terms, strict=True):
        (statement,) = row.statements
        assert row.remarks == ()
        assert len(statement.chain.parts) == len(meant)
        read_as = sum((read_census(part) for part in statement.chain.parts), Counter())
        assert read_as == sum((meant_census(side) for side in meant), Counter()), row.source


_SAID_OTHERWISE = ("exp", "ln", "log", "delta")  # e^x is no name, and Kronecker's delta may be an indicator


def meant_census(term: Term) -> Counter[str]:
    """How many names, derivatives, sums, transposes, elementwise products and primes stand in a term."""
    own: Counter[str] = Counter()
    match term:
        case terms.D():
            own["∂"] = 1
        case terms.Sum():
            own["Σ"] = 1
        case terms.Transposed():
            own["T"] = 1
        case terms.Had():
            own["⊙"] = len(term.factors) - 1
        case terms.Fn():
            own["'"] = term.primes
    if isinstance(term, terms.Q | terms.Fn):
        own["names"] = term.name not in _SAID_OTHERWISE
    return sum(map(meant_census, terms.children(term)), +own)


def read_census(node: tree.Node) -> Counter[str]:
    """The same of what was read; of the two readings of a(b), that of a call."""
    own: Counter[str] = Counter()
    inside = [part for part in tree.parts(node) if not isinstance(part, tree.Script)]
    match node:
        case tree.Derivative() | tree.Nabla():
            own["∂"] = 1
        case tree.Sum():
            own["Σ"] = len(node.letters)
            inside = [node.body]
        case tree.Transpose():
            own["T"] = 1
        case tree.Product():
            own["⊙"] = sum(sign in ("⊙", "∘", ".*") for sign in node.operators)
        case tree.Name():
            own["'"], own["names"] = node.primes, node.base not in _SAID_OTHERWISE
        case tree.CallOrProduct():
            inside = [node.call]
        case tree.Indicator():
            inside = []
    return sum(map(read_census, inside), +own)


# What is generated is what it should be


def test_the_same_seed_gives_the_same_text() -> None:
    assert [generate(seed) for seed in range(40)] == texts()[:40]
    assert len({made.text for made in texts()}) > 290


def test_there_is_something_of_everything() -> None:
    many = [*texts(), *map(generate, range(300, 1500))]
    lines = [
        (true, kind, fact) for made in many for true, kind, fact in zip(made.truth, made.kinds, made.facts, strict=True)
    ]
    assert 0.4 < sum(true for true, _, _ in lines) / len(lines) < 0.6
    assert {made.network for made in many} == {network.name for network in NETWORKS}
    kept = {name for true, kinds, _ in lines if true for name in kinds.split("+")}
    assert kept >= CHANGES.keys()
    mistakes = {name for true, kinds, _ in lines if not true for name in kinds.split("+")}
    assert mistakes >= BREAKS.keys()
    assert {fact for _, _, fact in lines} >= {fact.name for fact in NIELSEN.facts}


def test_nearly_all_mistakes_are_known_to_be_mistakes() -> None:
    tried = sum(made.mistakes for made in texts())
    assert tried > 300
    assert sum(made.discarded for made in texts()) < 0.05 * tried


ALL_FACTS = [(network, fact) for network in NETWORKS for fact in network.facts]


@pytest.mark.parametrize(("network", "fact"), ALL_FACTS, ids=lambda part: part.name)
def test_what_lines_are_made_from_is_true(network: Network, fact: Fact) -> None:
    assert truth(network.model, fact.left, fact.right, seed=100) == TRUE


def by_name(made: Generated) -> Network:
    return next(network for network in NETWORKS if network.name == made.network)


def test_other_random_networks_say_the_same() -> None:
    for made in texts():
        for true, (left, *sides) in zip(made.truth, made.terms, strict=True):
            said = [truth(by_name(made).model, left, side, seed=200) for side in sides]
            assert (set(said) <= {TRUE}) if true else (set(said) & {FALSE, MISFIT}), made.text


def slope(of: Term) -> terms.Fn:
    return terms.Fn("sigma", 1, of)


WRONG = [
    ("w transposed", q("delta l j"), mul(s("k", mul(q("w l+1 j k"), q("delta l+1 k"))), slope(q("z l j")))),
    ("no sum", d("C", "a l j"), mul(q("w l+1 k j"), q("delta l+1 k"))),
    ("no σ'", q("delta L j"), d("C", "a L j")),
    ("σ for σ'", q("delta L j"), mul(d("C", "a L j"), terms.Fn("sigma", 0, q("z L j")))),
    ("a of its own layer", d("C", "w l j k"), mul(q("a l k"), q("delta l j"))),
    ("no delta", d("a l k", "z l j"), slope(q("z l k"))),
    ("a wrong delta", d("a l k", "z l j"), mul(kron("k", "k"), slope(q("z l k")))),
    ("a sign", d("C", "b l j"), terms.Neg(q("delta l j"))),
    ("twice", d("C", "b l j"), mul(num(2), q("delta l j"))),
    ("no transpose", d("C", "w l"), mul(q("delta l"), q("a l-1"))),
    ("a product for ⊙", q("delta L"), mul(d("C", "a L"), slope(q("z L")))),
    ("an unused letter", q("delta l j"), s("k", d("C", "z l j"))),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right"), [pytest.param(*pair, id=name) for name, *pair in WRONG])
def test_what_is_wrong_is_seen(left: Term, right: Term) -> None:
    assert truth(NIELSEN.model, left, right) in (FALSE, MISFIT)


# Its numbers, against a backward pass by hand


def backward_pass(instance: Instance) -> dict[tuple[object, ...], int]:
    """∂C/∂z, ∂C/∂w and ∂C/∂b from ∂C/∂a^L, in plain numbers."""
    v, width, last = instance.values, instance.sizes["n"], instance.sizes["L"]
    found: dict[tuple[object, ...], int] = {}
    above = [instance.slopes(("a", last, j))["C",] for j in range(1, width[last] + 1)]
    for layer in range(last, 1, -1):
        for j in range(1, width[layer] + 1):
            error = above[j - 1] * instance.function("sigma", 1, v["z", layer, j]) % P
            found["z", layer, j] = found["b", layer, j] = error
            for k in range(1, width[layer - 1] + 1):
                found["w", layer, j, k] = error * v["a", layer - 1, k] % P
        above = [
            sum(v["w", layer, j, k] * found["z", layer, j] for j in range(1, width[layer] + 1)) % P
            for k in range(1, width[layer - 1] + 1)
        ]
    return found


@pytest.mark.parametrize("network", [one for one in NETWORKS if one.style == "layer"], ids=lambda one: one.name)
def test_the_duals_agree_with_a_backward_pass_by_hand(network: Network) -> None:
    for instance in networks(network.model, 7):
        by_hand = backward_pass(instance)
        assert len(by_hand) > 20
        for key, value in by_hand.items():
            assert instance.slopes(key).get(("C",), 0) == value, key


@pytest.mark.parametrize("network", NETWORKS, ids=lambda one: one.name)
def test_a_slope_is_what_a_small_step_says(network: Network) -> None:
    """C is a polynomial in each input of these: its values at a few points give its derivative by interpolation."""
    kinds = set(network.model.functions.values())
    if kinds - {"any"}:
        pytest.skip("no polynomial")
    instance = networks(network.model, 7)[-1]
    cost = ("E",) if ("E",) in instance.keys else ("C",)
    inputs = [key for key in instance.values if key not in instance.order and key[0] not in ("m", "delta", "t", "y")]
    for key in Random(0).sample(inputs, 2):
        assert slope_by_points(instance, key, cost) == instance.slopes(key).get(cost, 0)


def slope_by_points(instance: Instance, key: tuple[object, ...], cost: tuple[object, ...]) -> int:
    degree = 4**3 * 3 + 1  # at most three functions of degree 4 in one another, and a cube
    values = []
    for step in range(degree + 1):
        moved = Instance(instance.model, instance.sizes, instance.seed)
        fixed = {other: value for other, value in moved.values.items() if other not in moved.order}
        moved.values.clear()
        moved.values.update(fixed | {key: instance.values[key] + step})
        values.append(moved.values[cost])
    return newton_slope(values)


def newton_slope(values: list[int]) -> int:
    """The derivative at 0 of the polynomial through the points (0, v_0), (1, v_1), ...: Σ (-1)^{k+1} Δ^k v_0 / k."""
    total, differences = 0, values
    for order in range(1, len(values)):
        differences = [(after - before) % P for before, after in pairwise(differences)]
        total += (-1) ** (order + 1) * differences[0] * pow(order, -1, P)
    return total % P


# Its verdicts, against the package's exact instances


def said_to_the_package(left: Term, right: Term) -> tuple[Equation, tuple[Limit, ...]] | None:
    """A line about Nielsen's network as a statement of the package; None where a letter has no one range."""
    try:
        (_, one), (_, other) = compiled(left, NIELSEN.model), compiled(right, NIELSEN.model)
        uses = {letter: [*one.get(letter, ()), *other.get(letter, ())] for letter in sorted({*one, *other})}
        limits = [limit_of(letter, own) for letter, own in uses.items()]
        limits.sort(key=lambda limit: str(limit[0]) not in "lr")
        return Equation(spoken(left), spoken(right)), tuple(limits)
    except (Misfit, BackpropError):
        return None


def limit_of(letter: str, uses: list[Use]) -> Limit:
    if all(not use.slot.unit for use in uses) and uses:
        low = max(use.slot.low - use.offset for use in uses)
        return (index(letter), Integer(low), L - max(use.offset for use in uses))
    tops = {layer_of(use) for use in uses}
    if len(tops) != 1 or any(use.offset for use in uses):
        raise Misfit(letter)
    return (index(letter), Integer(1), n[tops.pop()])


def layer_of(use: Use) -> Expr:
    if not use.slot.unit or use.lead is None:
        raise Misfit("no layer")
    return spoken_index(use.lead) + (use.slot.offset or 0)


def spoken_index(one: At) -> Expr:
    return (L if one.letter == "L" else index(one.letter)) + one.offset if one.letter else Integer(one.offset)


def spoken(term: Term) -> Expr:
    match term:
        case terms.Q(name, at):
            layered = bool(at) and NIELSEN.model.families[name][0] != Slot("n", offset=0)
            return Ref(Quantity(name, int(layered)), *map(spoken_index, at))
        case terms.D(of, wrt):
            return Partial(spoken(of), spoken(wrt))
        case terms.Fn(name, primes, of):
            return Fn(name, primes, spoken(of))
        case terms.Add(parts):
            return add(*map(spoken, parts))
        case terms.Mul(factors):
            return product(*map(spoken, factors))
        case terms.Neg(of):
            return negative(spoken(of))
        case terms.Pow(of, exponent):
            return power(spoken(of), exponent)
        case terms.Num(value):
            return Integer(value.numerator) / value.denominator
        case terms.Delta(one, other):
            return Delta(spoken_index(one), spoken_index(other))
        case terms.Sum(letter, of):
            return sum_over(spoken(of), limit_of(letter, compiled(of, NIELSEN.model)[1].get(letter, [])))
    raise Misfit("no number")


def lines_about_nielsen() -> Iterator[tuple[Term, Term]]:
    for made in texts():
        if made.network == NIELSEN.name:
            for left, *sides in made.terms:
                yield from ((left, side) for side in sides)


def test_bp1_to_bp4_are_true_for_both() -> None:
    for name in ("bp1", "bp2", "bp3", "bp4"):
        fact = next(fact for fact in NIELSEN.facts if fact.name == name)
        statement = said_to_the_package(fact.left, fact.right)
        assert statement is not None
        assert check_exact(mlp(), *statement).agrees
        assert truth(NIELSEN.model, fact.left, fact.right) == TRUE


def test_both_say_the_same_of_lines_at_random() -> None:
    said: Counter[bool] = Counter()
    for left, right in list(lines_about_nielsen())[:120]:
        statement = said_to_the_package(left, right)
        if statement is None:
            continue
        try:
            found = check_exact(mlp(), *statement, instances=2)
        except BackpropError:
            continue
        if found.comparisons:
            said[found.agrees] += 1
            assert found.agrees == (truth(NIELSEN.model, left, right) == TRUE), (left, right)
    assert said[True] > 25
    assert said[False] > 20


def test_the_table_of_rates_counts_every_line() -> None:
    found = rates(50)
    assert isinstance(found, Rates)
    assert (
        sum(
            found.counts[true, "all", one]
            for true in (True, False)
            for one in ("proved", "refuted", "undecided", "unreadable")
        )
        >= 50
    )
    assert "network nielsen" in str(found)
