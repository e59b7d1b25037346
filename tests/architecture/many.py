"""Ten thousand rows of any model in one statement, copied from one that stands there."""

from typing import Any

from django.db import connection, models

from apps.access.models import Unit
from tests.architecture.rows import row_of

SHORTEST = 10
"""Characters into which the number of a copy fits."""
_COPIES = (
    (models.ForeignKey, "{name}_.pk"),
    (models.UUIDField, "gen_random_uuid()"),
    (models.CharField, "{column} || '-' || n"),
    (models.DateField, "{column} + n"),
)


def many(model: type[models.Model], unit: Unit, count: int) -> None:
    """Copies of a smallest row, which differ where they must."""
    row = row_of(model, unit)
    differing = [field for field in _differing(model) if getattr(row, field.attname) is not None]
    table, key = model._meta.db_table, model._meta.pk.column
    joins = []
    for field in differing:
        if isinstance(field, models.ForeignKey):
            many(field.related_model, unit, count)
            its = field.related_model._meta
            others = f'SELECT "{its.pk.column}" AS pk, row_number() OVER () AS i FROM "{its.db_table}" '
            others += f'WHERE "{its.pk.column}" NOT IN (SELECT "{field.column}" FROM "{table}")'
            joins.append(f"JOIN ({others}) AS {field.name}_ ON {field.name}_.i = n")
    columns = [field for field in model._meta.concrete_fields if not getattr(field, "generated", False)]
    names = ", ".join(f'"{field.column}"' for field in columns)
    values = ", ".join(_copy(field, differs=field in differing) for field in columns)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute(
            f'INSERT INTO "{table}" ({names}) SELECT {values} FROM "{table}" AS it '
            f'CROSS JOIN generate_series(1, {count}) AS n {" ".join(joins)} WHERE it."{key}" = %s',
            [row.pk],
        )
        cursor.execute(f'SET LOCAL session_replication_role = origin; ANALYZE "{table}"')
        cursor.execute(f"SET LOCAL ROLE {connection.settings_dict['RUNTIME_ROLE']}")


def _differing(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """One field of each promise that rows differ, the simplest to change."""
    meta = model._meta
    promises = [[field] for field in meta.concrete_fields if field.unique and not field.primary_key]
    promises += [
        [meta.get_field(name) for name in constraint.fields if name != "unit"]
        for constraint in meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields
    ]
    return [min(fields, key=_effort) for fields in promises]


def _effort(field: "models.Field[Any, Any]") -> int:
    is_short = isinstance(field, models.CharField) and (field.max_length or 0) < SHORTEST
    return 2 if is_short else int(isinstance(field, models.ForeignKey))


def _copy(field: "models.Field[Any, Any]", *, differs: bool) -> str:
    column = f'it."{field.column}"'
    if isinstance(field, models.AutoField):
        return f"nextval(pg_get_serial_sequence('{field.model._meta.db_table}', '{field.column}'))"
    if field.primary_key:
        return "gen_random_uuid()"
    if not differs:
        return column
    for kind, copy in _COPIES:
        if isinstance(field, kind):
            return copy.format(column=column, name=field.name)
    raise TypeError(f"{field.model._meta.label}.{field.name}: say in tests/architecture/many.py how copies differ.")
