"""False equations, and the ways that once led or might lead to them: every one ends in an error.

Each case tries to prove something that is false on a concrete instance; where it is stopped (when the network is
made, when the proof begins, when a rule is used) is left open.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sympy import Expr, Integer, Symbol, sin

from backprop_proofs.errors import BackpropError
from backprop_proofs.kernel.theorem import Theorem, begin, matrix_form, rewrite
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Fn, Partial, Quantity, Ref, add, mul, negative, power
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.matrices import Entry, Hadamard, MatrixProduct, Nabla, Scaled, Transposed, Whole
from backprop_proofs.language.network import Definition, FunctionDefinition, Network
from backprop_proofs.networks.mlp import C, L, a, j, k, l, mlp, n

ONE, TWO, THREE = Integer(1), Integer(2), Integer(3)
X, V, W, Y, c, g, u = (Ref(Quantity(name)) for name in ("X", "V", "W", "Y", "c", "g", "u"))
v, q, w, y = map(Quantity, "vqwy")
N, M = index("N"), index("M")
Case = Callable[[], Theorem]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    CASES[function.__name__.replace("_", " ")] = function
    return function


def upto(letter: Symbol, size: Expr = N) -> Limit:
    return (letter, ONE, size)


def inputs() -> Network:
    """Only inputs: a vector v, a second one q, a square matrix w, a scalar c."""
    families = {"v": (upto(j),), "q": (upto(j),), "w": (upto(j), upto(k)), "c": ()}
    return Network("inputs", families, (), parameters=((N, TWO, None),))


def diamond() -> Network:
    """V = X², W = V X, Y = V + W."""
    definitions = (Definition(V, (), power(X, 2)), Definition(W, (), mul(V, X)), Definition(Y, (), add(V, W)))
    return Network("diamond", dict.fromkeys("XVWY", ()), definitions)


# Derivatives


@case
def a_held_quantity_that_becomes_a_term_of_a_sum() -> Theorem:
    """∂V/∂X|_{V,W} keeps the equation of V; ∂(2V - V)/∂X|_{V,W} does not, so the one is 2X and the other 0."""
    t = begin(diamond(), (), Partial(V, X, V, W))
    return rewrite(t, (0,), "ring", to=add(mul(TWO, V), negative(V)))


@case
def a_chain_rule_through_what_is_held() -> Theorem:
    """∂Y/∂X|_V is not ∂Y/∂V|_V ∂V/∂X|_V + ...: no path through V counts."""
    return rewrite(begin(diamond(), (), Partial(Y, X, V)), (), "chain-rule", through=(V, W))


@case
def a_definition_inside_a_nabla() -> Theorem:
    """(∇_a a_k)_j = [j = k], but (∇_a σ(z_k))_j = 0: a gradient is a derivative too."""
    limits = (upto(j, n[L]), upto(k, n[L]))
    t = begin(mlp(), limits, Entry(Nabla(a[L, k], Whole(a, L)), j))
    return rewrite(t, (0, 0), "definition")


@case
def a_quantity_with_other_superscripts() -> Theorem:
    """z printed with no superscript is no other quantity than z, so ∂C/∂z = 0 must not follow."""
    t = begin(mlp(), ((l, TWO, L), upto(j, n[l])), Partial(C, Quantity("z", 0)[l, j]))
    return rewrite(t, (), "leaf")


# The normal form: what prints alike is not always alike


@case
def a_delta_to_the_power_0_under_its_sum() -> Theorem:
    """Σ_k [k = j]^0 is N, as 0^0 is 1."""
    return rewrite(begin(inputs(), (upto(j),), sum_over(power(Delta(k, j), 0), upto(k))), (), "ring", to=ONE)


@case
def a_letter_named_like_a_label() -> Theorem:
    """Σ_k w_{k,_0} is not Σ_k w_{_0,k}."""
    odd = index("_0")
    t = begin(inputs(), (upto(odd),), sum_over(w[k, odd], upto(k)))
    return rewrite(t, (), "ring", to=sum_over(w[odd, k], upto(k)))


@case
def two_letters_of_one_name() -> Theorem:
    other = Symbol("j", integer=True, positive=True)
    return rewrite(begin(inputs(), (upto(j), upto(other)), v[j]), (), "ring", to=v[other])


@case
def a_letter_named_like_a_size() -> Theorem:
    odd = index("n[1]")
    net = Network("sizes", {"v": (upto(j, n[1]),)}, ())
    return rewrite(begin(net, (upto(odd, n[1]),), v[odd]), (), "ring", to=v[n[1]])


@case
def a_letter_named_like_a_number_times_a_letter() -> Theorem:
    odd = index("1j")
    return rewrite(begin(inputs(), (upto(j), upto(odd)), Delta(odd, j)), (), "ring", to=Delta(11 * j, j))


@case
def a_function_named_like_a_derivative() -> Theorem:
    """The function called f' is any function, not the derivative of f."""
    return rewrite(begin(diamond(), (), Fn("f'", 0, X)), (), "ring", to=Fn("f", 1, X))


