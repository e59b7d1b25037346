"""What auditors look at above the trail: how busy it is, what stands out, and from which figures on."""

from apps.oversight.admin import activity, alerts, reports, thresholds

__all__ = ["activity", "alerts", "reports", "thresholds"]
