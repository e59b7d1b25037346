"""django-auditlog: its model is swapped, its receivers and its middleware are off (docs/decisions). And the seal."""

import os
from datetime import timedelta
from pathlib import Path

from apps.audit.receivers.configuration import BadReceivers, Target, read
from apps.kernel.durations import DURATION
from config.settings.environment import env, refuse


def _receivers(path: str) -> tuple[Target, ...]:
    try:
        return read(Path(path), os.environ) if path else ()
    except BadReceivers as mistake:
        refuse(f"{mistake} See docs/operations/audit.md.")


AUDITLOG_LOGENTRY_MODEL = "audit.AuditEvent"
MIGRATION_MODULES = {"auditlog": None}
AUDITLOG_STORE_JSON_CHANGES = True

AUDIT_SEAL_EVERY = timedelta(seconds=env.int("AUDIT_SEAL_SECONDS", 10))
AUDIT_CHECKPOINT_EVERY = timedelta(seconds=env.int("AUDIT_CHECKPOINT_SECONDS", 600))
AUDIT_KEYS = env.str("AUDIT_KEYS", "")
AUDIT_KEYS_FILE = env.str("AUDIT_KEYS_FILE", "")
AUDIT_RECEIVERS_FILE = env.str("AUDIT_RECEIVERS_FILE", "")
AUDIT_RECEIVERS: tuple[Target, ...] = _receivers(AUDIT_RECEIVERS_FILE)
AUDIT_KEEP = env.str("AUDIT_KEEP", "P1Y")
if not DURATION.fullmatch(AUDIT_KEEP):
    refuse("AUDIT_KEEP is no duration: it looks like P1Y or P18M.")
