"""What hangs on a factor: superscripts, subscripts, primes, and the bar of what is held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from backprop_proofs.reading.syntax import (
    NOWHERE,
    CannotRead,
    Differential,
    Exponential,
    Group,
    Held,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Power,
    Product,
    Script,
    Scripted,
    Span,
    Transpose,
    span_of,
)
from backprop_proofs.reading.tokens import Token

_TRANSPOSES = frozenset(("T", "top", "Tr"))
_BRACKETS = ("(", "[")


@dataclass(frozen=True)
class Sign(Node):
    """∂ or ∇ before what it is applied to is known; order 2 in ∂², by what stands below."""

    kind: str
    order: int = 1
    by: tuple[Node, ...] = ()
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Unit(Node):
    """A braced group that something hangs on: {y_i}^2."""

    inner: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


class Hung:
    """One mark that hangs on a factor. type: "UP", "DOWN", "ENTRY" (in brackets), "PRIME" or "HELD"."""

    __slots__ = ("items", "span", "type")

    def __init__(self, type: str, items: Sequence[Node | Token], span: Span):
        self.type, self.items, self.span = type, items, span

    @property
    def nodes(self) -> tuple[Node, ...]:
        """What it says, but for primes."""
        return tuple(item for item in self.items if isinstance(item, Node))


def hang(base: Node, hung: Sequence[Hung]) -> Node:
    """The base with all that hangs on it."""
    span = Span(span_of(base).start, max(span_of(base).end, hung[-1].span.end))
    if isinstance(base, Unit):
        inner = base.inner
        bare = isinstance(inner, Name) and not (inner.above or inner.below or inner.primes)
        primed = isinstance(inner, Name) and not inner.primes and all(each.type == "PRIME" for each in hung)
        base = inner if bare or primed or not isinstance(inner, Name) else base
    held = [each for each in hung if each.type == "HELD"]
    rest = [each for each in hung if each.type != "HELD"]
    node = _hang(base, rest, span) if rest else base.inner if isinstance(base, Unit) else base
    for each in held:
        node = Held(node, each.nodes, span)
    return node


def _hang(base: Node, hung: Sequence[Hung], span: Span) -> Node:
    if isinstance(base, Sign):
        return _signed(base, hung, span)
    above: list[Script] = []
    below: list[Script] = []
    raised: list[Node] = []
    primes = 0
    for each in hung:
        if each.type == "PRIME":
            primes += sum(len(token.text) for token in each.items if isinstance(token, Token))
        elif each.type == "UP":
            each, inside = _unprimed(each)
            primes += inside
            above += _scripts(each)
            raised += each.nodes
        else:
            below += _scripts(each)
    transposed, kept = _taken_off(above)
    if isinstance(base, Number) and base.value == 1 and below:
        base = Name("1", ("bold",), span=base.span)  # 1_{k = y} is an indicator
    if isinstance(base, Name):
        node = _named(base, kept, below, primes, raised, span)
    else:
        node = _on_other(base, kept, below, primes, raised, span)
    return Transpose(node, transposed, span) if transposed else node


def _unprimed(hung: Hung) -> tuple[Hung, int]:
    """^{[l]} and 1 for ^{[l]'}: the prime is one on what that hangs on."""
    only = hung.nodes[0] if len(hung.nodes) == 1 else None
    if isinstance(only, Scripted) and isinstance(only.base, Group) and not (only.above or only.below):
        return Hung(hung.type, [only.base], hung.span), only.primes
    return hung, 0


def _named(base: Name, above: list[Script], below: list[Script], primes: int, raised: list[Node], span: Span) -> Node:
    plain = not (base.marks or base.primes or primes or base.above or base.below or below)
    if plain and base.base == "e" and len(raised) == 1 and above and not _like_an_index(raised[0]):
        exponent = raised[0]
        if isinstance(exponent, Group) and exponent.bracket == "(" and len(exponent.items) == 1:
            exponent = exponent.items[0]
        return Exponential(exponent, span)
    return Name(
        base.base, base.marks, base.primes + primes, (*base.above, *above), (*base.below, *below), base.run, span
    )


def _on_other(
    base: Node, above: list[Script], below: list[Script], primes: int, raised: list[Node], span: Span
) -> Node:
    if isinstance(base, Unit):
        base = base.inner
    if isinstance(base, Norm) and below:
        base, below = replace(base, below=tuple(below), span=span), []
    if not (above or below or primes):
        return base
    if len(above) == 1 and len(raised) == 1 and not below and not primes and above[0].bracket != "[":
        exponent = raised[0]
        if isinstance(exponent, Group) and exponent.bracket == "(" and len(exponent.items) == 1:
            exponent = exponent.items[0]
        return Power(base, exponent, span)
    return Scripted(base, tuple(above), tuple(below), primes, span)


def _signed(base: Sign, hung: Sequence[Hung], span: Span) -> Sign:
    kind, order, by = base.kind, base.order, base.by
    for each in hung:
        items = each.nodes
        only = items[0] if len(items) == 1 else None
        if each.type == "DOWN":
            by += items
        elif each.type == "UP" and isinstance(only, Name) and only.base == "+":
            kind = "plus"
        elif each.type == "UP" and isinstance(only, Number) and only.value.denominator == 1 and 0 < only.value < 10:
            order = int(only.value)
        else:
            raise CannotRead(each.span, "an order or what it is taken by", "another mark")
    return Sign(kind, order, by, span)


def _scripts(hung: Hung) -> list[Script]:
    """The scripts that one mark is: two in ^{[l]T}."""
    items = list(hung.nodes)
    only = items[0] if len(items) == 1 else None
    if hung.type == "ENTRY":
        return [replace(as_script(items, hung.span), bracket="[", inline=True)]
    if isinstance(only, Product) and isinstance(only.factors[0], Group) and not any(only.operators):
        first, *rest = only.factors
        following = rest[0] if len(rest) == 1 else Product(tuple(rest), only.operators[1:], span_of(rest[0]))
        return [as_script([first], span_of(first)), as_script([following], span_of(following))]
    return [as_script(items, hung.span)]


def as_script(items: Sequence[Node], span: Span) -> Script:
    """The index expressions of a script: the inside of (l) and [l], the letters of jk."""
    bracket = ""
    if len(items) == 1 and isinstance(items[0], Group) and items[0].bracket in _BRACKETS and items[0].items:
        bracket, items = items[0].bracket, items[0].items
    single: list[Node] = []
    for item in items:
        single += _side_by_side(item)
    return Script(tuple(single), bracket, comma=len(items) > 1, span=span)


def _side_by_side(item: Node) -> list[Node]:
    if isinstance(item, Name) and item.run and not item.marks and item.base not in _TRANSPOSES:
        letters = [Name(letter, span=item.span) for letter in item.base]
        letters[-1] = replace(item, base=item.base[-1], run=False)
        return list(letters)
    if isinstance(item, Differential) and item.kind == "total" and item.of is not None:
        return [Name("d", span=item.span), *_side_by_side(item.of)]
    if isinstance(item, Product) and not any(item.operators) and not isinstance(item.factors[0], Number):
        return [piece for factor in item.factors for piece in _side_by_side(factor)]
    return [item]


def _taken_off(above: list[Script]) -> tuple[str, list[Script]]:
    """The mark of a transpose among the superscripts, if there is one, and the others."""
    for at, script in enumerate(above):
        only = script.items[0] if len(script.items) == 1 and not script.bracket else None
        if isinstance(only, Name) and only.base in _TRANSPOSES and not (only.below or only.above):
            return only.base, above[:at] + above[at + 1 :]
    return "", above


def _like_an_index(node: Node) -> bool:
    """Whether a superscript of e could be a layer or a time: (t), [l], l, l+1, 2."""
    if isinstance(node, Group):
        inner = node.items[0] if len(node.items) == 1 else None
        return isinstance(inner, Name | Number) or (isinstance(inner, Plus) and _like_an_index(inner))
    if isinstance(node, Name):
        return not (node.above or node.below or node.marks or node.run)
    if isinstance(node, Plus):
        return node.signs[0] == 1 and all(
            isinstance(term, Name | Number) and _like_an_index(term) for term in node.terms
        )
    return isinstance(node, Number)
