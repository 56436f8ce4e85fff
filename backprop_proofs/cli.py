"""The command line: parses, calls the library, prints. Data on standard output, messages on standard error.

Exit status: 0 all proved; 1 something refuted; 2 usage, unreadable input, or a fault; 3 something undecided.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from backprop_proofs import __version__
from backprop_proofs.cli_formats import Named, check_choices, known, one_theorem, show, show_network
from backprop_proofs.cli_options import (
    CHECK_FORMATS,
    FORMATS,
    PATH_FORMATS,
    PICTURES,
    ActivationOption,
    BatchOption,
    CheckFormatOption,
    CostOption,
    DecayOption,
    DepthOption,
    DetailOption,
    FormatOption,
    HiddenOption,
    JobsOption,
    JsonFormatOption,
    LabelsOption,
    LimitOption,
    NetworkOption,
    OutputOption,
    PathFormatOption,
    StandaloneOption,
    WeightOption,
    WidthsOption,
)
from backprop_proofs.cli_output import NAME, draw, print_text, say, style, with_progress, write
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected, Undecided
from backprop_proofs.printable import one_line

if TYPE_CHECKING:
    from backprop_proofs.language.network import Network

PROVED, REFUTED, FAULT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130
STATUS = {"proved": PROVED, "refuted": REFUTED, "undecided": UNDECIDED}
UsageError: Any = typer.BadParameter.__mro__[2]  # the base of all errors of the parser, whichever parser Typer brings

app = typer.Typer(
    name=NAME,
    help="Derive, prove and check the equations of backpropagation, one named rule a step.",
    rich_markup_mode=None,  # plain help: Rich would have to be loaded for it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

# Commands. What they need is imported in them (lazy): SymPy takes a third of a second, and --help must not wait for it.


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print_text(f"{NAME} {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print_text(context.get_help() + "\n")


@app.command()
def prove(
    theorems: Annotated[list[str] | None, typer.Argument(help="All of BP1 to BP4, if none.")] = None,
    widths: WidthsOption = None,
    activation: ActivationOption = None,
    hidden: HiddenOption = None,
    cost: CostOption = None,
    depth: DepthOption = None,
    batch: BatchOption = None,
    decay: DecayOption = False,
    labels: LabelsOption = None,
    detail: DetailOption = "steps",
    format: FormatOption = "text",
    standalone: StandaloneOption = False,
    output: OutputOption = None,
) -> int:
    """Prove theorems of the perceptron, step by step.

    `backprop-proofs list` names them all; without a name, bp1, bp2, bp3 and bp4 are proved. As svg or png, it draws one
    theorem's proof, or, without a name, the network.
    """
    check_choices(format, FORMATS, detail, standalone, output)
    one_theorem(theorems or (), format)
    from backprop_proofs.checking.claims import Refuted, settled  # lazy
    from backprop_proofs.checking.evidence import evidence_for, says_nothing  # lazy
    from backprop_proofs.derivation.theorems import FUNDAMENTAL, theorem_named  # lazy

    given = Given(widths, activation, hidden, cost, depth, batch, decay, labels)
    if format in PICTURES and not theorems:
        show_network(_network(given), format, output)
        return PROVED
    wanted = [theorem_named(name.lower()) for name in dict.fromkeys(theorems or FUNDAMENTAL)]
    networks = {record.name: _network(given, record.settings) for record in wanted}
    empty = [name for name, network in networks.items() if says_nothing(name, network)]
    if empty and theorems:
        raise InvalidInput(f"{empty[0]}: expected at least three layers, which it steps between; found two")
    for name in empty:
        say(f"{name} is left out: it steps between layers after the first, and there is only one")
    found = [(record.name, settled(record, networks[record.name])) for record in wanted if record.name not in empty]
    results = [(name, one, () if isinstance(one, Refuted) else evidence_for(one)) for name, one in found]
    return _show(results, format, detail, standalone, output)


@app.command()
def derive(
    wrt: Annotated[str, typer.Argument(metavar="WRT", help="The quantity to differentiate the cost by: w, b, x, ...")],
    widths: WidthsOption = None,
    activation: ActivationOption = None,
    hidden: HiddenOption = None,
    cost: CostOption = None,
    depth: DepthOption = None,
    batch: BatchOption = None,
    decay: DecayOption = False,
    labels: LabelsOption = None,
    network: NetworkOption = None,
    detail: DetailOption = "steps",
    format: FormatOption = "text",
    standalone: StandaloneOption = False,
    output: OutputOption = None,
) -> int:
    """Derive the gradient of the cost.

    It is found from the equations alone, without being told the answer: those of the perceptron, or of --network.
    """
    check_choices(format, FORMATS, detail, standalone, output)
    from backprop_proofs.checking.evidence import evidence_for  # lazy
    from backprop_proofs.derivation.derive import derive as derived  # lazy
    from backprop_proofs.networks.structure import cost_of  # lazy

    given = Given(widths, activation, hidden, cost, depth, batch, decay, labels)
    equations = _network(given) if network is None else _declared(network, given)
    theorem = derived(equations, wrt)
    name = f"d{cost_of(equations).name}/d{wrt}"
    return _show([(name, theorem, evidence_for(theorem))], format, detail, standalone, output)


@app.command()
def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="LaTeX, Markdown or text; - is standard input.")],
    network: NetworkOption = None,
    activation: ActivationOption = None,
    cost: CostOption = None,
    format: CheckFormatOption = "text",
    jobs: JobsOption = 1,
    output: OutputOption = None,
) -> int:
    """Check derivations, line by line.

    For the first wrong line of each: what is wrong, on which network it fails, and what mends it.

    Exit status: 1 if a line is refuted; else 2 if a file cannot be read; else 3 if a line is undecided or unreadable;
    0 if all are proved.
    """
    known("format", format, CHECK_FORMATS)
    from backprop_proofs.cli_files import STANDARD_INPUT, Task, outcomes, status  # lazy

    if [*files, network].count(STANDARD_INPUT) > 1:
        raise InvalidInput("-: expected once; standard input can be read only once")
    _check_settings(activation, cost)
    equations = None if network is None else _equations(network)
    page = {"text": "whole" if len(files) == 1 else "first", "html": "html"}.get(format, "")
    shape = style(output)
    tasks = [Task(file, equations, activation, cost, page, *shape) for file in files]
    found = list(with_progress(outcomes(tasks, jobs), len(files), "files", 2))
    for failure in filter(None, (outcome.failure for outcome in found)):
        say(failure)
    if format == "text":
        from backprop_proofs.render.reports import pages  # lazy

        draw(lambda unicode, width: pages([(one.entry, one.page) for one in found], unicode, width), output)
    elif format == "html":
        from backprop_proofs.render.page.checks import check_page  # lazy

        write(check_page([one.entry for one in found]), output, markup=True)
    else:
        from backprop_proofs.render.report_files import page as printed  # lazy

        write(printed([one.entry for one in found], format, __version__), output)
    return status(found)


@app.command()
def audit(
    widths: WidthsOption = None,
    activation: ActivationOption = None,
    hidden: HiddenOption = None,
    cost: CostOption = None,
    depth: DepthOption = None,
    batch: BatchOption = None,
    decay: DecayOption = False,
    labels: LabelsOption = None,
    format: JsonFormatOption = "text",
    output: OutputOption = None,
) -> int:
    """Compare all partial derivatives with BP1-BP4.

    They are computed by forward duals on a random network, without the kernel.
    """
    known("format", format, ("text", "json"))
    from backprop_proofs.checking.evidence import audit as audited  # lazy
    from backprop_proofs.render.written import audit_lines  # lazy

    report = audited(_network(Given(widths, activation, hidden, cost, depth, batch, decay, labels)))
    if format == "json":
        from backprop_proofs.render.proof_file import audit_document  # lazy

        write(json.dumps(audit_document(report), indent=2) + "\n", output)
    else:
        draw(lambda unicode, width: audit_lines(report, unicode, width), output)
    return STATUS[report.verdict]


@app.command()
def paths(
    weight: WeightOption = None,
    widths: WidthsOption = None,
    activation: ActivationOption = None,
    hidden: HiddenOption = None,
    cost: CostOption = None,
    depth: DepthOption = None,
    labels: LabelsOption = None,
    limit: LimitOption = 24,
    format: PathFormatOption = "text",
    standalone: StandaloneOption = False,
    output: OutputOption = None,
) -> int:
    """List all paths from a weight to the cost, and prove what their sum is.

    Without --widths it is proved for all widths: as nested sums with --depth, else by induction for every depth.
    """
    check_choices(format, PATH_FORMATS, "steps", standalone, output)
    from backprop_proofs.checking import path_report as asked  # lazy
    from backprop_proofs.render.paths import open_page, path_lines, path_page  # lazy

    asked.checked_limit(limit)
    network = _network(Given(widths, activation, hidden, cost, depth, None, False, labels))
    about = None if weight is None else asked.weight_at(weight)
    if widths is None:
        proofs = asked.open_report(network, about)
        if format == "json":
            write(open_page(proofs), output)
            return STATUS[asked.verdict_on(found for _, _, checks in proofs for found in checks)]
        return _show(proofs, format, "full" if depth is None else "steps", standalone, output)
    if about is None:
        raise InvalidInput("--weight: expected one, l,j,k, such as 2,2,1; found none")
    report = asked.path_report(network, about, limit, lambda found, count: with_progress(found, count, "paths", 1000))
    if format == "text":
        draw(lambda unicode, width: path_lines(report, unicode, width), output)
    elif format == "html":
        from backprop_proofs.render.page.paths import paths_page  # lazy

        write(paths_page(report), output, markup=True)
    else:
        write(path_page(report, format, standalone), output)
    return STATUS[report.verdict]


@app.command()
def verify(
    file: Annotated[str, typer.Argument(metavar="PROOF.json", help="A saved proof, or - for standard input.")],
) -> int:
    """Replay a saved proof, rule by rule.

    All else that the file says is compared with what comes out.
    """
    from backprop_proofs.render.proof_file import read_document, verify_document  # lazy
    from backprop_proofs.render.written import verified_lines  # lazy

    try:
        verified = verify_document(read_document(file))
    except ProofRejected as error:
        write(one_line(f"refuted: {error}") + "\n", None)
        return REFUTED
    draw(lambda unicode, width: verified_lines(verified, unicode, width), None)
    return PROVED


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's name; see `backprop-proofs list`.")],
) -> int:
    """Show a rule: what, why, and an example."""
    from backprop_proofs.checking.examples import example_of  # lazy
    from backprop_proofs.kernel.rules import rule_named  # lazy
    from backprop_proofs.render.reference import rule_lines  # lazy

    record = rule_named(rule)
    example = example_of(record.name)
    draw(lambda unicode, width: rule_lines(record, unicode, width, example), None)
    return PROVED


@app.command("list")
def list_(format: JsonFormatOption = "text", output: OutputOption = None) -> int:
    """List theorems, rules, activations and costs."""
    known("format", format, ("text", "json"))
    from backprop_proofs.render.reference import catalogue, listing_lines  # lazy

    everything = catalogue()
    if format == "json":
        found = {kind: [{"name": name, **one} for name, one in entries.items()] for kind, entries in everything.items()}
        write(json.dumps({"schema": f"{NAME}/list/1", **found}, indent=2) + "\n", output)
    else:
        said = {
            kind.capitalize(): {name: entry["says"] for name, entry in entries.items()}
            for kind, entries in everything.items()
        }
        draw(lambda unicode, width: listing_lines(said, unicode, width), output)
    return PROVED


# Arguments


class Given(NamedTuple):
    """What the user says of the network, as text."""

    widths: str | None
    activation: str | None
    hidden: str | None
    cost: str | None
    depth: int | None
    batch: str | None
    decay: bool
    labels: str | None


def _network(given: Given, settings: Mapping[str, Any] | None = None) -> Network:
    """The perceptron that is asked for; `settings` say what the user does not."""
    from backprop_proofs.networks.mlp import mlp  # lazy

    read: dict[str, Any] = {name: value for name, value in given._asdict().items() if value not in (None, False)}
    if given.widths is not None:
        wanted = "positive whole numbers, such as 2,3,2"
        read["widths"] = [_number("widths", part, wanted) for part in given.widths.split(",")]
    if given.batch not in (None, "m"):
        read["batch"] = _number("batch", given.batch, "a number of examples of at least 1, or m for any")
    if given.labels is not None:
        read["labels"] = given.labels.split(",")
    return mlp(**{**(settings or {}), **read})


def _declared(file: str, given: Given) -> Network:
    """The network that a file declares. Raises InvalidInput where the perceptron's options are given, too."""
    other = next((name for name, value in given._asdict().items() if value not in (None, False)), None)
    if other is not None:
        raise InvalidInput(f"--network: expected no option of the perceptron beside it; found --{other}")
    from backprop_proofs.cli_files import text_of  # lazy
    from backprop_proofs.reading.network_text import network  # lazy

    return network(text_of(file))


