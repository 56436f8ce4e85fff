"""The command line: what it prints, where, and its exit status; every bad input is one line on standard error."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli.terminals import COMMAND, Run, heed_interrupts, on_a_terminal, process

from backprop_proofs import __version__, cli
from backprop_proofs.derivation.theorems import THEOREMS
from backprop_proofs.kernel.rules import RULES
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.networks.costs import COSTS

# What it prints


def test_prove_proves_all_four(run: Run) -> None:
    status, out, err = run("prove")
    assert (status, err) == (0, "")
    for name in ("bp1", "bp2", "bp3", "bp4"):
        assert f"{name}: proved\n" in out
    assert out.count("Checked by") == out.count("agrees  raw SymPy") == out.count("agrees  exact instances") == 4
    assert max(map(len, out.splitlines())) <= 80


def test_prove_in_a_concrete_network_writes_the_sums_out(run: Run) -> None:
    status, out, _ = run("prove", "bp2", "--widths", "2,3,2", "--activation", "sigmoid", "--cost", "quadratic")
    assert status == 0
    assert "σ(u) = 1/(1 + exp(-u))" in out
    assert "  δ^2_3 = (w^3_13 δ^3_1 + w^3_23 δ^3_2) σ'(z^2_3)   raw SymPy agrees\n" in out
    assert out.count("raw SymPy agrees") == 3
    assert "and 24 more" in run("prove", "bp4", "--widths", "3,4,4,2")[1]


@pytest.mark.parametrize("name", ["BP1", "Backward-Pass"])
def test_a_theorem_may_be_written_in_capitals(run: Run, name: str) -> None:
    assert run("prove", name, "--detail", "brief")[1].startswith(f"{name.lower()}: proved\n")


def test_details_tell_more_and_more(run: Run) -> None:
    pages = [run("prove", "bp2", "--detail", detail)[1] for detail in ("brief", "steps", "full")]
    assert len(pages[0]) < len(pages[1]) < len(pages[2])


def test_two_layers_leave_bp2_out(run: Run) -> None:
    status, out, err = run("prove", "--widths", "2,2", "--detail", "brief")
    assert status == 0
    assert "bp1: proved" in out
    assert "bp2" not in out
    assert err == "backprop-proofs: bp2 is left out: it steps between layers after the first, and there is only one\n"


@pytest.mark.parametrize(
    ("format", "start"), [("markdown", "## bp4\n"), ("latex", r"\paragraph{bp4.}"), ("text", "bp4: proved")]
)
def test_formats(run: Run, format: str, start: str) -> None:
    status, out, _ = run("prove", "bp4", "--format", format)
    assert status == 0
    assert out.startswith(start)


def test_a_standalone_document(run: Run) -> None:
    out = run("prove", "bp1", "bp2", "--format", "latex", "--standalone")[1]
    assert out.startswith(r"\documentclass")
    assert out.count(r"\begin{document}") == out.count(r"\end{document}") == 1


def test_derive_finds_the_gradient(run: Run) -> None:
    status, out, _ = run("derive", "w")
    assert status == 0
    assert out.startswith("dC/dw: proved\n")
    assert "∂C/∂w^l_jk = δ^l_j a^(l-1)_k" in out or "∂C/∂w^l_jk = a^(l-1)_k δ^l_j" in out


def test_audit(run: Run) -> None:
    status, out, _ = run("audit", "--widths", "784,30,10")
    assert status == 0
    assert out.startswith("audit: proved\n  23,860 partial derivatives of the cost compared\n")


def test_explain_shows_a_use_of_the_rule(run: Run) -> None:
    status, out, _ = run("explain", "kronecker-collapse")
    assert status == 0
    for said in (
        "kronecker-collapse\n",
        "Why: ",
        "Source: Nielsen",
        "[k=j]\n",
        "^^^^^   k → j\n",
        "    = w^(l+1)_mj\n",
    ):
        assert said in out


def test_list_names_everything(run: Run) -> None:
    status, out, _ = run("list")
    assert status == 0
    for name in (*THEOREMS, *RULES, *ACTIVATIONS, *COSTS, "mlp"):
        assert re.search(rf"^  {name} ", out, re.MULTILINE), name


def test_version_and_help(run: Run) -> None:
    assert run("--version") == (0, f"backprop-proofs {__version__}\n", "")
    assert run() == run("--help")
    for command in ("prove", "derive", "audit", "verify", "explain", "list"):
        status, out, err = run(command, "--help")
        assert (status, err) == (0, "")
        assert out.startswith(f"Usage: backprop-proofs {command} ")


# Bad input

FAULTS = {
    "prove bp9": "unknown theorem 'bp9': did you mean 'bp",
    "prove bp1 --widths 2": "widths: expected at least two layers",
    "prove --widths 2,x,3": "widths: expected positive whole numbers, such as 2,3,2; found 'x'",
    "prove --widths 2,3.5": "found '3.5'",
    "prove --widths 2,-1": "found -1",
    "prove --widths 0,2": "found 0",
    "prove --widths ,": "found ''",
    "prove --widths 2,٣": "found '٣'",
    "prove --widths 2,3 --depth 3": "expected 3 layers",
    "prove --depth 1": "depth: expected a whole number of at least 2 layers; found 1",
    "prove --depth x": "Invalid value for '--depth'",
    "prove --activation sigmod": "unknown activation 'sigmod': did you mean 'sigmoid'?",
    "prove --cost cube": "unknown cost 'cube': known: any, quadratic",
    "prove --format pdf": "unknown format 'pdf': known: text, markdown, latex, html, json, svg, png",
    "prove --detail ful": "unknown detail 'ful': did you mean 'full'?",
    "prove --standalone": "--standalone: expected --format latex; found text",
    "prove bp2 --widths 2,2": "bp2: expected at least three layers",
    "prove -o /nonexistent/bp.txt": "cannot write /nonexistent/bp.txt: No such file or directory",
    "prove -o /": "cannot write /: it is a directory",
    "prove --bogus": "No such option: --bogus",
    "prove --widths": "--widths",
    "derive": "Missing argument 'WRT'",
    "derive q": "unknown quantity 'q'",
    "derive C": "found C itself",
    "audit --format latex": "unknown format 'latex': did you mean 'text'?",
    "audit --widths 1000000000,1000000000": "at most",
    "verify": "Missing argument 'PROOF.json'",
    "verify /nonexistent.json": "cannot read /nonexistent.json: No such file or directory",
    "verify /": "cannot read /: Is a directory",
    "verify README.md extra": "unexpected extra argument",
    "explain kroneker": "unknown rule 'kroneker': did you mean 'kronecker-collapse'?",
    "frobnicate": "No such command 'frobnicate'",
    "prove --batch 0": "batch: expected a number of examples of at least 1, or m for any; found 0",
    "prove --batch -3": "found -3",
    "prove --batch 2.5": "found '2.5'",
    "prove --batch M": "found 'M'",
    "prove --batch ٣": "found '٣'",
    "prove --batch": "--batch",
    "prove --decay --batch 0": "batch: expected",
    "prove --decay yes": "unknown theorem 'yes'",
    "prove --hidden softmax": "hidden: expected an activation of one variable, such as sigmoid; found softmax",
    "prove --hidden sigmod": "unknown activation 'sigmod': did you mean 'sigmoid'?",
    "prove --labels 0,1": "labels: expected a network of known widths and one example; found open widths",
    "prove --labels 0,1 --depth 2": "found open widths",
    "prove --labels 0,1 --widths 2,2 --batch 2": "found a batch",
    "prove --labels 0,1 --widths 2,3": "labels: expected 3 numbers, one for each output; found 2",
    "prove --labels 0,x --widths 2,2": "labels: expected numbers, such as 0,1,0 or 0.2,0.8; found 'x'",
    "prove --labels nan,1 --widths 2,2": "found 'nan'",
    "prove --labels 1/0,1 --widths 2,2": "found '1/0'",
    "prove --labels 1e99999999,1 --widths 2,2": "found '1e99999999'",
    "prove --labels , --widths 2,2": "found ''",
    "prove softmax-error-normalised --widths 2,2 --labels 1,1": "labels: expected numbers that sum to 1; found 1, 1",
    "prove softmax-error-normalised --activation sigmoid": "expected softmax with categorical-cross-entropy",
    "prove softmax-sum --activation sigmoid": "softmax-sum: expected softmax; found sigmoid",
    "prove activation-slope --activation softmax": "expected an activation with a formula",
    "prove cross-entropy-error --cost any": "cost: expected one with a formula, such as quadratic; found any C",
    "prove backward-pass --widths 2,2": "backward-pass: expected at least three layers",
    "derive w --hidden softmax": "hidden: expected an activation of one variable",
    "derive w --batch 0": "batch: expected",
    "derive w --labels 1": "labels: expected a network of known widths",
    "derive z --activation softmax": "is used differently at the ends of its range",
    "audit --batch 0": "batch: expected",
    "audit --hidden softmax": "hidden: expected",
    "paths --hidden softmax": "hidden: expected",
    "paths --labels 0,1": "labels: expected",
}


@pytest.mark.parametrize("arguments", FAULTS)
def test_bad_input_is_one_line_and_status_2(run: Run, arguments: str) -> None:
    status, out, err = run(*arguments.split(" "))
    assert (status, out) == (2, "")
    assert err.startswith("backprop-proofs: ")
    assert err.count("\n") == 1
    assert FAULTS[arguments] in err


def test_a_fault_of_the_program_is_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("out of\norder")

    monkeypatch.setattr(cli, "_network", broken)
    assert run("prove") == (2, "", "backprop-proofs: a fault of the program: RuntimeError: out of order\n")


def test_disagreeing_evidence_is_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop_proofs.checking import evidence

    true = evidence.check_raw
    monkeypatch.setattr(
        evidence, "check_raw", lambda *given, **more: evidence.replace(true(*given, **more), agrees=False)
    )
    status, out, _ = run("prove", "bp1")
    assert status == 1
    assert "DISAGREES  raw SymPy" in out


# Files


def test_a_file_is_written_whole_and_nothing_else_is(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "bp4.txt"
    assert run("prove", "bp4", "-o", str(target)) == (0, "", "")
    assert target.read_text(encoding="utf-8") == run("prove", "bp4")[1]
    assert [path.name for path in tmp_path.iterdir()] == ["bp4.txt"]
    target.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(target)
    assert run("prove", "bp1", "-o", str(link))[0] == 0
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8").startswith("bp1")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_a_failed_write_leaves_the_old_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "kept.txt"
    target.write_text("kept")

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    status, _, err = run("prove", "bp1", "-o", str(target))
    assert (status, err) == (2, f"backprop-proofs: cannot write {target}: No space left on device\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["kept"]


def test_a_device_is_written_to_and_stays_one(run: Run) -> None:
    assert run("prove", "bp1", "-o", os.devnull)[0] == 0
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_an_empty_name_is_no_file(run: Run) -> None:
    assert run("prove", "bp1", "-o", "")[0] == 2
    assert run("prove", "bp1", "-o", "-")[1].startswith("bp1: proved")


# The process


@pytest.mark.parametrize("option", ["--help", "--version", "prove --help"])
def test_help_and_version_do_not_import_sympy(option: str) -> None:
    program = f"""
