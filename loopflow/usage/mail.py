"""Alerts by mail: SMTP with TLS and a certificate that is checked, in a bounded time.

A server on this machine may do without TLS, as the mail servers of systems do; a password is never sent so.
"""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from socket import gethostname
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.usage.addresses import MailServer, read_mail_address
from loopflow.usage.channels import Alert, ChannelError, hanging_up

SECONDS: Final = 15.0
"""For all of it."""
_STEP: Final = 8.0
"""For one answer of the server."""
_GOODBYE: Final = 2.0
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class _Client(smtplib.SMTP):
    """Knows its server's name before it connects: smtplib has no other way to check a certificate in between."""

    def __init__(self, host: str) -> None:
        super().__init__(timeout=_STEP)
        self._host = host


class _TlsClient(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(timeout=_STEP, context=context)
        self._host = host


@dataclass(frozen=True, slots=True)
class Mail:
    """Sends to one address. `authorities` is a file of certificates to trust in place of the system's."""

    address: str
    server: MailServer
    password: str = ""
    sender: str = ""
    authorities: str = ""

    @property
    def name(self) -> str:
        """What it is known by."""
        return f"email:{self.address}"

    def send(self, alert: Alert) -> None:
        """Send one mail. Raises ChannelError."""
        try:
            self._deliver(self._write(alert))
        except (OSError, smtplib.SMTPException, ssl.SSLError, ValueError) as error:
            raise ChannelError(f"{escape_name(self.server.shown)}: {_describe(error)}") from error

    def _deliver(self, message: EmailMessage) -> None:
        context = ssl.create_default_context(cafile=self.authorities or None)
        client = _TlsClient(self.server.host, context) if self.server.is_tls else _Client(self.server.host)
        try:
            with hanging_up(SECONDS, lambda: client.sock):
                client.connect(self.server.host, self.server.port)
                client.ehlo_or_helo_if_needed()
                if not self.server.is_tls:
                    self._secure(client, context)
                if self.server.user and self.password:
                    client.login(self.server.user, self.password)
                client.send_message(message)
            # It has the mail: whatever it says now, nobody shall send it again.
            with suppress(OSError, smtplib.SMTPException), hanging_up(_GOODBYE, lambda: client.sock):
                client.quit()
        finally:
            client.close()

    def _secure(self, client: smtplib.SMTP, context: ssl.SSLContext) -> None:
        if client.has_extn("starttls"):
            client.starttls(context=context)
            client.ehlo()
        elif self.server.host not in _HERE or self.password:
            raise smtplib.SMTPException("it speaks no TLS, so nothing was sent")

    def _write(self, alert: Alert) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = alert.headline
        message["From"] = self._sender()
        message["To"] = self.address
        message["Date"] = format_datetime(alert.at)
        message["Message-ID"] = f"<{alert.id}@loopflow.invalid>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday answers
        message.set_content(alert.text)
        return message

    def _sender(self) -> str:
        for candidate in (self.sender, self.server.user, f"loopflow@{gethostname()}"):
            try:
                return read_mail_address(candidate, "sender")
            except UsageError:
                continue
        return "loopflow@localhost"


def _describe(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        [(code, said)] = error.recipients.values()
        return f"it refuses the address: {code} {_plain(said)}"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code} {_plain(error.smtp_error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {escape_name(error.verify_message)}"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return _plain(str(error) or type(error).__name__)


def _plain(said: bytes | str) -> str:
    """Return what a stranger's server said, on one short line."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return escape_name(" ".join(text.split())[:200])
