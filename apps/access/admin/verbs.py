"""Verbs of a row: actions of the list and buttons of its page, each a call of one service."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.kernel.errors import BusinessError
from apps.kernel.trail import because

if TYPE_CHECKING:
    from apps.access.admin.base import RecordAdmin

AT_ONCE = 1_000
"""Rows on which one request acts."""

RowAction = Callable[..., object]
State = Callable[[Any], bool]


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}))


def each_row(
    *, verb: str, title: Any, reason: bool = False, form: type[forms.Form] | None = None, when: State | None = None
) -> Callable[[RowAction], Any]:
    """An admin action that calls one service per chosen row and shows each refusal by the row's business key.

    The method gets `(self, request, row)`. With a `form` a page asks first and the method gets each answer by its name;
    `reason=True` is the form that asks for a reason alone. Rows on which the user may not do `<verb>_<model>` are
    refused. The page of a row offers the verb as a button, `when` the row is in a state that allows it.
    """
    asked = ReasonForm if reason else form

    def decorate(method: RowAction) -> Any:
        @wraps(method)
        def run(self: "RecordAdmin", request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            rows = list(queryset.order_by("pk")[: AT_ONCE + 1])
            if len(rows) > AT_ONCE:
                self.message_user(request, _("Choose at most 1,000 records at once."), messages.ERROR)
                return None
            answers: dict[str, Any] = {}
            if asked is not None:
                filled = asked(request.POST if asked.base_fields.keys() & request.POST.keys() else None)
                if not filled.is_valid():
                    return _ask(self, request, rows, filled, run)
                answers = filled.cleaned_data
            done = sum(_one(self, request, row, run, answers) for row in rows)
            if done:
                said = ngettext("%(count)s record done.", "%(count)s records done.", done) % {"count": done}
                self.message_user(request, said, messages.SUCCESS)
            return None

        run.short_description = title  # type: ignore[attr-defined]
        run.verb = verb  # type: ignore[attr-defined]
        run.method = method  # type: ignore[attr-defined]
        run.asked = asked or forms.Form  # type: ignore[attr-defined]
        run.when = when  # type: ignore[attr-defined]
        return run

    return decorate


def buttons(model_admin: "RecordAdmin", request: HttpRequest, row: Model) -> Iterator[dict[str, Any]]:
    """The verbs that this reader may do on this row as it is now, as Unfold's buttons of a page."""
    for name in model_admin.actions:
        run = getattr(model_admin, str(name), None)
        if offers(model_admin, request, row, run):
            path = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_do", args=[row.pk, name])
            yield {"title": run.short_description, "path": path, "attrs": {}, "variant": ActionVariant.DEFAULT}


def offers(model_admin: "RecordAdmin", request: HttpRequest, row: Model, run: Any) -> bool:
    is_verb = hasattr(run, "method")
    return is_verb and (run.when is None or run.when(row)) and model_admin.may(request, run.verb, row)


def do(model_admin: "RecordAdmin", request: HttpRequest, row: Model, run: Any) -> HttpResponse:
    """One verb on one row, after a question; then back to the row."""
    form = run.asked(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _ask(model_admin, request, [row], form, run)
    if _one(model_admin, request, row, run, form.cleaned_data):
        done = _("%(row)s: %(verb)s – done.") % {"row": row, "verb": run.short_description}
        model_admin.message_user(request, done, messages.SUCCESS)
    page = f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change"
    return HttpResponseRedirect(reverse(page, args=[row.pk]))


def _one(model_admin: "RecordAdmin", request: HttpRequest, row: Model, run: Any, answers: dict[str, Any]) -> bool:
    if not model_admin.may(request, run.verb, row):
        refusal = _("%(row)s: you may not do this here.") % {"row": row}
        model_admin.message_user(request, refusal, messages.ERROR)
        return False
    try:
        with transaction.atomic(), because(answers.get("reason", "")):
            run.method(model_admin, request, row, **answers)
    except BusinessError as refusal:
        model_admin.message_user(request, f"{row}: {refusal}", messages.ERROR)
        return False
    return True


def _ask(model_admin: "RecordAdmin", request: HttpRequest, rows: list[Any], form: forms.Form, run: Any) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "title": run.short_description,
        "rows": [(row.pk, model_admin.caption(row)) for row in rows],
        "form": form,
        "action": run.__name__,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/ask.html", context)
