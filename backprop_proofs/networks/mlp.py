"""Nielsen's multilayer perceptron, as equations.

    a^1_j = x_j,   z^l_j = Σ_k w^l_{jk} a^{l-1}_k + b^l_j,   a^l_j = σ(z^l_j)  (l = 2..L),   C = C(a^L)

Layer 1 is the input, n_l the width of layer l; the depth L, the widths, σ and C may each be left open.
Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equations 23 to 27.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from numbers import Integral

from sympy import Expr, Integer, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Fn, Partial, Quantity, Ref, add, mul
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.activations import Activation, activation_named
from backprop_proofs.networks.costs import Cost, cost_named

ONE, TWO = Integer(1), Integer(2)
j, k, l, L = index("j"), index("k"), index("l"), index("L")  # noqa: E741 - Nielsen's letter for a layer
n, x, y = Quantity("n"), Quantity("x"), Quantity("y")
w, b, z, a, delta = (Quantity(name, 1) for name in ("w", "b", "z", "a", "delta"))
C = Ref(Quantity("C"))
u = Ref(Quantity("u"))


def mlp(
    widths: Iterable[int] | None = None, activation: str = "any", cost: str = "any", depth: int | None = None
) -> Network:
    """The multilayer perceptron; what is not given stays a symbol, and a theorem then holds for all of its values.

    widths: neurons of each layer, the input first: (2, 3, 2) is L = 3. depth: L alone, the widths left open.
    activation, cost: names from the tables. Raises InvalidInput for fewer than two layers or a width below 1, and
    UnknownName for a name in no table.
    """
    return _network(tuple(_sizes(widths, depth).items()), activation_named(activation), cost_named(cost))


@lru_cache(maxsize=64)
def _network(sizes: tuple[tuple[Basic, int], ...], record: Activation, cost: Cost) -> Network:
    """One object for the same settings, so that their theorems can use one another."""
    functions = (FunctionDefinition("sigma", u, record.formula(u)),) if record.formula else ()
    return Network(
        name="mlp",
        families=_families(),
        definitions=_definitions(cost),
        abbreviations=(Definition(delta[l, j], (_layer(l), _neuron(j, l)), Partial(C, z[l, j])),),
        functions=functions,
        parameters=((L, TWO, None),),
        sizes=dict(sizes),
        settings={"activation": record.name, "cost": cost.name},
    )


def _definitions(cost: Cost) -> tuple[Definition, ...]:
    weighted = add(sum_over(mul(w[l, j, k], a[l - 1, k]), _neuron(k, l - 1)), b[l, j])
    value = cost.formula(lambda i: a[L, i], lambda i: y[i], _neuron(k, L))
    return (
        Definition(a[1, j], (_neuron(j, ONE),), x[j]),
        Definition(z[l, j], (_layer(l), _neuron(j, l)), weighted),
        Definition(a[l, j], (_layer(l), _neuron(j, l)), Fn("sigma", 0, z[l, j])),
        Definition(C, (), value),
    )


def _families() -> dict[str, tuple[Limit, ...]]:
    inner = (_layer(l), _neuron(j, l))
    return {
        "x": (_neuron(j, ONE),),
        "y": (_neuron(j, L),),
        "w": (*inner, _neuron(k, l - 1)),
        "b": inner,
        "z": inner,
        "a": ((l, ONE, L), _neuron(j, l)),
        "C": (),
        "delta": inner,
    }


def _layer(letter: Symbol) -> Limit:
    return (letter, TWO, L)


def _neuron(letter: Symbol, layer: Expr) -> Limit:
    return (letter, ONE, n[layer])


def _sizes(widths: Iterable[int] | None, depth: int | None) -> dict[Basic, int]:
    if widths is None:
        if depth is None:
            return {}
        if not _is_count(depth) or depth < 2:
            raise InvalidInput(f"depth: expected a whole number of at least 2 layers; found {depth!r}")
        return {L: int(depth)}
    if not isinstance(widths, Iterable):
        raise InvalidInput(f"widths: expected positive whole numbers, such as 2,3,2; found {widths!r}")
    given = tuple(widths)
    wrong = [width for width in given if not _is_count(width) or width < 1]
    if wrong:
        raise InvalidInput(f"widths: expected positive whole numbers, such as 2,3,2; found {wrong[0]!r}")
    if len(given) < 2 or depth not in (None, len(given)):
        wanted = "at least two layers (input and output)" if depth is None else f"{depth} layers, as depth says"
        raise InvalidInput(f"widths: expected {wanted}, such as 2,3,2; found {len(given)} in {given!r}")
    return {L: len(given)} | {n[layer]: int(width) for layer, width in enumerate(given, start=1)}


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
