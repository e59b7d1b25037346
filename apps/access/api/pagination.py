"""Keyset pages: the cursor holds the place of the last row, encrypted, because a place may be somebody's name."""

from typing import TYPE_CHECKING, Any

import orjson
from cryptography.fernet import InvalidToken
from django.db.models import F, Model, Q, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from apps.kernel.sealing import cipher

if TYPE_CHECKING:
    from rest_framework.views import APIView


def _beyond(field: str, value: Any, key: Any, *, descending: bool) -> Q:
    """Rows after (value, key). PostgreSQL sorts NULL after everything, so it comes first when descending."""
    later, empty = ("lt" if descending else "gt"), Q(**{f"{field}__isnull": True})
    if field == "pk":
        return Q(**{f"pk__{later}": key})
    if value is None:
        rest = empty & Q(**{f"pk__{later}": key})
        return rest | ~empty if descending else rest
    after = Q(**{f"{field}__{later}": value}) | Q(**{field: value, f"pk__{later}": key})
    return after if descending else after | empty


class KeysetPagination(BasePagination):
    """`{"results", "next", "previous"}`; `page_size` up to 200, 50 when nothing is said."""

    page_size = 50
    max_page_size = 200

    def paginate_queryset(self, queryset: QuerySet[Any], request: Request, view: "APIView | None" = None) -> list[Any]:
        self.url = request.build_absolute_uri()
        self.ordering = queryset.query.order_by[0] if queryset.query.order_by else "pk"
        size = self._size(request)
        backwards, place = self._place(request)
        field = self.ordering.lstrip("-")
        descending = self.ordering.startswith("-") != backwards
        if place is not None:
            queryset = queryset.filter(_beyond(field, *place, descending=descending))
        order = [F(name).desc() if descending else F(name).asc() for name in dict.fromkeys((field, "pk"))]
        rows = list(queryset.order_by(*order)[: size + 1])
        more, rows = len(rows) > size, rows[:size]
        if backwards:
            rows.reverse()
        self.has_next = bool(rows) and (backwards or more)
        self.has_previous = bool(rows) and (more if backwards else place is not None)
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_link(), "previous": self.previous_link()})

    def next_link(self) -> str | None:
        return self._link(self.rows[-1], backwards=False) if self.has_next else None

    def previous_link(self) -> str | None:
        return self._link(self.rows[0], backwards=True) if self.has_previous else None

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": link, "previous": link},
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
        ]

    def _size(self, request: Request) -> int:
        said = request.query_params.get("page_size", str(self.page_size))
        if not said.isdecimal() or not 1 <= int(said) <= self.max_page_size:
            raise ValidationError({"page_size": [f"A whole number from 1 to {self.max_page_size}."]})
        return int(said)

    def _place(self, request: Request) -> tuple[bool, tuple[Any, Any] | None]:
        token = request.query_params.get("cursor")
        if token is None:
            return False, None
        try:
            backwards, ordering, value, key = orjson.loads(cipher("cursor").decrypt(token.encode()))
        except (InvalidToken, ValueError) as error:
            raise ValidationError({"cursor": ["This cursor is not one of ours. Start again without it."]}) from error
        if ordering != self.ordering:
            raise ValidationError({"cursor": ["This cursor belongs to another ordering. Start again without it."]})
        return backwards, (value, key)

    def _link(self, row: Model | dict[str, Any], *, backwards: bool) -> str:
        field = self.ordering.lstrip("-")
        value = None if field == "pk" else getattr(row, field)
        place = orjson.dumps([backwards, self.ordering, value, row.pk], default=str)
        return replace_query_param(
            remove_query_param(self.url, "cursor"), "cursor", cipher("cursor").encrypt(place).decode()
        )
