"""What a whole text means: the network it declares or takes for granted, and which of its rows define something."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from backprop_proofs.errors import BackpropError, InvalidInput, InvalidNetwork
from backprop_proofs.language.network import Network
from backprop_proofs.networks.activations import activation_named
from backprop_proofs.networks.costs import cost_named
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.meaning.amended import says_more
from backprop_proofs.reading.meaning.averages import counts
from backprop_proofs.reading.meaning.built import CIRCULAR, is_circular, twins_of, with_exceptions
from backprop_proofs.reading.meaning.census import Census
from backprop_proofs.reading.meaning.conventions import after, as_chain, loss_equation, spelled_out
from backprop_proofs.reading.meaning.declare import Declared, are_unlike, spoken_of
from backprop_proofs.reading.meaning.error_terms import DELTA, errors_meant, letters_of_errors, solved_for_error
from backprop_proofs.reading.meaning.every_layer import at_every_layer
from backprop_proofs.reading.meaning.examples import example_letter, total_of_examples
from backprop_proofs.reading.meaning.families import OPEN_WEIGHTS, Families
from backprop_proofs.reading.meaning.fitted import fitted_network
from backprop_proofs.reading.meaning.forms import (
    EQUALS,
    Rewrite,
    Rows,
    WrittenLink,
    as_call,
    at_last,
    chains_of,
    has_derivative,
    has_width_of_layer,
    is_entry_of_function,
    is_nielsen,
    is_own_weighted_sum,
    only_derivative,
    same_layer,
    summed_over_layers,
    sums_up_others,
    tops_of,
)
from backprop_proofs.reading.meaning.formulas import called, formulas_in, functions_known
from backprop_proofs.reading.meaning.names import (
    COSTS,
    FUNCTIONS,
    SPELT,
    SURE_COSTS,
    NotUnderstood,
    Use,
    bare_key,
    is_kronecker,
    lefts_of,
    letter_of,
    names_of,
)
from backprop_proofs.reading.meaning.nielsen import Usual
from backprop_proofs.reading.meaning.pattern_errors import pattern_errors
from backprop_proofs.reading.meaning.rewriting import renamed
from backprop_proofs.reading.meaning.shapes import lengths_in, ranks_in
from backprop_proofs.reading.meaning.solved import is_solution, slopes_by
from backprop_proofs.reading.meaning.statement import link
from backprop_proofs.reading.meaning.totals import cost_of_one
from backprop_proofs.reading.meaning.unwritten import ways_of_writing
from backprop_proofs.reading.meaning.usual import (
    NIELSEN,
    folded_into_names,
    missing_moments,
)
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.meaning.ways import NIELSENS, Way
from backprop_proofs.reading.meaning.world import World, world_of
from backprop_proofs.reading.syntax import Chain, Node


@dataclass(frozen=True)
class Taken:
    """A link of a row that was taken as a definition."""

    row: int
    link: int
    key: str


@dataclass(frozen=True)
class Story:
    """A text with what it is about. world: its names; taken: the links that define; trouble: what could not be used.

    assumed: the errors δ of which nothing but convention says what they are. guessed: whether layers or examples are.
    example: the letter of a sum over examples on which nothing seems to depend. total: the cost of all examples, where
    that of each has a name, and the letter of the example.
    """

    document: Document
    world: World | None
    network: Network | None
    census: Census
    rows: Rows = field(default_factory=Rows)
    taken: tuple[Taken, ...] = ()
    notes: tuple[str, ...] = ()
    trouble: tuple[str, ...] = ()
    assumed: frozenset[str] = frozenset()
    guessed: bool = False
    example: str | None = None
    total: tuple[str, str] | None = None

    def links(self, row: Row) -> tuple[WrittenLink, ...]:
        """The links of a row, with the writer's conventions made explicit."""
        return self.rows.links(row)

    def defines(self, row: int, number: int) -> str | None:
        """The name that a link of a row defines, or None."""
        return next((taken.key for taken in self.taken if (taken.row, taken.link) == (row, number)), None)


