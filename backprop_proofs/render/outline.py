"""A proof as every renderer shows it: rows in order, the letters of its indices, and what is marked in which row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sympy import Add, Expr, Mul, Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import Malformed, UnknownName
from backprop_proofs.language.binding import Path, free_indices, replace_at, subterm
from backprop_proofs.language.expressions import Binder, Delta, IndexSum, Partial, Ref, parts_of, rebuild
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Network
from backprop_proofs.render.ink import DELTA, SUM
from backprop_proofs.render.letters import Letters, entered, index_terms, letters_for
from backprop_proofs.render.prose import spelled
from backprop_proofs.render.walker import Marks

if TYPE_CHECKING:
    from backprop_proofs.kernel.theorem import Step, Theorem

DETAILS = ("brief", "steps", "full")
_GIVEN = "it is one of the hypotheses."
_FROM_OUTSIDE = frozenset(("definition", "function-definition", "theorem"))  # what they say is not in the expression


class Evidence(Protocol):
    """What an independent check says: its name, whether it agrees, how it was done, on how much."""

    @property
    def name(self) -> str: ...
    @property
    def agrees(self) -> bool | None: ...
    @property
    def method(self) -> str: ...
    @property
    def instances(self) -> int: ...
    @property
    def comparisons(self) -> int: ...


class Row(NamedTuple):
    """One step: `before` only where it must be seen again, `parts` only in full detail; stays: see `sum_stays`."""

    number: str
    before: Expr | None
    marks: Marks
    after: Expr
    rule: str
    reason: str
    note: str
    becomes: tuple[Symbol, Expr] | None
    here: tuple[Expr, Expr] | None
    stays: tuple[Partial, Symbol, Expr] | None
    parts: tuple[Part, ...]


class Part(NamedTuple):
    """The proof of a theorem that a step uses: what it is to the step, its first expression, its rows."""

    role: str
    start: Expr
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Outline:
    """A theorem laid out: its first expression, the rows, the letters for all of them, and which need their limits."""

    theorem: Theorem
    rows: tuple[Row, ...]
    letters: Letters
    limits: bool | frozenset[str]
    ranges: tuple[tuple[str, IndexSum], ...]

    @property
    def start(self) -> Expr:
        return self.theorem.derivation.steps[0].before

    @property
    def full(self) -> bool:
        """Whether every limit, note and substep is shown."""
        return self.limits is True

    def shows(self, kind: type[Basic]) -> bool:
        """Whether a construct occurs in anything printed."""
        return any(isinstance(part, kind) for part in self._parts)

    @property
    def holds_fixed(self) -> bool:
        """Whether a partial derivative with quantities held fixed occurs."""
        return any(isinstance(part, Partial) and part.held for part in self._parts)

    @cached_property
    def _parts(self) -> frozenset[Basic]:
        return frozenset().union(*map(_parts_of, _shown(self.theorem, self.rows)))

    @property
    def applied(self) -> int:
        """How many rule applications there are, those within steps included."""
        return _count(self.theorem.derivation.steps)


@lru_cache(maxsize=1024)
def _parts_of(expr: Basic) -> frozenset[Basic]:
    return frozenset((expr,)).union(*(_parts_of(part) for part in expr.args if part.args))


def checked_detail(detail: str) -> str:
    """`detail`, if it is one. Raises UnknownName."""
    if detail not in DETAILS:
        raise UnknownName("detail", detail, DETAILS)
    return detail


def outline(theorem: Theorem, detail: str = "steps") -> Outline:
    """The theorem's proof, laid out for one of brief, steps, full. Raises UnknownName for another detail."""
    steps = theorem.derivation.steps if checked_detail(detail) != "brief" else ()
    deep = detail == "full"
    letters = letters_for(*_groups(theorem, steps, deep))
    rows = tuple(_rows(steps, "", deep, superscripts(theorem.network)))
    sums = tuple(_sums(_in_rows(rows), letters))
    names = [name for name, _ in sums]
    ambiguous = frozenset(name for name in names if names.count(name) > 1)
    return Outline(theorem, rows, letters, deep or ambiguous, tuple(s for s in sums if s[0] not in ambiguous))


def collapse(step: Step) -> tuple[Marks, tuple[Symbol, Expr] | None]:
    """In a Kronecker collapse, the marks of the sum and of the delta, and what the index becomes."""
    place = tuple(step.at)
    node = subterm(step.before, place)
    if step.rule != "kronecker-collapse" or not isinstance(node, IndexSum):
        return {}, None
    for path, delta in _deltas(node.body, (*place, 0)):
        value = _survivor(delta, node.index)
        if value is not None:
            return {place: SUM, path: DELTA}, (node.index, value)
    return {place: SUM}, None


