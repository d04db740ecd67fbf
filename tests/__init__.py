"""The project's tests: real PostGIS, real files, a real browser."""
