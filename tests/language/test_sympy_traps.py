"""Every trap of SymPy 1.14 under index notation that was measured: ours gives the truth, or never goes that way.

One test a trap; its docstring is the SymPy call that is wrong, S being `Sum(w[j,k]*a[k], (k,1,n))`.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import sympy
from language.spoken import rename_bound, worth
from sympy import Expr, Integer, Piecewise, S, Symbol

import backprop_proofs
import backprop_proofs.derivation.rules  # enters the named steps
from backprop_proofs.errors import BackpropError, Malformed, Refused
from backprop_proofs.kernel.theorem import Theorem, begin, rewrite
from backprop_proofs.language.binding import (
    alpha_equal,
    canonical,
    each,
    free_indices,
    substitute,
    sum_over,
)
from backprop_proofs.language.expressions import (
    Binder,
    Delta,
    Fn,
    IndexSum,
    Partial,
    Quantity,
    add,
    mul,
    negative,
    power,
    quotient,
)
from backprop_proofs.language.indices import Limit, index
from backprop_proofs.language.matrices import Hadamard, Map, Whole, entry
from backprop_proofs.language.network import Definition, Equation, Network
from backprop_proofs.networks import mlp as perceptron

i, j, k, m, n = map(index, "ijkmn")
w, a, b, h, z = map(Quantity, "wabhz")
ONE = Integer(1)


def upto(letter: Symbol) -> Limit:
    return (letter, ONE, n)


FREE = tuple(map(upto, (i, j, k, m)))
# Inputs w, a, b, z of one size n, and h_j = a_j + b_j
NET = Network(
    "traps",
    {"w": (upto(j), upto(k)), **{name: (upto(j),) for name in "abhz"}},
    (Definition(h[j], (upto(j),), add(a[j], b[j])),),
    parameters=((n, ONE, None),),
)
ROW = sum_over(mul(w[j, k], a[k]), upto(k))  # S
RULES = ("leaf", "linearity", "product-rule", "power-rule", "function-rule")


def partials(expr: Expr, path: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
    """The places of the derivatives in an expression."""
    if isinstance(expr, Partial):
        return [path]
    steps = (0,) if isinstance(expr, Binder) else range(len(expr.args))
    return [
        one for step in steps if isinstance(expr.args[step], Expr) for one in partials(expr.args[step], (*path, step))
    ]


def differentiated(theorem: Theorem) -> Theorem:
    """The theorem with every derivative worked out, by whichever rule accepts it."""
    while places := partials(theorem.statement.rhs):
        for name in RULES:
            try:
                theorem = rewrite(theorem, places[0], name)
                break
            except Refused:
                continue
        else:
            raise AssertionError(f"no rule works out {theorem.statement.rhs}")
    return theorem


def is_proved_equal(expr: Expr, value: Expr, network: Network = NET, limits: tuple[Limit, ...] = FREE) -> bool:
    """Whether the kernel proves expr = value, after working out the derivatives."""
    try:
        proved = rewrite(differentiated(begin(network, limits, expr)), (), "ring", to=value)
    except (Refused, Malformed):
        return False
    assert proved.statement == Equation(expr, value)
    return True


# Derivatives


def test_derivative_by_an_entry_whose_letter_is_also_bound() -> None:
    """S.diff(a[k]) is Sum(w[j,k],(k,1,n))."""
    assert is_proved_equal(Partial(ROW, a[k]), w[j, k])
    assert is_proved_equal(Partial(ROW, a[m]), w[j, m])
    assert not is_proved_equal(Partial(ROW, a[k]), sum_over(w[j, k], upto(k)))


def test_derivative_of_a_term_beside_such_a_sum() -> None:
    """(a[k]+S).diff(a[k]) is Sum(w[j,k],…)+1."""
    assert is_proved_equal(Partial(add(a[k], ROW), a[k]), add(w[j, k], ONE))
    assert not is_proved_equal(Partial(add(a[k], ROW), a[k]), add(sum_over(w[j, k], upto(k)), ONE))


def test_derivative_of_softmax() -> None:
    """(exp(z[j])/Sum(exp(z[k]))).diff(z[k]) loses an exp and a power of the sum."""
    total = sum_over(Fn("exp", 0, z[m]), upto(m))

    def p(letter: Symbol) -> Expr:
        return quotient(Fn("exp", 0, z[letter]), total)

    softmax = Partial(p(j), z[k])
    assert is_proved_equal(softmax, mul(p(j), add(Delta(j, k), negative(p(k)))))
    wrong = quotient(mul(Delta(j, k), Fn("exp", 0, z[j])), total)
    assert not is_proved_equal(softmax, wrong)
    assert not is_proved_equal(softmax, add(wrong, negative(quotient(Fn("exp", 0, z[j]), power(total, 2)))))
    assert not is_proved_equal(softmax, mul(p(j), add(ONE, negative(p(j)))))


def test_derivative_by_a_weight_that_shares_the_bound_letter() -> None:
    """Sum(W[i,j]*x[j],(j,1,n)).diff(W[k,j]) is Sum(δ_ik x_j,(j,1,n))."""
    row = sum_over(mul(w[i, j], a[j]), upto(j))
    assert is_proved_equal(Partial(row, w[k, j]), mul(Delta(i, k), a[j]))
    assert not is_proved_equal(Partial(row, w[k, j]), sum_over(mul(Delta(i, k), a[j]), upto(j)))
    assert not is_proved_equal(Partial(row, w[k, j]), a[j])


def test_derivative_by_an_index() -> None:
    """a[k].diff(k) is nan."""
    with pytest.raises(Malformed):
        a[k].diff(k)
    with pytest.raises(Malformed):
        Partial(a[k], k)


# Substitution


def test_substitution_does_not_capture() -> None:
    """S.subs(j,k), .xreplace({j:k}), .replace and Subs().doit() are Sum(a[k]*w[k,k],…)."""
    wanted = sum_over(mul(w[k, m], a[m]), upto(m))
    assert alpha_equal(substitute(ROW, {j: k}), wanted)
    for theirs in (ROW.subs(j, k), ROW.xreplace({j: k}), ROW.replace(j, k)):  # on our nodes these are harmless too
        assert free_indices(theirs) == {k, n}
        assert is_proved_equal(theirs, wanted)


def test_a_bound_that_becomes_the_bound_letter() -> None:
    """S.subs(n,k) is Sum(a[k]*w[j,k],(k,1,k))."""
    wanted = sum_over(mul(w[j, m], a[m]), (m, ONE, k))
    assert alpha_equal(substitute(ROW, {n: k}), wanted)
    assert free_indices(substitute(ROW, {n: k})) == {j, k}


def test_renaming_a_bound_letter_to_one_that_stands_free() -> None:
    """S.xreplace({k:j}) and S.change_index(k,k,j) are Sum(a[j]*w[j,j],(j,1,n))."""
    assert substitute(ROW, {k: j}) == ROW
    renamed = rename_bound(ROW, j)
    assert alpha_equal(renamed, ROW)
    assert free_indices(renamed) == {j, n}
    theorem = rewrite(begin(NET, FREE, ROW), (), "rename", letter=j)
    assert alpha_equal(theorem.statement.rhs, ROW)


def test_an_equation_used_under_a_sum() -> None:
    """S.subs(a[k],b[k]) is silently S."""
    theorem = begin(NET, FREE, sum_over(mul(w[j, k], h[k]), upto(k)))
    unfolded = rewrite(theorem, (0, 1), "definition").statement.rhs
    assert alpha_equal(unfolded, sum_over(mul(w[j, k], add(a[k], b[k])), upto(k)))


def test_a_quantity_shares_its_name_with_no_letter() -> None:
    """(Symbol('a')*a[k]).subs(Symbol('a'),2) is 2*2[k]."""
    letter = index("a")
    assert substitute(mul(letter, a[k]), {letter: Integer(2)}) == mul(Integer(2), a[k])
    assert mul(letter, a[k]).subs(letter, 2) == 2 * a[k]


# Equality up to bound letters


def test_equality_of_nested_sums_sees_the_positions_of_indices() -> None:
    """E1.dummy_eq(E2) is True for Sum(w[i,j]*Sum(a[k]*w[j,k],…),…) and the same with w[k,j]."""
    right = sum_over(mul(w[i, j], sum_over(mul(a[k], w[j, k]), upto(k))), upto(j))
    wrong = sum_over(mul(w[i, j], sum_over(mul(a[k], w[k, j]), upto(k))), upto(j))
    assert not alpha_equal(right, wrong)
    assert not is_proved_equal(right, wrong)
    assert worth(right, {i: 1, n: 3}) != worth(wrong, {i: 1, n: 3})


def test_two_binders_have_two_letters() -> None:
    """as_dummy on nested sums gives one shared _0 to two binders."""
    nested = sum_over(mul(w[i, j], sum_over(mul(a[k], w[j, k]), upto(k))), upto(j))
    form = canonical(nested)
    letters = {part.index for part in sympy.preorder_traversal(form) if isinstance(part, IndexSum)}
    assert len(letters) == 2
    assert worth(form, {i: 2, n: 3}) == worth(nested, {i: 2, n: 3})


def test_sums_that_differ_in_a_bound_letter_are_equal() -> None:
    """== of two sums that differ in a bound name is False."""
    assert alpha_equal(sum_over(a[j], upto(j)), sum_over(a[k], upto(k)))
    assert is_proved_equal(sum_over(a[j], upto(j)), sum_over(a[k], upto(k)))


def test_free_letters_are_free() -> None:
    """Sum.free_symbols contains w[j,k] with k bound."""
    assert ROW.free_symbols == free_indices(ROW) == {j, n}


# Kronecker deltas


def test_a_collapse_does_not_capture() -> None:
    """Sum(δ(k,m)*Sum(w[k,m]*a[m],(m,1,n)),(k,1,n)).doit() captures m."""
    nested = sum_over(mul(Delta(k, m), sum_over(mul(w[k, m], a[m]), upto(m))), upto(k))
    wanted = sum_over(mul(w[m, i], a[i]), upto(i))
    collapsed = rewrite(begin(NET, FREE, nested), (), "kronecker-collapse").statement.rhs
    assert alpha_equal(collapsed, wanted)
    assert is_proved_equal(nested, wanted)
    assert not is_proved_equal(nested, sum_over(mul(w[m, m], a[m]), upto(m)))


def test_a_delta_has_no_range_of_its_own_to_be_trusted() -> None:
    """Sum(KroneckerDelta(k,m,(1,2))*w[j,k],(k,1,5)).doit() is w[j,m]."""
    with pytest.raises(TypeError):
        Delta(k, m, (1, 2))  # type: ignore[call-arg]  # it takes no range
    total = sum_over(mul(Delta(k, m), a[k]), (k, ONE, Integer(5)))
    wide = Network("wide", {"a": ((j, ONE, None),)}, (), parameters=((n, ONE, None),))
    for high, collapses in ((2, True), (5, True), (6, False), (7, False)):
        limits = ((m, ONE, Integer(high)),)
        assert is_proved_equal(total, a[m], wide, limits) is collapses
        theorem = begin(wide, limits, total)
        if collapses:
            assert rewrite(theorem, (), "kronecker-collapse").statement.rhs == a[m]
        else:
            with pytest.raises(Refused, match="not known to lie in"):
                rewrite(theorem, (), "kronecker-collapse")


def test_a_delta_out_of_the_range_is_not_its_term() -> None:
    """deltasummation(KroneckerDelta(k,5)*w[j,k],(k,1,2),no_piecewise=True) is w[j,5]."""
    total = sum_over(mul(Delta(k, 5), a[k]), (k, ONE, Integer(2)))
    wide = Network("wide", {"a": ((j, ONE, None),)}, ())
    with pytest.raises(Refused, match="not known to lie in"):
        rewrite(begin(wide, (), total), (), "kronecker-collapse")
    assert not is_proved_equal(total, a[5], wide, ())
    assert is_proved_equal(total, S.Zero, wide, ())


def test_a_delta_of_twice_the_index_does_not_collapse() -> None:
    """Sum(KroneckerDelta(2*k,m)*a[k],(k,1,n)).doit() at n=m=3 is a[3/2]."""
    total = sum_over(mul(Delta(2 * k, m), a[k]), upto(k))
    with pytest.raises(Refused):
        rewrite(begin(NET, FREE, total), (), "kronecker-collapse")
    with pytest.raises(BackpropError):
        begin(NET, FREE, a[m / 2])
    assert not is_proved_equal(total, S.Zero)


def test_a_collapse_leaves_no_cases() -> None:
    """A collapse by .doit() is Piecewise((…,(m>=1)&(m<=n)),(0,True)), never discharged by an enclosing Sum."""
    nested = sum_over(mul(b[m], sum_over(mul(Delta(k, m), w[j, k]), upto(k))), upto(m))
    collapsed = rewrite(begin(NET, FREE, nested), (0, 1), "kronecker-collapse").statement.rhs
    assert not collapsed.has(Piecewise)
    assert alpha_equal(collapsed, sum_over(mul(b[m], w[j, m]), upto(m)))


# What is not 0, and what was divided by


def test_the_links_of_a_chain_are_not_0() -> None:
    """Sum(Derivative(C,z[l+1,k])*Derivative(z[l+1,k],z[l,j]),(k,1,n)).doit() is 0."""
    net, l, L, zz = perceptron.mlp(), perceptron.l, perceptron.L, perceptron.z
    layers, width = ((l, Integer(2), L - 1), (j, ONE, perceptron.n[l])), perceptron.n[l + 1]
    links = mul(Partial(perceptron.C, zz[l + 1, k]), Partial(zz[l + 1, k], zz[l, j]))
    total = sum_over(links, (k, ONE, width))
    theorem = begin(net, layers, total)
    with pytest.raises(Refused):
        rewrite(theorem, (), "ring", to=S.Zero)
    for place in ((0, 0), (0, 1)):
        with pytest.raises(Refused):
            rewrite(theorem, place, "leaf")
    chain = rewrite(begin(net, layers, Partial(perceptron.C, zz[l, j])), (), "chain-rule", through=(_layer_of(l + 1),))
    assert alpha_equal(chain.statement.rhs, total)


def _layer_of(layer: Expr) -> Expr:
    return each(perceptron.z[layer, k], (k, ONE, perceptron.n[layer]))


def test_a_quotient_by_itself_keeps_its_condition() -> None:
    """x[i]/x[i] is 1 at construction: the nonzero condition is gone."""
    ratio = quotient(a[i], a[i])
    assert ratio != ONE
    theorem = rewrite(begin(NET, FREE, ratio), (), "ring", to=ONE)
    assert [(need.kind, need.subject) for need in theorem.hypotheses] == [("nonzero", a[i])]


def test_an_equation_is_not_evaluated() -> None:
    """Eq(a,a) is True."""
    assert tuple(Equation(a[i], a[i])) == (a[i], a[i])
    assert Equation(a[i], a[i]) is not True


# Arrays


def test_a_free_index_stays_free_in_a_vector() -> None:
    """convert_indexed_to_array(Sum(δ_ij A[j] B[j])) is a scalar contraction."""
    product = sum_over(mul(Delta(i, j), a[j], b[j]), upto(j))
    vector = Hadamard(Whole(a), Whole(b))
    at_i = entry(vector, (i,), NET.slots, NET.facts(FREE))
    assert at_i == mul(a[i], b[i])
    assert is_proved_equal(product, at_i)
    assert not is_proved_equal(product, sum_over(mul(a[j], b[j]), upto(j)))


def test_a_function_of_a_vector_keeps_every_factor() -> None:
    """convert_indexed_to_array of 1/v[k], and of softmax, drops the factor and the denominator."""
    vector = Hadamard(Whole(a), Map("reciprocal", Integer(0), Whole(b)))
    assert entry(vector, (k,), NET.slots, NET.facts(FREE)) == mul(a[k], Fn("reciprocal", 0, b[k]))
    assert "convert_indexed_to_array" in EVERYWHERE


# Calls that the package never makes


PACKAGE = Path(backprop_proofs.__file__).parent
TRUSTED = ("language", "kernel", "networks", "derivation")
EVERYWHERE = {
    "simplify",
    "dummy_eq",
    "as_dummy",
    "change_index",
    "Subs",
    "Eq",
    "KroneckerDelta",
    "deltasummation",
    "convert_indexed_to_array",
    "parse_latex",
    "latex2sympy",
    "IndexedBase",
    "Idx",
}
IN_TRUSTED = {
    "subs",
    "xreplace",
    "doit",
    "diff",
    "replace",
    "expand",
    "Sum",
    "Derivative",
    "Piecewise",
    "piecewise_fold",
}
# What the trusted rooms take from SymPy: the tree, arithmetic, letters, and numbers
# Small rational cases, on letters that stand for whole quantities and sums; the kernel checks what comes out.
CANCELLING = {"simplify.py": {"cancel", "factor", "together"}}
WORTH_USING = {
    "sympy": {
        "Add",
        "Dummy",
        "Expr",
        "Integer",
        "Mul",
        "Number",
        "Pow",
        "Rational",
        "S",
        "Symbol",
        "preorder_traversal",
    },
    "sympy.core.basic": {"Basic"},
    "sympy.core.symbol": {"Str"},
}


def calls(file: Path) -> list[tuple[str, str, int]]:
    """(receiver, function, line) of every call, save of `replace` from dataclasses, and of str.replace."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            receiver = ast.unparse(node.func.value) if isinstance(node.func, ast.Attribute) else ""
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            text = all(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in node.args)
            if not (name == "replace" and (not receiver or (node.args and text))):
                found.append((receiver, name, node.lineno))
    return found


