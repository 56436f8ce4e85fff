"""Attempts to have a theorem that was not proved: each ends in an error, and what is tampered with does not replay."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sympy import Expr, Integer

from backprop_proofs.derivation.replay import network_data, read_network, replay, theorem_data
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.derivation.tree import DEEPEST, Reader
from backprop_proofs.errors import BackpropError, ForgedTheorem, InvalidInput, ProofRejected, Refused, UnknownName
from backprop_proofs.kernel import theorem as theorem_module
from backprop_proofs.kernel.rules import RULES, Rewritten, checked, primitive, rule_named
from backprop_proofs.kernel.theorem import Theorem, assume, begin, induction, matrix_form, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Partial, Quantity, Ref, mul, negative
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.matrices import Whole
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, z

ONE, TWO, ZERO = Integer(1), Integer(2), Integer(0)
m = index("m")
NET = mlp()
BP = {name: prove(name, NET) for name in ("bp1", "bp2", "bp3", "bp4")}
Data = dict[str, Any]


def neuron(letter: Any, layer: Any) -> Limit:
    return (letter, ONE, n[layer])


def blank() -> Theorem:
    """An object of the class that the kernel did not make."""
    return object.__new__(Theorem)


def saved(theorem: Theorem) -> Data:
    """A proof as it comes out of a file."""
    data: Data = json.loads(json.dumps(theorem_data(theorem)))
    return data


# Objects

MAKING: dict[str, Callable[[], object]] = {
    "constructing": lambda: Theorem(),
    "constructing with what it should say": lambda: Theorem(NET, (), Equation(ZERO, ONE)),
    "type.__call__": lambda: type.__call__(Theorem, Equation(ZERO, ONE)),
    "Theorem.__new__": lambda: Theorem.__new__(Theorem),
    "copy.copy": lambda: copy.copy(BP["bp1"]),
    "copy.deepcopy": lambda: copy.deepcopy(BP["bp1"]),
    "copy.deepcopy of a list that holds one": lambda: copy.deepcopy([BP["bp1"]]),
    "pickle": lambda: pickle.dumps(BP["bp1"]),
    "pickle, the oldest protocol": lambda: pickle.dumps(BP["bp1"], protocol=0),
    "subclassing": lambda: type("Mine", (Theorem,), {}),
    "subclassing with another statement": lambda: type("Mine", (Theorem,), {"statement": Equation(ZERO, ONE)}),
    "__reduce__": lambda: BP["bp1"].__reduce__(),
}


@pytest.mark.parametrize("how", MAKING)
def test_a_theorem_is_not_made_or_copied(how: str) -> None:
    if how == "__reduce__":
        with pytest.raises((ForgedTheorem, TypeError)):
            MAKING[how]()
        return
    with pytest.raises(ForgedTheorem):
        MAKING[how]()


USES: dict[str, Callable[[Theorem], object]] = {
    "network": lambda t: t.network,
    "limits": lambda t: t.limits,
    "statement": lambda t: t.statement,
    "matrix": lambda t: t.matrix,
    "hypotheses": lambda t: t.hypotheses,
    "assumptions": lambda t: t.assumptions,
    "derivation": lambda t: t.derivation,
    "repr": repr,
    "rewriting it": lambda t: rewrite(t, (), "leaf"),
    "a lemma": lambda t: rewrite(begin(NET, (), C), (), "theorem", lemma=t, given={}),
    "a matrix form": lambda t: matrix_form(t, Whole(b.__class__("b", 1), l), Whole(Quantity("b", 1), l), (j,)),
    "the base of an induction": lambda t: induction(t, BP["bp2"], l),
    "the step of an induction": lambda t: induction(BP["bp1"], t, l),
    "saving it": theorem_data,
}


class Lookalike:
    """Everything that a theorem has, by name."""

    network, limits, statement, matrix = NET, (), Equation(C, ZERO), None
    hypotheses = assumptions = ()
    derivation = BP["bp1"].derivation


@pytest.mark.parametrize("use", USES)
def test_an_object_that_the_kernel_did_not_make_says_nothing(use: str) -> None:
    with pytest.raises(ForgedTheorem):
        USES[use](blank())


@pytest.mark.parametrize("use", ["rewriting it", "a lemma", "a matrix form", "the step of an induction"])
def test_a_lookalike_is_no_theorem(use: str) -> None:
    with pytest.raises(ForgedTheorem):
        USES[use](Lookalike())  # type: ignore[arg-type]


def test_a_blank_object_cannot_be_given_a_statement() -> None:
    for name in ("statement", "_statement", "anything", "__dict__"):
        with pytest.raises((AttributeError, TypeError)):
            object.__setattr__(blank(), name, Equation(ZERO, ONE))


def test_a_blank_object_that_claims_another_class_is_none() -> None:
    class Other:
        pass

    other = Other()
    with pytest.raises(TypeError):
        other.__class__ = Theorem  # type: ignore[assignment]
    assert not isinstance(other, Theorem)


# What a theorem hands out

SETTING: dict[str, Callable[[Any], object]] = {
    "statement": lambda t: setattr(t, "statement", Equation(ZERO, ONE)),
    "object.__setattr__": lambda t: object.__setattr__(t, "statement", Equation(ZERO, ONE)),
    "a new attribute": lambda t: setattr(t, "note", "proved"),
    "hypotheses": lambda t: object.__setattr__(t, "hypotheses", ()),
    "deleting": lambda t: delattr(t, "hypotheses"),
    "the left side": lambda t: setattr(t.statement, "lhs", ZERO),
    "the class of the statement": lambda t: setattr(t.statement, "__class__", Lookalike),
    "a limit": lambda t: t.limits.__setitem__(0, (j, ONE, TWO)),
    "a field of a limit": lambda t: t.limits[0].__setitem__(2, TWO),
    "the steps": lambda t: setattr(t.derivation, "steps", ()),
    "a field of a step": lambda t: setattr(t.derivation.steps[0], "after", ZERO),
    "object.__setattr__ of a step": lambda t: object.__setattr__(t.derivation.steps[0], "after", ZERO),
    "the parameters of a step": lambda t: t.derivation.steps[1].parameters.update(through=()),
    "an item of the parameters": lambda t: t.derivation.steps[1].parameters.__setitem__("through", ()),
    "a hypothesis": lambda t: setattr(t.hypotheses[0], "kind", "nothing"),
    "the sizes of the network": lambda t: t.network.sizes.__setitem__(L, 1),
    "a field of the network": lambda t: setattr(t.network, "definitions", ()),
    "the ranges of the network": lambda t: t.network.families.__setitem__("z", ()),
}


@pytest.mark.parametrize("what", SETTING)
def test_what_a_theorem_hands_out_cannot_be_changed(what: str) -> None:
    t = BP["bp2"]
    before = (t.statement, t.limits, t.hypotheses, t.derivation)
    with pytest.raises((AttributeError, TypeError, BackpropError)):
        SETTING[what](t)
    assert (t.statement, t.limits, t.hypotheses, t.derivation) == before


def test_the_values_that_a_lemma_was_given_cannot_be_changed() -> None:
    step = next(step for step in BP["bp1"].derivation.steps if step.lemma)
    before = dict(step.parameters["given"])
    with pytest.raises((AttributeError, TypeError)):
        step.parameters["given"][j] = TWO
    assert dict(step.parameters["given"]) == before


def test_a_list_of_limits_is_an_error_or_is_copied() -> None:
    square = Network("v", {"v": ((j, ONE, n[1]),)}, ())
    limits: list[Any] = [(j, ONE, ONE)]
    try:
        t = begin(square, limits, Delta(j, 1))  # type: ignore[arg-type]
    except (TypeError, BackpropError):
        return
    limits[0] = (j, ONE, n[1])
    assert tuple(t.limits) == ((j, ONE, ONE),)


def test_a_list_as_a_limit_is_an_error_or_is_copied() -> None:
    square = Network("v", {"v": ((j, ONE, n[1]),)}, ())
    limit: list[Any] = [j, ONE, ONE]
    try:
        t = begin(square, (limit,), Delta(j, 1))  # type: ignore[arg-type]
    except (TypeError, BackpropError):
        return
    limit[2] = n[1]
    assert tuple(t.limits[0]) == (j, ONE, ONE)


def test_an_assumption_is_kept_as_it_was_taken() -> None:
    """An object with two sides that change afterwards: theorem and assumption keep the two that were checked."""

    class Sly:
        lhs, rhs = C, C

        def __iter__(self) -> Any:
            return iter((self.lhs, self.rhs))

    sly = Sly()
    t = assume(NET, (), sly, ())  # type: ignore[arg-type]
    sly.rhs = ZERO  # type: ignore[assignment]
    assert t.statement.rhs == C
    assert t.assumptions[0].statement.rhs == C


# Rules


def test_no_rule_is_put_in_the_place_of_another() -> None:
    with pytest.raises(TypeError):
        RULES["leaf"] = RULES["ring"]  # type: ignore[index]
    with pytest.raises((TypeError, AttributeError)):
        del RULES["leaf"]  # type: ignore[attr-defined]
    record = rule_named("leaf")
    for change in (setattr, object.__setattr__):
        with pytest.raises((AttributeError, TypeError)):
            change(record, "apply", lambda expr, scope: Rewritten(ZERO))
    assert rule_named("leaf") is record


@pytest.mark.parametrize("enter", [checked, primitive])
def test_a_name_of_a_rule_is_entered_once(enter: Callable[[Any], Any]) -> None:
    def leaf(expr: Expr, scope: object) -> Rewritten:
        """x = 0.

        Why: because.
        Source: nowhere
        """
        return Rewritten(ZERO)

    record = RULES["leaf"]
    with pytest.raises(Refused):
        enter(leaf)
    assert RULES["leaf"] is record


def test_a_rule_of_a_stranger_is_never_a_primitive_one() -> None:
    """After the kernel is loaded, every new rule is one whose steps the kernel compares."""

    def everything_is_nothing(expr: Expr, scope: object) -> Rewritten:
        """x = 0.

        Why: because.
        Source: nowhere
        """
        return Rewritten(ZERO)

    with pytest.raises(Refused):
        primitive(everything_is_nothing)
    if "everything-is-nothing" not in RULES:
        checked(everything_is_nothing)
    with pytest.raises(Refused):
        rewrite(begin(NET, (), C), (), "everything-is-nothing")
    with pytest.raises(Refused):
        rewrite(begin(NET, (neuron(j, L),), Partial(C, a[L, j])), (), "everything-is-nothing")
    assert rewrite(begin(NET, (), mul(C, Delta(ONE, TWO))), (), "everything-is-nothing").statement.rhs == ZERO


@pytest.mark.parametrize("name", ["", "magic", "leaf ", "LEAF", "kronecker_collapse", "__class__"])
def test_a_rule_that_does_not_exist_is_named_with_the_nearest(name: str) -> None:
    with pytest.raises(UnknownName):
        rewrite(begin(NET, (), C), (), name)


@pytest.mark.parametrize("name", ["induction", "matrix-form"])
def test_a_rule_that_makes_theorems_does_not_rewrite(name: str) -> None:
    with pytest.raises(Refused):
        rewrite(begin(NET, (), C), (), name, base=BP["bp1"], step=BP["bp2"], letter=l)


FALSE_RULE = """
import sys, json
from sympy import Integer
from backprop_proofs.kernel import rules, theorem
from backprop_proofs.kernel.rules import Rewritten
{attack}
from backprop_proofs.derivation.replay import network_data, theorem_data
from backprop_proofs.networks.mlp import C, mlp
net = mlp()
forged = {forge}
print(json.dumps([network_data(net), theorem_data(forged)]))
"""
LIE = """
def lie(expr, scope, **given):
    return Rewritten(Integer(0))