def sum_stays(step: Step) -> tuple[Partial, Symbol, Expr] | None:
    """(∂a_k/∂z_j, k, j) where a link under Σ_k is put in that has terms without [k = j]: there the sum cannot collapse.

    For an elementwise activation [k = j] is a factor of the link, and the next step collapses the sum.
    """
    lemma, place = step.lemma, tuple(step.at)
    link = subterm(step.before, place)
    if step.rule != "theorem" or lemma is None or not isinstance(link, Partial) or not isinstance(link.of, Ref):
        return None
    around = [subterm(step.before, place[:depth]) for depth in range(len(place))]
    sums = [part.index for part in around if isinstance(part, IndexSum) and part.index in link.of.indices]
    if not sums:
        return None
    here = dict(zip(_indices(lemma.statement.lhs), _indices(link), strict=True))
    deltas = [delta for delta in parts_of(lemma.statement.rhs, Delta) if sums[-1] in map(here.get, delta.args)]
    if not deltas or _is_zero_without(lemma.statement.rhs, deltas):
        return None
    (other,) = {here.get(index, index) for index in deltas[0].args} - {sums[-1]}
    return link, sums[-1], other


def _indices(link: Partial) -> tuple[Expr, ...]:
    return (*link.of.indices, *link.wrt.indices)


def _is_zero_without(expr: Expr, deltas: Collection[Delta]) -> bool:
    """Whether one of the deltas is a factor of every term."""
    if isinstance(expr, IndexSum):
        return _is_zero_without(expr.body, deltas)
    if isinstance(expr, Add):
        return all(_is_zero_without(term, deltas) for term in expr.args)
    return expr in deltas or (isinstance(expr, Mul) and any(_is_zero_without(factor, deltas) for factor in expr.args))


def stays_text(stays: tuple[str, str, str, str, str]) -> str:
    """What `sum_stays` finds, in words; the parts are ∂a_k/∂z_j, Σ_k, k, ≠, j as they are written."""
    link, total, letter, unequal, other = stays
    return (
        f"{link} {unequal} 0 for {letter} {unequal} {other} too, so {total} does not collapse to one term here, "
        "as it does for an elementwise activation"
    )


def definitions(network: Network) -> Iterator[tuple[Expr, Expr, tuple[Limit, ...], Letters]]:
    """The equations of a network, its names for expressions and its functions, each with its own letters."""
    for definition in network.definitions + network.abbreviations:
        yield definition.ref, definition.body, definition.limits, letters_for((definition.ref, definition.body))


def size_of_layers(network: Network) -> Ref | None:
    """The width of a layer, such as n_l, where some range has one that depends on an index."""
    depths = {letter for letter, _, _ in network.parameters}
    for limits in network.families.values():
        for _, _, high in limits:
            letters = high.indices if isinstance(high, Ref) else ()
            if letters and all(isinstance(part, Symbol) for part in letters) and not depths & set(letters):
                return high
    return None


def agreement(evidence: Sequence[Evidence]) -> Collection[tuple[str, str, bool | None]]:
    """Each check as (name, what was done, whether it agrees)."""
    return [(item.name, _done(item).removeprefix(item.name).lstrip(), item.agrees) for item in evidence]


def _done(item: Evidence) -> str:
    counts = [(item.instances, "instance"), (item.comparisons, "comparison")]
    said = ", ".join(f"{number:,} {word}{'' if number == 1 else 's'}" for number, word in counts if number)
    return f"{item.method} ({said})" if said else item.method


def superscripts(network: Network) -> dict[str, int]:
    """How many indices of each quantity stand above."""
    defined = network.definitions + network.abbreviations
    parts = frozenset[Basic]().union(*(_parts_of(side) for item in defined for side in (item.ref, item.body)))
    return {part.name: part.quantity.superscripts for part in parts if isinstance(part, Ref)}


