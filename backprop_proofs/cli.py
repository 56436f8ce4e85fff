"""The command line: parses, calls the library, prints. Data on standard output, messages on standard error.

Exit status: 0 all proved; 1 something refuted; 2 usage, unreadable input, or a fault; 3 something undecided.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from backprop_proofs import __version__
from backprop_proofs.errors import BackpropError, InvalidInput, ProofRejected, Undecided, UnknownName

if TYPE_CHECKING:
    from backprop_proofs.checking.claims import Refuted
    from backprop_proofs.checking.evidence import Found
    from backprop_proofs.kernel.theorem import Theorem
    from backprop_proofs.language.network import Network
    from backprop_proofs.render.ink import Ink

PROVED, REFUTED, FAULT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130
STATUS = {"proved": PROVED, "refuted": REFUTED, "undecided": UNDECIDED}
FORMATS = ("text", "markdown", "latex", "json")
DETAILS = ("brief", "steps", "full")
NAME = "backprop-proofs"
UsageError: Any = typer.BadParameter.__mro__[2]  # the base of all errors of the parser, whichever parser Typer brings

Lines = Callable[[bool, int], Iterable["Ink"]]  # (unicode, width) -> lines
Named = tuple[str, "Theorem | Refuted", "Sequence[Found]"]

app = typer.Typer(
    name=NAME,
    help="Derive, prove and check the equations of backpropagation, one named rule a step.",
    rich_markup_mode=None,  # plain help: Rich would have to be loaded for it
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

WidthsOption = Annotated[
    str | None, typer.Option("--widths", metavar="N,N,...", help="Neurons of each layer, input first: 2,3,2.")
]
ActivationOption = Annotated[
    str | None, typer.Option("--activation", metavar="NAME", help="Of the output; see `backprop-proofs list`.")
]
HiddenOption = Annotated[
    str | None, typer.Option("--hidden", metavar="NAME", help="Activation before the output, if another one.")
]
CostOption = Annotated[str | None, typer.Option("--cost", metavar="NAME", help="See `backprop-proofs list`.")]
BatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="M", help="The mean over M examples; m for any number.")
]
DecayOption = Annotated[bool, typer.Option("--decay", help="Add the L2 weight decay λ/(2m) Σ w².")]
LabelsOption = Annotated[
    str | None, typer.Option("--labels", metavar="Y,Y,...", help="The labels, where they are known: 0,1,0.")
]
DepthOption = Annotated[int | None, typer.Option("--depth", metavar="L", help="Number of layers, widths left open.")]
DetailOption = Annotated[str, typer.Option("--detail", metavar="LEVEL", help="brief, steps or full.")]
FormatOption = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text, markdown, latex or json.")]
StandaloneOption = Annotated[bool, typer.Option("--standalone", help="With latex: a document that compiles as it is.")]
OutputOption = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of on standard output.")
]
WeightOption = Annotated[str | None, typer.Option("--weight", metavar="L,J,K", help="The weight w^l_jk: 2,2,1.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", help="How many paths to list.")]
JsonFormatOption = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")]


# Commands. What they need is imported in them (lazy): SymPy takes a third of a second, and --help must not wait for it.


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        _print(f"{NAME} {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None:
        _print(context.get_help() + "\n")


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

    `backprop-proofs list` names them all; without a name, bp1, bp2, bp3 and bp4 are proved.
    """
    _check_choices(format, detail, standalone)
    from backprop_proofs.checking.claims import Refuted, settled  # lazy
    from backprop_proofs.checking.evidence import evidence_for, says_nothing  # lazy
    from backprop_proofs.derivation.theorems import FUNDAMENTAL, theorem_named  # lazy

    given = Given(widths, activation, hidden, cost, depth, batch, decay, labels)
    wanted = [theorem_named(name.lower()) for name in dict.fromkeys(theorems or FUNDAMENTAL)]
    networks = {record.name: _network(given, record.settings) for record in wanted}
    empty = [name for name, network in networks.items() if says_nothing(name, network)]
    if empty and theorems:
        raise InvalidInput(f"{empty[0]}: expected at least three layers, which it steps between; found two")
    for name in empty:
        _say(f"{name} is left out: it steps between layers after the first, and there is only one")
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
    detail: DetailOption = "steps",
    format: FormatOption = "text",
    standalone: StandaloneOption = False,
    output: OutputOption = None,
) -> int:
    """Derive the gradient of the cost.

    It is found from the equations alone, without being told the answer.
    """
    _check_choices(format, detail, standalone)
    from backprop_proofs.checking.evidence import evidence_for  # lazy
    from backprop_proofs.derivation.derive import derive as derived  # lazy

    theorem = derived(_network(Given(widths, activation, hidden, cost, depth, batch, decay, labels)), wrt)
    return _show([(f"dC/d{wrt}", theorem, evidence_for(theorem))], format, detail, standalone, output)


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
    _known("format", format, ("text", "json"))
    from backprop_proofs.checking.evidence import audit as audited  # lazy
    from backprop_proofs.render.written import audit_lines  # lazy

    report = audited(_network(Given(widths, activation, hidden, cost, depth, batch, decay, labels)))
    if format == "json":
        from backprop_proofs.render.proof_file import audit_document  # lazy

        _write(json.dumps(audit_document(report), indent=2) + "\n", output)
    else:
        _draw(lambda unicode, width: audit_lines(report, unicode, width), output)
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
    format: FormatOption = "text",
    standalone: StandaloneOption = False,
    output: OutputOption = None,
) -> int:
    """List all paths from a weight to the cost, and prove what their sum is.

    Without --widths it is proved for all widths: as nested sums with --depth, else by induction for every depth.
    """
    _check_choices(format, "steps", standalone)
    from backprop_proofs.checking import path_report as asked  # lazy
    from backprop_proofs.render.paths import open_page, path_lines, path_page  # lazy

    asked.checked_limit(limit)
    network = _network(Given(widths, activation, hidden, cost, depth, None, False, labels))
    about = None if weight is None else asked.weight_at(weight)
    if widths is None:
        proofs = asked.open_report(network, about)
        if format == "json":
            _write(open_page(proofs), output)
            return STATUS[asked.verdict_on(found for _, _, checks in proofs for found in checks)]
        return _show(proofs, format, "full" if depth is None else "steps", standalone, output)
    if about is None:
        raise InvalidInput("--weight: expected one, l,j,k, such as 2,2,1; found none")
    report = asked.path_report(network, about, limit, _with_progress)
    if format == "text":
        _draw(lambda unicode, width: path_lines(report, unicode, width), output)
    else:
        _write(path_page(report, format, standalone), output)
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
        _write(_one_line(f"refuted: {error}") + "\n", None)
        return REFUTED
    _draw(lambda unicode, width: verified_lines(verified, unicode, width), None)
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
    _draw(lambda unicode, width: rule_lines(record, unicode, width, example), None)
    return PROVED


