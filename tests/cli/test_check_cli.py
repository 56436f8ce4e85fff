"""`backprop-proofs check`: what it prints in each format, files that cannot be read, bad arguments, statuses."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from functools import partial
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from cli.terminals import Run, process
from render.checked import FAILS, MENDS, report_of

from backprop_proofs.checking import check as judge
from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, Report
from backprop_proofs.cli_files import Outcome, status
from backprop_proofs.errors import InvalidInput

SAYS: dict[str, dict[str, Any]] = {
    "p": {},
    "r": {
        "verdict": REFUTED,
        "code": "unequal",
        "message": "it is 100% wrong",
        "counterexample": FAILS,
        "repair": MENDS,
    },
    "u": {"verdict": UNDECIDED, "code": "not-decided", "message": "it is open"},
    "n": {"verdict": UNREADABLE, "code": "unreadable", "message": "it is no formula"},
}
asked: list[dict[str, Any]] = []


def by_the_letter(text: str, **given: Any) -> Report:
    """A judge who goes by the letter on the right: a = p is proved, a = r is refuted."""
    asked.append(given)
    if "raise" in text:
        raise RuntimeError("out of\norder")
    if "refuse" in text:
        raise InvalidInput("it is too long")
    verdicts = dict(enumerate(SAYS[letter] for letter in re.findall(r"= ([prun])$", text, re.MULTILINE)))
    return report_of(text, verdicts)


@pytest.fixture
def check(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command `check` within this process, with a judge who goes by the letter."""
    monkeypatch.setattr(judge, "check", by_the_letter)
    asked.clear()
    return partial(run, "check")


# One file


def test_one_file(check: Run, folder: Path) -> None:
    code, out, err = check("pru.txt")
    assert (code, err) == (1, "")
    assert out.startswith("pru.txt: refuted\n----------------\n  ✓ 1  a = p\n  ✗ 2  a = r\n  ? 3  a = u\n")
    for part in (
        "\n  3 lines: 1 proved ✓, 1 refuted ✗, 1 undecided ?\n",
        "\nLine 2, column 1: it is 100% wrong\n",
        "\nWhere it fails\n",
        "\nWhat mends it\n",
        "\nNot decided\n  line 3: it is open\n",
    ):
        assert part in out
    assert max(map(len, out.splitlines())) <= 80
    assert "at line" not in out


