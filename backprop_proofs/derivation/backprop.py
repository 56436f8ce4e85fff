"""The four fundamental equations, from the definitions: BP1 to BP4 of the multilayer perceptron.

Over a batch they are the same for each example i, and BP3 and BP4 end with the mean over the batch.
Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "Proof of the four fundamental equations".
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Expr, Mul, Symbol

from backprop_proofs.derivation.chain import Chain, Wanted, retold
from backprop_proofs.derivation.derive import closed
from backprop_proofs.derivation.layers import (
    activation_link,
    cost_slope,
    definition_of,
    output_link,
    settle_sum,
)
from backprop_proofs.derivation.tactics import collapse, derivative_of, work_out
from backprop_proofs.derivation.tidy import sums_last, tidied
from backprop_proofs.kernel.theorem import Theorem, assume, induction
from backprop_proofs.language.binding import each
from backprop_proofs.language.expressions import IndexSum, Opaque, Partial, Quantity, Ref, mul, parts_of
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, Letters, b, j, k, l, layers, letters_of, neurons, w


def is_partial(of: Quantity, wrt: Quantity) -> Wanted:
    """Whether a part is the derivative of an instance of one quantity by an instance of another."""
    return lambda part: isinstance(part, Partial) and (part.of.quantity, part.wrt.quantity) == (of, wrt)


def bp1(net: Network) -> Theorem:
    """δ^L_j = ∂C/∂a^L_j σ'(z^L_j); δ^L = ∇_a C ⊙ σ'(z^L).

    Where the output's activation is of the whole layer, Σ_k stays: softmax gives a_j (∂C/∂a_j - Σ_k a_k ∂C/∂a_k).
    """
    return closed(bp1_of_given_cost(net).theorem)


def bp1_of_given_cost(net: Network) -> Chain:
    """BP1 with ∂C/∂a worked out, where the cost has a formula."""
    at = letters_of(net)
    chain = bp1_of_any_cost(net)
    if not isinstance(definition_of(net, at.cost).body, Opaque):
        slope = cost_slope(net)
        while (path := chain.find(is_partial(at.cost.quantity, at.quantity("a")))) is not None:
            chain.use(slope, path, {j: chain.part(path).wrt.indices[-1]})
    return chain


def bp1_of_any_cost(net: Network) -> Chain:
    """BP1 with ∂C/∂a left as it is."""
    at = letters_of(net)
    limits = (*at.examples, neurons(j, L))
    chain = Chain(net, limits, at.delta(L, j)).step("definition")
    chain.step("chain-rule", through=(each(at.a(L, k), neurons(k, L)),))
    _link(chain, is_partial(at.quantity("a"), at.quantity("z")), output_link(net), k)
    return settle_sum(chain)


def bp2(net: Network) -> Theorem:
    """δ^l_j = (Σ_k w^{l+1}_{kj} δ^{l+1}_k) σ'(z^l_j); δ^l = ((w^{l+1})^T δ^{l+1}) ⊙ σ'(z^l), for l = 2..L-1."""
    at = letters_of(net)
    limits = (*at.examples, layers(L - 1), neurons(j, l))
    chain = Chain(net, limits, at.delta(l, j)).step("definition")
    chain.step("chain-rule", through=(each(at.z(l + 1, k), neurons(k, l + 1)),))
    _fold_errors(chain, at)
    _link(chain, is_partial(at.quantity("z"), at.quantity("z")), weighted_input_link(net), k)
    chain.step("factor-out")
    total, slope = chain.rhs.args
    chain.step("ring", to=mul(IndexSum(_swapped(total.body), *total.limit), slope))
    return closed(chain.theorem)


def weighted_input_link(net: Network) -> Theorem:
    """∂z^{l+1}_k/∂z^l_j = w^{l+1}_{kj} σ'(z^l_j): both links, z^l to a^l and a^l to z^{l+1}, and their product."""
    at = letters_of(net)
    p, before = at.inner, (*at.examples, layers(L - 1), neurons(j, l))
    limits = (*before, neurons(k, l + 1))
    chain = Chain(net, limits, Partial(at.z(l + 1, k), at.z(l, j)))
    chain.step("chain-rule", through=(each(at.a(l, p), neurons(p, l)),))
    weighted = derivative_of(net, (*limits, neurons(p, l)), at.z(l + 1, k), at.a(l, p))
    _link(chain, is_partial(at.quantity("z"), at.quantity("a")), weighted, p)
    _link(chain, is_partial(at.quantity("a"), at.quantity("z")), activation_link(net, l, before, p), p)
    return chain.step("kronecker-collapse").theorem


def bp3(net: Network) -> Theorem:
    """∂C/∂b^l_j = δ^l_j; ∇_{b^l} C = δ^l, for l = 2..L. Over a batch, ∂C/∂b^l_j = 1/m Σ_i δ^{i,l}_j."""
    at = letters_of(net)
    limits = (layers(L), neurons(j, l))
    chain = Chain(net, limits, Partial(C, b[l, j]))
    chain.step("chain-rule", through=(each(at.z(l, k), *at.examples, neurons(k, l)),))
    _fold_errors(chain, at)
    link = derivative_of(net, (*at.examples, *limits, neurons(k, l)), at.z(l, k), b[l, j])
    _link(chain, is_partial(at.quantity("z"), b), link, *at.example, k)
    return closed(_mean(collapse(chain)).theorem)


