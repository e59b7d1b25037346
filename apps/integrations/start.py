from datetime import timedelta

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Content, Line, Place, Tone, beginning, panel
from apps.accounts.models import User
from apps.events.models import Work
from apps.integrations.models import ImportBatch
from apps.integrations.querysets import all_work_of, jobs_of
from apps.integrations.wording import error_of, title_of
from apps.kernel import health

WORK = "admin:events_work_changelist"
IMPORTS = "admin:integrations_importbatch_changelist"
State = ImportBatch.State


@panel(
    "failed-work",
    title=_("Background work that failed"),
    icon="error",
    permission="events.retry_work",
    empty=_("Nothing is parked. Work that fails in every attempt appears here with its error, to be run again."),
)
def failed(user: User) -> Content:
    rows = all_work_of(user).parked().order_by("-pk")
    return beginning(rows, _failed, link=f"{reverse(WORK)}?state__exact=parked")


def _failed(work: Work) -> Line:
    return Line(
        text=title_of(work),
        link=reverse("admin:events_work_change", args=[work.pk]),
        note=error_of(work),
        label=naturaltime(work.finished_at),
        tone=Tone.LATE,
    )


@panel(
    "my-jobs",
    title=_("Your jobs of the last day"),
    icon="pending_actions",
    permission=None,
    empty=_("You have asked for nothing in the background. An export, a report or an import appears here."),
)
def mine(user: User) -> Content:
    yesterday = timezone.now() - timedelta(days=1)
    rows = jobs_of(user).filter(requested_by=user.pk, created_at__gte=yesterday).order_by("-pk")
    return beginning(rows, _asked_for, link="")


def _asked_for(work: Work) -> Line:
    ended_well = work.state == Work.State.DONE
    return Line(
        text=title_of(work),
        link=reverse("job", args=[work.pk]),
        note=error_of(work) if work.finished_at else "",
        label=work.get_state_display(),
        tone=Tone.FINE if ended_well else Tone.LATE if work.finished_at else Tone.PLAIN,
    )


@panel(
    "imports-waiting",
    title=_("Imports that wait for you"),
    icon="upload_file",
    permission="integrations.confirm_importbatch",
    empty=_("No import waits. Upload files, and what their check found appears here."),
)
def imports(user: User) -> Content:
    rows = ImportBatch.objects.visible_to(user, "confirm").filter(state__in=(State.CHECKED, State.REFUSED))
    return beginning(rows.select_related("unit").order_by("-created_at"), _waiting, link=reverse(IMPORTS))


def _waiting(batch: ImportBatch) -> Line:
    return Line(
        text=batch.profile,
        link=reverse("admin:integrations_importbatch_change", args=[batch.pk]),
        note=batch.unit.name,
        label=batch.get_state_display(),
        tone=Tone.LATE if batch.state == State.REFUSED else Tone.SOON,
    )


@panel(
    "installation",
    title=_("State of the installation"),
    icon="monitor_heart",
    permission="events.view_relay",
    place=Place.FIGURES,
    later=True,
    empty=_("Nothing is checked."),
)
def installation(user: User) -> Content:
    """The same checks as `/readyz`, what is wrong first."""
    _ready, said = health.report()
    lines = [
        Line(
            text=name.replace("_", " ").capitalize(),
            note=str(one["detail"]),
            label=_("well") if one["ok"] else _("needs you"),
            tone=Tone.FINE if one["ok"] else Tone.LATE,
        )
        for name, one in said.items()
    ]
    return Content(lines=sorted(lines, key=lambda line: line.tone != Tone.LATE))
