"""Language servers, asked for definitions over their standard input and output."""

import itertools
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

Place = tuple[str, int]
"""Path below the root, and a line from 1."""


class Server:
    """A language server for the files below `root`."""

    def __init__(self, command: Sequence[str], root: Path) -> None:
        self._root = root
        self._ids = itertools.count(1)
        self._open: set[str] = set()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=root
        )
        folder = {"uri": root.as_uri(), "name": root.name}
        abilities = {"workspace": {"configuration": True}, "general": {"positionEncodings": ["utf-16"]}}
        self._ask(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": root.as_uri(),
                "workspaceFolders": [folder],
                "capabilities": abilities,
            },
        )
        self._send({"method": "initialized", "params": {}})

    def definitions(self, path: str, line: int, column: int) -> list[Place]:
        """Return the places that the server names for a position; lines and columns from 1 and 0."""
        uri = (self._root / path).as_uri()
        if path not in self._open:
            self._open.add(path)
            text = (self._root / path).read_text("utf-8")
            document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
            self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        at = {"line": line - 1, "character": column}
        found = self._ask("textDocument/definition", {"textDocument": {"uri": uri}, "position": at}) or []
        return [place for each in (found if isinstance(found, list) else [found]) for place in self._place(each)]

    def close(self) -> None:
        """End the server."""
        self.process.kill()
        self.process.wait()

    def _place(self, found: dict[str, Any]) -> list[Place]:
        uri = found.get("uri") or found.get("targetUri") or ""
        reach = found.get("range") or found.get("targetSelectionRange") or {}
        path = Path(unquote(urlparse(uri).path))
        if not path.is_relative_to(self._root):
            return []
        return [(path.relative_to(self._root).as_posix(), reach["start"]["line"] + 1)]

    def _ask(self, method: str, params: dict[str, Any]) -> Any:  # noqa: ANN401  whatever it answers
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._receive()
            if "method" in message and "id" in message:  # it asks us something: we have no settings
                items = message.get("params", {}).get("items", [None])
                answer = [None] * len(items) if message["method"] == "workspace/configuration" else None
                self._send({"id": message["id"], "result": answer})
            elif message.get("id") == number:
                return message.get("result")

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(data), data))
        self.process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        size = 0
        while (line := self.process.stdout.readline()) != b"\r\n":
            if not line:
                raise EOFError("the server has ended")
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        message: dict[str, Any] = json.loads(self.process.stdout.read(size))
        return message
