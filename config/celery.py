"""The one Celery application. It carries keys of rows; `apps.events` knows what they mean."""

from celery import Celery

app = Celery("steward")
app.config_from_object("django.conf:settings", namespace="CELERY")
