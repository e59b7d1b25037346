"""The version of a row: the transaction that wrote it last (`xmin`), so raw and bulk writes count too."""

from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLCompiler


def _key_to_parent(model: type[models.Model], relation: str) -> tuple[str, str, str]:
    """The table of the relation's rows, their key, and their column that names the parent."""
    field: Any = model._meta.get_field(relation)
    if field.many_to_many:
        through = field.remote_field.through._meta
        return through.db_table, through.pk.column, field.m2m_column_name()
    child = field.related_model._meta
    return child.db_table, child.pk.column, field.field.column


class RowVersion(models.Expression):
    """`queryset.annotate(row_version=RowVersion())`: a whole number that changes with every write of the row.

    With the names of relations, as in `RowVersion("lines")`, a text that changes with every write of their rows, too.
    """

    def __init__(self, *children: str) -> None:
        super().__init__(output_field=models.CharField() if children else models.BigIntegerField())
        self.children = children

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        quote, model = compiler.quote_name_unless_alias, compiler.query.model
        row = quote(compiler.query.get_initial_alias())
        if not self.children:
            return f"{row}.xmin::text::bigint", []
        versions = [f"{row}.xmin::text"]
        for relation in self.children:
            table, key, parent = (quote(name) for name in _key_to_parent(model, relation))
            each = f"string_agg(child.{key}::text || child.xmin::text, ',' ORDER BY child.{key})"
            whole = f"{row}.{quote(model._meta.pk.column)}"
            versions.append(f"(SELECT md5({each}) FROM {table} child WHERE child.{parent} = {whole})")  # noqa: S608
        return f"concat_ws('-', {', '.join(versions)})", []

    def get_group_by_cols(self) -> list[Any]:
        return [self]
