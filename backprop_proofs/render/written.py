"""What a command prints, as lines: instances written out, an audit, what a saved proof proves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from backprop_proofs.checking.evidence import MANY, AuditReport, Found, WrittenOut
from backprop_proofs.render.ink import Ink, join, length, wrapped
from backprop_proofs.render.notation import ASCII, UNICODE, equation, ranges
from backprop_proofs.render.outline import outline
from backprop_proofs.render.prose import ascii_text
from backprop_proofs.render.text import BAD, GOOD, LABEL, TITLE, sizes

if TYPE_CHECKING:
    from backprop_proofs.render.proof_file import Verified

_WORDS = {True: ("agrees", GOOD), False: ("DISAGREES", BAD), None: ("undecided", "")}


def verified_lines(verified: Iterable[Verified], unicode: bool, width: int) -> Iterator[Ink]:
    """Each theorem of a saved proof: its name, its statement, how many rules were applied again."""
    alphabet = UNICODE if unicode else ASCII
    for one in verified:
        where = ", in a network of the file's own" if one.own else ""
        applied = outline(one.theorem, "brief").applied
        said = f"{one.name}: proved{where} ({applied} rule application{'' if applied == 1 else 's'} replayed)"
        yield ((_plain(said, unicode), TITLE),)
        yield from wrapped(equation(one.theorem.statement, alphabet), width, "  ", "      ")
        if one.theorem.limits:
            yield from wrapped(join(f"for all {ranges(one.theorem.limits, alphabet)}"), width, "    ", "      ")
        for item in one.theorem.assumptions:
            given = join("where ", equation(item.statement, alphabet, limits=True))
            yield from wrapped(given, width, "    ", "      ")
        yield from wrapped(join(sizes(one.theorem.network, alphabet)), width, "  ", "    ")


def written_lines(shown: Sequence[WrittenOut], more: int, unicode: bool, width: int) -> Iterator[Ink]:
    """The equations, one below the other, and how many more there are."""
    alphabet = UNICODE if unicode else ASCII
    yield (("Written out", LABEL),)
    for one in shown:
        lines = wrapped(equation(one.theorem.statement, alphabet), width, "  ", "      ")
        word = () if one.raw is None else _word(one.raw)
        fits = length(lines[-1]) + length(word) + 3 <= width
        yield from lines[:-1]
        yield join(lines[-1], "   ", word) if word and fits else lines[-1]
        if word and not fits:
            yield join("      ", word)
    if more:
        said = f"and {more:,} {'or more ' if more == MANY else ''}more"
        yield join("  ", f"… {said}" if unicode else f"... {said}")
    if not shown:
        yield join("  ", "nothing: the theorem is empty at these sizes")


def audit_lines(report: AuditReport, unicode: bool, width: int) -> Iterator[Ink]:
    """An audit: its verdict, how much was compared, and each check."""
    yield ((f"audit: {report.verdict}", TITLE),)
    plural = "" if report.partials == 1 else "s"
    yield join("  ", f"{report.partials:,} partial derivative{plural} of the cost compared")
    for check in report.checks:
        word, tag = _WORDS[check.agrees]
        comparisons = f" ({check.comparisons:,} comparison{'' if check.comparisons == 1 else 's'})"
        method = check.method.removeprefix("raw SymPy ") if check.name.endswith("raw SymPy") else check.method
        said = f"{check.name}: {method}{comparisons if check.comparisons else ''}"
        yield from wrapped(join(((f"{word}  ", tag),), _plain(said, unicode)), width, "  ", "    ")
        if check.counterexample is not None:
            yield from wrapped(join(_plain(str(check.counterexample), unicode)), width, "    ", "      ")
    for open_ in report.undecided:
        yield from wrapped(join("undecided  ", _plain(open_, unicode)), width, "  ", "    ")


def _word(check: Found) -> Ink:
    word, tag = _WORDS[check.agrees]
    return ((f"{check.name} {word}", tag),)


def _plain(text: str, unicode: bool) -> str:
    return text if unicode else ascii_text(text)
