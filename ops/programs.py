"""Runs other programs: output to a log, the last words to the screen, failure as a sentence."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layers.errors import UnavailableError
from layers.text import Text
from ops.progress import Step

_TAIL_LINES = 12
_HEAD_LINES = 5


@dataclass(frozen=True)
class Identity:
    """The user a program runs as."""

    name: str
    uid: int
    gid: int

    @property
    def popen(self) -> dict[str, Any]:
        """Arguments for subprocess; none when it is the user we already are."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def run(
    command: Sequence[str | Path],
    *,
    step: Step | None = None,
    log: Path | None = None,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    identity: Identity | None = None,
    keep_lines: int = _TAIL_LINES,
) -> str:
    """Run a program to its end and return what it printed.

    `env` is added to ours. Its latest line is noted on `step`; everything is appended to `log`.
    Raises UnavailableError with its first and last lines when it cannot start or ends with
    another status than 0.
    """
    words = [str(word) for word in command]
    lines: list[str] = []
    if log:
        log.parent.mkdir(parents=True, exist_ok=True)
    sink = log.open("a", encoding="utf-8") if log else None
    try:
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=cwd,
            env=os.environ | dict(env or {}),
            **(identity.popen if identity else {}),
        ) as process:
            for line in process.stdout or ():
                lines.append(line.rstrip())
                if step and line.strip():
                    step.note(line)
                if sink:
                    sink.write(line)
    except OSError as error:
        raise failed(words[0], str(error.strerror)) from error
    finally:
        if sink:
            sink.close()
    if process.returncode:
        raise failed(words[0], "\n".join(_ends(lines, keep_lines)))
    return "\n".join(lines)


def _ends(lines: list[str], keep: int) -> list[str]:
    """The last lines, and the first ones: some programs say what is wrong before they explain."""
    if len(lines) <= keep + _HEAD_LINES:
        return lines
    return [*lines[:_HEAD_LINES], "…", *lines[-keep:]]


def failed(program: str, said: str) -> UnavailableError:
    """The error of a program that did not do its work, with its own last words."""
    name = Path(program).name
    return UnavailableError(
        Text(
            th=f"โปรแกรม {name} ทำงานไม่สำเร็จ:\n{said}",
            en=f"The program {name} failed:\n{said}",
        )
    )
