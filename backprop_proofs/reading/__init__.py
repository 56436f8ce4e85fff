"""What people wrote: LaTeX, Markdown and plain text, read into located syntax trees that keep every mark."""

from backprop_proofs.reading.document import Document, Row, read, read_bytes
from backprop_proofs.reading.rows import Remark, Statement
from backprop_proofs.reading.syntax import Span, Unreadable

__all__ = ["Document", "Remark", "Row", "Span", "Statement", "Unreadable", "read", "read_bytes"]
