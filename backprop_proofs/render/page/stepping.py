"""What a script steps through: the controls, the drawing beside, and a list of states."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backprop_proofs.render.pictures.scenes import Lit

_CONTROLS = """<div class="controls" hidden="hidden" role="group" aria-label="{label}">
<button type="button" data-go="first" aria-label="First {what}" title="First (Home)">{first}</button>
<button type="button" data-go="back" aria-label="Back" title="Back (←)">{back}</button>
<input type="range" min="1" max="{count}" value="1" step="1" aria-label="{label}"/>
<button type="button" data-go="next" aria-label="Next" title="Next (→)">{next}</button>
<button type="button" data-go="last" aria-label="Last {what}" title="Last (End)">{last}</button>
<output></output>{whole}
</div>
<p class="unseen" role="status"></p>"""
_ICON = '<svg viewBox="0 0 16 16" width="16" height="16" fill="currentColor" aria-hidden="true"><path d="{}"/></svg>'
_ICONS = {
    "first": _ICON.format("M2 3h2v10H2zM14 3v10L5 8z"),
    "back": _ICON.format("M12 3v10L3 8z"),
    "next": _ICON.format("M4 3v10l9-5z"),
    "last": _ICON.format("M12 3h2v10h-2zM2 3v10l9-5z"),
}
_LEGEND = '<span class="key lit">all of a sum</span> <span class="key chosen">the one that an index names</span>'
_WHOLE = """
<button type="button" data-go="all" aria-pressed="false">All</button>"""


def stepping(label: str, what: str, count: int, states: str, drawing: str | None, *, together: bool = False) -> str:
    """States to step through, one shown at a time, or, `together`, all of them and one marked.

    label: what they are, for the controls; what: what one of them is called; drawing: SVG that lights up with them.
    """
    legend = "" if together else _LEGEND
    scene = "" if drawing is None else f'<figure class="scene">{drawing}<figcaption>{legend}</figcaption></figure>\n'
    given = {**_ICONS, "label": escape(label), "what": escape(what), "count": count}
    controls = _CONTROLS.format(**given, whole="" if together else _WHOLE)
    kind = "stepper" + (" drawn" if drawing else "") + (" together" if together else "")
    head = f'<div class="{kind}" data-what="{escape(what)}">'
    return f'{head}\n{scene}<div class="head">\n{controls}\n</div>\n<div class="states">\n{states}\n</div>\n</div>'


def attributes(lit: Sequence[Lit], at: int, **given: str) -> str:
    """The attributes of a state: those given, and which parts of the drawing it lights up."""
    if at < len(lit):
        spoken = {"data-lit": lit[at].all, "data-one": lit[at].one}
        given |= {name: json.dumps(sorted(keys), ensure_ascii=False) for name, keys in spoken.items() if keys}
    return "".join(f' {name.replace("_", "-")}="{escape(value)}"' for name, value in given.items())


__all__ = ["attributes", "stepping"]
