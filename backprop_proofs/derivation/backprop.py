"""The four fundamental equations, from the definitions: BP1 to BP4 of the multilayer perceptron.

Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "Proof of the four fundamental equations".
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Integer, Symbol

from backprop_proofs.derivation.chain import Chain, Wanted
from backprop_proofs.derivation.derive import closed, gradient
from backprop_proofs.derivation.tactics import derivative_of, work_out
from backprop_proofs.kernel.theorem import Theorem, assume, induction
from backprop_proofs.language.binding import each
from backprop_proofs.language.expressions import IndexSum, Opaque, Partial, Quantity, Ref, mul
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, n, w, z

ONE, TWO = Integer(1), Integer(2)
m = index("m")
D = Quantity("D", 1)


def neurons(letter: Symbol, layer: Expr) -> Limit:
    """letter = 1..n_layer."""
    return (letter, ONE, n[layer])


def layers(last: Expr) -> Limit:
    """l = 2..last."""
    return (l, TWO, last)


def is_partial(of: Quantity, wrt: Quantity) -> Wanted:
    """Whether a part is the derivative of an instance of one quantity by an instance of another."""
    return lambda part: isinstance(part, Partial) and (part.of.quantity, part.wrt.quantity) == (of, wrt)


def cost_formula(net: Network) -> Expr:
    """The right side of the equation of C."""
    return next(definition.body for definition in net.definitions if definition.ref == C)


def activation_link(net: Network, layer: Expr, limits: tuple[Limit, ...], letter: Symbol) -> Theorem:
    """∂a^l_k/∂z^l_j = σ'(z^l_k) [k = j], k written as `letter`."""
    return derivative_of(net, (*limits, neurons(letter, layer)), a[layer, letter], z[layer, j])


def bp1(net: Network) -> Theorem:
    """δ^L_j = ∂C/∂a^L_j σ'(z^L_j); δ^L = ∇_a C ⊙ σ'(z^L)."""
    limits = (neurons(j, L),)
    chain = Chain(net, limits, delta[L, j]).step("definition")
    chain.step("chain-rule", through=(each(a[L, k], neurons(k, L)),))
    _link(chain, is_partial(a, z), activation_link(net, L, limits, k), k)
    chain.step("kronecker-collapse")
    if not isinstance(cost_formula(net), Opaque):
        chain.use(gradient(net, C, a[L, j], limits), chain.at(is_partial(C.quantity, a)))
    return closed(chain.theorem)


def bp2(net: Network) -> Theorem:
    """δ^l_j = (Σ_k w^{l+1}_{kj} δ^{l+1}_k) σ'(z^l_j); δ^l = ((w^{l+1})^T δ^{l+1}) ⊙ σ'(z^l), for l = 2..L-1."""
    limits = (layers(L - 1), neurons(j, l))
    chain = Chain(net, limits, delta[l, j]).step("definition")
    chain.step("chain-rule", through=(each(z[l + 1, k], neurons(k, l + 1)),))
    _fold_errors(chain)
    _link(chain, is_partial(z, z), weighted_input_link(net), k)
    chain.step("factor-out")
    total, slope = chain.rhs.args
    chain.step("ring", to=mul(IndexSum(_swapped(total.body), *total.limit), slope))
    return closed(chain.theorem)


def weighted_input_link(net: Network) -> Theorem:
    """∂z^{l+1}_k/∂z^l_j = w^{l+1}_{kj} σ'(z^l_j): both links, z^l to a^l and a^l to z^{l+1}, and their product."""
    limits = (layers(L - 1), neurons(j, l), neurons(k, l + 1))
    chain = Chain(net, limits, Partial(z[l + 1, k], z[l, j]))
    chain.step("chain-rule", through=(each(a[l, m], neurons(m, l)),))
    _link(chain, is_partial(z, a), derivative_of(net, (*limits, neurons(m, l)), z[l + 1, k], a[l, m]), m)
    _link(chain, is_partial(a, z), activation_link(net, l, limits[:2], m), m)
    return chain.step("kronecker-collapse").theorem


