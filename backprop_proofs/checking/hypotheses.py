"""The equations of the given part that define nothing, such as Σ y = 1 and W^T = W: a line may rest on them."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_proofs.language.binding import canonical
from backprop_proofs.language.expressions import IndexSum, Ref
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import EQUALS, as_call
from backprop_proofs.reading.meaning.names import bare_key
from backprop_proofs.reading.meaning.statement import link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Node

Fact = tuple[Equation, tuple[Limit, ...]]


def hypotheses(story: Story) -> Iterator[tuple[Node, Node]]:
    """Both sides of each."""
    for row in story.document.given:
        defined, end = False, None  # x of x = A = B
        for _, left, right, sign, _ in story.links(row) if row.problem is None else ():
            symmetric = isinstance(right, tree.Transpose) and right.of == left  # W = W^T
            named = isinstance(left, tree.Name) and not symmetric
            defined = named or as_call(left) is not None or (defined and left == end)
            end = right
            if sign in EQUALS and not defined:
                yield left, right


def as_facts(story: Story) -> tuple[Fact, ...]:
    """The same as equations, in canonical form. Raises Misfit and NotUnderstood."""
    assert story.world is not None
    made = [link(story.world, story.census, left, right)[0] for left, right in hypotheses(story)]
    return tuple((Equation(*map(canonical, one.equation)), one.limits) for one in made)


def added_up(story: Story, network: Network) -> set[str]:
    """The quantities of which the text says what they add up to, and it is not 1: n of N = Σ n and of Σ n = 2."""
    totals = {
        d.body.body.name for d in network.definitions if isinstance(d.body, IndexSum) and isinstance(d.body.body, Ref)
    }
    for left, right in hypotheses(story):
        sums = [side.body for side in (left, right) if isinstance(side, tree.Sum)]
        is_one = any(isinstance(side, tree.Number) and side.value == 1 for side in (left, right))
        totals |= {bare_key(body) for body in sums if isinstance(body, tree.Name) and not is_one}
    return totals
