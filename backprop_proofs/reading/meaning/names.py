"""What a written name is by itself: its key, its letters, and the words that mean one function or a cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backprop_proofs.reading.commands import GREEK
from backprop_proofs.reading.syntax import Chain, Name, Node, Span, Sum, every, walk

ERROR = "error"  # the mark on a δ with two indices that is no Kronecker delta
_FACES = frozenset(("bold", "cal", "rm", "sf", "bb", "text", "it", "tt", "frak", "scr", "vec", ERROR))
COSTS = frozenset(("C", "E", "J", "L", "f", "Loss", "loss", "Cost", "cost", "H", "ell"))  # what people call a cost
SURE_COSTS = COSTS - {"f", "H"}  # those that name no function and no matrix
COUNTS = frozenset(("n", "m", "N", "M", "B"))  # what people call the number of examples
FUNCTIONS = {
    "exp": "exp",
    "log": "log",
    "ln": "log",
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "logistic": "sigmoid",
    "relu": "relu",
    "softplus": "softplus",
    "sqrt": "sqrt",
    "softmax": "softmax",
}  # what a word means as a function of one argument, whoever writes it
SPELT = frozenset(("max", "abs", "sign", "sgn"))  # functions that are spelt out as others
_ANY_FUNCTION = frozenset(("act", "activation", "func", "loss", "cost", "Loss", "Cost", "ell"))  # words for one of many


class NotUnderstood(Exception):
    """What is written at a place has no meaning that is known here; nothing is concluded from it."""

    def __init__(self, span: Span, message: str):
        self.span, self.message = span, message
        super().__init__(message)


@dataclass(frozen=True)
class Use:
    """A name at one place: the quantity's key, its superscript and subscript indices, and the power it is raised to."""

    key: str
    above: tuple[Node, ...]
    below: tuple[Node, ...]
    power: Node | None
    whole: bool  # whether it stands without any index


def letter_of(node: Node) -> str | None:
    """The letter that an index is, or None for anything else."""
    if isinstance(node, Name) and not (node.above or node.below) and ":" not in node.base:
        return node.base + "'" * node.primes
    return None


def letters_in(node: Node) -> tuple[str, ...]:
    """The letters of an index expression."""
    letter = letter_of(node)
    if letter is not None:  # nearly always
        return (letter,)
    return tuple(letter for part in walk(node) if (letter := letter_of(part)) is not None)


def bare_key(name: Name) -> str:
    """The name without scripts: "yhat" of ŷ, "w" of a bold w."""
    base = name.base.lstrip("\\")
    if not (name.marks or name.primes):
        return base
    return base + "".join(mark for mark in name.marks if mark not in _FACES) + "'" * name.primes


def is_any_function(name: Name) -> bool:
    """Whether a function's name leaves open which one it is, as σ and f do; sin, erf and max mean one."""
    base = name.base.lstrip("\\")
    return len(base) == 1 or base in GREEK or base in _ANY_FUNCTION


def is_kronecker(name: Name) -> bool:
    """Whether it looks like a Kronecker delta: δ with two indices below and none above, and no error."""
    looks = bare_key(name) in ("delta", "Delta") and not name.above and sum(len(s.items) for s in name.below) == 2
    return looks and ERROR not in name.marks


def names_of(node: Node) -> tuple[Name, ...]:
    """The names that stand for quantities or functions: not those within scripts or under a Σ."""
    return (node,) if isinstance(node, Name) else node.names_within


def letters_below(name: Name) -> tuple[str, ...]:
    """The letters of a name's lower indices; none where one of them is something else."""
    found = [letter_of(item) for script in name.below for item in script.items]
    return () if None in found else tuple(letter for letter in found if letter is not None)


def summed_letters(nodes: Iterable[Node]) -> set[str]:
    """The letters that sums run over, anywhere in some nodes."""
    return {letter_of(letter) or "" for total in every(Sum, *nodes) for letter in total.letters}


def lefts_of(chains: Iterable[Chain]) -> set[str]:
    """The names that stand alone on the left of equations."""
    firsts = (chain.parts[0] for chain in chains if len(chain.parts) > 1)
    return {bare_key(first) for first in firsts if isinstance(first, Name)}


def is_error(name: Name) -> bool:
    """Whether it is δ or Δ, whatever hangs on it."""
    return bare_key(name).lower().startswith("delta")


def index_letters(name: Name) -> set[str]:
    """The letters of the indices of a name."""
    return {letter for script in (*name.above, *name.below) for item in script.items for letter in letters_in(item)}
