"""A time-stamping authority (RFC 3161) says when a checkpoint existed, and its answer is kept beside the note.

`<size>-<position>.note` and `.tsr`: `openssl ts -verify -data NOTE -in TSR -CAfile ROOTS` needs nothing of ours.
"""

import os
from pathlib import Path

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from apps.audit.receivers.configuration import Timestamp
from apps.audit.receivers.posting import post
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch

HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
    "User-Agent": "Steward",
}
LONGEST_ANSWER = 1 << 16


def send(target: Timestamp, batch: Batch) -> None:
    [item] = batch.items
    request = TimestampRequestBuilder(data=item.text, hash_algorithm=HashAlgorithm.SHA256).build()
    answer = post(target.url, request.as_bytes(), HEADERS, most=LONGEST_ANSWER)
    try:
        verifier = VerifierBuilder.from_request(request)
        for root in x509.load_pem_x509_certificates(target.roots_file.read_bytes()):
            verifier = verifier.add_root_certificate(root)
        verifier.build().verify_message(decode_timestamp_response(answer), item.text)
    except (ValueError, VerificationError) as error:
        raise NotTaken("Its answer is no time-stamp of this checkpoint that `roots_file` vouches for.") from error
    try:
        for ending, octets in ((".note", item.text), (".tsr", answer)):
            _write(target.path / f"{item.size}-{item.key}{ending}", octets)
    except OSError as error:
        raise NotTaken(f"The file cannot be written ({os.strerror(error.errno or 0)}).") from error


def _write(path: Path, octets: bytes) -> None:
    """All of it under its name, or nothing."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
