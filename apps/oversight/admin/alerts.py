"""The page of an alert: the rule in words, the figures of the case, the days before it, and the entries behind it."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from apps.audit.admin.alerts import tells
from apps.audit.admin.paging import PLACE
from apps.audit.models import Alert
from apps.oversight.admin.links import entries_between
from apps.oversight.anomalies.figures import days_of
from apps.oversight.anomalies.rules import ENOUGH, ENOUGH_HOURS, NEAR, PAST, Rule, begin_of
from apps.oversight.charts import Bar, Chart

DAY = timedelta(days=1)


@tells(Rule.READS, Rule.EXPORTS, Rule.HOURS, template="oversight/alert.html")
def story(alert: Alert) -> dict[str, Any]:
    rule, said, day = Rule(alert.rule), alert.details, date.fromisoformat(alert.details["day"])
    shown = {name: _figure(value) for name, value in said.items()}
    shown |= {"day": date_format(day, "DATE_FORMAT"), "past": str(PAST), "enough": str(ENOUGH)}
    return {
        "paragraphs": _of_hours(shown, said["hours"]) if rule == Rule.HOURS else _of_amount(rule, shown),
        "chart": _chart(alert, rule, day) if alert.actor_id else None,
        "links": _links(alert.actor_id, day, shown) if alert.actor_id else [],
    }


def _links(actor: UUID, day: date, shown: dict[str, str]) -> list[tuple[str, str]]:
    end = begin_of(day + DAY)
    story = f"{reverse('admin:audit_actor', args=[actor])}?{urlencode({PLACE: f'{end.isoformat()}~0'})}"
    return [
        (_("The timeline of this actor, from %(day)s back") % shown, story),
        (_("What he did on %(day)s, entry by entry") % shown, entries_between(begin_of(day), end, actor=actor)),
    ]


@tells(Rule.OUTSIDE, template="oversight/alert.html")
def outside(alert: Alert) -> dict[str, Any]:
    said = alert.details
    shown = {"login": alert.about or "–", "entries": _figure(said.get("entries", 0))}
    told = [
        _(
            "Every write of the application says who acts. A write that says nothing was made past it: in a database "
            "console, by a script, or by a restore. The rule knows no threshold: each database login that did so is "
            "told once, until somebody has answered."
        ),
        _("The login of this case is %(login)s, with %(entries)s entries so far.") % shown,
    ]
    if said.get("disabled"):
        told.append(_("Triggers were switched off on: %(tables)s.") % {"tables": ", ".join(said["disabled"])})
    if "first" not in said:
        return {"paragraphs": told}
    first = reverse("admin:audit_auditevent_change", args=[said["first"]])
    return {"paragraphs": told, "links": [(_("The first of these entries"), first)]}


def _figure(value: Any) -> str:
    if isinstance(value, int | float):
        return str(number_format(round(value, 1), decimal_pos=0 if value == int(value) else 1, force_grouping=True))
    return str(value)


def _of_amount(rule: Rule, shown: dict[str, str]) -> list[str]:
    done = {
        Rule.READS: _("On %(day)s this actor read %(value)s records about people. The limit was %(limit)s."),
        Rule.EXPORTS: _("On %(day)s this actor took %(value)s rows away in files. The limit was %(limit)s."),
    }
    rules = {
        "own": _(
            "A day stands out against the actor's own past: above the median of his last %(past)s days with any, plus "
            "%(factor)s times the spread, and always above the floor of %(floor)s. The spread is the median distance "
            "from the median, and at least half of it. Here %(days)s days count, with a median of %(median)s and "
            "a spread of %(spread)s."
        ),
        "role": _(
            "This actor has fewer than %(enough)s such days of his own, so he is compared with the others who hold his "
            "roles: above the median of their last days, plus %(factor)s times the spread, and always above the floor "
            "of %(floor)s. The spread is the median distance from the median, and at least half of it. Here "
            "%(days)s days of others count, with a median of %(median)s and a spread of %(spread)s."
        ),
        "none": _(
            "Neither this actor nor the others who hold his roles have the %(enough)s days from which one could say "
            "what is usual. Until then the limit is the floor of %(floor)s times %(factor)s."
        ),
    }
    return [done[rule] % shown, rules[shown["basis"]] % shown, _who_set_it()]


def _of_hours(shown: dict[str, str], hours: list[int]) -> list[str]:
    begins = ", ".join(f"{hour:02}:00" for hour in hours)
    told = {**shown, "enough": str(ENOUGH_HOURS), "around": str(NEAR), "hours": begins}
    return [
        _(
            "On %(day)s this actor left %(value)s entries in hours in which he hardly ever works, those that begin at "
            "%(hours)s. Up to %(floor)s say nothing."
        )
        % told,
        _(
            "An hour is unusual when on fewer than one in %(factor)s of his days of the last twelve weeks he did "
            "anything within %(around)s hours of it, on a day of the same kind: Monday to Friday, or the weekend. "
            "Of his %(days)s days it was %(near)s at most. With fewer than %(enough)s days nothing is said about "
            "anybody's hours."
        )
        % told,
        _who_set_it(),
    ]


def _who_set_it() -> str:
    return _(
        "Factor and floor are those of his roles (Thresholds). The figures are as they were when the alert was raised."
    )


def _chart(alert: Alert, rule: Rule, day: date) -> Chart:
    titles = {
        Rule.READS: _("Records about people, day by day"),
        Rule.EXPORTS: _("Rows taken away, day by day"),
        Rule.HOURS: _("Entries in these hours, day by day"),
    }
    counted = days_of(rule, alert.actor_id, day, hours=alert.details.get("hours", []))
    return Chart(
        title=titles[rule],
        limit=alert.details["limit"],
        bars=[
            Bar(
                label=date_format(each, "D j M"),
                value=value,
                link=entries_between(begin_of(each), begin_of(each + DAY), actor=alert.actor_id),
                is_faint=each != day,
            )
            for each, value in counted
        ],
    )
