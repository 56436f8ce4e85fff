"""The gradient of any network: ∂C/∂x by the chain rule through whatever uses x, from the equations alone."""

from __future__ import annotations

from sympy import Expr, Symbol

from backprop_proofs.derivation.arrays import as_array
from backprop_proofs.derivation.chain import Chain, retold, spare_letter
from backprop_proofs.derivation.cuts import instance, is_recursive, users_of
from backprop_proofs.derivation.tactics import collapse, derivative_of
from backprop_proofs.derivation.tidy import tidied
from backprop_proofs.errors import InvalidInput, Malformed, Refused
from backprop_proofs.kernel.dependence import unpacked
from backprop_proofs.kernel.theorem import Theorem, matrix_form
from backprop_proofs.language.binding import Path, alpha_equal, free_indices, substitute
from backprop_proofs.language.expressions import Opaque, Partial, Ref, parts_of
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.network import Network
from backprop_proofs.networks.structure import cost_of, renamed_limits


def derive(network: Network, wrt: str) -> Theorem:
    """∂C/∂wrt, for all of its indices, as a formula in the network's quantities and their errors ∂C/∂z.

    The formula is found, not looked up: the chain rule is taken through the quantities that use wrt, each local
    derivative worked out from its equation, every delta collapsed. Where the network names ∂C/∂z, as δ, the name is
    used; where ∂C/∂z is no recursion over layers or time, it is worked out too.
    Raises UnknownName for a quantity that the network does not have, InvalidInput where the range must be split.
    """
    x, limits = instance(network, wrt)
    cost = cost_of(network)
    if x == cost:
        raise InvalidInput(f"derive: expected a quantity that {cost} depends on; found {cost} itself")
    return closed(gradient(network, cost, x, limits))


def gradient(network: Network, cost: Ref, x: Ref, limits: tuple[Limit, ...]) -> Theorem:
    """∂cost/∂x, for all indices in limits."""
    chain = Chain(network, limits, Partial(cost, x))
    through = users_of(network, x, cost, limits)
    if any(unpacked(instances)[0] == cost for instances in through):
        lemma = derivative_of(network, limits, cost, x)
        if len(through) > 1 and any(partial.wrt == x for partial in parts_of(lemma.statement.rhs, Partial)):
            raise InvalidInput(f"derive: {cost} uses {x}, and no formula says how, or only at some of its indices")
        return _tidy(chain.use(lemma, ()))
    if not through:
        return chain.step("leaf").theorem
    try:
        chain.step("chain-rule", through=through)
    except (Malformed, Refused) as error:
        raise InvalidInput(f"derive: {x} is used differently at the ends of its range ({error})") from error
    while (path := chain.find(lambda part: _is_local(part, x))) is not None:
        _work_out_local(chain, path, x)
    _settle_cotangents(chain, cost)
    collapse(chain)
    return _tidy(chain)


def closed(theorem: Theorem) -> Theorem:
    """The theorem with its matrix form, where one is found."""
    letters = _neurons(theorem.statement.lhs, theorem.limits)
    left, right = (as_array(side, letters) for side in theorem.statement)
    if left is None or right is None:
        return theorem
    try:
        return matrix_form(theorem, left, right, letters)
    except (Refused, Malformed):
        return theorem


def _neurons(lhs: Expr, limits: tuple[Limit, ...]) -> tuple[Symbol, ...]:
    """The letters of the entries of ∂C/∂x or x: those after the superscripts."""
    x = lhs.wrt if isinstance(lhs, Partial) else lhs
    known = {letter for letter, _, _ in limits}
    below = x.indices[x.quantity.superscripts :]
    return tuple(letter for letter in below if letter in known)


def _is_local(part: Expr, x: Ref) -> bool:
    return isinstance(part, Partial) and part.wrt == x


def _work_out_local(chain: Chain, path: Path, x: Ref) -> None:
    """Replace ∂V/∂x, V under the sum of a chain rule, by what the equation of V gives."""
    local, limits = chain.part(path), chain.limits(path)
    plain: dict[Symbol, Symbol] = {}
    for letter, _, _ in limits[len(chain.theorem.limits) :]:
        taken = [*_free(chain), *plain.values()]
        plain[letter] = index(letter.name) if index(letter.name) not in taken else spare_letter(taken)
    parts = (substitute(part, plain) for part in local.args)
    lemma = derivative_of(chain.theorem.network, renamed_limits(limits, plain), *parts)
    if lemma.statement.rhs == lemma.statement.lhs:
        raise InvalidInput(f"derive: {local} cannot be worked out from the equations")
    chain.use(lemma, path, {new: old for old, new in plain.items()})


def _free(chain: Chain) -> set[Symbol]:
    return {letter for letter, _, _ in (*chain.theorem.limits, *chain.theorem.network.parameters)}


def _settle_cotangents(chain: Chain, cost: Ref) -> None:
    """Name each ∂C/∂V if the network has a name for it; work it out if V is no recursion."""
    network, done = chain.theorem.network, set[Expr]()
    while (path := chain.find(lambda p: isinstance(p, Partial) and p.of == cost and p not in done)) is not None:
        cotangent = chain.part(path)
        done.add(cotangent)
        name = _name_of(network, cotangent)
        if name is not None:
            chain.step("definition", path, to=name)
        elif not is_recursive(network, cotangent.wrt.name) and not _is_primitive(network, cost, cotangent.wrt):
            x, limits = instance(network, cotangent.wrt.name)
            lemma = gradient(network, cost, x, limits)
            chain.use(lemma, path, dict(zip(x.indices, cotangent.wrt.indices, strict=True)))


def _name_of(network: Network, cotangent: Partial) -> Ref | None:
    for definition in network.abbreviations:
        body = definition.body
        if isinstance(body, Partial) and body.of == cotangent.of and body.wrt.quantity == cotangent.wrt.quantity:
            given = dict(zip(body.wrt.indices, cotangent.wrt.indices, strict=True))
            if alpha_equal(substitute(body, given), cotangent) and free_indices(definition.ref) <= given.keys():
                return substitute(definition.ref, given)
    return None


def _is_primitive(network: Network, cost: Ref, wrt: Ref) -> bool:
    """Whether the cost is an unspecified function of wrt: nothing more is known of ∂C/∂wrt."""
    bodies = (d.body for d in network.definitions if d.ref == cost)
    return any(isinstance(b, Opaque) and any(r.quantity == wrt.quantity for r in parts_of(b, Ref)) for b in bodies)


def _tidy(chain: Chain) -> Theorem:
    return retold(chain, tidied(chain.rhs)).theorem
