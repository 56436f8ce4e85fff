"""The picture of a proof: the quantities between X and Y of its ∂Y/∂X, and the cut S that its chain rule sums over.

Every path from X to Y has one first member of S; an arrow says that one quantity leads to another, a dashed one that it
does so through quantities that are not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sympy import Expr, Integer, Symbol

from backprop_proofs.kernel.dependence import find_path, members, region_of, unpacked
from backprop_proofs.kernel.theorem import Step, Theorem
from backprop_proofs.language.binding import limits_on_path, substitute, substitute_index, substitute_limits, subterm
from backprop_proofs.language.expressions import Partial, Ref
from backprop_proofs.language.indices import Facts, Limit, line
from backprop_proofs.render.letters import own_name
from backprop_proofs.render.pictures.labels import Label, Run, quantity_label, runs
from backprop_proofs.render.pictures.layered import Edge, layered
from backprop_proofs.render.pictures.networks import network_picture
from backprop_proofs.render.pictures.pen import SIZE, Pen, Point
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.quantities import edge_key, moved, trimmed, uses_directly

_FEW = 5  # members of a cut that are all drawn


class Cut(NamedTuple):
    """A chain rule: what is differentiated by what, the sets of its cut, and the letters in force."""

    link: Partial
    through: tuple[Expr, ...]
    limits: tuple[Limit, ...]


@dataclass
class _Graph:
    """What is drawn: quantities by key, those of the cut by its sets, where dots stand, and what leads to what.

    values: numbers for letters of X. level: no member of the cut leads to another, so that they stand in one column.
    """

    nodes: dict[str, Ref] = field(default_factory=dict)
    groups: list[list[str]] = field(default_factory=list)
    dots: list[str] = field(default_factory=list)
    edges: dict[Edge, bool] = field(default_factory=dict)
    values: dict[Symbol, Expr] = field(default_factory=dict)
    level: bool = True

    @property
    def cut(self) -> set[str]:
        """The members of the cut that are drawn."""
        return {key for group in self.groups for key in group if key in self.nodes}


def proof_picture(theorem: Theorem) -> Picture:
    """The dependency graph of a proof with its cut marked; of a proof without a chain rule, its network."""
    cut = next(_cuts(theorem.derivation.steps, theorem.limits, deep=False), None)
    cut = cut or next(_cuts(theorem.derivation.steps, theorem.limits), None)
    if cut is None:
        return network_picture(theorem.network)
    return _drawn(cut, _graph(theorem, cut))


def _cuts(
    steps: Sequence[Step], limits: tuple[Limit, ...], given: Mapping[Symbol, Expr] | None = None, deep: bool = True
) -> Iterator[Cut]:
    """The chain rules of a proof in order, those of the lemmas that it uses at the values it uses them at."""
    at = dict(given or {})
    for step in steps:
        if step.rule == "chain-rule":
            link = substitute(subterm(step.before, step.at), at)
            through = tuple(substitute(part, at) for part in step.parameters["through"])
            yield Cut(link, through, (*limits, *limits_on_path(step.before, step.at)))
    for step in steps if deep else ():
        inner = {
            s: substitute_index(e, at) for s, e in step.parameters.get("given", {}).items() if isinstance(s, Symbol)
        }
        for lemma in (step.lemma, step.parameters.get("base")):
            if lemma is not None:
                yield from _cuts(lemma.derivation.steps, _narrowed(limits, lemma, inner), inner)


def _narrowed(limits: tuple[Limit, ...], lemma: Theorem, given: Mapping[Symbol, Expr]) -> tuple[Limit, ...]:
    """The ranges in force in a lemma: its own, such as l = 2..L-1 in a step of an induction, where its letters keep
    their meaning; else those around it and its own for letters that they have not got.
    """
    own = tuple(limit for limit in lemma.limits if limit[0] not in given)
    if any(letter != value for letter, value in given.items()):
        known = {letter for letter, _, _ in limits}
        return (*limits, *(limit for limit in substitute_limits(own, given) if limit[0] not in known))
    kept = {letter for letter, _, _ in lemma.limits}
    return (*lemma.limits, *(limit for limit in limits if limit[0] not in kept))


# what is drawn


def _graph(theorem: Theorem, cut: Cut) -> _Graph:
    network, graph = theorem.network, _Graph()
    facts = network.facts(cut.limits)
    graph.values = values = _values(cut, facts)
    of, wrt = (moved(ref, values) for ref in (cut.link.of, cut.link.wrt))
    graph.nodes[str(wrt)] = wrt
    before = dict.fromkeys(_add(graph, ref) for ref in _others(theorem, cut, wrt, values))
    sets = tuple(substitute(part, values) for part in cut.through)
    graph.level = not _is_staged(theorem, sets, facts)
    facts = _with_members(graph, cut, wrt, sets, facts)
    graph.nodes[str(of)] = of
    _join(theorem, graph, facts, sets)
    _drop(graph, before)
    return graph


def _is_staged(theorem: Theorem, sets: Sequence[Expr], facts: Facts) -> bool:
    """Whether a member of the cut may lead to another."""
    regions = [members(part) for part in sets]
    return any(find_path(theorem.network, one, other, (), facts) for one in regions for other in regions)


def _values(cut: Cut, facts: Facts) -> dict[Symbol, Expr]:
    """Numbers for the letters of X that range over few known numbers, as the members of the cut do."""
    values: dict[Symbol, Expr] = {}
    for part in cut.through:
        _, limits = unpacked(part)
        if len(limits) == 1:
            letter, count = _same_range(cut, limits[0]), facts.value(limits[0][2])
            if letter is not None and count is not None and count <= _FEW:
                values[letter] = Integer(min(2, count))
    return values


def _same_range(cut: Cut, limit: Limit) -> Symbol | None:
    """The letter of X that runs over the same range as the members of the cut, so that it may be one of them."""
    ranges = {letter: (low, high) for letter, low, high in cut.limits}
    letters = (part for part in cut.link.wrt.indices if isinstance(part, Symbol))
    return next((letter for letter in letters if ranges.get(letter) == limit[1:]), None)


def _others(theorem: Theorem, cut: Cut, wrt: Ref, values: Mapping[Symbol, Expr]) -> Iterator[Ref]:
    """The quantities that the other chain rules of the proof go through, at the letters of X."""
    taken = {unpacked(part)[0].quantity for part in cut.through} | {wrt.quantity}
    for other in _cuts(theorem.derivation.steps, theorem.limits):
        for part in other.through:
            ref, limits = unpacked(part)
            letters = {limit[0]: _same_range(cut, limit) for limit in limits}
            known = {old: new for old, new in letters.items() if new is not None}
            if ref.quantity not in taken and known.keys() == letters.keys():
                yield moved(moved(ref, known), values)


def _with_members(graph: _Graph, cut: Cut, wrt: Ref, sets: Sequence[Expr], facts: Facts) -> Facts:
    """Add the members of the cut that are drawn; the facts, and that those in the middle are neither first nor last."""
    for part in sets:
        ref, limits = unpacked(part)
        if len(limits) != 1 or not graph.level:
            facts = facts.extended(limits)
            graph.groups.append([_add(graph, ref)])
            continue
        ((letter, low, high),) = limits
        free = [s for s in wrt.indices if isinstance(s, Symbol) and _covers(cut, s, (low, high))][:1]
        group: list[str] = []
        for index in _members(low, high, free, facts):
            if index is None:
                group.append(f"dots {len(graph.dots)}")
                graph.dots.append(group[-1])
            else:
                group.append(_add(graph, moved(ref, {letter: index})))
        graph.groups.append(group)
        facts = facts.given(tuple(line(end) for s in free for end in (s - low - 1, high - s - 1)))
    return facts


def _add(graph: _Graph, ref: Ref) -> str:
    graph.nodes[str(ref)] = ref
    return str(ref)


def _covers(cut: Cut, letter: Symbol, ends: tuple[Expr, Expr | None]) -> bool:
    return any(letter == other and (low, high) == ends for other, low, high in cut.limits)


def _members(low: Expr, high: Expr, letters: Sequence[Symbol], facts: Facts) -> Iterator[Expr | None]:
    """The indices of the members that are drawn, None for what is left out."""
    first, last = facts.value(low), facts.value(high)
    if first is not None and last is not None and last - first < _FEW:
        yield from map(Integer, range(first, last + 1))
        return
    yield low
    for letter in letters[:1]:
        yield from (None, letter)
    if not letters:
        yield low + 1
    yield from (None, high)


def _join(theorem: Theorem, graph: _Graph, facts: Facts, sets: tuple[Expr, ...]) -> None:
    """An arrow wherever a path leads from one quantity to another and meets no third one."""
    for tail, wrt in graph.nodes.items():
        for head, of in graph.nodes.items():
            others = tuple(ref for key, ref in graph.nodes.items() if key not in (tail, head))
            if tail != head:
                path = find_path(theorem.network, region_of(wrt), region_of(of), (*others, *sets), facts)
                if path is not None:
                    graph.edges[tail, head] = uses_directly(theorem.network, of, wrt)


def _drop(graph: _Graph, keys: Iterable[str]) -> None:
    """Leave out those that lie on no way from X to the cut."""
    cut = graph.cut
    for key in keys:
        into, out = ({edge[1 - side] for edge in graph.edges if edge[side] == key} for side in (1, 0))
        if not into or not out or into & cut:
            del graph.nodes[key]
            graph.edges = {edge: direct for edge, direct in graph.edges.items() if key not in edge}


# the drawing


def _drawn(cut: Cut, graph: _Graph) -> Picture:
    pen, members_ = Pen(), graph.cut
    labels = {key: quantity_label(ref) for key, ref in graph.nodes.items()}
    sizes: dict[str, Point] = {key: (max(40.0, label.width * SIZE + 22), 36.0) for key, label in labels.items()}
    sizes |= dict.fromkeys(graph.dots, (0.0, 0.0))
    block = [key for group in graph.groups for key in group] if graph.level else []
    nodes = [key for key in graph.nodes if key not in block]
    places = layered([*nodes, *block], list(graph.edges), _widths(sizes), [block] if block else [], gap=96)
    for edge, direct in graph.edges.items():
        ends = (_ringed(key, members_, sizes) for key in edge)
        pen.dependence(edge_key(edge), trimmed(places.routes[edge], *ends), direct)
    for key in graph.nodes:
        pen.quantity(key, places.places[key], labels[key], sizes[key], rings=2 if key in members_ else 1)
    for key in graph.dots:
        pen.dots(places.places[key], upright=True)
    if block:
        _frame(pen, cut, [places.places[key] for key in block], max(sizes[key][0] for key in block))
    for key in () if block else sorted(members_):
        pen.words((places.places[key][0], places.places[key][1] - 34), Label((Run("S", italic=True),)), 15)
    _letters(pen, graph, places.places[str(moved(cut.link.wrt, graph.values))])
    return pen.picture(f"the cut S of a chain rule: ∂{cut.link.of}/∂{cut.link.wrt}", _said(graph))


def _widths(sizes: Mapping[str, Point]) -> dict[str, float]:
    return {key: wide for key, (wide, _) in sizes.items()}


def _letters(pen: Pen, graph: _Graph, at: Point) -> None:
    """Below X, what its letters stand for."""
    for row, (letter, value) in enumerate(graph.values.items()):
        pen.words((at[0], at[1] + 32 + 16 * row), Label(runs(f"{letter} = {value}")), 13)


def _ringed(key: str, together: set[str], sizes: Mapping[str, Point]) -> Point:
    wide, high = sizes[key]
    return (wide + 8, high) if key in together else (wide, high)


def _frame(pen: Pen, cut: Cut, places: Sequence[Point], wide: float) -> None:
    """A dashed frame around the members of the cut, called S."""
    middle = sum(x for x, _ in places) / len(places)
    top, bottom = min(y for _, y in places) - 34, max(y for _, y in places) + 34
    across = max(x for x, _ in places) - min(x for x, _ in places) + wide + 34
    pen.box((middle, (top + bottom) / 2), (across, bottom - top), dashed=True)
    letters = [own_name(letter) for part in cut.through for letter, _, _ in unpacked(part)[1]]
    listed = ", ".join(dict.fromkeys(letters))
    said = (Run("S", italic=True), *((Run(": all "), *runs(listed)) if listed else ()))
    pen.words((middle, top - 12), Label(said), 15)


def _said(graph: _Graph) -> str:
    """What leads to what, and which of them are the cut, in words."""
    named = {key: quantity_label(ref).text for key, ref in graph.nodes.items()}
    arrows = "; ".join(f"{named[tail]} leads to {named[head]}" for tail, head in graph.edges)
    return f"The cut S: {', '.join(named[key] for key in named if key in graph.cut)}. {arrows}."
