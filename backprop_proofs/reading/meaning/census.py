"""What all the formulas of one text say of its names: which scripts are indices, layers, labels or powers.

One text decides together: W^{(1)} carries a label, w^l_j a layer, y_i^2 a power, E_d a label, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from itertools import zip_longest

from backprop_proofs.reading.meaning.applied import functions_of_costs, key_of_function
from backprop_proofs.reading.meaning.array_names import SCALARS, biases, costs_in, never_numbers
from backprop_proofs.reading.meaning.names import (
    COSTS,
    ERROR,
    FUNCTIONS,
    NotUnderstood,
    Use,
    bare_key,
    is_kronecker,
    letter_of,
    letters_in,
    names_of,
    summed_letters,
)
from backprop_proofs.reading.meaning.stages import LASTS, stage_places
from backprop_proofs.reading.meaning.ways import NIELSENS, Way
from backprop_proofs.reading.syntax import (
    Call,
    CallOrProduct,
    Chain,
    Derivative,
    Group,
    Kind,
    Name,
    Node,
    Norm,
    Number,
    Plus,
    Product,
    Quotient,
    Root,
    Script,
    Scripted,
    Sum,
    Transpose,
    every,
)

_INDEX_LETTERS = frozenset("ijklmnpqrstuv") | {"alpha", "beta", "mu", "nu", "zeta", "ell", "kappa", "tau"}
_OF_PROJECTIONS = frozenset("qkvrusp")  # letters that tell one weight matrix from another
_USUAL_FUNCTIONS = frozenset(("sigma", "f", "g", "h", "phi", "varphi", "psi", "Phi", "act", "F", "G", "S"))


def _all_letters(item: Node) -> Iterator[str]:
    """The letters of an index, those of an index of it too."""
    yield from letters_in(item)
    if isinstance(item, Name) and item.below and item.base:
        yield item.base
        for script in item.below:
            for inner in script.items:
                yield from letters_in(inner)


class Census:
    """What all the formulas of one text say of its names."""

    def __init__(
        self, chains: Iterable[Chain], known: Iterable[str] = (), firm: int | None = None, way: Way = NIELSENS
    ):
        self._chains = tuple(chains)
        self.firm = len(self._chains) if firm is None else firm  # so many chains, the first ones, declare
        self._known = frozenset(known)  # quantities that are known before the text is read
        self._names = [name for chain in self._chains for name in names_of(chain) if not is_kronecker(name)]
        self.tells_errors = any(ERROR in name.marks for name in self._names)  # from Kronecker deltas
        transposed, products, calls = self._every(Transpose), self._every(Product), self._every(Call)
        self.summed = summed_letters(self._chains)
        self._above: dict[str, list[Script]] = {}
        self._below: dict[str, list[Script]] = {}
        for name in self._names:
            self._above.setdefault(bare_key(name), []).extend(name.above)
            self._below.setdefault(bare_key(name), []).extend(name.below)
        self.bases = {name.base for name in self._names if name.above or name.below}
        self._numbered = {bare_key(name) for name in self._names if len(name.below) > 1 and _is_number(name.below[0])}
        self._labelled = _labelled(self._names, self._chains)
        self._layered = {key for key, scripts in self._above.items() if any(self._is_index_script(s) for s in scripts)}
        self._indices = self._index_letters()
        self.functions = self._function_names(calls)
        self.guesses: set[str] = set()  # names whose number of indices was guessed
        self._uses: dict[int, tuple[Name, Use]] = {}  # by the identity of a name, which is kept: each has its place
        self._stages: dict[tuple[str, str, int], str] | None = None
        self._ranks: dict[str, tuple[int, int, bool]] | None = None
        entrywise = any(set(product.operators) & {"⊙", "∘", ".*"} for product in products)
        self.way = way
        self._matrices = bool(
            way.matrices or transposed or entrywise or any(norm.bars == 2 for norm in self._every(Norm))
        )
        self._columns = _columns([*transposed, *products])
        inside = [n.of.items[0] if isinstance(n.of, Group) and len(n.of.items) == 1 else n.of for n in transposed]
        self.transposes_jacobians = any(isinstance(of, Derivative) for of in inside)
        entries = [n.base for n in self._every(Scripted) if n.below and isinstance(n.base, Call)]
        others = {key_of_function(call) for call in calls if not any(call is entry for entry in entries)}
        perhaps = {id(either.call) for either in self._every(CallOrProduct)}
        self.applied = self.functions | {key_of_function(call) for call in calls if id(call) not in perhaps}
        self.entered = {key_of_function(call) for call in entries} - others - set(FUNCTIONS)  # σ of σ(z)_i alone
        self.corrected: dict[str, int] = {}  # ranks that were sought, as the first guess did not fit
        self.declared: dict[str, int] = {}  # ranks that the text declares
        self.lefts: set[str] = set()  # the names that declarations define
        self.uppers = {letter_of(total.upper) for total in self._every(Sum) if total.upper is not None} - {None}
        self._costs = costs_in(self._chains)
        self._arrays = never_numbers([*products, *transposed, *calls])
        self._under_root = any(isinstance(root.of, Name) and root.of.base == "d" for root in self._every(Root))
        self._biases = biases(self._every(Plus))

    def _every(self, kind: type[Kind]) -> list[Kind]:
        return every(kind, *self._chains)

    def _is_index_script(self, script: Script) -> bool:
        return any(not isinstance(item, Number) for item in script.items)

    def _index_letters(self) -> frozenset[str]:
        """The letters that stand for an index somewhere: summed over, shared by two quantities, or shifted."""
        holders: dict[str, set[str]] = {}
        shifted: set[str] = set()
        for name in self._names:
            key = bare_key(name)
            key = key.rstrip("'") if key.rstrip("'") in _USUAL_FUNCTIONS else key  # f^o and f'^o share no letter o
            for script in (*name.above, *name.below):
                for item, after in zip_longest(script.items, script.items[1:]):
                    if isinstance(after, Number):  # o of net_{o1} is no index for that
                        continue
                    for letter in _all_letters(item):
                        holders.setdefault(letter, set()).add(key)
                        if isinstance(item, Plus):
                            shifted.add(letter)
        shared = {letter for letter, keys in holders.items() if len(keys) > 1 and len(letter) == 1 and letter.islower()}
        usual = {letter for letter, keys in holders.items() if letter in _INDEX_LETTERS and not keys <= COSTS}
        defined = {c.parts[0].base for c in self._chains if len(c.parts) > 1 and isinstance(c.parts[0], Name)}
        found = self.summed | shifted | (usual - defined) | (shared - self.bases - defined) | (LASTS & set(holders))
        found -= self._projections() - self.summed - shifted
        return frozenset(found | self._chosen(found))

    def _projections(self) -> set[str]:
        """The letters that are labels of matrices: q and k of Q = X W_q and K = X W_k, where nothing else has them."""
        alone: set[str] = set()
        others: set[str] = set()
        for name in self._names:
            items = [item for script in (*name.below, *name.above) for item in script.items]
            letter = letter_of(items[0]) if len(items) == 1 and len(name.below) == 1 else None
            matrix = len(name.base) == 1 and (name.base.isupper() or name.base in "bd")
            if matrix and letter in _OF_PROJECTIONS:
                alone.add(letter or "")
            else:
                others |= {inner for item in items for inner in _all_letters(item)}
        capitals = {name.base.lower() for name in self._names if len(name.base) == 1 and not (name.below or name.above)}
        return (alone & capitals) - others

    def _chosen(self, letters: set[str]) -> set[str]:
        """The letters of chosen indices: o of y_o, where y_j stands beside it, and no equation defines y_o."""
        lefts = [chain.parts[0] for chain in self._chains if len(chain.parts) > 1]
        below: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
        for name in self._names:
            items = [item for script in name.below for item in script.items]
            letter = letter_of(items[0]) if len(items) == 1 else None
            if letter is not None:
                below[any(name is left for left in lefts)].add((bare_key(name), letter))
        indexed = {key for key, letter in below[True] | below[False] if letter in letters}
        chosen = {letter for key, letter in below[False] - below[True] if key in indexed}
        return {letter for letter in chosen if len(letter) == 1 and letter.islower()} - self.bases

    def _function_names(self, calls: list[Call]) -> frozenset[str]:
        either = self._every(CallOrProduct)
        sure = {key_of_function(call) for call in calls if call.sure}
        called = {key_of_function(one.call) for one in either if isinstance(one.call, Call)}
        lone = {bare_key(name) for name in self._names if name.below}
        sure -= {bare_key(c.parts[0]) for c in self._chains if len(c.parts) > 1 and isinstance(c.parts[0], Name)}
        of_costs = functions_of_costs(self._chains, self._names, calls, either) - self._indices
        return frozenset(sure | ((called & _USUAL_FUNCTIONS) - lone) | of_costs)

    def is_index(self, node: Node) -> bool:
        """Whether an item of a script is an index (and not a label)."""
        if isinstance(node, Number):
            return True
        letter = letter_of(node)
        if letter is not None:
            return letter in self._indices
        return isinstance(node, Plus | Product) and any(each in self._indices for each in letters_in(node))

    def stages(self) -> dict[tuple[str, str, int], str]:
        """The places of indices that count layers or time, each with the letter of the last one, L or T.

        Such are the places that an index plus or minus a number stands at, and those that share a letter with one.
        """
        if self._stages is None:
            self._stages = stage_places(self._uses_by_chain(), self.firm)
        return self._stages

    def at_layer_zero(self) -> set[str]:
        """The quantities that are written at layer 0, as a^0 is."""
        found: set[str] = set()
        for _, use in self._used() if "L" in self.stages().values() else ():
            for where, items in (("above", use.above), ("below", use.below)):
                zeros = [at for at, item in enumerate(items) if isinstance(item, Number) and not item.value]
                if any(self.stages().get((use.key, where, at)) == "L" for at in zeros):
                    found.add(use.key)
        return found

    def _uses_by_chain(self) -> Iterator[tuple[int, Use]]:
        for number, chain in enumerate(self._chains):
            for name in names_of(chain):
                if not is_kronecker(name):
                    with suppress(NotUnderstood):
                        yield number, self.use(name)

    def may_be_matrices(self) -> bool:
        """Whether nothing says that there are matrices, and yet a capital without indices multiplies something."""
        self.rank(Use("", (), (), None, True))  # which finds out whether a name is written with and without indices
        factors = [factor for product in self._every(Product) for factor in product.factors]
        plain = [f for f in factors if isinstance(f, Name) and not f.run]
        capitals = {f.base for f in plain if len(f.base) == 1 and not self._indices_of(f)}
        return not self._matrices and any(base.isupper() and base not in COSTS | self._lengths() for base in capitals)

    def _indices_of(self, name: Name) -> int:
        """How many lower indices are written, labels apart."""
        try:
            return len(self.use(name).below)
        except NotUnderstood:
            return len(name.below)

    def may_be_vector(self) -> bool:
        """Whether w of w^T x is taken for a matrix, and may be a vector."""
        transposed = any(node.of == Name("w") for node in self._every(Transpose))
        return transposed and "w" in self.guesses and self.rank(Use("w", (), (), None, True)) == 2

    def taken_for_numbers(self) -> bool:
        """Whether a name that would be a matrix is taken for a number, so that the equations fit."""
        return any(not rank and (key[:1].isupper() or key == "w") for key, rank in self.corrected.items())

    def _lengths(self) -> set[str]:
        """The capitals that are numbers of things: up to which something runs, or by which it is divided."""
        bottoms = [node.bottom for node in self._every(Quotient)]
        return {letter for letter in self.uppers if letter} | {n.base for b in bottoms for n in names_of(b)}

    def declare(self, ranks: Mapping[str, int]) -> None:
        """Take for known how many indices names have that are written without: one of x ∈ R^n."""
        self.declared = dict(ranks)
        self._matrices |= any(ranks.values())

    def rank(self, use: Use) -> int:
        """How many lower indices a quantity has, written or not."""
        if self._ranks is None:
            self._ranks = {}
            for name, one in self._used():
                bold = not {"bold", "vec"}.isdisjoint(name.marks)
                before = self._ranks.get(one.key, (0, 0, False))
                staged = sum((one.key, "below", n) in self.stages() for n in range(len(one.below)))
                if one.key in self._ranks and len(one.below) != before[0]:
                    self._matrices = True  # it is written with and without its indices
                self._ranks[one.key] = (max(before[0], len(one.below)), max(before[1], staged), before[2] or bold)
        most, staged, bold = self._ranks.get(use.key, (len(use.below), 0, False))
        letter = use.key[:1]
        if most and (use.key, most) in self._columns:
            return most + (2 if most == staged and letter.isupper() else 1)  # W_l^T of a layer, and w_j^T of a neuron
        if most > staged or (most and not bold and not self._matrices):
            return most
        if use.key in self.declared:
            return most + self.declared[use.key]
        if use.key in self.corrected:
            return self.corrected[use.key]
        if (
            (use.key.split("_")[0] in self._costs and use.key not in self._arrays and not bold)
            or not letter.isalpha()
            or (not bold and not self._matrices)
        ):
            return most
        if not most and (not bold or use.key == "w"):
            self.guesses.add(use.key)
        if letter.isupper() or (use.key == "w" and not (bold or self.way.vectors)):
            return most + 2
        length = use.key.split("_")[0] == "d" and self._under_root  # d_k of sqrt(d_k)
        number = length or use.key in self._indices or (use.key in SCALARS and use.key not in self._arrays)
        return most + (0 if not bold and number else 1)

    def is_name(self, name: Name) -> bool:
        """Whether the name stands somewhere by itself."""
        return any(other.base == name.base for other in self._names)

    def is_shifted(self, name: Name) -> bool:
        """Whether two letters are added in an index of the quantity somewhere, as in x_{i+k}."""
        items = [item for script in self._below.get(bare_key(name), ()) for item in script.items]
        return any(isinstance(item, Plus) and len(set(letters_in(item))) > 1 for item in items)

    def is_primed(self, function: str) -> bool:
        """Whether a prime stands on the function anywhere."""
        return any(bare_key(name) == function + "'" for chain in self._chains for name in names_of(chain))

    def is_array(self, key: str) -> bool:
        """Whether a name stands where no number does."""
        return key in self._arrays

    def is_indexed(self, key: str) -> bool:
        """Whether a name stands somewhere with an index below it."""
        return any(self._below.get(key, ()))

    def added_to_products(self) -> set[str]:
        """The biases of products without indices."""
        return {use.key for _, use in self._used() if self.may_be_number(use.key) is not None}

    def _used(self) -> Iterator[tuple[Name, Use]]:
        """All names that are understood, with what they are."""
        for name in self._names:
            with suppress(NotUnderstood):
                yield name, self.use(name)

    def may_be_number(self, key: str) -> bool | None:
        """Whether b of X w + b may be a number; None for what is no bias of a product without indices."""
        bare = re.split(r"[(^_]", key)[0]
        return self._biases.get(bare) if not self.is_indexed(bare) else None

    def is_cost(self, node: Node) -> bool:
        """Whether it is the name of a cost."""
        return isinstance(node, Name) and bare_key(node) in self._costs and bare_key(node) not in self._arrays

    def is_summed(self, node: Node) -> bool:
        """Whether it is the name of a cost, or of its part L_t, that is the sum of the entries of what it is."""
        key = bare_key(node) if isinstance(node, Name) and self.way.summed else ""
        return key.split("_")[0] in self._costs - self._arrays

    def is_defined(self, key: str) -> bool:
        """Whether an equation has the name alone on its left."""
        return key in self.lefts

    def is_letter(self, letter: str) -> bool:
        """Whether a letter stands for an index somewhere in the text."""
        return letter in self._indices

    def use(self, name: Name) -> Use:
        """What a written name is. Raises NotUnderstood."""
        if id(name) not in self._uses:
            self._uses[id(name)] = name, self._found_use(name)
        return self._uses[id(name)][1]

    def _found_use(self, name: Name) -> Use:
        key = bare_key(name)
        above: list[Node] = []
        below: list[Node] = []
        power: Node | None = None
        layered = key in self._layered or key in self._known
        for script in name.above:
            numeric = all(isinstance(item, Number) for item in script.items)
            labels = script.bracket or (bare_key(name) in self._labelled and not layered)
            if numeric and labels and key not in self._layered:
                key += f"({_text(script)})"
            elif numeric and not script.bracket and (not layered or above):
                power = script.items[0]
            elif all(self.is_index(item) for item in script.items):
                above += script.items
            else:
                key += f"^{_text(script)}"
        for script in name.below:
            labelled = False  # whether the item before is a label, as o of o1 is
            for item in script.items:
                before, labelled = labelled, False
                if isinstance(item, Number) and before:
                    key += _text_of(item)
                elif isinstance(item, Name) and item.below and not self.is_index(item):  # W_{f[i,j]}
                    if not all(inner.bracket for inner in item.below):
                        below += self._nested(item)
                        continue
                    key += f"_{bare_key(item)}"
                    below += [inner for each in item.below for inner in each.items]
                elif script is name.below[0] and _is_number(script) and bare_key(name) in self._numbered:
                    key += f"_{_text_of(item)}"  # a2_i beside a2, as plain text has it
                elif self._is_label(key, item, script, any(s.inline for s in name.below)):
                    self._expect_label(bare_key(name), item, script)
                    key += f"_{_text_of(item)}"
                    labelled = letter_of(item) is not None
                else:
                    below.append(item)
        return Use(key, tuple(above), tuple(below), power, not above and not below)

    def _expect_label(self, key: str, item: Node, script: Script) -> None:
        """Raise NotUnderstood for y of p_y, where y_k is a quantity and p_k is too: y may be the chosen index."""
        letter = letter_of(item)
        if letter is None or len(letter) > 1 or not letter.islower():
            return
        alike = [other for other in self._below.get(key, ()) if len(other.items) == len(script.items)]
        indexed = any(all(map(self.is_index, other.items)) for other in alike)
        if indexed and ((len(script.items) == 1 and letter in self.bases) or len(script.items) > 1):
            raise NotUnderstood(script.span, f"{letter} may be an index here, and no range is known of it")

    def _nested(self, item: Name) -> list[Node]:
        """y_{t_k} as y_{t,k}: the component k at the time t."""
        inner = [each for script in item.below for each in script.items]
        bare = Name(item.base, item.marks, item.primes, span=item.span)
        if letter_of(bare) in self._indices and all(map(self.is_index, inner)):
            return [bare, *inner]
        raise NotUnderstood(item.span, "an index that has an index is not understood")

    def _is_label(self, key: str, item: Node, script: Script, inline: bool) -> bool:
        if isinstance(item, Number) and inline and not script.inline:
            return True
        if isinstance(item, Number):
            others = self._below.get(key.split("_")[0], ())
            return not any(self.is_index(each) and not isinstance(each, Number) for s in others for each in s.items)
        if isinstance(item, Product):  # net_{h1}
            return not self.is_index(item) and all(isinstance(factor, Name | Number) for factor in item.factors)
        letter = letter_of(item)
        if letter == ":" or (isinstance(item, Name) and item.base == ":"):
            return False
        return letter is not None and letter not in self._indices


def _labelled(names: Iterable[Name], chains: Iterable[Chain]) -> set[str]:
    """The names on which a number above is a label, as on z^1 and z^2, and no exponent.

    Those that stand with 0 or 1, or are defined with another number than 2; and beside such ones those that never stand
    without a number.
    """
    written: dict[str, set[Fraction | None]] = {}
    for name in names:
        written.setdefault(bare_key(name), set()).add(_number_above(name))
    lefts = [chain.parts[0] for chain in chains if len(chain.parts) > 1]
    defined = {bare_key(left): _number_above(left) for left in lefts if isinstance(left, Name)}
    sure = {key for key, numbers in written.items() if numbers & {0, 1}}
    sure |= {key for key, number in defined.items() if number not in (None, 2)}
    return sure | {key for key, numbers in written.items() if sure and None not in numbers}


def _number_above(name: Name) -> Fraction | None:
    """1 of z^1, without brackets."""
    only = name.above[0] if len(name.above) == 1 and not name.above[0].bracket else None
    item = only.items[0] if only is not None and len(only.items) == 1 else None
    return item.value if isinstance(item, Number) else None


def _is_number(script: Script) -> bool:
    return len(script.items) == 1 and isinstance(script.items[0], Number)


def _text(script: Script) -> str:
    return script.text or "".join(map(_text_of, script.items))


def _text_of(node: Node) -> str:
    if isinstance(node, Name):
        return bare_key(node)
    if isinstance(node, Product):
        return "".join(map(_text_of, node.factors))
    return str(node.value) if isinstance(node, Number) else "?"


def _columns(nodes: list[Node]) -> set[tuple[str, int]]:
    """The names of vectors that carry indices, and how many: q and k of q_i^T k_j, with one."""
    found: set[tuple[str, int]] = set()
    for node in nodes:
        if isinstance(node, Transpose) and isinstance(node.of, Name) and node.of.below and not _sliced(node.of):
            found.add((_bare(node.of), _count(node.of)))
        if isinstance(node, Product):
            for one, other in zip(node.factors, node.factors[1:], strict=False):
                vector = one.of if isinstance(one, Transpose) and isinstance(one.of, Name) else None
                if vector is None or not (vector.below or vector.base.islower()):
                    continue
                if isinstance(other, Name) and other.below and not _sliced(other):
                    found.add((_bare(other), _count(other)))
    return found


def _count(name: Name) -> int:
    return sum(len(script.items) for script in name.below)


def _sliced(name: Name) -> bool:
    return any(isinstance(item, Name) and item.base == ":" for script in name.below for item in script.items)


def _bare(name: Name) -> str:
    key = bare_key(name)
    return key[1:] if name.run and key.startswith("d") else key
