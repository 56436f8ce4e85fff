"""The sum over all paths from a weight to the cost, one factor a link: Nielsen's chapter 2, "The big picture".

    ∂C/∂w^l_{jk} = Σ_m Σ_p ... Σ_q ∂C/∂a^L_m ∂a^L_m/∂a^{L-1}_p ... ∂a^{l+1}_q/∂a^l_j ∂a^l_j/∂w^l_{jk}

The sum is found by the chain rule, taken once through every layer between the weight and the cost. Where the output
layer is not elementwise, each z^L_q leads to every a^L_m, and z^L is a stage of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from math import prod

from sympy import Expr, Integer, Symbol

from backprop_proofs.derivation.backprop import bp4
from backprop_proofs.derivation.chain import Chain, spare_letter
from backprop_proofs.derivation.layers import cost_slope, definition_of, output_link
from backprop_proofs.derivation.tactics import derivative_of
from backprop_proofs.errors import InvalidInput, Refused
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import Path, alpha_equal, each, substitute
from backprop_proofs.language.expressions import Fn, IndexSum, Opaque, Partial, Ref, add, mul, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, layers, m, n, neurons, w, z

ONE = Integer(1)
BETWEEN, FEW = 2, 100  # how many layers after the weight's own, and at most how many paths, where nobody says
Kind = tuple[str, str, bool]  # of and by what a link is the derivative, and whether the former is of the output layer
Stage = tuple[Ref, tuple[Limit, ...]]  # a neuron's quantity, and what its neuron runs over; nothing for one neuron


@dataclass(frozen=True)
class Weight:
    """The weight w^layer_{neuron source}; neuron and source are numbers, or letters that run over their layers."""

    layer: Expr
    neuron: Expr = j
    source: Expr = k

    @property
    def ref(self) -> Ref:
        """The weight as a quantity."""
        return w[self.layer, self.neuron, self.source]

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The ranges of its letters."""
        pairs = ((self.neuron, n[self.layer]), (self.source, n[self.layer - 1]))
        return tuple((letter, ONE, width) for letter, width in pairs if isinstance(letter, Symbol))


# What there is on the way


def check_network(net: Network) -> None:
    """Raise InvalidInput for a network that is not the perceptron with the cost of one example."""
    if not {"w", "z", "a", "delta"} <= net.families.keys() or len(net.families["a"]) != 2:
        found = "one over a batch" if "batch" in net.settings else f"the network {net.name}"
        raise InvalidInput(f"paths: expected the perceptron with one example and no weight decay; found {found}")


@lru_cache(maxsize=64)
def is_elementwise(net: Network) -> bool:
    """Whether a^L_j depends on z^L_j alone."""
    check_network(net)
    body = Chain(net, (neurons(j, L),), a[L, j]).step("definition").rhs
    return isinstance(body, Fn) and body.argument == z[L, j]


def stages(net: Network, weight: Weight) -> tuple[Stage, ...]:
    """What the paths from a weight visit, from the weight's own neuron to the output.

    Raises InvalidInput where the number of layers between is not known.
    """
    last = Integer(net.sizes[L]) if L in net.sizes and isinstance(weight.layer, Integer) else L
    between = last - weight.layer
    if not isinstance(between, Integer) or between < 0:
        raise InvalidInput(f"paths: expected a known number of layers after layer {weight.layer}; found {between}")
    taken = [j, k, l, L, index("n")]
    found: list[Stage] = []
    for quantity, layer in _kept(net, last, int(between)):
        letter = spare_letter(taken)
        taken.append(letter)
        found.append((quantity[layer, letter], (neurons(letter, layer),)))
    own = found.pop()[0].quantity
    return ((own[weight.layer, weight.neuron], ()), *reversed(found))


def _kept(net: Network, last: Expr, between: int) -> Iterable[tuple[Ref, Expr]]:
    yield a, last
    if not is_elementwise(net):
        yield z, last
    for down in range(1, between + 1):
        yield a, last - down


def count_paths(net: Network, weight: Weight) -> int:
    """How many paths lead from a weight to the cost: the product of the widths of what they visit, in full.

    Raises InvalidInput where a width is not known.
    """
    widths = [net.facts().value(high) for _, limits in stages(net, weight) for _, _, high in limits]
    known = [width for width in widths if width is not None]
    if len(known) < len(widths):
        raise InvalidInput("paths: expected a network of known widths, to count paths in; give --widths")
    return prod(known)


# The links


@lru_cache(maxsize=64)
def links(net: Network) -> Mapping[Kind, Theorem]:
    """What each kind of link contributes: ∂a^{l+1}_m/∂a^l_j = σ'(z^{l+1}_m) w^{l+1}_{mj}, and so on.

    A link without an entry, such as ∂C/∂a^L_m of an unspecified cost, is left as it is.
    """
    own, on = (neurons(j, l), neurons(k, l - 1)), (neurons(j, l), neurons(m, l + 1))
    found = {("a", "w", False): derivative_of(net, (layers(L - 1), *own), a[l, j], w[l, j, k])}
    found["a", "a", False] = derivative_of(net, (layers(L - 2), *on), a[l + 1, m], a[l, j])
    if is_elementwise(net):
        found["a", "w", True] = derivative_of(net, (neurons(j, L), neurons(k, L - 1)), a[L, j], w[L, j, k])
        found["a", "a", True] = derivative_of(net, (neurons(m, L), neurons(j, L - 1)), a[L, m], a[L - 1, j])
    else:
        with suppress(Refused):  # then ∂a^L_m/∂z^L_j is left as it is
            found["a", "z", True] = output_link(net)
        found["z", "a", True] = derivative_of(net, (neurons(m, L), neurons(j, L - 1)), z[L, m], a[L - 1, j])
        found["z", "w", True] = derivative_of(net, (neurons(j, L), neurons(k, L - 1)), z[L, j], w[L, j, k])
    if not isinstance(definition_of(net, C).body, Opaque):
        found["C", "a", False] = cost_slope(net)
    return found


