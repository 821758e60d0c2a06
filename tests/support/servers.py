"""Servers on this machine that play GitHub's: git over HTTP with a token, and the API for comments."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "the-token"  # noqa: S105  which protects nothing


class Handler(BaseHTTPRequestHandler):
    """A handler that keeps quiet."""

    def log_message(self, *_: object) -> None:
        pass

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        raise NotImplementedError

    def do_POST(self) -> None:
        self.do_GET()

    def do_PATCH(self) -> None:
        self.do_GET()

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve(handler: type[Handler]) -> Iterator[str]:
    """Serve on a free port, and yield the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve_odd(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve by a handler that may never come to an end, and yield the address, by name."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def serve_git(directory: Path) -> Iterator[str]:
    """Serve the repositories below `directory` to whoever shows the token; two tokens are refused, as GitHub does."""
    expected = "basic " + base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    class GitHandler(Handler):
        def do_GET(self) -> None:
            shown = self.headers.get_all("Authorization") or []
            if len(shown) > 1:
                return self.answer(400)
            if shown != [expected]:
                return self.answer(401, WWW_Authenticate="Basic realm=git")
            address = urlsplit(self.path)
            environment = os.environ | {
                "CONTENT_LENGTH": self.headers.get("Content-Length", ""),
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_PROJECT_ROOT": str(directory),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "PATH_INFO": address.path,
                "QUERY_STRING": address.query,
                "REQUEST_METHOD": self.command,
            }
            command = ["git", "http-backend"]
            done = subprocess.run(command, input=self.read_body(), env=environment, capture_output=True, check=True)
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            status = int(fields.pop("Status", "200 OK").split()[0])
            return self.answer(status, body, **fields)

    with serve(GitHandler) as address:
        yield address


@dataclass
class Comments:
    """GitHub's API for the comments of one pull request. `refusals` are statuses by method."""

    login: str = "github-actions[bot]"
    comments: list[dict[str, Any]] = field(default_factory=list)
    refusals: dict[str, int] = field(default_factory=dict)
    redirect: str = ""
    asked: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    address: str = ""

    def add(self, body: str, login: str | None = None, kind: str = "Bot") -> None:
        """Let somebody write a comment; by default, the account of the token."""
        number = 1000 + len(self.comments)
        self.comments.append({"id": number, "user": {"login": login or self.login, "type": kind}, "body": body})

    @property
    def bodies(self) -> list[str]:
        """What the comments say."""
        return [comment["body"] for comment in self.comments]

    @property
    def variables(self) -> dict[str, str]:
        """What a runner says of the API."""
        return {"GITHUB_API_URL": self.address, "GITHUB_GRAPHQL_URL": f"{self.address}/graphql"}

    def reply(self, method: str, path: str, body: Any) -> tuple[int, Any]:  # noqa: ANN401
        """Return status and document."""
        address = urlsplit(path)
        parts = address.path.strip("/").split("/")
        self.asked.append(f"{method} {address.path}")
        if path == "/graphql":
            return (403, {}) if "GRAPHQL" in self.refusals else (200, {"data": {"viewer": {"login": self.login}}})
        assert parts[:4] == ["repos", "octo", "project", "issues"]
        if method in self.refusals:
            return self.refusals[method], {"message": "Resource not accessible by integration"}
        if method == "GET":
            query = {key: int(value[0]) for key, value in parse_qs(address.query).items()}
            first = (query["page"] - 1) * query["per_page"]
            return 200, self.comments[first : first + query["per_page"]]
        if method == "POST" and parts[4:] == ["7", "comments"]:
            self.add(body["body"])
            return 201, self.comments[-1]
        assert method == "PATCH"
        assert parts[4] == "comments"
        found = next(comment for comment in self.comments if str(comment["id"]) == parts[5])
        found["body"] = body["body"]
        return 200, found


@contextmanager
def serve_comments() -> Iterator[Comments]:
    """Serve the API."""
    state = Comments()

    class ApiHandler(Handler):
        def do_GET(self) -> None:
            state.tokens.add(self.headers["Authorization"])
            data = self.read_body()
            if state.redirect:
                return self.answer(302, Location=state.redirect + self.path)
            status, document = state.reply(self.command, self.path, json.loads(data) if data else None)
            return self.answer(status, json.dumps(document).encode(), Content_Type="application/json")

    with serve(ApiHandler) as address:
        state.address = address
        yield state
