from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "A domain is more than a folder. Write one with startdomain NAME."
