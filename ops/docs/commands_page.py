"""docs/commands.md: the help of every command, as the command line prints it."""

from collections.abc import Iterator

import typer
import typer.main

from ops.cli import build_app
from ops.docs.markdown import NOTICE

_WIDTH = 96
_INTRO = """\
Exit status: 0 done, 1 refused or failed (a sentence on stderr says why and what to do), 2 wrong
usage. `--json` prints one JSON object and nothing else on stdout.
"""


def page() -> str:
    """The page's text."""
    lines = [NOTICE, "", "# Commands", "", _INTRO]
    for path, context in walk():
        help_text = "\n".join(line.rstrip() for line in context.get_help().splitlines())
        lines += [f"## `./{path}`", "", "```text", help_text.strip(), "```", ""]
    return "\n".join(lines)


def walk() -> Iterator[tuple[str, typer.Context]]:
    """Every command with its full name, groups before what is in them, in the order of help."""
    root = typer.main.get_command(build_app())
    waiting = [
        typer.Context(root, info_name="muang", terminal_width=_WIDTH, max_content_width=_WIDTH)
    ]
    while waiting:
        context = waiting.pop(0)
        yield context.command_path, context
        children = getattr(context.command, "commands", {})
        waiting[:0] = [
            typer.Context(
                child,
                parent=context,
                info_name=name,
                terminal_width=_WIDTH,
                max_content_width=_WIDTH,
            )
            for name, child in children.items()
            if not child.hidden
        ]
