"""Sums over indices: what their letters run over, and that no sum over a part of a range is taken for the whole.

Σ_{k=1}^{n} and Σ_{k=0}^{n-1} run over all n; where the same text has Σ_{k=1}^{n-1}, one of them leaves something out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Ref, mul
from backprop_proofs.language.indices import index
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.dimensions import Dim
from backprop_proofs.reading.meaning.distinctions import Distinctions
from backprop_proofs.reading.meaning.forms import offset_of, whole_number
from backprop_proofs.reading.meaning.names import NotUnderstood, letter_of
from backprop_proofs.reading.meaning.naming import Warned
from backprop_proofs.reading.meaning.scopes import Letter, Scope, in_order
from backprop_proofs.reading.meaning.values import Misfit, Value
from backprop_proofs.reading.syntax import Node

MOST_LENGTH = 1_000  # of a dimension that is given as a number
PART = "a sum over a part of an index's range is not understood"
_MIRRORED = {"<": ">", "≤": "≥", ">": "<", "≥": "≤"}


class _End(NamedTuple):
    """An end of a range: what is written, and how far the end lies from it."""

    node: Node
    more: int = 0


class _Range(NamedTuple):
    """The ends of a letter's range, as far as they are written."""

    lows: tuple[_End, ...]
    highs: tuple[_End, ...]


