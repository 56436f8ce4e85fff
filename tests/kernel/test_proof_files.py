"""Proof files that were tampered with, that are none, or that are too large: each is rejected with one line."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from kernel.proofs import BP, NET, Data, saved

from backprop_proofs.derivation.replay import network_data, read_network, replay
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.derivation.tree import DEEPEST, Reader
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected
from backprop_proofs.kernel.theorem import begin
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import C

# Proof files


def changed(data: Data, *path: Any, to: Any) -> Data:
    """A copy of the data with one value replaced."""
    result = copy.deepcopy(data)
    inner: Any = result
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = to
    return result


BP2 = saved(BP["bp2"])
FILES: dict[str, Callable[[], Any]] = {
    "a made-up rule": lambda: changed(BP2, "steps", 0, "rule", to="obviously"),
    "a rule that is no text": lambda: changed(BP2, "steps", 0, "rule", to=["leaf"]),
    "the two sides swapped": lambda: changed(BP2, "statement", to=BP2["statement"][::-1]),
    "another right side": lambda: changed(BP2, "statement", 1, to=0),
    "another left side": lambda: changed(BP2, "statement", 0, to=["ref", "C", 0]),
    "no steps": lambda: changed(BP2, "steps", to=[]),
    "one step twice": lambda: changed(BP2, "steps", to=[BP2["steps"][0], *BP2["steps"]]),
    "the steps backwards": lambda: changed(BP2, "steps", to=BP2["steps"][::-1]),
    "a step left out": lambda: changed(BP2, "steps", to=BP2["steps"][:1] + BP2["steps"][2:]),
    "the last step left out": lambda: changed(BP2, "steps", to=BP2["steps"][:-2]),
    "another matrix form": lambda: changed(BP2, "matrix", 1, to=BP2["matrix"][0]),
    "no matrix form": lambda: changed(BP2, "matrix", to=None),
    "a wider range": lambda: changed(BP2, "limits", 0, 2, to=["letter", "L"]),
    "a range without end": lambda: changed(BP2, "limits", 0, 2, to=None),
    "a place that does not exist": lambda: changed(BP2, "steps", 1, "at", to=[9, 9]),
    "a negative place": lambda: changed(BP2, "steps", 2, "at", to=[-1]),
    "a place that is text": lambda: changed(BP2, "steps", 1, "at", to="00"),
    "steps that are a number": lambda: changed(BP2, "steps", to=5),
    "a step that is text": lambda: changed(BP2, "steps", 1, to="trust me"),
    "parameters of the function's own": lambda: changed(BP2, "steps", 1, "with", to={"scope": 1, "expr": 2}),
    "no parameters": lambda: changed(BP2, "steps", 1, "with", to={}),
    "nothing": dict,
    "a list": list,
    "text": lambda: "proved",
    "None": lambda: None,
    "an equation that is only assumed": lambda: {
        "limits": [],
        "statement": [0, 1],
        "matrix": None,
        "assumed": [],
        "steps": [],
    },
    "a proof from an assumption": lambda: {
        "limits": [],
        "statement": [0, 1],
        "matrix": None,
        "assumed": None,
        "steps": [
            {
                "rule": "theorem",
                "at": [],
                "with": {
                    "lemma": {"limits": [], "statement": [0, 1], "matrix": None, "assumed": [], "steps": []},
                    "given": [],
                },
                "before": 0,
                "after": 1,
            }
        ],
    },
}


@pytest.mark.parametrize("what", FILES)
def test_a_tampered_file_is_rejected(what: str) -> None:
    with pytest.raises(BackpropError) as caught:
        replay(FILES[what](), NET, "bp2")
    assert "\n" not in str(caught.value)


def test_the_file_itself_is_accepted() -> None:
    again = replay(BP2, NET, "bp2")
    assert (again.limits, again.matrix is None, again.assumptions) == (BP["bp2"].limits, False, ())


def test_a_proof_without_steps_is_one_without_assumptions() -> None:
    again = replay(saved(begin(NET, (), C)), NET, "C = C")
    assert again.statement == Equation(C, C)
    assert again.assumptions == ()


def test_the_ranges_of_an_induction_are_compared() -> None:
    t = prove("backward-pass", NET)
    data = changed(saved(t), "limits", 0, 1, to=1)
    with pytest.raises(ProofRejected):
        replay(data, t.network, "backward-pass")


def cyclic_tree() -> Any:
    tree: list[Any] = ["+", 1]
    tree.append(tree)
    return tree


def deep_tree(depth: int) -> Any:
    tree: Any = 1
    for _ in range(depth):
        tree = ["+", tree, 1]
    return tree


ENORMOUS: dict[str, Callable[[], Any]] = {
    "cyclic": cyclic_tree,
    "deep": lambda: deep_tree(DEEPEST + 1),
    "very deep": lambda: deep_tree(100_000),
    "wide": lambda: ["+", *[1] * 300_000],
    "a long name": lambda: ["letter", "j" * 1000],
    "a name with a line break": lambda: ["letter", "j\nk"],
    "an empty name": lambda: ["letter", ""],
    "a name that is a number": lambda: ["letter", 5],
    "a head that is none": lambda: ["eval", "1"],
    "no head": list,
    "true": lambda: True,
    "a broken number": lambda: 1.5,
    "text": lambda: "C",
    "a bound letter outside": lambda: ["bound", "k.1"],
    "a letter of no scope": lambda: ["scope", 3],
    "division by 0": lambda: ["rational", 1, 0],
    "a derivative by a sum": lambda: ["d", ["ref", "C", 0], ["+", 1, 2]],
    "a quantity with half a superscript": lambda: ["ref", "z", 0.5, 1, 1],
}


@pytest.mark.parametrize("what", ENORMOUS)
def test_a_tree_that_is_none_or_too_large_is_invalid(what: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Reader().read(ENORMOUS[what]())
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_proof_that_is_its_own_lemma_is_rejected() -> None:
    data = copy.deepcopy(BP2)
    step = next(step for step in data["steps"] if "lemma" in step["with"])
    step["with"]["lemma"] = data
    with pytest.raises(BackpropError):
        replay(data, NET, "bp2")


def test_a_proof_of_thousands_of_nested_lemmas_is_rejected() -> None:
    data = BP2
    for _ in range(5000):
        step = {"rule": "theorem", "at": [], "with": {"lemma": data, "given": []}}
        data = {**BP2, "steps": [{**step, "before": BP2["statement"][0], "after": BP2["statement"][1]}]}
    with pytest.raises(BackpropError):
        replay(data, NET, "bp2")


BOMB = """
from backprop_proofs.derivation.replay import replay
from backprop_proofs.errors import BackpropError
from backprop_proofs.networks.mlp import mlp
bomb = ["^", {base}, 10 ** 10]
step = {{"rule": "ring", "at": [], "with": {{"to": ["+", bomb, 1]}}, "before": bomb, "after": ["+", bomb, 1]}}
data = {{"limits": [], "statement": [bomb, ["+", bomb, 1]], "matrix": None, "assumed": None, "steps": [step]}}
try:
    replay(data, mlp(), "bomb")
except BackpropError:
    print("rejected")
"""


@pytest.mark.parametrize("base", ["2", '["+", 1, 1]', '["*", 3, ["ref", "C", 0]]'])
def test_a_power_too_large_to_compute_is_rejected(base: str) -> None:
    """In a process of its own, which is stopped: 2 ** (10 ** 10) has three thousand million digits."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))\n" + BOMB.format(base=base)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=20)
    assert done.stdout == "rejected\n", done.stderr[-300:]


def test_a_network_that_is_not_one_is_invalid() -> None:
    data = json.loads(json.dumps(network_data(NET)))
    for name in data.keys() - {"name"}:
        for wrong in (None, 5, "x", [["x"]]):
            with pytest.raises(BackpropError):
                begin(read_network({**data, name: wrong}), (), C)
