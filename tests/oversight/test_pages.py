"""The pages of auditors: how busy the trail was, why a day stands out, and from which figures on."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.audit.alerts import raise_alert
from apps.audit.models import Alert, AuditEvent
from apps.kernel.trail import Action, Context, acting, record
from apps.oversight.anomalies.rules import begin_of, judge
from apps.oversight.models import HourCount, Threshold
from tests.oversight.conftest import DAY, at, before

pytestmark = pytest.mark.django_db

ACTIVITY = reverse("admin:oversight_hourcount_changelist")
THRESHOLDS = reverse("admin:oversight_threshold_changelist")


@pytest.fixture
def auditor(make_user):
    return make_user("auditor")


@pytest.fixture
def clerk(hired):
    return hired("customer-viewer", name="Carla Clerk")


def text_of(page) -> str:
    """What a reader sees, without the marks and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).replace("&#x27;", "'").split())


def told(client, alert: Alert) -> str:
    return text_of(client.get(reverse("admin:audit_alert_change", args=[alert.pk])))


def test_the_page_of_an_alert_tells_the_rule_and_the_figures(sign_in, auditor, clerk, worked):
    worked(clerk, before(DAY, 28), reads=100)
    worked(clerk, [DAY], reads=501)
    judge({DAY}, now=begin_of(DAY) + timedelta(hours=20))

    page = sign_in(auditor).get(reverse("admin:audit_alert_change", args=[Alert.objects.get().pk]))

    said = text_of(page)
    assert "On 10 Mar 2026 this actor read 501 records about people. The limit was 500." in said
    assert "the median of his last 28 days with any, plus 8 times the spread, and always above the floor of 500" in said
    assert "Here 28 days count, with a median of 100 and a spread of 50." in said
    assert "Carla Clerk · 10 Mar 2026" in said
    assert page.content.decode().count('class="bar') == 28
    assert f"actor={clerk.pk}" in page.content.decode()
    assert "timestamp_from_0=2026-03-10&amp;timestamp_from_1=00%3A00%3A00" in page.content.decode()


def test_the_page_leads_to_the_timeline_and_to_the_entries_of_that_day(sign_in, auditor, clerk):
    today = timezone.localdate()
    with acting(Context(source="admin", actor=clerk.pk)):
        record(Action.EXPORT, model="accounts.user", details={"rows": 40_001, "name": "everybody"})
    figures = {"value": 40_001, "limit": 40_000, "factor": 8.0, "floor": 5_000, "basis": "none", "days": 0}
    figures |= {"day": str(today), "median": None, "spread": None}
    alert = raise_alert(Alert.Rule.EXPORTS, about=f"{clerk.pk}:{today}", actor=clerk.pk, details=figures)
    client = sign_in(auditor)
    page = client.get(reverse("admin:audit_alert_change", args=[alert.pk])).content.decode()

    story, entries = re.findall(r'<p><a class="text-primary[^"]*" href="([^"]+)">', page)

    for link in (story, entries):
        shown = client.get(unescape(link))
        assert shown.status_code == 200
        assert "Carla Clerk" in text_of(shown)


def test_the_page_says_when_a_role_was_the_measure_and_when_nothing_was(sign_in, auditor, hired, clerk, worked):
    newcomer = hired("order-viewer", name="Nora New")
    worked(hired("customer-viewer"), before(DAY, 28), exported=4_000)
    worked(clerk, [DAY], exported=20_001)
    worked(newcomer, [DAY], exported=40_001)
    judge({DAY}, now=begin_of(DAY) + timedelta(hours=20))
    client = sign_in(auditor)

    of_role, of_nobody = told(client, Alert.objects.get(actor=clerk)), told(client, Alert.objects.get(actor=newcomer))

    assert "this actor took 20,001 rows away in files. The limit was 20,000." in of_role
    assert "fewer than 10 such days of his own, so he is compared with the others who hold his roles" in of_role
    assert "Here 28 days of others count, with a median of 4,000 and a spread of 2,000." in of_role
    assert "Until then the limit is the floor of 5,000 times 8." in of_nobody


