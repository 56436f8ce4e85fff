"""The first and the last layer, where a text has names of their own for them: x for a^1, n_l for the last number L."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import bare_key, names_of
from backprop_proofs.reading.meaning.rewriting import renamed, rewritten
from backprop_proofs.reading.syntax import Chain, Node

_LAST = "L"
Change = Callable[[Node], Node]


def with_last_layer(chains: tuple[Chain, ...]) -> Change | None:
    """What writes L for the one name with an index that stands as a layer, and nowhere else; None without such."""
    names = [name for chain in chains for name in names_of(chain)]
    layers = [node for name in names for script in name.above for item in script.items for node in tree.walk(item)]
    found = {node for node in layers if isinstance(node, tree.Name) and node.below and not (node.above or node.primes)}
    if len(found) != 1:
        return None
    (count,), all_names = found, tree.every(tree.Name, *chains)
    if any(name.base == _LAST for name in all_names):
        return None
    if sum(name == count for name in all_names) != sum(node == count for node in layers):
        return None  # it counts something else besides

    def at_last(node: Node) -> Node:
        return tree.Name(_LAST, span=node.span) if isinstance(node, tree.Name) and node == count else node

    def change(node: Node) -> Node:
        if not (isinstance(node, tree.Name) and node.above):
            return node
        above = tuple(
            replace(script, items=tuple(rewritten(item, at_last) for item in script.items)) for script in node.above
        )
        return replace(node, above=above)

    return lambda node: rewritten(node, change)


def with_first_layer(chains: tuple[Chain, ...]) -> Change | None:
    """What writes a^{(1)} for x where a^{(1)} = x is said, and another equation says what a is; None without such.

    So have UFLDL a^{(1)} = x, and Ng a^{[0]} = x.
    """
    for inputs, first in _inputs(chains):
        lefts = [chain.parts[0] for chain in chains if len(chain.parts) > 1]
        names = [left for left in lefts if isinstance(left, tree.Name)]
        recursive = any(bare_key(name) == bare_key(first) and _is_general(name) for name in names)
        if not recursive or any(bare_key(name) == bare_key(inputs) for name in names):
            continue

        def change(name: tree.Name, key: str = bare_key(inputs), first: tree.Name = first) -> Node:
            if bare_key(name) != key or name.above:
                return name
            return replace(name, base=first.base, marks=first.marks, run=first.run, above=first.above)

        return lambda node: renamed(node, change)
    return None


def _inputs(chains: tuple[Chain, ...]) -> Iterator[tuple[tree.Name, tree.Name]]:
    """x and a^{(1)} of each a^{(1)}_j = x_j."""
    for chain in chains:
        left, right = (*chain.parts, None, None)[:2]
        if isinstance(left, tree.Name) and isinstance(right, tree.Name) and len(chain.parts) == 2:
            numbered = len(left.above) == 1 and all(isinstance(item, tree.Number) for item in left.above[0].items)
            if numbered and not (right.above or right.primes or left.primes) and left.below == right.below:
                yield right, left


def _is_general(name: tree.Name) -> bool:
    """Whether it stands at any layer, and not at one that is a number."""
    items = [item for script in name.above for item in script.items]
    return bool(items) and not all(isinstance(item, tree.Number) for item in items)
