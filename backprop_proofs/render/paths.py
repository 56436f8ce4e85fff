r"""The sum over all paths as it is shown: a table of the paths as text, LaTeX or Markdown, and all of it as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sympy import Mul
from sympy.core.basic import Basic

from backprop_proofs.checking.path_report import PathReport, Proof, verdict_on
from backprop_proofs.derivation.tree import Writer
from backprop_proofs.language.expressions import mul
from backprop_proofs.language.network import Equation
from backprop_proofs.networks.mlp import L, n
from backprop_proofs.render.alphabets import Text
from backprop_proofs.render.ink import Ink, join, length, separated, wrapped
from backprop_proofs.render.latex import broken, document, hypothesis
from backprop_proofs.render.notation import ASCII, LATEX, UNICODE, equation, latex, letters_for, text, write
from backprop_proofs.render.outline import agreement, outline
from backprop_proofs.render.proof_file import check_data, dumped, proof_document
from backprop_proofs.render.prose import ascii_text, github, latex_text, markdown_text
from backprop_proofs.render.text import BAD, GOOD, LABEL, TITLE, sizes

if TYPE_CHECKING:
    from backprop_proofs.derivation.path_graph import NeuronPath
    from backprop_proofs.kernel.rules import Hypothesis

SCHEMA = "backprop-proofs/paths/1"
MOST_TERMS = 12  # of a sum that is shown term by term on a page
_FACTORS = 10  # in one row of LaTeX
_WORDS = {True: ("agrees", GOOD), False: ("DISAGREES", BAD), None: ("undecided", "")}


def path_lines(report: PathReport, unicode: bool, width: int) -> Iterator[Ink]:
    """The paths of a report as lines: how many, what each link contributes, the paths, their sum, and what agrees."""
    page = _Page(report, UNICODE if unicode else ASCII, width)
    yield from page.head()
    yield from page.links()
    yield from page.paths()
    yield from page.total()
    yield from page.checked()


class _Page:
    """One report on one page: an alphabet and a width."""

    def __init__(self, report: PathReport, alphabet: Text, width: int):
        self.report, self.alphabet, self.width = report, alphabet, width

    def head(self) -> Iterator[Ink]:
        report = self.report
        start, end = report.nested.statement.lhs.wrt, report.nested.statement.lhs.of
        title = join("paths from ", self._write(start), " to ", self._write(end), f": {report.count:,}")
        yield tuple((piece, TITLE) for piece, _ in title)
        yield (("-" * length(title), TITLE),)
        yield from self._say(sizes(report.network, self.alphabet))
        if not report.is_elementwise:
            yield from self._say(is_not_elementwise(report))

    def links(self) -> Iterator[Ink]:
        yield ()
        yield from self._label("Each link")
        for link in self.report.links:
            yield from wrapped(equation(link.statement, self.alphabet), self.width, "  ", "      ")

    def paths(self) -> Iterator[Ink]:
        shown, count = self.report.paths, self.report.count
        yield ()
        yield from self._label("The paths" if len(shown) == count else f"The first {len(shown):,} paths")
        rows = [(self._visits(path), self._write(path.product)) for path in shown]
        column = max((length(visits) for visits, _ in rows), default=0) + 2
        digits = len(f"{len(rows):,}")
        wide = max((length(product) for _, product in rows), default=0)
        for number, (visits, product) in enumerate(rows, start=1):
            head = f"  {number:>{digits},}  "
            if len(head) + column + wide <= self.width:
                yield join(head, visits, " " * (column - length(visits)), product)
            else:
                yield from wrapped(visits, self.width, head, " " * len(head))
                yield from wrapped(product, self.width, " " * (len(head) + 4), " " * (len(head) + 8))
        if len(shown) < count:
            dots = "…" if self.alphabet.unicode else "..."
            yield from self._say(f"{dots} and {count - len(shown):,} more")

    def total(self) -> Iterator[Ink]:
        report = self.report
        yield ()
        yield from self._label("Their sum")
        for one in shown_equations(report):
            yield from wrapped(equation(one, self.alphabet), self.width, "  ", "      ")
        yield from self._say(proved(report))

    def checked(self) -> Iterator[Ink]:
        report = self.report
        yield ()
        yield from self._label("From")
        needs = [_hypothesis(item, self.alphabet) for item in report.total.hypotheses]
        yield from self._say("hypotheses: " + ("; ".join(needs) or "none"))
        yield ()
        yield from self._label("Checked by")
        applied = outline(report.total, "brief").applied
        yield from self._say(f"the kernel: {applied} rule application{'' if applied == 1 else 's'}, each checked")
        for name, done, agrees in agreement(report.evidence):
            word, tag = _WORDS[agrees]
            said = join(((f"{word}  ", tag),), self._plain(f"{name}: {done}"))
            yield from wrapped(said, self.width, "  ", "    ")

    def _visits(self, path: NeuronPath) -> Ink:
        return separated(f" {self.alphabet.signs.arrow} ", map(self._write, path.nodes))

    def _write(self, expr: Basic) -> Ink:
        return write(expr, self.alphabet)

    def _say(self, said: str) -> Iterator[Ink]:
        yield from wrapped(join(self._plain(said)), self.width, "  ", "    ")

    def _label(self, said: str) -> Iterator[Ink]:
        yield ((said, LABEL),)

    def _plain(self, said: str) -> str:
        return said if self.alphabet.unicode else ascii_text(said)


def is_not_elementwise(report: PathReport) -> str:
    """What an activation of a whole layer changes."""
    last = report.network.sizes[L]
    width = report.network.sizes[n[last]]
    return (
        f"the output layer is not elementwise: each z^{last}_k leads to every a^{last}_m, so a path visits both, and "
        f"there are n_{last} = {width} times as many paths as with an elementwise activation"
    )


def shown_equations(report: PathReport) -> Iterator[Equation]:
    """What is proved: the sum with its links as derivatives, worked out, its terms if they are few, and the error."""
    if report.as_links is not None:
        yield report.as_links
    yield report.nested.statement
    if report.is_written_out and 1 < report.count <= MOST_TERMS:
        yield report.total.statement
    yield report.error.statement


def proved(report: PathReport) -> str:
    """What is proved of the sum, in words."""
    if not report.is_written_out:
        return f"proved; its {report.count:,} terms are not written out one by one"
    if report.count == 1:
        return "proved: there is one path, and its product is the derivative"
    return f"proved: the products of all {report.count:,} paths add up to it"


def _hypothesis(item: Hypothesis, alphabet: Text) -> str:
    subject = alphabet.name(item.subject) if isinstance(item.subject, str) else text(item.subject, alphabet.unicode)
    return f"{subject} " + {"nonzero": f"{alphabet.signs.unequal} 0", "positive": "> 0"}.get(
        item.kind, f"is {item.kind}"
    )


def path_page(report: PathReport, format: str, standalone: bool = False) -> str:
    """A report as latex, markdown or json."""
    if format == "json":
        return dumped(path_document(report))
    return path_latex(report, standalone) if format == "latex" else path_markdown(report)


def open_page(proofs: Sequence[Proof]) -> str:
    """What is proved where widths are open, as json."""
    return dumped(open_document(proofs))


# LaTeX and Markdown


def path_latex(report: PathReport, standalone: bool = False) -> str:
    """A report as LaTeX: a fragment for any document that loads amsmath, or a document that compiles as it is."""
    fragment = "\n".join(_latex_lines(report)) + "\n"
    return document([fragment]) if standalone else fragment


def _latex_lines(report: PathReport) -> Iterator[str]:
    start, end = report.nested.statement.lhs.wrt, report.nested.statement.lhs.of
    yield rf"\paragraph{{Paths from \({latex(start)}\) to \({latex(end)}\): {_grouped(report.count)}.}}"
    fixed = [f"{latex(size)} = {value}" for size, value in report.network.sizes.items()]
    yield r"Sizes: " + ", ".join(rf"\({size}\)" for size in fixed) + "."
    if not report.is_elementwise:
        yield latex_text(is_not_elementwise(report).capitalize()) + "."
    yield r"Each link:"
    yield from _aligned(_equation_latex(link.statement, relation="&=") for link in report.links)
    if report.paths:
        yield "The paths:" if len(report.paths) == report.count else f"The first {len(report.paths)} paths:"
        rows = (_path_rows(number, path) for number, path in enumerate(report.paths, start=1))
        yield from _aligned(row for pair in rows for row in pair)
    if len(report.paths) < report.count:
        yield rf"\dots{{}} and {_grouped(report.count - len(report.paths))} more." + "\n"
    yield "Their sum:"
    yield from _aligned(_equation_latex(one, relation="={}&") for one in shown_equations(report))
    yield latex_text(proved(report).capitalize()) + "."
    needs = [rf"\({math}\){latex_text(words)}" for math, words in map(hypothesis, report.total.hypotheses)]
    yield r"\par\noindent\textit{From.} Hypotheses: " + ("; ".join(needs) or "none") + "."
    yield r"\par\noindent\textit{Checked by.} " + "; ".join(map(latex_text, _checks(report))) + "."


def _aligned(rows: Iterable[str]) -> Iterator[str]:
    yield "\\begin{align*}\n" + " \\\\\n".join(f"  {row}" for row in rows) + "\n\\end{align*}"


def _path_rows(number: int, path: NeuronPath) -> Iterator[str]:
    """The route, and beneath it the product, a long one in several rows."""
    yield rf"{number}.\quad & {_route(path)}"
    factors = path.product.args if isinstance(path.product, Mul) else (path.product,)
    if len(factors) <= _FACTORS + 1:
        yield rf"& \qquad {latex(path.product)}"
        return
    for cut in range(0, len(factors), _FACTORS):
        indent = r"\qquad\qquad" if cut else r"\qquad"
        yield f"& {indent} {latex(mul(*factors[cut : cut + _FACTORS]))}"


def _route(path: NeuronPath) -> str:
    return r" \to ".join(map(latex, path.nodes))


def _equation_latex(one: Equation, relation: str) -> str:
    letters = letters_for(one)
    right = broken(write(one.rhs, LATEX, letters, limits=True))
    return f"{latex(one.lhs, letters)} {relation} {''.join(piece for piece, _ in right)}"


def _grouped(count: int) -> str:
    return f"{count:,}".replace(",", r"\,")


def _checks(report: PathReport) -> list[str]:
    applied = outline(report.total, "brief").applied
    said = [f"the kernel, {applied} rule application{'' if applied == 1 else 's'}"]
    return said + [f"{_WORDS[agrees][0]}: {name}, {done}" for name, done, agrees in agreement(report.evidence)]


def path_markdown(report: PathReport) -> str:
    """A report in Markdown, GitHub's dialect."""
    return github("\n\n".join(_markdown_blocks(report)) + "\n")


