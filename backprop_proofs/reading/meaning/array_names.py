"""What the places of names without indices say of their shapes: m of m ⊙ x is no number, nor is C of W^T C W a cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop_proofs.reading.meaning.names import COSTS, SURE_COSTS, bare_key
from backprop_proofs.reading.meaning.values import ENTRYWISE
from backprop_proofs.reading.syntax import Call, Derivative, Group, Nabla, Name, Node, Plus, Product, Transpose, every

SCALARS = frozenset(("m", "n", "N", "eta", "lambda", "epsilon", "alpha", "gamma", "beta", "mu"))  # numbers mostly
_COSTS = SURE_COSTS - {"ell"}
_WEIGHTS = frozenset(("w", "theta", "beta", "omega"))  # what stands behind a matrix of data


def never_numbers(nodes: Iterable[Node]) -> set[str]:
    """The names that stand beside ⊙, are transposed, stand on a diagonal, or behind a matrix."""
    return {bare_key(name) for node in nodes for name in _arrays_in(node)}


def _arrays_in(node: Node) -> Iterator[Name]:
    if isinstance(node, Product):
        for sign, one, other in zip(node.operators, node.factors, node.factors[1:], strict=False):
            names = [name for name in (_plain(one), _plain(other)) if name is not None]
            if sign in ENTRYWISE:
                yield from names
            elif not sign and len(names) == 2 and other is node.factors[-1] and _is_matrix_before(names[0], other):
                yield names[1]
    elif isinstance(node, Transpose | Call) and (isinstance(node, Transpose) or node.function.base == "diag"):
        inside = [node.of] if isinstance(node, Transpose) else list(node.arguments)
        yield from (name for name in map(_plain, inside) if name is not None)


def costs_in(chains: Iterable[Node]) -> set[str]:
    """The names of costs: what is differentiated, and what is called so and multiplies nothing."""
    chains = tuple(chains)
    derivatives, nablas = every(Derivative, *chains), every(Nabla, *chains)
    tops = [*(node.of for node in derivatives), *(node.of for node in nablas)]
    own = {bare_key(of) for of in tops if isinstance(of, Name) and not of.below}
    gradients = {bare_key(name)[1:] for name in every(Name, *chains) if name.run and name.base[0] == "d"}
    by = {bare_key(x) for node in derivatives for x in node.wrt if isinstance(x, Name)}
    scalars = {bare_key(node.of) for node in nablas if isinstance(node.of, Name)}
    factors = _factors(every(Product, *chains))
    return (own & COSTS) | (_COSTS - ((by | gradients | factors) - own)) | (scalars - by)


def _factors(products: Iterable[Product]) -> set[str]:
    """The names that stand beside another in a product."""
    found: set[str] = set()
    for product in products:
        names = [_plain(factor.of if isinstance(factor, Transpose) else factor) for factor in product.factors]
        plain = [name for name in names if name is not None]
        found |= {bare_key(name) for name in plain if len(plain) > 1}
    return found


def biases(sums: Iterable[Plus]) -> dict[str, bool]:
    """b of X W + b, and whether it may be a number, as in X w + b, where X is data."""
    found: dict[str, bool] = {}
    for node in sums:
        added = [term for term, sign in zip(node.terms, node.signs, strict=True) if sign > 0]
        names = [_plain(term) for term in added]
        products = [term for term in added if isinstance(term, Product)]
        for name in names:
            if name is not None and len(name.base) == 1 and name.base.islower() and products:
                behind = [_plain(product.factors[-1]) for product in products]
                before = [_plain(product.factors[0]) for product in products]
                data = any(last is not None and bare_key(last) in _WEIGHTS for last in behind)
                matrices = any(first is not None and _is_capital(first) for first in before)
                found[bare_key(name)] = found.get(bare_key(name), False) or (data and matrices)
    return found


def _plain(node: Node) -> Name | None:
    """A name without indices, perhaps in brackets."""
    if isinstance(node, Group) and len(node.items) == 1:
        node = node.items[0]
    return node if isinstance(node, Name) and not (node.below or node.primes) else None


def _is_matrix_before(name: Name, other: Node) -> bool:
    """Whether W of W x may be a matrix; L of L(y) is a cost."""
    return _is_capital(name) and not (isinstance(other, Group) and bare_key(name) in _COSTS)


def _is_capital(name: Name) -> bool:
    return len(name.base) == 1 and name.base.isupper()
