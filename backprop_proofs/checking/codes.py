"""The stable codes of findings, each with what it says in general. Nothing is imported: reports are written by it."""

from __future__ import annotations

CODES = {
    "free-index": "an index is free on one side and not on the other",
    "bound-free": "an index is bound by a sum and free at once",
    "index-range": "an index is outside of what it runs over",
    "index-count": "a quantity has too many indices",
    "unused-bound-index": "a sum's index does not occur in what is summed",
    "shape": "shapes that do not fit; mostly a missing transpose",
    "layout": "shapes that fit only where gradients, or vectors, are rows",
    "unequal": "the two sides differ on a network",
    "does-not-follow": "right by itself, and not what the wrong line above leads to",
    "not-decided": "neither proved nor refuted",
    "not-understood": "the meaning of something written is not known",
    "unknown-name": "a name that nothing defines",
    "no-network": "the given part declares no network that is understood",
    "relation": "a relation other than = is not judged",
    "no-equation": "there is no equation in the row",
    "unreadable": "the row cannot be read",
}
