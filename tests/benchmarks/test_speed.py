"""How long things take, as ratios in one run on one machine; run with `pytest tests/benchmarks -m benchmark -s`.

Nothing is asserted about time: a slow machine is not a wrong answer.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.evidence import audit, evidence_for
from backprop_proofs.derivation.theorems import FUNDAMENTAL, THEOREMS

Benchmark = Any
PAIRS = 9  # processes of each kind, taken in turn, so that a drift of the machine's speed meets both
SIMPLIFY_LIMIT = 40  # seconds


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def process(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=120)


def prove_all(settings: dict[str, Any]) -> list[bp.Theorem]:
    network = bp.mlp(**settings)
    return [bp.prove(name, network) for name in FUNDAMENTAL]


@pytest.mark.parametrize("arguments", [["prove"], ["--help"]], ids=" ".join)
def test_whole_process_against_the_import_of_sympy(benchmark: Benchmark, arguments: list[str]) -> None:
    command = shutil.which("backprop-proofs")
    ours = [command, *arguments] if command else [sys.executable, "-m", "backprop_proofs", *arguments]
    floor = (sys.executable, "-c", "import sympy, rich")
    pairs = [(seconds(lambda: process(*ours)), seconds(lambda: process(*floor))) for _ in range(PAIRS)]
    benchmark.pedantic(process, ours, rounds=3)
    ratio = median(mine / base for mine, base in pairs)
    benchmark.extra_info["ratio"] = ratio
    mine, base = (median(column) for column in zip(*pairs, strict=True))
    said = " ".join(arguments)
    print(f"\n{said}: {mine:.3f} s, import sympy, rich: {base:.3f} s, ratio {ratio:.2f} (prove: at most 1.3)")


SIZES = {
    "of every size": {},
    "4 layers": {"depth": 4},
    "40 layers": {"depth": 40},
    "2-3-2": {"widths": (2, 3, 2)},
    "784-30-10": {"widths": (784, 30, 10)},
    "200 times 100": {"widths": (100,) * 200},
}


@pytest.mark.parametrize("settings", SIZES.values(), ids=SIZES)
def test_all_four_theorems_warm(benchmark: Benchmark, settings: dict[str, Any]) -> None:
    prove_all(settings)
    benchmark(prove_all, settings)
    base = median(seconds(lambda: prove_all({})) for _ in range(5))
    here = median(seconds(lambda: prove_all(settings)) for _ in range(5))
    print(f"\nBP1 to BP4 warm: {here * 1000:.1f} ms (at most 25), {here / base:.2f} times that of every size")


@pytest.mark.parametrize("name", THEOREMS)
def test_each_theorem_warm(benchmark: Benchmark, name: str) -> None:
    """At its own default network, against BP1."""
    bp.prove(name)
    benchmark(bp.prove, name)
    base = median(seconds(lambda: bp.prove("bp1")) for _ in range(5))
    here = median(seconds(lambda: bp.prove(name)) for _ in range(5))
    print(f"\n{name} warm: {here * 1000:.1f} ms, {here / base:.1f} times BP1")


def test_a_concrete_network_proved_and_checked(benchmark: Benchmark) -> None:
    def check() -> None:
        network = bp.mlp(widths=(3, 4, 4, 2), activation="sigmoid", cost="quadratic")
        found = [evidence_for(bp.prove(name, network)) for name in FUNDAMENTAL]
        assert all(one.agrees for checks in found for one in checks)

    check()
    benchmark(check)
    here = median(seconds(check) for _ in range(5))
    raw = raw_simplify()
    said = f"passes {SIMPLIFY_LIMIT} s" if raw is None else f"takes {raw:.1f} s"
    ratio = (raw or SIMPLIFY_LIMIT) / here
    print(f"\n3-4-4-2 sigmoid: {here * 1000:.0f} ms (at most 100); raw simplify of one {said}: {ratio:.0f} times")


RAW = """
from sympy import *
widths = (3, 4, 4, 2)
a = symbols("x1:4")
for l, (n, m) in enumerate(zip(widths, widths[1:]), 2):
    z = [sum(Symbol(f"w{l}_{j}_{k}") * a[k] for k in range(n)) + Symbol(f"b{l}_{j}") for j in range(m)]
    a = [1 / (1 + exp(-part)) for part in z]
cost = sum((Symbol(f"y{j}") - part) ** 2 for j, part in enumerate(a)) / 2
simplify(cost.diff(Symbol("w2_0_0")))
"""


def raw_simplify() -> float | None:
    """The seconds that SymPy alone takes to simplify one derivative of the same network; None if over the limit."""
    start = time.perf_counter()
    try:
        subprocess.run([sys.executable, "-c", RAW], check=True, timeout=SIMPLIFY_LIMIT)
    except subprocess.TimeoutExpired:
        return None
    return time.perf_counter() - start


@pytest.mark.parametrize("activation", ["any", "sigmoid"])
def test_nielsens_network_audited_warm(benchmark: Benchmark, activation: str) -> None:
    network = bp.mlp(widths=(784, 30, 10), activation=activation)
    report = audit(network)
    assert (report.verdict, report.partials) == ("proved", 23_860)
    benchmark.pedantic(audit, (network,), rounds=5)
    here = median(seconds(lambda: audit(network)) for _ in range(3))
    each = here / report.partials * 1e6
    print(f"\n784-30-10 audited, {activation}: {here:.2f} s (at most 1), {each:.0f} µs a derivative")


def test_a_saved_proof_verified_warm(benchmark: Benchmark) -> None:
    from backprop_proofs.render.proof_file import dumped, parsed, proof_document, verify_document

    proofs = [(name, theorem, ()) for name, theorem in zip(FUNDAMENTAL, prove_all({}), strict=True)]
    text = dumped(proof_document(proofs))
    benchmark(lambda: verify_document(parsed(text)))
