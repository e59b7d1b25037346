"""What operators see of background work."""

from datetime import datetime, timedelta

from celery import current_app
from django.db.models import Count, Max, Min
from django.utils import timezone

from apps.events.models import Relay, Work
from apps.events.relay import broker_errors
from apps.kernel.health import NotReady, ready
from apps.kernel.metrics import gauge

LONGEST_SILENCE = 30
LONGEST_LAG = 120


def _seconds_since(moment: datetime | None) -> float:
    return max(0.0, (timezone.now() - moment).total_seconds()) if moment else 0.0


def lag() -> float:
    return _seconds_since(Work.objects.waiting().in_turn().aggregate(oldest=Min("due_at"))["oldest"])


def silence() -> float:
    return _seconds_since(Relay.objects.aggregate(last=Max("beat_at"))["last"])


gauge("steward_work_lag_seconds", "How long the oldest due work has waited to be begun.")(lag)
gauge("steward_relay_silence_seconds", "How long no relay has been heard of.")(silence)


@gauge("steward_work", "Rows of background work.", label="state")
def states() -> dict[str, float]:
    counts = dict(Work.objects.values_list("state").annotate(Count("pk")))
    return {state: float(counts.get(state, 0)) for state in Work.State.values}


@gauge("steward_work_outcomes", "Background work that ended in the last hour.", label="outcome")
def outcomes() -> dict[str, float]:
    ended = Work.objects.filter(finished_at__gte=timezone.now() - timedelta(hours=1))
    return {state: float(count) for state, count in ended.values_list("state").annotate(Count("pk"))}


@ready("broker")
def _broker() -> None:
    broker = current_app.connection_for_write()
    try:
        with broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except broker_errors(broker) as error:
        raise NotReady("The broker does not answer: work waits in the database until it does.") from error


@ready("relay")
def _relay() -> str:
    if not Relay.objects.exists():
        raise NotReady("No relay runs: start `manage.py relay`.")
    if silence() > LONGEST_SILENCE:
        raise NotReady(f"No relay has been heard of for {silence():.0f} s: start `manage.py relay`.")
    if lag() > LONGEST_LAG:
        raise NotReady(f"Due work has waited for {lag():.0f} s: are workers running?")
    return f"lag {lag():.0f} s"
