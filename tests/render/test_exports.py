r"""What somebody wrote is text in everything that is written of it: no tag, no command, no link, no escape of it lives.

A name may come from a file's name, a network's equations, a derivation's own words; so hostile text stands in each
place that such text reaches, and once in whole derivations that are read and checked.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from render import examples
from render.checked import FAILS, report_of
from sympy import Integer

from backprop_proofs.checking.check import check
from backprop_proofs.checking.report import Repair, Report
from backprop_proofs.derivation.theorems import prove
from backprop_proofs.errors import BackpropError
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.reading import Span
from backprop_proofs.reading.network_text import network as network_of
from backprop_proofs.render.ink import plain
from backprop_proofs.render.latex import document, proof_latex
from backprop_proofs.render.markdown import proof_markdown
from backprop_proofs.render.notebook import bundle
from backprop_proofs.render.report_files import failed_entry, file_entry, page
from backprop_proofs.render.reports import report_lines, table_lines
from backprop_proofs.render.text import proof_text

PAYLOADS = {
    "script": "<script>alert(1)</script>",
    "style": "</style></title><svg onload=alert(1)>",
    "attribute": "\"'><img src=x onerror=alert(1)>",
    "cdata": "]]>--><!--<b>",
    "entity": "&lt;script&gt;&#60;b&#62;",
    "write18": r"\write18{touch pwned}\immediate\openout1=x",
    "input": r"\input{/etc/passwd}^^5cinput{/etc/passwd}",
    "comment": r"% \end{document} #1 & ~ _ ^ {",
    "href": r"\href{javascript:alert(1)}{x}\url{javascript:alert(1)}",
    "link": "[x](javascript:alert(1)) ![x](javascript:alert(1)) <javascript:alert(1)>",
    "dollars": r"$$ \input{x} $$ $x$ \(y\) \[z\]",
    "escape": "\x1b[31mred\x1b]0;title\x07\x9b1m\r\x08",
    "command": "x\n::error file=a::b\r\n::stop-commands::c%0A::error::d",
    "rows": "| a |\n|---|\n# b\n- c\n> d\n```\ne\n***",
    "markup": "[red]x[/red] :smile: `a` *b* __c__ ~~d~~",
    "direction": "a\u202eb\u2066c\u200bd\ufeffe",
    "surrogate": "a\udcffb",
}
EACH = pytest.mark.parametrize("evil", PAYLOADS.values(), ids=PAYLOADS)


def reported(evil: str) -> Report:
    """A report with the text in every field that a person's text may reach."""
    wrong = {
        "verdict": "refuted",
        "code": "unequal",
        "source": evil,
        "message": evil,
        "place": Span(0, 1),
        "counterexample": replace(FAILS, inputs=((evil, Integer(1)),), functions=(f"{evil}(u) = u",)),
        "repair": Repair("sign", f"{evil} should be {evil}", evil, 3),
        "notes": (evil,),
    }
    lost = {"verdict": "unreadable", "code": "unreadable", "source": evil, "message": evil, "place": Span(0, 1)}
    report = report_of("a = b\n\nc = d\n", {0: wrong, 1: lost | {"place": None}}, notes=(evil,), network=mlp())
    return replace(report, text=f"{evil} = b\n\nc = {evil}\n")


def entries(evil: str) -> list[dict[str, Any]]:
    return [file_entry(evil, reported(evil)), failed_entry(evil, "unreadable", evil)]


def proof(evil: str) -> Any:
    """A proof of which the network's name is somebody's words."""
    return replace(examples.bp1(), network=replace(mlp(), name=evil))


# HTML


def assert_visible(text: str) -> None:
    """No control character, no sign that turns the direction of writing, half of no character."""
    assert not [char for char in text if unicodedata.category(char).startswith("C") and char != "\n"]


