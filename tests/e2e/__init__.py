"""Browser tests of the dashboard on a real server."""
