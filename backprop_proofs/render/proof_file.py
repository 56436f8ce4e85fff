"""Proofs as JSON, and back: every expression as LaTeX and as a tree, of which reading believes neither.

`verify_document` replays each proof from its trees by the kernel's rules, writes the document of what came out, and
compares it with the file, field by field; only what stands under "evidence" is not compared.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from sympy.core.basic import Basic

from backprop_proofs.checking.claims import Refuted
from backprop_proofs.checking.evidence import (
    AuditReport,
    Found,
    WrittenOut,
    perceptron,
    same_network,
    written_out,
)
from backprop_proofs.derivation.replay import claim_data, network_data, read_network, replay, theorem_data
from backprop_proofs.derivation.theorems import THEOREMS, prove
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.kernel.rules import Hypothesis
from backprop_proofs.kernel.theorem import Step, Theorem
from backprop_proofs.language.binding import alpha_equal
from backprop_proofs.language.expressions import Partial, Ref
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.render.letters import Letters, letters_for
from backprop_proofs.render.notation import LATEX, latex, ranges, text
from backprop_proofs.render.outline import definitions, stays_text, sum_stays

Data = dict[str, Any]
Named = tuple[str, Theorem | Refuted, Sequence[Found]]

PROOF, AUDIT = "backprop-proofs/proof/1", "backprop-proofs/audit/1"
LARGEST = 64 * 2**20  # bytes of a file that is read
_DEEPEST, _MOST = 400, 10_000_000  # nesting and size of a document that is looked into
_UNCOMPARED = "evidence"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
_DERIVATIVE = re.compile(r"d(\w+)/d(\w+)")


class Verified(NamedTuple):
    """A theorem that a file proves; `own`: whether its network is the file's own and none of the library's."""

    name: str
    theorem: Theorem
    own: bool


# Writing


def proof_document(theorems: Iterable[Named]) -> Data:
    """Theorems with their names and evidence as one document, which `verify_document` can check again."""
    return {"schema": PROOF, "theorems": [_named_data(*one) for one in theorems]}


def audit_document(report: AuditReport) -> Data:
    """An audit as a document."""
    return {
        "schema": AUDIT,
        "verdict": report.verdict,
        "partials": report.partials,
        "checks": [check_data(check) for check in report.checks],
        "undecided": list(report.undecided),
    }


def check_data(check: Found) -> Data:
    """A piece of evidence: whether it agrees (null: nothing to compare), how, on what, and the counterexample."""
    return {
        "name": check.name,
        "agrees": check.agrees,
        "method": check.method,
        "instances": check.instances,
        "comparisons": check.comparisons,
        "sizes": [dict(sizes) for sizes in check.sizes],
        "counterexample": check.counterexample and counterexample_data(check.counterexample),
    }


def counterexample_data(found: Counterexample) -> Data:
    """A concrete network on which two sides differ."""
    return {
        "sizes": dict(found.sizes),
        "indices": dict(found.indices),
        "left": str(found.left),
        "right": str(found.right),
        "inputs": {name: str(value) for name, value in found.inputs},
        "functions": list(found.functions),
    }


def dumped(document: Data, unicode: bool = False) -> str:
    """A document as JSON text, one field a line; trees and indices in one line each."""
    return "".join(_lines(document, "", unicode)) + "\n"


def _named_data(name: str, theorem: Theorem | Refuted, evidence: Iterable[Found], raw: bool = True) -> Data:
    if isinstance(theorem, Refuted):
        return _refuted_data(name, theorem)
    return {
        "name": name,
        "verdict": "proved",
        **_theorem_data(theorem, theorem_data(theorem)),
        "network": _network_data(theorem.network),
        "evidence": [check_data(check) for check in evidence],
        "instances": _instances(theorem, raw),
    }


def _refuted_data(name: str, refuted: Refuted) -> Data:
    trees = claim_data(refuted.limits, refuted.statement)
    found = counterexample_data(refuted.counterexample)
    return {
        "name": name,
        "verdict": "refuted",
        "limits": {"latex": ranges(refuted.limits, LATEX), "trees": trees["limits"]},
        "statement": _equation_data(refuted.statement, trees["statement"]),
        "hypotheses": [],
        "why": refuted.why,
        "counterexample": found,
        "steps": [],
        "network": _network_data(refuted.network),
        "evidence": [],
    }


def _theorem_data(theorem: Theorem, trees: Data) -> Data:
    steps = theorem.derivation.steps
    return {
        "limits": {"latex": ranges(theorem.limits, LATEX), "trees": trees["limits"]},
        "statement": _equation_data(theorem.statement, trees["statement"]),
        "matrix": theorem.matrix and _equation_data(theorem.matrix, trees["matrix"]),
        "hypotheses": [_hypothesis_data(item) for item in theorem.hypotheses] + _given_data(theorem),
        "assumed": trees["assumed"],
        "steps": [_step_data(step, tree) for step, tree in zip(steps, trees["steps"], strict=True)],
    }


def _step_data(step: Step, trees: Data) -> Data:
    return {
        "rule": step.rule,
        "reason": step.reason,
        "note": step.note or _remark(step),
        "at": trees["at"],
        "before": _written(step.before, trees["before"]),
        "after": _written(step.after, trees["after"]),
        "with": {name: _parameter(step.parameters[name], tree) for name, tree in trees["with"].items()},
    }


def _remark(step: Step) -> str:
    """Why the sum around a link does not collapse, where that is a question."""
    found = sum_stays(step)
    if found is None:
        return ""
    letters = letters_for((step.before,))
    link, letter, other = (text(part, letters=letters) for part in found)
    return stays_text((link, f"Σ_{letter}", letter, "≠", other))


def _parameter(value: Any, tree: Any) -> Any:
    if isinstance(value, Theorem):
        return _theorem_data(value, tree)
    if isinstance(value, Mapping):
        return [
            [_written(old, old_tree), _written(new, new_tree)]
            for (old, new), (old_tree, new_tree) in zip(value.items(), tree, strict=True)
        ]
    if isinstance(value, tuple):
        return [_written(part, part_tree) for part, part_tree in zip(value, tree, strict=True)]
    return _written(value, tree) if isinstance(value, Basic) else tree


def _equation_data(equation: Equation, trees: Sequence[Any]) -> Data:
    letters = letters_for(equation)
    lhs, rhs = (_written(side, tree, letters) for side, tree in zip(equation, trees, strict=True))
    return {"latex": f"{lhs['latex']} = {rhs['latex']}", "lhs": lhs, "rhs": rhs}


def _written(expr: Basic, tree: Any, letters: Letters | None = None) -> Data:
    """Letters depend on this expression alone: which bound indices are one object is not in a file."""
    return {"latex": latex(expr, letters, limits=True), "tree": tree}


def _hypothesis_data(item: Hypothesis) -> Data:
    subject = item.subject if isinstance(item.subject, str) else latex(item.subject)
    return {"kind": item.kind, "subject": subject}


def _given_data(theorem: Theorem) -> list[Data]:
    """The equations that a theorem takes as given; one that is only assumed says so by itself."""
    given = theorem.assumptions if theorem.derivation.steps else ()
    return [{"kind": "equation", "subject": _equation_latex(item.statement)} for item in given]


def _equation_latex(equation: Equation) -> str:
    letters = letters_for(equation)
    return " = ".join(latex(side, letters, limits=True) for side in equation)


def _network_data(network: Network) -> Data:
    said = [
        {"latex": " = ".join(latex(side, letters, limits=True) for side in (left, right)), "for": ranges(limits, LATEX)}
        for left, right, limits, letters in definitions(network)
    ]
    return {"latex": said, **network_data(network)}


def _instances(theorem: Theorem, raw: bool) -> list[Data]:
    network = theorem.network
    if not any(isinstance(size, Ref) for size in network.sizes):
        return []
    return [_instance(one) for one in written_out(theorem, raw=raw)[0]]


def _instance(one: WrittenOut) -> Data:
    statement = one.theorem.statement
    evidence = [] if one.raw is None else [check_data(one.raw)]
    return {**_equation_data(statement, theorem_data(one.theorem)["statement"]), _UNCOMPARED: evidence}


def _lines(value: Any, indent: str, unicode: bool) -> Iterator[str]:
    """JSON in which an object, or a list that holds one, has a line for each of its parts."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        for number, (key, part) in enumerate(value.items()):
            yield ("{" if number == 0 else ",") + f"\n{inner}{json.dumps(key, ensure_ascii=not unicode)}: "
            yield from _lines(part, inner, unicode)
        yield f"\n{indent}}}"
    elif isinstance(value, list) and any(isinstance(part, dict) or _holds_object(part) for part in value):
        for number, part in enumerate(value):
            yield ("[" if number == 0 else ",") + f"\n{inner}"
            yield from _lines(part, inner, unicode)
        yield f"\n{indent}]"
    else:
        yield json.dumps(value, ensure_ascii=not unicode)


