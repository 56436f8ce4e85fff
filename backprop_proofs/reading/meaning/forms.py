"""What a row or a side of an equation looks like: its links, and the forms that decide what it may define."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.names import (
    Use,
    bare_key,
    is_error,
    is_kronecker,
    letter_of,
    letters_below,
    names_of,
    summed_letters,
)
from backprop_proofs.reading.rows import Statement
from backprop_proofs.reading.syntax import Chain, Node

Rewrite = Callable[[Node], Node]
WrittenLink = tuple[int, Node, Node, str, bool]  # its number, both sides, the sign, whether the left is carried over
EQUALS = frozenset(("=", ":=", "≡", "≜"))


def chains_of(*rows: Row) -> Iterator[Chain]:
    """The chains of equations of rows."""
    for row in rows:
        for statement in row.statements:
            yield statement.chain


def links_in(statements: tuple[Statement, ...], rewrite: Rewrite | None = None) -> Iterator[WrittenLink]:
    """The links of statements; rewrite: what makes the writer's conventions explicit."""
    number = 0
    for statement in statements:
        chain = statement.chain
        for place, relation in enumerate(chain.relations):
            carried = statement.carried and place == 0
            left, right = chain.parts[place], chain.parts[place + 1]
            if rewrite is not None:
                made = rewrite(Chain((left, right), (relation,), chain.span))
                assert isinstance(made, Chain)
                left, right = made.parts
            yield number, left, right, relation.sign, carried
            number += 1


class Rows:
    """The rows of a text with the writer's conventions made explicit, each one once."""

    def __init__(self, rewrite: Rewrite | None = None):
        self.rewrite = rewrite  # what makes them explicit
        self._links: dict[int, tuple[Row, tuple[WrittenLink, ...]]] = {}  # by the identity of a row, which is kept

    def links(self, row: Row) -> tuple[WrittenLink, ...]:
        """The links of a row."""
        if id(row) not in self._links:
            self._links[id(row)] = row, tuple(links_in(row.statements, self.rewrite))
        return self._links[id(row)][1]

    def equalities(self, row: Row) -> Iterator[tuple[int, Node, Node]]:
        """The links of a row that are equations with a left side of their own."""
        for number, left, right, sign, carried in self.links(row):
            if not carried and sign in EQUALS:
                yield number, left, right


def lengths_of(node: Node) -> tuple[str, ...]:
    """n and m of R^{n×m}."""
    if not isinstance(node, tree.Name) or node.base != "R" or len(node.above) != 1:
        return ()
    items = node.above[0].items
    factors = items[0].factors if len(items) == 1 and isinstance(items[0], tree.Product) else items
    letters = [letter_of(factor) for factor in factors]
    return tuple(letter for letter in letters if letter) if None not in letters else ()


def written_like_nielsen(name: tree.Name) -> bool:
    """One superscript that is a layer, at most one subscript that is one letter."""
    above = [item for script in name.above for item in script.items]
    below = [item for script in name.below for item in script.items]
    return len(above) == 1 and len(below) <= 1 and not (isinstance(above[0], tree.Number) and not below)


def has_one_index(name: tree.Name) -> bool:
    """Whether a name has one index below, a letter, and none above."""
    return not name.above and len(letters_below(name)) == 1


def is_nielsen(use: Use) -> bool:
    """Whether a name has the indices that Nielsen's quantities have."""
    return (len(use.above), len(use.below)) in ((1, 1), (1, 0)) or use.key == "C"


def as_call(node: Node) -> tree.Call | None:
    """A function of one argument, also where it might be a product; None for anything else."""
    node = node.call if isinstance(node, tree.CallOrProduct) else node
    return node if isinstance(node, tree.Call) and len(node.arguments) == 1 else None


def is_entry_of_function(node: Node) -> bool:
    """Whether it is an entry of a function of a vector, σ(z)_i."""
    return isinstance(node, tree.Scripted) and isinstance(node.base, tree.Call)


def has_width_of_layer(node: Node) -> bool:
    """Whether a sum runs up to something with an index, such as n_l."""
    ends = [total.upper for total in tree.every(tree.Sum, node)]
    return any(name.above or name.below for end in ends if end is not None for name in names_of(end))


def has_derivative(node: Node) -> bool:
    """Whether something is differentiated in it."""
    return bool(tree.every(tree.Derivative, node) or tree.every(tree.Nabla, node))


def tops_of(chains: Iterable[Chain]) -> list[Node | None]:
    """What is differentiated: in each chain the tops of derivatives, then what ∇ is taken of."""
    found: list[Node | None] = []
    for chain in chains:
        found += [node.of for node in tree.every(tree.Derivative, chain)]
        found += [node.of for node in tree.every(tree.Nabla, chain)]
    return found


