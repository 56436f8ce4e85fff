"""f(x) = Σ_j v_j φ(u_j): the argument only says what f depends on; f is a quantity."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeGuard

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import as_call
from backprop_proofs.reading.meaning.names import FUNCTIONS, bare_key, names_of
from backprop_proofs.reading.syntax import Chain, Node


def with_arguments(chains: Iterable[Chain]) -> frozenset[str]:
    """The names that an equation defines at an argument, by more than a formula of it, and that have no other one."""
    chains = tuple(chains)
    found: dict[str, tree.Name] = {}
    for chain in chains:
        call = as_call(chain.parts[0]) if len(chain.parts) > 1 else None
        if call is not None and _is_plain(call.arguments[0]) and _says_more(chain.parts[1]):
            found.setdefault(bare_key(call.function), call.arguments[0])
    calls = [node for chain in chains for node in tree.walk(chain) if isinstance(node, tree.Call)]
    other = {
        bare_key(call.function).rstrip("'")
        for call in calls
        if call.function.primes or call.arguments != (found.get(bare_key(call.function)),)
    }
    return frozenset(found) - other - set(FUNCTIONS)


def without_argument(node: Node, names: frozenset[str]) -> Node:
    """f for f(x)."""
    call = as_call(node)
    return call.function if call is not None and bare_key(call.function) in names else node


def _is_plain(node: Node) -> TypeGuard[tree.Name]:
    return isinstance(node, tree.Name) and not (node.above or node.below)


def _says_more(right: Node) -> bool:
    """Whether it is no formula of one variable: something is summed, transposed, or has an index."""
    indexed = any(name.below for name in names_of(right))
    return indexed or any(isinstance(node, tree.Sum | tree.Transpose) for node in tree.walk(right))
