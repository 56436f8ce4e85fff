r"""How expressions are written: LaTeX, Unicode text and ASCII text, by one walk and three alphabets.

    w^{l+1}_{kj}    w^(l+1)_kj    w^(l+1)_kj         the error is δ^l_j, in ASCII delta^l_j
    \mathbf{1}_{[k=j]}   [k=j]    [k=j]              the Kronecker delta, never a δ

Every function is pure: the same expression and the same letters give the same text.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sympy.core.basic import Basic

from backprop_proofs.language.indices import Limit
from backprop_proofs.language.network import Equation
from backprop_proofs.render.alphabets import ASCII, LATEX, UNICODE, Latex, Text
from backprop_proofs.render.ink import Ink, join, plain
from backprop_proofs.render.letters import Letters, letters_for
from backprop_proofs.render.walker import Alphabet, Marks, Walk


def write(
    expr: Basic,
    alphabet: Alphabet,
    letters: Letters | None = None,
    limits: bool | Collection[str] = False,
    marks: Marks | None = None,
) -> Ink:
    """`expr` in an alphabet. limits: whether sums show theirs, or the letters that do; marks: tags by path."""
    return Walk(alphabet, letters or letters_for((expr,)), limits, marks).whole(expr)


def latex(expr: Basic, letters: Letters | None = None, limits: bool | Collection[str] = False) -> str:
    """`expr` in LaTeX math."""
    return plain(write(expr, LATEX, letters, limits))


def text(
    expr: Basic, unicode: bool = True, letters: Letters | None = None, limits: bool | Collection[str] = False
) -> str:
    """`expr` in one line of plain text."""
    return plain(write(expr, UNICODE if unicode else ASCII, letters, limits))


def equation(
    pair: Equation, alphabet: Alphabet, letters: Letters | None = None, limits: bool | Collection[str] = True
) -> Ink:
    """left = right, both sides with the same letters."""
    letters = letters or letters_for(pair)
    return join(write(pair.lhs, alphabet, letters, limits), " = ", write(pair.rhs, alphabet, letters, limits))


def ranges(limits: Sequence[Limit], alphabet: Alphabet) -> str:
    """What each index runs over: l = 2..L-1, j = 1..n_l; an index without upper bound, L ≥ 2."""
    apart = r",\; " if isinstance(alphabet, Latex) else ", "
    return apart.join(_range(limit, alphabet) for limit in limits)


def _range(limit: Limit, alphabet: Alphabet) -> str:
    letter, low, high = limit
    name, bottom = plain(write(letter, alphabet)), _index(low, alphabet)
    if isinstance(alphabet, Latex):
        return rf"{name} \ge {bottom}" if high is None else rf"{name} = {bottom},\dots,{_index(high, alphabet)}"
    if high is None:
        sign = alphabet.signs.at_least if isinstance(alphabet, Text) else ">="
        return f"{name} {sign} {bottom}"
    return f"{name} = {bottom}..{_index(high, alphabet)}"


def _index(expr: Basic, alphabet: Alphabet) -> str:
    letters = Letters()
    return Walk(alphabet, letters).index(expr, letters.opened(expr))


__all__ = ["ASCII", "LATEX", "UNICODE", "equation", "latex", "letters_for", "ranges", "text", "write"]
