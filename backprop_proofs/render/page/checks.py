"""Checked derivations as a page: each line as written, with its mark, and all that is said of a line that is wrong.

What somebody else wrote is text: set as a formula where it is one (page/written.py), else shown as it is, escaped.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from backprop_proofs.checking.report import PROVED, Repair, Report
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.network import Network
from backprop_proofs.printable import one_line, printable
from backprop_proofs.reading.syntax import Lines
from backprop_proofs.render.html import quoting, sentence, signed
from backprop_proofs.render.outline import superscripts
from backprop_proofs.render.page.shell import page
from backprop_proofs.render.page.written import is_latex, typeset
from backprop_proofs.render.report_files import file_entry
from backprop_proofs.render.report_parts import (
    change_in_words,
    deciding,
    failure_in,
    file_name,
    mark,
    other_changes,
    plainly,
    shortened,
    tally,
)

Entry = Mapping[str, Any]
ABOVE, PICTURE = "above", "picture"  # what an entry for a page has beside those of the JSON document
_SHOULD_BE = " should be "
_NOTHING = "nothing"  # what stands for a side of a change that is empty
_REMARK = re.compile(r", (?:wherever|taking|with|for) [^\\]*$")  # after a change: where, or in which reading, it is one
_NEXT_VALUE = re.compile(r", (?![^\[\](]*[\])])")  # a comma that is in no bracket
_ROOM = 120  # characters of what is said of a file in the table of contents
_INPUTS = 12  # of a counterexample, beside a picture that shows them; more are folded away


def check_page(entries: Sequence[Entry]) -> str:
    """Checked files on one page; of several, first a table of them. The entries are those of the JSON document.

    Those of `page_entry` have more: the picture of each counterexample, and w^l_jk in place of w[l, j, k].
    """
    title = _title(entries)
    many = len(entries) > 1
    sections = [_File(entry, number, many).section() for number, entry in enumerate(entries, 1)]
    main = "\n".join((*([f"<h1>{_text(title)}</h1>", _contents(entries)] if many else []), *sections))
    return page(title, main, styles=("page.css", "checks.css"))


def page_entry(file: str, report: Report) -> dict[str, Any]:
    """A file's entry of the JSON document, with what only a page shows: plain data, too."""
    entry = file_entry(file, report)
    if report.network is None:
        return entry
    for line, data in zip(report.lines, entry["lines"], strict=True):
        if line.counterexample is not None:
            data[PICTURE] = _picture(report.network, line.counterexample)
    return entry | {ABOVE: superscripts(report.network)}


def _picture(network: Network, found: Counterexample) -> str:
    """The counterexample's network with its numbers, or "" where there is no drawing of it."""
    from backprop_proofs.render.pictures.counterexamples import counterexample_picture  # lazy: most files have none
    from backprop_proofs.render.pictures.extras import unless_missing  # lazy: the same

    picture = unless_missing(lambda: counterexample_picture(found, network))
    return "" if picture is None else picture.svg


# Several files


def _title(entries: Sequence[Entry]) -> str:
    if len(entries) == 1:
        return f"{file_name(entries[0]['file'])}: {entries[0]['verdict']}"
    total, counts = tally((entry["verdict"] for entry in entries), "file")
    return f"{total}: {', '.join(f'{count:,} {verdict}' for count, verdict in counts)}" if counts else total


def _contents(entries: Sequence[Entry]) -> str:
    """A row a file: its verdict, how many lines it has, where and what is wrong."""
    names = ("file", "verdict", "lines", "at line", "what")
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "\n".join(_contents_row(entry, number) for number, entry in enumerate(entries, 1))
    table = f"<table><thead><tr>{head}</tr></thead><tbody>\n{rows}\n</tbody></table>"
    return f'<nav class="files scroll" aria-label="Files">{table}</nav>'


