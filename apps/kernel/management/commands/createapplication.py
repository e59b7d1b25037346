from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "A partner's client is made in the admin under OAuth applications, where its secret is shown once."
