"""Quotients of sums are decided: softmax, attention, normalised layers, over one denominator and over several.

Each identity stands beside near-misses, which must not be accepted; numbers say that the ones are true, the others not.
"""

from __future__ import annotations

import pytest
from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import Refused
from backprop_proofs.evidence.exact import check_exact, counterexample
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    Partial,
    Quantity,
    Ref,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, FunctionDefinition, Network

i, j, k, m, t, u, N, M = map(index, "ijkmtuNM")
s, x, y, z, a, b, g = map(Quantity, "sxyzabg")
c, mu, v, w = (Ref(Quantity(name)) for name in ("c", "mu", "v", "w"))
ONE, TWO, HALF = Integer(1), Integer(2), Rational(1, 2)


def upto(letter: Symbol, last: Expr = N) -> Limit:
    return (letter, ONE, last)


def total(body: Expr, letter: Symbol, last: Expr = N) -> Expr:
    return sum_over(body, upto(letter, last))


def e(of: Expr) -> Expr:
    return Fn("exp", 0, of)


def ln(of: Expr) -> Expr:
    return Fn("log", 0, of)


def sigmoid(of: Expr) -> Expr:
    return quotient(ONE, add(ONE, e(negative(of))))


# a is layer-normalised: μ = Σ z / N, v = Σ (z - μ)² / N, a_k = (z_k - μ) / √(v + 1/100); b is softmax, g its logarithm
MEAN = quotient(total(z[m], m), N)
WHOLE = total(e(z[m]), m)
NET = Network(
    "quotients",
    {
        **{name: (upto(j),) for name in "xyzabg"},
        "s": (upto(t, M), upto(j)),
        **dict.fromkeys(("c", "mu", "v", "w"), ()),
    },
    (
        Definition(mu, (), MEAN),
        Definition(v, (), quotient(total(power(add(z[m], negative(mu)), 2), m), N)),
        Definition(a[k], (upto(k),), mul(add(z[k], negative(mu)), power(add(v, Rational(1, 100)), -HALF))),
        Definition(b[k], (upto(k),), quotient(e(z[k]), WHOLE)),
        Definition(g[k], (upto(k),), add(z[k], negative(ln(WHOLE)))),
    ),
    functions=(FunctionDefinition("swish", w, mul(w, sigmoid(w))),),
    parameters=((N, ONE, None), (M, ONE, None)),
)
LIMITS = (upto(t, M), upto(u, M), upto(i), upto(j), upto(k))


def share(at: Expr) -> Expr:
    """softmax_at"""
    return quotient(e(z[at]), WHOLE)


def attention(row: Expr, at: Expr) -> Expr:
    """A_{row,at}"""
    return quotient(e(s[row, at]), total(e(s[row, m]), m))


def norm(row: Expr) -> Expr:
    return total(e(s[row, m]), m)


def centred(at: Expr) -> Expr:
    return add(z[at], negative(MEAN))


