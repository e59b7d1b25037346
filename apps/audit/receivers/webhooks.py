"""HTTPS POST, signed after Standard Webhooks (https://www.standardwebhooks.com)."""

import base64
import hmac
import time

from apps.audit.receivers.configuration import CHECKPOINTS, Webhook
from apps.audit.receivers.documents import document
from apps.audit.receivers.posting import post
from apps.audit.receivers.waiting import Batch


def send(target: Webhook, batch: Batch) -> None:
    first, last = batch.items[0], batch.items[-1]
    if batch.what == CHECKPOINTS:
        key, kind, body = f"checkpoint-{last.key}", "application/json", document(last)
    else:
        key, kind = f"entries-{first.key}-{last.key}", "application/x-ndjson"
        body = b"".join(item.text + b"\n" for item in batch.items)
    headers = {"Content-Type": kind, "User-Agent": "Steward", **signed(target.secret, key, int(time.time()), body)}
    post(target.url, body, headers, ca_file=target.ca_file)


def signed(secret: bytes, key: str, moment: int, body: bytes) -> dict[str, str]:
    digest = hmac.digest(secret, f"{key}.{moment}.".encode() + body, "sha256")
    return {
        "webhook-id": key,
        "webhook-timestamp": str(moment),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
