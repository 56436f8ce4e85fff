"""Pages for a browser: a proof to step through, paths, a checked derivation; each one self-contained file."""
