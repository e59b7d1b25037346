from apps.audit.models.alerts import Alert
from apps.audit.models.entries import ACTIONS, AuditEvent, TransactionIdField
from apps.audit.models.log import AuditCheckpoint, AuditLeaf, AuditTile
from apps.audit.models.outside import WatchedUntil
from apps.audit.models.receivers import Receiver
from apps.audit.models.refusals import RefusalCount
from apps.audit.models.retention import KeepingPeriod, LegalHold
from apps.audit.models.verifications import Verification

__all__ = [
    "ACTIONS",
    "Alert",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditLeaf",
    "AuditTile",
    "KeepingPeriod",
    "LegalHold",
    "Receiver",
    "RefusalCount",
    "TransactionIdField",
    "Verification",
    "WatchedUntil",
]
