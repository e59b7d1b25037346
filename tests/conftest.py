"""The cast and the stage that every test may use."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from apps.access.models import Assignment, Unit
from apps.accounts.models import User

MakeUser = Callable[..., User]


@pytest.fixture
def root_unit(db: None) -> Unit:
    return Unit.objects.create(name="Company", slug="company", path="/company/")


@pytest.fixture
def unit(root_unit: Unit) -> Unit:
    return Unit.objects.create(name="North", slug="north", path="/company/north/", parent=root_unit)


@pytest.fixture
def other_unit(root_unit: Unit) -> Unit:
    return Unit.objects.create(name="South", slug="south", path="/company/south/", parent=root_unit)


@pytest.fixture
def make_user(root_unit: Unit) -> MakeUser:
    """`make_user("customer-manager", unit)`; a platform role is held at the root when no unit is named."""

    def make(role: str | None = None, unit: Unit | None = None, **fields: Any) -> User:
        number = User.objects.count()
        user = User.objects.create_user(fields.pop("email", f"user{number}@example.org"), **fields)
        if role is not None:
            Assignment.objects.create(user=user, role=Group.objects.get(name=role), unit=unit or root_unit)
        return user

    return make
