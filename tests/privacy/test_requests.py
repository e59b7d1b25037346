"""A request for access from its receipt to its end, in every way it can end."""

import zipfile
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.events.models import PublishedEvent, Work
from apps.events.work import execute
from apps.files.models import StoredFile
from apps.files.services import FileTaken, take
from apps.kernel.trail import Action
from apps.notifications.models import Notice
from apps.privacy import package
from apps.privacy.models import PrivacyRequest
from apps.privacy.people import search
from apps.privacy.services import (
    AlreadyAnswered,
    NobodyNamed,
    NotReady,
    ReceivedLater,
    cancel_request,
    download,
    expire,
    open_request,
)
from apps.privacy.subjects import UnknownPerson
from tests.sample.models import Person

pytestmark = pytest.mark.django_db(transaction=True)


def blobs(media: Path) -> list[str]:
    return sorted(blob.name for blob in media.iterdir()) if media.exists() else []


def deliver() -> None:
    for work in Work.objects.unfinished().filter(kind=Work.Kind.DELIVERY).order_by("position"):
        execute(work.pk)


def test_a_request_starts_its_clock_and_its_job(opened, carla: Person):
    request = opened()

    assert (request.state, request.due_on, request.rule) == ("received", date(2026, 4, 6), "gdpr-12-3")
    assert Work.objects.get(pk=request.work).arguments == {"request": str(request.pk)}
    event = PublishedEvent.objects.get()
    assert (event.name, event.payload) == ("privacy.request_opened", {"request": str(request.pk)})


@pytest.mark.parametrize(
    ("subjects", "refusal"),
    [
        ([], NobodyNamed),
        (["sample.person:not-a-key"], UnknownPerson),
        ([f"sample.person:{uuid4()}"], UnknownPerson),
        (["sample.line:1"], UnknownPerson),
        (["nothing.at-all:1"], UnknownPerson),
        ([""], UnknownPerson),
    ],
)
def test_who_is_nobody_cannot_be_asked_for(officer, subjects, refusal):
    with pytest.raises(refusal):
        open_request(subjects, received_on=date(2026, 3, 5), by=officer, today=date(2026, 3, 5))

    assert PrivacyRequest.objects.count() == 0
    assert Work.objects.count() == 0


def test_tomorrows_request_is_refused(officer, carla: Person):
    with pytest.raises(ReceivedLater):
        open_request([f"sample.person:{carla.pk}"], received_on=date(2026, 3, 6), by=officer, today=date(2026, 3, 5))

    assert PrivacyRequest.objects.count() == 0


def test_the_package_holds_the_person_and_is_fetched_once(ready, media: Path):
    request = ready()
    assert request.state == "ready"
    assert request.rows >= 1

    with download(request, now=timezone.now()) as content, zipfile.ZipFile(content) as archive:
        records = archive.read(f"dsar-{request.pk}/data/records/sample.person.jsonl")
    assert b"Carla Canary" in records
    request.refresh_from_db()
    assert request.state == "delivered"
    assert blobs(media) == []
    assert request.package.deleted_at is not None
    with pytest.raises(NotReady):
        download(request, now=timezone.now())
    with pytest.raises(FileTaken):
        take(request.package, now=timezone.now())


def test_the_trail_of_the_person_says_that_the_package_left(ready, carla: Person):
    request = ready()
    download(request, now=timezone.now()).close()

    taken = AuditEvent.objects.filter(action=Action.EXPORT)
    assert {entry.object_pk for entry in taken} == {str(request.pk), str(carla.pk)}


def test_a_job_that_fails_leaves_nothing_behind_and_the_request_says_so(opened, media: Path, monkeypatch):
    request = opened()
    Work.objects.filter(pk=request.work).update(max_attempts=1)

    def break_off(*args: object) -> None:
        raise OSError

    monkeypatch.setattr(package, "_write_tags", break_off)
    execute(request.work)
    deliver()

    request.refresh_from_db()
    assert (request.state, request.package) == ("failed", None)
    assert (blobs(media), StoredFile.objects.count()) == ([], 0)


