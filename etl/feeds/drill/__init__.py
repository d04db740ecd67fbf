"""Exercises: invented events on the town's own stations, served and polled like a source."""
