"""Activations as data: one record each. A formula of None is any differentiable function.

An activation is a function of one weighted input, or, like softmax, of a whole layer of them; then it is the output's,
and its record says what ∂a_k/∂z_j is, which the kernel proves from the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.errors import UnknownName
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Fn, Ref, add, mul, negative, power, quotient
from backprop_proofs.language.indices import Limit, index

ONE, TWO = Integer(1), Integer(2)
Slope = Callable[[Callable[[Expr], Expr], Expr], Expr]


@dataclass(frozen=True)
class Layer:
    """A layer as the formulas of a layer-wide activation see it.

    z, a: a neuron's weighted input and activation. over: the range of an index over its neurons. size: how many there
    are. named: the quantities of the layer that an activation defines on the way, and the scalars it takes, by name.
    """

    z: Callable[[Symbol], Ref]
    a: Callable[[Symbol], Ref]
    over: Callable[[Symbol], Limit]
    size: Expr
    named: Mapping[str, Ref]

    def total(self, term: Callable[[Symbol], Expr]) -> Expr:
        """Σ_k term(k) over the neurons of the layer."""
        k = index("k")
        return sum_over(term(k), self.over(k))


@dataclass(frozen=True)
class LayerWide:
    """An activation of a whole layer: a_j by a formula that may use all of its z_k.

    formula: a_j. jacobian: ∂a_k/∂z_j as the books write it, from k and j; it is proved from the formula, never assumed.
    steps: the quantities defined on the way, by name, in order. scalars: the constants it takes, inputs of the network.
    """

    formula: Callable[[Layer, Symbol], Expr]
    jacobian: Callable[[Layer, Symbol, Symbol], Expr]
    steps: Mapping[str, Callable[[Layer], Expr]] = field(default_factory=dict)
    scalars: tuple[str, ...] = ()


@dataclass(frozen=True)
class Activation:
    """A function σ of one real variable, applied to each weighted input of a layer, or one of a whole layer.

    slope: σ'(u) as the books write it, from σ and u; it is proved from the formula, never assumed.
    """

    name: str
    says: str
    formula: Callable[[Expr], Expr] | None
    source: str
    slope: Slope | None = None
    layer: LayerWide | None = None


def exp(u: Expr) -> Expr:
    """e^u."""
    return Fn("exp", 0, u)


def log(u: Expr) -> Expr:
    """The natural logarithm, for u > 0."""
    return Fn("log", 0, u)


def normal_cdf(u: Expr) -> Expr:
    """Φ(u), the probability that a standard normal number is at most u."""
    return Fn("normal_cdf", 0, u)


def normal_pdf(u: Expr) -> Expr:
    """φ(u) = e^{-u²/2}/√(2π), its density."""
    return Fn("normal_pdf", 0, u)


def sigmoid(u: Expr) -> Expr:
    """1/(1 + e^{-u})."""
    return power(add(ONE, exp(negative(u))), -1)


def tanh(u: Expr) -> Expr:
    """(e^u - e^{-u})/(e^u + e^{-u})."""
    grows, decays = exp(u), exp(negative(u))
    return quotient(add(grows, negative(decays)), add(grows, decays))


def _sigmoid_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return mul(s(u), add(ONE, negative(s(u))))


def _tanh_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return add(ONE, negative(power(s(u), 2)))


_LEAK = Rational(1, 100)  # Maas et al. 2013 and PyTorch's default


def _leaky_relu(u: Expr) -> Expr:
    return add(mul(_LEAK, u), mul(1 - _LEAK, Fn("relu", 0, u)))


def _leaky_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return add(_LEAK, mul(1 - _LEAK, Fn("step", 0, u)))


def _silu_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return add(s(u), mul(sigmoid(u), add(ONE, negative(s(u)))))


def _gelu(u: Expr) -> Expr:
    return mul(u, normal_cdf(u))


def _gelu_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    return add(normal_cdf(u), mul(u, normal_pdf(u)))


_CUBIC = Rational(44715, 1_000_000)  # Hendrycks and Gimpel 2016


def _gelu_inner(u: Expr) -> Expr:
    return mul(TWO, normal_pdf(Integer(0)), add(u, mul(_CUBIC, power(u, 3))))  # 2φ(0) = √(2/π)


def _gelu_tanh(u: Expr) -> Expr:
    return mul(Rational(1, 2), u, add(ONE, tanh(_gelu_inner(u))))


def _gelu_tanh_slope(s: Callable[[Expr], Expr], u: Expr) -> Expr:
    bent = tanh(_gelu_inner(u))
    inner = mul(TWO, normal_pdf(Integer(0)), add(ONE, mul(3 * _CUBIC, power(u, 2))))
    rises = mul(Rational(1, 2), u, add(ONE, negative(power(bent, 2))), inner)
    return add(mul(Rational(1, 2), add(ONE, bent)), rises)


_SOFTMAX = LayerWide(
    formula=lambda layer, j: quotient(exp(layer.z(j)), layer.total(lambda k: exp(layer.z(k)))),
    jacobian=lambda layer, k, j: mul(layer.a(k), add(Delta(k, j), negative(layer.a(j)))),
)
_LOG_SOFTMAX = LayerWide(
    formula=lambda layer, j: add(layer.z(j), negative(log(layer.total(lambda k: exp(layer.z(k)))))),
    jacobian=lambda layer, k, j: add(Delta(k, j), negative(exp(layer.a(j)))),
)
_LAYER_NORM = LayerWide(
    formula=lambda layer, j: quotient(add(layer.z(j), negative(layer.named["mu"])), layer.named["s"]),
    jacobian=lambda layer, k, j: quotient(
        add(Delta(k, j), negative(quotient(add(ONE, mul(layer.a(k), layer.a(j))), layer.size))), layer.named["s"]
    ),
    steps=MappingProxyType(
        {
            "mu": lambda layer: quotient(layer.total(layer.z), layer.size),
            "v": lambda layer: quotient(
                layer.total(lambda k: power(add(layer.z(k), negative(layer.named["mu"])), 2)), layer.size
            ),
            "s": lambda layer: power(add(layer.named["v"], layer.named["epsilon"]), Rational(1, 2)),
        }
    ),
    scalars=("epsilon",),
)

_TABLE = (
    Activation("any", "any differentiable σ", None, "Nielsen, chapter 2"),
    Activation("sigmoid", "1/(1 + e^{-z})", sigmoid, "Nielsen, chapter 1, equation 3", _sigmoid_slope),
    Activation("tanh", "(e^z - e^{-z})/(e^z + e^{-z})", tanh, "Nielsen, chapter 3, equation 109", _tanh_slope),
    Activation(
        "relu",
        "max(0, z), away from its kink at 0",
        lambda u: Fn("relu", 0, u),
        "Nielsen, chapter 3",
        lambda s, u: Fn("step", 0, u),
    ),
    Activation("leaky-relu", "max(z/100, z), away from its kink", _leaky_relu, "Maas et al. 2013", _leaky_slope),
    Activation(
        "softplus", "ln(1 + e^z)", lambda u: log(add(ONE, exp(u))), "Dugas et al. 2001", lambda s, u: sigmoid(u)
    ),
    Activation("silu", "z/(1 + e^{-z})", lambda u: mul(u, sigmoid(u)), "Elfwing et al. 2018", _silu_slope),
    Activation("gelu", "z Φ(z), Φ the normal distribution function", _gelu, "Hendrycks and Gimpel 2016", _gelu_slope),
    Activation(
        "gelu-tanh",
        "½ z (1 + tanh(√(2/π) (z + 0.044715 z³))), √(2/π) written 2 φ(0)",
        _gelu_tanh,
        "Hendrycks and Gimpel 2016",
        _gelu_tanh_slope,
    ),
    Activation("identity", "z", lambda u: u, "a linear layer", lambda s, u: ONE),
    Activation(
        "softmax",
        "e^{z_j}/Σ_k e^{z_k} at the output, any σ before it",
        None,
        "Nielsen, chapter 3, equation 78",
        layer=_SOFTMAX,
    ),
    Activation(
        "log-softmax",
        "z_j - ln Σ_k e^{z_k} at the output, any σ before it",
        None,
        "Goodfellow et al. 2016, 6.2.2.3",
        layer=_LOG_SOFTMAX,
    ),
    Activation(
        "layer-norm",
        "(z_j - μ)/√(v + ε), μ and v the layer's mean and variance, at the output, any σ before it",
        None,
        "Ba et al. 2016, without gain and bias",
        layer=_LAYER_NORM,
    ),
)
ACTIVATIONS = {activation.name: activation for activation in _TABLE}


def activation_named(name: str) -> Activation:
    """The record of an activation. Raises UnknownName with the nearest name."""
    if not isinstance(name, str) or name not in ACTIVATIONS:
        raise UnknownName("activation", str(name), ACTIVATIONS)
    return ACTIVATIONS[name]
