"""Tests of the water."""
