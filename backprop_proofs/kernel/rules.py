"""Rules by name. A primitive rule is sound by itself; a named step is a rule whose result the kernel checks.

Each rule is one function; its record is read off its docstring: the statement first, then why one may do it, then the
source. Side conditions are code in the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sympy import Dummy, Expr, Symbol, preorder_traversal
from sympy.core.basic import Basic

from backprop_proofs.errors import Refused, UnknownName
from backprop_proofs.language.binding import canonical, free_indices, fresh_index, substitute
from backprop_proofs.language.expressions import IndexSum, Partial
from backprop_proofs.language.indices import Facts, Limit
from backprop_proofs.language.network import Network
from backprop_proofs.shown import shown


class Hypothesis(NamedTuple):
    """What a conclusion rests on: a function is "differentiable", an expression "nonzero" or "positive".

    A fresh letter that stands free in the expression is one of a sum that was around it: it is so for all its values.
    """

    kind: str
    subject: str | Expr

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hypothesis) and self._key == other._key

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def _key(self) -> tuple[str, Basic | str]:
        """Its kind and subject, the same for all names of bound letters and of those of sums around it."""
        if isinstance(self.subject, str):
            return self.kind, self.subject
        closed = self.subject
        for letter in dict.fromkeys(preorder_traversal(self.subject)):
            if isinstance(letter, Dummy) and letter in free_indices(self.subject):
                closed = IndexSum(closed, letter, 0, 0)
        return self.kind, canonical(closed)

    def at(self, values: Mapping[Symbol, Expr]) -> Hypothesis:
        """The same with letters replaced; those of sums are renamed first, so that no value is caught by one."""
        if isinstance(self.subject, str):
            return self
        apart = {s: fresh_index(s) for s in free_indices(self.subject) if isinstance(s, Dummy)}
        return self._replace(subject=substitute(self.subject, apart | dict(values)))

    def for_all(self, limits: tuple[Limit, ...]) -> Hypothesis:
        """The same for all values of some letters."""
        return self.at({letter: fresh_index(letter) for letter, _, _ in limits})


class Scope(NamedTuple):
    """Where an expression stands: its network, what is known of its indices, and the derivatives taken around it."""

    network: Network
    facts: Facts
    around: tuple[Partial, ...] = ()


class Rewritten(NamedTuple):
    """What a rewriting rule returns: the new expression, a note on this use of it, and the hypotheses it needs."""

    after: Expr
    note: str = ""
    hypotheses: tuple[Hypothesis, ...] = ()


@shown
class Rule(NamedTuple):
    """A named rule: its statement, the answer to "why may I do this?", its source, and the function that does it.

    checked: the kernel compares normal forms of what the function returns, which so need not be trusted.
    """

    name: str
    statement: str
    reason: str
    source: str
    apply: Callable[..., Any]
    checked: bool


def _registry() -> tuple[Mapping[str, Rule], Callable[[Callable[..., Any], bool], None]]:
    rules: dict[str, Rule] = {}

    def enter(function: Callable[..., Any], checked: bool) -> None:
        statement, why = inspect.cleandoc(function.__doc__ or "").split("\n\nWhy: ")
        reason, source = why.split("\nSource: ")
        name = function.__name__.rstrip("_").replace("_", "-")
        expect(name not in rules, name, "a new name for a rule", found="one that is taken")
        statement, reason, source = (" ".join(text.split()) for text in (statement, reason, source))
        rules[name] = Rule(name, statement, reason, source, function, checked)

    return MappingProxyType(rules), enter


def expect(condition: Any, name: str, expected: str, *parts: object, found: object, remedy: str = "") -> None:
    """Refuse, unless the side condition holds; the message is written only then."""
    if not condition:
        raise Refused(name, expected.format(*parts), str(found), remedy)


RULES, _enter = _registry()


_OPEN = [True]  # while the kernel loads; then no rule can be entered unchecked


def primitive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Enter a rule of the kernel under its function's name, `chain_rule` as "chain-rule"; only while it loads."""
    expect(_OPEN, function.__name__, "a rule of the kernel, or a checked one", found="an unchecked one")
    _enter(function, False)
    return function


def checked(function: Callable[..., Rewritten]) -> Callable[..., Rewritten]:
    """Enter a rule of anybody's: each of its steps is accepted only if both sides have one normal form."""
    _enter(function, True)
    return function


def seal() -> None:
    """End of the kernel's own rules."""
    _OPEN.clear()


def rule_named(name: str) -> Rule:
    """The record of a rule. Raises UnknownName with the nearest name."""
    if name not in RULES:
        raise UnknownName("rule", name, RULES)
    return RULES[name]
