"""`python -m backprop_proofs` is the command line."""

from backprop_proofs.cli import main

if __name__ == "__main__":
    main()
