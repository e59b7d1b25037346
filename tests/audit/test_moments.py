"""A record as it was on a day, rebuilt from the trail alone."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import F, Model
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import AuditEvent
from apps.audit.moments import Basis, Hidden, Moment, State, as_of
from apps.audit.redaction import redact
from apps.kernel.trail import Action
from tests.sample.models import Deal, Line, Person, Tag


@pytest.fixture
def auditor(make_user) -> User:
    return make_user("auditor")


def was(row: Model, at: datetime, key: object = None) -> Moment:
    kind, key = ContentType.objects.get_for_model(row), str(key or row.pk)
    return as_of(kind, [key], at)[key]


def times(key: object) -> list[datetime]:
    entries = AuditEvent.objects.filter(object_pk=str(key), action__in=(0, 1, 2))
    return list(entries.order_by("id").values_list("timestamp", flat=True))


def forget(**entries: Any) -> None:
    """As when the months are gone in which they were written."""
    numbers = list(AuditEvent.objects.filter(**entries).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE; SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_auditevent WHERE id = ANY(%s)", [numbers])
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute(f"SET LOCAL ROLE {connection.settings_dict['RUNTIME_ROLE']}")


def test_every_way_to_write_is_a_moment_to_go_back_to(ada: Person):
    Person.objects.filter(pk=ada.pk).update(name="By update", email="")
    ada.name = "By bulk_update"
    Person.objects.bulk_update([ada], ["name"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sample_person SET name = 'By SQL' WHERE id = %s", [ada.pk])
    Person.objects.filter(pk=ada.pk).update(number=F("name"))

    seen = [was(ada, at) for at in times(ada.pk)]

    assert [(m.state, m.basis) for m in seen] == [(State.THERE, Basis.CREATION)] * 5
    assert [(m.values["number"], m.values["name"], m.values["email"]) for m in seen] == [
        ("P-1", "Ada", "ada@example.org"),
        ("P-1", "By update", ""),
        ("P-1", "By bulk_update", ""),
        ("P-1", "By SQL", ""),
        ("By SQL", "By SQL", ""),
    ]


def test_before_it_was_made_it_was_not_there(ada: Person):
    [made] = times(ada.pk)

    assert was(ada, made - timedelta(microseconds=1)) == Moment(State.NOT_YET)


def test_what_was_deleted_has_its_last_values_and_the_moment_of_its_end(ada: Person):
    key = ada.pk
    Person.objects.filter(pk=key).update(name="Eve")
    Person.objects.filter(pk=key).delete()
    made, changed, ended = times(key)

    assert [was(ada, at, key).values["name"] for at in (made, changed, ended)] == ["Ada", "Eve", "Eve"]
    gone = was(ada, timezone.now(), key)
    assert (gone.state, gone.basis, gone.since) == (State.GONE, Basis.DELETION, ended)


def test_a_key_that_lived_twice_is_told_apart(unit, ada: Person):
    key = ada.pk
    Person.objects.filter(pk=key).delete()
    Person.objects.create(pk=key, unit=unit, number="P-2", name="Other")

    first, ended, second = (was(ada, at, key) for at in times(key))

    assert [m.state for m in (first, ended, second)] == [State.THERE, State.GONE, State.THERE]
    assert (first.values["number"], second.values["number"]) == ("P-1", "P-2")
    assert second.values["email"] == ""


def test_without_its_beginning_it_is_rebuilt_from_the_present_row_backward(deal: Deal):
    Deal.objects.filter(pk=deal.pk).update(total="10.50", note="first", closed_at=timezone.now())
    Deal.objects.filter(pk=deal.pk).update(total=20, closed_at=None)
    made, first, second = times(deal.pk)
    forget(object_pk=str(deal.pk), action=Action.CREATE)

    before, between, now = (was(deal, at) for at in (made, first, second))

    assert [m.basis for m in (before, between, now)] == [Basis.PRESENT] * 3
    assert [(m.values["number"], m.values["total"]) for m in (before, between, now)] == [
        ("D-1", 0),
        ("D-1", 10.5),
        ("D-1", 20),
    ]
    assert [(m.values["note"], "closed_at" in m.values) for m in (before, between, now)] == [
        ("", False),
        ("first", True),
        ("first", False),
    ]
    assert now.values["buyer"] == str(deal.buyer_id)


def test_without_its_beginning_and_gone_it_is_rebuilt_from_its_deletion_backward(deal: Deal):
    key = deal.pk
    Deal.objects.filter(pk=key).update(total=20)
    Deal.objects.filter(pk=key).delete()
    made, changed, ended = times(key)
    forget(object_pk=str(key), action=Action.CREATE)

    seen = [was(deal, at, key) for at in (made, changed, ended)]

    assert [(m.state, m.basis) for m in seen] == [
        (State.THERE, Basis.DELETION),
        (State.THERE, Basis.DELETION),
        (State.GONE, Basis.DELETION),
    ]
    assert [m.values["total"] for m in seen] == [0, 20, 20]


def test_where_nothing_is_left_to_go_by_that_is_said(deal: Deal):
    key = deal.pk
    Deal.objects.filter(pk=key).update(total=20)
    Deal.objects.filter(pk=key).delete()
    forget(object_pk=str(key), action__in=(Action.CREATE, Action.DELETE))

    assert was(deal, timezone.now(), key) == Moment(State.UNKNOWN, Basis.NOTHING, {"total": 20})


@pytest.mark.parametrize("is_beginning_known", [True, False])
def test_an_erased_value_is_said_to_be_erased_from_both_sides(ada: Person, is_beginning_known: bool):
    Person.objects.filter(pk=ada.pk).update(name="Eve")
    Person.objects.filter(pk=ada.pk).update(name="erased")
    made, _changed, erased = times(ada.pk)
    entries = AuditEvent.objects.filter(object_pk=str(ada.pk))
    redact({number: ["name", "email"] for number in entries.values_list("pk", flat=True)}, ground="Art. 17 GDPR")
    if not is_beginning_known:
        forget(object_pk=str(ada.pk), action=Action.CREATE)

    then = was(ada, made)

    assert then.values["name"] is Hidden.ERASED
    assert then.values["number"] == "P-1"
    assert was(ada, erased).values["name"] == (Hidden.ERASED if is_beginning_known else "erased")


def test_a_secret_is_never_shown_from_either_side(make_user):
    user = make_user()
    user.set_password("a long enough password")
    user.save()
    made = times(user.pk)[0]

    assert was(user, timezone.now()).values["password"] is Hidden.NEVER_RECORDED
    forget(object_pk=str(user.pk), action=Action.CREATE)
    assert was(user, made).values["password"] is Hidden.NEVER_RECORDED


def page(client: Any, row: Model, key: object = None, **moments: object) -> Any:
    address = reverse("admin:audit_moment", args=[row._meta.label_lower, key or row.pk])
    return client.get(f"{address}?{urlencode({name: str(at) for name, at in moments.items()})}")


def told(answer: Any) -> dict[str, list[str]]:
    return {line.title: line.sides for line in answer.context["lines"]}


def test_two_moments_stand_side_by_side(sign_in, auditor, deal: Deal, bob: Person):
    other = Person.objects.create(unit=deal.unit, number="P-3", name="Carl")
    Deal.objects.filter(pk=deal.pk).update(total=5000, agent=other, scan="stored/x.pdf")
    made, changed = times(deal.pk)

    answer = page(sign_in(auditor), deal, at=made.isoformat(), beside=changed.isoformat())

    assert told(answer)["Total"] == ["0", "5,000"]
    assert told(answer)["Agent"] == ["P-2", "P-3"]
    assert [line.title for line in answer.context["lines"] if line.differs] == ["Agent", "Total", "Scan"]
    assert "Rebuilt from its creation forward." in answer.content.decode()


def test_lines_and_links_stand_as_they_were(sign_in, auditor, deal: Deal, line: Line, red: Tag, blue: Tag):
    gone = Line.objects.create(unit=deal.unit, deal=deal, what="Milk")
    deal.tags.add(red)
    then = timezone.now()
    Line.objects.filter(pk=line.pk).update(quantity=7)
    Line.objects.filter(pk=gone.pk).delete()
    deal.tags.set([blue])

    answer = page(sign_in(auditor), deal, at=then.isoformat(), beside=timezone.now().isoformat())

    links, lines = answer.context["children"]
    assert [(row.there, {each.title: each.sides for each in row.lines}["Tag"]) for row in links.rows] == [
        ([True, False], ["red", "–"]),
        ([False, True], ["–", "blue"]),
    ]
    assert {each.title: each.sides for row in lines.rows[:1] for each in row.lines}["Quantity"] == ["2", "7"]
    assert [row.there for row in lines.rows] == [[True, True], [True, False]]


def test_a_field_that_has_left_the_model_stands_under_its_recorded_name(sign_in, auditor, deal: Deal):
    kind = ContentType.objects.get_for_model(Deal)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE NONE")
        cursor.execute(
            """INSERT INTO audit_auditevent ("timestamp", txid, action, content_type_id, object_pk, changes, personal,
            additional_data, source, cid, reason, batch, db_user, application_name) VALUES (clock_timestamp(),
            pg_current_xact_id(), 1, %s, %s, '{"colour": [null, "blue"]}', '{}', '{}', 'x', '', '', '', 'x', '')""",
            [kind.pk, str(deal.pk)],
        )
        cursor.execute(f"SET LOCAL ROLE {connection.settings_dict['RUNTIME_ROLE']}")

    answer = page(sign_in(auditor), deal, at=timezone.now().isoformat())

    assert told(answer)["Colour"] == ["blue"]


def test_the_page_of_a_deleted_record_says_when_it_ended(sign_in, auditor, ada: Person):
    key = ada.pk
    ada.delete()

    answer = page(sign_in(auditor), ada, key)

    assert answer.context["title"] == "Person P-1"
    assert told(answer)["Name"] == ["Ada"]
    assert "The record was deleted by then. These are its last values. Deleted " in answer.content.decode()


def test_what_is_no_moment_is_said_at_the_field_and_nothing_is_shown(sign_in, auditor, deal: Deal):
    answer = page(sign_in(auditor), deal, at="soon")

    assert answer.status_code == 200
    assert "Enter a valid date/time." in answer.content.decode()
    assert "lines" not in answer.context


def test_a_look_at_the_past_is_recorded_and_is_the_auditors_alone(sign_in, auditor, make_user, unit, ada: Person):
    at = timezone.now().isoformat()

    page(sign_in(auditor), ada, at=at)

    [look] = AuditEvent.objects.filter(action=Action.ACCESS, actor=auditor.pk)
    assert look.additional_data == {"as_of": [at], "model": "sample.person", "object": str(ada.pk)}
    assert page(sign_in(make_user("sample-manager", unit)), ada, at=at).status_code == 403


def test_a_moment_costs_the_same_for_any_number_of_lines_and_entries(sign_in, auditor, deal: Deal):
    client = sign_in(auditor)

    def asked() -> int:
        page(client, deal)
        with CaptureQueriesContext(connection) as captured:
            page(client, deal)
        return len(captured)

    def make(number: int) -> None:
        for _each in range(number):
            row = Line.objects.create(unit=deal.unit, deal=deal, what="x")
            Line.objects.filter(pk=row.pk).update(what="y")

    make(1)
    asked()
    few = asked()
    make(30)

    assert asked() == few
    assert few <= 30
