"""A proof as plain text of a given width, in Unicode or ASCII. The terminal view draws the very same lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sympy.core.basic import Basic

from backprop_proofs.language.expressions import Delta
from backprop_proofs.language.indices import Limit
from backprop_proofs.language.matrices import Hadamard
from backprop_proofs.language.network import Network
from backprop_proofs.printable import printable
from backprop_proofs.render.alphabets import ASCII, UNICODE, Text
from backprop_proofs.render.ink import Ink, join, length, plain, underline, wrapped
from backprop_proofs.render.letters import Letters
from backprop_proofs.render.notation import equation, ranges, write
from backprop_proofs.render.outline import (
    Evidence,
    Outline,
    Part,
    Row,
    agreement,
    definitions,
    outline,
    size_of_layers,
    stays_text,
)
from backprop_proofs.render.prose import ascii_text
from backprop_proofs.render.walker import Marks

if TYPE_CHECKING:
    from backprop_proofs.kernel.rules import Hypothesis
    from backprop_proofs.kernel.theorem import Theorem

WIDTH = 80
TITLE, LABEL, RULE, REASON, GOOD, BAD, MARK = "title", "label", "rule", "reason", "good", "bad", "mark"


def proof_text(
    theorem: Theorem,
    name: str,
    detail: str = "steps",
    unicode: bool = True,
    evidence: Sequence[Evidence] = (),
    width: int = WIDTH,
) -> str:
    """The proof as text; detail is one of brief, steps, full. Raises UnknownName for another detail."""
    lines = proof_lines(theorem, name, detail, unicode, evidence, width)
    return "".join(plain(line).rstrip() + "\n" for line in lines)


def proof_lines(
    theorem: Theorem, name: str, detail: str, unicode: bool, evidence: Sequence[Evidence], width: int
) -> list[Ink]:
    """The lines of `proof_text`, with tags."""
    return list(_Page(outline(theorem, detail), UNICODE if unicode else ASCII, width).lines(name, detail, evidence))


def sizes(network: Network, alphabet: Text) -> str:
    """For which sizes a theorem of the network holds."""
    fixed = [f"{plain(write(size, alphabet))} = {value}" for size, value in network.sizes.items()]
    if fixed:
        return "of the network with " + ", ".join(fixed)
    every = [ranges((limit,), alphabet) for limit in network.parameters]
    width = size_of_layers(network)
    if width is not None:
        every.append(f"{plain(write(width, alphabet))} {alphabet.signs.at_least} 1")
    return "of every size: " + ", ".join(every) if every else "of the network as given"


class _Page:
    """One proof on one page: a width, an alphabet, an outline."""

    def __init__(self, laid_out: Outline, alphabet: Text, width: int):
        self.outline, self.alphabet, self.width = laid_out, alphabet, width
        self.theorem = laid_out.theorem

    def lines(self, name: str, detail: str, evidence: Sequence[Evidence]) -> Iterator[Ink]:
        yield from self._statement(name)
        if self.outline.rows:
            yield ()
            yield from self._label("Proof")
            yield from self._expression("     ", self.outline.start)
            yield from self._rows(self.outline.rows, "  ")
        yield from self._legend()
        yield from self._rests_on(full=detail != "brief")
        yield from self._checked(evidence)

    # pieces

    def _say(self, text: str, first: str = "  ", later: str | None = None, tag: str = "") -> Iterator[Ink]:
        written = text if self.alphabet.unicode else ascii_text(text)
        yield from wrapped(((written, tag),), self.width, first, first if later is None else later)

    def _label(self, text: str) -> Iterator[Ink]:
        yield ((text if self.alphabet.unicode else ascii_text(text), LABEL),)

    def _write(self, expr: Basic, marks: Marks | None = None, limits: bool | None = None) -> Ink:
        shown = self.outline.limits if limits is None else limits
        return write(expr, self.alphabet, self.outline.letters, shown, marks)

    def _expression(self, indent: str, expr: Basic, marks: Marks | None = None, after: str = "") -> Iterator[Ink]:
        lines = wrapped(self._write(expr, marks), self.width, indent, " " * (len(indent) + 4))
        marked = [number for number, line in enumerate(lines) if underline(line)] or [len(lines) - 1]
        for number, line in enumerate(lines):
            yield line
            beneath = underline(line)
            said = after if number == marked[-1] else ""
            if beneath and said and len(beneath) + len(said) + 3 > self.width:
                yield ((beneath, MARK),)
                beneath = " " * len(indent)
            if beneath or said:
                yield ((f"{beneath}   {said}".rstrip(), MARK),)

    # the parts of a page

    def _statement(self, name: str) -> Iterator[Ink]:
        title = f"{printable(name)}: proved"
        title = title if self.alphabet.unicode else ascii_text(title)
        yield ((title, TITLE),)
        yield (("-" * len(title), TITLE),)
        letters = self.outline.letters
        said = equation(self.theorem.statement, self.alphabet, letters, limits=True)
        yield from wrapped(said, self.width, "  ", "      ")
        if self.theorem.limits:
            yield from self._say(f"for all {ranges(self.theorem.limits, self.alphabet)}", "    ")
        for item in self.theorem.assumptions:
            where = join("where ", equation(item.statement, self.alphabet, limits=True))
            yield from wrapped(where, self.width, "    ", "      ")
        if self.theorem.matrix is not None:
            whole = equation(self.theorem.matrix, self.alphabet, letters)
            yield from wrapped(join("in matrix form: ", whole), self.width, "  ", "      ")
        yield from self._say(sizes(self.theorem.network, self.alphabet))

    def _rows(self, rows: Sequence[Row], indent: str) -> Iterator[Ink]:
        for row in rows:
            head = f"{indent}{row.number:<2} "
            inner = " " * len(head)
            if row.before is not None:
                yield from self._expression(head, row.before, row.marks, self._becomes(row))
                head = inner
            yield from self._expression(f"{head}= ", row.after)
            yield from self._why(row, f"{inner}    ")
            for part in row.parts:
                yield from self._part(part, f"{inner}    ")

    def _why(self, row: Row, indent: str) -> Iterator[Ink]:
        said = row.reason if self.alphabet.unicode else ascii_text(row.reason)
        yield from wrapped(((row.rule, RULE), (": ", ""), (said, REASON)), self.width, indent, indent)
        if row.here is not None:
            old, new = (self._write(side) for side in row.here)
            yield from wrapped(join("here ", old, " = ", new), self.width, indent, indent + "  ")
        if row.stays is not None:
            link, letter, other = (plain(self._write(part)) for part in row.stays)
            signs = self.alphabet.signs
            said = stays_text((link, f"{signs.sum}_{letter}", letter, signs.unequal, other))
            yield from wrapped(((said, REASON),), self.width, indent, indent + "  ")
        if row.note and row.becomes is None:
            yield from self._say(row.note, indent, tag=REASON)

    def _part(self, part: Part, indent: str) -> Iterator[Ink]:
        yield from self._say(part.role + ":", indent, tag=LABEL)
        yield from self._expression(indent + "    ", part.start)
        yield from self._rows(part.rows, indent)

    def _becomes(self, row: Row) -> str:
        if row.becomes is None or row.before is None:
            return ""
        letters = self.outline.letters
        name, value = (plain(write(side, self.alphabet, letters)) for side in row.becomes)
        return f"{name} {self.alphabet.signs.arrow} {value}"

    def _legend(self) -> Iterator[Ink]:
        said = list(self._meanings())
        if said:
            yield ()
            yield from self._label("Notation")
        for text in said:
            yield from self._say(text, "  ", "    ")

    def _meanings(self) -> Iterator[str]:
        signs, letters = self.alphabet.signs, self.outline.letters
        for name, binder in self.outline.ranges if not self.outline.full else ():
            low, high = (plain(write(bound, self.alphabet, letters)) for bound in binder.limit[1:])
            yield f"{signs.sum}_{self.alphabet.name(name)} sums over {self.alphabet.name(name)} = {low}..{high}"
        if self.outline.shows(Delta):
            yield f"[i=j] is the Kronecker delta: 1 where i = j, else 0 (the error is {self.alphabet.name('delta')})"
        if self.outline.holds_fixed:
            yield f"{signs.partial}y/{signs.partial}x|_z is the partial derivative with z held at its value"
        if self.outline.shows(Hadamard):
            yield f"{signs.hadamard} multiplies entry by entry"

    def _rests_on(self, full: bool) -> Iterator[Ink]:
        hypotheses = [self._hypothesis(item) for item in self.theorem.hypotheses]
        hypotheses += [plain(equation(item.statement, self.alphabet)) for item in self.theorem.assumptions]
        yield ()
        yield from self._label("From")
        yield from self._say("hypotheses: " + ("; ".join(hypotheses) or "none"), "  ", "    ")
        if full:
            yield from self._say(f"the equations of {printable(self.theorem.network.name)}:")
            yield from self._equations()

    def _equations(self) -> Iterator[Ink]:
        network = self.theorem.network
        for left, right, limits, letters in definitions(network):
            yield from self._equation(left, right, letters, limits)
        for function in network.functions:
            formula = write(function.body, self.alphabet)
            head = self.alphabet.function(function.name, 0, write(function.variable, self.alphabet))
            yield from wrapped(join(head, " = ", formula), self.width, "    ", "        ")

    def _equation(self, left: Basic, right: Basic, letters: Letters, limits: Sequence[Limit]) -> Iterator[Ink]:
        sides = (write(side, self.alphabet, letters, limits=True) for side in (left, right))
        said = join(next(sides), " = ", next(sides))
        over = f"({ranges(limits, self.alphabet)})" if limits else ""
        if over and length(said) + len(over) + 7 <= self.width:
            yield join("    ", said, f"   {over}")
            return
        yield from wrapped(said, self.width, "    ", "        ")
        if over:
            yield from self._say(over, "        ")

    def _hypothesis(self, item: Hypothesis) -> str:
        if isinstance(item.subject, str):
            subject = self.alphabet.name(item.subject)
        else:
            subject = plain(write(item.subject, self.alphabet))
        said = {"nonzero": f"{self.alphabet.signs.unequal} 0", "positive": "> 0"}.get(item.kind, f"is {item.kind}")
        return f"{subject} {said}"

    def _checked(self, evidence: Sequence[Evidence]) -> Iterator[Ink]:
        yield ()
        yield from self._label("Checked by")
        applied = self.outline.applied
        yield from self._say(f"the kernel: {applied} rule application{'' if applied == 1 else 's'}, each checked")
        for name, done, agrees in agreement(evidence):
            word, tag = {True: ("agrees", GOOD), False: ("DISAGREES", BAD)}.get(bool(agrees), ("", ""))
            if agrees is None:
                word, tag = "undecided", ""
            said = f"{name}: {done}"
            written = said if self.alphabet.unicode else ascii_text(said)
            yield from wrapped(join(((f"{word}  ", tag),), written), self.width, "  ", "    ")


__all__ = ["WIDTH", "proof_lines", "proof_text"]
