"""A stored file is handed over once, and what is over is gone from the storage."""

import hashlib
import io
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone
from uuid_utils.compat import uuid7

from apps.events.work import enqueue, execute
from apps.files.models import StoredFile
from apps.files.services import FileDamaged, FileExpired, FileTaken, delete, delete_unknown, store, take

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = b"everything about one person" * 10_000


@pytest.fixture(autouse=True)
def media(settings, tmp_path: Path) -> Path:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}},
    }
    return tmp_path / "stored"


def stored(content: bytes = CONTENT, *, days: int = 5) -> StoredFile:
    return store(
        io.BytesIO(content),
        name="package.zip",
        content_type="application/zip",
        purpose="test",
        owner_label="sample.person",
        owner=uuid7(),
        expires_at=timezone.now() + timedelta(days=days),
    )


def run_deletion() -> None:
    with transaction.atomic():
        work = enqueue("files.delete_expired")
    execute(work.pk)


def test_a_file_is_kept_with_its_size_and_digest_under_a_name_that_says_nothing(media: Path):
    file = stored()

    assert file.size == len(CONTENT)
    assert file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert [blob.name for blob in media.iterdir()] == [str(file.pk)]


def test_it_is_handed_over_once_and_gone(media: Path):
    file = stored()

    with take(file, now=timezone.now()) as content:
        assert content.read() == CONTENT
    with pytest.raises(FileTaken):
        take(file, now=timezone.now())

    file.refresh_from_db()
    assert file.deleted_at >= file.taken_at
    assert list(media.iterdir()) == []


def test_a_handover_that_is_rolled_back_did_not_happen(media: Path):
    file = stored()

    with transaction.atomic():
        take(file, now=timezone.now()).close()
        transaction.set_rollback(True)

    with take(file, now=timezone.now()) as content:
        assert content.read() == CONTENT


def test_of_two_who_ask_at_once_one_gets_it():
    file = stored()
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def ask() -> None:
        start.wait()
        try:
            take(file, now=timezone.now()).close()
            outcomes.append("got it")
        except FileTaken:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["got it", "too late"]


def test_an_expired_file_is_refused_and_deleted_and_the_others_stay(media: Path):
    over, kept = stored(days=-1), stored()

    with pytest.raises(FileExpired):
        take(over, now=timezone.now())
    run_deletion()

    assert [blob.name for blob in media.iterdir()] == [str(kept.pk)]
    assert StoredFile.objects.get(pk=over.pk).deleted_at is not None
    assert StoredFile.objects.get(pk=kept.pk).deleted_at is None


def test_a_file_that_was_changed_in_the_storage_is_not_handed_over(media: Path):
    file = stored()
    (media / str(file.pk)).chmod(0o600)
    (media / str(file.pk)).write_bytes(b"something else")

    with pytest.raises(FileDamaged):
        take(file, now=timezone.now())

    assert StoredFile.objects.get().taken_at is None


def test_deleting_twice_is_deleting_once():
    file = stored()

    first = delete(file)
    again = delete(file)

    assert again.deleted_at == first.deleted_at
    assert not default_storage.exists(file.content.name)


def test_a_blob_without_a_row_goes_after_a_day(media: Path):
    with transaction.atomic():
        stored()
        transaction.set_rollback(True)
    [blob] = media.iterdir()

    assert delete_unknown(now=timezone.now()) == 0
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(blob, (two_days_ago, two_days_ago))

    assert delete_unknown(now=timezone.now()) == 1
    assert list(media.iterdir()) == []


def test_an_operator_reads_what_is_kept_and_never_what_is_in_it(sign_in, make_user, unit):
    file = stored()
    page = reverse("admin:files_storedfile_change", args=[file.pk])
    operator = sign_in(make_user("operator"))

    told = operator.get(page).content.decode()

    assert operator.get(reverse("admin:files_storedfile_changelist")).status_code == 200
    assert file.sha256 in told
    assert file.content.name not in told
    assert CONTENT[:25].decode() not in told
    assert operator.post(page, {"name": "other"}).status_code == 403
    assert sign_in(make_user("sample-manager", unit)).get(page).status_code == 403
