"""The options of the command line, as its commands declare them, and the formats they know."""

from __future__ import annotations

from typing import Annotated

import typer

PICTURES = ("svg", "png")
PATH_FORMATS = ("text", "markdown", "latex", "html", "json")
FORMATS = (*PATH_FORMATS, *PICTURES)
CHECK_FORMATS = ("text", "html", "json", "sarif", "github")
DETAILS = ("brief", "steps", "full")

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
FormatOption = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help="text, markdown, latex, html, json, svg or png.")
]
PathFormatOption = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help="text, markdown, latex, html or json.")
]
StandaloneOption = Annotated[bool, typer.Option("--standalone", help="With latex: a document that compiles as it is.")]
OutputOption = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of on standard output.")
]
WeightOption = Annotated[str | None, typer.Option("--weight", metavar="L,J,K", help="The weight w^l_jk: 2,2,1.")]
LimitOption = Annotated[int, typer.Option("--limit", metavar="N", help="How many paths to list.")]
JsonFormatOption = Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="text or json.")]
CheckFormatOption = Annotated[
    str, typer.Option("--format", "-f", metavar="FORMAT", help="text, html, json, sarif or github.")
]
NetworkOption = Annotated[
    str | None, typer.Option("--network", metavar="FILE", help="The network, as equations in a text file.")
]
JobsOption = Annotated[
    int, typer.Option("--jobs", "-j", metavar="N", min=1, help="How many processes check files at the same time.")
]
