"""Names of what a role reads: its schema and the columns of its views."""

from layers.model import Layer, Role
from layers.privacy import visible_fields


def view_schema(role: Role) -> str:
    """Schema that holds the views of a role."""
    return f"as_{role}"


def view_columns(layer: Layer, role: Role) -> tuple[str, ...]:
    """Columns of the role's view of a layer, geometry last."""
    names = tuple(field.name for field in visible_fields(layer, role))
    return (*names, "geom", "geom_3857") if layer.geometry and names else names
