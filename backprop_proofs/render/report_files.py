"""Checked derivations as files for other programs: JSON, SARIF 2.1.0, and the workflow commands of GitHub.

All of them are made from the entries of the JSON document, one a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from backprop_proofs.checking.codes import CODES
from backprop_proofs.checking.report import CheckedLine, Repair, Report
from backprop_proofs.printable import one_line, printable
from backprop_proofs.reading.syntax import Lines, Span
from backprop_proofs.render.proof_file import counterexample_data
from backprop_proofs.render.report_parts import NOTHING, Place, file_name, place_of, plainly, said

Data = dict[str, Any]
SCHEMA = "backprop-proofs/check/1"
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"refuted": "error", "undecided": "note", "unreadable": "warning"}
_COMMANDS = {"refuted": "error", "undecided": "notice", "unreadable": "warning"}


# JSON


def file_entry(file: str, report: Report, mended: bool = True) -> Data:
    """What is said of one file; mended: with what mends its lines, which takes longer than all else."""
    places = Lines(plainly(report.text))
    entry = {
        "file": _named(file),
        "verdict": report.verdict,
        "first_bad_line": report.first_bad_line,
        "lines": [_line_data(line, report, places, mended) for line in report.lines],
        "notes": list(report.notes),
    }
    return entry if report.lines else entry | {"message": NOTHING}


def failed_entry(file: str, verdict: str, message: str) -> Data:
    """A file of which nothing can be said, and why."""
    nothing: Data = {"first_bad_line": None, "lines": [], "notes": []}
    return {"file": _named(file), "verdict": verdict, **nothing, "message": one_line(message)}


def check_document(entries: Sequence[Data]) -> Data:
    """All files, in the order given."""
    return {"schema": SCHEMA, "files": list(entries)}


def page(entries: Sequence[Data], format: str, version: str) -> str:
    """All files in one of the formats json, sarif and github."""
    if format == "github":
        return "".join(f"{command}\n" for command in github_commands(entries))
    document = check_document(entries) if format == "json" else sarif_document(entries, version)
    return json.dumps(document, indent=2) + "\n"


def _line_data(line: CheckedLine, report: Report, places: Lines, mended: bool) -> Data:
    """One line; its place is that of the finding, or all of the line."""
    repair = line.repair if mended else None
    return {
        "index": line.index,
        "line": line.line,
        "column": line.column,
        "source": line.source,
        "verdict": line.verdict,
        "code": line.code,
        "message": said(line),
        "place": place_of(places, line.place or line.span)._asdict(),
        "counterexample": line.counterexample and counterexample_data(line.counterexample),
        "repair": repair and _repair_data(repair, place_of(places, _source_span(line, report.text))),
        "rules": list(line.rules),
        "notes": list(line.notes),
    }


def _source_span(line: CheckedLine, text: str) -> Span:
    """The place of a line's source: its span without the blanks at both ends."""
    written = line.span.within(text)
    start = line.span.start + len(written) - len(written.lstrip())
    return Span(start, start + len(written.strip()))


def _repair_data(repair: Repair, place: Place) -> Data:
    """A repair; its source belongs at its place, instead of what stands there."""
    return {
        "mistake": repair.mistake,
        "message": repair.message,
        "source": repair.source,
        "others": repair.others,
        "place": place._asdict(),
    }


def _named(file: str) -> str:
    """A file's name as text: a name may hold bytes that are none."""
    return os.fsencode(file).decode("utf-8", "replace")


# SARIF


