"""Feeds: shapes, keys, fetching, circuits, and the process that polls."""
