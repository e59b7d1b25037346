import io
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.access.models import Assignment, Unit
from apps.accounts.models import User
from apps.events.models import PublishedEvent, Work
from apps.events.work import execute
from apps.integrations.imports import profile
from apps.integrations.models import ImportBatch, ImportFile
from tests.integrations.conftest import DEALS, LINES, PEOPLE, PROFILE
from tests.sample.models import Line, Person

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/imports/"


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    (tmp_path / "sample.toml").write_text(PROFILE)
    monkeypatch.setattr(profile, "SHIPPED", tmp_path)


@pytest.fixture
def importer(make_user: Callable[..., User], unit: Unit) -> User:
    user = make_user("import-manager", unit)
    Assignment.objects.create(user=user, role=Group.objects.get(name="sample-manager"), unit=unit)
    return user


@pytest.fixture
def client(api: Callable[[User], APIClient], importer: User) -> APIClient:
    return api(importer)


def csv(name: str, text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def zipped(**entries: str) -> SimpleUploadedFile:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return SimpleUploadedFile("export.zip", buffer.getvalue())


def upload(client: APIClient, unit: Unit, *files: SimpleUploadedFile) -> dict:
    body = {"profile": "sample", "unit": str(unit.pk), "file": list(files)}
    return client.post(IMPORTS, body, format="multipart")


def three(lines: str = LINES) -> list[SimpleUploadedFile]:
    return [csv("people.csv", PEOPLE), csv("deals.csv", DEALS), csv("lines.csv", lines)]


def work_off() -> None:
    for work in Work.objects.unfinished().filter(kind=Work.Kind.JOB):
        execute(work.pk)


def test_upload_check_confirm_and_undo(client: APIClient, unit: Unit) -> None:
    made = upload(client, unit, *three())
    assert (made.status_code, made.json()["files"]) == (201, ["people.csv", "deals.csv", "lines.csv"])
    place = f"{IMPORTS}{made.json()['id']}/"

    assert client.post(f"{place}check/").status_code == 202
    work_off()
    checked = client.get(place).json()
    assert (checked["state"], checked["created_count"], Person.objects.count()) == ("checked", 10, 0)

    assert client.post(f"{place}confirm/", {}).status_code == 202
    work_off()
    done = client.get(place).json()
    assert (done["state"], Line.objects.count(), ImportFile.objects.count()) == ("done", 3, 0)
    job = client.get(f"/api/v1/jobs/{done['job']}/").json()
    assert (job["state"], job["result"]) == ("done", {"created": 10, "changed": 0, "bad": 0})

    assert client.post(f"{place}undo/").json()["state"] == "undone"
    assert Person.objects.count() == 0


def test_bad_rows_are_listed_and_stop_the_import(client: APIClient, unit: Unit) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three(LINES.replace('chair,4', 'chair,x'))).json()['id']}/"
    client.post(f"{place}check/")
    work_off()

    refused = client.post(f"{place}confirm/", {})

    assert (refused.status_code, refused.json()["code"]) == (409, "import_has_bad_rows")
    rows = client.get(f"{place}bad-rows/").json()["results"]
    assert [(row["file"], row["line"], row["reason"]) for row in rows] == [
        ("lines.csv", 2, "This is not a whole number.")
    ]
    assert client.post(f"{place}confirm/", {"skip_bad": True}).status_code == 202
    work_off()
    assert Line.objects.count() == 2


def test_the_steps_of_an_import_answer_with_their_job(client: APIClient, unit: Unit) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three()).json()['id']}/"

    check = client.post(f"{place}check/")

    assert (check.status_code, check["Location"]) == (202, f"/api/v1/jobs/{check.json()['job']}/")
    work_off()
    confirm = client.post(f"{place}confirm/", {})
    assert (confirm.status_code, confirm["Location"]) == (202, f"/api/v1/jobs/{confirm.json()['job']}/")


def test_an_import_whose_job_was_cancelled_begins_again_with_a_check(client: APIClient, unit: Unit) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three()).json()['id']}/"
    client.post(f"{place}check/")
    work_off()
    job = client.post(f"{place}confirm/", {})["Location"]
    assert client.post(f"{place}check/").json()["code"] == "import_not_ready"

    assert client.post(f"{job}cancel/").json()["state"] == "cancelled"

    assert Person.objects.count() == 0
    assert client.post(f"{place}confirm/", {}).json()["code"] == "import_not_ready"
    assert client.post(f"{place}check/").status_code == 202
    work_off()
    assert client.get(place).json()["state"] == "checked"


def test_an_import_is_not_confirmed_before_it_is_checked(client: APIClient, unit: Unit) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three()).json()['id']}/"

    refused = client.post(f"{place}confirm/", {})

    assert (refused.status_code, refused.json()["code"]) == (409, "import_not_ready")
    assert Work.objects.count() == 0


def test_a_zip_of_the_files_does_as_well(client: APIClient, unit: Unit) -> None:
    made = upload(client, unit, zipped(**{"people.csv": PEOPLE, "deals.csv": DEALS, "lines.csv": LINES}))

    assert made.json()["files"] == ["people.csv", "deals.csv", "lines.csv"]


