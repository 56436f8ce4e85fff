"""The small changes that could mend a wrong line, nearest first."""

from backprop_proofs.reading.edits.search import edits, mended, tried
from backprop_proofs.reading.edits.writing import Edit

__all__ = ["Edit", "edits", "mended", "tried"]
