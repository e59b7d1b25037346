from datetime import timedelta

from celery.schedules import crontab

from apps.kernel.registry import Domain, domains

domains.register(
    Domain(
        label="oversight",
        api="apps.oversight.api.urls",
        schedule={
            "oversight.watch": timedelta(minutes=5),
            "oversight.forget": crontab(hour="4", minute="50"),
            "oversight.due_reports": crontab(minute="10"),
            "oversight.prune_reports": crontab(hour="4", minute="55"),
        },
    )
)
