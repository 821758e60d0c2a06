"""What an address of a network is: anybody's, this machine's, one of an inner network, or none that a server has.

The table is our own, since what Python calls global or private differs between its versions and has ways back inside.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

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
_OWN: Final[tuple[Network, ...]] = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
# RFC 1918, RFC 6598 (where VPNs are) and RFC 4193.
_INNER: Final[tuple[Network, ...]] = (
    *map(IPv4Network, ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")),
    IPv6Network("fc00::/7"),
)
_OF_CLOUDS: Final[tuple[Network, ...]] = (IPv4Network("100.100.100.200/32"), IPv6Network("fd00:ec2::/32"))


def is_public(address: Address) -> bool:
    """Whether anybody may be there. What carries an IPv4 address within it is not looked through: it is refused."""
    if isinstance(address, IPv4Address):
        return not _is_in(address, _NOT_PUBLIC_4)
    if (int(address) & _LOWER_HALF) >> 32 in _ISATAP:
        return False
    return address in _PUBLIC_6 and not _is_in(address, _NOT_PUBLIC_6)


def is_own(address: Address) -> bool:
    """Whether it is this machine's."""
    return _is_in(address, _OWN)


def is_inner(address: Address) -> bool:
    """Whether it is one of an inner network, and not what a cloud answers at there."""
    if isinstance(address, IPv6Address) and (int(address) & _LOWER_HALF) >> 32 in _ISATAP:
        return False
    return _is_in(address, _INNER) and not _is_in(address, _OF_CLOUDS)


def _is_in(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)
