"""What happened is told in the transaction in which it happened, or not at all."""

from datetime import date
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.events.bus import OutsideTransaction, publish, publish_all
from apps.events.models import PublishedEvent, Work
from apps.events.work import UnknownJob, enqueue
from apps.kernel.trail import Context, acting
from tests.sample.events import PersonClosed, PersonCounted

NOTE = "tests.sample.subscribers.take_note"


@pytest.mark.django_db
def test_an_event_waits_for_each_of_its_subscribers_with_the_actor_who_caused_it():
    actor = uuid4()

    with acting(Context(source="api", actor=actor, request_id="r-1")):
        publish(PersonClosed(person="p-1"))

    event = PublishedEvent.objects.get()
    work = Work.objects.get()
    assert (event.name, event.aggregate, event.payload) == ("sample.person_closed", "p-1", {"person": "p-1"})
    assert (work.kind, work.name, work.event, work.aggregate, work.state) == ("delivery", NOTE, event, "p-1", "ready")
    assert work.context == {"source": "api", "actor": str(actor), "request": "r-1"}
    assert work.requested_by == actor


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_told():
    with pytest.raises(OutsideTransaction):
        publish(PersonClosed(person="p-1"))
    with pytest.raises(OutsideTransaction):
        enqueue("sample.steps", of="p-1")

    assert PublishedEvent.objects.count() == 0
    assert Work.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_was_never_told():
    def close_and_fail() -> None:
        with transaction.atomic():
            publish(PersonClosed(person="p-1"))
            enqueue("sample.steps", of="p-1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        close_and_fail()

    assert PublishedEvent.objects.count() == 0
    assert Work.objects.count() == 0


@pytest.mark.django_db
def test_ten_thousand_events_take_a_few_statements_and_keep_their_order():
    with CaptureQueriesContext(connection) as queries:
        publish_all([PersonClosed(person=f"p-{number}") for number in range(10_000)])

    assert len(queries) <= 12
    assert list(Work.objects.order_by("position").values_list("aggregate", flat=True)[:3]) == ["p-0", "p-1", "p-2"]
    assert Work.objects.values("position").distinct().count() == 10_000


@pytest.mark.django_db
def test_a_job_is_asked_for_by_its_name_and_with_the_arguments_it_takes():
    with pytest.raises(UnknownJob):
        enqueue("sample.unheard_of")
    with pytest.raises(TypeError):
        enqueue("sample.steps", wrong="p-1")

    assert Work.objects.count() == 0


def test_a_day_comes_back_as_a_day_and_a_field_that_has_gone_is_left_out():
    counted = PersonCounted(person="p-1", number=3, on=date(2026, 5, 3))

    assert counted.payload() == {"person": "p-1", "number": 3, "on": "2026-05-03"}
    assert PersonCounted.restored(counted.payload() | {"dropped": 1}) == counted
    assert PersonCounted.restored({"person": "p-1", "number": 3}).on is None
