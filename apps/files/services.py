"""A file is put away, handed over once or until it expires, and deleted with a look at whether it is gone."""

import hashlib
from datetime import datetime, timedelta
from io import SEEK_END
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

import structlog
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from apps.files.models import FOLDER, StoredFile
from apps.kernel.errors import BusinessError

BLOCK = 1 << 16
UNKNOWN_FOR = timedelta(days=1)
"""How old a blob without a row must be: a younger one may belong to a transaction that is still open."""

logger = structlog.get_logger(__name__)


class FileTaken(BusinessError):
    """This file was handed over already. It can be had once."""

    code = "file_taken"


class FileExpired(BusinessError):
    """This file was kept for a few days and is gone."""

    code = "file_expired"


class FileDamaged(BusinessError):
    """The file in the storage is not the one that was put there. It was not handed over."""

    code = "file_damaged"


class FileNotGone(RuntimeError):
    """The storage was told to delete a blob and holds it still."""


def store(
    stream: IO[bytes],
    *,
    name: str,
    content_type: str,
    purpose: str,
    owner_label: str,
    owner: UUID,
    expires_at: datetime,
) -> StoredFile:
    """Put the whole stream away. Whoever rolls back afterwards leaves a blob that `delete_unknown` finds."""
    stream.seek(0)
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    size = stream.seek(0, SEEK_END)
    stream.seek(0)
    stored = StoredFile(
        name=name,
        content_type=content_type,
        purpose=purpose,
        owner_label=owner_label,
        owner=owner,
        expires_at=expires_at,
        sha256=digest,
        size=size,
    )
    stored.content.name = default_storage.save(f"{FOLDER}{stored.pk}", File(stream))
    try:
        with transaction.atomic():
            stored.save(force_insert=True)
    except Exception:
        default_storage.delete(stored.content.name)
        raise
    return stored


def read(file: StoredFile, *, now: datetime) -> IO[bytes]:
    """The content, as often as its owner asks for it until it expires."""
    if file.taken_at is not None:
        raise FileTaken
    if file.deleted_at is not None or file.expires_at <= now:
        raise FileExpired
    return _copied(file)


@transaction.atomic
def take(file: StoredFile, *, now: datetime) -> IO[bytes]:
    """The content, for the only time: two who ask at once are parted by the row's lock, and its blob goes on commit."""
    file = StoredFile.objects.select_for_update().get(pk=file.pk)
    content = read(file, now=now)
    file.taken_at = now
    file.save(update_fields=["taken_at", "updated_at"])
    transaction.on_commit(lambda: delete(file), robust=True)
    return content


def _copied(file: StoredFile) -> IO[bytes]:
    """A nameless copy, which the system drops with its last reader."""
    copy = TemporaryFile()  # noqa: SIM115
    digest = hashlib.sha256()
    with file.content.open() as blob:
        while block := blob.read(BLOCK):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != file.sha256:
        copy.close()
        raise FileDamaged
    copy.seek(0)
    return copy


@transaction.atomic
def delete(file: StoredFile) -> StoredFile:
    """Delete the blob; it counts as deleted only when the storage, asked again, does not have it."""
    file = StoredFile.objects.select_for_update().get(pk=file.pk)
    if file.deleted_at is not None:
        return file
    _remove(str(file.content.name))
    file.deleted_at = timezone.now()
    file.save(update_fields=["deleted_at", "updated_at"])
    return file


def _remove(name: str) -> None:
    default_storage.delete(name)
    if default_storage.exists(name):
        raise FileNotGone(name)


def delete_expired(*, now: datetime) -> int:
    """Delete what is over. A blob that will not go leaves the others gone and shows as a failed job."""
    files = list(StoredFile.objects.to_be_deleted(now).order_by("expires_at"))
    stuck = []
    for file in files:
        try:
            delete(file)
        except (FileNotGone, OSError):
            logger.exception("blob_not_deleted", file=str(file.pk))
            stuck.append(file.pk)
    if stuck:
        raise FileNotGone(f"{len(stuck)} of {len(files)} files")
    return len(files)


def delete_unknown(*, now: datetime) -> int:
    """Delete blobs to which no row leads: their transaction was rolled back, or its process was killed."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return 0
    blobs = {f"{FOLDER}{name}" for name in names}
    unknown = blobs - set(StoredFile.objects.kept().values_list("content", flat=True))
    old = [name for name in sorted(unknown) if default_storage.get_modified_time(name) < now - UNKNOWN_FOR]
    for name in old:
        _remove(name)
    return len(old)
