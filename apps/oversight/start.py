"""How busy the trail was lately, from its counts, for whoever answers for it."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Bar, Content, Line, Place, Tone, panel
from apps.accounts.models import User
from apps.kernel.trail import Action
from apps.oversight.anomalies import figures
from apps.oversight.anomalies.rules import begin_of

BACK = timedelta(days=14)
DAY = timedelta(days=1)
WATCHED = {
    Action.LOGIN_FAILED: _("failed sign-ins"),
    Action.REFUSED: _("refusals"),
    Action.EXPORT: _("exports"),
    Action.DDL: _("changes of the schema"),
}


@panel(
    "activity",
    title=_("Entries of the trail, by day"),
    icon="monitoring",
    permission="oversight.view_hourcount",
    place=Place.FIGURES,
    later=True,
    empty=_(
        "Nothing of the last two weeks is counted. What is sealed is counted every five minutes: look again in ten."
    ),
)
def activity(user: User) -> Content:
    days = [timezone.localdate() - DAY * back for back in reversed(range(BACK.days))]
    found = figures.activity(since=begin_of(days[0]), until=begin_of(days[-1] + DAY))
    trail = reverse("admin:audit_auditevent_changelist")
    return Content(
        bars=[Bar(label=date_format(day, "j M"), value=found.by_day[day]) for day in days],
        lines=[
            Line(
                text=capfirst(title),
                link=f"{trail}?action__exact={action.value}",
                label=number_format(found.by_action[action], force_grouping=True),
                tone=Tone.SOON if found.by_action[action] else Tone.FINE,
            )
            for action, title in WATCHED.items()
        ],
        link=reverse("admin:oversight_hourcount_changelist"),
    )
