"""From a syntax tree to what it says: sums, products, functions and derivatives of quantities at their indices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sympy import Expr, Number, Rational

from backprop_proofs.language.binding import fresh_index, sum_over
from backprop_proofs.language.expressions import Fn, Partial, Ref, mul, negative, parts_of, power, quotient
from backprop_proofs.language.indices import index
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning import values
from backprop_proofs.reading.meaning.calls import MOST_EXPONENT, magnitude
from backprop_proofs.reading.meaning.dimensions import UNIT
from backprop_proofs.reading.meaning.forms import is_two
from backprop_proofs.reading.meaning.names import NotUnderstood, bare_key, letter_of
from backprop_proofs.reading.meaning.naming import TAKEN, Warned
from backprop_proofs.reading.meaning.scopes import Scope
from backprop_proofs.reading.meaning.sums import Sums
from backprop_proofs.reading.meaning.values import ENTRYWISE, Misfit, Value
from backprop_proofs.reading.syntax import Node, Span, span_of


class Elaborator(Sums):
    """One statement of a text: its expressions."""

    def value(self, node: Node, scope: Scope) -> Value:
        """What an expression is. Raises Misfit for what cannot mean anything, NotUnderstood for what is not known."""
        method = _METHODS.get(type(node))
        if method is None:
            raise NotUnderstood(span_of(node), f"a {type(node).__name__.lower()} is not understood here")
        return method(self, node, scope)

    def _number(self, node: tree.Number, scope: Scope) -> Value:
        return values.scalar(Rational(node.value.numerator, node.value.denominator))

    def _group(self, node: tree.Group, scope: Scope) -> Value:
        if len(node.items) != 1:
            raise NotUnderstood(node.span, "a list in brackets is not understood here")
        return self.value(node.items[0], scope)

    def _plus(self, node: tree.Plus, scope: Scope) -> Value:
        terms = [self.value(term, scope) for term in node.terms]
        if len(terms) == 1:
            return terms[0] if node.signs[0] > 0 else values.mapped(terms[0], negative)
        array = next((term for term in terms if term.shape), None)
        for term, written in zip(terms, node.terms, strict=True):
            if array is not None and not term.shape and not isinstance(term.scalar, Number):
                self._broadcast(values.kind(array), span_of(written))
        return values.total(terms, list(node.signs), [span_of(t) for t in node.terms], self.same)

    def _broadcast(self, kind: str, span: Span) -> None:
        """Note that a number is added to each entry of an array. Raises Misfit in what declares the network."""
        if self.open or self.defining:
            raise Misfit("shape", f"a number is added to {kind}", span)
        self.warnings.append(Warned(TAKEN, f"a number is added to {kind}, which is taken to be to each entry", span))

    def _product(self, node: tree.Product, scope: Scope) -> Value:
        if any(map(_is_one, node.factors)):
            raise NotUnderstood(node.span, "a vector of ones is not understood; write a sum")
        if any(map(_at_point, node.factors, node.factors[1:], node.operators)):
            return self.value(self._with_slopes(node), scope)
        factors = [self.value(factor, scope) for factor in node.factors]
        spans = [span_of(factor) for factor in node.factors]
        if not any(factor.shape for factor in factors):
            return values.scalar(mul(*(factor.scalar for factor in factors)))
        try:
            return self._grouped(factors, list(node.operators), spans)
        except Misfit:
            if not ENTRYWISE & set(node.operators):
                raise
            return self._joined(factors, list(node.operators), spans)

    def _grouped(self, factors: list[Value], operators: list[str], spans: list[Span]) -> Value:
        """Matrix products first, then the entrywise ones."""
        groups: list[Value] = []
        start = 0
        for number, sign in enumerate([*operators, "⊙"]):
            if sign in ENTRYWISE:
                groups.append(
                    self._joined(factors[start : number + 1], operators[start:number], spans[start : number + 1])
                )
                start = number + 1
        joined = groups[0]
        for group in groups[1:]:
            joined = values.entrywise(joined, group, spans[-1], self.same)
        return joined

    def _joined(self, factors: list[Value], operators: list[str], spans: list[Span]) -> Value:
        joined = factors[0]
        for factor, sign, span in zip(factors[1:], operators, spans[1:], strict=True):
            joined = self._times(joined, factor, sign, span)
        return joined

    def _times(self, left: Value, right: Value, sign: str, span: Span) -> Value:
        arrays = bool(left.shape and right.shape)
        if sign in ENTRYWISE or not arrays:
            return values.entrywise(left, right, span, self.same)
        if sign == "⊗":
            return self._circled(left, right, span)
        if self.single and len(left.shape) == len(right.shape) == 1:
            return values.entrywise(self.only_entry(left), self.only_entry(right), span, self.same)
        if self._side_by_side(left, right, sign):
            return values.entrywise(left, right, span, self.same)
        columns = [len(side.shape) == 1 and side.shape[0] != UNIT for side in (left, right)]
        if sign == "*" and (all(columns) or self._are_of_one_shape(left, right)):
            self.warnings.append(
                Warned(TAKEN, f"* between {'vectors' if columns[0] else 'matrices'} is taken entry by entry", span)
            )
            return values.entrywise(left, right, span, self.same)
        if sign == "*":
            raise NotUnderstood(span, "* between arrays may be one product or another; write ⊙ or nothing")
        if sign in ("·", "•", "×", "⋆", "⊛") and all(columns):
            return self._dot(left, right, sign, span)
        return values.product(left, right, span, self.same, self.world.limits)

    def _circled(self, left: Value, right: Value, span: Span) -> Value:
        """u ⊗ v, the outer product; u ⊙ v where that does not fit."""
        self.circled = True
        if self.dot == "inner" or len(left.shape) != 1:
            return values.outer(left, right, span)
        self.warnings.append(Warned(TAKEN, "⊗ between vectors is taken entry by entry", span))
        return values.entrywise(left, right, span, self.same)

    def _side_by_side(self, left: Value, right: Value, sign: str) -> bool:
        """Whether it is u v of two columns, which may be their entrywise product."""
        columns = all(len(side.shape) == 1 for side in (left, right))
        way = self.census.way
        meant = self.world.layout == "side by side" or (way.summed and (self.summed or not way.matrices))
        return not sign and columns and meant

    def sum_of_entries(self, value: Value) -> Value:
        """The sum of all the entries of an array."""
        letters = [fresh_index(index("m")) for _ in value.shape]
        limits = [(s, *self.world.limits(dim)) for s, dim in zip(letters, value.shape, strict=True)]
        return values.scalar(sum_over(value.at(*letters), *limits))

    def _are_of_one_shape(self, left: Value, right: Value) -> bool:
        """Whether two matrices have an entrywise product, and no other."""
        if not len(left.shape) == len(right.shape) == 2 or UNIT in left.shape + right.shape:
            return False
        same = self.world.dims.same
        return all(map(same, left.shape, right.shape)) and not same(*left.shape)

    def _dot(self, left: Value, right: Value, sign: str, span: Span) -> Value:
        """u · v, the inner product; ⊙ where that does not fit."""
        self.warnings.append(Warned(TAKEN, f"{sign} between vectors is taken for the {self.dot} product", span))
        if self.dot == "entrywise":
            return values.entrywise(left, right, span, self.same)
        return values.product(values.transposed(left), right, span, self.same, self.world.limits)

    def _quotient(self, node: tree.Quotient, scope: Scope) -> Value:
        multiplied = isinstance(node.bottom, tree.CallOrProduct) and not self.is_call(node.bottom)
        if node.tight or (node.inline and multiplied):  # 1/2N, 2/n (x - y)
            raise NotUnderstood(node.span, "it is not clear what is below the stroke; write brackets")
        top, bottom = self.value(node.top, scope), self.value(node.bottom, scope)
        if bottom.shape:
            raise NotUnderstood(span_of(node.bottom), "a quotient by an array is not understood")
        return values.mapped(top, lambda u: quotient(u, bottom.scalar))

    def raised(self, value: Value, exponent: Node, span: Span, scope: Scope) -> Value:
        """A number raised to a number; of a column, entry by entry."""
        raised = self.value(exponent, scope)
        number = raised.scalar if not raised.shape else None
        if isinstance(number, Expr) and not isinstance(number, Rational):
            number = values.number_of(number)
        if not isinstance(number, Rational):
            raise NotUnderstood(span, "a power is understood of a number, with a number as exponent")
        if abs(number) > MOST_EXPONENT:
            raise NotUnderstood(span, f"an exponent of at most {MOST_EXPONENT} is understood")
        if len(value.shape) == 1 and self.single:
            value = self.only_entry(value)
        elif value.shape and not self.summed:
            self._entry_by_entry(value, number, span)
        return values.mapped(value, lambda u: power(u, number))

    def _entry_by_entry(self, value: Value, number: Rational, span: Span) -> None:
        """Note that a vector is raised entry by entry; of a matrix, a power may be a product."""
        if len(value.shape) != 1 or value.shape[0] == UNIT or number <= 0:
            raise NotUnderstood(span, "a power is understood of a number or a column, with a number as exponent")
        self.warnings.append(Warned(TAKEN, "the power of a vector is taken entry by entry", span))

    def _raised(self, node: tree.Power, scope: Scope) -> Value:
        if isinstance(node.base, tree.Norm) and is_two(node.exponent):
            return self._norm(node.base, scope, squared=True)
        return self.raised(self.value(node.base, scope), node.exponent, node.span, scope)

    def _norm(self, node: tree.Norm, scope: Scope, squared: bool = False) -> Value:
        inner, which = self.value(node.of, scope), _which(node)
        if node.bars == 1 and not inner.shape and not node.below:
            return values.mapped(inner, lambda u: power(magnitude(u), 2 if squared else 1))
        if not inner.shape or node.bars != 2 or which not in ("1", "2", "F"):
            raise NotUnderstood(node.span, "the 1-norm or 2-norm of a vector is understood, between double bars")
        if which == "1" and len(inner.shape) > 1:
            raise NotUnderstood(node.span, "the 1-norm of a matrix may be one thing or another; write a sum")
        letters = [fresh_index(index("m")) for _ in inner.shape]
        limits = [(s, *self.world.limits(dim)) for s, dim in zip(letters, inner.shape, strict=True)]
        entry = inner.at(*letters)
        total = sum_over(magnitude(entry) if which == "1" else power(entry, 2), *limits)
        return values.scalar(power(total, Rational(2 if squared else 1, 1 if which == "1" else 2)))

    def _root(self, node: tree.Root, scope: Scope) -> Value:
        inner = self.value(node.of, scope)
        return values.mapped(inner, lambda u: power(u, Rational(1, node.order)))

    def _transpose(self, node: tree.Transpose, scope: Scope) -> Value:
        value = self.value(node.of, scope)
        if isinstance(node.of, tree.Number) or _is_one(node.of):
            raise NotUnderstood(node.span, "a vector of ones is not understood; write a sum")
        if not value.shape and isinstance(node.of, tree.Name) and not self.open and not self.world.single:
            raise NotUnderstood(node.span, f"{node.of.base} is taken for a number, which has no transpose")
        return values.transposed(value)

    def _scripted(self, node: tree.Scripted, scope: Scope) -> Value:
        """Indices on something in brackets: (u - v)_l."""
        if (
            isinstance(node.base, tree.Group)
            and len(node.base.items) == 1
            and isinstance(node.base.items[0], tree.Name)
        ):
            name = node.base.items[0]
            merged = replace(name, above=name.above + node.above, below=name.below + node.below, span=node.span)
            return self.name(merged, scope)
        if node.primes or node.above:
            raise NotUnderstood(node.span, "a superscript or a prime on an expression is not understood")
        if isinstance(node.base, tree.Call) and bare_key(node.base.function).rstrip("'") in self.census.entered:
            words = f"{node.base.function.base} may be a function of the whole vector; write its formula"
            raise NotUnderstood(node.span, words)
        items = [item for script in node.below for item in script.items]
        if isinstance(node.base, tree.Name):
            scripts = (tree.Script(tuple(items)),)
            merged = tree.Name(
                node.base.base,
                node.base.marks,
                node.base.primes,
                node.base.above,
                node.base.below + scripts,
                node.base.run,
                node.span,
            )
            return self.name(merged, scope)
        inner = self.value(node.base, scope)
        if len(items) != len(inner.shape):
            raise Misfit(
                "index-count",
                f"{values.kind(inner)} has {len(inner.shape)} indices, and {len(items)} are written",
                node.span,
            )
        at = [self.index_expression(item, scope) for item in items]
        for place, dim in zip(at, inner.shape, strict=True):
            letter = self._letter_at(place, scope)
            if letter is not None:
                self.run_over(letter, dim, node.span)
        return values.scalar(inner.at(*at))

    def _exponential(self, node: tree.Exponential, scope: Scope) -> Value:
        return values.mapped(self.value(node.exponent, scope), lambda u: Fn("exp", 0, u))

    def _words(self, node: tree.Text, scope: Scope) -> Value:
        raise NotUnderstood(node.span, f'"{node.words}" is not understood in a formula')

    # Derivatives

    def _derivative(self, node: tree.Derivative, scope: Scope) -> Value:
        if node.of is None or node.order != 1 or len(node.wrt) != 1 or node.kind == "plus":
            raise NotUnderstood(node.span, "a first derivative by one quantity is understood")
        by = node.wrt[0]
        if self._is_function(node.of) and isinstance(node.of, tree.Name):
            return self._slope(node.of, by, scope)
        if self._is_function(by) or _leaves_index_out(node.of, by):
            raise NotUnderstood(node.span, "what a function is differentiated by is understood with its index")
        return self._partial(self.value(node.of, scope), self.value(node.wrt[0], scope), node.span)

    def _is_function(self, node: Node) -> bool:
        """Whether a name without indices is that of a function, and of no quantity."""
        if not isinstance(node, tree.Name) or node.above or node.below or node.primes:
            return False
        key, network = bare_key(node), self.world.network
        quantity = self.census.is_defined(key) if network is None else key in network.families
        return (key in self.census.functions or key in self.world.functions) and not quantity

    def _slope(self, function: tree.Name, by: Node, scope: Scope) -> Value:
        """df/dz_j as f'(z_j), where f is applied to z. Raises NotUnderstood for anything else."""
        at = self.value(by, scope)
        known = at.scalar if not at.shape else None
        bodies = [definition.body for definition in self.world.network.definitions] if self.world.network else []
        calls = [call for body in bodies for call in parts_of(body, Fn) if call.name == bare_key(function)]
        applied = {call.argument.name for call in calls if isinstance(call.argument, Ref)}
        if not isinstance(known, Ref) or {known.name} != applied:
            words = f"{function.base} is a function; write {function.base}' and what it is taken of"
            raise NotUnderstood(function.span, words)
        return self.call(tree.Call(replace(function, primes=1), (by,), span=function.span), scope)

    def _with_slopes(self, node: tree.Product) -> Node:
        """The product with (df/dz)(z_j) as f'(z_j). Raises NotUnderstood for the derivative of no function there."""
        factors: list[Node] = []
        signs: list[str] = []
        for factor, sign in zip(node.factors, ("", *node.operators), strict=True):
            if not factors or not _at_point(factors[-1], factor, sign):
                signs += [sign] if factors else []
                factors.append(factor)
                continue
            slope, point = _alone(factors[-1]), _alone(factor)
            of = slope.of if isinstance(slope, tree.Derivative) and slope.order == 1 else None
            if not isinstance(of, tree.Name) or not self._is_function(of):
                raise NotUnderstood(node.span, "a derivative at a point is understood of a function of one variable")
            factors[-1] = tree.Call(replace(of, primes=1), (point,), span=span_of(slope))
        return factors[0] if len(factors) == 1 else replace(node, factors=tuple(factors), operators=tuple(signs))

    def _nabla(self, node: tree.Nabla, scope: Scope) -> Value:
        if node.of is None or len(node.by) != 1:
            raise NotUnderstood(node.span, "the gradient of the cost by one quantity is understood, ∇_a C")
        return self._partial(self.value(node.of, scope), self.value(node.by[0], scope), node.span)

    def _partial(self, of: Value, wrt: Value, span: Span) -> Value:
        rows = bool(wrt.shape) and wrt.shape[0] == UNIT
        if of.shape and of.shape[0] == UNIT:
            of = values.transposed(of)
        if rows:
            wrt = values.transposed(wrt)
        if not of.shape and len(wrt.shape) == 1 and (rows or self.world.layout == "gradient rows"):
            return values.transposed(self._partial_of(of, wrt, span))
        slope = self._partial_of(of, wrt, span)
        self.jacobian |= len(of.shape) == len(wrt.shape) == 1
        return values.transposed(slope) if len(slope.shape) == 2 and self._by_denominator(of) else slope

    def _by_denominator(self, of: Value) -> bool:
        return self.world.layout == "denominator" and len(of.shape) == 1

    def _partial_of(self, of: Value, wrt: Value, span: Span) -> Value:
        depth = len(of.shape)
        if depth and wrt.shape and (depth != 1 or len(wrt.shape) != 1):
            raise NotUnderstood(span, "the derivative of a vector by a matrix has three indices; write them")

        def at(*place: Expr) -> Expr:
            x = wrt.at(*place[depth:])
            if not isinstance(x, Ref):
                raise NotUnderstood(span, "a derivative is taken by a quantity")
            return self.checked(Partial(of.at(*place[:depth]), x), span)

        return Value(of.shape + wrt.shape, at)

    def checked(self, partial: Partial, span: Span) -> Expr:
        if self.open:
            return partial
        x, named = partial.wrt.name, {ref.name for ref in parts_of(partial.of, Ref)}
        network = self.world.network
        if parts_of(partial.of, Partial) or (network and any(network.is_abbreviation(n) for n in (*named, x))):
            raise NotUnderstood(span, "the derivative of a derivative is not understood")
        if x in self.world.fresh and x not in named:
            raise NotUnderstood(span, f"nothing says how anything depends on {x}")
        if named & self.world.fresh - {x}:
            raise NotUnderstood(span, f"nothing says how {min(named & self.world.fresh)} depends on anything")
        return partial

    def _differential(self, node: tree.Name, scope: Scope) -> Value | None:
        """dX as the name of ∂C/∂X, where X is a quantity and dX is none of its own."""
        key = self.census.use(node).key
        if not (node.run and node.base.startswith("d")) or self.world.cost is None:
            return None
        if key in self.world.families or self.census.is_defined(key):
            return None
        inner = tree.Name(node.base[1:], node.marks, node.primes, node.above, node.below, False, node.span)
        if bare_key(inner) == self.world.cost.name:
            raise NotUnderstood(node.span, f"{node.base} is a differential here, and derivatives are understood")
        of = self.census.use(inner).key
        known = not {of, of[:1].swapcase() + of[1:]}.isdisjoint(self.world.families)
        if not known and not (self.open and self.census.is_name(inner)):
            return None
        self.gradients.append(of)
        return self._partial(values.scalar(self.world.cost), self.name(inner, scope), node.span)

    def _named(self, node: tree.Name, scope: Scope) -> Value:
        gradient = self._differential(node, scope)
        return gradient if gradient is not None else self.name(node, scope)