def test_more_files_than_a_form_carries_are_refused_with_the_way_out(client: APIClient, unit: Unit) -> None:
    refused = upload(client, unit, *[csv("people.csv", PEOPLE) for _ in range(21)])

    assert refused.status_code == 400
    assert refused.json()["detail"] == "A form carries at most 20 files. Send one zip."
    assert ImportBatch.objects.count() == 0


BAD_UPLOADS = {
    "slip": (lambda: zipped(**{"../people.csv": PEOPLE}), "The zip holds folders. Put the files at its top."),
    "bomb": (lambda: zipped(**{"people.csv": "0" * 40_000_000}), "people.csv unpacks to more than is taken."),
    "damaged": (
        lambda: SimpleUploadedFile("export.zip", b"PK\x03\x04 nothing"),
        "The zip is damaged, encrypted or of a kind that is not read.",
    ),
    "unknown": (
        lambda: csv("others.csv", PEOPLE),
        "The profile has no file others.csv. It reads deals.csv, lines.csv, people.csv.",
    ),
    "binary": (lambda: csv("people.csv", "\x00\x01"), "people.csv is not a text file."),
}


@pytest.mark.parametrize("kind", sorted(BAD_UPLOADS))
def test_a_file_that_means_harm_is_refused_and_nothing_is_kept(client: APIClient, unit: Unit, kind: str) -> None:
    make, reason = BAD_UPLOADS[kind]

    refused = upload(client, unit, make())

    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (409, "bad_upload", reason)
    assert (ImportBatch.objects.count(), ImportFile.objects.count()) == (0, 0)


def test_a_profile_is_never_a_path(client: APIClient, unit: Unit, tmp_path: Path) -> None:
    body = {"profile": str(tmp_path / "sample.toml"), "unit": str(unit.pk), "file": three()}

    refused = client.post(IMPORTS, body, format="multipart")

    assert (refused.status_code, refused.json()["code"]) == (409, "no_such_profile")


def test_an_importer_needs_the_rights_on_the_rows_too(api: Callable, make_user: Callable, unit: Unit) -> None:
    refused = upload(api(make_user("import-manager", unit)), unit, *three())

    assert (refused.status_code, refused.json()["code"]) == (403, "import_not_permitted")
    assert ImportBatch.objects.count() == 0


def test_a_unit_elsewhere_does_not_exist(client: APIClient, other_unit: Unit) -> None:
    assert upload(client, other_unit, *three()).status_code == 400


def test_rights_lost_before_the_job_runs_stop_it(client: APIClient, importer: User, unit: Unit) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three()).json()['id']}/"
    client.post(f"{place}check/")
    importer.assignments.filter(role__name="sample-manager").delete()

    work_off()

    assert client.get(place).json()["state"] == "refused"
    assert client.get(place).json()["report"]["error"] == "import_not_permitted"


def test_a_job_is_seen_by_who_asked_and_by_roles_of_its_unit(
    client: APIClient, api: Callable, make_user: Callable, unit: Unit, other_unit: Unit
) -> None:
    place = f"{IMPORTS}{upload(client, unit, *three()).json()['id']}/"
    job = client.post(f"{place}check/").json()["job"]

    seen = [
        api(user).get(f"/api/v1/jobs/{job}/").status_code
        for user in (
            make_user("import-manager", unit),
            make_user("operator"),
            make_user("sample-viewer", unit),
            make_user("import-manager", other_unit),
        )
    ]

    assert seen == [200, 200, 404, 404]
    assert client.post(f"/api/v1/jobs/{job}/cancel/").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/jobs/{job}/retry/").json()["state"] == "ready"


def happened(unit: Unit, name: str = "sample.happened") -> PublishedEvent:
    event = PublishedEvent.objects.create(name=name, aggregate="1", payload={}, unit=unit.pk)
    PublishedEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - timedelta(minutes=1))
    return event


@pytest.mark.django_db(transaction=True)
def test_the_feed_shows_what_one_may_view_and_goes_on_after_the_last_one(
    api: Callable, make_user: Callable, unit: Unit, other_unit: Unit
) -> None:
    first, second = happened(unit), happened(unit)
    happened(other_unit)
    happened(unit, "other.happened")
    viewer = api(make_user("sample-viewer", unit))

    # Another writer in the same cluster holds events back for as long as it writes.
    patience = time.monotonic() + 60
    while not (shown := viewer.get("/api/v1/events/").json()["results"]) and time.monotonic() < patience:
        time.sleep(0.5)

    assert [row["id"] for row in shown] == [str(first.pk), str(second.pk)]
    after = viewer.get(f"/api/v1/events/?after={first.pk}").json()["results"]
    assert [row["id"] for row in after] == [str(second.pk)]
    assert viewer.get(f"/api/v1/events/?after={second.pk}").json()["results"] == []


@pytest.mark.django_db(transaction=True)
def test_the_feed_holds_events_back_while_an_older_transaction_writes(
    api: Callable, make_user: Callable, unit: Unit
) -> None:
    viewer = api(make_user("sample-viewer", unit))
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT pg_current_xact_id()")
        happened(unit)

        assert viewer.get("/api/v1/events/").json()["results"] == []