class Sums(Distinctions):
    """The sums among the expressions of a statement. defining: whether it is one of those that declare the network."""

    defining = False

    def sum(self, node: tree.Sum, scope: Scope) -> Value:
        """Σ, of each entry of what stands under it."""
        if node.kind != "sum":
            raise NotUnderstood(node.span, "a product over an index is not understood")
        if not node.letters:
            raise NotUnderstood(node.span, "a sum without an index letter is not understood")
        self._expect_known(node, scope)
        inner = Scope(scope)
        letters = []
        for name in node.letters:
            written = letter_of(name) or "?"
            if scope.find(written) is not None:
                self.warnings.append(
                    Warned("shadowed-index", f"{written} is bound by a sum where it has a meaning already", name.span)
                )
            letters.append(inner.bind(written, name.span))
        before = len(self.refs)
        body = self.value(node.body, inner)
        factors = [self._left_out(chain, inner) for chain in node.conditions]
        for letter in letters:
            self._bounded(letter, _range(node, letter.name), node, inner)
            self.bound.append(letter)
            if not letter.used:
                self.warnings.append(
                    Warned("unused-bound-index", f"the sum over {letter.name} has no {letter.name} in it", letter.span)
                )
        for letter in letters:
            if letter.dim is None and not letter.staged and not letter.peers:
                self._unranged(letter, node, before < len(self.refs))
            if letter.compared:
                raise NotUnderstood(letter.span, f"nothing but a delta says what {letter.name} runs over")
        limits = in_order(letters, self.world, not self.open)
        extra = [factor for factor in factors if factor is not None]
        return Value(body.shape, lambda *at: sum_over(mul(*extra, body.at(*at)), *limits))

    def _expect_known(self, node: tree.Sum, scope: Scope) -> None:
        """Raise NotUnderstood for Σ_{i≠j} where nothing before has a j: it may be summed over too."""
        own = {letter_of(name) for name in node.letters}
        for chain in node.conditions:
            if {relation.sign for relation in chain.relations} == {"≠"}:
                for letter in {letter_of(part) for part in chain.parts} - own - {None}:
                    if scope.find(letter or "") is None:
                        raise NotUnderstood(chain.span, f"whether it is summed over {letter} too is not said")

    def _unranged(self, letter: Letter, node: tree.Sum, indexed: bool) -> None:
        """A sum whose index stands nowhere: its length is what its bounds say."""
        upper = None if node.upper is None else _length_in(node.upper)
        whole = isinstance(node.lower, tree.Number) and node.lower.value == 1
        if upper is not None and whole and (isinstance(upper, Integer) or self._is_length(upper)):
            letter.dim = Dim(self.world.dims.new(letter.name, staged=False, value=upper))
        elif letter.name in self.census.bases:
            raise NotUnderstood(letter.span, f"what of each {letter.name} is added up is not said")
        elif indexed:
            raise Misfit("unused-bound-index", f"the sum over {letter.name} has no {letter.name} in it", letter.span)
        else:
            raise NotUnderstood(letter.span, f"nothing says what {letter.name} runs over")

    def _is_length(self, upper: Expr) -> bool:
        network = self.world.network
        return network is not None and any(letter == upper for letter, _, _ in network.parameters)

    def _left_out(self, chain: tree.Chain, scope: Scope) -> Expr | None:
        """The factor that leaves out a term, for k ≠ i under a Σ; k ∈ S names the range."""
        signs = {relation.sign for relation in chain.relations}
        if signs == {"≠"} and len(chain.parts) == 2:
            return self.condition(chain, scope)
        if signs == {"∈"}:
            self._over_set(chain, scope)
            self.warnings.append(Warned("named-range", "the set under the sum is taken for all there are", chain.span))
        return None

    def _over_set(self, chain: tree.Chain, scope: Scope) -> None:
        """Note the set that a letter runs over; two sets, or a set and a length, need not be the same."""
        letter = scope.find(letter_of(chain.parts[0]) or "")
        if letter is not None and letter.dim is not None:
            self.world.dims.note_span(letter.dim, (_stem(chain.parts[-1]), 0, 0, 0))

    # Bounds

    def _bounded(self, letter: Letter, written: _Range, node: tree.Sum, scope: Scope) -> None:
        if letter.staged:
            letter.first += [self.index_expression(low.node, scope) + low.more for low in written.lows]
            letter.last += [self._stage(high.node, scope) + high.more for high in written.highs]
            return
        starts = {whole_number(low.node, low.more) for low in written.lows}
        if not starts <= {0, 1} or len(starts) > 1 or len(written.highs) > 1:
            raise NotUnderstood(node.span, PART)
        if not written.highs or letter.dim is None:
            return
        start = next((start for start in starts if start is not None), 1)
        base, more = _as_offset(written.highs[0])
        name = letter_of(base)
        if isinstance(base, tree.Number):
            self._length(letter, _length_in(replace(base, value=base.value + more + 1 - start)), node)
            return
        if name is not None and more + 1 == start and scope.find(name) is None:
            self._length(letter, index(name), node)
        spans, shift = self.world.dims.known(letter.dim).spans, self._shift(letter.dim, base, scope)
        span = (_stem(base), start, more, shift or 0)
        if (name is not None and scope.find(name) is not None) or self._is_elsewhere(letter, base):
            raise NotUnderstood(node.span, PART)
        if shift and span not in spans and not self.defining:
            raise NotUnderstood(node.span, PART)
        if shift is not None:
            self.world.dims.note_span(letter.dim, span)

    def _shift(self, dim: Dim, base: Node, scope: Scope) -> int | None:
        """How far the layer of n_l lies from that whose width it is; 0 without a layer, None before it is known."""
        item = self._layer_in(base)
        if item is None:
            return 0
        size = self.world.size(dim) if self.world.network is not None else None
        if not isinstance(size, Ref):
            return None
        gap = self.index_expression(item, scope) - size.indices[0]
        return int(gap) if isinstance(gap, Integer) else None

    def _layer_in(self, base: Node) -> Node | None:
        items = (
            [item for script in (*base.above, *base.below) for item in script.items]
            if isinstance(base, tree.Name)
            else []
        )
        return items[0] if len(items) == 1 and self.census.is_index(items[0]) else None

    def _is_elsewhere(self, letter: Letter, base: Node) -> bool:
        """Whether what is written as the length is that of another dimension, or of none that the text speaks of."""
        network = self.world.network
        if network is None or letter.dim is None or self._layer_in(base) is not None:
            return False
        if not isinstance(base, tree.Name):
            return True
        if base.above or base.below:
            return False
        size, own = self.world.size(letter.dim), self.world.dims.is_length_of(letter.dim, base)
        if any(s.name == base.base for s, _, _ in network.parameters) and size != index(base.base):
            return not own
        return self.world.dims.names_another(letter.dim, base)

    def _stage(self, node: Node, scope: Scope) -> Expr:
        name = letter_of(node)
        return self.index_expression(node, scope) if name is None or scope.find(name) else index(name)

    def _length(self, letter: Letter, upper: Expr | None, node: tree.Sum) -> None:
        """What the writer calls the length of the dimension, where that is new; a declared length must be the same."""
        assert letter.dim is not None
        found, stage = self.world.dims.known(letter.dim), self.world.dims.root(letter.dim)[1]
        if upper is None or (isinstance(upper, Integer) and found.value is None and (stage is not None or found.rigid)):
            raise NotUnderstood(node.span, PART)
        if found.value is not None and found.value != upper:
            numbers = [isinstance(length, Integer) for length in (upper, found.value)]
            known = [isinstance(s, Integer) or s in self.world.declared for s in (upper, found.value)]
            if all(known):
                raise Misfit(
                    "index-range", f"{letter.name} runs up to {found.value}, and the sum up to {upper}", letter.span
                )
            if any(numbers):
                raise NotUnderstood(node.span, PART)
        elif found.value is None and stage is None:
            if not found.rigid:
                self.world.dims.give_value(letter.dim, upper)
            elif isinstance(upper, Symbol) and upper.name not in self.world.families:
                self.world.lengths.setdefault(upper.name, self.world.size(letter.dim))


