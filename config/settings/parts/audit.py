"""django-auditlog: its model is swapped, its receivers and its middleware are off (docs/decisions). And the seal."""

from datetime import timedelta

from config.settings.environment import env

AUDITLOG_LOGENTRY_MODEL = "audit.AuditEvent"
MIGRATION_MODULES = {"auditlog": None}
AUDITLOG_STORE_JSON_CHANGES = True

AUDIT_SEAL_EVERY = timedelta(seconds=env.int("AUDIT_SEAL_SECONDS", 10))
AUDIT_CHECKPOINT_EVERY = timedelta(seconds=env.int("AUDIT_CHECKPOINT_SECONDS", 600))
AUDIT_KEYS = env.str("AUDIT_KEYS", "")
AUDIT_KEYS_FILE = env.str("AUDIT_KEYS_FILE", "")
