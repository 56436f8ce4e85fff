"""Networks that lines are generated about: what defines each, what is true of it, its letters; the perceptrons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from checking.generated_model import Model, Slot, span
from checking.generated_terms import (
    Div,
    Fn,
    Had,
    Neg,
    Opaque,
    Pow,
    Term,
    Transposed,
    add,
    d,
    kron,
    mul,
    num,
    q,
    s,
)

Equation = tuple[Term, Term]
HALF = num(1, 2)


class Fact(NamedTuple):
    """A true line, by name."""

    name: str
    left: Term
    right: Term


@dataclass(frozen=True, eq=False)
class Network:
    """A network to write about. given: ways to define it, each a list of equations, none for Nielsen's default.

    rules: further equations that may be used from left to right. letters: sets of names, by what they stand for here;
    lead: what the first index is called; units: letters for neurons. style: where indices stand: "layer", "time",
    "example" or "plain". limits: of sums, where the writer has a name for the size, by the name of the size here.
    """

    name: str
    model: Model
    facts: tuple[Fact, ...]
    given: tuple[tuple[Equation, ...], ...] = ()
    rules: tuple[Equation, ...] = ()
    letters: tuple[Mapping[str, str], ...] = ({},)
    style: str = "plain"
    lead: tuple[str, ...] = ()
    units: str = "jkimpqr"
    limits: Mapping[str, str] = field(default_factory=dict)
    bold: bool = False


def minus(one: Term, other: Term) -> Term:
    return add(one, Neg(other))


def f(name: str, of: str | Term, primes: int = 0) -> Fn:
    return Fn(name, primes, q(of) if isinstance(of, str) else of)


def back(weight: str, error: Term, *more: Term) -> Term:
    return s("k", mul(q(weight), error, *more))


def turned(of: str) -> Transposed:
    return Transposed(q(of))


# The perceptron of any depth

_N = Slot("n", offset=0)
_LAYERS: dict[str, tuple[Slot, ...]] = {
    "a": (span("L", 1), _N),
    "z": (span("L", 2), _N),
    "b": (span("L", 2), _N),
    "delta": (span("L", 2), _N),
    "w": (span("L", 2), _N, Slot("n", offset=-1)),
    "C": (),
}
_WIDTHS = ((3, 2, 5, 4), (2, 4, 3, 5), (5, 3, 2, 4), (2, 3, 4))
_DEEP = tuple(
    {"L": len(widths), "n": dict(enumerate(widths, start=1)), "nL": widths[-1], "n1": widths[0]} for widths in _WIDTHS
)
_Z = add(s("k", mul(q("w l j k"), q("a l-1 k"))), q("b l j"))
_FORWARD = ((q("z l j"), _Z), (q("a l j"), f("sigma", "z l j")))
_ERROR = (q("delta l j"), d("C", "z l j"))
_LOW = {"a": 2, "z": 2}


def _slope(index: str) -> Fn:
    return f("sigma", f"z {index}", 1)


_PERCEPTRON = (
    Fact("error", q("delta l j"), d("C", "z l j")),
    Fact("weighted-input", q("z l j"), _Z),
    Fact("activation", q("a l j"), f("sigma", "z l j")),
    Fact("bp1", q("delta L j"), mul(d("C", "a L j"), _slope("L j"))),
    Fact("bp1-sum", q("delta L j"), s("k", mul(d("C", "a L k"), d("a L k", "z L j")))),
    Fact("bp2", q("delta l j"), back("w l+1 k j", q("delta l+1 k"), _slope("l j"))),
    Fact("bp2-factor", q("delta l j"), mul(_slope("l j"), back("w l+1 k j", q("delta l+1 k")))),
    Fact("bp2-chain", d("C", "z l j"), s("k", mul(d("C", "z l+1 k"), d("z l+1 k", "z l j")))),
    Fact("bp2-error", q("delta l j"), s("k", mul(q("delta l+1 k"), d("z l+1 k", "z l j")))),
    Fact("z-by-z", d("z l+1 k", "z l j"), mul(q("w l+1 k j"), _slope("l j"))),
    Fact("z-by-a", d("z l+1 k", "a l j"), q("w l+1 k j")),
    Fact("a-by-z", d("a l k", "z l j"), mul(kron("k", "j"), _slope("l k"))),
    Fact("a-by-z-same", d("a l j", "z l j"), _slope("l j")),
    Fact("a-by-a", d("a l+1 k", "a l j"), mul(_slope("l+1 k"), q("w l+1 k j"))),
    Fact("z-by-w", d("z l m", "w l j k"), mul(kron("m", "j"), q("a l-1 k"))),
    Fact("z-by-w-same", d("z l j", "w l j k"), q("a l-1 k")),
    Fact("z-by-b", d("z l m", "b l j"), kron("m", "j")),
    Fact("z-by-z-two", d("z l+2 m", "z l j"), back("w l+2 m k", _slope("l+1 k"), q("w l+1 k j"), _slope("l j"))),
    Fact("cost-by-a", d("C", "a l j"), back("w l+1 k j", q("delta l+1 k"))),
    Fact("cost-by-a-chain", d("C", "a l j"), s("k", mul(d("C", "z l+1 k"), d("z l+1 k", "a l j")))),
    Fact("cost-by-z", d("C", "z l j"), mul(d("C", "a l j"), _slope("l j"))),
    Fact("cost-by-z-sum", d("C", "z l j"), s("k", mul(d("C", "a l k"), d("a l k", "z l j")))),
    Fact("bp3", d("C", "b l j"), q("delta l j")),
    Fact("bp3-sum", d("C", "b l j"), s("m", mul(d("C", "z l m"), d("z l m", "b l j")))),
    Fact("bp4", d("C", "w l j k"), mul(q("a l-1 k"), q("delta l j"))),
    Fact("bp4-sum", d("C", "w l j k"), s("m", mul(d("C", "z l m"), d("z l m", "w l j k")))),
    Fact("bp4-delta", d("C", "w l j k"), s("m", mul(q("delta l m"), kron("m", "j"), q("a l-1 k")))),
    Fact(
        "two-back",
        q("delta l j"),
        s(
            "k m",
            mul(q("w l+2 m k"), q("delta l+2 m"), _slope("l+1 k"), q("w l+1 k j"), _slope("l j")),
        ),
    ),
)
_PERCEPTRON_ARRAYS = (
    Fact("array-bp1", q("delta L"), Had((d("C", "a L"), _slope("L")))),
    Fact("array-bp2", q("delta l"), Had((mul(turned("w l+1"), q("delta l+1")), _slope("l")))),
    Fact("array-bp3", d("C", "b l"), q("delta l")),
    Fact("array-bp4", d("C", "w l"), mul(q("delta l"), turned("a l-1"))),
    Fact("array-weighted-input", q("z l"), add(mul(q("w l"), q("a l-1")), q("b l"))),
    Fact("array-activation", q("a l"), f("sigma", "z l")),
    Fact("array-cost-by-a", d("C", "a l"), mul(turned("w l+1"), q("delta l+1"))),
    Fact("array-cost-by-z", d("C", "z l"), Had((d("C", "a l"), _slope("l")))),
    Fact("array-error", q("delta l"), d("C", "z l")),
    Fact(
        "array-two-back",
        q("delta l"),
        Had((mul(turned("w l+1"), Had((mul(turned("w l+2"), q("delta l+2")), _slope("l+1")))), _slope("l"))),
    ),
)
_OWN = (
    {"a": "h", "z": "s", "w": "V", "b": "c", "t": "t", "C": "E", "sigma": "f", "delta": "delta"},
    {"a": "o", "z": "net", "w": "V", "b": "b", "t": "t", "C": "E", "sigma": "phi", "delta": "delta"},
    {"a": "y", "z": "v", "w": "w", "b": "theta", "t": "t", "C": "J", "sigma": "g", "delta": "delta"},
    {"a": "a", "z": "z", "w": "W", "b": "b", "t": "y", "C": "C", "sigma": "sigma", "delta": "delta"},
)


def nielsen() -> Network:
    cost = (q("C"), Opaque((q("a L j"),)))
    model = Model(_LAYERS, (*_FORWARD, cost), (_ERROR,), {"sigma": "any"}, _DEEP, _LOW)
    return Network(
        "nielsen",
        model,
        (*_PERCEPTRON, *_PERCEPTRON_ARRAYS),
        letters=({},),
        style="layer",
        lead=("l", "l", "l", "l", "r"),
        units="jkimpqs",
        limits={"n": "n"},
    )


def nielsen_given() -> Network:
    given = ((*_FORWARD, _ERROR),)
    own = ({}, {"a": "h", "z": "u", "w": "W", "b": "b", "C": "J", "sigma": "f", "delta": "delta"})
    plain = nielsen()
    return Network("own-perceptron", plain.model, plain.facts, given, (), own, "layer", ("l",), "jkimpqrs", {})


def sigmoid_quadratic() -> Network:
    """The perceptron with sigmoids and the quadratic cost, in letters of the writer's own."""
    error = minus(q("a L j"), q("t j"))
    cost = (q("C"), mul(HALF, s("j", Pow(error, 2))))
    families = _LAYERS | {"t": (Slot("nL"),), "u": ()}
    model = Model(families, (*_FORWARD, cost), (_ERROR,), {"sigma": "sigmoid"}, _DEEP, _LOW)
    logistic = (f("sigma", "u"), Div(num(1), add(num(1), f("exp", Neg(q("u"))))))
    slope = _a_slope("l j")
    facts = (
        Fact("output-cost", d("C", "a L j"), error),
        Fact("output-error", q("delta L j"), mul(error, _slope("L j"))),
        Fact("output-error-sigmoid", d("C", "z L j"), mul(error, _a_slope("L j"))),
        Fact("output-bias", d("C", "b L j"), mul(error, _a_slope("L j"))),
        Fact("output-weight", d("C", "w L j k"), mul(error, _a_slope("L j"), q("a L-1 k"))),
        Fact("sigmoid-slope", d("a l j", "z l j"), slope),
        Fact("sigmoid-bp2", q("delta l j"), mul(slope, back("w l+1 k j", q("delta l+1 k")))),
        Fact("array-output-error", q("delta L"), Had((minus(q("a L"), q("t")), _slope("L")))),
    )
    rules = ((_slope("l j"), slope), (_slope("l j"), minus(q("a l j"), Pow(q("a l j"), 2))))
    given = ((*_FORWARD, cost, logistic, _ERROR), (*_FORWARD, logistic, cost, _ERROR))
    return Network(
        "own-sigmoid-quadratic",
        model,
        (*facts, *facts, *_PERCEPTRON, *_PERCEPTRON_ARRAYS),
        given,
        rules,
        _OWN,
        "layer",
        ("l",),
        "jkimpqr",
    )


def _a_slope(index: str) -> Term:
    return mul(q(f"a {index}"), minus(num(1), q(f"a {index}")))
