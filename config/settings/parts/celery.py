"""Celery wakes a worker with the key of a row; what matters is in the row."""
