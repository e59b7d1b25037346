"""Who acted is read at the moment of the write, and never left behind for the next one."""

import threading

import pytest
from django.db import connection, transaction

from apps.access.models import Unit
from apps.audit.models import AuditEvent
from apps.kernel.trail import Context, acting, because
from tests.audit.conftest import ACTOR
from tests.sample.models import Deal, Person


def sources() -> list[str]:
    return list(AuditEvent.objects.filter(content_type__model="person").order_by("id").values_list("source", flat=True))


def test_a_write_without_context_is_kept_with_the_database_login(ada):
    Person.objects.filter(pk=ada.pk).update(name="Eve")

    entry = AuditEvent.objects.latest("id")
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        [login] = cursor.fetchone()
    assert (entry.source, entry.actor_id, entry.db_user) == ("database", None, login)


def test_nested_scopes_each_sign_their_own_writes(unit):
    with transaction.atomic():
        with acting(Context(source="first")):
            Person.objects.create(unit=unit, number="1", name="A")
            with acting(Context(source="second")):
                Person.objects.create(unit=unit, number="2", name="B")
            Person.objects.create(unit=unit, number="3", name="C")
        Person.objects.create(unit=unit, number="4", name="D")

    assert sources() == ["first", "second", "first", "database"]


def test_a_rolled_back_savepoint_takes_its_entries_along_and_the_next_write_is_signed(unit):
    with acting(Context(source="api")):
        with transaction.atomic():
            Person.objects.create(unit=unit, number="1", name="A")
            transaction.set_rollback(True)
        Person.objects.create(unit=unit, number="2", name="B")

    assert sources() == ["api"]


def test_a_reason_is_carried(ada):
    with because("moved away", batch="b-1"):
        Person.objects.filter(pk=ada.pk).update(name="Eve")

    entry = AuditEvent.objects.latest("id")
    assert (entry.reason, entry.batch) == ("moved away", "b-1")


@pytest.mark.parametrize(
    "reason", ['it\'s "100 %" \\ done', "%s %(name)s", "'; DELETE FROM sample_person; --", "a\x00b"]
)
def test_a_reason_is_text_and_nothing_else(ada, reason):
    with because(reason):
        assert Person.objects.filter(pk=ada.pk).update(name="Eve") == 1

    assert AuditEvent.objects.latest("id").reason == reason.replace("\x00", "")


def test_personal_values_stand_apart_with_a_salt_and_secrets_not_at_all(ada, make_user):
    user = make_user()
    user.set_password("correct horse")
    user.save()
    Person.objects.filter(pk=ada.pk).update(name="Eve", number="P-9")

    changed_password = AuditEvent.objects.filter(content_type__model="user", action=1).get()
    entry = AuditEvent.objects.latest("id")
    assert changed_password.changes["password"] == [None, None]
    assert entry.changes == {"number": ["P-1", "P-9"]}
    [(field, (salt, old, new))] = entry.personal.items()
    assert (field, old, new) == ("name", "Ada", "Eve")
    assert len(salt) == 36
    assert (entry.unit_id, entry.subject) == (ada.unit_id, ada.pk)


def test_a_part_names_the_record_it_belongs_to(line):
    entry = AuditEvent.objects.latest("id")

    assert (entry.content_type.model, entry.subject, entry.unit_id) == ("line", line.deal_id, line.unit_id)


def test_a_deal_names_its_buyer(deal):
    entry = AuditEvent.objects.get(content_type__model="deal")

    assert entry.subject == Deal.objects.get().buyer_id


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_a_write_is_signed_and_the_next_one_is_not_signed_by_it():
    unit = Unit.objects.create(name="North", slug="north", path="/north/")
    with acting(Context(source="api", actor=ACTOR)):
        Person.objects.create(unit=unit, number="1", name="A")
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('audit.ctx', true)")
        assert cursor.fetchone()[0] in (None, "")
    Person.objects.create(unit=unit, number="2", name="B")

    assert sources() == ["api", "database"]


@pytest.mark.django_db(transaction=True)
def test_a_thread_signs_for_itself():
    unit = Unit.objects.create(name="North", slug="north", path="/north/")

    def write(number: str) -> None:
        with acting(Context(source=f"job:{number}")):
            Person.objects.create(unit=unit, number=number, name="A")
        connection.close()

    threads = [threading.Thread(target=write, args=[str(number)]) for number in range(3)]
    with acting(Context(source="web")):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(sources()) == ["job:0", "job:1", "job:2"]
