"""Attempts to have a theorem that was not proved: each ends in an error, and what is tampered with does not replay."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from kernel.proofs import BP, NET, ONE, TWO, ZERO, neuron, saved
from sympy import Expr

from backprop_proofs.derivation.replay import read_network, replay, theorem_data
from backprop_proofs.errors import BackpropError, ForgedTheorem, ProofRejected, Refused, UnknownName
from backprop_proofs.kernel import theorem as theorem_module
from backprop_proofs.kernel.rules import RULES, Rewritten, checked, primitive, rule_named
from backprop_proofs.kernel.theorem import Theorem, assume, begin, induction, matrix_form, rewrite
from backprop_proofs.language.expressions import Delta, Partial, Quantity, mul
from backprop_proofs.language.matrices import Whole
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, b, j, l, n


def blank() -> Theorem:
    """An object of the class that the kernel did not make."""
    return object.__new__(Theorem)


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
        USES[use](Lookalike())  # type: ignore[arg-type]  # it is no theorem


def test_a_blank_object_cannot_be_given_a_statement() -> None:
    for name in ("statement", "_statement", "anything", "__dict__"):
        with pytest.raises((AttributeError, TypeError)):
            object.__setattr__(blank(), name, Equation(ZERO, ONE))


def test_a_blank_object_that_claims_another_class_is_none() -> None:
    class Other:
        pass

    other = Other()
    with pytest.raises(TypeError):
        other.__class__ = Theorem  # type: ignore[assignment]  # it is of another class
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
        t = begin(square, limits, Delta(j, 1))  # type: ignore[arg-type]  # limits are a tuple
    except (TypeError, BackpropError):
        return
    limits[0] = (j, ONE, n[1])
    assert tuple(t.limits) == ((j, ONE, ONE),)


def test_a_list_as_a_limit_is_an_error_or_is_copied() -> None:
    square = Network("v", {"v": ((j, ONE, n[1]),)}, ())
    limit: list[Any] = [j, ONE, ONE]
    try:
        t = begin(square, (limit,), Delta(j, 1))  # type: ignore[arg-type]  # a limit is a tuple
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
    t = assume(NET, (), sly, ())  # type: ignore[arg-type]  # it is no equation
    sly.rhs = ZERO
    assert t.statement.rhs == C
    assert t.assumptions[0].statement.rhs == C


# Rules


def test_no_rule_is_put_in_the_place_of_another() -> None:
    with pytest.raises(TypeError):
        RULES["leaf"] = RULES["ring"]  # type: ignore[index]  # it is read-only
    with pytest.raises((TypeError, AttributeError)):
        del RULES["leaf"]  # type: ignore[attr-defined]  # it is read-only
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
