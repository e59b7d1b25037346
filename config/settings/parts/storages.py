"""Stored files (`STORAGE_URL`), the shared cache (`CACHE_URL`) and static files: folders here, or S3 and Redis."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from config.settings.environment import env, refuse

_VAR = Path(__file__).resolve().parents[3] / "var"
(_VAR / "static").mkdir(parents=True, exist_ok=True)


def _cache(url: str) -> dict[str, Any]:
    if not url:
        return {
            "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
            "LOCATION": _VAR / "cache" / "shared",
            # Beyond this it forgets any of them, used one-time codes and failed attempts included.
            "OPTIONS": {"MAX_ENTRIES": 10_000},
        }
    if not url.startswith(("redis://", "rediss://", "unix://")):
        refuse("CACHE_URL is no Redis address: it looks like redis://host:6379/0.")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }


def _storage(url: str) -> dict[str, Any]:
    if not url:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": _VAR / "media", "base_url": None, "file_permissions_mode": 0o600},
        }
    parts = urlsplit(url)
    bucket = parts.path.strip("/")
    if parts.scheme not in {"s3", "s3+http"} or not bucket:
        refuse("STORAGE_URL is no S3 address: it looks like s3://key:secret@host/bucket?region=eu-central-1.")
    options = {
        "access_key": unquote(parts.username or "") or None,
        "secret_key": unquote(parts.password or "") or None,
        "bucket_name": bucket,
        "region_name": parse_qs(parts.query).get("region", [None])[0],
        "file_overwrite": False,
        "default_acl": None,
        "querystring_expire": 300,
    }
    if parts.hostname:
        host = parts.netloc.rpartition("@")[2]
        options["endpoint_url"] = f"{'http' if parts.scheme == 's3+http' else 'https'}://{host}"
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


CACHES = {"default": _cache(env.str("CACHE_URL", ""))}
STORAGES = {
    "default": _storage(env.str("STORAGE_URL", "")),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A trial serves static files from where they are; production collects and hashes them (production.py).
WHITENOISE_USE_FINDERS = True
