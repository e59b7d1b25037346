"""A POST to somebody outside: in time, without redirects, and what goes wrong in our own words."""

import ssl
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus

import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader, NameResolutionError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TooLate

from apps.audit.receivers.refusals import NotTaken

TIMEOUT = urllib3.Timeout(connect=5, read=10)
BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def post(url: str, body: bytes, headers: Mapping[str, str], *, ca_file: str | None = None, most: int = 0) -> bytes:
    """The first `most` bytes of the answer. Raises `NotTaken` unless it is a success."""
    try:
        with urllib3.PoolManager(1, ssl_context=ssl.create_default_context(cafile=ca_file)) as pool:
            answer = pool.request(
                "POST",
                url,
                body=body,
                headers=headers,
                redirect=False,
                retries=False,
                timeout=TIMEOUT,
                preload_content=False,
            )
            said = answer.read(most) if most else b""
            answer.close()
    except (HTTPError, OSError) as error:
        raise NotTaken(_in_our_words(error)) from error
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        raise NotTaken(f"It answered {answer.status}, and redirects are not followed.")
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        wait = _wait(answer.headers.get("Retry-After")) if answer.status in BUSY else None
        raise NotTaken(f"It answered {answer.status}.", wait=wait)
    return said


def _wait(said: str | None) -> timedelta | None:
    if said is None:
        return None
    try:
        return timedelta(seconds=urllib3.Retry().parse_retry_after(said))
    except (InvalidHeader, OverflowError, ValueError):
        return None


def _in_our_words(error: Exception) -> str:
    match error:
        case SSLError() | ssl.SSLError():
            return "Its certificate is not trusted, or it speaks no TLS."
        case NameResolutionError():
            return "Its name cannot be resolved."
        case TooLate() if not isinstance(error, NewConnectionError):
            return "It has not answered in time."
    return "It cannot be reached."
