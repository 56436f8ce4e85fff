"""What a written name is: a quantity at its indices, each index with what it runs over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from sympy import Add, Expr, Integer, Symbol

from backprop_proofs.language.binding import free_indices, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Quantity, Ref, mul
from backprop_proofs.language.indices import index
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning import values
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.dimensions import UNIT, Dim
from backprop_proofs.reading.meaning.names import COSTS, ERROR, NotUnderstood, Use, bare_key, letter_of
from backprop_proofs.reading.meaning.scopes import Letter, Scope, in_order, letters_within, narrowed
from backprop_proofs.reading.meaning.values import Misfit, Value
from backprop_proofs.reading.meaning.world import Family, Place, Stage, World
from backprop_proofs.reading.syntax import Node, Span, span_of

_SPELLED = frozenset(("nu", "mu", "pi", "xi"))  # letters that are two letters, too, in plain text
MOST_INDICES = 8  # of one quantity
TAKEN = "taken"  # the code of what is said where one of two meanings was taken


@dataclass(frozen=True)
class Warned:
    """Something odd that is no mistake."""

    code: str
    message: str
    span: Span


class Naming:
    """One statement of a text. open_: whether the ranges are only being found out."""

    def __init__(self, world: World, census: Census, open_: bool = False):
        self.world, self.census, self.open = world, census, open_
        self.scope = Scope()
        self.warnings: list[Warned] = []
        self.bound: list[Letter] = []
        self.lasts: set[str] = set()  # letters such as L that stand for the last layer here
        self.refs: list[tuple[str, tuple[Expr, ...]]] = []
        self.new_names: list[str] = []
        self.jacobian = False  # whether a column is differentiated by a column
        self.gradients: list[str] = []  # X of each dX that is taken for ∂C/∂X
        self.circled = False  # whether there is a ⊗
        self.dot = "inner"  # which product · between vectors is: that, or "entrywise"
        self.of_cost = False  # whether it is the formula of the cost
        self.summed = False  # whether it is the formula of a cost, which is the sum of its entries if it has some
        self.single = False  # whether columns have one entry each here, in the formula of a number

    # Dimensions and letters

    def same(self, one: Dim, other: Dim) -> bool:
        """Whether two dimensions fit, made the same where that is open."""
        return self.world.dims.unify(one, other, frozenset(self.scope.every))

    def run_over(self, letter: Letter, dim: Dim, span: Span, of: str = "", compared: bool = False) -> None:
        """Note that a letter runs over a dimension. Raises Misfit where it runs over another. of: what it is of."""
        if letter.staged:
            raise Misfit("index-range", f"{letter.name} counts layers or times, and stands for a neuron here", span)
        letter.compared = compared and (letter.compared or letter.dim is None)
        if letter.dim is None:
            letter.dim = dim
            for peer in letter.peers:
                self.run_over(peer, dim, span, compared=True)
        elif not self.same(letter.dim, dim):
            wanted, found = (_said(self.world.size(one)) for one in (dim, letter.dim))
            place = f"this index of {of}" if of else "the index that it is compared with"
            raise Misfit("index-range", f"{letter.name} runs over 1..{found}, and {place} over 1..{wanted}", span)

    def index_expression(self, node: Node, scope: Scope) -> Expr:
        """An index such as j, l + 1, 2. Raises NotUnderstood."""
        if isinstance(node, tree.Number):
            if node.value.denominator != 1:
                raise NotUnderstood(node.span, "an index is a whole number")
            return Integer(int(node.value))
        name = letter_of(node)
        if name is not None:
            if name in _SPELLED and all(map(self.census.is_letter, name)):
                raise NotUnderstood(
                    span_of(node), f"{name} may be one letter or {name[0]} and {name[1]}; write a comma"
                )
            if name in self.lasts and scope.find(name) is None:
                return index(name)
            return scope.letter(name, span_of(node)).symbol
        if isinstance(node, tree.Plus):
            parts = [self.index_expression(term, scope) for term in node.terms]
            return sum((p if s > 0 else -p for p, s in zip(parts, node.signs, strict=True)), Integer(0))
        if isinstance(node, tree.Group) and len(node.items) == 1:
            return self.index_expression(node.items[0], scope)
        raise NotUnderstood(span_of(node), "an index is a letter, a number, or a letter plus a number")

    # Names

    def name(self, node: tree.Name, scope: Scope) -> Value:
        """A quantity at its indices; indices that are left out make a vector or a matrix."""
        known = self._special(node, scope)
        if known is not None:
            return known
        use = self.census.use(node)
        value = self._instance(use, node, scope)
        if use.power is not None:
            return self.raised(value, use.power, node.span, scope)
        return value

    def _special(self, node: tree.Name, scope: Scope) -> Value | None:
        """A Kronecker delta, e^z, or the length of a dimension; None for a quantity."""
        key = bare_key(node)
        items = [item for script in (*node.above, *node.below) for item in script.items]
        if self._is_kronecker(node, key, items):
            return values.scalar(self._kronecker(items[-2], items[-1], scope))
        if key == "e" and len(node.above) == 1 and not node.below and "e" not in self.world.families:
            (script,) = node.above
            inner = [self.value(item, scope) for item in script.items]
            joined = inner[0]
            for other in inner[1:]:
                joined = values.entrywise(joined, other, node.span, self.same)
            return values.mapped(joined, lambda u: Fn("exp", 0, u))
        if not node.below and key not in self.world.families and scope.find(key) is not None:
            raise NotUnderstood(node.span, f"the index {key} stands as a factor here; w_jk is written w_{{jk}}")
        return self._size_name(node, key, items, scope)

    def _is_kronecker(self, node: tree.Name, key: str, items: list[Node]) -> bool:
        """Whether it is a Kronecker delta and not an error: two indices, none of them a layer."""
        if key not in ("delta", "Delta") or len(items) < 2 or ERROR in node.marks:
            return False
        below = sum(len(script.items) for script in node.below)
        family = self.world.families.get(key)
        if family is not None and len(family.places) - family.above == 2 and not self.census.tells_errors:
            return False
        if below == 2:
            return not node.above or key == "Delta"
        layered = any(s.bracket or isinstance(s.items[0], tree.Number) for s in node.above)  # the error δ^{(2)}_i
        return len(items) == 2 and not layered and (key, "above", 0) not in self.census.stages() and family is None

    def _size_name(self, node: tree.Name, key: str, items: list[Node], scope: Scope) -> Value | None:
        if key in self.world.families:
            return None
        if not items and key in self.world.lengths:
            return values.scalar(self.world.lengths[key])
        if not items and self.world.network is None and key in self.census.uppers:
            return values.scalar(index(key))
        if not items:
            symbol = index(key)
            known = self.world.network is not None and any(s == symbol for s, _, _ in self.world.network.parameters)
            return values.scalar(symbol) if known else None
        network, size = self.world.network, self.world.staged_size
        if key == size.name and len(items) == 1 and network is not None and key in network.size_names:
            return values.scalar(size[self.index_expression(items[0], scope)])
        return None

    def _kronecker(self, left: Node, right: Node, scope: Scope) -> Expr:
        one, other = self.index_expression(left, scope), self.index_expression(right, scope)
        self._together(one, other, scope, span_of(right))
        return Delta(one, other)

    def _together(self, one: Expr, other: Expr, scope: Scope, span: Span) -> None:
        """Two indices that are compared run over the same."""
        first, second = (self._letter_at(part, scope) for part in (one, other))
        if first is None or second is None:
            return
        first.peers.append(second)
        second.peers.append(first)
        for one_letter, other_letter in ((first, second), (second, first)):
            if one_letter.dim is not None:
                self.run_over(other_letter, one_letter.dim, span, compared=True)
                return

    def _letter_at(self, expr: Expr, scope: Scope) -> Letter | None:
        return scope.find(expr.name) if isinstance(expr, Symbol) else None

    def _instance(self, use: Use, node: tree.Name, scope: Scope) -> Value:
        family = self._family(use, node)
        places = family.places
        above, below = list(use.above), _digits(use.below, len(places) - family.above)
        if len(above) < family.above and not above and self._implied(family) is not None:
            stages: list[Expr | None] = [self._implied(family)]
        else:
            if len(above) != family.above:
                raise NotUnderstood(node.span, f"{use.key} is written with {family.above} superscripts elsewhere")
            stages = []
        if len(below) > len(places) == 0 and use.key in COSTS:
            raise NotUnderstood(node.span, f"{use.key} is one number; what the index says is not understood")
        if len(below) > len(places) - family.above:
            raise Misfit(
                "index-count",
                f"{use.key} has {len(places) - family.above} lower indices, and {len(below)} are written",
                node.span,
            )
        written = [self._at(item, scope) for item in (*above, *below)]
        given: list[Expr | None] = stages + written
        given += [None] * (len(places) - len(given))
        return self._built(use.key, family, given, node.span, scope)

    def _at(self, item: Node, scope: Scope) -> Expr | None:
        return None if isinstance(item, tree.Name) and item.base == ":" else self.index_expression(item, scope)

    def _implied(self, family: Family) -> Expr | None:
        """The layer of a name that is written without one, as in ∇_a C: the last."""
        first = family.places[0] if family.above == 1 and not self.open else None
        return first.last if isinstance(first, Stage) else None

    def _built(self, key: str, family: Family, given: list[Expr | None], span: Span, scope: Scope) -> Value:
        staged = family.staged()
        stage = None if staged is None else given[staged]
        if staged is not None and stage is None:
            raise NotUnderstood(span, f"the layer of {key} is left out")
        letters = {letter.symbol: letter for letter in reversed(list(letters_within(scope)))}
        shape: list[Dim] = []
        for place, value in zip(family.places, given, strict=True):
            if isinstance(place, Stage):
                if value is None:
                    raise NotUnderstood(span, f"a layer of {key} is left out")
                self._in_stage(key, place, value, letters, span)
            elif value is None:
                shape.append(Dim(place, stage))
            elif isinstance(value, Symbol) and value in letters:
                self.run_over(letters[value], Dim(place, stage), span, key)
            elif not isinstance(value, Integer):
                return self._shifted(key, family, given, span, scope)
        quantity = family.quantity
        self.refs.append((key, tuple(v if v is not None else Integer(0) for v in given)))

        def at(*rest: Expr) -> Expr:
            left = iter(rest)
            return Ref(quantity, *(value if value is not None else next(left) for value in given))

        value = self._without_ones(Value(tuple(shape), at))
        if len(shape) != 1 or not value.shape:
            return value
        gradient = self.world.layout == "gradient rows" and key in self.world.gradients
        return values.transposed(value) if gradient or self.world.layout == "rows" else value

    def _without_ones(self, value: Value) -> Value:
        """An array of known lengths: a column of one entry is a number, a matrix of one column a column."""
        ones = [dim != UNIT and self.world.dims.known(dim).value == 1 for dim in value.shape]
        if not any(ones) or len(ones) > 2:
            return value
        if all(ones):
            return values.scalar(value.at(*(values.index_one() for _ in ones)))
        if ones[0]:
            return Value((UNIT, value.shape[1]), lambda _, k: value.at(values.index_one(), k))
        return Value(value.shape[:1], lambda j: value.at(j, values.index_one()))

    def only_entry(self, value: Value) -> Value:
        """The one entry of a column, whose length is 1 from now on."""
        known = self.world.dims.known(value.shape[0])
        if not known.rigid and known.value is None:
            self.world.dims.give_value(value.shape[0], values.index_one())
        return values.scalar(value.at(values.index_one()))

    def _shifted(self, key: str, family: Family, given: list[Expr | None], span: Span, scope: Scope) -> Value:
        """a_{i+m}, 0 where i + m is out of its range: Σ_p a_p [p = i + m]."""
        inner, deltas, placed = Scope(scope), [], list(given)
        for number, (place, value) in enumerate(zip(family.places, given, strict=True)):
            if isinstance(place, Stage) or value is None or isinstance(value, Symbol | Integer):
                continue
            letter = inner.bind(f"p{number}", span)
            placed[number] = letter.symbol
            deltas.append(_delta_between(letter.symbol, value, span))
        if not deltas:
            raise NotUnderstood(span, f"an index of {key} is not understood here")
        whole = self._built(key, family, placed, span, inner)
        limits = in_order(inner.letters.values(), self.world, not self.open)
        return Value(whole.shape, lambda *at: sum_over(mul(whole.at(*at), *deltas), *limits))

    def _in_stage(self, key: str, place: Stage, value: Expr, letters: dict[Symbol, Letter], span: Span) -> None:
        mine = {
            s: letter for s, letter in letters.items() if s in free_indices(value) and letter.name not in self.lasts
        }
        for letter in mine.values():
            if letter.dim is not None:
                raise Misfit(
                    "index-range", f"{letter.name} stands for a neuron, and a layer or time is wanted here", span
                )
        narrowed(mine, value, place.low, place.high, span)

    def _family(self, use: Use, node: tree.Name) -> Family:
        found = self.world.families.get(use.key)
        if found is not None:
            return found
        if len(use.key) == 1 and not self.open and self.world.has_other_case(use.key, use):
            return self.world.families[use.key.swapcase()]
        return self._new_family(use, node)

    def _new_family(self, use: Use, node: tree.Name) -> Family:
        rank = max(self.census.rank(use), len(use.below))
        if rank + len(use.above) > MOST_INDICES:
            raise NotUnderstood(node.span, f"a quantity of at most {MOST_INDICES} indices is understood")
        places: list[Place] = []
        for where, items in (("above", use.above), ("below", use.below)):
            for number in range(len(items)):
                last = self.census.stages().get((use.key, where, number))
                if last is not None:
                    places.append(Stage(index(last), Integer(1), index(last)))
                else:
                    places.append(self.world.dims.new(use.key))
        for _ in range(rank - len(use.below)):
            places.append(self.world.dims.new(use.key))
        family = Family(Quantity(use.key, len(use.above)), tuple(places))
        self.world.families[use.key] = family
        self.new_names.append(use.key)
        if not self.open:
            self.world.fresh.add(use.key)
        return family

    # What an expression is, in a subclass

    def value(self, node: Node, scope: Scope) -> Value:
        """What an expression is."""
        raise NotImplementedError

    def raised(self, value: Value, exponent: Node, span: Span, scope: Scope) -> Value:
        """A value raised to a power."""
        raise NotImplementedError


def _digits(below: tuple[Node, ...], wanted: int) -> list[Node]:
    """1 and 2 of w_{12}, where two indices are wanted."""
    only = below[0] if len(below) == 1 and wanted > 1 else None
    if not isinstance(only, tree.Number) or only.value.denominator != 1 or len(str(only.value)) != wanted:
        return list(below)
    return [replace(only, value=Fraction(int(digit))) for digit in str(only.value)]


def _delta_between(letter: Symbol, value: Expr, span: Span) -> Expr:
    """[p = i + m], or for p = i - x, [i = x + p]: one letter on the left, a sum on the right, numbers on either."""
    terms = value.args if isinstance(value, Add) else (value,)
    numbers = [t for t in terms if isinstance(t, Integer)]
    positive = [t for t in terms if t not in numbers and not t.could_extract_minus_sign()]
    negative_ = [-t for t in terms if t not in numbers and t.could_extract_minus_sign()]
    if not negative_:
        return Delta(letter, value)
    negative_ += [-number for number in numbers]
    if len(positive) != 1:
        raise NotUnderstood(span, f"an index such as {value} is not understood")
    return Delta(positive[0], Add(letter, *negative_))


@lru_cache(maxsize=1024)
def _said(size: Expr) -> str:
    """n_l, n_(l+1), or the letter of a length."""
    if not isinstance(size, Ref):
        return str(size)
    (at,) = size.indices
    inner = str(at).replace(" ", "")
    return f"{size.name}_{inner}" if len(inner) == 1 else f"{size.name}_({inner})"
