"""What is read past the serializers is what the serializers would show, in every resource."""

from typing import Any

import orjson
import pytest
from django.contrib.auth.models import Group
from rest_framework.test import APIRequestFactory

from apps.access.api.base import ReadMixin, UnitScopedView
from apps.access.models import Assignment
from apps.access.routes import api_routes
from apps.accounts.models import User
from apps.kernel.rendering import JSONRenderer
from tests.architecture.rows import row_of

LISTS = {
    route.path: route.view
    for route in api_routes()
    if route.method == "GET" and not route.detail and issubclass(route.view, ReadMixin) and "." not in route.path
}
OF_UNITS = {path: view for path, view in LISTS.items() if issubclass(view, UnitScopedView)}


@pytest.fixture
def reader(make_user, root_unit) -> User:
    """Somebody who may see everything that some role may see."""
    user = make_user()
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=root_unit) for role in Group.objects.all())
    return user


def serialized(view: type, reader: User, rows: list[Any]) -> list[str]:
    request = APIRequestFactory().get("/")
    request.user = reader
    context = {"request": request, "view": view()}
    return [JSONRenderer().render(view.serializer_class(row, context=context).data).decode() for row in rows]


@pytest.mark.parametrize("path", sorted(OF_UNITS))
def test_a_resource_reads_as_its_serializer_shows_it(api, reader, unit, path: str):
    view = OF_UNITS[path]
    model = view.queryset.model
    for _ in range(3):
        row_of(model, unit)
    order = view.ordering.replace("pk", "id")
    expected = serialized(view, reader, list(view.queryset.order_by(order)))
    client = api(reader)

    listed = orjson.loads(client.get(f"{path}?page_size=200").content)["results"]

    assert [orjson.dumps(row).decode() for row in listed if row] == expected
    assert client.get(f"{path}{listed[0]['id']}/").text == expected[0]


@pytest.mark.parametrize("path", sorted(LISTS))
def test_a_reader_may_ask_for_some_fields_only(api, reader, unit, path: str):
    view = LISTS[path]
    if path in OF_UNITS:
        row_of(view.queryset.model, unit)
    names = list(view.serializer_class().fields)
    last = next(name for name in reversed(names) if not view.serializer_class().fields[name].write_only)

    answer = api(reader).get(f"{path}?fields={last}")

    assert answer.status_code == 200
    assert {tuple(row) for row in answer.json()["results"]} <= {("id", last)}