VARIANCE = quotient(total(power(centred(i), 2), i), N)
SPREAD = add(VARIANCE, Rational(1, 100))
IDENTITIES: dict[str, tuple[Expr, Expr]] = {
    # One denominator
    "shares add up": (total(share(k), k), ONE),
    "shares twice": (mul(total(share(k), k), total(share(j), j)), ONE),
    "shares squared as one sum over pairs": (total(total(mul(share(j), share(k)), k), j), ONE),
    "shares of shares": (total(quotient(share(k), total(share(m), m)), k), ONE),
    "a constant added to all": (quotient(e(add(z[j], c)), total(e(add(z[m], c)), m)), share(j)),
    "a weighted mean of a constant": (total(mul(c, share(k)), k), c),
    "a weighted mean, shifted": (total(mul(add(x[k], c), share(k)), k), add(c, total(mul(x[k], share(k)), k))),
    "softmax's derivative": (Partial(share(k), z[j]), mul(share(k), add(Delta(k, j), negative(share(j))))),
    "softmax's derivatives add to 0": (total(Partial(share(k), z[j]), k), Integer(0)),
    "softmax's derivatives times a constant": (
        total(mul(share(k), add(Delta(k, j), negative(share(j)))), j),
        Integer(0),
    ),
    "softmax backwards": (
        total(mul(x[k], share(k), add(Delta(k, j), negative(share(j)))), k),
        mul(share(j), add(x[j], negative(total(mul(x[k], share(k)), k)))),
    ),
    "cross-entropy behind softmax": (
        Partial(negative(total(mul(y[k], ln(share(k))), k)), z[j]),
        add(mul(share(j), total(y[k], k)), negative(y[j])),
    ),
    "log-softmax's derivative": (Partial(add(z[k], negative(ln(WHOLE))), z[j]), add(Delta(k, j), negative(share(j)))),
    "log-softmax and softmax": (e(add(z[j], negative(ln(WHOLE)))), share(j)),
    "half of log-softmax and the root of softmax": (
        e(mul(HALF, add(z[j], negative(ln(WHOLE))))),
        mul(e(mul(HALF, z[j])), power(WHOLE, -HALF)),
    ),
    "a sum over shares of log-softmax": (total(e(add(z[k], negative(ln(WHOLE)))), k), ONE),
    # Denominators under a sum
    "each row of attention": (total(attention(t, j), j), ONE),
    "all rows": (total(total(mul(attention(t, j), c), j), t, M), mul(M, c)),
    "all rows, weighted by rows": (
        total(total(mul(attention(t, j), s[t, k]), j), t, M),
        total(s[t, k], t, M),
    ),
    "all rows, the columns first": (
        total(total(mul(attention(t, j), s[t, k]), t, M), j),
        total(s[t, k], t, M),
    ),
    "a product of two": (
        mul(
            total(total(mul(attention(t, j), s[t, k]), j), t, M),
            total(total(mul(attention(u, j), s[u, i]), j), u, M),
        ),
        mul(total(s[t, k], t, M), total(s[u, i], u, M)),
    ),
    "two rows against two rows": (
        total(total(total(total(mul(attention(t, j), attention(u, k)), k), j), u, M), t, M),
        mul(M, M),
    ),
    "attention's derivative": (
        Partial(attention(t, j), s[u, k]),
        mul(Delta(t, u), attention(t, j), add(Delta(j, k), negative(attention(t, k)))),
    ),
    "attention's loss, differentiated": (
        Partial(total(total(mul(attention(t, j), x[j]), j), t, M), s[u, k]),
        mul(attention(u, k), add(x[k], negative(total(mul(attention(u, j), x[j]), j)))),
    ),
    "one denominator in terms of another": (
        total(quotient(mul(s[t, k], norm(t)), mul(norm(t), WHOLE)), t, M),
        quotient(total(s[t, k], t, M), WHOLE),
    ),
    "two denominators, added": (
        add(quotient(x[j], norm(t)), quotient(x[k], norm(u))),
        quotient(add(mul(x[j], norm(u)), mul(x[k], norm(t))), mul(norm(t), norm(u))),
    ),
    "two denominators, added under a sum": (
        total(add(quotient(x[j], norm(t)), quotient(x[k], WHOLE)), t, M),
        total(quotient(add(mul(x[j], WHOLE), mul(x[k], norm(t))), mul(norm(t), WHOLE)), t, M),
    ),
    "partial fractions under a sum": (
        total(quotient(ONE, mul(e(z[k]), add(ONE, e(z[k])))), k),
        total(add(e(negative(z[k])), negative(power(add(ONE, e(z[k])), -1))), k),
    ),
    # Sigmoids and their kind
    "a sigmoid and its mirror": (add(sigmoid(z[j]), sigmoid(negative(z[j]))), ONE),
    "sigmoids and their mirrors": (total(add(sigmoid(z[k]), sigmoid(negative(z[k]))), k), N),
    "sigmoids, written otherwise": (
        total(mul(x[k], sigmoid(z[k])), k),
        total(quotient(mul(x[k], e(z[k])), add(ONE, e(z[k]))), k),
    ),
    "the slope of a sigmoid under a sum": (
        Partial(total(mul(x[k], sigmoid(z[k])), k), z[j]),
        mul(x[j], sigmoid(z[j]), add(ONE, negative(sigmoid(z[j])))),
    ),
    "sigmoid(2z) and e^z": (
        total(sigmoid(mul(TWO, z[k])), k),
        total(quotient(e(z[k]), add(e(z[k]), e(negative(z[k])))), k),
    ),
    # Means and variances
    "deviations add to 0": (total(centred(k), k), Integer(0)),
    "normalised values add to 0": (total(mul(centred(k), power(SPREAD, -HALF)), k), Integer(0)),
    "normalised values squared": (
        total(power(mul(centred(k), power(SPREAD, -HALF)), 2), k),
        quotient(mul(N, VARIANCE), SPREAD),
    ),
    "the variance as a mean of squares": (
        VARIANCE,
        add(quotient(total(power(z[k], 2), k), N), negative(power(MEAN, 2))),
    ),
    "a root and its power": (power(SPREAD, Rational(3, 2)), mul(SPREAD, power(SPREAD, HALF))),
    "a root and its inverse": (mul(SPREAD, power(SPREAD, -HALF)), power(SPREAD, HALF)),
    "the mean's derivative": (Partial(MEAN, z[j]), power(N, -1)),
    "the variance's derivative": (Partial(VARIANCE, z[j]), quotient(mul(TWO, centred(j)), N)),
}


