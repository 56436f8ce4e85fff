"""What objects show in a notebook: every kind, no markup from a name, well-formed HTML, LaTeX that MathJax reads."""

from __future__ import annotations

import io
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from render import examples
from rich.console import Console
from sympy import Add, Integer, Pow, latex

import backprop_proofs as bp
from backprop_proofs.checking.evidence import Silence
from backprop_proofs.derivation.backprop import layers, neurons
from backprop_proofs.evidence.exact import Check, counterexample
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Assumption, Derivation, Step, assume, begin
from backprop_proofs.language.binding import sum_over
from backprop_proofs.language.expressions import Delta, Fn, Opaque, Partial, Quantity, Ref, add, mul, power, quotient
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, Equation, FunctionDefinition, Network
from backprop_proofs.networks.mlp import C, L, a, b, delta, j, k, l, mlp, n, w, z
from backprop_proofs.render.html import escaped, formula, sentence
from backprop_proofs.render.html_blocks import theorem_html
from backprop_proofs.render.notebook import bundle, node_latex
from backprop_proofs.render.text import proof_text

SNAPSHOTS = Path(__file__).parent / "snapshots"
NET, SMALL = mlp(), mlp((2, 3, 2), "sigmoid", "quadratic")
BP1, BP2 = bp.prove("bp1", NET), bp.prove("bp2", NET)
STEPS = {step.rule: step for step in BP1.derivation.steps}
WRONG = Equation(delta[L, j], mul(Partial(C, a[L, j]), Fn("sigma", 0, z[L, j])))
HERE = (neurons(j, L),)
DISAGREES = counterexample(NET, WRONG, HERE)
EVIL = "<script>alert(1)</script>"
SHOWN: dict[str, Any] = {
    "bp1": BP1,
    "bp2": BP2,
    "bp3": bp.prove("bp3", NET),
    "bp4": bp.prove("bp4", NET),
    "the backward pass": bp.prove("backward-pass", NET),
    "softmax": bp.prove("bp1", mlp(activation="softmax")),
    "a gradient": bp.derive(SMALL, "w"),
    "an assumption": assume(NET, HERE, WRONG, ()),
    "the start of a chain": begin(NET, HERE, delta[L, j]),
    "a derivation": BP2.derivation,
    "an empty derivation": Derivation(()),
    "a step": STEPS["chain-rule"],
    "a step by a lemma": STEPS["theorem"],
    "a collapse": STEPS["kronecker-collapse"],
    "an equation": BP2.statement,
    "a matrix equation": BP2.matrix,
    "any network": NET,
    "a network": SMALL,
    "an audit": bp.audit(SMALL),
    "a check": bp.evidence_for(BP1)[0],
    "a check that fails": Check("exact", False, 1, 3, "duals", (), DISAGREES),
    "a check that says nothing": Silence("exact"),
    "a counterexample": DISAGREES,
    "a rule": RULES["kronecker-collapse"],
}
PAGES: dict[str, Callable[[], str]] = {
    "bp1-notebook.html": lambda: theorem_html(examples.bp1()),
    "bp2-notebook.html": lambda: theorem_html(examples.bp2()),
}
EACH = pytest.mark.parametrize("name", SHOWN)
ALLOWED = {
    *("code", "del", "details", "div", "i", "img", "li", "ol", "p", "span", "strong", "sub", "summary", "sup"),
    *("table", "tbody", "td", "th", "thead", "tr", "ul"),
}  # all of which the viewers that clean HTML let through
ATTRIBUTES = {"style", "role", "aria-label", "src", "alt"}


