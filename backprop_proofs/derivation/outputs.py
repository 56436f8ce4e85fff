"""The output layer of a given activation and cost: its error in closed form, and the gradients that follow from it.

Source: Nielsen, chapter 3, "Introducing the cross-entropy cost function" (equations 61 to 68) and "Softmax"
"""

from __future__ import annotations

from fractions import Fraction

from sympy import Integer
from sympy.core.basic import Basic

from backprop_proofs.derivation.backprop import bp1_of_any_cost, bp1_of_given_cost, bp3, bp4, is_partial
from backprop_proofs.derivation.chain import Chain, Wanted, retold
from backprop_proofs.derivation.derive import closed
from backprop_proofs.derivation.layers import definition_of, output_link
from backprop_proofs.derivation.simplify import simplified
from backprop_proofs.derivation.slopes import slope_of
from backprop_proofs.derivation.tactics import derivative_of
from backprop_proofs.derivation.tidy import tidied
from backprop_proofs.errors import InvalidInput
from backprop_proofs.kernel.theorem import Theorem, assume
from backprop_proofs.language.binding import alpha_equal, substitute, sum_over
from backprop_proofs.language.expressions import Fn, IndexSum, Opaque, Partial, Ref, mul
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.activations import activation_named
from backprop_proofs.networks.mlp import L, j, k, l, letters_of, neurons

ONE = Integer(1)


def output_jacobian(net: Network) -> Theorem:
    """∂a^L_k/∂z^L_j: for softmax a_k ([k = j] - a_j), for an activation of one variable σ'(z_k) [k = j]."""
    return output_link(net)


def elementwise_bp1(net: Network) -> tuple[Equation, tuple[Limit, ...]]:
    """What BP1 says of an elementwise activation: δ^L_j = ∂C/∂a^L_j ∂a^L_j/∂z^L_j, without Σ_k."""
    at = letters_of(net)
    own = mul(Partial(at.cost, at.a(L, j)), Partial(at.a(L, j), at.z(L, j)))
    return Equation(at.delta(L, j), own), (*at.examples, neurons(j, L))


def bp1_elementwise(net: Network) -> Theorem:
    """δ^L_j = ∂C/∂a^L_j ∂a^L_j/∂z^L_j. Raises Refused where the activation is of the whole layer, as softmax is."""
    (_, own), limits = elementwise_bp1(net)
    at = letters_of(net)
    chain = bp1_of_any_cost(net)
    other = Chain(net, limits, own)
    link = derivative_of(net, limits, at.a(L, j), at.z(L, j))
    other.use(link, other.at(is_partial(at.quantity("a"), at.quantity("z"))))
    return chain.step("ring", to=other.rhs).use(other.theorem, (), backwards=True).theorem


def output_error(net: Network) -> Theorem:
    """δ^L_j in lowest terms: a - y for sigmoid and binary cross-entropy, a_j Σ_k y_k - y_j for softmax and its own.

    Raises InvalidInput for a cost without a formula.
    """
    return closed(_error(net).theorem)


def _error(net: Network) -> Chain:
    if isinstance(definition_of(net, letters_of(net).cost).body, Opaque):
        raise InvalidInput("cost: expected one with a formula, such as quadratic; found any C")
    chain = bp1_of_given_cost(net)
    if activation_named(net.settings["activation"]).slope is not None:
        _use_slope(chain, net)
    return retold(chain, simplified(chain.rhs))


def _use_slope(chain: Chain, net: Network) -> None:
    """Write σ'(z^L_j) by σ(z^L_j), which is a^L_j."""
    at = letters_of(net)
    function = definition_of_output(net)
    path = chain.at(lambda part: isinstance(part, Fn) and part.name == function and part.primes == 1)
    slope = slope_of(net, function)
    chain.use(slope, path, {slope.statement.lhs.argument: at.z(L, j)})
    while (place := chain.find(lambda part: isinstance(part, Fn) and part.name == function)) is not None:
        chain.step("definition", place, to=at.a(L, j))


def definition_of_output(net: Network) -> str:
    """The name of the output's function of one variable."""
    at = letters_of(net)
    last = [d for d in net.definitions if d.ref.quantity == at.quantity("a") and isinstance(d.body, Fn)]
    return str(last[-1].body.name)


def error_of_normalised_labels(net: Network) -> Theorem:
    """δ^L_j = a^L_j - y_j where Σ_k y_k = 1: a hypothesis, or, where the labels are known, their sum.

    Raises InvalidInput for known labels of another sum, or where no Σ_k y_k stands in the output's error.
    """
    at = letters_of(net)
    chain = _error(net)
    total = sum_over(at.y(k), neurons(k, L))
    path = chain.find(lambda part: isinstance(part, IndexSum) and alpha_equal(part, total))
    if path is None:
        raise InvalidInput(
            "softmax-error-normalised: expected softmax with categorical-cross-entropy; found another error"
        )
    if "labels" in net.settings:
        _add_labels(chain, net)
    else:
        chain.use(assume(net, at.examples, Equation(total, ONE), ()), path)
    return closed(retold(chain, simplified(chain.rhs)).theorem)


def _add_labels(chain: Chain, net: Network) -> None:
    labels = net.settings["labels"].split(",")
    total = sum(map(Fraction, labels))
    if total != 1:
        raise InvalidInput(f"labels: expected numbers that sum to 1; found {', '.join(labels)}, which sum to {total}")
    at = letters_of(net)
    chain.step("write-out", chain.at(_sums_a_quantity))
    for number in range(1, len(labels) + 1):
        chain.step("definition", chain.at(_equals(at.y(Integer(number)))))


def _sums_a_quantity(part: Basic) -> bool:
    return isinstance(part, IndexSum) and isinstance(part.body, Ref)


def _equals(ref: Ref) -> Wanted:
    return lambda part: part == ref


def output_weights(net: Network) -> Theorem:
    """∂C/∂w^L_{jk} with the output's error put in: for cross-entropy 1/m Σ_i a^{i,L-1}_k (a^{i,L}_j - y^i_j).

    Source: Nielsen, chapter 3, equations 61 and 67
    """
    return _with_error(net, bp4(net), (neurons(j, L), neurons(k, L - 1)))


def output_biases(net: Network) -> Theorem:
    """∂C/∂b^L_j with the output's error put in: for cross-entropy 1/m Σ_i (a^{i,L}_j - y^i_j).

    Source: Nielsen, chapter 3, equations 62 and 68
    """
    return _with_error(net, bp3(net), (neurons(j, L),))


def _with_error(net: Network, gradient: Theorem, limits: tuple[Limit, ...]) -> Theorem:
    """A gradient by weights or biases at l = L, δ^L_j in it worked out."""
    at = letters_of(net)
    chain = Chain(net, limits, substitute(gradient.statement.lhs, {l: L})).use(gradient, (), {l: L})
    path = chain.at(lambda part: isinstance(part, Ref) and part.quantity == at.quantity("delta"))
    given = dict(zip(at.example, chain.part(path).indices, strict=False))
    chain.use(output_error(net), path, given)
    return closed(retold(chain, tidied(chain.rhs)).theorem)


def shares(net: Network) -> Theorem:
    """Σ_j a^L_j = 1 for softmax, from its formula. Raises InvalidInput for another activation."""
    at = letters_of(net)
    if net.settings["activation"] != "softmax":
        raise InvalidInput(f"softmax-sum: expected softmax; found {net.settings['activation']}")
    chain = Chain(net, at.examples, sum_over(at.a(L, j), neurons(j, L)))
    chain.step("definition", (0,)).step("factor-out")
    return chain.step("shares-add-to-one").theorem
