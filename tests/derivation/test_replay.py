"""Saved proofs: every theorem is proved again from its data, and one changed value is found at its step."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import Any

import pytest
from evidence.statements import recurrent

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.replay import network_data, read_network, replay, theorem_data
from backprop_proofs.derivation.theorems import THEOREMS, prove
from backprop_proofs.derivation.tree import Reader, Writer
from backprop_proofs.errors import BackpropError, ProofRejected
from backprop_proofs.evidence.exact import check_exact
from backprop_proofs.kernel.theorem import Theorem, assume
from backprop_proofs.language.binding import alpha_equal, sum_over
from backprop_proofs.language.expressions import Expr, Fn, Integer, Partial, add, mul, negative
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, mlp, n, x, y, z

PROOFS = {
    **{name: ("prove", name, mlp) for name in ("bp1", "bp2", "bp3", "bp4", "backward-pass")},
    "bp1, sigmoid": ("prove", "bp1", lambda: mlp((2, 3, 2), "sigmoid", "quadratic")),
    "bp4, 3-4-4-2": ("prove", "bp4", lambda: mlp((3, 4, 4, 2))),
    "backward-pass, relu": ("prove", "backward-pass", lambda: mlp((2, 3, 2), "relu", "quadratic")),
    **{
        name: ("prove", name, lambda record=record: mlp(**record.settings))
        for name, record in THEOREMS.items()
        if record.settings
    },
    "bp1, softmax": ("prove", "bp1", lambda: mlp(None, "softmax")),
    "bp1, layer-norm": ("prove", "bp1", lambda: mlp((2, 2), "layer-norm", "quadratic")),
    "bp1-elementwise, sigmoid after tanh": ("prove", "bp1-elementwise", lambda: mlp(None, "sigmoid", hidden="tanh")),
    "activation-slope, gelu": ("prove", "activation-slope", lambda: mlp(None, "gelu-tanh")),
    "backward-pass, a batch": ("prove", "backward-pass", lambda: mlp((2, 2, 2), "softmax", batch=2)),
    "labels": (
        "prove",
        "softmax-error-normalised",
        lambda: mlp((2, 2), "softmax", "categorical-cross-entropy", labels=("1/3", "2/3")),
    ),
    "path-total": ("prove", "path-total", mlp),
    "w": ("derive", "w", lambda: mlp(None, "tanh", "quadratic")),
    "W over time": ("derive", "W", recurrent),
}
Data = dict[str, Any]
Place = tuple[Any, ...]


@lru_cache(maxsize=64)
def theorem(name: str) -> Theorem:
    how, what, network = PROOFS[name]
    return (prove if how == "prove" else _derived)(what, network())


def _derived(what: str, network: Any) -> Theorem:
    return derive(network, what)


@lru_cache(maxsize=64)
def saved(name: str) -> str:
    """The proof as text, the network first."""
    return json.dumps([network_data(theorem(name).network), theorem_data(theorem(name))])


def same_assumptions(one: Theorem, other: Theorem) -> bool:
    pairs = list(zip(one.assumptions, other.assumptions, strict=False))
    return len(one.assumptions) == len(other.assumptions) == len(pairs) and all(
        left.limits == right.limits and all(map(alpha_equal, left.statement, right.statement)) for left, right in pairs
    )


def test_one_of_them_rests_on_an_equation_of_inputs() -> None:
    assert [name for name in PROOFS if theorem(name).assumptions] == ["softmax-error-normalised"]
    ((total, one), limits) = theorem("softmax-error-normalised").assumptions[0]
    assert alpha_equal(total, sum_over(y[k], (k, ONE, n[L])))
    assert (one, limits) == (1, ())


def again(text: str, name: str) -> Theorem:
    network, proof = json.loads(text)
    return replay(proof, read_network(network), name)


@pytest.mark.parametrize("name", PROOFS)
def test_the_same_theorem_comes_out(name: str) -> None:
    before, after = theorem(name), again(saved(name), name)
    assert all(map(alpha_equal, before.statement, after.statement))
    assert (before.matrix is None) == (after.matrix is None)
    if before.matrix:
        assert after.matrix is not None
        assert all(map(alpha_equal, before.matrix, after.matrix))
    assert before.limits == after.limits
    assert {str(need) for need in before.hypotheses} == {str(need) for need in after.hypotheses}
    assert same_assumptions(before, after)
    rules = [[step.rule for step in proof.derivation.steps] for proof in (before, after)]
    assert rules[0] == rules[1]


@pytest.mark.parametrize("name", PROOFS)
def test_saving_what_was_read_gives_the_same_data(name: str) -> None:
    """From the second time on: the bound letters have the names of the file."""
    once = again(saved(name), name)
    data = json.dumps([network_data(once.network), theorem_data(once)])
    assert again(data, name).limits == once.limits
    assert len(data) == pytest.approx(len(saved(name)), rel=0.05)


@pytest.mark.parametrize("name", PROOFS)
def test_the_network_that_comes_out_is_the_same(name: str) -> None:
    data = json.loads(saved(name))[0]
    assert json.loads(json.dumps(network_data(read_network(data)))).keys() == data.keys()
    network = read_network(data)
    assert network.families == theorem(name).network.families
    assert network.sizes == theorem(name).network.sizes
    assert [d.ref for d in network.definitions] == [d.ref for d in theorem(name).network.definitions]


# One value changed


def values(data: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every number, name and truth value of a proof, with its place."""
    if isinstance(data, dict):
        for key, inner in data.items():
            yield from values(inner, (*place, key))
    elif isinstance(data, list):
        for number, inner in enumerate(data):
            yield from values(inner, (*place, number))
    else:
        yield place, data


