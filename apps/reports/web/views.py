from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.reports.models import Export
from apps.reports.registry import reports_for
from apps.reports.web.exports import FormatForm, begin


@require_safe
@staff_member_required
def catalogue(request: HttpRequest) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": _("Reports"),
        "reports": reports_for(request.user),  # type: ignore[arg-type]
        "formats": Export.Format.choices,
    }
    return render(request, "reports/catalogue.html", context)


@require_POST
@staff_member_required
def run(request: HttpRequest, slug: str) -> HttpResponse:
    form = FormatForm(request.POST)
    if not form.is_valid() or slug not in {report.slug for report in reports_for(request.user)}:  # type: ignore[arg-type]
        raise Http404
    wish = {"source": Export.Source.REPORT, "name": slug, "query": "", "format": form.cleaned_data["format"]}
    return begin(request, reverse("reports"), **wish)
