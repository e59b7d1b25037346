from django.contrib import admin
from django.contrib.admin.views.decorators import staff_member_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.reports.registry import report_of, reports
from apps.reports.runner import csv_lines


@require_safe
@staff_member_required
def catalogue(request: HttpRequest) -> HttpResponse:
    mine = [report for report in reports() if request.user.has_perm(report.permission)]
    context = {**admin.site.each_context(request), "title": _("Reports"), "reports": mine}
    return render(request, "reports/catalogue.html", context)


@require_safe
@staff_member_required
def download(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    report = report_of(slug)
    if report is None or not request.user.has_perm(report.permission):
        raise Http404
    answer = StreamingHttpResponse(csv_lines(report, request.user), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer
