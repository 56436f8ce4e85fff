"""Nielsen's multilayer perceptron, as equations.

    a^1_j = x_j,   z^l_j = Σ_k w^l_{jk} a^{l-1}_k + b^l_j,   a^l_j = σ(z^l_j)  (l = 2..L),   C = C(a^L)

Layer 1 is the input, n_l the width of layer l; the depth L, the widths, σ and C may each be left open. Over a batch of
m examples each of x, y, z, a has the example i as its first index, E_i is the cost of one example, and C their mean.
Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equations 23 to 27.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sympy import Expr, Integer, Rational, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Fn, Partial, Quantity, Ref, add, mul, power, quotient
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.activations import Activation, Layer, activation_named
from backprop_proofs.networks.costs import Cost, cost_named
from backprop_proofs.networks.settings import batch_size, label_values, sizes_of

ONE, TWO = Integer(1), Integer(2)
i, j, k, l, L, m = (index(name) for name in ("i", "j", "k", "l", "L", "m"))  # noqa: E741 - Nielsen's letter for a layer
n, x, y = Quantity("n"), Quantity("x"), Quantity("y")
w, b, z, a, delta = (Quantity(name, 1) for name in ("w", "b", "z", "a", "delta"))
C = Ref(Quantity("C"))
u = Ref(Quantity("u"))


def neurons(letter: Symbol, layer: Expr) -> Limit:
    """letter = 1..n_layer."""
    return (letter, ONE, n[layer])


def layers(last: Expr) -> Limit:
    """l = 2..last."""
    return (l, TWO, last)


@dataclass(frozen=True)
class Letters:
    """Nielsen's letters in one perceptron: over a batch, each of x, y, z, a, δ has the example first."""

    example: tuple[Symbol, ...] = ()

    @property
    def examples(self) -> tuple[Limit, ...]:
        """The range of the example: i = 1..m, or nothing."""
        return tuple((letter, ONE, m) for letter in self.example)

    @property
    def inner(self) -> Symbol:
        """A further index for neurons: m, or p where m is the size of the batch."""
        return index("p") if self.example else m

    @property
    def cost(self) -> Ref:
        """The cost of one example: C, or E_i."""
        return Quantity("E")[self.example] if self.example else C

    def quantity(self, name: str, layered: bool = True) -> Quantity:
        """The quantity of that name, such as z^l_j or, over a batch, z^{i,l}_j."""
        return Quantity(name, layered + len(self.example))

    def x(self, j: Expr) -> Ref:
        return self.quantity("x", layered=False)[(*self.example, j)]

    def y(self, j: Expr) -> Ref:
        return self.quantity("y", layered=False)[(*self.example, j)]

    def z(self, layer: Expr, j: Expr) -> Ref:
        return self.quantity("z")[(*self.example, layer, j)]

    def a(self, layer: Expr, j: Expr) -> Ref:
        return self.quantity("a")[(*self.example, layer, j)]

    def delta(self, layer: Expr, j: Expr) -> Ref:
        return self.quantity("delta")[(*self.example, layer, j)]

    def output(self, record: Activation) -> Layer:
        """The output layer, as the formulas of its activation see it."""
        names = (*record.layer.steps, *record.layer.scalars) if record.layer else ()
        scalars = record.layer.scalars if record.layer else ()
        named = {
            name: Ref(Quantity(name)) if name in scalars else Ref(self.quantity(name, layered=False), *self.example)
            for name in names
        }
        return Layer(lambda j: self.z(L, j), lambda j: self.a(L, j), lambda j: neurons(j, L), n[L], named)


def letters_of(network: Network) -> Letters:
    """The letters of a perceptron."""
    return Letters((i,) if "batch" in network.settings else ())


def mlp(
    widths: Iterable[int] | None = None,
    activation: str = "any",
    cost: str = "any",
    depth: int | None = None,
    *,
    hidden: str | None = None,
    batch: int | str | None = None,
    decay: bool = False,
    labels: Iterable[object] | None = None,
) -> Network:
    """The multilayer perceptron; what is not given stays a symbol, and a theorem then holds for all of its values.

    widths: neurons of each layer, the input first: (2, 3, 2) is L = 3. depth: L alone, the widths left open.
    activation, cost: names from the tables. hidden: the activation before the output, if it is another one; any σ where
    the output's is of a whole layer, as softmax. batch: the number of examples, or "m" for any number; C is their mean.
    decay: whether λ/(2m) Σ w² is added to C. labels: the numbers y_j, where they are known.
    Raises InvalidInput for fewer than two layers, a width or batch below 1, or labels of another number than the
    outputs, and UnknownName for a name in no table.
    """
    record = activation_named(activation)
    before = activation_named(hidden or ("any" if record.layer else activation))
    if before.layer is not None:
        raise InvalidInput(f"hidden: expected an activation of one variable, such as sigmoid; found {before.name}")
    sizes = sizes_of(widths, depth, L, n)
    settings = {"activation": record.name, "cost": cost_named(cost).name}
    if before.name != record.name and not (record.layer and before.name == "any"):
        settings["hidden"] = before.name
    if batch is not None or decay:
        settings["batch"] = batch_size("m" if batch is None else batch)
        sizes |= {} if settings["batch"] == "m" else {m: int(settings["batch"])}
    if decay:
        settings["decay"] = "l2"
    if labels is not None:
        settings["labels"] = ",".join(label_values(labels, sizes.get(n[sizes.get(L, 0)]), "batch" in settings))
    return _network(tuple(sizes.items()), tuple(settings.items()))


