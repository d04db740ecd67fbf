"""A command that was refused only until a person confirms something: asked, or told what to type.

The refusal carries `facts["proposed_crs"]`. At a terminal the person is asked and the command
runs again with the answer; elsewhere the sentence ends with the exact command to repeat.
"""

import shlex
import sys
from collections.abc import Callable, Sequence

from layers.errors import RefusedError
from layers.text import Text

_YES = {"y", "yes", "ใช่"}


def with_confirmation(run: Callable[[Sequence[str]], None], arguments: Sequence[str]) -> None:
    """Run a command; once more with what was confirmed, when it asks for that."""
    try:
        run(arguments)
    except RefusedError as error:
        more = _more(error, arguments)
        if more is None:
            raise
        again = [*arguments, *more]
        if not _confirmed(error, more):
            command = shlex.join(["./muang", *again])
            raise RefusedError(
                Text(th=f"{error.detail.th}\n  {command}", en=f"{error.detail.en}\n  {command}")
            ) from error
        run(again)


def _more(error: RefusedError, arguments: Sequence[str]) -> tuple[str, str] | None:
    crs = error.facts.get("proposed_crs")
    if not isinstance(crs, str):
        return None
    option = "--boundary-crs" if list(arguments[:2]) == ["town", "new"] else "--crs"
    return None if option in arguments else (option, crs)


def _confirmed(error: RefusedError, more: tuple[str, str]) -> bool:
    """Ask, where somebody sits at the terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(f"{error.detail.th}\n{error.detail.en}", file=sys.stderr)
    print(f"{' '.join(more)} ? ใช่/ไม่ใช่ · y/N ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in _YES
