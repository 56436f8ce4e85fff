"""The slope of an activation, from its formula: σ' = σ(1 - σ) of the sigmoid, σ' = 1 - σ² of tanh, and the like."""

from __future__ import annotations

from functools import lru_cache

from sympy import Expr

from backprop_proofs.derivation.chain import Chain
from backprop_proofs.derivation.tactics import derivative_of, work_out
from backprop_proofs.errors import InvalidInput
from backprop_proofs.kernel.theorem import Theorem
from backprop_proofs.language.expressions import Fn, Ref
from backprop_proofs.language.network import Network
from backprop_proofs.networks.activations import ACTIVATIONS, Slope, activation_named
from backprop_proofs.networks.mlp import u


def activation_slope(network: Network) -> Theorem:
    """σ'(u) as the books write it, for every real u. Raises InvalidInput for an activation without a formula.

    Source: Nielsen, chapter 2 (sigmoid: σ' = σ(1 - σ)) and chapter 3 (tanh: σ' = 1 - σ²)
    """
    return slope_of(network, network.functions[-1].name if network.functions else "sigma")


def slope_of(network: Network, function: str) -> Theorem:
    """The same of one of the network's functions: σ, or g where the output has its own."""
    before = network.settings.get("hidden", network.settings["activation"])
    record = activation_named(before if function == "sigma" else network.settings["activation"])
    if record.slope is None:
        raise InvalidInput("activation-slope: expected an activation with a formula, such as sigmoid; found any σ")

    return _as_written(_opened(network, function, u), function, record.slope)


@lru_cache(maxsize=256)
def slope_by_formula(network: Network, function: str) -> Theorem | None:
    """f'(u) of a function with a formula: as the books write it where the table knows the formula, else worked out."""
    known = network.function(function)
    if known is None:
        return None
    chain = _opened(network, function, known.variable)
    for record in ACTIVATIONS.values():
        if record.formula is not None and record.slope is not None and record.formula(known.variable) == known.body:
            return _as_written(chain, function, record.slope)
    return chain.theorem


def _opened(network: Network, function: str, variable: Ref) -> Chain:
    """f'(u), the formula of f put in and differentiated."""
    chain = Chain(network, (), Fn(function, 1, variable))
    chain.use(derivative_of(network, (), Fn(function, 0, variable), variable), (), backwards=True)
    work_out(chain.step("function-definition", (0,)))
    return chain


def _as_written(chain: Chain, function: str, slope: Slope) -> Theorem:
    """The same as the books write it, by f and u."""
    variable = chain.theorem.statement.lhs.argument
    written = _written_out(chain.theorem.network, slope(lambda argument: Fn(function, 0, argument), variable))
    chain.step("ring", to=written.statement.rhs)
    return chain.use(written, (), backwards=True).theorem


def _written_out(network: Network, slope: Expr) -> Theorem:
    """The slope, with the formula of each function that has one."""
    named = {function.name for function in network.functions}
    chain = Chain(network, (), slope)
    while (path := chain.find(lambda part: isinstance(part, Fn) and part.name in named)) is not None:
        chain.step("function-definition", path)
    return chain.theorem
