"""A PostgreSQL server of its own: made in a directory, at a socket there and a free port of loopback, and ended."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

_USERS = ("postgres", "nobody")


def find_program(name: str) -> str | None:
    """Return where a program of the server is: on the path, or where Debian has it."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return str(places[0]) if places else shutil.which(name)


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Serve, and yield an address for psycopg: a database called `test`, without a password, on loopback only."""
    # Not below pytest's own directories: those are closed to others, again and again.
    with TemporaryDirectory(prefix="loopflow-postgres-", ignore_cleanup_errors=True) as directory:
        yield from _serve(Path(directory))


def _serve(directory: Path) -> Iterator[str]:
    initdb, server = find_program("initdb"), find_program("postgres")
    assert initdb
    assert server
    data = directory / "data"
    data.mkdir(mode=0o700)
    prefix = _as_user(directory)
    _run(
        [*prefix, initdb, "--auth=trust", "--username=test", "--encoding=UTF8", "--no-sync", "-D", str(data)], directory
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["-c", "fsync=off", "-c", f"unix_socket_directories={directory}", "-c", "listen_addresses=127.0.0.1"]
    command = [*prefix, server, "-D", str(data), "-p", str(port), *options]
    with (directory / "log").open("wb") as log:
        running = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)
    try:
        psql = [
            *prefix,
            find_program("psql") or "psql",
            "-h",
            "127.0.0.1",
            "-p",
            str(port),
            "-U",
            "test",
            "-d",
            "postgres",
        ]
        for _ in range(300):
            done = subprocess.run(
                [*psql, "-c", "CREATE DATABASE test"], cwd=directory, capture_output=True, check=False
            )
            if not done.returncode or b"already exists" in done.stderr:
                break
            assert running.poll() is None, (directory / "log").read_text("utf-8", "replace")
            subprocess.run(["sleep", "0.1"], check=True)
        yield f"postgresql+psycopg://test@127.0.0.1:{port}/test"
    finally:
        running.terminate()
        running.wait()


def _as_user(directory: Path) -> list[str]:
    """Return what runs a program as somebody else where we are root, whom the server refuses."""
    if os.getuid():
        return []
    import pwd  # noqa: PLC0415

    known = {entry.pw_name for entry in pwd.getpwall()}
    user = next(name for name in _USERS if name in known)
    for path in (directory, *directory.rglob("*")):
        shutil.chown(path, user)
    return ["setpriv", f"--reuid={user}", "--clear-groups", "--"]


def _run(command: list[str], directory: Path) -> None:
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False)
    assert not done.returncode, done.stderr.decode("utf-8", "replace")