def _holds_object(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(part, dict) for part in value)


# Reading


def read_document(path: str) -> Data:
    """The document in a file, or on standard input for "-". Raises InvalidInput for what is no proof document."""
    said = "standard input" if path == "-" else path
    try:
        if path == "-":
            raw = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(path).open("rb") as file:
                raw = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot read {said}: {getattr(error, 'strerror', None) or error}") from error
    if len(raw) > LARGEST:
        raise InvalidInput(f"{said}: expected a proof of at most {LARGEST >> 20} MB; found a larger file")
    return parsed(raw, said)


def parsed(text: str | bytes, said: str = "the proof") -> Data:
    """A document from JSON text. Raises InvalidInput for anything but a JSON object of the proof schema."""
    try:
        found = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise InvalidInput(f"{said}: expected JSON; {why}") from error
    _check_document(found, said)
    return dict(found)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: list[tuple[str, Any]]) -> Data:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has the same key twice")
    return found


def _check_document(document: Any, said: str) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != PROOF:
        raise InvalidInput(f"{said}: expected a document of the schema {PROOF}; found {_short(schema)}")
    theorems = document.get("theorems")
    if not isinstance(theorems, list) or not theorems:
        raise InvalidInput(f"{said}: expected a list of theorems; found {_short(theorems)}")
    for number, one in enumerate(theorems, start=1):
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or not 0 < len(name) <= 60 or not name.isprintable():
            raise InvalidInput(f"{said}: expected theorem {number} to be an object with a name; found {_short(name)}")
    _check_extent(document, said)