class Reader(HTMLParser):
    """The elements of a page, with what is wrong with them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.deepest = 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.append(tag)
        self.attributes += attrs
        if tag == "img":
            assert re.match(r"data:image/svg\+xml;base64,[\w+/=]+$", dict(attrs)["src"] or "")
        self.deepest = max(self.deepest, self.open.count("details"))
        if tag == "summary":
            assert self.open[-2] == "details"

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader(page)
    assert reader.open == []
    return reader


def html_of(shown: object) -> Reader:
    return read(bundle(shown)["text/html"])


def strange(name: str = EVIL) -> Network:
    """A network whose names are markup."""
    letter, size, q = index("<b>"), Ref(Quantity(name + "n")), Quantity(name)
    over = (letter, Integer(1), size)
    cost, u = Ref(Quantity("C" + name)), Ref(Quantity("u" + name))
    return Network(
        name=name,
        families={name: (over,), "C" + name: ()},
        definitions=(Definition(cost, (), sum_over(Fn(name, 0, q[letter]), over)),),
        abbreviations=(),
        functions=(FunctionDefinition(name, u, power(u, 2)),),
        settings={name: name},
    )


# every object


@EACH
def test_every_object_shows_itself_in_three_ways(name: str) -> None:
    shown = SHOWN[name]._repr_mimebundle_()
    assert list(shown) == ["text/plain", "text/latex", "text/html"]
    assert all(text.strip() for text in shown.values())
    assert max(map(len, shown["text/plain"].splitlines())) <= 80


@EACH
def test_html_is_well_formed_and_plain(name: str) -> None:
    reader = html_of(SHOWN[name])
    assert set(reader.seen) <= ALLOWED
    assert {key for key, _ in reader.attributes} <= ATTRIBUTES
    page = bundle(SHOWN[name])["text/html"]
    assert not re.search(r"<script|http|url\(|expression\(|on\w+=|color", page)


@EACH
def test_latex_stands_between_dollars_and_balances(name: str) -> None:
    written = bundle(SHOWN[name])["text/latex"]
    inside = re.fullmatch(r"\$\$\n(.+)\n\$\$", written, re.DOTALL)
    assert inside
    assert "$" not in inside[1]
    bare = re.sub(r"\\[{}]", "", inside[1])
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"\\left\b", bare)) == len(re.findall(r"\\right\b", bare))
    assert re.findall(r"\\begin\{(\w+)\}", bare) == re.findall(r"\\end\{(\w+)\}", bare)
    assert not re.search(r"\\(newcommand|def|require|usepackage|intertext|mathbb)", bare)


@EACH
def test_a_terminal_shows_the_same(name: str) -> None:
    for encoding, width in (("utf-8", 80), ("ascii", 60)):
        kept = io.BytesIO()
        stream = io.TextIOWrapper(kept, encoding=encoding)
        Console(file=stream, width=width, no_color=True).print(SHOWN[name])
        stream.flush()
        written = kept.getvalue().decode(encoding)
        assert max(map(len, written.splitlines())) <= width
        if encoding == "utf-8":
            assert [line.rstrip() for line in written.splitlines()] == bundle(SHOWN[name])["text/plain"].splitlines()


@pytest.mark.parametrize("page", PAGES)
def test_stored_pages(page: str) -> None:
    assert PAGES[page]() + "\n" == (SNAPSHOTS / page).read_text(encoding="utf-8")


def test_what_is_asked_for_is_given() -> None:
    assert list(BP1._repr_mimebundle_(include=["text/html"])) == ["text/html"]
    assert list(BP1._repr_mimebundle_(exclude={"text/html"})) == ["text/plain", "text/latex"]


def test_the_text_of_a_theorem_is_that_of_the_terminal() -> None:
    assert bundle(BP2)["text/plain"] + "\n" == proof_text(BP2, "theorem")


# theorems and steps


def test_a_theorem_shows_every_rule_and_reason() -> None:
    for theorem in (BP1, BP2):
        text = re.sub(r"\s+", " ", html_of(theorem).text)
        for step in theorem.derivation.steps:
            assert f"{step.rule}: " in text
            assert re.sub(r"[\^_{}]", "", step.reason) in text


def test_lemmas_unfold_within_lemmas() -> None:
    def depth(steps: tuple[Step, ...]) -> int:
        return max((1 + depth(step.substeps) for step in steps if step.substeps), default=0)

    for theorem in (BP1, BP2, SHOWN["the backward pass"]):
        assert html_of(theorem).deepest == depth(theorem.derivation.steps) > 0
    assert html_of(STEPS["theorem"]).deepest == 1
    assert html_of(STEPS["chain-rule"]).deepest == 0


def test_steps_are_numbered_items() -> None:
    def count(steps: Sequence[Step]) -> tuple[int, int]:
        inner = [count(step.substeps) for step in steps if step.substeps]
        return len(steps) + sum(items for items, _ in inner), 1 + sum(lists for _, lists in inner)

    reader = html_of(BP2.derivation)
    assert (reader.seen.count("li"), reader.seen.count("ol")) == count(BP2.derivation.steps)


def test_the_sum_and_the_delta_that_collapse_are_marked() -> None:
    page = bundle(STEPS["kronecker-collapse"])["text/html"]
    marked = [read(part).text for part in re.findall(r"<del[^>]*>(.*?)</del>", page)]
    assert len(marked) == 2
    assert marked[0].startswith("Σ")
    assert marked[1] == "[k = j]"
    assert "k → j" in read(page).text


def test_where_a_sum_stays_it_says_why() -> None:
    assert "≠ 0 for k ≠ j too, so Σk does not collapse" in html_of(SHOWN["softmax"]).text
    assert "does not collapse" not in html_of(BP1).text


def test_the_ledger() -> None:
    text = html_of(BP1).text
    assert "Hypotheses: σ is differentiable; C is differentiable" in text
    assert "The equations of mlp" in text
    assert "8 rule applications" in text
    assert "where δ" not in text
    assumed = html_of(SHOWN["an assumption"]).text
    assert "where δLj = " in assumed
    assert "Hypotheses: δLj = " in assumed


def test_a_network_shows_equations_ranges_sizes_and_settings() -> None:
    text = html_of(SMALL).text
    for said in ("activation sigmoid", "cost quadratic", "L = 3", "n1 = 2", "n2 = 3", "n3 = 2", "l = 2, …, L"):
        assert said in text
    assert "L ≥ 2, nl ≥ 1" in html_of(NET).text


def test_a_check_that_fails_says_so_and_where() -> None:
    text = html_of(SHOWN["a check that fails"]).text
    assert "DISAGREES" in text
    assert str(DISAGREES.left) in text
    assert "undecided" in html_of(SHOWN["a check that says nothing"]).text


# names


@pytest.mark.parametrize("name", [EVIL, "a&b", '"x" onload="1"', "$x$", r"\(x\)", r"\begin{x}", "x'"])
def test_names_stay_names(name: str) -> None:
    network = strange(name)
    theorem = begin(network, (), Ref(Quantity("C" + name)))
    for shown in (network, theorem, Equation(*theorem.statement)):
        reader = html_of(shown)
        assert set(reader.seen) <= ALLOWED
        assert {key for key, _ in reader.attributes} <= ATTRIBUTES
        assert name.rstrip("'") in reader.text
        assert not re.search(r"\$[^<]|\\[(\[b]", bundle(shown)["text/html"].split("aria-label")[0])


@pytest.mark.parametrize("text", [EVIL, "1 < 2 & 3 > 2", "$5 and $6", r"\alert", "a_<b>", "w^{<i>}"])
def test_sentences_are_escaped(text: str) -> None:
    for page in (escaped(text), sentence(text)):
        reader = read(page)
        assert set(reader.seen) <= {"span", "sub", "sup"}
    assert read(escaped(text)).text == text


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("the error δ^l_j", "the error δ<sup>l</sup><sub>j</sub>"),
        ("Σ_k w_{kj} δ_k", "Σ<sub>k</sub> w<sub>kj</sub> δ<sub>k</sub>"),
        ("a^(l-1)_k", "a<sup>l-1</sup><sub>k</sub>"),
        ("C(a^L)", "C(a<sup>L</sup>)"),
        ("my_name of snake_case", "my_name of snake_case"),
        ("2^61 - 1", "2^61 - 1"),
    ],
)
def test_formulas_in_sentences(text: str, page: str) -> None:
    assert sentence(text) == page


# formulas

m = index("m")
WITHOUT_STYLES = {
    "δLj": delta[L, j],
    "∂C/∂zlj": Partial(C, z[l, j]),
    "∂/∂zlj(alj + blj)": Partial(add(a[l, j], b[l, j]), z[l, j]),
    "(alj + blj)/zlj": quotient(add(a[l, j], b[l, j]), z[l, j]),
    "alj/(zlj blj)": quotient(a[l, j], mul(z[l, j], b[l, j])),
    "∂C/∂aLk · σ′(zLk) [k = j]": mul(Partial(C, a[L, k]), Fn("sigma", 1, z[L, k]), Delta(k, j)),
    "Σk=1nl alk": sum_over(a[l, k], (k, 1, n[l])),
    "(Σk=1nl alk) blj": mul(sum_over(a[l, k], (k, 1, n[l])), b[l, j]),
    "(alj)2": power(a[l, j], 2),
    "−alj": mul(Integer(-1), a[l, j]),
    "½ alj": mul(Pow(Integer(2), -1), a[l, j]),
    "ealj": Fn("exp", 0, a[l, j]),
    "ln(alj)": Fn("log", 0, a[l, j]),
    "f′(alj)": Fn("f", 1, a[l, j]),
    "tanh(alj)": Fn("tanh", 0, a[l, j]),
    "wl+1kj": w[l + 1, k, j],
    "al−1k": a[l - 1, k],
    "w310,12": Ref(Quantity("w", 1), 3, 10, 12),
}


@pytest.mark.parametrize("text", WITHOUT_STYLES)
def test_without_styles_a_formula_still_reads(text: str) -> None:
    """What is left when every attribute is taken out, as some viewers do."""
    written = re.sub(r"\s+", " ", read(formula(WITHOUT_STYLES[text])).text)
    assert written.replace(" · ", " ") == text.replace(" · ", " ")


@pytest.mark.parametrize("expr", WITHOUT_STYLES.values(), ids=WITHOUT_STYLES)
def test_styles_hide_what_stacking_replaces_by_one_property(expr: Any) -> None:
    """If a viewer takes out `display`, the slash comes back; if it keeps it, top and bottom are stacked."""
    page = formula(expr)
    assert page.count('display:none">/<') == page.count("border-top:1px solid")
    assert all("inline-grid" in part for part in re.findall(r"<span[^>]*line-height:1.3[^>]*>", page))


# SymPy's own printer


def test_sympy_writes_our_nodes_in_our_notation() -> None:
    assert latex(delta[l, j]) == r"\delta^{l}_{j}"
    assert latex(Partial(C, z[l, j])) == r"\frac{\partial C}{\partial z^{l}_{j}}"
    assert latex(BP2.matrix.rhs) == r"((w^{l+1})^{T} \delta^{l+1}) \odot \sigma'(z^{l})"
    assert "operatorname" not in latex(BP2.statement.rhs)
    assert Opaque("C", a[L, j])._repr_latex_() == r"$\displaystyle C(a^{L}_{j})$"


def test_a_sum_within_something_else_stands_in_parentheses() -> None:
    total = sum_over(a[l, k], (k, 1, n[l]))
    bare = r"\sum_{k=1}^{n_{l}} a^{l}_{k}"
    assert latex(total) == bare
    assert node_latex(total, within=True) == rf"\left({bare}\right)"
    for around in (mul(total, b[l, j]), Add(total, b[l, j], evaluate=False), power(total, 2)):
        assert rf"\left({bare}\right)" in latex(around)


# what showing must not change


def test_showing_changes_neither_equality_nor_pickles() -> None:
    step = STEPS["chain-rule"]
    assert step == Step(*step)
    assert isinstance(step, tuple)
    assert Equation(C, C) == Equation(C, C)
    assert hash(Equation(C, C)) == hash(Equation(C, C))
    assert pickle.loads(pickle.dumps(Equation(C, C))) == Equation(C, C)
    assert Assumption(WRONG, HERE) == Assumption(WRONG, HERE)
    assert not hasattr(BP1, "__dict__")


@pytest.mark.parametrize(
    ("imported", "unwanted"),
    [("backprop_proofs", "sympy"), ("backprop_proofs", "rich"), ("backprop_proofs.kernel.theorem", "rich")],
)
def test_nothing_is_loaded_before_it_is_shown(imported: str, unwanted: str) -> None:
    code = f"import sys, {imported}; print({unwanted!r} in sys.modules, 'backprop_proofs.render' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_layers_and_neurons_are_ranges_of_the_network() -> None:
    assert "l = 2, …, L−1" in html_of(BP2).text
    assert BP2.limits == (layers(L - 1), neurons(j, l))
