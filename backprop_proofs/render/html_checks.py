"""A checked derivation in HTML: every line with its mark, the first wrong line in full, what mends it.

What somebody else wrote stands in <code>, escaped; the place of a finding is underlined and bold there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop_proofs.checking.report import REFUTED, UNDECIDED, UNREADABLE, CheckedLine, Repair, Report
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.network import Network
from backprop_proofs.render.html import escaped, quoting, sentence
from backprop_proofs.render.html_blocks import block, cells, counterexample_drawing, display, labelled
from backprop_proofs.render.report_parts import (
    NOTHING,
    Failure,
    around,
    failure,
    first_wrong,
    mark,
    mending,
    remarks,
    said,
    tally,
    with_verdict,
)

_PLACE = '<strong style="text-decoration:underline">{}</strong>'
_CODE = '<code style="white-space:pre-wrap;background:none">{}</code>'


def report_html(report: Report) -> str:
    """Verdict, lines, the first wrong line with its counterexample and what mends it, the others in short, notes."""
    return block(_report(report))


def line_html(line: CheckedLine) -> str:
    """One line, what is said of it, where it fails, what mends it."""
    return block((_lines([line]), *_about(line, None), *(f"<p>{quoting(note)}</p>" for note in line.notes)))


def repair_html(repair: Repair) -> str:
    """What mends a line, and the mended line."""
    return block(_repair(repair))


def _report(report: Report) -> Iterator[str]:
    total, counts = tally((line.verdict for line in report.lines), "line")
    counted = ", ".join(f"{count:,} {verdict} {mark(verdict)}" for count, verdict in counts)
    found = f"{total}: {counted}" if counts else NOTHING
    yield f"<p><strong>Derivation: {escaped(report.verdict)}.</strong> {found}.</p>"
    if report.lines:
        yield _lines(report.lines)
    wrong = first_wrong(report)
    if wrong is not None:
        yield f"<p><strong>The first wrong line</strong> (line {wrong.line})</p>"
        yield from _about(wrong, report.network)
    for label, verdict in (("Also wrong", REFUTED), ("Not decided", UNDECIDED), ("Not read", UNREADABLE)):
        yield from _briefly(label, with_verdict(report, verdict))
    notes = [note if line is None else f"line {line}: {note}" for line, note in remarks(report)]
    if notes:
        yield f"<p><strong>Notes</strong></p><ul>{''.join(f'<li>{quoting(note)}</li>' for note in notes)}</ul>"


def _lines(lines: Sequence[CheckedLine]) -> str:
    rows = (cells("td", mark(line.verdict), str(line.line), _source(line), escaped(line.verdict)) for line in lines)
    return "\n".join((f"<table><thead>{cells('th', '', 'line', '', '')}</thead><tbody>", *rows, "</tbody></table>"))


def _source(line: CheckedLine) -> str:
    before, within, after = map(_tidy, around(line))
    return _CODE.format(before + (_PLACE.format(within) if within else "") + after)


def _about(line: CheckedLine, network: Network | None) -> Iterator[str]:
    if said(line):
        yield f"<p>{quoting(said(line))}</p>"
    if line.verdict == REFUTED:
        yield display(_source(line))
    if line.counterexample is not None:
        yield from _fails(line.counterexample, network)
    if line.repair is not None:
        yield from _repair(line.repair)


def _fails(found: Counterexample, network: Network | None) -> Iterator[str]:
    yield "<p><strong>Where it fails</strong></p>"
    yield from counterexample_drawing(found, network)
    yield failure_table(failure(found, network))


def failure_table(parts: Failure) -> str:
    """The counterexample as a table."""
    rows = [("sizes", parts.sizes), ("for", parts.indices), ("inputs", parts.inputs)]
    rows += [("function", function) for function in parts.functions]
    rows += [("left side", parts.left), ("right side", parts.right)]
    written = "".join(cells("td", name, sentence(value)) for name, value in rows if value)
    return f"<table><tbody>{written}</tbody></table>"


def _repair(repair: Repair) -> Iterator[str]:
    yield labelled("What mends it", quoting(mending(repair)))
    yield display(_CODE.format(_tidy(repair.source)))


def _briefly(label: str, lines: Sequence[CheckedLine]) -> Iterator[str]:
    if not lines:
        return
    items = []
    for line in lines:
        mended = f"; {quoting(line.repair.message)}" if line.repair is not None and line.repair.message else ""
        items.append(f"<li>line {line.line}: {quoting(said(line))}{mended}</li>")
    yield f"<p><strong>{label}</strong></p><ul>{''.join(items)}</ul>"


def _tidy(text: str) -> str:
    """Something that somebody wrote, as HTML; blanks at its ends stay, a line break is a blank."""
    return escaped(" ".join(text.splitlines()))
