"""A list asks as many questions for three rows as for thirteen, in the API and in the admin."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.access.admin.base import UnitRecordAdmin
from apps.access.api.base import UnitScopedView
from apps.access.models import Assignment
from apps.access.routes import api_routes
from apps.accounts.models import User
from tests.architecture.rows import row_of

LISTS = {
    route.path: route.view.queryset.model
    for route in api_routes()
    if route.method == "GET" and not route.detail and issubclass(route.view, UnitScopedView)
}
ADMINS = [model for model, site in admin.site._registry.items() if isinstance(site, UnitRecordAdmin)]


@pytest.fixture
def reader(make_user, root_unit) -> User:
    """Somebody who may see everything that some role may see."""
    user = make_user()
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=root_unit) for role in Group.objects.all())
    return user


def queries(client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(path).status_code == 200
    return len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]])


@pytest.mark.parametrize("path", sorted(LISTS))
def test_a_list_of_the_api_costs_the_same_for_any_number_of_rows(api, reader, unit, path: str):
    client = api(reader)
    for _ in range(3):
        row_of(LISTS[path], unit)
    client.get(path)
    few = queries(client, path)
    for _ in range(10):
        row_of(LISTS[path], unit)

    assert queries(client, path) == few


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model._meta.label_lower)
def test_a_list_of_the_admin_costs_the_same_for_any_number_of_rows(sign_in, reader, unit, model):
    client = sign_in(reader)
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for _ in range(3):
        row_of(model, unit)
    client.get(path)
    few = queries(client, path)
    for _ in range(10):
        row_of(model, unit)

    many = queries(client, path)
    assert many == few
    assert many <= 25
