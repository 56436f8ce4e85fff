"""What a user may give of a perceptron, checked: widths and depth, the size of a batch, known labels."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from numbers import Integral, Rational

from sympy import Symbol
from sympy.core.basic import Basic

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.expressions import Quantity

_LONGEST_NUMBER = 24  # digits of a label


def sizes_of(widths: Iterable[int] | None, depth: int | None, L: Symbol, n: Quantity) -> dict[Basic, int]:
    """The sizes L and n_l that the widths or the depth say. Raises InvalidInput."""
    if widths is None:
        if depth is None:
            return {}
        if not _is_count(depth) or depth < 2:
            raise InvalidInput(f"depth: expected a whole number of at least 2 layers; found {depth!r}")
        return {L: int(depth)}
    if not isinstance(widths, Iterable):
        raise InvalidInput(f"widths: expected positive whole numbers, such as 2,3,2; found {widths!r}")
    given = tuple(widths)
    wrong = [width for width in given if not _is_count(width) or width < 1]
    if wrong:
        raise InvalidInput(f"widths: expected positive whole numbers, such as 2,3,2; found {wrong[0]!r}")
    if len(given) < 2 or depth not in (None, len(given)):
        wanted = "at least two layers (input and output)" if depth is None else f"{depth} layers, as depth says"
        raise InvalidInput(f"widths: expected {wanted}, such as 2,3,2; found {len(given)} in {given!r}")
    return {L: len(given)} | {n[layer]: int(width) for layer, width in enumerate(given, start=1)}


def batch_size(batch: int | str) -> str:
    """The number of examples as text, or "m" for any number. Raises InvalidInput for one below 1."""
    if batch == "m":
        return "m"
    if not _is_count(batch) or int(batch) < 1:
        raise InvalidInput(f"batch: expected a number of examples of at least 1, or m for any; found {batch!r}")
    return str(int(batch))


def label_values(labels: Iterable[object], outputs: int | None, batch: bool) -> list[str]:
    """The labels y_1, y_2, ... as fractions in text. Raises InvalidInput where they do not fit the output layer."""
    given = list(labels) if isinstance(labels, Iterable) else [labels]
    if batch or outputs is None:
        found = "a batch" if batch else "open widths"
        raise InvalidInput(f"labels: expected a network of known widths and one example; found {found}")
    if len(given) != outputs:
        raise InvalidInput(f"labels: expected {outputs} numbers, one for each output; found {len(given)}")
    return [str(_fraction(value)) for value in given]


def _fraction(value: object) -> Fraction:
    text = str(value).strip()
    known = isinstance(value, str | float | Rational) and not isinstance(value, bool)
    if known and len(text) <= _LONGEST_NUMBER and "e" not in text.lower() and text.isascii():
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError):
            pass
    raise InvalidInput(f"labels: expected numbers, such as 0,1,0 or 0.2,0.8; found {text[:_LONGEST_NUMBER]!r}")


def _is_count(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
