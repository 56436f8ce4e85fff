"""The stepping page in Chromium: by keys, buttons, slider and permalink, on a phone, in the dark, for all."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from sympy import Integer

from backprop_proofs.checking.evidence import evidence_for
from backprop_proofs.checking.path_report import paths
from backprop_proofs.derivation.paths import Weight, path_sum
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.networks.mlp import mlp

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")

from backprop_proofs.render.page.paths import paths_page
from backprop_proofs.render.page.proofs import results_page
from backprop_proofs.render.page.stepper import stepper_html

Open = Callable[..., Any]
BOUND = 100  # milliseconds from a key to the frame that shows its step
FOUR = ("bp1", "bp2", "bp3", "bp4")
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
CURRENT = "[...document.querySelectorAll('ol.steps > li.current')].filter(one => one.id).map(one => one.id)"
SHOWN = "[...document.querySelectorAll('.states > ol > li')].filter(one => one.checkVisibility()).map(one => one.id)"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BUSY = """(key) => new Promise(done => {
  const start = performance.now();
  document.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
})"""


@cache
def page_of(*names: str, activation: str = "any") -> str:
    network = mlp(activation=activation)
    proofs: list[tuple[str, Theorem]] = [(name, prove(name, network)) for name in names]
    return results_page([(name, theorem, evidence_for(theorem)) for name, theorem in proofs])


@cache
def path_page() -> str:
    return paths_page(paths(mlp(widths=(2, 2, 2, 1)), (2, 1, 2)))


@cache
def long_page() -> str:
    theorem = path_sum(mlp(depth=15), Weight(Integer(2)))
    assert len(theorem.derivation.steps) >= 40
    return results_page([("path-sum", theorem, ())])


def test_it_opens_without_a_complaint_and_asks_no_network(opened: Open) -> None:
    for text in (page_of(*FOUR), path_page()):
        shown = opened(text)
        assert shown.complaints == []
        assert len(shown.requests) == 1
        assert shown.requests[0].startswith("file:")


def test_a_script_that_is_not_ours_does_not_run(opened: Open) -> None:
    text = page_of("bp1").replace("</main>", "<script>document.title = 'taken'</script><img src='x.png'/></main>")
    shown = opened(text)
    assert shown.page.title() == "bp1"
    refused = [said for said in shown.complaints if "Content Security Policy" in said]
    assert any("script" in said for said in refused)
    assert any("x.png" in said for said in refused)


def test_every_step_is_reached_by_keys(opened: Open) -> None:
    page = opened(page_of("bp1")).page
    seen = [page.evaluate(CURRENT)]
    for _ in range(4):
        page.keyboard.press("ArrowRight")
        seen.append(page.evaluate(CURRENT))
        assert page.evaluate(SHOWN) == seen[-1]
    assert seen == [[f"step-{at}"] for at in range(1, 6)]
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(CURRENT) == ["step-4"]
    assert page.evaluate("location.hash") == "#step-4"
    page.focus("[data-go=next]")
    page.keyboard.press("Home")
    assert page.evaluate(CURRENT) == ["step-1"]
    page.keyboard.press("End")
    assert page.evaluate(CURRENT) == ["step-5"]


def test_all_of_it_is_reached_by_tab_and_enter(opened: Open) -> None:
    page = opened(page_of("bp1")).page
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.go || document.activeElement.className"))
        if reached[-1] == "next":
            page.keyboard.press("Enter")
    assert [name for name in reached if name in ("first", "back", "next", "last", "all", "rule")][:6] == [
        "first",
        "back",
        "next",
        "last",
        "all",
        "rule",
    ]
    assert page.evaluate(CURRENT) == ["step-2"]


def test_buttons_and_slider(opened: Open) -> None:
    page = opened(page_of("bp1")).page
    for button, step in (("next", 2), ("last", 5), ("back", 4), ("first", 1)):
        page.click(f"[data-go={button}]")
        assert page.evaluate(CURRENT) == [f"step-{step}"]
    assert page.get_attribute("[data-go=back]", "aria-disabled") == "true"
    page.fill("input[type=range]", "3")
    assert page.evaluate(CURRENT) == ["step-3"]
    assert page.get_attribute("input[type=range]", "aria-valuetext") == "Step 3 of 5, theorem"
    page.focus("input[type=range]")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(CURRENT) == ["step-4"]
    page.click("[data-go=all]")
    assert page.evaluate(SHOWN) == [f"step-{at}" for at in range(1, 6)]


def test_a_permalink_restores_its_step(opened: Open) -> None:
    alone = opened(page_of("bp2"), "#step-4", viewport={"width": 390, "height": 840}).page
    assert alone.evaluate(CURRENT) == ["step-4"]
    alone.wait_for_function("document.querySelector('.controls').getBoundingClientRect().top >= 0")
    several = opened(page_of(*FOUR), "#bp2-step-4").page
    assert several.evaluate(CURRENT) == ["bp1-step-1", "bp2-step-4", "bp3-step-1", "bp4-step-1"]
    top = several.evaluate("document.getElementById('bp2-step-4').getBoundingClientRect().top")
    assert 0 <= top < 900
    several.evaluate("location.hash = '#bp4-step-5'")
    several.wait_for_function("document.getElementById('bp4-step-5').classList.contains('current')")


def test_a_fragment_that_is_none_of_ours_stops_nothing(opened: Open) -> None:
    page = opened(page_of("bp1"), "#100%").page
    assert page.evaluate(CURRENT) == ["step-1"]
    page.evaluate("location.hash = '#step-4'")
    page.wait_for_function("document.getElementById('step-4').classList.contains('current')")


def test_keys_move_the_proof_that_was_used_last(opened: Open) -> None:
    page = opened(page_of(*FOUR)).page
    page.click("#bp3 [data-go=next]")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(CURRENT) == ["bp1-step-1", "bp2-step-1", "bp3-step-3", "bp4-step-1"]


def test_each_step_is_said(opened: Open) -> None:
    page = opened(page_of("bp1")).page
    assert page.inner_text("[role=status]") == ""
    page.keyboard.press("ArrowRight")
    said = page.inner_text("[role=status]")
    assert said == "Step 2 of 5, chain-rule. Σ_(k=1..n_L) ∂C/∂a^L_k · ∂a^L_k/∂z^L_j"


def test_a_collapse_shows_what_goes_and_what_becomes_of_it(opened: Open) -> None:
    page = opened(page_of("bp1"), "#step-4").page
    struck = page.locator("#step-4 > .before .struck")
    assert [one.text_content() for one in struck.all()] == ["∑k=1nL", "[k=j]"]
    assert all(one.is_visible() and "gradient" in _style(one, "backgroundImage") for one in struck.all())
    assert page.text_content("#step-4 .becomes") == "k→j"
    assert [one.text_content() for one in page.locator("#step-4 > .after .new").all()] == ["ajL", "zjL"]


def test_what_changes_is_marked_in_every_step(opened: Open) -> None:
    for text in (page_of(*FOUR), page_of("bp1", activation="softmax")):
        page = opened(text).page
        for step in page.locator(".states > ol > li").all():
            assert step.locator(":scope > .after .new").count() > 0
            assert step.locator(":scope > .before :is(.old, .struck)").count() > 0


def test_an_index_looks_the_same_wherever_it_stands(opened: Open) -> None:
    page = opened(page_of(*FOUR)).page
    looks = page.evaluate(
        "[...document.querySelectorAll('math .i')].map(one => [one.textContent, getComputedStyle(one).color + ' ' "
        "+ getComputedStyle(one).borderBottomStyle])"
    )
    found: dict[str, set[str]] = {}
    for letter, look in looks:
        found.setdefault(letter, set()).add(look)
    assert {"j", "k", "l", "m"} <= found.keys()
    assert {letter: len(each) for letter, each in found.items() if len(each) != 1} == {}
    assert len({look.rpartition(" ")[0] for letter in "jklm" for look in found[letter]}) == 4
    assert len({next(iter(each)) for each in found.values()}) == len(found)


def test_the_drawing_lights_up_what_a_step_speaks_of(opened: Open) -> None:
    page = opened(page_of("bp1"), "#step-2").page
    outputs = ["a[L, 1]", "a[L, j]", "a[L, n[L]]"]
    lit = "[...document.querySelectorAll('.neuron.lit')].map(one => one.dataset.key)"
    assert page.evaluate(lit) == outputs  # all k under the sum
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(lit) == []
    chosen = page.evaluate("[...document.querySelectorAll('.neuron.chosen')].map(one => one.dataset.key)")
    assert "a[L, j]" in chosen  # the one that survives
    assert "a[L, 1]" not in chosen
    width = page.evaluate("getComputedStyle(document.querySelector('.neuron.chosen circle')).strokeWidth")
    assert float(width.removesuffix("px")) > 2


def test_a_path_lights_up_with_its_product(opened: Open) -> None:
    page = opened(path_page()).page
    assert page.evaluate(SHOWN) == ["path-1", "path-2"]
    lit = "[...document.querySelectorAll('.scene :is(.lit, .chosen)')].map(one => one.dataset.key).join(' ')"
    first = page.evaluate(lit)
    page.hover("#path-2")
    second = page.evaluate(lit)
    assert "a[3, 1]" in first
    assert "a[3, 2]" in second
    assert "a[3, 1]" not in second
    assert page.inner_text("figcaption") == page.inner_text("#path-2 .product")
    page.focus("#path-1")
    assert page.evaluate(lit) == first


def test_a_rules_card_opens_on_hover_focus_and_tap_and_closes(opened: Open) -> None:
    page = opened(page_of("bp1")).page
    link = page.locator("#step-1 a.rule")
    card = page.locator("#card")
    for opening in (link.hover, link.focus, link.click):
        opening()
        assert card.is_visible()
        text = card.inner_text()
        assert all(word in text for word in ("definition", "Why:", "Source:", "For example:"))
        assert link.get_attribute("aria-describedby") == "card"
        page.keyboard.press("Escape")
        assert not card.is_visible()
        page.mouse.move(5, 5)
        link.blur()
    phone = opened(page_of("bp1"), **PHONE).page
    phone.tap("#step-1 a.rule")
    assert phone.locator("#card").is_visible()
    assert phone.evaluate(OVERFLOW) <= 0
    phone.tap("h1")
    assert not phone.locator("#card").is_visible()


def test_lemmas_unfold(opened: Open) -> None:
    page = opened(page_of("bp1"), "#step-3").page
    assert page.locator("#step-3 details li").first.is_visible() is False
    page.click("#step-3 summary")
    assert page.locator("#step-3 details li").first.is_visible()


def test_without_a_script_all_steps_are_there_to_read(opened: Open) -> None:
    page = opened(page_of("bp1"), java_script_enabled=False).page
    steps = page.locator(".states > ol > li")
    assert [steps.nth(at).is_visible() for at in range(5)] == [True] * 5
    assert not page.locator(".controls").is_visible()
    assert page.locator("#rule-kronecker-collapse").is_visible()
    assert page.locator("#step-4 > .before .struck").first.is_visible()


def test_in_print_all_steps_are_there(opened: Open) -> None:
    page = opened(page_of("bp1"), "#step-4").page
    page.emulate_media(media="print")
    assert page.evaluate(SHOWN) == [f"step-{at}" for at in range(1, 6)]
    assert not page.locator(".controls").is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 360)])
def test_it_serves_every_reader(opened: Open, violations: Callable[[Any], list[str]], scheme: str, width: int) -> None:
    for text in (page_of("bp1"), path_page()):
        page = opened(text, viewport={"width": width, "height": 740}, color_scheme=scheme).page
        page.keyboard.press("ArrowRight")
        assert violations(page) == []
        unfolded(page)
        assert violations(page) == []


def test_it_fits_a_phone(opened: Open) -> None:
    for text in (page_of(*FOUR), page_of("bp1", activation="softmax"), path_page(), long_page()):
        page = opened(text, **PHONE).page
        assert page.evaluate(OVERFLOW) <= 0
        unfolded(page)
        assert page.evaluate(OVERFLOW) <= 0


def unfolded(page: Any) -> None:
    """The page with all steps and all lemmas in sight."""
    page.evaluate(
        "for (const one of document.querySelectorAll('[data-go=all]')) one.click();"
        "for (const one of document.querySelectorAll('details')) one.open = true;"
    )


def test_the_dark_page_is_dark(opened: Open) -> None:
    grounds = [
        re.findall(r"\d+", _style(opened(page_of("bp1"), color_scheme=scheme).page.locator("body"), "backgroundColor"))
        for scheme in ("light", "dark")
    ]
    light, dark = (sum(map(int, ground[:3])) / 3 for ground in grounds)
    assert dark < 60 < 200 < light


def test_a_long_formula_scrolls_to_what_is_marked(opened: Open) -> None:
    page = opened(long_page(), "#step-24", viewport={"width": 360, "height": 740}).page
    formula = page.locator("#step-24 > .after > .formula")
    assert formula.evaluate("one => one.scrollLeft") > 0
    assert formula.get_attribute("tabindex") == "0"


def test_a_key_is_answered_within_the_bound(opened: Open, capsys: pytest.CaptureFixture[str]) -> None:
    page = opened(long_page()).page
    keys = ["ArrowRight"] * 40 + ["Home", "End", "ArrowLeft"]
    page.focus("[data-go=next]")
    times = sorted(page.evaluate(BUSY, key) for key in keys)
    middle, most = times[len(times) // 2], times[-1]
    with capsys.disabled():
        print(f"\n  a key on a page of 41 steps is answered in {middle:.1f} ms, {most:.1f} ms at most")
    assert middle < BOUND


def test_a_notebooks_stepper_needs_no_script(opened: Open) -> None:
    text = stepper_html(prove("bp1", mlp()))
    page = opened(f"<!DOCTYPE html><meta charset='utf-8'/><body>{text}{text}</body>", java_script_enabled=False).page
    steps = page.locator("form").first.locator("ol > li")
    assert [steps.nth(at).is_visible() for at in range(5)] == [True, False, False, False, False]
    page.locator("form").first.locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    assert [steps.nth(at).is_visible() for at in range(5)] == [False, True, False, False, False]
    page.keyboard.press("Enter")
    assert steps.nth(1).is_visible()
    other = page.locator("form").last.locator("ol > li")
    assert other.first.is_visible()  # the same proof, shown twice, is stepped through twice


def _style(one: Any, name: str) -> str:
    found = one.evaluate(f"one => getComputedStyle(one).{name}")
    assert isinstance(found, str)
    return found