@case
def a_function_with_a_separator_in_its_name() -> Theorem:
    """The first derivative of "f;0" at x, and f at a quantity called "1;x"."""
    odd = Ref(Quantity("1;x"))
    net = Network("named", {"x": (), odd.name: ()}, ())
    return rewrite(begin(net, (), Fn("f;0", 1, Ref(Quantity("x")))), (), "ring", to=Fn("f", 0, odd))


@case
def a_quantity_named_like_a_number_times_a_quantity() -> Theorem:
    odd = Ref(Quantity("2X"))
    net = Network("named", {"X": (), odd.name: ()}, ())
    return rewrite(begin(net, (), Fn("f", 0, odd)), (), "ring", to=Fn("f", 0, mul(Integer(12), X)))


@case
def a_quantity_named_like_the_kronecker_delta() -> Theorem:
    net = Network("named", {"kronecker": (upto(j), upto(k))}, (), parameters=((N, TWO, None),))
    t = begin(net, (upto(j), upto(k)), Quantity("kronecker")[j, k])
    return rewrite(t, (), "ring", to=Delta(j, k))


@case
def a_quantity_named_like_a_product() -> Theorem:
    odd = Quantity("v[1j]^1*q")
    net = Network("named", {"v": (upto(j),), "q": (upto(j),), odd.name: (upto(j),)}, (), parameters=((N, TWO, None),))
    return rewrite(begin(net, (upto(j),), odd[j]), (), "ring", to=mul(q[j], v[j]))


@case
def a_number_of_infinite_size() -> Theorem:
    return rewrite(begin(diamond(), (), add(Integer(1) / 0, negative(Integer(1) / 0))), (), "ring", to=Integer(0))


@case
def a_function_that_the_language_does_not_have() -> Theorem:
    return begin(diamond(), (), sin(X))


# Indices that are no integers


@case
def a_delta_of_a_real_number() -> Theorem:
    """The step of X may be 0; a size may not."""
    return rewrite(begin(diamond(), (), Delta(Fn("step", 0, X), 0)), (), "ring", to=Integer(0))


@case
def a_delta_of_a_quantity() -> Theorem:
    return rewrite(begin(diamond(), (), Delta(X, 0)), (), "ring", to=Integer(0))


# Letters that are taken


@case
def a_size_of_the_network_as_a_letter() -> Theorem:
    """C = C(a^L) for the network's own L, not for every L: else C = C(a^2)."""
    net = mlp()
    t = rewrite(begin(net, ((L, TWO, None),), C), (), "definition")
    return rewrite(begin(net, (), C), (), "theorem", lemma=t, given={L: TWO})


@case
def a_size_with_a_value_as_a_letter() -> Theorem:
    """[L = 3] is not 1 for every L in 1..2, although L is 3 in this network."""
    net = mlp(depth=3)
    t = rewrite(begin(net, ((L, ONE, TWO),), Delta(L, 3)), (), "ring", to=ONE)
    return rewrite(begin(net, (), Delta(1, 3)), (), "theorem", lemma=t, given={L: ONE})


@case
def a_size_of_the_network_as_the_letter_of_an_equation() -> Theorem:
    families = {"q": ((L, TWO, None),), "v": (upto(j, L),)}
    equation = Definition(q[L], ((L, TWO, None),), sum_over(v[k], upto(k, L)))
    net = Network("taken", families, (equation,), parameters=((L, TWO, None),))
    return rewrite(begin(net, (), q[3]), (), "definition")


# Equations that define nothing, or too much


@case
def an_equation_with_a_dependent_index_on_its_left() -> Theorem:
    """q_{l,l+1} = v_l says nothing of q_{m,l+1}."""
    m = index("m")
    families = {"q": (upto(j, M), upto(k, M)), "v": (upto(j, M),)}
    limits = ((l, ONE, M - 1), (m, ONE, M - 1))
    net = Network(
        "dependent", families, (Definition(q[l, l + 1], ((l, ONE, M - 1),), v[l]),), parameters=((M, TWO, None),)
    )
    return rewrite(begin(net, limits, q[m, l + 1]), (), "definition")


