"""What can be said of scalars: quantities with indices, sums, Kronecker deltas, functions, and the partial derivative.

Every node is a SymPy expression. Sums and products keep the order in which they were written and are never
evaluated on construction; a bound index is a letter of its own, so nothing can be captured by accident.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sympy import Add, Dummy, Expr, Integer, Mul, Pow, S, Symbol
from sympy.core.basic import Basic
from sympy.core.symbol import Str

from backprop_proofs.errors import Malformed
from backprop_proofs.shown import Typeset

# e^u, ln u, max(0, u), [u > 0], and the normal distribution: P(X <= u) and its density; no formula may redefine them
GIVEN_FUNCTIONS = ("exp", "log", "relu", "step", "normal_cdf", "normal_pdf")


class Quantity(Basic):
    """A family of scalars named by a letter; `superscripts` of its leading indices are written above."""

    name = property(lambda self: self.args[0].name)
    superscripts = property(lambda self: int(self.args[1]))

    def __new__(cls, name: str | Str, superscripts: int | Integer = 0) -> Quantity:
        return _quantity(str(name), int(superscripts))

    def __getitem__(self, indices: Any) -> Ref:
        return Ref(self, *(indices if isinstance(indices, tuple) else (indices,)))


@lru_cache(maxsize=4096)
def _quantity(name: str, superscripts: int) -> Quantity:
    """One object for equal ones, which are compared often."""
    return Basic.__new__(Quantity, Str(name), Integer(superscripts))


class Node(Typeset, Expr):
    """The base of our nodes: real scalars that SymPy's own `diff` must not touch (it ignores bound indices)."""

    is_commutative = True
    is_extended_real = True

    def _eval_derivative(self, symbol: Basic) -> Expr:
        raise Malformed("SymPy's diff does not know indices; write Partial(y, x) and work it out by the rules")


class Ref(Node):
    """One scalar of a family: `Ref(w, l, j, k)`, printed w^l_{jk}. Without indices, a scalar such as C."""

    first_index = 1  # from here on the arguments are indices
    quantity = property(lambda self: self.args[0])
    name = property(lambda self: self.args[0].name)
    indices = property(lambda self: self.args[1:])

    def __new__(cls, quantity: Quantity, *indices: Any) -> Ref:
        return Basic.__new__(cls, quantity, *map(_as_index, indices))

    def _sympystr(self, printer: Any) -> str:
        return self.name + (f"[{', '.join(map(printer._print, self.indices))}]" if self.indices else "")


class Delta(Node):
    """The Kronecker delta of two indices: 1 where they are equal, else 0."""

    first_index = 0

    def __new__(cls, left: Any, right: Any) -> Delta:
        return Basic.__new__(cls, _as_index(left), _as_index(right))


class Fn(Node):
    """A function of one real variable, `primes` times differentiated: `Fn("sigma", 1, z)` is σ'(z)."""

    name = property(lambda self: self.args[0].name)
    primes = property(lambda self: int(self.args[1]))
    argument = property(lambda self: self.args[2])

    def __new__(cls, name: str | Str, primes: int | Integer, argument: Expr) -> Fn:
        return Basic.__new__(cls, Str(str(name)), Integer(primes), argument)


class Binder(Node):
    """A node that binds one index in its first argument: (body, index, lower, upper); bounds are inclusive.

    The index is a fresh one, of no other binder: `sum_over` and `each` make it. Raises Malformed for a plain letter.
    """

    body = property(lambda self: self.args[0])
    index = property(lambda self: self.args[1])
    limit = property(lambda self: self.args[1:])

    def __new__(cls, body: Expr, letter: Symbol, low: Any, high: Any) -> Binder:
        if not isinstance(letter, Dummy):
            raise Malformed(f"a bound index must be fresh, and {letter} is a plain letter; write sum_over or each")
        return Basic.__new__(cls, body, letter, _as_index(low), _as_index(high))

    @property
    def free_symbols(self) -> set[Basic]:
        """The letters that occur free; those of the body but for the bound index."""
        outside: set[Basic] = self.args[2].free_symbols | self.args[3].free_symbols
        return (self.args[0].free_symbols - {self.args[1]}) | outside


class IndexSum(Binder):
    """The sum of `body` over an index in lower..upper; 0 when the range is empty."""


class Each(Binder):
    """All instances of a quantity over an index; nests, down to a `Ref`. A plain `Ref` is a set of one."""


class Opaque(Node):
    """An unspecified differentiable function of all the quantities in its sets: C(a^L) is one."""

    name = property(lambda self: self.args[0].name)

    def __new__(cls, name: str | Str, *sets: Expr) -> Opaque:
        return Basic.__new__(cls, Str(str(name)), *sets)


class Partial(Node):
    """∂of/∂wrt with `held` at their values: wrt's own equation and those of held (save of itself) are dropped.

    Every other equation is kept and `of` is differentiated, so ∂C/∂z^l_j is the error and ∂z^{l+1}_k/∂z^l_j goes
    through a^l.
    """

    of = property(lambda self: self.args[0])
    wrt = property(lambda self: self.args[1])
    held = property(lambda self: self.args[2:])

    def __new__(cls, of: Expr, wrt: Ref, *held: Expr) -> Partial:
        if not isinstance(wrt, Ref):
            raise Malformed(f"a partial derivative is taken by one scalar quantity; found {wrt}")
        return Basic.__new__(cls, of, wrt, *held)


def _as_index(value: Any) -> Expr:
    if not isinstance(value, int | Expr):
        raise Malformed(f"an index is an integer or an integer symbol; found {value!r}")
    return Integer(value) if isinstance(value, int) else value


@lru_cache(maxsize=65536)
def parts_of(expr: Basic, *kinds: type[Basic]) -> frozenset[Any]:
    """All parts of `expr` that are of the kinds, itself and those of the ends of ranges included."""
    every = [expr]
    for part in every:  # which grows meanwhile
        every.extend(part.args)
    return frozenset(part for part in every if isinstance(part, kinds))


def add(*terms: Expr) -> Expr:
    """The sum of the terms as written: nested sums are flattened, zeros dropped, nothing else is done."""
    nested = (term.args if isinstance(term, Add) else (term,) for term in terms)
    return Add._from_args([term for part in nested for term in part if term is not S.Zero])


def mul(*factors: Expr) -> Expr:
    """The product of the factors as written: nested products are flattened, ones dropped, a zero is zero."""
    nested = (factor.args if isinstance(factor, Mul) else (factor,) for factor in factors)
    flat = [factor for part in nested for factor in part if factor is not S.One]
    return S.Zero if any(factor is S.Zero for factor in flat) else Mul._from_args(flat)


def power(base: Expr, exponent: Expr | int) -> Expr:
    """base ** exponent as written; an exponent of 1 is dropped."""
    exponent = Integer(exponent) if isinstance(exponent, int) else exponent
    return base if exponent is S.One else Pow(base, exponent, evaluate=False)


def quotient(top: Expr, bottom: Expr) -> Expr:
    """top / bottom as written; nothing is cancelled."""
    return mul(top, power(bottom, -1))


def negative(term: Expr) -> Expr:
    """-term as written."""
    return mul(S.NegativeOne, term)


_AS_WRITTEN = {Add: add, Mul: mul, Pow: power}


def rebuild(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """`expr` with other arguments, still unevaluated; a sum of zeros is zero."""
    made = _AS_WRITTEN.get(expr.func, expr.func)
    return S.Zero if isinstance(expr, IndexSum) and args[0] is S.Zero else made(*args)
