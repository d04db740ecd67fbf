"""The commands: one module per group, each with `register(app)`.

To add a command: write `ops/commands/<module>.py` with a function

    def register(app: typer.Typer) -> None:

that adds its commands (`app.command("name")(function)`) or its group (`app.add_typer(group,
name="name")`) to `app`, and name them here. The command line loads only the module of the
command that was asked for, so `muang up` never waits for geopandas; keep a module's own imports
light all the same (`muang --help` loads all of them) and import rooms inside the functions.

Errors: raise `layers.errors`. `BadRequestError` is wrong usage (exit status 2), every other one
is "refused or failed" (exit status 1); a bad file is `RefusedError`. Progress: `ops.progress`.
"""

MODULES: dict[str, str] = {
    "up": "ops.commands.up",
    "down": "ops.commands.down",
    "status": "ops.commands.status",
    "doctor": "ops.commands.doctor",
    "test": "ops.commands.test",
    "town": "ops.commands.town",
    "db": "ops.commands.db",
    "token": "ops.commands.token",
    "user": "ops.commands.user",
    "import": "ops.commands.imports",
    "imports": "ops.commands.imports",
    "inspect": "ops.commands.imports",
    "quality": "ops.commands.quality",
    "basemap": "ops.commands.basemap",
    "feed": "ops.commands.feed",
    "drill": "ops.commands.drill",
    "export": "ops.commands.export",
    "flood": "ops.commands.flood",
    "notebook": "ops.commands.notebook",
    "bench": "ops.commands.bench",
    "soak": "ops.commands.soak",
}
"""Command name -> module that registers it, in the order of `--help`."""