@case
def an_abbreviation_of_the_variable_of_a_function() -> Theorem:
    """g = u² and "for every real u" together give g = 9."""
    net = Network("g", {"g": (), "u": ()}, (), (Definition(g, (), power(u, 2)),), (FunctionDefinition("f", u, u),))
    t = rewrite(begin(net, (), g), (), "definition")
    return rewrite(begin(net, (), g), (), "theorem", lemma=t, given={u: THREE})


@case
def a_function_of_another_functions_variable() -> Theorem:
    other = Ref(Quantity("o"))
    functions = (FunctionDefinition("f", u, add(u, other)), FunctionDefinition("h", other, other))
    net = Network("two", {"u": (), "o": ()}, (), functions=functions)
    t = rewrite(begin(net, (), Fn("f", 0, ONE)), (), "function-definition")
    return rewrite(begin(net, (), Fn("f", 0, ONE)), (), "theorem", lemma=t, given={other: THREE})


@case
def a_function_that_is_defined_by_itself() -> Theorem:
    net = Network("loop", {"u": ()}, (), functions=(FunctionDefinition("f", u, add(Fn("f", 0, u), ONE)),))
    return rewrite(begin(net, (), Fn("f", 0, ONE)), (), "function-definition")


@case
def two_functions_that_are_defined_by_each_other() -> Theorem:
    functions = (
        FunctionDefinition("f", u, add(Fn("h", 0, u), ONE)),
        FunctionDefinition("h", u, add(Fn("f", 0, u), ONE)),
    )
    net = Network("loop", {"u": ()}, (), functions=functions)
    return rewrite(begin(net, (), Fn("f", 0, ONE)), (), "function-definition")


@case
def a_function_with_two_formulas() -> Theorem:
    functions = (FunctionDefinition("f", u, u), FunctionDefinition("f", u, add(u, ONE)))
    return begin(Network("twice", {"u": ()}, (), functions=functions), (), ONE)


@case
def a_formula_for_the_exponential_function() -> Theorem:
    """e^u = u and e^1 e^2 = e^3 make 2 = 3."""
    net = Network("exp", {"u": ()}, (), functions=(FunctionDefinition("exp", u, u),))
    return rewrite(begin(net, (), Fn("exp", 0, ONE)), (), "function-definition")


@case
def a_function_that_uses_an_input() -> Theorem:
    """Y = f(1), f(u) = u X: the path from X to Y runs through the formula of f."""
    net = Network(
        "hidden",
        {"X": (), "Y": (), "u": ()},
        (Definition(Y, (), Fn("f", 0, ONE)),),
        functions=(FunctionDefinition("f", u, mul(u, X)),),
    )
    return rewrite(begin(net, (), Partial(Y, X)), (), "leaf")


@case
def a_function_of_a_letter() -> Theorem:
    """f(u) = u [l = 2], where l is whatever l is where f is used."""
    net = Network("open", {"u": ()}, (), functions=(FunctionDefinition("f", u, mul(u, Delta(l, 2))),))
    t = rewrite(begin(net, ((l, ONE, THREE),), Fn("f", 0, ONE)), (), "function-definition")
    return rewrite(begin(net, (), Fn("f", 0, ONE)), (), "theorem", lemma=t, given={l: TWO})


@case
def a_variable_that_an_equation_defines() -> Theorem:
    """Y = X² and "for every real Y" make 7 = X²."""
    net = Network(
        "variable", {"X": (), "Y": ()}, (Definition(Y, (), power(X, 2)),), functions=(FunctionDefinition("f", Y, Y),)
    )
    t = rewrite(begin(net, (), Y), (), "definition")
    return rewrite(begin(net, (), Integer(7)), (), "theorem", lemma=t, given={Y: Integer(7)})


@case
def a_variable_that_is_an_input() -> Theorem:
    families = {"v": (upto(j),), "y": (upto(j),)}
    net = Network(
        "variable",
        families,
        (Definition(y[j], (upto(j),), v[j]),),
        functions=(FunctionDefinition("f", v[1], v[1]),),
        parameters=((N, TWO, None),),
    )
    t = rewrite(begin(net, (), y[1]), (), "definition")
    return rewrite(begin(net, (), y[1]), (), "theorem", lemma=t, given={v[1]: Integer(7)})


