"""Many rows in one request: validated one by one, stored by one statement, all of them or none."""

import re
from typing import Any

from django.db import IntegrityError
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access.api.base import UnitScopedView, VerbSerializer, VisibleRelatedField, action
from apps.kernel.errors import BrokenRow

MOST = 1_000
_TAKEN = re.compile(r"Key \((.+?)\)=\((.*)\) already exists\.", re.DOTALL)


class BulkSerializer(VerbSerializer):
    rows = serializers.ListField(min_length=1, max_length=MOST)


class BulkAnswer(serializers.Serializer[Any]):
    """What was stored, in the order in which it was sent."""

    count = serializers.IntegerField()
    ids = serializers.ListField(child=serializers.UUIDField())


class BulkCreateMixin(UnitScopedView):
    """For a resource whose rows come into being without a service of their own."""

    @action(verb="add", detail=False, url_path="bulk")
    def bulk(self, request: Request) -> Response:
        """Add many at once. Up to 1,000 rows, all of them or none; an error names the row that it is about."""
        wish = BulkSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        rows = self._rows(wish.validated_data["rows"])
        try:
            self.model._default_manager.bulk_create(rows)
        except IntegrityError as error:
            raise self._broken(rows, error) from error.__cause__
        answer = {"count": len(rows), "ids": [row.pk for row in rows]}
        return Response(BulkAnswer(answer).data, status=status.HTTP_201_CREATED)

    def _rows(self, said: list[Any]) -> list[Any]:
        context: dict[str, Any] = {**self.get_serializer_context()}
        one = type(self).serializer_class(context=context)
        context["found"] = {
            field.field_name: field.found(row.get(field.field_name) for row in said if isinstance(row, dict))
            for field in one.fields.values()
            if isinstance(field, VisibleRelatedField) and not field.read_only
        }
        rows: list[Any] = []
        errors: dict[str, Any] = {}
        for number, values in enumerate(said):
            try:
                valid = one.run_validation(values)
                rows.append(self.model(**valid | {"unit": self.target_unit(valid)}))
            except serializers.ValidationError as error:
                errors[str(number)] = error.detail
        if errors:
            raise serializers.ValidationError({"rows": errors})
        return rows

    def _broken(self, rows: list[Any], error: IntegrityError) -> BrokenRow:
        """Which row it was: PostgreSQL tells the values of a taken key, or the whole row that a rule stands against."""
        told = str(getattr(getattr(error.__cause__, "diag", None), "message_detail", None))
        taken = _TAKEN.fullmatch(told)
        columns = {field.column: field.attname for field in self.model._meta.concrete_fields}
        names = [columns.get(name, "") for name in taken[1].split(", ")] if taken else []
        if taken and all(names):
            matches = [", ".join(str(getattr(row, name)) for name in names) == taken[2] for row in rows]
        else:
            matches = [str(row.pk) in told for row in rows]
        numbers = [number for number, is_it in enumerate(matches) if is_it]
        # Of two rows with the same key it is the later one that came too late.
        return BrokenRow(f"/rows/{numbers[-1]}" if numbers else "")