def put(data: Any, place: Place, new: Any) -> Any:
    result = copy.deepcopy(data)
    inner = result
    for part in place[:-1]:
        inner = inner[part]
    inner[place[-1]] = new
    return result


def other(value: Any, random: Random) -> Any:
    names = ["z", "a", "w", "delta", "b", "j", "k", "l", "L", "sigma", "+", "*", "C", "definition", "ring", "leaf", "n"]
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice([1, -1])
    if isinstance(value, str):
        return random.choice([name for name in names if name != value])
    return random.choice([0, "L", []])


QUICK = ("bp1", "bp2", "bp3", "bp4", "backward-pass", "bp1, sigmoid", "bp4, 3-4-4-2", "w", "W over time")
QUICK += ("softmax-sum", "softmax-jacobian", "softmax-error-normalised", "bp1, softmax", "batch-gradient")


@pytest.mark.parametrize("name", PROOFS)
def test_a_single_changed_value_is_rejected_or_harmless(name: str) -> None:
    """Rejected with one line that names the place; or else what comes out is another theorem, and true.

    A bound letter may be called otherwise, and another network has other theorems; nothing false comes out.
    """
    network, proof = json.loads(saved(name))
    random, found = Random(name), list(values(proof))
    said: list[str] = []
    harmless = 0
    for place, value in random.sample(found, min(len(found), 20 if name in QUICK else 4)):
        try:
            result = replay(put(proof, place, other(value, random)), read_network(network), name)
        except ProofRejected as error:
            said.append(str(error))
            continue
        harmless += 1
        assert all(map(alpha_equal, result.statement, theorem(name).statement)), place
        assert result.limits == theorem(name).limits or is_true(result), place
        assert same_assumptions(result, theorem(name)), place
    assert all("\n" not in text and name in text for text in said)
    print(f"{name}: {len(said)} rejected ({sum('step' in text for text in said)} with step), {harmless} harmless")
    assert len(said) > harmless


def is_true(result: Theorem) -> bool:
    return check_exact(result.network, result.statement, result.limits, given=result.assumptions).agrees


@pytest.mark.parametrize("name", ["bp1", "bp2", "bp4"])
def test_the_step_that_was_changed_is_named(name: str) -> None:
    """One index of what a step claims to come to: that very step is named, by number and rule."""
    network, proof = json.loads(saved(name))
    for number, step in enumerate(proof["steps"]):
        for key in ("after", "before"):
            place, value = next(
                (p, v) for p, v in values(step[key]) if v in ("j", "k", "l", "L", "z", "a", "w", "delta")
            )
            changed = put(proof, ("steps", number, key, *place), "b" if value != "b" else "z")
            with pytest.raises(ProofRejected) as caught:
                replay(changed, read_network(network), name)
            assert f"{name}, step {number + 1} ({step['rule']})" in caught.value.step


@pytest.mark.parametrize("name", ["bp2", "bp3", "bp4"])
def test_the_step_of_a_lemma_is_named_with_the_way_to_it(name: str) -> None:
    network, proof = json.loads(saved(name))
    number = next(n for n, step in enumerate(proof["steps"]) if "lemma" in step["with"])
    changed = put(proof, ("steps", number, "with", "lemma", "steps", 0, "rule"), "obviously")
    with pytest.raises(ProofRejected) as caught:
        replay(changed, read_network(network), name)
    assert caught.value.step.startswith(f"{name}, step {number + 1} (theorem), lemma, step 1")
    assert "obviously" in str(caught.value)


def test_a_proof_is_not_one_in_another_network() -> None:
    _, proof = json.loads(saved("bp1"))
    with pytest.raises(BackpropError):
        replay(proof, recurrent(), "bp1")
    _, proof = json.loads(saved("bp1, sigmoid"))
    for other_network in (mlp(), mlp((2, 3, 2), "sigmoid"), mlp((2, 3, 3), "sigmoid")):
        with pytest.raises(ProofRejected):
            replay(proof, other_network, "bp1")


