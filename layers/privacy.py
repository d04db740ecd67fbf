"""What a role may see: pure functions over the declarations, used by every path.

The database guards the same rules a second time with views and grants (`db.grants`); a test
compares the two. You may not filter, sort or count on a field you may not see.
"""

from layers.model import SYSTEM_FIELDS, Field, Layer, Role, RowRule, Scope


def may_see(layer: Layer, role: Role) -> bool:
    """Whether the layer exists for this role at all."""
    if layer.row_rules:
        return any(role in rule.audience for rule in layer.row_rules)
    return role in layer.audience


def visible_fields(layer: Layer, role: Role) -> tuple[Field, ...]:
    """The fields of the layer this role may see, system fields first; empty when it sees none."""
    if not may_see(layer, role):
        return ()
    return tuple(field for field in (*SYSTEM_FIELDS, *layer.fields) if role in field.audience)


def visible_rows(layer: Layer, role: Role) -> tuple[RowRule, ...] | None:
    """The row rules that open rows to this role; None means every row, without any scope."""
    if not layer.row_rules:
        return None
    rules = tuple(rule for rule in layer.row_rules if role in rule.audience)
    whole = len(rules) == len(layer.row_rules) and scope_of(layer, role) is None
    return None if whole else rules


def scope_of(layer: Layer, role: Role) -> Scope | None:
    """The scope a role is held to in a layer; None when what it sees never varies by person."""
    for rule in layer.row_rules:
        if role in rule.audience and rule.scope(role) is not None:
            return rule.scope(role)
    return None


def may_filter(layer: Layer, field: str, role: Role) -> bool:
    """Whether the role may filter, sort or count by a field."""
    return any(seen.name == field for seen in visible_fields(layer, role))


def tile_fields(layer: Layer, role: Role) -> tuple[Field, ...]:
    """The visible fields that belong into vector tiles."""
    return tuple(field for field in visible_fields(layer, role) if field.in_tile)
