"""Pages in a real Chromium, Debian's; where it or its driver is missing, these tests are skipped and say so."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests of a process."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the extra `browser`")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium")
    with driver.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page in the browser, what it complained of, and what it asked a network for."""

    def __init__(self, page: Any):
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda asked: self.requests.append(asked.url))


@pytest.fixture
def opened(chromium: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Opens the text of a page as a file; the keywords are those of a browser's context."""
    contexts = []

    def open_(text: str, fragment: str = "", **settings: Any) -> Opened:
        file = tmp_path / f"page{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, **settings})
        contexts.append(context)
        shown = Opened(context.new_page())
        shown.page.goto(file.as_uri() + fragment)
        return shown

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def violations() -> Callable[[Any], list[str]]:
    """What axe-core finds in a page that is serious or worse."""
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed: the extra `browser`")
    script = axe.AXE_FILE_PATH.read_text(encoding="utf-8")

    def found(page: Any) -> list[str]:
        page.evaluate(script)
        options = "{resultTypes: ['violations'], preload: false}"
        wrong = page.evaluate(f"axe.run(document, {options}).then(found => found.violations)")
        return [
            f"{one['id']}: {node['html'][:200]}"
            for one in wrong
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    return found
