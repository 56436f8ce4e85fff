"""Attacks on what layers brought into the kernel: sums of exponentials, quotients under sums, sizes as numbers, roots.

What is false is refused, and that it is false is shown by a concrete network; what is true under a hypothesis has it.
"""

from __future__ import annotations

import pytest
from kernel.test_layers_at_random import differ
from sympy import Dummy, Expr, Integer, Rational, Symbol

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.errors import BackpropError, InvalidNetwork, Refused
from backprop_proofs.evidence.exact import counterexample
from backprop_proofs.kernel.rules import Hypothesis
from backprop_proofs.kernel.theorem import Theorem, assume, begin, induction, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    IndexSum,
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

i, j, k, l, m, t, u, N, M = map(index, "ijklmtuNM")
s, x, y, z, r, n = map(Quantity, "sxyzrn")
c, d, X, Y, a = (Ref(Quantity(name)) for name in ("c", "d", "X", "Y", "a"))
ZERO, ONE, TWO, THREE, HALF = Integer(0), Integer(1), Integer(2), Integer(3), Rational(1, 2)
Limits = tuple[Limit, ...]


def upto(letter: Symbol, last: Expr = N, first: Expr = ONE) -> Limit:
    return (letter, first, last)


def e(of: Expr) -> Expr:
    return Fn("exp", 0, of)


def ln(of: Expr) -> Expr:
    return Fn("log", 0, of)


def total(body: Expr, letter: Symbol, last: Expr = N, first: Expr = ONE) -> Expr:
    return sum_over(body, (letter, first, last))


FAMILIES = {"s": (upto(t), upto(j)), "x": (upto(j),), "z": (upto(j),), "r": (upto(l), upto(j, n[l])), "c": (), "d": ()}
NET = Network("layers", FAMILIES, (), parameters=((N, ONE, None), (M, ZERO, None)))
TJK = tuple(map(upto, (t, j, k)))
WHOLE = total(e(z[m]), m)  # Σ_m e^{z_m}
ROW = total(e(s[t, m]), m)  # Σ_m e^{s_tm}
TAIL = total(e(z[m]), m, N, TWO)  # empty for N = 1


def ring(left: Expr, right: Expr, limits: Limits = TJK, network: Network = NET) -> Theorem:
    return rewrite(begin(network, limits, left), (), "ring", to=right)


def needs(theorem: Theorem) -> set[tuple[str, str]]:
    return {(need.kind, str(need.subject)) for need in theorem.hypotheses}


# False equations, each with the ranges of its free letters

