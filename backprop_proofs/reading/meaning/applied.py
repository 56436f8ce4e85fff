"""Letters that are functions because a cost is that function of something: ℓ of L = ℓ(z)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop_proofs.reading.meaning.names import COSTS, bare_key
from backprop_proofs.reading.syntax import Call, CallOrProduct, Chain, Name, Product, every


def key_of_function(call: Call) -> str:
    """A function's key, without its primes."""
    return bare_key(call.function).rstrip("'")


def functions_of_costs(
    chains: Iterable[Chain], names: Iterable[Name], calls: Iterable[Call], eithers: Iterable[CallOrProduct]
) -> set[str]:
    """ℓ of L = ℓ(z), where ℓ stands nowhere else but before brackets."""
    heads = {id(call.function) for call in calls}
    for either in eithers:
        heads |= {id(either.call.function)} if isinstance(either.call, Call) else set()
        heads |= {id(either.product.factors[0])} if isinstance(either.product, Product) else set()
    others = {bare_key(name).rstrip("'") for name in names if name.below or id(name) not in heads}
    return {key_of_function(call) for chain in chains for call in _in_cost(chain)} - others


def _in_cost(chain: Chain) -> Iterator[Call]:
    """What may be a call of one name in the equation of a cost."""
    left, *others = chain.parts
    if isinstance(left, Name) and bare_key(left) in COSTS:
        for either in every(CallOrProduct, *others):
            call = either.call
            if isinstance(call, Call) and isinstance(call.arguments[0], Name):
                yield call
