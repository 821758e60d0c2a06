"""The service at its sockets: who sends too slowly, too much, or no HTTP is ended, and others are served."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.serve import Server, serve

pytestmark = [pytest.mark.server]
HEAD = b"POST /v1/count HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Return a process that serves."""
    with serve(tmp_path_factory.mktemp("serve")) as server:
        yield server


def send(server: Server, *pieces: bytes, wait: float = 0, most: int = 2_000) -> bytes:
    """Send pieces, the last one again and again, until it is answered or ended; return the answer."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        try:
            for piece in pieces:
                connection.sendall(piece)
            for _ in range(most if wait or len(pieces) > 1 else 0):
                connection.sendall(pieces[-1])
                if wait:
                    time.sleep(wait)
        except OSError:  # it is ended
            pass
        answer = b""
        try:
            while data := connection.recv(65_536):
                answer += data
                if b"\r\n\r\n" in answer and (b"}" in answer or b"Connection" not in answer):
                    break
        except OSError:
            pass
        return answer


def drip_second_request(server: Server) -> int:
    """Let a second request drip on a connection that was kept; return how many bytes were taken."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b" 200 " in connection.recv(65_536)
        for taken in range(60):
            try:
                connection.sendall(b"GET /" if taken == 0 else b"x")
            except OSError:
                return taken
            time.sleep(0.5)
    return 60


def is_alive(server: Server) -> bool:
    """Whether others are answered."""
    return server.ask("POST", "/v1/count", {"text": "hello world"})[0] == 200


@pytest.mark.parametrize(
    ("pieces", "statuses"),
    [
        ((HEAD + b"X: ", b"x" * 10_000), {b"", b"400", b"431"}),
        ((HEAD, b"X-A: " + b"x" * 1_000 + b"\r\n"), {b"", b"400", b"431"}),
        ((HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65_536 + b"\r\n"), {b"413", b""}),
        ((HEAD + b"Content-Length: 99999999999\r\n\r\n",), {b"413"}),
        ((HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",), {b"400", b""}),
        ((HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456",), {b"400", b""}),
        ((b"\x16\x03\x01\x02\x00\x01\x00",), {b"400", b""}),
        ((b"GET / HTTP/9.9\r\n\r\n",), {b"400", b"421", b"404", b""}),
        ((b"GET http://evil.example/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n",), {b"421", b"404"}),
        ((b"GET /v1/models HTTP/1.0\r\n\r\n",), {b"421"}),
    ],
)  # fmt: skip
def test_too_much_and_nonsense(server: Server, pieces: tuple[bytes, ...], statuses: set[bytes]) -> None:
    """Endless headers and bodies, lengths that contradict each other, other protocols."""
    answer = send(server, *pieces)
    assert (answer.split(b" ")[1] if answer else b"") in statuses, answer[:200]
    assert is_alive(server)


@pytest.mark.long
def test_too_slow(server: Server) -> None:
    """Headers and bodies that drip are ended after ten seconds, on kept connections too, and so is who says nothing."""
    began = time.monotonic()
    assert send(server, HEAD, b"X", wait=0.5, most=60) == b""
    assert send(server, HEAD + b"Content-Length: 100\r\n\r\n", b"x", wait=0.5, most=60).split(b" ")[1] == b"408"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        assert connection.recv(1) == b""
    assert drip_second_request(server) < 60
    assert time.monotonic() - began < 80
    assert is_alive(server)
