"""Building a chain of equalities: what every tactic does, one kernel rule at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, count
from typing import Any

from sympy import Expr, Symbol

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import Path, limits_on_path, subterm
from backprop_proofs.language.expressions import Ref
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Network

Wanted = Callable[[Expr], bool]


class Chain:
    """lhs = ... = rhs, growing by steps; `theorem` is what has been proved so far."""

    def __init__(self, network: Network, limits: tuple[Limit, ...], start: Expr):
        self.theorem: Theorem = begin(network, limits, start)

    @property
    def rhs(self) -> Expr:
        """Where the chain has got to."""
        return self.theorem.statement.rhs

    def step(self, rule: str, at: Path = (), **parameters: Any) -> Chain:
        """Rewrite the part at a path by a rule; a tuple of rules' refusals is the kernel's, and passes through."""
        self.theorem = rewrite(self.theorem, at, rule, **parameters)
        return self

    def use(self, lemma: Theorem, at: Path, given: Mapping[Symbol | Ref, Expr] | None = None, **more: Any) -> Chain:
        """Replace the left side of a theorem, its letters given values, by its right side."""
        return self.step("theorem", at, lemma=lemma, given=dict(given or {}), **more)

    def find(self, wanted: Wanted) -> Path | None:
        """The path to the first part, outermost and leftmost, that is wanted."""
        return next(find_all(self.rhs, wanted), None)

    def at(self, wanted: Wanted) -> Path:
        """Like `find`, where there must be one."""
        path = self.find(wanted)
        if path is None:
            raise LookupError(f"nothing of the kind in {self.rhs}")
        return path

    def limits(self, path: Path) -> tuple[Limit, ...]:
        """The ranges of all letters in force at a path."""
        return (*self.theorem.limits, *limits_on_path(self.rhs, path))

    def part(self, path: Path) -> Expr:
        """The part at a path."""
        return subterm(self.rhs, path)


def retold(chain: Chain, neat: Expr) -> Chain:
    """The chain, written another way where that is one."""
    return chain.step("ring", to=neat) if neat != chain.rhs else chain


def spare_letter(taken: Iterable[Symbol]) -> Symbol:
    """An index letter that prints unlike all of `taken`."""
    names = {letter.name for letter in taken}
    return index(next(name for name in chain("kmipqrsv", (f"k_{number}" for number in count(1))) if name not in names))


def find_all(expr: Expr, wanted: Wanted, path: Path = ()) -> Iterator[Path]:
    """The paths to all parts that are wanted, outermost first, then left to right."""
    if wanted(expr):
        yield path
    if not isinstance(expr, Ref):
        for number, part in enumerate(expr.args):
            if isinstance(part, Expr):
                yield from find_all(part, wanted, (*path, number))
