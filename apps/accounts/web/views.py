"""One's own account, and the few answers that Django, allauth and the OAuth server leave to us."""

from datetime import datetime
from typing import Any, NoReturn

from allauth.account.decorators import reauthentication_required
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from oauth2_provider.models import get_access_token_model
from oauth2_provider.views import IntrospectTokenView, RevokeTokenView
from oauthlib.common import Request as OauthlibRequest

from apps.accounts import services
from apps.accounts.adapters import address_of, attempted_email
from apps.accounts.models import ApiToken, Application
from apps.accounts.web.forms import TokenForm
from apps.kernel.trail import Action, record

AccessToken = get_access_token_model()


def safe_next(request: HttpRequest, otherwise: str) -> str:
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else otherwise


@never_cache
def admin_login(request: HttpRequest) -> HttpResponse:
    """Whoever comes to the admin signs in like everywhere else and goes on from there."""
    target = safe_next(request, reverse("admin:index"))
    if not request.user.is_authenticated:
        return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
    if not request.user.is_staff:
        raise PermissionDenied
    return redirect(target)


@login_required
def account(request: HttpRequest) -> HttpResponse:
    return render(request, "account/index.html")


def no_such_page(request: HttpRequest) -> NoReturn:
    raise Http404


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """Too many wrong passwords from this address: say until when, and answer the same for an unknown account."""
    until = _locked_until(attempted_email(request, credentials), address_of(request))
    response = render(request, "account/locked_out.html", {"until": until}, status=429)
    response["Retry-After"] = str(max(1, int((until - timezone.now()).total_seconds())))
    return response


def _locked_until(email: str, address: str) -> datetime:
    attempt = AccessAttempt.objects.filter(username=email, ip_address=address).order_by("-attempt_time").first()
    return (attempt.attempt_time if attempt else timezone.now()) + settings.AXES_COOLOFF_TIME


@method_decorator([never_cache, login_required, reauthentication_required], name="dispatch")
class Tokens(View):
    """A person's own API tokens; a new key is on the page that answers its making and nowhere else."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, TokenForm())

    def post(self, request: Any) -> HttpResponse:
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=400)
        _token, key = services.issue_token(
            request.user,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(),
        )
        return self._page(request, TokenForm(), key=key)

    def _page(self, request: Any, form: TokenForm, key: str = "", status: int = 200) -> HttpResponse:
        tokens = request.user.api_tokens.live().select_related("use").order_by("-created_at")
        return render(request, "account/tokens.html", {"form": form, "key": key, "tokens": tokens}, status=status)


@require_POST
@login_required
def revoke(request: HttpRequest, pk: str) -> HttpResponse:
    services.revoke_token(get_object_or_404(ApiToken, pk=pk, user_id=request.user.pk))
    return redirect("account_tokens")


class Revocation(RevokeTokenView):
    """RFC 7009. That a token is gone is an entry, which names the client that had it."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        token = AccessToken.objects.filter(token_checksum=ApiToken.digest_of(request.POST.get("token", "")))
        holders = list(token.values_list("application", flat=True))
        answer = super().post(request, *args, **kwargs)
        if holders and not token.exists():
            record(Action.TOKEN_REVOKED, model="accounts.application", objects=holders)
        return answer


class Introspection(IntrospectTokenView):
    """RFC 7662, for a client about its own tokens only, and never by an address that holds a token."""

    http_method_names = ["post", "options"]

    def authenticate_client(self, request: HttpRequest) -> bool:
        core = self.get_oauthlib_core()
        asked = OauthlibRequest(*core._extract_params(request))
        known = core.server.request_validator.authenticate_client(asked)
        self.client: Application | None = asked.client if known else None
        return known

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        digest = ApiToken.digest_of(request.POST.get("token", ""))
        if not AccessToken.objects.filter(token_checksum=digest, application=self.client).exists():
            return JsonResponse({"active": False})
        return super().post(request, *args, **kwargs)

    def unauthenticated_response(self, request: HttpRequest, oauthlib_request: Any = None) -> HttpResponse:
        return JsonResponse({"error": "invalid_client"}, status=401, headers={"WWW-Authenticate": "Basic"})
