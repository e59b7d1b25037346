from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from apps.access.models import Unit
from apps.audit.models import AuditEvent
from apps.kernel.trail import Action, Context, acting
from tests.sample.models import Deal, Line, Person, Tag

ACTOR = UUID("01900000-0000-7000-8000-00000000ac70")
Entry = tuple[str, str, str, dict[str, Any]]


@pytest.fixture
def by_actor() -> Iterator[None]:
    """Whoever writes inside is one known actor with one known request."""
    with acting(Context(source="api", actor=ACTOR, request_id="request-1", address="192.0.2.7", reason="asked")):
        yield


@pytest.fixture
def entries(request: pytest.FixtureRequest, unit: Unit) -> Callable[[], list[Entry]]:
    """What was recorded since the stage was set: (action, model, object, {field: [old, new]})."""
    if "stage" in request.fixturenames:
        request.getfixturevalue("stage")
    seen = AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0

    def read() -> list[Entry]:
        return [
            (
                Action(event.action).name,
                event.content_type.model,
                event.object_pk,
                event.changes | {name: pair[1:] for name, pair in event.personal.items()},
            )
            for event in AuditEvent.objects.filter(id__gt=seen).select_related("content_type").order_by("id")
        ]

    return read


@pytest.fixture
def ada(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-1", name="Ada", email="ada@example.org")


@pytest.fixture
def bob(unit: Unit) -> Person:
    return Person.objects.create(unit=unit, number="P-2", name="Bob")


@pytest.fixture
def red(unit: Unit) -> Tag:
    return Tag.objects.create(unit=unit, label="red")


@pytest.fixture
def blue(unit: Unit) -> Tag:
    return Tag.objects.create(unit=unit, label="blue")


@pytest.fixture
def deal(unit: Unit, ada: Person, bob: Person) -> Deal:
    return Deal.objects.create(unit=unit, number="D-1", buyer=ada, agent=bob)


@pytest.fixture
def line(deal: Deal) -> Line:
    return Line.objects.create(unit=deal.unit, deal=deal, what="Tea", quantity=2)


@pytest.fixture
def new_key() -> UUID:
    return uuid4()


@pytest.fixture
def as_owner() -> Callable[[str], None]:
    """`as_owner("REVOKE …")`: done by the owner in the middle of a test, and undone with it."""

    def execute(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            [role] = cursor.fetchone()
            cursor.execute(f"RESET ROLE; {statement}; SET ROLE {role}")

    return execute


@pytest.fixture(scope="module")
def company(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Unit]:
    """The one unit of a database that is otherwise empty, for what a module commits and seals for all its tests."""
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)
        unit = Unit.objects.create(name="Company", slug="company", path="/company/")
    yield unit
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


@pytest.fixture(autouse=True)
def kinds() -> None:
    """A kind that another test met first was rolled back with it."""
    ContentType.objects.clear_cache()
