from celery.schedules import crontab

from apps.events.events import WorkParked
from apps.kernel.registry import Domain, domains

domains.register(
    Domain(label="events", events=(WorkParked,), schedule={"events.prune": crontab(hour="3", minute="20")})
)
