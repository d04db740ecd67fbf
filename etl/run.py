"""One import from start to finish: prepare, load in one transaction, report. The `loader` role."""

import time
from collections.abc import Sequence

import shapely
from psycopg import Connection, Rollback

from db.boundary import boundary_wkb
from db.changes import number_changes
from db.datasets import Dataset, Refusal, SourceFile, finish, keep_refusals, refused_rows
from db.load import Incoming, Loaded, Loading, load_inside
from db.places import centre_distances
from db.quality import Repair, keep_repairs
from db.towns import get_town
from etl.chain import chain, versions
from etl.check import repeated_keys
from etl.children import make_children
from etl.columns import arrays
from etl.crs import Known, TownArea
from etl.order import ImportOrder, Tell, silent
from etl.prepare import Prepared, prepare
from etl.report import (
    ChildReport,
    JoinReport,
    Refusals,
    Refusing,
    Report,
    grouped,
    preview_report,
    told,
)
from etl.scratch import scratch
from etl.steps import Finding, Flaw, Refused
from layers.errors import RefusedError
from layers.text import Text

LoaderConnection = Connection[tuple[object, ...]]


def run(conn: LoaderConnection, order: ImportOrder, tell: Tell = silent) -> Report:
    """Import files into a layer; either everything the report says is in, or nothing changed.

    RefusedError (a file that cannot be used, or of which every row is refused) and
    BadRequestError (an order that makes no sense) leave the town untouched. `dry_run` does all
    of it and takes it back.
    """
    started = time.monotonic()
    spec = get_town(conn)
    town = TownArea(spec.srid, _boundary(conn), _known(conn, order))
    # what was read so far must not hold a transaction open while files are read
    conn.commit()
    with scratch() as folder:
        prepared = prepare(order, town, tell, folder)
        with conn.transaction() as transaction:
            report = _load(conn, order, prepared, spec.id, tell)
            report = report.model_copy(update={"seconds": round(time.monotonic() - started, 2)})
            if report.dataset_id is not None:
                finish(conn, report.dataset_id, report.model_dump(mode="json"))
            if order.dry_run:
                raise Rollback(transaction)
    if order.dry_run:
        return _without_ids(report)
    number_changes(conn)
    return report


def _boundary(conn: LoaderConnection) -> shapely.Geometry | None:
    blob = boundary_wkb(conn)
    return None if blob is None else shapely.from_wkb(blob)


def _known(conn: LoaderConnection, order: ImportOrder) -> Known:
    """What of the layer lies in the town already; asked between transactions."""

    def distances(points: list[tuple[float, float]]) -> list[float]:
        found = centre_distances(conn, order.layer, points)
        conn.commit()
        return found

    return distances


def _without_ids(report: Report) -> Report:
    children = [child.model_copy(update={"dataset_id": None}) for child in report.children]
    return report.model_copy(update={"dataset_id": None, "children": tuple(children)})


def _load(
    conn: LoaderConnection, order: ImportOrder, prepared: Prepared, town: str, tell: Tell
) -> Report:
    total = prepared.originals.count
    done = 0
    refused = Refusing()
    with Loading(
        conn,
        order.layer,
        prepared.columns,
        mode=order.mode,
        dataset=_dataset(order, prepared),
        preview=order.dry_run,
    ) as loading:
        for frame, gone, read in prepared.batches():
            loading.add(arrays(frame, order.layer, loading.srid), _kept(prepared, gone))
            refused.add(gone)
            done += read
            tell("load", done, total)
        tell("check, go live", 0, None)
        loaded = loading.finish(prepared.originals.whole)
    for group in loaded.refused:
        refused.add_group(group.reason, group.count, group.rows)
    counts = loaded.counts
    kept = counts.inserted + counts.updated + counts.unchanged
    if kept == 0:
        raise _all_refused(order, refused.groups)
    keep_repairs(conn, loaded.dataset_id, map(_repair, prepared.flaws))
    children = _load_children(conn, order, prepared, loaded)
    findings = (*prepared.findings, *repeated_keys(order.layer, loaded.repeats))
    return Report(
        layer=order.layer.id,
        town=town,
        mode=order.mode,
        dry_run=order.dry_run,
        source=_source(order, prepared),
        files=tuple(prepared.files),
        read=prepared.originals.count,
        loaded=kept,
        inserted=counts.inserted,
        updated=counts.updated,
        unchanged=counts.unchanged,
        deleted=counts.deleted,
        repaired=_repaired(findings),
        refused=refused.count,
        refusals=refused.groups,
        findings=told(findings),
        joins=tuple(
            JoinReport.model_validate(
                {name: getattr(joined, name) for name in JoinReport.model_fields}
            )
            for joined in prepared.joins
        ),
        children=children,
        dataset_id=loaded.dataset_id,
        preview=preview_report(loaded.preview),
        chain=chain(order.layer, prepared.files, order.mode, len(order.joins)),
        versions=versions(),
    )


