"""Alerts by HTTP: one POST of JSON, signed where there is a secret; redirects are not followed."""

import hmac
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from loopflow.analysis.names import escape_name
from loopflow.usage.channels import Alert, ChannelError, hanging_up

SECONDS: Final = 5.0
"""For one attempt."""
ATTEMPTS: Final = 3
_PAUSE: Final = 0.2
_MOST: Final = 64_000
"""Bytes of an answer that are read; nothing in it matters."""
_GOOD: Final = range(200, 300)
_ELSEWHERE: Final = range(300, 400)
_TRANSIENT: Final = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts to one address."""

    address: str
    secret: str = ""
    authorities: str = ""
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """What it is known by: its host, and a digest of the whole, since a path can be a secret."""
        host = urlsplit(self.address).netloc
        return f"webhook:{host}#{sha256(self.address.encode()).hexdigest()[:8]}"

    def send(self, alert: Alert) -> None:
        """Post it, up to three times where that may help. Raises ChannelError."""
        body = alert.as_json()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "loopflow-usage",
            "X-Loopflow-Delivery": alert.id,
        }
        if self.secret:
            headers["X-Loopflow-Signature"] = f"sha256={sign(body, self.secret)}"
        why = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(_PAUSE * attempt)
            try:
                status = self._post(body, headers)
            except (OSError, HTTPException, ValueError) as error:
                why = _describe(error)
                continue
            if status in _GOOD:
                return
            why = f"it answers {status}"
            if status in _ELSEWHERE:
                why += ", and redirects are not followed"
            if status not in _TRANSIENT:
                break
        raise ChannelError(f"{escape_name(urlsplit(self.address).netloc)}: {why}")

    def _post(self, body: bytes, headers: dict[str, str]) -> int:
        parts = urlsplit(self.address)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.authorities or None)
            connection: HTTPConnection = HTTPSConnection(host, parts.port, timeout=SECONDS, context=context)
        else:
            connection = HTTPConnection(host, parts.port, timeout=SECONDS)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with hanging_up(SECONDS, lambda: connection.sock):
                connection.request("POST", path, body, headers)
                answer = connection.getresponse()
                status = answer.status
                answer.read(_MOST)
                return status
        finally:
            connection.close()


def sign(body: bytes, secret: str) -> str:
    """Return the HMAC of a body with SHA-256, in hex."""
    return hmac.new(secret.encode(), body, sha256).hexdigest()


def _describe(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {escape_name(error.verify_message)}"
    if isinstance(error, TimeoutError):
        return "it does not answer in time"
    return escape_name((str(error) or type(error).__name__)[:200])
