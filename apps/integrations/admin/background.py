"""Background work and events: how far it is, what went wrong, and what one may do about it."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from apps.access.admin.base import RecordAdmin, each_row
from apps.access.version import RowVersion
from apps.events import services
from apps.events.models import PublishedEvent, Relay, Schedule, Work
from apps.integrations.querysets import all_work_of
from apps.integrations.wording import error_of, title_of

SHOWN = 100
State = Work.State
STOPPED = (State.PARKED, State.REFUSED, State.CANCELLED, State.MISSED)
COLOURS = {
    State.READY: "info",
    State.LEASED: "primary",
    State.DONE: "success",
    State.PARKED: "danger",
    State.REFUSED: "warning",
    State.CANCELLED: "info",
    State.MISSED: "warning",
}


class ReadOnlyAdmin(RecordAdmin):
    """Written by the software alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Work)
class WorkAdmin(ReadOnlyAdmin):
    """Jobs, deliveries of events and scheduled slots, with the error that set one aside."""

    icon = "pending_actions"
    title = _("Jobs")
    list_display = ("created_at", "called", "where_it_stands", "progressed", "error")
    figures = ("progressed",)
    list_filter = ("state", "kind")
    search_fields = ("name__startswith",)
    search_help_text = _("Beginning of the technical name")
    ordering = ("-pk",)
    fields = (
        "name",
        "kind",
        "event",
        "attempts",
        "max_attempts",
        "due_at",
        "slot_at",
        "started_at",
        "finished_at",
        "lease_until",
        "created_at",
    )
    actions = ("retry", "cancel", "park")
    change_form_outer_before_template = "integrations/work.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return all_work_of(request.user).annotate(row_version=RowVersion())  # type: ignore[arg-type]

    def may(self, request: HttpRequest, verb: str, obj: Model | None = None) -> bool:
        if obj is None:
            return super().may(request, verb)
        return all_work_of(request.user, verb).filter(pk=obj.pk).exists()  # type: ignore[arg-type]

    def caption(self, row: Work) -> str:
        return str(title_of(row))

    def get_urls(self) -> list[URLPattern]:
        progress = path(
            "<uuid:pk>/progress/", self.admin_site.admin_view(self.progress_view), name="events_work_progress"
        )
        return [progress, *super().get_urls()]

    def progress_view(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The bar of the page, which asks for itself every second; when the work is over, the page is read anew."""
        work = all_work_of(request.user).filter(pk=pk).first()  # type: ignore[arg-type]
        if work is None:
            raise Http404
        headers = {"HX-Refresh": "true"} if work.finished_at else {}
        return TemplateResponse(request, "integrations/progress.html", {"work": work}, headers=headers)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        work = self.get_object(request, object_id)
        told = (
            {"work": work, "title": title_of(work), "error": error_of(work), "owners": self._owners(request, work)}
            if isinstance(work, Work)
            else {}
        )
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **told})

    @display(description=_("work"))
    def called(self, work: Work) -> str:
        return str(title_of(work))

    @display(description=_("state"), ordering="state", label=COLOURS)
    def where_it_stands(self, work: Work) -> tuple[str, Any]:
        return work.state, work.get_state_display()

    @display(description=_("done"))
    def progressed(self, work: Work) -> str:
        return f"{work.done:,} / {work.total:,}" if work.total else ""

    @display(description=_("error"))
    def error(self, work: Work) -> str:
        return error_of(work)

    def _owners(self, request: HttpRequest, work: Work) -> list[tuple[str, str]]:
        """The rows of any kind that name this work as the one that is done for them, if the reader may open them."""
        owners = []
        for model, page in self.admin_site._registry.items():
            if "work" in {field.name for field in model._meta.fields} and page.has_view_permission(request):
                owners += [
                    (str(model._meta.verbose_name), reverse(_page(model, "change"), args=[row.pk]))
                    for row in page.get_queryset(request).filter(work=work.pk)
                ]
        return owners

    @each_row(verb="retry", title=_("Run again"), when=lambda work: work.state in STOPPED)
    def retry(self, request: HttpRequest, work: Work) -> Work:
        return services.retry(work)

    @each_row(verb="cancel", title=_("Cancel"), when=lambda work: not work.finished_at and not work.cancel_asked)
    def cancel(self, request: HttpRequest, work: Work) -> Work:
        return services.cancel(work)

    @each_row(verb="park", title=_("Set aside"), reason=True, when=lambda work: not work.finished_at)
    def park(self, request: HttpRequest, work: Work, *, reason: str) -> Work:
        return services.park(work, reason=reason)


def _page(model: type[Model], name: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}"


@admin.register(PublishedEvent)
class PublishedEventAdmin(ReadOnlyAdmin):
    """What happened, and to whom it was delivered."""

    icon = "campaign"
    list_display = ("created_at", "name", "aggregate", "unit")
    search_fields = ("name__startswith",)
    search_help_text = _("Beginning of the name")
    ordering = ("-pk",)
    readonly_fields = ("delivered_to",)

    @display(description=_("deliveries"))
    def delivered_to(self, event: PublishedEvent) -> SafeString:
        return format_html_join(
            "",
            '<div><a class="underline" href="{}">{}</a>: {}</div>',
            (
                (reverse(_page(Work, "change"), args=[work.pk]), work.name, work.get_state_display())
                for work in event.deliveries.order_by("name")[:SHOWN]
            ),
        )


@admin.register(Schedule)
class ScheduleAdmin(ReadOnlyAdmin):
    icon = "schedule"
    list_display = ("called", "name", "planned_until")
    ordering = ("name",)

    @display(description=_("work"))
    def called(self, schedule: Schedule) -> str:
        return str(title_of(schedule))


@admin.register(Relay)
class RelayAdmin(ReadOnlyAdmin):
    icon = "sync_alt"
    list_display = ("id", "beat_at")
    ordering = ("-beat_at",)
