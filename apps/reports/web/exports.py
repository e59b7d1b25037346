"""A list of the admin as a file."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe
from unfold.widgets import UnfoldAdminSelectWidget

from apps.kernel.errors import BusinessError
from apps.reports import services
from apps.reports.models import Export
from apps.reports.tables import NoSuchTable, page_of

TAKE = "#take"
"""The page of the job fetches the file by itself when it was opened like this."""


class FormatForm(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=Export.Format.choices, widget=UnfoldAdminSelectWidget
    )


@staff_member_required
def export_list(request: HttpRequest, label: str) -> HttpResponse:
    """Ask for the format, then for the file. The address carries the filters of the list."""
    page = _page(request, label)
    back = f"{list_of(label)}?{request.GET.urlencode()}"
    form = FormatForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wish = {"source": Export.Source.LIST, "name": label, "query": request.GET.urlencode()}
        return begin(request, back, **wish, format=form.cleaned_data["format"])
    context = {
        **admin.site.each_context(request),
        "title": _("Export: %(list)s") % {"list": page.opts.verbose_name_plural},
        "form": form,
        "back": back,
    }
    return render(request, "reports/export.html", context)


def list_of(label: str) -> str:
    """The address of a model's list."""
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def begin(request: HttpRequest, back: str, **wish: Any) -> HttpResponse:
    try:
        export = services.ask_for_export(**wish, by=request.user)
    except BusinessError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    return redirect(reverse("job", args=[export.work_id]) + TAKE)


@require_safe
@staff_member_required
def file(request: HttpRequest, pk: str) -> HttpResponse | FileResponse:
    export = get_object_or_404(Export.objects.select_related("file"), pk=pk, requested_by=request.user.pk)
    try:
        content = services.download(export, now=timezone.now())
    except BusinessError as refusal:
        messages.error(request, str(refusal))
        return redirect("reports")
    return FileResponse(content, as_attachment=True, filename=export.file.name, content_type=export.file.content_type)


def _page(request: HttpRequest, label: str) -> Any:
    try:
        page = page_of(label)
    except NoSuchTable as error:
        raise Http404 from error
    if not page.has_view_permission(request):
        raise Http404
    return page
