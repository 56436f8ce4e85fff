"""Arguments that only say what something depends on: f(x) = Σ_j v_j φ(u_j), y_j(n), φ_j(v_j)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeGuard

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.entries import functions_of_vectors
from backprop_proofs.reading.meaning.forms import Rewrite, as_call
from backprop_proofs.reading.meaning.names import FUNCTIONS, bare_key, letter_of, letters_in, names_of
from backprop_proofs.reading.syntax import Chain, Node

Change = Callable[[Node], Node]


def plainly(chains: Iterable[Chain], apply: Callable[[Node, Change], Node]) -> Rewrite | None:
    """What takes such arguments away; None where there are none. apply: a change to every node."""
    chains = tuple(chains)
    changes: list[Change] = []
    for find in (_common_argument, _own_functions, _defined_at_an_argument, functions_of_vectors):
        change = find(chains, apply)
        if change is not None:
            changes.append(change)
            chains = tuple(chain for chain in (apply(chain, change) for chain in chains) if isinstance(chain, Chain))

    def rewrite(node: Node) -> Node:
        for change in changes:
            node = apply(node, change)
        return node

    return rewrite if changes else None


def _calls(chains: Iterable[Chain]) -> list[tree.Call]:
    return tree.every(tree.Call, *chains)


def _common_argument(chains: tuple[Chain, ...], apply: Callable[[Node, Change], Node]) -> Change | None:
    """n of e_j(n) and y_j(n), which stands nowhere else."""
    found = {letter_of(call.arguments[0]): None for call in _calls(chains) if len(call.arguments) == 1}
    for letter in found:
        if letter is None:
            continue
        of_it = [call for call in _calls(chains) if call.arguments and letter_of(call.arguments[0]) == letter]
        names = {bare_key(call.function) for call in of_it}
        if len(names) < 2 or names & set(FUNCTIONS) or any(call.function.primes for call in of_it):
            continue

        def change(node: Node, letter: str = letter) -> Node:
            if isinstance(node, tree.Product):
                return _without_group(node, letter)
            call = as_call(node)
            return call.function if call is not None and letter_of(call.arguments[0]) == letter else _only_name(node)

        rest = tree.every(tree.Name, *(apply(chain, change) for chain in chains))
        if not any(letter in letters_in(name) for name in rest):
            return change
    return None


def _own_functions(chains: tuple[Chain, ...], apply: Callable[[Node, Change], Node]) -> Change | None:
    """φ_j, where it is always taken of something with its own index: φ of v_j."""
    pairs: dict[str, list[bool]] = {}
    for call in _calls(chains):
        if call.function.below and len(call.arguments) == 1:
            inner = call.arguments[0]
            alike = isinstance(inner, tree.Name) and inner.below == call.function.below
            pairs.setdefault(bare_key(call.function).rstrip("'"), []).append(alike)
    names = {name for name, found in pairs.items() if all(found)}
    alone = {bare_key(n) for chain in chains for n in names_of(chain) if n.below} - {"phi", "varphi", "sigma", "f", "g"}

    def change(node: Node) -> Node:
        call = as_call(node)
        if call is None or not call.function.below or bare_key(call.function).rstrip("'") not in names:
            return node
        return replace(call, function=replace(call.function, below=()))

    names -= alone
    return change if names else None


def _defined_at_an_argument(chains: tuple[Chain, ...], apply: Callable[[Node, Change], Node]) -> Change | None:
    """f(x), where an equation defines it by more than a formula of x, and it is taken of nothing else."""
    found: dict[str, tree.Name] = {}
    for chain in chains:
        call = as_call(chain.parts[0]) if len(chain.parts) > 1 else None
        if call is not None and _is_plain(call.arguments[0]) and _says_more(chain.parts[1]):
            found.setdefault(bare_key(call.function), call.arguments[0])
    other = {
        bare_key(call.function).rstrip("'")
        for call in _calls(chains)
        if call.function.primes or call.arguments != (found.get(bare_key(call.function)),)
    }
    names = set(found) - other - set(FUNCTIONS)

    def change(node: Node) -> Node:
        call = as_call(node)
        return call.function if call is not None and bare_key(call.function) in names else _only_name(node)

    return change if names else None


def _only_name(node: Node) -> Node:
    """The name where a call that might be a product has become one."""
    return node.call if isinstance(node, tree.CallOrProduct) and isinstance(node.call, tree.Name) else node


def _without_group(node: tree.Product, letter: str) -> Node:
    """The product without (n), as in e_j^2(n)."""

    def is_argument(factor: Node) -> bool:
        return isinstance(factor, tree.Group) and len(factor.items) == 1 and letter_of(factor.items[0]) == letter

    kept = [number for number, factor in enumerate(node.factors) if number == 0 or not is_argument(factor)]
    if len(kept) == len(node.factors):
        return node
    factors = tuple(node.factors[number] for number in kept)
    operators = tuple(node.operators[number - 1] for number in kept[1:])
    return factors[0] if len(factors) == 1 else replace(node, factors=factors, operators=operators)


def _is_plain(node: Node) -> TypeGuard[tree.Name]:
    return isinstance(node, tree.Name) and not (node.above or node.below)


def _says_more(right: Node) -> bool:
    """Whether it is no formula of one variable: something is summed, transposed, or has an index."""
    indexed = any(name.below for name in names_of(right))
    return indexed or bool(tree.every(tree.Sum, right) or tree.every(tree.Transpose, right))
