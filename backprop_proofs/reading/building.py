"""Trees from what the grammar finds: one method a rule; its children are what stands on the rule's right side."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lark import Transformer

from backprop_proofs.reading import products
from backprop_proofs.reading.products import Factor
from backprop_proofs.reading.scripts import Hung, Sign, Unit, as_script, hang
from backprop_proofs.reading.syntax import (
    Accent,
    Branch,
    CannotRead,
    Cases,
    Chain,
    Dots,
    Group,
    Matrix,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Relation,
    Root,
    Span,
    Sum,
    Text,
    span_of,
)
from backprop_proofs.reading.tokens import Token

Children = list[Any]


class Links:
    """A chain in the making."""

    def __init__(self, parts: list[Node], relations: list[Relation]):
        self.parts, self.relations = parts, relations


class Build(Transformer[Any, Any]):
    """The callbacks of the parser."""

    def start(self, children: Children) -> tuple[Relation | None, Chain]:
        links: Links = children[0]
        if len(links.relations) == len(links.parts):  # it starts with a relation
            first, rest = links.relations[0], links.relations[1:]
            return first, Chain(tuple(links.parts), tuple(rest), _across(first, links.parts[-1]))
        return None, closed(links)

    # chains and lists

    def chain_start(self, children: Children) -> Links:
        return Links([children[0]], [])

    def chain_continued(self, children: Children) -> Links:
        return Links([children[1]], [Relation(children[0].text, children[0].span)])

    def chain_linked(self, children: Children) -> Links:
        links: Links = children[0]
        links.relations.append(Relation(children[1].text, children[1].span))
        links.parts.append(children[2])
        return links

    def items_first(self, children: Children) -> list[Node]:
        return [single(children[0])]

    def items_next(self, children: Children) -> list[Node]:
        items: list[Node] = children[0]
        items.append(single(children[2]))
        return items

    def list_first(self, children: Children) -> Children:
        return [children[0]]

    def list_next(self, children: Children) -> Children:
        children[0].append(children[1])
        listed: Children = children[0]
        return listed

    # sums of terms

    def terms_first(self, children: Children) -> list[tuple[int, Node]]:
        return [(1, children[0])]

    def terms_next(self, children: Children) -> list[tuple[int, Node]]:
        terms: list[tuple[int, Node]] = children[0]
        terms.append((-1 if children[1].text == "-" else 1, children[2]))
        return terms

    def plus(self, children: Children) -> Node:
        terms: list[tuple[int, Node]] = children[0]
        if len(terms) == 1:
            return terms[0][1]
        head = terms[0][1]
        if isinstance(head, Plus) and len(head.terms) == 1:  # -a + b
            terms[0] = (head.signs[0], head.terms[0])
        span = Span(span_of(head).start, span_of(terms[-1][1]).end)
        return Plus(tuple(term for _, term in terms), tuple(sign for sign, _ in terms), span)

    def negated(self, children: Children) -> Node:
        token, term = children
        if token.text == "+":
            return Plus((term,), (1,), Span(token.start, span_of(term).end)) if isinstance(term, Plus) else term
        return Plus((term,), (-1,), Span(token.start, span_of(term).end))

    # products

    def factors_first(self, children: Children) -> list[Factor]:
        return [Factor(_scripted(children), "")]

    def factors_next(self, children: Children) -> list[Factor]:
        factors: list[Factor] = children[0]
        factors.append(Factor(_scripted(children[1:]), ""))
        return factors

    def factors_by(self, children: Children) -> list[Factor]:
        factors: list[Factor] = children[0]
        factors.append(Factor(_scripted(children[2:]), children[1].text))
        return factors

    def factors_by_signed(self, children: Children) -> list[Factor]:
        factors: list[Factor] = children[0]
        node = self.negated([children[2], products.one(_scripted(children[3:]))])
        factors.append(Factor(node, children[1].text))
        return factors

    def product(self, children: Children) -> Node:
        return products.resolve(children[0])

    def product_of_sum(self, children: Children) -> Node:
        factors: list[Factor] = children[0]
        operator = children[1].text if isinstance(children[1], Token) else ""
        node = children[-1] if len(children) < 4 else self.negated([children[2], children[3]])
        factors.append(Factor(node, operator))
        return products.resolve(factors)

    def term(self, children: Children) -> Node:
        node: Node = children[0]
        return node

    def bare_sum(self, children: Children) -> Node:
        return self.sum([children[0], [], children[1]])

    def sum(self, children: Children) -> Node:
        token, hung, body = children
        return summed(token, hung, body)

    # scripts

    def script(self, children: Children) -> Hung:
        token, (items, span) = children
        return Hung(token.type, items, Span(token.start, span.end))

    def held(self, children: Children) -> Hung:
        items, span = children[2]
        return Hung("HELD", items, Span(children[0].start, span.end))

    def prime(self, children: Children) -> Hung:
        token = children[0]
        return Hung("PRIME", [token], token.span)

    def arg(self, children: Children) -> tuple[list[Node], Span]:
        opening, items, closing = children
        return items, Span(opening.start, closing.end)

    def simple(self, children: Children) -> tuple[list[Node], Span]:
        token: Token = children[0]
        number = token.text[0].isdigit() and token.kind != "word"
        return [self.number(children) if number else self.name(children)], Span(token.start, token.until)

    # atoms

    def atom(self, children: Children) -> Node:
        node: Node = children[0]
        return node

    def name(self, children: Children) -> Node:
        token: Token = children[0]
        run = token.kind == "letters" and len(token.text) > 1
        return Name(token.text, token.marks, run=run, span=Span(token.start, token.end))

    def number(self, children: Children) -> Node:
        token = children[0]
        if len(token.text) > 40:
            raise CannotRead(token.span, "a number of at most 40 digits", f"one of {len(token.text)}")
        return Number(Fraction(token.text), token.span)

    def dots(self, children: Children) -> Node:
        return Dots(children[0].span)

    def words(self, children: Children) -> Node:
        return Text(children[0].text, children[0].span)

    def partial(self, children: Children) -> Node:
        return Sign("partial", span=children[0].span)

    def nabla(self, children: Children) -> Node:
        return Sign("nabla", span=children[0].span)

    def group(self, children: Children) -> Node:
        items = children[1] if len(children) == 3 else []
        return Group(tuple(items), children[0].text, Span(children[0].start, children[-1].end))

    def unit(self, children: Children) -> Node:
        return Unit(_only(children[1]), Span(children[0].start, children[2].end))

    def fraction(self, children: Children) -> Node:
        span = Span(children[0].start, children[6].end)
        return products.quotient(_only(children[2]), _only(children[5]), "frac", span)

    def root(self, children: Children) -> Node:
        return Root(_only(children[2]), int(children[0].text), Span(children[0].start, children[3].end))

    def accent(self, children: Children) -> Node:
        token, inner = children[0], _only(children[2])
        span = Span(token.start, children[3].end)
        if isinstance(inner, Name):
            return Name(inner.base, (*inner.marks, token.text), inner.primes, inner.above, inner.below, inner.run, span)
        return Accent(token.text, inner, span)

    def norm(self, children: Children) -> Node:
        token = children[0]
        return Norm(_only(children[1]), 2 if token.text == "‖" else 1, (), Span(token.start, children[2].end))

    def cases(self, children: Children) -> Node:
        return Cases(tuple(children[1]), Span(children[0].start, children[2].end))

    def branch(self, children: Children) -> Branch:
        token, value = children[0], _only(children[2])
        condition = None
        if len(children) > 4:
            items = children[5]
            condition = _condition(items)
        end = children[-1].end
        return Branch(value, condition, token.text, Span(children[1].start, end))

    def matrix(self, children: Children) -> Node:
        return Matrix(tuple(map(tuple, children[1])), Span(children[0].start, children[2].end))

    def row(self, children: Children) -> list[Node]:
        items: list[Node] = children[1]
        return items


def _scripted(children: Children) -> Node:
    """An atom, with its scripts if it has any."""
    node: Node = children[0]
    return hang(node, children[1]) if len(children) > 1 else node


def closed(links: Links) -> Chain:
    """The finished chain."""
    parts = tuple(links.parts)
    return Chain(parts, tuple(links.relations), _across(parts[0], parts[-1]))


def single(links: Links) -> Node:
    """An expression where nothing is related, else the chain."""
    if not links.relations:
        return links.parts[0]
    if len(links.relations) == len(links.parts):
        raise CannotRead(span_of(links.relations[0]), "a left side before this relation", links.relations[0].sign)
    return closed(links)


def summed(token: Token, hung: list[Hung], body: Node) -> Sum:
    """Σ with what stands under and over it."""
    letters: list[Name] = []
    lower: Node | None = None
    upper: Node | None = None
    conditions: list[Chain] = []
    for each in hung:
        items = each.nodes
        if each.type == "UP":
            upper = _only(list(items))
            continue
        if each.type != "DOWN":
            raise CannotRead(each.span, "an index under the sum", "another mark")
        for item in items:
            alone = isinstance(item, Group) and len(item.items) == 1 and len(items) == 1
            stripped = item.items[0] if isinstance(item, Group) and alone else item
            if isinstance(stripped, Chain):
                low, high = _bounds(stripped, letters, conditions)
                lower, upper = low if low is not None else lower, high if high is not None else upper
            else:
                letters += _letters(stripped, each.span)
    return Sum(token.text, tuple(letters), lower, upper, tuple(conditions), body, Span(token.start, span_of(body).end))


def _bounds(chain: Chain, letters: list[Name], conditions: list[Chain]) -> tuple[Node | None, Node | None]:
    """k = 1, k = 1..n give bounds; k ∈ S, k ≠ i and the like are conditions on the letters they start with."""
    signs = tuple(relation.sign for relation in chain.relations)
    known = {letter.base for letter in letters}
    middle = chain.parts[1 if len(chain.parts) == 3 and signs[0] in "≤<" else 0]
    letters += [letter for letter in _letters(middle, chain.span) if letter.base not in known]
    if signs == ("=",):
        return chain.parts[1], None
    if signs == ("=", ".."):
        return chain.parts[1], chain.parts[2]
    conditions.append(chain)
    return None, None


def _letters(node: Node, where: Span) -> list[Name]:
    """The letters k, ab, x y that a sum runs over."""
    script = as_script([node], where)
    letters = [item for item in script.items if isinstance(item, Name)]
    if len(letters) != len(script.items):
        raise CannotRead(span_of(node), "the letter that the sum runs over", "something else")
    return letters


def _condition(items: list[Node]) -> Chain:
    if len(items) == 1:
        return items[0] if isinstance(items[0], Chain) else Chain((items[0],), (), span_of(items[0]))
    whole = Group(tuple(items), "", _across(items[0], items[-1]))
    return Chain((whole,), (), whole.span)


def _only(items: list[Node]) -> Node:
    if len(items) != 1:
        raise CannotRead(span_of(items[1]), "one expression here", "several, separated by commas")
    return items[0]


def _across(first: Node, last: Node) -> Span:
    return Span(span_of(first).start, span_of(last).end)