@case
def a_width_of_0() -> Theorem:
    """Every size is at least 1: else Σ_{k=1}^{n_1} [k = 1] would be 1 by the collapse and 0 written out."""
    net = Network("empty", {}, (), parameters=((L, ONE, None),), sizes={n[1]: 0})
    t = rewrite(begin(net, (upto(l, L),), sum_over(Delta(k, 1), upto(k, n[l]))), (), "kronecker-collapse")
    return rewrite(begin(net, (), sum_over(Delta(k, 1), upto(k, n[1]))), (), "theorem", lemma=t, given={l: ONE})


@case
def a_parameter_below_its_bound() -> Theorem:
    return begin(Network("low", {}, (), parameters=((L, TWO, None),), sizes={L: 1}), (), ONE)


# Matrix forms


@case
def a_matrix_form_from_the_diagonal() -> Theorem:
    """w_{jj} = w_{jj} does not make w its own transpose."""
    t = begin(inputs(), (upto(j),), w[j, j])
    return matrix_form(t, Whole(w), Transposed(Whole(w)), (j, j))


@case
def a_matrix_form_with_its_letter_in_a_factor() -> Theorem:
    """q_j v_j for every j is q ⊙ v, and no number times v."""
    t = begin(inputs(), (upto(j),), mul(q[j], v[j]))
    return matrix_form(t, Scaled(q[j], Whole(v)), Hadamard(Whole(q), Whole(v)), (j,))


@case
def a_matrix_form_with_its_letter_in_a_fixed_index() -> Theorem:
    return matrix_form(begin(inputs(), (upto(j),), w[j, j]), Whole(w, j), Whole(w, j), (j,))


@case
def a_column_that_is_a_row() -> Theorem:
    return matrix_form(begin(inputs(), (upto(j),), v[j]), Whole(v), Transposed(Whole(v)), (j,))


@case
def a_matrix_times_a_row() -> Theorem:
    product = MatrixProduct(Whole(w), Scaled(c, Transposed(Whole(v))))
    t = begin(inputs(), (upto(j),), sum_over(mul(w[j, k], c, v[k]), upto(k)))
    return matrix_form(t, product, product, (j,))


@pytest.mark.parametrize("name", CASES)
def test_what_is_false_is_not_proved(name: str) -> None:
    with pytest.raises(BackpropError):
        CASES[name]()


def test_a_matrix_form_keeps_the_hypotheses_that_its_entries_need() -> None:
    """v = (c/c) v needs c ≠ 0."""
    t = begin(inputs(), (upto(j),), v[j])
    closed = matrix_form(t, Whole(v), Scaled(mul(c, power(c, -1)), Whole(v)), (j,))
    assert [(need.kind, need.subject) for need in closed.hypotheses] == [("nonzero", c)]


def test_a_broken_power_that_comes_in_brings_its_hypothesis() -> None:
    """X = (√X)² needs X > 0 (or X = 0)."""
    t = rewrite(begin(diamond(), (), X), (), "ring", to=power(power(X, Integer(1) / 2), 2))
    assert ("positive", X) in [(need.kind, need.subject) for need in t.hypotheses]


def test_a_broken_power_that_cancels_leaves_its_hypothesis() -> None:
    """1 = X^{-1/2} X^{1/2} needs X > 0."""
    half = Integer(1) / 2
    t = rewrite(begin(diamond(), (), ONE), (), "ring", to=mul(power(X, -half), power(X, half)))
    assert {need.subject for need in t.hypotheses} == {X}


def test_a_lemma_is_used_from_right_to_left() -> None:
    net = diamond()
    t = rewrite(begin(net, (), V), (), "definition")
    back = rewrite(begin(net, (), power(X, 2)), (), "theorem", lemma=t, given={}, backwards=True)
    assert back.statement.rhs == V


def test_a_power_with_a_letter_in_its_exponent_has_a_normal_form() -> None:
    t = begin(diamond(), ((k, ONE, THREE),), add(power(X, k), ONE))
    assert rewrite(t, (), "ring", to=add(ONE, power(X, k))).statement.rhs == add(ONE, power(X, k))


def test_a_limit_without_its_letter_on_the_left_is_an_error_of_the_network() -> None:
    with pytest.raises(BackpropError):
        begin(Network("loose", {"c": (), "v": (upto(j, TWO),)}, (Definition(c, (upto(j, TWO),), v[j]),)), (), c)
