"""What a text that declares nothing says of its units beside Nielsen's equations, in words or in a row not understood.

"The output is softmax", a_j ∝ e^{z_j}, a^L_j = z^L_j: what rests on a is then neither proved nor refuted with any σ.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from backprop_proofs.checking.report import PROVED, UNDECIDED, UNREADABLE, CheckedLine
from backprop_proofs.checking.unsettled import said_of
from backprop_proofs.language.expressions import Fn
from backprop_proofs.reading import syntax as tree
from backprop_proofs.reading.document import Document, Row
from backprop_proofs.reading.meaning.forms import has_derivative
from backprop_proofs.reading.meaning.names import bare_key
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.syntax import Lines

_UNITS = re.compile(r"\b(?:soft-?max|maxout|residual|skip[- ]connection|drop-?out|(?:layer|batch)[- ]?norm\w*)", re.I)
_ACTIVATIONS = re.compile(r"\b(?:tanh|hyperbolic tangent|relu|rectifi\w+|soft-?max|maxout)", re.I)
_COMMANDS = re.compile(r"^\s*\\(?:newcommand|renewcommand|def|Declare|usepackage|title|bibliography).*$", re.M)
_NOT_UNDERSTOOD = ("not-understood", "unreadable", "relation", "unknown-name")


def units_said(story: Story, lines: Iterable[CheckedLine]) -> dict[str, int]:
    """a and z of Nielsen's, of which the text says something else that is not understood, each with the line."""
    found: dict[str, int] = {}
    assumed = {key for key in ("a", "z") if _is_assumed(story, key)}
    for row, line in zip(story.document.derivation, lines, strict=True):
        if line.verdict in (UNDECIDED, UNREADABLE) and line.code in _NOT_UNDERSTOOD:
            for key in _defined_by(story, row) & assumed:
                found.setdefault(key, line.line)
        elif line.verdict == PROVED and "z" in _defined_by(story, row):
            assumed.discard("z")  # which is Nielsen's, then; another layer may still have another a
            found.pop("z", None)
    said = _UNITS.search(_prose(story.document)) if open_activation(story) else None
    if said is not None:
        found.setdefault("a", Lines(story.document.text).place(said.start())[0])
    return found


def activation_said(story: Story) -> str | None:
    """The activation that the text speaks of in words, where it is left open which one it is."""
    said = _ACTIVATIONS.search(_prose(story.document)) if open_activation(story) else None
    return None if said is None else said[0]


def open_activation(story: Story) -> str | None:
    """The σ of Nielsen's a = σ(z), where the text declares nothing and no formula of σ is known."""
    if story.network is None or not _is_assumed(story, "a"):
        return None
    bodies = [known.body for known in story.network.definitions if known.ref.name == "a"]
    named = (body.name for body in bodies if isinstance(body, Fn) and story.network.function(body.name) is None)
    return next(named, None)


def _is_assumed(story: Story, key: str) -> bool:
    given = any(row.given for row in story.document.rows)
    return not given and all(taken.key != key for taken in story.taken)


def _defined_by(story: Story, row: Row) -> set[str]:
    """The names on the left of a row that is no derivative."""
    if row.problem is not None:
        return said_of(story, row)
    links = [(left, right) for _, left, right, *_ in story.links(row) if not has_derivative(right)]
    return {bare_key(left) for left, _ in links if isinstance(left, tree.Name)}


def _prose(document: Document) -> str:
    """What is written beside the rows, without commands that declare; each place stays where it is."""
    return _COMMANDS.sub(lambda match: " " * len(match[0]), document.beside)
