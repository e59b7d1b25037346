"""The cast and the stage that every test may use."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.accounts.scopes import all_scopes
from apps.accounts.services import issue_token
from tests.database import django_db_setup  # noqa: F401
from tests.roles import pytest_runtest_call  # noqa: F401

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


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """`api(user)`: a client with a personal token of this user and every scope."""

    def client_of(user: User) -> APIClient:
        tomorrow = timezone.now() + timedelta(days=1)
        _, key = issue_token(user, name="test", scopes=all_scopes(), expires_at=tomorrow)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client

    return client_of


@pytest.fixture
def sign_in() -> Callable[[User], Client]:
    """`sign_in(user)`: a browser in which this person has signed in, with the second factor where a role demands it."""

    def client_of(user: User) -> Client:
        client = Client()
        if not Authenticator.objects.filter(user=user).exists():
            TOTP.activate(user, generate_totp_secret())
        # Axes wants a client's address, and nobody has asked over the network here.
        with override_settings(AXES_ENABLED=False):
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return client_of
