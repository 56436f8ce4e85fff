"""Functions with a formula, such as σ(u) = 1/(1 + e^{-u}): those that a text says, and the one that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop_proofs.errors import BackpropError
from backprop_proofs.language.network import FunctionDefinition
from backprop_proofs.networks.activations import activation_named
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.declare import formula_of, function_of
from backprop_proofs.reading.meaning.forms import Rows, as_call, at_last
from backprop_proofs.reading.meaning.names import FUNCTIONS, SPELT, NotUnderstood, bare_key, names_of
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.syntax import Node

_ACTIVATIONS = ("sigma", "f", "g", "h", "phi", "varphi")


def called(census: Census) -> frozenset[str]:
    """The functions that a text applies and that no table knows."""
    return census.functions - set(FUNCTIONS)


def formulas_in(rows: Iterable[Row], read: Rows, census: Census) -> Iterator[tuple[FunctionDefinition, Row, int]]:
    """The first formula of each function, with the row and the link that say it.

    None of a function of which the given part has two, as f(z_k) = z_k beside f(z_j) = tanh(z_j).
    """
    rows = tuple(rows)
    first: dict[str, FunctionDefinition] = {}
    seen: set[str] = set()
    for _, left, right in (link for row in rows if row.given for link in read.equalities(row)):
        known = _formula(left, right, census, set())
        if known is not None and first.setdefault(known.name, known) != known:
            seen.add(known.name)
    for row in rows:
        for number, left, right in read.equalities(row):
            known = _formula(left, right, census, seen) if row.given or _of_letter(left) else None
            if known is not None:
                seen.add(known.name)
                yield known, row, number


def _of_letter(left: Node) -> bool:
    """Whether it is f(u) and not f(a^l_j), of which a line of a derivation says only what it is there."""
    call = as_call(left)
    argument = call.arguments[0] if call is not None else None
    return isinstance(argument, tree.Name) and not (argument.above or argument.below)


def _formula(left: Node, right: Node, census: Census, seen: set[str]) -> FunctionDefinition | None:
    """What f(u) = ... says of a function of one variable that is none of `seen`."""
    call = as_call(left)
    if call is None or call.function.primes or call.function.below:
        return None
    name, argument = bare_key(call.function), call.arguments[0]
    if name in seen or name in FUNCTIONS or not isinstance(argument, tree.Name) or at_last(argument):
        return None
    if any(bare_key(other) in (name, *(called(census) - SPELT)) for other in names_of(right)):
        return None
    try:
        return function_of(name, argument, right, census)
    except (Misfit, NotUnderstood, BackpropError):
        return None


def functions_known(
    formulas: Iterable[FunctionDefinition], census: Census, activation: str | None
) -> list[FunctionDefinition]:
    """The functions with a formula: by the text's own equations, else by the activation that is asked for."""
    found = {one.name: one for one in formulas}
    if activation not in (None, "any") and activation_named(activation or "any").formula is not None:
        names = sorted(name for name in census.functions if name in _ACTIVATIONS)
        for name in names[:1] or ["sigma"]:
            found.setdefault(name, formula_of(name, activation or ""))
    return list(found.values())
