"""One family of errors, each with its data; every message is one line: expected, found, where, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BackpropError(Exception):
    """The base of every error that this project raises on purpose."""


class UnknownName(BackpropError):
    """A name that no table knows; `nearest` holds the closest known one, or None."""

    def __init__(self, kind: str, name: str, known: Iterable[str]):
        self.kind, self.name, self.known = kind, name, tuple(known)
        close = difflib.get_close_matches(name, self.known, n=1, cutoff=0.4)
        self.nearest = close[0] if close else None
        hint = f"did you mean {self.nearest!r}?" if close else f"known: {', '.join(self.known)}"
        super().__init__(f"unknown {kind} {name!r}: {hint}")


class InvalidInput(BackpropError):
    """A setting, a file or an argument that cannot be used."""


class Malformed(BackpropError):
    """An expression that says nothing: an unknown quantity, a wrong number of indices, an index out of its range."""


class InvalidNetwork(BackpropError):
    """Equations that do not define a network: a cycle, a second definition, a quantity out of its range."""


class Refused(BackpropError):
    """A rule whose side condition does not hold: which rule, what it wanted, what it found."""

    def __init__(self, rule: str, expected: str, found: str, remedy: str = ""):
        self.rule, self.expected, self.found, self.remedy = rule, expected, found, remedy
        super().__init__(f"{rule}: expected {expected}; found {found}" + (f"; {remedy}" if remedy else ""))


class ForgedTheorem(BackpropError):
    """An object that claims to be a theorem and was not made by the kernel."""


class ProofRejected(BackpropError):
    """A saved proof that does not replay; `step` names the place."""

    def __init__(self, step: str, why: str):
        self.step, self.why = step, why
        super().__init__(f"{step}: {why}")


class Undecided(BackpropError):
    """A claim that is neither proved nor refuted; `agreed` comparisons were made, and none failed."""

    def __init__(self, name: str, agreed: int):
        self.name, self.agreed = name, agreed
        super().__init__(
            f"{name}: undecided; it was not proved, and on the networks tried ({agreed} comparisons) it did not fail"
        )
