"""What an address is: anybody's, this machine's, one of an inner network, or none that a server has."""

from ipaddress import ip_address

import pytest

from loopflow.analysis.addresses import is_inner, is_own, is_public

PUBLIC = ("8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1")
OWN = ("127.0.0.1", "127.255.255.254", "::1")
INNER = ("10.0.0.1", "100.64.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1")
NEITHER = (
    *("0.1.2.3", "169.254.169.254", "168.63.129.16", "192.0.2.1", "198.18.0.1", "224.0.0.1", "255.255.255.255"),
    *("100.100.100.200", "fd00:ec2::254"),  # what clouds answer at
    *("::", "fe80::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b::7f00:1", "::ffff:10.0.0.1"),
    *("2606:4700::5efe:a00:1", "fd00::200:5efe:a00:1"),  # an IPv4 address is within
)


@pytest.mark.parametrize("text", [*PUBLIC, *OWN, *INNER, *NEITHER])
def test_an_address_is_one_of_these(text: str) -> None:
    """And never two: what is inner is not public, and what carries another address in it is nothing."""
    address = ip_address(text)
    assert (is_public(address), is_own(address), is_inner(address)) == (text in PUBLIC, text in OWN, text in INNER)
