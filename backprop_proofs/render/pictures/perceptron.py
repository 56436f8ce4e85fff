"""The drawing of a perceptron: which layers and neurons are drawn, where they stand, and what they are called.

A layer of at most 8 neurons is drawn whole, else its first two and its last; one of open width as first, second, …,
last, or as first, …, j, …, last where a proof speaks of a neuron j of it. What has a key is called by its own letters:
a[2, 1] is a neuron, w[2, 1, 3] the link of that weight, "a[3, 1] → C" what an output gives to the cost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from sympy import Expr, Integer, Symbol

from backprop_proofs.language.binding import free_indices, substitute_index
from backprop_proofs.language.network import Network
from backprop_proofs.networks.activations import ACTIVATIONS
from backprop_proofs.render.pictures.labels import Label, Run, index_label, quantity_label, runs
from backprop_proofs.render.pictures.pen import Pen, Point, between
from backprop_proofs.render.pictures.picture import Picture
from backprop_proofs.render.pictures.roles import Roles

ONE = Integer(1)
_WHOLE = 8  # neurons of a layer, or layers, that are all drawn
_ACROSS, _DOWN, _RADIUS = 132.0, 58.0, 21.0
_NUMBERED = 1.35  # how much further apart neurons stand where numbers are written on links
_FEW_LINKS = 16  # between two layers, where each carries its number


@dataclass(frozen=True)
class Spot:
    """A neuron that is drawn: its index, and the letter that a proof calls it by."""

    index: Expr
    letter: Symbol | None = None


@dataclass(frozen=True)
class Column:
    """A layer that is drawn; None among its spots stands for those left out. called: what a proof calls it."""

    layer: Expr
    spots: tuple[Spot | None, ...]
    called: Expr | None = None

    @property
    def neurons(self) -> tuple[Spot, ...]:
        return tuple(spot for spot in self.spots if spot is not None)

    def height(self, row: int) -> float:
        """How far below the middle of its layer a neuron stands, in rows."""
        return row - (len(self.spots) - 1) / 2


@dataclass(frozen=True)
class Plan:
    """What is drawn of a perceptron: its layers from left to right, None where some are left out.

    values: the numbers that letters stand for, where the sizes are numbers.
    """

    roles: Roles
    columns: tuple[Column | None, ...]
    values: Mapping[Symbol, Expr]

    @property
    def network(self) -> Network:
        return self.roles.network

    @cached_property
    def layers(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column is not None)

    @property
    def neighbours(self) -> Iterator[tuple[Column, Column]]:
        """The layers that are drawn side by side with no other between."""
        return ((left, right) for left, right in pairwise(self.columns) if left is not None and right is not None)

    def neuron_key(self, layer: Expr, index: Expr) -> str:
        """What a neuron is called: a[2, 1]."""
        return f"{self.roles.activation.name}[{layer}, {index}]"

    def link_key(self, layer: Expr, to: Expr, from_: Expr) -> str:
        """What the link of a weight is called: w[2, 1, 3]."""
        return f"{self.roles.weight}[{layer}, {to}, {from_}]"

    @property
    def cost(self) -> str:
        """What the cost is called: C."""
        return self.roles.costs[0].name

    def cost_key(self, layer: Expr, index: Expr) -> str:
        """What the line from an output to the cost is called: a[3, 1] → C."""
        return f"{self.neuron_key(layer, index)} → {self.cost}"

    def column(self, layer: Expr) -> Column | None:
        """The layer that an index names, if it is drawn."""
        value = valued(self.network, layer, self.values)
        return next((column for column in self.layers if column.layer == value), None)


def valued(network: Network, expr: Expr, values: Mapping[Symbol, Expr]) -> Expr:
    """An index with the letters that have a value replaced; a number, where it is known."""
    expr = substitute_index(expr, values)
    known = network.facts().value(expr)
    return expr if known is None else Integer(known)


# which layers and neurons are drawn


def plan(
    roles: Roles,
    layers: Collection[Expr] = (),
    spoken: Mapping[Expr, Sequence[Expr]] | None = None,
    values: Mapping[Symbol, Expr] | None = None,
) -> Plan:
    """What is drawn; layers: those that must be; spoken: of each layer, the letters or numbers of neurons that must."""
    network, given = roles.network, dict(values or {})
    wanted = [valued(network, layer, given) for layer in layers]
    neurons: dict[Expr, list[Expr]] = {}
    for layer, letters in (spoken or {}).items():
        neurons.setdefault(valued(network, layer, given), []).extend(letters)
    names = {valued(network, layer, given): layer for layer in layers}
    columns: list[Column | None] = []
    for layer in _layers(roles, wanted):
        if columns and columns[-1] is not None and layer - columns[-1].layer != ONE:
            columns.append(None)
        called = names.get(layer)
        spots = _spots(roles, layer, neurons.get(layer, ()), given)
        columns.append(Column(layer, tuple(spots), None if called == layer else called))
    return Plan(roles, tuple(columns), given)


def _layers(roles: Roles, wanted: Collection[Expr]) -> list[Expr]:
    """The layers to draw, in order."""
    start, end = (roles.network.facts().value(part) for part in (roles.first, roles.depth))
    if start is not None and end is not None:
        numbers = {int(layer) for layer in wanted if isinstance(layer, Integer)}
        if end - start >= _WHOLE:
            numbers = {start, start + 1, end - 1, end} | (numbers if len(numbers) <= _WHOLE else set())
        else:
            numbers = set(range(start, end + 1))
        return [Integer(number) for number in sorted(numbers) if start <= number <= end]
    last = free_indices(roles.depth)
    letter = next((s for layer in wanted for s in free_indices(layer) - last), roles.layer)
    inner = {layer - letter for layer in wanted if free_indices(layer) == {letter}}
    ends = {layer - roles.depth for layer in wanted if free_indices(layer) == last} | {Integer(0)}
    if inner or not wanted:
        inner |= {Integer(-1), Integer(0), ONE}
    else:
        ends |= {Integer(-1)}
    firsts = {layer for layer in wanted if isinstance(layer, Integer)} | {roles.first}
    return [*sorted(firsts), *(letter + gap for gap in sorted(inner)), *(roles.depth + gap for gap in sorted(ends))]


def _spots(roles: Roles, layer: Expr, spoken: Sequence[Expr], values: Mapping[Symbol, Expr]) -> Iterator[Spot | None]:
    """The neurons of a layer that are drawn, from the top."""
    width = roles.network.facts().value(roles.width[layer])
    letters = [part for part in dict.fromkeys(spoken) if isinstance(part, Symbol)]
    if width is None:
        between_ = [Spot(letter, letter) for letter in letters] or [Spot(Integer(2))]
        yield Spot(ONE)
        for spot in between_:
            yield from [None] if letters else []
            yield spot
        yield from (None, Spot(roles.width[layer]))
        return
    named = {values[letter]: letter for letter in reversed(letters) if letter in values}
    numbers = {part for part in spoken if isinstance(part, Integer)} | set(named)
    if width <= _WHOLE:
        numbers = set(map(Integer, range(1, width + 1)))
    elif len(numbers) > _WHOLE:
        numbers = set(sorted(numbers)[:_WHOLE])
    numbers |= {ONE, Integer(min(2, width)), Integer(width)}
    before = 0
    for number in sorted(number for number in numbers if 1 <= number <= width):
        yield from [None] if number > before + 1 else []
        yield Spot(number, named.get(number))
        before = int(number)


# the drawing


def drawn(plan: Plan, numbers: Mapping[str, str] | None = None, more: Sequence[Label] = ()) -> Picture:
    """The picture; numbers: texts for neurons and links by their keys; more: lines that stand below."""
    return _Drawing(plan, numbers or {}).picture(more)


class _Drawing:
    def __init__(self, plan: Plan, numbers: Mapping[str, str]):
        self.plan, self.roles, self.numbers, self.pen = plan, plan.roles, numbers, Pen()
        self.across, self.down = (step * (_NUMBERED if numbers else 1.0) for step in (_ACROSS, _DOWN))
        self.at: dict[tuple[Expr, Expr], Point] = {}
        self.columns: list[float] = []
        x = 0.0
        for number, column in enumerate(plan.columns):
            self.columns.append(x)
            for row, spot in enumerate(() if column is None else column.spots):
                if column is not None and spot is not None:
                    self.at[column.layer, spot.index] = (x, column.height(row) * self.down)
            gap = column is None or plan.columns[number + 1 : number + 2] == (None,)
            x += self.across * (0.6 if gap else 1.0)
        self.cost = (x, 0.0)

    def picture(self, more: Sequence[Label]) -> Picture:
        plan = self.plan
        for left, right in plan.neighbours:
            self._links(left, right)
        for number, column in enumerate(plan.columns):
            if column is None:
                self.pen.dots((self.columns[number], 0.0), upright=False)
            else:
                self._column(column, self.columns[number])
        self._cost()
        bottom = self._bottom()
        for row, line in enumerate(more):
            self.pen.words((self.cost[0] / 2, bottom + 56 + 18 * row), line, 14)
        written = "".join(f" {key}: {number}." for key, number in self.numbers.items())
        lines = "".join(f" {line.text}." for line in more)
        return self.pen.picture(title(plan.roles), f"{description(plan)}{written}{lines}")

    def _bottom(self) -> float:
        """Where the lowest neuron ends, with its number."""
        return max(y for _, y in self.at.values()) + _RADIUS + (22 if self.numbers else 0)

    def _links(self, left: Column, right: Column) -> None:
        written = len(left.neurons) * len(right.neurons) <= _FEW_LINKS
        for source in left.neurons:
            for target in right.neurons:
                key = self.plan.link_key(right.layer, target.index, source.index)
                ends = self.at[left.layer, source.index], self.at[right.layer, target.index]
                start, end = between(*ends, _RADIUS, _RADIUS)
                self.pen.link(key, start, end)
                if written and key in self.numbers:
                    self.pen.along(start, end, min(0.28, 0.5 / len(right.neurons)), self.numbers[key])

    def _column(self, column: Column, x: float) -> None:
        for row, spot in enumerate(column.spots):
            if spot is None:
                self.pen.dots((x, column.height(row) * self.down), upright=True)
                continue
            key, at = self.plan.neuron_key(column.layer, spot.index), self.at[column.layer, spot.index]
            self.pen.neuron(key, at, self._label(column, spot), _RADIUS)
            if key in self.numbers:
                self.pen.words((at[0], at[1] + _RADIUS + 10), Label(runs(self.numbers[key])), 13)
            if column.layer == self.roles.first:
                self._input(spot, at)
        self._caption(column, x)

    def _label(self, column: Column, spot: Spot) -> Label:
        named = spot.letter is not None and column.called is not None
        layer = column.called if named and column.called is not None else column.layer
        return quantity_label(self.roles.neuron(layer, spot.letter or spot.index))

    def _input(self, spot: Spot, at: Point) -> None:
        given = self.roles.input(spot.letter or spot.index)
        if given is None:
            return
        self.pen.line((at[0] - _RADIUS - 26, at[1]), (at[0] - _RADIUS - 3, at[1]), arrow=True)
        self.pen.words((at[0] - _RADIUS - 32, at[1]), quantity_label(given), 15, "end")

    def _caption(self, column: Column, x: float) -> None:
        """Which layer it is and, where not all neurons are drawn, how many it has."""
        layer = index_label(column.layer).base
        called = () if column.called is None else (*index_label(column.called).base, *runs(" = "))
        bottom = self._bottom() + 20
        self.pen.words((x, bottom), Label((*runs_of("layer "), *called, *layer)), 14)
        if None in column.spots:
            width = valued(self.plan.network, self.roles.width[column.layer], {})
            self.pen.words((x, bottom + 17), Label((*index_label(width).base, *runs_of(" neurons"))), 12)
        name = layer_activation(self.plan.network)
        if name and column is self.plan.layers[-1]:
            top, bottom = (self.at[column.layer, spot.index][1] for spot in (column.neurons[0], column.neurons[-1]))
            top, bottom = top - _RADIUS - 9, bottom + _RADIUS + (24 if self.numbers else 9)
            self.pen.box((x, (top + bottom) / 2), (2 * _RADIUS + 18, bottom - top), dashed=True)
            self.pen.words((x, top - 10), name, 13)

    def _cost(self) -> None:
        last = self.plan.layers[-1]
        label = quantity_label(self.roles.costs[-1])
        for spot in last.neurons:
            start, end = between(self.at[last.layer, spot.index], self.cost, _RADIUS, _RADIUS)
            self.pen.link(self.plan.cost_key(last.layer, spot.index), start, end)
        self.pen.neuron(self.plan.cost, self.cost, label, _RADIUS)
        self.pen.words((self.cost[0], self._bottom() + 20), "cost", 14)


def runs_of(words: str) -> tuple[Run, ...]:
    """Words that are no letters of ours: they stand upright."""
    return (Run(words),)


def layer_activation(network: Network) -> str:
    """The name of the output's activation, where that is one of a whole layer, such as softmax."""
    name = network.settings.get("activation", "any")
    record = ACTIVATIONS.get(name)
    return name if record is not None and record.layer else ""


def title(roles: Roles) -> str:
    """A perceptron's name: its sizes, as far as they are known."""
    value = roles.network.facts().value
    first, last = value(roles.first), value(roles.depth)
    if first is None or last is None:
        return "a network of any depth and width"
    widths = [value(roles.width[Integer(layer)]) for layer in range(first, last + 1)]
    if None in widths:
        return f"a network of {len(widths)} layers of any width"
    sizes = f"{'-'.join(map(str, widths))} neurons" if len(widths) <= 16 else f"{len(widths)} layers"
    return f"a network of {sizes}"


def description(plan: Plan) -> str:
    """What is to be seen, in a sentence."""
    parts = []
    for column in plan.layers:
        width = valued(plan.network, plan.roles.width[column.layer], {})
        few = f", {len(column.neurons)} of them drawn" if None in column.spots else ""
        parts.append(f"layer {column.layer} with {width} neuron{'' if width == ONE else 's'}{few}")
    said = "each neuron is linked with all of the layer before; the outputs lead to the cost"
    return f"{'; '.join(parts)}; {said} {plan.cost}."
