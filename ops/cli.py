"""The `muang` command line: finds the command's module, runs it, turns errors into sentences.

Exit status: 0 done, 1 refused or failed (a sentence on stderr says why and what to do), 2 wrong
usage. With `--json` a command prints one object and nothing else on stdout.
"""

import importlib
import os
import sys
import traceback
import uuid
from typing import NoReturn

import typer

from layers.errors import BadRequestError, MuangError
from layers.text import Text
from ops.checkout import Checkout
from ops.commands import MODULES
from ops.confirm import with_confirmation

EXIT_FAILED = 1
EXIT_USAGE = 2


def build_app(wanted: str | None = None) -> typer.Typer:
    """The Typer application; with `wanted` only that command's module is loaded."""
    app = typer.Typer(
        name="muang",
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )

    @app.callback()
    def _about() -> None:
        """แพลตฟอร์มข้อมูลเมือง · A town's data platform: PostGIS, tiles, geo-queries, war room."""

    modules = [MODULES[wanted]] if wanted in MODULES else list(dict.fromkeys(MODULES.values()))
    for module in modules:
        importlib.import_module(module).register(app)
    return app


def say(error: MuangError) -> str:
    """The sentence of an error for a person at a terminal: Thai, then English."""
    detail = error.detail
    return detail.en if detail.th == detail.en else f"{detail.th}\n{detail.en}"


def main() -> NoReturn:
    """Entry point of `muang` and `python -m ops`; always ends the process with a status."""
    arguments = sys.argv[1:]
    app = build_app(arguments[0] if arguments else None)
    try:
        with_confirmation(lambda words: app(args=list(words), prog_name="muang"), arguments)
    except BadRequestError as error:
        _fail(say(error), EXIT_USAGE)
    except MuangError as error:
        _fail(say(error), EXIT_FAILED)
    except Exception:  # noqa: BLE001  the last door: a person gets a sentence, the log the trace
        _fail(say(_unexpected()), EXIT_FAILED)
    sys.exit(0)


def _fail(sentence: str, status: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(status)


def _unexpected() -> MuangError:
    if os.environ.get("MUANG_DEBUG"):
        traceback.print_exc()
    name = uuid.uuid4().hex[:8]
    where = Checkout.here().log_dir / f"error-{name}.txt"
    try:
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_text(traceback.format_exc(), encoding="utf-8")
    except OSError:
        traceback.print_exc()
    return MuangError(
        Text(
            th=f"เกิดข้อผิดพลาดที่ไม่คาดคิด บันทึกไว้ที่ {where} โปรดส่งไฟล์นี้ให้ผู้ดูแลระบบ",
            en=f"Something unexpected went wrong. It is written to {where}; "
            "please send that file to the people who look after the system.",
        )
    )
