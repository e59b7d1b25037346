"""What the trail says of itself: keys only."""

from dataclasses import dataclass
from typing import ClassVar

from apps.events.bus import Event


@dataclass(frozen=True, kw_only=True)
class AlertRaised(Event):
    name: ClassVar[str] = "audit.alert_raised"

    alert: str
    rule: str