def _rows(steps: Sequence[Step], prefix: str, deep: bool, above: Mapping[str, int]) -> Iterator[Row]:
    previous: Expr | None = steps[0].before if steps else None
    for at, step in enumerate(steps, 1):
        number = f"{prefix}{at}"
        marks, becomes = collapse(step)
        seen = previous is not None and step.before == previous and not marks
        yield Row(
            number=number,
            before=None if seen else step.before,
            marks=marks,
            after=step.after,
            rule=step.rule,
            reason=_GIVEN if _is_given(step) else step.reason,
            note=spelled(step.note, above) if deep else "",
            becomes=becomes,
            here=_equation(step) if _is_given(step) else _here(step) if deep or step.rule in _FROM_OUTSIDE else None,
            stays=sum_stays(step),
            parts=tuple(_parts(step, number, above)) if deep else (),
        )
        previous = step.after


def _parts(step: Step, number: str, above: Mapping[str, int]) -> Iterator[Part]:
    for role, steps in _used(step):
        prefix = f"{number}{'i' if role == 'base case' else ''}."
        yield Part(role, steps[0].before, tuple(_rows(steps, prefix, True, above)))


def _used(step: Step) -> Iterator[tuple[str, Sequence[Step]]]:
    base = step.parameters.get("base")
    if base is not None and base.derivation.steps:
        yield "base case", base.derivation.steps
    if step.substeps:
        yield "in detail" if base is None else "induction step", step.substeps


def _is_given(step: Step) -> bool:
    return step.lemma is not None and bool(step.lemma.assumptions) and not step.substeps


def _equation(step: Step) -> tuple[Expr, Expr] | None:
    return (step.lemma.statement.lhs, step.lemma.statement.rhs) if step.lemma else None


def _here(step: Step) -> tuple[Expr, Expr] | None:
    """The part that the rule rewrote, and what it became, where that can be told apart."""
    place = tuple(step.at)
    if not place:
        return None
    old, at = subterm(step.before, place), place[-1]
    if isinstance(old, Binder):
        return None
    try:
        around = subterm(step.after, place[:-1])
    except Malformed:
        return None
    outside = subterm(step.before, place[:-1])
    wider = len(around.args) - len(outside.args)
    if type(around) is not type(outside) or wider < 0 or (wider and not isinstance(around, Add | Mul)):
        return None
    new = around.args[at] if wider == 0 else rebuild(around, around.args[at : at + wider + 1])
    return (old, new) if replace_at(step.before, place, new) == step.after else None


def _groups(theorem: Theorem, steps: Sequence[Step], deep: bool) -> list[list[Basic]]:
    main: list[Basic] = [*theorem.statement]
    for step in steps:
        main += (step.before, step.after)
    if theorem.matrix is not None:
        main += [*theorem.matrix]
    groups = [main]
    for step in steps if deep else ():
        groups += _sub_groups(step)
    return groups


def _sub_groups(step: Step) -> list[list[Basic]]:
    groups: list[list[Basic]] = []
    for _, steps in _used(step):
        groups.append([expr for part in steps for expr in (part.before, part.after)])
        for part in steps:
            groups += _sub_groups(part)
    return groups


def _shown(theorem: Theorem, rows: Sequence[Row]) -> Iterator[Basic]:
    yield from theorem.statement
    if theorem.matrix is not None:
        yield from theorem.matrix
    if rows:
        yield theorem.derivation.steps[0].before
    yield from _in_rows(rows)


def _in_rows(rows: Sequence[Row]) -> Iterator[Basic]:
    for row in rows:
        if row.before is not None:
            yield row.before
        yield row.after
        for part in row.parts:
            yield part.start
            yield from _in_rows(part.rows)


def _sums(shown: Iterator[Basic], letters: Letters) -> Iterator[tuple[str, IndexSum]]:
    seen: set[tuple[str, Any, Any]] = set()
    for expr in shown:
        for binder, name in entered(expr, letters):
            key = (name, binder.limit[1], binder.limit[2])
            if isinstance(binder, IndexSum) and key not in seen:
                seen.add(key)
                yield name, binder


def _deltas(body: Expr, path: Path) -> Iterator[tuple[Path, Delta]]:
    if isinstance(body, Delta):
        yield path, body
    elif isinstance(body, Mul | IndexSum):
        for at, part in enumerate(body.args):
            yield from _deltas(part, (*path, at))


def _survivor(delta: Delta, letter: Symbol) -> Expr | None:
    gap = delta.args[0] - delta.args[1]
    factor = index_terms(gap).get(letter, 0)
    value = letter - gap * factor
    return value if abs(factor) == 1 and letter not in free_indices(value) else None


def _count(steps: Sequence[Step]) -> int:
    return sum(1 + _count(step.substeps) for step in steps)
