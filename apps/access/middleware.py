"""A second factor for the people who could do most harm, and an entry for whatever was shown or refused."""

from collections.abc import Callable
from http import HTTPStatus

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from rest_framework.response import Response

from apps.access.services import demands_second_factor
from apps.accounts.models import User
from apps.kernel import reads
from apps.kernel.problems import problem_page
from apps.kernel.trail import Entry, Notes, current, write

GetResponse = Callable[[HttpRequest], HttpResponse]


def second_factor(get_response: GetResponse) -> GetResponse:
    """Whoever holds a platform role and has no second factor gets no further than to the page that sets one up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        guarded = request.path.startswith(("/admin/", "/api/"))
        if not guarded or not request.user.is_authenticated or not _is_missing(request):
            return get_response(request)
        if request.path.startswith("/api/"):
            return problem_page(request, 403, "second_factor_required", "Set up a second factor under /accounts/2fa/.")
        return redirect("mfa_activate_totp")

    return middleware


def _is_missing(request: HttpRequest) -> bool:
    return (
        isinstance(request.user, User)
        and demands_second_factor(request.user)
        and not Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists()
    )


def recorded(get_response: GetResponse) -> GetResponse:
    """Enter what the answer shows of people, or that it refuses, before it leaves: what cannot be entered is not shown.

    An answer that says "not modified" shows that the reader's own copy is still true.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        context = current()
        if context is None or context.notes is None:
            return response
        is_shown = response.status_code < HTTPStatus.MULTIPLE_CHOICES or response.status_code == HTTPStatus.NOT_MODIFIED
        entries = reads.take(context.notes) if is_shown else []
        if context.notes.refused or _refuses(request, response):
            entries.append(_refusal(request, response, context.notes))
        write(entries)
        return response

    return middleware


def _refuses(request: HttpRequest, response: HttpResponse) -> bool:
    """Whoever shows no key at all has not been refused anything: he has not said who he is."""
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        return "Authorization" in request.headers or request.path.startswith("/oauth/")
    return response.status_code == HTTPStatus.FORBIDDEN


def _refusal(request: HttpRequest, response: HttpResponse, notes: Notes) -> Entry:
    match = request.resolver_match
    view = match.func if match else None
    page, resource = getattr(view, "model_admin", None), getattr(view, "cls", None)
    model = page.model if page else getattr(getattr(resource, "queryset", None), "model", None)
    label = model._meta.label_lower if model else User._meta.label_lower
    route = f"/{match.route}" if match else ""
    said = {"status": response.status_code, "method": request.method, "route": route}
    if isinstance(response, Response) and "code" in response.data:
        said["code"] = response.data["code"]
    return reads.refusal(notes, label, **said)
