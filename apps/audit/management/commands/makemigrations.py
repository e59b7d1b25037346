from django.core.management.commands.makemigrations import Command as MakeMigrations

from apps.audit.autodetector import TrackingAutodetector


class Command(MakeMigrations):
    autodetector = TrackingAutodetector
