"""Where alerts go, read strictly: a stranger may have written it, and an address becomes part of a protocol."""

import re
from datetime import timedelta
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError

_MAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_PLAIN: Final = re.compile(r"[!-~]+")
_DURATION: Final = re.compile(r"([0-9]{1,6}) ?([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_PORTS: Final = {"smtp": 587, "smtps": 465}
_MOST_PORT: Final = 65_535
_LONGEST: Final = 2_000


class MailServer(NamedTuple):
    """A mail server: with TLS from the first byte (smtps), or after STARTTLS. `user` is "" where nobody logs in."""

    host: str
    port: int
    user: str = ""
    is_tls: bool = False

    @property
    def shown(self) -> str:
        """Its name and port."""
        return f"{self.host}:{self.port}"


def read_mail_address(text: str, what: str) -> str:
    """Return a mail address. Raises UsageError for any other text, one with a line break above all."""
    if not _MAIL.fullmatch(text) or len(text) > 254:  # noqa: PLR2004  RFC 5321, section 4.5.3.1.3
        raise UsageError(f"{what}: {_show(text)} is no mail address", "write for example team@example.com")
    return text


def read_mail_server(text: str, what: str) -> MailServer:
    """Return the mail server of a URL. Raises UsageError."""
    hint = "write for example smtp://user@mail.example.com:587, or smtps://mail.example.com"
    try:
        parts = urlsplit(text if _PLAIN.fullmatch(text) and len(text) <= _LONGEST else "")
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise UsageError(f"{what}: {_show(text)} is no mail server", hint)
    if parts.password is not None:
        raise UsageError(f"{what} holds a password", "leave it out, and set LOOPFLOW_SMTP_PASSWORD")
    user = unquote(parts.username or "")
    if not user.isprintable():
        raise UsageError(f"{what}: {_show(text)} is no mail server", hint)
    return MailServer(parts.hostname, port or _PORTS[parts.scheme], user, parts.scheme == "smtps")


def read_webhook(text: str, what: str) -> str:
    """Return the address of a webhook: http or https, of any host, also of this machine. Raises UsageError."""
    hint = "write for example https://example.com/hook"
    try:
        parts = urlsplit(text if _PLAIN.fullmatch(text) and len(text) <= _LONGEST else "")
        is_port = parts.port is None or 0 < parts.port <= _MOST_PORT
    except ValueError:
        parts, is_port = urlsplit(""), False
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_port or parts.username is not None:
        raise UsageError(f"{what}: {_show(text)} is no address of a webhook", hint)
    return text


def read_cooldown(text: str, what: str) -> timedelta | None:
    """Return how long an alert is not repeated: "1h"; None for "period", which is never. Raises UsageError."""
    if text == "period":
        return None
    found = _DURATION.fullmatch(text)
    if not found or not int(found[1]):
        raise UsageError(f"{what}: {_show(text)} is no length of time", 'write for example "30m", "1h" or "period"')
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _show(text: str) -> str:
    return f"'{escape_name(text[:60])}{'...' if len(text) > 60 else ''}'"  # noqa: PLR2004  enough to know it again
