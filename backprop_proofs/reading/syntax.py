"""The surface syntax tree: what was written and where, without any meaning.

Which letter is a layer, what a sum runs over, whether a δ is an error: all that is decided elsewhere, so a tree keeps
whatever could decide it. Two trees are equal when they say the same, wherever they stand in their texts.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple, TypeVar


class Span(NamedTuple):
    """A place in the original text: from `start` up to but not with `end`."""

    start: int
    end: int

    def within(self, text: str) -> str:
        """What is written there."""
        return text[self.start : self.end]


class Lines:
    """Line and column, both from 1, of each place of a text."""

    def __init__(self, text: str):
        self.starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]

    def place(self, offset: int) -> tuple[int, int]:
        """(line, column) of an offset."""
        line = bisect.bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1


@dataclass(frozen=True)
class Unreadable:
    """A place that could not be read: what would have been understood there, and what was found."""

    span: Span
    expected: str
    found: str

    @property
    def message(self) -> str:
        """One line."""
        return f"expected {self.expected}; found {self.found}"


class CannotRead(Exception):
    """Raised within the reader only; it carries the `Unreadable`."""

    def __init__(self, span: Span, expected: str, found: str):
        self.problem = Unreadable(span, expected, found)
        super().__init__(self.problem.message)


NOWHERE = Span(0, 0)  # the field `span` of every node is known, and never compared


@dataclass(frozen=True)
class Node:
    """Something written at a place."""

    @cached_property
    def parts_within(self) -> tuple[Node, ...]:
        """The nodes directly inside it, from left to right."""
        return tuple(_found_parts(self))

    @cached_property
    def all_within(self) -> tuple[Node, ...]:
        """All inside it, each before its parts; without itself, so that nothing refers to itself."""
        found: list[Node] = []
        pending = list(reversed(self.parts_within))
        while pending:
            current = pending.pop()
            found.append(current)
            pending.extend(reversed(current.parts_within))
        return tuple(found)

    @cached_property
    def kinds_within(self) -> dict[type[Node], list[Node]]:
        """All inside it by their kind, each before its parts; without itself."""
        found: dict[type[Node], list[Node]] = {}
        for node in self.all_within:
            found.setdefault(type(node), []).append(node)
        return found

    @cached_property
    def names_within(self) -> tuple[Name, ...]:
        """The names inside it that stand for quantities or functions: not those within scripts or under a Σ."""
        return () if isinstance(self, Name) else tuple(_found_names(self))


Kind = TypeVar("Kind", bound=Node)


@dataclass(frozen=True)
class Number(Node):
    """A number without sign: 2, 0.5, ½."""

    value: Fraction
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Script(Node):
    """One superscript or subscript: its index expressions; bracket: "" plain, "(" as in ^{(l)}, "[" as in ^{[l]}.

    Letters side by side as in w_{jk} are as many items as letters; `text` is what was written, `comma` whether commas
    stood between. In U[i,k] `inline` is true. A condition as in 1_{i=j} is one item, a `Chain`.
    """

    items: tuple[Node, ...]
    bracket: str = ""
    inline: bool = field(compare=False, default=False)
    comma: bool = field(compare=False, default=False)
    text: str = field(compare=False, default="")
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Name(Node):
    r"""A letter or word with all that hangs on it: \hat{\mathbf{y}}'^{(t)}_{i}.

    base: "w", "delta" (also for δ), "net"; a command that nothing defines keeps its backslash. marks: "bold", "cal",
    "bb", "hat", "bar", "tilde", ..., inner first. run: letters side by side ("PV", "dP"), which may be a product or a
    differential as well as one name. `above` and `below` hold the superscripts and the subscripts in order.
    """

    base: str
    marks: tuple[str, ...] = ()
    primes: int = 0
    above: tuple[Script, ...] = ()
    below: tuple[Script, ...] = ()
    run: bool = False
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Scripted(Node):
    """Scripts or primes on something that is no name: (ω')^l_{m,n}, {b_y}_l."""

    base: Node
    above: tuple[Script, ...] = ()
    below: tuple[Script, ...] = ()
    primes: int = 0
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Relation(Node):
    """A relation sign: "=", ":=", "≡", "≜", "∝", "≈", "<", ">", "≤", "≥", "≠", "∈", "~", and ".." of a range."""

    sign: str
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Chain(Node):
    """parts[0] relations[0] parts[1] relations[1] ...; with a single part, no relation."""

    parts: tuple[Node, ...]
    relations: tuple[Relation, ...] = ()
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Group(Node):
    """Visible brackets "(", "[", "{" or "<" round items that commas separate; TeX braces are no brackets."""

    items: tuple[Node, ...]
    bracket: str = "("
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Plus(Node):
    """Terms with their signs, +1 or -1; a single negative term too."""

    terms: tuple[Node, ...]
    signs: tuple[int, ...]
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Product(Node):
    """Factors with the operator between each pair: "" side by side, "·", "×", "*", "⊙", "∘", ".*", "⊗", "@", "o"."""

    factors: tuple[Node, ...]
    operators: tuple[str, ...]
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Quotient(Node):
    """top / bottom. tight: another factor follows a / b with no space between, as in 1/2m, and may belong below."""

    top: Node
    bottom: Node
    inline: bool = field(compare=False, default=False)
    tight: bool = field(compare=False, default=False)
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Power(Node):
    """Something that is no name raised; a superscript of a name stays a script, it may be a layer."""

    base: Node
    exponent: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Transpose(Node):
    """of^T; mark: "T", "top", "Tr" as written (a bare T might be a last time)."""

    of: Node
    mark: str = field(compare=False, default="T")
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Sum(Node):
    """Σ or Π (kind "sum" or "prod") of everything up to the next + or - at its level.

    letters as written under it; lower and upper bound where given; conditions: the chains under it that say more than
    a lower bound (k ≠ i, k ∈ S, 1 ≤ k ≤ n).
    """

    kind: str
    letters: tuple[Name, ...]
    lower: Node | None
    upper: Node | None
    conditions: tuple[Chain, ...]
    body: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Differential(Node):
    """∂x or dx that is no part of a derivative; kind "partial", "total" or "plus"; `of` is None where nothing follows.

    Letters side by side as in dP stay a `Name` with `run`: only what is defined can tell them from a name of their own.
    """

    of: Node | None
    kind: str = "partial"
    order: int = 1
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Derivative(Node):
    """∂of/∂wrt; kind "partial" (∂), "total" (d) or "plus" (∂⁺). `of` is None only where nothing follows an operator."""

    of: Node | None
    wrt: tuple[Node, ...]
    kind: str = "partial"
    order: int = 1
    written: str = field(compare=False, default="frac")
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Nabla(Node):
    """∇_by of."""

    of: Node | None
    by: tuple[Node, ...] = ()
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Call(Node):
    """A function of arguments. sure: nothing but a function can be meant (tanh, f', two arguments); bare: log p."""

    function: Name
    arguments: tuple[Node, ...]
    sure: bool = True
    bare: bool = field(compare=False, default=False)
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class CallOrProduct(Node):
    """a(b + c): a function's value or a product; which, depends on what a is. Both readings as trees."""

    call: Node
    product: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Exponential(Node):
    """e^{...}; exp(...) is a `Call`. A bare e^l stays a name, since e may be anything."""

    exponent: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Root(Node):
    """The square root, or the one of `order`."""

    of: Node
    order: int = 2
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Norm(Node):
    """‖of‖ (bars 2) or |of| (bars 1), with what stands below."""

    of: Node
    bars: int = 2
    below: tuple[Script, ...] = ()
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Indicator(Node):
    """1 where the condition holds, else 0: [i=j], 1(k == i), 1_{i=j}."""

    condition: Chain
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Branch(Node):
    """One line of a case distinction; condition None for "otherwise"; words as written around it."""

    value: Node
    condition: Chain | None
    words: str = field(compare=False, default="")
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Cases(Node):
    """A case distinction."""

    branches: tuple[Branch, ...]
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Matrix(Node):
    """An array written out, row by row."""

    rows: tuple[tuple[Node, ...], ...]
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Held(Node):
    """of|_{...}: a derivative with something held, or a value at a point."""

    of: Node
    at: tuple[Node, ...]
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Accent(Node):
    r"""An accent over more than a name: \overline{a b}."""

    mark: str
    of: Node
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Text(Node):
    """Words inside a formula."""

    words: str
    span: Span = field(compare=False, repr=False, default=NOWHERE)


@dataclass(frozen=True)
class Dots(Node):
    """An ellipsis."""

    span: Span = field(compare=False, repr=False, default=NOWHERE)


def span_of(node: Node) -> Span:
    """The place of a node."""
    span: Span = node.span  # type: ignore[attr-defined]  # every node has one, as its last field
    return span


_FIELDS: dict[type[Node], tuple[str, ...]] = {}


def fields_of(kind: type[Node]) -> tuple[str, ...]:
    """The fields of such a node that may hold nodes."""
    if kind not in _FIELDS:
        _FIELDS[kind] = _found_fields(kind)
    return _FIELDS[kind]


_NO_NODES = frozenset(("Span", "str", "int", "bool", "Fraction", "tuple[str, ...]", "tuple[int, ...]"))


def _found_fields(kind: type[Node]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind) if each.type not in _NO_NODES)


