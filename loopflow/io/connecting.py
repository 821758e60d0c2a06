"""Connecting to what may be connected to.

The check is on the connection. A name is resolved here, every address that it has must be allowed, and what is
connected to is an address that was checked: another spelling, a redirect, or a name that changes its address are no
ways around.
"""

import asyncio
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from ipaddress import ip_address

from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream, ConnectError

from loopflow.analysis.addresses import Address


class CheckedBackend(AsyncNetworkBackend, ABC):
    """Connects to addresses that it has checked. What may be asked, and how it is said, is of who asks."""

    __slots__ = ()

    seconds: float
    """How long a name may take to be resolved."""

    @abstractmethod
    def check(self, host: str, port: int, address: Address) -> None:
        """Raise for an address of `host` that may not be asked."""

    @abstractmethod
    def not_found(self, host: str) -> Exception:
        """Return the error for a name that has no address."""

    @abstractmethod
    def no_socket(self) -> Exception:
        """Return the error for a socket of this machine."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  as it is asked for
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Connect to one of the addresses of `host`, of which all must be allowed."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            self.check(host, port, address)
        backend = AnyIOBackend()
        for number, address in enumerate(addresses, 1):
            try:
                return await backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except ConnectError:
                if number == len(addresses):
                    raise
        raise self.not_found(host)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  as above
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Refuse."""
        del path, timeout, socket_options
        raise self.no_socket()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _resolve(self, host: str, port: int) -> Sequence[Address]:
        try:
            async with asyncio.timeout(self.seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # a time-out is one of them
            raise self.not_found(host) from error
        return [ip_address(str(place[0]).partition("%")[0]) for *_, place in dict.fromkeys(found)]
