"""Checkpoints as C2SP `tlog-checkpoint` in a `signed-note`, under Ed25519 (https://c2sp.org/signed-note).

A signing key is one line `PRIVATE+KEY+<name>+<hash>+<key>`, a verifier key one line `<name>+<hash>+<key>`.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
PRIVATE = "PRIVATE+KEY+"
SIGNED_AT = "at "
SIZE = re.compile("[0-9]{1,19}")
BETWEEN = re.compile(r"\n\n+(?!— )")
"""The blank line inside a note stands before its signatures."""


class Unreadable(ValueError):
    """This is not what it says it is: a key or a checkpoint of the wrong form."""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unreadable("The base64 of it is broken.") from error


def _key_hash(name: str, key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + key).digest()[:4]


@dataclass(frozen=True)
class Verifier:
    name: str
    key: bytes

    @classmethod
    def read(cls, line: str) -> Self:
        name, hashed, encoded = [*line.strip().split("+", 2), "", ""][:3]
        key = _decoded(encoded)
        if not name or key[:1] != ED25519 or len(key) != 33:  # noqa: PLR2004
            raise Unreadable("This is no verifier key: it looks like name+hash+key, with an Ed25519 key.")
        if _key_hash(name, key[1:]).hex() != hashed:
            raise Unreadable("The hash in this verifier key belongs to another key.")
        return cls(name, key[1:])

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{base64.b64encode(ED25519 + self.key).decode()}"

    @property
    def hash(self) -> bytes:
        return _key_hash(self.name, self.key)

    def verifies(self, signature: bytes, text: str) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    name: str
    seed: bytes

    @classmethod
    def generate(cls, name: str) -> Self:
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def read(cls, line: str) -> Self:
        said = line.strip()
        name, hashed, encoded = [*said.removeprefix(PRIVATE).split("+", 2), "", ""][:3]
        key = _decoded(encoded)
        if not said.startswith(PRIVATE) or not name or key[:1] != ED25519 or len(key) != 33:  # noqa: PLR2004
            raise Unreadable("This is no signing key: `manage.py audit key NAME` makes one.")
        signer = cls(name, key[1:])
        if signer.verifier.hash.hex() != hashed:
            raise Unreadable("The hash in this signing key belongs to another key.")
        return signer

    def line(self) -> str:
        """The key itself: whoever reads it can sign."""
        return f"{PRIVATE}{self.name}+{self.verifier.hash.hex()}+{base64.b64encode(ED25519 + self.seed).decode()}"

    def __repr__(self) -> str:
        return f"<Signer {self.name}>"

    @property
    def verifier(self) -> Verifier:
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Verifier(self.name, public.public_bytes_raw())

    def signature(self, text: str) -> str:
        signed = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"— {self.name} {base64.b64encode(self.verifier.hash + signed).decode()}\n"


@dataclass(frozen=True)
class Checkpoint:
    """The size of the log and the root of its tree, at a moment."""

    origin: str
    size: int
    root: bytes
    signed_at: datetime

    def text(self) -> str:
        moment = self.signed_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{SIGNED_AT}{moment}\n"

    def signed(self, *signers: Signer) -> str:
        text = self.text()
        return text + "\n" + "".join(signer.signature(text) for signer in signers)

    @classmethod
    def opened(cls, note: str, *verifiers: Verifier) -> "tuple[Checkpoint, Verifier | None]":
        """What a note says, and whose key signed it; `None` when none of these keys did."""
        text, blank, signatures = note.partition("\n\n")
        lines = text.split("\n")
        if not blank or len(lines) < 4 or not SIZE.fullmatch(lines[1]) or not lines[3].startswith(SIGNED_AT):  # noqa: PLR2004
            raise Unreadable("This is no checkpoint: origin, size, root and moment, a blank line, then signatures.")
        try:
            signed_at = datetime.fromisoformat(lines[3].removeprefix(SIGNED_AT))
        except ValueError as error:
            raise Unreadable("The moment of this checkpoint cannot be read.") from error
        checkpoint = Checkpoint(lines[0], int(lines[1]), _decoded(lines[2]), signed_at)
        return checkpoint, next(
            (verifier for verifier in verifiers if _signed_by(verifier, text + "\n", signatures)), None
        )


def several(text: str) -> list[str]:
    """The notes of a text in which one follows the other, with blank lines between them."""
    return [f"{note.strip()}\n" for note in BETWEEN.split(text.strip())]


def _signed_by(verifier: Verifier, text: str, signatures: str) -> bool:
    for line in signatures.splitlines():
        name, _space, encoded = line.removeprefix("— ").rpartition(" ")
        if line.startswith("— ") and name == verifier.name:
            signature = _decoded(encoded)
            if signature[:4] == verifier.hash and verifier.verifies(signature[4:], text):
                return True
    return False
