"""The small changes that could mend a line: the right one is among them, named, and in the manner of the line."""

from __future__ import annotations

import re
from typing import Any

import pytest
from reading.written import BY_ID, CASES, WRONG, row_of

from backprop_proofs.reading import Span, read
from backprop_proofs.reading.edits import edits, mended, search
from backprop_proofs.reading.edits.writing import Change, Draft

# (case, row): the mended line, where no correct sibling has it word by word: there is none, or it says more.
MENDED = {
    ("seed3-notes-bp2-bad", 3): (
        r"\delta_k^L = \sum_{j=1}^{n+1} \frac{\partial C}{\partial z_j^{L+1}} \frac{\partial z_j^{L+1}}{\partial z_k^L}"
    ),
    ("seed3-notes-bp2-bad", 5): (
        r"\text{so, } \delta_k^L = \left(\sum_j w_{jk}^{L+1} \delta_j^{L+1} \right) \sigma'(z_k^L)"
    ),
    ("seed4-se-answer", 1): "z^ell_k = sum_i w_{ki}^ell a^{ell -1}_i + b_k^{ell}",
    ("errprop-b2-m-sign", 1): r"= -\frac12 \cdot 2 \cdot (y_j - a^L_j)",
    ("errprop-b2-m-sumkept", 1): "= -(y_j - a^L_j)",
    ("ffnotes-bp1", 1): r"\delta^L = \nabla _AC \odot h'(z^L)",
    ("ffnotes-forward", 0): r"A_j^l = h(b_j^l + \sum_k w_{jk}^l A_k^{l-1})",
    ("basics-cost", 0): r"C = \frac{1}{2}\| \mathbf{y} - \mathbf{a}^L \|^2 = \frac{1}{2}\sum_j (y_j - a^L_j)^2",
    ("coursera-da-order", 2): r"db^{[l]}_i = \frac{1}{m} \sum_{j=1}^{m} dz^{[l]}_{ij}",
    ("coursera-da-order", 3): r"d\bold A^{[l-1]} = \bold W^{[l]T} d\bold Z^{[l]}",
    ("rhw-plain-m-nosum", 2): "dE/do_j = SUM_k dE/dnet_k * dnet_k/do_j",  # no Σ of this text has brackets
    ("rhw-plain-m-nosum", 5): "dE/do_j = -SUM_k delta_k * w_kj",
    ("rhw-plain-m-nosum", 7): "delta_j = -dE/dnet_j = f'(net_j) * SUM_k delta_k * w_kj",
    ("cnfc-tanh-index", 0): (
        r"\frac{\partial{y_j}}{\partial{net_j}}=\frac{\partial{tanh(net_j)}}{\partial{net_j}}=1-{y_j}^2"
    ),
    ("cs224n-id5", 3): r"\boxed{\pd{J}{\bW} = \bdelta^T \bx^T}",
    ("cs224n-onelayer", 8): (
        r"\pd{J}{\bW} = \pd{J}{\bz}\pd{\bz}{\bW} = \bdelta_2\pd{\bz}{\bW} = \bx^T \bdelta_2 \text{using identity (6)}"
    ),
    ("craffel-sqerr", 1): r"\frac{\partial C}{\partial a^L} = -(y - a^L)",
    ("prmlhw-wkj", 0): (
        r"\frac{\partial y_k}{\partial w_{kj}} = \frac{\partial y_k}{\partial a_k}"
        r"\frac{\partial a_k}{\partial w_{kj}} = \sigma'(a_k)z_j"
    ),
    ("d2l-backprop-m-decay", 3): (
        r"\frac{\partial J}{\partial \mathbf{W}^{(2)}}= \frac{\partial J}{\partial \mathbf{o}} \mathbf{h}^\top"
        r" + \lambda \mathbf{W}^{(2)}."
    ),
    ("d2l-backprop-m-T", 4): (
        r"\frac{\partial J}{\partial \mathbf{h}} = {\mathbf{W}^{(2)}}^\top \frac{\partial J}{\partial \mathbf{o}}."
    ),
    ("talwar-softmax-def", 0): (
        r"\hat{y}^{(t)}_{[i]} = \frac {e^{\theta^{(t)}_{[i]}}} {\sum_{j=0}^{V-1} e^{\theta^{(t)}_{[j]}}}"
    ),
    ("d2l-bptt-m-time", 6): (
        r"\frac{\partial L}{\partial \mathbf{W}_\textrm{hh}} ="
        r" \sum_{t=1}^T \frac{\partial L}{\partial \mathbf{h}_t} \mathbf{h}_{t-1}^\top,"
    ),
    ("d2l-bptt-m-1T", 0): (
        r"\frac{\partial L}{\partial \mathbf{o}_t} = \frac{1}{T}"
        r" \frac{\partial l (\mathbf{o}_t, y_t)}{\partial \mathbf{o}_t}"
    ),
    ("d2l-bptt-m-T", 3): (
        r"\frac{\partial L}{\partial \mathbf{h}_t} = \mathbf{W}_\textrm{hh}^\top"
        r"\frac{\partial L}{\partial \mathbf{h}_{t+1}} + \mathbf{W}_\textrm{qh}^\top"
        r"\frac{\partial L}{\partial \mathbf{o}_t}."
    ),
    ("flashattn-m-sumidx", 6): r"dk_j = \sum_{i} dS_{ij} q_i = \sum_{i} P_{ij} (dP_{ij} - D_i) q_i",
    ("nielsen-bp1-m-softmax", 3): (
        r"\delta^L_j = \sum_k \frac{\partial C}{\partial a^L_k} \frac{\partial a^L_k}{\partial z^L_j}."
    ),
    ("sunhaozhe-m-quot", 0): (
        r"\frac{\partial p_i}{\partial o_k} = \frac{ \frac{\partial \exp(o_i)}{\partial o_k} \sum_j \exp(o_j) -"
        r" \frac{\partial \sum_j \exp(o_j)}{\partial o_k} \exp (o_i) }{(\sum_j \exp(o_j))^2}"
    ),
    ("nielsen-bp1-m-free", 2): (
        r"\delta^L_j = \frac{\partial C}{\partial a^L_j} \frac{\partial a^L_j}{\partial z^L_j}."
    ),
}
# What no change of one place mends.
BEYOND = {
    "seed4-se-question": "neither factor is one of the chain rule, and the sum is over an index that occurs nowhere",
    "nemotron-ln": "two sums and another overall factor are missing at once",
    "flashattn-m-noD": "the row sum D_i that is lost has to come into the bracket in the place of P_ij",
}
# The changes that do not carry the name that the collection gives to the mistake, and what they are called instead.
OTHER_NAMES = {
    "nielsen-bp1-m-free": {"free-index-mismatch", "forgotten-sum"},  # either mends it
    "seed3-notes-bp2-bad": {"free-index-mismatch"},
    "zli-bp4-m-swapidx": {"wrong-index"},
    "cnfc-hidden-m-sigmoid": {"wrong-index"},
    "talwar-softmax-sq": {"parenthesis"},
    "kz-bn-x": {"square-root"},
    "coursera-da-order": {"free-index-mismatch"},
    "cs224n-id5": {"wrong-range"},
    "errprop-b2-m-sumkept": {"kronecker"},
}


