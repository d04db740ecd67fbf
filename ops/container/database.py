"""Entry point of the database image: makes the cluster on the first start, then becomes PostgreSQL.

    python3 -m ops.container.database [postgres options]

Runs as the unprivileged user that owns the volume; standard library only. pg_hba.conf and
pg_ident.conf are the image's; `muang.conf`, written anew at every start from the memory there is,
takes the place of postgresql.conf. `ALTER SYSTEM` wins over it, options on the command line over
both.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops import tuning
from ops.container import scram, values

SUPERUSER = "muang"
_HERE = Path(__file__).parent


def main(arguments: Sequence[str]) -> None:
    """Check the password, make or adopt the data, then replace this process by the server."""
    with values.said():
        password = values.read(os.environ, values.PASSWORD).password
        data = Path(os.environ["PGDATA"])
        need_cluster(data)
        need_password(data, password)
    # PID 1 is then PostgreSQL itself: it gets the engine's stop signal and reaps its children
    os.environ.pop(values.PASSWORD, None)
    config = data.with_name("muang.conf")
    config.write_text(configuration(), encoding="utf-8")
    os.execvp(  # noqa: S606  no shell wanted
        "postgres", ["postgres", "-D", str(data), "-c", f"config_file={config}", *arguments]
    )


def need_cluster(data: Path) -> None:
    """Make the cluster when there is none; RefusedValueError for another version's data."""
    if (data / "PG_VERSION").exists():
        made_by = (data / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = _ours()
        if made_by != ours:
            raise values.RefusedValueError(
                f"ข้อมูลในดิสก์สร้างด้วย PostgreSQL {made_by} แต่อิมเมจนี้เป็นรุ่น {ours} "
                "ย้ายข้อมูลด้วย pg_dump จากอิมเมจเดิมก่อน",
                f"The volume was made by PostgreSQL {made_by}, this image has {ours}. Bring the "
                "data over with pg_dump from the old image (docs/deployment.md, Upgrades).",
            )
        return
    draft = data.with_name(f"{data.name}.new")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise values.RefusedValueError(
            f"เขียนลงที่เก็บข้อมูล {data.parent} ไม่ได้ ที่เก็บต้องเป็นของผู้ใช้ uid {os.getuid()}",
            f"Cannot write to the volume at {data.parent} ({error.strerror}): "
            f"it must belong to uid {os.getuid()}.",
        ) from None
    # made aside and renamed: a first start that is cut off leaves nothing half made
    subprocess.run(
        [
            *("initdb", "--pgdata", str(draft), "--username", SUPERUSER),
            *("--encoding", "UTF8", "--locale", "C.UTF-8", "--data-checksums"),
            *("--auth-local", "peer", "--auth-host", "reject", "--no-instructions"),
        ],
        check=True,
    )
    draft.rename(data)


def need_password(data: Path, password: str) -> None:
    """Give the superuser this password when it has another one.

    Done in single-user mode, before anybody can connect, so that the password is always the one
    in the settings, also after it was changed there or the demo's volume was taken over.
    """
    kept = data.with_name("password.scram")
    if kept.exists() and scram.fits(password, kept.read_text(encoding="ascii").strip()):
        return
    known = scram.verifier(password)
    subprocess.run(
        [
            *("postgres", "--single", "-D", str(data)),
            *("-c", "exit_on_error=on", "-c", "log_min_messages=warning", "postgres"),
        ],
        input=f"ALTER ROLE {SUPERUSER} PASSWORD '{known}'\n",
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    kept.touch(mode=0o600)
    kept.write_text(known, encoding="ascii")


def configuration() -> str:
    """The server's settings file: tuned to this container's memory, files from the image."""
    chosen = tuning.settings(tuning.memory_mb(), os.cpu_count() or 1, tuning.shm_mb()) | {
        "listen_addresses": "*",
        "unix_socket_directories": os.environ.get("PGHOST", "/tmp"),  # noqa: S108  a tmpfs
        "hba_file": str(_HERE / "pg_hba.conf"),
        "ident_file": str(_HERE / "pg_ident.conf"),
        "logging_collector": "off",
    }
    return "".join(f"{name} = '{value}'\n" for name, value in chosen.items())


def _ours() -> str:
    """Major version of the image's PostgreSQL."""
    said = subprocess.run(["postgres", "--version"], check=True, capture_output=True, text=True)
    return said.stdout.split()[2].partition(".")[0]


if __name__ == "__main__":
    main(sys.argv[1:])
