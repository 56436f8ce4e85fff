"""Reports made by hand: Nielsen's BP2 with the weight's indices swapped, and what a judge could say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sympy import Integer, Rational

from backprop_proofs.checking.report import PROVED, REFUTED, UNDECIDED, UNREADABLE, CheckedLine, Repair, Report
from backprop_proofs.checking.report import verdict_of as verdict_of_lines
from backprop_proofs.evidence.exact import Counterexample
from backprop_proofs.networks.mlp import mlp
from backprop_proofs.reading import Span, read

TEXT = r"""Nielsen, chapter 2, with a slip.
\begin{eqnarray}
\delta^l_j & = & \frac{\partial C}{\partial z^l_j} \tag{40}\\
& = & \sum_k \frac{\partial z^{l+1}_k}{\partial z^l_j} \delta^{l+1}_k, \tag{42}
\end{eqnarray}
\[ \frac{\partial z^{l+1}_k}{\partial z^l_j} = w^{l+1}_{jk} \sigma'(z^l_j). \tag{44} \]
\[ \delta^l_j = \sum_k w^{l+1}_{jk}  \delta^{l+1}_k \sigma'(z^l_j). \tag{45} \]
\[ \delta^l_j = \sum_k \frac{w}{ \]
\[ \frac{\partial C}{\partial b^l_j} = \delta^l_j \]
"""
FAILS = Counterexample(
    sizes=(("L", 3), ("n[1]", 1), ("n[2]", 1), ("n[3]", 2)),
    indices=(("l", 2), ("j", 1), ("k", 2)),
    left=Integer(3),
    right=Rational(-2, 7),
    inputs=(("w[3, 1, 1]", Integer(1)), ("w[3, 2, 1]", Rational(1, 2)), ("x[1]", Integer(-1))),
    functions=("sigma(u) = u**2 - 3*u",),
)
MENDS = Repair(
    "swapped-weight-indices",
    "w^{l+1}_{jk} should be w^{l+1}_{kj}",
    r"\frac{\partial z^{l+1}_k}{\partial z^l_j} = w^{l+1}_{kj} \sigma'(z^l_j). \tag{44}",
    1,
)


def span_of(text: str, part: str, after: str = "") -> Span:
    start = text.index(part, text.index(after))
    return Span(start, start + len(part))


def _fields(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a line; a repair is found when it is asked for."""
    fields = dict(said)
    repair = fields.pop("repair", None)
    return fields | {"mender": lambda: repair}


def report_of(text: str, verdicts: Mapping[int, Mapping[str, Any]], **more: Any) -> Report:
    """The rows of a text, proved but for what `verdicts` say of some by their index."""
    rows = read(text).derivation
    lines = tuple(
        replace(
            CheckedLine(row.index or 0, row.line, row.column, row.source, row.span, PROVED),
            **_fields(verdicts.get(row.index or 0, {})),
        )
        for row in rows
    )
    return Report(verdict_of_lines(lines), lines, text, **more)


WRONG: dict[str, Any] = {"verdict": REFUTED, "code": "unequal", "message": "the two sides differ for j ≠ k"}
SLIP = report_of(
    TEXT,
    {
        1: {"rules": ("chain-rule", "unfold"), "notes": ("this line takes 2 rules",)},
        2: WRONG | {"place": span_of(TEXT, "w^{l+1}_{jk}"), "counterexample": FAILS, "repair": MENDS},
        3: WRONG | {"code": None, "counterexample": FAILS, "repair": MENDS},
        4: {
            "verdict": UNREADABLE,
            "code": "unreadable",
            "message": "expected a denominator; found the end",
            "place": span_of(TEXT, r"\frac{w}{"),
        },
        5: {"verdict": UNDECIDED, "code": "not-decided", "message": "it agrees exactly on 40 instances"},
    },
    notes=("δ^l_j is taken for ∂C/∂z^l_j",),
    network=mlp(),
)
RIGHT = report_of(r"\[ \delta^L_j = \frac{\partial C}{\partial a^L_j} \sigma'(z^L_j) \]", {}, network=mlp())
EMPTY = report_of("nothing here", {})
EVIL = '\x1b[31m<script>alert(1)</script>\x1b[0m $x$ \\(y\\) &amp; \u202e "q" | % a:b,c'
# Whatever a person may write stands in every field that a person's text may reach.
HOSTILE = report_of(
    "a = b\n",
    {
        0: {
            "verdict": REFUTED,
            "code": "unequal",
            "source": f"{EVIL}\n{'x' * 300}",
            "message": EVIL,
            "place": Span(0, 1),
            "counterexample": replace(FAILS, inputs=((EVIL, Integer(1)),), functions=(f"{EVIL}(u) = u",)),
            "repair": Repair("sign", EVIL, f"{EVIL}\nmore", 3),
            "notes": (EVIL,),
        }
    },
    notes=(EVIL,),
)
