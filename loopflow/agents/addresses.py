"""Which addresses may be asked: what the user typed, but nothing that only looks like an address of somebody else."""

import ipaddress
import socket
from urllib.parse import urlsplit

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError


def require_address(url: str) -> None:
    """Raise UsageError for an address that is not asked: no web address, with a password, or of a cloud's own data.

    Without encryption only this machine is asked.
    """
    shown = escape_name(url[:200])
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise UsageError(f"--url: {shown} is no address", "write https://HOST/PATH") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"--url: {shown} is no address of a server", "write https://HOST/PATH")
    if parts.username or parts.password:
        raise UsageError("--url has a name or password in it", "give it to the server another way")
    try:
        found = {str(row[4][0]) for row in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise UsageError(f"--url: there is no host {escape_name(parts.hostname)}", "check its name") from error
    for each in found:
        address = ipaddress.ip_address(each.partition("%")[0])
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            raise UsageError(f"--url: {shown} leads to {each}, which is no server's", "name another one")
        if parts.scheme == "http" and not address.is_loopback:
            raise UsageError(f"--url: {shown} is not encrypted", "write https://, or ask this machine")