def _at_point(slope: Node, point: Node, sign: str) -> bool:
    """Whether they are a derivative and the value, in brackets, of what it is taken by: (df/dz)(z_j)."""
    slope = _alone(slope)
    if sign or not isinstance(slope, tree.Derivative) or not isinstance(point, tree.Group) or len(slope.wrt) != 1:
        return False
    by, only = slope.wrt[0], _alone(point)
    return isinstance(by, tree.Name) and isinstance(only, tree.Name) and bare_key(by) == bare_key(only)


def _alone(node: Node) -> Node:
    """What brackets hold, if it is one thing; else the node."""
    return node.items[0] if isinstance(node, tree.Group) and len(node.items) == 1 else node


def _leaves_index_out(of: Node, by: Node) -> bool:
    """Whether f(z_j) is differentiated by z without its index."""
    inside = of.arguments[0] if isinstance(of, tree.Call) and len(of.arguments) == 1 else None
    names = isinstance(by, tree.Name) and isinstance(inside, tree.Name)
    if not names or not isinstance(by, tree.Name) or not isinstance(inside, tree.Name):
        return False
    return bare_key(by) == bare_key(inside) and bool(inside.below) and not by.below


def _is_one(node: Node) -> bool:
    """Whether it is a 1 in bold, which mostly is a vector of ones."""
    return isinstance(node, tree.Name) and node.base == "1"


