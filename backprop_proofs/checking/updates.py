"""Rows such as w := w - η ∂E/∂w, which say what w is afterwards: no equation of one w with itself."""

from __future__ import annotations

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.names import bare_key, names_of
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Node


def update_of(story: Story, left: Node, right: Node, sign: str) -> str | None:
    """The name that a link gives another value: with := by anything that holds it, with = by a sum; None if none.

    With = it is to be a quantity that no equation defines, since z = z + b of a z that is defined is only wrong.
    """
    if not isinstance(left, tree.Name):
        return None
    if sign == ":=":
        return left.base if left in names_of(right) else None
    terms = zip(right.terms, right.signs, strict=True) if isinstance(right, tree.Plus) else ()
    added = any(term == left and by > 0 for term, by in terms)
    network = story.network
    known = network.definitions + network.abbreviations if network is not None else ()
    defined = bare_key(left) in {each.ref.name for each in known}
    return left.base if sign == "=" and added and not defined else None
