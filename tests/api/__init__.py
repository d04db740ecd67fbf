"""Tests of the server on a real PostGIS."""
