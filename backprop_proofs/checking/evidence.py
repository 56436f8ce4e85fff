"""What agrees with the kernel and shares no code with it: the evidence for a theorem, and the audit of a network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise

from sympy.core.basic import Basic

from backprop_proofs.derivation.derive import derive
from backprop_proofs.derivation.instances import assignments, instance_at
from backprop_proofs.derivation.replay import network_data
from backprop_proofs.derivation.theorems import FUNDAMENTAL, prove
from backprop_proofs.errors import BackpropError, InvalidInput, Malformed
from backprop_proofs.evidence.audit import Statement, audit_partials
from backprop_proofs.evidence.exact import Check, check_exact
from backprop_proofs.evidence.raw import check_raw
from backprop_proofs.evidence.sizes import sample_sizes, written_sizes
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.expressions import Partial, Ref, parts_of
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import L, m, mlp, n
from backprop_proofs.networks.structure import cost_of
from backprop_proofs.shown import Shown

_LARGEST = 5_000_000  # weights beyond which evidence is sought on small networks of the same equations
MANY = 1_000_000  # instances beyond which they are not counted any more
MOST_WRITTEN = 12  # instances written out on a page, if not told otherwise


@dataclass(frozen=True)
class Silence(Shown):
    """A check that says nothing: there was nothing to compare, or the check cannot be made here."""

    name: str
    method: str = "nothing to compare at these sizes"
    agrees: None = None
    instances: int = 0
    comparisons: int = 0
    sizes: tuple[tuple[tuple[str, int], ...], ...] = ()
    counterexample: None = None


Found = Check | Silence


@dataclass(frozen=True)
class AuditReport(Shown):
    """What an audit found.

    verdict: "proved" (the kernel proved each conclusion and all evidence agrees), "refuted" (some evidence disagrees),
    or "undecided". partials: how many derivatives of the cost were compared. undecided: what could not be derived.
    """

    verdict: str
    partials: int
    checks: tuple[Found, ...]
    undecided: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrittenOut:
    """A theorem at given numbers, its sums written out; `raw` is raw SymPy's word on it, None where that takes long."""

    theorem: Theorem
    raw: Found | None


def evidence_for(theorem: Theorem) -> tuple[Found, ...]:
    """The checks of a theorem's statement in its network: raw SymPy's `diff`, and exact instances by forward duals.

    What the theorem assumes, such as Σ_k y_k = 1, is true of every instance.
    """
    network, statement, limits, given = theorem.network, theorem.statement, theorem.limits, theorem.assumptions
    return (
        _tried("raw SymPy", lambda: check_raw(_manageable(network), statement, limits, given=given)),
        _tried("exact instances", lambda: check_exact(_manageable(network), statement, limits, given=given)),
    )


def written_out(theorem: Theorem, most: int = MOST_WRITTEN, raw: bool = True) -> tuple[tuple[WrittenOut, ...], int]:
    """The first instances of a theorem in a network of known widths, and how many more there are, up to MANY.

    raw: whether raw SymPy is asked about each, where the network is small enough for that.

    Raises InvalidInput where the widths are not numbers.
    """
    everything = assignments(theorem)
    first = [instance_at(theorem, given) for given in islice(everything, most)]
    cheap = raw and written_sizes(theorem.network) == dict(theorem.network.sizes)
    more = sum(1 for _ in islice(everything, MANY))
    return tuple(WrittenOut(one, _raw_word(one) if cheap else None) for one in first), more


def audit(network: Network, *, seed: int = 0) -> AuditReport:
    """Evidence for what the kernel concludes of a network: BP1 to BP4 of a perceptron, else ∂C/∂x for every input x.

    With concrete sizes every partial derivative is compared on one random instance, with open sizes all those of
    several small networks; a small network written out is compared with raw SymPy. Raises InvalidInput where there is
    no one cost, or more than five million weights.
    """
    if _is_too_large(network):
        raise InvalidInput(f"audit: expected a network of at most {_LARGEST:,} weights; found a larger one")
    statements, undecided = _conclusions(network)
    concrete = dict(sample_sizes(network)[0]) == dict(network.sizes)
    networks = [network] if concrete else [replace(network, sizes=dict(sizes)) for sizes in sample_sizes(network)]
    found: dict[str, list[Check]] = {name: [] for name, _, _ in statements}
    for one in networks:
        for check in audit_partials(one, statements, seed=seed).checks:
            found[check.name].append(check)
    exact = [_merged(name, checks) for name, checks in found.items()]
    raw = [
        _tried(f"{name}, raw SymPy", partial(check_raw, network, equation, limits))
        for name, equation, limits in statements
    ]
    about_cost = {name for name, equation, _ in statements if isinstance(equation.lhs, Partial)}
    partials = sum(check.comparisons for name, check in zip(found, exact, strict=True) if name in about_cost)
    checks = (*exact, *raw)
    return AuditReport(_verdict(checks, undecided), partials, checks, tuple(undecided))


