"""Syntax trees with their parts changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from operator import is_
from typing import Any

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import letter_of
from backprop_proofs.reading.syntax import Chain, Node

Rename = Callable[[tree.Name], Node]
_NO_QUANTITIES = ("letters", "function", "conditions", "condition", "lower", "upper")  # the fields that name none


def renamed(node: Node, change: Rename) -> Node:
    """The tree with each name of a quantity changed; the letters of indices and functions are left alone."""
    if isinstance(node, tree.Name):
        return change(node)
    if isinstance(node, tree.Script | tree.Relation):
        return node
    return _with_parts(node, lambda part: renamed(part, change), _NO_QUANTITIES)


def rewritten(node: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with `change` applied to every node, the inner ones first."""
    return change(_with_parts(node, lambda part: rewritten(part, change)))


def _with_parts(node: Node, change: Callable[[Node], Node], but: Collection[str] = ()) -> Node:
    """The node with its parts changed, those of some fields apart; the node itself where none is another."""
    changed: dict[str, object] = {}
    for name in tree.fields_of(type(node)):
        old = None if name in but else getattr(node, name)
        if old:
            new = change(old) if isinstance(old, Node) else _changed(old, change)
            if new is not old:
                changed[name] = new
    return replace(node, **changed) if changed else node


def _changed(old: tuple[Any, ...], change: Callable[[Node], Node]) -> tuple[Any, ...]:
    """Nodes, or rows of nodes, each of them changed."""
    new = [change(each) if isinstance(each, Node) else _changed(each, change) for each in old]
    return old if all(map(is_, old, new)) else tuple(new)


def renamed_index(node: Node, old: str, new: str) -> Node:
    """The tree with an index letter renamed in all superscripts."""

    def other(part: Node) -> Node:
        return replace(part, base=new) if isinstance(part, tree.Name) and letter_of(part) == old else part

    def change(name: tree.Name) -> tree.Name:
        above = tuple(
            replace(script, items=tuple(rewritten(item, other) for item in script.items)) for script in name.above
        )
        return replace(name, above=above)

    return renamed(node, change)


def numbered(chain: Chain, is_letter: Callable[[str], bool]) -> Node:
    """The chain with the letters of its indices replaced by numbers in the order in which they are met."""
    order: dict[str, str] = {}

    def change(node: Node) -> Node:
        letter = letter_of(node)
        if letter is None or not is_letter(letter):
            return node
        return tree.Name(f"#{order.setdefault(letter, str(len(order)))}")

    return rewritten(chain, change)
