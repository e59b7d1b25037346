"""What a stranger needs before he can verify: the keys of the seal."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.audit.keys import KeyUnusable, published
from apps.audit.seal import origin
from apps.kernel.problems import problem_page

UNREADABLE = "The verifier keys cannot be read here now. Try again later."
FRESH = "public, max-age=300"


@require_safe
def audit_keys(request: HttpRequest) -> HttpResponse:
    """The name of the log and its verifier keys, those that sign first, then those of earlier checkpoints."""
    try:
        lines = [f"origin {origin()}", *(f"vkey {verifier}" for verifier in published())]
    except KeyUnusable as refusal:
        return problem_page(request, 503, refusal.code, UNREADABLE)
    text = "\n".join(lines) + "\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8", headers={"Cache-Control": FRESH})
