from apps.kernel.management.refused import RefusedCommand


class Command(RefusedCommand):
    help = "The API's document is docs/generated/openapi.json. Write it with docs."