def bp3(net: Network) -> Theorem:
    """∂C/∂b^l_j = δ^l_j; ∇_{b^l} C = δ^l, for l = 2..L."""
    limits = (layers(L), neurons(j, l))
    chain = Chain(net, limits, Partial(C, b[l, j]))
    chain.step("chain-rule", through=(each(z[l, k], neurons(k, l)),))
    _fold_errors(chain)
    _link(chain, is_partial(z, b), derivative_of(net, (*limits, neurons(k, l)), z[l, k], b[l, j]), k)
    chain.step("kronecker-collapse")
    return closed(chain.theorem)


def bp4(net: Network) -> Theorem:
    """∂C/∂w^l_{jk} = a^{l-1}_k δ^l_j; ∇_{w^l} C = δ^l (a^{l-1})^T, for l = 2..L."""
    limits = (layers(L), neurons(j, l), neurons(k, l - 1))
    chain = Chain(net, limits, Partial(C, w[l, j, k]))
    chain.step("chain-rule", through=(each(z[l, m], neurons(m, l)),))
    _fold_errors(chain)
    _link(chain, is_partial(z, w), _weight_link(net, limits), m)
    chain.step("kronecker-collapse", chain.at(lambda part: isinstance(part, IndexSum) and not part.body.has(IndexSum)))
    chain.step("kronecker-collapse")
    chain.step("ring", to=_swapped(chain.rhs))
    return closed(chain.theorem)


def _weight_link(net: Network, limits: tuple[Limit, ...]) -> Theorem:
    """∂z^l_m/∂w^l_{jk} = Σ_p [m = j] [p = k] a^{l-1}_p: the second of BP4's two sums, not yet collapsed."""
    chain = Chain(net, (*limits, neurons(m, l)), Partial(z[l, m], w[l, j, k]))
    return work_out(chain).theorem


def _fold_errors(chain: Chain) -> None:
    """Write δ for every ∂C/∂z."""
    while (path := chain.find(is_partial(C.quantity, z))) is not None:
        chain.step("definition", path, to=Ref(delta, *chain.part(path).wrt.indices))


def _link(chain: Chain, wanted: Wanted, lemma: Theorem, letter: Symbol) -> None:
    """Put a lemma in for the derivative that is wanted, its `letter` being the index of the sum around it."""
    path = chain.at(wanted)
    summed = chain.limits(path)[-1][0]
    chain.use(lemma, path, {letter: summed})


def _swapped(product: Expr) -> Expr:
    return mul(*reversed(product.args))


def backward_pass(net: Network) -> Theorem:
    """δ^l_j = D^l_j for every l = 2..L, where D is what the backward pass computes, layer by layer, from BP1 and BP2.

    By induction: BP1 is the base, l = L; BP2 is the step, from l + 1 to l.
    Source: Nielsen, chapter 2, "The backpropagation algorithm"
    """
    net = _with_recursion(net)
    base = Chain(net, (neurons(j, L),), delta[L, j])
    base.use(bp1(net), ())
    base.step("definition", to=D[L, j])
    next_errors = (neurons(j, l + 1),)
    claim = Equation(delta[l + 1, j], D[l + 1, j])
    assumed = assume(net, next_errors, claim, fixed=(layers(L - 1),))
    step = Chain(net, (layers(L - 1), neurons(j, l)), delta[l, j])
    step.use(bp2(net), ())
    path = step.at(lambda part: isinstance(part, Ref) and part.quantity == delta)
    step.use(assumed, path, {j: step.part(path).indices[1]})
    step.step("definition", to=D[l, j])
    return induction(base.theorem, step.theorem, l)


def _with_recursion(net: Network) -> Network:
    """The network, and D: D^L_j = the right side of BP1, D^l_j = the right side of BP2 with D for δ."""
    at_end = bp1(net).statement.rhs
    total, slope = bp2(net).statement.rhs.args
    k_ = total.index
    inner = mul(w[l + 1, k_, j], D[l + 1, k_])
    further = mul(IndexSum(inner, *total.limit), slope)
    recursion = (
        Definition(D[L, j], (neurons(j, L),), at_end),
        Definition(D[l, j], (layers(L - 1), neurons(j, l)), further),
    )
    families = {**net.families, "D": net.families["delta"]}
    return replace(net, families=families, abbreviations=net.abbreviations + recursion)
