from django.core.management.commands.migrate import Command as Migrate

from apps.audit.autodetector import TrackingAutodetector


class Command(Migrate):
    autodetector = TrackingAutodetector
