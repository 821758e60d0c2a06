"""Who may ask: by the name that the service is called by, by origin, by token."""

import hmac
import ipaddress
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError, describe_os_error
from loopflow.service.errors import ServiceError

SHORTEST_TOKEN: Final = 32
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_MOST: Final = 4_096


class WrongHost(ServiceError):  # noqa: N818
    """Called by a name that is not ours: a page elsewhere could let its name point here."""

    code, status = "wrong_host", 421


class ForeignOrigin(ServiceError):  # noqa: N818
    """Asked by a page of another place."""

    code, status = "foreign_origin", 403


class Unauthorized(ServiceError):  # noqa: N818
    """Without the token."""

    code, status = "unauthorized", 401


@dataclass(frozen=True, slots=True)
class Access:
    """What is asked of a request. `hosts` are names without ports."""

    hosts: frozenset[str]
    token: bytes | None = None
    schemes: frozenset[str] = frozenset({"http"})

    def check_host(self, host: str) -> None:
        """Raise WrongHost for a name that is not ours."""
        if host_name(host) not in self.hosts:
            raise WrongHost("the service is not called so", "call it by its address, or name this in allowed_hosts")

    def check_origin(self, origin: str | None, host: str) -> None:
        """Raise ForeignOrigin for a page that does not come from here."""
        if origin is not None and origin not in {f"{scheme}://{host}" for scheme in self.schemes}:
            raise ForeignOrigin("pages of other places may not ask", "ask from the page of the service, or a program")

    def check_token(self, authorization: str | None) -> None:
        """Raise Unauthorized unless the token is shown."""
        if self.token is None:
            return
        kind, _, shown = (authorization or "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), self.token):
            raise Unauthorized("the token is missing, or another one", "send Authorization: Bearer TOKEN")


def host_name(host: str) -> str:
    """Return the name in a `Host` header, without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and (port.isascii() and port.isdigit()) else host).lower()


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach an address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def make_access(bound: str, allowed: Collection[str], token: bytes | None, *, proxy: bool) -> Access:
    """Return what is asked of requests to an address. Raises UsageError where a token is needed."""
    if token is None and needs_token(bound, allowed, proxy=proxy):
        what = f"at {escape_name(bound)}{' behind a proxy' if proxy else ''}, others could ask without a token"
        raise UsageError(what, "set LOOPFLOW_SERVICE_TOKEN to 32 characters or more, or name a file with --token-file")
    shown = f"[{bound}]" if ":" in bound and not bound.startswith("[") else bound
    hosts = LOOPBACK_NAMES | {shown.lower()} | {name.lower() for name in allowed}
    return Access(hosts, token, frozenset({"http", "https"} if proxy else {"http"}))


def needs_token(bound: str, allowed: Collection[str], *, proxy: bool) -> bool:
    """Whether somebody else than this machine could ask."""
    return proxy or bool(allowed) or not is_loopback(bound)


def read_token(environ: Mapping[str, str], path: str | None, here: str) -> bytes | None:
    """Return the token, None where there is none. Raises UsageError for one that anybody could guess or read."""
    token = environ.get("LOOPFLOW_SERVICE_TOKEN") or None
    where = "LOOPFLOW_SERVICE_TOKEN"
    if path is not None:
        token, where = _read_file(os.path.join(here, path), escape_name(path)), escape_name(path)
    if token is None:
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        what = f"the token of {where} is weak, or nothing that a header can hold"
        raise UsageError(what, "make one: python -c 'import secrets; print(secrets.token_urlsafe(32))'")
    return token.encode()


def _read_file(path: str, shown: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            status = os.fstat(file.fileno())
            if stat.S_IMODE(status.st_mode) & 0o077:
                raise UsageError(f"others may read the token in {shown}", f"chmod 600 {shown}")
            return file.read(_MOST).strip()
    except OSError as error:
        raise UsageError(
            f"the token file {shown} cannot be read: {describe_os_error(error)}", "check its path"
        ) from error
