from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "The audit trail was never text, so there is nothing to migrate. See audit coverage and audit report."
