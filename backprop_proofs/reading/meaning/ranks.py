"""How many indices names have that are written without any: w of Xw is a vector where X is a matrix.

A first guess goes by the letter (w and capitals are matrices, other letters vectors). Where the equations do not fit
under it, the nearest guess is sought under which all of them do, by their shapes alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.names import FUNCTIONS, NotUnderstood, names_of
from backprop_proofs.reading.meaning.values import ENTRYWISE
from backprop_proofs.reading.syntax import Node

SCALAR, COLUMN, ROW, MATRIX = "scalar", "column", "row", "matrix"
_BY_RANK = (SCALAR, COLUMN, MATRIX)
_TRANSPOSED = {COLUMN: ROW, ROW: COLUMN, MATRIX: MATRIX}  # nobody transposes a number
_PRODUCTS = {
    (MATRIX, COLUMN): COLUMN,
    (ROW, MATRIX): ROW,
    (ROW, COLUMN): SCALAR,
    (COLUMN, ROW): MATRIX,
    (MATRIX, MATRIX): MATRIX,
}
_MOST = 9  # names whose ranks are sought at once
_TRIES = 20_000

Equation = tuple[Node, Node]
Ranks = Mapping[str, int]


class _Clash(Exception):
    """Shapes that do not fit."""


def nearest_ranks(equations: Sequence[Equation], lines: Sequence[Equation], census: Census) -> dict[str, int] | None:
    """The guesses to be changed, and to what, so that all equations fit, and as many lines as can be.

    None where nothing fits, or where two ways of as few changes do.
    """
    search = _Search(census)
    unknown = [search.names(equation) for equation in equations]
    if not 0 < len(set().union(*unknown)) <= _MOST:
        return None
    order = sorted(range(len(equations)), key=lambda number: len(unknown[number]))
    found = list(search.fitting([equations[number] for number in order], {}))
    ranked = sorted((search.price(ranks, lines), sorted(ranks.items())) for ranks in found)
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return {key: rank for key, rank in ranked[0][1] if rank != search.guesses[key]}


@dataclass
class _Search:
    """The names whose ranks are guessed, with the first guesses."""

    census: Census
    guesses: dict[str, int] = field(default_factory=dict)
    tries: int = 0

    def names(self, equation: Equation) -> list[str]:
        """The names in an equation whose rank is a guess."""
        keys = [self._guessed(name) for side in equation for name in names_of(side)]
        return list(dict.fromkeys(key for key in keys if key is not None))

    def _guessed(self, name: tree.Name) -> str | None:
        try:
            use = self.census.use(name)
        except NotUnderstood:
            return None
        if use.key in self.census.functions or use.key in FUNCTIONS:
            return None
        rank = self.census.rank(use)
        if use.key not in self.census.guesses:
            return None
        self.guesses[use.key] = rank
        return use.key

    def fitting(self, equations: Sequence[Equation], known: dict[str, int]) -> Iterator[dict[str, int]]:
        """The ranks under which all equations fit, one after another."""
        if not equations:
            yield dict(known)
            return
        first, *rest = equations
        for ranks in self._choices([key for key in self.names(first) if key not in known], known):
            self.tries += 1
            if self.tries > _TRIES:
                return
            if self.fits(first, ranks):
                yield from self.fitting(rest, ranks)

    def _choices(self, keys: Sequence[str], known: dict[str, int]) -> Iterator[dict[str, int]]:
        if not keys:
            yield known
            return
        for rank in range(self.census.is_array(keys[0]), 3):
            yield from self._choices(keys[1:], {**known, keys[0]: rank})

    def price(self, ranks: Ranks, lines: Sequence[Equation]) -> int:
        """How far ranks are from the guesses, and how many lines do not fit under them."""
        return sum(self._step(key, rank) for key, rank in ranks.items()) + sum(
            not self.fits(line, ranks) for line in lines
        )

    def _step(self, key: str, rank: int) -> int:
        if rank == self.guesses[key]:
            return 0
        return 4 if rank == 2 else 2 if key[:1].isupper() else 1

    def fits(self, equation: Equation, ranks: Ranks) -> bool:
        """Whether both sides have one shape, as far as shapes are known."""
        if isinstance(equation[1], tree.Call) and self.census.is_cost(equation[0]):
            return True  # any function of all entries
        try:
            left, right = (self.kind(side, ranks) for side in equation)
        except _Clash:
            return False
        if self.census.is_summed(equation[0]):
            return True  # the sum of all entries
        return left is None or right is None or left == right

    # The shapes of expressions; None where it is not known

    def kind(self, node: Node, ranks: Ranks) -> str | None:
        """The shape of an expression. Raises _Clash."""
        match node:
            case tree.Number() | tree.Norm() | tree.Indicator():
                return SCALAR
            case tree.Name():
                return self._of_name(node, ranks)
            case tree.Group(items=(inner,)):
                return self.kind(inner, ranks)
            case tree.Plus():
                return self._same(
                    [self.kind(t, ranks) for t in node.terms if not isinstance(t, tree.Number)] or [SCALAR]
                )
            case tree.Product():
                return self._of_product(node, ranks)
            case tree.Quotient():
                if self.kind(node.bottom, ranks) not in (SCALAR, None):
                    raise _Clash
                return self.kind(node.top, ranks)
            case tree.Transpose():
                return _transposed(self.kind(node.of, ranks))
            case tree.Sum():
                return self.kind(node.body, ranks)
            case tree.Exponential():
                return self.kind(node.exponent, ranks)
            case tree.Call(arguments=(argument,)) | tree.Call(arguments=(tree.Number(), argument)):
                return self.kind(argument, ranks)
            case tree.Root():
                return self.kind(node.of, ranks)
            case tree.Power():
                return self.kind(node.base, ranks)
            case tree.CallOrProduct():
                return self.kind(node.call, ranks)
            case tree.Derivative(of=Node() as of, wrt=(wrt,)):
                return _slope(self.kind(of, ranks), self.kind(wrt, ranks))
            case tree.Nabla(by=(by,)):
                return self.kind(by, ranks)
        return None

    def _of_name(self, name: tree.Name, ranks: Ranks) -> str | None:
        try:
            use = self.census.use(name)
        except NotUnderstood:
            return None
        if self.census.is_letter(use.key):
            return SCALAR if use.whole else None
        left = ranks.get(use.key, self.census.rank(use)) - len(use.below)
        return _BY_RANK[left] if 0 <= left < 3 else None

    def _same(self, kinds: Sequence[str | None]) -> str | None:
        known = {kind for kind in kinds if kind is not None}
        if len(known) > 1:
            raise _Clash
        return known.pop() if known else None

    def _of_product(self, node: tree.Product, ranks: Ranks) -> str | None:
        kinds = [self.kind(factor, ranks) for factor in node.factors]
        if None in kinds:
            return None
        groups: list[str] = []
        for sign, kind in zip(("", *node.operators), kinds, strict=True):
            assert kind is not None
            if sign in ENTRYWISE and SCALAR in (kind, groups[-1]):
                raise _Clash
            if sign in ("·", "•", "×") and groups and groups[-1] == kind == COLUMN:
                groups[-1] = SCALAR
            elif self.census.way.summed and not sign and groups and groups[-1] == kind == COLUMN:
                continue  # u v, entry by entry
            elif groups and sign not in ENTRYWISE and sign != "*":
                groups[-1] = _times(groups[-1], kind)
            else:
                groups.append(kind)
        return self._same([kind for kind in groups if kind != SCALAR] or [SCALAR])


def _transposed(kind: str | None) -> str | None:
    if kind is not None and kind not in _TRANSPOSED:
        raise _Clash
    return None if kind is None else _TRANSPOSED[kind]


def _slope(of: str | None, wrt: str | None) -> str | None:
    """The shape of ∂of/∂wrt: that of the one, or of the other where one is a number, or a matrix for two vectors."""
    if of in (SCALAR, None) or wrt is None:
        return wrt
    if wrt == SCALAR:
        return of
    if (of, wrt) != (COLUMN, COLUMN):
        raise _Clash
    return MATRIX


def _times(left: str, right: str) -> str:
    if SCALAR in (left, right):
        return left if right == SCALAR else right
    if (left, right) not in _PRODUCTS:
        raise _Clash
    return _PRODUCTS[left, right]