def test_standard_input(check: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for text, code in (("a = p\n", 0), ("a = r\n", 1)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        found = check("-")
        assert (found[0], found[2]) == (code, "")
        assert found[1].startswith("<stdin>: ")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a = p\n")))
    assert json.loads(check("-", "-f", "json")[1])["files"][0]["file"] == "-"


def test_what_is_said_of_the_network_is_handed_on(check: Run, folder: Path) -> None:
    equations = "z_i = \\sum_j W_{ij} x_j ; a_i = \\tanh(z_i) ; C = \\sum_i (a_i - y_i)^2\n"
    (folder / "net.txt").write_text(equations)
    check("p.txt", "u.txt", "--activation", "softmax", "--cost", "quadratic")
    check("p.txt", "--network", "net.txt")
    check("p.txt")
    given = {"network": None, "activation": "softmax", "cost": "quadratic"}
    nothing = {"network": None, "activation": None, "cost": None}
    assert asked == [given, given, nothing | {"network": equations}, nothing]


def test_a_page_goes_to_a_file(check: Run, folder: Path) -> None:
    for format in ("text", "json", "sarif", "github"):
        printed = check("pru.txt", "-f", format)
        assert check("pru.txt", "-f", format, "-o", "out") == (1, "", "")
        assert (folder / "out").read_text(encoding="utf-8") == printed[1]


# Several files


def test_several_files_end_in_a_table(check: Run, folder: Path) -> None:
    code, out, err = check("p.txt", "pru.txt", "u.txt", "ur.txt")
    assert (code, err) == (1, "")
    assert out.startswith("pru.txt: refuted\n----------------\nLine 2, column 1: ")
    assert out.count("\nWhere it fails\n") == 2  # a page each for those that are wrong
    rows = [re.split(r"\s{2,}", row) for row in out[out.index("\nfile ") :].splitlines()[2:]]
    assert rows == [
        ["p.txt", "✓ proved", "1", "-"],
        ["pru.txt", "✗ refuted", "3", "2", "it is 100% wrong"],
        ["u.txt", "? undecided", "1", "1", "it is open"],
        ["ur.txt", "✗ refuted", "2", "2", "it is 100% wrong"],
        [""],
        ["4 files: 1 proved ✓, 2 refuted ✗, 1 undecided ?"],
    ]


def test_files_keep_their_order_in_every_format(check: Run, folder: Path) -> None:
    names = ["u.txt", "p.txt", "pru.txt", "n.txt", "p.txt"]
    document = json.loads(check(*names, "-f", "json")[1])
    assert document["schema"] == "backprop-proofs/check/1"
    assert [entry["file"] for entry in document["files"]] == names
    assert [entry["verdict"] for entry in document["files"]] == [UNDECIDED, PROVED, REFUTED, UNREADABLE, PROVED]
    assert document["files"][2]["first_bad_line"] == 1
    found = json.loads(check(*names, "-f", "sarif")[1])["runs"][0]["results"]
    assert [result["level"] for result in found] == ["note", "error", "note", "warning"]
    lines = check(*names, "-f", "github")[1].splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::notice", "::error", "::notice", "::warning"]
    assert lines[1].startswith("::error file=pru.txt,line=2,endLine=2,col=1,endColumn=6,title=refuted (unequal)::")
    assert "it is 100%25 wrong%0Aw^{l+1}_{jk} should be" in lines[1]


# Files that cannot be read


def test_each_bad_file_is_one_line(check: Run, bad: dict[str, str]) -> None:
    for name, why in bad.items():
        code, out, err = check(name)
        assert (code, out) == (2, "")
        assert re.fullmatch(rf"backprop-proofs: cannot (read|check) {re.escape(name)}: {re.escape(why)}\n", err)
        (entry,) = json.loads(check(name, "-f", "json")[1])["files"]
        assert (entry["verdict"], entry["lines"], entry["first_bad_line"]) == (UNREADABLE, [], None)
        assert entry["message"] == why


def test_bad_files_do_not_stop_the_others(check: Run, bad: dict[str, str]) -> None:
    names = [name for bad_one in bad for name in (bad_one, "p.txt")]
    code, out, err = check(*names)
    assert code == 2
    assert err.count("\n") == len(bad)
    assert out.endswith(f"{2 * len(bad)} files: {len(bad)} proved ✓, {len(bad)} unreadable !\n")
    assert check(*names, "pru.txt")[0] == 1


def test_an_unreadable_line_or_an_empty_file_is_no_fault(check: Run, folder: Path) -> None:
    (folder / "empty.txt").write_text("")
    code, out, err = check("empty.txt")
    assert (code, err) == (2, "")
    assert "no equation was found" in out
    assert check("pn.txt")[0] == 3


def test_a_fault_of_the_program_on_one_file(check: Run, folder: Path) -> None:
    (folder / "raise.txt").write_text("raise")
    for format in ("text", "json", "sarif", "github"):
        code, out, err = check("p.txt", "raise.txt", "pp.txt", "-f", format)
        assert code == 2
        said = "backprop-proofs: cannot check raise.txt: a fault of the program: RuntimeError: out of order\n"
        assert err == said
        assert "raise.txt" in out
    entries = json.loads(check("p.txt", "raise.txt", "pp.txt", "-f", "json")[1])["files"]
    assert [(entry["verdict"], len(entry["lines"])) for entry in entries] == [(PROVED, 1), (UNDECIDED, 0), (PROVED, 2)]
    assert check("raise.txt", "pru.txt")[0] == 1


def test_encodings(check: Run, folder: Path) -> None:
    for number, (encoding, mark) in enumerate((("utf-8", b""), ("utf-8-sig", b""), ("utf-16", b""), ("latin-1", b""))):
        (folder / f"{number}").write_bytes(mark + "für alle\na = p\n".encode(encoding))
        assert check(f"{number}")[0] == 0


def test_a_name_with_control_characters_is_one_plain_line(check: Run, folder: Path) -> None:
    name = "a\x1b[31m\nb"
    (folder / name).write_text("a = r\n")
    for arguments in ((name,), (name, "p.txt"), (f"{name}gone",)):
        _, out, err = check(*arguments)
        assert "\x1b" not in out + err
        assert err.count("\n") <= 1
    assert json.loads(check(name, "-f", "json")[1])["files"][0]["file"] == name
    assert "\n" not in check(name, "-f", "github")[1].removesuffix("\n")


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_a_name_that_is_no_text(check: Run, folder: Path) -> None:
    name = os.fsdecode(b"\xff.txt")
    (folder / name).write_text("a = r\n")
    assert check(name)[:2] == (1, check(name, "-o", "-")[1])
    for format in ("text", "json", "sarif", "github"):
        assert check(name, f"{name}gone", "-f", format, "-o", "out")[0] == 1


# Exit statuses

WORST = {"refuted": 1, "unreadable": 2, "fault": 2, "undecided": 3, "proved": 0}  # in the order that decides


@pytest.mark.parametrize("count", [1, 2, 3])
def test_the_status_of_several_files(count: int) -> None:
    for verdicts in combinations_with_replacement(WORST, count):
        found = [
            Outcome("", {"verdict": "undecided" if verdict == "fault" else verdict}, (), "why" * (verdict == "fault"))
            for verdict in verdicts
        ]
        assert status(found) == status(found[::-1]) == next(WORST[verdict] for verdict in WORST if verdict in verdicts)


def test_the_status_of_each_file(check: Run, folder: Path) -> None:
    statuses = {"p": 0, "pp": 0, "pru": 1, "u": 3, "n": 2, "pn": 3, "ur": 1}
    assert {name: check(f"{name}.txt")[0] for name in statuses} == statuses


# What mends a line, as an editor applies it

WRONG = {
    "align": r"""\begin{align}
\delta^l_j &= \frac{\partial C}{\partial z^l_j} \\
  \delta^l_j &= \sum_k w^{l+1}_{jk} % two slips
      \delta^{l+1}_k \sigma'(z^l_j) \\
\frac{\partial C}{\partial w^l_{jk}} &= a^l_k \delta^l_j
\end{align}
""",
    "prose": r"""Hence $\delta^l_j = \sigma'(z^l_j) \sum_k w^{l+1}_{jk} \delta^{l+1}_k$ for all j,
and then $\partial C/\partial b^l_j = -\delta^l_j$.
""",
    "text": "  ∂C/∂b^[l]_j = δ^[l]_j\n  ∂C/∂w^[l]_jk = a^[l]_k δ^[l]_j   (𝜎 is σ)\n",
    "definition": r"\[ C = \frac{1}{2} \|y - a^L\| = \frac{1}{2} \sum_j (y_j - a^L_j)^2 \]",
    "carried": "∂C/∂z^L_j = ∂C/∂a^L_j σ(z^L_j)\n    = δ^L_j\n    = -δ^L_j\n",
}


def fixes_of(run: Run, file: Path) -> list[Any]:
    """What SARIF says of a file: the fix of each line that is refuted."""
    results = json.loads(run("check", str(file), "--format", "sarif")[1])["runs"][0]["results"]
    assert [len(result.get("fixes", ())) for result in results] == [1] * len(results)
    return [result["fixes"][0] for result in results]


def applied(text: str, fixes: list[Any], file: Path) -> str:
    """The text with the replacements of all fixes, which are in the order of their lines."""
    starts = [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", text))]
    for fix in reversed(fixes):
        (change,) = fix["artifactChanges"]
        assert change["artifactLocation"]["uri"] == file.as_uri()
        (replacement,) = change["replacements"]
        region = replacement["deletedRegion"]
        start = starts[region["startLine"] - 1] + region["startColumn"] - 1
        end = starts[region["endLine"] - 1] + region["endColumn"] - 1
        text = text[:start] + replacement["insertedContent"]["text"] + text[end:]
    return text


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_fix_in_sarif_mends_the_file(run: Run, tmp_path: Path, name: str, newline: str) -> None:
    file = tmp_path / "derivation.tex"
    text = WRONG[name].replace("\n", newline)
    file.write_text(text, encoding="utf-8", newline="")
    fixes = fixes_of(run, file)
    assert fixes
    assert all(" should be " in fix["description"]["text"] for fix in fixes)
    again = applied(text, fixes, file)
    before, after = judge.check(text), judge.check(again)
    assert [line.verdict for line in before.lines].count(REFUTED) == len(fixes)
    assert [line.verdict for line in after.lines] == [PROVED] * len(before.lines)


def test_what_nothing_mends_has_no_fix(check: Run, folder: Path) -> None:
    results = json.loads(check("pru.txt", "n.txt", "-f", "sarif")[1])["runs"][0]["results"]
    assert ["fixes" in result for result in results] == [True, False, False]


def test_x_is_x_mends_nothing() -> None:
    (line,) = judge.check(r"\[ \delta^l_j = q_j \]").lines
    assert (line.verdict, line.repair) == (UNDECIDED, None)


# Arguments

FAULTS = {
    "check": "Missing argument 'FILE",
    "check p.txt --format latex": "unknown format 'latex': did you mean 'text'?",
    "check p.txt --format pdf": "unknown format 'pdf'",
    "check p.txt --activation sigmod": "unknown activation 'sigmod': did you mean 'sigmoid'?",
    "check p.txt --cost cube": "unknown cost 'cube'",
    "check p.txt --jobs 0": "Invalid value for '--jobs'",
    "check p.txt --jobs two": "Invalid value for '--jobs'",
    "check - p.txt -": "standard input can be read only once",
    "check - --network -": "standard input can be read only once",
    "check p.txt --network gone.txt": "cannot read gone.txt: No such file or directory",
    "check p.txt --network .": "cannot read .: expected a file or -; found a directory",
    "check p.txt -o gone/out.txt": "cannot write gone/out.txt",
    "derive W --network gone.txt": "cannot read gone.txt: No such file or directory",
    "derive W --network p.txt --depth 3": "--network: expected no option of the perceptron beside it; found --depth",
    "derive W --network p.txt --activation any": "found --activation",
    "derive W --network p.txt --decay": "found --decay",
}


@pytest.mark.parametrize("arguments", FAULTS)
def test_bad_arguments_are_one_line_and_status_2(run: Run, folder: Path, arguments: str) -> None:
    code, out, err = run(*arguments.split(" "))
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert FAULTS[arguments] in err


@pytest.mark.parametrize("text", ["z_i = ", "hello", "z_i = \\sum_j W_{ij} x_j +"])
def test_a_network_that_is_none_is_said_once(check: Run, folder: Path, text: str) -> None:
    (folder / "net.txt").write_text(text)
    code, out, err = check("p.txt", "u.txt", "--network", "net.txt")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert asked == []


def test_help_says_what_the_statuses_mean() -> None:
    done = process("check", "--help")
    said = " ".join(done.stdout.decode().split())
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Exit status: 1 if a line is refuted; else 2 if a file cannot be read; else 3 if" in said
    for option in (
        "--network FILE",
        "--activation NAME",
        "--cost NAME",
        "--format FORMAT",
        "--jobs N",
        "--output FILE",
    ):
        assert option in said


def test_help_imports_neither_sympy_nor_the_reader() -> None:
    program = """
import sys
from backprop_proofs.cli import main
try:
    main(["check", "--help"])
finally:
    sys.stderr.write(" ".join(name for name in sys.modules if name in ("sympy", "lark", "rich.console")))
"""
    done = process(command=[sys.executable, "-c", program])
    assert (done.returncode, done.stderr) == (0, b"")


# Networks of one's own


def test_derive_in_a_network_of_ones_own(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "net.txt"
    file.write_text("z_i = \\sum_j W_{ij} x_j + b_i ; a_i = \\tanh(z_i) ; C = \\sum_i (a_i - y_i)^2 / 2\n")
    code, out, err = run("derive", "W", "--network", str(file))
    assert (code, err) == (0, "")
    assert out.startswith("dC/dW: proved\n")
    assert "tanh'(z_j) x_k" in out
