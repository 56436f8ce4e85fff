"""Text from elsewhere, such as a file or its name, made fit to be shown: a terminal obeys control characters."""

from __future__ import annotations


def printable(text: str, keep: str = "") -> str:
    """The text with a blank for each tab and end of a line, a mark for what else does not print; `keep` stays."""

    def shown(char: str) -> str:
        return char if char.isprintable() or char in keep else " " if char in "\t\r\n\f\v" else "�"

    return "".join(map(shown, text))


def one_line(text: object) -> str:
    """The text on one line, with one blank for several, a mark for what does not print."""
    return printable(" ".join(str(text).split()))