def test_the_page_of_unusual_hours_names_them(sign_in, auditor, clerk, worked):
    worked(clerk, before(DAY, 40), hour=10, acts=30)
    worked(clerk, [DAY], hour=3, acts=60)
    judge({DAY}, now=begin_of(DAY) + timedelta(hours=20))

    said = told(sign_in(auditor), Alert.objects.get())

    assert (
        "left 60 entries in hours in which he hardly ever works, those that begin at 03:00. Up to 50 say nothing."
        in said
    )
    assert "fewer than one in 20 of his days of the last twelve weeks" in said
    assert "Of his 40 days it was 0 at most." in said


def test_the_page_of_a_write_from_outside_names_the_login_and_its_first_entry(sign_in, auditor):
    said = {"entries": 1_200, "first": 77, "disabled": ["customers_customer"]}
    alert = raise_alert(Alert.Rule.OUTSIDE, about="postgres", details=said)

    page = sign_in(auditor).get(reverse("admin:audit_alert_change", args=[alert.pk]))

    assert "The login of this case is postgres, with 1,200 entries so far." in text_of(page)
    assert "Triggers were switched off on: customers_customer." in text_of(page)
    assert reverse("admin:audit_auditevent_change", args=[77]) in page.content.decode()


@pytest.fixture
def counted() -> date:
    """Counts of yesterday and of the same hour a week before."""
    day = timezone.localdate() - timedelta(days=1)
    user, group = (ContentType.objects.get_for_model(model) for model in (AuditEvent, Group))
    HourCount.objects.create(hour=at(day, 9), content_type=user, action=Action.ACCESS, entries=1_200)
    HourCount.objects.create(hour=at(day, 22), content_type=group, action=Action.CREATE, entries=30)
    HourCount.objects.create(hour=at(day - timedelta(days=7), 9), content_type=user, action=Action.ACCESS, entries=5)
    HourCount.objects.create(hour=at(day - timedelta(weeks=13), 9), content_type=user, action=3, entries=70_000)
    return day


def test_the_graph_shows_twelve_weeks_and_leads_to_the_entries(sign_in, auditor, counted):
    page = sign_in(auditor).get(ACTIVITY)

    said = text_of(page)
    assert "1,235 entries of the last twelve weeks." in said
    assert f"{counted:%a} {counted.day} {counted:%b} 1,230" in said
    assert "Read 1,205" in said
    assert "Created 30" in said
    assert "Audit entry 1,205" in said
    html = page.content.decode()
    assert f"timestamp_from_0={counted}" in html
    assert html.count('<rect class="bar') == 84 + 2 + 2
    assert html.count('<rect class="shade') == 168
    assert html.count('<rect class="shade-5"') == 1


def test_the_graph_is_narrowed_by_action_and_kind(sign_in, auditor, counted):
    kind = ContentType.objects.get_for_model(Group)
    client = sign_in(auditor)

    by_action = client.get(ACTIVITY, {"action": 0})
    by_both = client.get(ACTIVITY, {"action": 3, "kind": kind.pk})

    assert "30 entries of the last twelve weeks." in text_of(by_action)
    assert "action__exact=0" in by_action.content.decode()
    assert "No entry of the last twelve weeks is like that." in text_of(by_both)


def test_a_square_shows_its_hour_week_by_week(sign_in, auditor, counted):
    page = sign_in(auditor).get(ACTIVITY, {"weekday": counted.isoweekday(), "hour": 9})

    said, week_before = text_of(page), counted - timedelta(days=7)
    assert f"{counted:%A}, 09:00 to 10:00, week by week" in said
    assert (
        f"{week_before:%a} {week_before.day} {week_before:%b} 5 {counted:%a} {counted.day} {counted:%b} 1,200" in said
    )
    assert f"timestamp_from_0={counted}&amp;timestamp_from_1=09%3A00%3A00" in page.content.decode()


@pytest.mark.parametrize("query", [{"action": "99"}, {"kind": "0"}, {"hour": "24"}, {"weekday": "x"}])
def test_the_graph_refuses_what_it_does_not_offer(sign_in, auditor, query):
    assert sign_in(auditor).get(ACTIVITY, query).status_code == 400


