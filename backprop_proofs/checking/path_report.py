"""The sum over all paths of a weight, as it is asked for: how many there are, the first of them, what is proved."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sympy import Expr, Integer

from backprop_proofs.checking.evidence import Found, Silence, evidence_for
from backprop_proofs.checking.path_values import BY_RECURSION, path_checks
from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.path_graph import NeuronPath, find_paths
from backprop_proofs.derivation.path_recursion import error_total, path_recursion, path_total
from backprop_proofs.derivation.paths import (
    Weight,
    as_error,
    count_paths,
    different_links,
    is_elementwise,
    path_error,
    path_sum,
    written_out,
)
from backprop_proofs.errors import InvalidInput, Malformed
from backprop_proofs.evidence.exact import Check, check_exact
from backprop_proofs.evidence.fields import needs
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.evidence.sizes import is_large, sample_sizes
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.expressions import Partial, mul
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.networks.mlp import C, L, a, delta, j, k, l, n
from backprop_proofs.shown import Shown

SHOWN = 24  # paths that are shown, if not told otherwise
MOST_WRITTEN = 1_000  # paths whose sum is proved term by term; of more, the nested sum is
MOST_NESTED = 16  # sums that are nested; beyond, the recursion over the layers is the theorem
_MOST_ADDED = 20_000  # paths that are added one by one on an instance
_SMALL, _FEW, _SHALLOW = 12, 64, 5  # neurons, paths and layers of a network that raw SymPy writes out
Progress = Callable[[Iterable[NeuronPath], int], Iterable[NeuronPath]]
Proof = tuple[str, Theorem, tuple[Found, ...]]


@dataclass(frozen=True)
class PathReport(Shown):
    """The paths from one weight to the cost in a network of known widths.

    count: how many there are, in full. paths: the first of them. nested: ∂C/∂w as nested sums, or by the recursion
    where there are too many layers. total: the same term by term, if there are few enough, else `nested` again.
    error: a^{l-1}_k δ^l_j = that sum. verdict: "proved", or "refuted" where some evidence disagrees.
    """

    network: Network
    weight: Weight
    count: int
    paths: tuple[NeuronPath, ...]
    nested: Theorem
    total: Theorem
    error: Theorem
    evidence: tuple[Found, ...]

    @property
    def verdict(self) -> str:
        return verdict_on(self.evidence)

    @property
    def as_links(self) -> Equation | None:
        """∂C/∂w as the sum of products of derivatives, as Nielsen writes it; None where there are too many layers."""
        if self.network is not self.nested.network:
            return None
        steps = self.nested.derivation.steps
        last = max(place for place, step in enumerate(steps) if step.rule in ("chain-rule", "factor-in"))
        return Equation(self.nested.statement.lhs, steps[last].after)

    @property
    def is_written_out(self) -> bool:
        """Whether the sum of the paths was proved term by term."""
        return self.total is not self.nested

    @property
    def is_elementwise(self) -> bool:
        """Whether each output neuron depends on its own weighted input alone."""
        return is_elementwise(self.network)

    @property
    def links(self) -> tuple[Theorem, ...]:
        """What each kind of link on these paths contributes."""
        on_paths = {(link.of.name, link.wrt.name) for path in self.paths for link in path.links}
        return tuple(link for kind, link in different_links(self.network) if not on_paths or kind[:2] in on_paths)


def paths(network: Network, weight: tuple[int, int, int], most: int = SHOWN) -> PathReport:
    """All paths from the weight w^l_{jk}, given as (l, j, k), to the cost: see `path_report`."""
    return path_report(network, weight_at(",".join(map(str, weight))), most)


def path_report(
    network: Network, weight: Weight, most: int = SHOWN, progress: Progress = lambda paths, _: paths
) -> PathReport:
    """All paths from a weight to the cost: counted, the first `most` listed, their sum proved and compared.

    progress: what the paths pass through while they are listed, with their number. Raises InvalidInput for a network
    without widths, a weight that it has not got, a negative number of paths, or where networkx is not installed.
    """
    checked_limit(most)
    checked_weight(network, weight)
    count = count_paths(network, weight)
    few = count <= MOST_WRITTEN
    wanted = count if few else min(most, count)
    listed = tuple(progress(find_paths(network, weight, None if few else wanted), wanted))
    nested, error = _proved(network, weight)
    total = written_out(nested, [path.product for path in listed]) if few else nested
    evidence = tuple(_evidence(nested, weight, count, listed))
    return PathReport(network, weight, count, listed[:most], nested, total, error, evidence)


def open_report(network: Network, weight: Weight | None = None) -> tuple[Proof, ...]:
    """What is proved of all paths where widths are open, with the evidence for it.

    With a known depth it is the nested sum for the layer of `weight` (the first one, if none is given), else the
    recursion for every depth. Raises InvalidInput for a layer that the network has not got.
    """
    depth = network.sizes.get(L)
    if weight is not None:
        checked_weight(network, weight)
    layer = Integer(2) if weight is None else weight.layer
    if depth is None or depth - layer > MOST_NESTED:
        pair = (("path-recursion", path_recursion(network)), ("path-total", path_total(network)))
        return tuple((name, theorem, evidence_for(theorem)) for name, theorem in pair)
    about = Weight(layer)
    few = all(_terms(network, about, dict(sizes)) <= _MOST_ADDED for sizes in sample_sizes(network))
    proved = (("path-sum", path_sum(network, about)), ("path-error", path_error(network, about)))
    silent = (Silence("exact instances", "too many paths at the sizes tried; path-total is compared at every depth"),)
    return tuple((name, theorem, _open_evidence(theorem) if few else silent) for name, theorem in proved)


def _open_evidence(theorem: Theorem) -> tuple[Found, ...]:
    """Like `evidence_for`, raw SymPy being asked about a network of that depth, if it is a small one of two a layer."""
    raw, *others = evidence_for(theorem)
    depth = theorem.network.sizes[L]
    if isinstance(raw, Silence) and depth <= _SHALLOW:
        sizes = {L: depth} | {n[layer]: 2 for layer in range(1, depth + 1)}
        (raw,) = _tried(raw.name, lambda: [check_raw(theorem.network, theorem.statement, theorem.limits, sizes=sizes)])
    return (raw, *others)


def verdict_on(evidence: Iterable[Found]) -> str:
    """The verdict "refuted" where some evidence disagrees with what the kernel proved, else "proved"."""
    return "refuted" if any(check.agrees is False for check in evidence) else "proved"


# What may be asked


def weight_at(said: str) -> Weight:
    """The weight w^l_{jk} of "l,j,k". Raises InvalidInput for anything but three whole numbers."""
    parts = [part.strip() for part in said.split(",")]
    if len(parts) != 3 or not all(re.fullmatch(r"-?[0-9]{1,12}", part) for part in parts):
        raise InvalidInput(f"weight: expected three whole numbers l,j,k, such as 2,2,1; found {said[:40]!r}")
    return Weight(*(Integer(int(part)) for part in parts))


def checked_weight(network: Network, weight: Weight) -> None:
    """Raise InvalidInput for a weight that the network has not got, naming the range of the index that is wrong."""
    ends = network.facts().value
    layer = weight.layer
    checks = (("layer l", layer, 2, ends(L)), ("neuron j", weight.neuron, 1, ends(n[layer])))
    for name, value, low, high in (*checks, ("neuron k", weight.source, 1, ends(n[layer - 1]))):
        if not isinstance(value, Integer):
            continue
        if value < low or (high is not None and value > high):
            wanted = f"at least {low}" if high is None else f"of {low}..{high}"
            where = {"neuron j": f" in layer {layer}", "neuron k": f" in layer {layer - 1}"}.get(name, "")
            raise InvalidInput(f"weight: expected a {name} {wanted}{where}; found {value}")


def checked_limit(most: int) -> None:
    """Raise InvalidInput for a negative number of paths."""
    if most < 0:
        raise InvalidInput(f"limit: expected a number of paths of at least 0; found {most}")


# The theorem and what agrees with it


def _proved(network: Network, weight: Weight) -> tuple[Theorem, Theorem]:
    """∂C/∂w and a^{l-1}_k δ^l_j as the sum over all paths."""
    if network.sizes[L] - weight.layer <= MOST_NESTED:
        total = path_sum(network, weight)
        return total, as_error(total, weight)
    error = _at(
        error_total(network), weight, mul(a[weight.layer - 1, weight.source], delta[weight.layer, weight.neuron])
    )
    return _at(path_total(network), weight, Partial(C, weight.ref)), error


def _at(theorem: Theorem, weight: Weight, lhs: Expr) -> Theorem:
    chain = Chain(theorem.network, (), lhs)
    return chain.use(theorem, (), {l: weight.layer, j: weight.neuron, k: weight.source}).theorem


def _evidence(nested: Theorem, weight: Weight, count: int, paths: tuple[NeuronPath, ...]) -> Iterable[Found]:
    network = nested.network
    neurons = sum(value for size, value in network.sizes.items() if size != L)
    if neurons <= _SMALL and count <= _FEW:
        yield from _tried("raw SymPy", lambda: [check_raw(network, nested.statement, sizes=dict(network.sizes))])
    if count <= _MOST_ADDED and not is_large(network.sizes) and _is_tame(network):
        yield from _tried("exact instances", lambda: [check_exact(network, nested.statement)])
    everything = paths if len(paths) == count else None
    yield from _tried(BY_RECURSION, lambda: path_checks(network, weight, everything))


def _is_tame(network: Network) -> bool:
    """Whether values stay in the range of floats where there is an exp: a random σ has no bound."""
    return needs(network) != "real" or network.function("sigma") is not None


def _tried(name: str, check: Callable[[], Iterable[Check]]) -> Iterable[Found]:
    try:
        found = list(check())
    except (InvalidInput, Malformed) as error:
        return [Silence(name, f"could not be tried: {error}")]
    return [one if one.comparisons else Silence(one.name, one.method, sizes=one.sizes) for one in found]


def _terms(network: Network, weight: Weight, sizes: dict[Expr, int]) -> int:
    return count_paths(replace(network, sizes=sizes), weight)