def sarif_document(entries: Sequence[Data], version: str) -> Data:
    """Each line that is not proved as a result, each file that could not be checked as a notification."""
    found = [(entry, line) for entry in entries for line in entry["lines"] if line["verdict"] in _LEVELS]
    rules = {rule_of(line): line["verdict"] for _, line in reversed(found)}
    names = sorted(rules)
    failed = [entry for entry in entries if "message" in entry]
    invocation = {
        "executionSuccessful": all(entry["verdict"] == "unreadable" for entry in failed),  # else a fault of ours
        "toolExecutionNotifications": [
            {"level": "error", "message": {"text": _without_links(entry["message"])}, "locations": [_location(entry)]}
            for entry in failed
        ],
    }
    driver = {
        "name": "backprop-proofs",
        "version": version,
        "rules": [_rule_data(name, _LEVELS[rules[name]]) for name in names],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(entry, line, names) for entry, line in found],
    }
    return {"version": "2.1.0", "$schema": _SARIF, "runs": [run]}


def rule_of(line: Data) -> str:
    """The stable name of a finding: its code, or its verdict where it has none."""
    return str(line["code"] or line["verdict"])


def _rule_data(name: str, level: str) -> Data:
    words = CODES.get(name, f"the line is {name}")
    return {
        "id": name,
        "shortDescription": {"text": words[0].upper() + words[1:]},
        "defaultConfiguration": {"level": level},
    }


def _result(entry: Data, line: Data, names: Sequence[str]) -> Data:
    rule = rule_of(line)
    result = {
        "ruleId": rule,
        "ruleIndex": names.index(rule),
        "level": _LEVELS[line["verdict"]],
        "message": {"text": _without_links("\n".join(_told(line)))},
        "locations": [_location(entry, line["place"])],
    }
    return result | {"fixes": [_fix(entry, line["repair"])]} if line["repair"] else result


def _fix(entry: Data, repair: Data) -> Data:
    """What mends a line, as an editor can apply it."""
    replacement = {"deletedRegion": _region(repair["place"]), "insertedContent": {"text": repair["source"]}}
    return {
        "description": {"text": _without_links(one_line(repair["message"] or repair["mistake"]))},
        "artifactChanges": [{"artifactLocation": {"uri": _uri(entry["file"])}, "replacements": [replacement]}],
    }


def _location(entry: Data, place: Data | None = None) -> Data:
    physical: Data = {"artifactLocation": {"uri": _uri(entry["file"])}}
    if place is not None:
        physical["region"] = _region(place)
    return {"physicalLocation": physical}


def _region(place: Data) -> Data:
    return dict(zip(("startLine", "startColumn", "endLine", "endColumn"), place.values(), strict=True))


def _uri(file: str) -> str:
    if file == "-":
        return "stdin"
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _without_links(text: str) -> str:
    """In a message of SARIF, [words](address) is a link; a formula such as w[j](x) is none."""
    return text.replace("](", "] (")


def _told(line: Data) -> Iterator[str]:
    """What is wrong, and what mends it."""
    yield line["message"]
    repair = line["repair"]
    if repair is not None:
        yield one_line(f"{repair['message'] or repair['mistake']}: {repair['source']}")


# GitHub


def github_commands(entries: Sequence[Data]) -> Iterator[str]:
    """A workflow command for each line that is not proved, and for each file that could not be checked."""
    for entry in entries:
        if "message" in entry:
            yield _command("error", entry["message"], {"file": _shown(entry), "title": f"{entry['verdict']} file"})
        for line in entry["lines"]:
            if line["verdict"] in _COMMANDS:
                yield _line_command(entry, line)


def _line_command(entry: Data, line: Data) -> str:
    place = line["place"]
    where = {"file": _shown(entry), "line": place["line"], "endLine": place["end_line"], "col": place["column"]}
    if place["end_line"] == place["line"]:
        where["endColumn"] = place["end_column"]
    title = line["verdict"] + (f" ({line['code']})" if rule_of(line) != line["verdict"] else "")
    return _command(_COMMANDS[line["verdict"]], "\n".join(_told(line)), where | {"title": title})


def _shown(entry: Data) -> str:
    """A file's name; its line breaks are written as a command writes them, and what else does not print is a mark."""
    name = file_name(entry["file"]) if entry["file"] == "-" else str(entry["file"])
    return printable(name, keep="\r\n")


def _command(name: str, message: str, properties: Data) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