def _equations(file: str) -> str:
    """The text of a file that declares a network. Raises InvalidInput for one that does not."""
    from backprop_proofs.cli_files import text_of  # lazy
    from backprop_proofs.reading.network_text import network  # lazy

    text = text_of(file)
    network(text)
    return text


def _number(option: str, part: str, wanted: str) -> int:
    digits = part.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
        raise InvalidInput(f"{option}: expected {wanted}; found {part[:40]!r}")
    return int(part)


def _check_settings(activation: str | None, cost: str | None) -> None:
    """Raise UnknownName before the first file is read."""
    from backprop_proofs.networks.activations import activation_named  # lazy
    from backprop_proofs.networks.costs import cost_named  # lazy

    if activation is not None:
        activation_named(activation)
    if cost is not None:
        cost_named(cost)


# Output


def _show(results: Sequence[Named], format: str, detail: str, standalone: bool, output: str | None) -> int:
    """Print results in one of the formats; the exit status."""
    show(results, format, detail, standalone, output)
    wrong = any(not found or any(check.agrees is False for check in found) for _, _, found in results)
    return REFUTED if wrong else PROVED


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status; a fault is one line on standard error, no traceback."""
    gc.disable()  # a short process: collecting costs a tenth of the time and frees nothing that matters
    status = _run(arguments)
    gc.freeze()  # and the collections at exit, over all of SymPy, a quarter of it
    raise SystemExit(status)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        status = app(args=arguments, prog_name=NAME, standalone_mode=False)
        return status if isinstance(status, int) else PROVED
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except UsageError as error:
        say(f"{error.format_message()} (try --help)")
    except Undecided as error:
        say(str(error))
        return UNDECIDED
    except BackpropError as error:
        say(str(error))
    except OSError as error:
        say(f"{error.strerror or error}")
    except Exception as error:
        if sys.flags.dev_mode:  # python -X dev -m backprop_proofs shows where
            raise
        say(f"a fault of the program: {type(error).__name__}: {error}")
    return FAULT
