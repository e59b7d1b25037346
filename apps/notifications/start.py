from django.contrib.humanize.templatetags.humanize import naturaltime
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Content, Line, beginning, panel
from apps.accounts.models import User
from apps.notifications.models import Notice


@panel(
    "notices",
    title=_("Notices for you"),
    icon="notifications",
    permission=None,
    empty=_("Nothing new. What somebody else finishes or asks of you is told here."),
)
def unread(user: User) -> Content:
    rows = Notice.objects.of(user).unread().order_by("-created_at")
    return beginning(rows, _notice, link=reverse("admin:notifications_notice_changelist"))


def _notice(notice: Notice) -> Line:
    return Line(text=notice.sentence, link=notice.path, note=naturaltime(notice.created_at))