@app.command("list")
def list_(format: JsonFormatOption = "text", output: OutputOption = None) -> int:
    """List theorems, rules, activations and costs."""
    _known("format", format, ("text", "json"))
    from backprop_proofs.render.reference import catalogue, listing_lines  # lazy

    everything = catalogue()
    if format == "json":
        found = {kind: [{"name": name, **one} for name, one in entries.items()] for kind, entries in everything.items()}
        _write(json.dumps({"schema": f"{NAME}/list/1", **found}, indent=2) + "\n", output)
    else:
        said = {
            kind.capitalize(): {name: entry["says"] for name, entry in entries.items()}
            for kind, entries in everything.items()
        }
        _draw(lambda unicode, width: listing_lines(said, unicode, width), output)
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


def _number(option: str, part: str, wanted: str) -> int:
    digits = part.strip().removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 12:
        raise InvalidInput(f"{option}: expected {wanted}; found {part[:40]!r}")
    return int(part)


def _check_choices(format: str, detail: str, standalone: bool) -> None:
    _known("format", format, FORMATS)
    _known("detail", detail, DETAILS)
    if standalone and format != "latex":
        raise InvalidInput(f"--standalone: expected --format latex; found {format}")


def _known(kind: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise UnknownName(kind, name, known)


# Output


def _with_progress(found: Iterable[Any], count: int) -> Iterable[Any]:
    """The paths as they are found; thousands of them with a bar on standard error, if that is a terminal."""
    if count < 1000 or sys.stderr is None or not sys.stderr.isatty():
        return found
    from rich.console import Console  # lazy
    from rich.progress import track  # lazy

    return track(found, f"{count:,} paths", total=count, console=Console(stderr=True), transient=True)


def _show(results: Sequence[Named], format: str, detail: str, standalone: bool, output: str | None) -> int:
    """Print proofs, and claims refuted, in one of the formats."""
    from backprop_proofs.render.results import lines, pages  # lazy

    if format == "text":
        _draw(lambda unicode, width: lines(results, detail, unicode, width), output)
    elif format == "json":
        from backprop_proofs.render.proof_file import dumped, proof_document  # lazy

        _write(dumped(proof_document(results)), output)
    else:
        _write(pages(results, format, detail, standalone), output)
    wrong = any(not found or any(check.agrees is False for check in found) for _, _, found in results)
    return REFUTED if wrong else PROVED


def _draw(lines: Lines, output: str | None) -> None:
    """Print lines: in colour on a terminal, else as plain text, in ASCII where there is no Unicode."""
    to_file = output not in (None, "-")
    unicode = to_file or _has_unicode()
    width = 80 if to_file else max(shutil.get_terminal_size((80, 24)).columns, 40)
    if to_file or not _has_colour():
        _write("".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines(unicode, width)), output)
        return
    from rich.console import Console  # lazy

    from backprop_proofs.render.terminal import drawn  # lazy

    console = Console(width=width, highlight=False, soft_wrap=True)
    for line in drawn(lines(unicode, width)):
        console.print(line)


