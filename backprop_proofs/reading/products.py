"""What factors side by side mean as writing: calls, quotients, derivatives, and only then a product."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from backprop_proofs.reading.commands import FUNCTION_LETTERS, FUNCTIONS, GREEK, words
from backprop_proofs.reading.scripts import Sign, Unit
from backprop_proofs.reading.syntax import (
    Call,
    CallOrProduct,
    Chain,
    Derivative,
    Differential,
    Group,
    Held,
    Indicator,
    Nabla,
    Name,
    Node,
    Number,
    Power,
    Product,
    Quotient,
    Scripted,
    Span,
    Transpose,
    span_of,
)

_LETTER_NAMES = frozenset((*GREEK, "ell", "infinity", "top", "hbar", "emptyset", "dagger"))
_CONSTANTS = frozenset(("lambda", "alpha", "beta", "gamma", "eta", "m", "n", "N"))  # letters for numbers, behind a ∇
_INDICATORS = frozenset(("1", "I"))
TAKES_ONE = frozenset(words("exp log ln lg sin cos tan sinh cosh tanh arctan erf sgn sign det diag tr max min softmax"))


class Factor(NamedTuple):
    """A factor and the operator before it, "" where it follows directly."""

    node: Node
    operator: str


def one(node: Node) -> Node:
    """A factor that stands alone."""
    if isinstance(node, Unit):
        return node.inner
    if isinstance(node, Sign):
        return _applied(node, None)
    if isinstance(node, Group) and node.bracket == "[" and (condition := _condition(node)) is not None:
        return Indicator(condition, node.span)
    if isinstance(node, Name) and node.base in _INDICATORS and node.marks and len(node.below) == 1:
        return _indicated(node)
    return node


def resolve(factors: list[Factor]) -> Node:
    """What the factors say together."""
    if len(factors) == 1:
        return one(factors[0].node)
    return _multiplied(_divided(_called(factors)))


def quotient(top: Node, bottom: Node, written: str, span: Span) -> Node:
    """A fraction: a derivative where both sides are differentials."""
    if isinstance(bottom, Differential) and isinstance(bottom.of, Held):  # ∂z/∂w|_v
        held = bottom.of
        return Held(quotient(top, replace(bottom, of=held.of), written, span), held.at, span)
    if isinstance(bottom, Held) and _total(bottom.of) and _differentials(top, total=True):  # dz/dw|_v
        return Held(quotient(top, bottom.of, written, span), bottom.at, span)
    below = _differentials(bottom, total=True)
    if below is not None:
        kind, _, wrt, others = below
        above = _differentials(top, total=kind == "total")
        if above is not None and (len(above.of) == 1 or above.of == (None,)):
            derivative = _derivative(above, kind, tuple(w for w in wrt if w is not None), written, span)
            node: Node = derivative
            if above.others:
                node = Product((*above.others, derivative), ("",) * len(above.others), span)
            return Quotient(node, _product([Factor(other, "·") for other in others]), span=span) if others else node
    return Quotient(top, bottom, written == "inline", span=span)


class _Parts(NamedTuple):
    kind: str
    order: int
    of: tuple[Node | None, ...]
    others: tuple[Node, ...]


def _derivative(above: _Parts, kind: str, wrt: tuple[Node, ...], written: str, span: Span) -> Derivative:
    only = wrt[0] if len(wrt) == 1 else None
    squared = isinstance(only, Name) and len(only.above) == 1 and isinstance(only.above[0].items[0], Number)
    if above.order > 1 and isinstance(only, Name) and squared:  # ∂z^2 below ∂^2
        wrt = (replace(only, above=()),)
    kind = "plus" if "plus" in (above.kind, kind) else kind
    return Derivative(above.of[0], wrt, kind, max(above.order, len(wrt)), written, span)


def _differentials(node: Node, total: bool) -> _Parts | None:
    """The differentials that a numerator or denominator is, with its other factors; None if there are none."""
    if isinstance(node, Differential):
        of = node.of
        if isinstance(of, Product) and isinstance(of.factors[-1], Differential):  # ∂x ∂y
            last = of.factors[-1]
            return _Parts(node.kind, node.order, (_product_of(of, len(of.factors) - 1), last.of), ())
        return _Parts(node.kind, node.order, (of,), ())
    if isinstance(node, Product):
        places = [at for at, factor in enumerate(node.factors) if isinstance(factor, Differential)]
        if len(places) == 1 and places[0] == len(node.factors) - 1:
            final = node.factors[-1]
            assert isinstance(final, Differential)
            return _Parts(final.kind, final.order, (final.of,), node.factors[:-1])
    if not total:
        return None
    return _total(node)


def _total(node: Node) -> _Parts | None:
    """d, dx, d(...) and d x as total differentials."""
    if isinstance(node, Name):
        if node.base == "d" and not (node.below or node.primes or node.marks):
            return _Parts("total", _order(node), (None,), ())
        if node.run and node.base[0] == "d":
            base = node.base[1:]
            run = len(base) > 1 and base not in _LETTER_NAMES
            shorter = replace(node, base=base, run=run, span=_later(node.span))
            return _Parts("total", 1, (shorter,), ())
        return None
    if isinstance(node, CallOrProduct) and isinstance(node.product, Product):
        head, group = node.product.factors
        if isinstance(head, Name) and head == Name("d"):
            return _Parts("total", 1, (group,), ())
        node = node.call
    if isinstance(node, Call):
        parts = _total(node.function) if node.function.run else None
        function = parts.of[0] if parts else None
        return _Parts("total", 1, (replace(node, function=function),), ()) if isinstance(function, Name) else None
    if isinstance(node, Product) and isinstance(node.factors[0], Name):
        head = node.factors[0]
        if head.base == "d" and not (head.below or head.primes or head.run):
            return _Parts("total", _order(head), (_product_of(node, 1, after=True),), ())
    return None


def _order(d: Name) -> int:
    only = d.above[0].items[0] if len(d.above) == 1 else None
    return int(only.value) if isinstance(only, Number) and 0 < only.value < 10 else 1


def _product_of(node: Product, cut: int, after: bool = False) -> Node:
    """The factors of a product before a cut, or after it."""
    factors = node.factors[cut:] if after else node.factors[:cut]
    operators = node.operators[cut:] if after else node.operators[: cut - 1]
    return factors[0] if len(factors) == 1 else Product(factors, operators, node.span)


def _later(span: Span) -> Span:
    return Span(min(span.start + 1, span.end), span.end)


# calls


def _called(factors: Sequence[Factor]) -> list[Factor]:
    """Functions applied, from right to left, so that log log x nests without recursion."""
    done: list[Factor] = []
    for node, operator in reversed(factors):
        after = done[-1].node if done and done[-1].operator == "" else None
        joined = _joined(node, after) if after is not None else None
        if joined is not None:
            done.pop()
        done.append(Factor(joined or node, operator))
    done.reverse()
    return done


def _joined(node: Node, after: Node) -> Node | None:
    """What a name and the factor that directly follows it are together, if they are one thing."""
    group, wrap = _inside(after)
    if isinstance(node, Number):
        condition = _condition(group) if node.value == 1 and group is not None else None
        return wrap(Indicator(condition, _both(node, after))) if condition else None
    if not isinstance(node, Name):
        return None
    if group is not None and node.base in _INDICATORS and (condition := _condition(group)) is not None:
        return wrap(Indicator(condition, _both(node, after)))
    if group is not None:
        return _call(node, group, after, wrap)
    if node.base in TAKES_ONE and not isinstance(after, Sign):
        return Call(node, (one(after),), True, True, _both(node, after))
    if node.base == "d" and node == Name("d") and isinstance(after, Name) and span_of(after).start == node.span.end:
        touching = after.marks or after.base in _LETTER_NAMES
        return Differential(after, "total", span=_both(node, after)) if touching else None
    return None


def _call(name: Name, group: Group, after: Node, wrap: Callable[[Node], Node]) -> Node | None:
    if (name.base == "e" and name.above) or name.base == "1":  # e^x (...), and the indicator 1_{[i=j]} (...)
        return None
    several = len(group.items) != 1 or isinstance(group.items[0], Chain)
    word = len(name.base) > (2 if name.run else 1) and name.base not in _LETTER_NAMES and name.base[0] != "\\"
    sure = name.primes > 0 or several or name.base in FUNCTIONS or word
    if isinstance(after, Scripted) and after.below and not sure:
        if name.base in FUNCTION_LETTERS and not (name.above or name.below):  # σ(z)_i
            return wrap(Call(name, group.items, False, span=_both(name, group)))
        return None  # a(ω')_{m}: the index belongs to a quantity
    span = _both(name, group)
    call = wrap(Call(name, group.items, sure, span=span))
    if sure or (name.base in FUNCTION_LETTERS and not any(isinstance(s.items[0], Number) for s in name.above)):
        return call
    return CallOrProduct(call, Product((name, one(after)), ("",), _both(name, after)), _both(name, after))


def _inside(node: Node) -> tuple[Group | None, Callable[[Node], Node]]:
    """The brackets that a factor is, and how to put back what hangs on them: f(x)^2 is (f(x))^2."""
    if isinstance(node, Group):
        return node, _itself
    if isinstance(node, Power | Scripted) and isinstance(node.base, Group):
        return node.base, lambda new: replace(node, base=new)
    if isinstance(node, Transpose | Held) and isinstance(node.of, Group):
        return node.of, lambda new: replace(node, of=new)
    return None, _itself


def _itself(node: Node) -> Node:
    return node


def _condition(group: Group | None) -> Chain | None:
    only = group.items[0] if group is not None and len(group.items) == 1 else None
    if isinstance(only, Group):
        return _condition(only)
    return only if isinstance(only, Chain) else None


def _indicated(name: Name) -> Node:
    items = name.below[0].items
    only = items[0] if len(items) == 1 else None
    if isinstance(only, Group):
        only = _condition(only)
    if isinstance(only, Indicator):  # [i=j] is one by itself
        return Indicator(only.condition, name.span)
    return Indicator(only, name.span) if isinstance(only, Chain) else name


# quotients and products


def _divided(factors: list[Factor]) -> list[Factor]:
    """Each / taken with the factor before and the one after it; ∂x and d x count as one factor there."""
    if all(factor.operator != "/" for factor in factors):
        return factors
    done: list[Factor] = []
    at = 0
    while at < len(factors):
        node, operator = factors[at]
        at += 1
        if operator != "/" or not done:
            done.append(Factor(node, operator))
            continue
        if at < len(factors) and factors[at].operator == "" and _before_differential(node):
            node = _differential_of(node, factors[at].node)
            at += 1
        before = done.pop()
        top, operator = before.node, before.operator
        if done and operator == "" and _before_differential(done[-1].node) and _differentials(one(node), True):
            sign = done.pop()
            top, operator = _differential_of(sign.node, top), sign.operator
        span = Span(span_of(top).start, span_of(node).end)
        divided = quotient(one(top), one(node), "inline", span)
        if isinstance(divided, Quotient) and at < len(factors) and _follows_tightly(factors[at], span):
            divided = replace(divided, tight=True)
        done.append(Factor(divided, operator))
    return done


def _follows_tightly(factor: Factor, before: Span) -> bool:
    tight = factor.operator == "" and span_of(factor.node).start == before.end
    return tight and isinstance(factor.node, Name | Number)


def _before_differential(node: Node) -> bool:
    return (isinstance(node, Sign) and node.kind != "nabla" and not node.by) or node == Name("d")


def _differential_of(sign: Node, of: Node) -> Differential:
    span = _both(sign, of)
    if isinstance(sign, Sign):
        return Differential(one(of), sign.kind, sign.order, span)
    return Differential(one(of), "total", 1, span)


def _multiplied(factors: list[Factor]) -> Node:
    """The product, after ∂, ∇ and d/dx have taken what follows them."""
    done: list[Factor] = []  # from right to left
    for node, operator in reversed(factors):
        after = done[-1] if done and done[-1].operator == "" else None
        if isinstance(node, Sign) and (node.kind == "nabla" or node.by):
            taken = _under_nabla(done) if after is not None else []
            done.append(Factor(_applied(node, _product(taken) if taken else None), operator))
        elif isinstance(node, Sign) or (isinstance(node, Derivative) and node.of is None and after is not None):
            narrow = isinstance(node, Derivative) and after is not None and _inside(after.node)[0] is not None
            taken = [done.pop()] if narrow else done[::-1]
            if not narrow:
                done = []
            done.append(Factor(_applied(node, _product(taken) if taken else None), operator))
        else:
            done.append(Factor(one(node), operator))
    return _product(done[::-1])


def _under_nabla(done: list[Factor]) -> list[Factor]:
    """Takes what a ∇ stands before: the next factor, and with a constant or a row in front all those that follow."""
    first = done.pop()
    behind = list(takewhile(lambda factor: factor.operator == "", reversed(done)))
    wide = _is_constant(first.node) or isinstance(first.node, Transpose)
    if not wide or any(isinstance(factor.node, Nabla | Derivative) for factor in behind):
        return [first]
    del done[len(done) - len(behind) :]
    return [first, *behind]


def _is_constant(node: Node) -> bool:
    """Whether it is a number, a letter for one, such as λ, or a quotient of such."""
    if isinstance(node, Quotient):
        return _is_constant(node.top) and _is_constant(node.bottom)
    if isinstance(node, Name):
        return node.base in _CONSTANTS and not (node.above or node.below or node.primes)
    return isinstance(node, Number)


def _applied(sign: Node, of: Node | None) -> Node:
    span = _both(sign, of) if of is not None else span_of(sign)
    if isinstance(sign, Derivative):
        return replace(sign, of=of, written="operator", span=span)
    assert isinstance(sign, Sign)
    if sign.kind == "nabla":
        return Nabla(of, sign.by, span)
    if sign.by:
        return Derivative(of, sign.by, sign.kind, max(sign.order, len(sign.by)), "subscript", span)
    return Differential(of, sign.kind, sign.order, span)


def _product(factors: list[Factor]) -> Node:
    if len(factors) == 1:
        return factors[0].node
    span = _both(factors[0].node, factors[-1].node)
    return Product(tuple(f.node for f in factors), tuple(f.operator for f in factors[1:]), span)


def _both(first: Node, last: Node) -> Span:
    return Span(span_of(first).start, max(span_of(first).end, span_of(last).end))