def test_before_anything_is_counted_the_graph_says_who_counts(sign_in, auditor):
    assert "Nothing is counted yet." in text_of(sign_in(auditor).get(ACTIVITY))


def test_the_graph_asks_as_little_for_many_counts_as_for_few(sign_in, auditor, counted):
    client = sign_in(auditor)
    client.get(ACTIVITY)
    with CaptureQueriesContext(connection) as few:
        client.get(ACTIVITY)
    kind = ContentType.objects.get_for_model(Group)
    HourCount.objects.bulk_create(
        HourCount(hour=at(counted, hour), content_type=kind, action=action, entries=1)
        for hour in range(20)
        for action in (1, 2)
    )

    with CaptureQueriesContext(connection) as many:
        client.get(ACTIVITY)

    assert len(many) == len(few) <= 12


def test_the_start_page_counts_the_last_two_weeks(sign_in, auditor, counted):
    said = text_of(sign_in(auditor).get(reverse("admin:start_panel", args=["activity"])))

    assert f"{counted.day} {counted:%b} 1,230" in said
    assert "Failed sign-ins 0" in said


@pytest.mark.parametrize("role", ["customer-manager", "operator", "access-reviewer"])
def test_only_auditors_see_the_graph(sign_in, make_user, role):
    assert sign_in(make_user(role)).get(ACTIVITY).status_code == 403


@pytest.mark.parametrize("role", ["administrator", "data-protection-officer"])
def test_a_threshold_is_set_changed_and_taken_back_each_time_with_a_reason(sign_in, make_user, role):
    client = sign_in(make_user(role))
    group = Group.objects.get(name="customer-manager")
    fields = {"role": group.pk, "rule": "reads", "factor": "8", "floor": "400"}

    refused = client.post(reverse("admin:oversight_threshold_add"), fields)
    client.post(reverse("admin:oversight_threshold_add"), {**fields, "reason": "they check addresses in spring"})
    threshold = Threshold.objects.get()
    page = client.get(reverse("admin:oversight_threshold_change", args=[threshold.pk]))
    version = re.search(r'name="row_version"[^>]*value="(\d+)"', page.content.decode())
    client.post(
        reverse("admin:oversight_threshold_change", args=[threshold.pk]),
        {"factor": "9", "floor": "500", "reason": "spring is longer", "row_version": version[1] if version else ""},
    )
    changed = Threshold.objects.get()
    client.post(reverse("admin:oversight_threshold_do", args=[threshold.pk, "take_back"]), {"reason": "spring is over"})

    assert "This field is required." in refused.content.decode()
    assert (changed.role, changed.rule, changed.factor, changed.floor) == (group, "reads", 9, 500)
    assert not Threshold.objects.exists()
    entries = AuditEvent.objects.filter(content_type__model="threshold", action__in=(0, 1, 2)).order_by("id")
    assert list(entries.values_list("action", "reason")) == [
        (Action.CREATE, "they check addresses in spring"),
        (Action.UPDATE, "spring is longer"),
        (Action.DELETE, "spring is over"),
    ]


def test_a_role_has_one_threshold_of_a_rule(sign_in, make_user):
    group = Group.objects.get(name="customer-manager")
    Threshold.objects.create(role=group, rule="reads", factor=8, floor=400)
    fields = {"role": group.pk, "rule": "reads", "factor": "9", "floor": "1", "reason": "again"}

    page = sign_in(make_user("administrator")).post(reverse("admin:oversight_threshold_add"), fields)

    assert "This role has a threshold of this rule already. Change that one." in text_of(page)
    assert Threshold.objects.get().floor == 400


def test_an_auditor_sees_the_thresholds_and_changes_none(sign_in, auditor):
    client = sign_in(auditor)
    row = Threshold.objects.create(role=Group.objects.get(name="auditor"), rule="reads", factor=8, floor=400)

    said = text_of(client.get(THRESHOLDS))

    assert "As shipped" in said
    assert "Somebody worked at unusual hours 20 50" in said
    assert client.post(reverse("admin:oversight_threshold_add"), {}).status_code == 403
    page = client.post(reverse("admin:oversight_threshold_change", args=[row.pk]), {"factor": "1000"})
    assert page.status_code == 403
    assert Threshold.objects.get().factor == 8
