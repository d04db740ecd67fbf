"""Tests of the db room, on real PostGIS."""
