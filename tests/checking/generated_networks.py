"""The networks that lines are generated about, beside the perceptrons, and all of them."""

from __future__ import annotations

from collections.abc import Callable

from checking.generated_model import Key, Model, P, Slot, span
from checking.generated_perceptrons import (
    HALF,
    Equation,
    Fact,
    Network,
    back,
    f,
    minus,
    nielsen,
    nielsen_given,
    sigmoid_quadratic,
    turned,
)
from checking.generated_terms import (
    At,
    Div,
    Fn,
    Had,
    Limits,
    Mul,
    Neg,
    Norm,
    Opaque,
    Pow,
    Sum,
    Term,
    add,
    d,
    kron,
    mul,
    num,
    put,
    q,
    s,
)

# Softmax with cross-entropy


def _labels_add_to_one(values: dict[Key, int]) -> None:
    labels = [key for key in values if key[0] == "y"]
    values[labels[-1]] = (1 - sum(values[key] for key in labels[:-1])) % P


def _softmax() -> Network:
    k, i = (Slot("K"),), (Slot("I"),)
    families = {"x": i, "w": (*k, *i), "b": k, "z": k, "a": k, "y": k, "C": ()}
    forward = (
        (q("z j"), add(s("k", mul(q("w j k"), q("x k"))), q("b j"))),
        (q("a j"), Div(f("exp", "z j"), s("k", f("exp", "z k")))),
        (q("C"), Neg(s("k", mul(q("y k"), f("ln", "a k"))))),
    )
    sizes = tuple({"K": one, "I": other} for one, other in ((3, 2), (2, 3), (4, 3), (3, 4)))
    model = Model(families, forward, (), {"exp": "exp", "ln": "ln"}, sizes, {}, _labels_add_to_one)
    error = minus(mul(q("a j"), s("m", q("y m"))), q("y j"))
    facts = (
        Fact("softmax-error", d("C", "z j"), error),
        Fact("softmax-jacobian", d("a j", "z k"), mul(q("a j"), minus(kron("j", "k"), q("a k")))),
        Fact("softmax-jacobian-split", d("a j", "z k"), minus(mul(kron("j", "k"), q("a j")), mul(q("a j"), q("a k")))),
        Fact("softmax-same", d("a j", "z j"), mul(q("a j"), minus(num(1), q("a j")))),
        Fact("cross-entropy", d("C", "a j"), Neg(Div(q("y j"), q("a j")))),
        Fact("softmax-chain", d("C", "z j"), s("k", mul(d("C", "a k"), d("a k", "z j")))),
        Fact("softmax-chain-used", d("C", "z j"), Neg(s("k", mul(q("y k"), minus(kron("k", "j"), q("a j")))))),
        Fact("softmax-weight", d("C", "w j k"), mul(error, q("x k"))),
        Fact("softmax-weight-chain", d("C", "w j k"), mul(d("C", "z j"), q("x k"))),
        Fact("softmax-bias", d("C", "b j"), error),
        Fact("softmax-input", d("C", "x k"), s("j", mul(d("C", "z j"), q("w j k")))),
        Fact("softmax", q("a j"), Div(f("exp", "z j"), s("m", f("exp", "z m")))),
        Fact("softmax-z-by-w", d("z m", "w j k"), mul(kron("m", "j"), q("x k"))),
        Fact("softmax-zero", s("j", d("C", "z j")), num(0)),
        Fact("softmax-one", s("j", q("a j")), num(1)),
    )
    own = (
        {"ln": "ln"},
        {"a": "p", "z": "o", "w": "W", "b": "b", "x": "h", "y": "y", "C": "L", "ln": "log"},
        {"a": "y", "z": "s", "w": "V", "b": "c", "x": "x", "y": "t", "C": "E", "ln": "log"},
    )
    return Network("softmax", model, facts, (forward,), (), own, units="jkimnqr")


# A weight shared over time

_TIMES = Limits(1, "T")