class Tags(HTMLParser):
    """What a browser would see."""

    def __init__(self, html: str):
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.others: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != [("title", {})]:  # it is no part of what is shown
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FRAGMENT_TAGS = words("div img p strong em table thead tbody tr th td ul ol li span sup sub i del code details summary")
DRAWN = "data:image/svg+xml;base64,"
DRAWN_TAGS = words("svg g path line circle rect ellipse polygon text tspan title desc defs marker figure")
MATH_TAGS = words(
    "math mrow mi mo mn mtext mfrac msub msup msubsup munder mover munderover mstyle msqrt mspace mtable mtr mtd"
)
PAGE_TAGS = (
    DRAWN_TAGS
    | MATH_TAGS
    | FRAGMENT_TAGS
    | words(
        "html head meta style body main section header h1 h2 h3 a nav mark script dl dt dd button input output "
        "figcaption"
    )
)
OURS = re.compile(r"#[A-Za-z0-9-]+")


def assert_dead(html: str, allowed: frozenset[str]) -> Tags:
    found = Tags(html)
    assert found.others == []
    for tag, attributes in found.tags:
        assert tag in allowed, tag
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "img":
            picture = attributes.pop("src") or ""
            assert picture.startswith(DRAWN)
            assert_dead(base64.b64decode(picture.removeprefix(DRAWN)).decode(), DRAWN_TAGS)
        assert not {"src", "action", "formaction", "srcdoc", "xlink:href", "data"} & attributes.keys()
        if "href" in attributes:
            assert OURS.fullmatch(attributes["href"] or "")
        assert not re.search(r"url|expression|import|javascript", attributes.get("style") or "")
    assert_visible("".join(found.words))
    return found


@EACH
def test_html_in_a_notebook(evil: str) -> None:
    report = reported(evil)
    named = proof(evil).network
    shown = [report, *report.lines, report.lines[0].repair, report.lines[0].counterexample, named]
    for one in shown:
        assert_dead(
            bundle(one)["text/html"],
            FRAGMENT_TAGS | DRAWN_TAGS,
        )


@EACH
def test_the_checked_page(evil: str) -> None:
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")
    from backprop_proofs.render.page.checks import check_page, page_entry
    from backprop_proofs.render.page.shell import static

    for given in (entries(evil), [page_entry(evil, reported(evil))]):
        written = check_page(given)
        found = assert_dead(written, PAGE_TAGS)
        assert_visible("".join(value or "" for _, attributes in found.tags for value in attributes.values()))
        assert [tag for tag, _ in found.tags].count("script") == 1
        assert static("page.js").strip() in written
        written.encode("utf-8")


@EACH
def test_the_page_of_a_proof(evil: str) -> None:
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed: the extra `html`")
    from backprop_proofs.render.page.proofs import results_page

    theorem = prove("bp1", replace(mlp(), name=evil))
    found = assert_dead(results_page([(evil, theorem, examples.CHECKS)]), PAGE_TAGS)
    assert [tag for tag, _ in found.tags].count("script") == 1


# LaTeX

COMMANDS = re.compile(r"\\(?:write|immediate|openout|input|include|href|url|catcode|csname|def|end\{document\} )")
NO_TEX = pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed: LaTeX not compiled")


def latex_of(evil: str) -> str:
    return proof_latex(proof(evil), evil, "full", evidence=examples.CHECKS)


@EACH
def test_latex(evil: str) -> None:
    written = latex_of(evil)
    assert not COMMANDS.search(written)
    assert "$$" not in written
    assert "^^" not in written
    assert not re.search(r"(?<!\\)%", written)
    assert_visible(written)
    for shown in (reported(evil), reported(evil).lines[0], reported(evil).lines[0].repair):
        math = bundle(shown)["text/latex"]
        assert not COMMANDS.search(math)
        assert math.count("$$") == 2


