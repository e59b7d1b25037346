"""One verb of the admin on many rows: a job, under the rights that the person has while it runs."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib.messages.storage.cookie import CookieStorage
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.events.work import enqueue
from apps.kernel.errors import BusinessError, NotPermitted
from apps.reports.models import BulkAction
from apps.reports.tables import page_of

STEP = 20
"""Rows between two words about the progress, where a cancelled job ends."""
MOST_REFUSALS = 500
"""So many refusals are listed; the rest are counted."""


class OutdatedAnswers(BusinessError):
    """What was answered before this began does not hold any more. Choose the records again and answer anew."""

    code = "outdated_answers"


@transaction.atomic
def ask_for_action(*, model: str, action: str, keys: list[str], answers: QueryDict, by: User) -> BulkAction:
    bulk = BulkAction.objects.create(
        model=model, action=action, keys=keys, answers=answers.urlencode(), requested_by=by
    )
    bulk.work = enqueue("reports.bulk_action", bulk=str(bulk.pk))
    bulk.save(update_fields=["work", "updated_at"])
    return bulk


def carry_out(key: UUID, *, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Each row that is still visible is done or refused; a cancelled job leaves none of it."""
    bulk = BulkAction.objects.select_related("requested_by").get(pk=key)
    page = page_of(bulk.model)
    request = _asked(bulk)
    if not page.has_view_permission(request):
        raise NotPermitted
    run = getattr(page, bulk.action)
    form = run.asked(request.POST)
    if not form.is_valid():
        raise OutdatedAnswers
    refusals: list[str] = []
    total = len(bulk.keys)
    for start in range(0, total, STEP):
        progress(start, total)
        keys = bulk.keys[start : start + STEP]
        rows = page.get_queryset(request).in_bulk(keys)
        refusals += [_("%(key)s is not there any more.") % {"key": key} for key in keys if key not in map(str, rows)]
        said = (run.one(page, request, row, form.cleaned_data) for row in rows.values())
        refusals += [refusal for refusal in said if refusal]
    progress(total, total)
    return {"done": total - len(refusals), "refused": len(refusals), "refusals": refusals[:MOST_REFUSALS]}


def _asked(bulk: BulkAction) -> HttpRequest:
    request = HttpRequest()
    request.method, request.user = "POST", bulk.requested_by
    request.POST = QueryDict(bulk.answers)
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request
