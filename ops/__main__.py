"""`python -m ops` is the `muang` command: what the launcher runs."""

from ops.cli import main

main()