"""
ATTACKS = {
    "a rule put into the table under the table": (
        LIE
        + "import gc\ntable = next(t for t in gc.get_referents(rules.RULES) if isinstance(t, dict))\n"
        + "table['definition'] = table['definition']._replace(apply=lie)",
        "theorem.rewrite(theorem.begin(net, (), C), (), 'definition')",
    ),
    "a rule of its own name": (
        LIE
        + "import gc\ntable = next(t for t in gc.get_referents(rules.RULES) if isinstance(t, dict))\n"
        + "table['lie'] = table['definition']._replace(name='lie', apply=lie)",
        "theorem.rewrite(theorem.begin(net, (), C), (), 'lie')",
    ),
    "another function that looks rules up": (
        LIE + "theorem.rule_named = lambda name: rules.RULES['definition']._replace(name=name, apply=lie)",
        "theorem.rewrite(theorem.begin(net, (), C), (), 'ring', to=Integer(0))",
    ),
    "α-equality that is always true": (
        "theorem.alpha_equal = lambda left, right: True",
        "theorem.rewrite(theorem.begin(net, (), C), (), 'ring', to=Integer(0))",
    ),
    "the ledger of the kernel": (
        "",
        "theorem._mint(theorem.Judgement(net, (), theorem.Equation(C, Integer(0))))",
    ),
    "the ledger, with the steps of a proof": (
        "",
        "theorem._mint(theorem._judgement(theorem.rewrite(theorem.begin(net, (), C), (), 'definition'))"
        "._replace(statement=theorem.Equation(C, Integer(0))))",
    ),
    "a side of a proved statement": (
        "def spoilt(t):\n    t.statement.rhs._args = (Integer(7),)\n    return t",
        "spoilt(theorem.rewrite(theorem.begin(net, (), C), (), 'definition'))",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_a_tampered_process_proves_is_rejected_in_a_fresh_one(attack: str) -> None:
    """Python can be changed from within; the guarantee is that nothing but the rules survives a replay."""
    code = FALSE_RULE.format(attack=ATTACKS[attack][0], forge=ATTACKS[attack][1])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode:  # the attack did not get as far as a file
        assert "Error" in done.stderr or "Forged" in done.stderr or "Malformed" in done.stderr, done.stderr
        return
    network, proof = json.loads(done.stdout)
    try:
        result = replay(proof, read_network(network), "forged")
    except BackpropError:
        return
    assert result.assumptions, f"{attack}: {result} was accepted"


def test_a_monkeypatched_rule_is_seen_through_once_it_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    lie = RULES["definition"]._replace(apply=lambda expr, scope: Rewritten(ZERO))
    with monkeypatch.context() as patch:
        patch.setattr(theorem_module, "rule_named", lambda name: lie)
        data = saved(rewrite(begin(NET, (), C), (), "definition"))
    with pytest.raises(ProofRejected, match="definition"):
        replay(data, NET, "forged")


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


# Lemmas and assumptions


def test_a_lemma_of_another_network_is_refused() -> None:
    """Even of one with the same equations: only the network itself will do."""
    other = prove("bp1", replace(mlp()))
    start = begin(NET, (neuron(j, L),), delta[L, j])
    with pytest.raises(Refused, match="same network"):
        rewrite(start, (), "theorem", lemma=other, given={})
    assert rewrite(start, (), "theorem", lemma=BP["bp1"], given={}).statement == BP["bp1"].statement


FIRST: Limit = (j, ONE, ONE)
NARROW: dict[str, tuple[tuple[Limit, ...], Expr, Expr]] = {
    "[j = 2] = 0 for j in 1..1": ((FIRST,), Delta(j, TWO), ZERO),
    "[l = L] = 0 for l in 2..L-1": (((l, TWO, L - 1),), Delta(l, L), ZERO),
    "[l = 2] = 0 for l in 3..L": (((l, Integer(3), L),), Delta(l, TWO), ZERO),
    "[j = k] = 0 for k in j+1..n_L": ((neuron(j, L), (k, j + 1, n[L])), Delta(j, k), ZERO),
}
OUT_OF_RANGE: dict[str, tuple[str, Expr, tuple[Limit, ...], dict[Any, Any]]] = {
    "a neuron beyond the last": ("[j = 2] = 0 for j in 1..1", Delta(TWO, TWO), (), {j: TWO}),
    "a neuron that may be beyond": ("[j = 2] = 0 for j in 1..1", Delta(k, TWO), (neuron(k, L),), {j: k}),
    "a letter of the same name with a wider range": (
        "[j = 2] = 0 for j in 1..1",
        Delta(j, TWO),
        (neuron(j, L),),
        {},
    ),
    "neuron 0": ("[j = 2] = 0 for j in 1..1", Delta(ZERO, TWO), (), {j: ZERO}),
    "the last layer": ("[l = L] = 0 for l in 2..L-1", Delta(L, L), (), {l: L}),
    "a layer that may be the last": ("[l = L] = 0 for l in 2..L-1", Delta(l, L), ((l, TWO, L),), {}),
    "the first layer of all": ("[l = 2] = 0 for l in 3..L", Delta(TWO, TWO), (), {l: TWO}),
    "a range that depends on another value": (
        "[j = k] = 0 for k in j+1..n_L",
        Delta(k, k),
        (neuron(k, L),),
        {j: k},
    ),
}


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_a_lemma_is_not_used_out_of_its_range(what: str) -> None:
    name, left, limits, given = OUT_OF_RANGE[what]
    ranges, before, after = NARROW[name]
    lemma = rewrite(begin(NET, ranges, before), (), "ring", to=after)
    start = begin(NET, limits, left)
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=lemma, given=given)


def test_a_lemma_is_used_at_both_ends_of_its_range() -> None:
    ranges, before, after = NARROW["[l = L] = 0 for l in 2..L-1"]
    lemma = rewrite(begin(NET, ranges, before), (), "ring", to=after)
    for start in (begin(NET, ((m, Integer(3), L),), Delta(m - 1, L)), begin(NET, ((m, TWO, L - 1),), Delta(m, L))):
        assert rewrite(start, (), "theorem", lemma=lemma, given={l: start.statement.lhs.args[0]}).statement.rhs == ZERO


UNSAID: dict[str, tuple[str, Expr, tuple[Limit, ...], dict[Any, Any]]] = {
    "bp2 at the last layer": ("bp2", delta[L, j], (neuron(j, L),), {l: L}),
    "bp2 at a layer that may be the last": ("bp2", delta[l, j], ((l, TWO, L), neuron(j, l)), {}),
    "bp1 at a hidden layer": ("bp1", delta[l, j], ((l, TWO, L), neuron(j, l)), {}),
    "bp3 for another scalar": ("bp3", Partial(C, z[l, j]), ((l, TWO, L), neuron(j, l)), {}),
    "bp4 with its indices turned": (
        "bp4",
        Partial(C, Quantity("w", 1)[2, 1, 1]),
        (),
        {l: TWO, j: ONE, k: TWO},
    ),
}


@pytest.mark.parametrize("what", UNSAID)
def test_a_lemma_is_not_used_for_what_it_does_not_say(what: str) -> None:
    name, left, limits, given = UNSAID[what]
    start = begin(NET, limits, left)
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=BP[name], given=given)


def test_a_lemma_is_given_values_for_its_own_letters_only() -> None:
    start = begin(NET, (neuron(j, L),), delta[L, j])
    for strange in ({k: ONE}, {n[L]: TWO}, {L: TWO}, {z[L, j]: ONE}, {C: ONE}):
        with pytest.raises(BackpropError):
            rewrite(start, (), "theorem", lemma=BP["bp1"], given=strange)


def test_a_lemma_is_used_where_it_stands_only() -> None:
    start = begin(NET, ((l, TWO, L), neuron(j, l)), Partial(a[l, j], z[l, j]))
    lemma = rewrite(begin(NET, ((l, TWO, L), neuron(j, l)), a[l, j]), (), "definition")
    with pytest.raises(Refused, match="outside derivatives"):
        rewrite(start, (0,), "theorem", lemma=lemma, given={})
    with pytest.raises(Refused):
        rewrite(start, (1,), "theorem", lemma=lemma, given={})


LAYERS: Limit = (l, TWO, L - 1)


def claimed(at: Any, times: int = 1) -> Equation:
    """δ^at_j = times · δ^at_j, a claim that is false for times other than 1 and easy to hand on."""
    return Equation(delta[at, j], delta[at, j] if times == 1 else mul(Integer(times), delta[at, j]))


def step_from(assumed: Theorem) -> Theorem:
    """δ^l_j = ... by bp2, with the assumption used on the right."""
    step = rewrite(begin(NET, (LAYERS, neuron(j, l)), delta[l, j]), (), "theorem", lemma=BP["bp2"], given={})
    places = [(place, part) for place, part in _parts(step.statement.rhs) if getattr(part, "quantity", None) == delta]
    (at, part), *_ = places
    return rewrite(step, at, "theorem", lemma=assumed, given={j: part.indices[1]})


def _parts(expr: Any, path: tuple[int, ...] = ()) -> Any:
    yield path, expr
    if not isinstance(expr, Ref):
        for number, part in enumerate(expr.args):
            if isinstance(part, Expr):
                yield from _parts(part, (*path, number))


def assumption(times: int = 2) -> Theorem:
    return assume(NET, (neuron(j, l + 1),), claimed(l + 1, times), fixed=(LAYERS,))


def test_an_assumption_stays_with_all_that_uses_it() -> None:
    assumed = assumption()
    assert len(assumed.assumptions) == 1
    step = step_from(assumed)
    assert step.assumptions == assumed.assumptions
    further = rewrite(begin(NET, (LAYERS, neuron(j, l)), delta[l, j]), (), "theorem", lemma=step, given={})
    assert further.assumptions == assumed.assumptions
    product = mul(delta[l, j], z[l, j])
    part = rewrite(begin(NET, (LAYERS, neuron(j, l)), product), (0,), "theorem", lemma=step, given={})
    assert rewrite(part, (), "ring", to=part.statement.rhs).assumptions == assumed.assumptions


def test_an_assumption_stays_through_a_matrix_form() -> None:
    assumed = assume(NET, (neuron(j, L),), Equation(delta[L, j], z[L, j]), fixed=())
    t = rewrite(begin(NET, (neuron(j, L),), delta[L, j]), (), "theorem", lemma=assumed, given={})
    closed = matrix_form(t, Whole(Quantity("delta", 1), L), Whole(Quantity("z", 1), L), (j,))
    assert closed.assumptions == assumed.assumptions != ()


def test_the_fixed_letters_of_an_assumption_are_not_given_values() -> None:
    """δ^{l+1} = 2δ^{l+1} was taken for granted at one l, so it says nothing at another."""
    start = begin(NET, (LAYERS, neuron(j, L)), delta[L, j])
    with pytest.raises(Refused):
        rewrite(start, (), "theorem", lemma=assumption(), given={l: L - 1})
    step = step_from(assumption())
    at = ((l, TWO, L - 2), neuron(j, l + 1))
    with pytest.raises(Refused):
        rewrite(begin(NET, at, delta[l + 1, j]), (), "theorem", lemma=step, given={l: l + 1})


def base(at: Any = L, limits: tuple[Limit, ...] | None = None, net: Network = NET) -> Theorem:
    return begin(net, (neuron(j, at),) if limits is None else limits, delta[at, j])


def plain(limits: tuple[Limit, ...] = (LAYERS, neuron(j, l)), net: Network = NET) -> Theorem:
    """δ^l_j = δ^l_j, a step that needs no assumption."""
    return begin(net, limits, delta[l, j])


INDUCTIONS: dict[str, Callable[[], Theorem]] = {
    "a base at another layer": lambda: induction(base(2), plain(), l),
    "a base for fewer neurons": lambda: induction(base(limits=((j, ONE, ONE),)), plain(), l),
    "a base with a letter more": lambda: induction(base(limits=(neuron(j, L), neuron(k, L))), plain(), l),
    "a base of another statement": lambda: induction(BP["bp1"], plain(), l),
    "a base of another network": lambda: induction(base(net=replace(mlp())), plain(), l),
    "a step over no such letter": lambda: induction(base(), plain(), k),
    "a step with a hole before the end": lambda: induction(base(), plain(((l, TWO, L - 2), neuron(j, l))), l),
    "a step that assumes something else": lambda: induction(base(), step_from(assumption()), l),
    "a base that assumes": lambda: induction(assume(NET, (neuron(j, L),), claimed(L), fixed=()), plain(), l),
    "a step that assumes itself": lambda: induction(
        base(), assume(NET, (neuron(j, l),), claimed(l), fixed=(LAYERS,)), l
    ),
    "a step that assumes one layer too far": lambda: induction(
        base(), _from_equal(assume(NET, (neuron(j, l - 1),), claimed(l - 1), fixed=((l, Integer(3), L - 1),))), l
    ),
    "upwards with a base from above": lambda: induction(base(), plain(), l, upwards=True),
    "a range without end": lambda: induction(base(), plain(((l, TWO, None), neuron(j, l))), l),
}


def _from_equal(assumed: Theorem) -> Theorem:
    """A theorem about δ^l that depends on an assumption about another layer."""
    start = begin(NET, ((l, Integer(3), L - 1), neuron(j, l - 1)), delta[l - 1, j])
    return rewrite(start, (), "theorem", lemma=assumed, given={})


@pytest.mark.parametrize("what", INDUCTIONS)
def test_an_induction_that_does_not_fit_is_refused(what: str) -> None:
    with pytest.raises(BackpropError):
        INDUCTIONS[what]()


def test_an_induction_that_fits_drops_its_assumption_and_no_hypothesis() -> None:
    t = prove("backward-pass", NET)
    step = t.derivation.steps[-1].parameters["lemma"]
    assert len(step.assumptions) == 1
    assert t.assumptions == ()
    assert set(step.hypotheses) <= set(t.hypotheses)
    assert t.limits[0] == (l, TWO, L)


def test_a_false_claim_is_not_proved_by_an_induction_over_itself() -> None:
    """δ = 2δ at every layer: the step holds under its assumption, and the base at L is what is missing."""
    step = assume(NET, (neuron(j, l + 1),), claimed(l + 1, 2), fixed=(LAYERS,))
    with pytest.raises(BackpropError):
        induction(base(), step, l)
    with pytest.raises(BackpropError):
        induction(step, step, l)


def test_an_assumption_out_of_range_is_malformed() -> None:
    with pytest.raises(BackpropError):
        assume(NET, (neuron(j, l + 1),), claimed(l + 1), fixed=((l, TWO, L),))
    with pytest.raises(BackpropError):
        assume(NET, (), Equation(delta[L, j], ZERO), fixed=())


def test_a_sum_hides_no_assumption() -> None:
    assumed = assume(NET, (neuron(j, L),), Equation(delta[L, j], negative(delta[L, j])), fixed=())
    total = begin(NET, (), sum_over(delta[L, k], neuron(k, L)))
    used = rewrite(total, (0,), "theorem", lemma=assumed, given={j: total.statement.rhs.index})
    assert used.assumptions == assumed.assumptions


def test_a_lemma_that_rests_on_a_hypothesis_hands_it_on() -> None:
    relu = mlp(activation="relu")
    bp1 = prove("bp1", relu)
    start = begin(relu, (neuron(j, L),), delta[L, j])
    assert set(bp1.hypotheses) <= set(rewrite(start, (), "theorem", lemma=bp1, given={}).hypotheses)


def test_two_definitions_of_one_quantity_do_not_make_a_network() -> None:
    twice = Network(
        "twice", {"a": ()}, (Definition(Ref(Quantity("a")), (), ONE), Definition(Ref(Quantity("a")), (), TWO))
    )
    with pytest.raises(BackpropError):
        begin(twice, (), Ref(Quantity("a")))
