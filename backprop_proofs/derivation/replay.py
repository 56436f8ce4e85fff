"""Saved proofs: a theorem as plain data, and the data checked again, rule by rule, by the kernel.

The data holds the network's equations, the statement, and every step with its rule, its place and what it was used
with. Replaying starts from nothing but the kernel; what the file claims is only compared with what comes out.
"""

from __future__ import annotations

from typing import Any

from sympy import Symbol

from backprop_proofs.derivation import rules  # noqa: F401 - enters the named steps
from backprop_proofs.derivation.tree import Reader, Writer
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected
from backprop_proofs.kernel.theorem import Assumption, Step, Theorem, assume, begin, induction, matrix_form, rewrite
from backprop_proofs.language.binding import alpha_equal, limits_on_path
from backprop_proofs.language.expressions import Fn, Opaque, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Definition, Equation, FunctionDefinition, Network

Data = dict[str, Any]
DEEPEST_LEMMA = 30  # how deep lemmas may stand in lemmas
_FAULTS = (BackpropError, KeyError, TypeError, ValueError, AttributeError, IndexError)


def network_data(network: Network) -> Data:
    """A network as plain data."""
    write = Writer().write
    return {
        "name": network.name,
        "settings": dict(network.settings),
        "families": {name: _limits_data(limits) for name, limits in network.families.items()},
        "definitions": [_definition_data(d) for d in network.definitions],
        "abbreviations": [_definition_data(d) for d in network.abbreviations],
        "functions": [
            {"name": f.name, "variable": write(f.variable), "body": write(f.body)} for f in network.functions
        ],
        "parameters": _limits_data(network.parameters),
        "sizes": [[write(size), value] for size, value in network.sizes.items()],
    }


