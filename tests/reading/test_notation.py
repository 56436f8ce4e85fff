"""How people write: each way of writing gives the tree that it should, and ways that say the same give equal trees."""

from __future__ import annotations

import pytest
from reading.trees import of, shown

from backprop_proofs.reading.syntax import Product, Quotient

TREES = {
    # derivatives
    r"\frac{\partial C}{\partial z}": "(∂ C / z)",
    r"\frac{\partial}{\partial x}(x^2 + y)": "(∂ ((add +x^2 +y)) / x)",
    r"\frac{\partial}{\partial x} a b": "(∂ (mul a b) / x)",
    r"x_l \frac{\partial}{\partial W_{ij}}W_{kl}": "(mul x_l (∂ W_{k,l} / W_{i,j}))",
    r"\frac{d}{d x} \tanh x": "(d tanh(x) / x)",
    r"\frac{\partial^2 C}{\partial z^2}": "(∂2 C / z)",
    r"\frac{\partial f}{\partial \sigma^2}": "(∂ f / sigma^2)",
    r"\frac{\partial l(o_t, y_t)}{T \cdot \partial o_t}": "(div (∂ l(o_t,y_t) / o_t) T)",
    r"\frac{\partial^+ h_t}{\partial w}": "(∂⁺ h_t / w)",
    r"\frac{\partial \frac{a}{b}}{\partial x}": "(∂ (div a b) / x)",
    r"\frac{d}{d_k}": "(div d d_k)",
    r"\frac{\delta x}{\delta y}": "(div (mul delta x) (mul delta y))",
    "d(SUM_j w_kj o_j)/do_j": "(d ((sum j: (mul w_{k,j} o_j))) / o_j)",
    "2 dC/dz_j w_jk": "(mul 2 (d C / z_j) w_{j,k})",
    r"\partial_x f g": "(mul (∂ f / x) g)",
    r"d\mathbf{Z}^{[l]}": "(d bold.Z^[l])",
    r"dP_{ij}": "dP~_{i,j}",
    r"\overline{v}_i": "bar.v_i",
    r"\nabla_a C \odot a": "(mul (∇_a C) ⊙a)",
    r"\nabla_{a^L} C": "(∇_a^L C)",
    r"\left.\frac{\partial z}{\partial w}\right|_{v}": "(held (∂ z / w) at v)",
    # sums
    r"\sum_k a_k b_k + c": "(add +(sum k: (mul a_k b_k)) +c)",
    r"\sum_{k=1}^{n_l} a_k": "(sum k from 1 to n_l: a_k)",
    r"\sum_{ab} x_a y_b": "(sum a,b: (mul x_a y_b))",
    r"\sum_{i,j} x": "(sum i,j: x)",
    r"\sum_{k \neq i} a_k": "(sum k [k ≠ i]: a_k)",
    r"\sum_{k \in D(j)} -\delta_k": "(sum k [k ∈ {D?(j) | (mul D (j))}]: (add -delta_k))",
    r"\sum\limits_{k} a_k": "(sum k: a_k)",
    r"\sum_j^C y_j": "(sum j to C: y_j)",
    r"\sum_{1 \le k \le n} a_k": "(sum k [1 ≤ k ≤ n]: a_k)",
    r"\prod_i x_i y": "(prod i: (mul x_i y))",
    r"\frac{1}{m} \sum_i x_i \sum_j y_j - z": "(add +(mul (div 1 m) (sum i: (mul x_i (sum j: y_j)))) -z)",
    r"\sum_k{a_k} b": "(sum k: (mul a_k b))",
    "sum(k=1..n) a_k": "(sum k from 1 to n: a_k)",
    "Σ_(k=1..n_l) a_k": "(sum k from 1 to n_l: a_k)",
    # primes, functions, products
    r"\sigma'(z^l_j)": "sigma'(z^l_j)",
    r"\sigma(z)^2": "(pow sigma?(z) 2)",
    r"f(a, b)": "f(a,b)",
    r"a(b + c)": "{a?((add +b +c)) | (mul a ((add +b +c)))}",
    r"a_j(1 - a_j)^2": "{(pow a_j?((add +1 -a_j)) 2) | (mul a_j (pow ((add +1 -a_j)) 2))}",
    r"(a + b)(c + d)": "(mul ((add +a +b)) ((add +c +d)))",
    r"2(a + b)": "(mul 2 ((add +a +b)))",
    r"g^{\prime [l]}(Z)": "g'^[l](Z)",
    r"(\omega')^l_{m,n}": "<(omega')>^l_{m,n}",
    r"y \ln a + (1 - y) \ln (1 - a)": "(add +(mul y ln(a)) +(mul ((add +1 -y)) ln((add +1 -a))))",
    r"\log \sigma(z) x": "(mul log(sigma?(z)) x)",
    r"\operatorname{softmax}(z)_i": "<softmax(z)>_i",
    r"f'(\cdot)": "f'(·)",
    r"a \cdot b \times c * d": "(mul a ·b ×c *d)",
    r"u \circ v \otimes w": "(mul u ∘v ⊗w)",
    "a .* b": "(mul a .*b)",
    r"x \cdot -1": "(mul x ·(add -1))",
    r"-a + b": "(add -a +b)",
    "a/b/c": "(div (div a b) c)",
    "a b/c d": "(mul a (div b c) d)",
    # braces are no parentheses
    r"{\alpha - b}(c)": "(add +alpha -{b?(c) | (mul b (c))})",
    r"{y_i}^2": "(pow y_i 2)",
    r"{b_y}_l": "<b_y>_l",
    r"{\hat{y}_t}_i": "<hat.y_t>_i",
    # transposes, powers, norms
    r"{W^{(2)}}^\top": "(transpose W^(2))",
    r"W^{[l]T}": "(transpose W^[l])",
    r"(a + b)^T c": "(mul (transpose ((add +a +b))) c)",
    r"(W_{hh}^\top)^{T-i}": "(pow ((transpose W_{h,h})) (add +T -i))",
    r"\| W \|_F^2": "(pow (norm2 W_F) 2)",
    r"|x|": "(norm1 x)",
    r"\sqrt{d_k}": "(root d_k)",
    r"\sqrt[3]{x}": "(root3 x)",
    r"(\sigma^2 + \epsilon)^{-0.5}": "(pow ((add +sigma^2 +epsilon)) (add -1/2))",
    "e^{-z}": "(e^ (add -z))",
    "e^l_j": "e^l_j",
    "e^{(t)}": "e^(t)",
    # Kronecker deltas and case distinctions
    r"\delta_{a,i}": "delta_{a,i}",
    r"\delta^j_m": "delta^j_m",
    r"\mathbf{1}\{i=j\}": "(1 if i = j)",
    "1(k == i)": "(1 if k = i)",
    r"\mathbb 1[i=j]": "(1 if i = j)",
    r"\mathbf{1}_{[i=j]}": "(1 if i = j)",
    r"\begin{cases} 1 & \text{if } k = i \\ 0 & \text{otherwise} \end{cases}": "(cases 1 if k = i; 0 if else)",
    r"\begin{cases} p, & i = k, \\[2ex] -p, & i \neq k. \end{cases}": "(cases p if i = k; (add -p) if i ≠ k)",
    r"\begin{cases} p & \text{if k $\ne$ y_i} \\ q & \text{p = i} \end{cases}": "(cases p if k ≠ y_i; q if p = i)",
    # layers and indices
    r"w^{(l)}_{jk}": "w^(l)_{j,k}",
    r"w^{[l-1]}": "w^[(add +l -1)]",
    r"z^\ell_j": "z^{ell}_j",
    r"y_{t_k}": "y_{t_k}",
    r"U[i,k]": "U_[i,k]",
    r"O_2[i,y_i]^2": "O^2_2_[i,y_i]",
    r"h_{[j]}": "h_[j]",
    r"W_{f[i,j]}^{(k)}": "W^(k)_{f_[i,j]}",
    r"P_{i:}": "P_{i,:}",
    r"w_{i-x,j+n}": "w_{(add +i -x),(add +j +n)}",
    r"w_{j'k}": "w_{j',k}",
    r"\mathbf{W}_\textrm{hx}": "bold.W_{hx}",
    r"w_{2i}": "w_{(mul 2 i)}",
    # names
    r"\hat{x}_i": "hat.x_i",
    r"\widehat{\mathbf{y}}": "bold.hat.y",
    r"net_k": "net~_k",
    r"\mathrm{net}_k": "net_k",
    r"\text{Loss}": "Loss",
    r"PV": "PV~",
    r"\mathbf{ U x_{t}+W h_{t}}": "(add +(mul bold.U bold.x_t) +(mul bold.W bold.h_t))",
    # decoration that says nothing
    r"\boxed{a + b}": "(add +a +b)",
    r"\underbrace{a}_{\text{why}} b": "(mul a b)",
    r"\color{red}{a} b": "(mul a b)",
    r"\displaystyle \big( a \big) \nonumber": "(a)",
    r"a \ \ + b \,c": "(add +a +(mul b c))",
    r"\begin{pmatrix} 1 & a \\ 0 & b \end{pmatrix}": "(matrix 1,a; 0,b)",
}