FALSE: dict[str, tuple[Expr, Expr]] = {
    "shares of a part add up to less": (total(quotient(e(z[k]), WHOLE), k, N, TWO), ONE),
    "shares of another whole": (total(quotient(e(z[k]), ROW), k), ONE),
    "a weighted mean is no sum": (total(quotient(mul(x[k], e(z[k])), WHOLE), k), total(x[k], k)),
    "columns where rows are normalised": (total(quotient(e(s[j, t]), ROW), j), ONE),
    "the index of the sum in the denominator": (
        total(quotient(e(s[t, j]), total(e(s[j, m]), m)), j),
        ONE,
    ),
    "rows against columns": (
        total(power(ROW, -1), t),
        total(power(total(e(s[m, t]), m), -1), t),
    ),
    "an average of the wrong index": (
        total(total(mul(quotient(e(s[t, j]), ROW), x[t]), j), t),
        total(total(mul(quotient(e(s[t, j]), ROW), x[j]), j), t),
    ),
    "one sum for two": (mul(total(power(ROW, -1), t), total(power(ROW, -1), t)), total(power(ROW, -2), t)),
    "aligned at one letter only": (
        total(total(quotient(mul(x[t], z[u]), mul(ROW, total(e(s[u, m]), m))), u), t),
        total(total(quotient(mul(x[t], z[t]), mul(ROW, total(e(s[u, m]), m))), u), t),
    ),
    "a quotient of sums is no sum of quotients": (
        quotient(total(x[k], k), WHOLE),
        total(quotient(x[k], e(z[k])), k),
    ),
    "a triangle with full rows": (
        total(total(quotient(e(s[t, j]), ROW), j, t), t),
        N,
    ),
    "a triangle one short": (
        total(total(quotient(e(s[t, j]), total(e(s[t, m]), m, t)), j, t), t, N - 1),
        N,
    ),
    "another range under the same fraction": (
        total(quotient(x[t], ROW), t),
        total(quotient(x[t], ROW), t, N, TWO),
    ),
    "a delta with the aligned letter": (
        total(quotient(Delta(j, t), ROW), t),
        total(power(ROW, -1), t),
    ),
    "a delta that is not there": (
        total(total(mul(Delta(t, u), quotient(x[u], ROW)), u), t),
        total(total(quotient(x[u], ROW), u), t),
    ),
    "a captured letter": (
        total(quotient(mul(z[k], e(z[k])), total(e(z[k]), m)), k),
        total(quotient(mul(z[k], e(z[k])), WHOLE), k),
    ),
    "a derivative of softmax without its delta": (
        negative(quotient(mul(e(z[j]), e(z[k])), power(WHOLE, 2))),
        quotient(mul(Delta(j, k), e(z[j])), WHOLE),
    ),
    "the square of a normalised sum": (
        total(power(quotient(e(z[k]), WHOLE), 2), k),
        ONE,
    ),
    "deviations squared": (
        total(power(add(x[k], negative(quotient(total(x[m], m), N))), 2), k),
        ZERO,
    ),
    "deviations from another mean": (
        total(add(x[k], negative(quotient(total(z[m], m), N))), k),
        ZERO,
    ),
    "an average of one number less": (total(quotient(c, N), k, N, TWO), c),
    "a size that is another": (quotient(n[1], n[N]), ONE),
    "a size at an index": (total(quotient(ONE, n[k]), k), quotient(N, n[1])),
    "an index is no size": (total(quotient(ONE, k), k), quotient(N, k)),
    "e to a sum of logarithms": (e(total(ln(add(TWO, power(x[k], 2))), k)), total(add(TWO, power(x[k], 2)), k)),
    "a sum of powers of e": (e(add(c, d)), add(e(c), e(d))),
    "a power of e under a root": (power(e(c), HALF), e(mul(TWO, c))),
    "two different roots": (power(add(ONE, e(c)), HALF), power(add(ONE, e(c)), Rational(1, 3))),
    "a root where a fraction is cleared": (
        power(e(ln(add(ONE, e(c)))), HALF),
        add(
            ONE,
            power(WHOLE, -1),
            negative(quotient(ONE, mul(WHOLE, add(ONE, WHOLE)))),
            negative(power(add(ONE, WHOLE), -1)),
        ),
    ),
    "the normal distribution for its density": (Partial(Fn("normal_cdf", 0, c), c), Fn("normal_cdf", 0, c)),
    "its density without the argument": (Partial(Fn("normal_pdf", 0, c), c), negative(Fn("normal_pdf", 0, c))),
    "without the inner derivative": (Partial(Fn("normal_cdf", 0, power(c, 2)), c), Fn("normal_pdf", 0, power(c, 2))),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_false_quotient_is_refused_and_is_false(what: str) -> None:
    left, right = FALSE[what]
    for one, other in ((left, right), (right, left)):
        with pytest.raises(Refused):
            ring(one, other)
    assert counterexample(NET, Equation(left, right), TJK) is not None


def test_a_root_is_not_cleared_as_a_whole_power() -> None:
    """√X = 1 + 1/X - 1/(X (1 + X)) - 1/(1 + X) says √X = 1: multiplied by X, √X is no X."""
    left, right = (
        power(c, HALF),
        add(ONE, power(c, -1), negative(quotient(power(c, -1), add(ONE, c))), negative(power(add(ONE, c), -1))),
    )
    with pytest.raises(Refused):
        ring(left, right)
    with pytest.raises(Refused):
        ring(power(c, -HALF), mul(right, power(c, -1)))


# True under a hypothesis only

NEEDED: dict[str, tuple[Expr, Expr, set[tuple[str, str]]]] = {
    "a sum that may be empty": (quotient(TAIL, TAIL), ONE, {("nonzero", str(TAIL))}),
    "shares of a sum that may be empty": (total(quotient(e(z[k]), TAIL), k, N, TWO), ONE, {("nonzero", str(TAIL))}),
    "a full sum": (quotient(WHOLE, WHOLE), ONE, set()),
    "a triangle": (quotient(total(e(z[m]), m, t), total(e(z[m]), m, t)), ONE, {("nonzero", str(total(e(z[m]), m, t)))}),
    "a sum up to a parameter that may be 0": (quotient(M, M), ONE, {("nonzero", "M")}),
    "a parameter": (quotient(N, N), ONE, set()),
    "a size": (quotient(n[5], n[5]), ONE, set()),
    "a letter": (quotient(j, j), ONE, {("nonzero", "j")}),
    "one less than a size": (quotient(n[1] - 1, n[1] - 1), ONE, {("nonzero", "n[1] - 1")}),
    "e to a logarithm": (e(ln(c)), c, {("positive", "c")}),
    "e to twice a logarithm": (e(mul(TWO, ln(c))), power(c, 2), {("positive", "c")}),
    "a root, squared": (power(power(c, HALF), 2), c, {("positive", "c")}),
    "a root of a sum, squared": (power(power(add(c, d), HALF), 2), add(d, c), {("positive", "c + d")}),
    "a root of exponentials": (power(power(WHOLE, HALF), 2), WHOLE, set()),
    "a power of e that falls away": (add(e(ln(c)), negative(c), d), d, {("positive", "c")}),
    "a quotient that falls away": (add(power(c, -1), d, negative(power(c, -1))), d, {("nonzero", "c")}),
    "inverted twice": (power(power(c, -1), -1), c, {("nonzero", "c")}),
}


@pytest.mark.parametrize("what", NEEDED)
def test_a_quotient_rests_on_its_denominator(what: str) -> None:
    left, right, wanted = NEEDED[what]
    plain = {(kind, subject.replace("_", "")) for kind, subject in needs(ring(left, right))}
    assert plain == {(kind, subject.replace("_", "")) for kind, subject in wanted}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (power(power(c, 2), HALF), c),
        (power(power(c, 2), HALF), negative(c)),
        (ln(power(c, 2)), mul(TWO, ln(c))),
        (power(mul(c, d), HALF), mul(c, d)),
        (e(mul(TWO, ln(c))), c),
    ],
)
def test_roots_and_logarithms_of_what_may_be_negative(left: Expr, right: Expr) -> None:
    with pytest.raises(Refused):
        ring(left, right)