def _recurrent(known_cost: bool) -> Network:
    h, x, first = (Slot("H"),), (Slot("X"),), (span("T", 1),)
    families = {
        "h": (span("T", 0), *h),
        "s": (*first, *h),
        "x": (*first, *x),
        **({"y": (*first, *h)} if known_cost else {}),
        "W": (*h, *h),
        "U": (*h, *x),
        "C": (),
    }
    weighted = add(s("j", mul(q("W i j"), q("h t-1 j"))), s("j", mul(q("U i j"), q("x t j"))))
    forward = ((q("s t i"), weighted), (q("h t i"), f("tanh", "s t i")))
    wrong = minus(q("h t i"), q("y t i"))
    known = (q("C"), mul(HALF, s("t", Sum("i", Pow(wrong, 2)), _TIMES)))
    cost = known if known_cost else (q("C"), Opaque((q("h t i"),)))
    sizes = tuple({"T": t, "H": one, "X": other} for t, one, other in ((3, 2, 3), (4, 3, 2), (2, 3, 4), (5, 2, 3)))
    model = Model(families, (*forward, cost), (), {"tanh": "tanh"}, sizes, {"h": 1, "s": 1})
    facts = (*_RECURRENT, *(_recurrent_squares(wrong) if known_cost else ()))
    given = ((*forward, known) if known_cost else forward,)
    whole = (q("s t"), add(mul(q("W"), q("h t-1")), mul(q("U"), q("x t"))))
    arrays = (whole, (q("h t"), f("tanh", "s t")), *((known,) if known_cost else ()))
    rules = ((f("tanh", "s t i", 1), minus(num(1), Pow(q("h t i"), 2))),)
    own = ({}, {"s": "a", "h": "h", "W": "V", "U": "U", "x": "x", "y": "y", "C": "L"}, {"C": "E", "y": "d"})
    name = "recurrent-quadratic" if known_cost else "recurrent-any-cost"
    return Network(name, model, facts, (*given, *given, arrays), rules, own, "time", ("t",), "ijkmpqn")


def _tanh_slope(index: str) -> Term:
    return minus(num(1), Pow(q(f"h {index}"), 2))


_RECURRENT = (
    Fact("tanh-slope", d("h t i", "s t i"), _tanh_slope("t i")),
    Fact("tanh-jacobian", d("h t k", "s t i"), mul(kron("k", "i"), _tanh_slope("t i"))),
    Fact("step", d("s t+1 k", "h t j"), q("W k j")),
    Fact("step-whole", d("h t+1 k", "h t j"), mul(_tanh_slope("t+1 k"), q("W k j"))),
    Fact("step-back", d("h t k", "h t-1 j"), mul(_tanh_slope("t k"), q("W k j"))),
    Fact(
        "two-steps", d("h t+2 m", "h t j"), back("W k j", mul(q("W m k"), _tanh_slope("t+1 k")), _tanh_slope("t+2 m"))
    ),
    Fact("time-weight", d("C", "W i j"), s("t", mul(d("C", "s t i"), q("h t-1 j")), _TIMES)),
    Fact("time-input-weight", d("C", "U i j"), s("t", mul(d("C", "s t i"), q("x t j")), _TIMES)),
    Fact(
        "time-weight-slope",
        d("C", "W i j"),
        s("t", mul(d("C", "h t i"), _tanh_slope("t i"), q("h t-1 j")), _TIMES),
    ),
    Fact("time-input", d("C", "x t j"), s("i", mul(q("U i j"), d("C", "s t i")))),
    Fact("time-error", d("C", "s t i"), mul(d("C", "h t i"), _tanh_slope("t i"))),
    Fact("time-first", d("s 1 m", "W i j"), mul(kron("m", "i"), q("h 0 j"))),
    Fact("time-array-weight", d("C", "W"), s("t", mul(d("C", "s t"), turned("h t-1")), _TIMES)),
    Fact("time-array-input-weight", d("C", "U"), s("t", mul(d("C", "s t"), turned("x t")), _TIMES)),
    Fact("time-array-input", d("C", "x t"), mul(turned("U"), d("C", "s t"))),
)


def _recurrent_squares(wrong: Term) -> tuple[Fact, ...]:
    onwards = s("k", mul(q("W k i"), d("C", "s t+1 k")))
    return (
        Fact("time-cost", d("C", "h t i"), add(q("h t i"), Neg(q("y t i")), onwards)),
        Fact("time-cost-last", d("C", "h T i"), minus(q("h T i"), q("y T i"))),
        Fact("time-error-last", d("C", "s T i"), mul(minus(q("h T i"), q("y T i")), _tanh_slope("T i"))),
        Fact("time-error-back", d("C", "s t i"), mul(_tanh_slope("t i"), add(wrong, onwards))),
        Fact(
            "time-array-cost",
            d("C", "h t"),
            add(q("h t"), Neg(q("y t")), mul(turned("W"), d("C", "s t+1"))),
        ),
    )


