"""Receivers of our own: real servers on this machine, each for the length of one test."""

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Post:
    """What an HTTPS server was sent, and what it answers to the next requests."""

    url: str
    requests: list[Request] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


def certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 with its key, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def _served(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@contextmanager
def https(pem: Path) -> Iterator[Post]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            post.requests.append(Request(self.path, self.headers, body))
            self.send_response(post.status)
            for name, value in post.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *said: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = _served(pem).wrap_socket(server.socket, server_side=True)
        post = Post(f"https://127.0.0.1:{server.server_address[1]}/in?key=hidden")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield post
        server.shutdown()


@dataclass
class Line:
    """One connection's octets, once its other side has ended it."""

    port: int
    octets: bytes = b""
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def stream(pem: Path | None = None, *, hangs_up: bool = False) -> Iterator[Line]:
    """A server of one connection, over TLS where there is a certificate."""

    def serve() -> None:
        wire, _address = listener.accept()
        # A client that does not like the certificate ends it here.
        with suppress(ssl.SSLError), _served(pem).wrap_socket(wire, server_side=True) if pem else wire as wire:
            if hangs_up:
                # Closing with octets unread tells the other side that they are lost.
                wire.recv(1)
                return
            while octets := wire.recv(4096):
                line.octets += octets
            line.ended.set()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = Line(listener.getsockname()[1])
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield line
        thread.join(5)
