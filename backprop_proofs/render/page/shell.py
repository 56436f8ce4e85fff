"""The document around what a page shows: one file with its styles and its script inside, which asks no network."""

from __future__ import annotations

import base64
import hashlib
import html
from functools import lru_cache
from importlib.resources import files

from backprop_proofs.printable import printable

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta name="referrer" content="no-referrer"/>
<meta http-equiv="Content-Security-Policy" content="{policy}"/>
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
{main}
</main>
"""
_SCRIPT = "<script>{}</script>\n"
_CDATA = "//<![CDATA[\n{}//]]>\n"  # so that the page is well-formed XML, too


def page(title: str, main: str, *, stepper: bool = True, styles: tuple[str, ...] = ("page.css",)) -> str:
    """A whole document; `main` is HTML. The browser is told to load nothing and to run no script but ours."""
    script = _CDATA.format(static("page.js")) if stepper else ""
    policy = f"{_POLICY}; script-src '{_digest(script)}'" if script else _POLICY
    style = "".join(map(static, styles))
    head = _HEAD.format(policy=policy, title=html.escape(printable(title)), style=style, main=main)
    return head + (_SCRIPT.format(script) if script else "") + "</body>\n</html>\n"


@lru_cache(maxsize=8)
def static(name: str) -> str:
    """A file of this package's own styles and scripts."""
    return (files("backprop_proofs.render.page") / "static" / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


__all__ = ["page", "static"]