import sys
from backprop_proofs.cli import main
try:
    main({option.split()!r})
finally:
    sys.stderr.write(" ".join(name for name in sys.modules if name in ("sympy", "rich.console")))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "backprop-proofs" in done.stdout


def test_text_to_a_pipe_does_not_import_rich() -> None:
    program = """
import sys
from backprop_proofs.cli import main
try:
    main(["list"])
finally:
    sys.stderr.write(str("rich.console" in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stderr == "False"


def test_ascii_where_there_is_no_unicode() -> None:
    for arguments in (["prove", "bp1"], ["prove", "bp1", "--format", "markdown"], ["list", "--format", "json"]):
        done = process(*arguments, PYTHONIOENCODING="ascii")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()
    assert b"delta^L_j = dC/da^L_j * sigma'(z^L_j)" in process("prove", "bp1", PYTHONIOENCODING="ascii").stdout


def test_a_closed_standard_output_is_one_line() -> None:
    done = subprocess.run(
        f"exec {sys.executable} -m backprop_proofs list >&-", shell=True, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (2, "backprop-proofs: cannot write: standard output is closed\n")


def test_colour_only_on_a_terminal_that_wants_it() -> None:
    assert "\x1b[" in on_a_terminal("explain", "leaf")
    assert "\x1b[" not in on_a_terminal("explain", "leaf", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal("explain", "leaf", TERM="dumb")
    assert b"\x1b[" not in process("explain", "leaf", TERM="xterm-256color").stdout


def test_colour_changes_no_character() -> None:
    coloured = re.sub(r"\x1b\[[0-9;]*m", "", on_a_terminal("prove", "bp1")).replace("\r\n", "\n")
    assert coloured == on_a_terminal("prove", "bp1", NO_COLOR="1").replace("\r\n", "\n")


def test_a_closed_pipe_is_no_fault() -> None:
    for arguments in (["prove", "--detail", "full"], ["list"]):
        with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stderr is not None
            child.stdout.close()
            assert child.stderr.read() == b""
            assert child.wait(timeout=60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (2, "backprop-proofs: No space left on device\n")


def test_an_interrupt_ends_it_quietly() -> None:
    pipe = subprocess.PIPE
    command = [*COMMAND, "verify", "-"]
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, text=True, preexec_fn=heed_interrupts) as child:
        time.sleep(3)  # it has started, and waits for standard input
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        assert "Traceback" not in child.stderr.read()
        assert child.wait(timeout=60) == 130


def test_the_installed_command() -> None:
    command = shutil.which("backprop-proofs", path=str(Path(sys.executable).parent))
    if command is None:
        pytest.skip("not installed here")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"backprop-proofs {__version__}\n"


# JSON


def test_json_is_pure_and_versioned(run: Run) -> None:
    status, out, err = run("prove", "--format", "json")
    assert (status, err) == (0, "")
    assert [one["name"] for one in json.loads(out)["theorems"]] == ["bp1", "bp2", "bp3", "bp4"]
    listed = json.loads(run("list", "--format", "json")[1])
    assert listed["schema"] == "backprop-proofs/list/1"
    assert all(listed[kind] for kind in ("theorems", "rules", "activations", "costs", "networks"))
    audit = json.loads(run("audit", "--widths", "2,3,2", "--format", "json")[1])
    assert (audit["schema"], audit["verdict"], audit["partials"]) == ("backprop-proofs/audit/1", "proved", 17)
    assert all(check["agrees"] is True for check in audit["checks"])


def test_verify_reads_what_prove_writes(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "proof.json"
    run("prove", "bp1", "bp4", "--widths", "2,3,2", "--format", "json", "-o", str(saved))
    status, out, err = run("verify", str(saved))
    assert (status, err) == (0, "")
    assert re.findall(r"^(bp\d): proved \(\d+ rule applications replayed\)$", out, re.MULTILINE) == ["bp1", "bp4"]


def test_verify_names_the_step_that_was_changed(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "proof.json"
    document = json.loads(run("prove", "bp2", "--format", "json")[1])
    document["theorems"][0]["steps"][3]["after"]["tree"][4][1][4] = ["letter", "j"]
    saved.write_text(json.dumps(document))
    status, out, err = run("verify", str(saved))
    assert (status, err) == (1, "")
    assert out.startswith("refuted: bp2, step 4 (theorem): ")
    assert out.count("\n") == 1


def test_verify_reads_standard_input() -> None:
    saved = process("prove", "bp3", "--format", "json").stdout
    done = subprocess.run([*COMMAND, "verify", "-"], input=saved, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"bp3: proved")
