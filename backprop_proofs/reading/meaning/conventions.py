"""Conventions that leave an index unwritten, made explicit before anything else is looked at.

Σ_x over training examples: z and y depend on x and do not say so. net_k and net_j: the letter tells the layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from fractions import Fraction
from functools import partial

from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.meaning.arguments import plainly
from backprop_proofs.reading.meaning.averages import bounded, counts
from backprop_proofs.reading.meaning.chosen import chosen_index
from backprop_proofs.reading.meaning.examples import example_letter, with_examples
from backprop_proofs.reading.meaning.families import Families, exponent
from backprop_proofs.reading.meaning.first_and_last import with_first_layer, with_last_layer
from backprop_proofs.reading.meaning.forms import Rewrite
from backprop_proofs.reading.meaning.function_names import layers_above
from backprop_proofs.reading.meaning.names import (
    COSTS,
    bare_key,
    index_letters,
    letter_of,
    letters_below,
    names_of,
    summed_letters,
)
from backprop_proofs.reading.meaning.one_variable import with_own_variables
from backprop_proofs.reading.meaning.rewriting import Rename, renamed, rewritten
from backprop_proofs.reading.meaning.totals import terms_as_names, with_terms_named
from backprop_proofs.reading.syntax import Chain, Node

# Letters that tell the layer


def letter_layers(chains: tuple[Chain, ...]) -> Rename | None:
    """net_k = Σ_j w_{kj} o_j with o_j = f(net_j): k is a unit of the layer after that of j; None where it is not."""
    offsets = _offsets(chains)
    if not offsets:
        return None

    def change(name: tree.Name) -> Node:
        raised = exponent(name)
        if raised is not None:
            return tree.Power(change(replace(name, above=())), raised, name.span)
        letters = letters_below(name)
        known = [_offset(letter, offsets) for letter in letters]
        steps = [step for step in known if step is not None]
        if not steps or name.above:
            return name
        stage: Node = tree.Name("l", span=name.span)
        if max(steps):
            one = tree.Number(Fraction(abs(max(steps))), span=name.span)
            stage = tree.Plus((stage, one), (1, 1 if max(steps) > 0 else -1), span=name.span)
        return replace(name, above=(tree.Script((stage,), span=name.span),))

    return change


def _offsets(chains: tuple[Chain, ...]) -> dict[str, int]:
    """The layer of each letter against the first one's, from the equations that sum over a letter."""
    steps: dict[str, str] = {}
    for chain in chains:
        left = chain.parts[0]
        if len(chain.parts) < 2 or not isinstance(left, tree.Name) or left.above or len(letters_below(left)) != 1:
            continue
        for node in tree.every(tree.Sum, chain.parts[1]):
            if len(node.letters) == 1 and _weighted(node):
                steps.setdefault(letters_below(left)[0], letter_of(node.letters[0]) or "")
    if not steps:
        return {}
    after, before = next(iter(steps.items()))
    if len(after) != 1 or len(before) != 1 or "l" in (after, before) or after == before:
        return {}
    offsets = {before: 0, after: 1}
    for later, earlier in steps.items():
        if later in offsets:
            offsets.setdefault(earlier, offsets[later] - 1)
        elif earlier in offsets:
            offsets[later] = offsets[earlier] + 1
    return offsets


def _weighted(total: tree.Sum) -> bool:
    """Whether it is a sum of weights, of two indices, times something."""
    return any(len(letters_below(name)) == 2 for name in names_of(total.body)) and any(
        len(letters_below(name)) == 1 for name in names_of(total.body)
    )


def _offset(letter: str, offsets: dict[str, int]) -> int | None:
    if letter in offsets:
        return offsets[letter]
    near = [(abs(ord(letter) - ord(known)), known) for known in offsets if len(letter) == len(known) == 1]
    if not near or min(near)[0] > 2 or letter not in "hijklm":
        return None
    nearest = min(near)[1]
    first, second = sorted((known for known in offsets if len(known) == 1), key=offsets.__getitem__)[:2]
    way = 1 if ord(second) > ord(first) else -1
    return offsets[nearest] + way * (ord(letter) - ord(nearest))


# Names written in a way that hides them


