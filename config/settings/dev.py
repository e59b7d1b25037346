"""A trial or a developer's machine: a generated secret key under `var/`, plain HTTP on this machine only."""

import os
import secrets
from pathlib import Path

from apps.audit.notes import Signer
from apps.audit.receivers.configuration import File
from config.settings.base import *  # noqa: F403
from config.settings.base import AUDIT_KEYS_FILE, AUDIT_RECEIVERS_FILE, VAR_DIR, env


def _kept_secret(path: Path, secret: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return path.read_text()


DEBUG = env.bool("DEBUG", True)
SECRET_KEY = env.str("SECRET_KEY", "") or _kept_secret(VAR_DIR / "secrets" / "secret_key", secrets.token_urlsafe(50))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
if not AUDIT_KEYS_FILE:
    AUDIT_KEYS = env.str("AUDIT_KEYS", "") or _kept_secret(
        VAR_DIR / "secrets" / "audit_key", Signer.generate("trial").line()
    )
if not AUDIT_RECEIVERS_FILE:
    AUDIT_RECEIVERS = (File(name="trial", path=VAR_DIR / "checkpoints"),)
