"""Tactics: which rule comes next. They search and may fail; only the kernel's rules prove anything."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Expr, Mul, Pow

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.errors import Malformed, Refused
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import Path, free_indices
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Opaque, Partial, Ref
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network

Tactic = Callable[[Chain, Path], Chain]


def derivative_of(network: Network, limits: tuple[Limit, ...], of: Expr, wrt: Ref, *held: Expr) -> Theorem:
    """∂of/∂wrt worked out from the equations, as far as they say; deltas are collapsed where they can be."""
    chain = Chain(network, limits, Partial(of, wrt, *held))
    work_out(chain)
    collapse(chain)
    return chain.theorem


def work_out(chain: Chain) -> Chain:
    """Apply the rules of differentiation until no derivative is left that a rule can open."""
    stuck: set[Expr] = set()
    while (path := chain.find(lambda part: isinstance(part, Partial) and part not in stuck)) is not None:
        partial = chain.part(path)
        if not _open(chain, path, partial):
            stuck.add(partial)
    return chain


def _open(chain: Chain, path: Path, partial: Partial) -> bool:
    for rule, at in _candidates(partial, path):
        before = chain.theorem
        try:
            chain.step(rule, at)
        except (Refused, Malformed):
            continue
        if rule != "definition" or not isinstance(chain.part(at), Opaque):
            return True
        chain.theorem = before  # there is nothing inside an unspecified function to differentiate
    return False


def _candidates(partial: Partial, path: Path) -> tuple[tuple[str, Path], ...]:
    inner = (*path, 0)
    match partial.of:
        case Ref():
            return (("leaf", path), ("definition", inner))
        case Mul():
            return (("linearity", path), ("leaf", path), ("product-rule", path))
        case Pow():
            return (("leaf", path), ("power-rule", path))
        case Fn():
            return (("leaf", path), ("function-rule", path))
        case Add() | IndexSum():
            return (("leaf", path), ("linearity", path))
    return (("leaf", path),)


def collapse(chain: Chain) -> Chain:
    """Collapse every sum whose terms have a delta of its index, innermost sums of products first."""
    done: set[Expr] = set()

    def waiting(part: Expr) -> bool:
        return isinstance(part, IndexSum) and part not in done and _has_delta(part)

    while (path := chain.find(waiting)) is not None:
        total = chain.part(path)
        try:
            chain.step("kronecker-collapse", path)
        except Refused:
            done.add(total)
    return chain


def _has_delta(total: IndexSum) -> bool:
    factors = total.body.args if isinstance(total.body, Mul) else (total.body,)
    return any(isinstance(factor, Delta) and total.index in free_indices(factor) for factor in factors)
