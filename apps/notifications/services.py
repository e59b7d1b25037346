from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.access.models import Assignment
from apps.accounts.models import User
from apps.events.work import enqueue
from apps.notifications.models import Notice

BATCH = 100


def holders(permission: str) -> QuerySet[User]:
    """The active people whose role carries this permission anywhere."""
    app_label, codename = permission.split(".", 1)
    carrying = Q(role__permissions__codename=codename, role__permissions__content_type__app_label=app_label)
    held = Assignment.objects.valid().filter(carrying)
    return User.objects.filter(pk__in=held.values("user"), is_active=True, kind=User.Kind.PERSON)


@transaction.atomic
def notify(people: Iterable[User], *, about: UUID, sentence: str, path: str = "") -> None:
    """Put a notice before each of these people, and mail it. Who has not read of it yet is not told again."""
    Notice.objects.bulk_create(
        (Notice(user=person, about=about, sentence=sentence, path=path) for person in people), ignore_conflicts=True
    )
    enqueue("notifications.mail")


def read(notice: Notice, *, now: datetime) -> Notice:
    notice.read_at = notice.read_at or now
    notice.save(update_fields=["read_at", "updated_at"])
    return notice


def mail_waiting() -> int:
    """Send what nobody has been mailed yet; a row that another worker is mailing is passed over.

    The mark is committed after the mail server took the batch, so a crash between the two mails a notice again rather
    than never.
    """
    sent = 0
    while True:
        with transaction.atomic():
            waiting = (
                Notice.objects.filter(mailed_at=None)
                .select_related("user")
                .select_for_update(skip_locked=True, of=("self",))
            )
            batch = list(waiting.order_by("created_at")[:BATCH])
            if not batch:
                return sent
            get_connection().send_messages([_message(notice) for notice in batch])
            Notice.objects.filter(pk__in=[notice.pk for notice in batch]).update(mailed_at=timezone.now())
            sent += len(batch)


def _message(notice: Notice) -> EmailMessage:
    body = f"{notice.sentence}\n\n{settings.BASE_URL}{notice.path}\n"
    return EmailMessage(subject="Steward: something waits for you", body=body, to=[notice.user.email])
