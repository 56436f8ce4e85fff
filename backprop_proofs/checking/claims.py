"""A theorem's name settled in a network: proved, or, where it is a claim that fails there, refuted by a network."""

from __future__ import annotations

from dataclasses import dataclass

from backprop_proofs.derivation.theorems import Named, theorem_named
from backprop_proofs.errors import Refused, Undecided
from backprop_proofs.evidence.exact import Counterexample, check_exact, counterexample
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.shown import Shown


@dataclass(frozen=True)
class Refuted(Shown):
    """A claim that does not hold: its statement for all letters of `limits`, and the network on which it fails."""

    name: str
    network: Network
    statement: Equation
    limits: tuple[Limit, ...]
    why: str
    counterexample: Counterexample


def settled(record: Named, network: Network) -> Theorem | Refuted:
    """The theorem, or the claim of that name refuted with the smallest network found. Raises Undecided for neither."""
    try:
        return record.prove(network)
    except Refused:
        if record.claim is None:
            raise
        statement, limits = record.claim.statement(network)
        found = counterexample(network, statement, limits)
        if found is None:
            raise Undecided(record.name, check_exact(network, statement, limits).comparisons) from None
        return Refuted(record.name, network, statement, limits, record.claim.why, found)


def settle(name: str, network: Network) -> Theorem | Refuted:
    """`settled` by name. Raises UnknownName, and Undecided for a claim that is neither proved nor refuted."""
    return settled(theorem_named(name), network)
