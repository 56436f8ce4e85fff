"""Which function a call applies: σ of σ^l(z^l), which is one function in all layers, and f^h apart from f^o."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.forms import offset_of
from backprop_proofs.reading.meaning.names import FUNCTIONS, NotUnderstood, bare_key, letter_of, names_of
from backprop_proofs.reading.meaning.rewriting import rewritten
from backprop_proofs.reading.syntax import Chain, Node

_LAYERS = frozenset(("l", "ell"))


def function_of_call(call: tree.Call, census: Census) -> tuple[str, int]:
    """The key of the function that is applied, and how often it is differentiated.

    A layer above it has to be that of its argument. Raises NotUnderstood for any other, and for indices below.
    """
    name = call.function
    base = bare_key(tree.Name(name.base, name.marks, 0))
    key = FUNCTIONS.get(base.lower() if len(base) > 1 else base, base)
    written = [item for script in name.above for item in script.items]
    if name.below or any(not isinstance(item, tree.Name | tree.Plus) for item in written):
        raise NotUnderstood(name.span, "a function with indices is not understood")
    labels = [replace(item, primes=0) if isinstance(item, tree.Name) else item for item in written]
    primes = name.primes + sum(item.primes for item in written if isinstance(item, tree.Name))  # f^{l\prime}
    if all(map(census.is_index, labels)):
        _expect_layer_of(labels, call, census)
        return key, primes
    letters = [letter_of(label) for label in labels]
    if None in letters:
        raise NotUnderstood(name.span, "a function with indices is not understood")
    return f"{key}^{''.join(letter for letter in letters if letter)}", primes


def layers_above(chains: Iterable[Chain]) -> Callable[[Node], Node] | None:
    """What writes f^l(z_l) for f_l(z_l), l being a layer by its letter; None where no function is written so."""

    def change(node: Node) -> Node:
        if not isinstance(node, tree.Call) or not _has_layer_below(node.function):
            return node
        name = node.function
        return replace(node, function=replace(name, above=name.below, below=()))

    calls = tree.every(tree.Call, *chains)
    return partial(rewritten, change=change) if any(_has_layer_below(call.function) for call in calls) else None


def _has_layer_below(name: Node) -> bool:
    return isinstance(name, tree.Name) and not name.above and len(name.below) == 1 and _is_layer(name.below[0])


def _is_layer(script: tree.Script) -> bool:
    """Whether it is a layer by its letter: l or l + 1."""
    return _offset(list(script.items))[0] in _LAYERS


def _expect_layer_of(labels: list[Node], call: tree.Call, census: Census) -> None:
    """Raise NotUnderstood for f^{l+1}(z^l), where each layer may have a function of its own."""
    names = [name for argument in call.arguments for name in names_of(argument)]
    scripts = [script for name in names for script in name.above if all(map(census.is_index, script.items))]
    scripts += [script for name in names for script in name.below if _is_layer(script)]
    layers = [list(script.items) for script in scripts]
    if labels and layers and labels != _last(layers):
        words = f"whether {call.function.base} of one layer is that of another is not said"
        raise NotUnderstood(call.function.span, words)


def _last(layers: Iterable[list[Node]]) -> list[Node] | None:
    """The layer that all of them are, or the last of l - 1 and l; None where that is not clear."""
    offsets = {shift: items for items in layers for base, shift in [_offset(items)] if base is not None}
    bases = {base for base, _ in map(_offset, layers)}
    return offsets[max(offsets)] if len(bases) == 1 and offsets else None


def _offset(items: list[Node]) -> tuple[str | None, int]:
    """l and -1 of l - 1."""
    if len(items) != 1:
        return None, 0
    base, by = offset_of(items[0])
    return letter_of(base), by