@NO_TEX
def test_latex_of_hostile_names_compiles_and_does_nothing(tmp_path: Path) -> None:
    (tmp_path / "all.tex").write_text(document([latex_of(evil) for evil in PAYLOADS.values()]), encoding="utf-8")
    command = ["pdflatex", "-shell-escape", "-halt-on-error", "-interaction=nonstopmode", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert not (tmp_path / "pwned").exists()
    assert "/etc/passwd" not in re.findall(r"\(([^()\s]+)", done.stdout)


# Markdown


@EACH
def test_markdown(evil: str) -> None:
    reader = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed: Markdown not read")
    written = proof_markdown(proof(evil), evil, "steps", examples.CHECKS)
    blocks = reader.MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(written)
    harmless = {
        "heading",
        "paragraph",
        "inline",
        "bullet_list",
        "list_item",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
    }
    assert {re.sub("_(open|close)$", "", block.type) for block in blocks} <= harmless
    kinds = {token.type for block in blocks for token in block.children or ()}
    assert kinds <= {"text", "text_special", "softbreak", "code_inline", "strong_open", "strong_close"}
    assert sum(block.type == "heading_open" for block in blocks) == 4
    assert_visible(written)


# JSON, SARIF, workflow commands


@EACH
def test_json_and_sarif(evil: str) -> None:
    for format in ("json", "sarif"):
        written = page(entries(evil), format, "1")
        assert written.isascii()
        assert_visible(written)
        json.loads(written)


def texts(data: Any) -> Iterator[str]:
    """The messages of a SARIF document; what a fix puts in is text of the file, and none."""
    if isinstance(data, dict):
        yield from [data["text"]] if isinstance(data.get("text"), str) else ()
        for key, value in data.items():
            yield from texts(value) if key != "insertedContent" else ()
    elif isinstance(data, list):
        for value in data:
            yield from texts(value)


def test_a_message_in_sarif_has_no_link() -> None:
    """There, [words](address) is a link."""
    messages = list(texts(json.loads(page(entries(PAYLOADS["link"]), "sarif", "1"))))
    assert any("alert(1)" in message for message in messages)
    assert not [message for message in messages if re.search(r"(?<!\\)\[[^\]]*\]\(", message)]


@EACH
def test_workflow_commands(evil: str) -> None:
    """One command a line that is not proved and one a file that could not be read; none of them somebody else's."""
    written = page(entries(evil), "github", "1")
    commands = written.split("\n")
    assert commands.pop() == ""
    assert len(commands) == 3
    for command in commands:
        assert re.match(r"::(?:error|warning|notice) file=[^:,]*,(?:[A-Za-z]+=[^:,]*,?)+::", command)
        assert_visible(command)


# Terminal


@EACH
@pytest.mark.parametrize("unicode", [True, False])
def test_terminal(evil: str, unicode: bool) -> None:
    lines = [*report_lines(reported(evil), unicode, 80, evil), *table_lines(entries(evil), unicode, 80)]
    written = [plain(line) for line in lines]
    written += proof_text(proof(evil), evil, "full", unicode, examples.CHECKS).splitlines()
    written += bundle(proof(evil).network)["text/plain"].splitlines()
    assert not [line for line in written if not line.isprintable()]


# Whole texts

TEXT = r"""%% {evil}
<!-- {evil} -->
Let {evil} be.
% given
z_j = \sum_k w_{jk} x_k
a_j = \sigma(z_j)
C = C(a)
% derivation
\frac{{\partial C}}{{\partial z_j}} = \frac{{\partial C}}{{\partial a_j}} \sigma(z_j) \tag{{{evil}}} % {evil}
\delta_j = \text{{{evil}}}
{evil} = a_j
"""


@EACH
def test_a_derivation_that_holds_it(evil: str) -> None:
    report = check(TEXT.replace("{evil}", evil).replace("{{", "{").replace("}}", "}"))
    given = [file_entry("a.tex", report)]
    assert_dead(bundle(report)["text/html"], FRAGMENT_TAGS)
    assert not [plain(line) for line in report_lines(report, True, 80) if not plain(line).isprintable()]
    json.loads(page(given, "json", "1"))
    assert all(re.match(r"::(?:error|warning|notice) file=", line) for line in page(given, "github", "1").splitlines())


@cache
def declared(evil: str) -> Network | None:
    """A network in whose equations it stands, if they can be read."""
    try:
        return network_of(f"% {evil}\nz_j = \\sum_k W_{{jk}} x_k % {evil}\nC = \\frac{{1}}{{2}} \\sum_j z_j^2\n")
    except BackpropError:
        return None


@EACH
def test_a_network_that_holds_it(evil: str) -> None:
    network = declared(evil)
    if network is None:
        return
    for view in bundle(network).values():
        assert evil not in view
    assert_dead(bundle(network)["text/html"], FRAGMENT_TAGS)