def story_of(
    document: Document,
    network: Network | None = None,
    activation: str | None = None,
    cost: str | None = None,
    way: Way = NIELSENS,
) -> Story:
    """What the text is about. Raises UnknownName for an activation or a cost that no table knows."""
    if activation is not None:
        activation_named(activation)
    if cost is not None:
        cost_named(cost)
    if network is not None:
        world = world_of(network)
        above = [key for key, family in world.families.items() if family.above]
        return Story(document, world, network, Census(chains_of(*document.rows), above))
    try:
        return _told(document, activation, cost, way)
    except (NotUnderstood, Misfit, BackpropError, RecursionError) as error:
        return Story(document, None, None, Census(()), trouble=(str(error) or "it is nested too deep",))


def _spelled_out(document: Document) -> tuple[list[Chain], Rewrite | None]:
    """The chains of a text with names written plainly, and what makes them so."""
    chains = list(chains_of(*document.rows))
    plain = spelled_out(tuple(chains))
    chains = [as_chain(plain(chain)) for chain in chains] if plain else chains
    letters = letters_of_errors if any(row.given for row in document.rows) else None
    for rule in (cost_of_one, pattern_errors, letters):
        change = rule(tuple(chains)) if rule is not None else None
        if change is not None:
            named = partial(renamed, change=change)
            chains, plain = [as_chain(named(chain)) for chain in chains], after(plain, named)
    return chains, plain


def _told(document: Document, activation: str | None, cost: str | None, way: Way) -> Story:
    written, (chains, plain) = chains_of(*document.rows), _spelled_out(document)
    teller = _Teller(document, chains, activation, cost, plain, way)
    told = replace(teller.tell(), example=example_letter(chains))
    summed = None if teller.own or document.given else summed_over_layers(chains)
    if summed is not None:
        why = f"a sum over {summed} stands beside {summed} as a layer of Nielsen's; say what it is in a given part"
        return Story(document, None, None, told.census, told.rows, notes=told.notes, trouble=(why,))
    given = tuple(chains[: len(list(chains_of(*document.given)))])
    apart = Families(tuple(chains), given).two_weights
    if told.network is not None and told.example is None and not teller.unlike and not apart:
        said = (f"{letter} is taken for the number of terms of the sum that it divides" for letter in counts(written))
        return replace(told, notes=(*told.notes, *said))
    total = total_of_examples(chains)
    for convention in ways_of_writing(tuple(chains), given):
        both = after(plain, convention)
        made_explicit = [as_chain(convention(chain)) for chain in chains]
        another = _Teller(document, made_explicit, activation, cost, both, way)
        other = another.tell()
        if other.network is not None and not another.unlike:
            return replace(other, guessed=True, total=total)
    if teller.unlike or apart or total:
        why = "the examples are unwritten" if total else OPEN_WEIGHTS
        why = f"{teller.unlike[0]} is defined twice, and differently" if teller.unlike else why
        return Story(document, None, None, told.census, told.rows, notes=told.notes, trouble=(why,))
    return told


