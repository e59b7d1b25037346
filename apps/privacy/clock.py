"""How long is left to answer a request, in words."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.privacy.models import PrivacyRequest

SOON = 7


def clock(request: PrivacyRequest) -> tuple[str, str]:
    """How urgent it is, and how long is left, in words."""
    left = request.days_left(timezone.localdate())
    if request.is_answered:
        return "over", str(request.get_state_display())
    if left < 0:
        return "late", ngettext("%(days)s day overdue", "%(days)s days overdue", -left) % {"days": -left}
    if left == 0:
        return "late", _("due today")
    said = ngettext("%(days)s day left", "%(days)s days left", left) % {"days": left}
    return ("soon" if left <= SOON else "fine"), said
