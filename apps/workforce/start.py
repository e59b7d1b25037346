from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.access.panels import Content, Line, Place, Tone, beginning, panel
from apps.accounts.models import User
from apps.kernel import reads
from apps.workforce.models import Absence, Employee

LIST = "admin:workforce_absence_changelist"
SOON = 7


@panel(
    "absences-to-decide",
    title=_("Absences to decide"),
    icon="event_busy",
    permission="workforce.approve_absence",
    empty=_("Nobody waits for a decision. A request for days off appears here."),
)
def to_decide(user: User) -> Content:
    rows = Absence.objects.visible_to(user, "approve").filter(state=Absence.State.REQUESTED)
    in_order = rows.select_related("employee").order_by("starts_on", "pk")
    return beginning(in_order, _asked, link=f"{reverse(LIST)}?state__exact=requested")


def _asked(absence: Absence) -> Line:
    left = (absence.starts_on - timezone.localdate()).days
    if left < 0:
        tone, label = Tone.LATE, _("has begun, undecided")
    elif left == 0:
        tone, label = Tone.LATE, _("begins today")
    else:
        tone = Tone.SOON if left <= SOON else Tone.FINE
        label = ngettext("begins in %(days)s day", "begins in %(days)s days", left) % {"days": left}
    return Line(
        text=_name(absence),
        link=reverse("admin:workforce_absence_change", args=[absence.pk]),
        note=_days(absence),
        label=label,
        tone=tone,
    )


@panel(
    "away-today",
    title=_("Away today"),
    icon="beach_access",
    permission="workforce.view_absence",
    place=Place.FIGURES,
    empty=_("Everybody whose absences you may see is at work today."),
)
def away(user: User) -> Content:
    today = timezone.localdate()
    rows = Absence.objects.visible_to(user).filter(state=Absence.State.APPROVED).touching(today, today)
    return beginning(rows.select_related("employee").order_by("ends_on", "pk"), _away, link=reverse(LIST))


def _away(absence: Absence) -> Line:
    page = reverse("admin:workforce_absence_change", args=[absence.pk])
    return Line(text=_name(absence), link=page, note=_days(absence))


def _name(absence: Absence) -> str:
    reads.show(Employee, [absence.employee_id], door="start", fields=("first_name", "last_name"))
    return f"{absence.employee.first_name} {absence.employee.last_name}"


def _days(absence: Absence) -> str:
    first, last = (date_format(day, "DATE_FORMAT") for day in (absence.starts_on, absence.ends_on))
    return first if first == last else f"{first} – {last}"
