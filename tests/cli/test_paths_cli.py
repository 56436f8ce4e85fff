"""`backprop-proofs paths`: the table, LaTeX, Markdown and JSON of a sum over paths, and its exit statuses."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli import terminals
from cli.terminals import errors_on_a_terminal, process
from sympy import Integer

from backprop_proofs import cli
from backprop_proofs.derivation.path_graph import find_paths
from backprop_proofs.derivation.paths import Weight, path_sum, written_out
from backprop_proofs.derivation.tree import Reader
from backprop_proofs.language.binding import alpha_equal
from backprop_proofs.networks.mlp import mlp

COMMAND = (*terminals.COMMAND, "paths")
Run = Callable[[str], tuple[int, str, str]]
SMALL = "--widths 2,3,3,2 --weight 2,2,1"
MILLIONS = "--widths 20,20,20,20,20,20,20,20 --weight 2,1,1"


@pytest.fixture
def run(run: terminals.Run) -> Run:
    """The command within this process, its arguments in one text: (status, standard output, standard error)."""
    return lambda said: run("paths", *said.split())


# What it prints


def test_the_page_of_a_small_network(run: Run) -> None:
    status, out, err = run(SMALL)
    assert (status, err) == (0, "")
    assert out.startswith("paths from w^2_21 to C: 6\n-------------------------\n")
    for said in (
        "  ∂a^(l+1)_m/∂a^l_j = σ'(z^(l+1)_m) w^(l+1)_mj\n",
        "  1  w^2_21 → a^2_2 → a^3_1 → a^4_1 → C\n",
        "\n         ∂C/∂a^4_1 · σ'(z^4_1) w^4_11 σ'(z^3_1) w^3_12 σ'(z^2_2) a^1_1\n",
        "  6  w^2_21 → a^2_2 → a^3_3 → a^4_2 → C\n",
        "  a^1_1 δ^2_2 = Σ_(i=1..n_3) Σ_(m=1..n_4) ∂C/∂a^4_m · σ'(z^4_m) w^4_mi",
        "  proved: the products of all 6 paths add up to it\n",
    ):
        assert said in out
    assert out.count("  agrees  ") == 4
    assert "more" not in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_wide_terminal_has_one_path_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    row = r"^  6  w\^2_21 → a\^2_2 → a\^3_3 → a\^4_2 → C  ∂C/∂a\^4_2 · σ'\(z\^4_2\) w\^4_23 .* a\^1_1$"
    assert re.search(row, run(SMALL)[1], re.MULTILINE)


def test_only_some_are_shown(run: Run) -> None:
    out = run(f"{SMALL} --limit 2")[1]
    assert "The first 2 paths\n" in out
    assert "  … and 4 more\n" in out
    assert re.findall(r"^  (\d+)  w", out, re.MULTILINE) == ["1", "2"]
    assert "The first 0 paths\n  … and 6 more\n" in run(f"{SMALL} --limit 0")[1]
    assert "more\n" not in run(f"{SMALL} --limit 7")[1]


def test_the_full_number_comes_first(run: Run) -> None:
    status, out, _ = run(MILLIONS)
    assert status == 0
    assert out.startswith("paths from w^2_11 to C: 64,000,000\n")
    assert "  … and 63,999,976 more\n" in out
    assert "proved; its 64,000,000 terms are not written out one by one\n" in out
    assert "agrees  path sum by the recursion" in out


def test_softmax_says_what_changes(run: Run) -> None:
    status, out, _ = run("--widths 2,2,2 --weight 3,1,2 --activation softmax --cost categorical-cross-entropy")
    assert status == 0
    assert out.startswith("paths from w^3_12 to C: 2\n")
    said = " ".join(out.split())
    assert (
        "not elementwise: each z^3_k leads to every a^3_m, so a path visits both, and there are n_3 = 2 times" in said
    )
    assert "  2  w^3_12 → z^3_1 → a^3_2 → C" in out
    assert "∂a^L_k/∂z^L_j = a^L_k · ([k=j] - a^L_j)" in out


def test_latex(run: Run) -> None:
    status, out, _ = run(f"{SMALL} --format latex --limit 2")
    assert status == 0
    assert out.startswith(r"\paragraph{Paths from \(w^{2}_{21}\) to \(C\): 6.}")
    assert r"  2.\quad & w^{2}_{21} \to a^{2}_{2} \to a^{3}_{1} \to a^{4}_{2} \to C \\" in out
    assert r"\dots{} and 4 more." in out
    assert out.count(r"\begin{align*}") == out.count(r"\end{align*}") == 3
    assert "→" not in out
    page = run(f"{SMALL} --format latex --standalone")[1]
    assert page.startswith(r"\documentclass")
    assert page.rstrip().endswith(r"\end{document}")


def test_markdown(run: Run) -> None:
    out = run(f"{SMALL} --format markdown")[1]
    assert out.startswith("## Paths from $w^{2} _{21}$ to $C$: 6\n")
    assert len(re.findall(r"^\| \d \| \$w\^\{2\} _\{21\} \\to .*\$ \| \$.*\$ \|$", out, re.MULTILINE)) == 6


def test_a_page_goes_to_a_file(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "paths.txt"
    assert run(f"{SMALL} -o {target}") == (0, "", "")
    assert target.read_text(encoding="utf-8") == run(SMALL)[1]


# JSON


def test_json_of_a_small_network(run: Run) -> None:
    status, out, err = run(f"{SMALL} --format json --limit 4")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert (document["schema"], document["verdict"]) == ("backprop-proofs/paths/1", "proved")
    assert (document["count"], document["shown"], len(document["paths"])) == (6, 4, 4)
    path = document["paths"][3]
    assert [neuron["text"] for neuron in path["neurons"]] == ["a^2_2", "a^3_2", "a^4_2"]
    assert [factor["link"]["text"] for factor in path["factors"]][:2] == ["∂a^2_2/∂w^2_21", "∂a^3_2/∂a^2_2"]
    assert [factor["latex"] for factor in path["factors"]][1] == r"\sigma'(z^{3}_{2}) w^{3}_{22}"
    assert path["product"]["text"].endswith("σ'(z^2_2) a^1_1")
    assert all(check["agrees"] is True for check in document["evidence"])


@pytest.mark.parametrize("said", [SMALL, "--widths 2,2,3 --weight 2,1,2 --activation softmax"])
def test_the_total_is_the_sum_that_was_proved(run: Run, said: str) -> None:
    document = json.loads(run(f"{said} --format json")[1])
    network = mlp(
        tuple(document["sizes"][f"n_{layer}"] for layer in range(1, document["sizes"]["L"] + 1)), **document["settings"]
    )
    weight = Weight(*map(Integer, document["weight"]["indices"]))
    proved = written_out(path_sum(network, weight), [path.product for path in find_paths(network, weight)])
    assert document["written_out"]
    assert Reader().read(document["total"]["tree"]) == proved.statement.rhs


def test_json_counts_in_full(run: Run) -> None:
    document = json.loads(run(f"{MILLIONS} --format json --limit 1")[1])
    assert (document["count"], document["shown"], document["written_out"]) == (64_000_000, 1, False)
    wide = json.loads(run(f"--widths {'10,' * 29}10 --weight 2,1,1 --limit 0 --format json")[1])
    assert (wide["count"], wide["verdict"]) == (10**28, "proved")


# Open widths


def test_every_depth_is_shown_by_induction(run: Run) -> None:
    status, out, err = run("")
    assert (status, err) == (0, "")
    assert re.findall(r"^(\S+): proved$", out, re.MULTILINE) == ["path-recursion", "path-total"]
    assert "  ∂a^L_m/∂z^l_j = R^l_mj\n" in out
    assert "  ∂C/∂w^l_jk = (Σ_(m=1..n_L) ∂C/∂a^L_m · R^l_mj) a^(l-1)_k\n" in out
    assert "base case:" in out
    assert "induction step:" in out
    assert "DISAGREES" not in out


def test_a_depth_has_its_nested_sum(run: Run) -> None:
    status, out, _ = run("--depth 4")
    assert status == 0
    assert "  ∂C/∂w^2_jk = Σ_(i=1..n_3) Σ_(m=1..n_4) ∂C/∂a^4_m · σ'(z^4_m) w^4_mi σ'(z^3_i)\n" in out
    assert "∂C/∂a^4_m · ∂a^4_m/∂a^3_i · ∂a^3_i/∂a^2_j · ∂a^2_j/∂w^2_jk\n" in out
    assert "∂C/∂w^4_jk = ∂C/∂a^4_j · σ'(z^4_j) a^3_k\n" in run("--depth 4 --weight 4,1,1")[1]


def test_json_of_open_widths(run: Run) -> None:
    for said, names in {"": ["path-recursion", "path-total"], "--depth 3": ["path-sum", "path-error"]}.items():
        document = json.loads(run(f"{said} --format json")[1])
        assert (document["schema"], document["verdict"]) == ("backprop-proofs/paths/1", "proved")
        assert (document["count"], document["shown"], document["paths"]) == (None, 0, [])
        assert [theorem["name"] for theorem in document["theorems"]] == names
        assert document["total"]["tree"]


@pytest.mark.parametrize("settings", ["", "--depth 3", "--widths 2,3,2", "--activation softmax --depth 3"])
def test_a_saved_proof_is_verified(tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: str) -> None:
    saved = tmp_path / "proof.json"
    names = ["path-sum", "path-error", "path-recursion", "path-total"]
    for arguments in (["prove", *names, *settings.split(), "-f", "json", "-o", str(saved)], ["verify", str(saved)]):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == 0
    assert re.findall(r"^(\S+): proved", capsys.readouterr().out, re.MULTILINE) == names
    document = json.loads(saved.read_text())
    document["theorems"][0]["statement"]["rhs"]["tree"] = document["theorems"][0]["statement"]["lhs"]["tree"]
    saved.write_text(json.dumps(document))
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", str(saved)])
    assert ended.value.code == 1


def test_the_nested_sum_is_that_of_a_network_of_its_depth() -> None:
    for depth in (2, 3, 5):
        known, open_ = path_sum(mlp(depth=depth)), path_sum(mlp())
        assert known.network.name == "mlp"
        assert open_.network.name == "mlp of at least 4 layers"
        assert alpha_equal(known.statement.rhs, known.derivation.steps[-1].after)


# Bad input

FAULTS = {
    "--widths 2,3,3,2": "--weight: expected one, l,j,k, such as 2,2,1; found none",
    "--widths 2,3,3,2 --weight 1,1,1": "weight: expected a layer l of 2..4; found 1",
    "--widths 2,3,3,2 --weight 2,4,1": "weight: expected a neuron j of 1..3 in layer 2; found 4",
    "--widths 2,3,3,2 --weight 2,1,3": "weight: expected a neuron k of 1..2 in layer 1; found 3",
    "--widths 2,3,3,2 --weight 2,1": "weight: expected three whole numbers l,j,k, such as 2,2,1; found '2,1'",
    "--widths 2,3,3,2 --weight 2,1,x": "found '2,1,x'",
    f"{SMALL} --limit -1": "limit: expected a number of paths of at least 0; found -1",
    f"{SMALL} --limit x": "Invalid value for '--limit'",
    f"{SMALL} --format pdf": "unknown format 'pdf'",
    f"{SMALL} --standalone": "--standalone: expected --format latex; found text",
    f"{SMALL} --cost cube": "unknown cost 'cube'",
    "--depth 3 --weight 4,1,1": "weight: expected a layer l of 2..3; found 4",
    "--weight 1,1,1": "weight: expected a layer l at least 2; found 1",
    "--widths 2 --weight 2,1,1": "widths: expected at least two layers",
}


@pytest.mark.parametrize("said", FAULTS)
def test_bad_input_is_one_line_and_status_2(run: Run, said: str) -> None:
    status, out, err = run(said)
    assert (status, out) == (2, "")
    assert err.startswith("backprop-proofs: ")
    assert err.count("\n") == 1
    assert FAULTS[said] in err


def test_without_networkx(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "networkx", None)
    status, out, err = run(SMALL)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "run pip install 'backprop-proofs[paths]'" in err
    assert run(f"{MILLIONS} --limit 0")[0] == run("--depth 3")[0] == 0  # nothing is listed there


def test_disagreeing_evidence_is_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from backprop_proofs.checking import path_report

    true = path_report.path_checks
    monkeypatch.setattr(path_report, "path_checks", lambda net, weight, paths: true(net, weight, paths and paths[:-1]))
    status, out, _ = run(SMALL)
    assert status == 1
    assert "DISAGREES  paths one by one" in out
    assert json.loads(run(f"{SMALL} --format json")[1])["verdict"] == "refuted"


# The terminal


def test_ascii_and_no_networkx_for_help() -> None:
    done = process(*f"{SMALL} --limit 1".split(), command=COMMAND, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"  1  w^2_21 -> a^2_2 -> a^3_1 -> a^4_1 -> C\n" in done.stdout
    assert b"... and 5 more" in done.stdout
    program = """
import sys
from backprop_proofs.cli import main
try:
    main(["paths", "--help"])
finally:
    sys.stderr.write(str({"sympy", "networkx"} & sys.modules.keys()))
"""
    done = process(command=[sys.executable, "-c", program])
    assert done.stderr == b"set()"


def test_thousands_of_paths_show_progress_on_a_terminal_only() -> None:
    many = ["--widths", "2,10,10,10,10", "--weight", "2,1,1", "--limit", "1"]
    out, shown = errors_on_a_terminal(*many, command=COMMAND)
    assert out.startswith(b"paths from w^2_11 to C: 1,000\n")
    assert "1,000 paths" in shown
    assert errors_on_a_terminal(*SMALL.split(), command=COMMAND)[1] == ""
    assert process(*many, command=COMMAND).stderr == b""
