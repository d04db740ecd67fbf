"""Take an import back, and take the taking back: what a change set did is turned round exactly.

An import is one transaction, hence one change set; the history tables hold every version it
ended. What it inserted goes, what it changed or deleted returns as it was. It is refused when a
row is no longer as the change set left it: a later change would be lost. What a later import did
and was itself taken back is no such change, because the rows are as they were again.
"""

from psycopg import sql

from db.changes import number_changes
from db.datasets import DatasetRecord, get_dataset
from db.derived import AnyConnection
from db.matching import Counts
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
        if record.undone_at is not None:
            raise ConflictError(
                Text(
                    th=f"การนำเข้าหมายเลข {dataset_id} ถูกยกเลิกไปแล้ว",
                    en=f"Import no. {dataset_id} was taken back already.",
                )
            )
        together = _together(conn, record, "change_set", record.change_set, undone=False)
        done = _turn_back(conn, together, record.change_set, actor)
        conn.execute(
            "UPDATE muang.dataset SET undone_at = clock_timestamp(), undone_by = %s,"
            " undone_set = nullif(current_setting('muang.change_set', true), '')::bigint"
            " WHERE id = any(%s)",
            [actor, list(done)],
        )
    number_changes(conn)
    return done


def redo(conn: AnyConnection, dataset_id: int, actor: str) -> dict[int, Counts]:
    """Bring back an import that was undone, with what was undone together with it.

    ConflictError when it was not undone, or when what the undoing restored was changed since.
    """
    with conn.transaction():
        record = get_dataset(conn, dataset_id)
        if record.undone_at is None:
            raise ConflictError(
                Text(
                    th=f"การนำเข้าหมายเลข {dataset_id} ไม่ได้ถูกยกเลิก จึงไม่มีอะไรให้นำกลับ",
                    en=f"Import no. {dataset_id} was not taken back: there is nothing to redo.",
                )
            )
        if record.undone_set is None and record.change_set is not None:
            raise ConflictError(
                Text(
                    th=f"การยกเลิกหมายเลข {dataset_id} เกิดก่อนที่ระบบจะจดไว้ โปรดนำเข้าไฟล์ใหม่",
                    en=f"Import no. {dataset_id} was taken back before that was put on record. "
                    "Import the file again.",
                )
            )
        together = _together(conn, record, "undone_set", record.undone_set, undone=True)
        done = _turn_back(conn, together, record.undone_set, actor)
        conn.execute(
            "UPDATE muang.dataset SET undone_at = NULL, undone_by = NULL, undone_set = NULL"
            " WHERE id = any(%s)",
            [list(done)],
        )
    number_changes(conn)
    return done


def _together(
    conn: AnyConnection,
    record: DatasetRecord,
    column: str,
    change_set: int | None,
    *,
    undone: bool,
) -> list[DatasetRecord]:
    """The import and those of the same set into other layers: the child records that came along."""
    rows = conn.execute(
        sql.SQL(
            "SELECT id FROM muang.dataset WHERE {} = %s AND layer <> %s"
            " AND (undone_at IS NOT NULL) = %s ORDER BY id"
        ).format(sql.Identifier(column)),
        [change_set, record.layer, undone],
    ).fetchall()
    return [record, *(get_dataset(conn, int(str(row[0]))) for row in rows)]


def _turn_back(
    conn: AnyConnection, records: list[DatasetRecord], change_set: int | None, actor: str
) -> dict[int, Counts]:
    conn.execute("SELECT set_config('muang.actor', %s, true)", [actor])
    done = {}
    for record in records:
        layer = get(record.layer)
        conn.execute(
            sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
                sql.Identifier("town", layer.id)
            )
        )
        done[record.id] = Counts()
        if change_set is not None:
            turn = _Turn(layer, change_set)
            turn.look(conn)
            turn.refuse_if_built_upon(conn, record.id)
            done[record.id] = turn.restore(conn)
            conn.execute("DROP TABLE pg_temp.written, pg_temp.ended")
    return done


