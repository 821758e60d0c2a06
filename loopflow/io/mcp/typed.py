"""Addresses of servers as they are typed. They may hold secrets, in any part: none is ever shown whole."""

from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError

_LEAST: Final = 4
"""Characters of a value of a query that may be secret."""


def require_address(url: str, what: str) -> None:
    """Raise UsageError for what is no web address, and for one with a password. `what` is where it was named."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{what} is no address", "write https://HOST/PATH") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or not url.isprintable() or " " in url:
        raise UsageError(f"{what} is no address of a server", "write https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError(f"{what} has a name or password in it", "give it to the server another way")


def show_address(url: str, base: str = "") -> str:
    """Return whose address it is, without what else is in it; it may be relative to `base`."""
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return "what is no address"
    return escape_name(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")


def show_host(host: str) -> str:
    """Return a host as an address has it: one of IPv6 in brackets."""
    return escape_name(f"[{host}]" if ":" in host else host)


def find_secrets(url: str) -> tuple[str, ...]:
    """Return what may be secret in an address that is valid, the longest first: a server may quote it, or a part."""
    query = urlsplit(url).query
    values = [value for _, value in parse_qsl(query) if len(value) >= _LEAST]
    return tuple(sorted(filter(None, {url, query, *values}), key=len, reverse=True))
