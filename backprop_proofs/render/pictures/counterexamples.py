"""The picture of a counterexample: its network at its sizes, with its values on neurons and links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from sympy import Integer
from sympy.core.basic import Basic

from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.expressions import Ref, parts_of
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.render.pictures.instances import drawn_instance
from backprop_proofs.render.pictures.labels import Label, Run, runs
from backprop_proofs.render.pictures.perceptron import Plan, drawn, plan
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.roles import Roles, roles_of

_INSTANCE = re.compile(r"([^\[\]]+)(?:\[([-0-9, ]*)\])?")


def counterexample_picture(found: Counterexample, network: Network | None = None) -> Picture | None:
    """The network of a counterexample, small as it is, with its values; None where it cannot be drawn.

    network: the one that it is an instance of; where it is not given, it is taken to be a perceptron in Nielsen's
    letters, if the names of the sizes are those of one.
    """
    sizes = dict(found.sizes)
    if network is None:
        network = mlp() if "L" in sizes and all(re.fullmatch(r"L|m|n\[\d+\]", name) for name in sizes) else None
    if network is None:
        return None
    concrete = replace(network, sizes=dict(_sizes(network, sizes)))
    roles = roles_of(concrete)
    if roles is None:
        return drawn_instance(concrete, {name: short(value) for name, value in found.inputs}, _lines(found))
    planned = plan(roles)
    placed = {name: _place(planned, roles, name) for name, _ in found.inputs}
    numbers: dict[str, str] = {}
    for name, value in found.inputs:
        key, said = placed[name]
        if key:
            numbers[key] = ", ".join((*([numbers[key]] if key in numbers else ()), said + short(value)))
    rest = ", ".join(f"{_spelled(name)} = {short(value)}" for name, value in found.inputs if not placed[name][0])
    return drawn(planned, numbers, (*([Label(runs(rest))] if rest else ()), *_lines(found)))


def short(value: object) -> str:
    """A number as it is written in a picture: a long decimal to three digits."""
    text = str(value)
    return (f"{float(text):.3g}" if "." in text else text).replace("-", "−")


def _lines(found: Counterexample) -> tuple[Label, ...]:
    """Where the two sides differ, in words."""
    where = ", ".join(f"{name} = {value}" for name, value in found.indices)
    left, right = short(found.left), short(found.right)
    if left == right:  # they differ, and in more digits that is seen
        left, right = str(found.left), str(found.right)
    said = f"the left side is {left}, the right side {right}"
    return (Label((*runs(where), Run(f": {said}")) if where else (Run(said),)),)


def _sizes(network: Network, sizes: Mapping[str, int]) -> Iterator[tuple[Basic, int]]:
    """The sizes of a counterexample as those of a network."""
    letters = {str(letter): letter for letter, _, _ in network.parameters}
    quantities = {
        part.name: part.quantity
        for limits in network.families.values()
        for _, *ends in limits
        for end in ends
        if end is not None
        for part in parts_of(end, Ref)
    }
    for name, value in sizes.items():
        base, indices = _parts(name)
        if name in letters:
            yield letters[name], value
        elif base in quantities:
            yield Ref(quantities[base], *indices), value


def _place(planned: Plan, roles: Roles, name: str) -> tuple[str, str]:
    """The key of what an input is written on, and what stands before its value; nothing for what has no place."""
    base, indices = _parts(name)
    if base == roles.weight and len(indices) == 3:
        return planned.link_key(*indices), ""
    if base in roles.biases and len(indices) == 2:
        return planned.neuron_key(*indices), f"{base} = "
    if base == roles.activation.name and len(indices) == 2:
        return planned.neuron_key(*indices), ""
    if roles.inputs is not None and base == roles.inputs.name and len(indices) == 1:
        return planned.neuron_key(roles.first, indices[0]), ""
    return "", ""


def _spelled(name: str) -> str:
    """y[2] as y_2."""
    base, indices = _parts(name)
    return f"{base}_({','.join(map(str, indices))})" if indices else base


def _parts(name: str) -> tuple[str, tuple[Integer, ...]]:
    """w[2, 1, 3] as its letter and its indices."""
    match = _INSTANCE.fullmatch(name)
    if match is None:
        return name, ()
    return match[1], tuple(Integer(int(part)) for part in (match[2] or "").split(",") if part.strip())