# Layers in matrix form


def _linear() -> Network:
    o, i = (Slot("O"),), (Slot("I"),)
    families = {"x": i, "W": (*o, *i), "b": o, "z": o, "y": o, "C": ()}
    z = (q("z"), add(mul(q("W"), q("x")), q("b")))
    forward = (
        (q("z i"), add(s("j", mul(q("W i j"), q("x j"))), q("b i"))),
        (q("C"), mul(HALF, s("i", Pow(minus(q("z i"), q("y i")), 2)))),
    )
    norm = (q("C"), mul(HALF, Norm(minus(q("z"), q("y")))))
    sizes = tuple({"O": one, "I": other} for one, other in ((3, 2), (2, 3), (4, 3)))
    error, wrong = d("C", "z"), minus(q("z"), q("y"))
    facts = (
        Fact("linear-array-output", error, wrong),
        Fact("linear-array-weight", d("C", "W"), mul(error, turned("x"))),
        Fact("linear-array-weight-used", d("C", "W"), mul(wrong, turned("x"))),
        Fact("linear-array-input", d("C", "x"), mul(turned("W"), error)),
        Fact("linear-array-input-used", d("C", "x"), mul(turned("W"), wrong)),
        Fact("linear-array-bias", d("C", "b"), error),
        Fact("linear-array", q("z"), z[1]),
        Fact("linear-weight", d("C", "W i j"), mul(d("C", "z i"), q("x j"))),
        Fact("linear-weight-used", d("C", "W i j"), mul(minus(q("z i"), q("y i")), q("x j"))),
        Fact("linear-input", d("C", "x j"), s("i", mul(q("W i j"), d("C", "z i")))),
        Fact("linear-z-by-x", d("z i", "x j"), q("W i j")),
        Fact("linear-z-by-w", d("z k", "W i j"), mul(kron("k", "i"), q("x j"))),
    )
    model = Model(families, forward, (), {}, sizes, {})
    own = ({}, {"z": "o", "x": "h", "y": "t", "W": "V", "b": "c", "C": "E"}, {"C": "L"})
    given = ((z, norm), (z, forward[1]), forward, (z, norm))
    return Network("linear", model, facts, given, (), own, units="ijkmpqn", bold=True)


def _two_layers() -> Network:
    """o = V f(U x), ½‖o - t‖², in matrix form."""
    i, j, k = (Slot("I"),), (Slot("J"),), (Slot("K"),)
    families = {"x": i, "U": (*j, *i), "p": j, "h": j, "V": (*k, *j), "o": k, "t": k, "E": ()}
    arrays = (
        (q("p"), mul(q("U"), q("x"))),
        (q("h"), f("f", "p")),
        (q("o"), mul(q("V"), q("h"))),
        (q("E"), mul(HALF, Norm(minus(q("o"), q("t"))))),
    )
    definitions = (
        (q("p j"), s("i", mul(q("U j i"), q("x i")))),
        (q("h j"), f("f", "p j")),
        (q("o k"), s("j", mul(q("V k j"), q("h j")))),
        (q("E"), mul(HALF, s("k", Pow(minus(q("o k"), q("t k")), 2)))),
    )
    wrong, slope = minus(q("o"), q("t")), f("f", "p", 1)
    sizes = tuple({"I": one, "J": two, "K": three} for one, two, three in ((2, 3, 4), (3, 4, 2), (4, 2, 3)))
    facts = (
        Fact("two-array-output", d("E", "o"), wrong),
        Fact("two-array-v", d("E", "V"), mul(wrong, turned("h"))),
        Fact("two-array-h", d("E", "h"), mul(turned("V"), wrong)),
        Fact("two-array-p", d("E", "p"), Had((mul(turned("V"), wrong), slope))),
        Fact("two-array-p-chain", d("E", "p"), Had((d("E", "h"), slope))),
        Fact("two-array-u", d("E", "U"), mul(Had((mul(turned("V"), wrong), slope)), turned("x"))),
        Fact("two-array-u-chain", d("E", "U"), mul(d("E", "p"), turned("x"))),
        Fact("two-array-x", d("E", "x"), mul(turned("U"), d("E", "p"))),
        Fact("two-v", d("E", "V k j"), mul(minus(q("o k"), q("t k")), q("h j"))),
        Fact("two-p", d("E", "p j"), mul(f("f", "p j", 1), s("k", mul(q("V k j"), d("E", "o k"))))),
        Fact("two-u", d("E", "U j i"), mul(d("E", "p j"), q("x i"))),
    )
    model = Model(families, definitions, (), {"f": "any"}, sizes, {})
    own = ({}, {"f": "phi", "p": "z", "E": "L", "U": "A", "V": "B"}, {"f": "sigma", "p": "z", "t": "y", "E": "C"})
    return Network(
        "two-layers-matrix", model, facts, (arrays, definitions, arrays), (), own, units="ijkmqrs", bold=True
    )