def _range(node: tree.Sum, letter: str) -> _Range:
    """The range of a letter of Σ_{k=1}^n, Σ_{1≤k≤n}, Σ_{k<n}. Raises NotUnderstood for another condition."""
    lows = [] if node.lower is None else [_End(node.lower)]
    highs = [] if node.upper is None else [_End(node.upper)]
    for chain in node.conditions:
        signs = {relation.sign for relation in chain.relations}
        if signs in ({"≠"}, {"∈"}):
            continue
        for sign, other in _compared(chain, letter):
            (lows if sign in (">", "≥") else highs).append(_End(other, {">": 1, "<": -1}.get(sign, 0)))
    return _Range(tuple(lows), tuple(highs))


def _compared(chain: tree.Chain, letter: str) -> Iterator[tuple[str, Node]]:
    """What a letter is compared with, the letter on the left: > 1 and ≤ n of 1 < k ≤ n."""
    spoken = False
    for (left, right), relation in zip(pairwise(chain.parts), chain.relations, strict=True):
        if relation.sign not in _MIRRORED:
            raise NotUnderstood(chain.span, "this condition under a sum is not understood")
        if letter_of(left) == letter:
            yield relation.sign, right
            spoken = True
        elif letter_of(right) == letter:
            yield _MIRRORED[relation.sign], left
            spoken = True
    if not spoken:
        raise NotUnderstood(chain.span, "this condition under a sum is not understood")


def _as_offset(end: _End) -> tuple[Node, int]:
    """n and -1 of n - 1."""
    base, by = offset_of(end.node)
    return base, end.more + by


def _stem(base: Node) -> Node:
    """n of n_l and of n^{(l)}."""
    return replace(base, above=(), below=()) if isinstance(base, tree.Name) else base


def _length_in(node: Node) -> Expr | None:
    """The upper bound of a sum: a number, or a letter such as n; None for n_l and whatever else names the width."""
    if isinstance(node, tree.Number) and node.value.denominator == 1:
        if node.value > MOST_LENGTH:
            raise NotUnderstood(node.span, f"a sum of at most {MOST_LENGTH} terms by number is understood")
        return Integer(int(node.value))
    name = letter_of(node)
    return index(name) if name is not None else None
