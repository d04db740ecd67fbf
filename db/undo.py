"""Take an import back: what it inserted goes, what it changed or deleted returns as it was.

An import is one transaction, hence one change set; the history tables hold every version it
ended. Refused when a later change touched one of its rows: that change would be lost.
"""

from psycopg import sql

from db.changes import number_changes
from db.datasets import DatasetRecord, get_dataset
from db.derived import AnyConnection
from db.load import Counts
from db.tables import history_columns
from layers.catalog import get
from layers.errors import ConflictError
from layers.model import Layer
from layers.text import Text


def undo(conn: AnyConnection, dataset_id: int, actor: str) -> dict[int, Counts]:
    """Undo one import as the `loader` role, with the child records it brought in the same set.

    Ids and content of the rows return exactly. Counts, by dataset, say what the undoing inserted
    again, changed back and removed. ConflictError when it was undone before or later changes
    rest on it; then nothing is undone.
    """
    with conn.transaction():
        record = get_dataset(conn, dataset_id)
        together = [dataset_id, *_siblings(conn, record)]
        done = {each: _undo_one(conn, each, actor) for each in together}
    number_changes(conn)
    return done


def _siblings(conn: AnyConnection, record: DatasetRecord) -> list[int]:
    """Imports into other layers in the same transaction: the child records that came along."""
    rows = conn.execute(
        "SELECT id FROM muang.dataset WHERE change_set = %s AND layer <> %s AND undone_at IS NULL"
        " ORDER BY id",
        [record.change_set, record.layer],
    ).fetchall()
    return [int(str(row[0])) for row in rows]


def _undo_one(conn: AnyConnection, dataset_id: int, actor: str) -> Counts:
    record = get_dataset(conn, dataset_id)
    if record.undone_at is not None:
        raise ConflictError(
            Text(
                th=f"การนำเข้าหมายเลข {dataset_id} ถูกยกเลิกไปแล้ว",
                en=f"Import no. {dataset_id} was taken back already.",
            )
        )
    layer = get(record.layer)
    conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    conn.execute(
        sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
            sql.Identifier("town", layer.id)
        )
    )
    counts = Counts()
    if record.change_set is not None:
        _refuse_if_built_upon(conn, layer, dataset_id, record.change_set)
        counts = _restore(conn, layer, record.change_set)
    conn.execute(
        "UPDATE muang.dataset SET undone_at = clock_timestamp(), undone_by = %s WHERE id = %s",
        [actor, dataset_id],
    )
    return counts


def _refuse_if_built_upon(
    conn: AnyConnection, layer: Layer, dataset_id: int, change_set: int
) -> None:
    row = conn.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE set_from = %s AND set_to <> %s").format(
            sql.Identifier("history", layer.id)
        ),
        [change_set, change_set],
    ).fetchone()
    touched = int(str(row[0])) if row else 0
    if touched:
        raise ConflictError(
            Text(
                th=f"ยกเลิกการนำเข้าหมายเลข {dataset_id} ไม่ได้ เพราะมี {touched} แถวถูกแก้ไขภายหลัง "
                "โปรดยกเลิกการนำเข้าหลังจากนั้นก่อน",
                en=f"Import no. {dataset_id} cannot be taken back: {touched} of its rows were "
                "changed later. Take back the later imports first.",
            )
        )


def _restore(conn: AnyConnection, layer: Layer, change_set: int) -> Counts:
    live = sql.Identifier("town", layer.id)
    history = sql.Identifier("history", layer.id)
    columns = [name for name in history_columns(layer) if name not in ("updated_at", "updated_by")]
    ended = sql.SQL("SELECT DISTINCT ON (h.id) h.* FROM {} AS h WHERE h.set_to = {}").format(
        history, sql.Literal(change_set)
    ) + sql.SQL(" AND h.set_from <> {} ORDER BY h.id").format(sql.Literal(change_set))
    removed = conn.execute(
        sql.SQL(
            "DELETE FROM {} WHERE change_set = %s AND id NOT IN (SELECT e.id FROM ({}) AS e)"
        ).format(live, ended),
        [change_set],
    ).rowcount
    changed = conn.execute(
        sql.SQL("UPDATE {} AS t SET {} FROM ({}) AS e WHERE t.id = e.id").format(
            live,
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("e", name))
                for name in columns
                if name != "id"
            ),
            ended,
        )
    ).rowcount
    back = conn.execute(
        sql.SQL(
            "INSERT INTO {} ({}) SELECT {} FROM ({}) AS e"
            " WHERE NOT EXISTS (SELECT 1 FROM {} AS t WHERE t.id = e.id)"
        ).format(
            live,
            sql.SQL(", ").join(sql.Identifier(name) for name in columns),
            sql.SQL(", ").join(sql.Identifier("e", name) for name in columns),
            ended,
            live,
        )
    ).rowcount
    return Counts(inserted=back, updated=changed, deleted=removed)