# One hidden layer, without layers in the notation


def _hidden(inline: bool) -> Network:
    i, j, k = (Slot("I"),), (Slot("J"),), (Slot("K"),)
    families = {"x": i, "U": (*j, *i), "p": j, "h": j, "V": (*k, *j), "q": k, "o": k, "t": k, "E": ()}
    p, out = s("i", mul(q("U j i"), q("x i"))), s("j", mul(q("V k j"), q("h j")))
    cost = (q("E"), mul(HALF, s("k", Pow(minus(q("o k"), q("t k")), 2))))
    sizes = tuple({"I": one, "J": two, "K": three} for one, two, three in ((2, 3, 4), (3, 4, 2), (4, 2, 3)))
    if inline:
        definitions: tuple[Equation, ...] = ((q("h j"), f("f", p)), (q("o k"), f("g", out)), cost)
        families = {name: slots for name, slots in families.items() if name not in "pq"}
        facts, rules = _hidden_facts(f("f", p, 1), f("g", out, 1)), ()
    else:
        rest = ((q("h j"), f("f", "p j")), (q("q k"), out), (q("o k"), f("g", "q k")))
        definitions, rules = ((q("p j"), p), *rest, cost), ()
        facts = (*_hidden_facts(f("f", "p j", 1), f("g", "q k", 1)), *_HIDDEN_SUMS)
    model = Model(families, definitions, (), {"f": "any", "g": "any"}, sizes, {})
    own = (
        {},
        {"U": "w", "V": "v", "h": "z", "o": "y", "p": "a", "q": "b", "E": "E"},
        {"U": "A", "V": "B", "p": "s", "q": "r", "E": "L", "f": "phi", "g": "psi"},
        {"p": "net", "q": "s", "E": "J", "t": "d"},
    )
    name = "hidden-inline" if inline else "hidden"
    return Network(name, model, facts, (definitions,), rules, own, units="ijkmnl")


def _hidden_facts(slope: Fn, out: Fn) -> tuple[Fact, ...]:
    wrong = minus(q("o k"), q("t k"))
    return (
        Fact("hidden-output", d("E", "o k"), wrong),
        Fact("hidden-v", d("E", "V k j"), mul(wrong, out, q("h j"))),
        Fact("hidden-h", d("E", "h j"), s("k", _fresh(mul(wrong, out, q("V k j"))))),
        Fact("hidden-u", d("E", "U j i"), mul(q("x i"), _spared(slope), s("k", _fresh(mul(wrong, out, q("V k j")))))),
        Fact("hidden-o-by-h", d("o k", "h j"), mul(_fresh(out), q("V k j"))),
        Fact("hidden-h-by-x", d("h j", "x i"), mul(_spared(slope), q("U j i"))),
        Fact("hidden-chain-h", d("E", "h j"), s("k", mul(d("E", "o k"), d("o k", "h j")))),
        Fact("hidden-chain-u", d("E", "U j i"), s("m", mul(d("E", "h m"), d("h m", "U j i")))),
        Fact("hidden-chain-one", d("E", "U j i"), mul(d("E", "h j"), d("h j", "U j i"))),
        Fact("hidden-h-by-u", d("h m", "U j i"), mul(kron("m", "j"), _spared(slope), q("x i"))),
        Fact(
            "hidden-o-by-u",
            d("o k", "U j i"),
            mul(_fresh(out), q("V k j"), _spared(slope), q("x i")),
        ),
    )


def _fresh(term: Term) -> Term:
    """With its inner sum over j written with another letter, j being free around it."""
    return _sums(term, lambda one: Sum("r", _swap(one.of, "j", "r")) if one.letter == "j" else one)


