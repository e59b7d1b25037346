"""Saved reports: choose a question, answer what it asks, have it made, take it."""

from collections.abc import Iterator
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.access.admin.base import RecordAdmin, StaffRequest, VersionedForm, each_row
from apps.accounts.models import User
from apps.audit.reports.formats import FORMATS
from apps.audit.reports.kind import Kind, WrongParameters, ask
from apps.audit.reports.kinds import KINDS
from apps.events.models import Work
from apps.integrations.wording import error_of
from apps.kernel import reads
from apps.kernel.errors import BusinessError
from apps.oversight import reporting
from apps.oversight.models import ReportDefinition, ReportRun

ANSWER = "answer_"
SHOWN = 20
STATES = {"ready": "info", "running": "primary", "done": "success", "stopped": "warning", "failed": "danger"}


class Receivers(forms.ModelMultipleChoiceField):
    def label_from_instance(self, user: Any) -> str:
        reads.show(User, [user.pk], door="name")
        return user.name or user.email


class DefinitionForm(VersionedForm):
    kind: Kind
    format = forms.ChoiceField(label=_("Format"), widget=UnfoldAdminSelectWidget)
    receivers = Receivers(
        User.objects.none(),
        label=_("Recipients"),
        required=False,
        help_text=_("They get a notice and a mail with a link. What is in the report is never mailed."),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = ReportDefinition
        fields = ("title", "format", "period", "since", "until", "schedule")
        help_texts = {
            "since": _("Only of a fixed period; empty: from the first entry on."),
            "until": _("Only of a fixed period, and not included; empty: to the last entry."),
            "schedule": _("It is made by night, for the day, week or month before."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "format" in self.fields:
            choices = [(form.slug, form.title) for form in FORMATS.values()]
            self.fields["format"].choices = choices  # type: ignore[attr-defined]
        if "receivers" in self.fields:
            self.fields["receivers"].queryset = reporting.receivers().order_by("name", "email")  # type: ignore[attr-defined]
            self.initial["receivers"] = [] if self.instance._state.adding else self.instance.recipients.all()
        for parameter in self.kind.parameters:
            if (field := self.fields.get(f"{ANSWER}{parameter.name}")) is not None:
                field.initial = self.instance.parameters.get(parameter.name, "")

    def answers(self) -> dict[str, str]:
        said = {each.name: self.cleaned_data.get(f"{ANSWER}{each.name}", "") for each in self.kind.parameters}
        return {name: answer for name, answer in said.items() if answer}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        said = self.cleaned_data
        if said.get("period") != ReportDefinition.Period.FIXED:
            said["since"] = said["until"] = None
        elif said.get("schedule") != ReportDefinition.Schedule.NONE:
            self.add_error("period", _("A fixed period is made once. Choose the day, week or month before."))
        try:
            asked = ask(self.kind, self.answers(), since=said.get("since"), until=said.get("until"))
            self.parameters = dict(asked.said)
        except WrongParameters as refusal:
            for name, sentence in refusal.said.items():
                self.add_error(name if name in self.fields else f"{ANSWER}{name}", sentence)
        return cleaned

    def _post_clean(self) -> None:
        """The rules of the row hold for all of it, so what the form works out is there before they are asked."""
        schedule = self.cleaned_data.get("schedule", ReportDefinition.Schedule.NONE)
        self.instance.due_at = reporting.next_due(schedule, timezone.now())
        super()._post_clean()  # type: ignore[misc]


def form_for(kind: Kind) -> type[DefinitionForm]:
    fields: dict[str, Any] = {
        f"{ANSWER}{parameter.name}": forms.CharField(
            label=parameter.title,
            help_text=parameter.type.help,
            required=parameter.required,
            max_length=300,
            widget=UnfoldAdminTextInputWidget,
        )
        for parameter in kind.parameters
    }
    return type("FormOfKind", (DefinitionForm,), {**fields, "kind": kind})


@admin.register(ReportDefinition)
class ReportDefinitionAdmin(RecordAdmin):
    icon = "assignment"
    section = "audit"
    list_display = ("title", "question", "schedule", "due_at", "belongs_to")
    list_filter = ("schedule",)
    list_select_related = ("owner",)
    list_before_template = "oversight/no_reports.html"
    ordering = ("-pk",)
    fields = ("title", "format", "period", "since", "until", "schedule", "receivers")
    actions = ("run",)
    change_form_outer_before_template = "oversight/report.html"

    def caption(self, row: ReportDefinition) -> str:
        return row.title

    @admin.display(description=_("question"))
    def question(self, row: ReportDefinition) -> str:
        kind = KINDS.get(row.kind)
        return str(kind.title) if kind else row.kind

    @admin.display(description=_("owner"))
    def belongs_to(self, row: ReportDefinition) -> str:
        reads.show(User, [row.owner_id], door="name")
        return row.owner.name or row.owner.email

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:  # noqa: FBT001, FBT002
        return super().get_form(request, obj, change=change, **{**kwargs, "form": form_for(_kind(request, obj))})

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        if obj is not None and not self.has_change_permission(request, obj):
            return (*(name for name in self.fields if name != "receivers"), "parameters")
        answers = [f"{ANSWER}{parameter.name}" for parameter in _kind(request, obj).parameters]
        title, *rest = super().get_fields(request, obj)
        return [title, *answers, *rest]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        kind = KINDS.get(request.GET.get("kind", ""))
        if kind is not None:
            return super().add_view(request, form_url, {**(extra_context or {}), "kind": kind})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Which question?"),
            "opts": self.opts,
            "kinds": KINDS.values(),
        }
        return TemplateResponse(request, "oversight/kinds.html", context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"title": _kind(request, None).title, "format": "html", "period": ReportDefinition.Period.MONTH}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        told = self._told(request, row) if isinstance(row, ReportDefinition) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    def _told(self, request: HttpRequest, row: ReportDefinition) -> dict[str, Any]:
        runs = row.runs.select_related("work", "file", "requested_by").order_by("-pk")[:SHOWN]
        is_stopped = row.schedule != ReportDefinition.Schedule.NONE and not reporting.may_be_made(row)
        return {
            "kind": KINDS.get(row.kind),
            "is_stopped": is_stopped,
            "runs": list(_lines(runs, cast("User", request.user))),
        }

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        kind = _kind(request, obj if change else None)
        obj.kind, obj.parameters = kind.slug, form.parameters
        if not change:
            obj.owner = request.user
        reporting.save(obj, recipients=form.cleaned_data["receivers"], now=timezone.now())

    @each_row(verb="run", title=_("Make it now"))
    def run(self, request: StaffRequest, definition: ReportDefinition) -> ReportRun:
        return reporting.run_now(definition, by=request.user, now=timezone.now())


def _may_stop(run: ReportRun) -> bool:
    return run.work is not None and run.work.finished_at is None and not run.work.cancel_asked


@admin.register(ReportRun)
class ReportRunAdmin(RecordAdmin):
    icon = "task"
    empty = _("Open a saved report and choose “Make it now”, or wait until one is due.")
    section = "audit"
    list_display = ("created_at", "report", "where_it_stands", "entries", "made_as")
    figures = ("entries",)
    list_select_related = ("definition", "work", "file")
    ordering = ("-pk",)
    fields = ("report", "since", "until", "made_as", "entries", "due_at", "asked_by", "created_at")
    readonly_fields = fields
    actions = ("cancel",)
    change_form_outer_before_template = "oversight/run.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("definition", "work", "file", "requested_by")

    @admin.display(description=_("format"))
    def made_as(self, run: ReportRun) -> str:
        return str(FORMATS[run.format].title) if run.format in FORMATS else run.format

    @admin.display(description=_("asked for by"))
    def asked_by(self, run: ReportRun) -> str:
        if run.requested_by is None:
            return str(_("its schedule"))
        reads.show(User, [run.requested_by_id], door="name")
        return run.requested_by.name or run.requested_by.email

    def caption(self, row: ReportRun) -> str:
        return row.definition.title

    @admin.display(description=_("report"))
    def report(self, run: ReportRun) -> str:
        return run.definition.title

    @display(description=_("state"), label=STATES)
    def where_it_stands(self, run: ReportRun) -> tuple[str, Any]:
        return _state(run)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        return [path("<uuid:pk>/download/", view, name="oversight_reportrun_download"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        told = {"runs": list(_lines([run], cast("User", request.user)))} if isinstance(run, ReportRun) else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @each_row(verb="cancel", title=_("Stop it"), when=_may_stop)
    def cancel(self, request: StaffRequest, run: ReportRun) -> ReportRun:
        return reporting.cancel(run)

    def download_view(self, request: StaffRequest, pk: str) -> HttpResponse | FileResponse:
        run = get_object_or_404(ReportRun.objects.select_related("file", "definition"), pk=pk)
        if not self.may(request, "download", run):
            raise PermissionDenied
        try:
            content = reporting.download(run, by=request.user, now=timezone.now())
        except BusinessError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return redirect("admin:oversight_reportrun_change", run.pk)
        return FileResponse(content, as_attachment=True, filename=run.file.name, content_type=run.file.content_type)


def _kind(request: HttpRequest, obj: Model | None) -> Kind:
    """The kind of the row, or the one that was chosen for a new one."""
    slug = obj.kind if isinstance(obj, ReportDefinition) else request.GET.get("kind", "")
    return KINDS.get(slug, KINDS["entries"])


def _state(run: ReportRun) -> tuple[str, Any]:
    if run.file is not None:
        if run.file.deleted_at is None and run.file.expires_at > timezone.now():
            return "done", _("ready to be taken")
        return "ready", _("over, its file is deleted")
    work = run.work
    if work is None:
        return "stopped", _("not made")
    if work.finished_at is None and work.cancel_asked:
        return "running", _("asked to stop")
    if work.finished_at is None:
        return ("running", _("being made")) if work.state == Work.State.LEASED else ("ready", _("waiting"))
    return ("stopped" if work.state == Work.State.CANCELLED else "failed"), work.get_state_display()


def _lines(runs: Any, reader: User) -> Iterator[dict[str, Any]]:
    """What the pages tell of each run; the page of a job is open to whoever asked for it."""
    for run in runs:
        word, said = _state(run)
        is_mine = run.work is not None and run.work.requested_by == reader.pk
        yield {
            "run": run,
            "said": said,
            "error": error_of(run.work) if run.work else "",
            "is_going_on": word in {"ready", "running"} and run.file is None,
            "job": reverse("job", args=[run.work_id]) if is_mine and run.work.finished_at is None else "",
            "file": reverse("admin:oversight_reportrun_download", args=[run.pk]) if word == "done" else "",
        }
