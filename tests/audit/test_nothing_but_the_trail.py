"""An auditor sees the trail and its reports, and not one business page more."""

from http import HTTPStatus
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.urls import get_resolver

from apps.access.models import ObjectGrant
from apps.access.routes import api_routes, callbacks
from apps.access.services import grant
from apps.accounts.models import Application, User
from apps.accounts.services import register_application
from apps.events.work import enqueue
from apps.kernel.registry import domains
from tests.architecture.rows import row_of

DESK = {"audit", "oversight"}
OWN = {"notifications.Notice"}
"""Rows that everybody has of his own."""
SHUT = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
OPEN_TO_ALL = {"/api/v1/access/me/", "/api/v1/docs/", "/api/v1/openapi.json", "/api/v1/reports/"}


@pytest.fixture
def auditor(make_user) -> User:
    return make_user("auditor")


def some_row(model: type[Model], unit: Any, giver: User) -> Model:
    if not issubclass(model, ObjectGrant):
        return row_of(model, unit)
    opened = model._meta.get_field("content_object").related_model
    return grant(giver, permission=f"view_{opened._meta.model_name}", row=row_of(opened, unit), by=None)


def pages() -> dict[str, type[Model]]:
    """Every address of the admin that belongs to a model."""
    of = {f"admin/{model._meta.app_label}/{model._meta.model_name}/": model for model in admin.site._registry}
    return {
        path: model
        for path, _view in callbacks(get_resolver())
        for beginning, model in of.items()
        if path.startswith(beginning)
    }


def test_no_page_of_the_admin_but_those_of_the_desk_opens(sign_in, auditor, make_user, unit):
    client, somebody = sign_in(auditor), make_user()
    enqueue("audit.seal")
    rows: dict[type[Model], Model] = {Application: register_application(name="acme", scopes=["customers:read"])[0]}
    opened, asked = [], 0
    for path, model in pages().items():
        label = model._meta.label
        if model._meta.app_label in DESK or label in OWN:
            continue
        if model not in rows:
            rows[model] = model._base_manager.order_by("pk").first() or some_row(model, unit, somebody)
        for verb in admin.site._registry[model].actions or ("any",):
            name = verb if isinstance(verb, str) else verb.__name__
            address = "/" + path.replace("<path:object_id>", quote(str(rows[model].pk))).replace("<str:verb>", name)
            answers = {client.get(address, follow=True).status_code, client.post(address, follow=True).status_code}
            asked += 1
            if answers - SHUT:
                opened.append(f"{address}: {answers}")

    assert opened == []
    assert asked > 200


def test_no_app_has_an_index_but_those_of_the_desk(sign_in, auditor):
    client = sign_in(auditor)

    answers = {
        label: client.get(f"/admin/{label}/").status_code
        for label in {model._meta.app_label for model in admin.site._registry}
    }

    assert {label for label, status in answers.items() if status not in SHUT} <= {*DESK, "notifications"}


def test_the_menu_leads_to_the_desk_only_under_one_heading(sign_in, auditor):
    page = sign_in(auditor).get("/admin/")

    groups = [[str(item["link"]) for item in group["items"]] for group in page.context["sidebar_navigation"]]
    start, desk = groups
    assert start == ["/admin/", "/admin/notifications/notice/"]
    assert {link.split("/")[2] for link in desk} <= DESK
    assert "/admin/audit/auditevent/" in desk


def test_every_operation_of_the_api_that_his_permissions_open_belongs_to_the_desk(auditor):
    [(label, role)] = [(label, role) for label, role in domains.roles() if role.slug == "auditor"]
    carried = {name if "." in name else f"{label}.{name}" for name in role.permissions}

    # That a door opens to its permission alone is shown for every role in `tests/architecture`.
    opened = {route.path for route in api_routes() if route.permission in carried}

    assert opened
    assert {path.split("/")[3] for path in opened} <= DESK


def test_lists_that_everybody_may_ask_for_hold_nothing_for_him(api, auditor, unit):
    for model in apps.get_app_config("customers").get_models():
        if not issubclass(model, ObjectGrant):
            row_of(model, unit)
    client = api(auditor)
    lists = [r.path for r in api_routes() if not r.permission and r.method == "GET" and not r.detail]

    held = {path: client.get(path) for path in lists if "{" not in path and path not in OPEN_TO_ALL}

    assert {path: answer.json().get("results") for path, answer in held.items() if answer.status_code == 200} == {
        path: [] for path, answer in held.items() if answer.status_code == 200
    }
    assert held
