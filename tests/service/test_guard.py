"""Which addresses may be connected to, and that no way leads around it."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

import pytest

from loopflow.analysis.addresses import is_public
from loopflow.errors import UsageError
from loopflow.service.errors import ForbiddenReference, Unreachable
from loopflow.service.guard import Allowed, Guard, read_allowed

REFUSED = [
    "0.0.0.0",  # noqa: S104  nobody binds to it
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:1ff::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "3fff:fff::1",
    "4000::1",
    "5f00::1",
    "2a00:1450::5efe:7f00:1",
    "2a00:1450::200:5efe:10.0.0.1",
]
PASSED = [
    "8.8.8.8",
    "1.1.1.1",
    "172.15.0.1",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.1.1",
    "168.63.129.17",
    "223.255.255.255",
    "2a00:1450::1",
    "2001:200::1",
    "2606:4700::1111",
]


@pytest.mark.parametrize("address", REFUSED)
def test_guard_table_refuses(address: str) -> None:
    """Loopback, private, link-local, shared, reserved, multicast, clouds', and whatever carries an IPv4 address."""
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PASSED)
def test_guard_table_passes(address: str) -> None:
    """What is public, beside the edges of what is not."""
    assert is_public(ip_address(address))


SPELLINGS = [
    *(
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "2130706433",
        "017700000001",
        "0",
        "localhost",
        "localhost.",
        "LOCALHOST",
    ),
    *(
        "::1",
        "::ffff:127.0.0.1",
        "0:0:0:0:0:ffff:7f00:1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "10.0.0.1",
        "169.254.169.254",
    ),
]


@pytest.mark.parametrize("host", SPELLINGS)
@pytest.mark.parametrize("port", [80, 443, 8000])
def test_every_spelling_is_the_same_address(host: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system says what a name means; nobody is connected to."""
    monkeypatch.setattr(socket.socket, "connect", _never)
    with pytest.raises((ForbiddenReference, Unreachable)):
        asyncio.run(Guard().connect_tcp(host, port))


def test_one_address_of_several_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers both with a public and with an inner address is not asked at the public one."""
    monkeypatch.setattr(socket.socket, "connect", _never)
    _answer(monkeypatch, [["93.184.215.14", "127.0.0.1"]])
    with pytest.raises(ForbiddenReference):
        asyncio.run(Guard().connect_tcp("example.com", 80))


def test_what_is_connected_to_is_what_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise the second time is not asked a second time."""
    calls = _answer(monkeypatch, [["127.0.0.1"], ["10.0.0.1"]])
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        guard = Guard(Allowed(networks=read_allowed(["127.0.0.0/8"]).networks))
        asyncio.run(_connect(guard, "example.com", port))
        assert calls == ["example.com"]


def test_each_checked_address_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens at the first one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        _answer(monkeypatch, [["127.9.9.9", "127.0.0.1"]])
        asyncio.run(_connect(Guard(read_allowed(["127.0.0.0/8"])), "example.com", server.getsockname()[1]))


def test_a_port_that_is_not_the_webs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public or not."""
    monkeypatch.setattr(socket.socket, "connect", _never)
    _answer(monkeypatch, [["93.184.215.14"]])
    with pytest.raises(ForbiddenReference):
        asyncio.run(Guard().connect_tcp("example.com", 22))


def test_an_allowed_place_is_let_through() -> None:
    """By host and port; another port of it is not, nor is another name of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        guard = Guard(read_allowed([f"localhost:{port}"]))
        asyncio.run(_connect(guard, "LOCALHOST", port))
        for host, other in (("localhost", port - 1), ("127.0.0.1", port)):
            with pytest.raises(ForbiddenReference):
                asyncio.run(guard.connect_tcp(host, other))


def test_no_socket_of_the_machine() -> None:
    """Whatever is allowed."""
    with pytest.raises(ForbiddenReference):
        asyncio.run(Guard(read_allowed(["0.0.0.0/0"])).connect_unix_socket("/run/docker.sock"))


@pytest.mark.parametrize("entry", ["", "nonsense", "host", "host:", "host:x", "10.0.0.1/8", ":80"])
def test_a_wrong_entry(entry: str) -> None:
    """It is said at the start."""
    with pytest.raises(UsageError):
        read_allowed([entry])


def test_entries() -> None:
    """Places and networks, of both kinds of addresses."""
    allowed = read_allowed(["Host.:80", "[::1]:8000", "10.1.0.0/16", "fd00::/8", "127.0.0.1"])
    assert allowed.places == {("host", 80), ("::1", 8000)}
    assert [str(network) for network in allowed.networks] == ["10.1.0.0/16", "fd00::/8", "127.0.0.1/32"]


async def _connect(guard: Guard, host: str, port: int) -> None:
    await (await guard.connect_tcp(host, port, 5)).aclose()


def _never(*_: object) -> None:
    raise AssertionError("it connects")


def _answer(monkeypatch: pytest.MonkeyPatch, answers: list[list[str]]) -> list[str]:
    """Let names have these addresses: the first list when it is asked for the first time, and so on."""
    calls: list[str] = []

    async def getaddrinfo(_loop: object, host: str, port: int, **_: object) -> list[Any]:
        if host[0].isdigit():
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        calls.append(host)
        found = answers[min(len(calls), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return calls
