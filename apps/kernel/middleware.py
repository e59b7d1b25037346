"""Settled once at the top: who is asking, in whose name things are written, and what is noted about the answer."""

import ipaddress
import re
from collections.abc import Callable
from functools import cached_property
from http import HTTPStatus
from time import perf_counter
from typing import cast

import structlog
from csp.constants import HEADER, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from uuid_utils.compat import uuid7

from apps.kernel.metrics import REQUEST_QUERIES, REQUEST_SECONDS, counting_statements
from apps.kernel.problems import problem_page
from apps.kernel.trail import Context, Notes, acting

GetResponse = Callable[[HttpRequest], HttpResponse]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")

logger = structlog.get_logger(__name__)
_LENGTH = re.compile(r"[0-9]{1,18}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def _is_our_proxy(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(network) for network in settings.TRUSTED_PROXIES)


def _address_behind(peer: str, chain: str) -> str:
    """The nearest hop that no configured proxy of ours speaks for; the peer itself when a hop is no address."""
    believed = peer
    for hop in [peer, *reversed(chain.split(","))]:
        try:
            believed = str(ipaddress.ip_address(hop.strip()))
        except ValueError:
            break
        if not _is_our_proxy(believed):
            break
    return believed


def client_address(get_response: GetResponse) -> GetResponse:
    """Write the believed address into `REMOTE_ADDR` and take the forwarding headers away from everybody below."""

    def middleware(request: HttpRequest) -> HttpResponse:
        peer = request.META.get("REMOTE_ADDR", "")
        chain = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        for header in ("HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST"):
            request.META.pop(header, None)
        request.META["REMOTE_ADDR"] = _address_behind(peer, chain)
        if not _is_our_proxy(peer):
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return get_response(request)

    return middleware


def acting_request(get_response: GetResponse) -> GetResponse:
    """Name the request (a well-formed `X-Request-ID` is kept) and let everything it writes carry it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        asked = request.headers.get("X-Request-ID", "")
        request_id = asked if _REQUEST_ID.fullmatch(asked) else str(uuid7())
        request.META["HTTP_X_REQUEST_ID"] = request_id
        source = request.path.split("/", 2)[1] if request.path.startswith(("/admin/", "/api/", "/oauth/")) else "web"
        address = request.META["REMOTE_ADDR"] or None
        context = Context(source=source, request=request, request_id=request_id, address=address, notes=Notes())
        with acting(context):
            response = get_response(request)
        response["X-Request-ID"] = request_id
        return response

    return middleware


def note_request(get_response: GetResponse) -> GetResponse:
    """One log line and one observation for each request. Paths and query strings hold personal values: the route is
    named instead."""

    def middleware(request: HttpRequest) -> HttpResponse:
        structlog.contextvars.clear_contextvars()
        started = perf_counter()
        with counting_statements() as statements:
            response = get_response(request)
        seconds = perf_counter() - started
        match = request.resolver_match
        route = f"/{match.route}" if match else "unmatched"
        method = request.method if request.method in METHODS else "other"
        REQUEST_SECONDS.labels(method, route, response.status_code).observe(seconds)
        REQUEST_QUERIES.labels(route).observe(statements[0])
        logger.info(
            "request",
            method=method,
            route=route,
            status=response.status_code,
            milliseconds=round(seconds * 1000, 1),
            queries=statements[0],
        )
        return response

    return middleware


def known_hosts_only(get_response: GetResponse) -> GetResponse:
    """`ALLOWED_HOSTS` holds for every route, those that never ask for their host included. `TRACE` is refused."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.get_host()
        if request.method not in METHODS:
            if not request.path.startswith("/api/"):
                return HttpResponseNotAllowed(METHODS)
            sentence = f"There is no method of this name. Allowed: {', '.join(METHODS)}."
            refusal = problem_page(request, HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed", sentence)
            refusal["Allow"] = ", ".join(METHODS)
            return refusal
        return get_response(request)

    return middleware


def bounded_body(get_response: GetResponse) -> GetResponse:
    """A program says how long its body is, and one that is too long is refused before it is read."""

    def refusal(request: HttpRequest) -> HttpResponse | None:
        if "HTTP_TRANSFER_ENCODING" in request.META:
            sentence = "Say with Content-Length how long the body is; this one comes in chunks."
            return problem_page(request, HTTPStatus.LENGTH_REQUIRED, "length_required", sentence)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not _LENGTH.fullmatch(length):
            sentence = "Content-Length is not a number of bytes."
            return problem_page(request, HTTPStatus.BAD_REQUEST, "bad_request", sentence)
        is_form = request.META.get("CONTENT_TYPE", "").startswith("multipart/form-data")
        limit = settings.UPLOAD_MAX_SIZE if is_form else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if int(length) <= limit:
            return None
        sentence = f"The body is larger than the {limit} bytes that this installation accepts."
        return problem_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "content_too_large", sentence)

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/api/", "/oauth/")) and (refused := refusal(request)):
            return refused
        return get_response(request)

    return middleware


def stored_nowhere(get_response: GetResponse) -> GetResponse:
    """What is answered to somebody in particular stays out of every cache, unless its view says otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(("/api/", "/accounts/", "/privacy/", "/reports/")):
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def has_token(request: HttpRequest) -> bool:
    """Whether a program calls the API with a token; a browser's session is not looked at then."""
    scheme = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
    return scheme.lower() == "bearer" and request.path.startswith("/api/")


def compressed_for_programs(get_response: GetResponse) -> GetResponse:
    """Answers of the API are compressed for callers with a token. Those of a browser's session never are: whoever makes
    it ask for a text of his own could guess a secret beside that text by the length of the answer (BREACH).
    """
    compressing = GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        if has_token(request):
            return cast("HttpResponse", compressing(request))
        return get_response(request)

    return middleware


class ContentPolicy(CSPMiddleware):
    """Composes the header for pages; what programs read has the same one each time."""

    @cached_property
    def plain(self) -> str:
        return build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not has_token(request) or hasattr(request, "_csp_nonce"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.plain)
        return response


def admin_policy(get_response: GetResponse) -> GetResponse:
    """The theme of the staff's pages evaluates expressions and styles elements in place; nothing else may."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith(("/admin/", "/reports/")):
            response._csp_update = {"script-src": [UNSAFE_EVAL]}  # type: ignore[attr-defined]
            response._csp_replace = {"style-src": [SELF, UNSAFE_INLINE]}  # type: ignore[attr-defined]
        return response

    return middleware
