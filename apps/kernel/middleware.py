"""Who is asking, settled once at the top: the client's address and the acting context of the audit trail."""

import ipaddress
import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from uuid_utils.compat import uuid7

from apps.kernel.trail import Context, acting

GetResponse = Callable[[HttpRequest], HttpResponse]
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def _address_behind(peer: str, chain: str) -> str:
    """The nearest hop that no configured proxy of ours speaks for; the peer itself when a hop is no address."""
    trusted = [ipaddress.ip_network(network) for network in settings.TRUSTED_PROXIES]
    believed = peer
    for hop in [peer, *reversed(chain.split(","))]:
        try:
            address = ipaddress.ip_address(hop.strip())
        except ValueError:
            break
        believed = str(address)
        if not any(address in network for network in trusted):
            break
    return believed


def client_address(get_response: GetResponse) -> GetResponse:
    """Write the believed address into `REMOTE_ADDR` and take the forwarding headers away from everybody below."""

    def middleware(request: HttpRequest) -> HttpResponse:
        chain = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        request.META.pop("HTTP_FORWARDED", None)
        request.META.pop("HTTP_X_REAL_IP", None)
        request.META["REMOTE_ADDR"] = _address_behind(request.META.get("REMOTE_ADDR", ""), chain)
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
        with acting(Context(source=source, request=request, request_id=request_id, address=address)):
            response = get_response(request)
        response["X-Request-ID"] = request_id
        return response

    return middleware
