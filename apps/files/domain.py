from celery.schedules import crontab

from apps.kernel.registry import Domain, domains

domains.register(Domain(label="files", schedule={"files.delete_expired": crontab(minute="25")}))
