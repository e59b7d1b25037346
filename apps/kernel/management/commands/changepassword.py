from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "Nobody chooses a password for somebody else. Send a link from the page of the user in the admin."