def _check_extent(document: Any, said: str) -> None:
    """Refuse what is nested too deeply, as an object that holds itself is, or is too large."""
    pending, seen = [(document, 0)], 0
    while pending:
        value, depth = pending.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST:
            raise InvalidInput(f"{said}: it is nested deeper than {_DEEPEST}, or has more than {_MOST:,} parts")
        if isinstance(value, dict):
            pending.extend((part, depth + 1) for part in value.values())
        elif isinstance(value, list | tuple):
            pending.extend((part, depth + 1) for part in value)


def _short(value: Any) -> str:
    said = "nothing" if value is None else repr(value) if isinstance(value, str | int) else f"a {type(value).__name__}"
    return said if len(said) <= 60 else said[:57] + "..."


# Checking


def verify_document(document: Any) -> list[Verified]:
    """The theorems that a document proves, each replayed rule by rule, and all that it says of them compared.

    Raises InvalidInput for what is no proof document, ProofRejected, with the theorem and the step, for a false one.
    """
    _check_document(document, "the proof")
    extra = document.keys() - {"schema", "theorems"}
    if extra:
        raise InvalidInput(f"the proof: expected schema and theorems; found {_short(min(extra))} too")
    return [_verified(one) for one in document["theorems"]]


def _verified(data: Data) -> Verified:
    name = data["name"]
    if data.get("verdict") == "refuted":
        raise ProofRejected(name, "the file says that this claim is refuted, and holds no proof")
    try:
        network = read_network(data["network"])
    except (BackpropError, *_UNREADABLE) as error:
        raise ProofRejected(f"{name}, network", _why(error)) from error
    theorem = replay(_trees(data, name), network, name)
    own = _check_claim(name, theorem)
    rebuilt = _named_data(name, theorem, (), raw=False)
    place = _difference(data, rebuilt)
    if place is not None:
        why = f"what the file says under {place[-1]!r} is not what is proved"
        raise ProofRejected(_spoken(name, place, rebuilt), why)
    return Verified(name, theorem, own)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, BackpropError) else f"not a proof ({type(error).__name__}: {error})"


