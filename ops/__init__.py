"""Composition root: the `muang` command, the private PostGIS cluster, the server, the check."""