def _repair(flaw: Flaw) -> Repair:
    return Repair(
        row=flaw.row,
        kind=flaw.kind,
        reason_th=flaw.reason.th,
        reason_en=flaw.reason.en,
        at=flaw.at,
        at_in_file=flaw.at_in_file,
        change=flaw.change,
        shape_md5=flaw.shape_md5,
    )


def _dataset(order: ImportOrder, prepared: Prepared, layer_id: str | None = None) -> Dataset:
    profile = prepared.profile
    return Dataset(
        layer=layer_id or order.layer.id,
        source=_source(order, prepared),
        actor=order.actor,
        files=tuple(SourceFile(file.name, file.sha256, file.bytes) for file in prepared.files),
        licence=profile.licence if profile else None,
        note=profile.note.en if profile and profile.note else None,
        resubmits=order.resubmits,
        read_as=prepared.read_as.model_dump(mode="json", exclude_defaults=True),
    )


def _source(order: ImportOrder, prepared: Prepared) -> str:
    if order.source:
        return order.source
    if prepared.profile and prepared.profile.source:
        return prepared.profile.source
    return ", ".join(path.name for path in order.files)


def _kept(prepared: Prepared, gone: Sequence[Refused]) -> list[Refusal]:
    """Refused rows as they are kept: whole, as they were in their file."""
    said = {refused.row: refused for refused in gone}
    return [
        Refusal(row, key, said[row].whole, content)
        for row, key, content in prepared.originals.whole(said)
    ]


def _repaired(findings: Sequence[Finding]) -> int:
    return sum(finding.count for finding in findings if finding.kind == "repaired_geometry")


def _all_refused(order: ImportOrder, refused: Sequence[Refusals]) -> RefusedError:
    groups = refused[:3]
    names = ", ".join(path.name for path in order.files)
    th = "; ".join(f"{group.count:,} แถว: {group.reason.th}" for group in groups)
    en = "; ".join(f"{group.count:,} rows: {group.reason.en}" for group in groups)
    return RefusedError(
        Text(
            th=f"ไม่รับไฟล์ “{names}” เพราะใช้ไม่ได้ทุกแถว ไม่มีอะไรเปลี่ยน {th}",
            en=f"“{names}” is refused: not one row can be used, and nothing was changed. {en}",
        )
    )


def _load_children(
    conn: LoaderConnection, order: ImportOrder, prepared: Prepared, parent: Loaded
) -> tuple[ChildReport, ...]:
    """Load child records under a dataset of their own, in the same transaction.

    Only for parents that are in; a table row that went into no record is kept with its reason.
    """
    source = prepared.child_source
    if source is None:
        return ()
    gone = refused_rows(conn, parent.dataset_id)
    children = make_children(
        order.layer, source.joining.rows, source.table_rows, source.loaded(gone)
    )
    done = load_inside(
        conn,
        children.layer,
        Incoming(children.columns, children.records),
        mode=order.mode,
        dataset=_dataset(order, prepared, children.layer.id),
    )
    if done.refused:
        raise RuntimeError(f"{children.layer.id}: {done.refused[0].reason.en}")
    refused = children.refused
    keep_refusals(
        conn,
        done.dataset_id,
        [
            Refusal(row, None, said.reason, content)
            for said, (row, _key, content) in zip(
                refused, source.originals.whole(said.row for said in refused), strict=True
            )
        ],
    )
    report = ChildReport(
        layer=children.layer.id,
        dataset_id=done.dataset_id,
        read=children.table_rows,
        loaded=children.table_rows - len(refused),
        refused=len(refused),
        records=len(children.records),
        refusals=grouped(refused),
    )
    finish(conn, done.dataset_id, report.model_dump(mode="json"))
    return (report,)
