from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Nobody stands above the rules here. Make the first administrator with createadmin EMAIL."
