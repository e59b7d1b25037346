"""Who receives what: a TOML file outside the database, so that its administrator cannot silence anybody.

It is read with the settings, before there are models.
"""

import base64
import binascii
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, NoReturn
from urllib.parse import urlsplit

CHECKPOINTS, ENTRIES = "checkpoints", "entries"
FORMS = ("leaf", "ocsf", "ecs")
"""The forms that entries take on their way: `apps.audit.receivers.forms` has a function for each."""
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
SECRET = "whsec_"  # noqa: S105 — how a secret begins
SECRET_BYTES = range(24, 65)
PORTS = {"tls": 6514, "tcp": 601, "udp": 514}
HOURLY = timedelta(hours=1)
SENTENCE = "AUDIT_RECEIVERS_FILE"


class BadReceivers(ValueError):
    """The file cannot be used. The sentence says where it is wrong and shows no value of it."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One receiver as the file describes it."""

    kind: ClassVar[str]

    name: str
    what: str = CHECKPOINTS
    form: str = FORMS[0]
    every: timedelta = timedelta()
    """So much time between two checkpoints: of several that wait the last one goes, which contains the others."""


@dataclass(frozen=True, kw_only=True)
class File(Target):
    kind = "file"

    path: Path


@dataclass(frozen=True, kw_only=True)
class Email(Target):
    kind = "email"

    to: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Webhook(Target):
    kind = "webhook"

    url: str = field(repr=False)
    secret: bytes = field(repr=False)
    ca_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class Storage(Target):
    kind = "storage"

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key: str | None = field(default=None, repr=False)
    secret_key: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    retain_days: int = 0


@dataclass(frozen=True, kw_only=True)
class Syslog(Target):
    kind = "syslog"

    transport: str
    host: str
    port: int
    ca_file: str | None = None


@dataclass(frozen=True, kw_only=True)
class Timestamp(Target):
    """An authority after RFC 3161 that says when a checkpoint existed."""

    kind = "timestamp"

    url: str = field(repr=False)
    roots_file: Path
    path: Path


