"""Objects of a bucket, which can be locked: nobody deletes them before their day, the owner of the bucket included."""

from datetime import timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.utils import timezone
from storages.backends.s3 import S3Storage

from apps.audit.receivers.configuration import CHECKPOINTS, Storage
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch

CONNECTION = Config(connect_timeout=5, read_timeout=20, retries={"total_max_attempts": 1})


def send(target: Storage, batch: Batch) -> None:
    """A retry writes the same key again: one more version of the same bytes."""
    storage = S3Storage(
        bucket_name=target.bucket,
        endpoint_url=target.endpoint,
        region_name=target.region,
        access_key=target.access_key,
        secret_key=target.secret_key,
        verify=target.ca_file,
        client_config=CONNECTION,
    )
    try:
        storage.connection.meta.client.put_object(
            Bucket=target.bucket,
            Key=target.prefix + _key(batch),
            Body=_body(batch),
            ContentType="text/plain; charset=utf-8",
            **_lock(target),
        )
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise NotTaken(f"The store refuses it ({code if code.isalnum() else 'without a word'}).") from error
    except BotoCoreError as error:
        raise NotTaken("The store cannot be reached.") from error


def _key(batch: Batch) -> str:
    """By size, so that a listing is in order and the last one is the newest."""
    first, last = batch.items[0], batch.items[-1]
    if batch.what == CHECKPOINTS:
        return f"checkpoints/{last.size:020d}-{last.key:020d}"
    return f"entries/{first.key:020d}-{last.key:020d}.jsonl"


def _body(batch: Batch) -> bytes:
    if batch.what == CHECKPOINTS:
        return batch.items[-1].text
    return b"".join(item.text + b"\n" for item in batch.items)


def _lock(target: Storage) -> dict[str, Any]:
    if not target.retain_days:
        return {}
    until = timezone.now() + timedelta(days=target.retain_days)
    return {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": until}
