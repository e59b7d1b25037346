from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "The audit trail is never emptied. Read it with audit report."