def ring(left: Expr, right: Expr) -> Theorem:
    return rewrite(begin(NET, LIMITS, left), (), "ring", to=right)


@pytest.mark.parametrize("name", IDENTITIES)
def test_an_identity_of_quotients_is_decided(name: str) -> None:
    left, right = IDENTITIES[name]
    assert ring(left, right).statement == Equation(left, right)
    assert ring(right, left).statement == Equation(right, left)


@pytest.mark.parametrize("name", IDENTITIES)
def test_the_identity_is_true(name: str) -> None:
    assert check_exact(NET, Equation(*IDENTITIES[name]), LIMITS, instances=1).agrees


@pytest.mark.parametrize("name", [name for name in IDENTITIES if "normalised" not in name and "root and" not in name])
def test_sums_of_exponentials_and_sizes_need_no_hypothesis(name: str) -> None:
    assert ring(*IDENTITIES[name]).hypotheses == ()


# Each with something small that is wrong

MISSES: dict[str, tuple[Expr, Expr]] = {
    "shares and one more": (add(total(share(k), k), share(j)), ONE),
    "shares of one row by another": (total(quotient(e(s[t, k]), norm(u)), k), ONE),
    "half the shares": (total(mul(HALF, share(k)), k), ONE),
    "shares squared": (mul(total(share(k), k), total(share(j), j)), total(power(share(k), 2), k)),
    "a constant added to one": (quotient(e(add(z[j], c)), WHOLE), share(j)),
    "a weighted mean of the wrong weights": (total(mul(x[k], share(k)), k), total(mul(x[k], share(j)), k)),
    "softmax's derivative with the wrong sign": (
        Partial(share(k), z[j]),
        mul(share(k), add(share(j), negative(Delta(k, j)))),
    ),
    "softmax's derivative with its indices mixed": (
        Partial(share(k), z[j]),
        mul(share(k), add(Delta(k, j), negative(share(k)))),
    ),
    "softmax backwards without its sum": (
        total(mul(x[k], share(k), add(Delta(k, j), negative(share(j)))), k),
        mul(share(j), x[j], add(ONE, negative(share(j)))),
    ),
    "cross-entropy with labels taken to add to 1": (
        Partial(negative(total(mul(y[k], ln(share(k))), k)), z[j]),
        add(share(j), negative(y[j])),
    ),
    "log-softmax and softmax's whole": (e(add(z[j], negative(ln(WHOLE)))), e(z[j])),
    "the root of softmax": (e(mul(HALF, add(z[j], negative(ln(WHOLE))))), power(share(k), HALF)),
    "columns of attention": (total(attention(t, j), t, M), ONE),
    "all rows, by the wrong size": (total(total(mul(attention(t, j), c), j), t, M), mul(N, c)),
    "attention's derivative without its first delta": (
        Partial(attention(t, j), s[u, k]),
        mul(attention(t, j), add(Delta(j, k), negative(attention(t, k)))),
    ),
    "attention's derivative by another row's whole": (
        Partial(total(total(mul(attention(t, j), x[j]), j), t, M), s[u, k]),
        mul(attention(u, k), add(x[k], negative(total(mul(attention(t, j), x[j]), j)))),
    ),
    "two denominators for one": (
        add(quotient(x[j], norm(t)), quotient(x[k], norm(u))),
        quotient(add(x[j], x[k]), add(norm(t), norm(u))),
    ),
    "two denominators under a sum for one": (
        total(add(quotient(x[j], norm(t)), quotient(x[k], WHOLE)), t, M),
        total(quotient(add(mul(x[j], norm(t)), mul(x[k], WHOLE)), mul(norm(t), WHOLE)), t, M),
    ),
    "a mirror too many": (total(add(sigmoid(z[k]), sigmoid(z[k])), k), N),
    "sigmoid of a sum": (total(sigmoid(z[k]), k), sigmoid(total(z[k], k))),
    "the slope of another sigmoid": (
        Partial(total(mul(x[k], sigmoid(z[k])), k), z[j]),
        total(mul(x[k], sigmoid(z[k]), add(ONE, negative(sigmoid(z[k])))), k),
    ),
    "deviations from a sum": (total(add(z[k], negative(total(z[m], m))), k), Integer(0)),
    "normalised values squared add to N": (
        total(power(mul(centred(k), power(SPREAD, -HALF)), 2), k),
        N,
    ),
    "the variance of N - 1": (VARIANCE, quotient(total(power(centred(i), 2), i), add(N, ONE))),
    "the variance's derivative with the mean's forgotten": (Partial(VARIANCE, z[j]), quotient(mul(TWO, z[j]), N)),
    "a root for its inverse": (mul(SPREAD, power(SPREAD, -HALF)), power(SPREAD, -HALF)),
}


