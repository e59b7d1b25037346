"""Background work in words that people read."""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from apps.events.models import Schedule, Work
from apps.events.work import jobs

REFUSAL = re.compile(r"[a-z_]+: (?P<sentence>.+)")


def title_of(work: Work | Schedule) -> str | Promise:
    """What the job is called; the subscriber of a delivery has no better name than its own."""
    known = jobs.get(work.name)
    return known.title if known else work.name


def error_of(work: Work) -> str:
    """The sentence of a refusal, or that it broke and where."""
    if not work.last_error:
        return ""
    refused = REFUSAL.fullmatch(work.last_error)
    if refused:
        return refused["sentence"]
    if " at " in work.last_error:
        return _("It broke: %(error)s. Look for its key in the log.") % {"error": work.last_error}
    return work.last_error
