"""The one Celery application. It carries keys of rows; `apps.events` knows what they mean."""

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"

app = Celery("steward")
app.config_from_object("django.conf:settings", namespace="CELERY")
