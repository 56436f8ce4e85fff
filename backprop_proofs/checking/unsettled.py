"""Names of which a text says something that is not understood: what depends on them is neither proved nor refuted.

h ∝ e^a, ln h = a and a row that cannot be read may say what h is; without them h would be taken for an input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from sympy import Expr

from backprop_proofs.checking.updates import update_of
from backprop_proofs.language.expressions import Fn, Opaque, Ref, parts_of
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.forms import EQUALS, as_call, has_derivative
from backprop_proofs.reading.meaning.names import FUNCTIONS, NotUnderstood, bare_key, is_kronecker, names_of
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Node

_RELATION = re.compile(r"=|\\(?:propto|approx|sim|leftarrow|gets|equiv)(?![A-Za-z])|[∝≈←~]")
_NAME = re.compile(r"[\s&${(\[]*\\?([A-Za-z]+)\s*(?:[_^]\s*(?:\{[^{}]*\}|\\?[A-Za-z]+|\d|\([^()]*\)))*[\s&$]*")
_LONGEST_NAME = 200  # characters of a name with its indices
_WORDS = frozenset(("and", "where", "with", "so", "for", "if", "let"))
_NOT_VALUES = frozenset("∈∉≠<>≤≥") | {".."}


def said_in_given(story: Story) -> dict[str, int]:
    """The names of which the given part says what the network does not have, each with the line."""
    open_ = _undefined(story)
    found: dict[str, int] = {}
    for row in story.document.given:
        for name in (*(said_of(story, row) & open_), *_functions_of(story, row), *_changed_by(story, row)):
            found.setdefault(name, row.line)
    return found


def _functions_of(story: Story, row: Row) -> Iterator[str]:
    """The functions of one variable of which a row says what they are, and the network has no formula."""
    network = story.network
    for _, left, right, sign, _ in story.links(row) if network is not None and row.problem is None else ():
        call = as_call(left)
        if network is None or call is None or call.function.primes or sign not in EQUALS or has_derivative(right):
            continue
        name, of = bare_key(call.function), {bare_key(name) for name in names_of(call.arguments[0])}
        again = as_call(right)
        other = isinstance(right, tree.Name) and bare_key(right) not in of  # f(z) = a
        other |= again is not None and bare_key(again.function) == name  # f(z) = f(w x)
        if len(of) == 1 and network.function(name) is None and name not in FUNCTIONS and not other:
            yield name


def _changed_by(story: Story, row: Row) -> Iterator[str]:
    """The quantities that an equation defines and a row gives another value."""
    for _, left, right, sign, _ in story.links(row) if row.problem is None else ():
        if update_of(story, left, right, sign) is not None:
            yield from _quantities(story, left) - _undefined(story)


def open_biases(story: Story) -> set[str]:
    """b of Z = X W + b, which may be the same for each row or each column; of z = X w + b, which may be a number."""
    if story.world is None:
        return set()
    found: set[str] = set()
    for key, family in story.world.families.items():
        may_be_number = story.census.may_be_number(key)
        ranks = sum(isinstance(place, int) for place in family.places)
        if may_be_number is not None and ranks > (0 if may_be_number else 1):
            found.add(key)
    return found


def said_of(story: Story, row: Row) -> set[str]:
    """The names of which a row may say what they are: each the only quantity on a side, with others beside it."""
    if row.problem is not None:
        sides = [side for side in _RELATION.split(row.source) if len(side) <= _LONGEST_NAME]
        found = {match[1] for side in sides if (match := _NAME.fullmatch(side))}
        return found if _RELATION.search(row.source) else set()
    said: set[str] = set()
    for links in (story.links(row), _beside(row)):
        defined = False  # x of x = A = B
        for _, left, right, sign, carried in links:
            if update_of(story, left, right, sign) is not None:
                continue
            defined = (defined and not carried) or (sign in EQUALS and _defines(story, row, left))
            sides = [_quantities(story, side) for side in (left, right)]
            every = set().union(*sides)
            if row.given and every & _WORDS:
                said |= every  # a sentence that was taken for a formula
            elif not (defined or sign in _NOT_VALUES or len(every) < 2 or any(map(has_derivative, (left, right)))):
                alone = {name for side in sides if len(side) == 1 for name in side}
                said |= every if row.given and not (alone and all(sides)) else alone  # h - e^a = 0 speaks of h
    return said


def reached(equation: Equation, network: Network) -> frozenset[str]:
    """All that the sides of an equation are made of, by definitions and names for expressions; functions, too."""
    made_of = _made_of(network)
    found = {part.name for side in equation for part in _named(side)}
    pending = list(found)
    while pending:
        more = made_of.get(pending.pop(), set()) - found
        found |= more
        pending += more
    return frozenset(found)


@lru_cache(maxsize=64)
def _made_of(network: Network) -> dict[str, set[str]]:
    """The names in what defines each name."""
    made_of: dict[str, set[str]] = {}
    for known in network.definitions + network.abbreviations:
        made_of.setdefault(known.ref.name, set()).update(part.name for part in _named(known.body))
    return made_of


def _named(expr: Expr) -> Iterator[Ref | Fn]:
    yield from parts_of(expr, Ref)
    yield from parts_of(expr, Fn)


def undefined(story: Story, names: Iterable[str]) -> set[str]:
    """Those that no equation defines, or of which it says only what they depend on."""
    return set(names) & _undefined(story)


def _undefined(story: Story) -> set[str]:
    if story.network is None or story.world is None:
        return set()
    known = story.network.definitions + story.network.abbreviations
    defined = {each.ref.name for each in known if not isinstance(each.body, Opaque)}
    return {*story.network.families, *story.world.families} - defined


def _defines(story: Story, row: Row, left: Node) -> bool:
    """Whether an equation with that left side is one of the network's, or the formula of a function."""
    call = as_call(left)
    if call is not None:
        argument = call.arguments[0]
        return isinstance(argument, tree.Name) and not (argument.above or argument.below)
    if not isinstance(left, tree.Name) or story.network is None:
        return False
    known = story.network.definitions + story.network.abbreviations
    return bool(_quantities(story, left) & {d.ref.name for d in known if row.given or not isinstance(d.body, Opaque)})


def _quantities(story: Story, side: Node) -> set[str]:
    functions = {*FUNCTIONS, *story.census.functions}
    found: set[str] = set()
    for name in names_of(side):
        if is_kronecker(name) or bare_key(name).rstrip("'") in functions or story.census.is_letter(bare_key(name)):
            continue
        try:
            found.add(story.census.use(name).key)
        except NotUnderstood:
            found.add(bare_key(name))
    return found


def _beside(row: Row) -> Iterator[tuple[int, Node, Node, str, bool]]:
    """The equations beside a row, as in "where h = e^a"."""
    for remark in row.remarks:
        parts = remark.chain.parts if remark.chain is not None else ()
        for number, relation in enumerate(remark.chain.relations if remark.chain is not None else ()):
            if relation.sign in EQUALS and isinstance(parts[number], tree.Name):
                yield number, parts[number], parts[number + 1], relation.sign, False
