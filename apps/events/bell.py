"""The hint that there is something to do. Who misses it finds the work by polling."""

from django.db import connection, transaction

CHANNEL = "events_work"


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


def ring() -> None:
    """Wake the relays once this transaction is committed, however often it was asked."""
    # Notifying inside the transaction would queue every commit of the cluster behind PostgreSQL's one lock for it.
    if not any(waiting[1] is _notify for waiting in connection.run_on_commit):
        transaction.on_commit(_notify, robust=True)