class _Teller:
    """Finds the declarations: those of the given part, those of lines, and Nielsen's for what nobody defines."""

    def __init__(
        self,
        document: Document,
        chains: list[Chain],
        activation: str | None,
        cost: str | None,
        rewrite: Rewrite | None = None,
        way: Way = NIELSENS,
    ):
        self.document, self.chains, self.rewrite = document, chains, rewrite
        self.activation, self.cost, self.way = activation, cost, way
        self.census = Census(chains, way=way)
        self.notes: list[str] = []
        self.unlike: list[str] = []  # names with two equations that are not the same in other letters
        self.rows = Rows(rewrite)
        formulas = list(formulas_in(document.rows, self.rows, self.census))
        self.formulas = [known for known, *_ in formulas]
        self.formula_lines = tuple(Taken(row.index or 0, link, f.name) for f, row, link in formulas if not row.given)
        self.own = not document.given and any(sums_up_others(row, self.rows) for row in document.derivation)
        self.loss = loss_equation(tuple(chains_of(*document.rows)))

    def tell(self) -> Story:
        given = self._once([*self._from_chain(self.loss)] if self.loss else [])
        given += self._once([one for row in self.document.given for one in self._from_row(row)])
        own, known = bool(given) or self.own, spoken_of(given)
        lines = list(self._from_lines({one.key for one in given}, own, known))
        given, more = self._amended(given)
        lines = more + [one for one in lines if one[0].key not in {other.key for other, _ in more}]
        others = [one for one, _ in lines]
        costs, sign = self._numerators({"C"}), -1 if self.way.minus else 1
        errors = errors_meant(given, others, self.chains, self.census, costs, sign) if own else []
        meant = {one.key for one in errors}
        chosen = self._settled([*given, *errors], [one for one in lines if one[0].key not in meant]) if errors else None
        if chosen is None:
            errors, chosen = [], self._settled(given, lines)
        if chosen is None:
            return Story(self.document, None, None, self.census, self.rows, (), tuple(self.notes), (self._why,))
        (network, world), used = chosen
        if world.single:
            self.notes.append(f"the columns in {world.single} are taken to have one entry each, as it is a number")
        for one in errors:
            words = "the derivative" if isinstance(one.right, tree.Derivative) else "minus the derivative"
            self.notes.append(f"{self._source(one.left)} is taken for {words} of the cost by the weighted input")
        taken = (*self.formula_lines, *(where for one, where in lines if one in used))
        said, assumed = tuple(self.notes), frozenset(one.key for one in errors)
        return Story(self.document, world, network, self.census, self.rows, taken, said, assumed=assumed)

    def _source(self, node: Node) -> str:
        """What is written there."""
        return tree.span_of(node).within(self.document.text)

    def _once(self, declared: list[Declared]) -> list[Declared]:
        """The first equation of each name, and one for the last layer beside it."""
        kept: dict[tuple[str, bool], Declared] = {}
        for one in declared:
            where = (one.key, at_last(one.left))
            if where in kept and kept[where] != one:
                self.notes.append(f"{one.key} is defined twice; the first equation is taken")
                self.unlike += [one.key] if are_unlike(one, kept[where], self.census) else []
            kept.setdefault(where, one)
        return list(kept.values())

    _why = ""
    split = True  # whether a cost that is a sum over times has a name for what each time adds

    def _settled(
        self, declared: list[Declared], lines: list[tuple[Declared, Taken]]
    ) -> tuple[tuple[Network, World], list[Declared]] | None:
        """The network of all declarations; without those of lines that make none."""
        used = [one for one, _ in lines]
        while True:
            try:
                made = self._network(self._arranged(declared, used))
                twins = twins_of(made[0], {one.key for one in declared}, {one.key for one in used})
                if not twins:
                    return made, used
                used = [one for one in used if one.key not in twins]
            except (Misfit, NotUnderstood, BackpropError) as error:
                self._why = str(error)
                dropped = self._to_drop(declared, used)
                if dropped is None or (self._why == CIRCULAR and not declared):  # layers that are not told apart
                    return None
                used = [one for one in used if one is not dropped]

    def _to_drop(self, declared: list[Declared], used: list[Declared]) -> Declared | None:
        """The line without which there is a network; else the last."""
        for one in used:
            try:
                self._network(self._arranged(declared, [other for other in used if other is not one]))
            except (Misfit, NotUnderstood, BackpropError):
                continue
            return one
        return used[-1] if used else None

    def _arranged(self, declared: list[Declared], used: list[Declared]) -> list[Declared]:
        """Lines before what they replace, each name defined before it is used by a name."""
        given, chains = bool(self.document.given), tuple(self.chains)
        usual = Usual(chains, self.census, self.activation, self.cost, given, self.way.own, self.own)
        declared = usual.completed(declared, used)
        declared = declared + missing_moments(declared + used)
        declared, used = (at_every_layer(some, self.chains) for some in (declared, used))
        keys = {one.key for one in used}
        last = {one.key for one in used if at_last(one.left)}
        kept = [one for one in declared if one.key not in keys or one.key in last]
        return folded_into_names(kept + used)

    def _network(self, equations: list[Declared]) -> tuple[Network, World]:
        chains = [*(Chain((one.left, one.right), (tree.Relation("="),)) for one in equations), *self.chains]
        firm = len(equations) if self.document.given else None
        self.census = Census(chains, firm=firm, way=self.way)
        self.census.declare(ranks_in(self.document.given, self.census))
        defined = {one.key for one in equations}
        numbers = {one.key for one in equations if letter_of(one.left) is not None}
        costs = [key for key in self._numerators(numbers) if key not in defined]
        if not equations:
            costs = []
        network, world = fitted_network(
            equations,
            self.census,
            costs,
            functions_known(self.formulas, self.census, self.activation),
            lengths_in(self.document.given, self.census),
            self._line_sides(),
            self.split,
        )
        if is_circular(network):
            raise InvalidNetwork(CIRCULAR)
        network = with_exceptions(network)
        world.network = network
        self._note_lengths(equations, world)
        return network, world

    def _note_lengths(self, equations: list[Declared], world: World) -> None:
        """Note what the declarations call the widths of layers, now that it is known which is which."""
        for one in equations:
            if has_width_of_layer(one.right):
                link(world, self.census, one.left, one.right, defining=True)

    def _line_sides(self) -> list[tuple[Node, Node]]:
        rows = [row for row in self.document.derivation if row.problem is None]
        return [(left, right) for row in rows for _, left, right, *_ in self.rows.links(row)]

    def _numerators(self, numbers: set[str]) -> list[str]:
        """The names of costs: scalars that something is differentiated of, else C where no equation defines a cost."""
        found: dict[str, None] = {}
        for of in tops_of(self.chains):
            if isinstance(of, tree.Name):
                use, usual = self.census.use(of), of.base in COSTS
                whole = use.whole and use.key not in self.census.applied - SURE_COSTS
                if whole and (usual or (use.key not in self._applied() and not of.run)):
                    found[use.key] = None
        if not found and not numbers & SURE_COSTS and not self._stands("C"):
            found["C"] = None
        return list(found)[:1]

    def _stands(self, letter: str) -> bool:
        """Whether a letter stands for something, such as how many classes there are."""
        return any(name.base == letter for name in tree.every(tree.Name, *self.chains))

    def _applied(self) -> set[str]:
        return {bare_key(name) for chain in self.chains for name in names_of(chain) if name.below or name.above}

    # Declarations

    def _from_row(self, row: Row) -> Iterator[Declared]:
        for chain_ in chains_of(row):
            chain = as_chain(self.rewrite(chain_)) if self.rewrite else chain_
            if len(chain.parts) < 2 or any(relation.sign not in EQUALS for relation in chain.relations[:1]):
                continue
            yield from self._from_chain(chain)

    def _from_chain(self, chain: Chain) -> Iterator[Declared]:
        left, right = solved_for_error(chain.parts[0], chain.parts[1], self.chains)
        others = chain.parts[2:]
        if not isinstance(left, tree.Name):
            left, right, others = self._from_right(chain)
        if not isinstance(left, tree.Name) or left in names_of(right):
            return
        if others and is_entry_of_function(right):  # S_i = σ(z)_i = ..., of which the last says what it is
            right = others[0]
        use = self.census.use(left)
        if use.power is not None:
            return
        yield Declared(use.key, left, right)
        if len(chain.parts) == 3:
            one, other = as_call(right), as_call(chain.parts[2])
            if one and other and one.function == other.function and isinstance(one.arguments[0], tree.Name):
                argument = one.arguments[0]
                yield Declared(self.census.use(argument).key, argument, other.arguments[0])

    def _from_right(self, chain: Chain) -> tuple[Node, Node, tuple[Node, ...]]:
        """σ(a) = h as h = σ(a), where no equation has h on its left."""
        first, last = chain.parts[0], chain.parts[-1]
        others = lefts_of(self.chains) | {bare_key(name) for name in names_of(first)}
        if isinstance(last, tree.Name) and bare_key(last) not in others:
            return last, first, ()
        return first, chain.parts[1], chain.parts[2:]

    def _from_lines(self, given: set[str], own: bool, known: set[str]) -> Iterator[tuple[Declared, Taken]]:
        """Equations of the derivation that first define a name. known: the names that the given part speaks of."""
        seen = set(given)
        lines: dict[str, Declared] = {}
        slopes: set[str] = set()
        for row in self.document.derivation:
            if row.problem is not None:
                continue
            end: Node | None = None
            before, slopes = slopes, slopes | slopes_by([row])
            for number, left, right in self.rows.equalities(row):
                inside, end = left == end, right  # the B of A = B = C defines nothing
                left, right = solved_for_error(left, right, self.chains)
                if inside or not isinstance(left, tree.Name) or is_solution(left, right, before, known):
                    continue
                try:
                    use = self.census.use(left)
                except NotUnderstood:
                    continue
                if use.key in lines and self._may_define(use, left, right, own):
                    again = Declared(use.key, left, right)
                    self.unlike += [use.key] if are_unlike(lines[use.key], again, self.census) else []
                if use.key in seen or use.power is not None or not self._may_define(use, left, right, own):
                    seen |= {use.key} if use.key.startswith(DELTA) and own else set()  # said, if not as a derivative
                    continue
                seen.add(use.key)
                lines[use.key] = Declared(use.key, left, right)
                yield lines[use.key], Taken(row.index or 0, number, use.key)

    def _amended(self, given: list[Declared]) -> tuple[list[Declared], list[tuple[Declared, Taken]]]:
        """Equations of lines that say more than the given part does, as z = Σ w a + b for z = Σ w a, b being new."""
        known = spoken_of(given)
        found: list[tuple[Declared, Taken]] = []
        for row in self.document.derivation:
            for number, left, right in self.rows.equalities(row) if row.problem is None else ():
                old = next((one for one in given if isinstance(left, tree.Name) and one.key == bare_key(left)), None)
                if old is None or has_derivative(right):
                    continue
                before, now = ({bare_key(n) for n in names_of(side)} - set(FUNCTIONS) for side in (old.right, right))
                if (
                    before < now
                    and not (now - before) & known
                    and not {name.rstrip("'") for name in now - before} & self.census.functions
                    and old.key not in now
                    and old.key not in {o.key for o, _ in found}
                ):
                    found.append((Declared(old.key, left, right), Taken(row.index or 0, number, old.key)))
        for one, _ in found:
            try:
                new = {bare_key(name) for name in names_of(one.right)} - known
                if not says_more(one.left, one.right, new, *self._network(self._arranged(given, [])), self.census):
                    continue
                self._network(self._arranged([one if other.key == one.key else other for other in given], []))
            except (Misfit, NotUnderstood, BackpropError):
                continue
            self.notes.append(f"{one.key} is taken as the derivation says, which has more in it than the given part")
            rest = [other for other in given if other.key != one.key]
            return rest, [pair for pair in found if pair[0] is one]
        return given, []

    def _may_define(self, use: Use, left: tree.Name, right: Node, own: bool) -> bool:
        if use.key.startswith("d") and len(use.key) > 1 and left.run and self._names_quantity(left):
            return False
        if left.base in ("delta", "Delta") and (is_kronecker(left) or not only_derivative(right)):
            return False
        if use.key == "delta" and not own:
            return False
        names = {bare_key(name) for name in names_of(right)}
        if isinstance(right, tree.Name) and bare_key(right) == bare_key(left):
            return False
        derived = has_derivative(right)
        if self.way.own and use.key == "z":
            return is_own_weighted_sum(left, right)
        if not own and use.key in ("C", *NIELSEN) and is_nielsen(use):
            if use.key == "C":
                return not derived
            return (
                use.key == "a"  # any activation is what Nielsen leaves open
                and self._specialises(right)
                and not derived
                and "z" in names - self.census.functions - SPELT <= {"z", "e"}
                and not isinstance(right, tree.Name)
                and same_layer(left, right)
            )
        return bare_key(left) not in names or (bool(use.above or use.below) and not derived and own)

    def _specialises(self, right: Node) -> bool:
        """Whether it says which activation it is: another function of z alone, or a formula without an unknown one."""
        call = as_call(right)
        whole = call is not None and isinstance(call.arguments[0], tree.Name)
        unknown = {bare_key(name) for name in names_of(right)} & (called(self.census) - SPELT)
        return whole or not unknown

    def _names_quantity(self, left: tree.Name) -> bool:
        return any(bare_key(name) == bare_key(left)[1:] for chain in self.chains for name in names_of(chain))


def declared_in(document: Document) -> Network:
    """The network that all rows of a text declare. Raises InvalidInput."""
    chains, plain = _spelled_out(document)
    teller = _Teller(document, chains, None, None, plain)
    teller.split = False
    declared = [one for row in document.rows for one in teller._from_row(row)]
    found = [(one.key, at_last(one.left)) for one in declared]
    twice = next((key for number, (key, last) in enumerate(found) if (key, last) in found[:number]), None)
    if twice is not None:
        raise InvalidInput(f"network: expected one equation for {twice}; found two")
    if not declared:
        raise InvalidInput("network: expected equations such as z_j = \\sum_k w_{jk} x_k + b_j; found none")
    try:
        return teller._network(folded_into_names(declared))[0]
    except (Misfit, NotUnderstood) as error:
        raise InvalidInput(f"network: {error}") from error
