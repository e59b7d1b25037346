"""django-storages, cache, static files."""