def plain(text: str) -> str:
    """A line without spaces, braces, alignment, tags and the sizes of its brackets."""
    text = re.sub(r"\\(?:tag|label)\{[^{}]*\}", "", text)
    text = re.sub(r"\\(?:left|right|displaystyle|newline|bigg?|q?quad)(?![A-Za-z])|\\[ ,;:!]|[&~{}]", " ", text)
    text = re.sub(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])", r"\1·", text)  # the end of a command
    return re.sub(r"\s", "", text).rstrip(".,;")


def wanted(case: dict[str, Any], index: int) -> set[str]:
    """What would mend a line, in the forms that the correct siblings have it."""
    if (case["id"], index) in MENDED:
        return {plain(MENDED[case["id"], index])}
    siblings = [other for other in CASES if other["family"] == case["family"] and other["verdict"] == "correct"]
    return {plain(other["lines"][index]) for other in siblings if index < len(other["lines"])}


# the right change is among them

PLACES = sorted(
    {(case["id"], case["first_bad_line"]) for case in WRONG if case["id"] not in BEYOND}
    | {place for place in MENDED if place[0] not in BEYOND}
    | {("nielsen-bp2-m-swap", 5), ("nielsen-bp2-m-sigma", 5), ("zli-bp4-m-swapidx", 2), ("errprop-b2-m-sign", 2)}
)


@pytest.mark.parametrize(("name", "index"), PLACES)
def test_one_of_the_edits_mends_the_line(name: str, index: int) -> None:
    case = BY_ID[name]
    document, row = row_of(case, index)
    lines = wanted(case, index)
    assert lines
    assert plain(row.source) not in lines
    found = [edit for edit in edits(document, row) if plain(mended(document, row, edit)) in lines]
    assert found
    if index == case["first_bad_line"]:
        assert found[0].mistake in OTHER_NAMES.get(name, {case["kind"]})


def test_what_is_beyond_one_place_is_beyond() -> None:
    for name, reason in BEYOND.items():
        case = BY_ID[name]
        document, row = row_of(case, case["first_bad_line"])
        assert reason
        lines = wanted(case, case["first_bad_line"])
        assert not any(plain(mended(document, row, edit)) in lines for edit in edits(document, row))


