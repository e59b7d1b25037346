from apps.oversight.models.anomalies import ActorHour, CountedUntil, HourCount, Threshold
from apps.oversight.models.reports import Recipient, ReportDefinition, ReportRun

__all__ = [
    "ActorHour",
    "CountedUntil",
    "HourCount",
    "Recipient",
    "ReportDefinition",
    "ReportRun",
    "Threshold",
]
