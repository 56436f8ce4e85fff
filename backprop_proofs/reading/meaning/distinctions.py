"""Case distinctions: indicators of i = j and of z > 0, and what is written with a brace."""

from __future__ import annotations

from sympy import Expr, Integer, Mul

from backprop_proofs.language.expressions import Fn, add, mul, negative
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning import values
from backprop_proofs.reading.meaning.calls import Calls
from backprop_proofs.reading.meaning.forms import opposite
from backprop_proofs.reading.meaning.names import NotUnderstood
from backprop_proofs.reading.meaning.scopes import Scope
from backprop_proofs.reading.meaning.values import Value
from backprop_proofs.reading.syntax import Span

ABOVE, BELOW = (">", "≥"), ("<", "≤")


class Distinctions(Calls):
    """The case distinctions among the expressions of a statement."""

    def indicator(self, node: tree.Indicator, scope: Scope) -> Value:
        """1 where the condition holds, else 0; of vectors entry by entry."""
        chain = node.condition
        if len(chain.parts) == 2 and chain.relations[0].sign in ABOVE + BELOW:
            return values.mapped(self._gap(chain, scope), lambda gap: _step(chain, gap))
        return values.scalar(self.condition(chain, scope))

    def condition(self, chain: tree.Chain, scope: Scope) -> Expr:
        """[i = j] as a Kronecker delta; [u > v] as the step at u - v, which has no value at 0."""
        signs = [relation.sign for relation in chain.relations]
        if len(chain.parts) == 2 and signs[0] in ("=", "≠"):
            delta = self._kronecker(*chain.parts, scope)
            return delta if signs[0] == "=" else _other(delta)
        if len(chain.parts) == 2 and signs[0] in ABOVE + BELOW:
            return _step(chain, self._number_of(chain, scope))
        raise NotUnderstood(chain.span, "a condition such as i = j or z > 0 is understood here")

    def _gap(self, chain: tree.Chain, scope: Scope) -> Value:
        """u - v of u > v."""
        parts = [self.value(part, scope) for part in chain.parts]
        return values.total(parts, [1, -1], [tree.span_of(part) for part in chain.parts], self.same)

    def _number_of(self, chain: tree.Chain, scope: Scope) -> Expr:
        gap = self._gap(chain, scope)
        if gap.shape:
            raise NotUnderstood(chain.span, "a case distinction by a number is understood")
        return gap.scalar

    def cases(self, node: tree.Cases, scope: Scope) -> Value:
        """One value where a condition holds, another where it does not."""
        conditions = [branch.condition for branch in node.branches]
        if len(conditions) != 2 or conditions[0] is None or not opposite(*conditions):
            raise NotUnderstood(node.span, "two cases are understood: a condition and otherwise")
        one, other = (self.value(branch.value, scope) for branch in node.branches)
        if one.shape or other.shape:
            raise NotUnderstood(node.span, "a case distinction between numbers is understood")
        bent = self._bent(conditions[0], one.scalar, other.scalar, node.span, scope)
        if bent is not None:
            return values.scalar(bent)
        holds = self.condition(conditions[0], scope)
        return values.scalar(add(mul(holds, one.scalar), mul(_other(holds), other.scalar)))

    def _bent(self, chain: tree.Chain, one: Expr, other: Expr, span: Span, scope: Scope) -> Expr | None:
        """p u where u > 0 and q u where it is not: q u + (p - q) relu(u)."""
        sign = chain.relations[0].sign if len(chain.parts) == 2 else ""
        if sign not in (*ABOVE, *BELOW):
            return None
        gap = self._number_of(chain, scope)
        slopes = [_multiple(value, gap) for value in ((one, other) if sign in ABOVE else (other, one))]
        if slopes[0] is None or slopes[1] is None:
            if one.has(gap) or other.has(gap):
                raise NotUnderstood(span, "a case distinction by the sign of u is understood between multiples of u")
            return None
        if slopes == [0, 0] or not (one.has(gap) or other.has(gap)):
            return None
        return add(mul(slopes[1], gap), mul(add(slopes[0], negative(slopes[1])), Fn("relu", 0, gap)))


def _multiple(value: Expr, of: Expr) -> Expr | None:
    """p of p u; None where the value is no multiple of u."""
    if value == 0:
        return Integer(0)
    if value == of:
        return Integer(1)
    rest = tuple(factor for factor in value.args if factor != of) if isinstance(value, Mul) else ()
    found = len(rest) == len(value.args) - 1 and not any(factor.has(of) for factor in rest)
    return mul(*rest) if found else None


def _step(chain: tree.Chain, gap: Expr) -> Expr:
    above = Fn("step", 0, gap)
    return above if chain.relations[0].sign in ABOVE else _other(above)


def _other(holds: Expr) -> Expr:
    return add(Integer(1), negative(holds))