def _markdown_blocks(report: PathReport) -> Iterator[str]:
    start, end = report.nested.statement.lhs.wrt, report.nested.statement.lhs.of
    yield f"## Paths from ${latex(start)}$ to ${latex(end)}$: {report.count:,}"
    fixed = [f"${latex(size)} = {value}$" for size, value in report.network.sizes.items()]
    yield "Sizes: " + ", ".join(fixed) + "."
    if not report.is_elementwise:
        yield markdown_text(is_not_elementwise(report).capitalize()) + "."
    yield "Each link:"
    yield from (f"$$\n{_equation_latex(link.statement, '=')}\n$$" for link in report.links)
    if report.paths:
        rows = [f"| {i} | ${_route(path)}$ | ${latex(path.product)}$ |" for i, path in enumerate(report.paths, start=1)]
        yield "\n".join(["| | path | product |", "|---|---|---|", *rows])
    if len(report.paths) < report.count:
        yield f"… and {report.count - len(report.paths):,} more."
    yield "Their sum:"
    for one in shown_equations(report):
        letters = letters_for(one)
        yield f"$$\n{latex(one.lhs, letters)} = {latex(one.rhs, letters, limits=True)}\n$$"
    yield markdown_text(proved(report).capitalize()) + "."
    needs = [f"${math}${words}" for math, words in map(hypothesis, report.total.hypotheses)]
    yield "Hypotheses: " + ("; ".join(needs) or "none") + "."
    yield "Checked by " + "; ".join(map(markdown_text, _checks(report))) + "."


