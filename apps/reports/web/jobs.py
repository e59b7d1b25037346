"""The page of a job: how far it is, how to stop it, what came of it."""

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from apps.events import services
from apps.events.models import Work
from apps.events.work import jobs
from apps.integrations.querysets import jobs_of
from apps.kernel.errors import BusinessError
from apps.reports.models import Export


@require_safe
@staff_member_required
def job(request: HttpRequest, pk: str) -> HttpResponse:
    """The whole page, or with `?part` what changes of it."""
    work = get_object_or_404(jobs_of(request.user), pk=pk)  # type: ignore[arg-type]
    declared = jobs.get(work.name)
    context = {
        "title": declared.title if declared else work.name,
        "work": work,
        "may_cancel": jobs_of(request.user, "cancel").filter(pk=pk).exists(),  # type: ignore[arg-type]
        "export": Export.objects.filter(work=work, requested_by=request.user.pk).first(),
        "refusal": work.last_error.partition(": ")[2] if work.state == Work.State.REFUSED else "",
    }
    if "part" in request.GET:
        return render(request, "reports/job_part.html", context)
    return render(request, "reports/job.html", {**admin.site.each_context(request), **context})


@require_POST
@staff_member_required
def cancel(request: HttpRequest, pk: str) -> HttpResponse:
    work = get_object_or_404(jobs_of(request.user, "cancel"), pk=pk)  # type: ignore[arg-type]
    try:
        services.cancel(work)
    except BusinessError as refusal:
        messages.error(request, str(refusal))
    return redirect("job", pk)
