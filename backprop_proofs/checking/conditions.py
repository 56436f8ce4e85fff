"""What stands beside a line, such as (l = L) or "if z_j > 0", and what is left of its verdict then.

That i = k or i ≠ k is a reading of the line (see `readings`); of any other condition it is not known what it makes of
the line, so that none is refuted beside one. A range that reaches further than the line holds is not proved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from backprop_proofs.checking.findings import Finding
from backprop_proofs.checking.report import PROVED, REFUTED
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.reading.document import Row
from backprop_proofs.reading.meaning.names import letter_of
from backprop_proofs.reading.rows import Remark
from backprop_proofs.reading.syntax import Chain, Dots, Name, Number, Plus, Relation, Script, Span, walk

_LAST = re.compile(r"(?<![A-Za-z])([LT])(?![A-Za-z])(?!\s*-)")  # L, and not L - 1


def doubt_beside(row: Row, limits: Sequence[Limit], verdict: str, place: Span) -> Finding | None:
    """Why a verdict does not stand where a condition stands beside the row, or None."""
    condition = _unjudged(row, limits) if verdict == REFUTED else None
    if condition is not None:
        why = f"beside it stands {condition.strip()}, and what that makes of it is not judged"
        return Finding("not-understood", why, place)
    further = _reaches_further(row, limits) if verdict == PROVED else None
    if further is not None:
        why = f"it holds for the layers before the last, and beside it stands {further.strip()}"
        return Finding("not-understood", why, place)
    return None


def _unjudged(row: Row, limits: Sequence[Limit]) -> str | None:
    """A condition beside a row of which it is not known what it makes of the row."""
    free = {letter.name for letter, _, _ in limits}
    for remark in row.remarks:
        chain = remark.chain
        if chain is None or len(chain.parts) < 2 or _is_reason(chain):
            continue
        letters = [letter_of(part) for part in chain.parts]
        if len(letters) != 2 or not (free >= set(letters) or (not limits and all(map(_is_small, letters)))):
            return remark.text
    return None


def _reaches_further(row: Row, limits: Sequence[Limit]) -> str | None:
    """A range beside a row, up to L, where the row speaks of no more than the layers before L."""
    ends = {letter.name: high for letter, _, high in limits}
    for remark in row.remarks:
        letter, last = _equal_to(remark), _LAST.search(remark.text)
        if letter in ends and last is not None and ends[letter] != index(last[1]):
            return remark.text
    return None


def _equal_to(remark: Remark) -> str | None:
    """The letter of l = L and of l = 2, ..., L."""
    chain = remark.chain
    if chain is None or not chain.relations or chain.relations[0].sign != "=":
        return None
    return letter_of(chain.parts[0])


def _is_reason(chain: Chain) -> bool:
    """Whether it is an equation such as a = σ(z), and not a value of an index."""
    if chain.relations[0].sign != "=":
        return False
    return any(not isinstance(node, Chain | Name | Number | Plus | Script | Dots | Relation) for node in walk(chain))


def _is_small(letter: str | None) -> bool:
    return letter is not None and letter.islower()