# Sizes


def test_a_size_is_defined_by_no_equation() -> None:
    """n_1 = c would make 1 = n_1/n_1 = c/n_1, with no hypothesis, since a size is at least 1."""
    with pytest.raises(BackpropError):
        Network("sized", {"x": (upto(j, n[1]),), "c": ()}, (Definition(n[1], (), c),))


def test_a_family_is_no_size_and_a_size_no_family() -> None:
    with pytest.raises(BackpropError):
        Network("both", {"x": (upto(j, n[1]),), "n": (upto(j),)}, (), parameters=((N, ONE, None),))
    with pytest.raises(BackpropError):
        begin(Network("none", {"x": (upto(j),)}, (), parameters=((N, ONE, None),)), (), n[1])


@pytest.mark.parametrize("sizes", [{ONE: 3}, {N + 1: 3}, {n[l]: 3}, {n[1]: 0}, {c: 2}, {Dummy("N", integer=True): 2}])
def test_only_a_size_is_given_a_value(sizes: dict[Expr, int]) -> None:
    """1 = 3, and N + 1 = 3 read as N = 3, or n_l = 3 for whatever l is, would prove anything."""
    with pytest.raises(BackpropError):
        Network("odd", {"x": (upto(j, n[1]),), "c": ()}, (), parameters=((N, ONE, None),), sizes=sizes)


@pytest.mark.parametrize("letter", [c, n[l], ONE, N + 1, Dummy("N", integer=True)])
def test_only_a_letter_is_a_parameter(letter: Expr) -> None:
    with pytest.raises(BackpropError):
        Network("odd", {"x": (upto(j, n[1]),), "c": ()}, (), parameters=((letter, ONE, None),))  # type: ignore[arg-type]  # not every one is a letter


