"""The sum over all paths by listing them against the recursion, as layers grow; ratios, nothing asserted about time."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest

import backprop_proofs as bp
from backprop_proofs.checking.path_report import path_report, weight_at
from backprop_proofs.checking.path_values import LinkValues, by_recursion, one_by_one
from backprop_proofs.derivation.path_graph import PathGraph, find_paths
from backprop_proofs.derivation.paths import Weight, count_paths, path_sum, written_out
from backprop_proofs.evidence.exact import instance_of
from backprop_proofs.language.network import Network

Benchmark = Any
WIDTH, MOST_LISTED = 6, 10_000
WEIGHT = weight_at("2,1,1")


def seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def recursion(network: Network, weight: Weight) -> object:
    return by_recursion(LinkValues(network, instance_of(network)), PathGraph(network), weight.ref)


def listing(network: Network, weight: Weight) -> object:
    return one_by_one(LinkValues(network, instance_of(network)), find_paths(network, weight))


@pytest.mark.parametrize("layers", [3, 4, 5, 6, 7, 8, 12])
def test_listing_the_paths_against_the_recursion(benchmark: Benchmark, layers: int) -> None:
    network = bp.mlp((WIDTH,) * layers)
    count = count_paths(network, WEIGHT)
    recursion(network, WEIGHT)
    benchmark(recursion, network, WEIGHT)
    base = median(seconds(lambda: recursion(network, WEIGHT)) for _ in range(3))
    said = f"\n{layers} layers of {WIDTH}, {count:,} paths: recursion {base * 1000:.1f} ms"
    if count > MOST_LISTED:
        print(f"{said}; too many to list")
        return
    values = LinkValues(network, instance_of(network))
    assert one_by_one(values, find_paths(network, WEIGHT)) == by_recursion(values, PathGraph(network), WEIGHT.ref)
    each = seconds(lambda: listing(network, WEIGHT))
    print(f"{said}, one by one {each * 1000:.1f} ms: {each / base:.1f} times")


@pytest.mark.parametrize("layers", [3, 4, 5, 6])
def test_the_proof_term_by_term_against_the_nested_sum(benchmark: Benchmark, layers: int) -> None:
    network = bp.mlp((WIDTH,) * layers)
    nested = path_sum(network, WEIGHT)
    products = [path.product for path in find_paths(network, WEIGHT)]
    benchmark(path_sum, network, WEIGHT)
    base = median(seconds(lambda: path_sum(network, WEIGHT)) for _ in range(3))
    each = seconds(lambda: written_out(nested, products))
    print(
        f"\n{layers} layers of {WIDTH}: nested {base * 1000:.1f} ms, "
        f"{len(products):,} terms {each * 1000:.1f} ms more: {each / base:.1f} times"
    )


def test_sixty_four_million_paths(benchmark: Benchmark) -> None:
    network = bp.mlp((20,) * 8)
    report = path_report(network, WEIGHT)
    assert (report.count, report.verdict) == (64_000_000, "proved")
    benchmark.pedantic(path_report, (network, WEIGHT), rounds=3)
    summed = median(seconds(lambda: recursion(network, WEIGHT)) for _ in range(3))
    whole = seconds(lambda: path_report(network, WEIGHT))
    print(f"\n{report.count:,} paths: summed in {summed:.2f} s, counted, proved and compared in {whole:.2f} s")
