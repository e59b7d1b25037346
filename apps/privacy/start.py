from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from apps.access.panels import Content, Line, Tone, beginning, panel
from apps.accounts.models import User
from apps.privacy.clock import clock
from apps.privacy.models import PrivacyRequest

TONES = {"late": Tone.LATE, "soon": Tone.SOON, "fine": Tone.FINE, "over": Tone.PLAIN}


@panel(
    "privacy-requests",
    title=_("Requests of people and their clocks"),
    icon="contact_mail",
    permission="privacy.view_privacyrequest",
    empty=_("No request waits for its answer. Open one when a person asks for their data."),
)
def requests(user: User) -> Content:
    rows = PrivacyRequest.objects.unanswered().order_by("due_on", "pk")
    return beginning(rows, _running, link=reverse("admin:privacy_privacyrequest_changelist"))


def _running(request: PrivacyRequest) -> Line:
    urgency, left = clock(request)
    return Line(
        text=_("%(kind)s, received on %(day)s")
        % {"kind": request.get_kind_display(), "day": date_format(request.received_on, "DATE_FORMAT")},
        link=reverse("admin:privacy_privacyrequest_change", args=[request.pk]),
        note=request.get_state_display(),
        label=left,
        tone=TONES[urgency],
    )
