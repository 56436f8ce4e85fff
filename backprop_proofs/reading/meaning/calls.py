"""What a function of something says: an activation, a softmax, max(0, z), a cross-entropy, the chain rule as prod."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace

from sympy import Expr, Rational

from backprop_proofs.kernel.calculus import slope
from backprop_proofs.language.binding import each, fresh_index, sum_over
from backprop_proofs.language.expressions import (
    GIVEN_FUNCTIONS,
    Delta,
    Fn,
    Opaque,
    Partial,
    Ref,
    add,
    mul,
    negative,
    parts_of,
    power,
    quotient,
)
from backprop_proofs.language.indices import index
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning import values
from backprop_proofs.reading.meaning.dimensions import UNIT
from backprop_proofs.reading.meaning.forms import is_zero
from backprop_proofs.reading.meaning.function_names import function_of_call
from backprop_proofs.reading.meaning.names import FUNCTIONS, SURE_COSTS, NotUnderstood, bare_key, is_any_function
from backprop_proofs.reading.meaning.naming import Naming, Warned
from backprop_proofs.reading.meaning.scopes import Scope
from backprop_proofs.reading.meaning.values import Misfit, Value
from backprop_proofs.reading.syntax import Node, Span

MOST_EXPONENT = 99


def magnitude(u: Expr) -> Expr:
    """|u| as max(0, u) + max(0, -u)."""
    return add(Fn("relu", 0, u), Fn("relu", 0, negative(u)))


def _sign(u: Expr) -> Expr:
    """1 for positive u, -1 for negative, without a value at 0."""
    return add(Fn("step", 0, u), negative(Fn("step", 0, negative(u))))


_COSTS_OF_EACH = SURE_COSTS | {"l"}  # what may be a function in l_t(y_t)
_BY_SIGN = {"abs": magnitude, "sign": _sign, "sgn": _sign}


class Calls(Naming):
    """The functions among the expressions of a statement."""

    @abstractmethod
    def value(self, node: Node, scope: Scope) -> Value:
        """What an expression is."""

    @abstractmethod
    def checked(self, partial: Partial, span: Span) -> Expr:
        """A derivative of which something is known. Raises NotUnderstood for another."""

    def call(self, node: tree.Call, scope: Scope) -> Value:
        if len(node.arguments) != 1:
            return self._of_several(node, scope)
        if node.function.below and self.census.use(node.function).key in self.world.families:  # out_{o1} (1 - out_{o1})
            return self.value(tree.Product((node.function, node.arguments[0]), ("",), node.span), scope)
        if node.function.above and bare_key(node.function).lower() in FUNCTIONS:
            return self._power_of_call(node, scope)
        name, primes = function_of_call(node, self.census)
        inner = self.value(node.arguments[0], scope)
        if name == "softmax" and not primes:
            return self._softmax(inner, node.span)
        if name in ("tr", "Tr", "trace") and not primes and name not in self.world.functions:
            return self._trace(inner, node.span)
        if name in _BY_SIGN and not primes and name not in self.world.functions:
            return values.mapped(inner, _BY_SIGN[name])
        if name == "sqrt":
            return values.mapped(inner, lambda u: power(u, Rational(1, 2)))
        if name == "softmax":
            raise NotUnderstood(node.span, "softmax' has no one meaning; write its derivative with two indices")
        if name in GIVEN_FUNCTIONS and primes == 1:
            return values.mapped(inner, lambda u: slope(Fn(name, 0, u)))
        if name == "diag" and len(inner.shape) == 1:
            return Value(inner.shape * 2, lambda j, k: mul(Delta(j, k), inner.at(j)))
        if inner.shape and self.of_cost and not primes and is_any_function(node.function):
            return self._any_number(name, [inner], node)
        if primes and inner.shape and self._is_of_all_entries(name):
            raise NotUnderstood(node.span, f"{name} is a function of a whole vector; write ∂{name}/∂...")
        own = self.world.cost is not None and name == self.world.cost.name
        if name in SURE_COSTS and (inner.shape or (primes and own)):
            raise NotUnderstood(node.span, f"{name} as a function of its own is not understood; write ∂{name}/∂...")
        self._expect_function(name, node.function)
        return values.mapped(inner, lambda u: Fn(name, primes, u))

    def _is_of_all_entries(self, name: str) -> bool:
        """Whether the network has an unspecified function of that name, of all entries of something."""
        network = self.world.network
        bodies = [known.body for known in network.definitions] if network is not None else []
        return any(each.name == name for body in bodies for each in parts_of(body, Opaque))

    def _power_of_call(self, node: tree.Call, scope: Scope) -> Value:
        """tanh^2(u), the square of tanh(u); tanh^{-1} may be the inverse."""
        items = [item for script in node.function.above for item in script.items]
        if len(items) != 1 or not isinstance(items[0], tree.Number) or items[0].value < 2:
            raise NotUnderstood(node.function.span, "a function with an exponent from 2 on is understood")
        if items[0].value > MOST_EXPONENT:
            raise NotUnderstood(node.span, f"an exponent of at most {MOST_EXPONENT} is understood")
        exponent = Rational(items[0].value.numerator, items[0].value.denominator)
        plain = replace(node, function=replace(node.function, above=()))
        return values.mapped(self.call(plain, scope), lambda u: power(u, exponent))

    def _expect_function(self, name: str, written: tree.Name) -> None:
        """Raise NotUnderstood for a function of which nothing is said.

        A definition may have any σ, but not sin; so may the lines of a text whose network has no function.
        """
        known = name in FUNCTIONS.values() or name in self.world.functions
        free = is_any_function(written) and (self.open or not self.world.functions)
        if not known and not free:
            raise NotUnderstood(written.span, f"nothing says what {name} does")
        self.world.functions.add(name)

    def _of_several(self, node: tree.Call, scope: Scope) -> Value:
        """max(0, z), the cross-entropy CE(y, p), or any function of several quantities, in a definition."""
        name, primes = function_of_call(node, self.census)
        if name == "max" and not primes and len(node.arguments) == 2 and is_zero(node.arguments[0]):
            return values.mapped(self.value(node.arguments[1], scope), lambda u: Fn("relu", 0, u))
        if name == "prod" and not primes and len(node.arguments) == 2:
            return self._chained(node, scope)
        inner = [self.value(argument, scope) for argument in node.arguments]
        if name in ("CE", "CrossEntropy") and len(inner) == 2 and all(len(one.shape) >= 1 for one in inner):
            y, p = (values.transposed(one) if one.shape[0] == UNIT else one for one in inner)
            values.fit(y, p, node.span, self.same)
            m = fresh_index(index("m"))
            body = mul(y.at(m), Fn("log", 0, p.at(m)))
            return values.scalar(negative(sum_over(body, (m, *self.world.limits(y.shape[0])))))
        if primes or not is_any_function(node.function):
            raise NotUnderstood(node.span, "a function of several arguments is not understood here")
        return self._any_number(name, inner, node)

    def _any_number(self, name: str, inner: list[Value], node: tree.Call) -> Value:
        """Any function of all the entries of some quantities, in a definition."""
        if self.world.network is not None:
            raise NotUnderstood(node.span, "a function of several arguments is not understood here")
        sets: list[Expr] = []
        for one in inner:
            letters = [index(f"q{number}") for number in range(len(one.shape))]
            ref = one.at(*(values.index_one() if d == UNIT else s for s, d in zip(letters, one.shape, strict=True)))
            if not isinstance(ref, Ref):
                raise NotUnderstood(node.span, "a function of several quantities is understood, each by itself")
            limits = [(s, *self.world.limits(d)) for s, d in zip(letters, one.shape, strict=True) if d != UNIT]
            sets.append(each(ref, *limits))
        return values.scalar(Opaque(name, *sets))

    def _chained(self, node: tree.Call, scope: Scope) -> Value:
        """prod(∂J/∂Y, ∂Y/∂X): the sum over all entries of Y, in whatever order and transposition the factors must be.

        Source: Zhang et al., Dive into Deep Learning, section 5.3.3.
        """
        match node.arguments:
            case (
                tree.Derivative(of=Node() as of, wrt=(inner,), order=1),
                tree.Derivative(of=middle, wrt=(wrt,), order=1),
            ) if inner == middle:
                parts = [self.value(part, scope) for part in (of, inner, wrt)]
                return self._through(parts[0], parts[1], parts[2], node.span)
        raise NotUnderstood(node.span, "prod(∂J/∂Y, ∂Y/∂X) is understood, with one Y")

    def _through(self, of: Value, inner: Value, wrt: Value, span: Span) -> Value:
        if of.shape:
            raise NotUnderstood(span, "prod of the derivatives of a number is understood")
        letters = [fresh_index(index("m")) for _ in inner.shape]
        limits = [(s, *self.world.limits(dim)) for s, dim in zip(letters, inner.shape, strict=True)]
        between = inner.at(*letters)
        if isinstance(between, Ref) and self.world.families[between.name].staged() is not None:
            raise NotUnderstood(span, f"whether {between.name} of other times or layers is held fixed is not said")

        def at(*place: Expr) -> Expr:
            last = wrt.at(*place)
            if not isinstance(between, Ref) or not isinstance(last, Ref):
                raise NotUnderstood(span, "a derivative is taken by a quantity")
            outer, rest = Partial(of.scalar, between), Partial(between, last)
            return sum_over(mul(self.checked(outer, span), self.checked(rest, span)), *limits)

        return Value(wrt.shape, at)

    def _softmax(self, inner: Value, span: Span) -> Value:
        """Of a vector; of a matrix, each row by itself, as attention has it."""
        if len(inner.shape) not in (1, 2) or UNIT in inner.shape:
            raise NotUnderstood(span, "the softmax of a vector is understood, or of each row of a matrix")
        if len(inner.shape) == 2:
            self.warnings.append(Warned("softmax-rows", "the softmax of a matrix is taken of each of its rows", span))
        m = fresh_index(index("m"))

        def at(*place: Expr) -> Expr:
            total = sum_over(Fn("exp", 0, inner.at(*place[:-1], m)), (m, *self.world.limits(inner.shape[-1])))
            return quotient(Fn("exp", 0, inner.at(*place)), total)

        return Value(inner.shape, at)

    def _trace(self, inner: Value, span: Span) -> Value:
        if len(inner.shape) != 2 or UNIT in inner.shape:
            raise NotUnderstood(span, "the trace of a matrix is understood")
        if not self.same(*inner.shape):
            raise Misfit("shape", "the trace is taken of a matrix that is not square", span)
        m = fresh_index(index("m"))
        return values.scalar(sum_over(inner.at(m, m), (m, *self.world.limits(inner.shape[0]))))

    def either(self, node: tree.CallOrProduct, scope: Scope) -> Value:
        return self.value(node.call if self.is_call(node) else node.product, scope)

    def is_call(self, node: tree.CallOrProduct) -> bool:
        """Whether f(x) applies a function. Raises NotUnderstood where it may be a cost of each x, as in l_t(x_t)."""
        call = next(iter(tree.every(tree.Call, node.call)), None)
        if call is None:
            return False
        key = bare_key(call.function).rstrip("'")
        known = key in self.census.functions and not call.function.below
        if key in _COSTS_OF_EACH and not known and all(isinstance(one, tree.Name) for one in call.arguments):
            raise NotUnderstood(node.span, f"whether {key} is multiplied or a function of it is not said")
        if key in self.world.families or call.function.below:
            return False
        return key in self.census.functions or key in FUNCTIONS or key in self.world.functions
