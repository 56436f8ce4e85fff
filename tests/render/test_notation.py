"""Each construct in three alphabets, the letters of bound indices, and what may never look alike."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Expr, Integer, Rational, Symbol

from backprop_proofs.language.binding import alpha_equal, each, replace_at, sum_over
from backprop_proofs.language.expressions import (
    Delta,
    Fn,
    IndexSum,
    Opaque,
    Partial,
    Quantity,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import index
from backprop_proofs.language.matrices import (
    Entry,
    Hadamard,
    Map,
    MatrixProduct,
    Nabla,
    Plus,
    Scaled,
    Transposed,
    Whole,
)
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, n, w, x, y, z
from backprop_proofs.render.alphabets import ASCII, LATEX, UNICODE
from backprop_proofs.render.ink import plain
from backprop_proofs.render.letters import Letters, letters_for
from backprop_proofs.render.notation import latex, ranges, text, write

ONE = Integer(1)
i, m, t = index("i"), index("m"), index("t")
h, W = Quantity("h"), Quantity("W")
OVER = (k, 1, n[l + 1])


def sigma(primes: int, argument: Expr) -> Expr:
    return Fn("sigma", primes, argument)


error_sum = sum_over(mul(w[l + 1, k, j], delta[l + 1, k]), OVER)

TABLE = [
    # indices
    (w[l, j, k], r"w^{l}_{jk}", "w^l_jk", "w^l_jk"),
    (w[l + 1, k, j], r"w^{l+1}_{kj}", "w^(l+1)_kj", "w^(l+1)_kj"),
    (a[l - 1, k], r"a^{l-1}_{k}", "a^(l-1)_k", "a^(l-1)_k"),
    (delta[L, j], r"\delta^{L}_{j}", "δ^L_j", "delta^L_j"),
    (h[t - 1, k], r"h_{t-1,k}", "h_(t-1,k)", "h_(t-1,k)"),
    (W[10, 2], r"W_{10,2}", "W_(10,2)", "W_(10,2)"),
    (w[2, 1, 3], r"w^{2}_{13}", "w^2_13", "w^2_13"),
    (y[10], r"y_{10}", "y_10", "y_10"),
    (h[2 * t, L - l], r"h_{2t,L-l}", "h_(2t,L-l)", "h_(2t,L-l)"),
    (C, "C", "C", "C"),
    (Quantity("net")[k], r"\mathit{net}_{k}", "net_k", "net_k"),
    (Quantity("W_in")[k], r"\mathit{W\_in}_{k}", "W_in_k", "W_in_k"),
    (h[index("alpha"), j], r"h_{\alpha j}", "h_αj", "h_(alpha,j)"),
    # the Kronecker delta
    (Delta(k, j), r"\mathbf{1}_{[k=j]}", "[k=j]", "[k=j]"),
    (Delta(m, l + 1), r"\mathbf{1}_{[m=l+1]}", "[m=l+1]", "[m=l+1]"),
    # derivatives
    (Partial(C, z[L, j]), r"\frac{\partial C}{\partial z^{L}_{j}}", "∂C/∂z^L_j", "dC/dz^L_j"),
    (
        Partial(add(x[j], y[j]), x[k]),
        r"\frac{\partial}{\partial x_{k}}(x_{j} + y_{j})",
        "∂(x_j + y_j)/∂x_k",
        "d(x_j + y_j)/dx_k",
    ),
    (
        Partial(z[l, j], w[l, j, k], each(each(z[m, k], (k, 1, n[m])), (m, 2, L))),
        r"\left. \frac{\partial z^{l}_{j}}{\partial w^{l}_{jk}} \right|_{z}",
        "∂z^l_j/∂w^l_jk|_z",
        "dz^l_j/dw^l_jk|_z",
    ),
    # functions
    (sigma(0, z[l, j]), r"\sigma(z^{l}_{j})", "σ(z^l_j)", "sigma(z^l_j)"),
    (sigma(2, z[l, j]), r"\sigma''(z^{l}_{j})", "σ''(z^l_j)", "sigma''(z^l_j)"),
    (Fn("tanh", 1, x[j]), r"\tanh'(x_{j})", "tanh'(x_j)", "tanh'(x_j)"),
    (Fn("relu", 0, x[j]), r"\operatorname{ReLU}(x_{j})", "ReLU(x_j)", "ReLU(x_j)"),
    (Fn("step", 0, x[j]), r"\operatorname{step}(x_{j})", "step(x_j)", "step(x_j)"),
    (Opaque("C", each(a[L, k], (k, 1, n[L]))), r"C(a^{L})", "C(a^L)", "C(a^L)"),
    (each(h[t, j], (t, 1, 3)), r"\left\lbrace h_{tj} \right\rbrace_{t}", "{h_tj : all t}", "{h_tj : all t}"),
    (
        ACTIVATIONS["sigmoid"].formula(z[l, j]),
        r"\frac{1}{1 + e^{-z^{l}_{j}}}",
        "1/(1 + exp(-z^l_j))",
        "1/(1 + exp(-z^l_j))",
    ),
    (
        ACTIVATIONS["tanh"].formula(x[j]),
        r"\frac{e^{x_{j}} - e^{-x_{j}}}{e^{x_{j}} + e^{-x_{j}}}",
        "(exp(x_j) - exp(-x_j))/(exp(x_j) + exp(-x_j))",
        "(exp(x_j) - exp(-x_j))/(exp(x_j) + exp(-x_j))",
    ),
    (ACTIVATIONS["softplus"].formula(x[j]), r"\ln(1 + e^{x_{j}})", "ln(1 + exp(x_j))", "ln(1 + exp(x_j))"),
    # sums, products and their parentheses
    (
        mul(error_sum, sigma(1, z[l, j])),
        r"\left(\sum_{k} w^{l+1}_{kj} \delta^{l+1}_{k}\right) \sigma'(z^{l}_{j})",
        "(Σ_k w^(l+1)_kj δ^(l+1)_k) σ'(z^l_j)",
        "(sum_k w^(l+1)_kj delta^(l+1)_k) sigma'(z^l_j)",
    ),
    (
        mul(sigma(1, z[l, j]), error_sum),
        r"\sigma'(z^{l}_{j}) \sum_{k} w^{l+1}_{kj} \delta^{l+1}_{k}",
        "σ'(z^l_j) Σ_k w^(l+1)_kj δ^(l+1)_k",
        "sigma'(z^l_j) sum_k w^(l+1)_kj delta^(l+1)_k",
    ),
    (
        sum_over(mul(Partial(C, a[L, k]), Partial(a[L, k], z[L, j])), (k, 1, n[L])),
        r"\sum_{k} \frac{\partial C}{\partial a^{L}_{k}} \frac{\partial a^{L}_{k}}{\partial z^{L}_{j}}",
        "Σ_k ∂C/∂a^L_k · ∂a^L_k/∂z^L_j",
        "sum_k dC/da^L_k * da^L_k/dz^L_j",
    ),
    (
        sum_over(add(x[k], y[k]), (k, 1, 3)),
        r"\sum_{k} (x_{k} + y_{k})",
        "Σ_k (x_k + y_k)",
        "sum_k (x_k + y_k)",
    ),
    (
        add(sum_over(mul(w[l, j, k], a[l - 1, k]), (k, 1, n[l - 1])), b[l, j]),
        r"\sum_{k} w^{l}_{jk} a^{l-1}_{k} + b^{l}_{j}",
        "Σ_k w^l_jk a^(l-1)_k + b^l_j",
        "sum_k w^l_jk a^(l-1)_k + b^l_j",
    ),
    (power(sum_over(x[k], (k, 1, 3)), 2), r"\left(\sum_{k} x_{k}\right)^{2}", "(Σ_k x_k)²", "(sum_k x_k)^2"),
    (negative(sum_over(x[k], (k, 1, 3))), r"-\sum_{k} x_{k}", "-Σ_k x_k", "-sum_k x_k"),
    (
        quotient(sum_over(x[k], (k, 1, 3)), y[j]),
        r"\frac{\sum_{k} x_{k}}{y_{j}}",
        "(Σ_k x_k)/y_j",
        "(sum_k x_k)/y_j",
    ),
    (
        mul(x[j], add(ONE, negative(x[j]))),
        r"x_{j} (1 - x_{j})",
        "x_j · (1 - x_j)",
        "x_j * (1 - x_j)",
    ),
    (negative(add(x[j], y[j])), r"-(x_{j} + y_{j})", "-(x_j + y_j)", "-(x_j + y_j)"),
    (add(x[j], negative(add(x[k], y[k]))), r"x_{j} - (x_{k} + y_{k})", "x_j - (x_k + y_k)", "x_j - (x_k + y_k)"),
    (add(x[j], mul(Integer(-2), y[j])), r"x_{j} - 2 y_{j}", "x_j - 2 y_j", "x_j - 2 y_j"),
    (add(x[j], Integer(-2)), r"x_{j} - 2", "x_j - 2", "x_j - 2"),
    (mul(x[j], Integer(-2)), r"x_{j} (-2)", "x_j · (-2)", "x_j * (-2)"),
    (mul(Integer(2), Integer(3)), r"2 \cdot 3", "2 · 3", "2 * 3"),
    (power(z[l, j], 2), r"(z^{l}_{j})^{2}", "(z^l_j)²", "(z^l_j)^2"),
    (power(C, 2), r"C^{2}", "C²", "C^2"),
    (power(x[j], Rational(1, 2)), r"\sqrt{x_{j}}", "√(x_j)", "sqrt(x_j)"),
    (power(x[j], Rational(-1, 2)), r"\frac{1}{\sqrt{x_{j}}}", "1/√(x_j)", "1/sqrt(x_j)"),
    (power(x[j], -2), r"\frac{1}{(x_{j})^{2}}", "1/(x_j)²", "1/(x_j)^2"),
    (quotient(x[j], mul(y[j], y[k])), r"\frac{x_{j}}{y_{j} y_{k}}", "x_j/(y_j y_k)", "x_j/(y_j y_k)"),
    (
        mul(x[j], power(y[j], -1), y[k], power(x[k], -1)),
        r"\frac{x_{j}}{y_{j}} \frac{y_{k}}{x_{k}}",
        "x_j/y_j · y_k/x_k",
        "x_j/y_j * y_k/x_k",
    ),
    (
        mul(Rational(1, 2), sum_over(power(add(y[k], negative(a[L, k])), 2), (k, 1, n[L]))),
        r"\frac{1}{2} \sum_{k} (y_{k} - a^{L}_{k})^{2}",
        "½ Σ_k (y_k - a^L_k)²",
        "1/2 * sum_k (y_k - a^L_k)^2",
    ),
    # arrays
    (
        Hadamard(MatrixProduct(Transposed(Whole(w, l + 1)), Whole(delta, l + 1)), Map("sigma", ONE, Whole(z, l))),
        r"((w^{l+1})^{T} \delta^{l+1}) \odot \sigma'(z^{l})",
        "((w^(l+1))^T δ^(l+1)) ⊙ σ'(z^l)",
        "((w^(l+1))^T delta^(l+1)) o sigma'(z^l)",
    ),
    (
        MatrixProduct(Whole(delta, l), Transposed(Whole(a, l - 1))),
        r"\delta^{l} (a^{l-1})^{T}",
        "δ^l (a^(l-1))^T",
        "delta^l (a^(l-1))^T",
    ),
    (Nabla(C, Whole(a, L)), r"\nabla_{a^{L}} C", "∇_(a^L) C", "grad_(a^L) C"),
    (Entry(Nabla(C, Whole(x)), j), r"\left[ \nabla_{x} C \right]_{j}", "[ ∇_x C ]_j", "[ grad_x C ]_j"),
    (Plus(Whole(x), Scaled(Integer(2), Whole(y))), "x + 2 y", "x + 2 y", "x + 2 y"),
    (Plus(Whole(x), Scaled(Integer(-1), Whole(y))), "x - y", "x - y", "x - y"),
    (Scaled(Integer(-2), Whole(y)), "-2 y", "-2 y", "-2 y"),
    (Hadamard(Scaled(Integer(-1), Whole(x)), Whole(y)), r"(-x) \odot y", "(-x) ⊙ y", "(-x) o y"),
]


@pytest.mark.parametrize(("expr", "in_latex", "in_unicode", "in_ascii"), TABLE, ids=[row[3] for row in TABLE])
def test_three_alphabets(expr: Expr, in_latex: str, in_unicode: str, in_ascii: str) -> None:
    assert (latex(expr), text(expr), text(expr, unicode=False)) == (in_latex, in_unicode, in_ascii)


@pytest.mark.parametrize("expr", [row[0] for row in TABLE], ids=[row[3] for row in TABLE])
def test_ascii_is_ascii_and_latex_is_balanced(expr: Expr) -> None:
    assert text(expr, unicode=False, limits=True).isascii()
    written = latex(expr, limits=True)
    assert written.isascii()
    bare = written.replace(r"\lbrace", "").replace(r"\rbrace", "")
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"\\left(?![a-z])", bare)) == len(re.findall(r"\\right(?![a-z])", bare))


def test_full_limits() -> None:
    assert text(error_sum, limits=True) == "Σ_(k=1..n_(l+1)) w^(l+1)_kj δ^(l+1)_k"
    assert text(error_sum, unicode=False, limits=True) == "sum_(k=1..n_(l+1)) w^(l+1)_kj delta^(l+1)_k"
    assert latex(error_sum, limits=True) == r"\sum_{k=1}^{n_{l+1}} w^{l+1}_{kj} \delta^{l+1}_{k}"
    assert text(error_sum, limits={"m"}) == text(error_sum)


def test_ranges() -> None:
    limits = ((l, Integer(2), L - 1), (j, ONE, n[l]), (L, Integer(2), None))
    assert ranges(limits, UNICODE) == "l = 2..L-1, j = 1..n_l, L ≥ 2"
    assert ranges(limits, ASCII) == "l = 2..L-1, j = 1..n_l, L >= 2"
    assert ranges(limits, LATEX) == r"l = 2,\dots,L-1,\; j = 1,\dots,n_{l},\; L \ge 2"


@pytest.mark.parametrize("write_one", [latex, text, lambda e: text(e, unicode=False)], ids=["latex", "text", "ascii"])
def test_the_kronecker_delta_is_never_an_error(write_one) -> None:
    kronecker, error = write_one(Delta(k, j)), write_one(Quantity("delta")[k, j])
    assert kronecker != error
    assert not re.search(r"\\delta|δ|delta", kronecker)


def test_a_bound_letter_that_is_free_too_gets_another() -> None:
    # Σ over an index called j, beside the free j of the statement
    under = sum_over(mul(w[l, j, m], x[m]), (m, 1, 3)).func
    body = sum_over(mul(w[l, k, j], x[k]), (k, 1, 3))
    clash = under(body.body, body.index, 1, 3)
    assert text(clash) == "Σ_k w^l_kj x_k"
    named_j = sum_over(mul(w[l, j, k], x[j]), (j, 1, 3))
    assert text(mul(y[j], named_j)) == "y_j Σ_m w^l_mk x_m"


def test_nested_sums_of_one_name() -> None:
    inner = sum_over(x[k], (k, 1, 2))
    assert text(sum_over(mul(y[k], inner), (k, 1, 3))) == "Σ_k y_k Σ_m x_m"
    assert text(add(inner, sum_over(y[k], (k, 1, 2)))) == "Σ_k x_k + Σ_k y_k"


def test_an_index_keeps_its_letter_in_all_that_is_printed_together() -> None:
    before = sum_over(mul(w[l, m, k], x[k]), (k, 1, 3))
    after = replace_at(before, (0,), mul(y[k], x[before.index]))  # k is free here
    apart, together = text(before), letters_for((before, after))
    assert apart == "Σ_k w^l_mk x_k"
    assert text(before, letters=together) == "Σ_i w^l_mi x_i"
    assert text(after, letters=together) == "Σ_i y_k x_i"


def test_a_part_prints_its_indices_as_the_whole_does() -> None:
    inner = sum_over(x[k], (k, 1, 2))
    whole = sum_over(mul(y[k], inner), (k, 1, 3))
    letters = letters_for((whole,))
    assert text(whole, letters=letters) == "Σ_k y_k Σ_m x_m"
    assert text(whole.body.args[1].body, letters=letters) == "x_m"


LETTERS = st.sampled_from("jkmltp")


@st.composite
def sums(draw: st.DrawFn, deepest: int = 4) -> Expr:
    """Nested sums whose indices have few names, each with an upper bound of its own, around a product."""
    names = draw(st.lists(LETTERS, min_size=1, max_size=deepest))
    body: Expr = mul(*(x[index(draw(LETTERS))] for _ in range(draw(st.integers(1, 4)))))
    for number, name in enumerate(names):
        factors = [x[index(draw(LETTERS))] for _ in range(draw(st.integers(0, 2)))]
        body = sum_over(mul(*factors, body), (index(name), 1, 10 + number))
    return body


def free_letters(expr: Expr) -> set[str]:
    return {s.name for s in expr.free_symbols if isinstance(s, Symbol)}


@given(sums())
def test_no_two_binders_in_scope_print_alike_nor_like_a_free_letter(expr: Expr) -> None:
    # the sums are nested, so every binder is in the scope of those before it
    bound = re.findall(r"sum_\((.+?)=", text(expr, unicode=False, limits=True))
    assert len(bound) == len(list(IndexSum.atoms(expr, IndexSum)))
    assert len(set(bound)) == len(bound)
    assert not set(bound) & free_letters(expr)


@given(sums(2), sums(2))
def test_what_prints_alike_is_alike(left: Expr, right: Expr) -> None:
    if text(left, limits=True) == text(right, limits=True):
        assert alpha_equal(left, right)
    if latex(left, limits=True) == latex(right, limits=True):
        assert alpha_equal(left, right)


@given(sums())
def test_writing_is_pure(expr: Expr) -> None:
    letters = letters_for((expr,))
    kept = dict(letters.chosen)
    assert plain(write(expr, LATEX, letters)) == plain(write(expr, LATEX, letters))
    assert dict(letters.chosen) == kept


def test_letters_of_a_wider_scope_stay_apart_from_free_ones() -> None:
    bound = sum_over(x[k], (k, 1, 3)).index
    assert text(mul(x[bound], y[k]), letters=Letters()) == "x_m y_k"