def perceptron(network: Network) -> Network | None:
    """The library's own perceptron of the settings and sizes that a network names, where it is one; else None."""
    given, depth, widths = network.settings, network.sizes.get(L), None
    if depth is not None and len(network.sizes) == depth + 1 + (m in network.sizes):
        widths = [network.sizes.get(n[layer], 0) for layer in range(1, depth + 1)]
    try:
        own = mlp(
            widths,
            given["activation"],
            given["cost"],
            depth,
            hidden=given.get("hidden"),
            batch=_batch(given.get("batch")),
            decay="decay" in given,
            labels=given["labels"].split(",") if "labels" in given else None,
        )
    except (BackpropError, KeyError):
        return None
    return own if dict(own.sizes) == dict(network.sizes) else None


def _batch(said: str | None) -> int | str | None:
    return int(said) if said is not None and re.fullmatch(r"[0-9]{1,12}", said) else said


def same_network(one: Network, other: Network) -> bool:
    """Whether two networks are written alike: the same equations, ranges, settings and sizes."""
    return network_data(one) == network_data(other)


def says_nothing(name: str, network: Network) -> bool:
    """Whether a theorem is empty at these sizes: BP2 steps from one layer back to another, and layer 1 has no error."""
    return name in ("bp2", "backward-pass") and network.sizes.get(L) == 2


def _conclusions(network: Network) -> tuple[list[Statement], list[str]]:
    """What the kernel proves of a network, and what it could not be made to prove."""
    own = perceptron(network)
    if own is not None and same_network(own, network):
        names = [name for name in FUNDAMENTAL if not says_nothing(name, network)]
        return [_statement(name, prove(name, network)) for name in names], []
    proved, undecided = [], []
    cost = cost_of(network)
    for name in _inputs(network):
        title = f"d{cost.name}/d{name}"
        try:
            proved.append(_statement(title, derive(network, name)))
        except BackpropError as error:
            undecided.append(f"{title}: {error}")
    return proved, undecided


def _statement(name: str, theorem: Theorem) -> Statement:
    return name, theorem.statement, theorem.limits


def _inputs(network: Network) -> Iterator[str]:
    """The quantities that no equation defines and some equation uses."""
    defined = {definition.ref.name for definition in network.definitions + network.abbreviations}
    used = {ref.name for definition in network.definitions for ref in parts_of(definition.body, Ref)}
    return (name for name in network.families if name in used - defined)


def _is_too_large(network: Network) -> bool:
    widths = [value for size, value in network.sizes.items() if isinstance(size, Ref)]
    return sum(left * right for left, right in pairwise(widths)) + sum(network.sizes.values()) > _LARGEST


def _manageable(network: Network) -> Network:
    """The network, or, where its sizes are beyond trying, the same equations with the sizes left open.

    Raises Malformed where the equations speak of those sizes, as known labels do.
    """
    return replace(network, sizes={}) if _is_too_large(network) else network


def _raw_word(instance: Theorem) -> Found:
    sizes: dict[Basic, int] = dict(instance.network.sizes)
    network, statement, given = instance.network, instance.statement, instance.assumptions
    return _tried("raw SymPy", lambda: check_raw(network, statement, sizes=sizes, given=given))


def _tried(name: str, check: Callable[[], Check]) -> Found:
    try:
        return _weighed(replace(check(), name=name))
    except (InvalidInput, Malformed) as error:
        return Silence(name, f"could not be tried: {error}")


def _weighed(check: Check) -> Found:
    if check.comparisons:
        return check
    return Silence(check.name, check.why, sizes=check.sizes) if check.why else Silence(check.name, sizes=check.sizes)


def _merged(name: str, checks: Iterable[Check]) -> Found:
    """One check out of those of several sizes: it fails where one fails, and is silent where all are."""
    name = f"{name}, every index"
    everything = list(checks)
    told = [check for check in everything if check.comparisons]
    if not told:
        return _weighed(replace(everything[0], name=name)) if everything else Silence(name)
    wrong = [check for check in told if not check.agrees]
    return Check(
        name=name,
        agrees=not wrong,
        instances=sum(check.instances for check in told),
        comparisons=sum(check.comparisons for check in told),
        method=(wrong or told)[0].method,
        sizes=tuple(sizes for check in told for sizes in check.sizes),
        counterexample=wrong[0].counterexample if wrong else None,
    )


def _verdict(checks: Iterable[Found], undecided: Iterable[str]) -> str:
    words = [check.agrees for check in checks]
    if False in words:
        return "refuted"
    return "proved" if True in words and not list(undecided) else "undecided"
