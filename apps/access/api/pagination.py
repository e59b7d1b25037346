"""Keyset pages: the cursor holds the place of the last row, encrypted, because a place may be somebody's name."""

from typing import TYPE_CHECKING, Any

import orjson
from cryptography.fernet import InvalidToken
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.utils.translation import gettext as _
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from apps.access.querysets import UnitRecordQuerySet
from apps.kernel.sealing import cipher

if TYPE_CHECKING:
    from rest_framework.views import APIView


def _beyond(rows: QuerySet[Any], field: str, value: Any, key: Any, *, descending: bool) -> list[QuerySet[Any]]:
    """Rows after (value, key), in parts to be read one after the other, each of them one range of an index.

    PostgreSQL sorts NULL after everything, so it comes first when descending.
    """
    later = "lt" if descending else "gt"
    if field == "pk":
        return [rows.filter(**{f"pk__{later}": key})]
    empty = rows.filter(**{f"{field}__isnull": True})
    if value is None:
        rest = [empty.filter(**{f"pk__{later}": key})]
        return [*rest, rows.filter(**{f"{field}__isnull": False})] if descending else rest
    compared = TupleLessThan if descending else TupleGreaterThan
    after = rows.filter(compared((F(field), F("pk")), (value, key)))
    may_be_empty = not descending and rows.model._meta.get_field(field).null
    return [after, empty] if may_be_empty else [after]


def _first(parts: list[QuerySet[Any]], number: int) -> list[Any]:
    found: list[Any] = []
    for part in parts:
        if len(found) < number:
            wanted = number - len(found)
            found += part.page(wanted) if isinstance(part, UnitRecordQuerySet) else part[:wanted]
    return found


class InvalidCursor(ValidationError):
    def __init__(self, sentence: str) -> None:
        super().__init__({"cursor": [ErrorDetail(sentence, code="invalid_cursor")]})


class KeysetPagination(BasePagination):
    """`{"results", "next", "previous"}`; `page_size` up to 200, 50 when nothing is said. Counts when it is asked to."""

    page_size = 50
    max_page_size = 200
    count_up_to = 10_000

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        self.ordering = queryset.query.order_by[0] if queryset.query.order_by else "pk"
        size = self._size(request)
        backwards, place = self._place(request)
        self.counted = self._count(queryset, request.query_params.get("count"))
        field = self.ordering.lstrip("-")
        descending = self.ordering.startswith("-") != backwards
        order = [F(name).desc() if descending else F(name).asc() for name in dict.fromkeys((field, "pk"))]
        ordered = queryset.order_by(*order)
        parts = [ordered] if place is None else _beyond(ordered, field, *place, descending=descending)
        rows = _first(parts, size + 1)
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self.has_next = bool(rows) and (backwards or more)
        self.has_previous = bool(rows) and (more if backwards else place is not None)
        self.rows = rows
        return rows

    def around(self) -> tuple[Any, ...]:
        """What the answer says beside its rows."""
        return self.has_next, self.has_previous, self.counted

    def get_paginated_response(self, data: Any) -> Response:
        links = {"next": self.next_link(), "previous": self.previous_link()}
        return Response({"results": data, **links, **self.counted})

    def next_link(self) -> str | None:
        return self._link(self.rows[-1], backwards=False) if self.has_next else None

    def previous_link(self) -> str | None:
        return self._link(self.rows[0], backwards=True) if self.has_previous else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {
                "results": schema,
                "next": link,
                "previous": link,
                "count": {"type": "integer", "description": "Only when `count` is asked for."},
                "count_is_capped": {
                    "type": "boolean",
                    "description": "With `count=capped`: there are more rows than `count`.",
                },
            },
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [
            {
                "name": "cursor",
                "in": "query",
                "schema": {"type": "string"},
                "description": "From `next` or `previous`.",
            },
            {"name": "page_size", "in": "query", "schema": size, "description": "Rows in a page."},
            {
                "name": "count",
                "in": "query",
                "schema": {"type": "string", "enum": ["exact", "capped"]},
                "description": f"Count the rows of all pages; `capped` stops at {self.count_up_to} and stays fast.",
            },
        ]

    def _size(self, request: Request) -> int:
        said = request.query_params.get("page_size", str(self.page_size))
        if not said.isdecimal() or not 1 <= int(said) <= self.max_page_size:
            raise ValidationError({"page_size": [f"A whole number from 1 to {self.max_page_size}."]})
        return int(said)

    def _count(self, rows: QuerySet[Any], said: str | None) -> dict[str, Any]:
        match said:
            case None:
                return {}
            case "exact":
                return {"count": rows.count()}
            case "capped":
                found = rows.order_by()[: self.count_up_to + 1].count()
                return {"count": min(found, self.count_up_to), "count_is_capped": found > self.count_up_to}
        raise ValidationError({"count": ["`exact` or `capped`."]})

    def _place(self, request: Request) -> tuple[bool, tuple[Any, Any] | None]:
        token = request.query_params.get("cursor")
        if token is None:
            return False, None
        try:
            backwards, ordering, value, key = orjson.loads(cipher("cursor").decrypt(token.encode()))
        except (InvalidToken, ValueError) as error:
            raise InvalidCursor(_("This cursor is not one of ours. Start again without it.")) from error
        if ordering != self.ordering:
            raise InvalidCursor(_("This cursor belongs to another ordering. Start again without it."))
        return backwards, (value, key)

    def _link(self, row: Model | dict[str, Any], *, backwards: bool) -> str:
        field = self.ordering.lstrip("-")
        if isinstance(row, dict):
            value, key = None if field == "pk" else row[field], row["id"]
        else:
            value, key = None if field == "pk" else getattr(row, field), row.pk
        place = orjson.dumps([backwards, self.ordering, value, key], default=str)
        return replace_query_param(
            remove_query_param(self.url, "cursor"), "cursor", cipher("cursor").encrypt(place).decode()
        )
