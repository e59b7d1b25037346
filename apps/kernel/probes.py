"""What machines ask: is it alive, is it ready, how much does it do, whom to tell about a hole."""

import hmac
import ipaddress
from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from apps.kernel import health, metrics


def _is_operator(request: HttpRequest) -> bool:
    """From one of `OPERATIONS_NETWORKS`, or with `OPERATIONS_TOKEN` as the bearer."""
    token = settings.OPERATIONS_TOKEN
    if token and hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return True
    try:
        address = ipaddress.ip_address(request.META["REMOTE_ADDR"])
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in settings.OPERATIONS_NETWORKS)


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of anything else."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Everything that is needed answers; what each part says is for operators only."""
    is_ready, checks = health.report()
    document: dict[str, object] = {"status": "ready" if is_ready else "not ready"}
    if _is_operator(request):
        document["checks"] = checks
    return JsonResponse(document, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    if not _is_operator(request):
        return HttpResponse("Only for operators.\n", status=403, content_type="text/plain")
    return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. The expiry moves on as long as the installation is alive."""
    expires = (timezone.now() + timedelta(days=180)).strftime("%Y-%m-%dT00:00:00Z")
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires}",
        f"Canonical: {settings.BASE_URL}/.well-known/security.txt",
        "Preferred-Languages: en",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def robots_txt(request: HttpRequest) -> HttpResponse:
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")