def _trees(data: Data, place: str) -> Data:
    """What `replay` reads: the document of a theorem without its LaTeX and its sentences."""
    try:
        statement, matrix, steps = data["statement"], data["matrix"], data["steps"]
        return {
            "limits": data["limits"]["trees"],
            "statement": [statement["lhs"]["tree"], statement["rhs"]["tree"]],
            "matrix": matrix and [matrix["lhs"]["tree"], matrix["rhs"]["tree"]],
            "assumed": data["assumed"],
            "steps": [_step_trees(step, f"{place}, step {number}") for number, step in enumerate(steps, start=1)],
        }
    except _UNREADABLE as error:
        raise ProofRejected(place, _why(error)) from error


def _step_trees(step: Data, place: str) -> Data:
    try:
        return {
            "rule": step["rule"],
            "at": step["at"],
            "before": step["before"]["tree"],
            "after": step["after"]["tree"],
            "with": {name: _parameter_trees(value, f"{place}, {name}") for name, value in step["with"].items()},
        }
    except _UNREADABLE as error:
        raise ProofRejected(place, _why(error)) from error


def _parameter_trees(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return _trees(value, place) if "steps" in value else value["tree"]
    return [_parameter_trees(part, place) for part in value] if isinstance(value, list) else value


def _check_claim(name: str, theorem: Theorem) -> bool:
    """Refuse a theorem that is not what its name promises; return whether its network is none of the library's."""
    derivative = _DERIVATIVE.fullmatch(name)
    lhs = theorem.statement.lhs
    if derivative and not (isinstance(lhs, Partial) and [part.name for part in lhs.args[:2]] == [*derivative.groups()]):
        raise ProofRejected(f"{name}, statement", "it proves another equation than its name says")
    known, wanted = perceptron(theorem.network), None
    if known is not None and name in THEOREMS:
        try:
            wanted = prove(name, known)
        except BackpropError as error:
            raise ProofRejected(f"{name}, network", f"{name} is not true of it or says nothing of it") from error
        known = wanted.network
    if known is None or not same_network(known, theorem.network):
        if theorem.network.name == "mlp":
            raise ProofRejected(f"{name}, network", "it is called mlp, and is not the perceptron of that name")
        return True
    if wanted is not None and (
        wanted.limits != theorem.limits
        or not all(map(alpha_equal, wanted.statement, theorem.statement))
        or list(map(_equation_latex, _given(wanted))) != list(map(_equation_latex, _given(theorem)))
    ):
        raise ProofRejected(f"{name}, statement", f"it proves another equation than {name}")
    return False


def _given(theorem: Theorem) -> list[Equation]:
    return [item.statement for item in theorem.assumptions]


def _difference(found: Any, wanted: Any) -> tuple[str | int, ...] | None:
    """The way to the first part that differs, numbers and truth values told apart; evidence is passed over."""
    if type(found) is not type(wanted):
        return ("its kind",)
    if isinstance(wanted, dict):
        order = sorted(wanted, key=lambda key: key != "steps")  # a step tells more than what follows from it
        for key in (*order, *(key for key in found if key not in wanted)):
            if key in found and key in wanted:
                inner = None if key == _UNCOMPARED else _difference(found[key], wanted[key])
                if inner is None:
                    continue
                return (key, *(part for part in inner if inner != ("its kind",)))
            return (str(key)[:60],)
        return None
    if isinstance(wanted, list):
        if len(found) != len(wanted):
            return ("its length",)
        for number, (one, other) in enumerate(zip(found, wanted, strict=True)):
            inner = _difference(one, other)
            if inner is not None:
                return (number, *inner)
        return None
    return None if found == wanted else ()


def _spoken(name: str, place: tuple[str | int, ...], wanted: Data) -> str:
    """The place in words: bp2, step 4 (theorem), lemma, step 1 (leaf)."""
    said: list[str] = [name]
    here: Any = wanted
    for before, part in zip((None, *place), place, strict=False):
        if before == "steps" and isinstance(part, int):
            said.append(f"step {part + 1} ({here[part]['rule']})")
        elif part in ("lemma", "base", "statement", "matrix", "hypotheses", "limits", "network", "instances"):
            said.append(str(part))
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            break
    return ", ".join(said)
