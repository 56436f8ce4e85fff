"""A network from text: one equation a line (or between semicolons), each defining a quantity."""

from __future__ import annotations

from backprop_proofs.errors import InvalidInput
from backprop_proofs.language.network import Network
from backprop_proofs.reading.document import read
from backprop_proofs.reading.meaning.story import declared_in


def network(text: str) -> Network:
    r"""The network that equations in LaTeX or plain text define, as z_i = \sum_j W_{ij} x_j + b_i ; a_i = \tanh(z_i).

    Ranges are found from the equations; a cost that is not defined is any function of the outputs. Raises InvalidInput,
    one line, for text that cannot be read or defines no network.
    """
    document = read(text)
    problem = next((row for row in document.rows if row.problem is not None), None)
    if problem is not None and problem.problem is not None:
        raise InvalidInput(f"network: line {problem.line}: {problem.problem.message}")
    return declared_in(document)