def _spared(term: Term) -> Term:
    return _sums(term, lambda one: Sum("r", _swap(one.of, "i", "r")) if one.letter == "i" else one)


def _sums(term: Term, change: Callable[[Sum], Term]) -> Term:
    if isinstance(term, Sum):
        return change(term)
    if isinstance(term, Mul):
        return mul(*(_sums(factor, change) for factor in term.factors))
    return Fn(term.name, term.primes, _sums(term.of, change)) if isinstance(term, Fn) else term


def _swap(term: Term, letter: str, other: str) -> Term:
    return put(term, {letter: At(other)})


_HIDDEN_SUMS = (
    Fact("hidden-q", d("E", "q k"), mul(minus(q("o k"), q("t k")), f("g", "q k", 1))),
    Fact("hidden-q-by-h", d("q k", "h j"), q("V k j")),
    Fact("hidden-q-by-q", d("o k", "q m"), mul(kron("k", "m"), f("g", "q k", 1))),
    Fact("hidden-q-by-v", d("q k", "V m j"), mul(kron("k", "m"), q("h j"))),
    Fact("hidden-p-by-u", d("p m", "U j i"), mul(kron("m", "j"), q("x i"))),
    Fact("hidden-p", d("E", "p j"), mul(f("f", "p j", 1), s("k", mul(d("E", "q k"), q("V k j"))))),
    Fact("hidden-p-chain", d("E", "p j"), s("k", mul(d("E", "q k"), d("q k", "p j")))),
    Fact("hidden-u-by-p", d("E", "U j i"), mul(d("E", "p j"), q("x i"))),
    Fact("hidden-v-chain", d("E", "V k j"), s("m", mul(d("E", "q m"), d("q m", "V k j")))),
    Fact("hidden-q-by-p", d("q k", "p j"), mul(q("V k j"), f("f", "p j", 1))),
)


# The mean over a batch


def _batch() -> Network:
    e, j, k = (span("m", 1),), (Slot("J"),), (Slot("K"),)
    families = {"x": (*e, *k), "w": (*j, *k), "b": j, "z": (*e, *j), "a": (*e, *j), "y": (*e, *j), "m": (), "C": ()}
    wrong = minus(q("a e j"), q("y e j"))
    mean, every = Div(num(1), q("m")), Limits(1, "m")
    definitions = (
        (q("z e j"), add(s("k", mul(q("w j k"), q("x e k"))), q("b j"))),
        (q("a e j"), f("sigma", "z e j")),
        (q("C"), mul(Div(num(1), mul(num(2), q("m"))), Sum("e", Sum("j", Pow(wrong, 2)), every))),
    )
    slope = f("sigma", "z e j", 1)
    facts = (
        Fact("batch-w", d("C", "w j k"), mul(mean, Sum("e", mul(wrong, slope, q("x e k")), every))),
        Fact("batch-b", d("C", "b j"), mul(mean, Sum("e", mul(wrong, slope), every))),
        Fact("batch-a", d("C", "a e j"), mul(mean, wrong)),
        Fact("batch-z", d("C", "z e j"), mul(mean, wrong, slope)),
        Fact("batch-w-by-z", d("C", "w j k"), Sum("e", mul(d("C", "z e j"), q("x e k")), every)),
        Fact("batch-b-by-z", d("C", "b j"), Sum("e", d("C", "z e j"), every)),
        Fact("batch-x", d("C", "x e k"), s("j", mul(d("C", "z e j"), q("w j k")))),
        Fact("batch-z-by-w", d("z e n", "w j k"), mul(kron("n", "j"), q("x e k"))),
    )
    sizes = tuple({"m": m, "J": one, "K": other} for m, one, other in ((2, 3, 4), (3, 2, 3), (4, 3, 2)))
    model = Model(families, definitions, (), {"sigma": "any"}, sizes, {})
    own = ({}, {"a": "h", "z": "s", "w": "V", "sigma": "f", "C": "J", "y": "t"})
    return Network("batch", model, facts, (definitions,), (), own, "example", ("i", "i", "r"), "jkpqnuv")


NETWORKS: tuple[Network, ...] = (
    nielsen(),
    nielsen_given(),
    sigmoid_quadratic(),
    _softmax(),
    _recurrent(known_cost=True),
    _recurrent(known_cost=False),
    _linear(),
    _two_layers(),
    _hidden(inline=False),
    _hidden(inline=True),
    _batch(),
)
