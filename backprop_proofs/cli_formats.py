"""The formats of what is proved: text, documents, pages and pictures; which are known, and how each is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backprop_proofs.cli_options import DETAILS, PICTURES
from backprop_proofs.cli_output import draw, write, write_picture
from backprop_proofs.errors import InvalidInput, UnknownName

if TYPE_CHECKING:
    from backprop_proofs.checking.claims import Refuted
    from backprop_proofs.checking.evidence import Found
    from backprop_proofs.kernel.theorem import Theorem
    from backprop_proofs.language.network import Network
    from backprop_proofs.render.pictures.picture import Picture

Named = tuple[str, "Theorem | Refuted", "Sequence[Found]"]


def check_choices(format: str, formats: Sequence[str], detail: str, standalone: bool, output: str | None) -> None:
    """Raise UnknownName or InvalidInput for what cannot be, before anything is proved."""
    known("format", format, formats)
    known("detail", detail, DETAILS)
    if standalone and format != "latex":
        raise InvalidInput(f"--standalone: expected --format latex; found {format}")
    if format == "png" and output in (None, "-"):
        raise InvalidInput("--format png: expected -o FILE, since it is no text; found none")


def known(kind: str, name: str, names: Sequence[str]) -> None:
    """Raise UnknownName for a name that is none of them."""
    if name not in names:
        raise UnknownName(kind, name, names)


def one_theorem(names: Sequence[str], format: str) -> None:
    """Raise InvalidInput where a picture of several theorems is asked for."""
    if format in PICTURES and len(names) > 1:
        raise InvalidInput(f"--format {format}: expected one theorem, such as {names[0]}; found {len(names)}")


def show(results: Sequence[Named], format: str, detail: str, standalone: bool, output: str | None) -> None:
    """Print proofs, and claims refuted, in one of the formats."""
    if format == "json":
        from backprop_proofs.render.proof_file import dumped, proof_document  # lazy

        return write(dumped(proof_document(results)), output)
    if format in PICTURES:
        ((_, result, _),) = results
        return write_picture(_picture(result), format, output)
    from backprop_proofs.render.results import lines, pages  # lazy

    if format == "text":
        return draw(lambda unicode, width: lines(results, detail, unicode, width), output)
    return write(pages(results, format, detail, standalone), output, markup=format == "html")


def show_network(network: Network, format: str, output: str | None) -> None:
    """Write the picture of a network."""
    from backprop_proofs.render.pictures.networks import network_picture  # lazy

    write_picture(network_picture(network), format, output)


def _picture(result: Theorem | Refuted) -> Picture:
    """A proof's quantities and the cut of its chain rule; of a claim that is refuted, the network alone."""
    from backprop_proofs.checking.claims import Refuted  # lazy
    from backprop_proofs.render.pictures.networks import network_picture  # lazy
    from backprop_proofs.render.pictures.proofs import proof_picture  # lazy

    return network_picture(result.network) if isinstance(result, Refuted) else proof_picture(result)
