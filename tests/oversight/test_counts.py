"""The trail is counted once, from the sealed position on, by the hours of the house."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from apps.audit.models import Alert, AuditEvent, AuditLeaf
from apps.events.work import Work, enqueue, execute
from apps.integrations.demo import load_demo
from apps.kernel.trail import Action, Context, acting, record
from apps.oversight.anomalies.counts import CHUNK, count_on, forget
from apps.oversight.anomalies.rules import judge
from apps.oversight.models import ActorHour, CountedUntil, HourCount
from tests.audit.sealing import seal_everything
from tests.sample.models import Person, Tag

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "sample.person"


def count_everything(*, limit: int = CHUNK) -> int:
    counted = 0
    while now := count_on(limit=limit)[0]:
        counted += now
    return counted


def totals(actor: UUID) -> tuple[int, int, int]:
    """Acts, reads and exported rows of one actor."""
    rows = ActorHour.objects.filter(actor=actor).values_list("acts", "reads", "exported")
    return tuple(sum(column) for column in zip(*rows, strict=True)) or (0, 0, 0)


@pytest.fixture
def clerk(make_user):
    return make_user("customer-viewer")


@pytest.fixture
def by_clerk(clerk) -> Iterator[None]:
    with acting(Context(source="admin", actor=clerk.pk)):
        yield


@pytest.fixture
def recorded_at(clerk) -> Callable[[datetime], None]:
    """Entries of another time, which only the owner of the trail could write; sealed here as they come."""
    kind = ContentType.objects.get_for_model(Person).pk
    columns = '"timestamp", txid, action, content_type_id, object_pk, changes, personal, additional_data, actor_id'

    def write(*moments: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
            for moment in moments:
                cursor.execute(
                    f"INSERT INTO audit_auditevent ({columns}, source, cid, reason, batch, db_user, application_name) "
                    "VALUES (%s, pg_current_xact_id(), 3, %s, '', '{}', '{}', '{}', %s, 'admin', '', '', '', '', '')",
                    [moment, kind, clerk.pk],
                )
            cursor.execute(f"SET ROLE {connection.settings_dict['RUNTIME_ROLE']}")

    return write


def test_an_empty_log_has_nothing_to_count():
    assert AuditLeaf.objects.count() == 0
    assert count_on() == (0, set())


def test_what_is_not_sealed_is_not_counted_yet(clerk, by_clerk):
    record(Action.ACCESS, model=PERSON, objects=["1"])
    seal_everything()
    count_everything()
    record(Action.ACCESS, model=PERSON, objects=["2"])

    assert count_on() == (0, set())
    assert totals(clerk.pk) == (1, 1, 0)


def test_a_read_counts_as_many_records_as_were_seen(clerk, by_clerk):
    record(Action.ACCESS, model=PERSON, objects=["1", "2", "3"])
    record(Action.ACCESS, model=PERSON, objects=["4"])
    record(Action.ACCESS, model=PERSON, details={"count": 150, "ids": ["1", "2"]})
    record(Action.ACCESS, model=PERSON, details={"count": 0})
    record(Action.ACCESS, model="sample.tag", details={"count": 900})
    seal_everything()

    count_everything()

    assert totals(clerk.pk) == (7, 154, 0)


def test_an_export_counts_its_rows_once_they_are_taken(clerk, by_clerk):
    record(Action.EXPORT, model=PERSON, details={"step": "made", "rows": 700})
    record(Action.EXPORT, model=PERSON, details={"step": "taken", "rows": 700})
    record(Action.EXPORT, model="sample.tag", details={"rows": 50})
    record(Action.EXPORT, model=PERSON, objects=["1", "2"])
    seal_everything()

    count_everything()

    assert totals(clerk.pk) == (5, 0, 752)


@pytest.mark.parametrize("said", ["many", None, [1], {}, True])
def test_a_figure_that_is_none_stops_nothing(clerk, by_clerk, said):
    record(Action.ACCESS, model=PERSON, details={"count": said})
    seal_everything()

    count_everything()

    assert totals(clerk.pk) == (1, 1, 0)


def test_a_figure_beyond_all_measure_stops_nothing(clerk, by_clerk):
    record(Action.ACCESS, model=PERSON, details={"count": 1e300})
    record(Action.ACCESS, model=PERSON, details={"count": -5})
    seal_everything()

    count_everything()

    assert totals(clerk.pk) == (2, 1_000_000_000, 0)


@pytest.mark.parametrize("source", ["job:reports.export", "schedule:privacy.expire", "event:orders.placed"])
def test_what_goes_on_for_somebody_is_not_his_own_act(clerk, unit, source):
    with acting(Context(source=source, actor=clerk.pk)):
        Tag.objects.create(unit=unit, label="red")
    seal_everything()

    count_everything()

    assert totals(clerk.pk) == (0, 0, 0)


def test_every_entry_is_counted_once_in_parts_of_any_size(unit, clerk, by_clerk):
    Tag.objects.bulk_create(Tag(unit=unit, label=f"t{number}") for number in range(50))
    record(Action.ACCESS, model=PERSON, objects=["1", "2", "3"])
    size = seal_everything()

    assert count_everything(limit=7) == size
    assert count_everything() == 0
    assert totals(clerk.pk) == (53, 3, 0)
    assert sum(HourCount.objects.values_list("entries", flat=True)) == AuditEvent.objects.count() == size
    assert CountedUntil.objects.get().sequence == size


def test_entries_are_counted_by_action_and_by_kind(unit, clerk, by_clerk):
    tag = Tag.objects.create(unit=unit, label="red")
    Tag.objects.filter(pk=tag.pk).update(label="blue")
    Person.objects.create(unit=unit, number="P-1", name="Ada")
    seal_everything()

    count_everything()

    of_sample = HourCount.objects.filter(content_type__app_label="sample")
    assert sorted(of_sample.values_list("content_type__model", "action", "entries")) == [
        ("person", Action.CREATE, 1),
        ("tag", Action.CREATE, 1),
        ("tag", Action.UPDATE, 1),
    ]


def test_a_part_that_fails_is_counted_again_as_a_whole(clerk, by_clerk):
    record(Action.ACCESS, model=PERSON, objects=["1", "2"])
    size = seal_everything()
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE; REVOKE INSERT ON oversight_actorhour FROM " + _role() + "; SET ROLE " + _role())

    with pytest.raises(Exception, match="permission denied"):
        count_on()
    assert (HourCount.objects.count(), CountedUntil.objects.count()) == (0, 0)

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE; GRANT INSERT ON oversight_actorhour TO " + _role() + "; SET ROLE " + _role())
    assert count_everything() == size
    assert totals(clerk.pk) == (2, 2, 0)


def _role() -> str:
    return str(connection.settings_dict["RUNTIME_ROLE"])


@override_settings(TIME_ZONE="Europe/Berlin")
def test_the_hour_that_comes_twice_is_two_hours_and_the_day_has_25(clerk, recorded_at):
    midnight = datetime(2026, 10, 24, 22, tzinfo=UTC)
    recorded_at(*(midnight + timedelta(hours=number, minutes=30) for number in range(25)))
    seal_everything()

    _, days = count_on()

    hours = ActorHour.objects.filter(actor=clerk, reads=1, hour__lt=midnight + timedelta(hours=25))
    assert hours.count() == 25
    assert min(days) == date(2026, 10, 25)


@override_settings(TIME_ZONE="Asia/Kolkata")
def test_an_hour_is_one_of_the_clocks_of_the_house(clerk, recorded_at):
    recorded_at(datetime(2026, 3, 10, 18, 29, tzinfo=UTC), datetime(2026, 3, 10, 18, 31, tzinfo=UTC))
    seal_everything()

    count_on()

    hours = ActorHour.objects.filter(actor=clerk, reads=1).order_by("hour").values_list("hour", flat=True)
    assert [str(timezone.localtime(hour)) for hour in hours] == [
        "2026-03-10 23:00:00+05:30",
        "2026-03-11 00:00:00+05:30",
    ]


def test_counts_are_deleted_after_180_days(clerk, worked):
    now = datetime(2026, 9, 10, 12, tzinfo=UTC)
    old, young = (now - timedelta(days=180, minutes=1)), (now - timedelta(days=179))
    for hour in (old, young):
        ActorHour.objects.create(actor=clerk, hour=hour, reads=1)
        HourCount.objects.create(hour=hour, content_type=ContentType.objects.first(), action=3, entries=1)

    assert forget(now=now) == 2
    assert [*ActorHour.objects.values_list("hour", flat=True)] == [young]
    assert [*HourCount.objects.values_list("hour", flat=True)] == [young]


def test_the_job_counts_and_tells(clerk, by_clerk, unit):
    record(Action.ACCESS, model=PERSON, details={"count": 4_001})
    size = seal_everything()
    with transaction.atomic():
        work = enqueue("oversight.watch")
    execute(work.pk)

    work = Work.objects.get(pk=work.pk)
    assert (work.state, work.result) == ("done", {"counted": size, "raised": 1})


def test_the_demonstration_data_raises_nothing_whoever_writes_it(clerk, by_clerk):
    list(load_demo(6))
    size = seal_everything(limit=5_000)

    _counted, days = count_on()

    assert CountedUntil.objects.get().sequence == size
    assert totals(clerk.pk)[0] > 500
    assert (len(days), judge(days, now=timezone.now())) == (1, 0)
    assert not Alert.objects.exists()