def bp4(net: Network) -> Theorem:
    """∂C/∂w^l_{jk} = a^{l-1}_k δ^l_j; ∇_{w^l} C = δ^l (a^{l-1})^T, for l = 2..L.

    Over a batch, ∂C/∂w^l_{jk} = 1/m Σ_i a^{i,l-1}_k δ^{i,l}_j, and + λ/m w^l_{jk} with weight decay.
    """
    at, decay = letters_of(net), Ref(Quantity("R"))
    p, limits = at.inner, (layers(L), neurons(j, l), neurons(k, l - 1))
    chain = Chain(net, limits, Partial(C, w[l, j, k]))
    decays = (decay,) if "decay" in net.settings else ()
    chain.step("chain-rule", through=(each(at.z(l, p), *at.examples, neurons(p, l)), *decays))
    _fold_errors(chain, at)
    link = work_out(Chain(net, (*at.examples, *limits, neurons(p, l)), Partial(at.z(l, p), w[l, j, k])))
    _link(chain, is_partial(at.quantity("z"), w), link.theorem, *at.example, p)
    for of, wrt, known in ((C, decay, ()), (decay, w[l, j, k], limits)) if decays else ():
        chain.use(derivative_of(net, known, of, wrt), chain.at(is_partial(of.quantity, wrt.quantity)))
    path = collapse(chain).at(
        lambda part: isinstance(part, Mul) and part.has(at.quantity("delta")) and not parts_of(part, IndexSum)
    )
    chain.step("ring", path, to=_swapped(chain.part(path)))
    return closed(_mean(chain).theorem)


def _mean(chain: Chain) -> Chain:
    """Over a batch: 1/m taken out of the sum over the examples, and numbers multiplied."""
    if letters_of(chain.theorem.network).example:
        chain.step("factor-out", chain.at(lambda part: isinstance(part, IndexSum)))
    return retold(chain, sums_last(tidied(chain.rhs)))


def example_error(net: Network) -> Theorem:
    """∂C/∂z^{i,l}_j = 1/m δ^{i,l}_j over a batch: the cost E_i of the example is one of m of equal weight."""
    at = letters_of(net)
    limits = (*at.examples, layers(L), neurons(j, l))
    chain = Chain(net, limits, Partial(C, at.z(l, j)))
    chain.step("chain-rule", through=(at.cost,))
    weight = derivative_of(net, at.examples, C, at.cost)
    chain.use(weight, chain.at(is_partial(C.quantity, at.cost.quantity)))
    path = chain.at(is_partial(at.cost.quantity, at.quantity("z")))
    return chain.step("definition", path, to=at.delta(l, j)).theorem


def _fold_errors(chain: Chain, at: Letters) -> None:
    """Write δ for every ∂C/∂z, or 1/m δ^i where C is the mean over a batch."""
    z = at.quantity("z")
    while (path := chain.find(is_partial(at.cost.quantity, z))) is not None:
        chain.step("definition", path, to=Ref(at.quantity("delta"), *chain.part(path).wrt.indices))
    while (path := chain.find(is_partial(C.quantity, z))) is not None:
        chain.use(
            example_error(chain.theorem.network),
            path,
            dict(zip(at.z(l, j).indices, chain.part(path).wrt.indices, strict=True)),
        )


def _link(chain: Chain, wanted: Wanted, lemma: Theorem, *letters: Symbol) -> None:
    """Put a lemma in for the derivative that is wanted, its `letters` being the indices of the sums around it."""
    path = chain.at(wanted)
    summed = [letter for letter, _, _ in chain.limits(path)[-len(letters) :]]
    chain.use(lemma, path, dict(zip(letters, summed, strict=True)))


def _swapped(product: Expr) -> Expr:
    return mul(*reversed(product.args))


def backward_pass(net: Network) -> Theorem:
    """δ^l_j = D^l_j for every l = 2..L, where D is what the backward pass computes, layer by layer, from BP1 and BP2.

    By induction: BP1 is the base, l = L; BP2 is the step, from l + 1 to l.
    Source: Nielsen, chapter 2, "The backpropagation algorithm"
    """
    at, net = letters_of(net), _with_recursion(net)
    computed = at.quantity("D")
    base = Chain(net, (*at.examples, neurons(j, L)), at.delta(L, j))
    base.use(bp1(net), ())
    base.step("definition", to=computed[(*at.example, L, j)])
    next_errors = (neurons(j, l + 1),)
    claim = Equation(at.delta(l + 1, j), computed[(*at.example, l + 1, j)])
    assumed = assume(net, (*at.examples, *next_errors), claim, fixed=(layers(L - 1),))
    step = Chain(net, (*at.examples, layers(L - 1), neurons(j, l)), at.delta(l, j))
    step.use(bp2(net), ())
    path = step.at(lambda part: isinstance(part, Ref) and part.quantity == at.quantity("delta"))
    step.use(assumed, path, {j: step.part(path).indices[-1]})
    step.step("definition", to=computed[(*at.example, l, j)])
    return induction(base.theorem, step.theorem, l)


def _with_recursion(net: Network) -> Network:
    """The network, and D: D^L_j = the right side of BP1, D^l_j = the right side of BP2 with D for δ."""
    at = letters_of(net)
    computed = at.quantity("D")
    at_end = bp1(net).statement.rhs
    total, slope = bp2(net).statement.rhs.args
    k_ = total.index
    inner = mul(w[l + 1, k_, j], computed[(*at.example, l + 1, k_)])
    further = mul(IndexSum(inner, *total.limit), slope)
    recursion = (
        Definition(computed[(*at.example, L, j)], (*at.examples, neurons(j, L)), at_end),
        Definition(computed[(*at.example, l, j)], (*at.examples, layers(L - 1), neurons(j, l)), further),
    )
    families = {**net.families, "D": net.families["delta"]}
    return replace(net, families=families, abbreviations=net.abbreviations + recursion)
