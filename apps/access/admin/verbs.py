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

from apps.kernel import reads
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because

if TYPE_CHECKING:
    from apps.access.admin.base import RecordAdmin

BY_ITSELF = 50
"""Rows on which a request acts by itself; more are a job."""
AT_ONCE = 10_000
NAMED = 50
"""Rows that the question names before it counts the rest."""

RowAction = Callable[..., object]
State = Callable[[Any], bool]


Later = Callable[["RecordAdmin", HttpRequest, Any, list[Any]], HttpResponse]
_later: list[Later] = []


def carry_out_later(begin: Later) -> Later:
    """Registers what makes a job of a verb on many rows; called by the app that has the jobs."""
    _later[:] = [begin]
    return begin


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
    asked = ReasonForm if reason else form or forms.Form

    def decorate(method: RowAction) -> Any:
        @wraps(method)
        def run(self: "RecordAdmin", request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
            keys = list(queryset.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
            if len(keys) > AT_ONCE:
                self.message_user(request, _("Choose at most 10,000 records at once."), messages.ERROR)
                return None
            is_answered = not asked.base_fields or asked.base_fields.keys() & request.POST.keys()
            filled = asked(request.POST if is_answered else None)
            if not filled.is_valid():
                return _ask(self, request, list(queryset.order_by("pk")[:NAMED]), filled, run, keys)
            if len(keys) > BY_ITSELF and _later:
                return _later[0](self, request, run, keys)
            done = sum(_one(self, request, row, run, filled.cleaned_data) for row in queryset.order_by("pk"))
            if done:
                said = ngettext("%(count)s record done.", "%(count)s records done.", done) % {"count": done}
                self.message_user(request, said, messages.SUCCESS)
            return None

        def one(self: "RecordAdmin", request: HttpRequest, row: Model, answers: dict[str, Any]) -> str:
            return _refusal(self, request, row, run, answers)

        run.one = one  # type: ignore[attr-defined]
        run.short_description = title  # type: ignore[attr-defined]
        run.verb = verb  # type: ignore[attr-defined]
        run.method = method  # type: ignore[attr-defined]
        run.asked = asked  # type: ignore[attr-defined]
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
    page = reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_change", args=[row.pk])
    form = run.asked(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        question = _ask(model_admin, request, [row], form, run, [row.pk])
        question.context_data = {**(question.context_data or {}), "back": page}
        return question
    if _one(model_admin, request, row, run, form.cleaned_data):
        done = _("%(row)s: %(verb)s – done.") % {"row": model_admin.caption(row), "verb": run.short_description}
        model_admin.message_user(request, done, messages.SUCCESS)
    return HttpResponseRedirect(page)


def _one(model_admin: "RecordAdmin", request: HttpRequest, row: Model, run: Any, answers: dict[str, Any]) -> bool:
    refusal = _refusal(model_admin, request, row, run, answers)
    if refusal:
        model_admin.message_user(request, refusal, messages.ERROR)
    return not refusal


def _refusal(model_admin: "RecordAdmin", request: HttpRequest, row: Model, run: Any, answers: dict[str, Any]) -> str:
    """Do it, or say why not."""
    if not model_admin.may(request, run.verb, row):
        reads.refuse(row, permission=f"{model_admin.opts.app_label}.{run.verb}_{model_admin.opts.model_name}")
        return _("%(row)s: you may not do this here.") % {"row": row}
    try:
        with transaction.atomic(), because(answers.get("reason", "")):
            run.method(model_admin, request, row, **answers)
    except BusinessError as refusal:
        if refusal.about_access:
            reads.refuse(row, code=refusal.code)
        return f"{row}: {refusal}"
    return ""


def _ask(
    model_admin: "RecordAdmin", request: HttpRequest, rows: list[Any], form: forms.Form, run: Any, keys: list[Any]
) -> TemplateResponse:
    """A choice of the whole list is repeated as such, whatever its length."""
    reads.show(model_admin.model, [row.pk for row in rows], door="question")
    across = request.POST.get("select_across", "0") == "1"
    context = {
        **model_admin.admin_site.each_context(request),
        "title": run.short_description,
        "captions": [model_admin.caption(row) for row in rows],
        "more": len(keys) - len(rows),
        "keys": keys[:1] if across else keys,
        "across": across,
        "form": form,
        "back": request.get_full_path(),
        "action": run.__name__,
        "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "admin/ask.html", context)