def test_a_size_is_no_letter_of_a_theorem() -> None:
    """[n_1 = 2] = 0 for n_1 in 1..1 says nothing of n_1 = 2, as n_1 is not replaced."""
    with pytest.raises(BackpropError):
        begin(NET, ((n[1], ONE, ONE),), Delta(n[1], 2))  # type: ignore[arg-type]  # it is no letter


def test_a_size_with_a_name_like_a_sum() -> None:
    """A size called "'j'+1n" at 2 is not j + n_2."""
    net = Network("named", {"x": ((j, Integer(-9), None),)}, ())
    with pytest.raises(Refused):
        ring(x[Quantity("'j'+1n")[2]], x[j + n[2]], ((j, ONE, None),), net)


def test_a_size_with_a_value_is_that_number() -> None:
    net = Network("known", {"x": (upto(j, n[1]),)}, (), parameters=((N, ONE, None),), sizes={n[1]: 3, N: 2})
    assert not ring(total(quotient(N, n[1]), k, n[1]), TWO, (), net).hypotheses
    with pytest.raises(Refused):
        ring(n[1], TWO, (), net)


def test_a_size_has_derivative_0_and_no_derivative_is_taken_by_it() -> None:
    assert ring(Partial(mul(c, power(N, -1), n[1]), c), quotient(n[1], N), ()).hypotheses == ()
    for odd in (n[1], N):
        with pytest.raises(BackpropError):
            begin(NET, (), Partial(c, odd))  # type: ignore[arg-type]  # it is no quantity of the network


def test_a_letter_is_given_an_index_and_no_number() -> None:
    """A theorem for l = 1, 2, ... says nothing of l = c, though sizes such as n_1 are known to be at least 1."""
    lemma = begin(NET, ((l, ONE, None),), mul(TWO, l))
    assert rewrite(begin(NET, (), mul(TWO, n[1])), (), "theorem", lemma=lemma, given={l: n[1]}).statement.rhs
    for odd in (c, HALF, mul(c, TWO)):
        with pytest.raises(BackpropError):
            rewrite(begin(NET, (), mul(TWO, odd)), (), "theorem", lemma=lemma, given={l: odd})


# Hypotheses that were lost


def fraction(of: Expr) -> Expr:
    return mul(of, power(of, -1))


def test_hypotheses_on_two_letters_of_a_theorem_are_two() -> None:
    """x_i ≠ 0 and x_j ≠ 0 are two, whatever the letters; a fresh letter would be taken for that of a sum."""
    one, other = Dummy("a", integer=True), Dummy("b", integer=True)
    for limits in ((upto(one), upto(other)), (upto(other),)):
        with pytest.raises(BackpropError):
            begin(NET, limits, TWO)
        with pytest.raises(BackpropError):
            assume(NET, limits, Equation(ONE, ONE), ())
    assert len(ring(TWO, add(fraction(x[i]), fraction(x[j])), (upto(i), upto(j))).hypotheses) == 2


def test_a_letter_named_like_a_place_is_a_letter() -> None:
    """x_{_0} ≠ 0 at one letter does not stand for x_k ≠ 0 for all k."""
    for odd in (Symbol("_0"), index("_0"), Symbol("k")):
        theorem = ring(add(N, ONE), add(fraction(x[odd]), total(fraction(x[k]), k)), (upto(odd),))
        assert len(theorem.hypotheses) == 2


def test_hypotheses_are_equal_up_to_the_letters_of_sums_alone() -> None:
    p, q = Dummy("p", integer=True), Dummy("q", integer=True)
    assert Hypothesis("nonzero", x[p]) == Hypothesis("nonzero", x[q])
    assert len({Hypothesis("nonzero", x[p]), Hypothesis("nonzero", x[q])}) == 1
    assert (Hypothesis("nonzero", x[p]) != Hypothesis("nonzero", x[q])) is False
    different: list[tuple[Expr, Expr]] = [
        (x[p], x[j]),
        (x[i], x[j]),
        (s[p, q], s[p, p]),
        (s[p, j], s[j, p]),
        (add(x[p], z[q]), add(x[p], z[p])),
        (total(s[p, m], m), total(s[m, p], m)),
        (total(s[p, m], m), total(s[m, m], m)),
        (total(s[p, m], m), total(s[p, m], m, N, TWO)),
    ]
    for one, other in different:
        assert Hypothesis("nonzero", one) != Hypothesis("nonzero", other)
    assert Hypothesis("nonzero", x[p]) != Hypothesis("positive", x[p])