def read_network(data: Data) -> Network:
    """The network that the data describe. Raises InvalidInput or InvalidNetwork."""
    read = Reader().read
    try:
        return Network(
            name=str(data["name"])[:60],
            families={str(name): _read_limits(limits) for name, limits in data["families"].items()},
            definitions=tuple(_read_definition(d) for d in data["definitions"]),
            abbreviations=tuple(_read_definition(d) for d in data["abbreviations"]),
            functions=tuple(
                FunctionDefinition(str(f["name"]), read(f["variable"]), read(f["body"])) for f in data["functions"]
            ),
            parameters=_read_limits(data["parameters"]),
            sizes={read(size): int(value) for size, value in data["sizes"]},
            settings={str(key): str(value) for key, value in data["settings"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"expected the data of a network; found no proper {error}") from error


def _is_about_inputs(assumption: Assumption, network: Network) -> bool:
    """Whether it speaks of quantities alone that no equation and no name defines."""
    defined = {known.ref.name for known in network.definitions + network.abbreviations}
    refs = [ref for side in assumption.statement for ref in parts_of(side, Ref)]
    inputs = network.families.keys() - defined
    return (
        any(ref.name in inputs for ref in refs)
        and all(ref.name not in defined for ref in refs)
        and not any(parts_of(side, Partial, Opaque, Fn) for side in assumption.statement)
    )


def claim_data(limits: tuple[Limit, ...], statement: Equation) -> Data:
    """A statement and its ranges, as plain data."""
    write = Writer().write
    return {"limits": _limits_data(limits), "statement": [write(side) for side in statement]}


def theorem_data(theorem: Theorem) -> Data:
    """What a theorem says and how it came about, as plain data (its network apart)."""
    write = Writer().write
    is_assumed = theorem.assumptions and not theorem.derivation.steps
    assumed = [limit for assumption in theorem.assumptions for limit in assumption.limits] if is_assumed else None
    return {
        "limits": _limits_data(theorem.limits),
        "statement": [write(side) for side in theorem.statement],
        "matrix": theorem.matrix and [write(side) for side in theorem.matrix],
        "assumed": assumed if assumed is None else _limits_data(tuple(assumed)),
        "steps": [_step_data(step) for step in theorem.derivation.steps],
    }


def _step_data(step: Step) -> Data:
    scope = tuple(letter for letter, _, _ in limits_on_path(step.before, step.at))
    return {
        "rule": step.rule,
        "at": list(step.at),
        "with": {name: _value_data(name, value, scope) for name, value in step.parameters.items()},
        "before": Writer().write(step.before),
        "after": Writer().write(step.after),
    }


def _value_data(name: str, value: Any, scope: tuple[Symbol, ...]) -> Any:
    write = Writer(scope).write
    if isinstance(value, Theorem):
        return theorem_data(value)
    if name == "given":
        return [[Writer().write(letter), write(new)] for letter, new in value.items()]
    if isinstance(value, tuple):
        return [Writer(scope).write(part) for part in value]
    return value if isinstance(value, bool) else write(value)


def replay(data: Data, network: Network, name: str) -> Theorem:
    """The theorem that the data prove in this network, from no assumption but equations of inputs, such as Σ_k y_k = 1.

    Raises ProofRejected, which names the first step that fails.
    """
    theorem = _replay(data, network, name, 0)
    if theorem.assumptions and not theorem.derivation.steps:
        raise ProofRejected(name, "it is taken for granted, not proved")
    if not all(_is_about_inputs(assumption, network) for assumption in theorem.assumptions):
        raise ProofRejected(name, "it rests on an assumption that nothing proves")
    return theorem


def _replay(data: Data, network: Network, name: str, depth: int) -> Theorem:
    if depth > DEEPEST_LEMMA:
        raise ProofRejected(name[:80], f"lemmas stand in lemmas more than {DEEPEST_LEMMA} deep")
    try:
        limits = _read_limits(data["limits"])
        statement = Equation(*map(Reader().read, data["statement"]))
        matrix = data["matrix"] and Equation(*map(Reader().read, data["matrix"]))
        steps = data["steps"]
        if data["assumed"] is not None:
            free = _read_limits(data["assumed"])
            return assume(network, free, statement, tuple(limit for limit in limits if limit not in free))
        theorem = None if _is_induction(steps) else begin(network, limits, statement.lhs)
    except _FAULTS as error:
        raise ProofRejected(name, f"the statement cannot be read: {_reason(error)}") from error
    for number, step in enumerate(steps, start=1):
        place = f"{name}, step {number}"
        try:
            place += f" ({step['rule']})"
            theorem = _replayed(theorem, step, network, place, depth)
        except ProofRejected:
            raise
        except _FAULTS as error:
            raise ProofRejected(place, _reason(error)) from error
    if theorem is None or not _says(theorem, limits, statement, matrix):
        raise ProofRejected(f"{name}, statement", "the steps prove something else than what is stated")
    return theorem


def _says(theorem: Theorem, limits: tuple[Limit, ...], statement: Equation, matrix: Equation | None) -> bool:
    same = theorem.limits == limits and all(map(alpha_equal, theorem.statement, statement))
    if theorem.matrix is None or matrix is None:
        return same and theorem.matrix is matrix
    return same and all(map(alpha_equal, theorem.matrix, matrix))


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, BackpropError) else f"not a proof step ({type(error).__name__}: {error})"


def _is_induction(steps: list[Data]) -> bool:
    return len(steps) > 0 and steps[0]["rule"] == "induction"


def _replayed(theorem: Theorem | None, step: Data, network: Network, place: str, depth: int) -> Theorem:
    rule, at = step["rule"], tuple(step["at"])
    before, after = Reader().read(step["before"]), Reader().read(step["after"])
    if theorem is not None and not alpha_equal(theorem.statement.rhs, before):
        raise ProofRejected(place, "it does not start where the step before it ended")
    scope = tuple(letter for letter, _, _ in limits_on_path(theorem.statement.rhs if theorem else before, at))
    given = {name: _read_value(name, value, scope, network, place, depth) for name, value in step["with"].items()}
    if rule == "induction":
        result = induction(given["base"], given["lemma"], given["letter"])
    elif theorem is None:
        raise ProofRejected(place, "it has no theorem to start from")
    elif rule == "matrix-form":
        result = matrix_form(theorem, given["left"], given["right"], given["letters"])
    else:
        result = rewrite(theorem, at, rule, **given)
    came_out = result.derivation.steps[-1].after
    if not alpha_equal(came_out, after):
        raise ProofRejected(place, "the rule gives another expression than the one written")
    return result


def _read_value(name: str, value: Any, scope: tuple[Symbol, ...], network: Network, place: str, depth: int) -> Any:
    read = Reader(scope).read
    if name in ("lemma", "base"):
        return _replay(value, network, f"{place}, {name}", depth + 1)
    if name == "given":
        return {Reader().read(letter): read(new) for letter, new in value}
    if name in ("through", "letters"):
        return tuple(map(read, value))
    return value if isinstance(value, bool) else read(value)


def _limits_data(limits: tuple[Limit, ...]) -> list[Any]:
    write = Writer().write
    return [[letter.name, write(low), None if high is None else write(high)] for letter, low, high in limits]


def _read_limits(data: list[Any]) -> tuple[Limit, ...]:
    read = Reader().read
    return tuple((index(str(name)), read(low), None if high is None else read(high)) for name, low, high in data)


def _definition_data(definition: Definition) -> Data:
    write = Writer().write
    return {"ref": write(definition.ref), "limits": _limits_data(definition.limits), "body": write(definition.body)}


def _read_definition(data: Data) -> Definition:
    read = Reader().read
    return Definition(read(data["ref"]), _read_limits(data["limits"]), read(data["body"]))