def files(*rooms: str) -> list[Path]:
    found = [file for file in sorted(PACKAGE.rglob("*.py")) if not rooms or file.relative_to(PACKAGE).parts[0] in rooms]
    assert len(found) > 3
    return found


def test_nothing_calls_what_is_never_right() -> None:
    """simplify leaks a bound index out of a Piecewise, or ends in StopIteration; parse_latex misreads BP1."""
    for file in files():
        wrong = [call for call in calls(file) if call[1] in EVERYWHERE]
        assert not wrong, f"{file.name}: {wrong}"


def test_the_trusted_rooms_do_not_use_sympys_calculus() -> None:
    """.subs, .doit, .diff and the like do not know bound indices."""
    for file in files(*TRUSTED):
        wrong = [call for call in calls(file) if call[1] in IN_TRUSTED and call[0] != "dataclasses"]
        assert not wrong, f"{file.name}: {wrong}"


def test_the_trusted_rooms_take_only_the_tree_from_sympy() -> None:
    for file in files(*TRUSTED):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not [name for name in node.names if name.name.startswith("sympy")], file.name
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sympy"):
                known = WORTH_USING.get(node.module or "", set()) | CANCELLING.get(file.name, set())
                strange = {name.name for name in node.names} - known
                assert not strange, f"{file.name} takes {strange} from {node.module}"


@pytest.mark.parametrize("reader", ["sympy.parsing", "latex2sympy2", "latex2sympy2_extended", "antlr4"])
def test_no_reader_of_latex_but_our_own(reader: str) -> None:
    """parse_latex (antlr) makes `partial` a symbol; parse_latex (lark) and latex2sympy drop primes and subscripts."""
    for file in files():
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            assert not [name for name in names if name.startswith(reader)], file.name


@pytest.mark.parametrize(
    "expr",
    [
        sympy.Piecewise((a[i], j > 1), (b[i], True)),
        sympy.Sum(a[i], (j, 1, 5)),
        sympy.KroneckerDelta(i, j),
        sympy.Derivative(sympy.Function("f")(i), i),
    ],
    ids=str,
)
def test_sympys_own_binders_and_cases_cannot_enter_a_proof(expr: Expr) -> None:
    """simplify of a sum with a Piecewise condition on its bound index lets the index leak out."""
    with pytest.raises(BackpropError):
        begin(NET, FREE, expr)
