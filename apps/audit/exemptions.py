"""Tables without triggers, each with the reason that an auditor reads in `audit coverage`."""

EXEMPT: dict[str, str] = {}
"""Label of a model in lower case → why its rows leave no entries."""


def exempt(label: str, reason: str) -> None:
    """Leave a table out of the trail; called where the reason is known, before migrations are made."""
    EXEMPT[label.lower()] = reason


exempt("audit.AuditEvent", "The trail itself. It is append-only by its own guard.")
exempt("audit.AuditLeaf", "The seal of the trail, written once for each entry and checked by `audit verify`.")
exempt("audit.AuditTile", "Hashes of the seal, written once and checked by `audit verify`.")
exempt("audit.WatchedUntil", "The place of a job in the trail, written anew every minute.")
exempt("audit.RefusalCount", "A counter of the trail, kept for a minute; what it counted becomes an entry.")
exempt("audit.AuditCheckpoint", "Signed statements about the trail, which leave the house.")
exempt("audit.Receiver", "How far each receiver has come, rewritten at every delivery. Who it is stands in a file.")
exempt("contenttypes.ContentType", "Django's list of tables. It follows the schema and holds no decision of anybody.")
exempt("sessions.Session", "A browser's memory, rewritten at every step. Signing in and out are entries of their own.")
exempt("admin.LogEntry", "Django's own log of the admin, switched off: the trail has replaced it.")
exempt("axes.AccessLog", "Already a log of sign-ins, which are entries of their own.")
exempt("axes.AccessFailureLog", "Already a log of failed sign-ins, which are entries of their own.")
exempt("events.PublishedEvent", "Written once and read: the event is its own record.")
exempt("events.Work", "A queue, rewritten at every step. What a job changes is recorded with the job's name.")
exempt("events.Schedule", "A queue, rewritten at every step. What a job changes is recorded with the job's name.")
exempt("events.Relay", "The heartbeat of a process.")
exempt("accounts.TokenUse", "When a token was last used, rewritten by every request. The token itself is tracked.")
exempt("access.OrganisationVersion", "A random mark that changes with units and roles, which are tracked themselves.")
