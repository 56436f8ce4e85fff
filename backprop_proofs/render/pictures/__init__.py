"""Pictures: networks, proofs and what each step of a proof speaks of, as SVG and PNG."""
