"""The sum over all paths without listing them: R^l_{mj}, the sum over all paths from z^l_j to a^L_m, layer by layer.

    R^L_{mj} = σ'(z^L_m) [m = j],   R^l_{mj} = (Σ_k R^{l+1}_{mk} w^{l+1}_{kj}) σ'(z^l_j)

The work is that of one backward pass, however many paths there are.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from backprop_proofs.derivation.backprop import is_partial, weighted_input_link
from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.layers import cost_slope, definition_of
from backprop_proofs.derivation.paths import check_network, given_for, is_elementwise
from backprop_proofs.derivation.tactics import derivative_of
from backprop_proofs.kernel.theorem import Theorem, assume, induction
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Opaque, Partial, Quantity, mul
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, layers, m, neurons, w, z

R = Quantity("R", 1)


def path_recursion(net: Network) -> Theorem:
    """∂a^L_m/∂z^l_j = R^l_{mj} for every l = 2..L.

    By induction: the last layer is the base, and a path from layer l goes on from one neuron of layer l + 1.
    """
    net = with_path_sums(net)
    return induction(_base(net), _step(net), l)


def path_total(net: Network) -> Theorem:
    """∂C/∂w^l_{jk} = (Σ_m ∂C/∂a^L_m R^l_{mj}) a^{l-1}_k, for l = 2..L: the sum over all paths, for every depth."""
    net = with_path_sums(net)
    limits = (layers(L), neurons(j, l), neurons(k, l - 1))
    chain = Chain(net, limits, Partial(C, w[l, j, k])).step("chain-rule", through=(each(a[L, m], neurons(m, L)),))
    chain.step("chain-rule", chain.at(is_partial(a, w)), through=(z[l, j],))
    _put_in(chain, derivative_of(net, limits, z[l, j], w[l, j, k]))
    return _by_recursion(chain).step("factor-out").theorem


def error_total(net: Network) -> Theorem:
    """a^{l-1}_k δ^l_j = (Σ_m ∂C/∂a^L_m R^l_{mj}) a^{l-1}_k: the error is the sum over all paths that start at z^l_j."""
    net = with_path_sums(net)
    limits = (layers(L), neurons(j, l), neurons(k, l - 1))
    chain = Chain(net, limits, mul(a[l - 1, k], delta[l, j])).step("definition", (1,))
    chain.step("chain-rule", (1,), through=(each(a[L, m], neurons(m, L)),))
    return _by_recursion(chain).step("ring", to=path_total(net).statement.rhs).theorem


def _by_recursion(chain: Chain) -> Chain:
    """Put in R^l_{mj}, and ∂C/∂a^L_m where the cost has a formula."""
    net = chain.theorem.network
    _put_in(chain, path_recursion(net))
    if not isinstance(definition_of(net, C).body, Opaque):
        _put_in(chain, cost_slope(net))
    return chain


def _put_in(chain: Chain, lemma: Theorem) -> None:
    lhs = lemma.statement.lhs
    path = chain.at(is_partial(lhs.of.quantity, lhs.wrt.quantity))
    chain.use(lemma, path, given_for(lemma, chain.part(path)))


@lru_cache(maxsize=64)
def with_path_sums(net: Network) -> Network:
    """The network, and R by its recursion; R^L_{mj} is ∂a^L_m/∂z^L_j itself where a^L_m depends on every z^L_j."""
    check_network(net)
    if net.is_abbreviation(R.name):
        return net
    ends = (neurons(m, L), neurons(j, L))
    last = _last_link(net).statement.rhs if is_elementwise(net) else Partial(a[L, m], z[L, j])
    inner = sum_over(mul(R[l + 1, m, k], w[l + 1, k, j]), neurons(k, l + 1))
    slope = weighted_input_link(net).statement.rhs.args[1]
    recursion = (
        Definition(R[L, m, j], ends, last),
        Definition(R[l, m, j], (layers(L - 1), ends[0], neurons(j, l)), mul(inner, slope)),
    )
    families = {**net.families, "R": (layers(L), ends[0], neurons(j, l))}
    return replace(net, families=families, abbreviations=net.abbreviations + recursion)


def _last_link(net: Network) -> Theorem:
    """∂a^L_m/∂z^L_j = σ'(z^L_m) [m = j]."""
    return derivative_of(net, (neurons(m, L), neurons(j, L)), a[L, m], z[L, j])


def _base(net: Network) -> Theorem:
    chain = Chain(net, (neurons(m, L), neurons(j, L)), Partial(a[L, m], z[L, j]))
    if is_elementwise(net):
        chain.use(_last_link(net), ())
    return chain.step("definition", to=R[L, m, j]).theorem


def _step(net: Network) -> Theorem:
    further = (neurons(m, L), neurons(j, l + 1))
    claim = Equation(Partial(a[L, m], z[l + 1, j]), R[l + 1, m, j])
    assumed = assume(net, further, claim, fixed=(layers(L - 1),))
    chain = Chain(net, (layers(L - 1), neurons(m, L), neurons(j, l)), Partial(a[L, m], z[l, j]))
    chain.step("chain-rule", through=(each(z[l + 1, k], neurons(k, l + 1)),))
    link = weighted_input_link(net)
    for wanted, lemma in ((is_partial(z, z), link), (is_partial(a, z), assumed)):
        path = chain.at(wanted)
        summed = chain.limits(path)[-1][0]
        chain.use(lemma, path, {(k if lemma is link else j): summed})
    chain.step("factor-out")
    return chain.step("definition", to=R[l, m, j]).theorem
