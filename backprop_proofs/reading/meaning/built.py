"""A network that has been put together: whether it is circular, and one object for networks that are alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

from sympy import Integer

from backprop_proofs.language.binding import canonical, free_indices
from backprop_proofs.language.expressions import Ref, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Definition, FunctionDefinition, Network

CIRCULAR = "a quantity is defined by itself"


def is_circular(network: Network) -> bool:
    """Whether a quantity is used at its own layer or time on the way to itself."""
    uses: dict[str, set[str]] = {}
    for known in network.definitions:
        for ref in parts_of(known.body, Ref):
            if _steps(known.ref, ref) == 0:
                uses.setdefault(known.ref.name, set()).add(ref.name)
    seen: set[str] = set()

    def reaches(name: str, wanted: str, been: frozenset[str]) -> bool:
        return any(
            other == wanted or (other not in been and reaches(other, wanted, been | {other}))
            for other in uses.get(name, ())
        )

    return any(reaches(name, name, frozenset(seen)) for name in uses)


def _steps(one: Ref, other: Ref) -> int:
    """0 unless the two stand at layers or times that differ by a number."""
    for left in one.indices:
        for right in other.indices:
            gap = left - right if left != right and not free_indices(left).isdisjoint(free_indices(right)) else 0
            if isinstance(gap, Integer) and gap != 0:
                return int(gap)
    return 0


_NETWORKS: OrderedDict[object, Network] = OrderedDict()
_MOST_NETWORKS = 128


def network_of(
    families: Mapping[str, tuple[Limit, ...]],
    definitions: tuple[Definition, ...],
    abbreviations: tuple[Definition, ...],
    functions: tuple[FunctionDefinition, ...],
    parameters: tuple[Limit, ...],
) -> Network:
    """The network of these: one object for those that are written alike, so that what is known of one is of the other.

    Raises InvalidNetwork.
    """
    key = (
        tuple(families.items()),
        *(tuple((d.ref, d.limits, canonical(d.body)) for d in some) for some in (definitions, abbreviations)),
        tuple((f.name, f.variable, canonical(f.body)) for f in functions),
        parameters,
    )
    if key not in _NETWORKS:
        _NETWORKS[key] = Network("declared", families, definitions, abbreviations, functions, parameters)
        if len(_NETWORKS) > _MOST_NETWORKS:
            _NETWORKS.popitem(last=False)
    return _NETWORKS[key]


def with_exceptions(network: Network) -> Network:
    """An equation for the last layer alone takes the place of the general one there."""
    special = {}
    for known in network.definitions:
        fixed = [i for i in known.ref.indices if i not in {s for s, _, _ in known.limits}]
        if fixed:
            special[known.ref.name] = fixed[0]
    if not special:
        return network
    changed = []
    for known in network.definitions:
        last = special.get(known.ref.name)
        limits = known.limits
        if last is not None and any(high == last for _, _, high in limits):
            limits = tuple((s, low, high - 1 if high == last else high) for s, low, high in limits)
        changed.append(replace(known, limits=limits))
    others = (network.abbreviations, network.functions, network.parameters)
    return network_of(network.families, tuple(changed), *others)


def twins_of(network: Network, given: set[str], lines: set[str]) -> set[str]:
    """The inputs of `given` that `lines` define as one of `given` is defined: t of t_k = p_k beside y_k = p_k.

    Such a line has the wrong name on its left.
    """
    own = [known for known in network.definitions if known.ref.name in given - lines]
    inputs = {ref.name for known in own for ref in parts_of(known.body, Ref)}
    bodies = {canonical(known.body) for known in own}
    found = {known.ref.name for known in network.definitions if canonical(known.body) in bodies}
    return found & inputs & (lines - given)
