"""The page of a job: how far it is, how to stop it, what came of it."""

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.events import services
from apps.events.models import Work
from apps.integrations.querysets import jobs_of
from apps.integrations.wording import error_of, title_of
from apps.kernel import reads
from apps.kernel.errors import BusinessError
from apps.reports.models import BulkAction, Export
from apps.reports.tables import page_of
from apps.reports.web.exports import list_of


@require_safe
@staff_member_required
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """The whole page, or with `?part` what changes of it."""
    work = get_object_or_404(jobs_of(request.user), pk=pk)  # type: ignore[arg-type]
    is_mine = work.requested_by == request.user.pk
    export = Export.objects.filter(work=work, requested_by=request.user.pk).first()
    bulk = BulkAction.objects.filter(work=work, requested_by=request.user.pk).first()
    context = {
        "title": _title(work, export, bulk),
        "work": work,
        "error": error_of(work),
        "result": work.result if is_mine else work.counts,
        "may_cancel": jobs_of(request.user, "cancel").filter(pk=pk).exists(),  # type: ignore[arg-type]
        "export": export,
        "back": _origin(export, bulk),
    }
    if "part" in request.GET:
        # Of a page that was entered when it was opened.
        return render(request, "reports/job_part.html", context)
    if not is_mine:
        reads.show(Work, [work.pk], door="record")
    return render(request, "reports/job.html", {**admin.site.each_context(request), **context})


def _title(work: Work, export: Export | None, bulk: BulkAction | None) -> str:
    """What it does to which records, where the reader asked for it himself."""
    asked = export or bulk
    if asked is None:
        return str(title_of(work))
    step = getattr(page_of(bulk.model), bulk.action).short_description if bulk else title_of(work)
    return f"{step}: {apps.get_model(asked.model)._meta.verbose_name_plural}"


def _origin(export: Export | None, bulk: BulkAction | None) -> str:
    """The page on which it was asked for."""
    if export is not None and export.source == Export.Source.LIST:
        return f"{list_of(export.model)}?{export.query}"
    if bulk is not None:
        return list_of(bulk.model)
    return reverse("reports") if export is not None else ""


@require_POST
@staff_member_required
def cancel(request: HttpRequest, pk: str) -> HttpResponse:
    work = get_object_or_404(jobs_of(request.user, "cancel"), pk=pk)  # type: ignore[arg-type]
    try:
        services.cancel(work)
    except BusinessError as refusal:
        messages.error(request, str(refusal))
    return redirect("job", pk)
