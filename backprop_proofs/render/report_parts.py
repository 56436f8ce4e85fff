"""What every view of a checked derivation says in the same words: marks, places, the counterexample, what mends it.

What somebody else wrote is text to be shown, never trusted: on one line, without control characters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, CheckedLine, Repair, Report
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.language.network import Network
from backprop_proofs.printable import one_line
from backprop_proofs.reading.syntax import Lines, Span
from backprop_proofs.render.alphabets import UNICODE
from backprop_proofs.render.outline import superscripts
from backprop_proofs.render.prose import ascii_text, spelled

VERDICTS = (PROVED, REFUTED, UNDECIDED, UNREADABLE)
MARKS = {PROVED: ("✓", "+"), REFUTED: ("✗", "x"), UNDECIDED: ("?", "?"), UNREADABLE: ("!", "!")}
NOTHING = "no equation was found"
MOST_INPUTS = 40  # of a counterexample, on a page
STANDARD_INPUT = "<stdin>"
_LONG_DECIMAL = re.compile(r"(?<![\w.])-?\d+\.\d{6,}(?![\w.])")


def mark(verdict: str, unicode: bool = True) -> str:
    """The sign of a verdict, one character."""
    return MARKS[verdict][0 if unicode else 1]


def dialect(text: str, unicode: bool) -> str:
    """The text on one line, in ASCII where there is no Unicode."""
    return one_line(text) if unicode else ascii_text(one_line(text))


def shortened(text: str, room: int, unicode: bool = True) -> str:
    """The text, or its beginning and dots where it has no room."""
    return text if len(text) <= room else text[: max(room - len(dots(unicode)), 1)].rstrip() + dots(unicode)


def dots(unicode: bool) -> str:
    """What stands for something left out."""
    return "…" if unicode else "..."


def file_name(name: str) -> str:
    """A file as a page names it."""
    return STANDARD_INPUT if name == "-" else one_line(name) or "''"


def plainly(text: str) -> str:
    """The text with each kind of line break as one character that ends a line; every place stays where it is."""
    return text.replace("\r\n", " \n").replace("\r", "\n")


class Place(NamedTuple):
    """A span as lines and columns from 1; the end is the first column after it."""

    line: int
    column: int
    end_line: int
    end_column: int


def place_of(lines: Lines, span: Span) -> Place:
    """Where a span begins and ends."""
    return Place(*lines.place(span.start), *lines.place(max(span.end, span.start)))


def said(line: CheckedLine) -> str:
    """What is said of a line, in one sentence, long decimals to six digits; "" where there is nothing to say."""
    if line.message or line.verdict == PROVED:
        return one_line(_in_few_digits(line.message))
    return {REFUTED: "it is not true", UNDECIDED: "neither proved nor refuted"}.get(line.verdict, "it cannot be read")


def _in_few_digits(text: str) -> str:
    """The text with its long decimals to six digits, unless two that differ would then be the same."""
    long = set(_LONG_DECIMAL.findall(text))
    if len(set(map(_number, long))) < len(long):
        return text
    return _LONG_DECIMAL.sub(lambda found: _number(found.group()), text)


def tally(verdicts: Iterable[str], what: str) -> tuple[str, list[tuple[int, str]]]:
    """How many lines or files there are, and how many of each verdict: "3 lines", [(2, "proved"), (1, "refuted")]."""
    counts = Counter(verdicts)
    total = counts.total()
    return f"{total:,} {what}{'' if total == 1 else 's'}", [(counts[one], one) for one in VERDICTS if counts[one]]


def first_wrong(report: Report) -> CheckedLine | None:
    """The first line that is refuted."""
    return next((line for line in report.lines if line.verdict == REFUTED), None)


def deciding(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The line of a file's entry on which its verdict rests, where it is not that all are proved."""
    rest = [line for line in entry["lines"] if line["verdict"] != PROVED]
    return next((line for line in rest if line["verdict"] == entry["verdict"]), rest[0] if rest else None)


def with_verdict(report: Report, verdict: str) -> Sequence[CheckedLine]:
    """The lines of one verdict, without the first wrong one."""
    first = first_wrong(report)
    return [line for line in report.lines if line.verdict == verdict and line is not first]


def remarks(report: Report) -> Iterator[tuple[int | None, str]]:
    """All notes, each with the number of its line in the text; those on the whole first."""
    yield from ((None, one_line(note)) for note in report.notes)
    for line in report.lines:
        of_right = (line.message,) if line.verdict == PROVED and line.message else ()
        yield from ((line.line, one_line(note)) for note in (*of_right, *line.notes))


def around(line: CheckedLine) -> tuple[str, str, str]:
    """What is written in a line before, within and after the place of its finding; ("...", "", "") for no place."""
    source, place = line.source, line.place
    if place is None or line.span.end - line.span.start != len(source):
        return source, "", ""
    start, end = (min(max(at - line.span.start, 0), len(source)) for at in place)
    return source[:start], source[start:end], source[end:]


# What mends it


def mending(repair: Repair) -> str:
    """The change in words, and how many others would do as well."""
    return change_in_words(repair) + other_changes(repair)


def change_in_words(repair: Repair) -> str:
    """What is to be changed: "w^{l+1}_{jk} should be w^{l+1}_{kj}"."""
    return one_line(repair.message) or one_line(repair.mistake).replace("-", " ")


def other_changes(repair: Repair) -> str:
    """How many other changes would do as well, in parentheses; "" where there is none."""
    plural = "" if repair.others == 1 else "s"
    return f" ({repair.others} other change{plural} of one place would do as well)" if repair.others else ""


# Where it fails


class Failure(NamedTuple):
    """A counterexample in words, each a list of "name = value" but the last two."""

    sizes: str
    indices: str
    inputs: str
    functions: tuple[str, ...]
    left: str
    right: str


def failure(found: Counterexample, network: Network | None) -> Failure:
    """The counterexample in words; network: whose letters they are, for w^l_jk in place of w[l, j, k]."""
    return failure_in(found, {} if network is None else superscripts(network))


def failure_in(found: Counterexample, above: Mapping[str, int]) -> Failure:
    """The same; above: how many indices of each quantity stand above."""
    more = len(found.inputs) - MOST_INPUTS
    inputs = _listed(found.inputs[:MOST_INPUTS], above) + (f", and {more:,} more" if more > 0 else "")
    functions = tuple(_polynomial(function) for function in found.functions)
    sides = (_number(found.left), _number(found.right))
    if sides[0] == sides[1]:  # they differ, and in more digits that is seen
        sides = (str(found.left), str(found.right))
    return Failure(_listed(found.sizes, above), _listed(found.indices, above), inputs, functions, *sides)


def _listed(values: Iterable[tuple[str, object]], above: Mapping[str, int]) -> str:
    return ", ".join(f"{one_line(spelled(name, above))} = {_number(value)}" for name, value in values)


def _polynomial(function: str) -> str:
    """sigma(u1, u2) = 2*u1**2 as σ(u_1, u_2) = 2 u_1^2."""
    named = re.sub(r"^\w+(?=\()", lambda match: UNICODE.name(match.group()), function)
    return one_line(re.sub(r"\bu(\d+)", r"u_\1", named).replace("**", "^").replace("*", " "))


def _number(value: object) -> str:
    """A number as it is, a long decimal to six digits."""
    text = str(value)
    return f"{float(text):.6g}" if "." in text else text
