"""Layer -> SQLAlchemy Core table with a GeoAlchemy2 column: the shape migrations must reach.

Live tables are in schema `town`, their history in schema `history`. `db.check` compares the
database with what this module says.
"""

from dataclasses import dataclass
from typing import Any, LiteralString

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

from layers.model import Field, FieldType, Layer

TYPES: dict[FieldType, Any] = {
    FieldType.TEXT: sa.Text(),
    FieldType.INTEGER: sa.BigInteger(),
    FieldType.NUMBER: sa.Double(),
    FieldType.BOOLEAN: sa.Boolean(),
    FieldType.DATE: sa.Date(),
    FieldType.DATETIME: sa.DateTime(timezone=True),
    FieldType.TEXT_LIST: postgresql.ARRAY(sa.Text()),
}

SQL_TYPES: dict[FieldType, LiteralString] = {
    FieldType.TEXT: "text",
    FieldType.INTEGER: "bigint",
    FieldType.NUMBER: "double precision",
    FieldType.BOOLEAN: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamp with time zone",
    FieldType.TEXT_LIST: "text[]",
}
"""PostgreSQL's own names (`format_type`) of the field types."""


@dataclass(frozen=True)
class Check:
    """A CHECK constraint: its name in the database, its SQL, and the field it is about."""

    name: str
    sql: str
    field: str


def checks(layer: Layer, srid: int) -> tuple[Check, ...]:
    """Every CHECK of the layer's table. Function names are qualified, or dump and restore break."""
    found = [
        *(
            Check(f"{layer.id}_{field.name}_range", _range_sql(field), field.name)
            for field in layer.fields
            if field.minimum is not None or field.maximum is not None
        )
    ]
    if layer.geometry is not None:
        kind = layer.geometry.value.upper()
        found += [
            Check(f"{layer.id}_geom_srid", f"gis.st_srid(geom) = {srid}", "geom"),
            Check(f"{layer.id}_geom_type", f"gis.geometrytype(geom) = '{kind}'", "geom"),
            Check(
                f"{layer.id}_geom_valid",
                "gis.st_isvalid(geom) AND NOT gis.st_isempty(geom)",
                "geom",
            ),
        ]
    return tuple(found)


def _range_sql(field: Field) -> str:
    parts = []
    if field.minimum is not None:
        parts.append(f'"{field.name}" >= {field.minimum:g}')
    if field.maximum is not None:
        parts.append(f'"{field.name}" <= {field.maximum:g}')
    return " AND ".join(parts)


def table(layer: Layer, srid: int, metadata: sa.MetaData) -> sa.Table:
    """The live table of a layer in a town whose projected CRS is EPSG:`srid`."""
    columns: list[sa.Column[object] | sa.Constraint] = [
        sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True),
        *(_column(field) for field in layer.fields),
        sa.Column("source", sa.Text),
        sa.Column("dataset_id", sa.BigInteger),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Text, nullable=False),
        sa.Column("change_set", sa.BigInteger, nullable=False),
    ]
    if layer.geometry is not None:
        columns += _geometry_columns(layer, srid)
    columns += [
        sa.CheckConstraint(sa.text(check.sql), name=check.name) for check in checks(layer, srid)
    ]
    made = sa.Table(layer.id, metadata, *columns, schema="town")
    sa.Index(f"{layer.id}_natural_key", *(made.c[name] for name in layer.natural_key))
    sa.Index(f"{layer.id}_change_set", made.c.change_set)
    for field in layer.fields:
        if field.references is not None and field.name != layer.natural_key[0]:
            sa.Index(f"{layer.id}_{field.name}", made.c[field.name])
    if layer.geometry is not None:
        sa.Index(f"{layer.id}_geom", made.c.geom, postgresql_using="gist")
        sa.Index(f"{layer.id}_geom_3857", made.c.geom_3857, postgresql_using="gist")
    return made


def history_table(layer: Layer, srid: int, metadata: sa.MetaData) -> sa.Table:
    """The history table: the layer's own columns typed, and the change sets that bound a version.

    A version is valid from `set_from` until `set_to`. Their places in the order of changes are
    `change_set.pos`, given after commit: writing them here would rewrite every row twice.
    """
    columns: list[sa.Column[object]] = [
        sa.Column("id", sa.BigInteger, nullable=False),
        *(sa.Column(field.name, TYPES[field.type]) for field in layer.fields),
        sa.Column("source", sa.Text),
        sa.Column("dataset_id", sa.BigInteger),
        sa.Column("updated_at", sa.DateTime(timezone=True)),
        sa.Column("updated_by", sa.Text),
    ]
    if layer.geometry is not None:
        columns.append(sa.Column("geom", _geometry(layer.geometry.value, srid)))
    columns += [
        sa.Column("set_from", sa.BigInteger, nullable=False),
        sa.Column("set_to", sa.BigInteger, nullable=False),
    ]
    made = sa.Table(layer.id, metadata, *columns, schema="history")
    sa.Index(f"{layer.id}_history_set_to", made.c.set_to)
    sa.Index(f"{layer.id}_history_set_from", made.c.set_from)
    sa.Index(f"{layer.id}_history_id", made.c.id)
    if layer.geometry is not None:
        # where the past is looked at; an index on the expression keeps the rows half as wide
        sa.Index(
            f"{layer.id}_history_geom_3857",
            sa.text("gis.st_transform(geom, 3857)"),
            postgresql_using="gist",
            _table=made,
        )
    return made


def history_columns(layer: Layer) -> tuple[str, ...]:
    """Columns a history row copies from the live row, in order."""
    return (
        "id",
        *(field.name for field in layer.fields),
        "source",
        "dataset_id",
        "updated_at",
        "updated_by",
        *(("geom",) if layer.geometry else ()),
    )


def _column(field: Field) -> sa.Column[object]:
    return sa.Column(field.name, TYPES[field.type], nullable=not field.required)


def _geometry(kind: str, srid: int) -> Geometry:
    return Geometry(kind.upper(), srid=srid, spatial_index=False)


def _geometry_columns(layer: Layer, srid: int) -> list[sa.Column[object]]:
    kind = layer.geometry.value if layer.geometry else "GEOMETRY"
    return [
        sa.Column("geom", _geometry(kind, srid), nullable=False),
        sa.Column(
            "geom_3857",
            _geometry(kind, 3857),
            sa.Computed("gis.st_transform(geom, 3857)", persisted=True),
        ),
    ]
