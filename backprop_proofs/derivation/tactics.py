"""Tactics: which rule comes next. They search and may fail; only the kernel's rules prove anything."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Add, Expr, Mul, Pow

from backprop_proofs.derivation.chain import Chain, find_all
from backprop_proofs.derivation.parts import factors_of
from backprop_proofs.errors import Malformed, Refused
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.binding import Path, free_indices, subterm
from backprop_proofs.language.expressions import Delta, Fn, IndexSum, Opaque, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network


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
            return (("linearity", path), ("leaf", path), ("quotient-rule", path), ("product-rule", path))
        case Pow():
            return (("leaf", path), ("power-rule", path))
        case Fn():
            return (("leaf", path), ("function-rule", path))
        case Add() | IndexSum():
            return (("leaf", path), ("linearity", path))
    return (("leaf", path),)


def collapse(chain: Chain) -> Chain:
    """Collapse every sum whose terms have a delta of its index.

    A delta of an outer sum's index is moved out to it, and a sum with a delta in some of its terms is split.
    """
    done: set[tuple[str, Expr]] = set()
    while (found := _waiting(chain.rhs, done)) is not None:
        rule, path = found
        total = chain.part(path)
        try:
            chain.step(rule, path)
        except Refused:
            done.add((rule, total))
    return chain


def _waiting(expr: Expr, done: set[tuple[str, Expr]]) -> tuple[str, Path] | None:
    """The first sum that a delta waits in, and the rule that brings it nearer to its collapse."""
    places = list(find_all(expr, lambda part: isinstance(part, IndexSum) and bool(parts_of(part, Delta))))
    sums = [(path, subterm(expr, path)) for path in places]
    for rule, wanted in _RULES.items():
        for path, total in sums:
            if (rule, total) not in done and wanted(total):
                return rule, path
    return None


def _has_delta(total: IndexSum, own: bool) -> bool:
    return any(isinstance(f, Delta) and (total.index in free_indices(f)) is own for f in factors_of(total.body))


def _has_delta_in_terms(total: IndexSum) -> bool:
    terms = [term for f in factors_of(total.body) if isinstance(f, Add) for term in f.args]
    return any(isinstance(f, Delta) and total.index in free_indices(f) for term in terms for f in factors_of(term))


_RULES: dict[str, Callable[[IndexSum], bool]] = {
    "kronecker-collapse": lambda total: _has_delta(total, own=True),
    "factor-out": lambda total: _has_delta(total, own=False),
    "split-sum": _has_delta_in_terms,
}
