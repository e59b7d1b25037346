"""RFC 5424 messages: over TLS (RFC 5425) or TCP with their length in front, over UDP one to a datagram."""

import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime

from apps.audit.receivers.configuration import CHECKPOINTS, Syslog
from apps.audit.receivers.documents import document
from apps.audit.receivers.refusals import NotTaken
from apps.audit.receivers.waiting import Batch, Item
from apps.audit.seal import origin

PRIORITY = 13 * 8 + 5
"""The facility "log audit", the severity "notice"."""
SD_ID = "audit@32473"
"""32473 is the enterprise number for examples (RFC 5612): we have none of our own."""
SECONDS = 10


def send(target: Syslog, batch: Batch) -> None:
    messages = [message(batch.what, item) for item in batch.items]
    try:
        if target.transport == "udp":
            _send_datagrams(target, messages)
        else:
            _send_stream(target, b"".join(b"%d %s" % (len(said), said) for said in messages))
    except ssl.SSLCertVerificationError as error:
        raise NotTaken("Its certificate is not trusted.") from error
    except TimeoutError as error:
        raise NotTaken("It has not taken everything in time.") from error
    except OSError as error:
        raise NotTaken("It cannot be reached, or has hung up.") from error


def message(what: str, item: Item) -> bytes:
    log = origin()
    if what == CHECKPOINTS:
        kind, said, text = "checkpoint", {"position": item.key, "size": item.size}, document(item)
    else:
        kind, said, text = "entry", {"sequence": item.key}, item.text
    words = "".join(f' {name}="{_escaped(str(value))}"' for name, value in {"log": log, **said}.items())
    header = f"<{PRIORITY}>1 {_moment(item.at)} {log.partition('/')[0]} steward - {kind} [{SD_ID}{words}] "
    return header.encode() + text


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _send_datagrams(target: Syslog, messages: list[bytes]) -> None:
    family, kind, protocol, _name, address = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as wire:
        wire.connect(address)
        for said in messages:
            wire.send(said)


def _send_stream(target: Syslog, octets: bytes) -> None:
    """Syslog has no answer. That the other side ends the connection in order is the only sign that it has read all."""
    with socket.create_connection((target.host, target.port), timeout=SECONDS) as wire:
        if target.transport == "tls":
            context = ssl.create_default_context(cafile=target.ca_file)
            with context.wrap_socket(wire, server_hostname=target.host) as secured:
                secured.sendall(octets)
                with suppress(ssl.SSLEOFError):
                    secured.unwrap()
        else:
            wire.sendall(octets)
            wire.shutdown(socket.SHUT_WR)
            if wire.recv(1):
                raise NotTaken("It talks back, which no syslog server does.")
