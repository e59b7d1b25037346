"""django-auditlog: its model is swapped, its receivers and its middleware are off (docs/decisions)."""

AUDITLOG_LOGENTRY_MODEL = "audit.AuditEvent"
MIGRATION_MODULES = {"auditlog": None}
AUDITLOG_STORE_JSON_CHANGES = True
