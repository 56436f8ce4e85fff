"""δ_{nk}, the error of the unit k for the pattern n, which is written like a Kronecker delta and is none.

It is that of a weighted input z_{nk}, or stands alone in an equation with ∂E/∂z_{nk} or y_{nk} - t_{nk}; and nothing
has n where it has k elsewhere, as it has for indices that a Kronecker delta compares.
Source: Rumelhart, Hinton and Williams, "Learning internal representations by error propagation", (2)-(6).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import is_weighted_sum, without_sign
from backprop_proofs.reading.meaning.names import ERROR, is_kronecker, letter_of, letters_below, names_of
from backprop_proofs.reading.meaning.rewriting import Rename
from backprop_proofs.reading.syntax import Chain, Node

Pair = tuple[str, str]  # the letters of both indices


def pattern_errors(chains: tuple[Chain, ...]) -> Rename | None:
    """What tells such errors from Kronecker deltas by their letters; None where there are none."""
    names = [name for chain in chains for name in names_of(chain)]
    deltas = {pair for name in names if is_kronecker(name) and (pair := _pair(name)) is not None}
    meant = deltas & {*_of_inputs(chains), *_stated(chains)}
    first, second = (_alike({pair[place] for pair in meant}, names) for place in (0, 1))
    if not meant or first & second:
        return None

    def change(name: tree.Name) -> tree.Name:
        pair = _pair(name) if is_kronecker(name) else None
        error = pair is not None and pair[0] in first and pair[1] in second
        return replace(name, marks=(*name.marks, ERROR)) if error else name

    return change


def _pair(name: tree.Name) -> Pair | None:
    letters = letters_below(name)
    return (letters[0], letters[1]) if len(letters) == 2 and not name.above else None


def _alike(letters: set[str], names: Iterable[tree.Name]) -> set[str]:
    """The letters that stand in a place of a quantity in which one of these stands, too."""
    placed: dict[tuple[str, int, int], set[str]] = {}
    for name in names:
        items = [letter_of(item) for script in name.below for item in script.items] if not is_kronecker(name) else []
        for place, letter in enumerate(items):
            placed.setdefault((name.base, len(items), place), set()).update({letter} if letter else ())
    return letters.union(*(together for together in placed.values() if together & letters))


def _of_inputs(chains: Iterable[Chain]) -> Iterator[Pair]:
    """n and k of z_{nk} = Σ_i w_{ki} x_{ni}."""
    for chain in chains:
        left = chain.parts[0]
        pair = _pair(left) if isinstance(left, tree.Name) and len(chain.parts) > 1 else None
        if pair is not None and is_weighted_sum(chain.parts[1]):
            yield pair


def _stated(chains: Iterable[Chain]) -> Iterator[Pair]:
    """n and k of δ_{nk} = ∂E/∂z_{nk} and of -δ_{nk} = -(t_{nk} - o_{nk})."""
    for chain in chains:
        for one in chain.parts if len(chain.parts) > 1 else ():
            name = without_sign(one)[1]
            pair = _pair(name) if isinstance(name, tree.Name) and is_kronecker(name) else None
            if pair is not None and any(_speaks(other, pair) for other in chain.parts if other is not one):
                yield pair


def _speaks(side: Node, pair: Pair) -> bool:
    """Whether something is differentiated there by a quantity of both indices, or two such are subtracted."""
    for node in tree.walk(side):
        parts = node.wrt if isinstance(node, tree.Derivative) else node.terms if isinstance(node, tree.Plus) else ()
        both = [
            part for part in parts if isinstance(part, tree.Name) and _pair(part) == pair and not is_kronecker(part)
        ]
        if len(both) > (0 if isinstance(node, tree.Derivative) else 1):
            return True
    return False
