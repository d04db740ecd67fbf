"""`muang export`: a layer as a file, as one role sees it, without a server in between."""

import contextlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from layers.errors import BadRequestError, UnavailableError
from layers.text import Text
from ops.progress import Progress

if TYPE_CHECKING:
    from exports.formats import Format
    from layers.model import Role

_SCOPED = ("team", "care")
"""Roles whose rows vary by person: a command is nobody's crew and has no community."""


def register(app: typer.Typer) -> None:
    """Add `export`."""
    app.command("export")(export)


def export(  # noqa: PLR0917  Typer maps each to an option
    layer: Annotated[str, typer.Argument(help="ชั้นข้อมูล · layer id")],
    file: Annotated[
        Path, typer.Argument(help="ไฟล์ .geojson .geojsonl .gpkg .fgb .parquet .csv .xlsx .shp.zip")
    ],
    town: Annotated[str | None, typer.Option(help="รหัสเมือง · town id")] = None,
    role: Annotated[str, typer.Option(help="whose view: public staff analyst admin …")] = "analyst",
    crs: Annotated[str | None, typer.Option(help="EPSG:n of the file")] = None,
    where: Annotated[str | None, typer.Option("--filter", help="CQL2 condition")] = None,
    as_of: Annotated[str | None, typer.Option(help="the town as it was at this time")] = None,
    bom: Annotated[bool, typer.Option("--bom", help="CSV: mark for Excel")] = False,
    guard: Annotated[bool, typer.Option("--guard", help="CSV: no formulas")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """ส่งออกชั้นข้อมูลเป็นไฟล์ · Write a layer to a file, as a role sees it."""
    from dataclasses import asdict

    from psycopg import ClientCursor

    from api import filters, past
    from api.access import layer_for
    from api.exports import file_crs
    from db.connect import Machine, connect, url_for
    from db.queries import export as queries
    from db.queries.features import Page
    from db.towns import get_town
    from exports import worker
    from exports.make import Wishes, in_file_order, order_for
    from layers.privacy import visible_fields
    from ops.language import tongue
    from ops.session import choose_town, database

    kind = _format(file)
    seen_by = _role(role)
    found = layer_for(layer, seen_by)
    given = {"filter": where} if where else {}
    progress = Progress()
    with database(progress) as server, tempfile.TemporaryDirectory() as folder:
        town_id = choose_town(server, town)
        with connect(server.url, server.secret, town_id, Machine.SERVICE) as conn:
            spec = get_town(conn)
            page = Page(
                layer=found,
                role=seen_by,
                fields=in_file_order(visible_fields(found, seen_by)),
                town_srid=spec.srid,
                srid=file_crs(f"[{crs}]" if crs else None, kind, spec.srid).srid,
                filter=filters.parse(given, found, seen_by),
            )
            moment = past.optional(as_of)
            statements = queries.statements(ClientCursor(conn), page, kind.shape.value, moment)
            licences = queries.licences_now(conn, found.id)
        order = order_for(
            page,
            kind,
            statements,
            url=url_for(server.url, server.secret, town_id, seen_by),
            town=spec,
            licences=licences,
            selection={**given, **({"as_of": as_of} if as_of else {})},
            wishes=Wishes(lang="en" if tongue() == "en" else "th", bom=bom, guard=guard),
            folder=folder,
        )
        title = Text(th=f"ส่งออก {found.id} เป็น {file.name}", en=f"Writing {file.name}")
        with progress.step(title), _whole(file) as out, worker.opened(order) as (about, pieces):
            out.writelines(pieces)
    size = file.stat().st_size
    if as_json:
        told = {"file": str(file), "bytes": size, "layer": found.id, "role": role, **asdict(about)}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{file}: {size:,} B · {about.source or '-'} · {about.as_of or '-'}")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name once it is whole; what was there before stays until then."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("xb") as made:
            yield made
        part.replace(path)
    except OSError as error:
        raise UnavailableError(
            Text(
                th=f"เขียน “{path}” ไม่ได้: {error.strerror}",
                en=f"“{path}” cannot be written: {error.strerror}.",
            )
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _format(file: Path) -> "Format":
    from exports.formats import FORMATS

    for suffix, kind in FORMATS.items():
        if file.name.lower().endswith(f".{suffix}"):
            return kind
    known = ", ".join(f".{suffix}" for suffix in FORMATS)
    raise BadRequestError(
        Text(
            th=f"ชื่อไฟล์ “{file.name}” ต้องลงท้ายด้วย {known}",
            en=f"The name “{file.name}” must end with one of {known}.",
        )
    )


def _role(name: str) -> "Role":
    from layers.model import Role

    known = [role.value for role in Role if role.value not in _SCOPED]
    if name not in known:
        raise BadRequestError(
            Text(
                th=f"--role “{name}” ใช้ไม่ได้ ที่ใช้ได้คือ {', '.join(known)}",
                en=f"--role “{name}” cannot be used. Those that can: {', '.join(known)}.",
            )
        )
    return Role(name)