def _contents_row(entry: Entry, number: int) -> str:
    line = deciding(entry)
    what = entry.get("message", "") if line is None else line["message"]
    place = "" if line is None else f'<a href="#{_Row(line, f"file-{number}-").name}">{line["line"]}</a>'
    cells = (
        f'<th scope="row"><a href="#file-{number}">{_text(file_name(entry["file"]))}</a></th>',
        f"<td>{_verdict(entry['verdict'])}</td>",
        f"<td>{len(entry['lines'])}</td>",
        f"<td>{place}</td>",
        f"<td>{sentence(shortened(one_line(what), _ROOM))}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


# One file


class _File(NamedTuple):
    entry: Entry
    number: int
    many: bool

    def section(self) -> str:
        name = f"file-{self.number}"
        inside = "\n".join(self._parts(name))
        return f'<section class="checked" id="{name}" aria-labelledby="{name}-title">\n{inside}\n</section>'

    def _parts(self, name: str) -> Iterator[str]:
        entry, level = self.entry, "h2" if self.many else "h1"
        title = f'<{level} id="{name}-title">{_text(file_name(entry["file"]))}</{level}>'
        yield f"<header>{title}{_verdict(entry['verdict'])}</header>"
        if "message" in entry:
            yield f"<p>{quoting(entry['message'])}.</p>"
        if entry["lines"]:
            total, counts = tally((line["verdict"] for line in entry["lines"]), "line")
            yield f'<p class="quiet">{total}: {", ".join(f"{count:,} {verdict}" for count, verdict in counts)}</p>'
            yield "\n".join(('<ol class="lines">', *(row.item() for row in self._rows(name)), "</ol>"))
        if entry["notes"]:
            notes = "".join(f"<li>{quoting(note)}</li>" for note in entry["notes"])
            yield f'<{self.below}>Notes</{self.below}><ul class="notes">{notes}</ul>'

    @property
    def below(self) -> str:
        """A heading below that of the file."""
        return "h3" if self.many else "h2"

    def _rows(self, name: str) -> Iterator[_Row]:
        """Its lines. Where one is LaTeX for sure, all that are ASCII are taken to be."""
        lines, before = self.entry["lines"], ""
        latex = any(is_latex(line["source"]) for line in lines)
        for line in lines:
            set_ = latex and (is_latex(line["source"]) or line["source"].isascii())
            prefix = f"{name}-" if self.many else ""
            again = line["message"] == before
            yield _Row(line, prefix, self.below, self.entry.get(ABOVE, {}), set_, again)
            before = line["message"]


# One line


class _Row(NamedTuple):
    """A line of an entry. prefix: of its id; heading: that of its parts; above: how many indices of a letter are above.

    latex: whether it is LaTeX; again: whether the same is said of it as of the line before.
    """

    line: Entry
    prefix: str
    heading: str = "h2"
    above: Mapping[str, int] = {}
    latex: bool = False
    again: bool = False

    @property
    def name(self) -> str:
        """Its id."""
        return f"{self.prefix}row-{self.line['index'] + 1}"

    def item(self) -> str:
        line = self.line
        number = f'<a class="no" href="#{self.name}">line {line["line"]}</a>'
        head = f'<div class="mark">{_verdict(line["verdict"])} {number}</div>'
        inside = "\n".join(self._inside())
        return f'<li id="{self.name}" class="{line["verdict"]}-line">{head}\n<div class="said">\n{inside}\n</div></li>'

    def _inside(self) -> Iterator[str]:
        line, latex = self.line, self.latex
        if latex:
            yield _formula(line["source"])
        yield f'<p class="source"><code>{_marked(line)}</code></p>'
        if line["message"]:
            kind = "note" if self.again or line["verdict"] == PROVED else "message"
            yield f'<p class="{kind}">{quoting(line["message"])}</p>'
        if line["counterexample"]:
            yield from self._fails(line["counterexample"], line.get(PICTURE, ""))
        if line["repair"]:
            yield from self._mended(line["repair"])
        for note in line["notes"]:
            yield f'<p class="note">{quoting(note)}</p>'

    def _fails(self, found: Entry, picture: str) -> Iterator[str]:
        parts = failure_in(_counterexample(found), self.above)
        yield f'<div class="fails"><{self.heading}>Where it fails</{self.heading}>'
        if picture:
            yield f'<figure class="network scroll">{picture}</figure>'
        if not all(_says(self.line["message"], value) for value in (parts.left, parts.right)):
            where = f" for {sentence(parts.indices)}" if parts.indices else ""
            sides = (
                f"left side <strong>{_value(parts.left)}</strong>, right side <strong>{_value(parts.right)}</strong>"
            )
            yield f'<p class="sides">{sides}{where}</p>'
        rows = [("sizes", parts.sizes), *(("function", function) for function in parts.functions)]
        inputs = [("inputs", parts.inputs)]
        if picture and len(found["inputs"]) > _INPUTS:
            yield _table(rows)
            yield f"<details><summary>all numbers of the network</summary>{_table(inputs)}</details>"
        else:
            yield _table(rows + inputs)
        yield "</div>"

    def _mended(self, data: Entry) -> Iterator[str]:
        repair = Repair(data["mistake"], data["message"], data["source"], data["others"])
        yield f'<div class="mends"><{self.heading}>What mends it</{self.heading}>'
        yield f"<p>{_change(change_in_words(repair), self.latex)}{_text(other_changes(repair))}</p>"
        if self.latex:
            yield _formula(repair.source)
        yield f'<p class="source"><code>{_text(repair.source)}</code></p></div>'


def _says(message: str, value: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(value)}(?![\d.])", message) is not None


def _counterexample(found: Entry) -> Counterexample:
    """A counterexample from its data; its values are texts."""
    values = (tuple(found[name].items()) for name in ("sizes", "indices", "inputs"))
    sizes, indices, inputs = values
    return Counterexample(sizes, indices, found["left"], found["right"], inputs, tuple(found["functions"]))


def _formula(source: str) -> str:
    formula = typeset(source)
    return f'<div class="formula">{formula}</div>' if formula else ""


def _table(rows: Sequence[tuple[str, str]]) -> str:
    written = "".join(f'<tr><th scope="row">{name}</th><td>{_values(said)}</td></tr>' for name, said in rows if said)
    return f"<table><tbody>{written}</tbody></table>" if written else ""


def _values(said: str) -> str:
    """A list of "name = value", of which none is broken over two lines."""
    parts = (f"<span>{signed(sentence(part))}</span>" for part in _NEXT_VALUE.split(said))
    return ", ".join(parts)


def _verdict(verdict: str) -> str:
    return f'<span class="verdict {verdict}"><span aria-hidden="true">{mark(verdict)}</span> {verdict}</span>'


def _value(number: str) -> str:
    return _text(number.replace("-", "−"))


# What somebody wrote


def _marked(line: Entry) -> str:
    """A line as it is written, the place of its finding marked."""
    source = plainly(line["source"])
    start, end = _offsets(line, source)
    if start >= end or (start, end) == (0, len(source)):
        return _text(source)
    return f"{_text(source[:start])}<mark>{_text(source[start:end])}</mark>{_text(source[end:])}"


def _offsets(line: Entry, source: str) -> tuple[int, int]:
    """Where in the line the place of its finding begins and ends."""
    starts, place = Lines(source).starts, line["place"]

    def offset(number: int, column: int) -> int:
        row = number - line["line"]
        if not 0 <= row < len(starts):
            return 0 if row < 0 else len(source)
        return min(max(starts[row] + column - (line["column"] if row == 0 else 1), 0), len(source))

    return offset(place["line"], place["column"]), offset(place["end_line"], place["end_column"])


def _change(words: str, latex: bool) -> str:
    """A change such as "w_{jk} should be w_{kj}, wherever it stands": of LaTeX, what is changed is set as formulas."""
    before, should_be, after = words.partition(_SHOULD_BE)
    if not should_be:
        return quoting(words)
    found = _REMARK.search(after)
    remark = found.group() if found else ""
    return f"{_part(before, latex)}{should_be}{_part(after.removesuffix(remark), latex)}{quoting(remark)}"


def _part(source: str, latex: bool) -> str:
    if source == _NOTHING:
        return source
    return (typeset(source) if latex else "").replace(' displaystyle="true"', "") or f"<code>{_text(source)}</code>"


def _text(text: str) -> str:
    """Text as HTML, with a mark in place of what does not print; line breaks stay."""
    return html.escape(printable(text, "\n"))


__all__ = ["check_page", "page_entry"]
