"""Which staged row is which live row, and the change that makes live what was staged.

Pairs are kept in `pg_temp.pair (row_no, id, differs)`. An upsert pairs by natural key, which its
checks have made clear. A replace pairs equal rows first, as often as they are there, then by the
keys that are left once on each side: what did not change keeps its id and gets no new version, so
the same file twice changes nothing, whatever its keys are like.
"""

from dataclasses import dataclass

from psycopg import sql

from db.derived import AnyConnection
from db.staging import GEOM
from db.tables import SQL_TYPES
from layers.model import Layer


@dataclass(frozen=True)
class Counts:
    """Rows an import inserted, changed, found equal to what was there, and deleted."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Match:
    """Staged rows beside live ones: the SQL of one layer with the columns that are loaded."""

    layer: Layer
    columns: tuple[str, ...]

    @property
    def _live(self) -> sql.Identifier:
        return sql.Identifier("town", self.layer.id)

    def by_key(self, conn: AnyConnection) -> None:
        """Pair each staged row with the live row of its key; only loaded columns can differ."""
        conn.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE pair ON COMMIT DROP AS"
                " SELECT i.row_no, t.id, {differs} AS differs"
                " FROM pg_temp.incoming AS i INNER JOIN {live} AS t ON {same}"
            ).format(
                differs=self.differs(self.columns),
                live=self._live,
                same=_same_key(self.layer),
            )
        )
        conn.execute("ANALYZE pg_temp.pair")

    def by_content(self, conn: AnyConnection) -> None:
        """Pair equal rows, then those left with a key that is there once on each side.

        Equal is told by a hash of 64 bits: two of a million rows that differ are taken for equal
        once in twenty million imports.
        """
        numbered = sql.SQL(
            "(SELECT r.{id}, r.hash, row_number() OVER (PARTITION BY r.hash ORDER BY r.{id}) AS n"
            " FROM (SELECT {alias}.{id}, hash_record_extended(ROW({values}), 0) AS hash"
            " FROM {table} AS {alias}) AS r)"
        )
        live = numbered.format(
            id=sql.SQL("id"), alias=sql.SQL("t"), table=self._live, values=self._values("t")
        )
        staged = numbered.format(
            id=sql.SQL("row_no"),
            alias=sql.SQL("i"),
            table=sql.SQL("pg_temp.incoming"),
            values=self._values("i"),
        )
        conn.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE pair ON COMMIT DROP AS"
                " SELECT s.row_no, l.id, false AS differs FROM {live} AS l"
                " INNER JOIN {staged} AS s ON l.hash = s.hash AND l.n = s.n"
            ).format(live=live, staged=staged)
        )
        conn.execute("ANALYZE pg_temp.pair")
        if not set(self.layer.natural_key) <= set(self.columns):
            return
        keys = sql.SQL(", ").join(sql.Identifier(name) for name in self.layer.natural_key)
        once = sql.SQL(
            "(SELECT min(r.{id}) AS {id}, {keys} FROM {table} AS r WHERE NOT EXISTS"
            " (SELECT 1 FROM pg_temp.pair AS p WHERE p.{id} = r.{id})"
            " GROUP BY {keys} HAVING count(*) = 1) AS {alias}"
        )
        conn.execute(
            sql.SQL(
                "INSERT INTO pg_temp.pair SELECT i.row_no, t.id, true FROM {staged}"
                " INNER JOIN {live} ON {same}"
            ).format(
                staged=once.format(
                    id=sql.SQL("row_no"),
                    keys=keys,
                    table=sql.SQL("pg_temp.incoming"),
                    alias=sql.SQL("i"),
                ),
                live=once.format(id=sql.SQL("id"), keys=keys, table=self._live, alias=sql.SQL("t")),
                same=_same_key(self.layer),
            )
        )
        conn.execute("ANALYZE pg_temp.pair")

    def all_new(self, conn: AnyConnection) -> None:
        """Pair nothing: every staged row is a new one."""
        conn.execute(
            "CREATE TEMPORARY TABLE pair (row_no bigint, id bigint, differs boolean) ON COMMIT DROP"
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """Every column of the layer a file may bring."""
        geometry = (GEOM,) if self.layer.geometry else ()
        return (*(field.name for field in self.layer.fields), *geometry)

    def differs(self, names: tuple[str, ...]) -> sql.Composable:
        """Whether live `t` and staged `i` differ in any of these columns."""
        told = [name for name in names if name not in self.layer.natural_key]
        if not told:
            return sql.SQL("false")
        return sql.SQL("({})").format(sql.SQL(" OR ").join(self.differs_in(name) for name in told))

    def differs_in(self, name: str) -> sql.Composed:
        """Whether live `t` and staged `i` differ in one column; shapes are compared as stored."""
        return sql.SQL("{} IS DISTINCT FROM {}").format(
            self._value("t", name), self._value("i", name)
        )

    def apply(self, conn: AnyConnection, source: str, dataset_id: int, *, whole: bool) -> Counts:
        """Make live what the pairs say; with `whole` the layer holds nothing else afterwards."""
        deleted = self._delete(conn) if whole else 0
        updated = self._update(conn, self.fields if whole else self.columns, source, dataset_id)
        unchanged = conn.execute("SELECT count(*) FROM pg_temp.pair WHERE NOT differs").fetchone()
        inserted = self._insert(conn, source, dataset_id)
        same = int(str(unchanged[0])) if unchanged else 0
        return Counts(inserted, updated, same, deleted)

    def _delete(self, conn: AnyConnection) -> int:
        return conn.execute(
            sql.SQL(
                "DELETE FROM {} AS t WHERE NOT EXISTS"
                " (SELECT 1 FROM pg_temp.pair AS p WHERE p.id = t.id)"
            ).format(self._live)
        ).rowcount

    def _update(
        self, conn: AnyConnection, names: tuple[str, ...], source: str, dataset_id: int
    ) -> int:
        others = [name for name in names if name not in self.layer.natural_key]
        if not others:
            return 0
        return conn.execute(
            sql.SQL(
                "UPDATE {} AS t SET {}, source = %s, dataset_id = %s,"
                " (updated_at, updated_by, change_set) = ROW({}) FROM pg_temp.incoming AS i"
                " INNER JOIN pg_temp.pair AS p ON i.row_no = p.row_no"
                " WHERE t.id = p.id AND p.differs"
            ).format(
                self._live,
                sql.SQL(", ").join(
                    sql.SQL("{} = {}").format(sql.Identifier(name), self._staged(name))
                    for name in others
                ),
                _STAMP,
            ),
            [source, dataset_id],
        ).rowcount

    def _insert(self, conn: AnyConnection, source: str, dataset_id: int) -> int:
        """Insert what has no partner, ordered by shape (Hilbert): neighbours share pages."""
        order = sql.SQL("i.geom" if self.layer.geometry else "i.row_no")
        return conn.execute(
            sql.SQL(
                "INSERT INTO {} ({}, source, dataset_id, updated_at, updated_by, change_set)"
                " SELECT {}, %s, %s, {} FROM pg_temp.incoming AS i WHERE NOT EXISTS"
                " (SELECT 1 FROM pg_temp.pair AS p WHERE p.row_no = i.row_no) ORDER BY {}"
            ).format(
                self._live,
                sql.SQL(", ").join(sql.Identifier(name) for name in self.columns),
                sql.SQL(", ").join(self._staged(name) for name in self.columns),
                _STAMP,
                order,
            ),
            [source, dataset_id],
        ).rowcount

    def side(self, alias: str, name: str) -> sql.Composable:
        """A column of live `t` or staged `i` as it is; what the file lacks is NULL."""
        return self._staged(name) if alias == "i" else sql.Identifier(alias, name)

    def _staged(self, name: str) -> sql.Composable:
        if name not in self.columns:
            return sql.SQL("NULL")
        return sql.Identifier("i", name)

    def _values(self, alias: str) -> sql.Composed:
        return sql.SQL(", ").join(self._value(alias, name) for name in self.fields)

    def _value(self, alias: str, name: str) -> sql.Composable:
        """A column to compare: a shape byte by byte, what the file lacks as nothing."""
        if alias == "i" and name not in self.columns:
            kind = "bytea" if name == GEOM else SQL_TYPES[self.layer.field(name).type]
            return sql.SQL("NULL::{}").format(sql.SQL(kind))
        column = sql.Identifier(alias, name)
        return sql.SQL("{}::bytea").format(column) if name == GEOM else column


_STAMP = sql.SQL(
    "now(), coalesce(nullif(current_setting('muang.actor', true), ''), session_user),"
    " current_setting('muang.change_set')::bigint"
)
"""What the row trigger would write: said beforehand, it has nothing to do."""


def _same_key(layer: Layer) -> sql.Composed:
    return sql.SQL(" AND ").join(
        sql.SQL("t.{0} = i.{0}").format(sql.Identifier(name)) for name in layer.natural_key
    )
