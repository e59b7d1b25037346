"""Answers that no view gives: unknown paths, refused requests, crashes, and the catalogue of problem codes."""

import sys
from collections.abc import Iterator
from http import HTTPStatus
from inspect import cleandoc

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from redis.exceptions import ConnectionError as CacheUnreachable
from redis.exceptions import TimeoutError as CacheMute

from apps.kernel.errors import BusinessError
from apps.kernel.problems import REFUSALS, problem_page


def _refusal(request: HttpRequest, status: HTTPStatus, code: str, detail: str) -> HttpResponse:
    """A problem document under `/api/` and `/oauth/`, a page for people elsewhere."""
    if request.path.startswith(("/api/", "/oauth/")):
        return problem_page(request, status, code, detail)
    return render(request, "error.html", {"status": status, "detail": detail}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, HTTPStatus.BAD_REQUEST, "bad_request", "The request cannot be understood.")


def permission_denied(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """Also Django's CSRF failure view, which hands in a `reason` for developers only."""
    return _refusal(request, HTTPStatus.FORBIDDEN, "permission_denied", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Also the view of every unknown path of the API, in a trial, too."""
    sentence = "There is nothing at this address."
    if request.path.startswith("/api/"):
        sentence += " Addresses of resources end with a slash."
    return _refusal(request, HTTPStatus.NOT_FOUND, "not_found", sentence)


def _outage(request: HttpRequest, code: str, detail: str) -> HttpResponse:
    response = _refusal(request, HTTPStatus.SERVICE_UNAVAILABLE, code, detail)
    response["Retry-After"] = "2"
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while the error is being handled, so an outage can be told from a crash."""
    match sys.exc_info()[1]:
        case OperationalError():
            return _outage(request, "database_unavailable", "The database does not answer. Try again in a moment.")
        case CacheUnreachable() | CacheMute():
            return _outage(request, "cache_unavailable", "The cache does not answer. Try again in a moment.")
    crash = HTTPStatus.INTERNAL_SERVER_ERROR
    return _refusal(request, crash, "internal_error", "Something broke on our side. It has been recorded.")


def _refusals(base: type[BusinessError] = BusinessError) -> Iterator[type[BusinessError]]:
    for refusal in base.__subclasses__():
        yield refusal
        yield from _refusals(refusal)


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """What each `type` of a problem document resolves to."""
    general = {code: sentence for _status, code, sentence in REFUSALS}
    known = general | {refusal.code: cleandoc(refusal.__doc__ or "") for refusal in _refusals()}
    return render(request, "problems.html", {"problems": sorted(known.items())})