@pytest.mark.parametrize(
    ("text", "mistake", "line"),
    [
        # plain text: whole runs after an underscore, words, SUM_k, no braces
        ("net_k = SUM_j w_kj * o_j\ndE/do_j = dE/dnet_k * w_kj", "forgotten-sum", "dE/do_j = SUM_k dE/dnet_k * w_kj"),
        ("E = SUM_k( e_k )\nE = SUM_k( e_k )\nd_j = d_k * w_kj", "forgotten-sum", "d_j = SUM_k( d_k * w_kj )"),
        ("d_j = SUM_k d_k w_jk f'(o_j)", "swapped-weight-indices", "d_j = SUM_k d_k w_kj f'(o_j)"),
        ("δ_j^l = Σ_k w_kj^(l+1) δ_k^l", "off-by-one-layer", "δ_j^l = Σ_k w_kj^(l+1) δ_k^(l+1)"),
        ("δ_j^l = w_kj^(l+1) δ_k^(l+1)", "forgotten-sum", "δ_j^l = Σ_k w_kj^(l+1) δ_k^(l+1)"),
        ("δ_j^l = Σ_k w_kj^(l+1) δ_k^(l+1)", "off-by-one-layer", "δ_j^l = Σ_k w_kj^l δ_k^(l+1)"),
        ("dB = V.T @ dZ\ndA = W @ dZ", "missing-transpose", "dA = W.T @ dZ"),
        ("db = dZ / m\ndW = dZ A^T", "missing-factor", "dW = (1/m) dZ A^T"),
        # small Unicode indices stay small
        ("∂C/∂zⱼˡ = Σₖ wⱼₖˡ δₖˡ⁺¹ f'(zⱼˡ)", "swapped-weight-indices", "∂C/∂zⱼˡ = Σₖ wₖⱼˡ δₖˡ⁺¹ f'(zⱼˡ)"),
        ("∂C/∂zⱼˡ = Σₖ wₖⱼˡ δₖˡ⁺¹ f'(zⱼˡ)", "off-by-one-layer", "∂C/∂zⱼˡ = Σₖ wₖⱼˡ⁺¹ δₖˡ⁺¹ f'(zⱼˡ)"),
        # LaTeX whose backslashes were stripped
        ("delta_j = w_{jk} delta_k sigma'(z_j)", "forgotten-sum", "delta_j = sum_k w_{jk} delta_k sigma'(z_j)"),
        ("delta_j = sum_k w_{jk} d_k sigma(z_j)", "sigma-prime-missing", "delta_j = sum_k w_{jk} d_k sigma'(z_j)"),
        ("delta^l = W^{l+1} d odot sigma'(z^l)", "missing-transpose", "delta^l = {W^{l+1}}^T d odot sigma'(z^l)"),
        ("a_{zeta j} = sum_k w_{j zeta k} x_k", "swapped-weight-indices", "a_{zeta j} = sum_k w_{ zeta j k} x_k"),
        # LaTeX
        (r"\[ a_\alpha = w_{\alpha j} x_j \]", "forgotten-sum", r"a_\alpha = \sum_j w_{\alpha j} x_j"),
        (r"\[ a_\alpha = \sum_\beta w_{j\beta} \]", "free-index-mismatch", r"a_\alpha = \sum_\beta w_{\alpha \beta}"),
        (r"\[ dA = (W^1)^T dZ \] \[ dB = V^2 dZ \]", "missing-transpose", r"dB = (V^2)^T dZ"),
        (r"\[ dA = W^{[1]T} dZ \] \[ dB = V^{[2]} dZ \]", "missing-transpose", r"dB = V^{[2]T} dZ"),
        (r"\[ dW = dZ W^T \]", "missing-transpose", r"dW = W^T dZ"),
        (r"\[ d = W^T e \cdot g'(z) \]", "hadamard-product", r"d = W^T e \odot g'(z)"),
        (r"\[ d = W^T e \odot g(z) \]", "sigma-prime-missing", r"d = W^T e \odot g'(z)"),
        (r"\[ d_j = e_k w_j \]", "swapped-weight-indices", r"d_j = e_j w_k"),
        (r"\[ {\partial C \over \partial a} = 2 {1 \over m} (y - a) \]", "missing-factor",
         r"{\partial C \over \partial a} = {1 \over m} (y - a)"),
        (r"\[ \frac{\partial p_i}{\partial s_j} = p_i (1 - p_j) \]", "kronecker",
         r"\frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} 1 - p_j)"),
        (r"\[ \frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} - p_i) \]", "wrong-index",
         r"\frac{\partial p_i}{\partial s_j} = p_i (\delta_{ij} - p_j)"),
        (r"\[ v = \sum_i x_i - \mu^2 \]", "parenthesis", r"v = \sum_i (x_i - \mu^2)"),
        (r"\[ d_j = \sum_k e_k w_{kj} \]", "kronecker", r"d_j = e_j w_{jj}"),
        (r"\[ h_t = U x_t + W h_{t} \]", "off-by-one-time", r"h_t = U x_t + W h_{t-1}"),
        (r"\[ d = x^{-1} (1 + h) \]", "sign", r"d = x^{1} (1 + h)"),
        (r"\[ d = x (1 + h) \]", "sign", r"d = x (1 - h)"),
        (r"\[ d_j^l = W^T e \]", "free-index-mismatch", r"d^l = W^T e"),
        (r"\[ d_i = \sum_{n} { x_n y_i } \]", "kronecker", r"d_i = { x_n y_i }"),
        (r"\[ d_j = a_k - \underbrace{w_k}_{t} \]", "forgotten-sum", r"d_j = \sum_k (a_k - \underbrace{w_k}_{t})"),
        (r"\[ a_j = w_{j\beta} x \]", "swapped-weight-indices", r"a_j = w_{\beta j} x"),
        (r"\[ d = W^T*x \]", "hadamard-product", r"d = W^T\odot x"),
        ("d_j = SUM_k( w_kj )", "kronecker", "d_j = SUM_k delta_jk ( w_kj )"),
        (r"\[ d = \sum_{k=1}^m e_k \] \[ c = \sum_{k=1}^n e_k \]", "wrong-range", r"c = \sum_{k=1}^m e_k"),
    ],
)  # fmt: skip
def test_an_edit_is_in_the_manner_of_its_row(text: str, mistake: str, line: str) -> None:
    document = read(text)
    row = document.rows[-1]
    found = {plain(mended(document, row, edit)): edit for edit in edits(document, row)}
    assert plain(line) in found, sorted(found)
    assert found[plain(line)].mistake == mistake
    if "{" not in line:  # then no brace is put in either
        assert mended(document, row, found[plain(line)]).replace("  ", " ") == line


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("dW = dZ A^T / m", ("-A^T", "-m", "m^T")),  # a sign inside a / b would be another term's
        (r"\[ d = \frac12 x \]", (r"\frac-", "1-2", "^T2")),
        ("d_j = o_j (1 - o_j) SUM_k( e_k w_jk )", ("SUM_k o_k",)),  # a fresh letter is one that nothing has
        ("d_j = o_j (1 - o_j)", ("(1 - o_j)^T",)),
        ("% derivation\nV_{ij} = q_{ij}\nd_jk = w_jk x_k", ("{",)),  # braces would make w_jk another thing
        ("d_j = log o_j", ("log -", "(o_j)^2")),
    ],
)
def test_no_edit_changes_more_than_it_says(text: str, never: tuple[str, ...]) -> None:
    document = read(text)
    row = document.rows[-1]
    lines = [mended(document, row, edit) for edit in edits(document, row)]
    assert lines
    assert not [line for line in lines if any(piece in line for piece in never)]


