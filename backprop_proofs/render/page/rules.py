"""What is said of a rule: its statement, under which conditions, why one may use it, its source, one use of it.

At the end of a page they are a list; page.js shows each as a card at the rule's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from backprop_proofs.checking.examples import example_of
from backprop_proofs.kernel.rules import RULES, Rule
from backprop_proofs.kernel.theorem import Step
from backprop_proofs.render.html import escaped, sentence
from backprop_proofs.render.letters import letters_for
from backprop_proofs.render.outline import Row, collapse
from backprop_proofs.render.page.changes import change
from backprop_proofs.render.page.indices import names_in, numbered
from backprop_proofs.render.page.mathml import becomes, inline, mathml

_CONDITION = re.compile(r"(?<!and), (?=(?:where|for|with) )")


def used(rows: Iterable[Row]) -> set[str]:
    """The names of the rules that rows use, those within them included."""
    found: set[str] = set()
    for row in rows:
        found.add(row.rule)
        found.update(name for part in row.parts for name in used(part.rows))
    return found


def rules_section(names: Iterable[str]) -> str:
    """All that is said of some rules, in the order of their names."""
    cards = (f'<div id="rule-{name}">{_card(RULES[name])}</div>' for name in sorted(names) if name in RULES)
    listed = "\n".join(cards)
    return (
        f'<section class="rules" aria-labelledby="rules"><h2 id="rules">The rules</h2>\n<dl>\n{listed}\n</dl></section>'
    )


def _card(rule: Rule) -> str:
    said, *condition = _CONDITION.split(rule.statement, maxsplit=1)
    rows = [f"<dt>{escaped(rule.name)}</dt>", f"<dd>{_sentence(said)}</dd>"]
    rows += [_labelled("Condition", _sentence(part)) for part in condition]
    rows += [_labelled("Why", _sentence(rule.reason)), _labelled("Source", f"{escaped(rule.source)}.")]
    example = example_of(rule.name)
    return "".join((*rows, "" if example is None else _example(example)))


def _labelled(label: str, words: str) -> str:
    return f'<dd><span class="label">{label}:</span> {words}</dd>'


def _sentence(said: str) -> str:
    return re.sub("`([^`]*)`", r"<code>\1</code>", sentence(said if said.endswith(".") else f"{said}."))


def _example(step: Step) -> str:
    letters = letters_for((step.before, step.after))
    numbers = numbered(names_in((step.before, step.after), letters))
    marks, changed = collapse(step)
    found = change(step.before, step.after, marks)
    before = mathml(step.before, letters=letters, marks=found.before, numbers=numbers)
    after = mathml(step.after, letters=letters, marks=found.after, numbers=numbers)
    said = "" if changed is None else f' <span class="becomes">{becomes(*changed, letters, numbers)}</span>'
    lines = (f'<div class="formula">{line}</div>' for line in (before + said, f"{inline('=')} {after}"))
    return _labelled("For example", "".join(lines))


__all__ = ["rules_section", "used"]
