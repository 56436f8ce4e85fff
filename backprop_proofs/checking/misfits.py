"""What is said of a link whose indices or shapes do not fit: it is wrong, unless what it is was guessed."""

from __future__ import annotations

from backprop_proofs.checking.findings import Finding
from backprop_proofs.checking.layers_left_out import BETWEEN_LAYERS, between_layers
from backprop_proofs.checking.report import REFUTED, UNDECIDED
from backprop_proofs.reading.meaning.forms import chains_of
from backprop_proofs.reading.meaning.names import FUNCTIONS, NotUnderstood, bare_key, is_kronecker, names_of
from backprop_proofs.reading.meaning.statement import link
from backprop_proofs.reading.meaning.story import Story
from backprop_proofs.reading.meaning.values import Misfit
from backprop_proofs.reading.syntax import Nabla, Name, Node, Product, Transpose, every


def misfit_said(story: Story, misfit: Misfit, left: Node, right: Node) -> tuple[str, Finding]:
    """The verdict on a link that does not fit, and why.

    It is undecided where it fits with gradients or vectors as rows, where it fits with the indices that stand
    elsewhere, where the layers were guessed, and where it speaks of what no equation does. Raises NotUnderstood.
    """
    if misfit.code == "shape" and _fits_in_rows(story, left, right):
        words = "where gradients or vectors are rows this fits, where they are columns it does not; write indices"
        return UNDECIDED, Finding("layout", words, misfit.span)
    if misfit.code == "shape" and _multiplies_itself(left, right) and _fits(story, left, right, "side by side"):
        words = "where vectors side by side are multiplied entry by entry this fits; write ⊙"
        return UNDECIDED, Finding("not-understood", words, misfit.span)
    otherwise = _meant_otherwise(story, misfit, left, right)
    if otherwise is not None:
        return UNDECIDED, Finding("not-understood", otherwise, misfit.span)
    sure = misfit.code == "unused-bound-index" or not _unknown(story, left, right)
    return REFUTED if sure else UNDECIDED, Finding(misfit.code, misfit.message, misfit.span)


def _meant_otherwise(story: Story, misfit: Misfit, left: Node, right: Node) -> str | None:
    """How a link that does not fit may be meant, where the text leaves that open."""
    names = (*names_of(left), *names_of(right))
    if between_layers(story, left, right):
        return BETWEEN_LAYERS
    if misfit.code == "shape" and _without_indices(story, left, right):
        return "the indices are left out here, and stand elsewhere; with them it may be right"
    if misfit.code == "shape" and _of_one_neuron(story):
        return f"where each layer has one neuron it may be right; where it has more, {misfit.message}"
    if misfit.code == "index-range" and story.guessed:
        return f"with the layers that the letters seem to tell, {misfit.message}"
    if misfit.code == "index-range" and any(map(story.census.is_shifted, names)):
        return f"{misfit.message}, unless it starts at 0 or lies within"
    if misfit.code == "unused-bound-index" and story.example is not None:
        return f"{misfit.message}; it may stand for an example, on which what is summed depends"
    return None


def _fits_in_rows(story: Story, left: Node, right: Node) -> bool:
    """Whether the shapes of an equation fit where gradients, or all vectors, are rows. Raises NotUnderstood."""
    assert story.world is not None
    if story.world.layout != "columns":
        return False
    jacobians = () if story.census.transposes_jacobians else ("denominator",)
    for layout in ("gradient rows", *jacobians, "rows"):
        try:
            if _fits(story, left, right, layout):
                return True
        except NotUnderstood:
            if layout != "rows":
                raise
    return False


def _fits(story: Story, left: Node, right: Node, layout: str) -> bool:
    """Whether the shapes of an equation fit in a layout. Raises NotUnderstood."""
    assert story.world is not None
    try:
        with story.world.laid_out(layout):
            link(story.world, story.census, left, right)
    except Misfit:
        return False
    return True


def _multiplies_itself(*sides: Node) -> bool:
    """Whether there is h (1 - h), two factors side by side of one name."""
    return any(
        not sign and set(names_of(one)) == set(names_of(other)) and len(set(names_of(one))) == 1
        for product in every(Product, *sides)
        for sign, one, other in zip(product.operators, product.factors, product.factors[1:], strict=False)
    )


def _without_indices(story: Story, *sides: Node) -> bool:
    """Whether all names are small letters that have indices elsewhere, and no sign is one for arrays."""
    names = [name for side in sides for name in names_of(side)]
    arrays = every(Transpose, *sides) or any(set(product.operators) - {""} for product in every(Product, *sides))
    plain = all(not (n.above or n.below) and n.base.islower() for n in names)
    indexed = {bare_key(n) for n in names} - story.census.functions <= story.census.bases
    return plain and indexed and not arrays


def _of_one_neuron(story: Story) -> bool:
    """Whether a text without a given part has neither lower indices nor signs of arrays, as 3Blue1Brown's has."""
    given = any(row.given for row in story.document.rows)
    chains = [chain for row in story.document.rows for chain in chains_of(row)]
    entrywise = any(set(product.operators) - {"", "·"} for product in every(Product, *chains))
    arrays = entrywise or bool(every(Transpose, *chains)) or bool(every(Nabla, *chains))
    names = every(Name, *chains)
    return not (given or arrays or any(n.below or {"bold", "vec"} & set(n.marks) for n in names))


def _unknown(story: Story, *sides: Node) -> set[str]:
    """The vectors and matrices that no equation speaks of. Raises NotUnderstood."""
    world, census = story.world, story.census
    assert world is not None
    assert story.network is not None
    functions = {*FUNCTIONS, *world.functions, *census.functions}
    known = {*story.network.families, *functions, *world.lengths} - story.assumed
    names = [name for side in sides for name in names_of(side) if not is_kronecker(name)]
    uses = [census.use(name) for name in names if not census.is_letter(bare_key(name))]
    spoken = {use.key.rstrip("'"): use for use in uses if census.rank(use) > 0}
    return {
        key
        for key, use in spoken.items()
        if not known & {key, key.removeprefix("d")} and not world.has_other_case(key.removeprefix("d"), use)
    }
