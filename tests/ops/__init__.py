"""Tests of the ops room: launcher, private cluster, server, the command line."""
