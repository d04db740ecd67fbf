"""Tiny files in real formats, of our own making, and the programs that make them."""