@pytest.mark.parametrize("name", MISSES)
def test_a_near_miss_is_refused_and_is_false(name: str) -> None:
    left, right = MISSES[name]
    for one, other in ((left, right), (right, left)):
        with pytest.raises(Refused):
            ring(one, other)
    assert counterexample(NET, Equation(left, right), LIMITS) is not None


# By the network's own equations


def unfolded(theorem: Theorem, *names: str) -> Theorem:
    """The right side with every quantity of these names replaced by what defines it."""

    def places(part: Expr, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
        if isinstance(part, Ref):
            return [path] if part.name in names else []
        return [
            found
            for at, inner in enumerate(part.args)
            if isinstance(inner, Expr)
            for found in places(inner, (*path, at))
        ]

    while found := places(theorem.statement.rhs):
        theorem = rewrite(theorem, found[0], "definition")
    return theorem


@pytest.mark.parametrize(
    ("start", "names", "end"),
    [
        (total(a[k], k), ("a", "mu"), Integer(0)),
        (total(a[k], k), ("a", "mu", "v"), Integer(0)),
        (
            total(power(a[k], 2), k),
            ("a",),
            quotient(total(power(add(z[k], negative(mu)), 2), k), add(v, Rational(1, 100))),
        ),
        (total(b[k], k), ("b",), ONE),
        (total(total(mul(b[k], b[j]), k), j), ("b",), ONE),
        (total(e(g[k]), k), ("g",), ONE),
        (add(e(g[j]), negative(b[j])), ("g", "b"), Integer(0)),
        (mul(b[j], e(negative(g[k]))), ("g", "b"), e(add(z[j], negative(z[k])))),
    ],
)
def test_a_layer_by_its_definition(start: Expr, names: tuple[str, ...], end: Expr) -> None:
    theorem = unfolded(begin(NET, LIMITS, start), *names)
    assert rewrite(theorem, (), "ring", to=end).statement == Equation(start, end)
    with pytest.raises(Refused):
        rewrite(theorem, (), "ring", to=add(end, c))
    assert check_exact(NET, Equation(start, end), LIMITS, instances=1).agrees
