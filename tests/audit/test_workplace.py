"""The auditor's pages: what happened, as sentences, each linked to the timelines of those it names."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit import timeline
from apps.audit.admin.paging import PER_PAGE
from apps.audit.models import AuditEvent
from apps.audit.redaction import redact
from apps.kernel.trail import Action, Context, acting, because, record
from tests.sample.models import Deal, Line, Person, Tag

LIST = reverse("admin:audit_auditevent_changelist")


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


@pytest.fixture
def nancy(make_user, unit):
    return make_user("sample-manager", unit, name="Nancy Davolio")


@pytest.fixture
def raised(nancy, deal) -> Deal:
    with acting(Context(source="admin", actor=nancy.pk, request_id="request-9", reason="asked for")):
        Deal.objects.filter(pk=deal.pk).update(total=5000)
    return deal


def record_page(row) -> str:
    return reverse("admin:audit_record", args=[row._meta.label_lower, row.pk])


def said(page) -> list[str]:
    return [str(sentence) for day in page.context["days"] for act in day.acts for sentence, _html in act.sentences]


def test_a_record_tells_who_changed_what_and_why(sign_in, auditor, nancy, raised):
    page = sign_in(auditor).get(record_page(raised))

    assert said(page)[0] == "Nancy Davolio changed total of deal D-1 from 0 to 5,000 — reason: asked for"
    html = page.content.decode()
    assert page.context["title"] == "Deal D-1"
    for name, key in (("audit_actor", nancy.pk), ("audit_request", "request-9")):
        assert f'href="{reverse(f"admin:{name}", args=[key])}"' in html
    assert f'href="{record_page(raised)}"' in html


def test_a_record_tells_of_its_lines_and_links_also_of_those_that_are_gone(sign_in, auditor, deal, line, red):
    gone = Line.objects.create(unit=deal.unit, deal=deal, what="Milk")
    deal.tags.add(red)
    Line.objects.filter(pk=gone.pk).delete()

    page = sign_in(auditor).get(record_page(deal))

    assert [text.removeprefix("Somebody past the application ") for text in said(page)] == [
        f"deleted line …{str(gone.pk)[-8:]}",
        f"created deal-tag relationship {Deal.tags.through.objects.get().pk}",
        f"created line …{str(gone.pk)[-8:]}",
        f"created line …{str(line.pk)[-8:]}",
        "created deal D-1",
    ]


def test_a_deleted_record_keeps_its_timeline_and_its_number(sign_in, auditor, deal):
    key = deal.pk
    deal.delete()

    page = sign_in(auditor).get(reverse("admin:audit_record", args=["sample.deal", key]))

    assert page.context["title"] == "Deal D-1"
    assert [text.removeprefix("Somebody past the application ") for text in said(page)] == [
        "deleted deal D-1",
        "created deal D-1",
    ]


def test_a_person_has_a_timeline_as_subject_and_another_as_actor(sign_in, auditor, nancy, ada, raised):
    client = sign_in(auditor)

    subject = client.get(reverse("admin:audit_subject", args=[ada.pk]))
    actor = client.get(reverse("admin:audit_actor", args=[nancy.pk]))

    assert subject.context["title"] == "About person P-1"
    assert said(subject)[0].startswith("Nancy Davolio changed total of deal D-1")
    assert said(subject)[-1].endswith("created person P-1")
    assert actor.context["title"] == "Done by Nancy Davolio"
    assert said(actor) == ["Nancy Davolio changed total of deal D-1 from 0 to 5,000 — reason: asked for"]


def test_a_request_and_a_batch_hold_together_what_was_done_in_them(sign_in, auditor, unit):
    with acting(Context(source="api", request_id="request-7", batch="b/7 ü")):
        Tag.objects.create(unit=unit, label="red")
        Tag.objects.create(unit=unit, label="blue")
    client = sign_in(auditor)

    for name, key in (("audit_request", "request-7"), ("audit_batch", "b/7 ü")):
        page = client.get(reverse(f"admin:{name}", args=[key]))
        [day] = page.context["days"]
        [act] = day.acts
        assert [str(sentence) for sentence, _html in act.sentences] == [
            "A caller who had not signed in created tag blue",
            "A caller who had not signed in created tag red",
        ]


@pytest.mark.parametrize(
    ("action", "objects", "details", "expected"),
    [
        (Action.ACCESS, [], {}, "A caller who had not signed in read persons"),
        (Action.EXPORT, ["not-a-key"], {}, "A caller who had not signed in exported person …ot-a-key"),
        (
            Action.REFUSED,
            [],
            {"permission": "sample.add_person"},
            "A caller who had not signed in was refused sample.add_person on persons",
        ),
        (Action.LOGIN_FAILED, [], {}, "A sign-in to an unknown account failed"),
        (Action.OPERATED, [], {}, "A caller who had not signed in decided about persons"),
    ],
)
def test_what_changed_no_row_is_a_sentence_too(db, action, objects, details, expected):
    with acting(Context(source="api")):
        record(action, model="sample.person", objects=objects, details=details)

    [sentence] = timeline.narrate(AuditEvent.objects.order_by("-id")[:1], reader=None)

    assert str(sentence) == expected


def test_a_change_of_several_fields_names_the_first_of_them(deal, bob):
    Deal.objects.filter(pk=deal.pk).update(total=1, note="a", ship_to="b", agent=None)

    [sentence] = timeline.narrate(AuditEvent.objects.filter(action=Action.UPDATE).order_by("-id")[:1], reader=None)

    assert str(sentence) == "Somebody past the application changed agent, note, total, … of deal D-1"
    assert sentence.lists_fields


def test_braces_and_tags_in_values_are_text(sign_in, auditor, deal):
    Deal.objects.filter(pk=deal.pk).update(note="{who} <script>")

    page = sign_in(auditor).get(record_page(deal))

    assert said(page)[0].endswith("changed note of deal D-1 from – to {who} <script>")
    assert "<script>{who}" not in page.content.decode()
    assert "{who} &lt;script&gt;" in page.content.decode()


def test_what_was_erased_is_said_to_be_erased(sign_in, auditor, ada):
    Person.objects.filter(pk=ada.pk).update(name="Eve")
    changed = AuditEvent.objects.get(action=Action.UPDATE, object_pk=str(ada.pk))
    redact({changed.pk: ["name"]}, ground="Art. 17 GDPR")

    page = sign_in(auditor).get(record_page(ada))

    assert "Erased from this entry: name" in page.content.decode()
    assert "Eve" not in page.content.decode()


def test_older_pages_are_reached_by_the_place_of_the_last_entry(sign_in, auditor, ada):
    for number in range(PER_PAGE + 5):
        Person.objects.filter(pk=ada.pk).update(name=f"Name {number}")
    client = sign_in(auditor)

    first = client.get(record_page(ada))
    second = client.get(record_page(ada) + first.context["older"])

    assert (len(said(first)), len(said(second))) == (PER_PAGE, 6)
    assert said(second)[-1].endswith("created person P-1")
    assert (first.context["newest"], second.context["older"]) == ("", "")
    assert not set(said(first)) & set(said(second))


def test_a_page_costs_the_same_for_any_number_of_entries(sign_in, auditor, nancy, deal):
    client = sign_in(auditor)

    def asked(path: str) -> int:
        client.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    def make(number: int) -> None:
        with acting(Context(source="admin", actor=nancy.pk, request_id="request-9", batch="b-9")):
            for each in range(number):
                row = Line.objects.create(unit=deal.unit, deal=deal, what=f"{number} {each}")
                Line.objects.filter(pk=row.pk).update(what="x")
            row.delete()

    make(30)
    paths = [
        LIST,
        record_page(deal),
        reverse("admin:audit_subject", args=[deal.pk]),
        reverse("admin:audit_actor", args=[nancy.pk]),
        reverse("admin:audit_request", args=["request-9"]),
        reverse("admin:audit_batch", args=["b-9"]),
    ]
    for path in paths:
        asked(path)
    few = {path: asked(path) for path in paths}
    make(60)

    assert {path: asked(path) for path in paths} == few
    assert max(few.values()) <= 25


@pytest.mark.parametrize(
    "path",
    [
        reverse("admin:audit_subject", args=["01900000-0000-7000-8000-00000000ac70"]),
        reverse("admin:audit_actor", args=["01900000-0000-7000-8000-00000000ac70"]),
        reverse("admin:audit_request", args=["nothing"]),
        reverse("admin:audit_batch", args=["nothing"]),
        reverse("admin:audit_record", args=["sample.person", "nothing"]),
    ],
)
def test_a_timeline_of_nothing_says_what_to_do(sign_in, auditor, path):
    page = sign_in(auditor).get(path)

    assert page.status_code == 200
    assert "Look in the list of entries" in page.content.decode()


@pytest.mark.parametrize("label", ["sample.nothing", "nothing", "a.b.c"])
def test_a_kind_that_is_none_is_404(sign_in, auditor, label):
    assert sign_in(auditor).get(reverse("admin:audit_record", args=[label, "1"])).status_code == 404


def test_every_look_is_recorded_by_keys(sign_in, auditor, ada):
    sign_in(auditor).get(record_page(ada))

    [look] = AuditEvent.objects.filter(action=Action.ACCESS, actor=auditor.pk)
    assert look.additional_data == {"timeline": "record", "model": "sample.person", "object": str(ada.pk)}


def test_who_runs_the_business_has_no_workplace(sign_in, nancy, deal):
    client = sign_in(nancy)

    for path in (record_page(deal), reverse("admin:audit_actor", args=[nancy.pk])):
        assert client.get(path).status_code == 403


@pytest.mark.parametrize("typed", ["D-1", "d-1", " D-1 "])
def test_a_number_finds_the_entries_of_its_record(sign_in, auditor, deal, red, typed):
    page = sign_in(auditor).get(f"{LIST}?q={quote(typed)}")

    assert {event.object_pk for event in page.context["cl"].result_list} == {str(deal.pk)}


def test_the_number_of_a_deleted_record_finds_it_and_an_address_finds_its_owner(sign_in, auditor, deal, nancy, raised):
    key = str(deal.pk)
    deal.delete()
    client = sign_in(auditor)

    by_number = client.get(f"{LIST}?q=D-1").context["cl"].result_list
    by_address = client.get(f"{LIST}?q={quote(nancy.email)}").context["cl"].result_list

    assert [(event.object_pk, event.action) for event in by_number] == [(key, 2), (key, 1), (key, 0)]
    assert [event.actor_id for event in by_address] == [nancy.pk]
    looks = AuditEvent.objects.filter(action=Action.ACCESS, actor=auditor.pk).order_by("id")
    assert [look.additional_data["filters"] for look in looks] == [{"q": None}, {"q": None}]


def test_the_list_shows_the_last_thirty_days_and_says_so(sign_in, auditor, deal):
    # Migrations made entries too, and may have been applied on any earlier day.
    client, long_ago = sign_in(auditor), timezone.localdate() - timedelta(days=1_000)

    usual = client.get(LIST)
    before = client.get(f"{LIST}?timestamp_to_0={long_ago}")

    assert "The last 30 days are shown unless you name another period." in usual.content.decode()
    assert usual.context["cl"].result_list
    assert before.context["cl"].result_list == []
    period = before.context["cl"].period
    assert (timezone.localdate(period.since), timezone.localdate(period.until)) == (
        long_ago - timedelta(days=30),
        long_ago,
    )
    assert "Choose a longer period" in before.content.decode()


@pytest.mark.parametrize("said", ["timestamp_from_0=soon", "timestamp_to_0=2026-11-21&timestamp_to_1=25:00"])
def test_a_period_that_cannot_be_read_is_put_aside(sign_in, auditor, said):
    assert sign_in(auditor).get(f"{LIST}?{said}").status_code == 302


def test_a_period_may_be_an_hour(sign_in, auditor, deal):
    today = timezone.localdate()
    hour = f"timestamp_from_0={today}&timestamp_from_1=00:00:00&timestamp_to_0={today}&timestamp_to_1=00:00:00.5"

    page = sign_in(auditor).get(f"{LIST}?{hour}")

    assert page.context["cl"].result_list == []
    assert "The last 30 days" not in page.content.decode()


def test_the_list_goes_on_by_place_and_keeps_its_filters(sign_in, auditor, ada):
    with because(batch="b-1"):
        for number in range(PER_PAGE + 2):
            Person.objects.filter(pk=ada.pk).update(name=f"Name {number}")
    client = sign_in(auditor)

    first = client.get(f"{LIST}?batch=b-1")
    second = client.get(LIST + first.context["cl"].older)

    assert len(first.context["cl"].result_list) == PER_PAGE
    assert len(second.context["cl"].result_list) == 2
    assert {event.batch for event in second.context["cl"].result_list} == {"b-1"}
    assert second.context["cl"].newest == "?batch=b-1"


@pytest.mark.parametrize("place", ["nonsense", "2026-01-01~1", "2026-13-01T00:00:00+00:00~1", "2026-01-01T00:00:00Z~x"])
def test_a_place_that_is_none_is_400(sign_in, auditor, ada, place):
    client = sign_in(auditor)

    assert client.get(f"{LIST}?before={quote(place)}").status_code == 400
    assert client.get(f"{record_page(ada)}?before={quote(place)}").status_code == 400


def test_no_statement_of_the_list_counts(sign_in, auditor, deal):
    client = sign_in(auditor)

    with CaptureQueriesContext(connection) as captured:
        client.get(LIST)

    assert not [query["sql"] for query in captured if "COUNT(" in query["sql"]]


def test_an_entry_links_to_every_timeline_it_belongs_to(sign_in, auditor, nancy, raised, ada):
    event = AuditEvent.objects.get(cid="request-9")

    html = sign_in(auditor).get(reverse("admin:audit_auditevent_change", args=[event.pk])).content.decode()

    for name, key in (("audit_actor", nancy.pk), ("audit_request", "request-9"), ("audit_subject", ada.pk)):
        assert f'href="{reverse(f"admin:{name}", args=[key])}"' in html
    assert f'href="{record_page(raised)}"' in html


@pytest.mark.parametrize(
    ("recorded", "shown"), [("563.95000000000", "563.95"), ("563.951", "563.951"), ("0", "0"), ("1000.00", "1,000.00")]
)
def test_a_computed_number_is_shown_with_the_digits_of_its_column(recorded, shown):
    assert timeline.shown(Deal._meta.get_field("total"), recorded, {}) == shown
