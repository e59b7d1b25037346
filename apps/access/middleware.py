"""A second factor for the people who could do most harm."""

from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.access.services import demands_second_factor
from apps.accounts.models import User
from apps.kernel.problems import problem_page

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