def test_a_proof_for_any_cost_is_one_for_each() -> None:
    _, proof = json.loads(saved("bp1"))
    assert replay(proof, mlp(None, "relu", "quadratic"), "bp1").statement.lhs == theorem("bp1").statement.lhs


def test_a_proof_for_all_sizes_is_one_at_each() -> None:
    for name in ("bp1", "bp2", "bp3", "bp4"):
        _, proof = json.loads(saved(name))
        assert replay(proof, mlp((3, 4, 4, 2)), name).statement.lhs == theorem(name).statement.lhs


def test_a_proof_at_one_size_is_none_for_all() -> None:
    concrete = prove("bp1", mlp((2, 3, 2), "sigmoid", "quadratic"))
    with pytest.raises(ProofRejected):
        replay(theorem_data(concrete), mlp(), "bp1")


# Assumptions

ONE = Integer(1)
LABELS, SUM = (k, ONE, n[L]), sum_over(y[k], (k, ONE, n[L]))
# what must not be taken for granted: the lemma is used on the left side's δ^L_j or within 2 δ^L_j - 2 δ^L_j + ...
ASSUMED: dict[str, tuple[Expr, Expr]] = {
    "an error": (delta[L, j], Integer(0)),
    "an activation": (a[L, j], y[j]),
    "an activation, turned round": (y[j], a[L, j]),
    "a weighted input": (z[L, j], Integer(0)),
    "the cost": (C, Integer(0)),
    "a derivative": (Partial(C, a[L, j]), add(a[L, j], negative(y[j]))),
    "a derivative of inputs": (Partial(y[j], y[j]), Integer(2)),
    "a function": (Fn("sigma", 1, z[L, j]), ONE),
    "a function of inputs": (Fn("exp", 0, y[j]), ONE),
    "numbers": (ONE, Integer(2)),
    "sizes": (n[L], ONE),
}


def resting_on(left: Expr, right: Expr) -> Theorem:
    """left + x_1 = right + x_1, by nothing but left = right."""
    net = mlp(None, "any", "quadratic")
    limits = (j, ONE, n[L])
    chain = Chain(net, (limits,), add(left, x[1]))
    number = next(number for number, term in enumerate(chain.rhs.args) if term == left)
    chain.use(assume(net, (limits,), Equation(left, right), ()), (number,))
    return chain.theorem


@pytest.mark.parametrize("what", ASSUMED)
def test_an_assumption_about_anything_but_inputs_is_rejected(what: str) -> None:
    result = resting_on(*ASSUMED[what])
    assert result.assumptions
    with pytest.raises(ProofRejected, match="rests on an assumption that nothing proves"):
        replay(theorem_data(result), read_network(network_data(result.network)), "made up")


def test_an_assumption_about_inputs_stays_with_the_theorem() -> None:
    result = resting_on(y[j], mul(Integer(2), x[1]))
    found = replay(theorem_data(result), result.network, "labels twice the first input")
    assert same_assumptions(found, result)
    assert found.assumptions


def test_an_assumption_deep_in_the_lemmas_is_found() -> None:
    false = resting_on(delta[L, j], Integer(0))
    for _ in range(3):
        false = Chain(false.network, false.limits, false.statement.lhs).use(false, ()).theorem
    assert not any(step.lemma.assumptions and not step.substeps for step in false.derivation.steps if step.lemma)
    with pytest.raises(ProofRejected, match="assumption that nothing proves"):
        replay(theorem_data(false), false.network, "deep")


def test_what_is_only_assumed_is_no_proof() -> None:
    net = mlp(None, "softmax", "categorical-cross-entropy")
    taken = assume(net, (), Equation(SUM, ONE), ())
    with pytest.raises(ProofRejected, match="taken for granted"):
        replay(theorem_data(taken), net, "normalised labels")


def test_an_assumption_cannot_be_made_another_one() -> None:
    """Σ_k y_k = 2 for 1, or Σ_k x_k: the step that uses it does not come out."""
    network, proof = json.loads(saved("softmax-error-normalised"))
    (number,) = [n for n, step in enumerate(proof["steps"]) if (step["with"].get("lemma") or {}).get("assumed") == []]
    for place, value in (("statement", 1), 2), (("statement", 0, 4, 1), "x"):
        changed = put(proof, ("steps", number, "with", "lemma", *place), value)
        with pytest.raises(ProofRejected, match=rf"step {number + 1} \(theorem\)"):
            replay(changed, read_network(network), "softmax-error-normalised")


@pytest.mark.parametrize("name", PROOFS)
def test_trees_are_read_back_as_they_were_written(name: str) -> None:
    for step in theorem(name).derivation.steps:
        for expr in (step.before, step.after):
            tree = json.loads(json.dumps(Writer().write(expr)))
            assert alpha_equal(Reader().read(tree), expr)
