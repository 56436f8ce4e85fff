"""Pages as text: well-formed, self-contained, the same each time, small, and dead to whatever a name says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from xml.etree import ElementTree

import pytest
from sympy import Integer

from backprop_proofs.checking.claims import settle
from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.checking.path_report import open_report, paths
from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.theorems import FUNDAMENTAL, THEOREMS, prove
from backprop_proofs.errors import InvalidInput, UnknownName
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import each, sum_over
from backprop_proofs.language.expressions import Delta, Fn, Opaque, Partial, Quantity, Ref, mul, power
from backprop_proofs.language.indices import index
from backprop_proofs.language.network import Definition, Network
from backprop_proofs.networks.mlp import L, a, j, k, l, mlp, n, z
from backprop_proofs.reading.network_text import network
from backprop_proofs.render.outline import outline

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")

from backprop_proofs.render.page.changes import change
from backprop_proofs.render.page.indices import MOST, numbered
from backprop_proofs.render.page.mathml import mathml, mathml_of
from backprop_proofs.render.page.paths import paths_page
from backprop_proofs.render.page.proofs import results_page
from backprop_proofs.render.page.shell import page, static
from backprop_proofs.render.page.stepper import Stepper, step, stepper_html

LARGEST = 300_000  # bytes of the page of BP2
NAMESPACES = ("http://www.w3.org/2000/svg", "http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xhtml")
HOSTILE = "<script>alert(1)</script>\"'&amp;]]>\\write18{x}$%"


def alone(name: str, theorem: Theorem, detail: str = "steps") -> str:
    return results_page([(name, theorem, ())], detail)


def tree(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text)


def every(root: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    for element in root.iter():
        yield element.tag.rpartition("}")[2], element


def classes(text: str) -> list[str]:
    return [name for _, element in every(tree(text)) for name in element.get("class", "").split()]


def four(detail: str) -> str:
    proofs = ((name, prove(name, mlp())) for name in FUNDAMENTAL)
    return results_page([(name, theorem, evidence_for(theorem)) for name, theorem in proofs], detail)


def derived() -> str:
    mine = network(r"z_i = \sum_j W_{ij} x_j + b_i ; a_i = \tanh(z_i) ; E = \sum_i (a_i - y_i)^2 / 2")
    return alone("dE/dW", derive(mine, "W"))


MADE: dict[str, Callable[[], str]] = {
    "steps": lambda: four("steps"),
    "full": lambda: four("full"),
    "brief": lambda: four("brief"),
    "softmax": lambda: alone("bp1", prove("bp1", mlp(activation="softmax"))),
    "refuted": lambda: results_page([("no", settle("bp1-elementwise", mlp(activation="softmax")), ())]),
    "widths": lambda: alone("bp2", prove("bp2", mlp((2, 3, 2)))),
    "induction": lambda: alone("backward-pass", prove("backward-pass", mlp())),
    "derived": derived,
    "paths": lambda: paths_page(paths(mlp((2, 2, 2, 1)), (2, 1, 2))),
    "many paths": lambda: paths_page(paths(mlp((9, 9, 9, 9)), (2, 1, 2), 3)),
    "open paths": lambda: results_page(open_report(mlp())),
}
EACH = pytest.mark.parametrize("name", MADE)


@cache
def made(name: str) -> str:
    return MADE[name]()


@EACH
def test_a_page_is_well_formed_and_its_ids_are_its_own(name: str) -> None:
    text = made(name)
    ids = [element.get("id") for _, element in every(tree(text)) if element.get("id")]
    assert len(ids) == len(set(ids))
    targets = {element.get("href", "") for tag, element in every(tree(text)) if tag == "a"}
    assert all(target.startswith("#") and target[1:] in ids for target in targets)


@EACH
def test_a_page_needs_nothing_but_itself(name: str) -> None:
    text = made(name)
    bare = text
    for namespace in NAMESPACES:
        bare = bare.replace(f'"{namespace}"', '""')
    assert not re.search(r"https?:|//[a-z]+\.|url\(|@import|@font-face", bare)
    for tag, element in every(tree(text)):
        assert tag not in ("link", "iframe", "object", "embed", "img", "base", "image", "use")
        assert not {"src", "srcset", "data", "xlink:href"} & element.attrib.keys()
        assert not [key for key in element.attrib if key.startswith("on")]
    assert "default-src 'none'" in text


@EACH
def test_all_controls_have_names(name: str) -> None:
    text = made(name)
    for tag, element in every(tree(text)):
        if tag in ("button", "input"):
            assert element.get("aria-label") or "".join(element.itertext()).strip()
        if tag == "svg":
            assert element.get("aria-hidden") or element.get("role") == "img"


def test_the_same_proof_gives_the_same_bytes() -> None:
    script = (
        "from backprop_proofs.render.page.proofs import results_page as p;"
        "from backprop_proofs.derivation.theorems import prove;"
        "from backprop_proofs.networks.mlp import mlp;"
        "import hashlib;"
        "t = prove('bp4', mlp());"
        "print(hashlib.sha256(p([('bp4', t, ())]).encode()).hexdigest())"
    )
    found = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, env={"PYTHONHASHSEED": seed}, check=True, timeout=60
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_a_page_is_small() -> None:
    theorem = prove("bp2", mlp())
    assert len(results_page([("bp2", theorem, evidence_for(theorem))]).encode()) < LARGEST
    assert len(results_page([("bp2", theorem, evidence_for(theorem))], "full").encode()) < LARGEST


@pytest.mark.parametrize("name", THEOREMS)
def test_every_theorem_has_its_page(name: str) -> None:
    record = THEOREMS[name]
    text = alone(name, record.prove(mlp(**record.settings)))
    rows = outline(record.prove(mlp(**record.settings))).rows
    items = [e for tag, e in every(tree(text)) if tag == "li" and str(e.get("id")).startswith("step-")]
    assert [item.get("id") for item in items] == [f"step-{at}" for at in range(1, len(rows) + 1)]
    assert [item.get("data-rule") for item in items] == [row.rule for row in rows]


def test_details() -> None:
    assert "stepper" not in classes(made("brief"))
    opened = [e.get("open") for tag, e in every(tree(made("full"))) if tag == "details"]
    assert opened
    assert all(opened)
    folded = [e.get("open") for tag, e in every(tree(made("steps"))) if tag == "details"]
    assert len(folded) == len(opened)
    assert not any(folded)
    with pytest.raises(UnknownName):
        results_page([], "much")


def test_every_rule_of_a_page_is_explained_on_it() -> None:
    root = tree(made("full"))
    explained = {str(e.get("id")).removeprefix("rule-"): "".join(e.itertext()) for _, e in every(root) if e.get("id")}
    named = {"".join(e.itertext()) for tag, e in every(root) if tag == "a" and e.get("class") == "rule"}
    assert {"chain-rule", "kronecker-collapse", "leaf"} <= named <= RULES.keys()
    for name in named:
        assert "Why:" in explained[name]
        assert "Source:" in explained[name]
    assert "Condition: where e is known to lie in a..b." in explained["kronecker-collapse"]


# formulas


def test_an_index_is_told_from_a_quantity_of_its_name() -> None:
    m = Quantity("j", 1)
    written = mathml(Ref(m, l, j))
    assert written.count('class="i i0">j<') == 1
    assert '<mi>j</mi><mi class="i i0">j</mi><mi class="i i2">l</mi>' in written


def test_a_size_is_no_index() -> None:
    assert "class" not in mathml(n[L])
    assert "i i2" in mathml(n[l])


def test_indices_have_numbers_of_their_own() -> None:
    names = ["j", "k", "l", "alpha", "beta", "i1", "i2", "L"]
    found = numbered(names)
    assert "L" not in found
    assert len(set(found.values())) == len(names) - 1
    assert found["j"] == numbered(["j"])["j"]
    assert all(number < MOST for number in numbered(f"i{at}" for at in range(60)).values())


def test_each_index_has_its_look() -> None:
    style = static("page.css")
    colours = [set(map(int, re.findall(r"\.i(\d+)", line))) for line in style.splitlines() if "color: var(--i" in line]
    lines = [
        set(map(int, re.findall(r"\.i(\d+)", line))) for line in style.splitlines() if "border-bottom-style" in line
    ]
    everything = set(range(MOST))
    assert set.union(*colours) == everything
    looks = {
        (
            next(c for c, has in enumerate(colours) if at in has),
            next((s for s, has in enumerate(lines) if at in has), -1),
        )
        for at in everything
    }
    assert len(looks) == MOST


def test_a_collapse_is_struck() -> None:
    text = alone("bp1", prove("bp1", mlp()))
    item = next(e for _, e in every(tree(text)) if e.get("id") == "step-4")
    before, after = (e for _, e in every(item) if e.get("class") in ("before again", "after"))
    struck = ["".join(e.itertext()) for _, e in every(before) if e.get("class") == "struck"]
    assert struck == ["∑k=1nL", "[k=j]"]
    assert "".join(next(e for _, e in every(before) if e.get("class") == "becomes").itertext()) == "k→j"
    assert ["".join(e.itertext()) for _, e in every(after) if e.get("class") == "new"] == ["ajL", "zjL"]


def test_only_what_changes_is_marked() -> None:
    total = outline(prove("bp2", mlp())).rows
    found = change(total[1].after, total[2].after, {})
    assert set(found.before.values()) == {"old"}
    assert set(found.after.values()) == {"new"}
    assert [len(found.before), len(found.after), found.whole] == [1, 1, False]
    same = change(total[1].after, total[1].after, {})
    assert same == ({}, {}, False)
    assert change(total[0].after, total[1].after, {}).whole


def test_a_factor_that_goes_out_of_a_sum_is_marked_on_both_sides() -> None:
    rows = outline(prove("bp2", mlp())).rows
    at = next(at for at, row in enumerate(rows) if row.rule == "factor-out")
    found = change(rows[at - 1].after, rows[at].after, {})
    assert (list(found.before), list(found.after)) == ([(0, 2)], [(1,)])
    back = change(rows[at].after, rows[at - 1].after, {})
    assert (list(back.before), list(back.after)) == ([(1,)], [(0, 2)])


def test_a_long_sum_may_break_between_its_terms() -> None:
    terms = [mul(a[L, j], Delta(j, k)), Fn("sigma", 1, z[L, j]), Partial(a[L, k], z[L, j])]
    assert mathml(sum(terms[1:], terms[0])).count("<math") == 3
    assert mathml(terms[0]).count("<math") == 1


def test_signs_that_html_reads_are_dead() -> None:
    q, fn = Quantity(HOSTILE, 0), Opaque(HOSTILE, each(a[L, k], (k, 1, n[L])))
    for written in (mathml(Ref(q, j), fn, Fn(HOSTILE, 0, z[L, j])), mathml_of(r"a < b \& c > d")):
        root = ElementTree.fromstring(f"<p>{written}</p>")
        assert {tag for tag, _ in every(root)} <= {
            "p",
            "math",
            "mrow",
            "mi",
            "mo",
            "mn",
            "msub",
            "msup",
            "mspace",
            "mover",
            "mtext",
            "msubsup",
        }
    assert "<" in "".join(ElementTree.fromstring(f"<p>{mathml(Ref(q, j))}</p>").itertext())


def test_hostile_names_stay_text() -> None:
    base = prove("bp1", mlp())
    text = results_page([(HOSTILE, base, ())])
    assert text.count("<script>") == 1
    assert "alert(1)" in "".join(tree(text).itertext())
    assert page(HOSTILE, "", stepper=False).count("<script") == 0


def test_a_network_of_hostile_names_has_its_page() -> None:
    i, p = index("i"), index("p")
    x, y, cost = (Quantity(f"{letter}{HOSTILE}", 0) for letter in "xyE")
    limits = ((i, Integer(1), Integer(2)),)
    squares = Definition(Ref(y, i), limits, power(Ref(x, i), 2))
    total = Definition(Ref(cost), (), sum_over(Ref(y, p), (p, Integer(1), Integer(2))))
    named = Network(HOSTILE, {x.name: limits, y.name: limits, cost.name: ()}, (squares, total))
    text = results_page([("gradient", derive(named, x.name), ())])
    assert [tag for tag, _ in every(tree(text))].count("script") == 1
    assert "".join(tree(text).itertext()).count("alert(1)") > 5


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop_proofs.render.page import mathml as module

    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    module._converter.cache_clear()
    with pytest.raises(InvalidInput, match=r"^html: expected latex2mathml, .* pip install 'backprop-proofs\[html\]'$"):
        mathml_of("x + latexmathml")
    module._converter.cache_clear()


# notebooks


def test_a_notebooks_stepper_has_no_script() -> None:
    text = stepper_html(prove("bp1", mlp()))
    root = ElementTree.fromstring(text)
    tags = {tag for tag, _ in every(root)}
    assert not tags & {"script", "a", "img", "math"}
    assert len([e for tag, e in every(root) if tag == "input"]) == 5
    assert len([e for tag, e in every(root) if tag == "li"]) == 5
    names = {e.get("name") for tag, e in every(root) if tag == "input"}
    assert len(names) == 1
    assert names.isdisjoint(re.findall(r'name="([^"]*)"', stepper_html(prove("bp3", mlp()))))
    assert stepper_html(prove("bp1", mlp())) == text


def test_a_stepper_shows_itself() -> None:
    theorem = prove("bp1", mlp())
    shown = step(theorem)
    assert isinstance(shown, Stepper)
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"] == stepper_html(theorem)
    assert "kronecker-collapse" in bundle["text/plain"]
    assert repr(shown) == f"step({theorem!r})"