def read(path: Path, environment: Mapping[str, str]) -> tuple[Target, ...]:
    """Every receiver of the file. Raises `BadReceivers` at the first mistake."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadReceivers(f"The file of {SENTENCE} cannot be read: correct its path or its rights.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadReceivers(f"The file of {SENTENCE} is not TOML: {error}.") from error
    targets = tuple(_target(_Table(name, table, environment)) for name, table in said.items())
    paths = Counter(target.path.absolute() for target in targets if isinstance(target, File))
    if shared := [target.name for target in targets if isinstance(target, File) and paths[target.path.absolute()] > 1]:
        raise BadReceivers(f"{SENTENCE}: {' and '.join(shared)} write to one file. Give each its own.")
    return targets


class _Table:
    """The table of one receiver, which is emptied as it is read, so that what is left is a mistake."""

    def __init__(self, name: str, said: Any, environment: Mapping[str, str]) -> None:
        self.name = name
        if not NAME.fullmatch(name):
            self.wrong("its name is of at most 40 small letters, digits and hyphens")
        if not isinstance(said, dict):
            self.wrong(f"write it as a table, [{name}]")
        self._said = dict(said)
        self._environment = environment

    def wrong(self, what: str) -> NoReturn:
        raise BadReceivers(f"{SENTENCE}, receiver {self.name[:40]!r}: {what}.")

    def optional(self, key: str) -> str | None:
        """A text, or the variable of the environment that `<key>_env` names."""
        variable = self._said.pop(f"{key}_env", None)
        if variable is not None:
            value = self._environment.get(str(variable))
            if not value:
                self.wrong(f"the environment has no variable {variable}, which `{key}_env` names")
            return value
        value = self._said.pop(key, None)
        if value is not None and (not isinstance(value, str) or not value):
            self.wrong(f"`{key}` is a text")
        return value

    def text(self, key: str) -> str:
        value = self.optional(key)
        if value is None:
            self.wrong(f"`{key}` is missing")
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        value = self.optional(key) or choices[0]
        if value not in choices:
            self.wrong(f"`{key}` is one of {', '.join(choices)}")
        return value

    def number(self, key: str) -> int | None:
        value = self._said.pop(key, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            self.wrong(f"`{key}` is a whole number that is not negative")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._said.pop(key, None)
        if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
            self.wrong(f"`{key}` is a list of texts")
        return tuple(values)

    def authority(self) -> str | None:
        path = self.optional("ca_file")
        if path is not None and not Path(path).is_file():
            self.wrong("there is no file at the path of `ca_file`")
        return path

    def end(self) -> None:
        for key in sorted(self._said):
            self.wrong(f"there is no option `{key}` here")


def _target(table: _Table) -> Target:
    kind = table.text("kind")
    if kind not in _KINDS:
        table.wrong(f"`kind` is one of {', '.join(_KINDS)}")
    what = table.one_of("what", (CHECKPOINTS, ENTRIES))
    words: dict[str, Any] = {"name": table.name, "what": what}
    if what == ENTRIES:
        words["form"] = table.one_of("form", FORMS)
    elif (seconds := table.number("every")) is not None:
        words["every"] = timedelta(seconds=seconds)
    target = _KINDS[kind](table, words)
    table.end()
    return target


def _file(table: _Table, words: dict[str, Any]) -> File:
    return File(path=Path(table.text("path")), **words)


def _email(table: _Table, words: dict[str, Any]) -> Email:
    if words["what"] == ENTRIES:
        table.wrong("entries are not sent by mail: choose another kind")
    return Email(to=table.texts("to"), **({"every": HOURLY} | words))


def _webhook(table: _Table, words: dict[str, Any]) -> Webhook:
    url = table.text("url")
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username:
        table.wrong("`url` is an https:// address without a user")
    return Webhook(url=url, secret=_secret(table), ca_file=table.authority(), **words)


def _secret(table: _Table) -> bytes:
    said = table.text("secret")
    try:
        secret = base64.b64decode(said.removeprefix(SECRET), validate=True)
    except binascii.Error:
        secret = b""
    if not said.startswith(SECRET) or len(secret) not in SECRET_BYTES:
        table.wrong("`secret` is whsec_ and the base64 of 24 to 64 random bytes")
    return secret


def _storage(table: _Table, words: dict[str, Any]) -> Storage:
    endpoint = table.optional("endpoint")
    if endpoint and not endpoint.startswith(("https://", "http://")):
        table.wrong("`endpoint` is an https:// address")
    return Storage(
        bucket=table.text("bucket"),
        prefix=table.optional("prefix") or "",
        endpoint=endpoint,
        region=table.optional("region"),
        access_key=table.optional("access_key"),
        secret_key=table.optional("secret_key"),
        ca_file=table.authority(),
        retain_days=table.number("retain_days") or 0,
        **words,
    )


def _syslog(table: _Table, words: dict[str, Any]) -> Syslog:
    parts = urlsplit(table.text("url"))
    try:
        port = parts.port
    except ValueError:
        table.wrong("the port in `url` is no port")
    if parts.scheme not in PORTS or not parts.hostname:
        table.wrong("`url` looks like tls://host:6514, tcp://host:601 or udp://host:514")
    if words["what"] == ENTRIES and parts.scheme == "udp":
        table.wrong("UDP loses what is not heard: entries need tls:// or tcp://")
    return Syslog(
        transport=parts.scheme,
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        ca_file=table.authority(),
        **words,
    )


def _timestamp(table: _Table, words: dict[str, Any]) -> Timestamp:
    if words["what"] == ENTRIES:
        table.wrong("entries are not stamped, checkpoints are")
    url = table.text("url")
    if urlsplit(url).scheme not in {"https", "http"} or not urlsplit(url).hostname:
        table.wrong("`url` is an https:// or http:// address")
    roots, folder = Path(table.text("roots_file")), Path(table.text("path"))
    if not roots.is_file():
        table.wrong("there is no file at the path of `roots_file`")
    return Timestamp(url=url, roots_file=roots, path=folder, **({"every": HOURLY} | words))


_KINDS: dict[str, Callable[[_Table, dict[str, Any]], Target]] = {
    "file": _file,
    "email": _email,
    "webhook": _webhook,
    "storage": _storage,
    "syslog": _syslog,
    "timestamp": _timestamp,
}
