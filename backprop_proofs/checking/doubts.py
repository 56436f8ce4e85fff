"""Why a link that fails, or one that is proved, may be meant otherwise: what the text leaves open."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sympy import Add, Mul, Pow, Symbol

from backprop_proofs.checking.assumed_errors import meaning_of
from backprop_proofs.checking.findings import Finding
from backprop_proofs.checking.judge import court_of
from backprop_proofs.checking.layers_left_out import BETWEEN_LAYERS, between_layers
from backprop_proofs.checking.own_units import activation_said, open_activation
from backprop_proofs.checking.unsettled import reached, said_of, undefined
from backprop_proofs.errors import BackpropError
from backprop_proofs.language.binding import free_indices
from backprop_proofs.language.expressions import GIVEN_FUNCTIONS, Each, Fn, Opaque, Partial, Quantity, Ref, parts_of
from backprop_proofs.language.network import Equation, Network
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.forms import has_derivative
from backprop_proofs.reading.meaning.names import NotUnderstood, bare_key
from backprop_proofs.reading.meaning.naming import TAKEN
from backprop_proofs.reading.meaning.one_variable import OWN
from backprop_proofs.reading.meaning.solved import slopes_by, solved_in
from backprop_proofs.reading.meaning.statement import Link, link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.world import Stage
from backprop_proofs.reading.syntax import Nabla, Name, Node, Number, Product, Sum, every

_SAID_TO_BE_ZERO = re.compile(
    r"\b(?:set(?:ting)?|equat\w+)\b[^.]{0,80}\bzero\b|\b(?:stationary|optimum|optimal\w*|minimi[sz]er|minimum)\b"
    r"|(?:stackrel|overset)\s*\{!\}",
    re.I,
)
_IS_ZERO = re.compile(r"(?:nabla|partial)[^\n]{0,300}=\s*0(?![.\d])")
_ZERO_SLOPE = re.compile(r"nabla|∇|!|=[^=]*=\s*0|Rightarrow|implies|iff")
_REPEATED = re.compile(r"repeated ind|einstein|summation convention|sum(?:med|ming)? over", re.I)
_NEAR = 2_000  # characters before a row, in which it may be said where it holds


@dataclass(frozen=True)
class Failure:
    """A link of a row that fails in its network as it stands, with what was found."""

    row: Row
    story: Story
    network: Network
    made: Link
    sides: tuple[Node, Node]
    found: Finding

    @property
    def cost(self) -> str:
        """The name of the cost."""
        world = self.story.world
        return world.cost.name if world is not None and world.cost is not None else ""


def doubt(failure: Failure) -> Finding | None:
    """The first reason for which a link that fails is not refuted, or None."""
    return next((found for reason in _REASONS if (found := reason(failure)) is not None), None)


def doubt_of_proof(story: Story, network: Network, made: Link) -> str | None:
    """Why a link that is proved in its network may be wrong of what is meant, or None."""
    function = _entry_by_entry(story, network, made)
    if function is not None:
        return f"{function} is taken entry by entry, and may be any function of the whole"
    return _not_connected(network, made) or _cost_not_connected(story, network, made)


def _entry_by_entry(story: Story, network: Network, made: Link) -> str | None:
    """The open function g of y = g(x) that an equation takes the Jacobian of, where nothing says it is of each entry.

    A prime on it anywhere says so, and so does the name σ.
    """
    slopes = [part for side in made.equation for part in parts_of(side, Partial) if made.array]
    pairs = {(part.of.name, part.wrt.name) for part in slopes if isinstance(part.of, Ref) and part.wrt.indices}
    for known in network.definitions:
        body = known.body
        if isinstance(body, Fn) and isinstance(body.argument, Ref) and (known.ref.name, body.argument.name) in pairs:
            open_ = network.function(body.name) is None and body.name not in {"sigma", *GIVEN_FUNCTIONS}
            if open_ and known.ref.indices and not story.census.is_primed(body.name):
                return str(body.name)
    return None


def _not_connected(network: Network, made: Link) -> str | None:
    """Why ∂L/∂v = 0 is not proved where v does not reach L at all: what connects them may not have been understood."""
    slope, other = sorted(made.equation, key=lambda side: not isinstance(side, Partial))
    if other != 0 or not isinstance(slope, Partial) or not isinstance(slope.of, Ref):
        return None
    of, by = slope.of.name, slope.wrt.name
    if of == by or by in reached(Equation(slope.of, slope.of), network):
        return None
    return f"nothing says how {of} depends on {by}"


def _cost_not_connected(story: Story, network: Network, made: Link) -> str | None:
    """Why nothing is said of ∂L/∂v where v does not reach L at all: it would be 0, and 0 = 17 * 0."""
    cost = story.world.cost if story.world is not None else None
    if cost is None:
        return None
    named = {ref.name for side in made.equation for ref in parts_of(side, Ref)}
    sides = [*made.equation, *(known.body for known in network.abbreviations if known.ref.name in named)]
    slopes = {part for side in sides for part in parts_of(side, Partial) if part.of == cost}
    apart = {part.wrt.name for part in slopes} - reached(Equation(cost, cost), network)
    return f"nothing says how {cost.name} depends on {min(apart)}" if apart else None


def _error_by_convention(failure: Failure) -> Finding | None:
    """δ, of which nothing but convention says what it is."""
    names = sorted(failure.story.assumed.intersection(failure.made.names))
    if not names:
        return None
    why = f"with δ {meaning_of(failure.story, names[0])}, {failure.found.message}"
    return Finding("unknown-name", why, failure.found.span)


def _index_or_name(failure: Failure) -> Finding | None:
    """A letter that stands free on one side only, and is the name of a quantity elsewhere."""
    if failure.found.code != "free-index":
        return None
    alone = {*failure.made.only_left, *(name.base for name in failure.made.only_right)} & failure.story.census.bases
    if not alone:
        return None
    why = f"{min(alone)} is an index here, and elsewhere the name of a quantity"
    return Finding("not-understood", why, failure.found.span)


def _name_of_anything(failure: Failure) -> Finding | None:
    """A name that nothing defines, outside of rules of functions with a formula."""
    world = failure.story.world
    unknown = [name for name in failure.made.names if world is not None and name in world.fresh]
    if not unknown or failure.found.code != "unequal" or _of_known_functions(failure.made, failure.network):
        return None
    why = f"nothing says what {unknown[0]} is; for any {unknown[0]} the two sides differ"
    if unknown[0].startswith(OWN):
        why = "nothing says which function it is, and it is not so of every one"
    return Finding("unknown-name", why, failure.found.span)


def _of_known_functions(made: Link, network: Network) -> bool:
    """Whether it is a rule of functions with a formula, for any number."""
    called = {call.name for side in made.equation for call in parts_of(side, Fn)} - set(GIVEN_FUNCTIONS)
    return all(network.function(name) is not None for name in called) and any(n.startswith(OWN) for n in made.names)


def _of_nothing(failure: Failure) -> Finding | None:
    """∂L/∂v of an L that v does not reach, as far as it is understood."""
    why = _cost_not_connected(failure.story, failure.network, failure.made)
    return None if why is None else Finding("not-understood", why, failure.found.span)


def _may_say_what(failure: Failure) -> Finding | None:
    """ln h = z in a text without a given part, which may say what h is."""
    if any(row.given for row in failure.story.document.rows):
        return None
    said = sorted(undefined(failure.story, said_of(failure.story, failure.row)))
    if not said:
        return None
    why = f"it may say what {said[0]} is, which no equation defines"
    return Finding("not-understood", why, failure.found.span)


def _linear_layer(failure: Failure) -> Finding | None:
    """a^L = z^L somewhere in a text without a given part, which may say that the layer is linear."""
    document, story = failure.story.document, failure.story
    if any(row.given for row in document.rows):
        return None
    for row in document.derivation:
        for _, left, right, *_ in story.links(row):
            names = [side for side in (left, right) if isinstance(side, Name)]
            if [bare_key(name) for name in names] == ["a", "z"] and names[0].above == names[1].above:
                return Finding("not-understood", f"line {row.line} may say that a layer is linear", failure.found.span)
    return None


def _cost_of_every_time(failure: Failure) -> Finding | None:
    """∂L/∂h_{t-1} of an L of which nothing says whether it depends on each h_t or on the last."""
    if not (_at_two_stages(failure) and _open_at_every_stage(failure)):
        return None
    why = f"nothing says how {failure.cost} depends on each of what comes one after another"
    return Finding("not-understood", f"{why}; it may be on the last alone", failure.found.span)


def _at_two_stages(failure: Failure) -> bool:
    """Whether the cost is differentiated by something at t - 1 or t + 1, or such a derivative stands there by name."""
    cost = Ref(Quantity(failure.cost))
    known = {d.ref.name for d in failure.network.abbreviations if isinstance(d.body, Partial) and d.body.of == cost}
    every = [part for side in failure.made.equation for part in parts_of(side, Partial, Ref)]
    places = [part.wrt for part in every if isinstance(part, Partial) and part.of == cost]
    places += [part for part in every if isinstance(part, Ref) and part.name in known]
    return any(isinstance(index, Add) for place in places for index in place.indices)


def _open_at_every_stage(failure: Failure) -> bool:
    """Whether the cost is any function of something at all times or layers."""
    network, cost = failure.network, failure.cost
    families = failure.story.world.families.values() if failure.story.world is not None else ()
    lasts = {place.last for family in families for place in family.places if isinstance(place, Stage)}
    bodies = [d.body for d in network.definitions if d.ref.name == cost and isinstance(d.body, Opaque)]
    sets = [part for body in bodies for part in body.args[1:]]
    repeated = [part for part in sets if isinstance(part, Each) and part.limit[2] in lasts]
    return any(_is_recursive(network, part) for part in repeated)


def _is_recursive(network: Network, part: Each) -> bool:
    """Whether what the set is of is defined by itself at another time, perhaps by way of others."""
    names = {ref.name for ref in parts_of(part, Ref)}
    known = [d for d in network.definitions if d.ref.name in names]
    return any(d.ref.name in reached(Equation(d.body, d.body), network) for d in known)


def _below_the_last(failure: Failure) -> Finding | None:
    """An equation for any layer that fails at the last alone, which has an equation of its own."""
    network, made = failure.network, failure.made
    spoken = reached(made.equation, network)
    lasts = {
        part
        for known in network.definitions
        if known.ref.name in spoken
        for part in known.ref.indices
        if isinstance(part, Symbol) and part not in {letter for letter, _, _ in known.limits}
    }
    below = {last: last - 1 for last in lasts}
    limits = tuple((letter, low, high and below.get(high, high)) for letter, low, high in made.limits)
    if limits == made.limits:
        return None
    agreed, differs = court_of(network).compared(made.equation, limits)
    words = "it is right below the last layer, which has an equation of its own"
    return Finding("not-understood", words, failure.found.span) if agreed and not differs else None


def _other_activation(failure: Failure) -> Finding | None:
    """A text that declares nothing and speaks of tanh, where the line rests on σ."""
    name, said = open_activation(failure.story), activation_said(failure.story)
    if name is None or said is None or name not in reached(failure.made.equation, failure.network):
        return None
    why = f"{name} may be the {said} that the text speaks of; give it as --activation or in a given part"
    return Finding("not-understood", why, failure.found.span)


def _summation_convention(failure: Failure) -> Finding | None:
    """w_{ij} x_j without a sum, where the text says that repeated indices are summed."""
    free = failure.found.code == "free-index" and not every(Sum, *failure.sides)
    if not free or _REPEATED.search(failure.story.document.beside) is None:
        return None
    return Finding("not-understood", "repeated indices may be summed, which is not understood", failure.found.span)


def gradient_of_average(failure: Failure) -> Finding | None:
    """dX beside a cost that is an average: it may be of the cost, or of what one example adds to it."""
    found = [name for side in failure.made.gradients for name in side]
    if not found or not _is_average(failure.network, failure.cost):
        return None
    why = f"d{found[0]} may be meant for {failure.cost} or for what one example adds to it"
    return Finding("not-understood", why, failure.found.span)


def _is_average(network: Network, cost: str) -> bool:
    """Whether the cost is divided by a number of examples."""
    bodies = [definition.body for definition in network.definitions if definition.ref.name == cost]
    sizes = {letter for letter, _, _ in network.parameters}
    powers = [power for body in bodies for power in parts_of(body, Pow) if power.exp == -1]
    return any(isinstance(power.base, Symbol | Mul) and free_indices(power.base) & sizes for power in powers)


def _cost_of_one_example(failure: Failure) -> Finding | None:
    """C beside C = Σ_x C_x, where no x is written: it may be meant for C_x, as texts drop the x later."""
    total, letter = failure.story.total or ("", "")
    made = failure.made
    if (
        letter in made.bound
        or f"{total}_{letter}" in made.names
        or total not in reached(made.equation, failure.network)
    ):
        return None
    why = f"{total} may be meant for what one {letter} adds to it"
    return Finding("not-understood", why, failure.found.span)


def _differential(failure: Failure) -> Finding | None:
    """dy = W dx, which is true of differentials: what stands on the left depends on what stands on the right."""
    left, right = failure.made.gradients
    order = [definition.ref.name for definition in failure.network.definitions]
    place = {name: order.index(name) if name in order else -1 for name in (*left, *right)}
    before = [name for name in (*left, *right) if left and name != left[0] and place[name] <= place[left[0]]]
    if not before:
        return None
    why = f"d{left[0]} and d{before[0]} are differentials here, and gradients are understood"
    return Finding("not-understood", why, failure.found.span)


def _in_other_layout(failure: Failure) -> Finding | None:
    """∂z/∂x as the transposed Jacobian, whose rows belong to x."""
    world = failure.story.world
    census = failure.story.census
    if world is None or not failure.made.jacobian or census.transposes_jacobians:
        return None
    try:
        with world.laid_out("denominator"):
            made, _ = link(world, census, *failure.sides)
        agreed, differs = court_of(failure.network).compared(made.equation, made.limits)
    except (Misfit, NotUnderstood, BackpropError, ArithmeticError):
        return None
    words = "where the rows of a Jacobian belong to what is differentiated by it is right; write indices"
    return Finding("layout", words, failure.found.span) if agreed and not differs else None


def _gradient_of_more(failure: Failure) -> Finding | None:
    """∇_u c u^T v of a c that is no cost: the gradient of c, or of all of it."""
    for product in every(Product, *failure.sides):
        for factor, sign in zip(product.factors, product.operators, strict=False):
            of = factor.of if isinstance(factor, Nabla) else None
            if not sign and isinstance(of, Name) and bare_key(of) != failure.cost:
                return Finding("not-understood", "∇ may be meant of all that follows it", failure.found.span)
    return None


def _slope_said_to_be_zero(failure: Failure) -> Finding | None:
    """∂C/∂w = 0, which says where the minimum is: in those words, or to be solved below."""
    before, row = _written(failure)
    zero = any(isinstance(side, Number) and not side.value for side in failure.sides)
    below = (other for other in failure.story.document.derivation if other.span.start >= failure.row.span.end)
    solved = slopes_by([failure.row]) & solved_in(below)
    if not zero or not (_SAID_TO_BE_ZERO.search(before) or solved or _ZERO_SLOPE.search(row)):
        return None
    return Finding("not-understood", "it may be meant for the place where it is zero", failure.found.span)


def _at_the_minimum(failure: Failure) -> Finding | None:
    """X^T X w = X^T y, which holds at the minimum alone."""
    before, row = _written(failure)
    left = failure.sides[0]
    defined = {known.ref.name for known in failure.network.definitions}
    solved_for = {bare_key(left)} - defined if isinstance(left, Name) else set()
    above = (other for other in failure.story.document.derivation if other.span.end <= failure.row.span.start)
    solves = not solved_for.isdisjoint(slopes_by(above))
    said = _SAID_TO_BE_ZERO.search(before) or _IS_ZERO.search(before + row)
    if not (said or solves) or any(map(has_derivative, failure.sides)):
        return None
    return Finding("not-understood", "it may be meant where the derivative is zero", failure.found.span)


def _written(failure: Failure) -> tuple[str, str]:
    """What stands shortly before a row, and the row."""
    start, end = failure.row.span
    text = failure.story.document.text
    return text[max(0, start - _NEAR) : start], text[start:end]


def _between_layers(failure: Failure) -> Finding | None:
    """A row that may be between two layers which are not written."""
    if not between_layers(failure.story, *failure.sides):
        return None
    return Finding("not-understood", BETWEEN_LAYERS, failure.found.span)


def _taken_so(failure: Failure) -> Finding | None:
    """A sign that was taken in one of its meanings."""
    taken = next((warned for warned in failure.made.warnings if warned.code == TAKEN), None)
    if taken is None:
        return None
    why = f"{taken.message}, and then the two sides differ; it may be meant otherwise"
    return Finding("not-understood", why, taken.span)


_REASONS: tuple[Callable[[Failure], Finding | None], ...] = (
    _error_by_convention,
    _index_or_name,
    _name_of_anything,
    _of_nothing,
    _may_say_what,
    _linear_layer,
    _cost_of_every_time,
    _below_the_last,
    _summation_convention,
    _other_activation,
    gradient_of_average,
    _cost_of_one_example,
    _differential,
    _in_other_layout,
    _gradient_of_more,
    _slope_said_to_be_zero,
    _at_the_minimum,
    _between_layers,
    _taken_so,
)
