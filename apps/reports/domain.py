from celery.schedules import crontab

from apps.kernel.registry import Domain, domains

domains.register(
    Domain(
        label="reports",
        api="apps.reports.api.urls",
        web="apps.reports.web.urls",
        schedule={"reports.prune": crontab(hour="4", minute="40")},
    )
)
