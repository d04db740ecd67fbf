"""One module per revision, each with its SQL beside it."""
