"""Which addresses may be connected to: public ones, and those that are named.

The check is on the connection. A name is resolved here, every address that it has must be allowed, and what is
connected to is an address that was checked: another spelling, a redirect, or a name that changes its address are no
ways around. The table is our own, since what Python calls global differs between its versions and has ways back inside.
"""

import asyncio
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, NamedTuple

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.service.errors import ForbiddenReference, Unreachable

PORTS: Final = frozenset({80, 443})

# IANA's registries of special-purpose addresses, as of 2026, and what clouds answer at.
_NOT_PUBLIC_4: Final = tuple(
    IPv4Network(each)
    for each in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "168.63.129.16/32", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_PUBLIC_6: Final = IPv6Network("2000::/3")
_NOT_PUBLIC_6: Final = tuple(IPv6Network(each) for each in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""What stands before an IPv4 address in the lower half of an IPv6 one (RFC 5214)."""
_LOWER_HALF: Final = 0xFFFF_FFFF_FFFF_FFFF


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether anybody may be there. What carries an IPv4 address within it is not looked through: it is refused."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    if (int(address) & _LOWER_HALF) >> 32 in _ISATAP:
        return False
    return address in _PUBLIC_6 and not any(address in network for network in _NOT_PUBLIC_6)


class Allowed(NamedTuple):
    """What may be asked though it is not public."""

    places: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    def has(self, address: IPv4Address | IPv6Address) -> bool:
        """Whether an address is in one of the networks."""
        return any(address.version == network.version and address in network for network in self.networks)


def read_allowed(entries: Iterable[str]) -> Allowed:
    """Read "host:port" and networks. Raises UsageError."""
    places, networks = set(), []
    for entry in entries:
        host, _, port = entry.rpartition(":")
        if host and port.isascii() and port.isdigit() and "/" not in entry and not _is_network(entry):
            places.add((host.strip("[]").lower().rstrip("."), int(port)))
        elif _is_network(entry):
            networks.append(ip_network(entry))
        else:
            what = f"api_private: {escape_name(entry)} is no address"
            raise UsageError(what, 'write "10.0.0.5:8000", or a network such as "10.1.0.0/16"')
    return Allowed(frozenset(places), tuple(networks))


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Guard(AsyncNetworkBackend):
    """Connects to what may be connected to."""

    allowed: Allowed = field(default_factory=Allowed)
    seconds: float = 10

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  as it is asked for
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to one of the addresses of `host`, of which all must be allowed. Raises ForbiddenReference."""
        is_named = (host.lower().rstrip("."), port) in self.allowed.places
        addresses = await self._resolve(host, port)
        for address in addresses:
            is_allowed = is_named or self.allowed.has(address) or (is_public(address) and port in PORTS)
            if not is_allowed:
                # Neither the address nor whether anybody is there is said.
                raise ForbiddenReference(
                    f"{escape_name(host)}:{port} may not be asked", "name it in api_private if it should be"
                )
        backend = AnyIOBackend()
        for number, address in enumerate(addresses, 1):
            try:
                return await backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except ConnectError:
                if number == len(addresses):
                    raise
        raise Unreachable(f"{escape_name(host)} has no address", "check its name")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  as above
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Raise ForbiddenReference."""
        del path, timeout, socket_options
        raise ForbiddenReference("a socket of this machine may not be asked", "name an address")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> Sequence[IPv4Address | IPv6Address]:
        try:
            async with asyncio.timeout(self.seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # a time-out is one of them
            raise Unreachable(f"{escape_name(host)} cannot be found", "check its name") from error
        return [ip_address(str(place[0]).partition("%")[0]) for *_, place in dict.fromkeys(found)]
