"""Which indices count layers or times, and which are of neurons."""

from __future__ import annotations

from collections.abc import Iterable

from backprop_proofs.reading.meaning.names import Use, letters_in
from backprop_proofs.reading.syntax import Plus

LASTS = frozenset(("L", "T"))
_COUNTING = frozenset(("l", "ell", "t", "tau", "L", "T"))  # letters that count layers or times wherever they stand
Place = tuple[str, str, int]  # a quantity's key, "above" or "below", and which of the indices there


def stage_places(uses: Iterable[tuple[int, Use]], firm: int) -> dict[Place, str]:
    """The places of indices that count layers or time, each with the letter of the last one, L or T.

    Such are the places that an index plus or minus a number stands at, and those that share a letter with one in an
    equation. uses: the names with the numbers of their equations; firm: how many equations, the first ones, declare.
    """
    parent: dict[object, object] = {}

    def find(item: object) -> object:
        while parent.setdefault(item, item) != item:
            item = parent[item]
        return item

    stepped: set[object] = set()
    letters: dict[object, set[str]] = {}
    places: set[Place] = set()
    for number, use in uses:
        for where, items in (("above", use.above), ("below", use.below)):
            for position, item in enumerate(items):
                place = (use.key, where, position)
                places.add(place)
                spoken = set(letters_in(item))
                letters.setdefault(place, set()).update(spoken)
                if spoken & LASTS and where == "above":
                    stepped.add(place)
                if isinstance(item, Plus) and len(spoken) == 1 and (number < firm or spoken & _COUNTING):
                    stepped.add(place)
                for letter in spoken - LASTS:
                    parent[find(place)] = find((number, letter))
    roots = {find(place) for place in stepped}
    staged = [place for place in places if find(place) in roots]
    spoken_at: dict[object, set[str]] = {}
    for place in staged:
        spoken_at.setdefault(find(place), set()).update(letters.get(place, set()))
    return {place: _last_of(spoken_at[find(place)], place) for place in staged}


def _last_of(spoken: set[str], place: Place) -> str:
    if spoken & {"T", "t", "tau"}:
        return "T"
    return "L" if place[1] == "above" or spoken & {"L", "l", "ell"} else "T"
