"""Whether a line says more than the given part: z = Σ w a + b for z = Σ w a, the bias being new."""

from __future__ import annotations

from collections.abc import Collection

from sympy import Symbol

from backprop_proofs.language.binding import canonical, substitute
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.network import Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.names import bare_key, names_of
from backprop_proofs.reading.meaning.statement import link
from backprop_proofs.reading.meaning.world import World
from backprop_proofs.reading.syntax import Node


def says_more(left: Node, right: Node, new: Collection[str], network: Network, world: World, census: Census) -> bool:
    """Whether left = right is an equation of the network when its terms that hold the new names are left out.

    Raises Misfit and NotUnderstood.
    """
    pairs = zip(right.terms, right.signs, strict=True) if isinstance(right, tree.Plus) else ()
    old = [(term, sign) for term, sign in pairs if not {bare_key(name) for name in names_of(term)} & set(new)]
    if not old:
        return False
    terms, signs = zip(*old, strict=True)
    plain = terms[0] if signs == (1,) else tree.Plus(terms, signs, span=tree.span_of(right))
    before = world.saved()
    made, _ = link(world, census, left, plain)
    world.restore(before)
    lhs, rhs = made.equation
    for definition in network.definitions:
        if isinstance(lhs, Ref) and definition.ref.quantity == lhs.quantity:
            letters = dict(zip(definition.ref.indices, lhs.indices, strict=True))
            known = {letter: at for letter, at in letters.items() if isinstance(letter, Symbol)}
            if canonical(substitute(definition.body, known)) == canonical(rhs):
                return True
    return False
