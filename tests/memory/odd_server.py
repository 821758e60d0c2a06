"""Servers that misbehave, run as a program: `odd_server.py HOW [WORDS...]`. It needs nothing but Python.

`killed N COMMAND...` is the server COMMAND, and ends it and itself once N calls of tools were answered; `late N` once N
were passed on, before the answer. The others answer the handshake, and then do what they are called.
"""

import json
import os
import subprocess
import sys
import time
from typing import Any

SECRET = "ghp_" + "a1B2c3D4e5F6" * 3


def main() -> None:
    how, *words = sys.argv[1:]
    if how in {"killed", "late"}:
        return relay(how, int(words[0]), words[1:])
    while line := sys.stdin.readline():
        request = json.loads(line)
        if request.get("method") == "initialize":
            answer(
                request,
                {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "odd", "version": "1\n"}},
            )
        elif request.get("method") == "tools/call":
            misbehave(how, request)
    return None


def misbehave(how: str, request: dict[str, Any]) -> None:
    if how == "hang":
        time.sleep(600)
    elif how == "refuse":
        answer(request, {"content": [{"type": "text", "text": f"no: token={SECRET}\n\x1b[2J"}], "isError": True})
    elif how == "error":
        say({"id": request["id"], "error": {"code": -1, "message": SECRET}})
    elif how == "nonsense":
        answer(request, {"content": [], "structuredContent": {"entities": [{"name": 3}], "relations": []}})
    elif how == "end":
        sys.stderr.write(f"cannot go on: token={SECRET}\n")
        sys.exit(3)
    while how == "chatter":
        say({"method": "notifications/message", "params": {"level": "info", "data": "x" * 99_999}})
    while how == "flood":
        sys.stdout.write("x" * 99_999)


def answer(request: dict[str, Any], result: dict[str, Any]) -> None:
    say({"id": request["id"], "result": result})


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def relay(how: str, calls: int, command: list[str]) -> None:
    """Pass lines to the server and back, one at a time as they are asked."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin
        assert server.stdout
        while line := sys.stdin.buffer.readline():
            server.stdin.write(line)
            server.stdin.flush()
            request = json.loads(line)
            if "id" not in request:
                continue
            is_call = request["method"] == "tools/call"
            reply = server.stdout.readline()
            calls -= is_call
            if calls < 0 or (calls == 0 and how == "late" and is_call):
                server.kill()
                os._exit(9)
            sys.stdout.buffer.write(reply)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
