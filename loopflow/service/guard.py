"""Which addresses the service may connect to: public ones, and those that are named."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Final, NamedTuple

from loopflow.analysis.addresses import Address, Network, is_public
from loopflow.analysis.names import escape_name
from loopflow.errors import UsageError
from loopflow.io.connecting import CheckedBackend
from loopflow.service.errors import ForbiddenReference, Unreachable

PORTS: Final = frozenset({80, 443})


class Allowed(NamedTuple):
    """What may be asked though it is not public."""

    places: frozenset[tuple[str, int]] = frozenset()
    networks: tuple[Network, ...] = ()

    def has(self, address: Address) -> bool:
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
class Guard(CheckedBackend):
    """Connects to what may be connected to."""

    allowed: Allowed = field(default_factory=Allowed)
    seconds: float = 10

    def check(self, host: str, port: int, address: Address) -> None:
        """Raise ForbiddenReference. Neither the address nor whether anybody is there is said."""
        is_named = (host.lower().rstrip("."), port) in self.allowed.places
        if not (is_named or self.allowed.has(address) or (is_public(address) and port in PORTS)):
            raise ForbiddenReference(
                f"{escape_name(host)}:{port} may not be asked", "name it in api_private if it should be"
            )

    def not_found(self, host: str) -> Unreachable:
        """Return what is said of a name without an address."""
        return Unreachable(f"{escape_name(host)} cannot be found", "check its name")

    def no_socket(self) -> ForbiddenReference:
        """Return what is said of a socket of this machine."""
        return ForbiddenReference("a socket of this machine may not be asked", "name an address")