# JSON


def path_document(report: PathReport) -> dict[str, Any]:
    """A report as a document; `count` is the full number, however few paths are shown."""
    weight = report.nested.statement.lhs.wrt
    return {
        "schema": SCHEMA,
        "verdict": report.verdict,
        "weight": {"indices": list(map(int, weight.indices)), **_written(weight)},
        "sizes": {text(size): value for size, value in report.network.sizes.items()},
        "settings": dict(report.network.settings),
        "count": report.count,
        "shown": len(report.paths),
        "elementwise": report.is_elementwise,
        "links": [_statement(link.statement) for link in report.links],
        "paths": [_path_data(path) for path in report.paths],
        "written_out": report.is_written_out,
        "total": {**_written(report.total.statement.rhs), "tree": Writer().write(report.total.statement.rhs)},
        "statement": _statement(report.nested.statement),
        "error": _statement(report.error.statement),
        "hypotheses": [
            {"kind": item.kind, "subject": item.subject if isinstance(item.subject, str) else latex(item.subject)}
            for item in report.total.hypotheses
        ],
        "evidence": [check_data(check) for check in report.evidence],
    }


def open_document(proofs: Sequence[Proof]) -> dict[str, Any]:
    """What is proved of all paths where widths are open, as a document: no number of paths, but whole proofs."""
    total = proofs[-1][1].statement.rhs
    return {
        "schema": SCHEMA,
        "verdict": verdict_on(check for _, _, evidence in proofs for check in evidence),
        "count": None,
        "shown": 0,
        "paths": [],
        "total": {**_written(total), "tree": Writer().write(total)},
        "theorems": proof_document(proofs)["theorems"],
    }


def _path_data(path: NeuronPath) -> dict[str, Any]:
    factors = [
        {"link": _written(link), **_written(factor)} for link, factor in zip(path.links, path.factors, strict=True)
    ]
    return {
        "neurons": [_written(node) for node in path.nodes[1:-1]],
        "factors": factors,
        "product": _written(path.product),
    }


def _statement(one: Equation) -> dict[str, str]:
    letters = letters_for(one)
    sides = [(latex(side, letters, True), text(side, True, letters, True)) for side in one]
    return {"latex": " = ".join(side for side, _ in sides), "text": " = ".join(side for _, side in sides)}


def _written(expr: Basic) -> dict[str, str]:
    return {"latex": latex(expr, limits=True), "text": text(expr, limits=True)}
