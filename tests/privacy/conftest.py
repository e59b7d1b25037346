from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from django.utils import timezone

from apps.access.models import Unit
from apps.accounts.models import User
from apps.events.work import execute
from apps.kernel.trail import Context, acting
from apps.privacy.models import PrivacyRequest
from apps.privacy.services import open_request
from tests.sample.models import Person


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path / "stored"


@pytest.fixture
def officer(make_user) -> User:
    return make_user("data-protection-officer", password="a long enough password")


@pytest.fixture
def carla(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-7", name="Carla Canary", email="carla@example.org")


@pytest.fixture
def opened(officer: User, carla: Person) -> Callable[[], PrivacyRequest]:
    """`opened()`: a request about Carla, whose job has not run."""

    def open_one() -> PrivacyRequest:
        with acting(Context(source="test", actor=officer.pk)):
            return open_request(
                [f"sample.person:{carla.pk}"], received_on=date(2026, 3, 5), by=officer, today=timezone.localdate()
            )

    return open_one


@pytest.fixture
def ready(opened: Callable[[], PrivacyRequest]) -> Callable[[], PrivacyRequest]:
    """`ready()`: a request whose package waits to be fetched."""

    def gather() -> PrivacyRequest:
        request = opened()
        execute(request.work)
        request.refresh_from_db()
        return request

    return gather
