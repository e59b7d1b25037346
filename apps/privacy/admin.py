"""The officer's desk: whose clock runs, opening a request, following it, and handing the package over."""

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminTextInputWidget

from apps.access.admin.base import RecordAdmin, StaffRequest, each_row
from apps.access.version import RowVersion
from apps.events.models import Work
from apps.kernel.errors import BusinessError
from apps.privacy import services
from apps.privacy.clock import clock
from apps.privacy.models import PrivacyRequest
from apps.privacy.people import SHORTEST, Candidate, search

STATES = {
    "received": "info",
    "running": "primary",
    "ready": "warning",
    "delivered": "success",
    "failed": "danger",
    "cancelled": "info",
    "expired": "danger",
}


class SearchForm(forms.Form):
    words = forms.CharField(
        label=_("Beginning of a name, an e-mail address or a number"),
        min_length=SHORTEST,
        max_length=100,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
    )


class OpenForm(forms.Form):
    received_on = forms.DateField(
        label=_("received on"),
        help_text=_("The day on which the person's wish reached you: from then on you have one month."),
        widget=UnfoldAdminDateWidget,
    )
    note = forms.CharField(
        label=_("note"),
        max_length=500,
        required=False,
        help_text=_("How the person asked and how you know who they are."),
        widget=UnfoldAdminTextInputWidget,
    )


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(RecordAdmin):
    """A request is changed by its steps alone."""

    icon = "contact_mail"
    list_display = ("received_on", "time_left", "where_it_stands", "due_on", "asked_by")
    list_filter = ("state", "due_on")
    list_select_related = ("asked_by",)
    list_before_template = "privacy/no_requests.html"
    ordering = ("due_on", "pk")
    fields = (
        "kind",
        "state",
        "received_on",
        "due_on",
        "rule",
        "people",
        "asked_by",
        "note",
        "rows",
        "redacted",
        "withheld",
        "missing",
        "reason",
        "finished_at",
    )
    readonly_fields = ("people",)
    actions = ("cancel",)
    change_form_outer_before_template = "privacy/request.html"

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PrivacyRequest]:
        return PrivacyRequest.objects.select_related("package", "asked_by").annotate(row_version=RowVersion())

    def get_urls(self) -> list[Any]:
        fetch = path(
            "<uuid:pk>/download/",
            self.admin_site.admin_view(self.download_view),
            name="privacy_privacyrequest_download",
        )
        return [fetch, *super().get_urls()]

    @display(
        description=_("time left"),
        ordering="due_on",
        label={"late": "danger", "soon": "warning", "fine": "success", "over": "info"},
    )
    def time_left(self, row: PrivacyRequest) -> tuple[str, str]:
        return clock(row)

    @display(description=_("state"), ordering="state", label=STATES)
    def where_it_stands(self, row: PrivacyRequest) -> tuple[str, Any]:
        return row.state, row.get_state_display()

    @admin.display(description=_("records of the person"))
    def people(self, row: PrivacyRequest) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((said,) for said in row.subjects))

    def add_view(
        self, request: StaffRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Search, tick, open. What was typed stays in the body of the request: an address would be logged."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        asked = request.method == "POST"
        search_form = SearchForm(request.POST if asked else None)
        opens = asked and "open" in request.POST
        open_form = OpenForm(request.POST if opens else None, initial={"received_on": timezone.localdate()})
        if opens and open_form.is_valid():
            try:
                opened = services.open_request(
                    request.POST.getlist("subjects"),
                    by=request.user,
                    today=timezone.localdate(),
                    **open_form.cleaned_data,
                )
            except BusinessError as refusal:
                open_form.add_error(None, str(refusal))
            else:
                self.message_user(request, _("The request is open, and its package is being made."), messages.SUCCESS)
                return redirect("admin:privacy_privacyrequest_change", opened.pk)
        found = search(search_form.cleaned_data["words"]) if asked and search_form.is_valid() else None
        return self._add_page(request, search_form, open_form, found)

    def _add_page(
        self, request: HttpRequest, search_form: SearchForm, open_form: OpenForm, found: list[Candidate] | None
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Open a request for access"),
            "opts": self.opts,
            "search_form": search_form,
            "open_form": open_form,
            "found": found,
            "ticked": request.POST.getlist("subjects"),
        }
        return TemplateResponse(request, "privacy/add.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        told = self._told(request, row) if isinstance(row, PrivacyRequest) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    def _told(self, request: HttpRequest, row: PrivacyRequest) -> dict[str, Any]:
        urgency, said = clock(row)
        is_ready = row.state == PrivacyRequest.State.READY
        return {
            "row": row,
            "clock": said,
            "is_late": urgency == "late",
            "job": Work.objects.filter(pk=row.work).first(),
            "may_download": is_ready and self.may(request, "download", row),
            "may_cancel": not row.is_answered and self.may(request, "cancel", row),
        }

    @each_row(verb="cancel", title=_("Cancel"), reason=True)
    def cancel(self, request: HttpRequest, row: PrivacyRequest, *, reason: str) -> PrivacyRequest:
        return services.cancel_request(row, reason=reason, now=timezone.now())

    def download_view(self, request: StaffRequest, pk: str) -> HttpResponse | FileResponse:
        row = get_object_or_404(PrivacyRequest.objects.select_related("package"), pk=pk)
        if not self.may(request, "download", row):
            raise PermissionDenied
        return hand_over(request, self, row)


@reauthentication_required
def hand_over(request: HttpRequest, page: PrivacyRequestAdmin, row: PrivacyRequest) -> HttpResponse | FileResponse:
    """Ask once more, then send: an address that is merely opened hands nothing over."""
    if request.method != "POST":
        context = {
            **page.admin_site.each_context(request),
            "title": _("Fetch the package"),
            "opts": page.opts,
            "row": row,
        }
        return TemplateResponse(request, "privacy/download.html", context)
    try:
        content = services.download(row, now=timezone.now())
    except BusinessError as refusal:
        page.message_user(request, str(refusal), messages.ERROR)
        return redirect(reverse("admin:privacy_privacyrequest_change", args=[row.pk]))
    return FileResponse(content, as_attachment=True, filename=row.package.name, content_type=row.package.content_type)
