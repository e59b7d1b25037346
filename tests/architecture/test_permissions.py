"""Role × unit × every door × method: the API does what the table of permissions says."""

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.models import Model
from rest_framework.test import APIClient

from apps.access.api.base import AccessView, UnitScopedView
from apps.access.models import Assignment, Unit, UnitRecord
from apps.access.routes import Route, api_routes
from apps.accounts.models import User
from apps.kernel.registry import Role, domains
from tests.architecture.rows import row_of

ROLES = {role.slug: (label, role) for label, role in domains.roles()}
REFUSED = {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


def carries(slug: str, permission: str) -> bool:
    label, role = ROLES[slug]
    return permission in {name if "." in name else f"{label}.{name}" for name in role.permissions}


def expected(slug: str, route: Route, *, mine: bool) -> set[int] | None:
    """The statuses that this role must get, or `None` where the door must open (any answer but a refusal)."""
    view_permission = route.permission.split(".")[0] + ".view_" + route.permission.rsplit("_", 1)[1]
    if route.detail and (not mine or not carries(slug, view_permission)):
        return {HTTPStatus.NOT_FOUND} if issubclass(route.view, UnitScopedView) else REFUSED
    return None if carries(slug, route.permission) else {HTTPStatus.FORBIDDEN}


def doors() -> Iterator[Route]:
    return (route for route in api_routes() if issubclass(route.view, AccessView) and route.permission)


def some_row(model: type[Model], unit: Unit) -> Model:
    """A new row in the unit; of what belongs to no unit, the one that is there already."""
    in_units = issubclass(model, UnitRecord) or model in {Assignment, Unit}
    existing = None if in_units else model._default_manager.order_by("pk").first()
    return existing or row_of(model, unit)


def ask(client: APIClient, route: Route, row: Any) -> int:
    """Knock with an empty body; whatever it does is undone."""
    path = route.path.replace("{id}", str(row.pk) if row is not None else "").replace("{form}", "csv")
    with transaction.atomic():
        answer = getattr(client, route.method.lower())(path)
        transaction.set_rollback(True)
    return answer.status_code


@pytest.mark.parametrize("slug", sorted(ROLES))
def test_a_role_opens_exactly_its_doors(api, make_user, unit: Unit, other_unit: Unit, root_unit: Unit, slug: str):
    user: User = make_user(slug, unit)
    client = api(user)
    wrong = []
    # What a door did to a row is undone before the next one, so one row of each model in each unit is enough.
    row_in = cache(some_row)
    for route in doors():
        for place, mine in ((unit, True), (other_unit, False)):
            if not route.detail and not mine:
                continue
            scoped = issubclass(route.view, UnitScopedView) or route.view.queryset.model in {Assignment, Unit}
            row = row_in(route.view.queryset.model, place) if route.detail else None
            status = ask(client, route, row)
            wanted = expected(slug, route, mine=mine or not scoped)
            if status in REFUSED if wanted is None else status not in wanted:
                wrong.append(f"{route.method} {route.path} in {place.slug}: {status}, not {wanted or 'open'}")

    assert wrong == []


def test_every_door_stands_behind_a_permission_that_some_role_carries():
    orphans = {route.permission for route in doors() if not any(carries(slug, route.permission) for slug in ROLES)}

    assert orphans == set()


def test_a_platform_role_carries_no_business_permission():
    business = {domain.label for domain in domains} - set(settings.PLATFORM_APPS)
    leaks = [
        (slug, permission)
        for slug, (label, role) in ROLES.items()
        if role.platform
        for permission in role.permissions
        if "." in permission and permission.split(".")[0] in business
    ]

    assert leaks == []


def test_roles_have_one_slug_each():
    slugs = [role.slug for _, role in domains.roles()]

    assert sorted(slugs) == sorted(set(slugs))
    assert all(isinstance(role, Role) for _, role in domains.roles())
