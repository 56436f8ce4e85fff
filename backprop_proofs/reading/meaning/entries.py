"""S(z_i) = e^{z_i} / Σ_j e^{z_j}: no function of one number, but the entry i of a function of the whole vector z."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.forms import as_call, has_derivative
from backprop_proofs.reading.meaning.names import FUNCTIONS, bare_key, letter_of, letters_below, names_of
from backprop_proofs.reading.syntax import Chain, Node

Change = Callable[[Node], Node]


def functions_of_vectors(chains: tuple[Chain, ...], apply: Callable[[Node, Change], Node]) -> Change | None:
    """What writes S(z_i) as S_i, or as the a_i of a_i = S(z_i) = ...; None where no function is such.

    The same function of anything else, or its derivative, is not understood. apply: a change to every node.
    """
    plain = {bare_key(call.function) for call in _first_calls(chains) if _index(call.arguments[0]) is None}
    named: dict[str, tuple[tree.Name, tree.Name]] = {}
    formulas: dict[Node, Node] = {}
    for key, argument, name, right in (known for chain in chains for known in _defined_in(chain, chains)):
        if key not in plain - {"softmax"} and key not in named:
            named[key] = argument, name
            formulas[name] = right

    def change(node: Node) -> Node:
        if isinstance(node, Chain):
            return _without_repetition(node, formulas)
        if isinstance(node, tree.CallOrProduct) and isinstance(node.call, tree.Name | tree.Text):
            return node.call
        call = as_call(node) if isinstance(node, tree.Call) else None
        key = bare_key(call.function).rstrip("'") if call is not None else ""
        of_entry = call is not None and key in named and not call.function.below
        return _entry(call, *named[key]) if call is not None and of_entry else node

    return change if named else None


def _first_calls(chains: Iterable[Chain]) -> Iterator[tree.Call]:
    """The calls that equations have alone on their left."""
    calls = (as_call(chain.parts[0]) for chain in chains if len(chain.parts) > 1)
    return (call for call in calls if call is not None)


def _defined_in(chain: Chain, chains: tuple[Chain, ...]) -> Iterator[tuple[str, tree.Name, tree.Name, Node]]:
    """The functions that a chain defines so: the key, the argument, the name of the entry, and the formula."""
    for at, part in enumerate(chain.parts[:-1]):
        call = as_call(part)
        if call is None or call.function.primes or call.function.below or call.function.above:
            continue
        key, argument, right = bare_key(call.function), call.arguments[0], chain.parts[at + 1]
        letter = _index(argument)
        if letter is None or not isinstance(argument, tree.Name) or (key in FUNCTIONS and key != "softmax"):
            continue
        if not has_derivative(right) and _sums_over(argument, right, chains):
            before = chain.parts[at - 1] if at else None
            own = isinstance(before, tree.Name) and _index(before) == letter and before.above == argument.above
            name = before if own else replace(call.function, above=argument.above, below=argument.below)
            assert isinstance(name, tree.Name)
            yield key, argument, name, right


def _index(node: Node) -> str | None:
    """The one letter below a name; None for anything else."""
    letters = letters_below(node) if isinstance(node, tree.Name) else ()
    return letters[0] if len(letters) == 1 else None


def _sums_over(argument: tree.Name, right: Node, chains: tuple[Chain, ...]) -> bool:
    """Whether a formula, or that of a name in it, sums over the entries of the argument."""
    spoken = {bare_key(name) for name in names_of(right)} - {bare_key(argument)}
    formulas = [right]
    for chain in chains:
        left = chain.parts[0]
        if isinstance(left, tree.Name) and bare_key(left) in spoken:
            formulas += chain.parts[1:]
    sums = tree.every(tree.Sum, *formulas)
    return any(
        bare_key(name) == bare_key(argument) and name.above == argument.above and _index(name) == letter_of(letter)
        for total in sums
        for letter in total.letters
        for name in names_of(total.body)
    )


def _entry(call: tree.Call, argument: tree.Name, name: tree.Name) -> Node:
    """The entry that a call is, where it is of the same vector; of a whole vector, softmax is known."""
    of = call.arguments[0]
    whole = isinstance(of, tree.Name) and not of.below
    if whole and bare_key(call.function) == "softmax":
        return call
    same = isinstance(of, tree.Name) and bare_key(of) == bare_key(argument) and of.above == argument.above
    if not same or not isinstance(of, tree.Name) or call.function.primes or len(of.below) != len(argument.below):
        return tree.Text(f"{bare_key(call.function)}(...)", call.span)
    return replace(name, below=of.below, span=call.span)


def _without_repetition(chain: Chain, formulas: Mapping[Node, Node]) -> Chain:
    """a = b for a = a = b; an entry = its formula, where its name stood on both sides."""
    first = chain.parts[0]
    kept = [at for at, part in enumerate(chain.parts) if at == 0 or part != chain.parts[at - 1]]
    if len(kept) == 1 < len(chain.parts):
        return replace(chain, parts=(first, formulas.get(first, first)), relations=chain.relations[:1])
    parts = tuple(chain.parts[at] for at in kept)
    return replace(chain, parts=parts, relations=tuple(chain.relations[at - 1] for at in kept[1:]))
