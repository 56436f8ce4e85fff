"""Backpropagation, derived and proved: the names a notebook needs. Each loads what it needs on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from backprop_proofs import shown

if TYPE_CHECKING:
    from backprop_proofs.checking.check import check
    from backprop_proofs.checking.claims import settle
    from backprop_proofs.checking.evidence import audit, evidence_for
    from backprop_proofs.checking.path_report import paths
    from backprop_proofs.derivation.derive import derive
    from backprop_proofs.derivation.theorems import prove
    from backprop_proofs.errors import BackpropError
    from backprop_proofs.kernel.theorem import Theorem
    from backprop_proofs.language.network import Equation, Network
    from backprop_proofs.networks.mlp import mlp
    from backprop_proofs.reading.network_text import network
    from backprop_proofs.render.page.stepper import step

__version__ = "0.1.0"
_HOMES = {  # SymPy takes a third of a second to import, so nothing below is loaded before it is asked for
    "BackpropError": "errors",
    "Equation": "language.network",
    "Network": "language.network",
    "Theorem": "kernel.theorem",
    "audit": "checking.evidence",
    "check": "checking.check",
    "derive": "derivation.derive",
    "evidence_for": "checking.evidence",
    "mlp": "networks.mlp",
    "network": "reading.network_text",
    "paths": "checking.path_report",
    "prove": "derivation.theorems",
    "settle": "checking.claims",
    "step": "render.page.stepper",
}
__all__ = [
    "BackpropError",
    "Equation",
    "Network",
    "Theorem",
    "audit",
    "check",
    "derive",
    "evidence_for",
    "mlp",
    "network",
    "paths",
    "prove",
    "settle",
    "step",
]


def _view(name: str) -> Any:
    """A view of render/notebook.py, which is loaded when something is shown."""
    return lambda *given: getattr(import_module(f"{__name__}.render.notebook"), name)(*given)


shown.use(shown.Views(_view("bundle"), _view("rich_lines"), _view("node_latex"), _view("drawing")))


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
