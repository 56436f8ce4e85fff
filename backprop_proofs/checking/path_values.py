"""The sum over all paths at numbers: by the recursion, path by path, and by forward duals, which know no path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from backprop_proofs.derivation.path_graph import NeuronPath, PathGraph
from backprop_proofs.derivation.paths import Weight, given_for, kind_of, links
from backprop_proofs.evidence.concrete import Key
from backprop_proofs.evidence.duals import Compiler
from backprop_proofs.evidence.exact import Check, generally, generic
from backprop_proofs.evidence.fields import Field, Floats, Number, Singular, field_for, needs
from backprop_proofs.evidence.instance import Instance, Program, deep_recursion
from backprop_proofs.evidence.sizes import is_large, named
from backprop_proofs.language.expressions import Partial, Ref
from backprop_proofs.language.network import Network
from backprop_proofs.networks.mlp import C, L

_ATTEMPTS = 8  # instances drawn in place of one that sits on a singularity
_DEGREE, _FLAT = 4, 2  # of the functions drawn; in floats less, or many layers leave the range in which exp is exact
_DEEPEST = 10  # layers of a network whose numbers are floats
BY_RECURSION, ONE_BY_ONE = "path sum by the recursion", "paths one by one"
_TOTAL: Key = ("total",)  # where the field adds up
Sum = Callable[["LinkValues"], Number]


class _Finer(Floats):
    """Floats of many digits, which settle whether two values differ or were only rounded."""

    _digits = 600


class LinkValues:
    """The values of links on one random instance of a network of known widths."""

    def __init__(self, network: Network, instance: Instance):
        self.network, self.instance, self.field = network, instance, instance.program.field
        self._known: dict[tuple[Ref, Ref], Number] = {}

    def value(self, of: Ref, wrt: Ref) -> Number:
        """What the link from wrt to `of` contributes, by its formula, or by duals if it has none."""
        if (of, wrt) not in self._known:
            self._known[of, wrt] = self._found(Partial(of, wrt))
        return self._known[of, wrt]

    def _found(self, link: Partial) -> Number:
        formula = links(self.network).get(kind_of(self.network, link))
        if formula is None:
            with deep_recursion():
                return self.instance.partial(key_of(link.of), key_of(link.wrt))
        given = {letter: int(value) for letter, value in given_for(formula, link).items() if letter != L}
        return self.instance.value(formula.statement.rhs, given)

    def times(self, left: Number, right: Number) -> Number:
        """left · right, in the field."""
        total: dict[Key, Number] = {}
        self.field.accumulate(total, {_TOTAL: left}, right)
        return total[_TOTAL]

    def derivative(self, weight: Weight) -> Number:
        """∂C/∂w by forward duals."""
        with deep_recursion():
            return self.instance.partial(key_of(C), key_of(weight.ref))


def key_of(ref: Ref) -> Key:
    """An instance of a quantity with numbers for indices."""
    return (ref.name, *map(int, ref.indices))


def by_recursion(values: LinkValues, graph: PathGraph, start: Ref) -> Number:
    """The sum over all paths from start to the cost: that from each neuron once, from those of the neurons after it."""
    totals: dict[Ref, Number] = {}
    for node in graph.backwards(start):
        sums: dict[Key, Number] = {_TOTAL: int(node == C)}
        for ahead in graph.leads_to(node):
            values.field.accumulate(sums, {_TOTAL: totals[ahead]}, values.value(ahead, node))
        totals[node] = sums[_TOTAL]
    return totals[start]


def one_by_one(values: LinkValues, paths: Iterable[NeuronPath]) -> Number:
    """The sum of the products of the paths' links."""
    total: dict[Key, Number] = {}
    for path in paths:
        product: Number = 1
        for link in path.links:
            product = values.times(product, values.value(link.of, link.wrt))
        values.field.accumulate(total, {_TOTAL: product}, 1)
    return total.get(_TOTAL, 0)


def path_checks(
    network: Network, weight: Weight, paths: tuple[NeuronPath, ...] | None, seed: int = 0
) -> tuple[Check, ...]:
    """Both sums against forward duals on a random instance; without `paths`, all of them, only the recursion.

    The recursion takes time that does not grow with the number of paths.
    """
    graph = PathGraph(network)
    sums: dict[str, Sum] = {} if paths is None else {ONE_BY_ONE: lambda values: one_by_one(values, paths)}
    sums[BY_RECURSION] = lambda values: by_recursion(values, graph, weight.ref)
    return _compared(network, weight, sums, seed)


def _compared(network: Network, weight: Weight, sums: Mapping[str, Sum], seed: int) -> tuple[Check, ...]:
    drawn = generic(network) if is_large(network.sizes) else network
    need = needs(drawn, *(link.statement.rhs for link in links(network).values()))
    sizes = (named(network.sizes),)
    if need == "real" and network.sizes[L] > _DEEPEST:
        return tuple(Check(name, False, 0, 0, "too many layers for the range of floats", sizes) for name in sums)
    for attempt, field in enumerate(_fields(need)):
        program, degree = Program(drawn, {}, field, Compiler), _FLAT if need == "real" else _DEGREE
        instance = Instance(program, seed + attempt, degree, narrow=is_large(network.sizes))
        try:
            values = LinkValues(network, instance)
            truth = values.derivative(weight)
            agrees = {name: field.same(total(values), truth) for name, total in sums.items()}
        except Singular:
            continue
        if all(agrees.values()) or need != "real" or isinstance(field, _Finer):
            general = drawn is not network and network.functions
            says = f"compared with {generally(field.says, network) if general else field.says}"
            return tuple(Check(name, one, 1, 1, says, sizes) for name, one in agrees.items())
    return tuple(Check(name, False, 0, 0, "every instance drawn was singular", sizes) for name in sums)


def _fields(need: str) -> Iterator[Field]:
    for attempt in range(_ATTEMPTS):
        yield field_for(need, attempt)
        if need == "real":
            yield _Finer(positive=attempt % 2 == 1)