def _which(node: tree.Norm) -> str:
    """What stands below a norm: 1, 2, F; 2 where nothing does."""
    items = [item for script in node.below for item in script.items]
    if not items:
        return "2"
    only = items[0] if len(items) == 1 else None
    return str(only.value) if isinstance(only, tree.Number) else letter_of(only) or "" if only is not None else ""


_METHODS: dict[type[Node], Callable[[Elaborator, Any, Scope], Value]] = {
    tree.Name: Elaborator._named,
    tree.Number: Elaborator._number,
    tree.Group: Elaborator._group,
    tree.Plus: Elaborator._plus,
    tree.Product: Elaborator._product,
    tree.Quotient: Elaborator._quotient,
    tree.Power: Elaborator._raised,
    tree.Norm: Elaborator._norm,
    tree.Root: Elaborator._root,
    tree.Transpose: Elaborator._transpose,
    tree.Scripted: Elaborator._scripted,
    tree.Indicator: Elaborator.indicator,
    tree.Cases: Elaborator.cases,
    tree.Exponential: Elaborator._exponential,
    tree.Sum: Elaborator.sum,
    tree.Call: Elaborator.call,
    tree.CallOrProduct: Elaborator.either,
    tree.Derivative: Elaborator._derivative,
    tree.Nabla: Elaborator._nabla,
    tree.Text: Elaborator._words,
}
