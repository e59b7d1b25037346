"""The keys of the seal: lines from `AUDIT_KEYS` or from the file `AUDIT_KEYS_FILE`, never from the database.

A line is a signing key, or the verifier key of one that no longer signs. While two signing keys stand there both sign,
so that readers can change over.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.audit.notes import PRIVATE, Signer, Unreadable, Verifier
from apps.kernel.errors import BusinessError


class KeyUnusable(BusinessError):
    """The key of the seal cannot be used. Nothing is sealed until it can; everything else goes on."""

    code = "seal_key_unusable"


@dataclass(frozen=True)
class Keys:
    signers: tuple[Signer, ...]
    past: tuple[Verifier, ...]

    @property
    def verifiers(self) -> tuple[Verifier, ...]:
        return (*(signer.verifier for signer in self.signers), *self.past)


def keys() -> Keys:
    """Raises `KeyUnusable` when there is none, or one that cannot be read."""
    lines = _lines()
    try:
        signers = tuple(Signer.read(line) for line in lines if line.startswith(PRIVATE))
        past = tuple(Verifier.read(line) for line in lines if not line.startswith(PRIVATE))
    except Unreadable as error:
        raise KeyUnusable(str(error)) from error
    if not signers:
        raise KeyUnusable("No key signs: `manage.py audit key NAME` makes one for AUDIT_KEYS or AUDIT_KEYS_FILE.")
    return Keys(signers, past)


def published() -> tuple[Verifier, ...]:
    """The verifier keys for everybody, those that sign first. A line that cannot be read hides no other one."""
    found: list[Verifier] = []
    for line in sorted(_lines(), key=lambda line: not line.startswith(PRIVATE)):
        with suppress(Unreadable):
            found.append(Signer.read(line).verifier if line.startswith(PRIVATE) else Verifier.read(line))
    if not found:
        raise KeyUnusable
    return tuple(found)


def _lines() -> list[str]:
    return [line for line in _text().splitlines() if line.strip() and not line.startswith("#")]


def _text() -> str:
    if not settings.AUDIT_KEYS_FILE:
        return str(settings.AUDIT_KEYS)
    try:
        return Path(settings.AUDIT_KEYS_FILE).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable("The file of AUDIT_KEYS_FILE cannot be read: correct its path or its rights.") from error
