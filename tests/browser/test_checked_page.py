"""The page of checked derivations in Chromium: no complaint, no request, every mark to be seen, for all readers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")

from backprop_proofs.checking.check import check
from backprop_proofs.render.page.checks import check_page, page_entry

Open = Callable[..., Any]
MINE = (Path(__file__).parents[1] / "data" / "mine.tex").read_text(encoding="utf-8")
FILES = {
    "mine.tex": MINE,
    "plain.txt": "δ^L_j = ∂C/∂a^L_j σ'(z^L_j)\nδ^l_j ≈ 3\n",
    "unread.md": "$$\n\\delta^l_j = \\frac{w}{\n$$\n",
    "long.tex": r"\[ \delta^L_j = " + " + ".join([r"\frac{\partial C}{\partial a^L_j} \sigma'(z^L_j)"] * 30) + r" \]",
    "evil.tex": "$$ a = <script>alert(1)</script> $$\n% <img src=x>\n$$ b = \\href{javascript:alert(1)}{c} $$\n",
    "<img src=x onerror=alert(1)>.tex": "nothing",
}
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
MARKS = "[...document.querySelectorAll('ol.lines > li .mark')].map(one => one.innerText.replace(/\\s+/g, ' ').trim())"


@cache
def page_of(*names: str) -> str:
    return check_page([page_entry(name, check(FILES[name])) for name in names])


def test_it_opens_without_a_complaint_and_asks_no_network(opened: Open) -> None:
    for names in (["mine.tex"], list(FILES)):
        shown = opened(page_of(*names))
        assert shown.complaints == []
        assert [url for url in shown.requests if not url.startswith("file:")] == []
        assert len(shown.requests) == 1


def test_every_line_shows_its_mark(opened: Open) -> None:
    shown = opened(page_of("mine.tex"))
    assert shown.page.evaluate(MARKS) == ["✓ proved line 2", "✓ proved line 3", "✗ refuted line 4", "✗ refuted line 5"]
    assert shown.page.locator(".mark").first.is_visible()
    assert shown.page.locator("mark").all_inner_texts()[-1].endswith(r"\sigma(z^l_j)")


def test_formulas_and_the_counterexamples_network_are_drawn(opened: Open) -> None:
    page = opened(page_of("mine.tex")).page
    for what in ("ol.lines > li:nth-child(1) math", "ol.lines > li:nth-child(4) figure svg"):
        box = page.locator(what).first.bounding_box()
        assert box["width"] > 30
        assert box["height"] > 15
    assert page.locator("figure svg").first.bounding_box()["width"] > 300


@pytest.mark.parametrize("settings", [{}, {"color_scheme": "dark"}, PHONE], ids=["light", "dark", "phone"])
def test_for_all_readers(opened: Open, violations: Callable[[Any], list[str]], settings: dict[str, Any]) -> None:
    for names in (["mine.tex"], list(FILES)):
        page = opened(page_of(*names), **settings).page
        assert violations(page) == []
        assert page.evaluate(OVERFLOW) <= 0


def test_the_table_leads_to_each_file_and_its_wrong_line(opened: Open) -> None:
    page = opened(page_of(*FILES)).page
    page.locator("nav.files a", has_text="mine.tex").press("Enter")
    assert page.url.endswith("#file-1")
    page.locator("nav.files td a").first.click()
    assert page.url.endswith("#file-1-row-3")
    assert page.evaluate("document.querySelector(':target').innerText").startswith("✗ refuted")


def test_a_formula_that_is_too_wide_scrolls_by_keys(opened: Open) -> None:
    page = opened(page_of("long.tex"), **PHONE).page
    wide = page.locator(".formula").first
    assert wide.evaluate("one => one.scrollWidth > one.clientWidth")
    wide.focus()
    scrolled = "one => new Promise(done => one.addEventListener('scrollend', () => done(one.scrollLeft), {once: true}))"
    wide.evaluate(f"one => {{ window.scrolled = ({scrolled})(one); }}")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.scrolled") > 0


def test_nothing_of_a_hostile_text_lives(opened: Open) -> None:
    shown = opened(page_of(*FILES))
    assert shown.page.evaluate("document.querySelectorAll('script, img, iframe, object').length") == 1  # ours
    assert shown.page.evaluate("[...document.querySelectorAll('a')].every(one => one.hash.length > 1)")
    assert "<script>alert(1)</script>" in shown.page.inner_text("main")
    assert shown.complaints == []