def different_links(net: Network) -> Iterator[tuple[Kind, Theorem]]:
    """The links without those of the output layer that are like all others."""
    known = links(net)
    for (of, wrt, at_end), link in known.items():
        inner = known.get((of, wrt, False)) if at_end else None
        at = {l: L if wrt == "w" else L - 1}
        if inner is None or not alpha_equal(substitute(inner.statement.rhs, at), link.statement.rhs):
            yield (of, wrt, at_end), link


def kind_of(net: Network, link: Partial) -> Kind:
    """Which of the links a derivative is."""
    at_end = bool(link.of.indices) and net.facts().equal(link.of.indices[0], L)
    return link.of.name, link.wrt.name, at_end


def given_for(link: Theorem, found: Partial) -> dict[Symbol, Expr]:
    """The values of a link's letters at which its left side is the derivative that was found."""
    pattern = link.statement.lhs
    pairs = zip(pattern.of.indices + pattern.wrt.indices, found.of.indices + found.wrt.indices, strict=True)
    return {letter: value for letter, value in pairs if isinstance(letter, Symbol) and letter != value}


# The theorems


def path_sum(net: Network, weight: Weight | None = None) -> Theorem:
    """∂C/∂w^l_{jk} as the sum over all paths: its links as derivatives first, then each of them worked out.

    weight: by default one with two layers after its own, or fewer where the network has not got them; the network is
    then taken to have at least four. Raises InvalidInput where the number of layers between is not known.
    """
    net, weight = _settled(net, weight)
    chain = Chain(net, weight.limits, Partial(C, weight.ref))
    body: Path = ()
    for number, (ref, limits) in enumerate(stages(net, weight)):
        chain.step("chain-rule", (*body, 0) if number else (), through=(each(ref, *limits),))
        if number:
            chain.step("factor-in", body)
            body = (*body, 0)
    return _worked_out(chain).theorem


def _settled(net: Network, weight: Weight | None) -> tuple[Network, Weight]:
    check_network(net)
    weight = weight or _usual(net)
    between = L - weight.layer
    return (_at_least(net, 2 + int(between)), weight) if isinstance(between, Integer) else (net, weight)


def _usual(net: Network) -> Weight:
    """A weight with two layers after its own, fewer where the network has not got them or there are too many paths."""
    depth = net.sizes.get(L)
    if depth is None:
        return Weight(L - BETWEEN)
    tries = [Weight(Integer(layer)) for layer in range(max(2, depth - BETWEEN), depth + 1)]
    small = (weight for weight in tries if n[depth] not in net.sizes or count_paths(net, weight) <= FEW)
    return next(small, tries[-1])


@lru_cache(maxsize=64)
def _at_least(net: Network, depth: int) -> Network:
    """The network, where it has as many layers, or may have."""
    if net.facts().nonnegative(L - depth):
        return net
    parameters = tuple((s, Integer(depth) if s == L else low, high) for s, low, high in net.parameters)
    return replace(net, name=f"{net.name} of at least {depth} layers", parameters=parameters)


def _worked_out(chain: Chain) -> Chain:
    """Put in what each link contributes."""
    net = chain.theorem.network
    known = links(net)
    while (path := chain.find(lambda part: isinstance(part, Partial) and kind_of(net, part) in known)) is not None:
        link = known[kind_of(net, chain.part(path))]
        chain.use(link, path, given_for(link, chain.part(path)))
    return chain


def path_error(net: Network, weight: Weight | None = None) -> Theorem:
    """a^{l-1}_k δ^l_j is the same sum: BP4 says that both are ∂C/∂w^l_{jk}."""
    total = path_sum(net, weight)
    return as_error(total, _settled(net, weight)[1])


def as_error(total: Theorem, weight: Weight) -> Theorem:
    """a^{l-1}_k δ^l_j = the right side of a theorem about ∂C/∂w^l_{jk}."""
    net, (layer, neuron, source) = total.network, weight.ref.indices
    chain = Chain(net, weight.limits, mul(a[layer - 1, source], delta[layer, neuron]))
    chain.use(bp4_of(net), (), {l: layer, j: neuron, k: source}, backwards=True)
    return chain.use(total, ()).theorem


@lru_cache(maxsize=64)
def bp4_of(net: Network) -> Theorem:
    """BP4, proved once a network."""
    return bp4(net)


def written_out(total: Theorem, products: Iterable[Expr] | None = None) -> Theorem:
    """A sum over paths at given numbers, term by term; and then in the order of `products`, the terms of a list.

    Raises Refused where the list has not got every path once.
    """
    chain = Chain(total.network, (), total.statement.lhs)
    chain.theorem = total
    while (path := chain.find(lambda e: isinstance(e, IndexSum) and not parts_of(e.body, IndexSum))) is not None:
        chain.step("write-out", path)
    if products is not None:
        chain.step("ring", to=add(*products))
    return chain.theorem
