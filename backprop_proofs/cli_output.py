"""What the command line writes, and where: data on standard output or into a file, messages on standard error."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from backprop_proofs.errors import InvalidInput
from backprop_proofs.printable import one_line

if TYPE_CHECKING:
    from backprop_proofs.render.ink import Ink
    from backprop_proofs.render.pictures.picture import Picture

T = TypeVar("T")
NAME = "backprop-proofs"
Lines = Callable[[bool, int], Iterable["Ink"]]  # (unicode, width) -> lines


def with_progress(found: Iterable[T], count: int, what: str, least: int) -> Iterable[T]:
    """What is found, as it is found; with a bar on standard error for `least` or more, if that is a terminal."""
    if count < least or sys.stderr is None or not sys.stderr.isatty():
        return found
    from rich.console import Console  # lazy
    from rich.progress import track  # lazy

    return track(found, f"{count:,} {what}", total=count, console=Console(stderr=True), transient=True)


def style(output: str | None) -> tuple[bool, int]:
    """Whether Unicode may be written there, and how wide a line is."""
    if output not in (None, "-"):
        return True, 80
    return _has_unicode(), max(shutil.get_terminal_size((80, 24)).columns, 40)


def draw(lines: Lines, output: str | None) -> None:
    """Print lines: in colour on a terminal, else as plain text, in ASCII where there is no Unicode."""
    unicode, width = style(output)
    if output not in (None, "-") or not _has_colour():
        write("".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines(unicode, width)), output)
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
        "δΣ∂∇⊙→σ²ᵀ…✓✗".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def write(text: str, output: str | None, *, markup: bool = False) -> None:
    """Print text, or put it into a file that is complete or untouched; markup: HTML or SVG, which has codes for signs.

    Raises InvalidInput where it cannot be written.
    """
    if output not in (None, "-"):
        write_bytes(text.encode(), output)
    elif markup and not _has_unicode():
        print_text(text.encode("ascii", "xmlcharrefreplace").decode("ascii"))
    else:
        print_text(text)


def write_picture(picture: Picture, format: str, output: str | None) -> None:
    """Write a picture as svg, or as png into a file. Raises InvalidInput where that cannot be."""
    if format == "png":
        from backprop_proofs.render.pictures.png import png  # lazy

        write_bytes(png(picture), output)
    else:
        write(picture.svg + "\n", output, markup=True)


def write_bytes(data: bytes, output: str | None) -> None:
    """Put data into a file that is complete or untouched. Raises InvalidInput where it cannot be written."""
    if not output:
        raise InvalidInput("cannot write: the file's name is empty")
    try:
        _save(data, Path(output).resolve())
    except (OSError, ValueError) as error:
        raise InvalidInput(f"cannot write {output}: {getattr(error, 'strerror', None) or error}") from error


def _save(data: bytes, path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(21, "it is a directory")
    if path.exists() and not path.is_file():  # a device or a pipe: there is nothing to replace
        path.write_bytes(data)
        return
    mask = os.umask(0)
    os.umask(mask)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(13, "it may not be written")
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.chmod(scratch, mode)
        os.replace(scratch, path)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def print_text(text: str) -> None:
    """Print on standard output, in ASCII where there is no Unicode. Raises InvalidInput where it is closed."""
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


def say(message: str) -> None:
    """One line on standard error."""
    print(one_line(f"{NAME}: {message}"), file=sys.stderr)
