"""Syntax trees as short text, so that a test can say what a line must give."""

from __future__ import annotations

from collections.abc import Sequence

from backprop_proofs.reading import read
from backprop_proofs.reading.syntax import (
    Accent,
    Call,
    CallOrProduct,
    Cases,
    Chain,
    Derivative,
    Differential,
    Dots,
    Exponential,
    Group,
    Held,
    Indicator,
    Matrix,
    Nabla,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Power,
    Product,
    Quotient,
    Root,
    Script,
    Scripted,
    Sum,
    Text,
    Transpose,
)

D = {"partial": "∂", "total": "d", "plus": "∂⁺"}


def of(text: str) -> Node:
    """The tree of one expression."""
    (row,) = read(f"{text} = Q").rows
    assert row.problem is None, row.problem.message
    (statement,) = row.statements
    left, _ = statement.chain.parts
    return left


def shown(node: Node | None) -> str:
    """A tree in one line; every construct is visible."""
    match node:
        case None:
            return "?"
        case Name():
            return _name(node)
        case Number():
            return str(node.value)
        case Dots():
            return "..."
        case Text():
            return repr(node.words)
        case Scripted():
            return f"<{shown(node.base)}>" + "'" * node.primes + _scripts(node.above, node.below)
        case Chain():
            links = zip(node.relations, node.parts[1:], strict=True)
            return shown(node.parts[0]) + "".join(f" {r.sign} {shown(p)}" for r, p in links)
        case Group():
            return f"{node.bracket}{_all(node.items)}{dict(zip('([{<', ')]}>', strict=True))[node.bracket]}"
        case Plus():
            terms = zip(node.signs, node.terms, strict=True)
            return "(add " + " ".join(("+" if sign > 0 else "-") + shown(term) for sign, term in terms) + ")"
        case Product():
            rest = zip(node.operators, node.factors[1:], strict=True)
            return f"(mul {shown(node.factors[0])}" + "".join(f" {o}{shown(f)}" for o, f in rest) + ")"
        case _:
            return _other(node)


def _other(node: Node) -> str:
    match node:
        case Quotient():
            return f"(div {shown(node.top)} {shown(node.bottom)})"
        case Power():
            return f"(pow {shown(node.base)} {shown(node.exponent)})"
        case Transpose():
            return f"(transpose {shown(node.of)})"
        case Sum():
            bounds = "".join(f" {name} {shown(b)}" for name, b in (("from", node.lower), ("to", node.upper)) if b)
            conditions = "".join(f" [{shown(c)}]" for c in node.conditions)
            return f"({node.kind} {_all(node.letters)}{bounds}{conditions}: {shown(node.body)})"
        case Derivative():
            order = "" if node.order == 1 else str(node.order)
            return f"({D[node.kind]}{order} {shown(node.of)} / {_all(node.wrt)})"
        case Differential():
            return f"({D[node.kind]}{'' if node.order == 1 else node.order} {shown(node.of)})"
        case Nabla():
            return f"(∇_{_all(node.by)} {shown(node.of)})"
        case Call():
            return f"{shown(node.function)}{'' if node.sure else '?'}({_all(node.arguments)})"
        case CallOrProduct():
            return f"{{{shown(node.call)} | {shown(node.product)}}}"
        case Exponential():
            return f"(e^ {shown(node.exponent)})"
        case Root():
            return f"(root{'' if node.order == 2 else node.order} {shown(node.of)})"
        case Norm():
            return f"(norm{node.bars} {shown(node.of)}{_scripts((), node.below)})"
        case Indicator():
            return f"(1 if {shown(node.condition)})"
        case Cases():
            branches = (f"{shown(b.value)} if {shown(b.condition) if b.condition else 'else'}" for b in node.branches)
            return "(cases " + "; ".join(branches) + ")"
        case Matrix():
            return "(matrix " + "; ".join(map(_all, node.rows)) + ")"
        case Held():
            return f"(held {shown(node.of)} at {_all(node.at)})"
        case Accent():
            return f"({node.mark} {shown(node.of)})"
    raise AssertionError(f"no text for {type(node).__name__}")


def _all(nodes: Sequence[Node]) -> str:
    return ",".join(map(shown, nodes))


def _name(node: Name) -> str:
    marks = "".join(f"{mark}." for mark in node.marks)
    return f"{marks}{node.base}{'~' if node.run else ''}{chr(39) * node.primes}" + _scripts(node.above, node.below)


def _scripts(above: Sequence[Script], below: Sequence[Script]) -> str:
    return "".join(f"^{_script(s)}" for s in above) + "".join(f"_{_script(s)}" for s in below)


def _script(script: Script) -> str:
    left, right = {"": ("", ""), "(": ("(", ")"), "[": ("[", "]")}[script.bracket]
    inside = ",".join(map(shown, script.items))
    return f"{left}{inside}{right}" if len(inside) == 1 or left else f"{{{inside}}}"
