"""Every list and every page of the admin asks as many questions for ten rows as for ten thousand."""

import json
import os
from pathlib import Path
from typing import Any

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
from tests.architecture.many import many
from tests.architecture.rows import row_of

RECORDED = Path(__file__).with_name("query_counts.json")
MOST = 25
FEW, MANY = 10, 10_000
LISTS = {
    route.path: route.view.queryset.model
    for route in api_routes()
    if route.method == "GET" and not route.detail and issubclass(route.view, UnitScopedView)
}
ADMINS = {
    model._meta.label_lower: model for model, page in admin.site._registry.items() if isinstance(page, UnitRecordAdmin)
}


@pytest.fixture
def reader(make_user, root_unit, unit) -> User:
    """Somebody who may do in one unit whatever some role may do there."""
    user = make_user(name="Rita Reader")
    Assignment.objects.bulk_create(Assignment(user=user, role=role, unit=unit) for role in Group.objects.all())
    return user


def questions(client: Any, path: str, *, warm: bool = False) -> int | None:
    """How many a page asks once it is warm; `None` where there is no such page for this reader."""
    if not warm and client.get(path).status_code != 200:
        return None
    with CaptureQueriesContext(connection) as asked:
        assert client.get(path).status_code == 200
    return len([query for query in asked.captured_queries if "SAVEPOINT" not in query["sql"]])


def pages(model: Any, row: Any) -> dict[str, str]:
    def door(name: str, *keys: Any) -> str:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=keys)

    return {
        "add": door("add"),
        "change": door("change", row.pk),
        "delete": door("delete", row.pk),
        "history": door("history", row.pk),
        "list": door("changelist"),
        "search": f"{door('changelist')}?q=r",
    }


def check(part: str, name: str, few: Any, now: Any) -> None:
    """Compares with what was reviewed, once it was; `QUERY_COUNTS=write` writes down what is."""
    assert now == few, f"{name}: {FEW} rows and {MANY} rows cost differently."
    recorded = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    if os.environ.get("QUERY_COUNTS") == "write":
        recorded.setdefault(part, {})[name] = now
        RECORDED.write_text(json.dumps(recorded, indent=2, sort_keys=True) + "\n")
        return
    assert recorded.get(part, {}).get(name, now) == now, (
        f"{name} asks {now}. If that is right, run "
        "`QUERY_COUNTS=write pytest -n 0 tests/architecture/test_query_counts.py` and have the difference reviewed."
    )


@pytest.mark.parametrize("path", sorted(LISTS))
def test_a_list_of_the_api_costs_the_same_for_any_number_of_rows(api, reader, unit, path: str):
    client = api(reader)
    many(LISTS[path], unit, FEW)
    few = questions(client, path)

    many(LISTS[path], unit, MANY)

    check("api", path, few, questions(client, path, warm=True))


@pytest.mark.parametrize("name", sorted(ADMINS))
def test_a_page_of_the_admin_costs_the_same_for_any_number_of_rows(sign_in, reader, unit, name: str):
    client = sign_in(reader)
    row = row_of(ADMINS[name], unit)
    many(ADMINS[name], unit, FEW)
    asked = {page: questions(client, path) for page, path in pages(ADMINS[name], row).items()}
    few = {page: number for page, number in asked.items() if number is not None}

    many(ADMINS[name], unit, MANY)

    now = {page: questions(client, path, warm=True) for page, path in pages(ADMINS[name], row).items() if page in few}
    assert max(now.values()) <= MOST, now
    check("admin", name, few, now)


def test_nothing_is_recorded_of_what_is_not_there():
    recorded = json.loads(RECORDED.read_text())

    assert set(recorded["admin"]) == set(ADMINS)
    assert set(recorded["api"]) == set(LISTS)


def test_rows_on_the_page_of_their_parent_cost_no_question_each(sign_in, reader, unit):
    client = sign_in(reader)
    customer = row_of(ADMINS["customers.customer"], unit)
    path = reverse("admin:customers_customer_change", args=[customer.pk])
    row_of(ADMINS["customers.contact"], unit, customer=customer)
    row_of(ADMINS["customers.address"], unit, customer=customer)
    few = questions(client, path)
    for _ in range(20):
        row_of(ADMINS["customers.contact"], unit, customer=customer)
        row_of(ADMINS["customers.address"], unit, customer=customer)

    assert questions(client, path) == few
