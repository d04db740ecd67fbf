"""Layers -> files: rows of the database in, bytes of a file out. No HTTP; a process of its own."""
