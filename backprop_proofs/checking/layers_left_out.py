"""Rows of a text that writes no layers: a_k beside w_jk and z_j may belong to the layer before."""

from __future__ import annotations

from backprop_proofs.reading.meaning.names import bare_key, index_letters, names_of
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Derivative, Name, Node, every

BETWEEN_LAYERS = "no layers are written, and it may be between two of them, with a of the one before; write the layers"


def between_layers(story: Story, left: Node, right: Node) -> bool:
    """Whether Nielsen's one layer is taken for granted, and a row speaks of what may be two.

    Such rows have a weight, or z differentiated by a, and a, z or δ with two letters.
    """
    if story.network is None or any(row.given for row in story.document.rows):
        return False
    assumed = all(taken.key not in ("z", "a") for taken in story.taken)
    if not assumed or len(story.network.families.get("z", ())) != 1:
        return False
    names = [name for side in (left, right) for name in names_of(side)]
    weights = any(bare_key(name) == "w" for name in names)
    slopes = any(_is(node.of, "z") and _is(node.wrt[0], "a") for node in every(Derivative, left, right))
    units = {letter for name in names if bare_key(name) in ("a", "z", "delta") for letter in index_letters(name)}
    return (weights or slopes) and len(units) > 1 and "x" not in map(bare_key, names)


def _is(node: Node | None, key: str) -> bool:
    return isinstance(node, Name) and bare_key(node) == key