def only_derivative(node: Node) -> bool:
    """Whether it is ∂C/∂z, perhaps with a sign."""
    return isinstance(without_sign(node)[1], tree.Derivative | tree.Nabla)


def without_sign(node: Node) -> tuple[int, Node]:
    """-1 and x of -x; 1 and the node itself of anything else."""
    if isinstance(node, tree.Plus) and len(node.terms) == 1:
        return node.signs[0], node.terms[0]
    return 1, node


def at_last(left: Node) -> bool:
    """Whether a name stands at the last layer, as a^L does."""
    return isinstance(left, tree.Name) and any(
        isinstance(item, tree.Name) and item.base == "L" for script in left.above for item in script.items
    )


def same_layer(left: tree.Name, right: Node) -> bool:
    """Whether every z on the right stands at the layer of the left side."""
    return all(name.above == left.above for name in names_of(right) if bare_key(name) == "z")


def is_weighted_sum(node: Node) -> bool:
    """Whether it is Σ w a + b or W a + b, in whatever order, with nothing but plus signs and products in it."""
    terms, signs = (node.terms, node.signs) if isinstance(node, tree.Plus) else ((node,), (1,))
    bodies = [term.body if isinstance(term, tree.Sum) else term for term in terms]
    products = [body for body in bodies if isinstance(body, tree.Product)]
    parts = [part for body in bodies for part in (body.factors if isinstance(body, tree.Product) else (body,))]
    names = [part.of if isinstance(part, tree.Transpose) else part for part in parts]
    return len(products) == 1 and len(terms) <= 2 and set(signs) == {1} and all(isinstance(n, tree.Name) for n in names)


def is_own_weighted_sum(left: tree.Name, right: Node) -> bool:
    """The same of one left side: over one letter that is none of its own, and without a Kronecker delta."""
    letters = summed_letters([right])
    plain = not any(map(is_kronecker, names_of(right))) and len(letters) < 2
    return plain and letters.isdisjoint(letters_below(left)) and is_weighted_sum(right)


def summed_over_layers(chains: Iterable[Chain]) -> str | None:
    """i of Σ_i beside a^{(i)}, which counts no layers then."""
    chains = tuple(chains)
    summed = summed_letters(chains)
    names = [name for chain in chains for name in names_of(chain) if bare_key(name) in ("a", "z")]
    items = [script.items for name in names for script in name.above if script.bracket == "("]
    letters = [letter_of(each[0]) for each in items if len(each) == 1]
    return next((letter for letter in letters if letter in summed), None)


def sums_up_others(row: Row, rows: Rows) -> bool:
    """Whether it is the weighted sum of a network that is not Nielsen's: of any name but z, and of no errors."""
    return row.problem is None and any(
        isinstance(left, tree.Name)
        and (left.above or left.below)
        and bare_key(left) not in {"z", *map(bare_key, names_of(right))}
        and is_weighted_sum(right)
        and not any(map(_may_be_error, (left, *names_of(right))))
        for _, left, right in rows.equalities(row)
    )


def _may_be_error(name: tree.Name) -> bool:
    """Whether it is δ, dz, or marked as z̄ is."""
    return is_error(name) or bool(name.marks) or (name.run and name.base[0] == "d")


def is_two(node: Node) -> bool:
    """Whether it is the number 2."""
    return isinstance(node, tree.Number) and node.value == 2


def is_zero(node: Node) -> bool:
    """Whether it is the number 0."""
    return isinstance(node, tree.Number) and node.value == 0


def opposite(one: tree.Chain | None, other: tree.Chain | None) -> bool:
    """Whether two conditions are i = j and i ≠ j, or z > 0 and z ≤ 0; None stands for otherwise."""
    if one is None or other is None:
        return True
    signs = [tuple(r.sign for r in chain.relations) for chain in (one, other)]
    if sorted(signs) == [("=",), ("≠",)]:
        return set(one.parts) == set(other.parts)
    apart = any(a in ((">",), ("≥",)) and b in (("<",), ("≤",)) for a, b in (signs, signs[::-1]))
    return apart and one.parts == other.parts


def whole_number(node: Node, more: int) -> int | None:
    """A whole number; None for anything else."""
    if isinstance(node, tree.Plus) and len(node.terms) == 1:
        number = whole_number(node.terms[0], 0)
        return None if number is None else node.signs[0] * number + more
    return int(node.value) + more if isinstance(node, tree.Number) and node.value.denominator == 1 else None


def offset_of(node: Node) -> tuple[Node, int]:
    """n and -1 of n - 1."""
    if isinstance(node, tree.Plus) and len(node.terms) == 2:
        by = whole_number(node.terms[1], 0)
        if by is not None and node.signs[0] > 0:
            return node.terms[0], node.signs[1] * by
    return node, 0