SAME = [
    (r"\frac{\partial C}{\partial z^l_j}", r"\dfrac{\partial C}{\partial z_j^l}",
     r"\frac {\partial C} {\partial z_{j}^{l}}",
     r"{\partial C \over \partial z^l_j}", r"\frac{\partial{C}}{\partial{z^l_j}}", r"\partial C / \partial z^l_j",
     "∂C/∂z_j^l",
     "∂C/∂zⱼˡ", "frac{partial C}{partial z_j^l}", r"\frac{\partial C}{\partial z^\mathrm{l}_j}",
     r"\partial_{z^l_j} C"),
    (r"\frac{d C}{d z_j}", "dC/dz_j", r"\frac{dC}{dz_j}", r"{dC \over dz_j}", r"\frac{\mathrm{d} C}{\mathrm{d} z_j}"),
    (r"\sum_k a_k b_k", r"\sum_{k} a_k b_k", r"\sum\limits_k a_kb_k", "Σ_k a_k b_k", "sum_k a_k b_k",
     "SUM_k a_k b_k", "∑ₖ aₖ bₖ",
     r"\sum_k {a_k b_k}"),
    (r"w^l_{jk}", r"w_{jk}^l", r"w^{l}_{j k}", r"w_{j,k}^{l}", "w^l_jk", "wⱼₖˡ", r"{w}_{jk}^l"),
    (r"w^{(l)}_{jk}", r"w_{jk}^{(l)}", "w^(l)_jk"),
    (r"\sigma'(z)", r"\sigma^{'}(z)", r"\sigma^\prime(z)", r"\sigma ' (z)", r"\sigma'\left(z\right)", "σ'(z)",
     "σ′(z)", "sigma'(z)",
     r"{\sigma}'(z)"),
    (r"\tanh'(x)", "tanh'(x)", r"\operatorname{tanh}'(x)", r"\mathrm{tanh}'(x)"),
    (r"a \odot b", "a ⊙ b", r"a\odot{b}"),
    (r"W^T x", r"W^{T} x", r"W^\top x", r"W^{\top}x", r"W^{Tr} x", r"W^\intercal x", "W^T x", "Wᵀ x",
     r"W^{\mathsf{T}} x"),
    (r"W^{(k)T}", r"W^{(k)\top}", r"{W^{(k)}}^T"),
    (r"\hat{x_i}", r"\hat {x_i}", r"\hat{x}_i", r"\hat x_i"),
    (r"\frac12 a", r"\frac{1}{2} a", r"\tfrac12 a", r"{1 \over 2} a"),
    (r"\| x \|^2", r"\lVert x \rVert^2", r"\left\| x \right\|^2", "||x||^2", "‖x‖²"),
    (r"\mathbb 1[i=j]", r"\mathbf{1}_{i=j}", r"\mathbf{1}\{i=j\}", r"1(i = j)", r"1(i == j)", "[i=j]",
     r"\mathbb{1}_{[i=j]}", "𝟙[i=j]"),
    (r"\delta^{l+1}_k", r"\delta_k^{l + 1}", "δ^(l+1)_k".replace("(", "{").replace(")", "}"), "delta_k^{l+1}",
     "δₖˡ⁺¹"),
    (r"\mathbf{W}", r"\bm{W}", r"\boldsymbol{W}", r"\bold W", r"\mathbf W"),
    (r"e^{-z}", "e^(-z)", "e^{ -z }"),
    (r"1/(1 + \exp(-z))", "1/(1 + exp(-z))"),
    ("w_{kalpha}", r"w_{k\alpha}"),
]  # fmt: skip