def _has_colour() -> bool:
    dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
    return sys.stdout is not None and sys.stdout.isatty() and not dumb and not os.environ.get("NO_COLOR")


def _has_unicode() -> bool:
    try:
        "δΣ∂∇⊙→σ²ᵀ…".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _write(text: str, output: str | None) -> None:
    """Print text, or put it into a file that is complete or untouched."""
    if output in (None, "-"):
        _print(text)
    elif not output:
        raise InvalidInput("cannot write: the file's name is empty")
    else:
        try:
            _save(text, Path(output).resolve())
        except (OSError, ValueError) as error:
            raise InvalidInput(f"cannot write {output}: {getattr(error, 'strerror', None) or error}") from error


def _save(text: str, path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a directory")
    if path.exists() and not path.is_file():  # a device or a pipe: there is nothing to replace
        path.write_text(text, encoding="utf-8")
        return
    mask = os.umask(0)
    os.umask(mask)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "it may not be written")
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(scratch, mode)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def _print(text: str) -> None:
    if sys.stdout is None:
        raise InvalidInput("cannot write: standard output is closed")
    if not _has_unicode() and not text.isascii():
        from backprop_proofs.render.prose import ascii_text  # lazy

        text = "\n".join(map(ascii_text, text.split("\n")))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as `head` has; Python must not complain of it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str) -> None:
    print(_one_line(f"{NAME}: {message}"), file=sys.stderr)


def _one_line(message: str) -> str:
    return " ".join(message.split())


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
        _say(f"{error.format_message()} (try --help)")
    except Undecided as error:
        _say(str(error))
        return UNDECIDED
    except BackpropError as error:
        _say(str(error))
    except OSError as error:
        _say(f"{error.strerror or error}")
    except Exception as error:
        if sys.flags.dev_mode:  # python -X dev -m backprop_proofs shows where
            raise
        _say(f"a fault of the program: {type(error).__name__}: {error}")
    return FAULT
