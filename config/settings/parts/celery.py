"""Celery wakes a worker with the key of a row; what matters is in the row (docs/operations/background-work.md)."""

from pathlib import Path
from typing import Any

from kombu import Exchange, Queue

from config.settings.environment import env

_FOLDER = Path(__file__).resolve().parents[3] / "var" / "broker"

CELERY_BROKER_URL = env.str("BROKER_URL", "filesystem://")
_KIND = CELERY_BROKER_URL.split(":", 1)[0]
_NAME = env.str("BROKER_QUEUE", "steward.work")

_OPTIONS: dict[str, dict[str, Any]] = {
    "amqp": {"confirm_publish": True, "connect_timeout": 3, "write_timeout": 10},
    # A message that a worker has taken returns after this time; a longer job is run once all the same, by its row.
    "redis": {"visibility_timeout": 3600, "socket_connect_timeout": 3, "socket_timeout": 10},
    "filesystem": {
        "data_folder_in": str(_FOLDER / "messages"),
        "data_folder_out": str(_FOLDER / "messages"),
        "control_folder": str(_FOLDER / "control"),
        "polling_interval": 0.1,
    },
}
_OPTIONS["amqps"], _OPTIONS["rediss"] = _OPTIONS["amqp"], _OPTIONS["redis"]
_QUEUE_ARGUMENTS = {"x-queue-type": "quorum", "x-delivery-limit": 10} if _KIND.startswith("amqp") else {}

if _KIND == "filesystem":
    for _folder in ("data_folder_in", "control_folder"):
        Path(_OPTIONS["filesystem"][_folder]).mkdir(parents=True, exist_ok=True, mode=0o700)

CELERY_BROKER_TRANSPORT_OPTIONS = _OPTIONS.get(_KIND, {})
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_QUEUES = [
    # Quorum queues behind a direct exchange stand still when a message is delayed; behind a topic exchange they do not.
    Queue(_NAME, Exchange(_NAME, type="topic"), routing_key=_NAME, queue_arguments=_QUEUE_ARGUMENTS)
]
CELERY_TASK_DEFAULT_QUEUE = CELERY_TASK_DEFAULT_EXCHANGE = CELERY_TASK_DEFAULT_ROUTING_KEY = _NAME
CELERY_TASK_DEFAULT_EXCHANGE_TYPE = "topic"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_IMPORTS = ("apps.events.tasks",)

CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = env.int("WORK_SOFT_LIMIT", 1440)
CELERY_TASK_TIME_LIMIT = env.int("WORK_LIMIT", 1500)  # below RabbitMQ's consumer_timeout of 30 minutes
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 60.0
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

WORK_LEASE = env.int("WORK_LEASE", 30)
"""Seconds after which work that was handed out and not heard of is handed out again."""
WORK_ATTEMPTS = env.int("WORK_ATTEMPTS", 8)
"""How often work may fail before it is parked."""