@lru_cache(maxsize=1024)
def _network(sizes: tuple[tuple[Basic, int], ...], given: tuple[tuple[str, str], ...]) -> Network:
    """One object for the same settings, so that their theorems can use one another."""
    settings: Mapping[str, str] = MappingProxyType(dict(given))
    record, hidden = _activations(settings)
    at = Letters((i,) if "batch" in settings else ())
    named = {"sigma": hidden} if record.layer else {"sigma": hidden, output_function(record, hidden): record}
    error = Definition(at.delta(l, j), (*at.examples, layers(L), neurons(j, l)), Partial(at.cost, at.z(l, j)))
    return Network(
        name="mlp",
        families=_families(at, record, "decay" in settings),
        definitions=(*_layers(at, record, hidden), *_costs(at, cost_named(settings["cost"]), settings)),
        abbreviations=(error,),
        functions=tuple(FunctionDefinition(name, u, f.formula(u)) for name, f in named.items() if f.formula),
        parameters=((L, TWO, None), *(((m, ONE, None),) if at.example else ())),
        sizes=dict(sizes),
        settings=dict(settings),
    )


def output_function(record: Activation, hidden: Activation) -> str:
    """What the output's activation is called: σ as before it, or g where it is another one."""
    return "sigma" if record.layer or record == hidden else "g"


def _activations(settings: Mapping[str, str]) -> tuple[Activation, Activation]:
    record = activation_named(settings["activation"])
    return record, activation_named(settings.get("hidden", "any" if record.layer else record.name))


def _layers(at: Letters, record: Activation, hidden: Activation) -> tuple[Definition, ...]:
    weighted = add(sum_over(mul(w[l, j, k], at.a(l - 1, k)), neurons(k, l - 1)), b[l, j])
    output, function = at.output(record), output_function(record, hidden)
    same = function == "sigma" and not record.layer
    last = record.layer.formula(output, j) if record.layer else Fn(function, 0, at.z(L, j))
    steps = record.layer.steps if record.layer else {}
    inner = Definition(
        at.a(l, j), (*at.examples, layers(L if same else L - 1), neurons(j, l)), Fn("sigma", 0, at.z(l, j))
    )
    return (
        Definition(at.a(ONE, j), (*at.examples, neurons(j, ONE)), at.x(j)),
        Definition(at.z(l, j), (*at.examples, layers(L), neurons(j, l)), weighted),
        inner,
        *(Definition(output.named[name], at.examples, formula(output)) for name, formula in steps.items()),
        *(() if same else (Definition(at.a(L, j), (*at.examples, neurons(j, L)), last),)),
    )


def _costs(at: Letters, cost: Cost, settings: Mapping[str, str]) -> tuple[Definition, ...]:
    known = settings["labels"].split(",") if "labels" in settings else ()
    labels = [Definition(y[number], (), Rational(value)) for number, value in enumerate(known, start=1)]
    single = Definition(at.cost, at.examples, cost.formula(lambda p: at.a(L, p), at.y, neurons(k, L)))
    if not at.example:
        return (*labels, single)
    mean = quotient(sum_over(at.cost, *at.examples), m)
    if "decay" not in settings:
        return (*labels, single, Definition(C, (), mean))
    squares = sum_over(power(w[l, j, k], 2), layers(L), neurons(j, l), neurons(k, l - 1))
    decay = mul(Ref(Quantity("lambda")), power(mul(TWO, m), -1), squares)
    return (
        *labels,
        single,
        Definition(Ref(Quantity("R")), (), decay),
        Definition(C, (), add(mean, Ref(Quantity("R")))),
    )


def _families(at: Letters, record: Activation, decay: bool) -> dict[str, tuple[Limit, ...]]:
    inner = (layers(L), neurons(j, l))
    named = (*record.layer.steps, *record.layer.scalars) if record.layer else ()
    scalars = record.layer.scalars if record.layer else ()
    return {
        "x": (*at.examples, neurons(j, ONE)),
        "y": (*at.examples, neurons(j, L)),
        "w": (*inner, neurons(k, l - 1)),
        "b": inner,
        "z": (*at.examples, *inner),
        "a": (*at.examples, (l, ONE, L), neurons(j, l)),
        **{name: () if name in scalars else at.examples for name in named},
        **({"E": at.examples} if at.example else {}),
        **({"lambda": (), "R": ()} if decay else {}),
        "C": (),
        "delta": (*at.examples, *inner),
    }
