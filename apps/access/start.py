from datetime import datetime, timedelta
from typing import cast

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.access.models import Assignment, Unit
from apps.access.panels import Content, Line, Tone, beginning, panel
from apps.access.services import people_seen_by, platform_roles
from apps.accounts.models import User
from apps.kernel import reads

AHEAD = timedelta(days=30)
SOON = timedelta(days=7)


@panel(
    "assignments-ending",
    title=_("Roles that end within 30 days"),
    icon="assignment_ind",
    permission="access.end_assignment",
    empty=_("No role ends soon. One with an end appears here thirty days before."),
)
def ending(user: User) -> Content:
    units = Unit.objects.permitted(user, "access.view_assignment")
    rows = Assignment.objects.valid().filter(unit__in=units.values("pk"), valid_until__lte=timezone.now() + AHEAD)
    in_order = rows.select_related("user", "role", "unit").order_by("valid_until", "pk")
    return beginning(in_order, _ending, link=reverse("admin:access_assignment_changelist"))


def _ending(assignment: Assignment) -> Line:
    ends_at = cast("datetime", assignment.valid_until)
    reads.show(User, [assignment.user_id], door="start")
    return Line(
        text=assignment.user.email,
        link=reverse("admin:access_assignment_change", args=[assignment.pk]),
        note=f"{assignment.role.name} · {assignment.unit.name}",
        label=_("ends on %(day)s") % {"day": date_format(timezone.localtime(ends_at), "DATE_FORMAT")},
        tone=Tone.SOON if ends_at <= timezone.now() + SOON else Tone.PLAIN,
    )


@panel(
    "no-second-factor",
    title=_("People without a second factor"),
    icon="phonelink_lock",
    permission="accounts.change_user",
    empty=_("Everybody signs in with a second factor. Whoever is invited appears here until there is one."),
)
def without_second_factor(user: User) -> Content:
    """Those first whom a platform role keeps out until they have one."""
    has_one = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    demanded = Assignment.objects.valid().filter(user=OuterRef("pk"), role__name__in=platform_roles())
    people = people_seen_by(user).filter(~Exists(has_one), is_active=True, kind=User.Kind.PERSON)
    in_order = people.annotate(is_demanded=Exists(demanded)).order_by("-is_demanded", "email")
    return beginning(in_order, _without, link=reverse("admin:accounts_user_changelist"))


def _without(person: User) -> Line:
    return Line(
        text=person.email,
        link=reverse("admin:accounts_user_change", args=[person.pk]),
        note=person.name,
        label=_("kept out until there is one") if person.is_demanded else _("by password alone"),
        tone=Tone.LATE if person.is_demanded else Tone.SOON,
    )
