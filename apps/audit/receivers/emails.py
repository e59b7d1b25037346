"""The note is the whole text of the mail, so that a saved mail is a checkpoint."""

from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from apps.audit.receivers.configuration import Email
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch
from apps.audit.seal import origin


def send(target: Email, batch: Batch) -> None:
    for item in batch.items:
        subject = _("Checkpoint of %(log)s: %(size)s entries") % {"log": origin(), "size": item.size}
        headers = {"Auto-Submitted": "auto-generated"}
        try:
            EmailMessage(subject, item.text.decode(), to=target.to, headers=headers).send()
        except (SMTPException, OSError) as error:
            raise NotTaken("The mail server has not taken it.") from error
