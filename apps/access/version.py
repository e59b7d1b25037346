"""The version of a row: the transaction that wrote it last (`xmin`), so raw and bulk writes count too."""

from typing import Any

from django.db import models
from django.db.models.sql.compiler import SQLCompiler


class RowVersion(models.Expression):
    """`queryset.annotate(row_version=RowVersion())`: a whole number that changes with every write of the row."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, list[Any]]:
        alias = compiler.quote_name_unless_alias(compiler.query.get_initial_alias())
        return f"{alias}.xmin::text::bigint", []

    def get_group_by_cols(self) -> list[Any]:
        return [self]
