"""σ'(z) = σ(z) (1 - σ(z)) beside vectors z: a rule for any number, whatever z is elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import Rewrite
from backprop_proofs.reading.meaning.names import FUNCTIONS, bare_key, names_of
from backprop_proofs.reading.syntax import Chain, Node

OWN = "_"  # before the letter of a number that has nothing to do with the quantity of that letter
Apply = Callable[[Node, Callable[[Node], Node]], Node]


def with_own_variables(chains: Iterable[Chain], apply: Apply) -> Rewrite | None:
    """What gives such a rule a letter of its own; None where there is none. apply: a change to every node."""
    chains = tuple(chains)
    functions = _functions(chains)
    rules = [chain for chain in chains if _variable(chain, functions) is not None]
    if not rules or len(rules) == len(chains):
        return None

    def rewrite(node: Node) -> Node:
        letter = _variable(node, functions) if isinstance(node, Chain) else None
        if letter is None:
            return node
        return apply(node, lambda part: _changed(part, letter, tree.Name(OWN + letter), functions))

    return rewrite


def _changed(part: Node, letter: str, spare: tree.Name, functions: frozenset[str]) -> Node:
    """The variable under its own letter; σ, where it stands alone, as σ of it."""
    if isinstance(part, tree.Call) and isinstance(part.function, tree.Call):
        inside = tree.every(tree.Call, *part.arguments)
        if any(bare_key(call.function) in functions for call in inside):  # σ(1 - σ)
            return tree.Product((part.function, *part.arguments), ("",), span=part.span)
        return replace(part, function=part.function.function)
    if not isinstance(part, tree.Name) or part.above or part.below:
        return part
    if bare_key(part).rstrip("'") in functions:
        return tree.Call(part, (spare,), span=part.span)
    return replace(spare, span=part.span) if bare_key(part) == letter else part


def _functions(chains: tuple[Chain, ...]) -> frozenset[str]:
    """The functions of one variable that are called, none of which a table knows."""
    perhaps = {id(either.call) for either in tree.every(tree.CallOrProduct, *chains)}
    calls = [call for call in tree.every(tree.Call, *chains) if len(call.arguments) == 1 and id(call) not in perhaps]
    defined = {bare_key(chain.parts[0]) for chain in chains if isinstance(chain.parts[0], tree.Name)}
    return frozenset({bare_key(call.function).rstrip("'") for call in calls} - set(FUNCTIONS) - defined)


def _variable(node: Node, functions: frozenset[str]) -> str | None:
    """z, where a chain of equations speaks of one number z and of functions of it alone, and differentiates one."""
    if not isinstance(node, Chain) or len(node.parts) < 2:
        return None
    names = [name for name in names_of(node) if bare_key(name) not in FUNCTIONS]
    others = [name for name in names if bare_key(name).rstrip("'") not in functions]
    if _of_arrays(node) or len({bare_key(name) for name in others}) != 1 or len(others) == len(names):
        return None
    if any(name.above or name.below for name in names):
        return None
    primed = any(call.function.primes for call in tree.every(tree.Call, node))
    return bare_key(others[0]) if primed or tree.every(tree.Derivative, node) else None


def _of_arrays(node: Node) -> bool:
    """Whether something is transposed, multiplied entry by entry, or a diagonal."""
    entrywise = any("⊙" in product.operators for product in tree.every(tree.Product, node))
    diagonal = any(bare_key(call.function) == "diag" for call in tree.every(tree.Call, node))
    return entrywise or diagonal or bool(tree.every(tree.Transpose, node))
