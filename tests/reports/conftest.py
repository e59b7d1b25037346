from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from apps.access.models import Unit
from apps.events.models import Work
from apps.events.work import execute
from tests.sample.models import Person


def work_off() -> None:
    """Do what a relay and a worker would do now."""
    for key in Work.objects.filter(state=Work.State.READY, due_at__lte=Now()).values_list("pk", flat=True):
        execute(key)


@pytest.fixture
def people(unit: Unit, other_unit: Unit) -> None:
    Person.objects.create(unit=unit, number="1", name="=HYPERLINK(1)", email="one@example.org")
    Person.objects.create(unit=unit, number="2", name="Zoë Grün")
    Person.objects.create(unit=other_unit, number="3", name="Far Away")


@pytest.fixture
def viewer(make_user: Callable[..., Any], unit: Unit) -> Any:
    return make_user("sample-viewer", unit)