def test_what_is_positive_is_not_0_but_at_its_own_letter() -> None:
    both = ring(TWO, add(fraction(x[i]), mul(power(x[j], HALF), power(x[j], -HALF))), (upto(i), upto(j)))
    assert needs(both) == {("nonzero", "x[i]"), ("positive", "x[j]")}
    merged = ring(TWO, add(fraction(x[j]), mul(power(x[j], HALF), power(x[j], -HALF))), (upto(i), upto(j)))
    assert needs(merged) == {("positive", "x[j]")}


def test_a_value_is_not_caught_by_the_letter_of_a_hypothesis() -> None:
    """x_j + x_k ≠ 0 for all k, at j = k', is x_k' + x_k ≠ 0 for all k and k', not x_k + x_k ≠ 0."""
    inner = total(fraction(add(x[j], x[k])), k)
    lemma = rewrite(begin(NET, (upto(j),), inner), (0,), "ring", to=ONE)
    total_ = lemma.statement.rhs
    assert isinstance(total_, IndexSum)
    letter = total_.index
    outer = IndexSum(total(fraction(add(x[letter], x[k])), k), letter, ONE, N)
    theorem = rewrite(begin(NET, (), outer), (0,), "theorem", lemma=lemma, given={j: letter})
    (need,) = theorem.hypotheses
    assert isinstance(need.subject, Expr)
    assert len(need.subject.free_symbols) == 2


def test_a_hypothesis_on_all_instances_stays_one_on_all() -> None:
    """Y = Σ_j relu(x_j) rests on x_j ≠ 0 for all j; the theorem at j = 1 does so too."""
    definitions = (Definition(y[j], (upto(j),), Fn("relu", 0, x[j])), Definition(Y, (), total(power(y[k], 2), k)))
    net = Network("kinks", {"x": (upto(j),), "y": (upto(j),), "Y": ()}, definitions, parameters=((N, TWO, None),))
    chain = begin(net, (upto(j),), Partial(Y, x[j]))
    from backprop_proofs.language.binding import each

    general = rewrite(chain, (), "chain-rule", through=(each(y[k], upto(k)),))
    single = rewrite(begin(net, (), Partial(Y, x[1])), (), "theorem", lemma=general, given={j: ONE})
    assert general.hypotheses == single.hypotheses == (Hypothesis("nonzero", x[Dummy("j", integer=True)]),)


def test_a_function_is_smooth_where_it_is_used() -> None:
    """∂relu(X - 1)/∂X rests on X ≠ 1, not on X ≠ 0, although relu(X) stands in the network."""
    net = Network("kink", {"X": (), "Y": ()}, (Definition(Y, (), Fn("relu", 0, X)),))
    theorem = ring(Partial(Fn("relu", 0, add(X, negative(ONE))), X), Fn("step", 0, add(X, negative(ONE))), (), net)
    assert needs(theorem) == {("nonzero", "X - 1")}
    assert needs(ring(Partial(Fn("relu", 0, X), X), Fn("step", 0, X), (), net)) == {("nonzero", "X")}


def test_a_function_used_at_a_part_of_a_range_is_smooth_there_alone() -> None:
    """relu(x_j) for j in 2..N: that x_1 ≠ 0 does not follow."""
    limits = (upto(j, N, TWO),)
    net = Network(
        "kinks",
        {"x": (upto(j),), "y": limits},
        (Definition(y[j], limits, Fn("relu", 0, x[j])),),
        parameters=((N, TWO, None),),
    )
    at = ring(Partial(Fn("relu", 0, x[1]), x[1]), Fn("step", 0, x[1]), (), net)
    assert needs(at) == {("nonzero", "x[1]")}


def falling() -> Network:
    """r_N = 1, r_l = r_{l+1} · x_l / x_l: it is 1 where no x is 0."""
    hidden: Limits = ((l, ONE, N - 1),)
    definitions = (Definition(r[N], (), ONE), Definition(r[l], hidden, mul(r[l + 1], x[l], power(x[l], -1))))
    return Network("falling", {"r": (upto(j),), "x": (upto(j),)}, definitions, parameters=((N, TWO, None),))


