"""Tests of the files-into-layers room."""