def squares_as_names(chains: tuple[Chain, ...]) -> Rename | None:
    r"""\sigma^2 as a name of its own, where an equation defines it; None where none does."""
    found: set[str] = set()
    for chain in chains:
        left = chain.parts[0]
        if len(chain.parts) > 1 and isinstance(left, tree.Name) and _square(left):
            found.add(bare_key(left))
    names = [name for chain in chains for name in names_of(chain)]
    found -= {bare_key(name) for name in names if name.above and not _square(name)}  # z^2 beside z^1 or z^l is a layer
    sigmas = [name for name in names if bare_key(name) == "sigma"]
    if sigmas and all(_square(name) for name in sigmas):
        found.add("sigma")  # a variance: σ stands nowhere by itself
    if not found:
        return None

    def change(name: tree.Name) -> Node:
        if bare_key(name) not in found:
            return name
        square = replace(name, base=name.base + "2", above=())
        return square if _square(name) else tree.Root(square, span=name.span)

    return change


def _square(name: tree.Name) -> bool:
    items = [item for script in name.above for item in script.items]
    return len(items) == 1 and isinstance(items[0], tree.Number) and items[0].value == 2 and not name.above[0].bracket


def merged_scripts(node: Node) -> Node:
    """(ω')^l_{m,n} and {b_y}_l as names with all of their scripts."""

    def change(part: Node) -> Node:
        if not isinstance(part, tree.Scripted) or part.primes:
            return part
        base = part.base.items[0] if isinstance(part.base, tree.Group) and len(part.base.items) == 1 else part.base
        if not isinstance(base, tree.Name) or (base.run and base is not part.base):  # (Wx)_i
            return part
        return replace(base, above=base.above + part.above, below=base.below + part.below, span=part.span)

    return rewritten(node, change)


def losses_as_names(chains: tuple[Chain, ...]) -> Callable[[Node], Node] | None:
    """l(o_t, y_t) as a quantity l_t, where it is a function of several arguments; None where there is none."""
    calls = [call for call in _losses(chains) if all(isinstance(argument, tree.Name) for argument in call.arguments)]
    if not calls:
        return None

    def change(node: Node) -> Node:
        if not isinstance(node, tree.Call) or len(node.arguments) < 2 or node.function != calls[0].function:
            return node
        return _name_of_loss(node)

    return lambda node: rewritten(node, change)


def loss_equation(chains: tuple[Chain, ...]) -> Chain | None:
    """loss_t = l(o_t, y_t), from the first place that writes it."""
    call = next(_losses(chains), None)
    return None if call is None else Chain((_name_of_loss(call), call), (tree.Relation("="),), call.span)


def _losses(chains: tuple[Chain, ...]) -> Iterator[tree.Call]:
    """Calls of a loss with several arguments."""
    calls = tree.every(tree.Call, *chains)
    return (call for call in calls if len(call.arguments) > 1 and call.function.base in ("l", "ell", "loss"))


def _name_of_loss(call: tree.Call) -> tree.Name:
    """loss_t of l(o_t, y_t)."""
    first = call.arguments[0]
    below = first.below if isinstance(first, tree.Name) else ()
    return tree.Name("loss", below=below, run=True, span=call.span)


def split_runs(chains: tuple[Chain, ...]) -> Callable[[Node], Node] | None:
    """PV as P V, where P and V are written alone elsewhere and PV is given no equation; None where there is none."""
    alone = {name.base for chain in chains for name in names_of(chain) if not name.run}
    defined = {
        chain.parts[0].base for chain in chains if len(chain.parts) > 1 and isinstance(chain.parts[0], tree.Name)
    }
    runs = {
        name.base
        for chain in chains
        for name in names_of(chain)
        if name.run
        and name.base not in defined
        and (_is_product(name.base) or (1 < len(name.base) <= 4 and set(name.base) <= alone))
    }
    runs -= {base for base in runs if base[0] == "d" and base[1:] in alone}
    if not runs:
        return None

    def change(node: Node) -> Node:
        if not isinstance(node, tree.Name) or node.base not in runs or not node.run:
            return node
        letters = [replace(node, base=letter, run=False, above=(), below=(), primes=0) for letter in node.base]
        letters[-1] = replace(node, base=node.base[-1], run=False)
        return tree.Product(tuple(letters), ("",) * (len(letters) - 1), node.span)

    return lambda node: rewritten(renamed(node, change), _on_the_last)


def _is_product(run: str) -> bool:
    """Whether two letters are a matrix and what it is applied to, as Wx is."""
    return len(run) == 2 and run[0].isupper() and run not in COSTS and run not in ("Tr", "CE", "Re")


def _on_the_last(node: Node) -> Node:
    """QK^T as Q K^T: a transpose belongs to the last letter of a run; (QK)^T has brackets."""
    if not isinstance(node, tree.Transpose) or not isinstance(node.of, tree.Product):
        return node
    *first, last = node.of.factors
    return replace(node.of, factors=(*first, replace(node, of=last)))


# Equations that spell out what has a name


