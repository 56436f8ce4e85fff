"""An audit of a concrete network: every partial derivative of its cost, by forward duals, against given equations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from backprop_proofs.errors import InvalidInput
from backprop_proofs.evidence.concrete import Env
from backprop_proofs.evidence.duals import Compiler
from backprop_proofs.evidence.exact import Check, Comparison, counterexample, generally, generic
from backprop_proofs.evidence.fields import Number, Singular, field_for, needs
from backprop_proofs.evidence.instance import Instance, Program, deep_recursion
from backprop_proofs.evidence.sizes import is_large, named, sample_sizes
from backprop_proofs.language.expressions import Partial, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation, Network

Statement = tuple[str, Equation, tuple[Limit, ...]]  # a name, left = right, and the ranges of the free indices
_ATTEMPTS = 8  # instances drawn in place of one that sits on a singularity


@dataclass(frozen=True)
class Audit:
    """What an audit found. agrees: whether every check does; partials: how many different derivatives were compared."""

    agrees: bool
    partials: int
    checks: tuple[Check, ...]


def audit_partials(network: Network, statements: Iterable[Statement], *, seed: int = 0) -> Audit:
    """Compare both sides of each statement, at every value of its free indices, on one random instance.

    The derivatives come from one sweep of forward duals over all quantities that the statements differentiate by.
    `partials` counts those that stand on a left side. Functions with a formula are left unspecified on a large network,
    which is more general and exact, unless the statements fail so. Raises InvalidInput where a size has no value.
    """
    given = tuple((name, equation, tuple(limits)) for name, equation, limits in statements)
    sizes = sample_sizes(network)[0]
    if dict(sizes) != dict(network.sizes):
        open_size = next(part for part in sizes if part not in network.sizes)
        raise InvalidInput(f"an audit wants a concrete network, and the size {open_size} has no value; give the widths")
    if network.functions and is_large(sizes):
        general = _audited(generic(network), given, seed)
        if general.agrees:
            checks = tuple(replace(check, method=generally(check.method, network)) for check in general.checks)
            return replace(general, checks=checks)
    return _audited(network, given, seed)


def _audited(network: Network, statements: tuple[Statement, ...], seed: int) -> Audit:
    need, why = needs(network, *(side for _, equation, _ in statements for side in equation)), ""
    for attempt in range(_ATTEMPTS):
        program = Program(network, network.sizes, field_for(need, attempt), Compiler)
        instance = Instance(program, seed + attempt)
        instance.seed_families(_differentiated(network, statements))
        try:
            with deep_recursion():
                return _run(instance, statements)
        except Singular as singular:
            why = f"every instance that was tried met {singular}"
    sizes, says = (named(network.sizes),), field_for(need).says
    return Audit(False, 0, tuple(Check(name, False, 0, 0, says, sizes, why=why) for name, _, _ in statements))


def _run(instance: Instance, statements: tuple[Statement, ...]) -> Audit:
    comparisons = [Comparison(instance.program, equation, limits) for _, equation, limits in statements]
    values = [list(comparison.every_assignment()) for comparison in comparisons]
    lefts = [[c.left(instance, at) for at in ats] for c, ats in zip(comparisons, values, strict=True)]
    partials = len(instance.asked)
    checks = tuple(
        _checked(instance, name, comparison, list(zip(ats, left, strict=True)))
        for (name, _, _), comparison, ats, left in zip(statements, comparisons, values, lefts, strict=True)
    )
    return Audit(bool(checks) and all(check.agrees for check in checks), partials, checks)


def _checked(instance: Instance, name: str, comparison: Comparison, lefts: list[tuple[Env, Number]]) -> Check:
    concrete, field = instance.program.concrete, instance.program.field
    sizes = (named(concrete.sizes),)
    for done, (at, left) in enumerate(lefts, start=1):
        if not field.same(left, comparison.right(instance, at)) and comparison.differs(instance, at):
            large = is_large(concrete.sizes)
            small = None if large else counterexample(concrete.network, comparison.equation, comparison.limits)
            found = small or comparison.described(instance, at)
            return Check(name, False, 1, done, field.says, sizes, found)
    return Check(name, bool(lefts), 1, len(lefts), field.says, sizes)


def _differentiated(network: Network, statements: tuple[Statement, ...]) -> set[str]:
    """The letters that the statements, or the abbreviations of the network, differentiate by."""
    everything = [d.body for d in network.abbreviations] + [side for _, equation, _ in statements for side in equation]
    return {partial.wrt.name for expr in everything for partial in parts_of(expr, Partial)}
