import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from apps.events import relay


class Command(BaseCommand):
    help = "Hand out events, jobs and schedules to the workers until stopped. Any number of relays may run."

    def add_arguments(self, parser: CommandParser) -> None:
        once = parser.add_mutually_exclusive_group()
        once.add_argument("--once", action="store_true", help="hand out what is due now, and end")
        once.add_argument("--here", action="store_true", help="run what is due here, without a broker, and end")

    def handle(self, *args: Any, once: bool, here: bool, **options: Any) -> None:
        if once or here:
            relay.plan_slots(timezone.now())
            count = relay.run_here() if here else relay.hand_out()
            self.stdout.write(f"{count} {'run' if here else 'handed out'}.")
            return
        stopping = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_received: stopping.set())
        relay.serve(stopping)
