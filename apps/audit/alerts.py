"""Alerts about the trail: one for each cause while it is open, and none goes away without a written reason."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.models import User
from apps.audit.events import AlertRaised
from apps.audit.models import Alert
from apps.events.bus import publish
from apps.kernel.errors import BusinessError
from apps.kernel.trail import because


class AlreadyAnswered(BusinessError):
    """This alert was answered already."""

    code = "already_answered"


class AboutOneself(BusinessError):
    """This alert is about your own work. Somebody else answers it."""

    code = "about_oneself"
    about_access = True


@transaction.atomic
def raise_alert(
    rule: Alert.Rule, *, about: str = "", actor: UUID | None = None, details: dict[str, Any] | None = None
) -> Alert:
    """The open alert about this; it is told once, however often the cause is met."""
    alert, created = Alert.objects.get_or_create(
        rule=rule, about=about, state=Alert.State.OPEN, defaults={"actor_id": actor, "details": details or {}}
    )
    if created:
        publish(AlertRaised(alert=str(alert.pk), rule=rule.value))
    return alert


def explain_alert(alert: Alert, *, reason: str, by: User, now: datetime) -> Alert:
    return _answer(alert, Alert.State.EXPLAINED, reason, by, now)


def escalate_alert(alert: Alert, *, reason: str, by: User, now: datetime) -> Alert:
    return _answer(alert, Alert.State.ESCALATED, reason, by, now)


@transaction.atomic
def _answer(alert: Alert, state: Alert.State, reason: str, by: User, now: datetime) -> Alert:
    alert = Alert.objects.select_for_update().get(pk=alert.pk)
    if alert.actor_id == by.pk:
        raise AboutOneself
    if alert.state in (Alert.State.EXPLAINED, state):
        raise AlreadyAnswered
    alert.state, alert.reason, alert.decided_by, alert.decided_at = state, reason, by, now
    with because(reason):
        alert.save(update_fields=["state", "reason", "decided_by", "decided_at", "updated_at"])
    return alert