def test_a_line_that_two_mistakes_explain_has_the_nearer(monkeypatch: pytest.MonkeyPatch) -> None:
    document = read(r"\[ a = b \]")
    (row,) = document.rows
    change = Change(Span(row.span.end - 1, row.span.end), "c")
    drafts = [Draft(name, [change], change.span, cost, True) for name, cost in (("far", 3), ("near", 1), ("middle", 2))]
    monkeypatch.setattr(search, "_GENERATORS", tuple(lambda page, draft=draft: iter([draft]) for draft in drafts))
    assert [(edit.mistake, edit.cost, edit.message) for edit in edits(document, row)] == [("near", 1, "b should be c")]


def test_the_message_quotes_what_was_written_and_what_should_be() -> None:
    case = BY_ID["nielsen-bp2-m-swap"]
    document, row = row_of(case, 5)
    (edit,) = (edit for edit in edits(document, row) if edit.mistake == "swapped-weight-indices" and edit.cost == 1)
    assert edit.message == r"w^{l+1}_{jk} should be w^{l+1}_{kj}"
    for other in edits(document, row):
        before, after = other.message.removesuffix(", wherever it stands").split(" should be ")
        assert before in row.source.replace("  ", " ")
        assert before != after


def test_one_wrong_letter_at_several_places_is_one_edit() -> None:
    document, row = row_of(BY_ID["basics-bp2"], 1)
    twice = [edit for edit in edits(document, row) if mended(document, row, edit).count("b^{l+1}_k") == 2]
    assert twice
    assert twice[0].message == "b^l_i should be b^{l+1}_k, wherever it stands"
