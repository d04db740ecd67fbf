"""Typed arguments -> statement: one module for each kind of question."""