def test_a_failed_request_is_mended_by_running_its_job_again(opened):
    request = opened()
    PrivacyRequest.objects.filter(pk=request.pk).update(state="failed")

    execute(request.work)

    request.refresh_from_db()
    assert request.state == "ready"


def test_a_cancelled_request_stops_its_job(opened, media: Path):
    request = opened()

    cancel_request(request, reason="asked twice", now=timezone.now())
    execute(request.work)

    request.refresh_from_db()
    assert (request.state, request.reason, request.package) == ("cancelled", "asked twice", None)
    assert Work.objects.get(pk=request.work).state == Work.State.CANCELLED
    assert blobs(media) == []


def test_cancelling_while_the_package_is_written_leaves_no_package(opened, media: Path, monkeypatch):
    request = opened()
    write_tags = package._write_tags

    def cancelled_meanwhile(*args: object, **words: object) -> None:
        PrivacyRequest.objects.using("aside").filter(pk=request.pk).update(state="cancelled", finished_at=Now())
        write_tags(*args, **words)

    monkeypatch.setattr(package, "_write_tags", cancelled_meanwhile)
    execute(request.work)

    request.refresh_from_db()
    assert (request.state, request.package) == ("cancelled", None)
    assert blobs(media) == []


def test_cancelling_deletes_a_package_that_is_there(ready, media: Path):
    request = ready()
    assert len(blobs(media)) == 1

    cancel_request(request, reason="the wrong person", now=timezone.now())

    assert blobs(media) == []
    with pytest.raises(NotReady):
        download(request, now=timezone.now())
    with pytest.raises(AlreadyAnswered):
        cancel_request(request, reason="again", now=timezone.now())


def test_what_nobody_fetches_expires_and_is_deleted(ready, media: Path):
    request = ready()

    assert expire(now=timezone.now() + timedelta(days=4)) == 0
    assert expire(now=timezone.now() + timedelta(days=6)) == 1

    request.refresh_from_db()
    assert (request.state, blobs(media)) == ("expired", [])
    assert request.finished_at is not None


def test_a_package_left_by_a_crash_goes_with_the_next_run(ready, media: Path):
    request = ready()
    PrivacyRequest.objects.filter(pk=request.pk).update(state="delivered", finished_at=Now())

    expire(now=timezone.now())

    assert blobs(media) == []


def test_the_officers_are_told_twice_and_nobody_else(ready, officer, make_user):
    make_user("auditor")
    ready()
    deliver()

    assert [notice.user for notice in Notice.objects.all()] == [officer, officer]
    assert "Carla" not in "".join(notice.sentence for notice in Notice.objects.all())


def test_people_are_found_by_the_beginning_and_shown_by_their_number(carla: Person):
    found = {candidate.subject: candidate for candidate in search("CARLA")}

    candidate = found[f"sample.person:{carla.pk}"]
    assert (candidate.number, candidate.found_by, candidate.is_proposal) == ("P-7", "name, email", False)
    assert search("arla") == []
    assert search("ca") == []


def test_an_equal_address_is_proposed_and_joins_nobody(carla: Person, other_unit):
    twin = Person.objects.create(unit=other_unit, number="P-8", name="C. Married", email="Carla@Example.org")

    found = {candidate.subject: candidate for candidate in search("Carla Can")}

    assert found[f"sample.person:{carla.pk}"].is_proposal is False
    assert found[f"sample.person:{twin.pk}"].is_proposal is True


def test_the_trail_says_who_was_shown_and_not_what_was_typed(carla: Person):
    search("Carla")

    entry = AuditEvent.objects.get(action=Action.ACCESS)
    assert entry.additional_data == {
        "door": "search",
        "filters": {"words": None},
        "count": 1,
        "ids": [str(carla.pk)],
    }
