"""What the containers run: settings checked first, then the database, the migration, the server.

`values`, `scram`, `database` and `health` need Python's standard library only: the database image
has nothing else. See docs/deployment.md.
"""