class _Turn:
    """One change set of one layer: the versions it wrote, and those it ended."""

    def __init__(self, layer: Layer, change_set: int) -> None:
        self._set = sql.Literal(change_set)
        self._live = sql.Identifier("town", layer.id)
        self._history = sql.Identifier("history", layer.id)
        self._columns = [
            name for name in history_columns(layer) if name not in ("updated_at", "updated_by")
        ]

    def look(self, conn: AnyConnection) -> None:
        """`written`: rows as the set left them, and whether they still are. `ended`: before it."""
        same = sql.SQL(" AND ").join(
            sql.SQL("t.{0}::bytea IS NOT DISTINCT FROM h.{0}::bytea").format(sql.Identifier(name))
            if name == "geom"
            else sql.SQL("t.{0} IS NOT DISTINCT FROM h.{0}").format(sql.Identifier(name))
            for name in self._columns
        )
        conn.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE written ON COMMIT DROP AS"
                " SELECT t.id, true AS still FROM {live} AS t WHERE t.change_set = {set}"
                " UNION ALL SELECT h.id, t.id IS NOT NULL FROM {history} AS h"
                " LEFT JOIN {live} AS t ON h.id = t.id AND {same}"
                " WHERE h.set_from = {set} AND h.set_to <> {set}"
            ).format(live=self._live, history=self._history, set=self._set, same=same)
        )
        conn.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE ended ON COMMIT DROP AS"
                " SELECT {columns} FROM {history} AS h"
                " WHERE h.set_to = {set} AND h.set_from <> {set}"
            ).format(
                columns=sql.SQL(", ").join(sql.Identifier("h", name) for name in self._columns),
                history=self._history,
                set=self._set,
            )
        )
        conn.execute("ANALYZE pg_temp.written (id)")
        conn.execute("ANALYZE pg_temp.ended (id)")

    def refuse_if_built_upon(self, conn: AnyConnection, dataset_id: int) -> None:
        """ConflictError when a row is not as the set left it."""
        row = conn.execute(
            sql.SQL(
                "SELECT (SELECT count(*) FROM pg_temp.written WHERE NOT still)"
                " + (SELECT count(*) FROM pg_temp.ended AS e INNER JOIN {} AS t ON e.id = t.id"
                " WHERE NOT EXISTS (SELECT 1 FROM pg_temp.written AS w WHERE w.id = e.id))"
            ).format(self._live)
        ).fetchone()
        touched = int(str(row[0])) if row else 0
        if touched:
            raise ConflictError(
                Text(
                    th=f"ยกเลิกการนำเข้าหมายเลข {dataset_id} ไม่ได้ เพราะมี {touched:,} แถว"
                    "ถูกแก้ไขภายหลัง โปรดยกเลิกการนำเข้าหลังจากนั้นก่อน",
                    en=f"Import no. {dataset_id} cannot be turned back: {touched:,} of its rows "
                    "were changed later. Take back the later imports first.",
                )
            )

    def restore(self, conn: AnyConnection) -> Counts:
        """Remove what came, change back what changed, put back what went."""
        removed = conn.execute(
            sql.SQL(
                "DELETE FROM {} AS t USING pg_temp.written AS w WHERE t.id = w.id"
                " AND NOT EXISTS (SELECT 1 FROM pg_temp.ended AS e WHERE e.id = w.id)"
            ).format(self._live)
        ).rowcount
        changed = conn.execute(
            sql.SQL("UPDATE {} AS t SET {} FROM pg_temp.ended AS e WHERE t.id = e.id").format(
                self._live,
                sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("e", name))
                    for name in self._columns
                    if name != "id"
                ),
            )
        ).rowcount
        names = sql.SQL(", ").join(sql.Identifier(name) for name in self._columns)
        back = conn.execute(
            sql.SQL(
                "INSERT INTO {live} ({names}) SELECT {names} FROM pg_temp.ended AS e"
                " WHERE NOT EXISTS (SELECT 1 FROM {live} AS t WHERE t.id = e.id)"
            ).format(live=self._live, names=names)
        ).rowcount
        return Counts(inserted=back, updated=changed, deleted=removed)
