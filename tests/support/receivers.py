"""Servers on this machine that receive alerts, well or badly: mail by SMTP, and posts by HTTP."""

import asyncio
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.support.servers import Handler, serve

HOST = "127.0.0.1"


@dataclass
class Authority:
    """Who signs the certificate of the server, and the file that says to trust that."""

    directory: Path
    made: trustme.CA = field(default_factory=trustme.CA)

    @property
    def file(self) -> str:
        """The certificate of the authority."""
        path = self.directory / "authority.pem"
        self.made.cert_pem.write_to_path(path)
        return str(path)

    def context(self, name: str = HOST) -> ssl.SSLContext:
        """Return what a server of that name needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.made.issue_cert(name).configure_cert(context)
        return context


@dataclass
class MailBox:
    """A mail server that keeps what it gets. `refusal` answers each recipient, `logins` are what was shown."""

    refusal: str = ""
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"smtp://{HOST}:{self.port}"

    @property
    def subjects(self) -> list[str]:
        """Of what it got."""
        return sorted(mail["Subject"] for mail in self.mails)

    async def handle_RCPT(  # noqa: N802  as aiosmtpd calls it
        self, _server: object, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        await asyncio.sleep(0)
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(0)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.mails.append(message_from_bytes(content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 taken"


@contextmanager
def receive_mail(context: ssl.SSLContext | None = None, **given: Any) -> Iterator[MailBox]:  # noqa: ANN401
    """Serve SMTP: with a context, only after STARTTLS, and to whoever logs in."""
    box = MailBox(**given)

    def log_in(_server: Any, _session: Any, _envelope: Any, _way: str, shown: Any) -> AuthResult:  # noqa: ANN401
        box.logins.append((shown.login, shown.password))
        return AuthResult(success=True)

    secure: Mapping[str, Any] = {"tls_context": context, "require_starttls": True, "authenticator": log_in}
    with socket.create_server((HOST, 0)) as free:
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname=HOST, port=box.port, **(secure if context else {}))
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@dataclass
class Posts:
    """A receiver of posts that keeps them. It answers with `statuses`, one after the other, and then with 200."""

    statuses: list[int] = field(default_factory=list)
    location: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    @property
    def host(self) -> str:
        """Its name and port."""
        return urlsplit(self.url).netloc


@contextmanager
def receive_posts(**given: Any) -> Iterator[Posts]:  # noqa: ANN401
    """Serve HTTP."""
    posts, lock = Posts(**given), Lock()

    class PostHandler(Handler):
        def do_POST(self) -> None:  # noqa: N802  as the server calls it
            with lock:
                posts.bodies.append(self.read_body())
                posts.headers.append(dict(self.headers.items()))
                status = posts.statuses.pop(0) if posts.statuses else 200
            self.answer(status, b"", Location=posts.location or "/")

        def do_GET(self) -> None:  # noqa: N802
            with lock:
                posts.bodies.append(b"GET")
            self.answer(200)

    with serve(PostHandler) as address:
        posts.url = f"{address}/hook?token=1"
        yield posts


@contextmanager
def stall(greeting: bytes = b"", drip: bytes = b"") -> Iterator[int]:
    """Listen on a port, say `greeting` and nothing more, or `drip` again and again, a byte at a time."""
    stop = Event()
    with socket.create_server((HOST, 0)) as listener:
        listener.settimeout(0.05)

        def answer(connection: socket.socket) -> None:
            with connection:
                connection.sendall(greeting)
                while not stop.is_set():
                    time.sleep(0.02)
                    try:
                        connection.sendall(drip)
                    except OSError:
                        return

        def listen() -> None:
            while not stop.is_set():
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                Thread(target=answer, args=[connection], daemon=True).start()

        thread = Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stop.set()
            thread.join()