def test_an_induction_rests_on_its_hypotheses_at_every_layer() -> None:
    """r_1 = 1 rests on x_l ≠ 0 for all l, not on x_1 ≠ 0."""
    net, hidden = falling(), ((l, ONE, N - 1),)
    assumed = assume(net, (), Equation(r[l + 1], ONE), hidden)
    step = rewrite(rewrite(begin(net, hidden, r[l]), (), "definition"), (0,), "theorem", lemma=assumed, given={})
    whole = induction(rewrite(begin(net, (), r[N]), (), "definition"), rewrite(step, (), "ring", to=ONE), l)
    first = rewrite(begin(net, (), r[1]), (), "theorem", lemma=whole, given={l: ONE})
    assert first.hypotheses == (Hypothesis("nonzero", x[Dummy("l", integer=True)]),)


def test_an_induction_with_a_hypothesis_on_the_variable_of_a_function() -> None:
    """P(l, u) from P(l + 1, u + 1) where u ≠ 0 says nothing of u = -1, where u + 1 = 0."""
    variable, hidden = Ref(Quantity("v")), ((l, ONE, N - 1),)
    net = Network(
        "shifted", {"v": ()}, (), functions=(FunctionDefinition("f", variable, variable),), parameters=((N, TWO, None),)
    )
    detour = rewrite(rewrite(begin(net, hidden, ONE), (), "ring", to=fraction(variable)), (), "ring", to=ONE)
    assert needs(detour) == {("nonzero", "v")}
    with pytest.raises(Refused, match="variable"):
        induction(begin(net, (), ONE), detour, l)


# What is right, where an attack was near


def test_a_collapse_inside_a_sum_stays_inside_it() -> None:
    """√(x_j + 1) √(x_{k+1} + 1) at j = k + 1 is x_{k+1} + 1 for each k, under Σ_k."""
    net = Network("wide", {"x": ((j, ONE, None),)}, (), parameters=((N, TWO, None),))

    def root(at: Expr) -> Expr:
        return power(add(x[at], ONE), HALF)

    left = total(total(mul(Delta(j, k + 1), root(j), root(k + 1)), k, N - 1), j)
    assert ring(left, total(add(x[k + 1], ONE), k, N - 1), (), net).hypotheses
    with pytest.raises(Refused):
        ring(left, mul(N - 1, add(x[2], ONE)), (), net)


def test_a_denominator_that_a_delta_changes_is_assumed_not_to_be_0() -> None:
    """δ_jk/(x_j - x_k) is 0 for j ≠ k. Cleared by x_j - x_j, all is 0, so that x_j - x_j ≠ 0 is to be said."""
    pole = mul(Delta(j, k), power(add(x[j], negative(x[k])), -1))
    shared = mul(pole, power(add(ONE, e(c)), -1))
    theorem = ring(add(ONE, shared, mul(shared, e(c))), pole)
    assert needs(theorem) & {("nonzero", "x[j] - x[j]"), ("nonzero", "-x[j] + x[j]")}
    theorem = ring(mul(Delta(j, k), power(x[k], -1)), mul(Delta(j, k), power(x[j], -1)))
    assert needs(theorem) == {("nonzero", "x[j]"), ("nonzero", "x[k]")}


def test_the_numbers_of_the_random_test_see_a_lost_hypothesis() -> None:
    """x/x = 1 without x ≠ 0 is seen to be false, and with it is not."""
    at = Quantity("z")[i]
    assert list(differ(fraction(at), ONE, ()))
    assert not list(differ(fraction(at), ONE, (Hypothesis("nonzero", at),)))
    assert list(differ(e(ln(at)), at, (Hypothesis("nonzero", at),)))
    assert not list(differ(e(ln(at)), at, (Hypothesis("positive", at),)))


def test_what_is_false_of_a_network_is_no_network() -> None:
    with pytest.raises(InvalidNetwork):
        Network("loop", {"c": ()}, (), functions=(FunctionDefinition("f", c, Fn("f", 0, c)),))
    assert begin(NET, (), a if "a" in NET.families else c)