def folded(pattern: Node, name: tree.Name, node: Node) -> Node:
    """The tree with every part that is the pattern, in other letters perhaps, replaced by the name in those letters."""
    free = index_letters(name)
    bound = summed_letters([pattern])
    others = {letter for other in names_of(pattern) for letter in index_letters(other)}

    def change(part: Node) -> Node:
        letters: dict[str, Node] = {other: tree.Name(other) for other in others - free - bound}
        if type(part) is not type(pattern) or not _alike(pattern, part, letters):
            return part
        if not free <= letters.keys():
            return part
        return replace(name, above=_put(name.above, letters), below=_put(name.below, letters), span=tree.span_of(part))

    return rewritten(node, change)


def _put(scripts: tuple[tree.Script, ...], letters: dict[str, Node]) -> tuple[tree.Script, ...]:
    def item(node: Node) -> Node:
        letter = letter_of(node)
        return letters.get(letter, node) if letter is not None else node

    return tuple(replace(script, items=tuple(map(item, script.items))) for script in scripts)


def _alike(pattern: object, part: object, letters: dict[str, Node], index: bool = False) -> bool:
    """Whether two trees are the same up to the letters of their indices."""
    if isinstance(pattern, tree.Script) and isinstance(part, tree.Script):
        pairs = zip(pattern.items, part.items, strict=False)
        return len(pattern.items) == len(part.items) and all(_alike(a, b, letters, True) for a, b in pairs)
    if isinstance(pattern, tree.Name) and index:
        letter = letter_of(pattern)
        if letter is not None and isinstance(part, Node):
            return letters.setdefault(letter, part) == part
    if type(pattern) is not type(part):
        return False
    if isinstance(pattern, tuple) and isinstance(part, tuple):
        return len(pattern) == len(part) and all(
            _alike(a, b, letters, index) for a, b in zip(pattern, part, strict=True)
        )
    if not isinstance(pattern, Node):
        return pattern == part
    for each in fields(pattern):
        if each.compare and each.name != "run":
            inner = index or each.name == "letters"
            if not _alike(getattr(pattern, each.name), getattr(part, each.name), letters, inner):
                return False
    return True


# All of them


def after(first: Rewrite | None, second: Rewrite) -> Rewrite:
    """Both rewritings, one after the other."""
    return second if first is None else lambda node: second(first(node))


def spelled_out(chains: tuple[Chain, ...]) -> Rewrite | None:
    """Names that are written in a way that hides them."""
    first: Rewrite | None = None
    if tree.every(tree.Scripted, *chains):
        first = merged_scripts
        chains = tuple(as_chain(first(chain)) for chain in chains)
    plain = plainly(chains, rewritten)
    if plain is not None:
        first = after(first, plain)
        chains = tuple(as_chain(plain(chain)) for chain in chains)
    rules = with_own_variables(chains, rewritten)
    if rules is not None:
        first = after(first, rules)
        chains = tuple(as_chain(rules(chain)) for chain in chains)
    for named in (with_last_layer(chains), with_first_layer(chains), layers_above(chains)):
        if named is not None:
            first = after(first, named)
            chains = tuple(as_chain(named(chain)) for chain in chains)
    losses = losses_as_names(chains)
    if losses is not None:
        first = after(first, losses)
        chains = tuple(as_chain(losses(chain)) for chain in chains)
    terms = terms_as_names(chains)
    if terms:
        summed = partial(renamed, change=partial(with_terms_named, terms=terms))
        first = after(first, summed)
        chains = tuple(as_chain(summed(chain)) for chain in chains)
    rest = _split_up(chains)
    first = first if rest is None else after(first, rest)
    letters = counts(chains)
    return after(first, partial(rewritten, change=partial(bounded, letters=letters))) if letters else first


def _split_up(chains: tuple[Chain, ...]) -> Rewrite | None:
    rename = squares_as_names(chains)
    squares = None if rename is None else partial(renamed, change=rename)
    split = split_runs(chains)
    return squares if split is None else after(squares, split)


def as_chain(node: Node) -> Chain:
    """A node that is a chain."""
    assert isinstance(node, Chain)
    return node


def conventions(chains: tuple[Chain, ...], given: tuple[Chain, ...]) -> Iterator[Rewrite]:
    """The conventions that may leave an index unwritten here. given: the equations of the given part."""
    letter = example_letter(chains)
    if letter is not None:
        yield with_examples(chains, letter)[0]
    families = Families(chains, given)
    layers = letter_layers(chains) if not families.told_by_letters else families.named if families.are_known else None
    for rename in (chosen_index(chains), layers):
        if rename is not None:
            yield partial(renamed, change=rename)