@pytest.mark.parametrize("text", TREES)
def test_each_way_of_writing_gives_its_tree(text: str) -> None:
    assert shown(of(text)) == TREES[text]


@pytest.mark.parametrize(
    ("text", "tight"), [("1/2m x", True), ("1/2 m x", False), ("1/2", False), ("1/2(a - b)", False)]
)
def test_a_denominator_that_may_go_on_is_marked(text: str, tight: bool) -> None:
    tree = of(text)
    quotient = tree.factors[0] if isinstance(tree, Product) else tree
    assert isinstance(quotient, Quotient)
    assert quotient.tight is tight


@pytest.mark.parametrize("same", SAME, ids=lambda same: same[0])
def test_ways_that_say_the_same_give_equal_trees(same: tuple[str, ...]) -> None:
    first = of(same[0])
    for other in same[1:]:
        assert shown(of(other)) == shown(first), other
        assert of(other) == first, other


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("w_{jk}", "w_{kj}"),
        (r"\frac{\partial C}{\partial z}", r"\frac{\partial z}{\partial C}"),
        (r"\sigma(z)", r"\sigma'(z)"),
        (r"\sum_k a_k + b", r"\sum_k (a_k + b)"),
        ("a^{(l)}", "a^{[l]}"),
        ("a^l", "a_l"),
        (r"\mathbf{W}", "W"),
        ("a - b", "a + b"),
        ("a b", "b a"),
    ],
)
def test_what_differs_gives_different_trees(text: str, other: str) -> None:
    assert of(text) != of(other)


def test_every_node_knows_its_place() -> None:
    from backprop_proofs.reading import read
    from backprop_proofs.reading.syntax import Derivative, Name, Sum, span_of, walk

    text = r"\delta_j = \sum_k \frac{\partial C}{\partial a_k} \sigma'(z_j)"
    (row,) = read(text).rows
    chain = row.statements[0].chain
    found = {type(node): span_of(node).within(text) for node in walk(chain)}
    assert found[Sum] == r"\sum_k \frac{\partial C}{\partial a_k} \sigma'(z_j)"
    assert found[Derivative] == r"\frac{\partial C}{\partial a_k}"
    names = [span_of(node).within(text) for node in walk(chain) if isinstance(node, Name)]
    assert names == [r"\delta_j", "j", "k", "C", "a_k", "k", r"\sigma'", "z_j", "j"]
    assert all(0 <= span_of(node).start <= span_of(node).end <= len(text) for node in walk(chain))
