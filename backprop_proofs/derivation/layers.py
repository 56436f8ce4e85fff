"""The links of one layer: ∂a/∂z of each activation, ∂C/∂a of each cost, and what is left of the sum over outputs."""

from __future__ import annotations

from sympy import Add, Expr, Symbol, preorder_traversal

from backprop_proofs.derivation.chain import Chain, find_all, retold
from backprop_proofs.derivation.parts import factors_of
from backprop_proofs.derivation.tactics import collapse, derivative_of, work_out
from backprop_proofs.derivation.tidy import factored, tidied
from backprop_proofs.errors import Refused
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import IndexSum, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.activations import activation_named
from backprop_proofs.networks.mlp import L, j, k, letters_of, neurons


def definition_of(net: Network, ref: Ref) -> Definition:
    """The equation of a scalar, or of a quantity that one equation defines."""
    return next(known for known in net.definitions if known.ref.quantity == ref.quantity)


def activation_link(net: Network, layer: Expr, limits: tuple[Limit, ...], letter: Symbol) -> Theorem:
    """∂a^l_k/∂z^l_j = σ'(z^l_k) [k = j], k written as `letter`."""
    at = letters_of(net)
    return derivative_of(net, (*limits, neurons(letter, layer)), at.a(layer, letter), at.z(layer, j))


def output_link(net: Network) -> Theorem:
    """∂a^L_k/∂z^L_j, from the equation of a^L: σ'(z^L_k) [k = j], or a full matrix such as a_k ([k = j] - a_j)."""
    at, record = letters_of(net), activation_named(net.settings["activation"])
    limits = (*at.examples, neurons(j, L))
    if record.layer is None:
        return activation_link(net, L, limits, k)
    limits = (*limits, neurons(k, L))
    chain = Chain(net, limits, Partial(at.a(L, k), at.z(L, j)))
    collapse(work_out(chain))
    return written_as(chain, record.layer.jacobian(at.output(record), k, j))


def written_as(chain: Chain, target: Expr) -> Theorem:
    """The chain brought to a given form, quantities unfolded on both sides until the two are equal by algebra.

    Raises Refused where they are not.
    """
    other = Chain(chain.theorem.network, chain.theorem.limits, target)
    while True:
        try:
            chain.step("ring", to=other.rhs)
            break
        except Refused:
            if not _unfold(chain, other):
                raise
    return chain.use(other.theorem, (), backwards=True).theorem if other.rhs != target else chain.theorem


def _unfold(*chains: Chain) -> bool:
    """Unfold the quantity of the simplest equation that can be, wherever it stands; False where there is none."""
    names = ("z", "C", "E")  # unfolded further, a layer would turn into those before it
    simplest = sorted(
        chains[0].theorem.network.definitions, key=lambda known: sum(1 for _ in preorder_traversal(known.body))
    )
    for known in (known for known in simplest if known.ref.name not in names):
        places = [chain for chain in chains if _stands(chain, known)]
        for chain in places:
            while (path := _stands(chain, known)) is not None:
                chain.step("definition", path)
        if places:
            return True
    return False


def _stands(chain: Chain, known: Definition) -> tuple[int, ...] | None:
    """Where the quantity stands, outside of derivatives, and the equation holds."""
    for path in find_all(chain.rhs, lambda part: isinstance(part, Ref) and part.quantity == known.ref.quantity):
        inside = any(isinstance(chain.part(path[:depth]), Partial) for depth in range(len(path)))
        pairs = zip(known.ref.indices, chain.part(path).indices, strict=True)
        letters = {letter for letter, _, _ in known.limits}
        if not inside and all(value in letters or value == other for value, other in pairs):
            return path
    return None


def cost_slope(net: Network) -> Theorem:
    """∂C/∂a^L_j, from the formula of the cost."""
    at = letters_of(net)
    limits = (*at.examples, neurons(j, L))
    chain = Chain(net, limits, Partial(at.cost, at.a(L, j)))
    chain.use(derivative_of(net, limits, at.cost, at.a(L, j)), ())
    return retold(chain, tidied(chain.rhs)).theorem


def settle_sum(chain: Chain) -> Chain:
    """Σ_k ∂C/∂a_k ∂a_k/∂z_j with the link put in: collapsed where [k = j] is a factor; else what of it collapses."""
    collapse(chain)
    if not parts_of(chain.rhs, IndexSum):
        return chain
    for path in list(find_all(chain.rhs, lambda part: isinstance(part, IndexSum))):
        if _has_constant(chain.part(path)):
            chain.step("factor-out", path)
    return retold(chain, factored(chain.rhs))


def _has_constant(total: IndexSum) -> bool:
    stand = [total.index in free_indices(factor) for factor in factors_of(total.body)]
    return any(stand) and not all(stand) and not isinstance(total.body, Add)
