"""A hold is set and released with a reason, by the data protection officer; an auditor sees it."""

import re
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.audit.holds import AlreadyReleased, PeriodReversed, UnknownKind, WithoutReason, release_hold, set_hold
from apps.audit.models import AuditEvent, LegalHold
from apps.kernel.trail import Action

pytestmark = pytest.mark.django_db
LIST = "/api/v1/audit/holds/"


@pytest.fixture
def officer(make_user):
    return make_user("data-protection-officer", name="Dora Officer")


@pytest.fixture
def hold(officer) -> LegalHold:
    return set_hold(reason="Case 7", by=officer, model="Customers.Customer")


def test_the_officer_sets_and_releases_one_by_the_api(api, officer):
    client = api(officer)
    person = str(uuid4())

    made = client.post(LIST, {"subject": person, "reason": "Case 7"}, format="json")
    address = f"{LIST}{made.json()['id']}/"
    let_go = client.post(f"{address}release/", {"reason": "Case closed"}, format="json")

    assert (made.status_code, made.json()["set_by"], made.json()["object"]) == (201, str(officer.pk), "")
    assert (let_go.status_code, let_go.json()["release_reason"]) == (200, "Case closed")
    hold = LegalHold.objects.get()
    assert (str(hold.subject), hold.released_by, hold.is_released) == (person, officer, True)
    told = AuditEvent.objects.of(hold).order_by("id")
    assert [(each.action, each.reason, each.actor_id) for each in told] == [
        (Action.CREATE, "Case 7", officer.pk),
        (Action.UPDATE, "Case closed", officer.pk),
    ]
    assert client.get(f"{LIST}?released_at__isnull=true").json()["results"] == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"reason": "   "}, "blank"),
        ({"reason": "Case 7", "model": "customers.nobody"}, "unknown_kind"),
        ({"reason": "Case 7", "first_on": "2026-02-01", "last_on": "2026-01-01"}, "period_reversed"),
    ],
)
def test_what_would_hold_nothing_is_refused(api, officer, said: dict[str, str], code: str):
    answer = api(officer).post(LIST, said, format="json")

    assert answer.status_code in {400, 409}
    assert code in answer.content.decode()
    assert not LegalHold.objects.exists()


def test_an_auditor_sees_it_and_no_more(api, make_user, hold: LegalHold):
    client = api(make_user("auditor"))

    assert [row["model"] for row in client.get(LIST).json()["results"]] == ["customers.customer"]
    assert client.post(LIST, {"reason": "x"}, format="json").status_code == 403
    assert client.post(f"{LIST}{hold.pk}/release/", {"reason": "x"}, format="json").status_code == 403
    assert not LegalHold.objects.get().is_released


def test_it_is_released_once_and_with_a_reason(hold: LegalHold, officer):
    with pytest.raises(WithoutReason):
        release_hold(hold, reason=" ", by=officer, now=timezone.now())
    release_hold(hold, reason="Case closed", by=officer, now=timezone.now())
    with pytest.raises(AlreadyReleased):
        release_hold(hold, reason="again", by=officer, now=timezone.now())

    assert LegalHold.objects.get().release_reason == "Case closed"


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (WithoutReason, {"reason": ""}),
        (UnknownKind, {"reason": "x", "model": "customers"}),
        (PeriodReversed, {"reason": "x", "first_on": timezone.now().date(), "last_on": timezone.now().date().min}),
    ],
)
def test_a_refused_hold_leaves_nothing(refusal, said):
    with pytest.raises(refusal):
        set_hold(by=None, **said)

    assert not LegalHold.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"reason": " "},
        {"released_at": timezone.now()},
        {"release_reason": "without a moment"},
        {"first_on": "2026-02-01", "last_on": "2026-01-01"},
    ],
)
def test_the_database_wants_the_reasons_too(hold: LegalHold, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        LegalHold.objects.filter(pk=hold.pk).update(**change)


def test_the_officer_does_the_same_on_its_page(sign_in, officer):
    client = sign_in(officer)
    page = reverse("admin:audit_legalhold_add")
    empty = {"model": "", "object_pk": "", "subject": "", "first_on": "", "last_on": ""}

    backwards = {"first_on": "2026-02-01", "last_on": "2026-01-01", "reason": "Case 7"}
    assert "The period ends before it begins." in client.post(page, empty | backwards).content.decode()
    client.post(page, empty | {"model": "customers.customer", "first_on": "2026-01-01", "reason": "Case 7"})

    hold = LegalHold.objects.get()
    assert (hold.set_by, hold.reason) == (officer, "Case 7")
    told = client.get(reverse("admin:audit_legalhold_changelist")).content.decode()
    assert re.search("about customers, from [^<]*2026", told)
    assert "Dora Officer" in told
    client.post(reverse("admin:audit_legalhold_do", args=[hold.pk, "release"]), {"reason": "Case closed"})
    assert LegalHold.objects.get().release_reason == "Case closed"
    assert client.post(reverse("admin:audit_legalhold_delete", args=[hold.pk]), {"post": "yes"}).status_code == 403


def test_an_auditor_reads_how_long_what_is_kept_and_why(sign_in, make_user):
    told = sign_in(make_user("auditor")).get(reverse("admin:audit_keepingperiod_changelist")).content.decode()

    assert "everything else" in told
    assert "1 year" in told
    assert "10 years" in told
    assert "Commercial and tax law" in told
