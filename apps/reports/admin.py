"""What the admin does to many rows at once becomes a job."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from apps.access.admin.base import RecordAdmin
from apps.access.admin.verbs import carry_out_later
from apps.reports import bulk


@carry_out_later
def begin(page: RecordAdmin, request: HttpRequest, run: Any, keys: list[Any]) -> HttpResponse:
    answers = QueryDict(mutable=True)
    answers.update({name: request.POST[name] for name in run.asked.base_fields if name in request.POST})
    asked = bulk.ask_for_action(
        model=page.opts.label_lower,
        action=run.__name__,
        keys=[str(key) for key in keys],
        answers=answers,
        by=request.user,  # type: ignore[arg-type]
    )
    return redirect("job", asked.work_id)