def _found_parts(node: Node) -> Iterator[Node]:
    for name in fields_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            for item in value:
                if isinstance(item, Node):
                    yield item
                elif isinstance(item, tuple):
                    yield from (inner for inner in item if isinstance(inner, Node))


def _found_names(node: Node) -> Iterator[Name]:
    pending: list[Node] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Name):
            yield current
        elif isinstance(current, Sum):
            pending.append(current.body)
        elif isinstance(current, CallOrProduct):
            pending.append(current.call)
        elif isinstance(current, Call):
            yield current.function
            pending.extend(reversed(current.arguments))
        elif isinstance(current, Scripted):
            pending.append(current.base)
        elif not isinstance(current, Script):
            pending.extend(reversed(parts(current)))


def parts(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside a node, from left to right."""
    return node.parts_within


def walk(node: Node) -> tuple[Node, ...]:
    """A node and all inside it, each before its parts."""
    return (node, *node.all_within)


def every(kind: type[Kind], *nodes: Node) -> list[Kind]:
    """All of one kind within some nodes, themselves included, each before its parts."""
    found: list[Any] = []
    for node in nodes:
        if type(node) is kind:
            found.append(node)
        found += node.kinds_within.get(kind, ())
    return found


def extent(node: Node) -> tuple[int, int]:
    """How deep a tree is nested, and how many nodes it has where what two nodes share counts twice; no recursion."""
    known: dict[int, tuple[int, int]] = {}
    pending = [node]
    while pending:
        current = pending[-1]
        unknown = [part for part in parts(current) if id(part) not in known]
        pending += unknown
        if not unknown:
            inside = [known[id(part)] for part in parts(pending.pop())]
            deepest, nodes = max((deep for deep, _ in inside), default=0), sum(number for _, number in inside)
            known[id(current)] = (1 + deepest, 1 + nodes)
    return known[id(node)]
