"""δ, which nothing defines in a network of the writer's own: the derivative of the cost by the weighted input.

Which weighted input, its index or its label tells: δ_k that of a_k, δ^{(2)} that of z^{(2)}. Sources: Nielsen, chapter
2, "The four fundamental equations"; Bishop, PRML, (5.51).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.declare import Declared
from backprop_proofs.reading.meaning.forms import has_one_index, only_derivative, without_sign
from backprop_proofs.reading.meaning.names import (
    SURE_COSTS,
    NotUnderstood,
    bare_key,
    is_kronecker,
    lefts_of,
    letters_below,
    names_of,
)
from backprop_proofs.reading.syntax import Chain, Node

DELTA = "delta"


def errors_meant(
    given: Sequence[Declared],
    lines: Sequence[Declared],
    chains: Iterable[Chain],
    census: Census,
    costs: Sequence[str],
    usual: int = 1,
) -> list[Declared]:
    """The equations of such names, for those of which just one quantity may be the weighted input.

    lines: the definitions among the lines of the derivation, of which only derivatives say what δ is. costs: the names
    that something is differentiated of. usual: the sign; where others are defined it is theirs, and where those are no
    such derivatives none is meant.
    """
    scalars = {one.key: one.left for one in (*given, *lines) if _is_cost(one, census, costs)}
    cost = next((scalars[key] for key in (*costs, *scalars) if key in scalars), None)
    known = {one.key for one in given} | {one.key for one in lines if only_derivative(one.right)}
    named = [one for one in (*given, *lines) if isinstance(one.left, tree.Name) and not one.key.startswith(DELTA)]
    weighted = [one for one in named if _weighs(one.right)]
    sign = _sign([one for one in (*given, *lines) if one.key in known and one.key.startswith(DELTA)], weighted, usual)
    found: dict[str, Declared] = {}
    for name in (name for chain in chains for name in names_of(chain)) if cost is not None and sign else ():
        key = _key_of(name, census)
        if key is None or key in known or key in found:
            continue
        meant = [one.left for one in weighted if _told_apart(key, one)]
        if len(meant) == 1 and isinstance(meant[0], tree.Name):
            left = replace(name, above=meant[0].above, below=meant[0].below, primes=0)
            slope = tree.Derivative(cost, (meant[0],))
            found[key] = Declared(key, left, slope if sign > 0 else tree.Plus((slope,), (-1,)))
    return list(found.values())


def _sign(errors: Iterable[Declared], weighted: Iterable[Declared], usual: int) -> int:
    """1 where errors are the derivatives of the cost by weighted inputs, -1 where they are minus those; else 0.

    The usual sign where there are none.
    """
    inputs, signs = {_stem(one.key) for one in weighted}, set()
    for one in errors:
        sign, right = without_sign(one.right)
        by = right.wrt if isinstance(right, tree.Derivative) else right.by if isinstance(right, tree.Nabla) else ()
        signs.add(sign if inputs.intersection(_stem(bare_key(x)) for x in by if isinstance(x, tree.Name)) else 0)
    return next(iter(signs or {usual})) if len(signs) < 2 else 0


def _stem(key: str) -> str:
    """a of a_k."""
    return key.split("_")[0]


def solved_for_error(left: Node, right: Node, chains: Iterable[Chain]) -> tuple[Node, Node]:
    """-∂E/∂z = δ, ∂E/∂z = -δ and -δ = ∂E/∂z as δ = -∂E/∂z; any other equation as it is.

    z is defined somewhere, and has the indices of δ: ∂E/∂b = δ is no definition.
    """
    if isinstance(left, tree.Name) or not (only_derivative(left) or only_derivative(right)):
        return left, right
    lefts = lefts_of(chains)
    for one, other in ((left, right), (right, left)):
        (sign, error), (other_sign, slope) = without_sign(one), without_sign(other)
        if not isinstance(error, tree.Name) or not bare_key(error).startswith(DELTA) or is_kronecker(error):
            continue
        by = slope.wrt[0] if isinstance(slope, tree.Derivative) and len(slope.wrt) == 1 else None
        if not isinstance(by, tree.Name) or bare_key(by) not in lefts:
            continue
        if (by.above, by.below) == (error.above, error.below):
            return error, slope if sign == other_sign else tree.Plus((slope,), (-1,), tree.span_of(other))
    return left, right


def _key_of(name: tree.Name, census: Census) -> str | None:
    """The key of a name that may be an error."""
    if not bare_key(name).startswith(DELTA) or is_kronecker(name) or name.primes:
        return None
    try:
        return census.use(name).key
    except NotUnderstood:
        return None


def _is_cost(one: Declared, census: Census, costs: Sequence[str]) -> bool:
    if not isinstance(one.left, tree.Name) or not census.use(one.left).whole:
        return False
    return one.key in costs or bare_key(one.left) in SURE_COSTS


def letters_of_errors(chains: tuple[Chain, ...]) -> Callable[[tree.Name], Node] | None:
    """What makes δ_j and δ_k two names, where z_j and a_k are two weighted inputs and nothing says what δ is."""
    pairs = [(chain.parts[0], chain.parts[1]) for chain in chains if len(chain.parts) > 1]
    names = [name for chain in chains for name in names_of(chain) if bare_key(name) == DELTA and not is_kronecker(name)]
    letters = {_only_letter(name) for name in names}
    inputs = {_only_letter(left) for left, right in pairs if isinstance(left, tree.Name) and _weighs(right)}
    lefts = [left for left, right in pairs if only_derivative(right) and isinstance(left, tree.Name)]
    said = any(bare_key(left) == DELTA for left in lefts)
    if said or len(letters) < 2 or None in letters or not letters <= inputs:
        return None

    def change(name: tree.Name) -> tree.Name:
        letter = _only_letter(name) if bare_key(name) == DELTA else None
        return replace(name, base=f"{DELTA}{letter}", marks=(), run=True) if letter is not None else name

    return change


def _only_letter(name: tree.Name) -> str | None:
    return letters_below(name)[0] if has_one_index(name) else None


def _weighs(right: Node) -> bool:
    """Whether products are added up in it, or a matrix is applied, and no function is taken."""
    if any(tree.every(kind, right) for kind in (tree.Call, tree.Exponential, tree.Derivative, tree.Power)):
        return False
    products = tree.every(tree.Product, right)
    return any(sum(isinstance(factor, tree.Name | tree.Transpose) for factor in p.factors) > 1 for p in products)


def _told_apart(key: str, one: Declared) -> bool:
    """Whether the label of δ, or the letter that is part of its name, is that of the quantity."""
    assert isinstance(one.left, tree.Name)
    label, other = key.removeprefix(DELTA), one.key.removeprefix(bare_key(one.left))
    if label == other:
        return True
    named = one.key.endswith(label) and one.key != label
    return not other and bool(label) and (named or _only_letter(one.left) == label)
